"""Beats: light percussion, in patterns that thicken as the arrangement swells."""

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
from webtv.studio.procedural.music.form import Section
from webtv.studio.procedural.music.plan import Plan
from webtv.studio.procedural.music.score import Note


@dataclass(frozen=True, slots=True)
class _Line:
    """One drum of a pattern: where it strikes in a bar of four or three quarters, from which intensity on."""

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


# What each drum does in a bar of six eighths.
_SIX: dict[int, tuple[float, ...]] = {
    KICK: (0,),
    HEART: (0, 0.5),
    TOM: (0, 2.5),
    BRUSH: (1.5,),
    CLAP: (1.5,),
    HAT: _EIGHTHS[:6],
    SHAKER: _EIGHTHS[:6],
    RIM: (2.5,),
}
_SWELLING = frozenset({"march", "distant", "pulse", "soft", "drive"})


def beat_part(name: str, plan: Plan, asked: bool, noise: np.random.Generator) -> tuple[Note, ...]:
    """The kit's notes for a whole piece: it thickens with the arrangement and is silent in breaks.

    Args:
        name: of the pattern.
        plan: of the piece.
        asked: whether a kit was asked for: then it plays from the first bar.
        noise: where chance comes from.

    Raises:
        KeyError: there is no such pattern.
    """
    notes: list[Note] = []
    metre, swing = plan.metre, plan.mood.swing if plan.metre.pulse == 1 else 0.0

    def strike(at: float, drum: int, strength: float) -> None:
        moved = max(0.0, at + float(noise.normal(0, 0.0025)))
        force = strength * (1 + 0.1 * float(noise.normal()))
        notes.append(Note(moved, 0.1, drum, min(1.0, max(0.05, force))))

    for bar in plan.bars:
        quiet = bar.form.section is Section.INTRO
        broken = bar.form.section is Section.BREAK
        ends = bar.place + 1 == bar.of
        if (quiet and not asked) or (broken and not ends):
            continue
        for line in () if broken else _PATTERNS[name]:
            if bar.intensity < line.above:
                continue
            places = {"4/4": line.four, "3/4": line.three}.get(metre.name) or _SIX[line.drum]
            for onset in places:
                late = swing / 6 if abs(onset % 1 - 0.5) < 1e-6 else 0.0
                accent = 1.0 if onset == 0 else 0.85 if onset % metre.pulse == 0 else 0.62
                force = line.strength * accent * (0.55 + 0.45 * bar.intensity) * (0.7 if quiet else 1.0)
                strike(bar.at + (onset + late) * bar.quarter, line.drum, force)
        if ends and not quiet and (broken or bar.intensity > 0.6) and name not in {"distant", "breath"}:
            for step, back in enumerate((0.75, 0.5, 0.25)):
                drum = TOM if name == "march" else RIM
                strike(bar.at + (metre.quarters - back) * bar.quarter, drum, 0.3 + 0.1 * step)
    if name in _SWELLING:
        peaks = [
            bar.at
            for bar in plan.bars
            if bar.place == 0 and bar.phrase > 0 and bar.form.section in {Section.CONTRAST, Section.PEAK}
        ]
        for at in [*peaks, plan.home]:
            if at > SWELL_SECONDS + 0.5:
                strike(at - SWELL_SECONDS, CYMBAL, 0.26)
    if plan.bars and (asked or name in {"march", "drive"}):
        strike(plan.home, TOM if name in {"march", "pulse"} else KICK, 0.6)
    return tuple(sorted(notes, key=lambda note: (note.at, note.pitch)))
