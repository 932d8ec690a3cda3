"""Dry land as height fields: dunes, buttes and mesas, plains, pyramids; and the colours of their rock."""

import cv2
import numpy as np

from webtv.studio.procedural import noise
from webtv.studio.procedural.colour import rgb, times
from webtv.studio.procedural.nature.relief import Hit, Rough
from webtv.studio.procedural.stage import Image, Stage


def _rise(z: Image, near: float, far: float) -> Image:
    """0 close to the eye, where the cast stands on level ground, 1 beyond."""
    return noise.smoothstep(near, far, z)


class Dunes:
    """Waves of sand, gentle to windward, steep to leeward, and one high star dune in the middle distance."""

    def __init__(self, stage: Stage, sun: float, rise: float = 1.0) -> None:
        place = stage.place("dunes")
        self._sun, self._tall = sun, rise
        self._bend = Rough(place, 16.0, 2.2, 1, 5)
        self._size = Rough(place, 14.0, 1.8, 1, 4)
        self._shift = float(place.uniform(0, 9))
        self._peaks = [
            (
                float(side * place.uniform(0.1, 0.36) * z),
                z,
                tall * float(place.uniform(0.85, 1.1)) * rise,
                turn,
            )
            for z, tall, side, turn in (
                (6.8, 1.7, -sun, float(place.uniform(-0.35, 0.2)) * sun),
                (12.0, 2.5, sun, float(place.uniform(-0.4, 0.4))),
                (19.0, 3.6, -sun * 0.6, float(place.uniform(-0.4, 0.4))),
            )
        ]

    def __call__(self, x: Image, z: Image) -> Image:
        """Height over the ground."""
        bend = self._bend(x, z)
        grow = 0.35 + 0.25 * np.clip(self._size(x, z), -1, 2)
        out = np.zeros_like(bend)
        for period, amount, skew in ((3.1, 0.62, 0.35), (1.15, 0.16, -0.55)):
            u = self._sun * (x + skew * z) / period + 0.42 * bend / period**0.5 + self._shift
            p = u - np.floor(u)
            wind, lee = p / 0.7, (1 - p) / 0.3
            side = np.where(p < 0.7, wind * wind * (1.7 - 0.7 * wind), lee**1.35)
            np.maximum(out, side * grow * amount, out=out)
        out *= self._tall * (0.08 + 0.92 * _rise(z, 1.5, 4.2))
        for px, pz, tall, turn in self._peaks:
            dx, dz = x - px + (0.2 + 0.24 * tall) * bend, z - pz
            reach = tall * 1.65
            steep = np.full_like(bend, -9.0)
            for k in range(3):
                a = turn + k * 2.0944 + 1.5708
                np.maximum(steep, dx * float(np.cos(a)) + dz * float(np.sin(a)), out=steep)
            # Arms end before they are blades that reach the lens, and sand runs out at its foot.
            np.maximum(steep, np.float32(0.68) * cv2.magnitude(dx, dz), out=steep)
            body = np.clip(1 - steep / reach, 0, 1)
            foot = np.minimum(body * np.float32(1 / 0.3), 1)
            np.maximum(out, tall * body ** np.float32(1.3) * foot * (2 - foot), out=out)
        return np.asarray(out, np.float32)

    def dress(self, stage: Stage, hit: Hit, body: Image, direct: Image) -> Image:
        """Bare sand: nothing is added."""
        return body


class Plain:
    """Almost level land with swells and a few far rocky hills."""

    def __init__(self, stage: Stage) -> None:
        place = stage.place("plain")
        self._swell = Rough(place, 12.0, 2.0, 1, 6)
        self._rough = Rough(place, 5.0, 1.6, 2, 30)
        self._patch = Rough(place, 3.0, 1.3, 1, 30, cv2.INTER_LINEAR)
        self._hills = [
            (
                float(place.uniform(-0.8, 0.8)) * z,
                z,
                float(place.uniform(0.7, 1.9)),
                float(place.uniform(0.9, 2.6)),
            )
            for z in place.uniform(11, 22, 5).tolist()
        ]

    def __call__(self, x: Image, z: Image) -> Image:
        """Height over the ground."""
        out = 0.05 * (self._swell(x, z) + 0.6) * _rise(z, 1.3, 4)
        rough = self._rough(x, z)
        for hx, hz, tall, wide in self._hills:
            d = np.sqrt((x - hx) ** 2 + (z - hz) ** 2) / wide + 0.16 * rough
            out = np.maximum(out, tall * noise.smoothstep(1.15, 0.1, d))
        return np.asarray(out, np.float32)

    def dress(self, stage: Stage, hit: Hit, body: Image, direct: Image) -> Image:
        """Tufts and bare patches; rock on the hills."""
        patch = self._patch(hit.x, hit.z)
        body = body * (1 + 0.07 * patch * np.clip(1.3 - hit.pixel / 0.03, 0.2, 1))[..., None]
        stone = (
            np.asarray(stage.light.lit(rgb("#8a6d5a"), 0.7), np.float32) * (0.45 + 0.7 * direct)[..., None]
        )
        high = noise.smoothstep(0.12, 0.45, hit.height)[..., None]
        return np.asarray(body + high * (stone - body), np.float32)


class Buttes:
    """Red rock: mesas, buttes and needles over skirts of rubble, walls at the sides, banded by height."""

    def __init__(self, stage: Stage, side: float) -> None:
        place = stage.place("buttes")
        self._edge = Rough(place, 4.0, 1.25, 1, 26)
        self._fine = Rough(place, 1.5, 1.0, 2, 40, cv2.INTER_LINEAR)
        self._swell = Rough(place, 9.0, 2.0, 1, 6)
        self._side = side
        spots = [(side * 0.2, 7.4, 1.75, 0.5), (-side * 0.34, 10.5, 2.3, 1.25), (side * 0.5, 12.5, 2.5, 1.5)]
        spots += [
            (-side * 0.08, 16.0, 2.9, 0.7),
            (side * 0.22, 20.0, 3.2, 3.0),
            (-side * 0.62, 6.2, 1.7, 0.9),
        ]
        spots += [(side * 0.33, 7.2, 1.3, 0.14)]
        self._spots = [
            (x * z + float(place.normal(0, 0.3)), z, tall * float(place.uniform(0.85, 1.12)), wide)
            for x, z, tall, wide in spots
        ]

    def __call__(self, x: Image, z: Image) -> Image:
        """Height over the ground."""
        edge = self._edge(x, z)
        ground = 0.05 * (self._swell(x, z) + 1) * _rise(z, 1.4, 3.5)
        out = np.ascontiguousarray(ground, np.float32)
        flat = out.reshape(-1)
        for bx, bz, tall, wide in self._spots:
            reach = wide + 0.75 * tall
            near = np.flatnonzero((np.abs(x - bx) < reach) & (np.abs(z - bz) < reach))
            if not len(near):
                continue
            rough = edge.ravel()[near]
            dx, dz = np.abs(x.ravel()[near] - bx), np.abs(z.ravel()[near] - bz)
            d = np.maximum(np.maximum(dx, dz), 0.72 * (dx + dz)) + 0.1 * rough * min(1.0, wide + 0.3) - wide
            skirt = tall * 0.36 * np.clip(1 - d / (tall * 0.62), 0, 1) ** np.float32(1.2)
            wall = tall * (0.62 * noise.smoothstep(0.06, -0.02, d) + 0.38 * noise.smoothstep(-0.05, -0.12, d))
            flat[near] = np.maximum(flat[near], np.maximum(skirt, wall * (0.97 + 0.03 * rough)))
        return np.asarray(out, np.float32)

    def dress(self, stage: Stage, hit: Hit, body: Image, direct: Image) -> Image:
        """Bands of rock on all that is steep, rubble on the skirts."""
        light = stage.light
        fine = self._fine(hit.x + 0.35 * hit.z, hit.height * 0.8)
        level = hit.height * 7.5 + 0.16 * fine
        band = 0.5 + 0.5 * np.sin(level * 3.1) * np.cos(level * 1.7 + 1)
        steep = noise.smoothstep(0.5, 1.5, np.sqrt(hit.across**2 + hit.away**2))
        column = self._fine(hit.x * 1.6 + hit.z, hit.height * 0.12 + 5)
        red, pale = rgb("#b5532f"), rgb("#d98d5c")
        high = np.asarray(light.lit(red, 1.1), np.float32) + band[..., None] * (
            np.asarray(light.lit(pale, 1.1), np.float32) - np.asarray(light.lit(red, 1.1), np.float32)
        )
        low = np.asarray(light.lit(times(red, (0.52, 0.45, 0.52)), 0.25), np.float32)
        shade = np.clip(direct * 1.15 + 0.1 * column + 0.16 * (band - 0.5), 0, 1.1)[..., None]
        rock = low * (0.85 + 0.3 * band[..., None]) + shade * (high - low)
        return np.asarray(body + (steep * (hit.height > 0.08))[..., None] * (rock - body), np.float32)


class Pyramids:
    """Three pyramids on a plain of sand, courses of stone up their faces."""

    def __init__(self, stage: Stage, sun: float) -> None:
        place = stage.place("pyramids")
        self._swell = Rough(place, 9.0, 2.0, 1, 6)
        self._fine = Rough(place, 1.0, 0.9, 2, 40, cv2.INTER_LINEAR)
        turn = float(place.uniform(0.45, 0.75)) * sun
        self._cos, self._sin = float(np.cos(turn)), float(np.sin(turn))
        side = stage.side("pyramid side")
        self._spots = [
            (side * 1.2, 8.2, 2.75),
            (-side * 2.9, 11.5, 2.9),
            (-side * 7.2, 14.6, 2.1),
            (side * 5.6, 9.2, 0.7),
        ]

    def __call__(self, x: Image, z: Image) -> Image:
        """Height over the ground."""
        out = 0.11 * (self._swell(x, z) + 1.1) * _rise(z, 1.3, 4)
        for px, pz, tall in self._spots:
            dx, dz = x - px, z - pz
            u, v = np.abs(dx * self._cos - dz * self._sin), np.abs(dx * self._sin + dz * self._cos)
            out = np.maximum(out, tall - np.maximum(u, v) * 1.27)
        return np.asarray(out, np.float32)

    def dress(self, stage: Stage, hit: Hit, body: Image, direct: Image) -> Image:
        """Courses of stone where it is steep, weathered."""
        steep = noise.smoothstep(0.9, 1.2, np.sqrt(hit.across**2 + hit.away**2))
        fine = self._fine(hit.x + hit.z, hit.height)
        course = np.sin(hit.height * 62 + 0.4 * fine) * np.clip(1.6 - hit.pixel / 0.024, 0, 1)
        tone = 1 + steep * (0.06 * course + 0.07 * fine - 0.06)
        return np.asarray(body * tone[..., None], np.float32)
