"""What stands and lies in a wood: trunks with bark, fallen logs, stones, lianas, a path, a stream."""

import math

import cv2
import numpy as np

from webtv.studio.procedural import noise
from webtv.studio.procedural.colour import Colour, mix, rgb, times
from webtv.studio.procedural.nature.flora import Brush, lit_all
from webtv.studio.procedural.stage import Image, Plate, Stage, tint_over

BARK = {
    "beech": rgb("#8b8478"),
    "oak": rgb("#6e5a46"),
    "birch": rgb("#eee9de"),
    "pine": rgb("#8a5f44"),
    "jungle": rgb("#6d6149"),
    "bamboo": rgb("#7f9a4c"),
}


def trunk(
    plate: Plate,
    rng: np.random.Generator,
    kind: str,
    x: float,
    y: float,
    wide: float,
    distance: float,
    sun: float,
    moss: float = 0.4,
) -> None:
    """A round trunk from its roots to beyond the top of the frame.

    Args:
        plate: where to.
        rng: source of chance.
        kind: a key of :data:`BARK`.
        x: world x of its foot.
        y: world height of its foot.
        wide: half its width.
        distance: 0 near to 1 far.
        sun: side of the light, -1 or 1.
        moss: how much grows on it, 0..1.
    """
    stage, light = plate.stage, plate.stage.light
    lean, wave = float(rng.normal(0, 0.03)), float(rng.uniform(0, 6.28))
    tile = noise.tile(128, np.random.default_rng(int(rng.integers(2**31))), 1.1, low=3, high=40)
    reach = wide * 3.4 + abs(lean)
    c0 = max(0, int((x - reach - plate.x0) * plate.scale))
    c1 = min(plate.shape[1], int((x + reach - plate.x0) * plate.scale) + 1)
    r1 = min(plate.shape[0], int((y + wide * 0.5 - plate.y0) * plate.scale) + 1)
    if c0 >= c1 or r1 < 2:
        return
    rows, columns = plate.y[:r1], plate.x[:, c0:c1]
    up = np.maximum(y - rows, 0)
    culm = kind == "bamboo"
    flare = 0.0 if culm else 1.15 * np.exp(-up / (wide * 1.1)) + 0.25 * np.exp(-up / (wide * 5))
    middle = x + lean * up + wide * 0.12 * np.sin(up * 6 + wave) * (0 if culm else 1)
    half = wide * (1 + flare - 0.18 * np.minimum(up, 1.2))
    s = (columns - middle) / half
    # Roots end on an uneven line.
    foot = y + wide * (0.1 + 0.22 * np.sin(columns / wide * 2.2 + wave)) - wide * 0.2 * np.abs(s)
    around = np.arcsin(np.clip(s, -1, 1))
    u = noise.wrap(
        (around * (20 + 110 * wide) * (0.45 if kind == "birch" else 1.0) + wave * 9).astype(np.float32), 127
    )
    v = noise.wrap(
        (np.repeat(up, c1 - c0, 1) * (2.0 if kind == "birch" else 1.0) * (22 + 1.3 / wide) + 40).astype(
            np.float32
        ),
        127,
    )
    grain = cv2.remap(tile, u, v, cv2.INTER_LINEAR)
    fine = cv2.remap(tile, noise.wrap(u * 2.3, 127), noise.wrap(v * 1.9 + 30, 127), cv2.INTER_LINEAR)
    bump = grain + 0.5 * fine
    nz = np.sqrt(np.clip(1 - s * s, 0, 1))
    lit: Image = np.clip(0.12 + 0.62 * np.clip(0.75 * s * sun + 0.5 * nz, 0, 1) + 0.1 * bump * nz, 0, 1)
    lit += 0.22 * np.clip(s * sun - 0.78, 0, 1) * 4 * light.strength  # the edge towards the light
    lit *= 0.62 + 0.38 * np.clip(up / 0.1, 0, 1)
    bark = BARK[kind]
    dark = np.asarray(light.far(light.lit(times(bark, (0.3, 0.32, 0.38)), 0.12), distance), np.float32)
    bright = np.asarray(light.far(light.lit(times(bark, 1.3), 1.0), distance), np.float32)
    lit = np.clip(lit, 0, 1.15).astype(np.float32)[..., None]
    body: Image = dark + lit * (bright - dark)
    if kind == "birch":
        scar = noise.smoothstep(0.9, 1.5, grain + 0.5 * fine + 0.9 * np.exp(-up / (wide * 2.5)))[..., None]
        body += (
            0.9 * scar * (np.asarray(light.far(light.lit(rgb("#37322e"), 0.25), distance), np.float32) - body)
        )
    elif culm:
        joint = np.abs(np.mod(up + 0.2 * wave, wide * 6.5) - wide * 3.2) / wide
        body *= 1 - 0.5 * np.exp(-((joint / 0.14) ** 2))[..., None]
        body += (0.25 * np.exp(-(((joint - 0.3) / 0.14) ** 2)) * nz)[..., None] * (bright - body)
    else:
        furrow = noise.smoothstep(0.35, -1.5, bump)[..., None]
        body *= 1 - (0.5 if kind != "beech" else 0.24) * furrow
        if kind == "pine":
            warm = np.clip(up / 0.6, 0, 1)[..., None] * 0.5 * (1 - distance)
            body += warm * (
                np.asarray(times(rgb("#d08a5a"), float(body.mean()) * 1.7), np.float32) * (0.5 + lit) - body
            )
    if moss > 0 and not culm and kind != "birch" and stage.spec.season != "winter":
        green = noise.smoothstep(
            0.2, 1.1, bump * 0.5 + moss * 1.5 * np.exp(-up / (wide * 6)) - 0.3 * s * sun
        )[..., None]
        tone = np.asarray(light.far(light.lit(rgb("#6f8a3a"), 0.5), distance), np.float32) * (
            0.45 + 0.7 * lit
        )
        body += 0.75 * green * (tone - body)
    soft = plate.scale * half / 1.1
    alpha = np.clip((1 - np.abs(s) - 0.05 * np.abs(bump) * (0 if culm else 1)) * soft + 0.5, 0, 1)
    alpha *= np.clip((foot - rows) * plate.scale / 1.5 + 0.5, 0, 1)
    if stage.spec.weather == "snow" or stage.spec.season == "winter":
        drift = np.asarray(light.far(light.lit((1.05, 1.07, 1.12), 0.8), distance), np.float32)
        stuck = noise.smoothstep(0.35, 0.9, -s * sun * 0.6 + 0.35 * bump - 0.1) * 0.7
        body += stuck.astype(np.float32)[..., None] * (drift - body)
    part = plate.rgba[:r1, c0:c1]
    a = alpha.astype(np.float32)[..., None]
    part[..., :3] = part[..., :3] * (1 - a) + np.clip(body, 0, 1.1).astype(np.float32) * a
    part[..., 3:] = part[..., 3:] * (1 - a) + a


def stone(
    brush: Brush, stage: Stage, rng: np.random.Generator, x: float, y: float, size: float, sun: float
) -> None:
    """A boulder, mossy on top."""
    light = stage.light
    a = np.linspace(0, 2 * math.pi, 13)[:-1]
    r = rng.uniform(0.82, 1.12, 12)
    outline = np.stack((np.cos(a) * r, np.minimum(np.sin(a) * r * 0.78, 0.2)), 1)
    grey = mix(rgb("#9a968e"), rgb("#7a7f74"), float(rng.random()))
    white = stage.spec.weather == "snow" or stage.spec.season == "winter"
    cap = (1.05, 1.07, 1.12) if white else mix(rgb("#86994c"), grey, float(rng.uniform(0.3, 0.9)))
    at = np.array((x, y))
    ground = (0.62, 0.68, 0.8) if white else rgb("#465a2a")
    brush.blob(x - sun * size * 0.25, y + size * 0.17, size * 1.2, size * 0.17, light.lit(ground, 0.1))
    brush.fill(at + outline * size, light.lit(times(grey, 0.6), 0.25))
    brush.fill(at + (outline * (0.74, 0.84) + (0.2 * sun, -0.06)) * size, light.lit(times(grey, 0.95), 0.7))
    top = np.stack((np.cos(a) * r * 0.72 + 0.12 * sun, np.sin(a) * r * 0.3 - 0.42), 1)
    brush.fill(at + top * size, light.lit(times(cap, 0.95), 0.8))
    brush.fill(at + (top * (0.6, 0.6) + (0.12 * sun, -0.2)) * size, light.lit(times(cap, 1.12), 1.0))


def log(
    brush: Brush, stage: Stage, rng: np.random.Generator, x: float, y: float, long: float, sun: float
) -> None:
    """A fallen trunk, mossy above, its cut end towards us."""
    light = stage.light
    r, tilt = long * 0.1, float(rng.uniform(-0.12, 0.12))
    d = np.array((1.0, tilt))
    at = np.array((x, y))
    ends = at - d * long / 2, at + d * long / 2

    def band(low: float, high: float, colour: Colour, shade: float) -> None:
        a, b = np.array((0, low * r)), np.array((0, high * r))
        brush.fill(np.array([ends[0] + a, ends[1] + a, ends[1] + b, ends[0] + b]), light.lit(colour, shade))

    brush.blob(x, y + r * 0.95, long * 0.53, r * 0.4, light.lit(rgb("#2c3022"), 0.02))
    bark = rgb("#6d5743")
    band(-1, 1, times(bark, 0.45), 0.1)
    band(-1, 0.35, times(bark, 0.75), 0.4)
    white = stage.spec.weather == "snow" or stage.spec.season == "winter"
    band(-1.05, -0.35, (1.0, 1.02, 1.06) if white else rgb("#74893f"), 0.8)
    for _ in range(26):
        s, v = float(rng.uniform(-0.48, 0.48)), float(rng.uniform(-0.9, 0.8))
        p = at + d * long * s + (0, v * r)
        q = p + d * long * float(rng.uniform(0.03, 0.1))
        brush.line(np.array([p, q]), r * 0.09, light.lit(times(bark, 0.35), 0.1))
    end = ends[1] if sun > 0 else ends[0]
    brush.blob(float(end[0]), float(end[1]), r * 0.55, r, light.lit(times(bark, 0.6), 0.3))
    for k, tone in ((0.86, "#c9a26e"), (0.6, "#a98352"), (0.52, "#c9a26e"), (0.24, "#a07a4c")):
        brush.blob(float(end[0]), float(end[1]), r * 0.55 * k, r * k, light.lit(rgb(tone), 0.75))


def liana(
    brush: Brush, stage: Stage, rng: np.random.Generator, x: float, low: float, distance: float
) -> None:
    """A creeper that hangs from above the frame in a loop, with small leaves."""
    light = stage.light
    x1 = x + float(rng.uniform(0.06, 0.3)) * float(rng.choice((-1, 1)))
    s = np.linspace(0, 1, 30)
    sag = -0.2 + (low + 0.2) * (1 - (2 * s - 1) ** 2)
    line = np.stack((x + (x1 - x) * s, sag), 1)
    brush.line(line, 0.006, light.far(light.lit(rgb("#4a4a2c"), 0.25), distance))
    brush.line(line + np.array((0.0015, -0.001)), 0.002, light.far(light.lit(rgb("#8a8a4c"), 0.6), distance))
    for k in rng.integers(0, 30, 26):
        px, py = line[k]
        r = float(rng.uniform(0.006, 0.013))
        tone = times(rgb("#6f9a48"), float(rng.uniform(0.5, 1.2)))
        ink = light.far(light.lit(tone, float(rng.uniform(0.2, 0.9))), distance)
        brush.blob(float(px + rng.normal(0, 0.006)), float(py + r), r * 0.5, r, ink)


def tufts(
    brush: Brush,
    stage: Stage,
    rng: np.random.Generator,
    colour: Colour,
    count: int,
    top: float,
    bottom: float,
) -> None:
    """Tufts of grass all over a floor, larger towards us."""
    light = stage.light
    y = np.sort(top + (bottom - top) * rng.random(count) ** 1.25)
    x = rng.uniform(-1.5, 1.5, count)
    dice = np.array(
        [
            [*rng.random(3), *(v for _ in range(4) for v in (rng.normal(0, 0.5), rng.random()))]
            for _ in range(count)
        ]
    )
    size = 0.006 + 0.034 * (y - top) / (bottom - top)
    own, straw = np.array(colour), np.array(rgb("#b8b858"))
    tone = (own + (straw - own) * 0.4 * dice[:, :1]) * (0.55 + 0.6 * dice[:, 1:2])
    ink = lit_all(light, tone, 0.25 + 0.75 * dice[:, 2])
    turn, long = dice[:, 3::2], size[:, None] * (0.6 + 0.6 * dice[:, 4::2])
    blades = np.empty((count, 4, 3, 2))
    blades[..., 0] = x[:, None, None]
    blades[..., 1] = y[:, None, None]
    blades[:, :, 0, 0] -= 0.07 * size[:, None]
    blades[:, :, 1, 0] += long * np.sin(turn)
    blades[:, :, 1, 1] -= long * np.cos(turn)
    blades[:, :, 2, 0] += 0.07 * size[:, None]
    brush.fills(blades.reshape(-1, 3, 2), np.repeat(ink, 4, 0))


class Ribbon:
    """A path or a stream that leads from far into the picture to its lower edge.

    Args:
        stage: the stage.
        top: world height where it begins, far away.
        bottom: world height where it ends.
        wide: half its width there.
        winding: scales its bends.
    """

    def __init__(self, stage: Stage, top: float, bottom: float, wide: float, winding: float = 1.0) -> None:
        place = stage.place("ribbon")
        self.stage = stage
        start = float(place.uniform(-0.14, 0.14))
        end = float(place.uniform(0.05, 0.3)) * float(place.choice((-1, 1)))
        bend, phase = winding * float(place.uniform(0.05, 0.11)), float(place.uniform(0, 6.28))
        self.s = np.linspace(0, 1, 90)
        self.y = top + (bottom - top) * self.s**1.7
        curve = np.sin(phase + 6.0 * self.s) * (0.25 + self.s) * bend
        self.x = start + (end - start) * self.s**1.4 + curve
        self.half = 0.009 + (wide - 0.009) * self.s**1.8

    def distance(self, x: float, y: float) -> float:
        """How far a point is from its middle, in half widths at that height."""
        k = float(np.interp(y, self.y, np.arange(len(self.y))))
        i = np.arange(len(self.y))
        return abs(x - float(np.interp(k, i, self.x))) / float(np.interp(k, i, self.half))

    def outline(self, grow: float = 1.0, shift: float = 0.0) -> Image:
        """The outline, its width scaled and its middle shifted by half widths."""
        half, middle = self.half * grow, self.x + shift * self.half
        return np.concatenate(
            (np.stack((middle - half, self.y), 1), np.stack((middle + half, self.y), 1)[::-1])
        )

    def _worn(self, rng: np.random.Generator, grow: float) -> Image:
        """The outline with uneven edges."""
        out = self.outline(grow)
        ragged = rng.normal(0, 0.07, len(out)) * np.concatenate((self.half, self.half[::-1]))
        return np.stack((out[:, 0] + ragged, out[:, 1]), 1)

    def pave(self, brush: Brush, colour: Colour, rng: np.random.Generator, sun: float) -> None:
        """Draw it as a trodden path with worn edges, ruts and pebbles."""
        light = self.stage.light
        brush.fill(self._worn(rng, 1.1), light.lit(times(colour, 0.6), 0.35))
        brush.fill(self._worn(rng, 0.97), light.lit(times(colour, 0.82), 0.55))
        brush.fill(self.outline(0.62, 0.14 * sun), light.lit(colour, 0.75))
        brush.fill(self.outline(0.22, 0.2 * sun), light.lit(times(colour, 1.12), 0.95))
        for _ in range(420):
            k = 89 * float(rng.random()) ** 0.6
            i = np.arange(90)
            y, half = float(np.interp(k, i, self.y)), float(np.interp(k, i, self.half))
            x = float(np.interp(k, i, self.x)) + half * float(rng.uniform(-1.15, 1.15))
            r = half * float(rng.uniform(0.012, 0.045))
            brush.blob(x, y, r * 1.5, r * 0.7, light.lit(times(colour, float(rng.uniform(0.5, 1.25))), 0.6))

    def flow(self, brush: Brush, colour: Colour, rng: np.random.Generator, sun: float) -> None:
        """Draw it as a stream: dark banks, water that holds the sky, stones."""
        light = self.stage.light
        sky = mix(light.sky[-1], light.haze, 0.5)
        brush.fill(self.outline(1.3), light.lit(times(colour, 0.4), 0.1))
        brush.fill(self.outline(1.1), times(mix(sky, rgb("#22423c"), 0.75), 0.7))
        brush.fill(self.outline(0.86), mix(sky, rgb("#2c5450"), 0.6))
        brush.fill(self.outline(0.45, 0.16 * sun), mix(sky, rgb("#3c6c66"), 0.35))
        for _ in range(46):
            k = 89 * float(rng.random()) ** 0.5
            i = np.arange(90)
            y, half = float(np.interp(k, i, self.y)), float(np.interp(k, i, self.half))
            x = float(np.interp(k, i, self.x)) + half * float(rng.choice((-1, 1)) * rng.normal(1.08, 0.16))
            stone(brush, self.stage, rng, x, y, half * float(rng.uniform(0.1, 0.24)), sun)

    def glint(self, frame: Image, t: float, depth: float) -> None:
        """Light that runs down the stream."""
        view, light = self.stage.view(t, depth), self.stage.light
        h, w = frame.shape[:2]
        first = max(0, int(view.at(0, float(self.y[0]))[1]))
        if first >= h:
            return
        ink = np.zeros((h - first, w), np.uint8)
        i = np.arange(90)
        for k in range(90):
            a, b, c = (k * 0.618) % 1, (k * 0.377) % 1, (k * 0.271) % 1
            s = (a + t * (0.05 + 0.05 * b)) % 1.0
            at = 89 * s**0.8
            half = float(np.interp(at, i, self.half))
            x = float(np.interp(at, i, self.x)) + half * 0.75 * (2 * c - 1 + 0.1 * math.sin(t * 2 + k))
            px, py = view.at(x, float(np.interp(at, i, self.y)))
            long = view.scale * half * (0.1 + 0.22 * b)
            tone = 190 * math.sin(math.pi * s) * (0.6 + 0.4 * math.sin(t * 2.2 + k * 1.3))
            y = py - first
            cv2.line(
                ink,
                (int((px - long) * 16), int(y * 16)),
                (int((px + long) * 16), int((y + long * 0.08) * 16)),
                max(0.0, tone),
                max(1, round(view.scale * half * 0.03)),
                cv2.LINE_AA,
                4,
            )
        tint_over(frame[first:], mix(light.glow, (1, 1, 1), 0.4), ink.astype(np.float32) * (0.8 / 255))
