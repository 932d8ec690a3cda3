"""Composition: from a mood, a tempo and a cast of voices to a score with a beginning, a peak, an ending."""

from collections.abc import Collection, Sequence
from itertools import groupby

import numpy as np

from webtv.studio.procedural.music.bassline import bass_part
from webtv.studio.procedural.music.beats import beat_part
from webtv.studio.procedural.music.cast import Cast, cast_of, turned
from webtv.studio.procedural.music.figures import figure_bar
from webtv.studio.procedural.music.form import Section
from webtv.studio.procedural.music.melody import Singer
from webtv.studio.procedural.music.moods import Mood
from webtv.studio.procedural.music.plan import Bar, Plan, make_plan
from webtv.studio.procedural.music.score import Note, Part, Score, fold, human
from webtv.studio.procedural.music.theory import Chord, Key, voicing
from webtv.studio.procedural.music.voices import VOICES

_HELD = frozenset({"strings", "flute", "pad"})  # families that do not die away


def compose(
    mood: Mood,
    tempo: int,
    voices: Sequence[str],
    seconds: float,
    noise: np.random.Generator,
    *,
    tonic: int | None = None,
    mode: str = "",
    metre: str = "",
    without: Collection[str] = (),
    solo: bool = False,
) -> Score:
    """Write a piece.

    Args:
        mood: how it feels.
        tempo: beats per minute.
        voices: names from :data:`~webtv.studio.procedural.music.voices.VOICES` or ``kit``, leading
            voice first; none for one of the mood's own ensembles.
        seconds: length.
        noise: where chance comes from.
        tonic: pitch class asked for, 0 is C; None for any.
        mode: asked for; empty for one of the mood's.
        metre: asked for, e.g. ``3/4``; empty for one of the mood's.
        without: voices and families that must not be heard, ``kit`` for percussion, ``lead`` for the tune.
        solo: whether the first voice plays alone.
    """
    plan = make_plan(mood, tempo, seconds, noise, tonic=tonic, mode=mode, metre=metre)
    cast = cast_of(mood, voices, without, solo, noise)
    tracks: dict[tuple[str, str], list[Note]] = {}
    lead = _melodies(plan, cast, tracks, noise)
    for number, voice in enumerate(cast.harmony):
        tracks["harmony", voice] = list(_harmony(plan, voice, number))
    if cast.bass:
        lift = 12 * max(0, -(-(VOICES[cast.bass].low - 31) // 12))
        tracks["bass", cast.bass] = list(bass_part(plan, lift, noise))
    pattern = (mood.beat or "soft") if cast.kit else mood.beat if cast.touch else ""
    if pattern:
        drums = beat_part(pattern, plan, cast.kit, noise)
        tracks["beat" if cast.kit else "touch", "kit"] = list(drums)
    others = any(notes for (role, _), notes in tracks.items() if role not in {"lead", "answer"})
    if "lead" in without and others:
        for voice in lead:
            tracks.pop(("lead", voice), None)
            tracks.pop(("answer", voice), None)
    parts = tuple(
        Part(voice, role, tuple(sorted(notes, key=lambda note: (note.at, note.pitch))))
        for (role, voice), notes in tracks.items()
        if notes
    )
    return Score(plan.key.name, plan.key.mode, tempo, plan.metre.name, plan.sections, parts, _swells(plan))


def _swells(plan: Plan) -> tuple[tuple[float, float], ...]:
    swells = [(0.0, plan.bars[0].intensity if plan.bars else 0.7)]
    swells += [(bar.at + bar.quarter * plan.metre.quarters / 2, bar.intensity) for bar in plan.bars]
    return (*swells, (plan.home + 0.5, 0.8), (max(plan.home + 1, plan.seconds), 0.55))


def _melodies(
    plan: Plan, cast: Cast, tracks: dict[tuple[str, str], list[Note]], noise: np.random.Generator
) -> tuple[str, ...]:
    """Write tune, answers and figure, movement by movement; tells who leads."""
    movements = [
        (movement, list(bars)) for movement, bars in groupby(plan.bars, lambda bar: bar.form.movement)
    ] or [(0, [])]
    leaders: list[str] = []
    first: Singer | None = None
    for movement, bars in movements:
        last = movement == movements[-1][0]
        players = cast if last else turned(cast, movement)
        leaders.append(players.lead)
        if first is not None and (last or movement % 3 == 0):
            singer = first  # the thought that it began with comes back
            if not last:
                singer.refresh()
        else:
            singer = Singer(bars[0].key if bars else plan.key, plan.mood, plan.metre, plan.quarter, noise)
        first = first or singer
        tune = _lead(plan, bars, players.lead, singer, noise)
        if last:
            tune += _coda(plan, players.lead, singer, noise)
        tracks.setdefault(("lead", players.lead), []).extend(tune)
        for turn, voice in enumerate(players.answers):
            answer = _answer(plan, bars, voice, turn, len(players.answers), tune, noise)
            if last:
                answer.append(_rest(plan, voice, turn, noise))
            tracks.setdefault(("answer", voice), []).extend(answer)
        if players.figure:
            figure = _figure(plan, bars, players.figure, noise, closes=last)
            tracks.setdefault(("figure", players.figure), []).extend(figure)
    return tuple(dict.fromkeys(leaders))


def _lead(
    plan: Plan, bars: Sequence[Bar], name: str, singer: Singer, noise: np.random.Generator
) -> list[Note]:
    voice = VOICES[name]
    centre = round(71 + 8 * (plan.mood.brightness - 0.5))
    centre = {"bell": centre + 7, "flute": centre + 3, "strings": centre + 3}.get(voice.family, centre)
    if voice.name in {"cello", "horn", "clarinet"}:
        centre -= 8
    singer.settle(max(voice.low + 6, min(voice.high - 9, centre)))
    legato = 1.0 if voice.family in _HELD else 1.15
    notes = []
    for bar in bars:
        for onset, length, pitch, strength in singer.bar(bar):
            at = bar.at + singer.swung(onset) * bar.quarter
            force = strength * (0.62 + 0.38 * bar.intensity)
            pitch = fold(pitch, voice.low, voice.high)
            notes.append(human(at, length * bar.quarter * legato, pitch, force, noise))
    return notes


def _coda(plan: Plan, name: str, singer: Singer, noise: np.random.Generator) -> list[Note]:
    """The tune's last notes, at home."""
    voice = VOICES[name]
    softer = 0.75 if voice.family in _HELD else 1.0
    notes = []
    for onset, pitch, strength in singer.ending(plan.key):
        at = plan.home + onset * plan.quarter
        if at < plan.seconds:
            pitch = fold(pitch, voice.low, voice.high)
            notes.append(human(at, plan.until - at, pitch, strength * softer, noise, 0.003))
    return notes


def _answer(
    plan: Plan,
    bars: Sequence[Bar],
    name: str,
    turn: int,
    turns: int,
    lead: Sequence[Note],
    noise: np.random.Generator,
) -> list[Note]:
    """A further voice: echoes where the tune rests, doubles it where the arrangement peaks.

    Where several voices answer, they take turns by phrase.
    """
    voice = VOICES[name]
    lift = 12 if voice.family == "bell" else 0
    span = plan.quarter * plan.metre.quarters
    shift = span if plan.metre.quarters == 3 else span + plan.quarter
    notes = []

    def sung(start: float) -> list[Note]:
        return [note for note in lead if start - 0.03 <= note.at < start + span - 0.03]

    for bar in bars:
        if bar.form.section is Section.INTRO or bar.phrase % turns != turn:
            continue
        if bar.intensity > 0.82:
            for note in sung(bar.at):
                pitch = fold(note.pitch + lift, voice.low, voice.high)
                notes.append(human(note.at, note.seconds, pitch, 0.75 * note.strength, noise))
        elif bar.place % 4 == 3 or bar.form.section is Section.BREAK:
            for note in sung(bar.at - span)[:3]:
                if note.at + shift < bar.at + span - 0.1:
                    pitch = fold(_near(bar.chord, bar.key, note.pitch) + lift, voice.low, voice.high)
                    notes.append(human(note.at + shift, note.seconds, pitch, 0.6 * note.strength, noise))
    return notes


def _rest(plan: Plan, name: str, turn: int, noise: np.random.Generator) -> Note:
    """What an answering voice holds at the end: the third, or the fifth where another has it."""
    voice = VOICES[name]
    pitch = fold(plan.key.pitch(4 if turn % 2 else 2) + 12, voice.low, voice.high)
    return human(plan.home + 0.02, plan.until - plan.home, pitch, 0.45, noise)


def _near(chord: Chord, key: Key, pitch: int) -> int:
    """The note of the chord that lies nearest."""
    classes = chord.classes(key)
    return min(
        (each for each in range(pitch - 7, pitch + 8) if each % 12 in classes),
        key=lambda each: (abs(each - pitch), each),
    )


def _harmony(plan: Plan, name: str, number: int) -> tuple[Note, ...]:
    """Chords, each voice moving as little as it can; a note that two chords share is held."""
    voice = VOICES[name]
    centre = (60 if voice.family == "pad" else 62) + round(6 * (plan.mood.brightness - 0.5)) + 10 * number
    centre = max(voice.low + 10, min(voice.high - 11, centre))
    count = 4 if number == 0 and voice.family == "pad" else 3
    stretches: list[tuple[float, float, Key, Chord, float]] = []
    for bar in plan.bars:
        if number and bar.intensity < 0.72:
            continue  # a second section waits for the swell
        if bar.form.section is Section.BREAK and not number and bar.place * 4 < bar.of and len(plan.bars) > 8:
            continue  # a breath: the tune alone
        span = bar.quarter * plan.metre.quarters
        if stretches and stretches[-1][2:4] == (bar.key, bar.chord) and abs(stretches[-1][1] - bar.at) < 1e-6:
            start, _, key, chord, force = stretches.pop()
            stretches.append((start, bar.at + span, key, chord, max(force, bar.intensity)))
        else:
            stretches.append((bar.at, bar.at + span, bar.key, bar.chord, bar.intensity))
    home = Chord(0) if count == 3 else plan.last
    stretches.append((plan.home, plan.until, plan.key, home, 0.8))
    held: dict[int, tuple[float, float, float]] = {}
    notes: list[Note] = []
    before: tuple[int, ...] | None = None
    overlap = 0.25 if voice.family == "pad" else 0.12
    for start, end, key, chord, force in stretches:
        now = voicing(chord, key, before, centre, count)
        for pitch in list(held):
            since, until, strength = held[pitch]
            if pitch not in now or start - since > 9 or abs(until - start) > 1e-6:
                notes.append(Note(since, until - since + overlap, pitch, strength))
                del held[pitch]
        for pitch in now:
            since, _, strength = held.get(pitch, (start, end, 0.55 + 0.35 * force))
            held[pitch] = (since, end, strength)
        before = now
    notes += [Note(since, until - since, pitch, strength) for pitch, (since, until, strength) in held.items()]
    return tuple(sorted(notes, key=lambda note: (note.at, note.pitch)))


def _figure(
    plan: Plan, bars: Sequence[Bar], name: str, noise: np.random.Generator, *, closes: bool
) -> list[Note]:
    voice = VOICES[name]
    centre = {"bell": 74, "pluck": 62}.get(voice.family, 57)
    centre = max(voice.low + 10, min(voice.high - 11, centre + round(6 * (plan.mood.brightness - 0.5))))
    notes: list[Note] = []
    before: tuple[int, ...] | None = None
    for bar in bars:
        before = voicing(bar.chord, bar.key, before, centre, 3)
        quiet = bar.form.section in {Section.INTRO, Section.BREAK}
        busy = plan.mood.density * (0.55 + 0.45 * bar.intensity) * (0.7 if quiet else 1.0)
        style = "broken" if quiet and plan.figure in {"ostinato", "pulse", "stabs"} else plan.figure
        for onset, length, pitch, strength in figure_bar(
            style, before, plan.metre, bar.quarter, busy, bar.number, plan.mood.swing
        ):
            force = strength * (0.5 + 0.4 * bar.intensity)
            at = bar.at + onset * bar.quarter
            pitch = fold(pitch, voice.low, voice.high)
            notes.append(human(at, length * bar.quarter, pitch, force, noise))
    if closes:
        notes += _broken_home(plan, name, voicing(Chord(0), plan.key, before, centre, 3), noise)
    return notes


def _broken_home(plan: Plan, name: str, home: tuple[int, ...], noise: np.random.Generator) -> list[Note]:
    """The last chord, broken and slowing down; it goes on under the crossfade."""
    voice = VOICES[name]
    order = [*home, home[0] + 12, home[2], home[1]]
    notes: list[Note] = []
    at, place = plan.home, 0
    while at < plan.seconds:
        pitch = fold(order[place % len(order)], voice.low, voice.high)
        notes.append(human(at, 3.0, pitch, 0.52 if place % 6 == 0 else 0.44, noise, 0.004))
        at += plan.quarter * min(1.0, 0.5 + 0.06 * place)
        place += 1
    return notes
