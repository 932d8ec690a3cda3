"""City: a street between lit facades, or a skyline across the water."""

import math

import cv2
import numpy as np

from webtv.studio.procedural import noise
from webtv.studio.procedural.colour import mix, rgb, times
from webtv.studio.procedural.facades import NEON, WARM, skyline
from webtv.studio.procedural.glow import Lamps, halo
from webtv.studio.procedural.scenes.street import Street
from webtv.studio.procedural.sky import Sky
from webtv.studio.procedural.stage import Image, Stage, screen_free, spread, tint_over
from webtv.studio.procedural.weather import Weather


class City:
    """Chooses the composition that the words ask for."""

    def __init__(self, stage: Stage) -> None:
        extras, camera = stage.spec.extras, stage.spec.camera
        far = camera.aerial or ("skyline" in extras and "street" not in extras)
        if not far and "street" not in extras:
            far = bool(stage.place("composition").random() < 0.25) and camera.framing == "wide"
        self._scene: Skyline | Street = Skyline(stage) if far else Street(stage)

    def draw(self, frame: Image, t: float) -> None:
        """Draw one frame."""
        self._scene.draw(frame, t)


class Skyline:
    """Towers in three planes across dark water that mirrors them."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        place = stage.place("skyline")
        self.shore = 0.66 if not stage.spec.camera.aerial else 0.58
        stage.focus = (0.0, 0.5)
        self.sky = Sky(stage, self.shore, clouds=None)
        self.tint = mix(rgb("#ff9a5c"), NEON[int(place.integers(len(NEON)))], 0.45)
        self.planes = []
        self.lamps: list[tuple[float, float, float, float]] = []
        for depth, low, high, distance in (
            (0.12, 0.12, 0.44, 0.62),
            (0.22, 0.07, 0.34, 0.36),
            (0.34, 0.03, 0.18, 0.12),
        ):
            plate = stage.plate(depth, self.shore - 0.6, self.shore + 0.006)
            points = skyline(plate, place, self.shore, low, high, stage.light, distance)
            self.planes.append(plate)
            self.lamps += [(depth, x, y, float(place.random())) for x, y in points]
        self.bank = [
            (
                float(x),
                NEON[int(place.integers(len(NEON)))]
                if place.random() < 0.3
                else WARM[int(place.integers(5))],
            )
            for x in np.arange(-1.6, 1.6, 0.07)
            + place.uniform(-0.02, 0.02, 46)[: len(np.arange(-1.6, 1.6, 0.07))]
        ]
        self.ripple = noise.tile(256, stage.take("ripple"), 1.5, low=4, high=60)
        self.ripple = cv2.copyMakeBorder(self.ripple, 0, 1, 0, 1, cv2.BORDER_WRAP)
        self.weather = Weather(stage)

    def draw(self, frame: Image, t: float) -> None:
        """Draw one frame."""
        stage, light = self.stage, self.stage.light
        self.sky.draw(frame, t)
        for plate in self.planes:
            plate.show(frame, t)
        lamps = Lamps(frame)
        for depth, x, y, phase in self.lamps:
            px, py = stage.view(t, depth).at(x, y)
            power = 0.35 + 0.65 * (0.5 + 0.5 * math.sin(t * 2.2 + phase * 6.28)) ** 2
            lamps.spot(px, py, stage.height * 0.004, rgb("#ff4030"), power * light.lamps)
        view = stage.view(t, 0.34)
        for x, colour in self.bank:
            px, py = view.at(x, self.shore - 0.006)
            lamps.spot(px, py, stage.height * 0.0045, colour, light.lamps)
        lamps.add(strength=0.8)
        halo(frame, 0.4, 0.75 * light.lamps)
        self._glow(frame)
        self._water(frame, t)
        self.weather.draw(frame, t)

    def _glow(self, frame: Image) -> None:
        """The city's own light in the air above it."""
        view = self.stage.view(0.0, 0.2)
        y = (np.arange(frame.shape[0], dtype=np.float32) - view.top) / view.scale - self.shore
        power = np.exp(-((y / 0.22) ** 2)) * (0.16 + 0.2 * self.stage.light.fog) * self.stage.light.lamps
        screen_free(frame, self.tint, np.repeat(power[:, None], frame.shape[1], 1).astype(np.float32))

    def _water(self, frame: Image, t: float) -> None:
        stage = self.stage
        view = stage.view(t, 0.34)
        line = view.at(0, self.shore)[1]
        first = math.ceil(line)
        rows = frame.shape[0] - first
        if rows < 2 or first < 4:
            return
        w = frame.shape[1]
        drop = np.arange(rows, dtype=np.float32)[:, None] + 0.5
        near = drop / (stage.height * stage.zoom)
        x = (np.arange(w, dtype=np.float32)[None, :] - view.left) / view.scale
        u = noise.wrap(x / (near + 0.06) * 9 + t * 9)
        v = noise.wrap(np.repeat(13 / (near + 0.03), w, 1) + t * 7)
        n = cv2.remap(self.ripple, u, v, cv2.INTER_LINEAR)
        reach = stage.height * stage.zoom
        sx = np.arange(w, dtype=np.float32)[None, :] + n * (0.4 + near * 20) * reach / 360
        sy = np.clip(line - drop * 1.05 - n * (1.2 + near * 70) * reach / 360, 0, first - 1).astype(
            np.float32
        )
        mirror = cv2.remap(
            frame[:first], sx.astype(np.float32), sy, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT
        )
        mirror = cv2.blur(mirror, (1, 5))
        deep = times(mix(stage.light.sky[0], stage.light.haze, 0.25), 0.6)
        sink = np.repeat(0.2 + 0.4 * np.clip(near * 2.4, 0, 1), w, 1)
        tint_over(mirror, deep, sink)
        frame[first:] = cv2.multiply(mirror, spread(1 + 0.22 * n))
