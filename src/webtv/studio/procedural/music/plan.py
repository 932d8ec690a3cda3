"""The plan of a piece: bars, keys, chords and the intensity that all players share."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from webtv.studio.procedural.music.form import Phrase, Section, intensity, phrases
from webtv.studio.procedural.music.metre import METRES, Metre
from webtv.studio.procedural.music.moods import Mood
from webtv.studio.procedural.music.theory import Chord, Key, relatives, settled

_HOME = 3.5  # seconds that the last chord gets at least: the crossfade lies within it
_AFTERLIFE = 3.0  # notes of the last chord go on so far beyond the end, so that the crossfade has music
_PHRASE = 4  # chords
_SLOWING = (1.04, 1.12)  # how much longer the last bars before home are


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of the plan.

    Attributes:
        number: from 0.
        at: seconds.
        quarter: seconds that a quarter lasts in it.
        key: in which it stands.
        chord: what sounds.
        phrase: number of the phrase, -1 before the first.
        form: what the phrase is for.
        place: position in the phrase, bars.
        of: bars of that phrase.
        intensity: 0 to 1.
    """

    number: int
    at: float
    quarter: float
    key: Key
    chord: Chord
    phrase: int
    form: Phrase
    place: int
    of: int
    intensity: float


@dataclass(frozen=True, slots=True)
class Plan:
    """The skeleton that all players share.

    Attributes:
        mood: as understood.
        key: tonic and mode of the beginning and the end.
        figure: name of the figure that accompanies.
        quarter: seconds.
        metre: how beats gather into bars.
        bars: in order; the home chord comes after them.
        home: seconds at which the last chord begins.
        seconds: length of the piece.
    """

    mood: Mood
    key: Key
    figure: str
    quarter: float
    metre: Metre
    bars: tuple[Bar, ...]
    home: float
    seconds: float

    @property
    def until(self) -> float:
        """When the last notes are let go: after the end."""
        return self.seconds + _AFTERLIFE

    @property
    def last(self) -> Chord:
        """The chord it ends on: what grates is resolved, and a mood that lives on sevenths keeps a ninth."""
        return Chord(0, (8,) if 6 in self.mood.colour else ())

    @property
    def sections(self) -> tuple[str, ...]:
        """The form for people: names of the sections in order, and the ending."""
        found: list[tuple[int, str]] = []
        for bar in self.bars:
            if not found or found[-1] != (bar.phrase, bar.form.section.value):
                found.append((bar.phrase, bar.form.section.value))
        return (*(name for _, name in found), "ending")


def make_plan(
    mood: Mood,
    tempo: int,
    seconds: float,
    noise: np.random.Generator,
    *,
    tonic: int | None = None,
    mode: str = "",
    metre: str = "",
) -> Plan:
    """Lay out a piece: key, metre, sections, chords, and how much goes on when.

    Args:
        mood: how it feels.
        tempo: beats per minute; in 6/8 a beat is three eighths.
        seconds: length; what is too short for a bar is one last chord.
        noise: where chance comes from.
        tonic: pitch class asked for.
        mode: asked for, a name in :data:`~webtv.studio.procedural.music.theory.MODES`.
        metre: asked for, a name in :data:`~webtv.studio.procedural.music.metre.METRES`.
    """
    chosen = METRES[metre or str(noise.choice(mood.metres))]
    if not metre and chosen.name == "6/8" and tempo > 96:
        chosen = METRES["3/4"]  # six quick eighths would gallop
    own = Key(int(noise.integers(12)), str(noise.choice(mood.modes)))
    key = Key(own.tonic if tonic is None else tonic, mode or own.mode)
    quarter = chosen.seconds(tempo)
    bar_seconds = quarter * chosen.quarters
    last = min(_HOME, 0.4 * seconds)
    count = max(0, math.floor((seconds - last) / bar_seconds + 1e-9))
    slowed = count >= 6 and count * bar_seconds + _slack(bar_seconds) <= seconds - last
    per_chord = 1 if bar_seconds >= 1.9 else 2
    slots = count // per_chord
    spare = count - slots * per_chord  # an odd bar of tonic comes first
    harmonies = _harmonies(mood, key, slots, noise)
    bars: list[Bar] = []
    at = 0.0
    for number in range(count):
        slot = max(0, (number - spare) // per_chord)
        where = harmonies[slot] if harmonies else _Harmony(key, Chord(0, mood.colour), _PRELUDE, -1, 0, 1)
        place = (number - spare) - (slot - where.place) * per_chord
        of = where.of * per_chord
        height = intensity(where.form, (max(0, place) + 0.5) / of, mood.arc)
        left = count - number
        if left <= 2 and count > 4:
            height *= 0.9  # coming home
        stretch = _SLOWING[2 - left] if slowed and left <= 2 else 1.0
        bars.append(
            Bar(number, at, quarter * stretch, where.key, where.chord, where.phrase, where.form,
                max(0, place), of, height)
        )  # fmt: skip
        at += bar_seconds * stretch
    figure = str(noise.choice(mood.figures))
    if chosen.name == "6/8":
        figure = "rocked" if figure in {"stabs", "offbeat", "oompah"} else figure
    return Plan(mood, key, figure, quarter, chosen, tuple(bars), at, seconds)


def _slack(bar_seconds: float) -> float:
    return bar_seconds * sum(each - 1 for each in _SLOWING)


@dataclass(frozen=True, slots=True)
class _Harmony:
    """A slot: the key and chord in it, the phrase it belongs to, its place there."""

    key: Key
    chord: Chord
    form: Phrase
    phrase: int
    place: int
    of: int


_PRELUDE = Phrase(Section.INTRO, 0, 0)


def _harmonies(mood: Mood, home: Key, slots: int, noise: np.random.Generator) -> list[_Harmony]:
    """Key and chord of all slots. Each movement finds its way to the next one's key by its dominant."""
    lead_in = slots % _PHRASE
    form = phrases(slots // _PHRASE)
    keys = _journey(home, form[-1].movement + 1 if form else 1, noise)
    lines = _progressions(mood, len(keys), noise)
    found: list[_Harmony] = []
    for slot in range(lead_in):
        chord = Chord(0, mood.colour) if slot % 2 == 0 else lines[0][0][1]
        found.append(_Harmony(home, _fit(mood, chord, home), _PRELUDE, -1, slot, lead_in))
    for number, phrase in enumerate(form):
        key = keys[phrase.movement]
        first, second = lines[phrase.movement]
        chords = list(second if phrase.section is Section.CONTRAST else first)
        if phrase.turn % 2 and phrase.section is Section.THEME and noise.random() < 0.6:
            chords[2] = _substitute(chords[2])
        for place, chord in enumerate(chords):
            found.append(_Harmony(key, _fit(mood, chord, key), phrase, number, place, _PHRASE))
        if number + 1 < len(form) and form[number + 1].movement != phrase.movement:
            after = keys[form[number + 1].movement]
            found[-1] = replace(found[-1], key=after, chord=_fit(mood, Chord(4, (-1,)), after))
    cadence = mood.cadences[int(noise.integers(len(mood.cadences)))]
    cadence = cadence[-min(len(cadence), slots) :] if slots else ()
    for back, chord in enumerate(reversed(cadence), 1):
        found[-back] = replace(found[-back], chord=_fit(mood, chord, home), key=home)
    return found


def _fit(mood: Mood, chord: Chord, key: Key) -> Chord:
    """The chord without what grates, unless the mood lives on it."""
    return chord if mood.name == "tense" else settled(chord, key)


def _substitute(chord: Chord) -> Chord:
    """The chord a third below, which shares two notes."""
    return Chord((chord.degree - 2) % 7, chord.colour)


def _journey(home: Key, movements: int, noise: np.random.Generator) -> list[Key]:
    """A key for each movement: away and back by turns, home at last."""
    keys = [home]
    for movement in range(1, movements):
        away = relatives(home)
        near = [key for key in away if key != keys[-1]]
        returns = movement % 3 == 0 and keys[-1] != home
        keys.append(home if returns or movement == movements - 1 else near[int(noise.integers(len(near)))])
    return keys


def _progressions(
    mood: Mood, movements: int, noise: np.random.Generator
) -> Sequence[tuple[tuple[Chord, ...], tuple[Chord, ...]]]:
    """Two progressions per movement; those of neighbours differ, and the last returns to the first."""
    order: list[int] = []
    while len(order) < 2 * movements:
        order += [int(each) for each in noise.permutation(len(mood.progressions))]
    pairs = []
    for movement in range(movements):
        one, two = order[2 * movement : 2 * movement + 2]
        if one == two:
            two = (one + 1) % len(mood.progressions)
        pairs.append((mood.progressions[one], mood.progressions[two]))
    if movements > 1:
        pairs[-1] = pairs[0]
    return pairs
