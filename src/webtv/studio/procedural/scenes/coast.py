"""Coast: open water under a wide sky, headlands, a lighthouse, boats and gulls, surf on the sand."""

import math

import cv2
import numpy as np

from webtv.studio.procedural import noise
from webtv.studio.procedural.casting import LAND, present
from webtv.studio.procedural.colour import Colour, mix, rgb, times
from webtv.studio.procedural.figures import FIGURES, Pose
from webtv.studio.procedural.glow import Lamps
from webtv.studio.procedural.nature.flora import sway
from webtv.studio.procedural.nature.seaside import jetty, palms, rock, spray
from webtv.studio.procedural.nature.sky import Sky
from webtv.studio.procedural.nature.surf import Beach, Rollers
from webtv.studio.procedural.nature.terrain import ground_colour
from webtv.studio.procedural.nature.water import Water
from webtv.studio.procedural.nature.weather import Weather
from webtv.studio.procedural.spec import Cast
from webtv.studio.procedural.stage import Image, Plate, Stage, tint_over
from webtv.studio.procedural.town.harbour import Harbour
from webtv.studio.procedural.walkers import Troupe

_HEAVY = frozenset({"whale", "orca", "ray", "shark"})
"""They show their backs; the others leap."""


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
        extras = spec.extras
        rough = {"storm": 1.0, "rain": 0.7}.get(spec.weather, 0.3 + 0.3 * spec.wind)
        warm = spec.season == "summer" and spec.weather in {"clear", "cloudy"}
        self.tropical = "palm" in extras or (warm and "beach" in extras and stage.chance("tropics?") < 0.3)
        harbour = "harbour" in extras and not spec.camera.aerial
        lands = any(
            FIGURES[c.kind].home in {"ground", "thing", "road"} for c in spec.cast[:1] if c.kind in FIGURES
        )
        walkers = tuple(
            c
            for c in present(spec.cast, LAND | {"under"})
            if FIGURES[c.kind].home not in {"water", "under"} and c.kind not in {"gull", "bird", "swallow"}
        )
        if lands:
            stage.focus = (stage.focus[0], 0.87)
            Troupe(stage, walkers, 0.95, 0.88, 1.0, 1.0, (0.1, 0.34), 0.8).attend()
        bare = {"cliff", "harbour"} & extras or spec.camera.aerial
        has_beach = (
            "beach" in extras or self.tropical or lands or (not bare and stage.chance("beach?") < 0.45)
        )
        deep = None
        if self.tropical:
            deep = times(
                mix(rgb("#1fa8a4"), self.sky.stage.light.sky[1], 0.25), 0.1 + 0.82 * stage.light.ambient[1]
            )
        calm = 0.45 if harbour else 0.8 if self.tropical else 1.0
        self.water = Water(stage, self.sky, rough * calm, eye=0.3 if spec.camera.aerial else 0.17, deep=deep)
        self.lamp: tuple[float, float] | None = None
        self.far = [self._headland(0.12, 0.75, 0.06), self._headland(0.2, 0.45, 0.1)]
        self.harbour = Harbour(stage, self.horizon, self.side, -self.side) if harbour else None
        stormy = spec.weather == "storm"
        self.stacks = None
        rocks = "cliff" in extras or (not self.tropical and not harbour and stage.chance("stacks?") < 0.3)
        if rocks:
            self.stacks = self._stacks()
        lighthouse = "lighthouse" in extras or (not self.tropical and stage.chance("lighthouse?") < 0.55)
        self.cliff = None if harbour or (self.tropical and not lighthouse) else self._cliff(lighthouse)
        sand = rgb("#f0dfb8") if self.tropical else rgb("#d9c29a")
        self.beach = Beach(stage, 0.8 + 0.04 * stage.chance("line"), sand) if has_beach else None
        self.palms = palms(stage, 0.94, -self.side) if self.tropical else None
        pier = "pier" in extras or (
            not has_beach and not rocks and not stormy and stage.chance("pier?") < 0.22
        )
        self.jetty = jetty(stage, self.horizon, -self.side) if pier and not spec.camera.aerial else None
        clear = mix(times(rgb("#4fc0a8"), 0.4 + 0.6 * stage.light.ambient[1]), stage.light.glow, 0.12)
        last = (self.beach.line - self.horizon - 0.04) if self.beach else 0.42
        rolls = not harbour and not spec.camera.aerial
        self.rollers = Rollers(stage, self.horizon, last, max(0.15, rough - 0.2), clear) if rolls else None
        tile = noise.tile(256, stage.take("spray"), 1.1, low=4, high=80)
        self.spray = cv2.copyMakeBorder(tile, 0, 1, 0, 1, cv2.BORDER_WRAP)
        a, b, c = (float(p) for p in stage.take("palms").uniform(0, 6.28, 3))
        self.palm_phase = (a, b, c)
        self.weather = Weather(stage)
        self.cast = self._sail(stage)
        self.flock = self._fly(stage)
        self.troupe = Troupe(stage, walkers, 0.95, 0.88, 1.0, -self.side, (0.1, 0.34), 0.8)

    def draw(self, frame: Image, t: float) -> None:
        """Draw one frame."""
        self.sky.draw(frame, t)
        for land in self.far:
            land.show(frame, t)
        self.water.draw(frame, t)
        if self.rollers is not None:
            self.rollers.draw(frame, t)
        if self.stacks is not None:
            self.stacks.show(frame, t)
            self._bursts(frame, t)
        if self.harbour is not None:
            self.harbour.plate.show(frame, t)
            self._harbour_lights(frame, t)
        self._show_cast(frame, t, near=False)
        if self.cliff is not None:
            self.cliff.show(frame, t)
            self._show_lamp(frame, t)
        self._show_cast(frame, t, near=True)
        if self.beach is not None:
            self.beach.draw(frame, t)
        if self.jetty is not None:
            self.jetty.show(frame, t)
        self.troupe.draw(frame, t)
        if self.palms is not None:
            bend = 0.02 + 0.03 * self.stage.spec.wind
            sway(frame, self.palms, t, 1.0, -0.85, bend, self.palm_phase)
        self._show_flock(frame, t)
        self.weather.draw(frame, t)

    def _stacks(self) -> Plate:
        """Two or three pillars of rock that the sea has left standing."""
        stage = self.stage
        plate = stage.plate(0.4, self.horizon - 0.34, self.horizon + 0.16)
        place = stage.place("stacks")
        green = ground_colour(stage)
        self.feet: list[tuple[float, float, float]] = []
        x = plate.x[0]
        rough = noise.Profile(place, 0.05, 5, 0.6)
        at = -self.side * stage.aspect * float(place.uniform(0.18, 0.3))
        spots = []
        for k in range(int(place.integers(2, 4))):
            down, shift = float(place.uniform(0.0, 0.04)) + 0.012 * k, float(place.normal(0, 0.03))
            size = float(place.uniform(0.7, 1.2)) * (0.6 + 0.4 * k)
            spots.append((down, at + self.side * 0.12 * k + shift, size))
        spots.sort()
        for k, (down, middle, size) in enumerate(spots):
            half, tall = 0.05 * size * float(place.uniform(0.8, 1.4)), 0.19 * size
            off = np.abs(x - middle + 0.006 * rough(x * 3 + k)) / half
            steps = 0.1 * np.round(3 * rough(x * 2 + 5 * k)) / 3
            shape = noise.smoothstep(1.12, 0.72, off) * (0.9 + steps + 0.05 * rough(x * 6 + k))
            foot = np.full_like(x, self.horizon + 0.02 + down) + 0.008 * (1 - np.minimum(off, 1.2) ** 2)
            top = foot - tall * shape - 0.002
            inside = (off < 1.12).astype(np.float32)
            rock(
                plate,
                top.astype(np.float32),
                foot.astype(np.float32),
                inside,
                -self.side,
                f"stack{k}",
                green,
                0.1,
            )
            self.feet.append((middle, self.horizon + 0.024 + down, half))
        return plate

    def _bursts(self, frame: Image, t: float) -> None:
        """Foam at the feet of the stacks, and spray when the sea is high."""
        stage = self.stage
        view = stage.view(t, 0.4)
        power = {"storm": 2.6, "rain": 1.7}.get(stage.spec.weather, 0.9)
        for k, (x, y, half) in enumerate(self.feet):
            px, py = view.at(x, y)
            wide = half * view.scale
            for j, off in enumerate((-0.8, 0.1, 0.9)):
                spray(
                    frame,
                    stage,
                    t,
                    px + off * wide,
                    py + 2,
                    wide * 0.8 * power,
                    0.37 * k + 0.31 * j,
                    self.spray,
                )

    def _harbour_lights(self, frame: Image, t: float) -> None:
        power = self.stage.light.lamps
        if power < 0.2 or self.harbour is None:
            return
        lamps, view = Lamps(frame), self.stage.view(t, 0.45)
        for i, (x, y, size) in enumerate(self.harbour.windows):
            px, py = view.at(x, y)
            r = max(0.8, size * view.scale)
            lamps.oval(px, py, r, r * 1.4, rgb("#ffb45c"), 0.4 * power * (0.9 + 0.1 * math.sin(t * 1.7 + i)))
        for i, (x, y) in enumerate(self.harbour.masts):
            px, py = view.at(x, y)
            lamps.spot(px, py, 1.3, rgb("#ffe2b0"), power * (0.8 + 0.2 * math.sin(t * 1.1 + i * 2)))
        lamps.add(0.9, 4.0, 1.0)

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
        stage = self.stage
        depth = 0.55
        plate = stage.plate(depth, self.horizon - 0.42, self.horizon + 0.2)
        place = stage.place("cliff")
        x = plate.x[0]
        edge = stage.aspect * float(place.uniform(0.16, 0.26))
        toward = x * self.side - edge
        crag = noise.Profile(place, 0.22, 6, 0.55)
        steps = np.round(2.5 * crag(x * 2.3 + 4)) / 2.5
        rise = 0.62 * noise.smoothstep(-0.02, 0.035, toward + 0.012 * crag(x * 4)) + 0.38 * noise.smoothstep(
            0.02, 0.2, toward + 0.05 * steps
        )
        top = self.horizon - rise * (0.12 + 0.05 * np.clip(toward, 0, 2) + 0.025 * crag(x) + 0.012 * steps)
        foot = self.horizon + noise.smoothstep(-0.03, 0.05, toward) * (
            0.022 + 0.06 * np.clip(toward, 0, 1.0) + 0.004 * crag(x * 6)
        )
        green = {"autumn": rgb("#8d7f45"), "winter": rgb("#8c8a72")}.get(stage.spec.season, rgb("#6f8a48"))
        if stage.spec.weather == "snow":
            green = rgb("#e8ecf0")
        inside = (toward > -0.025).astype(np.float32)
        mask = plate.edge(top) * (1 - plate.edge(foot)) * inside[None, :]
        self._mirror(plate, mask, foot)
        rock(plate, top.astype(np.float32), foot.astype(np.float32), inside, -self.side, "face", green, 0.24)
        if lighthouse:
            at = self.side * (edge + float(place.uniform(0.16, 0.24)))
            ground = float(np.interp(at, x, top)) + 0.004
            self._lighthouse(plate, at, ground)
        return plate

    def _mirror(self, plate: Plate, mask: Image, foot: Image) -> None:
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
        wanted = [
            c
            for i, c in enumerate(present(stage.spec.cast, LAND | {"water", "under"}))
            if FIGURES[c.kind].home == "water" or (FIGURES[c.kind].home == "under" and i == 0)
        ]
        others = any(c.kind in FIGURES for c in stage.spec.cast)
        if not wanted and (others or self.harbour is not None):
            return []
        if not wanted:
            kinds = ("sailboat", "sailboat", "boat", "ship")
            wanted = [Cast(str(place.choice(kinds)), int(place.integers(1, 3)))]
        out = []
        for cast in wanted:
            figure = FIGURES[cast.kind]
            share = 0.72 if (cast.count or 1) == 1 else 0.5
            widest = share * stage.aspect / (figure.size * figure.width() * max(1.0, stage.zoom / 1.25))
            for i in range(min(7, cast.count or 1)):
                near = 0.3 + 0.7 * float(place.random()) if i else 0.8
                if cast.kind == "ship":
                    near *= 0.2
                y = self.horizon + 0.012 + 0.16 * near * near
                heading = cast.heading or int(stage.side(f"heading{i}"))
                count = cast.count or 1
                base = self.stage.focus[0] + 0.3 * (i - (count - 1) / 2) + float(place.normal(0, 0.03))
                out.append(
                    (
                        cast.kind,
                        cast,
                        base,
                        y,
                        float(heading),
                        float(place.random()),
                        min(0.35 + 1.25 * near, widest),
                    )
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
            if figure.home == "under":
                # What lives below comes up to breathe: the water hides all that is under its line.
                if kind in _HEAVY:
                    scale *= 0.8
                    leap = scale * (0.07 + 0.12 * math.sin(t * 0.8 + phase * 6.28))
                else:
                    leap = scale * (0.34 + 0.5 * math.sin(t * 1.3 + phase * 6.28))
                line = max(0, min(frame.shape[0], round(py)))
                below = frame[line:].copy()
                pen = figure.draw(Pose(px, py - leap, scale, heading, t, phase, cast.action, cast.colour))
                pen.lay(frame, self.stage.light, sun, 0.1)
                frame[line:] = below
                for k, off in enumerate((-0.55, 0.1, 0.6)):
                    foam = px + off * scale * figure.width() * 0.5
                    spray(frame, self.stage, t, foam, line + 2, 0.5 * scale, phase + 0.3 * k, self.spray)
                continue
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
