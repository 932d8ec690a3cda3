"""Land in true perspective: height fields cast onto plates ray by ray, with normals and cast shadows.

Distances are in plate units: what stands at distance 1 is as large as the world units say, at distance 4 a
quarter of it. A point ``(x, height, z)`` is seen at ``(x / z, horizon + (eye - height) / z)``.
"""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from webtv.studio.procedural import noise
from webtv.studio.procedural.stage import Image, Plate, Stage

Field = Callable[[Image, Image], Image]
"""Height over the ground for world positions (x, z), float32 of their shape."""


class Rough:
    """Smooth noise over a plane that repeats every ``size`` units, mean 0, deviation 1.

    Heights need OpenCV's cubic ``way``, so that slopes are smooth; for colours the three times faster linear
    one will do.
    """

    def __init__(
        self,
        rng: np.random.Generator,
        size: float,
        slope: float = 1.8,
        low: float = 1,
        high: float = 10,
        way: int = cv2.INTER_CUBIC,
    ) -> None:
        # OpenCV looks up 32 places between two pixels; slopes need pixels much finer than the noise.
        pixels = 256 if high <= 6 else 512
        self._tile, self._way = noise.tile(pixels, rng, slope, low, high), way
        self._scale = pixels / size

    def __call__(self, x: Image, z: Image) -> Image:
        """Values at world positions."""
        u = np.asarray(x * self._scale, np.float32)
        v = np.asarray(z * self._scale, np.float32)
        return cv2.remap(self._tile, u, v, self._way, borderMode=cv2.BORDER_WRAP)


@dataclass(frozen=True, slots=True)
class Hit:
    """What the rays of a plate meet; every array is float32[rows, columns].

    Attributes:
        x: world position across.
        z: distance.
        height: over the ground.
        across: slope of the surface towards positive x.
        away: slope of the surface towards positive z.
        facing: cosine between the surface and the light, -1..1.
        open: 1 in direct light, 0 in the shadow of other land.
        pixel: world size of one pixel at this place; texture finer than that is better left out.
    """

    x: Image
    z: Image
    height: Image
    across: Image
    away: Image
    facing: Image
    open: Image
    pixel: Image


def first_rows(seen: Image, top: float, step: float, count: int) -> Image:
    """Per picture row the index of the nearest sample that reaches up to it.

    Args:
        seen: float32[samples, columns], running minimum over distance of the picture height of each sample.
        top: picture height of the first row.
        step: picture height between rows.
        count: rows.

    Returns:
        intp[count, columns]; ``samples`` where no sample reaches that high.
    """
    samples, columns = seen.shape
    first = np.clip(np.ceil((seen - top) / step), 0, count).astype(np.intp)
    flat = first * columns + np.arange(columns)
    tally = np.bincount(flat.ravel(), minlength=(count + 1) * columns).reshape(count + 1, columns)
    # A sample hides every row from its own downwards, so the rows above count it as one more to go past.
    return np.asarray(samples - np.cumsum(tally, axis=0)[:count], np.intp)


class Relief:
    """A landscape given by a height field, seen from an eye above it.

    Args:
        stage: the stage.
        horizon: world height of the horizon.
        eye: height of the eye over the ground.
        field: the heights.
        sun: direction to the light (across, up, away); need not be of unit length.
    """

    def __init__(
        self, stage: Stage, horizon: float, eye: float, field: Field, sun: tuple[float, float, float]
    ) -> None:
        self.stage, self.horizon, self.eye, self.field = stage, horizon, eye, field
        length = sum(c * c for c in sun) ** 0.5
        self.sun = (sun[0] / length, sun[1] / length, sun[2] / length)

    def at(self, x: float, z: float) -> tuple[float, float]:
        """Where a point of the ground is seen, in plate units."""
        height = float(self.field(np.full((1, 1), x, np.float32), np.full((1, 1), z, np.float32))[0, 0])
        return x / z, self.horizon + (self.eye - height) / z

    def plate(
        self,
        depth: float,
        near: float,
        far: float,
        paint: Callable[[Hit], Image],
        *,
        steps: int = 220,
        shadows: float = 2.5,
        tall: float = 0.6,
        mirror: bool = False,
        endless: bool = False,
        fine: int = 1,
    ) -> Plate:
        """Cast the land between two distances onto a plate.

        Args:
            depth: plane of the plate.
            near: nearest distance; the plate goes on to the bottom of the frame as flat ground.
            far: farthest distance.
            paint: colour float32[rows, columns, 3] of what was hit, as seen (lit and hazed); a fourth channel
                is its opacity.
            steps: samples along each ray.
            shadows: how far land throws shadows, in world units; 0 for none.
            tall: how far above the horizon land can reach.
            endless: go on from the farthest distance to the horizon as it is there.
            fine: rows cast per row of the plate; 2 where level edges would show steps.
            mirror: cast what level water at height 0 mirrors instead; only land above it counts.
        """
        plate = self.stage.plate(depth, self.horizon - (0 if mirror else tall), 9.0)
        if plate.empty:
            return plate
        x, step = plate.x, 1 / (plate.scale * fine)
        z = (near * (far / near) ** np.linspace(0, 1, steps, dtype=np.float32))[:, None].astype(np.float32)
        if endless:
            z[-1] = 1000.0
        ground = self.field(x * z, np.ascontiguousarray(np.broadcast_to(z, (steps, x.shape[1]))))
        # Picture heights below the horizon; of a mirror, above it, so that both are searched from below.
        drop = (np.where(ground > 0.004, -(self.eye + ground), 0.0) if mirror else self.eye - ground) / z
        seen = np.minimum.accumulate(drop, axis=0)
        low, bottom = float(seen[-1].min()) - 2 * step, float(plate.y[-1, 0]) - self.horizon
        if mirror:
            first, top = 0, max(low, -bottom)
            rows = round(-top / step)
        else:
            first = max(0, int((low + self.horizon - plate.y0) * plate.scale))
            top = first / plate.scale + plate.y0 - self.horizon + 0.5 * step
            rows = (plate.shape[0] - first) * fine
        if rows < 2 * fine:
            return plate
        line = (top + step * np.arange(rows, dtype=np.float32))[:, None]
        k = first_rows(seen, top, step, rows)
        found, wide = np.clip(k, 1, steps - 1), x.shape[1]
        at_sample = found * wide + np.arange(wide)
        upper, lower = (drop.ravel().take(at_sample - back) for back in (wide, 0))
        share = np.clip((upper - line) / np.where(upper - lower > 1e-6, upper - lower, 1.0), 0, 1)
        at = z[:, 0].take(found - 1)
        at += (z[:, 0].take(found) - at) * share
        at = np.where(k == 0, np.clip(self.eye / np.maximum(line, 1e-3), 0.08, near), at).astype(np.float32)
        cover = np.clip((line - seen[-1]) / step * 0.7 + 0.5, 0, 1).astype(np.float32)
        if mirror:  # water beyond a thing throws back nothing of it
            cover *= (k > 0) & (at > 0.97 * self.eye / np.maximum(-line, 1e-3))
        height = (-line * at - self.eye if mirror else self.eye - line * at).astype(np.float32)
        across, away = self._slopes(ground, x, z, at_sample, share)
        sx, sy, sz = self.sun
        facing = (sy - across * sx - away * sz) / np.sqrt(1 + across * across + away * away)
        spot = np.asarray(x * at, np.float32)
        light = self._open(spot, at, height, shadows, 2 * fine) if shadows > 0 else np.ones_like(at)
        pixel = np.asarray(at / plate.scale, np.float32)
        colour = paint(Hit(spot, at, height, across, away, np.asarray(facing, np.float32), light, pixel))
        if colour.shape[2] == 4:
            cover = cover * colour[..., 3]
        rgba = cv2.merge((colour[..., 0] * cover, colour[..., 1] * cover, colour[..., 2] * cover, cover))
        if mirror:
            first = round((self.horizon - plate.y0) * plate.scale)
            above = max(0, -first)  # the plate may begin below the horizon
            rgba, first = np.ascontiguousarray(rgba[::-1][above * fine :]), first + above
        count = min(len(rgba) // fine, plate.shape[0] - first)
        if count < 1:
            return plate
        plate.rgba[first : first + count] = cv2.resize(
            rgba[: count * fine], (x.shape[1], count), interpolation=cv2.INTER_AREA
        )
        return plate

    @staticmethod
    def _slopes(ground: Image, x: Image, z: Image, at_sample: Image, share: Image) -> tuple[Image, Image]:
        """Slopes across and away where the rays hit, from the samples along them."""
        wide = float(x[0, 1] - x[0, 0])
        across: Image = cv2.Sobel(ground, cv2.CV_32F, 1, 0, ksize=1, scale=0.5 / wide)
        across[:, 0], across[:, -1] = across[:, 1], across[:, -2]
        across /= z
        # Along a ray x grows with z. The step towards the eye is taken: beyond a crest lies its other side.
        along: Image = np.empty_like(ground)
        along[1:] = (ground[1:] - ground[:-1]) / (z[1:] - z[:-1])
        along[0] = along[1]
        away = along - across * x
        out = []
        for slope in (across, away):
            before, behind = (slope.ravel().take(at_sample - back) for back in (ground.shape[1], 0))
            out.append(np.asarray(before + (behind - before) * share, np.float32))
        return out[0], out[1]

    def _open(self, x: Image, z: Image, ground: Image, reach: float, skip: int) -> Image:
        """Which points see the light: a march towards it, at half the width and every ``skip``-th row."""
        h, w = x.shape
        size = (max(1, w // 2), max(1, h // skip))
        u, v, g = (cv2.resize(a, size, interpolation=cv2.INTER_AREA) for a in (x, z, ground))
        out = np.ones_like(u)
        sx, sy, sz = self.sun
        flat = max(0.05, (sx * sx + sz * sz) ** 0.5)
        for far in (float(reach * share) for share in np.geomspace(0.03, 1, 12)):
            over = self.field(u + sx / flat * far, v + sz / flat * far) - (g + sy / flat * far)
            np.minimum(out, np.clip(0.5 - over / (0.02 + 0.08 * far), 0, 1), out=out)
        return np.asarray(cv2.resize(out.astype(np.float32), (w, h), interpolation=cv2.INTER_LINEAR))
