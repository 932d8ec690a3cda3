"""How a figure stands in the frame at one moment."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from webtv.studio.procedural.colour import Colour
from webtv.studio.procedural.light import Light
from webtv.studio.procedural.stage import Image

STILL = frozenset({"rest", "sleep", "sit", "stand", "graze"})
"""Actions of figures that stay where they are."""


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


class Drawn(Protocol):
    """A figure that was drawn and can be laid into a frame: a pen or a patch."""

    def lay(
        self,
        frame: Image,
        light: Light | None = None,
        sun: float = 1.0,
        haze: float = 0.0,
        alpha: float = 1.0,
        rim: float = 0.35,
        reflect: float = 0.0,
    ) -> None:
        """See :meth:`webtv.studio.procedural.patch.Patch.lay`."""


def _usual_width() -> float:
    return 1.2


@dataclass(frozen=True, slots=True)
class Figure:
    """One kind of subject.

    Attributes:
        draw: draws a pose and returns what can be laid into a frame.
        size: its natural height in frame heights at a wide framing.
        home: where it belongs: ``ground``, ``air``, ``water``, ``under``, ``road``, or ``thing`` for what
            stands on a table or on the ground, its origin in the middle of its foot.
        speed: how fast it moves in its own units per second at an ordinary pace.
        group: how many come together when the words do not say.
        restless: whether it never stops by itself: what rolls, runs, dances.
        width: about how wide it is, in its heights; a call, since pictures are read when first needed.
    """

    draw: Callable[[Pose], Drawn]
    size: float
    home: str
    speed: float
    group: int = 1
    restless: bool = False
    width: Callable[[], float] = _usual_width
