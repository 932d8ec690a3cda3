"""The shot maker over a diffusers pipeline that every family derives from.

A family says in class variables what it is, in a subclass of
:class:`~webtv.studio.diffusers.options.VideoOptions` what it takes, and overrides
:meth:`DiffusersShots.arguments` if its pipeline is called differently::

    @dataclass(frozen=True, slots=True, kw_only=True)
    class FooOptions(VideoOptions):
        LIMITS: ClassVar = VideoOptions.LIMITS | {"frames": (5, 81), "shift": (1.0, 12.0)}
        FRAMES: ClassVar = FrameRule(4, 1)
        MULTIPLE: ClassVar = 16
        SCHEDULERS: ClassVar = tuple(FLOW)
        frames: int = 81
        shift: float = 3.0

    class FooShots(DiffusersShots[FooOptions]):
        ADAPTER = "foo"
        OPTIONS = FooOptions
        KIND = "FooPipeline"
        DTYPE = "bfloat16"
        FULL_VAE = True
        FOOTPRINT = Footprint(...)

Importing a family imports neither torch nor diffusers.
"""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar, Generic, Self, TypeVar

from webtv.studio.capability import Capability
from webtv.studio.diffusers import frames, wording
from webtv.studio.diffusers.footprint import Footprint
from webtv.studio.diffusers.frames import LatentColours
from webtv.studio.diffusers.loras import allowed
from webtv.studio.diffusers.options import PipelineOptions, VideoOptions
from webtv.studio.diffusers.pipeline import Pipeline, Recipe
from webtv.studio.diffusers.runtime import Runtime
from webtv.studio.ports import Chunk, Credit, Grade, Media, ShotRequest

PACKAGES = ("torch", "diffusers", "transformers", "accelerate", "safetensors")

O = TypeVar("O", bound=VideoOptions)  # noqa: E741


class DiffusersShots(Generic[O]):
    """A :class:`webtv.studio.ports.ShotMaker` over a diffusers pipeline.

    The model is loaded once, by the first take, and makes one take at a time.

    Args:
        model: id or folder of the model; the operator's choice.
        options: the curator's choices.
        runtime: how models are run here; the operator's choice.
        loras: what the operator allows by which id: an id on the hub, a folder, or a ``.safetensors`` file.

    Raises:
        InputError: the options name a LoRA that the operator did not.
    """

    ADAPTER: ClassVar[str]
    OPTIONS: ClassVar[type[VideoOptions]] = VideoOptions
    KIND: ClassVar[str]
    """diffusers' class."""
    DTYPE: ClassVar[str] = "float16"
    """Precision that suits the family on a GPU."""
    FULL_VAE: ClassVar[bool] = False
    """Whether its autoencoder works in 32 bits."""
    COLOURS: ClassVar[LatentColours | None] = None
    """What the channels of its latents mean, for previews."""
    FOOTPRINT: ClassVar[Footprint]
    FROM_IMAGE: ClassVar[bool] = False
    """Whether a take can begin with a picture."""

    def __init__(
        self,
        model: str | Path,
        options: O | None = None,
        *,
        runtime: Runtime | None = None,
        loras: Mapping[str, str | Path] | None = None,
    ) -> None:
        self._model = str(model)
        self._options: O = options if options is not None else self.OPTIONS()  # type: ignore[assignment]
        self._runtime = runtime or Runtime()
        self._loras = allowed(self._options.loras, loras or {}, self._options.STAGE)
        self._pipeline = Pipeline(self.recipe(), self._runtime, adapter=self.ADAPTER, stage="shot")

    @property
    def options(self) -> O:
        """The curator's choices."""
        return self._options

    @property
    def runtime(self) -> Runtime:
        """The operator's choices."""
        return self._runtime

    # What a family may override.

    def recipe(self) -> Recipe:
        """Which pipeline it is and how it is loaded; called once, by the constructor."""
        return Recipe(
            model=self._model,
            kind=self.KIND,
            dtype=self.DTYPE,
            full_vae=self.FULL_VAE,
            scheduler=self._options.scheduler,
            loras=self._loras,
            colours=self.COLOURS,
        )

    def arguments(self, pipeline: Any, request: ShotRequest, count: int) -> dict[str, Any]:
        """What the pipeline is called with, beside generator, output type and callbacks.

        Called in the thread that works.

        Args:
            pipeline: loaded.
            request: what to show.
            count: frames to make.
        """
        options = self._options
        return {
            **wording.asked(pipeline, request.prompt, "shot"),
            "width": options.width,
            "height": options.height,
            "num_frames": count,
            "num_inference_steps": options.steps,
            "guidance_scale": float(options.guidance),
        }

    def output(self) -> Callable[[Any], Any] | None:
        """What finds the take in what the pipeline returned; None for its attribute ``frames``."""
        return None

    def details(self, request: ShotRequest) -> dict[str, Any]:
        """What the provenance says beside options, timing, seed and how the model was run."""
        return {}

    def pipelines(self) -> tuple[Pipeline, ...]:
        """The pipelines that it is made of."""
        return (self._pipeline,)

    # What every family does alike.

    @property
    def loads(self) -> list[dict[str, Any]]:
        """What of its options decides what it loads: neither steps, guidance, size nor scheduler."""
        return [pipeline.loads for pipeline in self.pipelines()]

    def adopt(self, previous: Self) -> None:
        """Take over what one with other options has loaded.

        Raises:
            InternalError: that one loads something else.
        """
        for mine, loaded in zip(self.pipelines(), previous.pipelines(), strict=True):
            mine.adopt(loaded)

    async def shoot(self, request: ShotRequest) -> AsyncIterator[Chunk]:
        """Make a take; cancelling or closing the iterator stops the model after its current step.

        Raises:
            InputError: the shot is too long for the frames that the options allow, or the model has no such
                scheduler.
            ComponentError: torch or diffusers is not installed.
            ConfigError: the model, or a LoRA, is not where the settings say, or does not fit.
            TransientError: it could not be fetched from the hub.
            ResourceError: the device is out of memory.
            QualityError: the take shows nothing.
        """
        count, rate = self._options.timing(request.seconds, request.fps)
        abandoned = threading.Event()
        try:
            video = await asyncio.to_thread(
                self._pipeline.run,
                lambda pipeline: self.arguments(pipeline, request, count),
                seed=request.seed,
                steps=self._options.steps,
                abandoned=abandoned,
                output=self.output(),
            )
            for start, part in frames.pieces(video):
                yield Chunk(await asyncio.to_thread(frames.to_bytes, part), start, rate)
        finally:
            abandoned.set()

    def credit(self, request: ShotRequest) -> Credit:
        """What stands in the provenance: the model, a trained one, and how it was asked."""
        count, rate = self._options.timing(request.seconds, request.fps)
        asked = self._options.to_mapping() | {"frames": count, "fps": rate, "seed": request.seed}
        asked |= how_run(self._runtime, self._pipeline.dtype) | self.details(request)
        return Credit(self.ADAPTER, self._pipeline.name, Media.TRAINED, asked)

    @property
    def multiple(self) -> int:
        """Width and height are multiples of it, with this model."""
        return self._options.MULTIPLE

    @property
    def footprint(self) -> Footprint:
        """What it takes of a device and a disk; loads nothing."""
        return self.FOOTPRINT

    @property
    def capability(self) -> Capability:
        """What it takes and can, with these options; loads nothing."""
        options = self._options
        weights = [self._model, *(model for _, model in self.recipe().parts.values())]
        weights += [lora.source for lora in self._loras]
        return Capability(
            adapter=self.ADAPTER,
            stage="shot",
            weights=tuple(weights),
            packages=PACKAGES,
            hosted=True,
            vram_gb=self.footprint.vram_gb(self._runtime, options.width * options.height * options.frames),
            disk_gb=self.footprint.disk_gb,
            from_image=self.FROM_IMAGE,
        )

    def cheaper(self) -> Sequence[Grade]:
        """Fewer steps, then smaller as well; never below what the family can do."""
        return grades(self.ADAPTER, self._options, self.multiple)


def how_run(runtime: Runtime, dtype: str) -> dict[str, Any]:
    """What of the operator's choices shapes the frames, for provenance."""
    said: dict[str, Any] = {"dtype": dtype}
    if runtime.variant:
        said["variant"] = runtime.variant
    if runtime.attention:
        said["attention"] = runtime.attention
    if runtime.compile:
        said["compile"] = True
    if runtime.layerwise_casting:
        said["layerwise_casting"] = True
    return said


def grades(adapter: str, options: PipelineOptions, multiple: int) -> tuple[Grade, ...]:
    """Ever cheaper ways of the same work: fewer steps, then a smaller picture as well.

    Args:
        adapter: for the stage's options.
        options: that it is set to.
        multiple: width and height must be multiples of it.
    """
    made: list[Grade] = []

    def add(name: str, cheaper: PipelineOptions) -> None:
        if cheaper not in (options, *known):
            known.append(cheaper)
            made.append(Grade(name, {"use": adapter} | cheaper.to_mapping()))

    known: list[PipelineOptions] = []
    least = min(options.FEWEST_STEPS, options.steps)
    for share in (2 / 3, 1 / 2):
        add("fewer steps", replace(options, steps=max(least, round(options.steps * share))))
    fast = known[-1] if known else options
    for share in (4 / 5, 3 / 5):
        width, height = (_scaled(side, share, multiple) for side in (options.width, options.height))
        limits = options.LIMITS
        if (
            min(width, height) >= options.SMALLEST
            and width >= limits["width"][0]
            and height >= limits["height"][0]
        ):
            add("smaller", replace(fast, width=width, height=height))
    return tuple(made)


def _scaled(side: int, share: float, multiple: int) -> int:
    return max(multiple, round(side * share / multiple) * multiple)
