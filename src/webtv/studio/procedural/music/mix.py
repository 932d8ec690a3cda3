"""The mix: notes become sound, parts are balanced by ear's weighting, a room is put around them."""

import itertools
from collections.abc import Iterator

import numpy as np

from webtv.core.format import SAMPLE_RATE
from webtv.studio.procedural.music.ambience import ambience, prominence
from webtv.studio.procedural.music.drums import Kit
from webtv.studio.procedural.music.finish import even, finish
from webtv.studio.procedural.music.level import weighted
from webtv.studio.procedural.music.moods import Mood
from webtv.studio.procedural.music.room import room
from webtv.studio.procedural.music.score import Part, Score
from webtv.studio.procedural.music.signals import Convolver, Stereo, drawn
from webtv.studio.procedural.music.voices import VOICES

# Levels in dB of weighted power while a part plays, beside the leading voice; and shares of the room.
_LEVELS = {
    "lead": 0.0,
    "answer": -5.0,
    "figure": -5.5,
    "harmony": -5.0,
    "bass": -7.0,
    "beat": -5.5,
    "touch": -10.0,
}
_SENDS = {"lead": 0.9, "answer": 1.2, "figure": 0.8, "harmony": 0.7, "bass": 0.06, "beat": 0.3, "touch": 0.5}
# How deep each swells with the arrangement: 1 would be silent where nothing goes on.
_FOLLOWS = {
    "harmony": 0.45,
    "figure": 0.3,
    "beat": 0.25,
    "touch": 0.25,
    "bass": 0.2,
    "answer": 0.1,
    "lead": 0.15,
}
_AMBIENCE = -16.0
_WHOLE = 1 << 21  # samples: what is no longer is played in one piece
_WINDOW = 1 << 20  # what is longer, in pieces of this length, so that memory is bounded
_PROBE = 10.0  # seconds of a part by which its level is set where it is played in pieces
_STRETCH, _OVERLAP = 30 * SAMPLE_RATE, 4 * SAMPLE_RATE  # ambience is made anew every half minute


def mix(
    score: Score,
    mood: Mood,
    layers: tuple[str, ...],
    strength: float,
    length: int,
    noise: np.random.Generator,
) -> Stereo:
    """Play a score.

    Args:
        score: what to play.
        mood: decides brightness and room.
        layers: of ambience.
        strength: of the ambience, dB.
        length: samples; notes that last longer are cut, for another bed takes over there.
        noise: where chance comes from.

    Returns:
        float32[length, 2], its largest sample at 0.89. Beside it, some 200 MB are needed for any length.
    """
    chances = noise.spawn(len(score.parts) + 1)
    players = [
        _Player(part, score, mood, length, chance)
        for part, chance in zip(score.parts, chances[1:], strict=True)
    ]
    music = np.zeros((length, 2), np.float32)
    hall = Convolver(room(mood.space) * np.float32(mood.wet * 1.6))
    for start, end in _windows(length):
        wet = np.zeros((end - start, 2), np.float32)
        dry = music[start:end]
        for player in players:
            sound = player.play(end)
            dry += sound
            sound *= np.float32(_SENDS[player.role])
            wet += sound
        dry += hall.push(wet)
    even(music)
    if layers:
        goal = (weighted(music) or 1.0) * 10 ** ((_AMBIENCE + strength + prominence(layers)) / 20)
        _surround(music, layers, goal, chances[0])
    finish(music)
    return music


def _windows(length: int) -> Iterator[tuple[int, int]]:
    edges = [0, length] if length <= _WHOLE else [*range(0, length, _WINDOW), length]
    return itertools.pairwise(edges)


def _surround(music: Stereo, layers: tuple[str, ...], goal: float, noise: np.random.Generator) -> None:
    """Add the sounds of a place, in stretches that melt into each other, each of the same loudness."""
    length = len(music)
    step = length if length <= _STRETCH + 2 * _OVERLAP else _STRETCH
    for start in range(0, length, step):
        end = min(length, start + step + (_OVERLAP if start + step < length else 0))
        sound = ambience(layers, end - start, noise)
        sound *= np.float32(goal / (weighted(sound) or 1.0))
        ramp = np.sin(np.linspace(0, np.pi / 2, _OVERLAP, dtype=np.float32))[:, None]
        if start:
            count = min(_OVERLAP, len(sound))
            sound[:count] *= ramp[:count]
        if end < length:
            sound[-_OVERLAP:] *= ramp[::-1]
        music[start:end] += sound


class _Player:
    """Plays one part, window by window, at its level in the mix."""

    def __init__(self, part: Part, score: Score, mood: Mood, length: int, noise: np.random.Generator) -> None:
        self.role = part.role
        self._part, self._mood, self._length, self._noise = part, mood, length, noise
        self._swells = np.asarray(score.swells).T
        self._kit = Kit(noise)
        self._at = self._next = 0
        self._held = np.zeros((0, 2), np.float32)
        self._level = 0.0 if length <= _WHOLE else self._probed(noise.spawn(1)[0])
        rings = part.role in {"lead", "answer"} and mood.wet >= 0.4
        self._echo = _Echo(0.75 * 60 / score.tempo) if rings else None

    def play(self, end: int) -> Stereo:
        """Go on up to a sample: float32[samples, 2]."""
        start, self._at = self._at, end
        sound = np.zeros((max(end - start, len(self._held)), 2), np.float32)
        sound[: len(self._held)] = self._held
        while self._next < len(self._part.notes):
            at = int(self._part.notes[self._next].at * SAMPLE_RATE)
            if at >= end:
                break
            sound = _laid(sound, at - start, self._stroke(self._next, self._noise), self._length - start)
            self._next += 1
        self._held, sound = sound[end - start :].copy(), sound[: end - start]
        level = self._level or weighted(sound)
        if level > 0:
            sound *= np.float32(10 ** (_LEVELS[self.role] / 20) / level)
        arc = drawn(len(sound), self._swells[0] - start / SAMPLE_RATE, self._swells[1])
        sound *= (1 - np.float32(_FOLLOWS[self.role]) * (1 - arc))[:, None]
        return self._echo.push(sound) if self._echo else sound

    def _stroke(self, number: int, noise: np.random.Generator) -> Stereo:
        note = self._part.notes[number]
        if self._part.voice == "kit":
            return self._kit.strike(note.pitch) * np.float32(note.strength)
        voice = VOICES[self._part.voice]
        return voice.play(voice, note, self._mood.brightness, noise)

    def _probed(self, noise: np.random.Generator) -> float:
        """The part's level, by some seconds from its middle."""
        notes = self._part.notes
        first = notes[len(notes) // 2].at
        size = int(_PROBE * SAMPLE_RATE)
        sound = np.zeros((size, 2), np.float32)
        for number, note in enumerate(notes):
            if first <= note.at < first + _PROBE:
                at = int((note.at - first) * SAMPLE_RATE)
                sound = _laid(sound, at, self._stroke(number, noise), size)
        return weighted(sound)


def _laid(sound: Stereo, at: int, played: Stereo, most: int) -> Stereo:
    """Add a note, making room where it lasts longer, but never beyond so many samples."""
    end = min(most, at + len(played))
    if end > len(sound):
        sound = np.concatenate([sound, np.zeros((end - len(sound), 2), np.float32)])
    sound[at:end] += played[: max(0, end - at)]
    return sound


class _Echo:
    """Three repeats, from side to side."""

    def __init__(self, seconds: float) -> None:
        self._late = int(seconds * SAMPLE_RATE)
        self._held = np.zeros((3 * self._late, 2), np.float32)

    def push(self, sound: Stereo) -> Stereo:
        result = np.zeros((len(sound) + 3 * self._late, 2), np.float32)
        result[: len(self._held)] = self._held
        result[: len(sound)] += sound
        for turn in range(1, 4):
            shift = turn * self._late
            repeat = sound[:, ::-1] if turn % 2 else sound
            result[shift : shift + len(sound)] += repeat * np.float32(0.34**turn)
        self._held = result[len(sound) :]
        return result[: len(sound)]
