"""City: a street between lit facades, a skyline across the water, or the roofs from above."""

import math

import cv2
import numpy as np

from webtv.studio.procedural import noise
from webtv.studio.procedural.colour import Colour, mix, rgb, times
from webtv.studio.procedural.figures import FIGURES, Pose
from webtv.studio.procedural.glow import Lamps, halo
from webtv.studio.procedural.nature.sky import Sky
from webtv.studio.procedural.nature.weather import Weather
from webtv.studio.procedural.scenes.street import Street
from webtv.studio.procedural.spec import Cast
from webtv.studio.procedural.stage import Image, Plate, Stage, screen_free, spread, tint_over
from webtv.studio.procedural.town.crossings import Bridge
from webtv.studio.procedural.town.facades import NEON, WARM, skyline
from webtv.studio.procedural.walkers import Troupe


class City:
    """Chooses the composition that the words ask for."""

    def __init__(self, stage: Stage) -> None:
        extras, camera = stage.spec.extras, stage.spec.camera
        far = camera.aerial or (bool({"skyline", "bridge"} & extras) and "street" not in extras)
        if not far and "street" not in extras:
            far = bool(stage.place("composition").random() < 0.25) and camera.framing == "wide"
        self._scene: Skyline | Roofs | Street
        if camera.aerial:
            self._scene = Roofs(stage)
        else:
            self._scene = Skyline(stage) if far else Street(stage)

    def draw(self, frame: Image, t: float) -> None:
        """Draw one frame."""
        self._scene.draw(frame, t)


class _Rooms:
    """Windows in which the light goes on and off, each at its own hour, softly."""

    def __init__(self, stage: Stage, plates: list[Plate], count: int) -> None:
        self.stage = stage
        rng = stage.place("rooms")
        self.rooms: list[tuple[float, float, float, float, float, Colour]] = []
        for plate in plates:
            h, w = plate.shape
            for _ in range(count):
                c, r = int(rng.integers(w)), int(rng.integers(h))
                phase, rate = float(rng.uniform(0, 6.28)), float(rng.uniform(0.25, 0.6))
                colour = WARM[int(rng.integers(len(WARM)))]
                if plate.rgba[r, c, 3] > 0.99:
                    x, y = float(plate.x[0, c]), float(plate.y[r, 0])
                    self.rooms.append((plate.depth, x, y, phase, rate, colour))

    def draw(self, frame: Image, t: float) -> None:
        """Add them to the frame."""
        lamps = self.stage.light.lamps
        if lamps < 0.2:
            return
        views: dict[float, tuple[float, float, float, int, int]] = {}
        h, w = frame.shape[:2]
        for depth, x, y, phase, rate, colour in self.rooms:
            if depth not in views:
                v = self.stage.view(t, depth)
                views[depth] = (
                    v.scale,
                    v.left,
                    v.top,
                    max(2, round(v.scale * 0.0065)),
                    max(2, round(v.scale * 0.0085)),
                )
            scale, left, top, dx, dy = views[depth]
            x0, y0 = int(x * scale + left), int(y * scale + top)
            if not (0 <= x0 < w - dx and 0 <= y0 < h - dy):
                continue
            power = 0.8 * lamps / (1 + math.exp(-7 * math.sin(rate * t + phase)))
            part = frame[y0 : y0 + dy, x0 : x0 + dx]
            part += np.float32(power) * (np.asarray(colour, np.float32) - part)


def _capped(plate: Plate, tone: Colour, thick: float = 0.007, share: float = 1.0) -> None:
    """Lay snow, or a roof seen from above, on everything whose upper edge shows."""
    alpha = plate.rgba[..., 3]
    rows = max(2, round(plate.scale * thick))
    above = np.zeros_like(alpha)
    above[rows:] = alpha[:-rows]
    cover = np.clip(alpha - above, 0, 1) * share
    plate.rgba[..., :3] += cover[..., None] * (np.asarray(tone, np.float32) - plate.rgba[..., :3])


class _Ledge:
    """A parapet of stone close to us, for whoever walks while the city lies behind."""

    def __init__(self, stage: Stage) -> None:
        cast = tuple(
            c for c in stage.spec.cast if c.kind in FIGURES and FIGURES[c.kind].home in {"ground", "thing"}
        )
        self.plate: Plate | None = None
        if not cast:
            return
        stage.focus = (0.0, 0.74)
        self.troupe = Troupe(stage, cast, 0.885, 0.872, 1.0, stage.side("ledge sun"), spread=0.8)
        self.troupe.attend()
        light = stage.light
        plate = stage.plate(0.92, 0.8)
        white = stage.spec.weather == "snow" or stage.spec.season == "winter"
        wet = 0.75 if stage.spec.weather in {"rain", "storm"} else 1.0
        stone = rgb("#e6ebf2") if white else times(rgb("#8d8279"), wet)
        place = stage.place("ledge")
        grain = noise.fbm(*plate.shape, rng=place, cells=14, octaves=4)[..., None]
        joint = (np.abs(np.mod(plate.x + 0.1, 0.42) - 0.21) < 0.003).astype(np.float32)[..., None]
        top = np.asarray(light.lit(stone, 0.9), np.float32) * (0.86 + 0.28 * grain) * (1 - 0.4 * joint)
        face = np.asarray(light.lit(times(rgb("#6f665f"), wet), 0.25), np.float32) * (0.8 + 0.4 * grain)
        lip = np.clip((plate.y - 0.905) * plate.scale / 2, 0, 1)[..., None]
        down = np.clip((plate.y - 0.905) / 0.12, 0, 1)[..., None]
        colour = top + lip * (face * (0.9 - 0.45 * down) - top)
        edge = np.full(plate.shape[1], 0.862, np.float32)
        colour = colour + np.asarray(rgb("#ff9a5c"), np.float32) * np.float32(
            0.06 * light.lamps
        )  # the city's own
        plate.fill(colour.astype(np.float32), plate.edge(edge))
        self.plate = plate

    def draw(self, frame: Image, t: float) -> None:
        """Draw it and who walks on it."""
        if self.plate is not None:
            self.plate.show(frame, t)
            self.troupe.draw(frame, t)


class Skyline:
    """Towers in three planes across dark water that mirrors them; a bridge and boats on it."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        place = stage.place("skyline")
        self.shore = 0.66
        stage.focus = (0.0, 0.5)
        self.ledge = _Ledge(stage)
        self.sky = Sky(stage, self.shore, clouds=None)
        self.tint = mix(rgb("#ff9a5c"), NEON[int(place.integers(len(NEON)))], 0.45)
        self.planes = []
        self.lamps: list[tuple[float, float, float, float]] = []
        white = stage.light.lit(rgb("#eef3f8"), 0.85)
        for depth, low, high, distance in (
            (0.12, 0.12, 0.44, 0.62),
            (0.22, 0.07, 0.34, 0.36),
            (0.34, 0.03, 0.18, 0.12),
        ):
            plate = stage.plate(depth, self.shore - 0.6, self.shore + 0.006)
            points = skyline(plate, place, self.shore, low, high, stage.light, distance)
            if stage.spec.weather == "snow" or (
                stage.spec.season == "winter" and stage.chance("snow lies?") < 0.5
            ):
                _capped(plate, stage.light.far(white, distance))
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
        self.rooms = _Rooms(stage, self.planes, 170)
        wanted = "bridge" in stage.spec.extras or stage.chance("bridge?") < 0.4
        self.bridge = Bridge(stage, self.shore - 0.052, self.shore, 0.42) if wanted else None
        self.boats = self._fleet()
        self.ripple = noise.tile(256, stage.take("ripple"), 1.5, low=4, high=60)
        self.ripple = cv2.copyMakeBorder(self.ripple, 0, 1, 0, 1, cv2.BORDER_WRAP)
        self.weather = Weather(stage)

    def _fleet(self) -> list[tuple[Cast, float, float, float, float]]:
        stage, rng = self.stage, self.stage.place("fleet")
        cast = [c for c in stage.spec.cast if c.kind in FIGURES and FIGURES[c.kind].home == "water"]
        named = bool(cast)
        if not cast and stage.chance("boats?") < 0.75:
            cast = [Cast("boat", 1 + int(stage.chance("two boats?") < 0.4))]
        out = []
        for member in cast[:2]:
            for k in range(max(1, min(member.count or 1, 4))):
                near = 1.0 if named and k == 0 else float(rng.uniform(0.25, 0.8))
                x = float(rng.uniform(-0.3, 0.3)) if named and k == 0 else float(rng.uniform(-0.6, 0.6))
                heading = float(member.heading or (1 if rng.random() < 0.5 else -1))
                out.append((member, x, near, heading, float(rng.random())))
        return sorted(out, key=lambda b: b[2])

    def draw(self, frame: Image, t: float) -> None:
        """Draw one frame."""
        stage, light = self.stage, self.stage.light
        self.sky.draw(frame, t)
        for plate in self.planes:
            plate.show(frame, t)
        self.rooms.draw(frame, t)
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
        self._glow(frame)
        if self.bridge is not None:
            self.bridge.draw(frame, t)
        if light.lamps > 0.2:
            halo(frame, 0.4, 0.75 * light.lamps)
        self._water(frame, t)
        self._sail(frame, t)
        self.ledge.draw(frame, t)
        self.weather.draw(frame, t)

    def _sail(self, frame: Image, t: float) -> None:
        middle = t - self.stage.seconds / 2
        for member, x, near, heading, phase in self.boats:
            figure = FIGURES[member.kind]
            view = self.stage.view(t, 0.4 + 0.5 * near)
            y = self.shore + 0.03 + 0.17 * near + 0.002 * math.sin(1.1 * t + 6 * phase)
            size = view.scale * min(0.24, figure.size * (0.5 + 0.75 * near))
            px, py = view.at(x + heading * 0.02 * (0.5 + near) * middle, y)
            pose = Pose(
                px,
                py,
                size,
                heading,
                t,
                phase,
                member.action or "sail",
                member.colour,
                self.stage.light.lamps,
            )
            figure.draw(pose).lay(frame, self.stage.light, 1.0, 0.25 * (1 - near), 1.0, 0.3, 0.4)

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


class Roofs:
    """The city from above: row behind row of buildings to the horizon, traffic in the streets between."""

    _ROWS = 7

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        stage.focus = (0.0, 0.5)
        self.ledge = _Ledge(stage)
        place, light = stage.place("roofs"), stage.light
        self.horizon = 0.24
        self.sky = Sky(stage, self.horizon, clouds=None)
        self.rows: list[tuple[Plate, float, float]] = []
        snow = stage.spec.weather == "snow" or (
            stage.spec.season == "winter" and stage.chance("snow lies?") < 0.5
        )
        road = light.lit(rgb("#4c4c54"), 0.4)
        for k in range(self._ROWS):
            u = k / (self._ROWS - 1)
            base = self.horizon + 0.05 + 0.83 * u**1.35
            depth, distance = 0.1 + 0.75 * u, 0.75 * (1 - u) ** 1.3
            tall = 0.07 + 0.21 * u
            plate = stage.plate(depth, base - tall * 1.6, base + 0.1 + 0.2 * u)
            below = np.repeat(np.clip((plate.y - base) * plate.scale + 0.5, 0, 1), plate.shape[1], 1)
            plate.fill(np.asarray(light.far(road, distance), np.float32), below.astype(np.float32))
            rng = np.random.default_rng(place.integers(2**31))
            skyline(
                plate,
                rng,
                base,
                tall * 0.35,
                tall * 1.3,
                light,
                distance,
                0.75,
                (0.03 + 0.07 * u, 0.06 + 0.14 * u),
            )
            # From above one sees the roofs: paler than the walls, deeper the nearer they are.
            roof = rgb("#eef3f8") if snow else mix(rgb("#a09a94"), rgb("#8a7f86"), float(rng.random()))
            _capped(plate, light.far(light.lit(roof, 0.9), distance), 0.008 + 0.032 * u, 0.92)
            self.rows.append((plate, base, u))
        self.rooms = _Rooms(stage, [plate for plate, _, _ in self.rows[2:]], 90)
        self.cars = [
            (
                int(place.integers(self._ROWS)),
                float(place.uniform(-1.5, 1.5)),
                float(place.choice((-1, 1))),
                float(place.uniform(0.8, 1.2)),
            )
            for _ in range(110)
        ]
        self.tint = mix(rgb("#ff9a5c"), NEON[int(place.integers(len(NEON)))], 0.3)
        flyers = tuple(c for c in stage.spec.cast if c.kind in FIGURES and FIGURES[c.kind].home == "air")
        self.flyers = Troupe(stage, flyers, 0.8, 0.6, 1.0, 1.0, (0.12, 0.4), 0.9)
        self.weather = Weather(stage)

    def draw(self, frame: Image, t: float) -> None:
        """Draw one frame."""
        stage, light = self.stage, self.stage.light
        self.sky.draw(frame, t)
        first = max(0, int(stage.view(t, 0.0).at(0, self.horizon)[1]))
        frame[first:] = np.asarray(light.haze, np.float32)
        for k, (plate, base, u) in enumerate(self.rows):
            plate.show(frame, t)
            self._street(frame, t, k, base, u, plate.depth)
        self.rooms.draw(frame, t)
        if light.lamps > 0.2:
            halo(frame, 0.4, 0.7 * light.lamps)
        view = stage.view(t, 0.1)
        y = (np.arange(frame.shape[0], dtype=np.float32) - view.top) / view.scale - self.horizon - 0.03
        power = np.exp(-((y / 0.12) ** 2)) * (0.1 + 0.3 * light.lamps) * (0.6 + light.fog)
        glow = mix(light.haze, self.tint, light.lamps)
        screen_free(frame, glow, np.repeat(power[:, None], frame.shape[1], 1).astype(np.float32))
        self.flyers.draw(frame, t)
        self.ledge.draw(frame, t)
        self.weather.draw(frame, t)

    def _street(self, frame: Image, t: float, row: int, base: float, u: float, depth: float) -> None:
        """Head and tail lights along the foot of a row, in two lanes."""
        view = self.stage.view(t, depth)
        lamps = self.stage.light.lamps
        size = max(1, round(view.scale * (0.0035 + 0.005 * u)))
        h, w = frame.shape[:2]
        for k, x, way, rate in self.cars:
            if k != row:
                continue
            at = (x + way * rate * (0.03 + 0.09 * u) * t + 1.5) % 3.0 - 1.5
            px, py = view.at(at, base + (0.006 + 0.022 * u) * (1.0 if way < 0 else 1.9))
            x0, y0 = int(px), int(py)
            if not (0 <= x0 < w - 4 * size and 0 <= y0 < h - size):
                continue
            colour = np.asarray(rgb("#fff0cf") if way < 0 else rgb("#ff4a38"), np.float32)
            for j in range(3):  # a streak that fades behind
                c = x0 + (j if way < 0 else 2 - j) * size
                part = frame[y0 : y0 + size, c : c + size]
                part += np.float32((0.35 + 0.6 * lamps) * (1 - 0.3 * j)) * (colour - part)
