"""Metre: how beats gather into bars."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Metre:
    """A bar, counted in quarters.

    Attributes:
        name: as it is written, e.g. ``6/8``.
        quarters: how many a bar lasts.
        pulse: quarters from one felt beat to the next: a tempo counts these.
        strong: quarters at which an accent falls; the bar line first.
    """

    name: str
    quarters: int
    pulse: float
    strong: tuple[float, ...]

    def seconds(self, tempo: int) -> float:
        """How long a quarter lasts at so many beats per minute."""
        return 60 / tempo / self.pulse

    def accent(self, onset: float) -> float:
        """Weight of a moment of the bar: 1 on the bar line, less on beats, least between them."""
        if onset == 0:
            return 1.0
        if onset in self.strong:
            return 0.92
        return 0.84 if onset % self.pulse == 0 else 0.74


METRES = {
    metre.name: metre
    for metre in (
        Metre("4/4", 4, 1.0, (0.0, 2.0)),
        Metre("3/4", 3, 1.0, (0.0,)),
        Metre("6/8", 3, 1.5, (0.0, 1.5)),
    )
}
