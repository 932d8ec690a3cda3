"""The composer that asks MusicGen: beds of any length in the mood and tempo of a brief.

torch and transformers are imported when the first bed is composed.
"""

import asyncio
import threading
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Self

import numpy as np

from webtv.core.errors import InputError, InternalError, QualityError
from webtv.core.format import SAMPLE_RATE
from webtv.studio.capability import Capability
from webtv.studio.diffusers.runtime import Runtime
from webtv.studio.musicgen.model import PLACE, Abandoned, Codes, MusicModel, Sampling
from webtv.studio.musicgen.options import MusicGenOptions
from webtv.studio.musicgen.resampling import resampled
from webtv.studio.musicgen.sizes import size_of
from webtv.studio.musicgen.windows import FRAMES_PER_SECOND, Waves, Window, joined, windows
from webtv.studio.musicgen.wording import described
from webtv.studio.ports import BedRequest, Credit, Grade, Media, Sound
from webtv.studio.procedural.music.ambience import ambience, understand_ambience
from webtv.studio.progress import tell

ADAPTER = "musicgen"
MODEL = "facebook/musicgen-small"
_SHORTEST = 50  # frames; a window must hold every codebook's lag several times over
_AMBIENCE = -16.0  # dB beside the music, as under the embedded composer's
_PEAK = 0.89
_FADE = 240  # samples at either end: music that begins within a wave would click
_SILENT = 1e-3  # -60 dBFS
_AMBIENT_SEED = 1  # apart from the music's own chance


class MusicGenComposer:
    """A :class:`webtv.studio.ports.Composer` over MusicGen.

    The model is loaded once, by the first bed, and plays one bed at a time. A mono model's sound is the same
    on both sides; the ambience under it is wide.

    Args:
        model: id or folder of the model, any of ``facebook/musicgen-*``; the operator's choice.
        options: the curator's choices.
        runtime: how models are run here; of it device, dtype, offload and locate count.

    Raises:
        ConfigError: the runtime says ``compile``, or another way of offloading than ``model``.
    """

    def __init__(
        self,
        model: str | Path = MODEL,
        options: MusicGenOptions | None = None,
        *,
        runtime: Runtime | None = None,
    ) -> None:
        self._name = str(model)
        self._options = options or MusicGenOptions()
        self._runtime = runtime or Runtime()
        self._model = MusicModel(self._name, self._runtime)
        self._busy = threading.Lock()

    @property
    def capability(self) -> Capability:
        """What it needs; sizes are told for published models and for folders, 0 for others."""
        size = size_of(self._name)
        bytes_each = 4 if self._runtime.dtype == "float32" else 2
        on_cpu = self._runtime.device == "cpu"
        return Capability(
            adapter=ADAPTER,
            stage="music",
            weights=(self._name,),
            packages=("torch", "transformers", "safetensors"),
            hosted=True,
            vram_gb=size.vram_gb(bytes_each) if size and not on_cpu else 0.0,
            disk_gb=size.disk_gb if size else 0.0,
        )

    def cheaper(self) -> Sequence[Grade]:
        """Without guidance, for which each token is computed twice; it follows the brief less closely.

        Shorter windows are no way: a token costs little more for what stands before it.
        """
        if self._options.guidance <= 1:
            return ()
        return (Grade("no guidance", {"use": ADAPTER} | asdict(replace(self._options, guidance=1.0))),)

    @property
    def loads(self) -> dict[str, str]:
        """What decides what it loads: the model, and none of the curator's options."""
        return {"model": self._name}

    def adopt(self, previous: Self) -> None:
        """Take over what one with other options has loaded.

        Raises:
            InternalError: that one loads something else.
        """
        if previous.loads != self.loads:
            said = f"{previous._name} was to be taken over for another model"
            raise InternalError(said, place=PLACE, remedy="report it")
        self._model = previous._model

    async def compose(self, request: BedRequest) -> Sound:
        """Return float32[samples, 2] at 48 kHz, its peaks at 0.89; cancelling stops the model within a token.

        Raises:
            InputError: no samples are asked for.
            ComponentError: torch or transformers is not installed.
            ConfigError: the model is not where the settings say, or it is none.
            TransientError: it could not be fetched from the hub.
            ResourceError: the device is out of memory.
            QualityError: what it played is silent or no sound.
        """
        if request.samples < 1:
            raise InputError(
                f"a bed of {request.samples} samples", place=PLACE, remedy="ask for at least one sample"
            )
        abandoned = threading.Event()
        try:
            return await asyncio.to_thread(self._perform, request, abandoned)
        finally:
            abandoned.set()

    def credit(self, request: BedRequest) -> Credit:
        """What stands in the provenance: the model, a trained one, and how it was asked."""
        options = self._options
        layers, _ = understand_ambience(request.music.ambience) if options.ambience else ((), 0.0)
        told = asdict(options) | {
            "prompt": described(request.music),
            "tempo": request.music.tempo,
            "seed": request.seed,
            "windows": len(self._windows(request)),
            "ambience": list(layers),
        }
        if layers:
            told["ambience_by"] = "webtv-synth 2"
        # A folder of the operator's says nothing to a viewer but its name.
        name = Path(self._name).name if Path(self._name).is_dir() else self._name
        return Credit(ADAPTER, name, Media.TRAINED, told)

    def _windows(self, request: BedRequest) -> list[Window]:
        frames = max(_SHORTEST, -(-request.samples * FRAMES_PER_SECOND // SAMPLE_RATE))
        longest = round(self._options.window * FRAMES_PER_SECOND)
        overlap = round(self._options.overlap * FRAMES_PER_SECOND)
        return list(windows(frames, longest, overlap))

    def _perform(self, request: BedRequest, abandoned: threading.Event) -> Sound:
        model = self._model
        with self._busy:
            if abandoned.is_set():
                raise Abandoned
            model.load()
            with model.at_work(), model.seeded(request.seed):
                played = joined(self._played(request, abandoned), model.per_frame, model.rate)
        _judge(played, model.rate)
        music = resampled(np.ascontiguousarray(played.T), model.rate, SAMPLE_RATE)[: request.samples]
        bed = np.repeat(music, 2, axis=1) if music.shape[1] == 1 else music
        return _finished(self._with_ambience(bed, request))

    def _played(self, request: BedRequest, abandoned: threading.Event) -> Iterator[tuple[Window, Waves]]:
        options, model, parts = self._options, self._model, self._windows(request)
        sampling = Sampling(float(options.guidance), float(options.temperature), options.top_k)
        heard = model.hear(described(request.music))
        total = sum(part.new for part in parts)
        done = made = 0

        def step() -> None:
            nonlocal done
            if abandoned.is_set():
                raise Abandoned
            # A window takes a few steps more than it has frames.
            tell("music", min(done, made - 1), total)
            done += 1

        before: Codes | None = None
        for part in parts:
            done, made = made, made + part.new
            last = before[:, -part.prompt :] if before is not None else None
            waves, before = model.window(heard, part.frames, last, sampling, step)
            yield part, waves
        tell("music", total, total)

    def _with_ambience(self, bed: Sound, request: BedRequest) -> Sound:
        layers, strength = understand_ambience(request.music.ambience)
        if not layers or not self._options.ambience:
            return bed
        chance = np.random.Generator(np.random.PCG64(np.random.SeedSequence([request.seed, _AMBIENT_SEED])))
        around = ambience(layers, len(bed), chance)
        share = _level(bed) * 10 ** ((_AMBIENCE + strength) / 20) / max(1e-9, _level(around))
        return np.asarray(bed + around * np.float32(share), np.float32)


def _level(sound: Sound) -> float:
    return float(np.sqrt(np.mean(np.square(sound, dtype=np.float64))))


def _judge(played: Waves, rate: int) -> None:
    """Refuse what nobody would call music, before work goes into it.

    Raises:
        QualityError: it holds what is no number, or is silent for half of its length.
    """
    if not np.isfinite(played).all():
        raise QualityError(
            "what the model played is no sound", place=PLACE, remedy="set the models' dtype to float32"
        )
    step = max(1, min(rate // 4, played.shape[1]))
    blocks = played[:, : played.shape[1] // step * step].reshape(len(played), -1, step)
    levels = blocks.std(axis=2, dtype=np.float64).max(axis=0)  # a constant is as silent as nothing
    if (share := float((levels < _SILENT).mean())) >= 0.5:
        raise QualityError(f"what the model played is silent for {share:.0%} of its length", place=PLACE)


def _finished(bed: Sound) -> Sound:
    bed = np.array(bed, np.float32)
    ends = min(len(bed) // 2, _FADE)
    if ends:
        fade = np.linspace(0, 1, ends, endpoint=False, dtype=np.float32)[:, None]
        bed[:ends] *= fade
        bed[-ends:] *= fade[::-1]
    largest = float(np.abs(bed).max(initial=0.0))
    return bed * np.float32(_PEAK / largest) if largest > 0 else bed
