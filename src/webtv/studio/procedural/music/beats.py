"""Beats: light percussion, in patterns that thicken as the arrangement swells."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from webtv.studio.procedural.music.drums import (
    BRUSH,
    CLAP,
    CYMBAL,
    HAT,
    HEART,
    KICK,
    RIM,
    SHAKER,
    SWELL_SECONDS,
    TOM,
)
from webtv.studio.procedural.music.plan import Bar
from webtv.studio.procedural.music.score import Note


@dataclass(frozen=True, slots=True)
class _Line:
    """One drum of a pattern: where it strikes in a bar of four or three, and from which intensity on."""

    drum: int
    four: tuple[float, ...]
    three: tuple[float, ...]
    strength: float
    above: float = 0.0


_EIGHTHS = tuple(0.5 * place for place in range(8))
_SIXTEENTHS = tuple(0.25 * place for place in range(16))

_PATTERNS: dict[str, tuple[_Line, ...]] = {
    "breath": (
        _Line(SHAKER, (1, 3), (1, 2), 0.5, 0.45),
        _Line(KICK, (0,), (0,), 0.45, 0.7),
    ),
    "soft": (
        _Line(KICK, (0, 2), (0,), 0.7),
        _Line(SHAKER, _EIGHTHS, _EIGHTHS[:6], 0.6),
        _Line(BRUSH, (1, 3), (1, 2), 0.55, 0.6),
        _Line(RIM, (3.5,), (2.5,), 0.35, 0.75),
    ),
    "lofi": (
        _Line(KICK, (0, 1.5, 2.5), (0, 1.5), 0.75),
        _Line(BRUSH, (1, 3), (1,), 0.7),
        _Line(HAT, _EIGHTHS, _EIGHTHS[:6], 0.55),
        _Line(RIM, (3.75,), (2.5,), 0.3, 0.7),
    ),
    "skip": (
        _Line(KICK, (0, 2), (0,), 0.75),
        _Line(CLAP, (1, 3), (1, 2), 0.55, 0.5),
        _Line(SHAKER, _EIGHTHS, _EIGHTHS[:6], 0.65),
        _Line(RIM, (1.5, 3.5), (2.5,), 0.45, 0.6),
    ),
    "pulse": (
        _Line(HEART, (0, 0.5, 2, 2.5), (0, 0.5), 0.8),
        _Line(TOM, (3.5,), (2.5,), 0.5, 0.6),
        _Line(HAT, _SIXTEENTHS, _SIXTEENTHS[:12], 0.35, 0.75),
    ),
    "march": (
        _Line(TOM, (0, 2), (0,), 0.8),
        _Line(TOM, (2.5, 3, 3.5), (2, 2.5), 0.45, 0.65),
        _Line(BRUSH, (1, 3, 3.5), (1, 2), 0.45, 0.75),
    ),
    "distant": (
        _Line(HEART, (0,), (0,), 0.6, 0.35),
        _Line(SHAKER, (1.5, 3.5), (1.5,), 0.35, 0.7),
    ),
    "drive": (
        _Line(KICK, (0, 1, 2, 3), (0, 1, 2), 0.75),
        _Line(CLAP, (1, 3), (1,), 0.55, 0.55),
        _Line(HAT, (0.5, 1.5, 2.5, 3.5), (0.5, 1.5, 2.5), 0.7),
        _Line(SHAKER, _SIXTEENTHS, _SIXTEENTHS[:12], 0.4, 0.7),
    ),
}


def beat_part(
    name: str,
    bars: Sequence[Bar],
    beat: float,
    metre: int,
    home: float,
    asked: bool,
    swing: float,
    noise: np.random.Generator,
) -> tuple[Note, ...]:
    """The kit's notes for a whole piece.

    Args:
        name: of the pattern.
        bars: the plan.
        beat: seconds.
        metre: beats in a bar.
        home: seconds at which the last chord begins.
        asked: whether a kit was asked for: then it plays from the first bar.
        swing: 0 to 1.
        noise: where chance comes from.

    Raises:
        KeyError: there is no such pattern.
    """
    notes: list[Note] = []

    def strike(at: float, drum: int, strength: float) -> None:
        moved = max(0.0, at + float(noise.normal(0, 0.0025)))
        force = strength * (1 + 0.1 * float(noise.normal()))
        notes.append(Note(moved, 0.1, drum, min(1.0, max(0.05, force))))

    for bar in bars:
        quiet = bar.phrase < 0
        if quiet and not asked:
            continue
        for line in _PATTERNS[name]:
            if bar.intensity < line.above:
                continue
            for onset in line.four if metre == 4 else line.three:
                late = swing / 6 if abs(onset % 1 - 0.5) < 1e-6 else 0.0
                accent = 1.0 if onset == 0 else 0.85 if onset % 1 == 0 else 0.62
                force = line.strength * accent * (0.55 + 0.45 * bar.intensity) * (0.8 if quiet else 1.0)
                strike(bar.at + (onset + late) * beat, line.drum, force)
        if (
            not quiet
            and bar.place + 1 == bar.of
            and bar.intensity > 0.6
            and name not in {"distant", "breath"}
        ):
            for step, onset in enumerate((metre - 0.75, metre - 0.5, metre - 0.25)):
                strike(bar.at + onset * beat, TOM if name == "march" else RIM, 0.3 + 0.1 * step)
    if name in {"march", "distant", "pulse", "soft", "drive"}:
        peaks = [bar.at for bar in bars if bar.phrase > 0 and bar.place == 0 and bar.intensity > 0.7]
        for at in [*peaks, home]:
            if at > SWELL_SECONDS + 0.5:
                strike(at - SWELL_SECONDS, CYMBAL, 0.26)
    if bars and (asked or name in {"march", "drive"}):
        strike(home, TOM if name in {"march", "pulse"} else KICK, 0.75)
    return tuple(sorted(notes, key=lambda note: (note.at, note.pitch)))
