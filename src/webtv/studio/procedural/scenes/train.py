"""Train window: country and towns pass by in parallax, the carriage's lamps reflect in the glass."""

import math

import cv2
import numpy as np

from webtv.studio.procedural import noise
from webtv.studio.procedural.colour import mix, rgb, times
from webtv.studio.procedural.facades import NEON, STONE, WARM, panes, skyline
from webtv.studio.procedural.flora import LEAVES, Brush, broadleaf, conifer
from webtv.studio.procedural.glow import Lamps, halo
from webtv.studio.procedural.sky import Sky
from webtv.studio.procedural.spec import CameraWords, SceneSpec
from webtv.studio.procedural.stage import Image, Plate, Stage, lay, tint_over
from webtv.studio.procedural.structures import cottage
from webtv.studio.procedural.terrain import ground_colour

_LAP = 4.2  # world width after which a strip repeats


class _Strip:
    """A plate that scrolls by and repeats: drawn once, laid twice."""

    def __init__(self, stage: Stage, speed: float, top: float, bottom: float = 1.02) -> None:
        flat = Stage(
            SceneSpec(stage.spec.family, camera=CameraWords("wide", "static")),
            stage.width,
            stage.height,
            1.0,
            0,
            0,
        )
        self.stage, self.speed = stage, speed
        self.plate = Plate(flat, 0.0, top, bottom, 1.0)
        scale = self.plate.scale
        w = int(_LAP * scale)
        self.plate.x0 = 0.0
        self.plate.x = ((np.arange(w, dtype=np.float32) + 0.5) / scale)[None, :]
        self.plate.rgba = np.zeros((self.plate.shape[0], w, 4), np.float32)

    def finish(self, blur: float = 0.0) -> None:
        """Smear it as fast things smear, and close the loop."""
        if blur > 0.5:
            n = int(blur) * 2 + 1
            wide = cv2.copyMakeBorder(self.plate.rgba, 0, 0, n, n, cv2.BORDER_WRAP)
            self.plate.rgba = np.ascontiguousarray(cv2.blur(wide, (n, 1))[:, n:-n])
        reach = self.stage.width + 8
        self.loop = cv2.copyMakeBorder(self.plate.rgba, 0, 0, 0, reach, cv2.BORDER_WRAP)

    def draw(self, frame: Image, t: float, lift: float = 0.0) -> None:
        """Lay the part that is before the window at t."""
        scale = self.plate.scale
        at = (self.speed * t * scale) % (_LAP * scale)
        h, w = frame.shape[:2]
        top = self.plate.y0 * scale + lift
        r0 = max(0, math.floor(top))
        r1 = min(h, r0 + self.plate.shape[0])
        matrix = np.array([[1, 0, at], [0, 1, r0 - top]], np.float32)
        seen = cv2.warpAffine(
            self.loop,
            matrix,
            (w, r1 - r0),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )
        band = frame[r0:r1]
        lay(band, seen)


class Train:
    """The world outside a train window."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        spec, place, light = stage.spec, stage.place("train"), stage.light
        stage.focus = (0.0, 0.5)
        direction = next((c.heading for c in spec.cast if c.heading), 0) or (
            spec.camera.direction if spec.camera.move == "pan" else 0
        )
        self.way = float(direction or stage.side("way"))
        self.pace = (0.6 if spec.camera.speed < 1 else 1.0) * min(1.5, spec.camera.speed)
        self.horizon = 0.56
        self.sky = Sky(stage, self.horizon)
        town = bool({"skyline", "street"} & spec.extras) or bool(
            place.random() < (0.65 if light.lamps > 0.5 else 0.35)
        )
        v = self.way * self.pace
        self.strips = [self._hills(0.035 * v, 0.5, 0.72, 0), self._hills(0.09 * v, 0.56, 0.45, 1)]
        if town:
            self.strips.insert(1, self._towers(0.06 * v))
        self.strips.append(self._blocks(0.3 * v) if town else self._fields(0.26 * v))
        self.near = self._bank(1.15 * v)
        self.poles = (2.4 * v, float(place.uniform(0, 3)))
        self.lights = [
            (
                float(place.uniform(0, _LAP)),
                float(place.uniform(0.57, 0.74)),
                (WARM + NEON)[int(place.integers(len(WARM) + (len(NEON) if town else 0)))],
            )
            for _ in range(int((46 if town else 20) * light.lamps))
        ]
        self.light_speed = 0.26 * v
        rng = stage.take("drops")
        wet = spec.weather in {"rain", "storm"}
        self.drops = [
            (
                float(rng.uniform(0, 1.3)),
                float(rng.uniform(0, 1)),
                float(rng.uniform(0.05, 0.3)),
                float(rng.uniform(0.4, 1.0)),
                float(rng.uniform(0, 6)),
            )
            for _ in range(80 if wet else 0)
        ]
        self.frame_mask = self._window()

    def _hills(self, speed: float, level: float, distance: float, k: int) -> _Strip:
        stage, light = self.stage, self.stage.light
        place = stage.place(f"strip{k}")
        strip = _Strip(stage, speed, level - 0.16)
        p = strip.plate
        x = p.x[0]
        a = 2 * math.pi * x / _LAP
        phases = place.uniform(0, 6.28, 9)
        ridge = (
            level - 0.035 - 0.06 * (1 - 0.4 * k) * sum(np.sin(a * n + phases[n - 1]) / n for n in range(1, 9))
        )
        colour = light.far(light.lit(mix(ground_colour(stage), rgb("#5a7470"), 0.5 - 0.2 * k), 0.5), distance)
        below = np.clip((p.y - ridge[None, :]) / 0.2, 0, 1)[..., None]
        body = np.asarray(colour, np.float32) * (1.05 - 0.15 * below)
        body = body + below * 0.35 * (np.asarray(light.haze, np.float32) - body)
        p.fill(body.astype(np.float32), p.edge(ridge.astype(np.float32)))
        brush = Brush(p)
        leaves = [rgb(c) for c in LEAVES[stage.spec.season]]
        for _ in range(70 if k else 40):
            tx = float(place.uniform(0.1, _LAP - 0.1))
            ty = float(np.interp(tx, x, ridge)) + 0.006
            tree = conifer if place.random() < 0.4 else broadleaf
            tree(
                brush,
                place,
                tx,
                ty,
                float(place.uniform(0.02, 0.04)) * (1 + k * 0.5),
                times(leaves[int(place.integers(len(leaves)))], 0.8),
                0.5,
                stage,
                distance * 0.9,
            )
        brush.done()
        strip.finish()
        return strip

    def _towers(self, speed: float) -> _Strip:
        strip = _Strip(self.stage, speed, 0.1)
        strip.plate.x = strip.plate.x - np.float32(_LAP / 2)
        strip.plate.x0 = -_LAP / 2
        for low, high, distance in ((0.1, 0.34, 0.55), (0.05, 0.2, 0.25)):
            skyline(
                strip.plate,
                self.stage.place(f"towers{distance}"),
                0.62,
                low,
                high,
                self.stage.light,
                distance,
                clusters=0.7,
            )
        strip.plate.rgba[int((0.62 - strip.plate.y0) * strip.plate.scale) :, :, 3] = 0
        strip.finish()
        return strip

    def _fields(self, speed: float) -> _Strip:
        stage, light = self.stage, self.stage.light
        place = stage.place("fields")
        strip = _Strip(stage, speed, 0.42)
        p = strip.plate
        x = p.x[0]
        a = 2 * math.pi * x / _LAP
        level = (0.655 + 0.012 * np.sin(a * 2 + 1) + 0.008 * np.sin(a * 5)).astype(np.float32)
        grain = noise.fbm(*p.shape, rng=place, cells=5, octaves=5)
        near, far = (
            np.asarray(light.lit(times(ground_colour(stage), 0.75), 0.5), np.float32),
            np.asarray(light.far(light.lit(ground_colour(stage), 0.6), 0.3), np.float32),
        )
        down = np.clip((p.y - 0.65) / 0.3, 0, 1)[..., None]
        p.fill(
            ((far + (near - far) * down) * (0.8 + 0.4 * grain[..., None])).astype(np.float32), p.edge(level)
        )
        brush = Brush(p)
        leaves = [rgb(c) for c in LEAVES[stage.spec.season]]
        things = sorted(
            (float(place.uniform(0.2, _LAP - 0.2)), float(place.uniform(0.665, 0.74)), float(place.random()))
            for _ in range(26)
        )
        for tx, ty, kind in sorted(things, key=lambda item: item[1]):
            tall = (ty - 0.58) * 1.15
            if kind < 0.22:
                cottage(
                    brush,
                    stage,
                    place,
                    tx,
                    ty,
                    tall * 0.95,
                    0.1,
                    0.8 if stage.spec.weather == "snow" else 0,
                    finish=False,
                )
            else:
                (conifer if kind > 0.8 else broadleaf)(
                    brush,
                    place,
                    tx,
                    ty,
                    tall * 1.5,
                    leaves[int(place.integers(len(leaves)))],
                    0.7,
                    stage,
                    0.12,
                )
        brush.done()
        strip.finish(1.0)
        return strip

    def _blocks(self, speed: float) -> _Strip:
        """Houses along the line: lit rooms, roofs with tanks, gaps in which the city shows."""
        stage, light = self.stage, self.stage.light
        place = stage.place("blocks")
        strip = _Strip(stage, speed, 0.3)
        p = strip.plate
        base = round((0.97 - p.y0) * p.scale)
        x = 6
        while x < p.shape[1] - 40:
            width = min(int(place.uniform(0.22, 0.55) * p.scale), p.shape[1] - x - 6)
            tall = int(place.uniform(0.24, 0.5) * p.scale)
            wall = light.lit(
                times(STONE[int(place.integers(len(STONE)))], 0.42 + 0.4 * (1 - light.lamps)), 0.5
            )
            glass = mix(times(light.lit(rgb("#6b8299"), 0.5), 0.6), light.sky[-2], 0.1)
            pitch = (int(place.uniform(0.062, 0.08) * p.scale), int(place.uniform(0.04, 0.06) * p.scale))
            body = panes(tall, width, pitch, place, 0.42 * light.lamps, wall, glass)
            body *= np.linspace(0.8, 1.05, tall, dtype=np.float32)[:, None, None]
            body[: max(2, tall // 60)] = times(wall, 1.5)
            if place.random() < 0.5:  # a lit sign of coloured bands on the wall, never letters
                neon = NEON[int(place.integers(len(NEON)))]
                c = int(place.uniform(0.1, 0.8) * width)
                for k in range(5):
                    r = tall // 6 + k * max(3, tall // 16)
                    body[r : r + max(2, tall // 30), c : c + max(4, width // 12)] = times(
                        neon, 0.35 + 0.65 * light.lamps
                    )
            tank = int(place.uniform(0.1, 0.7) * width)
            p.rgba[base - tall - 10 : base - tall, x + tank : x + tank + 16] = (*times(wall, 0.7), 1)
            p.rgba[base - tall : base, x : x + width, :3] = body
            p.rgba[base - tall : base, x : x + width, 3] = 1
            x += width + int(place.uniform(0.0, 0.22) * p.scale)
        ground = light.lit(rgb("#4a4a50"), 0.3)
        p.fill(np.asarray(ground, np.float32), np.repeat(np.clip((p.y - 0.955) * 60, 0, 1), p.shape[1], 1))
        strip.finish(1.0)
        return strip

    def _bank(self, speed: float) -> _Strip:
        stage, light = self.stage, self.stage.light
        place = stage.place("bank")
        strip = _Strip(stage, speed, 0.78)
        p = strip.plate
        x = p.x[0]
        a = 2 * math.pi * x / _LAP
        level = (
            0.9
            + 0.018 * np.sin(a * 3)
            + 0.012 * np.sin(a * 11 + 2)
            + 0.03 * np.abs(np.sin(a * 7 + 1)) * np.sin(a * 2)
        )
        grain = np.repeat(place.random((1, x.size), dtype=np.float32), p.shape[0], 0)
        grain = np.asarray(cv2.blur(grain, (5, 1)))
        tone = np.asarray(light.lit(times(ground_colour(stage), 0.5), 0.35), np.float32)
        p.fill(
            (tone * (0.6 + 0.7 * grain[..., None])).astype(np.float32), p.edge(level.astype(np.float32), 3)
        )
        strip.finish(abs(speed) * p.scale / 24 * 0.6)
        return strip

    def _window(self) -> tuple[Image, Image]:
        """The frame of the window: premultiplied colour and what is left of the view."""
        h, w = self.stage.height, self.stage.width
        light = self.stage.light
        x = (np.arange(w, dtype=np.float32)[None, :] - w / 2) / h
        y = (np.arange(h, dtype=np.float32)[:, None] - h / 2) / h
        half_w, half_h, round_ = self.stage.aspect / 2 - 0.055, 0.5 - 0.05, 0.09
        qx, qy = np.abs(x) - half_w + round_, np.abs(y) - half_h + round_
        d = np.hypot(np.maximum(qx, 0), np.maximum(qy, 0)) + np.minimum(np.maximum(qx, qy), 0) - round_
        wall = np.clip(d * h + 0.5, 0, 1)
        shade = 0.5 + 0.35 * np.exp(-np.maximum(d, 0) * 60) + 0.1 * (y < 0)
        warm = mix(rgb("#6a5342"), light.ambient, 0.25)
        colour = np.asarray(times(warm, 0.62 + 0.15 * (1 - light.lamps)), np.float32) * shade[..., None]
        colour[..., :] *= np.clip(1.1 - 0.5 * (y + 0.5), 0.4, 1.2)[..., None]
        gasket = np.exp(-((d * h / 3.0) ** 2))[..., None] * 0.7
        colour = colour * (1 - gasket)
        alpha = np.maximum(wall, np.clip(1 - np.abs(d) * h / 3, 0, 1) * 0.6)
        return (colour * alpha[..., None]).astype(np.float32), cv2.merge([(1 - alpha).astype(np.float32)] * 3)

    def draw(self, frame: Image, t: float) -> None:
        """Draw one frame."""
        stage, light = self.stage, self.stage.light
        self.sky.draw(frame, t)
        first = int(stage.view(t, 0.0).at(0, self.horizon)[1])
        frame[max(0, first) :] = np.asarray(light.haze, np.float32)
        for strip in self.strips:
            strip.draw(frame, t)
        if light.lamps > 0.1:
            lamps = Lamps(frame)
            for x, y, colour in self.lights:
                at = ((x - self.light_speed * t) % _LAP) - (_LAP - stage.aspect) / 2
                px = (at + 0) * stage.height
                lamps.oval(
                    px,
                    y * stage.height,
                    stage.height * (0.004 + 0.02 * (y - 0.56)),
                    stage.height * (0.004 + 0.02 * (y - 0.56)),
                    colour,
                    light.lamps,
                )
            lamps.add(0.7, 3.5, 0.9)
            halo(frame, 0.45, 0.5)
        jolt = 0.0016 * stage.height * (math.sin(t * 7.1) + 0.6 * math.sin(t * 11.3))
        self.near.draw(frame, t, jolt)
        self._pole(frame, t)
        self._glass(frame, t)
        frame_colour, rest = self.frame_mask
        cv2.multiply(frame, rest, dst=frame)
        cv2.add(frame, frame_colour, dst=frame)

    def _pole(self, frame: Image, t: float) -> None:
        """Masts of the overhead line, smeared by their speed; wires that rise and dip between them."""
        stage = self.stage
        speed, shift = self.poles
        gap = 5.6
        h, w = frame.shape[:2]
        dark = np.asarray(stage.light.lit(rgb("#3d3f46"), 0.2), np.float32)
        at = (shift - speed * t) % gap
        u = (np.arange(w, dtype=np.float32) / h - at) / gap
        sag = np.mod(u, 1.0)
        smear = abs(speed) / 24
        d = np.abs(sag - np.round(sag)) * gap
        alpha = np.clip((0.012 + smear / 2 - d) / (smear + 0.01), 0, 1) * 0.62
        tint_over(frame, stage.light.lit(rgb("#3d3f46"), 0.2), np.repeat(alpha[None, :], h, 0))
        for base in (0.08, 0.15):
            y = (base + 0.05 * (1 - (2 * sag - 1) ** 2)) * h
            points = np.stack((np.arange(w, dtype=np.float32), y), 1)[::8]
            cv2.polylines(
                frame, [np.round(points * 16).astype(np.int32)], False, dark.tolist(), 1, cv2.LINE_AA, 4
            )

    def _glass(self, frame: Image, t: float) -> None:
        """The carriage's own lamps, doubled in the pane, and rain drawn slantwise along it."""
        stage = self.stage
        h, w = frame.shape[:2]
        lamps = stage.light.lamps
        if lamps > 0.2:
            y = np.arange(h, dtype=np.float32)[:, None] / h
            x = np.arange(w, dtype=np.float32)[None, :] / h
            sway = 0.003 * math.sin(t * 2.3)
            strip = np.exp(-(((y - 0.15 - sway - 0.02 * x) / 0.012) ** 2)) * (
                0.5 + 0.5 * np.tanh(30 * (np.sin(x * 5.2 + 0.6) + 0.75))
            )
            strip2 = np.exp(-(((y - 0.19 - sway - 0.02 * x) / 0.03) ** 2)) * 0.25
            tint_over(frame, rgb("#ffdfae"), ((strip * 0.34 + strip2 * 0.4) * lamps).astype(np.float32))
        if not self.drops:
            return
        ink = np.zeros((h, w), np.uint8)
        for x, y, speed, size, phase in self.drops:
            run = t * speed * (0.7 + 0.3 * math.sin(t * 0.9 + phase))
            px = ((x + run * self.way * -1.0) % 1.3 - 0.15) * w
            py = ((y + 0.22 * run + 0.01 * math.sin(t * 3 + phase)) % 1.1 - 0.05) * h
            length = (0.03 + 0.07 * size) * h
            a = (int((px + self.way * length) * 16), int((py - 0.28 * length) * 16))
            cv2.line(ink, a, (int(px * 16), int(py * 16)), int(70 + 90 * size), 1, cv2.LINE_AA, 4)
            cv2.circle(
                ink,
                (int(px * 16), int(py * 16)),
                int(16 * h / 360 * (0.8 + 1.2 * size)),
                int(120 + 110 * size),
                -1,
                cv2.LINE_AA,
                4,
            )
        tint_over(frame, mix(stage.light.sky[-1], (1, 1, 1), 0.55), ink.astype(np.float32) * (0.42 / 255))
