"""Underwater: shafts of light through blue water, kelp and coral, shoals, jellyfish, sometimes a whale."""

import math

import cv2
import numpy as np

from webtv.studio.procedural import noise
from webtv.studio.procedural.colour import Colour, mix, ramp, rgb, times
from webtv.studio.procedural.figures import FIGURES, Pose
from webtv.studio.procedural.flora import Brush, Grass
from webtv.studio.procedural.light import Light
from webtv.studio.procedural.spec import Cast
from webtv.studio.procedural.stage import Image, Plate, Stage, screen_free

_WATER = {
    "dawn": ("#bfd8d0", "#5fa0a8", "#2c6a86", "#173f5f"),
    "morning": ("#c8f2ea", "#55bcc4", "#23819f", "#124a70"),
    "day": ("#c4f6f0", "#48bfd2", "#1c83b0", "#0f4a7c"),
    "golden": ("#f2e6b0", "#7abfa8", "#2a7f94", "#164a66"),
    "sunset": ("#f4bf94", "#9a8a9c", "#44608c", "#24365f"),
    "dusk": ("#8f9cc4", "#4c6a9c", "#2a4474", "#182a50"),
    "night": ("#5f90b0", "#2d5f8a", "#1a3f6a", "#11284a"),
}


class Underwater:
    """Water in depth; everything fades to blue with distance."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        spec, place = stage.spec, stage.place("underwater")
        stage.focus = (0.0, 0.55)
        colours: list[Colour] = [rgb(c) for c in _WATER[spec.time]]
        if spec.palette:
            colours = [
                mix(c, spec.palette[min(i // 2, len(spec.palette) - 1)], 0.22) for i, c in enumerate(colours)
            ]
        self.column = ramp([(0, colours[0]), (0.16, colours[1]), (0.55, colours[2]), (1, colours[3])], 512)
        haze = mix(colours[1], colours[2], 0.6)
        base = stage.light
        dim = 0.62 if base.stars > 0.5 else 0.85
        self.light = Light(
            base.sky,
            colours[0],
            colours[0],
            0.8,
            0.5,
            False,
            times(mix(colours[0], (1, 1, 1), 0.5), dim * 1.15),
            times(mix(colours[1], (1, 1, 1), 0.35), dim),
            haze,
            0.3,
            0.0,
            0.0,
        )
        self.glow = colours[0]
        stage.light = self.light
        self.beds = [
            self._bed(k, *row)
            for k, row in enumerate(
                ((0.15, 0.84, 0.03, 0.78), (0.4, 0.88, 0.035, 0.45), (0.8, 0.95, 0.03, 0.1))
            )
        ]
        weed = rgb("#7f8f3c") if "coral" not in spec.extras else rgb("#5f9a6a")
        kelp = "kelp" in spec.extras or stage.chance("kelp?") < 0.5
        self.weeds = [
            Grass(
                stage,
                "weed1",
                0.5,
                0.93,
                0.3 if kelp else 0.1,
                mix(weed, haze, 0.45),
                0.0,
                70 if kelp else 160,
                0.8,
            ),
            Grass(stage, "weed2", 1.0, 1.05, 0.46 if kelp else 0.16, weed, 0.0, 46 if kelp else 110, 0.72),
        ]
        self.caustic = cv2.copyMakeBorder(
            noise.tile(256, stage.take("caustic"), 1.3, low=3, high=30), 0, 1, 0, 1, cv2.BORDER_WRAP
        )
        self.rays = noise.Profile(stage.take("rays"), 0.13, 5, 0.6)
        rng = stage.take("bubbles")
        self.bubbles = [tuple(float(v) for v in rng.uniform(0, 1, 4)) for _ in range(34)]
        cast = tuple(c for c in spec.cast if c.kind in FIGURES and FIGURES[c.kind].home == "under")
        if not cast:
            cast = (Cast(str(place.choice(("fish", "fish", "jellyfish", "turtle", "whale", "ray"))), 0),)
        if not any(c.kind in {"fish", "jellyfish"} for c in cast):
            cast = (*cast, Cast("fish", 12))
        self.swimmers = self._stock(cast, place)

    def _stock(
        self, cast: tuple[Cast, ...], place: np.random.Generator
    ) -> list[tuple[str, Cast, float, float, float, float, float]]:
        out: list[tuple[str, Cast, float, float, float, float, float]] = []
        for member in cast:
            few = {"whale": 1, "shark": 1, "turtle": 1, "ray": 2, "dolphin": 3, "jellyfish": 6, "fish": 26}[
                member.kind
            ]
            count = member.count or few
            if member.kind == "fish" and member.count in {0, 3}:
                count = few
            count = min(count, 40 if member.kind == "fish" else 10 if member.kind == "jellyfish" else 5)
            heading = float(member.heading or self.stage.side("swim" + member.kind))
            cx, cy = float(place.uniform(-0.25, 0.25)), float(place.uniform(0.38, 0.6))
            for i in range(count):
                near = float(place.uniform(0.15, 1.0)) if count > 1 else 1.0
                if member.kind == "fish":
                    x, y = cx + float(place.normal(0, 0.3)), cy + float(place.normal(0, 0.085))
                elif member.kind == "jellyfish":
                    x, y = (
                        float((i + 0.5) / count - 0.5) * 1.4 + float(place.uniform(-0.08, 0.08)),
                        float(place.uniform(0.22, 0.66)),
                    )
                else:
                    x, y = cx * 0.5 + (i - (count - 1) / 2) * 0.42, cy - 0.06 + 0.09 * (i % 2)
                    near = max(near, 0.6)
                out.append((member.kind, member, x, y, near, heading, float(place.random())))
        return sorted(out, key=lambda s: s[4])

    def _bed(self, k: int, depth: float, level: float, rise: float, distance: float) -> Plate:
        """The sea floor: sand and rocks, corals on the nearer ones."""
        stage, place = self.stage, self.stage.place(f"bed{k}")
        plate = stage.plate(depth, level - 0.24, 9.0)
        x = plate.x[0]
        ridge = (
            level
            - rise * noise.Profile(place, 0.7, 4, 0.5)(x)
            - 0.05 * noise.smoothstep(0.3, 0.9, np.abs(x - float(place.uniform(-0.3, 0.3))))
        ).astype(np.float32)
        grain = noise.fbm(*plate.shape, rng=place, cells=6, octaves=5)
        sand = self.light.far(self.light.lit(rgb("#d8cfa4"), 0.7), distance)
        down = np.clip((plate.y - ridge[None, :]) / 0.2, 0, 1)[..., None]
        body = np.asarray(sand, np.float32) * (0.8 + 0.35 * grain[..., None]) * (1 - 0.28 * down)
        plate.fill(body.astype(np.float32), plate.edge(ridge))
        brush = Brush(plate)
        hues = ("#e0786a", "#e8a05c", "#c86a9c", "#8f7ac0", "#e8c86a", "#6fb0a0")
        for _ in range((16, 14, 9)[k]):
            cx = float(place.uniform(x[0], x[-1]))
            cy = float(np.interp(cx, x, ridge)) + float(place.uniform(0.0, 0.03))
            size = (0.03, 0.05, 0.085)[k] * float(place.uniform(0.6, 1.3))
            hue = rgb(hues[int(place.integers(len(hues)))])
            tone = self.light.far(self.light.lit(hue, 0.75), distance)
            kind = int(place.integers(4))
            if kind == 0:  # a boulder
                stone = self.light.far(self.light.lit(rgb("#6a6f70"), 0.5), distance)
                for _ in range(5):
                    brush.blob(
                        cx + float(place.normal(0, size * 0.5)),
                        cy - size * 0.2,
                        size * float(place.uniform(0.4, 0.8)),
                        size * float(place.uniform(0.3, 0.6)),
                        times(stone, float(place.uniform(0.75, 1.1))),
                    )
            elif kind == 1:  # branching coral
                for _ in range(11):
                    a, r = float(place.uniform(-0.9, 0.9)), size * float(place.uniform(0.7, 1.5))
                    brush.line(
                        np.array(
                            [
                                (cx, cy),
                                (cx + 0.35 * r * math.sin(a), cy - 0.55 * r),
                                (cx + r * math.sin(a), cy - r * math.cos(a)),
                            ]
                        ),
                        size * 0.13,
                        times(tone, float(place.uniform(0.8, 1.15))),
                    )
            elif kind == 2:  # brain coral
                for s in (1.0, 0.75, 0.5):
                    brush.blob(
                        cx - size * 0.1 * (1 - s),
                        cy - size * 0.2 * (1 - s),
                        size * 0.85 * s,
                        size * 0.6 * s,
                        times(tone, 1.25 - 0.4 * s),
                    )
            else:  # a fan
                for a in np.linspace(-1.0, 1.0, 13):
                    r = size * 1.5 * (1 - 0.25 * abs(float(a)))
                    brush.line(
                        np.array(
                            [
                                (cx, cy),
                                (cx + r * 0.5 * math.sin(a), cy - r * 0.6),
                                (cx + r * math.sin(a), cy - r * math.cos(a)),
                            ]
                        ),
                        size * 0.05,
                        times(tone, float(place.uniform(0.85, 1.1))),
                    )
        brush.done()
        return plate

    def draw(self, frame: Image, t: float) -> None:
        """Draw one frame."""
        stage = self.stage
        view = stage.view(t, 0.1)
        rows = (np.arange(frame.shape[0], dtype=np.float32) + 0.5 - view.top) / view.scale
        place = np.clip(rows * 0.95 + 0.03, 0, 1)
        for k in range(3):
            frame[..., k] = np.interp(place, np.linspace(0, 1, 512), self.column[:, k])[:, None]
        self._surface(frame, t, rows)
        self.beds[0].show(frame, t)
        self._swim(frame, t, 0.0, 0.45)
        self._shafts(frame, t, 0.55)
        self.beds[1].show(frame, t)
        self.weeds[0].draw(frame, t)
        self._swim(frame, t, 0.45, 2.0)
        self._bubbles(frame, t)
        self.beds[2].show(frame, t)
        self._caustics(frame, t)
        self.weeds[1].draw(frame, t)
        self._shafts(frame, t, 0.25)

    def _surface(self, frame: Image, t: float, rows: Image) -> None:
        """The rippling underside of the surface near the top."""
        count = int((rows < 0.2).sum())
        if count < 3:
            return
        w = frame.shape[1]
        near = 0.05 / np.maximum(rows[:count, None] + 0.04, 0.012)
        x = np.arange(w, dtype=np.float32)[None, :] / frame.shape[0] - self.stage.aspect / 2
        u = noise.wrap(x * near * 190 + t * 11)
        v = noise.wrap(np.repeat(near * 240, w, 1) + t * 16)
        n = cv2.remap(self.caustic, u, v, cv2.INTER_LINEAR)
        power = np.clip(0.16 + 0.3 * n, 0, 1) * np.clip((0.2 - rows[:count, None]) / 0.2, 0, 1) ** 1.4
        screen_free(frame[:count], self.glow, power.astype(np.float32))

    def _shafts(self, frame: Image, t: float, strength: float) -> None:
        h, w = frame.shape[0] // 4, frame.shape[1] // 4
        x = (
            (np.arange(w, dtype=np.float32)[None, :] * 4 / frame.shape[0])
            - self.stage.aspect / 2
            + self.stage.travel(t)[0]
        )
        y = np.arange(h, dtype=np.float32)[:, None] / h
        spread = (x + 0.12) / (1.0 + 0.9 * y)
        grid = np.linspace(-2, 2, 2048, dtype=np.float32)
        a, b = self.rays(grid + 0.035 * t), self.rays(grid * 1.6 - 0.05 * t + 9)
        line = np.clip(0.15 + 1.1 * a, 0, 1) * np.clip(0.35 + 0.9 * b, 0, 1)
        at = ((spread + 2) * (2047 / 4)).astype(np.float32)
        seen = cv2.remap(line.astype(np.float32)[None, :], at, np.zeros_like(at), cv2.INTER_LINEAR)
        power = seen * np.clip(1.05 - y * 0.95, 0, 1) * strength
        big = cv2.resize(
            power.astype(np.float32), (frame.shape[1], frame.shape[0]), interpolation=cv2.INTER_LINEAR
        )
        screen_free(frame, self.glow, big)

    def _caustics(self, frame: Image, t: float) -> None:
        """A net of light on the floor."""
        view = self.stage.view(t, 0.8)
        first = int(view.at(0, 0.86)[1])
        h, w = frame.shape[0] - first, frame.shape[1]
        if h < 4 or first < 0:
            return
        rows = (np.arange(h, dtype=np.float32)[:, None] + 0.5) / self.stage.height
        x = (np.arange(w, dtype=np.float32)[None, :] - view.left) / view.scale
        near = 0.3 / (rows + 0.14)
        u, v = x * near * 150, np.repeat(near * 210, w, 1)
        a = cv2.remap(self.caustic, noise.wrap(u + t * 9), noise.wrap(v + t * 6), cv2.INTER_LINEAR)
        b = cv2.remap(
            self.caustic, noise.wrap(u * 1.2 - t * 8 + 90), noise.wrap(v * 1.2 + t * 5), cv2.INTER_LINEAR
        )
        net = np.exp(-np.abs(a - b) * 4.5) * np.clip(rows / 0.05, 0, 1) * 0.3
        screen_free(frame[first:], self.glow, net.astype(np.float32))

    def _swim(self, frame: Image, t: float, low: float, high: float) -> None:
        middle = t - self.stage.seconds / 2
        for kind, cast, x, y, near, heading, phase in self.swimmers:
            if not low <= near < high:
                continue
            figure = FIGURES[kind]
            size = 0.45 + 0.75 * near
            view = self.stage.view(t, 0.3 + 0.6 * near)
            pace = heading * figure.speed * figure.size * size * (0.25 if cast.action == "rest" else 1.0)
            wx = x + pace * middle * (0.8 + 0.4 * phase) + 0.008 * math.sin(t * 0.9 + phase * 6)
            wy = y + 0.012 * math.sin(t * (0.7 + phase) + phase * 9)
            if kind == "jellyfish":
                wy -= 0.012 * middle + 0.006 * math.sin((t * 0.42 + phase) * 6.28)
            px, py = view.at(wx, wy)
            scale = view.scale * figure.size * size
            if -3 * scale < px < frame.shape[1] + 3 * scale:
                pen = figure.draw(Pose(px, py, scale, heading, t, phase, cast.action, cast.colour))
                pen.lay(frame, self.light, 0.2, 0.62 * (1 - near), 0.74 if kind == "jellyfish" else 1.0, 0.3)

    def _bubbles(self, frame: Image, t: float) -> None:
        h = self.stage.height
        for a, b, c, d in self.bubbles:
            column = (int(a * 4) / 4 - 0.4) * 1.5 + 0.05 * (a * 4 % 1)
            y = 1.0 - (b + t * (0.09 + 0.1 * c)) % 1.15
            x = column + 0.012 * math.sin(t * 2 + d * 9 + y * 12)
            px, py = self.stage.view(t, 0.7).at(x, y)
            r = h * (0.002 + 0.006 * c * d)
            centre = (int(px * 16), int(py * 16))
            cv2.circle(frame, centre, int(r * 16), mix(self.glow, (1, 1, 1), 0.3), 1, cv2.LINE_AA, 4)
            cv2.circle(
                frame,
                (centre[0] - int(r * 5), centre[1] - int(r * 5)),
                max(4, int(r * 4)),
                (1, 1, 1),
                -1,
                cv2.LINE_AA,
                4,
            )
