"""The embedded composer: writes a piece for each brief and plays it, with no model and no network."""

import asyncio
from dataclasses import dataclass

import numpy as np

from webtv.core.errors import InputError
from webtv.core.format import SAMPLE_RATE
from webtv.studio.ports import BedRequest, Credit, Media, Sound
from webtv.studio.procedural.music.ambience import understand_ambience
from webtv.studio.procedural.music.composition import compose
from webtv.studio.procedural.music.mix import mix
from webtv.studio.procedural.music.moods import Mood, understand_mood
from webtv.studio.procedural.music.score import Score
from webtv.studio.procedural.music.voices import understand_instrument

ADAPTER = "synth"
MODEL = "webtv-synth 1"

_TEMPI = (40, 200)


@dataclass(frozen=True, slots=True)
class _Reading:
    """A brief as understood."""

    mood: Mood
    tempo: int
    voices: tuple[str, ...]
    understood: dict[str, str]
    layers: tuple[str, ...]
    strength: float
    ignored: tuple[str, ...]


class SynthComposer:
    """Composes beds in the mood asked for; the same request gives the same samples.

    The last chord begins 3.5 s or more before the end and sounds on to the last sample, so the mixer has
    music to fade while the next bed fades in.
    """

    async def compose(self, request: BedRequest) -> Sound:
        """Return float32[samples, 2] at 48 kHz, its peaks at 0.89.

        Raises:
            InputError: no samples are asked for.
        """
        return await asyncio.to_thread(_perform, request)

    def credit(self, request: BedRequest) -> Credit:
        """What was understood of the brief, and what was not."""
        reading = _read(request)
        score = _write(request, reading)
        return Credit(
            adapter=ADAPTER,
            model=MODEL,
            media=Media.ALGORITHMIC,
            details={
                "key": score.key,
                "mode": score.mode,
                "mood": reading.mood.name,
                "tempo": score.tempo,
                "metre": score.metre,
                "instruments": reading.understood,
                "playing": list(dict.fromkeys(part.voice for part in score.parts)),
                "ambience": list(reading.layers),
                "ignored": list(reading.ignored),
            },
        )


def _read(request: BedRequest) -> _Reading:
    music = request.music
    tempo = min(_TEMPI[1], max(_TEMPI[0], music.tempo))
    mood, ignored = understand_mood(music.mood, tempo)
    understood: dict[str, str] = {}
    lost = list(ignored)
    for asked in music.instruments:
        voice = understand_instrument(asked)
        if voice is None:
            lost.append(asked)
        else:
            understood[asked] = voice
    layers, strength = understand_ambience(music.ambience)
    if music.ambience and not layers and music.ambience.casefold().strip() not in {"none", "silence"}:
        lost.append(music.ambience)
    return _Reading(mood, tempo, tuple(understood.values()), understood, layers, strength, tuple(lost))


def _chance(request: BedRequest, use: int) -> np.random.Generator:
    """Randomness of one use, so that a change in one leaves the others alone."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([request.seed, use])))


def _write(request: BedRequest, reading: _Reading) -> Score:
    if request.samples < 1:
        raise InputError(f"a bed of {request.samples} samples", remedy="ask for at least one sample")
    seconds = request.samples / SAMPLE_RATE
    return compose(reading.mood, reading.tempo, reading.voices, seconds, _chance(request, 0))


def _perform(request: BedRequest) -> Sound:
    reading = _read(request)
    score = _write(request, reading)
    return mix(score, reading.mood, reading.layers, reading.strength, request.samples, _chance(request, 1))
