"""Who flies though it lives elsewhere: dragons about the towers, whales over the clouds."""

import math

from webtv.studio.procedural.figures import FIGURES, Pose
from webtv.studio.procedural.spec import Cast
from webtv.studio.procedural.stage import Image, Stage

WINGED = frozenset({"dragon", "pegasus", "unicorn"})
"""Kinds that stand on the ground elsewhere and fly where there is air enough."""


class Aloft:
    """Subjects in the air, large, rising and sinking as they go.

    Args:
        stage: the stage.
        cast: who.
        x: world x about which they keep.
        y: world height of the middle of the first.
        size: scales them.
        sun_x: world x of the light.
    """

    def __init__(
        self, stage: Stage, cast: tuple[Cast, ...], x: float, y: float, size: float, sun_x: float
    ) -> None:
        self.stage, self.x, self.y, self.size, self.sun_x = stage, x, y, size, sun_x
        self.members = [(c, i) for c in cast for i in range(min(3, c.count or 1))]
        self.side = stage.side("aloft")

    def draw(self, frame: Image, t: float) -> None:
        """Draw them all, the farthest first."""
        stage = self.stage
        middle = t - stage.seconds / 2
        for k, (cast, i) in reversed(list(enumerate(self.members))):
            figure = FIGURES[cast.kind]
            heading = float(cast.heading or self.side)
            view = stage.view(t, 0.8)
            size = self.size / (1 + 0.5 * i)
            x = self.x + heading * 0.035 * middle + 0.3 * k * (1 if k % 2 else -1) * min(1.0, stage.aspect)
            # Most figures have their origin at their feet or their keel.
            foot = 0.5 * figure.size * size if figure.home == "ground" else 0.0
            y = self.y + foot + 0.02 * math.sin(0.9 * t + k) - 0.06 * k
            px, py = view.at(x, y)
            action = "fly" if figure.home == "ground" else "swim"
            pose = Pose(
                px,
                py,
                view.scale * figure.size * size,
                heading,
                t,
                0.3 * k,
                action,
                cast.colour,
                stage.light.lamps,
            )
            figure.draw(pose).lay(
                frame, stage.light, 1.0 if self.sun_x > x else -1.0, 0.08 + 0.1 * stage.light.fog
            )
