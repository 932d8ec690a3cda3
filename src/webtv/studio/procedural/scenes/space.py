"""Space: nebula and stars, a planet with its light side and rings, a slow fall through the dark."""

import math

import cv2
import numpy as np

from webtv.studio.procedural import noise
from webtv.studio.procedural.colour import Colour, mix, rgb, times
from webtv.studio.procedural.glow import Lamps
from webtv.studio.procedural.stage import Image, Plate, Stage, screen_free

_SETS = (
    ("#2a1a52", "#7a3a8a", "#e07a6a"),
    ("#0f2a52", "#2a6a9a", "#7ad0c8"),
    ("#1a1a4a", "#4a4a9a", "#d0a0d8"),
    ("#2a1430", "#8a3a4a", "#f0b070"),
)


class Space:
    """A nebula in two depths, stars that drift past, a planet in most shots."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        place = stage.place("space")
        stage.focus = (0.0, 0.5)
        names = _SETS[int(place.integers(len(_SETS)))]
        low, middle, high = (rgb(c) for c in names)
        if stage.spec.palette:
            middle = mix(middle, stage.spec.palette[0], 0.7)
            high = mix(high, stage.spec.palette[-1], 0.7)
        self.nebula = stage.plate(0.05)
        self._cloud(self.nebula, place, low, middle, high)
        rng = stage.take("stars")
        self.stars = rng.uniform(-1, 1, (520, 3)).astype(np.float32)
        self.hue = rng.random(520).astype(np.float32)
        wanted = "planet" in stage.spec.extras or stage.chance("planet?") < 0.7
        self.planet = self._planet(place, middle, high) if wanted else None
        spot = stage.place("spot")
        self.spot = (
            stage.side("planet") * float(spot.uniform(0.2, 0.42)),
            float(spot.uniform(0.4, 0.62)),
            float(spot.uniform(0.2, 0.3)),
        )
        self.rings = stage.chance("rings?") < 0.5

    def _cloud(
        self, plate: Plate, place: np.random.Generator, low: Colour, middle: Colour, high: Colour
    ) -> None:
        h, w = plate.shape
        gx, gy = np.meshgrid(np.arange(w, dtype=np.float32), np.arange(h, dtype=np.float32))
        base = noise.fbm(h, w, place, cells=2, octaves=7, gain=0.55)
        warp = [noise.fbm(h, w, place, cells=2, octaves=4) - 0.5 for _ in range(2)]
        a = cv2.remap(
            base,
            gx + warp[0] * h * 0.5,
            gy + warp[1] * h * 0.5,
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REFLECT,
        )
        dust = noise.fbm(h, w, place, cells=3, octaves=6, gain=0.6)
        band = np.exp(-(((plate.y - 0.5 - 0.35 * plate.x * float(place.uniform(-1, 1))) / 0.33) ** 2))
        glow = noise.smoothstep(0.3, 0.85, a) * (0.35 + 0.8 * band)
        core = noise.smoothstep(0.55, 0.95, a) * band
        body = np.asarray(times(low, 0.62), np.float32) * (0.6 + 0.5 * band[..., None]) + 0.0
        body = (
            body
            + glow[..., None] * np.asarray(times(middle, 0.75), np.float32)
            + core[..., None] * np.asarray(high, np.float32) * 0.6
        )
        body *= (1 - 0.6 * noise.smoothstep(0.5, 0.8, dust) * band)[..., None]
        plate.rgba[..., :3] = body
        plate.rgba[..., 3] = 1

    def _planet(self, place: np.random.Generator, middle: Colour, high: Colour) -> tuple[Image, Image]:
        """Surface (to be turned) as a wrapping texture, and bands' colour."""
        size = 256
        bands = noise.Profile(place, 0.13, 5, 0.6)(np.linspace(0, 1, size, dtype=np.float32))[:, None]
        swirl = cv2.resize(noise.tile(size, place, 1.8, low=2), (size * 2, size))
        value = np.clip(0.5 + 0.42 * bands + 0.09 * swirl, 0, 1)[..., None]
        dark, light = (
            np.asarray(times(middle, 0.75), np.float32),
            np.asarray(mix(high, (1, 1, 1), 0.25), np.float32),
        )
        texture = (dark + value * (light - dark)).astype(np.float32)
        return np.ascontiguousarray(np.concatenate((texture, texture[:, :2]), 1)), np.asarray(
            light, np.float32
        )

    def draw(self, frame: Image, t: float) -> None:
        """Draw one frame."""
        self.nebula.show(frame, t)
        self._stars(frame, t)
        if self.planet is not None:
            self._draw_planet(frame, t)

    def _stars(self, frame: Image, t: float) -> None:
        """Stars in depth, coming slowly nearer."""
        h, w = frame.shape[:2]
        camera = self.stage.spec.camera
        z = (
            self.stars[:, 2] * 0.5
            + 0.5
            - t * 0.012 * camera.speed * (camera.direction if camera.move == "dolly" else 1)
        ) % 1.0 + 0.12
        pan = self.stage.travel(t)[0]
        x = (self.stars[:, 0] * 0.55 - pan * 0.6) / z * h * 0.9 + w / 2
        y = self.stars[:, 1] * 0.4 / z * h * 0.9 + h / 2
        fade = np.clip((1.12 - z) * 4, 0, 1) * np.clip((z - 0.12) * 14, 0, 1)
        inside = (x > 1) & (x < w - 2) & (y > 1) & (y < h - 2)
        x, y, hue = x[inside], y[inside], self.hue[inside]
        power = (fade * (0.8 + 0.2 * np.sin(t * (1 + 2 * self.hue) + self.hue * 40)))[inside] * (
            0.3 + 0.9 * hue**3
        )
        ix, iy = np.floor(x).astype(int), np.floor(y).astype(int)
        fx, fy = x - ix, y - iy
        layer = np.zeros((h, w), np.float32)
        for ox, oy, share in (
            (0, 0, (1 - fx) * (1 - fy)),
            (1, 0, fx * (1 - fy)),
            (0, 1, (1 - fx) * fy),
            (1, 1, fx * fy),
        ):
            np.add.at(layer, (iy + oy, ix + ox), power * share * (h / 360))
        screen_free(frame, (1.0, 0.94, 0.86), np.minimum(layer * 1.3, 1))
        lamps = Lamps(frame)
        for px, py, p, tone in zip(x.tolist(), y.tolist(), power.tolist(), hue.tolist(), strict=True):
            if tone > 0.84:
                lamps.spot(
                    px,
                    py,
                    1.5 * h / 360,
                    (1.0, 0.92 - 0.2 * (tone * 7 % 1), 0.7 + 0.3 * (tone * 7 % 1)),
                    p * 0.8,
                )
        lamps.add(0.8, 3.0, 0.9)

    def _draw_planet(self, frame: Image, t: float) -> None:
        assert self.planet is not None
        stage = self.stage
        view = stage.view(t, 0.35)
        cx, cy = view.at(self.spot[0], self.spot[1])
        r = self.spot[2] * view.scale
        h, w = frame.shape[:2]
        reach = r * (2.3 if self.rings else 1.25)
        x0, x1 = max(0, int(cx - reach)), min(w, int(cx + reach) + 1)
        y0, y1 = max(0, int(cy - r * 1.25)), min(h, int(cy + r * 1.25) + 1)
        if x0 >= x1 or y0 >= y1:
            return
        dx = (np.arange(x0, x1, dtype=np.float32)[None, :] - cx) / r
        dy = (np.arange(y0, y1, dtype=np.float32)[:, None] - cy) / r
        d2 = dx * dx + dy * dy
        nz = np.sqrt(np.clip(1 - d2, 0, 1))
        tilt = 0.35
        ax, ay = dx * math.cos(tilt) + dy * math.sin(tilt), -dx * math.sin(tilt) + dy * math.cos(tilt)
        longitude = np.arctan2(ax, nz + 1e-4) / (2 * math.pi) + 0.012 * t
        u = np.mod(longitude, 1.0) * 512
        v = np.clip(np.arcsin(np.clip(ay, -1, 1)) / math.pi + 0.5, 0, 1) * 255
        surface = cv2.remap(self.planet[0], u.astype(np.float32), v.astype(np.float32), cv2.INTER_LINEAR)
        side = -math.copysign(1.0, self.spot[0])
        shade = np.clip(0.75 * side * dx - 0.45 * dy + 0.45 * nz, 0, 1) ** 0.8 + 0.03
        alpha = np.clip((1 - np.sqrt(d2)) * r + 0.5, 0, 1)[..., None]
        part = frame[y0:y1, x0:x1]
        air = np.exp(-np.abs(np.sqrt(d2) - 1) * 22) * np.clip(0.6 * side * dx - 0.4 * dy + 0.3, 0, 1)
        rings = None
        if self.rings:
            rx, ry = ax, ay / 0.26
            rd = np.sqrt(rx * rx + ry * ry)
            bands = (
                np.clip(1 - np.abs(rd - 1.72) / 0.38, 0, 1) ** 0.4
                * (0.62 + 0.38 * np.sin(rd * 46))
                * (0.5 + 0.5 * np.sin(rd * 17 + 1))
            )
            rings = (
                np.clip(bands, 0, 1)[..., None]
                * 0.62
                * np.clip((np.minimum(2.1 - rd, rd - 1.32)) * 30, 0, 1)[..., None]
            )
            back = rings * (ay < 0)[..., None]
            part += back * (self.planet[1] * 0.9 - part)
        part += alpha * (surface * shade[..., None] - part)
        part += (
            air[..., None]
            * np.asarray(mix((0.5, 0.75, 1.0), tuple(self.planet[1].tolist()), 0.4), np.float32)
            * 0.55
            * np.clip(1 - part, 0, 1)
        )
        if rings is not None:
            front = rings * (ay >= 0)[..., None]
            part += front * (self.planet[1] - part)
