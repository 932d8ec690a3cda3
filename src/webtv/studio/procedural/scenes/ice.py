"""Ice: a polar sea with bergs and floes, a shelf in front for whoever lives there, aurora by the words."""

import math

import cv2
import numpy as np

from webtv.studio.procedural import noise
from webtv.studio.procedural.colour import Colour, luma, mix, rgb, times
from webtv.studio.procedural.figures import FIGURES, Pose
from webtv.studio.procedural.nature.aurora import Aurora
from webtv.studio.procedural.nature.frozen import SHELF, Bergs, PackIce
from webtv.studio.procedural.nature.relief import Hit, Relief, Rough
from webtv.studio.procedural.nature.sky import Sky
from webtv.studio.procedural.nature.weather import Weather
from webtv.studio.procedural.outline import polygon
from webtv.studio.procedural.spec import Cast
from webtv.studio.procedural.stage import Image, Stage, spread, tint_over
from webtv.studio.procedural.walkers import Troupe

_AFLOAT = {"water", "under"}


class Ice:
    """Sky and its mirror, bergs and theirs, pack ice, the cast on the ice, in the water and above."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        spec, light = stage.spec, stage.light
        aerial = spec.camera.aerial
        self.horizon = 0.26 if aerial else 0.5
        self.eye = 0.85 if aerial else 0.34
        cast = tuple(c for c in spec.cast if c.kind in FIGURES) or self._who()
        swims = tuple(c for c in cast if FIGURES[c.kind].home in _AFLOAT)
        others = tuple(c for c in cast if c not in swims)
        walks = any(FIGURES[c.kind].home != "air" for c in others)
        stage.focus = (0.0, self.horizon + (0.25 if walks else 0.1 if swims else 0.0))
        ground = min(self.horizon + (self.eye - SHELF) / 1.0, 0.93)
        back = self.horizon + (self.eye - SHELF) / (1.36 if not aerial else 2.0)
        size, air = 0.95 if not aerial else 0.6, (0.1, self.horizon - 0.1)
        Troupe(stage, others, ground, back, size, 1.0, air, 0.95).attend()
        self.sky = Sky(stage, self.horizon)
        self.sun = 1.0 if self.sky.sun_x > 0 else -1.0
        # The polar sun never climbs far.
        self.sky.sun_y = max(self.sky.sun_y, self.horizon - 0.24)
        up = 0.3 + 0.25 * light.height
        self.bergs = Bergs(stage, -self.sun)
        # Without anybody on it the shelf stays a narrow edge, and the sea is open.
        self.pack = PackIce(
            stage, 0.4 if swims else 0.58, (1.75 if walks else 1.02) * (1.5 if aerial else 1.0)
        )
        self._grain = Rough(stage.place("ice grain"), 1.6, 1.1, 2, 40, cv2.INTER_LINEAR)
        self._broad = Rough(stage.place("ice broad"), 5.0, 1.7, 1, 10, cv2.INTER_LINEAR)
        self.aurora = Aurora(stage, self.horizon, 0.95) if "aurora" in spec.extras else None
        sun = (self.sun, up, 0.1)
        far = Relief(stage, self.horizon, self.eye, self.bergs, sun)
        near = Relief(stage, self.horizon, self.eye, self.pack, sun)
        self.mirrors = far.plate(0.2, 2.4, 30.0, self._mirrored, steps=200, shadows=0, mirror=True)
        self.far = far.plate(0.2, 2.4, 30.0, self._berg, steps=640, tall=0.5)
        self.slices = [
            near.plate(depth, nearest, farthest, self._level, tall=0.1, steps=steps, shadows=0, fine=2)
            for depth, nearest, farthest, steps in (
                (0.2, 4.6, 40.0, 300),
                (0.45, 1.9, 5.2, 300),
                (0.95, 0.3, 2.2, 300),
            )
        ]
        self.troupe = Troupe(stage, others, ground, back, size, self.sun, air, 0.95)
        self.afloat = self._launch(swims)
        self.drift = self._loose()
        self._ripple = cv2.copyMakeBorder(
            noise.tile(256, stage.take("ripple"), 1.5, low=4, high=60), 0, 1, 0, 1, cv2.BORDER_WRAP
        )
        self.weather = Weather(stage)

    def _who(self) -> tuple[Cast, ...]:
        stage = self.stage
        kinds = [k for k in ("penguin", "polar-bear", "seal", "walrus") if k in FIGURES]
        if kinds:
            kind = kinds[int(stage.chance("who lives here") * len(kinds))]
            return (Cast(kind, {"penguin": 5}.get(kind, 2), action="walk"),)
        return (Cast("gull", 5, action="fly"),)

    def _ice(self, hit: Hit, base: Image) -> tuple[Image, Image]:
        """Snow on top and blue ice at the sides, lit; and how steep each place is."""
        light = self.stage.light
        steep = noise.smoothstep(0.75, 1.6, np.sqrt(hit.across**2 + hit.away**2))
        day = min(1.0, 0.35 + light.strength)
        direct = noise.smoothstep(-0.05, 0.45, hit.facing) * (0.35 + 0.65 * np.clip(hit.facing * 1.4, 0, 1))
        direct = direct * (0.25 + 0.75 * hit.open) * day + (1 - day) * np.clip(0.4 + 0.6 * hit.facing, 0, 1)
        snow_high = np.asarray(light.lit((1.12, 1.12, 1.12), 1.1), np.float32)
        snow_low = np.asarray(light.lit(rgb("#9db8dd"), 0.25), np.float32)
        # Snow takes the blue of the sky above it even where the sun is warm.
        blue_sky = np.asarray(mix(light.sky[0], (1.0, 1.0, 1.0), 0.35 * min(1.0, light.height * 2)))
        snow_high, snow_low = (np.asarray(c + 0.16 * (blue_sky - c)) for c in (snow_high, snow_low))
        tint = np.clip(base, 0, 1)
        pale, blue, dark, deep = (
            np.asarray(self._own(rgb(code), shade))
            for code, shade in (("#d8eef8", 1.1), ("#58c8de", 1.0), ("#6a9fd0", 0.2), ("#2f8fb8", 0.5))
        )
        # Each is low + direct * (high - low); of ice both depend on how blue it is.
        flat, walled = 1 - steep, steep * direct
        bluer, walled_bluer, sunny = steep * tint, walled * tint, flat * direct
        weights = np.stack(
            (snow_low, snow_high - snow_low, dark, deep - dark, pale - dark, blue - pale - deep + dark)
        )
        shares = [np.asarray(s, np.float32) for s in (flat, sunny, steep, bluer, walled, walled_bluer)]
        channels = []
        for k in range(3):
            channel: Image = shares[0] * np.float32(weights[0, k])
            for share, weight in zip(shares[1:], weights[1:, k], strict=True):
                channel = cv2.scaleAdd(share, float(weight), channel)
            channels.append(channel)
        return cv2.merge(channels), steep

    def _own(self, colour: Colour, shade: float) -> Colour:
        """Ice in this light: it keeps half of its own blue, as it is lit from within."""
        light = self.stage.light
        lit = light.lit(colour, shade)
        return mix(lit, times(colour, luma(light.lit((1.0, 1.0, 1.0), shade))), 0.55)

    def _veiled(self, body: Image, z: Image) -> Image:
        light = self.stage.light
        air = np.clip(1 - np.exp(-np.maximum(z - 1.5, 0) * (0.03 + 0.13 * light.fog)), 0, 0.92)
        tint_over(body, mix(light.haze, light.sky[-1], 0.4), air)
        return body

    def _berg(self, hit: Hit) -> Image:
        grain = self._grain(hit.x * 0.6 + hit.z, hit.height * 0.9)
        foot = 0.3 + 0.9 * np.exp(-np.maximum(hit.height, 0) / 0.3) + 0.12 * grain
        body, steep = self._ice(hit, foot)
        strata = np.sin(hit.height * 26 + 1.4 * self._broad(hit.x, hit.z)) * np.clip(
            1.5 - hit.pixel / 0.03, 0, 1
        )
        wet = noise.smoothstep(0.035, 0.0, hit.height)
        body = cv2.multiply(body, spread((1 + steep * (0.01 * strata + 0.03 * grain)) * (1 - 0.45 * wet)))
        return _with_alpha(self._veiled(body, hit.z), noise.smoothstep(0.0, 0.012, hit.height))

    def _mirrored(self, hit: Hit) -> Image:
        body = self._berg(hit)
        colour = np.ascontiguousarray(body[..., :3])
        low = np.exp(-np.maximum(hit.height, 0) / 0.22)
        tint_over(colour, self._deep(), np.full_like(low, 0.22))
        tint_over(colour, self._own(rgb("#2fb2ba"), 0.8), 0.5 * low)
        return _with_alpha(colour, body[..., 3] * 0.8)

    def _level(self, hit: Hit) -> Image:
        inside = self.pack.inside(hit.x, hit.z)
        near = np.clip(1.4 - hit.pixel / 0.01, 0, 1)
        drift = self._grain(hit.x * 0.4, hit.z * 1.3)
        base = noise.smoothstep(0.09, 0.0, hit.height)
        body, steep = self._ice(hit, base)
        relief = 1 + (0.03 * drift + 0.035 * self._broad(hit.x, hit.z)) * (0.3 + 0.7 * near) * (1 - steep)
        body = cv2.multiply(body, spread(relief))
        # The rim of a floe is thin and blue; under water its foot shines turquoise.
        tint_over(body, self._own(rgb("#9fdbe6"), 0.9), np.exp(-np.maximum(inside, 0) / 0.05) * 0.4)
        wall = ((hit.height < SHELF * 0.85) & (inside < 0.02)) * np.float32(0.75)
        tint_over(body, self._own(rgb("#3aa7bd"), 0.55), wall)
        blur = np.maximum(0.009, 0.5 * hit.pixel * hit.z / self.eye)  # half a row, along the water
        ice = np.clip(0.5 + (inside + 0.004) / (2 * blur), 0, 1)
        glow = np.exp(np.minimum(inside, 0) / 0.08) * 0.55 * (1 - ice)
        tint_over(body, self._own(rgb("#27a3ae"), 0.6), 1 - ice)
        if self.aurora is not None:
            cv2.add(body, cv2.merge([ice * np.float32(0.1 * c) for c in rgb("#4df0a0")]), dst=body)
        return _with_alpha(self._veiled(body, hit.z), ice + glow)

    def _deep(self) -> Colour:
        light = self.stage.light
        return times(mix(light.sky[1], rgb("#15505f"), 0.55), 0.42 + 0.3 * light.ambient[1])

    def _launch(self, swims: tuple[Cast, ...]) -> list[tuple[Cast, float, float, float, float]]:
        """What floats, as (cast, x at distance 1, distance, heading, phase), farthest first."""
        place = self.stage.place("afloat")
        out = []
        for cast in swims:
            count = min(5, cast.count or 1)
            for i in range(count):
                z = float(place.uniform(1.9, 2.4)) + 0.9 * i
                x = 0.3 * (i - (count - 1) / 2) + float(place.normal(0, 0.04))
                heading = float(cast.heading or self.stage.side(f"sails{i}"))
                out.append((cast, x, z, heading, float(place.random())))
        return sorted(out, key=lambda one: -one[2])

    def _loose(self) -> list[tuple[float, float, float, Image]]:
        """Small floes that drift: x, distance, pace, outline."""
        rng = self.stage.take("loose floes")
        out = []
        for z in np.sort(rng.uniform(2.1, 7.0, 9))[::-1]:
            turn = np.sort(rng.uniform(0, 2 * math.pi, 8))
            wide = float(rng.uniform(0.1, 0.3))
            shape = np.stack((np.cos(turn), np.sin(turn)), 1) * rng.uniform(0.75, 1.1, 8)[:, None] * wide
            out.append(
                (
                    float(rng.uniform(-0.9, 0.9)) * self.stage.aspect,
                    float(z),
                    float(rng.uniform(0.03, 0.08)),
                    shape,
                )
            )
        return out

    def draw(self, frame: Image, t: float) -> None:
        """Draw one frame."""
        self.sky.draw(frame, t)
        if self.aurora is not None:
            self.aurora.draw(frame, t)
        self._sea(frame, t)
        self.far.show(frame, t)
        self.slices[0].show(frame, t)
        self._show_loose(frame, t)
        self._show_afloat(frame, t, near=False)
        self.slices[1].show(frame, t)
        self._show_afloat(frame, t, near=True)
        self.slices[2].show(frame, t)
        self.troupe.draw(frame, t)
        self.weather.draw(frame, t)

    def _sea(self, frame: Image, t: float) -> None:
        """Calm water: it mirrors the sky and the bergs, broken by a ripple that fades with distance."""
        stage, light = self.stage, self.stage.light
        view = stage.view(t, 0.2)
        line = stage.view(t, 0.0).at(0, self.horizon)[1]
        first = max(0, math.ceil(line))
        rows, w = frame.shape[0] - first, frame.shape[1]
        if rows < 2:
            return
        drop = np.arange(rows, dtype=np.float32)[:, None] + (first + 0.5 - line)
        if first >= 4:
            above = np.clip(line - drop[:, 0], 0, first - 1).astype(np.intp)
            band = frame[above]
        else:  # the horizon is out of the picture: what the water mirrors is not in it
            unit = stage.height * stage.zoom * max(0.3, self.horizon)
            level = np.clip(1 - drop[:, 0] / unit, 0, 1) * (len(self.sky.ramp) - 1)
            band = np.repeat(self.sky.ramp[level.astype(np.intp)][:, None], w, axis=1)
        near = drop / (stage.height * stage.zoom)
        tint_over(band, self._deep(), np.repeat(np.clip(0.14 + near * 1.3, 0, 0.9), w, 1))
        frame[first:] = band
        self.mirrors.show(frame, t)
        x = (np.arange(w, dtype=np.float32)[None, :] - view.left) / view.scale
        u = noise.wrap(x / (near + 0.05) * 8 + t * 3)
        v = noise.wrap(np.repeat(11 / (near + 0.03), w, 1) + t * 4)
        n = cv2.remap(self._ripple, u, v, cv2.INTER_LINEAR)
        calm = (0.3 + 0.7 * stage.spec.wind) * stage.height * stage.zoom / 360
        sx = np.arange(w, dtype=np.float32)[None, :] + n * (0.25 + near * 7) * calm
        sy = np.clip(drop - 0.5 + n * (0.6 + near * 16) * calm, 0, rows - 1)
        moved = cv2.remap(
            frame[first:].copy(), sx.astype(np.float32), sy.astype(np.float32), cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REFLECT,
        )  # fmt: skip
        cv2.multiply(moved, spread(1 + 0.07 * n), dst=moved)
        tint_over(moved, light.haze, np.repeat(np.exp(-drop / (stage.height * 0.008)) * 0.4, w, 1))
        frame[first:] = moved

    def _show_loose(self, frame: Image, t: float) -> None:
        light = self.stage.light
        middle = t - self.stage.seconds / 2
        for x, z, pace, shape in self.drift:
            view = self.stage.view(t, min(0.5, 1.1 / z))
            at = x + self.sun * pace * middle / z
            bob = 0.0025 * math.sin(0.8 * t + 9 * x)
            points = np.stack(
                (at + shape[:, 0] / z, self.horizon + (self.eye - 0.02) / (z + shape[:, 1]) + bob), 1
            )
            pixels = points * view.scale + (view.left, view.top)
            thick = max(1.0, 0.03 / z * view.scale)
            air = min(0.85, 1 - math.exp(-(z - 1.5) * (0.03 + 0.13 * light.fog)))
            for drop, colour in (
                (2.2, mix(self._own(rgb("#27a3ae"), 0.6), self._deep(), 0.45)),
                (1.0, self._own(rgb("#58bccb"), 0.6)),
                (0.0, light.lit(rgb("#f2f6fb"), 0.95)),
            ):
                ink = mix(colour, light.haze, air)
                shifted = pixels + np.array((0, drop * thick))
                polygon(frame, shifted, ink)

    def _show_afloat(self, frame: Image, t: float, near: bool) -> None:
        middle = t - self.stage.seconds / 2
        for cast, x, z, heading, phase in self.afloat:
            if (z < 2.6) != near:
                continue
            figure = FIGURES[cast.kind]
            view = self.stage.view(t, min(0.6, 1.2 / z))
            size = max(0.45, 2.3 / z)
            pace = heading * figure.speed * figure.size * size * middle * 0.6
            px, py = view.at(x + pace, self.horizon + self.eye / z + 0.002 * math.sin(t + phase * 6))
            scale = view.scale * figure.size * size
            under = figure.home == "under"
            below = frame[max(0, int(py)) :].copy() if under else None
            pose = Pose(
                px, py + (0.1 * scale if under else 0), scale, heading, t, phase, cast.action, cast.colour,
                self.stage.light.lamps,
            )  # fmt: skip
            figure.draw(pose).lay(frame, self.stage.light, self.sun, 0.12, reflect=0.0 if under else 0.4)
            if below is not None and len(below):
                rest = frame[max(0, int(py)) :]
                rest[:] = 0.25 * rest + 0.75 * below


def _with_alpha(colour: Image, alpha: Image) -> Image:
    r, g, b = cv2.split(colour)
    return cv2.merge((r, g, b, np.asarray(alpha, np.float32)))
