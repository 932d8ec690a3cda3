"""Theory: modes, chords on their degrees, voicings that move as little as they can."""

import itertools
from dataclasses import dataclass, replace

NOTE_NAMES = ("C", "D flat", "D", "E flat", "E", "F", "F sharp", "G", "A flat", "A", "B flat", "B")

MODES: dict[str, tuple[int, ...]] = {
    "ionian": (0, 2, 4, 5, 7, 9, 11),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
    "phrygian": (0, 1, 3, 5, 7, 8, 10),
    "lydian": (0, 2, 4, 6, 7, 9, 11),
    "mixolydian": (0, 2, 4, 5, 7, 9, 10),
    "aeolian": (0, 2, 3, 5, 7, 8, 10),
    "harmonic minor": (0, 2, 3, 5, 7, 8, 11),
}


@dataclass(frozen=True, slots=True)
class Key:
    """A tonic and a mode.

    Attributes:
        tonic: pitch class, 0 is C.
        mode: a name in :data:`MODES`.
    """

    tonic: int
    mode: str

    @property
    def name(self) -> str:
        """For people, e.g. ``E flat lydian``."""
        return f"{NOTE_NAMES[self.tonic]} {self.mode}"

    def pitch(self, degree: int) -> int:
        """MIDI pitch of a scale degree; degree 0 is the tonic in the octave of middle C, 7 the one above."""
        octave, step = divmod(degree, 7)
        return 60 + self.tonic + 12 * octave + MODES[self.mode][step]

    def degree(self, pitch: float) -> int:
        """The scale degree that lies nearest to a MIDI pitch."""
        around = int((pitch - 60 - self.tonic) // 12) * 7
        return min(range(around - 1, around + 9), key=lambda each: (abs(self.pitch(each) - pitch), each))


@dataclass(frozen=True, slots=True)
class Chord:
    """Thirds stacked on a degree, with colour.

    Attributes:
        degree: of the root, 0 to 6.
        colour: further scale steps above the root: 6 adds the seventh, 8 the ninth; -1 replaces the third
            by the fourth.
        bass: scale steps above the root of the note that the bass plays: 2 and 4 are inversions.
        leading: whether the third is major though the mode has a minor one: a dominant that leads home.
    """

    degree: int
    colour: tuple[int, ...] = ()
    bass: int = 0
    leading: bool = False

    def steps(self) -> tuple[int, ...]:
        """Scale steps above the root, the root first."""
        third = (3,) if -1 in self.colour else (2,)
        return (0, *third, 4, *(step for step in self.colour if step > 0))

    def classes(self, key: Key) -> tuple[int, ...]:
        """Pitch classes, the root's first."""
        return tuple(self.pitch(key, self.degree + step) % 12 for step in self.steps())

    def pitch(self, key: Key, degree: int) -> int:
        """MIDI pitch of a scale degree of the key while this chord sounds."""
        return key.pitch(degree) + self._raised(key, degree)

    def _raised(self, key: Key, degree: int) -> int:
        if not self.leading or (degree - self.degree) % 7 != 2:
            return 0
        return int((key.pitch(self.degree + 2) - key.pitch(self.degree)) % 12 == 3)


def settled(chord: Chord, key: Key) -> Chord:
    """The chord without what grates in this mode.

    A diminished chord gives way to the one a third below, which shares two of its notes; a ninth a
    semitone above the root and a fourth that is none are left out.
    """
    degree = chord.degree
    while (key.pitch(degree + 4) - key.pitch(degree)) % 12 == 6:
        degree = (degree - 2) % 7
    root = key.pitch(degree)
    kept = tuple(
        step
        for step in chord.colour
        if not (step == 8 and key.pitch(degree + 8) - root == 13)
        and not (step == -1 and key.pitch(degree + 3) - root != 5)
    )
    return replace(chord, degree=degree, colour=kept, bass=chord.bass if degree == chord.degree else 0)


MAJOR_MODES = frozenset(mode for mode, steps in MODES.items() if steps[2] == 4)


def relatives(key: Key) -> tuple[Key, ...]:
    """Keys to which a piece may go and from which it finds back: each shares five notes of seven or more.

    The fifth above and below in the same mode, and the relative minor or major.
    """
    mode = "aeolian" if key.mode == "harmonic minor" else key.mode
    near = [Key((key.tonic + 5) % 12, mode), Key((key.tonic + 7) % 12, mode)]
    if key.mode in MAJOR_MODES:
        near.append(Key((key.tonic - 3) % 12, "aeolian"))
    else:
        near.append(Key((key.tonic + 3) % 12, "ionian"))
    return tuple(near)


def voicing(
    chord: Chord, key: Key, before: tuple[int, ...] | None, centre: int, voices: int
) -> tuple[int, ...]:
    """Place a chord so that its voices move little from the chord before.

    Args:
        chord: what to play.
        key: where.
        before: the pitches sounding now, low to high, or None.
        centre: MIDI pitch around which the chord lies.
        voices: how many.

    Returns:
        That many MIDI pitches, low to high, within about an octave and a half.
    """
    classes = list(chord.classes(key))
    if len(classes) > voices:
        # The root is in the bass and the fifth says least, so they give way to third and colour.
        for expendable in (classes[0], classes[2]):
            if len(classes) > voices:
                classes.remove(expendable)
        classes = classes[:voices]
    coloured = set(chord.classes(key)[3:])
    while len(classes) < voices:
        classes.append(classes[len(classes) % 3])
    low, high = centre - 12, centre + 13  # each pitch class is there twice
    choices = [[pitch for pitch in range(low, high) if pitch % 12 == each] for each in classes]
    best: tuple[float, tuple[int, ...]] | None = None
    for picked in itertools.product(*choices):
        placed = tuple(sorted(picked))
        gaps = [above - below for below, above in itertools.pairwise(placed)]
        if gaps and min(gaps) < 1:
            continue
        cost = 0.3 * abs(sum(placed) / voices - centre)
        cost += sum(6.0 for gap in gaps if gap < 2) + sum(1.5 for gap in gaps if gap > 9)
        cost += 4.0 if gaps and placed[0] < 55 and gaps[0] < 4 else 0.0  # low seconds and thirds are mud
        cost += 5.0 if placed[0] % 12 in coloured else 0.0  # colours shine above, not below
        cost += 2.0 * max(0, 50 - placed[0])
        if before is not None and len(before) == voices:
            cost += sum(abs(now - then) for now, then in zip(placed, before, strict=True))
        if best is None or (cost, placed) < best:
            best = (cost, placed)
    return best[1] if best else tuple(range(centre, centre + voices))
