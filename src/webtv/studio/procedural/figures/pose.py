"""How a figure stands in the frame at one moment."""

from collections.abc import Callable
from dataclasses import dataclass

from webtv.studio.procedural.colour import Colour
from webtv.studio.procedural.pen import Pen


@dataclass(frozen=True, slots=True)
class Pose:
    """One figure at one moment.

    Attributes:
        x: pixel of its origin (feet, keel, or the middle of what flies or swims).
        y: likewise.
        scale: pixels per figure unit; most figures are about one unit tall or long.
        facing: 1 looks right, -1 left.
        t: seconds, for its own motion.
        phase: 0..1, so that no two move alike.
        action: ``walk``, ``run``, ``fly``, ``rest``, ...
        colour: the colour that the words ask for, or None for its own.
        lamps: how much its lights glow, 0..1.
    """

    x: float
    y: float
    scale: float
    facing: float
    t: float
    phase: float
    action: str = ""
    colour: Colour | None = None
    lamps: float = 0.0


@dataclass(frozen=True, slots=True)
class Figure:
    """One kind of subject.

    Attributes:
        draw: draws a pose and returns the pen, not yet laid into a frame.
        size: its natural height in frame heights at a wide framing.
        home: where it belongs: ``ground``, ``air``, ``water`` or ``under``.
        speed: how fast it moves in its own units per second at an ordinary pace.
    """

    draw: Callable[[Pose], Pen]
    size: float
    home: str
    speed: float
