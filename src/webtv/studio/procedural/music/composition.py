"""Composition: from a mood, a tempo and a cast of voices to a score with a beginning, a peak, an ending."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from webtv.studio.procedural.music.beats import beat_part
from webtv.studio.procedural.music.figures import figure_bar
from webtv.studio.procedural.music.melody import Singer
from webtv.studio.procedural.music.moods import Mood
from webtv.studio.procedural.music.plan import Plan, make_plan
from webtv.studio.procedural.music.score import Note, Part, Score
from webtv.studio.procedural.music.theory import Chord, Key, voicing
from webtv.studio.procedural.music.voices import VOICES


def compose(
    mood: Mood, tempo: int, voices: Sequence[str], seconds: float, noise: np.random.Generator
) -> Score:
    """Write a piece.

    Args:
        mood: how it feels.
        tempo: beats per minute.
        voices: names from :data:`~webtv.studio.procedural.music.voices.VOICES` or ``kit``, leading
            voice first; none for the mood's own.
        seconds: length.
        noise: where chance comes from.
    """
    plan = make_plan(mood, tempo, seconds, noise)
    cast = _cast(mood, voices)
    parts: list[Part] = []
    singer = Singer(plan.key, mood, plan.metre, tempo, noise)
    lead = _lead(plan, cast.lead, singer, noise)
    parts.append(Part(cast.lead, "lead", lead))
    for turn, voice in enumerate(cast.answers):
        parts.append(Part(voice, "answer", _answer(plan, voice, turn, len(cast.answers), lead, noise)))
    for number, voice in enumerate(cast.harmony):
        parts.append(Part(voice, "harmony", _harmony(plan, voice, number, noise)))
    if cast.figure:
        parts.append(Part(cast.figure, "figure", _figure(plan, cast.figure, noise)))
    parts.append(Part(cast.bass, "bass", _bass(plan, noise)))
    pattern = mood.beat or ("soft" if cast.kit else "")
    if pattern:
        drums = beat_part(pattern, plan.bars, plan.beat, plan.metre, plan.home, cast.kit, mood.swing, noise)
        parts.append(Part("kit", "beat" if cast.kit else "touch", drums))
    swells = [(0.0, plan.bars[0].intensity if plan.bars else 0.7)]
    swells += [(bar.at + plan.beat * plan.metre / 2, bar.intensity) for bar in plan.bars]
    swells += [(plan.home + 0.5, 0.8), (max(plan.home + 1, seconds), 0.55)]
    return Score(
        plan.key.name,
        plan.key.mode,
        tempo,
        plan.metre,
        tuple(part for part in parts if part.notes),
        tuple(swells),
    )


@dataclass(frozen=True, slots=True)
class Cast:
    """Who plays what."""

    lead: str
    answers: tuple[str, ...]
    harmony: tuple[str, ...]
    figure: str
    bass: str
    kit: bool


_FIGURED = frozenset({"felt piano", "pluck", "bell"})
_SUSTAINED = frozenset({"strings", "pad"})


def _cast(mood: Mood, voices: Sequence[str]) -> Cast:
    asked = list(dict.fromkeys(voices)) or list(mood.voices)
    kit = "kit" in asked
    tuned = [name for name in asked if name != "kit"]
    bass = next((name for name in tuned if VOICES[name].family == "bass"), "bass")
    tuned = [name for name in tuned if VOICES[name].family != "bass"]
    if not tuned:
        tuned = [name for name in mood.voices if name != "kit" and VOICES[name].family != "bass"]
    # A pad makes a poor singer, so another voice sings where there is one, and the pad is the ground.
    lead = next((name for name in tuned if VOICES[name].family != "pad"), tuned[0])
    harmony = [name for name in tuned if VOICES[name].family in _SUSTAINED and name != lead][:2]
    if not harmony:
        harmony = [lead] if VOICES[lead].family in _SUSTAINED else ["pad"]
    rest = [name for name in tuned if name not in harmony and name != lead]
    figure = next((name for name in rest if VOICES[name].family in _FIGURED), "")
    if not figure and VOICES[lead].family in {"felt piano", "pluck"}:
        figure = lead  # the left hand
    answers = tuple(name for name in rest if name != figure)
    return Cast(lead, answers, tuple(harmony), figure, bass, kit)


def _human(
    at: float, seconds: float, pitch: int, strength: float, noise: np.random.Generator, loose: float = 0.006
) -> Note:
    late = float(noise.normal(0, loose)) if at > 0.02 else 0.0
    force = strength * (1 + 0.07 * float(noise.normal()))
    return Note(max(0.0, at + late), max(0.05, seconds), pitch, min(1.0, max(0.08, force)))


def _fold(pitch: int, low: int, high: int) -> int:
    while pitch < low:
        pitch += 12
    while pitch > high and pitch - 12 >= low:
        pitch -= 12
    return pitch


def _lead(plan: Plan, name: str, singer: Singer, noise: np.random.Generator) -> tuple[Note, ...]:
    voice = VOICES[name]
    centre = round(71 + 8 * (plan.mood.brightness - 0.5))
    centre = {"bell": centre + 7, "flute": centre + 3, "strings": centre + 3}.get(voice.family, centre)
    if voice.name in {"cello", "horn", "clarinet"}:
        centre -= 8
    singer.settle(max(voice.low + 6, min(voice.high - 9, centre)))
    notes = []
    for bar in plan.bars:
        if bar.phrase < 0 and bar.number > 0:
            continue  # the introduction leaves room; its first bar may hint
        for onset, length, pitch, strength in singer.bar(
            bar.chord, bar.phrase, bar.place, bar.of, bar.contrast
        ):
            at = bar.at + singer.swung(onset) * plan.beat
            force = strength * (0.62 + 0.38 * bar.intensity)
            legato = 1.0 if voice.family in {"strings", "flute", "pad"} else 1.15
            notes.append(
                _human(at, length * plan.beat * legato, _fold(pitch, voice.low, voice.high), force, noise)
            )
    last = 0.75 if voice.family in {"strings", "flute", "pad"} else 1.0  # what does not die away is softer
    for onset, pitch, strength in singer.ending():
        at = plan.home + onset * plan.beat
        if at < plan.seconds:
            notes.append(
                _human(
                    at, plan.until - at, _fold(pitch, voice.low, voice.high), strength * last, noise, 0.003
                )
            )
    return tuple(notes)


def _answer(
    plan: Plan, name: str, turn: int, turns: int, lead: Sequence[Note], noise: np.random.Generator
) -> tuple[Note, ...]:
    """A further voice: echoes where the tune rests, doubles it where the arrangement peaks.

    Where several voices answer, they take turns by phrase.
    """
    voice = VOICES[name]
    lift = 12 if voice.family == "bell" else 0
    span = plan.beat * plan.metre
    shift = span if plan.metre == 3 else span + plan.beat
    notes = []

    def sung(start: float) -> list[Note]:
        return [note for note in lead if start - 0.03 <= note.at < start + span - 0.03]

    for bar in plan.bars:
        if bar.phrase < 0 or bar.phrase % turns != turn:
            continue
        if bar.intensity > 0.82:
            for note in sung(bar.at):
                pitch = _fold(note.pitch + lift, voice.low, voice.high)
                notes.append(_human(note.at, note.seconds, pitch, 0.75 * note.strength, noise))
        elif bar.place % 4 == 3:
            for note in sung(bar.at - span)[:3]:
                if note.at + shift < bar.at + span - 0.1:
                    pitch = _fold(_near(bar.chord, plan.key, note.pitch) + lift, voice.low, voice.high)
                    notes.append(_human(note.at + shift, note.seconds, pitch, 0.6 * note.strength, noise))
    third = _fold(plan.key.pitch(2) + 12, voice.low, voice.high)
    notes.append(_human(plan.home + 0.02, plan.until - plan.home, third, 0.45, noise))
    return tuple(sorted(notes, key=lambda note: note.at))


def _near(chord: Chord, key: Key, pitch: int) -> int:
    """The note of the chord that lies nearest."""
    classes = chord.classes(key)
    return min(
        (each for each in range(pitch - 7, pitch + 8) if each % 12 in classes),
        key=lambda each: (abs(each - pitch), each),
    )


def _harmony(plan: Plan, name: str, number: int, noise: np.random.Generator) -> tuple[Note, ...]:
    """Chords, each voice moving as little as it can; a note that two chords share is held."""
    voice = VOICES[name]
    centre = (60 if voice.family == "pad" else 62) + round(6 * (plan.mood.brightness - 0.5)) + 10 * number
    centre = max(voice.low + 10, min(voice.high - 11, centre))
    count = 4 if number == 0 and voice.family == "pad" else 3
    stretches: list[tuple[float, float, Chord, float]] = []
    span = plan.beat * plan.metre
    for bar in plan.bars:
        if number and bar.intensity < 0.72:
            continue  # a second section waits for the swell
        if stretches and stretches[-1][2] == bar.chord and abs(stretches[-1][1] - bar.at) < 1e-6:
            start, _, chord, force = stretches.pop()
            stretches.append((start, bar.at + span, chord, max(force, bar.intensity)))
        else:
            stretches.append((bar.at, bar.at + span, bar.chord, bar.intensity))
    home = Chord(0, () if plan.mood.arc > 0.85 else plan.mood.colour)
    stretches.append((plan.home, plan.until, home, 0.8))
    held: dict[int, tuple[float, float, float]] = {}
    notes: list[Note] = []
    before: tuple[int, ...] | None = None
    overlap = 0.25 if voice.family == "pad" else 0.12
    for start, end, chord, force in stretches:
        now = voicing(chord, plan.key, before, centre, count)
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


def _figure(plan: Plan, name: str, noise: np.random.Generator) -> tuple[Note, ...]:
    voice = VOICES[name]
    centre = {"bell": 74, "pluck": 62}.get(voice.family, 57)
    centre = max(voice.low + 10, min(voice.high - 11, centre + round(6 * (plan.mood.brightness - 0.5))))
    notes: list[Note] = []
    before: tuple[int, ...] | None = None
    for bar in plan.bars:
        before = voicing(bar.chord, plan.key, before, centre, 3)
        busy = plan.mood.density * (0.55 + 0.45 * bar.intensity)
        for onset, length, pitch, strength in figure_bar(
            plan.mood.accompaniment, before, plan.metre, plan.beat, busy, bar.number, plan.mood.swing
        ):
            force = strength * (0.5 + 0.4 * bar.intensity)
            at = bar.at + onset * plan.beat
            notes.append(_human(at, length * plan.beat, _fold(pitch, voice.low, voice.high), force, noise))
    home = voicing(Chord(0, plan.mood.colour), plan.key, before, centre, 3)
    at, place = plan.home, 0
    order = [*home, home[0] + 12, home[2], home[1]]
    while at < plan.seconds:  # the last chord is broken, slowing down, and goes on under the crossfade
        pitch = _fold(order[place % len(order)], voice.low, voice.high)
        notes.append(_human(at, 3.0, pitch, 0.52 if place % 6 == 0 else 0.44, noise, 0.004))
        at += plan.beat * min(1.0, 0.5 + 0.06 * place)
        place += 1
    return tuple(sorted(notes, key=lambda note: note.at))


def _bass(plan: Plan, noise: np.random.Generator) -> tuple[Note, ...]:
    notes: list[Note] = []
    style = plan.mood.accompaniment
    for bar in plan.bars:
        if bar.phrase < 0 and bar.number == 0 and len(plan.bars) > 4:
            continue
        root = (
            36
            + plan.key.pitch(0 if plan.mood.name == "tense" and bar.place % 4 < 2 else bar.chord.degree) % 12
        )
        fifth = plan.key.pitch(bar.chord.degree + 4) % 12 + 36
        half = plan.metre / 2 if plan.metre == 4 else 2
        force = 0.6 + 0.3 * bar.intensity
        if style == "offbeat":
            lines = [(0.0, 0.8, root, 1.0), (half, 0.8, fifth, 0.85)]
        elif style == "ostinato" and bar.intensity > 0.5:
            steps = plan.metre * 2
            lines = [(0.5 * s, 0.42, root, 1.0 if s % 4 == 0 else 0.75) for s in range(steps)]
        elif style == "stabs":
            lines = [(0.0, 1.4, root, 1.0), (1.5, 0.45, root, 0.6), (half + 0.5, 1.2, fifth, 0.75)]
        elif bar.intensity > 0.75 and plan.metre == 4:
            lines = [(0.0, 2.4, root, 1.0), (2.5, 1.4, fifth if bar.place % 2 else root, 0.7)]
        else:
            lines = [(0.0, plan.metre * 0.97, root, 1.0)]
        for onset, length, pitch, strength in lines:
            at = bar.at + onset * plan.beat
            notes.append(_human(at, length * plan.beat, pitch, force * strength, noise, 0.004))
    notes.append(Note(plan.home, plan.until - plan.home, 36 + plan.key.pitch(0) % 12, 0.75))
    return tuple(notes)
