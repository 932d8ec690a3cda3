"""Graphics: what a clip shows beside its label, and the words that cards use."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

_NEXT = {
    "cs": "Následuje",
    "da": "Om lidt",
    "de": "Gleich",
    "el": "Ακολουθεί",
    "en": "Next",
    "es": "A continuación",
    "fi": "Seuraavaksi",
    "fr": "À suivre",
    "he": "בהמשך",
    "hu": "Következik",
    "it": "Tra poco",
    "ja": "このあと",
    "ko": "다음",
    "nb": "Snart",
    "nl": "Straks",
    "no": "Snart",
    "pl": "Za chwilę",
    "pt": "A seguir",
    "ro": "Urmează",
    "ru": "Далее",
    "sv": "Strax",
    "tr": "Birazdan",
    "uk": "Далі",
    "zh": "接下来",
}


def next_word(language: str) -> str:
    """``Next`` in a language, given as a BCP 47 tag; in English where we do not know better."""
    return _NEXT.get(language.partition("-")[0], _NEXT["en"])


@dataclass(frozen=True, slots=True)
class Graphics:
    """Texts of a clip's graphics; what is empty is not shown.

    Attributes:
        title: of its lower third.
        line: beneath the title.
        mark: name of the channel whose mark stands in the corner.
    """

    title: str = ""
    line: str = ""
    mark: str = ""

    def to_json(self) -> dict[str, str]:
        """What is shown, as a JSON-compatible dictionary."""
        return {key: text for key, text in asdict(self).items() if text}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """The inverse of :meth:`to_json`.

        Raises:
            TypeError: a key is unknown.
        """
        return cls(**data)
