"""Melody: one motif, and what becomes of it: sequence, inversion, ornament, thinning, an ending at home."""

from dataclasses import dataclass

import numpy as np

from webtv.studio.procedural.music.form import Section
from webtv.studio.procedural.music.metre import Metre
from webtv.studio.procedural.music.moods import Mood
from webtv.studio.procedural.music.plan import Bar
from webtv.studio.procedural.music.theory import Chord, Key

Sung = tuple[float, float, int, float]  # onset and length in quarters, MIDI pitch, strength

_RHYTHMS: dict[str, tuple[tuple[tuple[float, float], ...], ...]] = {
    "4/4": (
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
    "3/4": (
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
    "6/8": (
        ((0, 3),),
        ((0, 1.5), (1.5, 1.5)),
        ((0, 2.5), (2.5, 0.5)),
        ((0, 1), (1, 0.5), (1.5, 1.5)),
        ((0, 1), (1, 0.5), (1.5, 1), (2.5, 0.5)),
        ((0, 1.5), (1.5, 0.5), (2, 0.5), (2.5, 0.5)),
        ((0, 0.5), (0.5, 0.5), (1, 0.5), (1.5, 1.5)),
        ((0, 1), (1, 0.5), (1.5, 0.5), (2, 0.5), (2.5, 0.5)),
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

    def __init__(
        self, key: Key, mood: Mood, metre: Metre, quarter: float, noise: np.random.Generator
    ) -> None:
        self._key, self._mood, self._metre, self._noise = key, mood, metre, noise
        # A slow beat has room for more notes, a fast one for fewer.
        self._busy = min(1.0, max(0.05, mood.density * (quarter / 0.65) ** 0.7))
        if metre.pulse > 1:
            self._busy = min(1.0, self._busy + 0.15)  # a lilt lives on its eighths
        self.motif = self._invent(self._busy)
        self.reply = self._invent(max(0.0, self._busy - 0.2))
        self.other = self._invent(min(1.0, self._busy + 0.1))
        self._shape = _SHAPES[int(noise.integers(len(_SHAPES)))]
        self._contrast = _CONTRASTS[int(noise.integers(len(_CONTRASTS)))]
        self._centre = self._last = 67

    def settle(self, centre: int) -> None:
        """Sing around this MIDI pitch."""
        self._centre = self._last = centre

    def refresh(self) -> None:
        """Keep the motifs, but lead and answer them in another way: a thought that comes back later."""
        self.reply = self._invent(max(0.0, self._busy - 0.2))
        self._shape = _SHAPES[int(self._noise.integers(len(_SHAPES)))]
        self._contrast = _CONTRASTS[int(self._noise.integers(len(_CONTRASTS)))]

    def swung(self, onset: float) -> float:
        """An onset in quarters, off-beats late by the mood's swing."""
        offbeat = self._metre.pulse == 1 and abs(onset % 1 - 0.5) < 1e-6
        return onset + self._mood.swing / 6 if offbeat else onset

    def _invent(self, busy: float) -> Motif:
        rhythms = _RHYTHMS[self._metre.name]
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

    def bar(self, bar: Bar) -> list[Sung]:
        """What is sung in a bar: statement, reply, statement varied, a long note to breathe.

        The introduction only hints; the break leaves every other bar to the room.
        """
        turn = bar.place % 4
        section = bar.form.section
        if section is Section.INTRO:
            if bar.number and not (bar.phrase >= 0 and bar.place + 1 == bar.of):
                return []
            return self._realise(self._held(1.0), bar, 0, 0.6)
        contrast = section is Section.CONTRAST
        shape = self._contrast if contrast else self._shape
        lift = shape[turn] + int(bar.phrase % 4 == 3)
        source = self.other if contrast else self.motif
        if section is Section.BREAK:
            return [] if turn % 2 else self._realise(self._vary(source, 3), bar, shape[turn], 0.7)
        if turn == 0:
            first = bar.form.turn == 0 or section is Section.PEAK
            return self._realise(source if first else self._vary(source, bar.phrase + 1), bar, lift, 0.9)
        if turn == 1:
            return self._realise(self.reply, bar, lift, 0.8)
        if turn == 2:
            return self._realise(self._vary(source, bar.phrase), bar, lift, 0.95)
        return self._realise(self._held(0.75 if bar.place + 1 < bar.of else 0.9), bar, lift, 0.8)

    def _held(self, share: float) -> Motif:
        return Motif(((0, self._metre.quarters * share),), (0,))

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
        if phrase // 4 % 2 and len(contour) > 2:
            contour[1:] = contour[:0:-1]  # on later rounds, backwards from its first note
        return Motif(tuple(rhythm), tuple(contour))

    def _realise(self, motif: Motif, bar: Bar, lift: int, strength: float) -> list[Sung]:
        key, chord = bar.key, bar.chord
        middle = key.degree(self._centre)
        alone = len(motif.rhythm) == 1
        anchor = self._snap(middle + lift, chord, plain=alone)
        sung = []
        before: int | None = None
        for number, ((onset, length), step) in enumerate(zip(motif.rhythm, motif.contour, strict=True)):
            degree = anchor + step
            degree = min(degree, 2 * (middle + 7) - degree)  # what would rise too high turns back
            degree = max(degree, 2 * (middle - 5) - degree)
            strong = onset in self._metre.strong
            if number and (strong or length >= 1.5 or number == len(motif.rhythm) - 1):
                degree = self._snap(degree, chord, avoid=before)
            pitch = chord.pitch(key, degree)
            sung.append((onset, length, pitch, strength * self._metre.accent(onset)))
            before = degree
            self._last = pitch
        return sung

    def ending(self, key: Key) -> list[tuple[float, int, float]]:
        """The last notes, at home: onset in quarters after the last bar line, pitch, strength."""
        degree = key.degree(0.6 * self._last + 0.4 * self._centre)
        home = min(
            (degree + each for each in range(-4, 5) if (degree + each) % 7 == 0),
            key=lambda d: abs(d - degree),
        )
        second = home + (4 if self._mood.arc < 0.6 else 7)
        ending = [(0.0, key.pitch(home), 0.8)]
        if key.pitch(second) <= self._centre + 14:
            ending.append((self._metre.quarters / 2, key.pitch(second), 0.5))
        return ending
