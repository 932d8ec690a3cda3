"""Motions: where each point of a still picture comes from at a moment, so that it walks, flaps, swims, sways.

A motion maps destination to source. Coordinates are in heights of the picture: u to its front from the
middle, v up from its foot (0) to its top (1), as arrays that broadcast. A point that the body lifts by h
comes from v - h. All is a function of the moment alone.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from webtv.studio.procedural.stage import Image

TAU = 2 * math.pi


@dataclass(frozen=True, slots=True)
class Moment:
    """What a motion depends on.

    Attributes:
        t: seconds.
        phase: 0..1, of its own.
        pace: 0 at rest, 1 ordinary, about 1.7 running.
        half: half the picture's width in its heights.
        forward: 1 if it travels towards its front, -1 if backwards (pictures that are never mirrored).
        speed: own heights per second at pace 1.
    """

    t: float
    phase: float
    pace: float
    half: float
    forward: float
    speed: float

    def wave(self, hertz: float, ahead: float = 0.0) -> float:
        """A sine of its own phase."""
        return math.sin(TAU * (hertz * self.t + self.phase + ahead))


Warp = Callable[[Image, Image, Moment], tuple[Image, Image]]


def _turn(u: Image, v: Image, angle: float, at: float = 0.0, aside: float = 0.0) -> tuple[Image, Image]:
    """Rotate the picture by an angle, front up positive, about a height."""
    c, s = math.cos(angle), math.sin(angle)
    x, y = u - aside, v - at
    return x * c + y * s + aside, y * c - x * s + at


def _below(v: Image, top: float) -> Image:
    """1 at the foot, 0 from a height upwards."""
    return np.clip(1 - v / top, 0, 1)


def _above(v: Image, bottom: float) -> Image:
    """0 up to a height, 1 at the top."""
    return np.clip((v - bottom) / (1 - bottom), 0, 1.3)


def none(u: Image, v: Image, m: Moment) -> tuple[Image, Image]:
    """Stands still."""
    return u, v


def breathe(u: Image, v: Image, m: Moment) -> tuple[Image, Image]:
    """At rest: the chest rises, the head nods a little."""
    swell = 1 + 0.013 * m.wave(0.32)
    return u - 0.016 * m.wave(0.21, 0.3) * np.clip(v, 0, 1.2) ** 2, v / swell


def walk(u: Image, v: Image, m: Moment) -> tuple[Image, Image]:
    """Four legs and more: neighbours swing in opposite phases, the body rocks over them."""
    cycle = TAU * (0.95 * m.pace * m.t + m.phase)
    u, v = _turn(u, v, 0.016 * math.sin(cycle), 0.4)
    v = v - 0.012 * abs(math.sin(cycle))
    legs = _below(v, 0.4)
    gait = cycle + u * (TAU / max(m.half, 0.3))
    reach = 0.062 * min(1.25, m.half / 0.5)
    return u - reach * legs * np.sin(gait), v - 0.05 * legs * np.maximum(0, np.cos(gait))


def stride(u: Image, v: Image, m: Moment) -> tuple[Image, Image]:
    """Two legs from the side: they open and close like scissors."""
    cycle = TAU * (1.15 * m.pace * m.t + m.phase)
    u, v = _turn(u, v, 0.02 * math.sin(cycle), 0.5)
    v = v - 0.02 * abs(math.cos(cycle))
    legs = _below(v, 0.5)
    open_ = 1 + 0.34 * math.sin(cycle) * legs
    arms = 0.02 * math.sin(cycle) * np.clip(1 - np.abs(v - 0.6) / 0.15, 0, 1)
    return u / open_ - arms, v - 0.035 * legs * np.maximum(0, np.sin(cycle + 3 * u))


def waddle(u: Image, v: Image, m: Moment) -> tuple[Image, Image]:
    """From foot to foot."""
    swing = math.sin(TAU * (0.95 * m.pace * m.t + m.phase))
    u, v = _turn(u, v, 0.07 * swing, 0.0)
    feet = _below(v, 0.3)
    return u, v - 0.015 * abs(swing) - 0.05 * feet * np.maximum(0, swing * np.tanh(9 * u))


def hop(u: Image, v: Image, m: Moment) -> tuple[Image, Image]:
    """Crouches, springs, lands."""
    beat = (0.85 * m.pace * m.t + m.phase) % 1.0
    if beat < 0.62:
        fly = beat / 0.62
        height, tall = 0.26 * 4 * fly * (1 - fly), 1 + 0.05 * (1 - fly)
        turn = 0.2 * math.cos(math.pi * fly) * math.sin(math.pi * fly) ** 0.5
    else:
        height, turn = 0.0, 0.0
        tall = 1 - 0.1 * math.sin(math.pi * (beat - 0.62) / 0.38)
    u, v = _turn(u, v - height, turn, 0.3)
    return u * math.sqrt(tall), v / tall


def gallop(u: Image, v: Image, m: Moment) -> tuple[Image, Image]:
    """A horse at full stretch."""
    cycle = TAU * (1.6 * m.t + m.phase)
    u, v = _turn(u, v - 0.05 * (1 + math.sin(cycle)), 0.06 * math.cos(cycle), 0.35)
    legs = _below(v, 0.45)
    return u / (1 + 0.22 * legs * math.sin(cycle)), v


def glide(u: Image, v: Image, m: Moment) -> tuple[Image, Image]:
    """On skis and runners: leans from curve to curve."""
    return _turn(u - 0.03 * m.wave(0.3), v - 0.012 * m.wave(1.7) * m.pace, 0.07 * m.wave(0.3, 0.2), 0.0)


def crawl(u: Image, v: Image, m: Moment) -> tuple[Image, Image]:
    """Stretches and follows."""
    cycle = TAU * (0.7 * m.pace * m.t + m.phase)
    ripple = 0.02 * np.sin(cycle - u * 7) * np.clip(v, 0, 1)
    return u / (1 + 0.045 * math.sin(cycle)), v - ripple


def scuttle(u: Image, v: Image, m: Moment) -> tuple[Image, Image]:
    """Sideways on many legs."""
    cycle = TAU * (2.1 * m.pace * m.t + m.phase)
    legs = _below(v, 0.5) * np.sin(cycle + 16 * u)
    u, v = _turn(u - 0.04 * m.wave(0.4), v, 0.035 * math.sin(cycle), 0.2)
    return u - 0.02 * legs, v - 0.025 * np.maximum(0, legs)


def slither(u: Image, v: Image, m: Moment) -> tuple[Image, Image]:
    """A wave runs through the body."""
    cycle = TAU * (0.75 * m.pace * m.t + m.phase)
    return u - 0.03 * np.sin(cycle + 6 * v) * np.clip(v * 2, 0.2, 1), v - 0.018 * np.sin(cycle + u * 8)


def fly(u: Image, v: Image, m: Moment) -> tuple[Image, Image]:
    """Wings beat: what is above the body and far from it goes up and down, the body the other way."""
    cycle = TAU * (2.1 * m.t + 3 * m.phase)
    u, v = _turn(u, v, 0.07 * m.wave(0.23), 0.5)
    beat = math.sin(cycle)
    v = v + 0.035 * beat
    tips = np.clip(np.abs(u) / max(m.half, 0.2), 0, 1.2) ** 2
    lift = 0.1 * beat * tips
    wing = np.clip(0.9 - 1.3 * u / max(m.half, 0.2), 0.3, 1)  # the head, in front, hardly stretches
    raised = v - np.maximum(v - 0.5, 0) * (0.3 * beat / (1 + 0.3 * beat)) * wing
    return u / (1 + 0.06 * math.cos(cycle)), raised - lift


def flap(u: Image, v: Image, m: Moment) -> tuple[Image, Image]:
    """Wings seen from the front: their tips beat, the body answers."""
    beat = m.wave(2.1)
    u, v = _turn(u, v + 0.04 * beat, 0.08 * m.wave(0.27), 0.5)
    tips = np.clip(np.abs(u) / max(m.half, 0.2), 0, 1.2)
    return u / (1 - 0.08 * beat), v - 0.3 * beat * tips**1.7 * min(1.0, m.half)


def flutter(u: Image, v: Image, m: Moment) -> tuple[Image, Image]:
    """Butterfly wings, seen from above, open and close."""
    spread = 0.68 + 0.32 * m.wave(2.6)
    u, v = _turn(u, v, 0.35 * m.wave(0.37), 0.5)
    return u / spread, v - 0.03 * m.wave(2.6, 0.25)


def hover(u: Image, v: Image, m: Moment) -> tuple[Image, Image]:
    """Hangs in the air on whirring wings."""
    u, v = _turn(u - 0.05 * m.wave(0.6), v - 0.06 * m.wave(0.9, 0.2), 0.08 * m.wave(0.5), 0.5)
    wings = np.clip((v - 0.5) * 3, 0, 1)
    return u / (1 + 0.05 * m.wave(4.3) * wings), v - 0.07 * m.wave(4.3) * wings * (v - 0.45)


def soar(u: Image, v: Image, m: Moment) -> tuple[Image, Image]:
    """Banks and rides the air."""
    return _turn(u, v - 0.03 * m.wave(0.22, 0.2), 0.045 * m.wave(0.19), 0.5)


def rotor(u: Image, v: Image, m: Moment) -> tuple[Image, Image]:
    """A helicopter: the blades above it turn."""
    u, v = _turn(u, v - 0.02 * m.wave(0.4), 0.03 + 0.03 * m.wave(0.21), 0.5)
    blades = 0.62 + 0.38 * math.cos(TAU * 3.1 * m.t)
    return np.where(v > 0.84, u / blades, u), v


def swim(u: Image, v: Image, m: Moment) -> tuple[Image, Image]:
    """A wave travels from head to tail and grows."""
    cycle = TAU * ((0.55 + 0.45 * m.pace) * m.t + m.phase)
    tail = np.clip(0.5 - u / (2 * m.half), 0, 1)
    u2, v2 = _turn(u, v, 0.05 * m.wave(0.31), 0.5)
    bend = (0.012 + 0.085 * tail**1.6) * np.sin(cycle + 2.6 * u / m.half)
    return u2 / (1 + 0.012 * math.sin(2 * cycle)), v2 - bend


def pulse(u: Image, v: Image, m: Moment) -> tuple[Image, Image]:
    """Jets and gathers: arms spread and close."""
    cycle = TAU * (0.5 * m.t + m.phase)
    beat, low = math.sin(cycle), np.clip(1 - v, 0, 1.2)
    u = u - 0.035 * low * np.sin(7 * v + cycle + 0.6)
    return u / (1 - 0.13 * beat * low), 1 - (1 - v - 0.05 * math.cos(cycle)) / (1 + 0.08 * beat)


def roll(u: Image, v: Image, m: Moment) -> tuple[Image, Image]:
    """On wheels: the body sways on its springs, the wheels keep to the road."""
    body = np.clip((v - 0.12) / 0.3, 0, 1)
    jolt = m.pace * (0.009 * m.wave(2.3) + 0.006 * m.wave(3.7, 0.4)) + 0.002 * m.wave(4.1)
    lean = 0.01 * m.wave(0.9) * m.pace * body
    return u - lean * v, v - jolt * body - 0.006 * m.wave(1.3) * body * u


def spin(u: Image, v: Image, m: Moment) -> tuple[Image, Image]:
    """A ball: turns as far as it rolls."""
    angle = -m.forward * m.pace * m.speed * m.t / 0.5 + (m.phase - 0.5) * (1.2 if m.pace else 0.5)
    return _turn(u, v, angle, 0.5)


def bob(u: Image, v: Image, m: Moment) -> tuple[Image, Image]:
    """On water: heaves and rolls with the swell."""
    heave = 0.022 * m.wave(0.21) + 0.008 * m.wave(0.47, 0.3)
    return _turn(u, v - heave, 0.035 * m.wave(0.17, 0.25) + 0.012 * m.wave(0.4), 0.1)


def sway(u: Image, v: Image, m: Moment) -> tuple[Image, Image]:
    """A plant: the foot stays, the top bends in the wind."""
    bend = 0.045 * m.wave(0.24) + 0.02 * m.wave(0.61, 0.4)
    high = np.clip(v, 0, 1.3)
    return u - bend * high**2 - 0.008 * high * np.sin(TAU * 0.9 * m.t + 9 * v + 5 * u), v


def dance(u: Image, v: Image, m: Moment) -> tuple[Image, Image]:
    """Steps from side to side in time."""
    beat = m.wave(0.8)
    bounce = abs(m.wave(0.8, 0.25))
    u, v = _turn(u - 0.06 * beat, v - 0.045 * bounce, 0.09 * beat, 0.1)
    tall = 0.96 + 0.06 * bounce
    twist = 1 + 0.05 * m.wave(0.4)
    return u / twist + 0.03 * beat * np.clip(v, 0, 1), v / tall


def flicker(u: Image, v: Image, m: Moment) -> tuple[Image, Image]:
    """A flame on top of what stands still."""
    flame = _above(v, 0.66) ** 1.5
    lick = 0.02 * m.wave(1.3) + 0.012 * m.wave(2.9, 0.3)
    return u - lick * flame, v - 0.02 * m.wave(2.1, 0.1) * flame


def flame(u: Image, v: Image, m: Moment) -> tuple[Image, Image]:
    """A fire: tongues run upwards."""
    high = np.clip(v, 0, 1.2)
    up = TAU * 1.5 * m.t
    u = u - high**1.3 * (0.05 * np.sin(6 * v - up + 6 * m.phase) + 0.025 * np.sin(13 * v + 5 * u - 1.7 * up))
    return u / (1 + 0.04 * m.wave(1.1)), v / (1 + 0.05 * m.wave(1.6) + 0.03 * m.wave(2.7, 0.2))


def drift(u: Image, v: Image, m: Moment) -> tuple[Image, Image]:
    """Floats in the air."""
    u, v = _turn(u - 0.03 * m.wave(0.17), v - 0.04 * m.wave(0.23, 0.3), 0.06 * m.wave(0.2), 0.5)
    return u - 0.02 * np.clip(1 - v, 0, 1) ** 2 * m.wave(0.7), v


def steam(u: Image, v: Image, m: Moment) -> tuple[Image, Image]:
    """The wisp over a hot dish winds upwards."""
    wisp = _above(v, 0.66)
    return u - 0.045 * wisp * np.sin(9 * v - TAU * 0.55 * m.t + 6 * m.phase), v


def squeeze(u: Image, v: Image, m: Moment) -> tuple[Image, Image]:
    """The bellows of an accordion."""
    return u / (1 + 0.07 * m.wave(0.45)), v + 0.02 * m.wave(0.45) * u


def beat(u: Image, v: Image, m: Moment) -> tuple[Image, Image]:
    """A drum or a heart: a beat and its echo."""
    x = (1.1 * m.t + m.phase) % 1.0
    swell = 1 + 0.045 * (math.exp(-((x - 0.2) ** 2) / 0.006) + 0.5 * math.exp(-((x - 0.45) ** 2) / 0.006))
    return u / swell, v / swell


def shake(u: Image, v: Image, m: Moment) -> tuple[Image, Image]:
    """Shaken in bursts."""
    return _turn(u, v, 0.07 * m.wave(2.7) * max(0.0, m.wave(0.5)) + 0.01 * m.wave(0.4), 0.2)


def swing(u: Image, v: Image, m: Moment) -> tuple[Image, Image]:
    """A bell on its yoke."""
    return _turn(u, v, 0.16 * m.wave(0.5), 0.97)


def ripple(u: Image, v: Image, m: Moment) -> tuple[Image, Image]:
    """Falling water shimmers."""
    run = TAU * 1.3 * m.t
    return u - 0.008 * np.sin(24 * v + run), v - 0.01 * np.sin(18 * u + 14 * v + run) * (v > 0.1)


MOTIONS: dict[str, Warp] = {
    motion.__name__: motion
    for motion in (
        none, breathe, walk, stride, waddle, hop, gallop, glide, crawl, scuttle, slither, fly, flap,
        flutter, hover, soar, rotor, swim, pulse, roll, spin, bob, sway, dance, flicker, flame, drift,
        steam, squeeze, beat, shake, swing, ripple,
    )
}  # fmt: skip
# Lamps and sparkling things keep their shape; their light moves.
MOTIONS |= {"glow": drift, "twinkle": none}

SPEEDS = {
    "walk": 0.5, "stride": 0.55, "waddle": 0.35, "hop": 0.6, "gallop": 1.5, "glide": 1.3, "crawl": 0.08,
    "scuttle": 0.25, "slither": 0.2, "fly": 1.3, "flap": 1.3, "flutter": 0.9, "hover": 0.7, "soar": 0.7,
    "rotor": 0.7, "swim": 0.7, "pulse": 0.25, "roll": 0.8, "spin": 0.7, "bob": 0.18, "dance": 0.05,
    "drift": 0.12,
}  # fmt: skip
"""Own heights per second at an ordinary pace; the others stay where they are."""

AT_REST = {"walk", "stride", "waddle", "hop", "crawl", "scuttle", "slither", "gallop"}
"""Motions that become ``breathe`` when the action is a rest."""
