"""The plan of a piece: bars, chords, phrases and the arc of intensity that all players share."""

import math
from dataclasses import dataclass

import numpy as np

from webtv.studio.procedural.music.moods import Mood
from webtv.studio.procedural.music.theory import Chord, Key, settled

_HOME = 3.5  # seconds that the last chord gets at least: the crossfade lies within it
_AFTERLIFE = 3.0  # notes of the last chord go on so far beyond the end, so that the crossfade has music
_ARC_SECONDS = 55.0
_PHRASE = 4  # chords


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of the plan.

    Attributes:
        number: from 0.
        at: seconds.
        chord: what sounds.
        phrase: number of the phrase, -1 for the introduction.
        place: position in the phrase, bars.
        of: bars of that phrase.
        contrast: whether the phrase is the contrasting one.
        intensity: 0 to 1.
    """

    number: int
    at: float
    chord: Chord
    phrase: int
    place: int
    of: int
    contrast: bool
    intensity: float


@dataclass(frozen=True, slots=True)
class Plan:
    """The skeleton that all players share.

    Attributes:
        mood: as understood.
        key: tonic and mode.
        beat: seconds.
        metre: beats in a bar.
        bars: in order; the home chord comes after them.
        home: seconds at which the last chord begins.
        seconds: length of the piece.
    """

    mood: Mood
    key: Key
    beat: float
    metre: int
    bars: tuple[Bar, ...]
    home: float
    seconds: float

    @property
    def until(self) -> float:
        """When the last notes are let go: after the end."""
        return self.seconds + _AFTERLIFE


def make_plan(mood: Mood, tempo: int, seconds: float, noise: np.random.Generator) -> Plan:
    """Lay out a piece: key, metre, phrases, chords, and how much goes on when.

    Args:
        mood: how it feels.
        tempo: beats per minute.
        seconds: length; what is too short for a bar is one last chord.
        noise: where chance comes from.
    """
    beat = 60 / tempo
    metre = 3 if noise.random() < mood.waltz else 4
    bar_seconds = beat * metre
    key = Key(int(noise.integers(12)), str(noise.choice(mood.modes)))
    last = min(_HOME, 0.4 * seconds)
    count = max(0, math.floor((seconds - last) / bar_seconds + 1e-9))
    per_chord = 1 if bar_seconds >= 1.9 else 2
    slots = count // per_chord
    spare = count - slots * per_chord  # an odd bar of tonic comes first
    chords, phrases = _harmonies(mood, slots, noise)
    if mood.name != "tense":  # which lives on what grates
        chords = [settled(chord, key) for chord in chords]
    bars: list[Bar] = []
    lead_in = spare + per_chord * sum(1 for number, _, _ in phrases if number < 0)
    for number in range(count):
        slot = (number - spare) // per_chord
        if slot < 0:
            chord, phrase, first, contrast = Chord(0, mood.colour), -1, 0, False
        else:
            chord = chords[slot]
            phrase, start, contrast = phrases[slot]
            first = spare + start * per_chord
        of = lead_in if phrase < 0 else _PHRASE * per_chord
        at = number * bar_seconds
        bars.append(
            Bar(number, at, chord, phrase, number - first if phrase >= 0 else number, of, contrast,
                _intensity((number + 0.5) / count, count * bar_seconds, mood.arc))
        )  # fmt: skip
    return Plan(mood, key, beat, metre, tuple(bars), count * bar_seconds, seconds)


def _harmonies(
    mood: Mood, slots: int, noise: np.random.Generator
) -> tuple[list[Chord], list[tuple[int, int, bool]]]:
    """Chords of all slots, and per slot its phrase: number, first slot, whether it contrasts."""
    order = noise.permutation(len(mood.progressions))
    first, second = (mood.progressions[int(order[each])] for each in (0, 1))
    intro = slots % _PHRASE
    chords = [Chord(0, mood.colour) if slot % 2 == 0 else first[1] for slot in range(intro)]
    phrases = [(-1, 0, False)] * intro
    count = slots // _PHRASE
    for number in range(count):
        # A A B A, so the tune is known before it is left, and comes back.
        contrast = number % 4 == 2 or (count == 3 and number == 1)
        chosen = second if contrast else first
        chords += chosen
        phrases += [(number, intro + number * _PHRASE, contrast)] * _PHRASE
    ending = mood.cadence[-min(len(mood.cadence), slots) :] if slots else ()
    if ending:
        chords[-len(ending) :] = ending
    return chords, phrases


def _intensity(share: float, seconds: float, arc: float) -> float:
    """How much goes on: rises to a peak at two thirds, then comes home; long pieces have several arcs."""
    arcs = max(1, round(seconds / _ARC_SECONDS))
    within = (share * arcs) % 1 if share < 1 else 1.0
    shape = math.sin(math.pi / 2 * within / 0.68) if within < 0.68 else 1 - 0.45 * (within - 0.68) / 0.32
    return 1 - (0.25 + 0.5 * arc) * (1 - max(0.0, shape))
