"""Coast: open water under a wide sky, headlands, a lighthouse, boats and gulls, surf on the sand."""

import math

import cv2
import numpy as np

from webtv.studio.procedural import noise
from webtv.studio.procedural.colour import Colour, mix, rgb, times
from webtv.studio.procedural.figures import FIGURES, Pose
from webtv.studio.procedural.sky import Sky
from webtv.studio.procedural.spec import Cast
from webtv.studio.procedural.stage import Image, Plate, Stage, blend, tint_over
from webtv.studio.procedural.water import Water
from webtv.studio.procedural.weather import Weather


class Coast:
    """Sky, water, land on one side, whatever sails and flies."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        spec, place = stage.spec, stage.place("coast")
        self.horizon = 0.34 if spec.camera.aerial else 0.46
        stage.focus = (0.0, self.horizon + 0.06)
        self.side = stage.side("coast")
        self.sky = Sky(stage, self.horizon, sun_x=-self.side * float(place.uniform(0.12, 0.4)))
        stage.focus = (self.sky.sun_x * 0.6 if stage.zoom > 1.2 else 0.0, self.horizon + 0.06)
        rough = {"storm": 1.0, "rain": 0.7}.get(spec.weather, 0.3 + 0.3 * spec.wind)
        self.water = Water(stage, self.sky, rough, eye=0.3 if spec.camera.aerial else 0.17)
        has_beach = "beach" in spec.extras or (
            "cliff" not in spec.extras and stage.chance("beach?") < 0.45 and not spec.camera.aerial
        )
        self.lamp: tuple[float, float] | None = None
        self.far = [self._headland(0.12, 0.75, 0.06), self._headland(0.2, 0.45, 0.1)]
        self.cliff = self._cliff("lighthouse" in spec.extras or stage.chance("lighthouse?") < 0.55)
        self.beach = Beach(stage, 0.8 + 0.04 * stage.chance("line")) if has_beach else None
        self.weather = Weather(stage)
        self.cast = self._sail(stage)
        self.flock = self._fly(stage)

    def draw(self, frame: Image, t: float) -> None:
        """Draw one frame."""
        self.sky.draw(frame, t)
        for land in self.far:
            land.show(frame, t)
        self.water.draw(frame, t)
        self._show_cast(frame, t, near=False)
        if self.cliff is not None:
            self.cliff.show(frame, t)
            self._show_lamp(frame, t)
        self._show_cast(frame, t, near=True)
        if self.beach is not None:
            self.beach.draw(frame, t)
        self._show_flock(frame, t)
        self.weather.draw(frame, t)

    def _headland(self, depth: float, height: float, reach: float) -> Plate:
        stage, light = self.stage, self.stage.light
        plate = stage.plate(depth, self.horizon - 0.3, self.horizon + 0.004)
        place = stage.place(f"headland{depth}")
        x = plate.x[0]
        rise = noise.Profile(place, 0.5, 6)(x) * 0.5 + 0.5
        toward = x * self.side - place.uniform(-0.25, 0.3)
        shape = noise.smoothstep(0.0, 0.55, toward) * rise * reach * height
        colour = light.far(light.lit(rgb("#5d6e62"), 0.3), 0.82 - depth)
        far = np.asarray(colour, np.float32) * np.ones((*plate.shape, 1), np.float32)
        down = np.clip((plate.y - (self.horizon - 0.05)) / 0.05, 0, 1)[..., None]
        far += 0.4 * down * (np.asarray(light.haze, np.float32) - far)
        mask = plate.edge(self.horizon - shape) * (shape > 0.0015)[None, :]
        plate.fill(far, mask.astype(np.float32))
        return plate

    def _cliff(self, lighthouse: bool) -> Plate | None:
        """Land on one side, in the middle distance, with its foot in the water."""
        stage, light = self.stage, self.stage.light
        depth = 0.55
        plate = stage.plate(depth, self.horizon - 0.42, self.horizon + 0.2)
        place = stage.place("cliff")
        x = plate.x[0]
        edge = stage.aspect * float(place.uniform(0.16, 0.26))
        toward = x * self.side - edge
        rock = noise.Profile(place, 0.22, 6, 0.55)
        top = self.horizon - noise.smoothstep(-0.02, 0.16, toward + 0.02 * rock(x * 3)) * (
            0.12 + 0.05 * np.clip(toward, 0, 2) + 0.025 * rock(x)
        )
        foot = self.horizon + noise.smoothstep(-0.03, 0.05, toward) * (
            0.022 + 0.06 * np.clip(toward, 0, 1.0) + 0.004 * rock(x * 6)
        )
        grain = noise.fbm(*plate.shape, rng=place, cells=9, octaves=6)
        strata = noise.fbm(*plate.shape, rng=place, cells=3, octaves=4)
        shade = cv2.Sobel(grain, cv2.CV_32F, 1, 0, ksize=5) * (-1.0 if self.sky.sun_x > 0 else 1.0)
        shade = np.clip(0.5 + shade * 0.32 / max(float(shade.std()), 1e-6) * 0.35, 0, 1)
        green = {"autumn": rgb("#8d7f45"), "winter": rgb("#8c8a72")}.get(stage.spec.season, rgb("#6f8a48"))
        if stage.spec.weather == "snow":
            green = rgb("#e8ecf0")
        stone, dark = light.lit(rgb("#b09a80"), 1.0), light.lit(rgb("#54493f"), 0.25)
        below = (plate.y - top[None, :]) / np.maximum(foot - top, 0.01)[None, :]
        bands = 0.5 + 0.5 * np.sin(below * 16 + strata * 9)
        body = np.asarray(dark, np.float32) + (shade * (0.75 + 0.25 * bands))[..., None] * (
            np.asarray(stone, np.float32) - np.asarray(dark, np.float32)
        )
        turf = noise.smoothstep(0.32, 0.1, below + (strata - 0.5) * 0.5)
        lawn = np.asarray(light.lit(green, 0.7), np.float32) * (0.72 + 0.5 * grain[..., None])
        body += turf[..., None] * (lawn - body)
        body += 0.22 * (0.6 + light.fog) * (np.asarray(light.haze, np.float32) - body)
        wet = noise.smoothstep(0.86, 1.0, below)
        body *= 1 - 0.4 * wet[..., None]
        mask = plate.edge(top) * (1 - plate.edge(foot)) * (toward > -0.025)[None, :]
        self._mirror(plate, body, mask, foot)
        plate.fill(body.astype(np.float32), mask.astype(np.float32))
        if lighthouse:
            at = self.side * (edge + float(place.uniform(0.16, 0.24)))
            ground = float(np.interp(at, x, top)) + 0.004
            self._lighthouse(plate, at, ground)
        return plate

    def _mirror(self, plate: Plate, body: Image, mask: Image, foot: Image) -> None:
        """A soft dark reflection at the foot."""
        below = plate.y - foot[None, :]
        inside = np.asarray(mask.max(axis=0) > 0.5, np.float32)[None, :]
        fade = np.clip(1 - below / 0.055, 0, 1) * (below > -0.004) * inside * 0.5
        tone = np.asarray(
            times(mix(self.water.deep, self.stage.light.lit(rgb("#5d5347"), 0.2), 0.5), 0.9), np.float32
        )
        fade = np.asarray(cv2.GaussianBlur(fade.astype(np.float32), (0, 0), 2.5))
        plate.fill(tone, fade)

    def _lighthouse(self, plate: Plate, x: float, ground: float) -> None:
        light = self.stage.light
        colour = next((c.colour for c in self.stage.spec.cast if c.kind == "lighthouse" and c.colour), None)
        accent: Colour = colour or (rgb("#c5402f"), rgb("#2f5f8f"))[int(self.stage.place("lh").integers(2))]
        s, tall = 0.13, 1.0
        fine = 4

        def draw(points: list[tuple[float, float]], colour: Colour, shade: float = 0.9) -> None:
            p = np.array([plate.at(x + px * s, ground - py * s) for px, py in points])
            x0, y0 = np.floor(p.min(0)).astype(int) - 1
            x1, y1 = np.ceil(p.max(0)).astype(int) + 2
            x0, y0 = max(0, x0), max(0, y0)
            x1, y1 = min(plate.shape[1], x1), min(plate.shape[0], y1)
            if x0 >= x1 or y0 >= y1:
                return
            ink = np.zeros(((y1 - y0) * fine, (x1 - x0) * fine), np.uint8)
            cv2.fillPoly(ink, [np.round((p - (x0, y0)) * fine * 16).astype(np.int32)], 255, cv2.LINE_8, 4)
            a = cv2.resize(ink, (x1 - x0, y1 - y0), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
            # Round towers are brighter on the sunny side.
            columns = np.linspace(-1, 1, x1 - x0, dtype=np.float32)[None, :] * (
                1 if self.sky.sun_x > x else -1
            )
            tone = np.asarray(light.lit(colour, shade), np.float32) * (0.84 + 0.26 * columns)[..., None]
            part = plate.rgba[y0:y1, x0:x1]
            part[..., :3] = part[..., :3] * (1 - a[..., None]) + tone * a[..., None]
            part[..., 3] = part[..., 3] * (1 - a) + a

        draw([(-0.5, 0), (-0.5, 0.2), (-0.18, 0.2), (-0.18, 0)], rgb("#efe9dc"))
        draw([(-0.54, 0.19), (-0.34, 0.34), (-0.14, 0.19)], rgb("#9a5a42"))
        draw([(-0.14, 0), (-0.085, tall), (0.085, tall), (0.14, 0)], rgb("#f4efe4"))
        for low in (0.22, 0.56):
            w0, w1 = 0.14 - 0.055 * low, 0.14 - 0.055 * (low + 0.17)
            draw([(-w0, low), (-w1, low + 0.17), (w1, low + 0.17), (w0, low)], accent)
        draw([(-0.12, tall), (-0.12, tall + 0.03), (0.12, tall + 0.03), (0.12, tall)], rgb("#3a3a40"))
        draw(
            [(-0.07, tall + 0.03), (-0.07, tall + 0.14), (0.07, tall + 0.14), (0.07, tall + 0.03)],
            rgb("#ffe9ae"),
            1.0,
        )
        draw([(-0.09, tall + 0.14), (0, tall + 0.23), (0.09, tall + 0.14)], accent)
        self.lamp = (x, ground - (tall + 0.085) * s)

    def _show_lamp(self, frame: Image, t: float) -> None:
        lamps = self.stage.light.lamps
        if self.lamp is None or lamps < 0.15:
            return
        view = self.stage.view(t, 0.55)
        x, y = view.at(*self.lamp)
        # The lamp turns: its beams sweep as slow cones, brightest when they point at us.
        turn = t * 0.75 + 1.0
        h, w = frame.shape[0] // 2, frame.shape[1] // 2
        dx = (np.arange(w, dtype=np.float32)[None, :] * 2 + 0.5 - x) / view.scale
        dy = (np.arange(h, dtype=np.float32)[:, None] * 2 + 0.5 - y) / view.scale
        glow = 0.55 * np.exp(-(dx * dx + dy * dy) * 900) + 0.16 * np.exp(-np.sqrt(dx * dx + dy * dy) * 16)
        for k in range(2):
            across = math.cos(turn + math.pi * k)
            depth = math.sin(turn + math.pi * k)
            along = dx * math.copysign(1.0, across)
            width = 0.006 + 0.09 * np.maximum(along, 0)
            beam = np.exp(-((dy / width) ** 2)) * (along > 0) * np.exp(-np.maximum(along, 0) * 1.6)
            glow += beam * 0.34 * abs(across) ** 1.5 * (1 + 0.3 * depth)
        big = cv2.resize((glow * lamps).astype(np.float32), (frame.shape[1], frame.shape[0]))
        tint_over(frame, rgb("#ffedc0"), np.minimum(big, 0.9))

    def _sail(self, stage: Stage) -> list[tuple[str, Cast, float, float, float, float, float]]:
        """Boats as (kind, cast, x, y, heading, phase, size)."""
        place = stage.place("boats")
        wanted = [c for c in stage.spec.cast if c.kind in FIGURES and FIGURES[c.kind].home == "water"]
        flyers = any(c.kind in {"gull", "bird", "swallow"} for c in stage.spec.cast)
        if not wanted and flyers:
            return []
        if not wanted:
            kinds = ("sailboat", "sailboat", "boat", "ship")
            wanted = [Cast(str(place.choice(kinds)), int(place.integers(1, 3)))]
        out = []
        for cast in wanted:
            for i in range(min(7, cast.count or 1)):
                near = 0.3 + 0.7 * float(place.random()) if i else 0.8
                if cast.kind == "ship":
                    near *= 0.2
                y = self.horizon + 0.012 + 0.16 * near * near
                heading = cast.heading or int(stage.side(f"heading{i}"))
                count = cast.count or 1
                base = self.stage.focus[0] + 0.3 * (i - (count - 1) / 2) + float(place.normal(0, 0.03))
                out.append(
                    (cast.kind, cast, base, y, float(heading), float(place.random()), 0.35 + 1.25 * near)
                )
        return sorted(out, key=lambda boat: boat[3])

    def _show_cast(self, frame: Image, t: float, near: bool) -> None:
        for kind, cast, x, y, heading, phase, size in self.cast:
            if (y > self.horizon + 0.08) != near:
                continue
            figure = FIGURES[kind]
            depth = 0.3 + 0.5 * min(1.0, size)
            middle = t - self.stage.seconds / 2
            view = self.stage.view(t, depth)
            scale = view.scale * figure.size * size
            pace = (
                heading * figure.speed * figure.size * size * middle * (0.5 if cast.action == "rest" else 1.0)
            )
            rise = 0.004 * size * math.sin(t * 1.15 + phase * 6.28)
            px, py = view.at(x + pace, y + rise)
            pen = figure.draw(
                Pose(px, py, scale, heading, t, phase, cast.action, cast.colour, self.stage.light.lamps)
            )
            sun = 1.0 if self.sky.sun_x > x else -1.0
            pen.lay(
                frame,
                self.stage.light,
                sun,
                0.3 * (1 - min(1.0, size)) + 0.15 * self.stage.light.fog,
                reflect=0.4,
            )

    def _fly(self, stage: Stage) -> list[tuple[float, float, float, float, float]]:
        """Gulls as (x, y, heading, phase, size); those that the words ask for come close."""
        place, rng = stage.place("gulls"), stage.take("gulls")
        asked = [c for c in stage.spec.cast if c.kind in {"gull", "bird", "swallow"}]
        if not asked:
            count = int(rng.integers(0, 5)) * (stage.light.stars < 0.5)
            spots = [
                (float(rng.uniform(-0.6, 0.6)), float(rng.uniform(0.1, self.horizon - 0.06)))
                for _ in range(count)
            ]
            heading = float(rng.choice((-1, 1)))
            return [(x, y, heading, float(rng.random()), float(rng.uniform(0.4, 1.1))) for x, y in spots]
        count = min(asked[0].count or 5, 12)
        heading = float(asked[0].heading or stage.side("flight"))
        wide, middle = 0.75 / stage.zoom, self.horizon - 0.1 / stage.zoom
        out = []
        for i in range(count):
            x = stage.focus[0] * (1 if stage.zoom > 1.2 else 0) + ((i + 0.5) / count - 0.5) * wide * 1.5
            y = middle - float(place.uniform(-0.06, 0.22)) / stage.zoom
            near = 1.0 if i == count // 2 else float(place.uniform(0.35, 0.8))
            out.append((x + float(place.normal(0, 0.03)), y, heading, float(place.random()), 2.6 * near))
        return sorted(out, key=lambda gull: gull[4])

    def _show_flock(self, frame: Image, t: float) -> None:
        figure = FIGURES["gull"]
        for x, y, heading, phase, size in self.flock:
            view = self.stage.view(t, 0.8)
            middle = t - self.stage.seconds / 2
            px, py = view.at(
                x + heading * 0.035 * (0.4 + size) * middle,
                y + 0.016 * math.sin(t * 0.6 + phase * 6) - 0.003 * middle,
            )
            pose = Pose(px, py, view.scale * figure.size * size, heading, t, phase)
            figure.draw(pose).lay(frame, self.stage.light, self.sky.sun_x, 0.25, rim=0.2)


class Beach:
    """Sand along the bottom edge, and the surf that runs up it."""

    def __init__(self, stage: Stage, line: float) -> None:
        self.stage = stage
        self.line = line
        place = stage.place("beach")
        self.depth = 0.95
        self.plate = stage.plate(self.depth, line - 0.1, 9.0)
        grain = noise.fbm(*self.plate.shape, rng=place, cells=5, octaves=7)
        fine = place.standard_normal(self.plate.shape, dtype=np.float32) * 0.03
        light = stage.light
        sand = rgb("#e9ecf0") if stage.spec.weather == "snow" else rgb("#d9c29a")
        self.dry = np.asarray(light.lit(sand, 0.8), np.float32)
        body = self.dry * (0.84 + 0.26 * grain + fine)[..., None]
        down = np.clip((self.plate.y - line) / max(0.05, 1 - line), 0, 1)[..., None]
        body *= 0.92 + 0.12 * down
        self.plate.rgba[..., :3] = body
        self.plate.rgba[..., 3] = 1
        self.curve = noise.Profile(place, 0.55, 4, 0.5)
        self.lace = noise.tile(256, np.random.default_rng(int(place.integers(2**31))), 1.2, low=4, high=60)
        self.lace = cv2.copyMakeBorder(self.lace, 0, 1, 0, 1, cv2.BORDER_WRAP)

    def draw(self, frame: Image, t: float) -> None:
        """Draw the sand under the surf."""
        stage, light = self.stage, self.stage.light
        view = stage.view(t, self.depth)
        top = max(0, int(view.at(0, self.line - 0.12)[1]))
        if top >= frame.shape[0]:
            return
        sea = frame[top:].copy()
        self.plate.show(frame, t)
        shore = frame[top:].copy()
        frame[top:] = sea
        rows = (np.arange(top, frame.shape[0], dtype=np.float32) + 0.5 - view.top) / view.scale
        x = (np.arange(frame.shape[1], dtype=np.float32) + 0.5 - view.left) / view.scale
        y = rows[:, None]
        base = self.line + 0.035 * self.curve(x) + 0.02 * (x - 0.2)
        foam = np.zeros(sea.shape[:2], np.float32)
        cover = np.zeros_like(foam)
        for k in range(2):
            beat = t * 0.42 + 0.5 * k + 0.07 * np.sin(x * 2.1 + k * 2)
            cycle = beat - np.floor(beat)
            run = np.sin(np.pi * np.clip(cycle, 0, 1)) ** 1.2  # up the sand and back
            edge = base - 0.03 + 0.085 * run + 0.012 * self.curve(x * 4 + 9 * k + np.floor(beat) * 3.7)
            strength = np.sin(np.pi * cycle) ** 0.6
            cover = np.maximum(
                cover, np.clip((edge[None, :] - y) * view.scale / 2 + 0.5, 0, 1) * (0.55 + 0.45 * strength)
            )
            gap = edge[None, :] - y
            lip = np.exp(-((gap / 0.005) ** 2)) + 0.75 * np.exp(-np.maximum(gap, 0) / 0.03) * (gap > 0)
            foam = np.maximum(foam, lip * strength)
        scale = 300.0
        drift = t * 6
        u = np.repeat((x * scale)[None, :], len(rows), 0) + 6 * np.sin(y * 40 + t)
        v = np.repeat(y * scale * 2.2, len(x), 1) + drift
        lace = cv2.remap(self.lace, noise.wrap(u), noise.wrap(v), cv2.INTER_LINEAR)
        foam *= np.clip(0.62 + 0.55 * lace, 0.08, 1)
        wet = noise.smoothstep(0.075, 0.0, y - base[None, :])
        tint_over(shore, times(light.sky[-2], 0.36), 0.45 * wet)
        thin = np.clip((base[None, :] + 0.02 - y) / 0.09, 0.32, 1.0) * cover
        blend(shore, sea, thin)
        tint_over(shore, mix(light.lit((1.0, 1.0, 1.0), 0.9), light.sky[-1], 0.25), np.clip(foam, 0, 0.92))
        soft = np.clip((y - (self.line - 0.11)) / 0.05, 0, 1)
        blend(frame[top:], shore, np.repeat(soft, frame.shape[1], 1))
