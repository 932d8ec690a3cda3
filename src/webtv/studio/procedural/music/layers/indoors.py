"""Indoors: a room, a fire, a clock, a kettle, a hall, a cafe."""

import numpy as np

from webtv.core.format import SAMPLE_RATE
from webtv.studio.procedural.music.layers.events import add, moments, rustle, scattered, wide
from webtv.studio.procedural.music.signals import Stereo, band, coloured, place, swell, wander


def fire(length: int, noise: np.random.Generator) -> Stereo:
    """A hearth: the flames' breath, and wood that snaps."""
    result = 0.22 * wide(length, noise, band(80, 420, 1)) * (0.6 + 0.8 * wander(noise, length, 0.6))[:, None]
    result += 0.05 * wide(length, noise, band(1500, 6000, 1))
    snaps = []
    for _ in range(16):
        count = int(SAMPLE_RATE * noise.uniform(0.006, 0.03))
        snap = (
            coloured(noise, count, band(900, 5500, 1)) * swell(count, 0.0008, count / SAMPLE_RATE * 0.8) ** 2
        )
        snaps.append(place(snap, float(noise.uniform(-0.6, 0.6))))
    for at in moments(length, noise, 11):
        force = float(noise.random()) ** 4
        add(result, int(at), snaps[int(noise.integers(16))] * np.float32(0.06 + 0.9 * force))
    return result


def room(length: int, noise: np.random.Generator) -> Stereo:
    """The tone of a room in which nothing happens."""
    return 0.4 * wide(length, noise, band(90, 500, 1), 0.4)


def clock(length: int, noise: np.random.Generator) -> Stereo:
    """A clock on the wall of a quiet room: tick and tock, a second apart."""
    result = np.float32(0.05) * room(length, noise)
    count = int(0.06 * SAMPLE_RATE)
    seconds = np.arange(count, dtype=np.float32) / SAMPLE_RATE
    strokes = []
    for hertz in (2100.0, 1650.0):
        knock = 0.5 * np.sin(2 * np.pi * hertz * seconds) * np.exp(-seconds / 0.006)
        knock += 0.4 * np.sin(2 * np.pi * 0.31 * hertz * seconds) * np.exp(-seconds / 0.014)
        wood = coloured(noise, count, band(900, 5000, 1)) * np.exp(-seconds / 0.004)
        strokes.append(place((knock + 0.3 * wood).astype(np.float32) * swell(count, 0.0008, 0.02), 0.3))
    at, turn = float(noise.uniform(0.1, 0.8)), 0
    while at * SAMPLE_RATE < length:
        add(result, int(at * SAMPLE_RATE), strokes[turn % 2] * np.float32(noise.uniform(0.85, 1.0)))
        at, turn = at + 1.0, turn + 1
    return result


def kettle(length: int, noise: np.random.Generator) -> Stereo:
    """Water that is about to boil: a hiss, a rumble, and bubbles under the lid."""
    result = 0.28 * wide(length, noise, band(1800, 6500, 1), 0.5)
    result *= (0.6 + 0.5 * wander(noise, length, 0.9))[:, None]
    rumble = 0.12 * wide(length, noise, band(110, 420, 1), 0.5)
    rumble *= (0.5 + 0.6 * wander(noise, length, 0.16))[:, None]
    result += rumble
    pops = []
    for _ in range(14):
        count = int(SAMPLE_RATE * noise.uniform(0.012, 0.035))
        seconds = np.arange(count) / SAMPLE_RATE
        cycles = float(noise.uniform(220, 620)) * (seconds + 5 * seconds**2)
        pop = np.sin(2 * np.pi * cycles).astype(np.float32) * swell(count, 0.004, 0.7 * count / SAMPLE_RATE)
        pops.append(place(pop, float(noise.uniform(-0.3, 0.3))))
    scattered(result, pops, 16, noise, lambda share: 0.04 + 0.22 * share**2)
    return result


def hall(length: int, noise: np.random.Generator) -> Stereo:
    """An audience that holds its breath: the air of a large room, a sleeve, a page, a chair far back."""
    result = (
        0.3 * wide(length, noise, band(80, 360, 1), 0.7) * (0.85 + 0.3 * wander(noise, length, 6))[:, None]
    )
    result += 0.035 * wide(length, noise, band(500, 3500, 1), 0.9)
    sleeves = [
        rustle(noise, float(noise.uniform(0.15, 0.6)), band(700, 4200, 1), pan)
        for pan in np.linspace(-0.95, 0.95, 12)
    ]
    scattered(result, sleeves, 0.55, noise, lambda share: 0.05 + 0.3 * share**2)
    chairs = [rustle(noise, 0.14, band(120, 600, 1.5), pan) for pan in (-0.7, -0.2, 0.5)]
    scattered(result, chairs, 0.1, noise, lambda share: 0.1 + 0.3 * share)
    return result


def cafe(length: int, noise: np.random.Generator) -> Stereo:
    """A cafe: talk in which no word can be made out, and cups."""
    result = 0.1 * wide(length, noise, band(150, 900, 1))
    for pan in np.linspace(-0.8, 0.8, 7):
        pitch = float(noise.uniform(210, 420))
        talk = coloured(noise, length, band(pitch, 3.2 * pitch, 1.5))
        talk *= wander(noise, length, 0.12) ** 2
        talk *= np.clip(2.4 * wander(noise, length, 1.6) - 0.9, 0, 1)  # each speaks and listens by turns
        result += place(talk.astype(np.float32) * np.float32(0.5), float(pan))
    cups = []
    for _ in range(8):
        count = int(0.25 * SAMPLE_RATE)
        seconds = np.arange(count) / SAMPLE_RATE
        hertz = float(noise.uniform(2300, 4200))
        cup = np.sin(2 * np.pi * hertz * seconds) + 0.6 * np.sin(2 * np.pi * 1.52 * hertz * seconds)
        ringing = (cup * np.exp(-seconds / 0.035)).astype(np.float32) * swell(count, 0.001, 0.05)
        cups.append(place(ringing, float(noise.uniform(-0.7, 0.7))))
    scattered(result, cups, 0.5, noise, lambda share: 0.015 + 0.07 * share**2)
    return result
