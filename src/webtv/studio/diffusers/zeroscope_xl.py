"""Zeroscope XL: enlarges a take by painting it anew, larger, after the same prompt.

The second half of the AI WebTV's chain: the take of :mod:`webtv.studio.diffusers.zeroscope` is resized to
1024x576, covered with noise for 60 % of the way, and denoised with the same prompt, which adds detail that no
resampling could (recipe: diffusers' own page on text-to-video, and huggingface.co/cerspense/zeroscope_v2_XL).
"""

import asyncio
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np

from webtv.studio.capability import Capability
from webtv.studio.diffusers import frames, wording
from webtv.studio.diffusers.footprint import Footprint
from webtv.studio.diffusers.frames import STABLE_DIFFUSION, Floats
from webtv.studio.diffusers.loras import allowed
from webtv.studio.diffusers.options import PipelineOptions
from webtv.studio.diffusers.pipeline import Pipeline, Recipe
from webtv.studio.diffusers.runtime import Runtime
from webtv.studio.diffusers.schedulers import NOISE
from webtv.studio.diffusers.shots import PACKAGES, grades, how_run
from webtv.studio.ports import Chunk, Credit, Frames, Grade, Media, ShotRequest, Take
from webtv.studio.upscaling import LanczosUpscaler

MODEL = "cerspense/zeroscope_v2_XL"


@dataclass(frozen=True, slots=True, kw_only=True)
class ZeroscopeXLOptions(PipelineOptions):
    """What a curator may set beside ``use: zeroscope-xl``.

    Attributes:
        strength: how much is painted anew, 0..1; of ``steps``, this share is taken.
        overlap: frames that two windows of a take longer than ``frames`` share; there one fades into the
            other.
    """

    STAGE: ClassVar[str] = "upscale"
    LIMITS: ClassVar[Mapping[str, tuple[float, float]]] = {
        "frames": (4, 48),
        "width": (64, 1536),
        "height": (64, 1536),
        "steps": (2, 200),
        "guidance": (1, 30),
        "strength": (0.05, 0.95),
        "overlap": (1, 24),
    }
    SCHEDULERS: ClassVar[tuple[str, ...]] = tuple(NOISE)
    FEWEST_STEPS: ClassVar[int] = 20
    SMALLEST: ClassVar[int] = 432

    frames: int = 30
    width: int = 1024
    height: int = 576
    steps: int = 50
    guidance: float = 15.0
    strength: float = 0.6
    overlap: int = 8

    def judge(self) -> None:
        """Judge what depends on more than one option."""
        if self.overlap * 2 > self.frames:
            self.refuse("overlap", f"{self.overlap} is more than half of frames", f"write {self.frames // 2}")
        if self.taken < 1:
            self.refuse(
                "steps", f"{self.steps} x strength leaves no step", f"write {int(1 / self.strength) + 1}"
            )

    @property
    def taken(self) -> int:
        """Steps that are really taken."""
        return int(self.steps * self.strength)


class ZeroscopeXL:
    """A :class:`webtv.studio.ports.Upscaler` that leads: it works before interpolation, on few frames.

    The model is loaded once, by the first take, and enlarges one take at a time.

    Args:
        model: id or folder of the model; the operator's choice.
        options: the curator's choices.
        runtime: how models are run here; the operator's choice.
        loras: what the operator allows by which id: an id on the hub, a folder, or a ``.safetensors`` file.

    Raises:
        InputError: the options name a LoRA that the operator did not.
    """

    ADAPTER: ClassVar[str] = "zeroscope-xl"
    # As Zeroscope, three times the pixels; its author says 15.3 GB for 30 frames.
    FOOTPRINT: ClassVar[Footprint] = Footprint(
        weights_gb=3.7, largest_gb=2.9, working_gb=11.6, pixels=1024 * 576 * 30, disk_gb=3.7
    )

    def __init__(
        self,
        model: str | Path = MODEL,
        options: ZeroscopeXLOptions | None = None,
        *,
        runtime: Runtime | None = None,
        loras: Mapping[str, str | Path] | None = None,
    ) -> None:
        self._model = str(model)
        self._options = options or ZeroscopeXLOptions()
        self._runtime = runtime or Runtime()
        self._loras = allowed(self._options.loras, loras or {}, "upscale")
        recipe = Recipe(
            model=self._model,
            kind="VideoToVideoSDPipeline",
            scheduler=self._options.scheduler,
            loras=self._loras,
            colours=STABLE_DIFFUSION,
        )
        self._pipeline = Pipeline(recipe, self._runtime, adapter=self.ADAPTER, stage="upscale")

    async def upscale(
        self, take: Take, width: int, height: int, request: ShotRequest | None = None
    ) -> AsyncIterator[Chunk]:
        """Yield the take painted anew, brought to exactly that size; closing the iterator stops the model.

        Args:
            take: what to enlarge; at most one window of it is held at a time.
            width: pixels of what is yielded.
            height: likewise.
            request: prompt, negative prompt and seed; without it the model sees no prompt and seed 0.

        Raises:
            WebTVError: as :meth:`webtv.studio.diffusers.shots.DiffusersShots.shoot`.
        """
        async with aclosing(self._painted(take, request)) as painted:
            async for chunk in LanczosUpscaler().upscale(painted, width, height):
                yield chunk

    def credit(self, request: ShotRequest) -> Credit:
        """What stands in the provenance: the model, a trained one, and how it was asked."""
        details = (
            self._options.to_mapping() | {"seed": request.seed} | how_run(self._runtime, self._pipeline.dtype)
        )
        return Credit(self.ADAPTER, self._pipeline.name, Media.TRAINED, details)

    @property
    def capability(self) -> Capability:
        """What it takes and can, with these options; loads nothing."""
        options = self._options
        return Capability(
            adapter=self.ADAPTER,
            stage="upscale",
            weights=(self._model, *(lora.source for lora in self._loras)),
            packages=PACKAGES,
            hosted=True,
            leads=True,
            vram_gb=self.FOOTPRINT.vram_gb(self._runtime, options.width * options.height * options.frames),
            disk_gb=self.FOOTPRINT.disk_gb,
        )

    @property
    def loads(self) -> list[dict[str, Any]]:
        """What of its options decides what it loads."""
        return [self._pipeline.loads]

    def adopt(self, previous: Self) -> None:
        """Take over what one with other options has loaded.

        Raises:
            InternalError: that one loads something else.
        """
        self._pipeline.adopt(previous._pipeline)

    def cheaper(self) -> Sequence[Grade]:
        """Fewer steps, then smaller as well, then resampling alone."""
        return (
            *grades(self.ADAPTER, self._options, self._options.MULTIPLE),
            Grade("without XL", {"use": "detail"}),
        )

    async def _painted(self, take: Take, request: ShotRequest | None) -> AsyncGenerator[Chunk]:
        """The take painted anew at the model's size, window by window."""
        overlap, abandoned, start = self._options.overlap, threading.Event(), 0
        kept: Floats | None = None  # the end of what is painted, which the next window fades into
        try:
            async for window in windows(take, self._options.frames, overlap):
                painted = await asyncio.to_thread(self._paint, window.frames, request, abandoned)
                if kept is not None:
                    painted = faded(kept, painted[window.shared - overlap :])
                ready = painted if window.last else painted[:-overlap]
                kept = painted[-overlap:]
                for at, part in frames.pieces(ready):
                    yield Chunk(await asyncio.to_thread(frames.to_bytes, part), start + at, window.fps)
                start += len(ready)
        finally:
            abandoned.set()

    def _paint(self, source: Frames, request: ShotRequest | None, abandoned: threading.Event) -> Floats:
        options = self._options
        larger = np.stack([frames.resized(frame, options.width, options.height) for frame in source])

        def arguments(pipeline: Any) -> dict[str, Any]:
            return {
                **(wording.asked(pipeline, request.prompt, "upscale") if request else {"prompt": ""}),
                "video": larger[None].astype(np.float32) / 255,
                "strength": float(options.strength),
                "num_inference_steps": options.steps,
                "guidance_scale": float(options.guidance),
            }

        # All windows begin with the same noise, so that their detail differs no more than it must.
        seed = request.seed if request else 0
        return self._pipeline.run(arguments, seed=seed, steps=options.taken, abandoned=abandoned)


@dataclass(frozen=True, slots=True)
class Window:
    """Consecutive frames of a take that a model sees at once.

    Attributes:
        frames: uint8[T, H, W, 3].
        shared: how many of the first of them the window before held as well.
        last: whether no other follows.
        fps: rate of the take.
    """

    frames: Frames
    shared: int
    last: bool
    fps: int


async def windows(take: Take, size: int, overlap: int) -> AsyncIterator[Window]:
    """A take in windows of at most ``size`` frames, of which each shares ``overlap`` or more with the next.

    A longer take's last window is as long as the others: of a few frames a model makes something else.
    """
    held: list[Frames] = []  # the window before, as far as the last one may need it, and what has come since
    new, windowed, fps = 0, False, 1
    async for chunk in take:
        fps = chunk.fps
        for frame in chunk.frames:
            # With one more than fits, what is held is not the last window.
            if new == size - (overlap if windowed else 0):
                yield Window(np.stack(held[-size:]), overlap if windowed else 0, False, fps)
                held, new, windowed = held[-size:], 0, True
            held.append(frame)
            new += 1
    if new:
        yield Window(np.stack(held[-size:]), min(size, len(held)) - new, True, fps)


def faded(before: Floats, after: Floats) -> Floats:
    """``after``, whose first frames show the same as ``before`` does, fading in over as many frames."""
    count = len(before)
    share = (np.arange(1, count + 1, dtype=np.float32) / (count + 1))[:, None, None, None]
    out = after.copy()
    out[:count] = before * (1 - share) + after[:count] * share
    return out
