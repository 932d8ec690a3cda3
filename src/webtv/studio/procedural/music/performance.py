"""A performance: a music brief understood, written as a score and played."""

import re
import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np

from webtv.core.errors import InputError
from webtv.core.format import SAMPLE_RATE
from webtv.prompts.sequence import MusicBrief
from webtv.studio.ports import BedRequest, Sound
from webtv.studio.procedural.music.ambience import understand_ambience
from webtv.studio.procedural.music.composition import compose
from webtv.studio.procedural.music.mix import mix
from webtv.studio.procedural.music.mood_words import mood_of
from webtv.studio.procedural.music.moods import Mood, understand_mood
from webtv.studio.procedural.music.score import Score
from webtv.studio.procedural.music.terms import Terms, read_terms
from webtv.studio.procedural.music.voices import VOICES, understand_instrument

_QUIET = frozenset({"none", "silence", "no", "nothing", "no ambience"})


@dataclass(frozen=True, slots=True)
class Reading:
    """A brief as understood.

    Attributes:
        mood: which of the moods.
        tempo: beats per minute; 0 leaves it to the mood and the seed.
        voices: who plays, leading voice first; empty leaves it to the mood and the seed.
        terms: key, metre and the like.
        instruments: each instrument as it was asked for, and the voice it was taken for.
        layers: of ambience.
        strength: of the ambience, dB.
        ignored: words that said nothing.
    """

    mood: Mood
    tempo: int
    voices: tuple[str, ...]
    terms: Terms
    instruments: dict[str, str]
    layers: tuple[str, ...]
    strength: float
    ignored: tuple[str, ...]


def read(music: MusicBrief) -> Reading:
    """Understand a brief.

    Musical terms count wherever they stand, in the mood or among the instruments: ``waltz in D minor``,
    ``120 bpm``, ``no drums``, ``solo piano``. Instruments named in the mood play where none are listed.
    """
    terms = read_terms(music.mood)
    named, rest = _named(terms.rest)
    instruments: dict[str, str] = {}
    ignored: list[str] = []
    for asked in music.instruments:
        more = read_terms(asked)
        _join(terms, more)
        voice = understand_instrument(more.rest) if more.rest else None
        if voice is not None:
            instruments[asked] = voice
        elif not more.understood:
            ignored.append(asked)
    solo = list(dict.fromkeys(terms.voices))
    voices = tuple(solo or instruments.values() or named.values())
    if not instruments and not solo:
        instruments = named
    elif named:
        ignored = [*(word for word in named if named[word] not in voices), *ignored]
    mood, lost = understand_mood(rest, terms.settled_tempo(music.tempo or 90))
    layers, strength = understand_ambience(music.ambience)
    if music.ambience and not layers and music.ambience.casefold().strip() not in _QUIET:
        ignored.append(music.ambience)
    free = music.tempo <= 0 and terms.tempo is None
    tempo = 0 if free else terms.settled_tempo(music.tempo)
    return Reading(mood, tempo, voices, terms, instruments, layers, strength, (*lost, *ignored))


def _named(text: str) -> tuple[dict[str, str], str]:
    """Instruments that a mood names (``calm piano and strings``), and the words without them.

    A word that is a mood of its own stays one: ``ambient`` is calm before it is a pad.
    """
    found: dict[str, str] = {}
    rest = []
    for word in re.findall(r"[^\W\d_]+(?:-[^\W\d_]+)*", text):
        distance = mood_of(word)
        voice = understand_instrument(word) if distance is None or distance[0] == 2 else None
        if voice is None:
            rest.append(word)
        else:
            found[word] = voice
    pairs = re.findall(r"(?=\b([^\W\d_]+ [^\W\d_]+)\b)", text)
    for pair in pairs:  # an electric piano is more than a piano
        voice = understand_instrument(pair)
        first, second = pair.split()
        if voice is not None and voice not in (found.get(first), found.get(second)) and second in found:
            found = {
                pair if key == second else key: voice if key == second else v for key, v in found.items()
            }
            rest = [word for word in rest if word != first]
    return found, " ".join(rest)


def _join(terms: Terms, more: Terms) -> None:
    terms.tonic = more.tonic if terms.tonic is None else terms.tonic
    terms.tempo = more.tempo if terms.tempo is None else terms.tempo
    terms.mode, terms.metre, terms.pace = (
        terms.mode or more.mode,
        terms.metre or more.metre,
        terms.pace or more.pace,
    )
    terms.solo = terms.solo or more.solo
    terms.voices += more.voices
    terms.without |= more.without
    terms.understood |= more.understood


def _chance(request: BedRequest, use: int, mood: Mood) -> np.random.Generator:
    """Randomness of one use, so that a change in one leaves the others alone."""
    seeds = [request.seed, use, zlib.crc32(mood.name.encode())]
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(seeds)))


def write(request: BedRequest, reading: Reading) -> Score:
    """Write the score.

    Raises:
        InputError: no samples are asked for.
    """
    if request.samples < 1:
        raise InputError(f"a bed of {request.samples} samples", remedy="ask for at least one sample")
    terms = reading.terms
    noise = _chance(request, 0, reading.mood)
    low, high = reading.mood.tempi
    suits = terms.settled_tempo(int(noise.integers(low, high + 1)))
    return compose(
        reading.mood,
        reading.tempo or suits,
        reading.voices,
        request.samples / SAMPLE_RATE,
        noise,
        tonic=terms.tonic,
        mode=terms.mode,
        metre=terms.metre,
        without=frozenset(terms.without),
        solo=terms.solo,
    )


def perform(request: BedRequest) -> Sound:
    """Compose and play: float32[samples, 2] at 48 kHz, its largest sample at 0.89.

    Raises:
        InputError: no samples are asked for.
    """
    reading = read(request.music)
    score = write(request, reading)
    noise = _chance(request, 1, reading.mood)
    return mix(score, reading.mood, reading.layers, reading.strength, request.samples, noise)


def details(request: BedRequest) -> dict[str, Any]:
    """What stands in the credit: what was written, what was understood and what was ignored.

    Raises:
        InputError: no samples are asked for.
    """
    reading = read(request.music)
    score = write(request, reading)
    return {
        "key": score.key,
        "mode": score.mode,
        "mood": reading.mood.name,
        "tempo": score.tempo,
        "metre": score.metre,
        "form": list(score.sections),
        "instruments": reading.instruments,
        "understood": dict(reading.terms.understood),
        "playing": list(dict.fromkeys(part.voice for part in score.parts)),
        "ambience": list(reading.layers),
        "ignored": list(reading.ignored),
    }


def example(mood: str, *, seed: int = 1, seconds: float = 18.0) -> BedRequest:
    """A brief that leaves everything to a mood: its own ensemble, tempo and metre; for galleries and tests.

    Args:
        mood: a name in :data:`~webtv.studio.procedural.music.moods.MOODS`.
        seed: another one is another piece.
        seconds: length.
    """
    return BedRequest(MusicBrief(mood, 0, ()), int(seconds * SAMPLE_RATE), seed)


def families() -> dict[str, tuple[str, ...]]:
    """The families of instruments and their voices; the kit is one of its own."""
    found: dict[str, tuple[str, ...]] = {}
    for voice in VOICES.values():
        found[voice.family] = (*found.get(voice.family, ()), voice.name)
    return {**found, "kit": ("kit",)}
