"""One diffusers pipeline, loaded at its first use, at work for one caller at a time, and stoppable.

:class:`Pipeline` is what every diffusers adapter is made of: it knows how to load weights as the operator
wants them run, how to add LoRAs and choose the scheduler of a take, how to say how far it is, how to stop
within one denoising step, and how to hand what is loaded over to one with other options. What is asked of it
is the adapter's. Shot makers over it derive from :class:`webtv.studio.diffusers.shots.DiffusersShots`.
"""

import contextlib
import inspect
import threading
import traceback
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from webtv.core.errors import (
    InputError,
    InternalError,
    ResourceError,
    TransientError,
    WebTVError,
)
from webtv.core.libraries import is_out_of_memory, library
from webtv.studio import notes, progress
from webtv.studio.diffusers import frames, schedulers
from webtv.studio.diffusers.call import Abandoned, Steps, precision_kept, shape_of, stoppable
from webtv.studio.diffusers.frames import Floats
from webtv.studio.diffusers.loading import Recipe, first_line, load, public_name
from webtv.studio.diffusers.runtime import Runtime

_PROCESS = 0x2545F4914F6CDD1D  # makes the seed of the process's own noise of a take's
_PREVIEWS = 8  # previews per take at most: each waits for the device
_PATIENCE = 0.1  # seconds between two looks whether a take that waits for its turn is still wanted

__all__ = ["Abandoned", "Arguments", "Pipeline", "Recipe", "public_name"]

Arguments = Callable[[Any], Mapping[str, Any]]
"""Says what a loaded pipeline is called with."""


class Pipeline:
    """A pipeline that is loaded when it is first run.

    Args:
        recipe: which one.
        runtime: how it is run.
        adapter: name of the adapter, for errors.
        stage: ``shot`` or ``upscale``; under this name progress is told.
    """

    def __init__(self, recipe: Recipe, runtime: Runtime, *, adapter: str, stage: str) -> None:
        self._recipe = recipe
        self._runtime = runtime
        self._stage = stage
        self._place = f"studio.{stage} {adapter}"
        self._loaded: Any = None
        self._scheduler: Any = None  # that came with the model; each take has one of its own made of it
        self._shapes: set[Any] = set()  # that it has been called with since it was loaded
        self._busy = threading.Lock()

    @property
    def name(self) -> str:
        """The model as viewers may know it: an id, or of a folder nothing but its name."""
        return public_name(self._recipe.model)

    @property
    def dtype(self) -> str:
        """Precision of the weights: as loaded, or else as set."""
        return str(self._loaded.dtype).removeprefix("torch.") if self._loaded else self._runtime.dtype

    @property
    def loads(self) -> dict[str, Any]:
        """What decides the loaded pipeline; JSON-compatible."""
        return self._recipe.loads

    def adopt(self, previous: "Pipeline") -> None:
        """Take over what another one has loaded, if it has; that one would have to load again.

        Raises:
            InternalError: it loads something else.
        """
        if previous.loads != self.loads:
            raise InternalError(
                f"{previous.name} was to be taken over for another model or other LoRAs",
                place=self._place,
                remedy="report it",
            )
        with previous._busy:
            self._loaded, previous._loaded = previous._loaded, None
            self._scheduler, previous._scheduler = previous._scheduler, None
            self._shapes, previous._shapes = previous._shapes, set()

    def run(
        self,
        arguments: Arguments,
        *,
        seed: int,
        steps: int,
        abandoned: threading.Event,
        output: Callable[[Any], Any] | None = None,
    ) -> Floats:
        """Load the pipeline if need be and call it once; blocks, for a thread of its own.

        Args:
            arguments: what it is called with, beside generator, output type and callbacks.
            seed: noise is drawn on the CPU, so that one seed gives the same noise on every device.
            steps: denoising steps that the call will take, for progress.
            abandoned: set by whoever no longer wants the take.
            output: finds the take in what the call returned; its attribute ``frames`` by default.

        Returns:
            float32[T, H, W, 3] in 0..1.

        Raises:
            Abandoned: the event was set; within one denoising step of it, or one decoded frame. Loading is
                brought to its end: the next take needs it as well.
            WebTVError: Component-, Config- and TransientError while loading, ResourceError where memory is
                short, InputError if the model refuses an argument, QualityError if the take shows nothing.
        """
        torch = library("torch", self._place)
        with self._turn(abandoned), self._memory_watched(torch):
            if self._loaded is None:
                self._loaded, self._shapes = self._load(torch), set()
            if abandoned.is_set():
                raise Abandoned
            self._schedule(library("diffusers", self._place))
            self._note(torch)
            video = self._call(torch, arguments, seed, steps, abandoned, output)
        frames.judge(video, self._place)
        return video

    @contextlib.contextmanager
    def _turn(self, abandoned: threading.Event) -> Iterator[None]:
        """Hold the pipeline; a take that is abandoned while it waits for its turn gives up its thread."""
        while not self._busy.acquire(timeout=_PATIENCE):
            if abandoned.is_set():
                raise Abandoned
        try:
            yield
        finally:
            self._busy.release()

    @contextlib.contextmanager
    def _memory_watched(self, torch: Any) -> Iterator[None]:
        try:
            yield
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(torch, error):
                raise
            traceback.clear_frames(error.__traceback__)  # they hold the tensors that were too many
            if torch.cuda.is_available():
                torch.cuda.empty_cache()
            raise ResourceError(
                "the device has too little memory for this take",
                remedy="lower frames, width or height, set offload, or stop what else uses the device",
                place=self._place,
            ) from error

    @contextlib.contextmanager
    def _errors_translated(self, torch: Any) -> Iterator[None]:
        try:
            yield
        except (Abandoned, WebTVError):
            raise
        except ValueError as error:  # how diffusers refuses arguments
            raise InputError(
                f"the model refuses what it is asked: {first_line(error)}",
                remedy="change the option that it names",
                place=self._place,
            ) from error
        except Exception as error:
            if is_out_of_memory(torch, error):
                raise
            if "CUDA error" in str(error) or "HIP error" in str(error):
                raise TransientError(
                    f"the device failed: {first_line(error)}",
                    remedy="see the system's log, and restart the models' studio if it happens again",
                    place=self._place,
                ) from error
            raise InternalError(
                f"the model failed: {type(error).__name__}: {first_line(error)}",
                remedy="report it, with the channel's options",
                place=self._place,
            ) from error

    def _call(
        self,
        torch: Any,
        arguments: Arguments,
        seed: int,
        steps: int,
        abandoned: threading.Event,
        output: Callable[[Any], Any] | None,
    ) -> Floats:
        pipeline = self._loaded
        takes = inspect.signature(pipeline.__call__).parameters
        # For what hands its generator to nobody: some schedulers, some autoencoders. Of another seed, or the
        # noise of the steps would on a CPU be the very noise that the take begins with.
        torch.manual_seed(seed ^ _PROCESS)
        ours = {"generator": torch.Generator("cpu").manual_seed(seed), "output_type": "np"}
        told: Steps | None = None

        def coding() -> None:
            if told is not None:
                told.again()

        with (
            self._errors_translated(torch),
            precision_kept(getattr(pipeline, "vae", None)),
            stoppable(torch, pipeline, abandoned, coding),
        ):
            try:
                given = dict(arguments(pipeline)) | {name: ours[name] for name in ours if name in takes}
                shape = shape_of(given)
                told = Steps(self._stage, steps, compiles=self._runtime.compile and shape not in self._shapes)
                returned = pipeline(**given, **self._callback(takes, steps, abandoned, told))
                self._shapes.add(shape)
            finally:
                # What the call itself does at its end, and does not get to when it is stopped.
                pipeline.maybe_free_model_hooks()
        found = output(returned) if output is not None else getattr(returned, "frames", returned)
        return frames.floats_of(found, self._place)

    def _callback(
        self, takes: Mapping[str, Any], steps: int, abandoned: threading.Event, told: Steps
    ) -> dict[str, Any]:
        """The callback of whichever kind a pipeline takes: tells progress, and stops it."""
        every = max(1, steps // _PREVIEWS)

        def ended(step: int, of: int, latents: Any) -> None:
            if abandoned.is_set():
                raise Abandoned
            colours, preview = self._recipe.colours, None
            if colours is not None and latents is not None and step % every == 0:
                preview = frames.preview_of(latents, colours)
            told.done(step, of, preview)

        def on_step_end(pipeline: Any, step: int, _time: Any, tensors: dict[str, Any]) -> dict[str, Any]:
            # Schedulers of second order take more steps than they were asked for.
            ended(step + 1, getattr(pipeline, "num_timesteps", None) or steps, tensors.get("latents"))
            return tensors

        def callback(step: int, _time: Any, latents: Any) -> None:
            ended(step + 1, steps, latents)

        if "callback_on_step_end" in takes:
            return {"callback_on_step_end": on_step_end}
        return {"callback": callback} if "callback" in takes else {}

    def _load(self, torch: Any) -> Any:
        progress.tell("load", 0, 1)
        pipeline = load(torch, self._recipe, self._runtime, place=self._place)
        self._scheduler = getattr(pipeline, "scheduler", None)
        progress.tell("load", 1, 1)
        return pipeline

    def _note(self, torch: Any) -> None:
        """Say what the operator's ``auto`` has come to, which nobody knew before."""
        device = self._runtime.torch_device(torch)
        dtype = self._runtime.torch_dtype(torch, device, self._recipe.dtype)
        notes.note(f"{self._stage}.device", device)
        notes.note(f"{self._stage}.dtype", str(dtype).removeprefix("torch."))

    def _schedule(self, diffusers: Any) -> None:
        """Give the loaded pipeline the scheduler of this take: a new one, which remembers no other take."""
        if self._scheduler is None:
            return
        self._loaded.scheduler = schedulers.choose(
            diffusers,
            self._scheduler,
            self._recipe.scheduler,
            self._recipe.scheduling,
            place=f"studio.{self._stage}.scheduler",
        )
