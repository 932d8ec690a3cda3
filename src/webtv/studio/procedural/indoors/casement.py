"""A window in a room: what is outside, out of focus, and what the weather leaves on the glass."""

import math
from dataclasses import dataclass

import cv2
import numpy as np

from webtv.studio.procedural import noise
from webtv.studio.procedural.colour import Colour, mix, rgb, times
from webtv.studio.procedural.light import Light
from webtv.studio.procedural.nature.flora import LEAVES, Brush, broadleaf, conifer
from webtv.studio.procedural.nature.sky import Sky
from webtv.studio.procedural.nature.terrain import hill
from webtv.studio.procedural.nature.weather import Weather
from webtv.studio.procedural.spec import Cast
from webtv.studio.procedural.stage import Image, Plate, Stage, tint_over
from webtv.studio.procedural.town.facades import NEON, WARM, skyline
from webtv.studio.procedural.walkers import Troupe

_Q = 3  # the outside is drawn that much smaller: it is out of focus anyway


@dataclass(frozen=True, slots=True)
class Opening:
    """A window's rectangle in world units and how it is divided."""

    x0: float
    x1: float
    y0: float
    y1: float
    columns: int = 2
    rows: int = 3

    @property
    def x(self) -> float:
        """Its middle."""
        return (self.x0 + self.x1) / 2

    def panes(self, bar: float = 0.009) -> list[tuple[float, float, float, float]]:
        """Rectangles (x0, x1, y0, y1) of the glass between the bars."""
        w, h = (self.x1 - self.x0) / self.columns, (self.y1 - self.y0) / self.rows
        return [
            (
                self.x0 + c * w + bar / 2,
                self.x0 + (c + 1) * w - bar / 2,
                self.y0 + r * h + bar / 2,
                self.y0 + (r + 1) * h - bar / 2,
            )
            for r in range(self.rows)
            for c in range(self.columns)
        ]


class Outside:
    """The world beyond the glass.

    Args:
        stage: the stage of the room.
        opening: the window.
        town: whether a town lies there rather than a garden.
        flyers: who flies past.
    """

    def __init__(self, stage: Stage, opening: Opening, town: bool, flyers: tuple[Cast, ...] = ()) -> None:
        self.stage, self.opening = stage, opening
        place_seed, take_seed = (
            int(stage.place("outside").integers(2**31)),
            int(stage.take("outside").integers(2**31)),
        )
        far = Stage(stage.spec, stage.width // _Q, stage.height // _Q, stage.seconds, place_seed, take_seed)
        far.focus = stage.focus
        self.far = far
        light, place = stage.light, far.place("garden")
        span = opening.x1 - opening.x0
        horizon = opening.y0 + 0.62 * (opening.y1 - opening.y0)
        self.sky = Sky(far, horizon + 0.05, sun_x=opening.x + span * float(place.uniform(-0.22, 0.22)))
        self.sky.sun_y = max(self.sky.sun_y, opening.y0 + 0.07)
        self.plates: list[Plate] = []
        snowy = stage.spec.weather == "snow"
        if town:
            plate = far.plate(0.1, 0.0, opening.y1 + 0.06)
            for low, high, distance in ((0.22, 0.4, 0.6), (0.1, 0.26, 0.3)):
                skyline(plate, far.place(f"towers{distance}"), opening.y1 + 0.05, low, high, light, distance)
            self.plates.append(plate)
        else:
            green = rgb("#e6ecf2") if snowy else times(rgb(LEAVES[stage.spec.season][1]), 0.9)
            sun = 1.0 if self.sky.sun_x > opening.x else -1.0
            for k, (depth, level, distance) in enumerate(((0.06, horizon, 0.6), (0.12, horizon + 0.06, 0.3))):
                self.plates.append(hill(far, f"h{k}", depth, level, 0.04, 0.5, distance, green, 0.1, sun)[0])
            plate = far.plate(0.18, opening.y0 - 0.1, opening.y1 + 0.1)
            if not plate.empty:
                brush = Brush(plate)
                leaves = [rgb(c) for c in LEAVES[stage.spec.season]]
                for _ in range(9):
                    tree = conifer if place.random() < (0.6 if snowy else 0.25) else broadleaf
                    tone = leaves[int(place.integers(len(leaves)))]
                    if snowy:
                        tone = mix(tone, (0.93, 0.95, 1.0), 0.6)
                    tree(
                        brush,
                        place,
                        opening.x + span * float(place.uniform(-0.7, 0.7)),
                        opening.y1 - 0.02 + 0.05 * float(place.random()),
                        float(place.uniform(0.1, 0.26)),
                        tone,
                        0.7,
                        far,
                        0.2,
                    )
                brush.done()
            self.plates.append(plate)
        colours = [*WARM, *(NEON if town else WARM), *stage.spec.palette]
        self.lights = [
            (
                opening.x + span * float(place.uniform(-0.75, 0.75)),
                horizon + float(place.uniform(-0.12 if town else 0.02, 0.2)),
                float(place.uniform(0.009, 0.024)),
                colours[int(place.integers(len(colours)))],
                float(place.uniform(0, 6.28)),
            )
            for _ in range(int((30 if town else 9) * light.lamps))
        ]
        self.flyers = Troupe(
            far, flyers, horizon, horizon - 0.1, 0.8, 1.0, (opening.y0 + 0.06, horizon - 0.03), span * 0.8
        )
        self.weather = Weather(far, amount=0.5)
        self._mist = np.asarray(light.haze, np.float32)
        self._canvas = np.zeros((far.height, far.width, 3), np.float32)

    def draw(self, frame: Image, t: float, depth: float) -> None:
        """Fill the window's part of the frame."""
        canvas = self._canvas
        canvas[:] = np.asarray(self.stage.light.haze, np.float32)
        self.sky.draw(canvas, t)
        for plate in self.plates:
            plate.show(canvas, t)
        self.flyers.draw(canvas, t)
        self.weather.draw(canvas, t)
        if self.stage.spec.weather == "fog":
            cv2.addWeighted(canvas, 0.62, np.full_like(canvas, self._mist), 0.38, 0.0, dst=canvas)
        soft = cv2.GaussianBlur(canvas, (0, 0), 0.9 * self.stage.zoom**0.5 * self.far.height / 120)
        self._bokeh(soft, t)
        view = self.stage.view(t, depth)
        ax, ay = view.at(self.opening.x0, self.opening.y0)
        bx, by = view.at(self.opening.x1, self.opening.y1)
        c0, c1 = max(0, int(ax) - 2), min(frame.shape[1], int(bx) + 3)
        r0, r1 = max(0, int(ay) - 2), min(frame.shape[0], int(by) + 3)
        if c0 >= c1 or r0 >= r1:
            return
        k = 1 / _Q
        matrix = np.array([[k, 0, (c0 + 0.5) * k - 0.5], [0, k, (r0 + 0.5) * k - 0.5]])
        frame[r0:r1, c0:c1] = cv2.warpAffine(
            soft,
            matrix,
            (c1 - c0, r1 - r0),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )

    def _bokeh(self, canvas: Image, t: float) -> None:
        """Lamps far away are discs out of focus, a little brighter along their rim."""
        power = self.stage.light.lamps
        for x, y, r, colour, phase in self.lights:
            view = self.far.view(t, 0.15)
            px, py = view.at(x, y)
            radius = r * view.scale
            c0, c1 = max(0, int(px - radius) - 1), min(canvas.shape[1], int(px + radius) + 2)
            r0, r1 = max(0, int(py - radius) - 1), min(canvas.shape[0], int(py + radius) + 2)
            if c0 >= c1 or r0 >= r1:
                continue
            dx = np.arange(c0, c1, dtype=np.float32)[None, :] - px
            dy = np.arange(r0, r1, dtype=np.float32)[:, None] - py
            d = np.sqrt(dx * dx + dy * dy)
            disc = np.clip(radius - d + 0.5, 0, 1) * (0.62 + 0.4 * np.clip(d / radius, 0, 1) ** 4)
            disc *= np.float32(power * (0.62 + 0.14 * math.sin(0.8 * t + phase)))
            canvas[r0:r1, c0:c1] += disc[..., None] * np.asarray(colour, np.float32)
        np.minimum(canvas, 1.1, out=canvas)


class Glass:
    """Drops that cling and run, frost in the corners, snow on the bars, a faint gleam.

    Args:
        stage: the stage.
        opening: the window.
        depth: its plane.
        light: light of the room.
    """

    def __init__(self, stage: Stage, opening: Opening, depth: float, light: Light) -> None:
        self.stage, self.opening, self.depth = stage, opening, depth
        self.plate = stage.plate(depth, opening.y0, opening.y1)
        rng = stage.take("glass")
        weather = stage.spec.weather
        wet = {"rain": 1.0, "storm": 1.35, "fog": 0.25}.get(weather, 0.0)
        self._bright = mix(stage.light.sky[-1], (1, 1, 1), 0.45)
        self._dark = times(stage.light.sky[1], 0.55)
        if self.plate.empty:
            self.runners: list[tuple[float, float, float, float, float]] = []
            return
        p = self.plate
        u = (p.x - opening.x0) / (opening.x1 - opening.x0)
        v = (p.y - opening.y0) / (opening.y1 - opening.y0)
        inside = ((u > 0) & (u < 1) & (v > -1) & (v < 2)).astype(np.float32)
        gleam = np.exp(-(((u + 0.45 * v - 0.42) / 0.07) ** 2)) + 0.6 * np.exp(
            -(((u + 0.45 * v - 0.62) / 0.03) ** 2)
        )
        p.fill(
            np.asarray(mix(light.key, (1, 1, 1), 0.4), np.float32), (gleam * inside * 0.05).astype(np.float32)
        )
        if weather == "snow" or (stage.spec.season == "winter" and stage.light.lamps > 0.4):
            self._frost(u, v, inside)
        if wet:
            misty = np.clip(0.16 + 0.3 * v, 0, 1) * inside * 0.5 * min(1.0, wet)
            p.fill(np.asarray(mix(stage.light.haze, self._bright, 0.3), np.float32), misty.astype(np.float32))
            self._drops(rng, int(520 * wet))
        self.runners = [
            (
                float(rng.uniform(opening.x0, opening.x1)),
                float(rng.uniform(0, 1.4)),
                float(rng.uniform(0.05, 0.16)),
                float(rng.uniform(0.0035, 0.006)),
                float(rng.uniform(0, 6.28)),
            )
            for _ in range(int(20 * wet))
        ]

    def _frost(self, u: Image, v: Image, inside: Image) -> None:
        p, o = self.plate, self.opening
        place = self.stage.place("frost")
        grain = noise.fbm(*p.shape, rng=place, cells=9, octaves=5)
        cell_u = np.abs(np.mod(u * o.columns, 1) - 0.5) * 2
        cell_v = np.abs(np.mod(v * o.rows, 1) - 0.5) * 2
        corner = np.clip(cell_u**3 + cell_v**3, 0, 2) - 0.25
        frost = np.clip(corner * 0.9 + 0.9 * (grain - 0.5) - 0.15, 0, 1) * inside
        white = np.asarray(mix((1, 1, 1), self.stage.light.ambient, 0.35), np.float32)
        p.fill(white, (frost * 0.62).astype(np.float32))
        ledge = np.clip((np.mod(v * o.rows, 1) - 0.94 + 0.03 * grain) * 40, 0, 1) * inside
        if self.stage.spec.weather == "snow":
            p.fill(white, (ledge * 0.9).astype(np.float32))

    def _drops(self, rng: np.random.Generator, count: int) -> None:
        p, o = self.plate, self.opening
        for _ in range(count):
            r = 0.0016 * float(np.clip(rng.pareto(2.0) + 0.9, 0.9, 4.2))
            x, y = float(rng.uniform(o.x0, o.x1)), float(rng.uniform(o.y0, o.y1))
            self._drop(p.rgba, *p.at(x, y), r * p.scale)

    def _drop(self, rgba: Image, x: float, y: float, r: float) -> None:
        h, w = rgba.shape[:2]
        c0, c1, r0, r1 = (
            max(0, int(x - r) - 1),
            min(w, int(x + r) + 2),
            max(0, int(y - 1.3 * r) - 1),
            min(h, int(y + 1.3 * r) + 2),
        )
        if c0 >= c1 or r0 >= r1:
            return
        dx = (np.arange(c0, c1, dtype=np.float32)[None, :] - x) / r
        dy = (np.arange(r0, r1, dtype=np.float32)[:, None] - y) / (1.25 * r)
        d = np.sqrt(dx * dx + dy * dy)
        a = np.clip((1 - d) * max(1.2, r * 0.8), 0, 1) * 0.8
        # A drop turns the view upside down: dark above, the sky in its foot.
        tone = np.clip(0.5 + 0.62 * dy, 0, 1)[..., None]
        colour = np.asarray(self._dark, np.float32) * (1 - tone) + np.asarray(self._bright, np.float32) * tone
        gleam = np.exp(-(((dx + 0.3) / 0.3) ** 2 + ((dy + 0.42) / 0.25) ** 2))[..., None]
        colour = colour + gleam * (1 - colour) * 0.8
        part = rgba[r0:r1, c0:c1]
        channels = rgba.shape[2]
        top = np.dstack((colour * a[..., None], a)) if channels == 4 else colour * a[..., None]
        part *= (1 - a)[..., None]
        part += top

    def draw(self, frame: Image, t: float) -> None:
        """Lay the glass over the outside."""
        self.plate.show(frame, t)
        view = self.stage.view(t, self.depth)
        o = self.opening
        top, bottom = view.at(0, o.y0)[1], view.at(0, o.y1)[1]
        left, right = view.at(o.x0, 0)[0], view.at(o.x1, 0)[0]
        tall = bottom - top
        c0, c1 = max(0, int(left)), min(frame.shape[1], int(right) + 1)
        r0, r1 = max(0, int(top)), min(frame.shape[0], int(bottom) + 1)
        if not self.runners or c0 >= c1 or r0 >= r1:
            return
        part = frame[r0:r1, c0:c1]
        ink = np.zeros(part.shape[:2], np.uint8)
        heads = []
        for x, start, pace, r, phase in self.runners:
            s = t * pace * 2 + start
            stair = s + 0.05 * math.sin(s * 12 + phase)
            lap, v = math.floor(stair / 1.4), (stair % 1.4) - 0.15
            wx = o.x0 + (x - o.x0 + lap * 0.137) % (o.x1 - o.x0)
            trail = [
                (
                    view.at(wx + 0.005 * math.sin(q * 8 + phase), 0)[0] - c0,
                    top + q * tall - r0,
                )
                for q in np.linspace(max(-0.02, v - 0.34), v, 7)
            ]
            cv2.polylines(
                ink,
                [np.round(np.array(trail) * 16).astype(np.int32)],
                False,
                90,
                max(1, round(r * view.scale * 0.55)),
                cv2.LINE_AA,
                4,
            )
            heads.append((trail[-1], r * view.scale))
        tint_over(part, self._bright, ink.astype(np.float32) * np.float32(0.55 / 255))
        for (px, py), r in heads:
            self._drop(part, px, py, r)


def joinery(
    plate: Plate, opening: Opening, colour: Colour, light: Light, sill: float = 0.03, cut: bool = True
) -> None:
    """Cut the panes out of a wall and draw frame, bars and sill.

    Args:
        plate: the wall, already painted.
        opening: the window.
        colour: local colour of the wood.
        light: light of the room.
        sill: height of the sill; 0 for none.
        cut: whether the glass becomes transparent.
    """
    brush = Brush(plate)
    tone = light.lit(colour, 0.6)
    o, wide = opening, 0.024

    def box(x0: float, x1: float, y0: float, y1: float, ink: Colour) -> None:
        brush.fill(np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)]), ink)

    box(o.x0 - wide, o.x1 + wide, o.y0 - wide, o.y1 + wide * 0.6, times(tone, 0.86))
    box(o.x0 - wide, o.x1 + wide, o.y0 - wide, o.y0 - wide * 0.55, times(tone, 0.62))
    box(o.x0 - wide * 0.45, o.x1 + wide * 0.45, o.y0 - wide * 0.45, o.y1 + wide * 0.4, times(tone, 1.02))
    box(o.x0 - 0.004, o.x1 + 0.004, o.y0 - 0.004, o.y1 + 0.004, times(tone, 0.6))
    box(o.x0, o.x1, o.y0, o.y1, times(tone, 0.95))
    for x0, x1, y0, y1 in o.panes():
        box(x0 - 0.003, x1 + 0.003, y0 - 0.003, y1 + 0.003, times(tone, 0.66))
    brush.done()
    if cut:
        for x0, x1, y0, y1 in o.panes():
            a = np.clip((plate.x - x0) * plate.scale + 0.5, 0, 1) * np.clip(
                (x1 - plate.x) * plate.scale + 0.5, 0, 1
            )
            a = (
                a
                * np.clip((plate.y - y0) * plate.scale + 0.5, 0, 1)
                * np.clip((y1 - plate.y) * plate.scale + 0.5, 0, 1)
            )
            plate.rgba *= (1 - a)[..., None]
    if sill > 0:
        brush = Brush(plate)
        reach = wide + 0.03
        box(o.x0 - reach, o.x1 + reach, o.y1 + 0.004, o.y1 + 0.004 + sill * 0.5, times(tone, 1.22))
        box(o.x0 - reach, o.x1 + reach, o.y1 + 0.004 + sill * 0.5, o.y1 + sill, times(tone, 0.72))
        brush.done()
        dark = np.exp(-np.clip((plate.y - o.y1 - sill) / 0.022, 0, 9)) * (plate.y > o.y1 + sill)
        dark = dark * (np.abs(plate.x - o.x) < (o.x1 - o.x0) / 2 + reach) * 0.3
        plate.rgba[..., :3] *= (1 - dark)[..., None]
