"""A street between lit facades, wet or dry."""

import math

import cv2
import numpy as np

from webtv.studio.procedural import noise
from webtv.studio.procedural.casting import LAND, present
from webtv.studio.procedural.colour import mix, rgb, times
from webtv.studio.procedural.figures import FIGURES, Pose
from webtv.studio.procedural.glow import Lamps, halo, neon
from webtv.studio.procedural.nature.sky import Sky
from webtv.studio.procedural.nature.weather import Weather
from webtv.studio.procedural.stage import Image, Stage, blend, spread, tint_over
from webtv.studio.procedural.town.facades import NEON, STONE, skyline
from webtv.studio.procedural.town.pavement import Pavement
from webtv.studio.procedural.town.shopfronts import Shopfronts
from webtv.studio.procedural.town.townhouses import Row
from webtv.studio.procedural.walkers import Troupe

_WIDE, _ALLEY = 8.5, 4.3  # metres from the middle of the street to the facades
_PX = 9  # facade pixels per metre
_LONG, _TALL = 144, 44  # metres of facade that repeat
_PASSING = 6.0  # metres within which a car passes before people rather than behind them
_FULL = 40000  # full colour of a facade; windows shine a little brighter
_COARSE = ((1, 1), (1, 1), (2, 2), (4, 2), (8, 2), (16, 2))  # columns and rows in one pixel of each copy
_WRAP = 8  # pixels that each copy goes on at both ends


class Street:
    """A street in one-point perspective; facades are two textured walls, a wet road mirrors them."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        place, spec = stage.place("street"), stage.spec
        self.horizon = 0.56
        light, extras = stage.light, spec.extras
        self.alley = "alley" in extras or stage.chance("alley?") < 0.1
        self.wall = _ALLEY if self.alley else _WIDE
        self.kerb = self.wall - 3.3 if not self.alley else 99.0
        old = bool(extras & {"cafe", "market", "oldtown", "village"}) or self.alley
        self.old = old or stage.chance("old town?") < (0.65 if light.lamps < 0.5 else 0.22)
        self.snow = spec.weather == "snow" or (spec.season == "winter" and spec.weather != "rain")
        # Near framings look down to whom the words ask for.
        small = any(c.kind in FIGURES and FIGURES[c.kind].size < 0.12 for c in spec.cast)
        down = {"close": 0.14, "detail": 0.2}.get(spec.camera.framing, 0.0) if small else 0.0
        stage.focus = (float(place.uniform(-0.08, 0.08)), self.horizon - 0.02 + down)
        self.wet = {"rain": 1.0, "storm": 1.0, "snow": 0.12, "fog": 0.5}.get(
            spec.weather, 0.35 if stage.light.lamps > 0.5 else 0.0
        )
        # Every shot of a sequence finds another corner of the same street, and a place of its own to stand.
        where = stage.take("corner")
        self.begin = float(where.uniform(0, _LONG))
        self.aside = float(where.choice((-1, 1)) * where.uniform(0.05, 0.2)) * min(6.0, self.wall)
        self.eye = float(where.uniform(1.3, 2.3))
        self.turned = float(where.uniform(-0.1, 0.1)) * min(1.0, stage.aspect / 1.78)
        self.sky = Sky(stage, self.horizon)
        if self.old:
            row = Row(light, _PX, _TALL, _LONG, self.snow)
            self.walls = [self._mips(row.draw(stage.place(f"wall{k}"))) for k in range(2)]
        else:
            self.walls = [
                self._mips(Shopfronts(light, _PX, _TALL, _LONG).draw(stage.place(f"wall{k}")))
                for k in range(2)
            ]
        self.far = stage.plate(0.05, self.horizon - 0.5, self.horizon + 0.01)
        reach = (0.03, 0.1) if self.old else (0.06, 0.34)
        skyline(self.far, place, self.horizon, *reach, stage.light, 0.75, clusters=1.6, wide=(0.03, 0.07))
        self.signs = [
            (
                k % 2 * 2 - 1,
                float(z),
                float(place.uniform(3.2, 8.5)),
                float(place.uniform(1.2, 3.4)),
                int(place.integers(7)),
                int(place.integers(6)),
                float(place.random()),
            )
            for k, z in enumerate(np.linspace(3, _LONG, 40) + place.uniform(-2, 2, 40))
            # Tubes belong to the night; by day only few boards hang out, in an old town none.
            if not self.old and (light.lamps > 0.5 or k % 4 == 0)
        ]
        self.lampposts = [] if self.alley else [(k % 2 * 2 - 1, 9.0 + 18.0 * (k // 2)) for k in range(16)]
        asked = next((c for c in spec.cast if c.kind == "car"), None)
        self.car_colour = asked.colour if asked else None
        self.cars = [
            (
                int(place.choice((-1, 1))),
                float(place.uniform(0, 150)),
                float(place.uniform(5, 9)),
                float(place.random()),
            )
            for _ in range(0 if self.alley and not asked else max(6, (asked.count + 3) if asked else 6))
        ]
        flyers = tuple(c for c in present(spec.cast, LAND) if FIGURES[c.kind].home == "air")
        self.flyers = Troupe(stage, flyers, 0.9, 0.8, 1.0, 1.0, (0.14, 0.4), 0.9)
        # Whom the words ask for drives ahead of us, slowly and near.
        self.asked_cars = min(3, asked.count or 1) if asked else 0
        for k in range(self.asked_cars):
            self.cars[k] = (1, 7.5 + 4.5 * k, 2.4 + 0.3 * k, self.cars[k][3])
        self.puddles = noise.tile(256, np.random.default_rng(int(place.integers(2**31))), 1.9, low=2, high=40)
        self.puddles = cv2.copyMakeBorder(self.puddles, 0, 1, 0, 1, cv2.BORDER_WRAP)
        camera = spec.camera
        self.pace = {"dolly": 2.2 * camera.direction, "drift": 0.8, "static": 0.0}.get(
            camera.move, 0.5
        ) * camera.speed
        self.pavement = Pavement(stage, self.wall, self.pace, self.wet, self.old, self.snow)
        self.weather = Weather(stage)

    # -- what is painted once -------------------------------------------------------------------------

    @staticmethod
    def _mips(texture: Image) -> list[Image]:
        """Ever smoother and coarser copies, uint16[h, w, 4], so that distant windows do not shimmer.

        Each is blurred by about three columns and one row per ``2**k``, and wraps by a few pixels.
        """
        levels = []
        level = np.clip(texture * _FULL, 0, 65535).astype(np.uint16)
        for k, (across, down) in enumerate(_COARSE):
            if k > 1:
                size = texture.shape[1] // across, texture.shape[0] // down
                level = cv2.resize(level, size, interpolation=cv2.INTER_AREA)
            wide = cv2.copyMakeBorder(level, 0, 0, _WRAP, _WRAP, cv2.BORDER_WRAP)
            levels.append(cv2.blur(wide, (7, 1 + 2 * (2**k // down // 2))) if k > 0 else wide)
        return levels

    # -- what is drawn per frame ----------------------------------------------------------------------

    def draw(self, frame: Image, t: float) -> None:
        """Draw one frame."""
        stage, light = self.stage, self.stage.light
        self.sky.draw(frame, t)
        self.far.show(frame, t)
        view = stage.view(t, 0.12)
        self.cx, self.cy = view.at(stage.focus[0] + self.turned, self.horizon)
        self.f = view.scale * 0.82
        self.z = self.pace * t + self.begin
        self._walls(frame)
        lamps = Lamps(frame)
        if self.old:
            self._festoons(frame, lamps, t)
        self._signs(frame, lamps, t)
        night = 0.25 + 0.75 * light.lamps
        lamps.add(1.0, 7.0, 1.15 * night)
        if light.lamps > 0.3 and self.wet < 0.5:  # on wet ground the road's mirror does the glowing
            halo(frame, 0.62, 0.5 * light.lamps)
        self._road(frame, t)
        lamps = Lamps(frame)
        self._traffic(frame, lamps, t, _PASSING, 150.0)
        self._posts(frame, lamps)
        self.pavement.draw(frame, t, self.project)
        self._traffic(frame, lamps, t, 2.4, _PASSING)
        lamps.add(strength=0.85 * night)
        self.flyers.draw(frame, t)
        if light.lamps > 0.05:
            self._haze(frame)
        self.weather.draw(frame, t)

    def project(self, x: float, y: float, z: float) -> tuple[float, float, float]:
        """Street metres (right, up from the ground, ahead of the eye) to pixel x, y and pixels per metre."""
        s = self.f / max(z, 0.5)
        return self.cx + (x - self.aside) * s, self.cy - (y - self.eye) * s, s

    def _walls(self, frame: Image) -> None:
        h, w = frame.shape[:2]
        columns = np.arange(w, dtype=np.float32) + 0.5 - self.cx
        fog = [np.float32(c) for c in mix(self.stage.light.haze, self.stage.light.sky[-1], 0.35)]
        density = 1 / (150 * (1 - 0.6 * self.stage.light.fog))
        rows = np.arange(h, dtype=np.float32)[:, None] + 0.5
        for side, wall in ((-1, self.walls[0]), (1, self.walls[1])):
            toward = columns * side
            off = self.wall - side * self.aside  # from the eye to this wall
            z = off * self.f / np.maximum(toward, 0.05)
            step = z * z / (off * self.f) * _PX
            level = np.clip(np.floor(np.log2(np.maximum(step, 1))), 0, 5).astype(int)
            level[(toward < 2) | (z > 190)] = -1
            for k in range(6):
                inside = np.flatnonzero(level == k)
                if not len(inside):
                    continue
                c0, c1 = int(inside[0]), int(inside[-1]) + 1
                zc = z[c0:c1]
                bottom = min(h, int(np.ceil(self.cy + float((self.eye * self.f / zc).max())) + 1))
                top = max(0, int(self.cy - float(((_TALL - self.eye) * self.f / zc).max())) - 1)
                if bottom <= top:
                    continue
                u = noise.wrap((zc + self.z) * _PX, _LONG * _PX)
                v = (_TALL - self.eye) * _PX + (rows[top:bottom] - self.cy) * (zc * (_PX / self.f))[None, :]
                across, down = _COARSE[k]
                u = (u + 0.5) / across + (_WRAP - 0.5)
                seen = cv2.remap(
                    wall[k],
                    np.repeat(u.astype(np.float32)[None, :], bottom - top, 0),
                    ((v + 0.5) / down - 0.5).astype(np.float32),
                    cv2.INTER_LINEAR,
                    borderMode=cv2.BORDER_CONSTANT,
                ).astype(np.float32)
                near = np.exp(-zc * density, dtype=np.float32)[None, :] / np.float32(_FULL)
                a = cv2.extractChannel(seen, 3)
                colour = cv2.cvtColor(seen, cv2.COLOR_BGRA2BGR)
                cv2.multiply(colour, spread(np.repeat(near, bottom - top, 0)), dst=colour)
                mist = a * (1 / np.float32(_FULL) - near)
                part = frame[top:bottom, c0:c1]
                cv2.multiply(part, spread(1 - a * np.float32(1 / _FULL)), dst=part)
                cv2.add(part, colour, dst=part)
                cv2.add(part, cv2.merge([mist * f for f in fog]), dst=part)

    def _signs(self, frame: Image, lamps: Lamps, t: float) -> None:
        power = 0.3 + 0.7 * self.stage.light.lamps
        for side, z0, y, tall, hue, motif, phase in sorted(
            self.signs, key=lambda s: -((s[1] - self.z) % _LONG)
        ):
            z = (z0 - self.z) % _LONG
            if z < 2.2:
                continue
            x = side * (self.wall - 0.9)
            px, py, s = self.project(x, y, z)
            wide, high = 0.7 * s, tall * 0.5 * s
            if high < 2 or not -60 < px < frame.shape[1] + 60:
                continue
            fade = math.exp(-z / 120) * min(1.0, (z - 2.2) / 2)
            breathe = 0.9 + 0.1 * math.sin(t * 1.6 + phase * 20)
            colour = NEON[hue]
            neon(
                frame,
                px,
                py,
                wide,
                high,
                colour,
                NEON[(motif * 3 + 2) % 7],
                motif,
                power * breathe * fade,
                t + phase * 3,
            )
            lamps.oval(px, py, wide * 1.1, high, colour, 0.5 * power * breathe * fade)

    def _road(self, frame: Image, t: float) -> None:
        h, w = frame.shape[:2]
        first = max(1, math.ceil(self.cy + 1))
        if first >= h:
            return
        light = self.stage.light
        rows = np.arange(first, h, dtype=np.float32) + 0.5
        drop = (rows - self.cy)[:, None]
        z = self.eye * self.f / drop
        x = (np.arange(w, dtype=np.float32)[None, :] + 0.5 - self.cx) * (z / self.f)
        x += self.aside
        inside = np.clip((self.wall - np.abs(x)) / np.maximum(z / self.f, 1e-3) + 0.5, 0, 1)
        if not inside.any():
            return
        u = noise.wrap(x * 14)
        v = noise.wrap(np.repeat((z + self.z) * 9, w, 1))
        n = cv2.remap(self.puddles, u, v, cv2.INTER_LINEAR)
        n *= np.clip(1.4 - z / 45, 0.25, 1)
        kerb = np.abs(x) > self.kerb
        asphalt = np.empty((len(rows), w, 3), np.float32)
        asphalt[:] = light.lit(rgb("#4c4e54"), 0.5)
        tint_over(asphalt, light.lit(rgb("#7d7a78"), 0.5), kerb)
        if self.old:
            # Setts: rows of small stones, seen as long as they are larger than a pixel.
            keep = np.clip(1.5 - z / 14, 0, 1)
            row = np.floor((z + self.z) * 3.2)
            joint = (np.abs(noise.wrap(x * 3.2 + 0.5 * row, 1.0) - 0.5) > 0.42) | (
                noise.wrap((z + self.z) * 3.2, 1.0) < 0.13
            )
            tint_over(asphalt, light.lit(rgb("#8f8880"), 0.6), np.full(asphalt.shape[:2], 0.75, np.float32))
            cv2.multiply(asphalt, spread(1 - 0.3 * keep * joint), dst=asphalt)
        cv2.multiply(asphalt, spread((0.92 + 0.09 * n) * (1 - 0.25 * self.wet)), dst=asphalt)
        if (light.lamps < 0.6 or self.wet < 0.9) and not self.old:
            dash = (np.abs(x) < 0.09) & (np.mod(z + self.z, 6) < 3) & (z < 70)
            asphalt[dash] = light.lit(rgb("#e8e4d8"), 0.8)
        if self.snow:
            tint_over(
                asphalt, light.lit(rgb("#eef2f6"), 0.8), np.clip(0.72 + 0.3 * n + kerb * 0.4, 0.35, 0.96)
            )
        ground = asphalt
        if self.wet > 0:
            ripple = n * np.clip(drop / h * 26, 0.3, 7)
            shiver = 0.6 * np.sin(t * 5 + drop * 0.9) * self.wet
            sx = (np.arange(w, dtype=np.float32)[None, :] + ripple + shiver).astype(np.float32)
            sy = np.clip(self.cy - drop * 0.92 - 3 * n - np.abs(ripple) * 1.2, 0, first - 1).astype(
                np.float32
            )
            mirror = cv2.remap(frame[:first], sx, sy, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
            smear = max(3, (h // 26) | 1)
            mirror = cv2.addWeighted(
                cv2.blur(mirror, (1, smear)), 0.55, cv2.blur(mirror, (3, smear * 3)), 0.45, 0
            )
            gloss = np.clip(0.66 + 0.32 * n, 0.2, 1.0) * self.wet * np.clip(1.0 - drop / h * 0.3, 0.2, 1)
            gloss *= np.where(kerb, 0.75, 1.0)
            cv2.multiply(ground, spread(1 - 0.45 * gloss), dst=ground)
            cv2.add(ground, cv2.multiply(mirror, spread(1.15 * gloss)), dst=ground)
        far = np.repeat(1 - np.exp(-z / (150 * (1 - 0.6 * light.fog))), w, 1)
        tint_over(ground, mix(light.haze, light.sky[-1], 0.35), far)
        blend(frame[first:], ground, inside)

    def _traffic(self, frame: Image, lamps: Lamps, t: float, nearest: float, farthest: float) -> None:
        """Cars between two distances in metres, far ones first."""
        night = self.stage.light.lamps
        placed = []
        for k, (lane, z0, speed, phase) in enumerate(self.cars):
            z0 += self.begin if k >= self.asked_cars else 0.0
            # The lane on the left comes towards us, the one on the right goes away.
            z = (z0 - speed * t - self.pace * t) % 150 if lane < 0 else (z0 + (speed - self.pace) * t) % 150
            placed.append((z, lane, phase, k))
        for z, lane, phase, k in sorted(placed, reverse=True):
            if not nearest <= z < farthest:
                continue
            x, y, s = self.project(lane * 2.3, 0, z)
            if s < 1.2:
                continue
            fade = min(1.0, (z - 2.4) / 1.1, (150 - z) / 25)
            body = self.car_colour if k < self.asked_cars and self.car_colour else STONE[int(phase * 6)]
            pose = Pose(x, y, s, 1, t, phase, "front" if lane < 0 else "back", body, night)
            FIGURES["car"].draw(pose).lay(frame, self.stage.light, 0.3, 0.0, alpha=fade, rim=0.5)
            colour = rgb("#fff0cc") if lane < 0 else rgb("#ff2f24")
            for side in (-1, 1):
                lx, ly = x + side * 0.66 * s, y - 0.68 * s
                lamps.spot(lx, ly, 0.16 * s, colour, (0.35 + 0.65 * night) * fade)
                if self.wet > 0.2:
                    lamps.oval(lx, y + 0.9 * s, 0.14 * s, 0.95 * s, colour, 0.5 * self.wet * night * fade)

    def _festoons(self, frame: Image, lamps: Lamps, t: float) -> None:
        """Strings of small lamps across the street."""
        light = self.stage.light
        dark = light.far(light.lit(rgb("#33363c"), 0.3), 0.2)
        for k in range(7):
            z = (9.0 * k + 5 - self.z) % 63
            if z < 3:
                continue
            fade = min(1.0, (z - 3) / 3, (63 - z) / 12)
            s = np.linspace(-1, 1, 15)
            high = 5.6 + 0.5 * (k % 2)
            points = [
                self.project(
                    float(a) * self.wall, high - 0.9 * (1 - float(a) ** 2) + 0.03 * math.sin(t + k), z
                )
                for a in s
            ]
            line = np.round(np.array([(x, y) for x, y, _ in points]) * 16).astype(np.int32)
            if z < 30:
                cv2.polylines(frame, [line], False, dark, 1, cv2.LINE_AA, 4)
            for i, (x, y, scale) in enumerate(points[1:-1]):
                power = fade * (0.35 + 0.65 * light.lamps) * (0.85 + 0.15 * math.sin(1.7 * t + i + 3 * k))
                lamps.spot(x, y + 0.08 * scale, max(0.8, 0.075 * scale), rgb("#ffd590"), power)

    def _posts(self, frame: Image, lamps: Lamps) -> None:
        light = self.stage.light
        for side, z0 in self.lampposts:
            z = (z0 - self.z) % 144
            if not 3 < z < 110:
                continue
            x, y, s = self.project(side * 5.6, 0, z)
            tx, ty, _ = self.project(side * 4.9, 6.2, z)
            dark = light.far(light.lit(rgb("#33363c"), 0.3), min(0.7, z / 110))
            thick = max(1, round(0.11 * s))
            p = [(int(a * 16), int(b * 16)) for a, b in ((x, y), (x, ty + 0.35 * s), (tx, ty))]
            cv2.polylines(frame, [np.array(p, np.int32)], False, dark, thick, cv2.LINE_AA, 4)
            if light.lamps > 0.1:
                power = light.lamps * math.exp(-z / 70) * min(1.0, (z - 3) / 3)
                lamps.spot(tx, ty, max(1.2, 0.2 * s), rgb("#ffdca0"), power)

    def _haze(self, frame: Image) -> None:
        """Light hangs in the air at the end of the street."""
        light = self.stage.light
        h, w = frame.shape[0] // 4, frame.shape[1] // 4
        dx = (np.arange(w, dtype=np.float32)[None, :] * 4 - self.cx) / self.f
        dy = (np.arange(h, dtype=np.float32)[:, None] * 4 - self.cy) / self.f
        soft = np.exp(-(dx * dx * 9 + dy * dy * 20)) * (0.2 + 0.25 * light.fog) * light.lamps
        big = cv2.resize(soft.astype(np.float32), (frame.shape[1], frame.shape[0]))
        tint_over(frame, times(mix(light.haze, rgb("#ffb070"), 0.45), 1.4), big * 0.7)
