"""Walls of a modern street as a flat texture: floors of windows over lit shops."""

import numpy as np

from webtv.studio.procedural.colour import Colour, mix, rgb, times
from webtv.studio.procedural.light import Light
from webtv.studio.procedural.stage import Image
from webtv.studio.procedural.town.facades import NEON, STONE, WARM, panes


class Shopfronts:
    """One side of a street, float32[rows, columns, 4] with coverage last.

    Args:
        light: scene light.
        per_metre: pixels per metre.
        tall: metres of the texture.
        long: metres along the street that repeat.
    """

    def __init__(self, light: Light, per_metre: int, tall: int, long: int) -> None:
        self.light, self.m = light, per_metre
        self.rows, self.columns = tall * per_metre, long * per_metre

    def draw(self, rng: np.random.Generator) -> Image:
        """One side of the street."""
        light = self.light
        night = light.lamps
        rows, columns = self.rows, self.columns
        out = np.zeros((rows, columns, 4), np.float32)
        x = 0
        while x < columns:
            width = min(columns - x, int(rng.uniform(9, 20) * self.m))
            if columns - x - width < 6 * self.m:
                width = columns - x
            tall = int(rng.uniform(12, 40) * self.m)
            stone = STONE[int(rng.integers(len(STONE)))]
            wall = light.lit(times(stone, 0.5 + 0.4 * (1 - night)), 0.55)
            glass = mix(times(light.lit(rgb("#6b8299"), 0.5), 0.7), light.sky[-2], 0.25 * (1 - night) + 0.08)
            pitch = (int(rng.uniform(2.9, 3.5) * self.m), int(rng.uniform(1.3, 2.1) * self.m))
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
        light = self.light
        night = 0.25 + 0.75 * light.lamps
        tall, width = body.shape[:2]
        high = int(3.6 * self.m)
        body[tall - high :] = times(wall, 0.6)
        colour = (
            NEON[int(rng.integers(len(NEON)))] if rng.random() < 0.55 else WARM[int(rng.integers(len(WARM)))]
        )
        inner = mix(WARM[int(rng.integers(len(WARM)))], colour, float(rng.choice((0.0, 0.15, 0.55))))
        bay = int(rng.uniform(2.2, 3.6) * self.m)
        for start in range(self.m // 2, width - bay // 2, bay + self.m // 2):
            end = min(width - 3, start + bay)
            r0, r1 = tall - int(2.75 * self.m), tall - int(0.45 * self.m)
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
        band = slice(tall - high, tall - high + int(0.55 * self.m))
        body[band] = np.asarray(mix(times(colour, night), wall, 0.15), np.float32)
        if rng.random() < 0.5:
            stripes = (np.arange(width) // 6 % 2).astype(np.float32)[None, :, None]
            awning = np.asarray(light.lit(mix(colour, (0.4, 0.2, 0.2), 0.4), 0.6), np.float32)
            body[tall - high + int(0.55 * self.m) : tall - high + int(1.1 * self.m)] = awning * (
                0.7 + 0.5 * stripes
            )


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
    bright = np.maximum(np.maximum(body[..., 0], body[..., 1]), body[..., 2]) > 0.34
    body *= np.where(bright, tone, 1.0)[..., None].astype(np.float32)
    body[bar & bright] = body[bar & bright] * 0.35 + np.asarray(wall, np.float32) * 0.3
