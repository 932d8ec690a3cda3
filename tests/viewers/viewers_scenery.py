"""Pictures for the tests' channels: small painted places, so that pages are judged with something to see."""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

WIDTH, HEIGHT = 640, 360
_PALETTES = {
    "tideline": (
        ((250, 205, 190), (120, 170, 190), (30, 70, 92)),
        ((40, 66, 104), (196, 120, 88), (14, 28, 46)),
        ((150, 160, 172), (90, 108, 120), (36, 48, 58)),
    ),
    "night-line": (
        ((28, 16, 48), (140, 40, 110), (12, 10, 26)),
        ((60, 20, 40), (220, 120, 70), (20, 10, 20)),
        ((24, 22, 60), (96, 70, 140), (10, 10, 24)),
    ),
    "meadow-tales": (
        ((160, 214, 226), (236, 232, 170), (96, 148, 66)),
        ((250, 206, 140), (230, 150, 90), (88, 120, 62)),
        ((160, 214, 226), (236, 232, 170), (96, 148, 66)),
    ),
}


@dataclass(frozen=True)
class Posters:
    """Files by their SHA-256, and the SHA-256 by channel and sequence."""

    files: dict[str, Path]
    of: dict[tuple[str, int], str]


def paint(slug: str, sequence: int) -> NDArray[np.uint8]:
    """A place of that channel: sky, a light, and what lies before it; uint8[720, 1280, 3] BGR."""
    top, low, ground = (np.array(colour, np.float32) for colour in _PALETTES[slug][sequence % 3])
    noise = np.random.default_rng(sequence + len(slug))
    x = np.linspace(0, 1, WIDTH, dtype=np.float32)[None, :]
    y = np.linspace(0, 1, HEIGHT, dtype=np.float32)[:, None]
    picture = top + (low - top) * np.clip(y / 0.62, 0, 1)[..., None] + x[..., None] * 0
    sun = np.exp(-(((x - 0.3 - 0.2 * sequence) * 1.78) ** 2 + (y - 0.5) ** 2) / 0.02)
    picture += sun[..., None] * np.array((90, 70, 40), np.float32)
    for layer in range(4):
        waves = sum(
            np.sin(x * 6.28 * noise.uniform(0.5, 5) + noise.uniform(0, 6)) / (k + 2) for k in range(4)
        )
        line = 0.58 + layer * 0.1 + waves * (0.006 if slug == "tideline" else 0.045)
        shade = ground * (1.5 - 0.33 * layer) if slug != "night-line" else ground * (0.9 - 0.15 * layer)
        mask = np.clip((y - line) * 300, 0, 1)[..., None]
        picture = picture * (1 - mask) + shade * mask
    if slug == "tideline":
        glitter = (noise.random((HEIGHT // 6, WIDTH // 24)) > 0.86).astype(np.float32)
        glitter = cv2.resize(glitter, (WIDTH, HEIGHT)) * np.exp(-(((x - 0.3 - 0.2 * sequence) / 0.16) ** 2))
        picture += (glitter * np.clip((y - 0.6) * 3, 0, 1))[..., None] * np.array((120, 100, 70), np.float32)
    if slug == "night-line":
        for _ in range(46):
            left, width, roof = noise.uniform(0, 1), noise.uniform(0.02, 0.06), noise.uniform(0.25, 0.6)
            body = ((x > left) & (x < left + width) & (y > roof)).astype(np.float32)[..., None] * 0.8
            picture = picture * (1 - body) + np.array((22, 15, 34), np.float32) * body
            lit = (np.sin(x * 700) > 0.4) & (np.sin(y * 260) > 0.2) & (noise.random() > 0.3)
            picture += (body[..., 0] * lit * (np.sin(x * 311 + y * 173) > 0.3))[..., None] * np.array(
                (150, 90, 40)
            )
    picture = cv2.GaussianBlur(picture.astype(np.float32), (0, 0), 0.7)
    picture += noise.normal(0, 2.5, (HEIGHT, WIDTH, 1)).astype(np.float32)
    image = cv2.resize(np.clip(picture, 0, 255).astype(np.uint8)[..., ::-1], None, fx=2, fy=2)
    cv2.rectangle(image, (1086, 36), (1244, 72), (18, 14, 10), -1)
    cv2.putText(
        image, "Algorithmic", (1098, 62), cv2.FONT_HERSHEY_SIMPLEX, 0.75, (235, 235, 235), 1, cv2.LINE_AA
    )
    return image


def save_poster(folder: Path, slug: str, sequence: int) -> Path:
    """Paint and write a JPEG."""
    path = folder / f"{slug}-{sequence}.jpg"
    cv2.imwrite(str(path), paint(slug, sequence), [cv2.IMWRITE_JPEG_QUALITY, 86])
    return path
