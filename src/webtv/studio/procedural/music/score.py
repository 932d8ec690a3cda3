"""What composition hands to synthesis: notes in parts, on a grid of time."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Note:
    """One note.

    Attributes:
        at: seconds from the beginning.
        seconds: until it is let go.
        pitch: MIDI pitch; for a kit, the number of the drum in :mod:`webtv.studio.procedural.music.drums`.
        strength: 0 to 1.
    """

    at: float
    seconds: float
    pitch: int
    strength: float


@dataclass(frozen=True, slots=True)
class Part:
    """What one player plays.

    Attributes:
        voice: name in :data:`webtv.studio.procedural.music.voices.VOICES`, or ``kit``.
        role: ``lead``, ``answer``, ``harmony``, ``figure``, ``bass``, ``beat`` or
            ``touch`` (percussion that nobody asked for); decides level and room.
        notes: in order of time.
    """

    voice: str
    role: str
    notes: tuple[Note, ...]


@dataclass(frozen=True, slots=True)
class Score:
    """A whole piece.

    Attributes:
        key: for people, e.g. ``D dorian``.
        mode: the mode alone.
        tempo: beats per minute.
        metre: as it is written, e.g. ``3/4``.
        sections: the form, e.g. ``intro``, ``theme``, ``break``, ``peak``, ``ending``.
        parts: leading voice first.
        swells: (seconds, 0 to 1) points of the arrangement's intensity, in order.
    """

    key: str
    mode: str
    tempo: int
    metre: str
    sections: tuple[str, ...]
    parts: tuple[Part, ...]
    swells: tuple[tuple[float, float], ...]


def human(
    at: float, seconds: float, pitch: int, strength: float, noise: np.random.Generator, loose: float = 0.006
) -> Note:
    """A note as somebody plays it: a shade early or late, a shade softer or louder.

    Args:
        at: seconds at which it is written.
        seconds: until it is let go.
        pitch: MIDI pitch.
        strength: 0 to 1.
        noise: where chance comes from.
        loose: standard deviation of its moment, seconds.
    """
    late = float(noise.normal(0, loose)) if at > 0.02 else 0.0
    force = strength * (1 + 0.07 * float(noise.normal()))
    return Note(max(0.0, at + late), max(0.05, seconds), pitch, min(1.0, max(0.08, force)))


def fold(pitch: int, low: int, high: int) -> int:
    """The same note in the octave that an instrument has."""
    while pitch < low:
        pitch += 12
    while pitch > high and pitch - 12 >= low:
        pitch -= 12
    return pitch
