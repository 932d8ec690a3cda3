"""Dye: another colour for a drawing's main part, its shading kept."""

import cv2
import numpy as np

from webtv.studio.procedural.colour import Colour
from webtv.studio.procedural.stage import Image

_BIN = 10.0  # CIELAB units of a and b per histogram bin
_GREY = 13.0  # chroma below which a colour counts as none


def dyed(rgb: Image, alpha: Image, target: Colour, own: Colour | None = None) -> Image:
    """The drawing with its main colour replaced.

    Hue and chroma become the target's; lightness moves to the target's and keeps its relief, squeezed where
    it would leave the range. What is of another hue (eyes, leaves, a saddle) stays.

    Args:
        rgb: float32[h, w, 3], sRGB in 0..1, not premultiplied.
        alpha: float32[h, w].
        target: the new colour.
        own: the colour to replace; None takes the one that covers most.
    """
    lab = cv2.cvtColor(rgb.astype(np.float32), cv2.COLOR_RGB2LAB)
    goal = _lab(target)
    share = _members(lab, _main(lab, alpha)) if own is None else _part(lab, _lab(own))
    # Steam and halos are never solid; a solid part's soft edge lies near something that is.
    share = share * (cv2.dilate(alpha, np.ones((7, 7), np.uint8)) > 0.9)
    weight = share * alpha
    total = float(weight.sum()) + 1e-6
    light = lab[..., 0]
    mean = np.array([float((lab[..., k] * weight).sum()) / total for k in range(3)], np.float32)
    apart = light - mean[0]
    seen = weight > 0.5
    high = float(np.percentile(apart[seen], 97)) if seen.any() else 1.0
    low = -float(np.percentile(apart[seen], 3)) if seen.any() else 1.0
    up = min(0.9, (97.0 - goal[0]) / max(high, 1.0))
    down = min(0.9, (goal[0] - 5.0) / max(low, 1.0))
    shade = goal[0] + np.where(apart > 0, apart * up, apart * down)
    depth = np.sqrt(np.clip(shade / max(float(goal[0]), 1.0), 0.2, 1.25))
    new = np.stack([shade, *(goal[k] * depth + (lab[..., k] - mean[k]) * 0.12 for k in (1, 2))], axis=2)
    mixed = lab + share[..., None] * (new - lab)
    return np.clip(cv2.cvtColor(mixed.astype(np.float32), cv2.COLOR_LAB2RGB), 0, 1)


def _lab(colour: Colour) -> Image:
    lab: Image = cv2.cvtColor(np.array([[colour]], np.float32), cv2.COLOR_RGB2LAB)
    return np.asarray(lab[0, 0], np.float32)


def _main(lab: Image, alpha: Image) -> Image:
    """The CIELAB colour that covers most; vivid parts count a little more than grey ones."""
    part = lab[alpha > 0.6]
    part = part[part[:, 0] > 16] if (part[:, 0] > 16).mean() > 0.35 else part
    bins = np.clip(np.rint(part[:, 1:] / _BIN).astype(int) + 12, 0, 24)
    vivid = 1.0 + 0.5 * (np.hypot(part[:, 1], part[:, 2]) > _GREY)
    count = np.bincount(bins[:, 0] * 25 + bins[:, 1], vivid, 625).reshape(25, 25)
    wide = cv2.blur(count, (3, 3), borderType=cv2.BORDER_CONSTANT)
    a, b = np.unravel_index(int(np.argmax(wide)), wide.shape)
    near = (np.abs(bins[:, 0] - a) <= 1) & (np.abs(bins[:, 1] - b) <= 1)
    return np.asarray(np.median(part[near], axis=0), np.float32)


def _members(lab: Image, own: Image, width: float = 1.0) -> Image:
    """How far each pixel is of that colour, in any shade: 0..1, float32[h, w]; a small width is strict."""
    chroma: Image = np.hypot(lab[..., 1], lab[..., 2])
    if float(np.hypot(own[1], own[2])) < _GREY:
        near = _fall(np.abs(lab[..., 0] - own[0]), 45, 68)
        return np.asarray(_fall(chroma, 13 * width, 24 * width * width) * near, np.float32)
    turn = np.arctan2(lab[..., 2], lab[..., 1]) - np.arctan2(own[2], own[1])
    apart = np.abs(np.degrees(np.arctan2(np.sin(turn), np.cos(turn))))
    return np.asarray(_fall(apart, 30 * width, 48 * width) * (1 - _fall(chroma, 5, 12)), np.float32)


def _part(lab: Image, own: Image) -> Image:
    """As :func:`_members`, for a colour pointed at: as vivid as it, so that skin is no red dress."""
    share = _members(lab, own, 0.75)
    vivid = float(np.hypot(own[1], own[2])) / max(float(own[0]), 1.0)
    if vivid * float(own[0]) < _GREY:
        return share
    ratio = np.hypot(lab[..., 1], lab[..., 2]) / np.maximum(lab[..., 0], 8.0) / vivid
    return np.asarray(share * (1 - _fall(ratio, 0.38, 0.62)), np.float32)


def _fall(x: Image, full: float, none: float) -> Image:
    share = np.clip((none - x) / (none - full), 0, 1)
    return np.asarray(share * share * (3 - 2 * share))
