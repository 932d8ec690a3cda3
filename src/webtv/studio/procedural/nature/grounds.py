"""The land that a great building stands on, as a height field."""

import numpy as np

from webtv.studio.procedural import noise
from webtv.studio.procedural.nature.relief import Rough
from webtv.studio.procedural.stage import Image, Stage

_HILLS = {"castle": 0.86, "temple": 0.34, "ruin": 0.42, "palace": 0.0}


class Grounds:
    """A hill under the building, a lake or pool before it, a bank in front, and a path up.

    Args:
        stage: the stage.
        kind: ``castle``, ``temple``, ``ruin`` or ``palace``.
        x: where the building stands across.
        z: how far away it stands.
        lake: whether there is water before it.
        bank: how far the near bank reaches.
    """

    def __init__(self, stage: Stage, kind: str, x: float, z: float, lake: bool, bank: float) -> None:
        place = stage.place("site")
        self.x, self.z, self.lake, self.kind, self.bank = x, z, lake, kind, bank
        self.tall = _HILLS[kind]
        self._broad = Rough(place, 7.0, 1.9, 1, 6)
        self._fine = Rough(place, 3.0, 1.3, 2, 16)
        self._phase = float(place.uniform(0, 6.28))
        self.wide = {"castle": 1.25, "temple": 1.5, "ruin": 1.7, "palace": 2.0}[kind]

    def path(self, z: Image) -> Image:
        """Where the path runs at a distance: from the front up to the gate in bends."""
        s = np.clip((z - 0.5) / (self.z - 0.9), 0, 1)
        swing = 0.5 * np.sin(s * 8.0 + self._phase) * np.sin(np.pi * np.clip(s, 0.02, 1)) * (1.1 - 0.5 * s)
        return np.asarray(self.x * s + swing, np.float32)

    def __call__(self, x: Image, z: Image) -> Image:
        """Height over the ground (over the water, where there is a lake)."""
        broad, fine = self._broad(x, z), self._fine(x, z)
        near, far = (
            noise.smoothstep(self.bank + 0.13, self.bank - 0.13, z + 0.06 * broad),
            noise.smoothstep(2.75, 3.25, z + 0.14 * broad),
        )
        land = np.maximum(near, far) if self.lake else np.ones_like(near)
        out = (0.045 + 0.05 * np.maximum(broad, -0.6) * far) * land - 0.02 * (1 - land)
        d = np.sqrt((x - self.x) ** 2 + ((z - self.z) * 0.8) ** 2) / self.wide
        crag = 0.06 if self.kind == "castle" else 0.02
        mound = self.tall * noise.smoothstep(1.35, 0.42, d + crag * fine)
        return np.asarray(out + mound * far + 0.25 * noise.smoothstep(7, 12, z) * (1 + broad), np.float32)
