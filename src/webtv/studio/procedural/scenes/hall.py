"""Hall: a stage in the light of its lamps, seen over the heads of the audience."""

import math
from dataclasses import replace

import cv2
import numpy as np

from webtv.studio.procedural import noise
from webtv.studio.procedural.colour import Colour, luma, mix, rgb, times
from webtv.studio.procedural.glow import Lamps
from webtv.studio.procedural.indoors.beams import Beam, Dust, Sunpatch
from webtv.studio.procedural.indoors.drapes import Drape
from webtv.studio.procedural.indoors.ensemble import Ensemble
from webtv.studio.procedural.indoors.hearth import flicker
from webtv.studio.procedural.indoors.scenery import big_top, brick_wall, gilded_frame, neon_tubes, velvet
from webtv.studio.procedural.light import Light
from webtv.studio.procedural.stage import Image, Stage, lay, tint_over

_BACK = 0.665  # where the stage floor meets the backdrop
_EDGE = 0.865  # its front edge
_KINDS = ("club", "circus")
_LIGHTS = {  # gels of the four lamps; which set hangs is the house's
    "theatre": (
        ("#ffd9a0", "#ff9a7a", "#8fa8ff", "#ffe9c0"),
        ("#ffe9d0", "#ffb85a", "#ff8f6a", "#ffd9a0"),
        ("#cfe0ff", "#7fb8ff", "#b08fff", "#fff0d8"),
        ("#fff0c8", "#8fe0c0", "#5fa8d8", "#ffd0a0"),
    ),
    "club": (
        ("#ff4fa0", "#4fa8ff", "#9a5cff", "#ffb05a"),
        ("#ffb05a", "#ff5f4f", "#ff8fb0", "#4fa8ff"),
        ("#4fe0d0", "#5f7fff", "#ff6fc0", "#ffd08a"),
    ),
    "circus": (
        ("#ffe2a0", "#ff7a5a", "#7ad0ff", "#ffd36a"),
        ("#fff0d0", "#ffb04a", "#ff6f8f", "#8fe0ff"),
    ),
}
_VELVET = ("#8f1a22", "#7a1a3a", "#1f4a4a", "#2a2f6a", "#5a1f4f", "#9a7434", "#3f5a3a", "#8a8078")
# How much of the day comes in by the high windows of the house.
_DAYLIGHT = {"night": 0.0, "dusk": 0.3, "sunset": 0.5, "dawn": 0.6, "golden": 0.9}


class Hall:
    """Backdrop, boards, performers, curtains, the frame of the stage, and the audience."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        spec = stage.spec
        self.kind = next((word for word in _KINDS if word in spec.extras), "theatre")
        stage.focus = (0.0, 0.6)
        self.half = stage.aspect / 2
        gels = _LIGHTS[self.kind]
        codes = gels[int(stage.chance("gels") * len(gels))]
        self.colours: list[Colour] = [*spec.palette, *(rgb(c) for c in codes[len(spec.palette) :])][:4]
        self.dim = {"night": 0.0, "dusk": 0.25, "sunset": 0.3}.get(spec.time, 0.6)
        self.daylight = _DAYLIGHT.get(spec.time, 1.0)
        self.light = self._light()
        cloth = rgb(_VELVET[0 if stage.chance("velvet") < 0.3 else int(stage.chance("hue") * len(_VELVET))])
        if spec.palette:
            strong = spec.palette[0]
            cloth = mix(cloth, times(strong, min(1.0, 0.3 / (luma(strong) + 0.05))), 0.75)
        self.cloth = cloth
        self._set(cloth)
        self._boards()
        self.players = Ensemble(stage, self.light, _BACK + 0.125, self.kind)
        self._spots()
        self._heads()
        self._phase = stage.take("hall").uniform(0, 6.28, 4)

    def _light(self) -> Light:
        warm = mix(self.colours[0], (1, 0.92, 0.8), 0.55)
        low = mix(times(mix(self.colours[2], (0.6, 0.55, 0.6), 0.5), 0.62), rgb("#9a8878"), self.dim)
        low = mix(low, mix(self.stage.light.ambient, self.stage.light.key, 0.5), 0.32 * self.daylight)
        return replace(
            self.stage.light,
            key=warm,
            ambient=low,
            haze=times(low, 0.6),
            fog=0.0,
            strength=0.9,
            lamps=1.0,
            moon=False,
        )

    def _set(self, cloth: Colour) -> None:
        stage, light = self.stage, self.light
        self.back = stage.plate(0.45, -0.4, _BACK + 0.05)
        deep = mix(self.colours[2], cloth, 0.35)
        if self.kind == "club":
            brick_wall(stage, self.back, light, self.colours)
        elif self.kind == "circus":
            big_top(stage, self.back, light, cloth if stage.spec.palette else rgb("#c2332c"))
        else:
            velvet(stage, self.back, light, deep, self.colours, _BACK)
        self.tubes = neon_tubes(stage, self.colours) if self.kind == "club" else []
        # How far the curtains are drawn, and how deep the valance hangs.
        house = stage.place("house")
        half, reach = self.half, min(0.42, 0.3 * stage.aspect) * float(house.uniform(0.55, 1.15))
        hung, swags = float(house.uniform(0.14, 0.25)), float(house.uniform(2.2, 5.2))
        self.drapes: list[Drape] = []
        if self.kind != "circus":
            for side in (-1.0, 1.0):
                outer = side * (half + 0.06)
                inner = outer - side * (reach if self.kind == "theatre" else reach * 0.6)
                self.drapes.append(
                    Drape(
                        stage, f"leg{side}", 0.85, min(outer, inner), max(outer, inner), -0.12, _EDGE - 0.02,
                        cloth, light,
                        9 if self.kind == "theatre" else 6, -side, 0.0, 0.5, side, 0.75, rgb("#c99a3f"),
                    )
                )  # fmt: skip
        if self.kind == "theatre":
            self.drapes.append(
                Drape(
                    stage, "valance", 0.88, -half - 0.1, half + 0.1, -0.12, hung, times(cloth, 0.9), light,
                    24 * stage.aspect / 1.78, 0.0, breath=0.25, hem=rgb("#d9ab4a"),
                    swags=max(2, round(swags * stage.aspect)),
                )
            )  # fmt: skip
        self.front = stage.plate(0.95, -0.5 if self.kind == "theatre" else _EDGE - 0.03, 1.1)
        gilded_frame(stage, self.front, light, half, _EDGE, self.kind, cloth)

    def _boards(self) -> None:
        """The stage floor: boards that run away from us, worn where feet go; sawdust in a ring."""
        stage, light = self.stage, self.light
        plate = self.floor = stage.plate(0.8, _BACK - 0.01, 1.3)
        place = stage.place("boards")
        vanish = _BACK - 0.2
        z = 0.2 / np.maximum(plate.y - vanish, 0.1)
        u, v = plate.x * z, z
        board = 0.062
        number = np.floor(u / board)
        gap = np.abs(u / board - number - 0.5) * 2
        tint = 0.86 + 0.22 * np.mod(np.sin(number * 12.9898) * 43758.5, 1.0)
        veins = cv2.copyMakeBorder(noise.tile(512, place, 1.3, low=3), 0, 1, 0, 1, cv2.BORDER_WRAP)
        grain = cv2.remap(
            veins,
            noise.wrap(np.asarray(u * 900 + number * 61, np.float32), 512),
            noise.wrap(np.asarray(v * 160 + number * 37 + 0 * u, np.float32), 512),
            cv2.INTER_LINEAR,
        )
        if self.kind == "circus":
            colour, texture = rgb("#b98a52"), 1 + 0.1 * grain
        else:
            colour = rgb("#8a5c38") if self.kind == "theatre" else rgb("#54423c")
            texture = (1 + 0.09 * grain) * tint * (1 - 0.5 * np.clip((gap - 0.94) * 18, 0, 1))
        tone = np.asarray(light.lit(colour, 0.7), np.float32)
        middle = np.exp(-((plate.x / (0.75 * self.half)) ** 2)) * (
            0.6 + 0.4 * np.clip((plate.y - _BACK) / 0.2, 0, 1)
        )
        shade = 0.42 + 0.2 * self.dim + 0.42 * middle
        body = np.clip(tone * (texture * shade)[..., None], 0, 1).astype(np.float32)
        plate.fill(body, plate.edge(np.full(plate.shape[1], _BACK, np.float32)))

    def _spots(self) -> None:
        stage = self.stage
        self.dust = Dust(stage, 110)
        hero = self.players.hero
        rig = stage.place("rig")
        spread = min(0.62, 0.36 * stage.aspect) * float(rig.uniform(0.7, 1.15))
        left, right, side = (float(v) for v in rig.uniform(0.55, 1.25, 3))
        # (lamp x, lamp y, target x, target y, half width of the pool, power)
        self.spots = [
            (-spread, -0.06, hero - 0.02, _BACK + 0.12, 0.2, 0.62 * left),
            (spread, -0.06, hero + 0.03, _BACK + 0.11, 0.2, 0.55 * right),
            (0.0, -0.1, hero, _BACK + 0.12, 0.16, 0.3),
            (-spread * 0.55, -0.08, -spread * 0.85, _BACK + 0.06, 0.13, 0.38 * side),
            (spread * 0.55, -0.08, spread * 0.85, _BACK + 0.06, 0.13, 0.7 - 0.38 * side),
        ]
        a = np.linspace(0, 2 * math.pi, 28, endpoint=False)
        self.pools = [
            Sunpatch(
                stage, f"pool{k}", 0.8,
                [np.stack((x + wide * np.cos(a), y + 0.3 * wide * np.sin(a)), 1).tolist()],
                self.colours[k % 4], power * 1.7, 0.0, 0.016,
            )
            for k, (_, _, x, y, wide, power) in enumerate(self.spots)
            if k < 1 or k > 2
        ]  # fmt: skip
        self.pool_of = [0, 3, 4]

    def _heads(self) -> None:
        place = self.stage.place("audience")
        self.rows: list[tuple[float, float, list[tuple[float, float, float, float]]]] = []
        for depth, level, size in ((1.1, 0.955, 0.031), (1.3, 1.035, 0.046)):
            pitch = size * 2.75
            count = int(2 * (self.half + 0.5) / pitch)
            row = []
            for k in range(count):
                if place.random() < 0.12:
                    continue
                row.append(
                    (
                        (k - count / 2 + 0.5) * pitch + float(place.uniform(-0.22, 0.22)) * size,
                        float(place.uniform(0.88, 1.12)),
                        float(place.uniform(0, 6.28)),
                        float(place.random()),
                    )
                )
            self.rows.append((depth, level, row))
            row_size = size
            self.rows[-1] = (depth, level, [(x, row_size * s, p, q) for x, s, p, q in row])

    def hue(self, k: int, t: float) -> Colour:
        """The colour of lamp k at t: it wanders slowly to its neighbour's and back."""
        share = 0.5 + 0.5 * math.sin(0.33 * t + self._phase[k % 4])
        return mix(self.colours[k % 4], self.colours[(k + 1) % 4], 0.55 * share)

    def draw(self, frame: Image, t: float) -> None:
        """Draw one frame."""
        self.back.show(frame, t)
        self._wash(frame, t)
        if self.tubes:
            self._neon(frame, t)
        self._reflect(frame, t)
        for pool, k in zip(self.pools, self.pool_of, strict=True):
            pool.draw(frame, t, self.hue(k, t))
        self.dust.draw(frame, t, self._beams(t))
        self.players.draw(frame, t)
        for drape in self.drapes:
            drape.draw(frame, t)
        self.front.show(frame, t)
        self._footlights(frame, t)
        self._audience(frame, t)

    def _beams(self, t: float) -> list[Beam]:
        """The shafts of the lamps: they drift, breathe and change hue, all slowly."""
        beams = []
        for k, (x, y, tx, ty, wide, power) in enumerate(self.spots):
            sway = 0.02 * math.sin(0.4 * t + self._phase[k % 4])
            corners = ((x - 0.012, y), (x + 0.012, y), (tx + wide + sway, ty), (tx - wide + sway, ty))
            breath = 1 + 0.05 * math.sin(0.9 * t + k)
            beams.append(Beam(corners, self.hue(k, t), power * breath * (1 - 0.3 * self.dim)))
        if self.daylight:
            beams += self._windows()
        return beams

    def _windows(self) -> list[Beam]:
        """Daylight that falls in by three high windows at the side."""
        light, s = self.stage.light, self.stage.side("windows")
        colour = mix(light.key, light.glow, 0.35)
        power = 0.32 * self.daylight * (0.4 + 0.6 * light.strength)
        beams = []
        for k in range(3):
            x, far = s * self.half * (1.02 - 0.27 * k), 0.05 * k
            foot = x - s * (0.62 + far)
            corners = ((x - 0.05, -0.05), (x + 0.05, -0.05), (foot + 0.17, 0.94), (foot - 0.12, 0.9))
            beams.append(Beam(corners, colour, power * (1 - 0.22 * k)))
        return beams

    def _wash(self, frame: Image, t: float) -> None:
        """Coloured light climbs the backdrop from below and changes slowly."""
        view = self.stage.view(t, 0.45)
        frame = frame[: max(16, min(frame.shape[0], int(self.stage.view(t, 0.8).at(0, _BACK)[1]) + 3))]
        h, w = frame.shape[0] // 8, frame.shape[1] // 8
        x = (np.arange(w, dtype=np.float32) * 8 + 4 - view.left) / view.scale
        y = (np.arange(h, dtype=np.float32) * 8 + 4 - view.top) / view.scale
        out = np.zeros((h, w, 3), np.float32)
        for k, at in enumerate((-0.62, 0.0, 0.62)):
            hue = self.hue(k + 1, t)
            wide = np.exp(-(((x - at * self.half) / (0.42 * self.half + 0.05)) ** 2))[None, :]
            up = np.exp(-np.clip(_BACK - y, 0, 2) * 3.1)[:, None]
            out += cv2.merge([np.asarray(wide * up * (0.62 * c), np.float32) for c in hue])
        glow = cv2.resize(out, (frame.shape[1], frame.shape[0]), interpolation=cv2.INTER_LINEAR)
        cv2.multiply(glow, frame * 1.5 + 0.12, dst=glow)
        cv2.add(frame, glow, dst=frame)

    def _reflect(self, frame: Image, t: float) -> None:
        """Boards, and on their polish what stands behind them."""
        stage = self.stage
        view = stage.view(t, 0.8)
        top = max(0, round(view.at(0, _BACK)[1]))
        end = min(frame.shape[0], round(view.at(0, _EDGE)[1]))
        rows = min(end - top, top)
        mirror = None
        if rows > 8:
            small = cv2.resize(
                frame[top - rows : top], (frame.shape[1] // 4, rows // 4), interpolation=cv2.INTER_AREA
            )
            small = cv2.GaussianBlur(np.ascontiguousarray(small[::-1]), (0, 0), 1.2, sigmaY=3.0)
            mirror = cv2.resize(small, (frame.shape[1], rows), interpolation=cv2.INTER_LINEAR)
        self.floor.show(frame, t)
        if mirror is not None and self.kind != "circus":
            fade = np.linspace(0.62, 0.08, rows, dtype=np.float32)[:, None, None]
            frame[top : top + rows] += mirror * fade * (1 - 0.6 * frame[top : top + rows])

    def _neon(self, frame: Image, t: float) -> None:
        view = self.stage.view(t, 0.45)
        h, w = frame.shape[:2]
        small = np.zeros((h // 4, w // 4, 3), np.float32)
        for k, (points, colour) in enumerate(self.tubes):
            power = 0.86 + 0.1 * math.sin(0.8 * t + 1.7 * k)
            p = np.round((points * view.scale + (view.left, view.top)) * 16).astype(np.int32)
            thick = max(1, round(0.0065 * view.scale))
            cv2.polylines(small, [p // 4], False, times(colour, power), max(1, thick // 2), cv2.LINE_8, 4)
            x0, y0 = np.maximum(p.min(axis=0) // 16 - thick - 3, 0).tolist()
            x1, y1 = (p.max(axis=0) // 16 + thick + 3).tolist()
            part = frame[y0 : max(y0, y1), x0 : max(x0, x1)]
            if not part.size:
                continue
            for wide, ink in (
                (thick + 2, times(colour, power)),
                (thick, times(mix(colour, (1, 1, 1), 0.75), power)),
            ):
                mask = np.zeros(part.shape[:2], np.uint8)
                cv2.polylines(
                    mask, [p - np.int32(16) * np.array((x0, y0), np.int32)], False, 255, wide, cv2.LINE_AA, 4
                )
                tint_over(part, ink, mask.astype(np.float32) * np.float32(1 / 255))
        soft = cv2.GaussianBlur(small, (0, 0), h / 120) * 1.1 + cv2.GaussianBlur(small, (0, 0), h / 36) * 1.7
        frame += cv2.resize(soft, (w, h), interpolation=cv2.INTER_LINEAR) * np.clip(1 - 0.8 * frame, 0, 1)

    def _footlights(self, frame: Image, t: float) -> None:
        first = int(self.stage.view(t, 0.95).at(0, _EDGE - 0.13)[1]) & ~3
        if first > frame.shape[0] - 16:
            return
        first = max(0, first)
        frame = frame[first:]
        lamps = Lamps(frame)
        if self.kind == "club":  # candles on the tables before the stage
            view = self.stage.view(t, 1.1)
            for k, at in enumerate((-0.86, -0.44, 0.06, 0.5, 0.9)):
                px, py = view.at(at * self.half, 0.9 + 0.012 * (k % 2))
                power = 0.8 * flicker(t, 1.7 * k)
                lamps.oval(px, py - first, 0.006 * view.scale, 0.009 * view.scale, rgb("#ffb45a"), power)
            lamps.add(0.8, 4.0, 1.0)
            return
        view = self.stage.view(t, 0.95)
        count = round(9 * self.stage.aspect)
        for k in range(count):
            x = (k + 0.5) / count * 2 * self.half - self.half
            px, py = view.at(x * 0.94, _EDGE - 0.004)
            power = 0.62 + 0.08 * math.sin(0.8 * t + k * 1.9)
            lamps.oval(
                px,
                py - first,
                0.012 * view.scale,
                0.006 * view.scale,
                mix(self.hue(k, t), rgb("#ffe2b0"), 0.6),
                power,
            )
        lamps.add(0.9, 4.5, 0.85)

    def _audience(self, frame: Image, t: float) -> None:
        """Heads and shoulders against the light, swaying a little, a rim of it on their hair."""
        stage = self.stage
        first = max(0, int(stage.view(t, self.rows[0][0]).at(0, self.rows[0][1] - 0.1)[1]))
        if first >= frame.shape[0]:
            return
        band = frame[first:]
        paint = np.zeros((*band.shape[:2], 4), np.uint8)
        for n, (depth, level, row) in enumerate(self.rows):
            view = stage.view(t, depth)
            ink = _solid(
                times(mix(self.light.ambient, self.cloth, 0.3), (0.2 + 0.1 * self.dim) * (1.1 - 0.35 * n))
            )
            rim = _solid(times(mix(self.hue(1, t), self.light.key, 0.5), 0.5 - 0.16 * n))
            for x, size, phase, tilt in row:
                sway = 0.1 * size * math.sin(0.7 * t + phase) + 0.08 * size * math.sin(1.3 * t + 2 * phase)
                nod = 0.05 * size * math.sin(0.9 * t + 1.7 * phase)
                px, py = view.at(x + sway, level - 0.4 * size + nod)
                sx, sy = view.at(x + 0.4 * sway, level + 1.75 * size)
                r = size * view.scale
                if not -3 * r < px < frame.shape[1] + 3 * r:
                    continue
                lean = 8 * math.sin(phase) + 3 * math.sin(0.7 * t + phase)
                body = (sx, sy - first, 1.62 * r, 1.25 * r, 0.0)
                head = (px, py - first, (0.72 + 0.08 * tilt) * r, 0.95 * r, lean)
                for colour, up in ((rim, max(1.0, 0.07 * r)), (ink, 0.0)):
                    for cx, cy, rx, ry, turn in (body, head):
                        axes = (max(8, int(rx * 16)), max(8, int(ry * 16)))
                        centre = (int(cx * 16), int((cy - up) * 16))
                        cv2.ellipse(paint, centre, axes, turn, 0, 360, colour, -1, cv2.LINE_AA, 4)
            low = max(0, int(view.at(0, level + 1.3 * row[0][1])[1]) - first)
            paint[low:] = ink
        lay(band, paint.astype(np.float32) * np.float32(1 / 255))


def _solid(colour: Colour) -> tuple[int, int, int, int]:
    r, g, b = (round(255 * min(1.0, c)) for c in colour)
    return r, g, b, 255
