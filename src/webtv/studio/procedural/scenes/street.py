"""A street between lit facades, wet or dry."""

import math

import cv2
import numpy as np

from webtv.studio.procedural import noise
from webtv.studio.procedural.colour import Colour, mix, rgb, times
from webtv.studio.procedural.facades import NEON, STONE, WARM, panes, skyline
from webtv.studio.procedural.figures import FIGURES, Pose
from webtv.studio.procedural.glow import Lamps, halo, neon
from webtv.studio.procedural.sky import Sky
from webtv.studio.procedural.stage import Image, Stage, blend, spread, tint_over
from webtv.studio.procedural.weather import Weather

_WALL = 8.5  # metres from the middle of the street to the facades
_EYE = 1.75
_PX = 9  # facade pixels per metre
_LONG, _TALL = 144, 44  # metres of facade that repeat


class Street:
    """A street in one-point perspective; facades are two textured walls, a wet road mirrors them."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        place, spec = stage.place("street"), stage.spec
        self.horizon = 0.56
        stage.focus = (float(place.uniform(-0.08, 0.08)), self.horizon - 0.02)
        self.wet = {"rain": 1.0, "storm": 1.0, "snow": 0.25, "fog": 0.5}.get(
            spec.weather, 0.35 if stage.light.lamps > 0.5 else 0.0
        )
        self.sky = Sky(stage, self.horizon)
        self.walls = [self._mips(self._facade(stage.place(f"wall{k}"))) for k in range(2)]
        self.far = stage.plate(0.05, self.horizon - 0.5, self.horizon + 0.01)
        skyline(self.far, place, self.horizon, 0.06, 0.34, stage.light, 0.75, clusters=1.6, wide=(0.03, 0.07))
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
        ]
        self.lampposts = [(k % 2 * 2 - 1, 9.0 + 18.0 * (k // 2)) for k in range(16)]
        asked = next((c for c in spec.cast if c.kind == "car"), None)
        self.car_colour = asked.colour if asked else None
        self.cars = [
            (
                int(place.choice((-1, 1))),
                float(place.uniform(0, 150)),
                float(place.uniform(5, 9)),
                float(place.random()),
            )
            for _ in range(max(6, (asked.count + 3) if asked else 6))
        ]
        walkers = next((c for c in spec.cast if c.kind == "person"), None)
        wet = spec.weather in {"rain", "storm"} or "umbrella" in spec.extras
        count = max(5, min(12, walkers.count + 3)) if walkers else 6
        self.walkers = [
            (
                float(place.choice((-1, 1)) * place.uniform(5.8, 7.6)),
                float(place.uniform(4.5, 34)),
                float(place.choice((-1, 1))),
                float(place.random()),
                "umbrella" if wet and place.random() < 0.75 else "walk",
                walkers.colour if walkers and k < max(1, walkers.count) else None,
            )
            for k in range(count)
        ]
        if walkers:
            side, _, heading, phase, action, colour = self.walkers[0]
            self.walkers[0] = (math.copysign(2.6, side), 5.2, heading, phase, action, colour)
        self.puddles = noise.tile(256, np.random.default_rng(int(place.integers(2**31))), 1.9, low=2, high=40)
        self.puddles = cv2.copyMakeBorder(self.puddles, 0, 1, 0, 1, cv2.BORDER_WRAP)
        camera = spec.camera
        self.pace = {"dolly": 2.2 * camera.direction, "drift": 0.8, "static": 0.0}.get(
            camera.move, 0.5
        ) * camera.speed
        self.weather = Weather(stage)

    # -- what is painted once -------------------------------------------------------------------------

    def _facade(self, rng: np.random.Generator) -> Image:
        light = self.stage.light
        night = light.lamps
        rows, columns = _TALL * _PX, _LONG * _PX
        out = np.zeros((rows, columns, 4), np.float32)
        x = 0
        while x < columns:
            width = min(columns - x, int(rng.uniform(9, 20) * _PX))
            if columns - x - width < 6 * _PX:
                width = columns - x
            tall = int(rng.uniform(12, 40) * _PX)
            stone = STONE[int(rng.integers(len(STONE)))]
            wall = light.lit(times(stone, 0.5 + 0.4 * (1 - night)), 0.55)
            glass = mix(times(light.lit(rgb("#6b8299"), 0.5), 0.7), light.sky[-2], 0.25 * (1 - night) + 0.08)
            pitch = (int(rng.uniform(2.9, 3.5) * _PX), int(rng.uniform(1.3, 2.1) * _PX))
            body = panes(tall, width, pitch, rng, 0.4 * night, wall, glass)
            _curtains(body, pitch, rng, wall)
            ledge = (np.arange(tall) % pitch[0] < 2)[:, None, None]
            body = np.where(ledge, np.asarray(times(wall, 1.25), np.float32), body)
            body[:, :2] *= 0.5
            body *= np.linspace(0.72, 1.0, tall, dtype=np.float32)[:, None, None]
            self._shop(body, rng, wall)
            out[rows - tall :, x : x + width, :3] = body
            out[rows - tall :, x : x + width, 3] = 1
            x += width
        return out

    def _shop(self, body: Image, rng: np.random.Generator, wall: Colour) -> None:
        """The ground floor: display windows, an awning, a lit band; no lettering."""
        light = self.stage.light
        night = 0.25 + 0.75 * light.lamps
        tall, width = body.shape[:2]
        high = int(3.6 * _PX)
        body[tall - high :] = times(wall, 0.6)
        colour = (
            NEON[int(rng.integers(len(NEON)))] if rng.random() < 0.55 else WARM[int(rng.integers(len(WARM)))]
        )
        inner = mix(WARM[int(rng.integers(len(WARM)))], colour, float(rng.choice((0.0, 0.15, 0.55))))
        bay = int(rng.uniform(2.2, 3.6) * _PX)
        for start in range(_PX // 2, width - bay // 2, bay + _PX // 2):
            end = min(width - 3, start + bay)
            r0, r1 = tall - int(2.75 * _PX), tall - int(0.45 * _PX)
            across = np.linspace(-1, 1, max(1, end - start), dtype=np.float32)[None, :, None]
            glow = (0.62 + 0.3 * (1 - across**2)) * np.linspace(1.05, 0.6, r1 - r0, dtype=np.float32)[
                :, None, None
            ]
            shop = np.asarray(inner, np.float32) * glow * night * float(rng.uniform(0.55, 1.0))
            # Goods on shelves: soft dark and coloured blocks.
            for _ in range(5):
                gx, gw = int(rng.integers(0, max(1, end - start - 4))), int(rng.integers(2, 7))
                gy, gh = int(rng.integers((r1 - r0) // 3, r1 - r0 - 2)), int(rng.integers(3, 9))
                shop[gy : gy + gh, gx : gx + gw] *= np.asarray(
                    mix(NEON[int(rng.integers(7))], (0.5, 0.5, 0.5), 0.6), np.float32
                )
            body[r0:r1, start:end] = shop
        band = slice(tall - high, tall - high + int(0.55 * _PX))
        body[band] = np.asarray(mix(times(colour, night), wall, 0.15), np.float32)
        if rng.random() < 0.5:
            stripes = (np.arange(width) // 6 % 2).astype(np.float32)[None, :, None]
            awning = np.asarray(light.lit(mix(colour, (0.4, 0.2, 0.2), 0.4), 0.6), np.float32)
            body[tall - high + int(0.55 * _PX) : tall - high + int(1.1 * _PX)] = awning * (
                0.7 + 0.5 * stripes
            )

    @staticmethod
    def _mips(texture: Image) -> list[Image]:
        """Ever smoother copies, so that distant windows do not shimmer; each wraps by a few pixels."""
        levels = []
        for k in range(6):
            soft = (
                texture
                if k == 0
                else cv2.blur(
                    cv2.copyMakeBorder(texture, 0, 0, 96, 96, cv2.BORDER_WRAP), (1 + 3 * 2**k, 1 + 2**k)
                )[:, 96:-96]
            )
            levels.append(cv2.copyMakeBorder(np.ascontiguousarray(soft), 0, 0, 0, 2, cv2.BORDER_WRAP))
        return levels

    # -- what is drawn per frame ----------------------------------------------------------------------

    def draw(self, frame: Image, t: float) -> None:
        """Draw one frame."""
        stage, light = self.stage, self.stage.light
        self.sky.draw(frame, t)
        self.far.show(frame, t)
        view = stage.view(t, 0.12)
        self.cx, self.cy = view.at(stage.focus[0], self.horizon)
        self.f = view.scale * 0.82
        self.z = self.pace * t + 40
        self._walls(frame)
        lamps = Lamps(frame)
        self._signs(frame, lamps, t)
        night = 0.25 + 0.75 * light.lamps
        lamps.add(1.0, 7.0, 1.15 * night)
        halo(frame, 0.62, 0.5 * light.lamps)
        self._road(frame, t)
        lamps = Lamps(frame)
        self._traffic(frame, lamps, t)
        self._people(frame, t)
        self._posts(frame, lamps)
        lamps.add(strength=0.85 * night)
        self._haze(frame)
        self.weather.draw(frame, t)

    def project(self, x: float, y: float, z: float) -> tuple[float, float, float]:
        """Street metres (right, up from the ground, ahead of the eye) to pixel x, y and pixels per metre."""
        s = self.f / max(z, 0.5)
        return self.cx + x * s, self.cy - (y - _EYE) * s, s

    def _walls(self, frame: Image) -> None:
        h, w = frame.shape[:2]
        columns = np.arange(w, dtype=np.float32) + 0.5 - self.cx
        fog = [np.float32(c) for c in mix(self.stage.light.haze, self.stage.light.sky[-1], 0.35)]
        density = 1 / (150 * (1 - 0.6 * self.stage.light.fog))
        rows = np.arange(h, dtype=np.float32)[:, None] + 0.5
        for side, wall in ((-1, self.walls[0]), (1, self.walls[1])):
            toward = columns * side
            z = _WALL * self.f / np.maximum(toward, 0.05)
            step = z * z / (_WALL * self.f) * _PX
            level = np.clip(np.floor(np.log2(np.maximum(step, 1))), 0, 5).astype(int)
            level[(toward < 2) | (z > 190)] = -1
            for k in range(6):
                inside = np.flatnonzero(level == k)
                if not len(inside):
                    continue
                c0, c1 = int(inside[0]), int(inside[-1]) + 1
                zc = z[c0:c1]
                bottom = min(h, int(np.ceil(self.cy + float((_EYE * self.f / zc).max())) + 1))
                top = max(0, int(self.cy - float(((_TALL - _EYE) * self.f / zc).max())) - 1)
                if bottom <= top:
                    continue
                u = noise.wrap((zc + self.z) * _PX, _LONG * _PX)
                v = (_TALL - _EYE) * _PX + (rows[top:bottom] - self.cy) * (zc * (_PX / self.f))[None, :]
                seen = cv2.remap(
                    wall[k],
                    np.repeat(u[None, :], bottom - top, 0),
                    v.astype(np.float32),
                    cv2.INTER_LINEAR,
                    borderMode=cv2.BORDER_CONSTANT,
                )
                far = np.repeat((1 - np.exp(-zc * density)).astype(np.float32)[None, :], bottom - top, 0)
                r, g, b, a = cv2.split(seen)
                mist, rest = far * a, 1 - a
                near = 1 - far
                part = frame[top:bottom, c0:c1]
                cv2.multiply(part, spread(rest), dst=part)
                layers = [c * near + mist * f for c, f in zip((r, g, b), fog, strict=True)]
                cv2.add(part, cv2.merge(layers), dst=part)

    def _signs(self, frame: Image, lamps: Lamps, t: float) -> None:
        power = 0.3 + 0.7 * self.stage.light.lamps
        for side, z0, y, tall, hue, motif, phase in sorted(
            self.signs, key=lambda s: -((s[1] - self.z) % _LONG)
        ):
            z = (z0 - self.z) % _LONG
            if z < 2.2:
                continue
            x = side * (_WALL - 0.9)
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
        z = _EYE * self.f / drop
        x = (np.arange(w, dtype=np.float32)[None, :] + 0.5 - self.cx) * (z / self.f)
        inside = np.clip((_WALL - np.abs(x)) / np.maximum(z / self.f, 1e-3) + 0.5, 0, 1)
        if not inside.any():
            return
        u = noise.wrap(x * 14)
        v = noise.wrap(np.repeat((z + self.z) * 9, w, 1))
        n = cv2.remap(self.puddles, u, v, cv2.INTER_LINEAR)
        n *= np.clip(1.4 - z / 45, 0.25, 1)
        kerb = np.abs(x) > 5.2
        asphalt = np.empty((len(rows), w, 3), np.float32)
        asphalt[:] = light.lit(rgb("#4c4e54"), 0.5)
        tint_over(asphalt, light.lit(rgb("#7d7a78"), 0.5), kerb)
        cv2.multiply(asphalt, spread((0.92 + 0.09 * n) * (1 - 0.25 * self.wet)), dst=asphalt)
        if light.lamps < 0.6 or self.wet < 0.9:
            dash = (np.abs(x) < 0.09) & (np.mod(z + self.z, 6) < 3) & (z < 70)
            asphalt[dash] = light.lit(rgb("#e8e4d8"), 0.8)
        if self.stage.spec.weather == "snow":
            tint_over(asphalt, light.lit(rgb("#eef2f6"), 0.8), np.clip(0.5 + 0.5 * n + kerb * 0.5, 0, 0.95))
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

    def _traffic(self, frame: Image, lamps: Lamps, t: float) -> None:
        night = self.stage.light.lamps
        placed = []
        for k, (lane, z0, speed, phase) in enumerate(self.cars):
            # The lane on the left comes towards us, the one on the right goes away.
            z = (z0 - speed * t - self.pace * t) % 150 if lane < 0 else (z0 + (speed - self.pace) * t) % 150
            placed.append((z, lane, phase, k))
        for z, lane, phase, k in sorted(placed, reverse=True):
            if z < 3.5:
                continue
            x, y, s = self.project(lane * 2.3, 0, z)
            if s < 1.2:
                continue
            fade = min(1.0, (z - 3.5) / 3, (150 - z) / 25)
            body = self.car_colour if k == 0 and self.car_colour else STONE[int(phase * 6)]
            pose = Pose(x, y, s, 1, t, phase, "front" if lane < 0 else "back", body, night)
            FIGURES["car"].draw(pose).lay(frame, self.stage.light, 0.3, 0.0, alpha=fade, rim=0.5)
            colour = rgb("#fff0cc") if lane < 0 else rgb("#ff2f24")
            for side in (-1, 1):
                lx, ly = x + side * 0.66 * s, y - 0.68 * s
                lamps.spot(lx, ly, 0.16 * s, colour, (0.35 + 0.65 * night) * fade)
                if self.wet > 0.2:
                    lamps.oval(lx, y + 0.9 * s, 0.14 * s, 0.95 * s, colour, 0.5 * self.wet * night * fade)

    def _people(self, frame: Image, t: float) -> None:
        for x, z0, heading, phase, action, colour in sorted(self.walkers, key=lambda p: -p[1]):
            z = z0 - self.pace * t * 0.6 + heading * 0.9 * (t - self.stage.seconds / 2) * (abs(x) > 4)
            across = heading * 0.75 * (t - self.stage.seconds / 2) if abs(x) < 4 else 0.0
            if z < 2.4:
                continue
            px, py, s = self.project(x + across, 0, z)
            scale = 1.72 * s
            if not _visible(px, py, scale, frame):
                continue
            pen = FIGURES["person"].draw(Pose(px, py, scale, heading, t, phase, action, colour))
            pen.lay(
                frame,
                self.stage.light,
                -math.copysign(1, x),
                min(0.6, z / 90),
                rim=0.8,
                reflect=0.45 * self.wet,
            )

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


def _visible(x: float, y: float, scale: float, frame: Image) -> bool:
    """Whether a figure of that size can be seen."""
    return -scale < x < frame.shape[1] + scale and scale > 5 and y - scale * 1.4 < frame.shape[0]


def _curtains(body: Image, pitch: tuple[int, int], rng: np.random.Generator, wall: Colour) -> None:
    """Give windows cross bars, blinds drawn to different heights, and light that falls off downwards."""
    py, px = pitch
    rows, columns = body.shape[:2]
    y, x = np.arange(rows) % py, np.arange(columns) % px
    shade = np.linspace(1.12, 0.62, py, dtype=np.float32)[y][:, None]
    drawn = rng.uniform(0, 0.55, (rows // py + 1, columns // px + 1)).astype(np.float32)
    blind = drawn[np.arange(rows) // py][:, np.arange(columns) // px] > (y / py)[:, None]
    tone = shade * np.where(blind & (rng.random() < 0.7), 0.66, 1.0)
    bar = (np.abs(x - px // 2) < 1)[None, :] | (np.abs(y - py // 2) < 1)[:, None]
    bright = body.max(axis=2) > 0.34
    body *= np.where(bright, tone, 1.0)[..., None].astype(np.float32)
    body[bar & bright] = body[bar & bright] * 0.35 + np.asarray(wall, np.float32) * 0.3
