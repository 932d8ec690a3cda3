"""What a prompt asks for that can be measured: colours, directions, lettering."""

import functools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from webtv.prompts.sequence import ShotPrompt
from webtv.studio.procedural.colour import NAMED, Colour, mix

_WORD = re.compile(r"[^\W\d_]+", re.UNICODE)
_LEFT = frozenset({"left", "leftward", "leftwards"})
_RIGHT = frozenset({"right", "rightward", "rightwards"})
_UP = frozenset({"up", "upward", "upwards", "rising", "rises"})
_DOWN = frozenset({"down", "downward", "downwards", "descending", "descends"})
_PAN = frozenset({"pan", "pans", "panning", "truck", "trucking", "drift"})
_TILT = frozenset({"tilt", "tilts", "tilting", "crane", "craning", "pedestal"})
_CLOSER = frozenset({"dolly", "push", "zoom", "creep"})
_AWAY = frozenset({"out", "back", "backward", "backwards", "away"})
_STILL = frozenset({"static", "locked", "tripod", "motionless"})
_LETTERS = frozenset(
    {"lettering", "letters", "text", "words", "sign", "signs", "poster", "caption", "title", "billboard"}
)
_PALE, _DEEP = frozenset({"pale", "light", "soft", "dusty"}), frozenset({"deep", "dark", "inky"})
# Words that name a thing or a look far more often than a colour.
_NO_COLOUR = frozenset(
    {"sky", "ink", "sand", "moss", "rose", "pearl", "honey", "midnight", "pastel", "silver"}
)


@dataclass(frozen=True, slots=True)
class Asked:
    """What can be looked for in a take.

    Attributes:
        palette: sRGB in 0..1 by the words that name them: colours of the whole picture.
        subject: likewise: colours of who or what is shown.
        heading: -1 if the subject moves to the left, 1 to the right, 0 if nothing is said.
        pan: 1 if the camera turns or moves to the right, -1 to the left, 0 if nothing is said.
        tilt: 1 if it turns or moves up, -1 down.
        zoom: 1 if it comes closer, -1 if it draws back.
        still: whether the camera shall not move at all.
        lettering: whether writing is asked for.
    """

    palette: tuple[tuple[str, Colour], ...] = ()
    subject: tuple[tuple[str, Colour], ...] = ()
    heading: int = 0
    pan: int = 0
    tilt: int = 0
    zoom: int = 0
    still: bool = False
    lettering: bool = False


@functools.lru_cache(maxsize=64)
def asked_of(prompt: ShotPrompt) -> Asked:
    """Read a prompt: its fields where it has any, its text otherwise."""
    fields = bool((prompt.subject + prompt.action + prompt.setting + prompt.palette).strip())
    action = _words(prompt.action if fields else prompt.text)
    camera = _words(prompt.camera if fields else prompt.text)
    scene = _words(" . ".join((prompt.subject, prompt.action, prompt.setting)) if fields else prompt.text)
    moves = set(camera)
    return Asked(
        palette=_colours(prompt.palette if fields else ""),
        subject=_colours(prompt.subject if fields else prompt.text),
        heading=_side(action) if fields else 0,
        pan=_side(camera) if moves & _PAN else 0,
        tilt=_height(moves) if moves & _TILT else 0,
        zoom=(-1 if moves & _AWAY else 1) if moves & _CLOSER else 0,
        still=bool(moves & _STILL) and not moves & (_PAN | _TILT | _CLOSER),
        lettering=bool(set(scene) & _LETTERS),
    )


def _words(text: str) -> list[str]:
    return [word.lower() for word in _WORD.findall(text)]


def _side(words: Sequence[str]) -> int:
    """Where something moves to; ``from the left`` is to the right, and the first that is named counts."""
    for at, word in enumerate(words):
        if word in _LEFT | _RIGHT:
            side = -1 if word in _LEFT else 1
            return -side if "from" in words[max(0, at - 2) : at] else side
    return 0


def _height(words: set[str]) -> int:
    if words & _DOWN:
        return -1
    return 1 if words & _UP else 0


def _colours(text: str) -> tuple[tuple[str, Colour], ...]:
    return tuple(dict(_named(_words(text))).items())


def _named(words: Sequence[str]) -> Iterator[tuple[str, Colour]]:
    for at, word in enumerate(words):
        if word not in NAMED or word in _NO_COLOUR:
            continue
        before = words[at - 1] if at else ""
        if before in _PALE:
            yield f"{before} {word}", mix(NAMED[word], (0.95, 0.94, 0.92), 0.4)
        elif before in _DEEP:
            yield f"{before} {word}", mix(NAMED[word], (0.03, 0.03, 0.05), 0.4)
        else:
            yield word, NAMED[word]
