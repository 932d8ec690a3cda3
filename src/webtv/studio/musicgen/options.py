"""What a curator may write beside ``use: musicgen``."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Self

from webtv.core.errors import ConfigError
from webtv.studio.options import number, whole_number

_PLACE = "studio.music"


@dataclass(frozen=True, slots=True)
class MusicGenOptions:
    """How a bed is to be played.

    Attributes:
        guidance: how closely to follow the brief, 1 (not at all) to 10; MusicGen was tuned at 3.
        temperature: how daring; below 1 it repeats itself, above 1 it loses the thread.
        top_k: how many of the likeliest tokens may come next.
        window: seconds that are made at once; quality breaks past the 30 s that it was trained on.
        overlap: seconds of what is there that the next window hears, less than ``window``.
        ambience: whether the sounds of the place, which MusicGen does not make, lie under the music.

    Raises:
        ConfigError: an option is out of range, at ``studio.music.OPTION``.
    """

    guidance: float = 3.0
    temperature: float = 1.0
    top_k: int = 250
    window: float = 30.0
    overlap: float = 12.0
    ambience: bool = True

    def __post_init__(self) -> None:
        number(self.guidance, 1, 10, place=f"{_PLACE}.guidance")
        number(self.temperature, 0.1, 3, place=f"{_PLACE}.temperature")
        whole_number(self.top_k, 1, 2048, place=f"{_PLACE}.top_k")
        number(self.window, 2, 30, place=f"{_PLACE}.window")
        number(self.overlap, 0.5, 28, place=f"{_PLACE}.overlap")
        if self.overlap > self.window - 1:
            raise ConfigError(
                f"an overlap of {self.overlap:g} s leaves less than a second of {self.window:g} s",
                place=f"{_PLACE}.overlap",
                remedy=f"write {self.window * 0.4:g} or so",
            )
        if not isinstance(self.ambience, bool):
            raise ConfigError(
                f"{self.ambience!r} will not do", place=f"{_PLACE}.ambience", remedy="write true or false"
            )

    @classmethod
    def from_mapping(cls, options: Mapping[str, Any]) -> Self:
        """Take options as a curator wrote them.

        Raises:
            ConfigError: an option is unknown or out of range.
        """
        known = [option.name for option in fields(cls)]
        for name in options:
            if name not in known:
                raise ConfigError(
                    "there is no such option",
                    place=f"{_PLACE}.{name}",
                    remedy=f"write one of {', '.join(known)}",
                )
        return cls(**options)
