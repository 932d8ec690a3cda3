"""Instruments: each turns a note into stereo sound. Eight families; presets of a family are its cousins."""

import functools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from webtv.core.format import SAMPLE_RATE
from webtv.studio.procedural.music.score import Note
from webtv.studio.procedural.music.signals import (
    Pair,
    Stereo,
    band,
    coloured,
    drawn,
    partials,
    place,
    play,
    rise,
    swell,
    tables,
)

Player = Callable[["Voice", Note, float, np.random.Generator], Stereo]


@dataclass(frozen=True, slots=True)
class Voice:
    """A preset of an instrument family.

    Attributes:
        name: its name.
        family: felt piano, strings, pad, pluck, bass, bell, flute.
        play: turns (voice, note, brightness 0 to 1, randomness) into float32[n, 2].
        low: lowest pitch at which it sounds well.
        high: highest.
        ratios: of the partials to the pitch, where they are not harmonic.
        heights: amplitudes of the partials.
        ring: seconds in which middle C decays by 60 dB, for what is struck or plucked.
        attack: seconds, for what is blown, bowed or swelling.
        tremolo: depth of the motor, 0 to 1.
        width: 0 to 1, how much of the stereo field it takes.
        seats: where the players of a section sit, -1 left to 1 right.
        formants: hertz that a throat lifts.
        breath: how much air is heard, 0 to 1.
    """

    name: str
    family: str
    play: Player
    low: int
    high: int
    ratios: tuple[float, ...] = ()
    heights: tuple[float, ...] = ()
    ring: float = 3.0
    attack: float = 0.005
    tremolo: float = 0.0
    width: float = 0.5
    seats: tuple[float, ...] = ()
    formants: tuple[float, ...] = ()
    breath: float = 0.0


def _hertz(pitch: float) -> float:
    return float(440.0 * 2 ** ((pitch - 69) / 12))


def _samples(seconds: float) -> int:
    return max(1, int(seconds * SAMPLE_RATE))


def _across(pitch: int, width: float) -> float:
    """Low notes left, high ones right, as a keyboard's player hears them."""
    return max(-1.0, min(1.0, (pitch - 64) / 30)) * width


def _gains(pan: NDArray[np.float64] | float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    angle = (np.clip(pan, -1, 1) + 1) * np.pi / 4
    return np.cos(angle), np.sin(angle)


def _let_go(sound: Stereo, after: float, fade: float) -> Stereo:
    """End a ringing sound: from ``after`` on it is damped, and it ends in silence."""
    start, length = _samples(after), len(sound)
    if start < length:
        rest = np.arange(length - start, dtype=np.float32) / SAMPLE_RATE
        sound[start:] *= np.exp(-rest / np.float32(fade / 4))[:, None]
    sound *= rise(length, min(length, _samples(0.02)))[::-1, None]
    return sound


def piano(voice: Voice, note: Note, brightness: float, noise: np.random.Generator) -> Stereo:
    """Hammer on felt: two strings a shade apart, partials a shade sharp, higher ones dying sooner."""
    hertz = _hertz(note.pitch)
    ring = voice.ring * 2 ** ((60 - note.pitch) / 24)
    fade = 0.7
    length = _samples(min(note.seconds + fade, ring))
    number = np.arange(1, 1 + max(3, min(20, int(7500 / hertz))))
    stretched = hertz * number * np.sqrt(1 + 0.00025 * number**2)
    softness = 1.35 - 0.35 * note.strength - 0.35 * brightness
    height = number**-1.1 * np.exp(-softness * hertz * number / 2100) * note.strength
    height *= 0.35 + 0.65 * np.abs(np.sin(np.pi * number / 8.3))
    decay = 6.9 / ring * (0.8 + 0.32 * number)
    pan = _across(note.pitch, voice.width)
    # Two strings drift apart and leave a slow aftersound; each partial leans its own way.
    lean = pan + voice.width * 0.5 * noise.uniform(-1, 1, len(number))
    (left, right), (other_left, other_right) = _gains(lean), _gains(2 * pan - lean)
    phase = noise.uniform(-0.6, 0.6, len(number))
    sound = partials(
        length,
        np.concatenate([stretched, stretched * 1.0005]),
        np.concatenate([height * left, 0.6 * height * other_left]),
        np.concatenate([height * right, 0.6 * height * other_right]),
        np.concatenate([decay * 1.4, decay * 0.55]),
        np.concatenate([phase, phase + 0.4]),
    )
    sound *= rise(length, _samples(0.004 + 0.006 * (1 - note.strength)))[:, None]
    thump = _samples(0.06)
    if length > thump:
        knock = coloured(noise, thump, band(90, 420, 2)) * swell(thump, 0.004, 0.05)
        sound[:thump] += place(knock * np.float32(0.035 * note.strength**1.5), pan)
    return _let_go(sound, note.seconds, fade)


def struck(voice: Voice, note: Note, brightness: float, noise: np.random.Generator) -> Stereo:
    """Bells, bars, tines and plucked strings: decaying partials at the voice's own ratios."""
    hertz = _hertz(note.pitch)
    ring = voice.ring * 2 ** ((60 - note.pitch) / 26)
    fade = min(1.2, 0.35 * voice.ring)
    length = _samples(min(note.seconds + fade, ring * 1.1))
    ratio, height = np.asarray(voice.ratios), np.asarray(voice.heights)
    harsh = np.exp(-np.maximum(0, ratio * hertz - 2400) / (2200 + 3600 * brightness))
    height = height * harsh * note.strength * np.where(ratio > 1.5, 0.45 + 0.55 * note.strength, 1.0)
    decay = 6.9 / ring * (1 + 0.55 * (ratio - 1))
    pan = _across(note.pitch, voice.width)
    lean = pan + voice.width * 0.45 * noise.uniform(-1, 1, len(ratio))
    left, right = _gains(lean)
    sound = partials(
        length, hertz * ratio, height * left, height * right, decay, noise.uniform(-0.5, 0.5, len(ratio))
    )
    if voice.tremolo:
        points = np.arange(0, length / SAMPLE_RATE + 0.01, 0.01)
        turn = 2 * np.pi * (5.1 * points + noise.random())
        sway = drawn(length, points, voice.tremolo / 2 * np.sin(turn))
        sound[:, 0] *= 1 - np.float32(voice.tremolo / 2) + sway
        sound[:, 1] *= 1 - np.float32(voice.tremolo / 2) - sway
    sound *= rise(length, _samples(voice.attack))[:, None]
    return _let_go(sound, note.seconds, fade)


def bowed(voice: Voice, note: Note, brightness: float, noise: np.random.Generator) -> Stereo:
    """A section of strings: several players, each with a vibrato and a place of their own."""
    hertz = _hertz(note.pitch)
    release = 0.45
    length = _samples(note.seconds + release)
    attack = min(voice.attack * (1.3 - 0.6 * note.strength), 0.6 * note.seconds)
    shape = swell(length, attack, release)
    open_up = shape * shape * np.float32(0.25 + 0.75 * note.strength)
    steady = np.arange(length) * (hertz / SAMPLE_RATE)
    points = np.arange(0, length / SAMPLE_RATE + 0.01, 0.005)
    come = np.minimum(1, points / 0.7)
    waves = _strings(note.pitch, brightness)
    result = np.zeros((length, 2), np.float32)
    players = len(voice.seats)
    for player, pan in enumerate(voice.seats):
        rate, depth = noise.uniform(4.6, 5.7), noise.uniform(0.0018, 0.0034)
        turn = 2 * np.pi * (rate * points + noise.random())
        sway = drawn(length, points, hertz * depth / (2 * np.pi * rate) * -np.cos(turn) * come)
        off = 1 + 0.0016 * (player - (players - 1) / 2) + noise.normal(0, 0.0004)
        low, high = play(waves, steady * off + sway + noise.random())
        tone = low + (high - low) * open_up
        left, right = _gains(_across(note.pitch, 0.2) + voice.width * pan)
        result[:, 0] += tone * np.float32(left)
        result[:, 1] += tone * np.float32(right)
    result *= (shape * np.float32(note.strength / players))[:, None]
    return result


@functools.lru_cache(maxsize=128)
def _strings(pitch: int, brightness: float) -> Pair:
    """A bowed string through a wooden body, softly and at full bow."""
    hertz = _hertz(pitch)
    number = np.arange(1, 41)
    body = (
        0.5
        + np.exp(-(((np.log2(hertz * number / 480)) / 0.8) ** 2))
        + 0.5 * np.exp(-(((np.log2(hertz * number / 1500)) / 0.6) ** 2))
    )
    dark = number**-1.25 * body * np.exp(-hertz * number / 900)
    clear = number**-1.0 * body * np.exp(-hertz * number / (2400 + 2600 * brightness))
    return tables(dark, clear, hertz, (14_000.0, 14_000.0))


def pad(voice: Voice, note: Note, brightness: float, noise: np.random.Generator) -> Stereo:
    """Three detuned voices per note behind a slowly opening filter."""
    hertz = _hertz(note.pitch)
    release = 1.1
    length = _samples(note.seconds + release)
    number = np.arange(1, 1 + max(3, min(28, int(6500 / hertz))))
    if voice.heights:
        number = number[: len(voice.heights)]
        height = np.asarray(voice.heights)[: len(number)]
    else:
        height = number**-1.15
    if voice.formants:
        away = [np.abs(np.log2(hertz * number / formant)) for formant in voice.formants]
        height = height * (0.12 + sum(np.exp(-((each / 0.35) ** 2)) for each in away))
    shape = swell(length, min(voice.attack, 0.7 * note.seconds), release)
    points = np.arange(0, length / SAMPLE_RATE + 0.1, 0.1)
    slow = 0.6 + 0.4 * np.sin(2 * np.pi * (noise.uniform(0.07, 0.16) * points + noise.random()))
    opening = shape * drawn(length, points, slow)
    cents = np.array([-7.0, 0.8, 6.0]) + noise.normal(0, 0.7, 3)
    left, right = _gains(voice.width * np.array([-0.5, 0.0, 0.5]))
    wave = np.concatenate([hertz * number * 2 ** (cent / 1200) for cent in cents])
    phase = noise.uniform(0, 2 * np.pi, len(wave))

    def through(corner: float) -> Stereo:
        filtered = height / np.sqrt(1 + (hertz * number / corner) ** 4)
        heard = filtered > 1e-4
        every = np.tile(heard, 3)
        lefts, rights = (np.concatenate([filtered * gain for gain in side])[every] for side in (left, right))
        return partials(length, wave[every], lefts, rights, 0.0, phase[every])

    dark, clear = through(380.0), through(1000 + 3000 * brightness)
    clear -= np.float32(0.6) * dark  # the filter opens: dark is left behind as clear comes
    clear *= opening[:, None]
    clear += dark
    clear *= (shape * np.float32(note.strength * 0.3))[:, None]
    return clear


def bass(voice: Voice, note: Note, brightness: float, noise: np.random.Generator) -> Stereo:
    """Round and centred: a fundamental that stays, overtones that leave."""
    hertz = _hertz(note.pitch)
    release = 0.12
    length = _samples(note.seconds + release)
    number = np.arange(1, 1 + len(voice.heights))
    height = np.asarray(voice.heights) * np.exp(-hertz * number / (350 + 900 * brightness * note.strength))
    decay = 0.35 / max(0.3, voice.ring / 3) + 1.1 * (number - 1) / max(0.5, voice.ring / 3)
    sound = partials(length, hertz * number, height, height, decay, 0.3 * noise.random(len(number)))
    sound *= (swell(length, voice.attack, release) * np.float32(note.strength))[:, None]
    return sound


def blown(voice: Voice, note: Note, brightness: float, noise: np.random.Generator) -> Stereo:
    """A pipe with breath, and a vibrato that comes when a note is held."""
    hertz = _hertz(note.pitch)
    release = 0.16
    length = _samples(note.seconds + release)
    points = np.arange(0, length / SAMPLE_RATE + 0.01, 0.005)
    come = np.clip((points - 0.25) / 0.6, 0, 1)
    turn = 2 * np.pi * (5.0 * points + noise.random())
    below = 0.006 * 0.03 * np.exp(-points / 0.03)  # each note is reached from a shade below
    bend = drawn(length, points, hertz * (below - 0.0035 * come / (2 * np.pi * 5.0) * np.cos(turn)))
    cycles = np.arange(length) * (hertz / SAMPLE_RATE) + bend
    low, high = play(_pipe(note.pitch, voice.heights, brightness), cycles + noise.random())
    attack = min(voice.attack, 0.5 * note.seconds)
    shape = swell(length, attack, release)
    swing = drawn(length, points, come * np.sin(turn))
    force = shape * (np.float32(0.35 + 0.45 * note.strength) + np.float32(0.12) * swing)
    tone = low + (high - low) * force
    tone *= 1 + np.float32(0.1) * swing
    if voice.breath:
        air = coloured(noise, length, band(hertz * 1.5, min(6500.0, hertz * 6), 1.5))
        puff = drawn(length, points, np.exp(-points / 0.07) * 1.6 + 0.6)
        tone += air * puff * np.float32(0.05 * voice.breath)
    return place(tone * shape * np.float32(0.5 * note.strength), _across(note.pitch, voice.width))


@functools.lru_cache(maxsize=128)
def _pipe(pitch: int, heights: tuple[float, ...], brightness: float) -> Pair:
    """A pipe, blown softly and fully."""
    hertz = _hertz(pitch)
    number, height = np.arange(1, 1 + len(heights)), np.asarray(heights)
    full = height * np.exp(-hertz * number / (4500 + 4000 * brightness))
    return tables(height * number**-0.8, full, hertz, (7_000.0, 9_000.0))
