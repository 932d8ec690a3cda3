"""Sprites: figures made of a picture and a motion."""

import math
from functools import partial

import cv2
import numpy as np

from webtv.studio.procedural.colour import rgb
from webtv.studio.procedural.figures.art import Art, art, aspect
from webtv.studio.procedural.figures.kinds import Kind, kinds
from webtv.studio.procedural.figures.motions import AT_REST, MOTIONS, SPEEDS, TAU, Moment, breathe
from webtv.studio.procedural.figures.pose import STILL, Figure, Pose
from webtv.studio.procedural.patch import Glow, Patch
from webtv.studio.procedural.stage import Image

# Where the origin is, in heights above the foot of the picture: floats sit a little in the water.
_ORIGIN = {"air": 0.5, "under": 0.5, "water": 0.1}
# What a motion needs around the picture, in its heights: to the sides, below, above.
_ROOM = {
    "hop": (0.2, 0.12, 0.42), "gallop": (0.15, 0.12, 0.3), "dance": (0.25, 0.1, 0.2),
    "flutter": (0.2, 0.25, 0.25), "hover": (0.2, 0.2, 0.2), "fly": (0.15, 0.2, 0.35), "flap": (0.2, 0.4, 0.4),
    "swing": (0.2, 0.1, 0.1),
    "spin": (0.06, 0.06, 0.06), "none": (0.03, 0.03, 0.03), "flame": (0.15, 0.05, 0.15),
}  # fmt: skip
_ROOM_ELSE = (0.15, 0.12, 0.16)
_SHINES = {"flicker": "flame", "flame": "whole", "glow": "whole", "twinkle": "sparkle"}
_FIRE, _LAMP = rgb("#ffb45a"), rgb("#ffd9a0")
_RELIEF = 0.75
_RUNNING = 1.7
_LEVEL = {
    "airplane": 0.6,
    "small-airplane": 0.3,
    "helicopter": 0.1,
}  # radians: art that climbs, brought to level flight
_STOPS = frozenset({"walk", "waddle", "hop", "breathe", "crawl", "scuttle", "slither"})
_ROLLING = frozenset({"walk", "run", "drift", "fly"})


def _pace(kind: Kind, action: str) -> float:
    if kind.motion == "spin":
        return float(action in _ROLLING) * (_RUNNING if action == "run" else 1.0)
    return 0.0 if action in STILL else _RUNNING if action == "run" else 1.0


def draw(kind: Kind, pose: Pose) -> Patch:
    """A kind's picture, warped as it moves at this moment."""
    picture = _picture(kind, pose)
    facing = pose.facing if kind.faces else 1.0
    forward = 1.0 if kind.faces else pose.facing
    moment = Moment(
        pose.t,
        pose.phase,
        _pace(kind, pose.action),
        picture.half,
        forward,
        SPEEDS.get(kind.motion, 0.0),
    )
    resting = kind.motion in AT_REST and moment.pace == 0
    warp = breathe if resting else MOTIONS[kind.motion]
    origin = _ORIGIN.get(kind.home, 0.0)
    side, below, above = _ROOM.get(kind.motion, _ROOM_ELSE)
    reach = max(picture.half, 0.5) if kind.motion == "spin" else picture.half
    x0 = math.floor(pose.x - (reach + side) * pose.scale) - 1
    y0 = math.floor(pose.y - (1 - origin + above) * pose.scale) - 1
    w = math.ceil(2 * (reach + side) * pose.scale) + 3
    h = math.ceil((1 + above + below) * pose.scale) + 3
    u = (np.arange(x0, x0 + w, dtype=np.float32)[None, :] + 0.5 - pose.x) * np.float32(facing / pose.scale)
    v = np.float32(origin) + (pose.y - 0.5 - np.arange(y0, y0 + h, dtype=np.float32)[:, None]) / np.float32(
        pose.scale
    )
    u, v = warp(u, v, moment)
    tilt = _LEVEL.get(kind.name)
    if tilt is not None:
        c, s = math.cos(tilt), math.sin(tilt)
        u, v = u * c - (v - 0.5) * s, u * s + (v - 0.5) * c + 0.5
    level = picture.level(pose.scale)
    pixels = picture.levels[level]
    rows, columns = pixels.shape[:2]
    at_x = np.broadcast_to((u / np.float32(2 * picture.half) + 0.5) * columns - 0.5, (h, w))
    at_y = np.broadcast_to((1 - v) * rows - 0.5, (h, w))
    at_x, at_y = np.ascontiguousarray(at_x, np.float32), np.ascontiguousarray(at_y, np.float32)
    seen = cv2.remap(pixels, at_x, at_y, cv2.INTER_LINEAR).astype(np.float32)
    tint = (0.95 + 0.08 * (pose.phase * 13 % 1.0)) / 255  # no two quite alike
    colour, alpha = seen[..., :3] * np.float32(tint), seen[..., 3] * np.float32(1 / 255)
    np.minimum(colour, alpha[..., None], out=colour)
    glow = None
    if picture.flames:
        mask = cv2.remap(picture.flames[level], at_x, at_y, cv2.INTER_LINEAR).astype(np.float32)
        glow = _glow(kind, pose, mask * np.float32(1 / 255), at_x / columns, at_y / rows)
    return Patch(colour, np.ascontiguousarray(alpha), x0, y0, pose.y, pose.scale, _RELIEF, glow)


def _picture(kind: Kind, pose: Pose) -> Art:
    number = int(pose.phase * 97) % len(kind.icons)
    coat = pose.colour
    if coat is None and kind.coats:
        coat = kind.coats[int(pose.phase * 41) % len(kind.coats)]
    own = kind.dyes[number % len(kind.dyes)] if kind.dyes and coat is not None else None
    return art(kind.icons[number], kind.faces < 0, coat, own, _SHINES.get(kind.motion, ""))


def _glow(kind: Kind, pose: Pose, mask: Image, across: Image, down: Image) -> Glow:
    breath = math.sin(TAU * (1.3 * pose.t + pose.phase)) + 0.6 * math.sin(
        TAU * (2.9 * pose.t + 3 * pose.phase)
    )
    if kind.motion == "twinkle":
        turn = np.sin(TAU * 0.55 * pose.t + 19 * across + 23 * down + 6 * pose.phase)
        return Glow(mask * (0.55 + 0.45 * turn).astype(np.float32), _LAMP, 0.05, 0.4 * pose.scale)
    if kind.motion == "glow":
        colour = pose.colour or _LAMP
        return Glow(mask * np.float32(0.85), colour, 0.3 + 0.012 * breath, 1.0 * pose.scale)
    wide = 1.9 if kind.motion == "flame" else 0.8
    return Glow(mask * np.float32(0.94 + 0.03 * breath), _FIRE, 0.42 + 0.025 * breath, wide * pose.scale)


def _figure(kind: Kind) -> Figure:
    return Figure(
        partial(draw, kind),
        kind.size,
        kind.home,
        SPEEDS.get(kind.motion, 0.0),
        kind.group,
        kind.motion not in _STOPS,
        partial(aspect, kind.icons[0]),
    )


FIGURES: dict[str, Figure] = {kind.name: _figure(kind) for kind in kinds().values() if kind.icons}
