"""Melody: one motif, and what becomes of it: sequence, inversion, ornament, thinning, an ending at home."""

from dataclasses import dataclass

import numpy as np

from webtv.studio.procedural.music.moods import Mood
from webtv.studio.procedural.music.theory import Chord, Key

Sung = tuple[float, float, int, float]  # onset and length in beats, MIDI pitch, strength

_RHYTHMS: dict[int, tuple[tuple[tuple[float, float], ...], ...]] = {
    4: (
        ((0, 3), (3, 1)),
        ((0, 2), (2, 2)),
        ((0, 1.5), (1.5, 2.5)),
        ((1, 1), (2, 2)),
        ((0, 1), (1, 1), (2, 2)),
        ((0, 1.5), (1.5, 0.5), (2, 2)),
        ((0, 1.5), (1.5, 1.5), (3, 1)),
        ((0.5, 0.5), (1, 1), (2, 2)),
        ((0, 0.5), (0.5, 0.5), (1, 1), (2, 2)),
        ((0, 1), (1, 0.5), (1.5, 0.5), (2, 1), (3, 1)),
        ((0.5, 0.5), (1, 0.5), (1.5, 1), (2.5, 0.5), (3, 1)),
        ((0, 0.5), (0.5, 0.5), (1, 0.5), (1.5, 0.5), (2, 1), (3, 1)),
        ((0, 1), (1, 0.5), (1.5, 0.5), (2, 0.5), (2.5, 0.5), (3, 1)),
        ((0, 0.5), (0.5, 1), (1.5, 0.5), (2, 0.5), (2.5, 0.5), (3, 0.5), (3.5, 0.5)),
    ),
    3: (
        ((0, 2), (2, 1)),
        ((0, 3),),
        ((0, 1), (1, 2)),
        ((0, 1.5), (1.5, 1.5)),
        ((0, 1), (1, 1), (2, 1)),
        ((0, 1.5), (1.5, 0.5), (2, 1)),
        ((0, 0.5), (0.5, 0.5), (1, 2)),
        ((0, 1), (1, 0.5), (1.5, 0.5), (2, 1)),
        ((0, 0.5), (0.5, 0.5), (1, 0.5), (1.5, 0.5), (2, 1)),
        ((0.5, 0.5), (1, 0.5), (1.5, 0.5), (2, 0.5), (2.5, 0.5)),
    ),
}

# Where the four bars of a phrase lie, in scale steps from the middle: a line that goes somewhere.
_SHAPES = ((0, 1, 3, 2), (2, 0, 3, 0), (0, 2, 4, 0), (1, -1, 2, 0), (3, 1, 2, -1), (0, -2, 1, 2))
_CONTRASTS = ((4, 3, 5, 2), (3, 5, 4, 2), (-2, 0, 2, 4), (5, 3, 4, 1))


@dataclass(frozen=True, slots=True)
class Motif:
    """A rhythm of one bar and a contour in scale steps from its anchor."""

    rhythm: tuple[tuple[float, float], ...]
    contour: tuple[int, ...]


class Singer:
    """Remembers its motif and where it sang last."""

    def __init__(self, key: Key, mood: Mood, metre: int, tempo: int, noise: np.random.Generator) -> None:
        self._key, self._mood, self._metre, self._noise = key, mood, metre, noise
        # A slow beat has room for more notes, a fast one for fewer.
        self._busy = min(1.0, max(0.05, mood.density * (92 / tempo) ** 0.7))
        self.motif = self._invent(self._busy)
        self.reply = self._invent(max(0.0, self._busy - 0.2))
        self.other = self._invent(min(1.0, self._busy + 0.1))
        self._shape = _SHAPES[int(noise.integers(len(_SHAPES)))]
        self._contrast = _CONTRASTS[int(noise.integers(len(_CONTRASTS)))]
        self._centre = self._last = 67

    def settle(self, centre: int) -> None:
        """Sing around this MIDI pitch."""
        self._centre = self._last = centre

    def swung(self, onset: float) -> float:
        """An onset in beats, off-beats late by the mood's swing."""
        return onset + self._mood.swing / 6 if abs(onset % 1 - 0.5) < 1e-6 else onset

    def _invent(self, busy: float) -> Motif:
        rhythms = _RHYTHMS[self._metre]
        place = int(
            np.clip(round(busy * (len(rhythms) - 1) + self._noise.normal(0, 1.2)), 0, len(rhythms) - 1)
        )
        rhythm = rhythms[place]
        contour = [0]
        heading = 1 if self._noise.random() < 0.62 else -1
        for number in range(1, len(rhythm)):
            if number > len(rhythm) / 2 and self._noise.random() < 0.6:
                heading = -1 if contour[-1] > 0 else 1
            leap = self._noise.random() < 0.55 * self._mood.leap
            step = int(self._noise.choice([2, 3, 4], p=[0.5, 0.3, 0.2])) if leap else 1
            contour.append(max(-4, min(6, contour[-1] + heading * step)))
            if leap:
                heading = -heading  # a leap is followed by a step back
        return Motif(rhythm, tuple(contour))

    def _snap(self, degree: int, chord: Chord, avoid: int | None = None, plain: bool = False) -> int:
        """The nearest degree that belongs to the chord; one note may be avoided, colours left out."""
        inside = {(chord.degree + step) % 7 for step in chord.steps()[: 3 if plain else 4]}
        return min(
            range(degree - 4, degree + 5),
            key=lambda each: (each % 7 not in inside, each == avoid, abs(each - degree), each),
        )

    def bar(self, chord: Chord, phrase: int, place: int, of: int, contrast: bool) -> list[Sung]:
        """What is sung in a bar: statement, reply, statement varied, a long note to breathe.

        Args:
            chord: under it.
            phrase: its number; -1 is the introduction.
            place: bar within the phrase.
            of: bars of the phrase.
            contrast: whether this phrase leaves the tune.
        """
        turn = place % 4
        if phrase < 0:
            return self._realise(Motif(((0, self._metre),), (0,)), chord, 0, 0.6)
        shape = self._contrast if contrast else self._shape
        lift = shape[turn] + int(phrase % 4 == 3)
        source = self.other if contrast else self.motif
        if turn == 0:
            return self._realise(source if phrase < 3 else self._vary(source, phrase + 1), chord, lift, 0.9)
        if turn == 1:
            return self._realise(self.reply, chord, lift, 0.8)
        if turn == 2:
            return self._realise(self._vary(source, phrase), chord, lift, 0.95)
        stay = self._metre * (0.75 if place + 1 < of else 0.9)
        return self._realise(Motif(((0, stay),), (0,)), chord, lift, 0.8)

    def _vary(self, motif: Motif, phrase: int) -> Motif:
        """Another shape of the same thought; which one follows from the phrase."""
        kind = phrase % 4
        rhythm, contour = list(motif.rhythm), list(motif.contour)
        if kind == 1 and len(rhythm) > 1:
            contour = [-step for step in contour]
        elif kind == 2:
            longest = max(range(len(rhythm)), key=lambda each: rhythm[each][1])
            onset, length = rhythm[longest]
            if length >= 1:  # a neighbour note on the way
                rhythm[longest : longest + 1] = [
                    (onset, length - 0.5 if length > 1 else 0.5),
                    (onset + length - 0.5, 0.5),
                ]
                contour[longest : longest + 1] = [contour[longest], contour[longest] + 1]
        elif kind == 3 and len(rhythm) > 2:
            onset, length = rhythm[-2]
            rhythm[-2:] = [(onset, length + rhythm[-1][1])]
            contour.pop()
        elif len(contour) > 1:
            contour[-1] += 1
        return Motif(tuple(rhythm), tuple(contour))

    def _realise(self, motif: Motif, chord: Chord, lift: int, strength: float) -> list[Sung]:
        key = self._key
        middle = key.degree(self._centre)
        alone = len(motif.rhythm) == 1
        anchor = self._snap(middle + lift, chord, plain=alone)
        sung = []
        before: int | None = None
        for number, ((onset, length), step) in enumerate(zip(motif.rhythm, motif.contour, strict=True)):
            degree = anchor + step
            degree = min(degree, 2 * (middle + 7) - degree)  # what would rise too high turns back
            degree = max(degree, 2 * (middle - 5) - degree)
            strong = onset % (2 if self._metre == 4 else 3) == 0
            if number and (strong or length >= 1.5 or number == len(motif.rhythm) - 1):
                degree = self._snap(degree, chord, avoid=before)
            pitch = key.pitch(degree)
            accent = 1.0 if strong else 0.86 if onset % 1 == 0 else 0.76
            sung.append((onset, length, pitch, strength * accent))
            before = degree
            self._last = pitch
        return sung

    def ending(self) -> list[tuple[float, int, float]]:
        """The last notes, at home: onset in beats after the last bar line, pitch, strength."""
        degree = self._key.degree(0.6 * self._last + 0.4 * self._centre)
        home = min(
            (degree + each for each in range(-4, 5) if (degree + each) % 7 == 0),
            key=lambda d: abs(d - degree),
        )
        second = home + (4 if self._mood.arc < 0.6 else 7)
        ending = [(0.0, self._key.pitch(home), 0.8)]
        if self._key.pitch(second) <= self._centre + 14:
            ending.append((float(self._metre) / 2, self._key.pitch(second), 0.5))
        return ending
