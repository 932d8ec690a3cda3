"""The bass: roots and inversions that move little, held, walked or driven as the figure wants."""

import numpy as np

from webtv.studio.procedural.music.form import Section
from webtv.studio.procedural.music.plan import Bar, Plan
from webtv.studio.procedural.music.score import Note, human

_LOW, _HIGH, _HOME = 31, 50, 39
_Line = tuple[float, float, int, float]  # onset and length in quarters, MIDI pitch, strength


def bass_part(plan: Plan, lift: int, noise: np.random.Generator) -> tuple[Note, ...]:
    """What the bass plays in a whole piece.

    Args:
        plan: bars and chords.
        lift: semitones by which it is played higher, for an instrument that has no such low notes.
        noise: where chance comes from.
    """
    notes: list[Note] = []
    at = [_near(bar, _HOME) for bar in plan.bars[:1]]
    before = at[0] if at else _HOME
    for number, bar in enumerate(plan.bars):
        pitch = _near(bar, before)
        before = pitch
        if _rests(bar, plan):
            continue
        after = plan.bars[number + 1] if number + 1 < len(plan.bars) else None
        force = 0.6 + 0.3 * bar.intensity
        for onset, length, low, strength in _bar(plan, bar, pitch, after):
            start = bar.at + onset * bar.quarter
            notes.append(human(start, length * bar.quarter, low + lift, force * strength, noise, 0.004))
    tonic = _closest(plan.key.pitch(0) % 12, before)
    notes.append(Note(plan.home, plan.until - plan.home, tonic + lift, 0.75))
    return tuple(notes)


def _rests(bar: Bar, plan: Plan) -> bool:
    if len(plan.bars) <= 4:
        return False
    if bar.form.section is Section.INTRO:
        return 2 * bar.place < bar.of
    return bar.form.section is Section.BREAK and bar.place + 1 < bar.of


def _closest(note_class: int, before: int) -> int:
    return min(
        (pitch for pitch in range(_LOW, _HIGH + 1) if pitch % 12 == note_class),
        key=lambda pitch: (abs(pitch - before) + 0.5 * abs(pitch - _HOME), pitch),
    )


def _near(bar: Bar, before: int) -> int:
    return _closest(bar.chord.pitch(bar.key, bar.chord.degree + bar.chord.bass) % 12, before)


def _bar(plan: Plan, bar: Bar, root: int, after: Bar | None) -> list[_Line]:
    quarters, style = plan.metre.quarters, plan.figure
    if plan.mood.name == "tense" and bar.place % 4 < 2:
        root = _closest(bar.key.pitch(0) % 12, root)  # a pedal, over which the chords grate
    fifth = _closest(bar.chord.pitch(bar.key, bar.chord.degree + 4) % 12, root)
    busy = bar.intensity > 0.6 and bar.form.section is not Section.BREAK
    if plan.metre.name == "6/8":
        lines = [(0.0, 1.4, root, 1.0), (1.5, 1.4, fifth if busy else root, 0.75)] if busy else []
    elif style in {"offbeat", "oompah"}:
        lines = [(0.0, 0.8, root, 1.0)]
        if quarters == 4:
            lines.append((2.0, 0.8, fifth, 0.85))
    elif style in {"ostinato", "pulse"} and plan.mood.density >= 0.6 and bar.intensity > 0.5:
        lines = [(0.5 * s, 0.42, root, 1.0 if s % 4 == 0 else 0.75) for s in range(quarters * 2)]
    elif style == "stabs":
        lines = [(0.0, 1.4, root, 1.0), (1.5, 0.45, root, 0.6)]
        lines += [(2.5, 1.2, fifth, 0.75)] if quarters == 4 else []
    elif busy and quarters == 4:
        lines = [(0.0, 2.4, root, 1.0), (2.5, 1.4, fifth if bar.place % 2 else root, 0.7)]
    else:
        lines = []
    if not lines:
        lines = [(0.0, quarters * 0.97, root, 1.0)]
    if busy and after is not None and plan.mood.density >= 0.4 and after.place % 2 == 0:
        return _approach(lines, bar, _near(after, root), quarters)
    return lines


def _approach(lines: list[_Line], bar: Bar, goal: int, quarters: int) -> list[_Line]:
    """Reach the next bar's note by step: the last half quarter is the scale's neighbour of it."""
    last = quarters - 0.5
    here = lines[-1][2]
    if abs(goal - here) < 2 or lines[-1][0] >= last:
        return lines
    degree = bar.key.degree(goal + 24)
    step = bar.key.pitch(degree + (1 if here > goal else -1)) - 24
    if not _LOW <= step <= _HIGH or step == here:
        return lines
    onset, length, pitch, strength = lines[-1]
    return [*lines[:-1], (onset, min(length, last - onset), pitch, strength), (last, 0.46, step, 0.6)]
