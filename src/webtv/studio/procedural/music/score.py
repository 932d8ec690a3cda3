"""What composition hands to synthesis: notes in parts, on a grid of time."""

from dataclasses import dataclass


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
        metre: beats in a bar.
        parts: leading voice first.
        swells: (seconds, 0 to 1) points of the arrangement's intensity, in order.
    """

    key: str
    mode: str
    tempo: int
    metre: int
    parts: tuple[Part, ...]
    swells: tuple[tuple[float, float], ...]
