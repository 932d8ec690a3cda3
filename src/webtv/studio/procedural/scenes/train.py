"""Train window: country, coast and towns pass by in parallax; the compartment mirrors itself in the pane."""

import math

import cv2
import numpy as np

from webtv.studio.procedural import noise
from webtv.studio.procedural.colour import Colour, mix, rgb, times
from webtv.studio.procedural.glow import Lamps, halo
from webtv.studio.procedural.nature.sky import Sky
from webtv.studio.procedural.railway.lineside import Lineside
from webtv.studio.procedural.railway.strips import LAP
from webtv.studio.procedural.stage import Image, Plate, Stage, View, screen_free, tint_over
from webtv.studio.procedural.town.facades import NEON, WARM

_COUNTRY = ("valley", "fields", "coast", "town", "forest", "fields", "valley")
_TURN = np.linspace(0, 2 * np.pi, 12, endpoint=False)
_ROUND = np.stack((np.cos(_TURN), 1.12 * np.sin(_TURN)), 1)
_SEATS = tuple(rgb(c) for c in ("#7a2f34", "#2f4f6f", "#3f6a58", "#8a5a34", "#5a4a72"))


class Train:
    """The world outside a train window."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        spec, place, light = stage.spec, stage.place("train"), stage.light
        # Closer, we look past a corner of the window rather than through its middle.
        reach = 0.3 if stage.zoom < 2.2 else 0.38
        corner = float(stage.take("corner").choice((-1, 1))) * reach * stage.aspect
        stage.focus = (0.0, 0.5) if stage.zoom < 1.3 else (corner, 0.64)
        way = float(next((c.heading for c in spec.cast if c.heading), 0) or stage.side("way"))
        # A slow pan is a slow camera; where the camera rests, the word is about the train.
        told = spec.camera.speed if spec.camera.move in {"static", "drift"} else 1.0
        pace = (0.6 if told < 1 else 1.0) * min(1.5, told)
        self.speed = way * pace
        self.horizon = 0.56
        self.country = self._country()
        self.sky = Sky(stage, self.horizon)
        line = Lineside(stage, self.speed)
        self.strips = line.journey(self.country)
        self.near = line.bank(1.15)
        self.water = self._water_net() if self.country == "coast" else None
        self.mast = float(place.uniform(0, 3))
        self.begin = self.near.begin  # seconds since the train set out
        town = self.country == "town"
        hues = WARM + (NEON if town else ())
        lowest = 0.74 if town else 0.6 if self.country == "coast" else 0.655
        self.lights = [
            (
                float(place.uniform(0, LAP)),
                float(place.uniform(0.585, lowest)),
                hues[int(place.integers(len(hues)))],
            )
            for _ in range(int((46 if town else 8 if self.country == "coast" else 16) * light.lamps))
        ]
        rng = stage.take("drops")
        wet = spec.weather in {"rain", "storm"}
        self.drops = rng.uniform(0, 1, (130 if wet else 0, 5))
        self.flakes = rng.uniform(0, 1, (90 if spec.weather == "snow" else 0, 4))
        self.seat = _SEATS[int(place.integers(len(_SEATS)))]
        self.window = self._window()
        self.room = self._reflection() if light.lamps > 0.3 else None

    def _country(self) -> str:
        extras = self.stage.spec.extras
        for name, words in (
            ("town", {"skyline", "street"}),
            ("coast", {"beach", "harbour", "cliff", "lighthouse"}),
            ("valley", {"viaduct", "lake", "stream"}),
            ("forest", {"fern", "mushroom"}),
            ("fields", {"village", "flower"}),
        ):
            if words & extras:
                return name
        return _COUNTRY[int(self.stage.chance("country") * len(_COUNTRY))]

    def _water_net(self) -> Image:
        return cv2.copyMakeBorder(
            noise.tile(256, self.stage.take("sea"), 1.3, low=3, high=60), 0, 1, 0, 1, cv2.BORDER_WRAP
        )

    def _shape(self, x: Image, y: Image) -> Image:
        """Signed distance to the rim of the pane in frame heights, negative within, float32[h, w]."""
        y = y - 0.475
        half_w, half_h, corner = self.stage.aspect / 2 - min(0.13, 0.075 * self.stage.aspect), 0.39, 0.085
        qx, qy = np.abs(x) - half_w + corner, np.abs(y) - half_h + corner
        out = np.hypot(np.maximum(qx, 0), np.maximum(qy, 0)) + np.minimum(np.maximum(qx, qy), 0) - corner
        return np.asarray(out, np.float32)

    def _window(self) -> Plate:
        """What of the carriage stands before the view."""
        plate = self.stage.plate(1.0)
        x, y, h = plate.x, plate.y, plate.scale
        light = self.stage.light
        d = self._shape(x, y)
        outside = mix(light.sky[-2], (1, 1, 1), 0.2)
        lamp = mix(times(light.ambient, 0.62), rgb("#ffd0a0"), 0.25 + 0.5 * light.lamps)
        panel = np.asarray(times(mix(rgb("#d8cfc0"), self.seat, 0.12), lamp), np.float32) * (
            0.86 + 0.1 * light.lamps
        )
        colour = np.empty((*plate.shape, 3), np.float32)
        colour[:] = panel
        colour *= (1.08 - 0.35 * y)[..., None]
        # The light of the landscape lies along the rim, most on its lower edge.
        spill = (
            np.exp(-np.maximum(d, 0) * 46)
            * (0.25 + 0.75 * np.clip((y - 0.5) * 2.2, 0, 1))
            * (1 - 0.75 * light.lamps)
        )
        colour += spill[..., None] * 0.5 * (np.asarray(outside, np.float32) - colour)
        alpha = np.clip(d * h + 0.5, 0, 1)
        gasket = np.clip(1.2 - np.abs(d * h - 1.5) / 2.6, 0, 1)
        colour *= (1 - 0.78 * gasket)[..., None]
        alpha = np.maximum(alpha, gasket * 0.85)
        # A small table below the pane, and the edge of a seat.
        ledge = np.clip((y - 0.93) * h, 0, 1) * np.ones_like(x)
        top = np.exp(-(((y - 0.935) / 0.006) ** 2))
        wood = np.asarray(times(rgb("#9a7450"), lamp), np.float32) * 0.9
        wood = wood + (0.5 * top * (1 - 0.6 * light.lamps))[..., None] * (
            np.asarray(outside, np.float32) - wood
        )
        colour += ledge[..., None] * (wood * (1.05 - 1.2 * np.clip(y - 0.94, 0, 1))[..., None] - colour)
        alpha = np.maximum(alpha, ledge)
        if self.stage.aspect > 0.9:
            pair = self.stage.chance("curtains") < 0.6
            for s in (-1.0, 1.0) if pair else (self.stage.side("curtain"),):
                alpha = self._curtain(colour, alpha, x * s, y, lamp, outside)
        side = self.stage.side("seat")
        edge = self.stage.aspect / 2 - (0.115 if self.stage.aspect > 0.9 else 0.05)
        head = np.sqrt(np.clip(1 - ((y - 0.56) / 0.13) ** 2, 0, 1))
        curve = (
            edge
            + 0.02
            - 0.035 * head
            - 0.05 * noise.smoothstep(0.62, 0.82, y)
            + 0.4 * np.clip(0.45 - y, 0, 1)
        )
        inside = (x * side - curve) * np.float32(h)
        cover = np.clip(inside / 1.5 + 0.5, 0, 1) * np.clip((y - 0.43) * h / 2, 0, 1)
        round_ = np.exp(-np.clip(inside, 0, None) / (0.035 * h))
        weave = 1 + 0.05 * np.sin(x * 420) * np.sin(y * 420)
        cloth = (
            np.asarray(times(self.seat, lamp), np.float32) * ((0.85 + 0.2 * light.lamps) * weave)[..., None]
        )
        cloth = cloth + (0.35 * round_ * (1 - 0.6 * light.lamps))[..., None] * (
            np.asarray(outside, np.float32) * 0.7 - cloth
        )
        colour += cover[..., None] * (cloth - colour)
        alpha = np.maximum(alpha, cover)
        plate.fill(colour, alpha.astype(np.float32))
        return plate

    def _curtain(
        self, colour: Image, alpha: Image, out: Image, y: Image, lamp: Colour, outside: Colour
    ) -> Image:
        """A short curtain, held back by a band; painted into ``colour``, its cover joins ``alpha``.

        Args:
            colour: float32[h, w, 3].
            alpha: float32[h, w].
            out: distance from the middle of the window towards the curtain, world units.
            y: world heights.
            lamp: the light of the compartment.
            outside: the light that comes through the cloth.
        """
        rod = self.stage.aspect / 2 - 0.075
        held = np.exp(-(((y - 0.66) / 0.16) ** 2))
        wide = 0.17 - 0.085 * held - 0.03 * noise.smoothstep(0.66, 0.86, y)
        u = (out - rod + wide) / wide  # 0 at the free edge, 1 at the rim
        cloth = times(mix(self.seat, rgb("#e8dcc4"), 0.45), lamp)
        fold = 0.5 + 0.5 * np.sin(30 * u + 1.5 * np.sin(5 * y))
        thin = (0.3 * fold + 0.12) * (1 - 0.8 * self.stage.light.lamps)
        body = np.asarray(cloth, np.float32) * (0.62 + 0.42 * fold)[..., None]
        body = body + thin[..., None] * (np.asarray(times(outside, 0.95), np.float32) - body)
        band = np.exp(-(((y - 0.66) / 0.012) ** 2))
        body = body * (1 - 0.4 * band[..., None])
        scale = np.float32(self.stage.height)
        cover = np.clip(u * wide * scale, 0, 1) * np.clip((0.875 - y) * scale, 0, 1)
        cover = (cover * np.clip((y - 0.05) * scale, 0, 1)).astype(np.float32)
        colour += cover[..., None] * (body - colour)
        return np.asarray(np.maximum(alpha, cover))

    def _reflection(self) -> Image:
        """The compartment as the dark pane mirrors it: lamps, a rack, seats; float32[H/2, W/2, 3]."""
        h, w = self.stage.height // 2, self.stage.width // 2
        out = np.zeros((h, w, 3), np.float32)

        def box(x0: float, x1: float, y0: float, y1: float, colour: tuple[float, float, float]) -> None:
            a, b = int((x0 + self.stage.aspect / 2) * h), int((x1 + self.stage.aspect / 2) * h)
            cv2.rectangle(out, (a, int(y0 * h)), (b, int(y1 * h)), colour, -1)

        box(-2, 2, 0.0, 1.0, rgb("#33261c"))
        for k in range(-3, 4):
            box(0.44 * k - 0.15, 0.44 * k + 0.15, 0.125, 0.15, rgb("#ffe9c4"))
            box(0.44 * k - 0.17, 0.44 * k + 0.17, 0.3, 0.31, rgb("#8f7a5c"))
            box(0.44 * k - 0.16, 0.44 * k + 0.05, 0.56, 1.0, times(self.seat, 0.62))
            box(0.44 * k - 0.15, 0.44 * k + 0.04, 0.55, 0.6, times(mix(self.seat, (1, 1, 1), 0.35), 0.8))
        return cv2.GaussianBlur(out, (0, 0), h / 90)

    def draw(self, frame: Image, t: float) -> None:
        """Draw one frame."""
        stage, light = self.stage, self.stage.light
        self.sky.draw(frame, t)
        first = int(np.clip(stage.view(t, 0.0).at(0, self.horizon)[1], 0, frame.shape[0]))
        if self.water is not None:
            self._sea(frame, t, first)
        else:
            frame[first:] = np.asarray(light.haze, np.float32)
        for strip in self.strips:
            strip.draw(frame, t)
        if light.lamps > 0.1:
            self._lamps(frame, t)
        jolt = 0.0016 * stage.height * (math.sin(t * 7.1) + 0.6 * math.sin(t * 11.3))
        self.near.draw(frame, t, jolt)
        self._masts(frame, t)
        self._snow(frame, t)
        self._glass(frame, t)
        self.window.show(frame, t)

    def _sea(self, frame: Image, t: float, first: int) -> None:
        """Open water to the horizon, with the path of the sun or moon on it."""
        assert self.water is not None
        light = self.stage.light
        h, w = frame.shape[0] - first, frame.shape[1]
        if h < 4:
            return
        view = self.stage.view(t, 0.0)
        rows = (np.arange(h, dtype=np.float32)[:, None] + 0.5) / view.scale
        near = 0.045 / (rows + 0.012)
        x = (np.arange(w, dtype=np.float32)[None, :] - view.left) / view.scale
        u = (x + self.speed * 0.34 * t * np.clip(rows / 0.2, 0, 1)) * near * 120
        v = np.repeat(near * 160, w, 1)
        n = cv2.remap(self.water, noise.wrap(u + 8 * t), noise.wrap(v + 10 * t), cv2.INTER_LINEAR)
        far, deep = (
            np.asarray(mix(light.haze, light.sky[-1], 0.5), np.float32),
            np.asarray(mix(light.lit(rgb("#2f6f86"), 0.4), light.sky[1], 0.35), np.float32),
        )
        down = np.clip(rows / 0.2, 0, 1) ** 0.7
        line = far + down[..., None] * (deep - far)
        frame[first:] = line * (1 + 0.16 * n * np.clip(rows * 30, 0, 1))[..., None]
        sun = np.exp(-(((x - self.sky.sun_x) / (0.05 + 0.5 * rows)) ** 2)) * np.clip(n * 0.9 + 0.15, 0, 1)
        screen_free(frame[first:], light.glow, np.asarray(sun * (0.25 + 0.6 * light.strength), np.float32))

    def _lamps(self, frame: Image, t: float) -> None:
        stage, lamps = self.stage, Lamps(frame)
        for x, y, colour in self.lights:
            speed = self.speed * (0.06 + 1.6 * (y - 0.58))
            view = stage.view(t, min(0.85, 0.6 * abs(speed)))
            px, py = view.at((x - speed * (t + self.begin)) % LAP - LAP / 2, y)
            r = view.scale * (0.003 + 0.016 * (y - 0.58))
            lamps.oval(px, py, r, r, colour, stage.light.lamps)
        lamps.add(0.7, 3.5, 0.9)
        halo(frame, 0.45, 0.5)

    def _masts(self, frame: Image, t: float) -> None:
        """Masts of the overhead line, smeared by their speed; wires that rise and dip between them."""
        gap, speed = 5.6, 2.4 * self.speed
        h, w = frame.shape[:2]
        view = self.stage.view(t, 0.85)
        tone = self.stage.light.lit(rgb("#3d3f46"), 0.2)
        at = (self.mast - speed * (t + self.begin)) % gap
        x = (np.arange(w, dtype=np.float32) - view.left) / view.scale
        sag = np.mod((x - at) / gap, 1.0)
        smear = abs(speed) / 24
        d = np.abs(sag - np.round(sag)) * gap
        alpha = np.clip((0.012 + smear / 2 - d) / (smear + 0.01), 0, 1) * 0.62
        tint_over(frame, tone, np.repeat(alpha[None, :], h, 0))
        ink = np.zeros((int(np.clip(view.at(0, 0.2)[1], 0, h)), w), np.uint8)
        if len(ink) < 2:
            return
        for base in (0.07, 0.13):
            # Long pieces: every joint of a thick line is a knot in the wire.
            steps = np.arange(0, w + 32, 32, dtype=np.float32)
            hang = np.mod(((steps - view.left) / view.scale - at) / gap, 1.0)
            y = (base + 0.05 * (1 - (2 * hang - 1) ** 2)) * view.scale + view.top
            points = np.stack((steps, y), 1)
            cv2.polylines(
                ink, [np.round(points * 16).astype(np.int32)], False, 255, max(1, h // 300), cv2.LINE_AA, 4
            )
        tint_over(frame[: ink.shape[0]], tone, ink.astype(np.float32) * np.float32(0.8 / 255))

    def _snow(self, frame: Image, t: float) -> None:
        if not len(self.flakes):
            return
        h, w = frame.shape[:2]
        ink = np.zeros((h, w), np.uint8)
        for a, b, c, d in self.flakes:
            x = ((a - self.speed * t * (0.25 + 0.9 * c)) % 1.2 - 0.1) * w
            y = ((b + t * (0.08 + 0.1 * c) + 0.02 * math.sin(2 * t + 6 * d)) % 1.1 - 0.05) * h
            long = self.speed * (0.012 + 0.04 * c) * h
            thick = max(1, round((0.6 + 1.1 * c) * h / 360))
            cv2.line(
                ink,
                (int(x * 16), int(y * 16)),
                (int((x + long) * 16), int((y - 0.2 * abs(long)) * 16)),
                int(120 + 110 * c),
                thick,
                cv2.LINE_AA,
                4,
            )
        ink = np.asarray(cv2.GaussianBlur(ink, (0, 0), 0.8 * h / 360), np.uint8)
        tint_over(
            frame,
            mix(self.stage.light.sky[-1], (1, 1, 1), 0.7),
            ink.astype(np.float32) * np.float32(1 / 255),
        )

    def _glass(self, frame: Image, t: float) -> None:
        """The compartment doubled in the pane, and rain driven along it by the speed."""
        h, w = frame.shape[:2]
        pane = self.stage.view(t, 0.95)
        if self.room is not None:
            sway = 1.2 * math.sin(t * 2.3) * h / 360
            k = 2.0 * pane.scale / h
            across, down = pane.at(-self.stage.aspect / 2, 0.0)
            moved = cv2.warpAffine(
                self.room,
                np.array(((k, 0, across + 0.6 * sway), (0, k, down + sway)), np.float64),
                (w, h),
                borderMode=cv2.BORDER_REFLECT,
            )
            frame += moved * np.clip(1 - frame, 0, 1) * np.float32(0.26 * self.stage.light.lamps)
        if not len(self.drops):
            return
        mask = self._beads(pane, h, w, t)
        # A drop shows the sky above and the dark ground below, upside down.
        dark = cv2.warpAffine(mask, np.array(((1, 0, 0), (0, 1, -1.4 * h / 360)), np.float32), (w, h))
        tint_over(frame, times(self.stage.light.haze, 0.35), np.clip(dark - mask, 0, 1) * 0.5)
        tint_over(frame, mix(self.stage.light.sky[-1], (1, 1, 1), 0.55), mask * 0.5)

    def _beads(self, pane: View, h: int, w: int, t: float) -> Image:
        """How much rain lies on each pixel of the pane: heads that run, beads left behind; float32[h, w]."""
        # Drawn at twice the size: a circle of a pixel or two has corners.
        fine = 2 if h <= 540 else 1  # larger frames have the pixels
        ink = np.zeros((h * fine, w * fine), np.uint8)
        grow = pane.scale * fine
        way = math.copysign(1.0, self.speed) * self.stage.aspect
        fall = 0.25 + 0.32 / (0.5 + abs(self.speed))
        length = math.hypot(way, fall)
        bx, by = way / length * grow, -fall / length * grow
        beads: list[tuple[float, float, float, float]] = []
        for x, y, rate, size, phase in self.drops.tolist():
            # It slows down and runs on, but never back.
            run = (0.015 + 0.3 * rate * rate) * (t + 0.5 * math.sin(1.4 * t + 6 * phase))
            wx = ((x - run * way / self.stage.aspect) % 1.3 - 0.65) * self.stage.aspect
            px, py = (fine * v for v in pane.at(wx, (y + fall * run) % 1.1 - 0.05))
            r = grow / 360 * (0.65 + 1.35 * size)
            long = (0.05 + 0.16 * size) * max(0.0, rate - 0.25)
            if long > 0.012:
                gap = 0.006 + 0.006 * phase
                gone = run * length % gap  # since it left its last bead
                first = int(run * length / gap)
                end = round(16 * (px + 0.8 * long * bx)), round(16 * (py + 0.8 * long * by))
                cv2.line(ink, (round(16 * px), round(16 * py)), end, 64, 1, cv2.LINE_AA, 4)
                for k in range(int((long - gone) / gap) + 1):
                    behind = gone + k * gap
                    rest = 1 - behind / long
                    odd = math.sin(2.4 * (first - k) + 9 * phase)
                    small, tone = r * (0.34 + 0.24 * rest + 0.1 * odd), (110 + 110 * size) * rest
                    beads.append((px + behind * bx, py + behind * by + 0.25 * r * odd, small, tone))
            beads.append((px, py, r, 90 + 80 * size))
            beads.append((px, py, 0.62 * r, 150 + 100 * size))
        drawn = np.array(beads)
        rings = np.rint((drawn[:, None, :2] + drawn[:, 2, None, None] * _ROUND) * 16).astype(np.int32)
        for ring, tone in zip(rings, drawn[:, 3].tolist(), strict=True):
            cv2.fillConvexPoly(ink, ring, tone, cv2.LINE_AA, 4)
        if fine > 1:
            ink = np.asarray(cv2.resize(ink, (w, h), interpolation=cv2.INTER_AREA), np.uint8)
        soft = cv2.GaussianBlur(ink, (0, 0), 0.6 * max(1.0, h / 480))
        return soft.astype(np.float32) * np.float32(1 / 255)
