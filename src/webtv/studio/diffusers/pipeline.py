"""One diffusers pipeline, loaded at its first use, at work for one caller at a time, and stoppable.

:class:`Pipeline` is what every diffusers adapter is made of: it knows how to load weights as the operator
wants them run, how to add LoRAs and change the scheduler, how to say how far it is, and how to stop within
one denoising step. What is asked of it is the adapter's. Shot makers over it derive from
:class:`webtv.studio.diffusers.shots.DiffusersShots`.
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
from webtv.studio import progress
from webtv.studio.diffusers import frames
from webtv.studio.diffusers.frames import Floats
from webtv.studio.diffusers.loading import Recipe, first_line, is_out_of_memory, load, public_name
from webtv.studio.diffusers.runtime import Runtime, library

_OTHER = 0x5DEECE66D  # makes another seed of a seed
_PREVIEWS = 8  # previews per take at most: each waits for the device
_PATIENCE = 0.1  # seconds between two looks whether a take that waits for its turn is still wanted
_UNREACHABLE = (
    "ConnectError",
    "ConnectTimeout",
    "ReadTimeout",
    "ReadError",
    "gaierror",
    "OfflineModeIsEnabled",
)

__all__ = ["Abandoned", "Arguments", "Pipeline", "Recipe", "public_name"]

Arguments = Callable[[Any], Mapping[str, Any]]
"""Says what a loaded pipeline is called with."""


class Abandoned(Exception):
    """Nobody waits for this take any more; ends the thread that makes it."""


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
        self._busy = threading.Lock()

    @property
    def name(self) -> str:
        """The model as viewers may know it: an id, or of a folder nothing but its name."""
        return public_name(self._recipe.model)

    @property
    def dtype(self) -> str:
        """Precision of the weights: as loaded, or else as set."""
        return str(self._loaded.dtype).removeprefix("torch.") if self._loaded else self._runtime.dtype

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
                self._loaded = self._load(torch)
            if abandoned.is_set():
                raise Abandoned
            video = self._call(torch, arguments(self._loaded), seed, steps, abandoned, output)
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
        arguments: Mapping[str, Any],
        seed: int,
        steps: int,
        abandoned: threading.Event,
        output: Callable[[Any], Any] | None,
    ) -> Floats:
        pipeline = self._loaded
        takes = inspect.signature(pipeline.__call__).parameters
        # For what hands its generator to nobody: some schedulers, some autoencoders. Of another seed, or the
        # noise of the steps would on a CPU be the very noise that the take begins with.
        torch.manual_seed(seed ^ _OTHER)
        ours = {"generator": torch.Generator("cpu").manual_seed(seed), "output_type": "np"}
        given = dict(arguments) | {name: value for name, value in ours.items() if name in takes}
        given |= self._callback(takes, steps, abandoned)
        progress.tell(self._stage, 0, steps)
        with _stoppable(torch, pipeline, abandoned), self._errors_translated(torch):
            try:
                returned = pipeline(**given)
            finally:
                # What the call itself does at its end, and does not get to when it is stopped.
                pipeline.maybe_free_model_hooks()
        found = output(returned) if output is not None else getattr(returned, "frames", returned)
        return frames.floats_of(found, self._place)

    def _callback(self, takes: Mapping[str, Any], steps: int, abandoned: threading.Event) -> dict[str, Any]:
        """The callback of whichever kind a pipeline takes: tells progress, and stops it."""
        every = max(1, steps // _PREVIEWS)

        def ended(step: int, of: int, latents: Any) -> None:
            if abandoned.is_set():
                raise Abandoned
            colours, preview = self._recipe.colours, None
            if colours is not None and latents is not None and step % every == 0:
                preview = frames.preview_of(latents, colours)
            progress.tell(self._stage, step, max(step, of), preview)

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
        pipeline = load(torch, self._recipe, self._runtime, stage=self._stage, place=self._place)
        progress.tell("load", 1, 1)
        return pipeline


@contextlib.contextmanager
def _stoppable(torch: Any, pipeline: Any, abandoned: threading.Event) -> Iterator[None]:
    """Stop a pipeline, whatever callbacks it knows, before the next step, text, frame or tile of it."""

    def stop(_module: Any, _inputs: Any) -> None:
        if abandoned.is_set():
            raise Abandoned

    vae = getattr(pipeline, "vae", None)
    modules = [*pipeline.components.values(), getattr(vae, "encoder", None), getattr(vae, "decoder", None)]
    hooks = [
        module.register_forward_pre_hook(stop)
        for module in modules
        # Compiled whole, a module would take the hook into what is compiled, anew for every take.
        if isinstance(module, torch.nn.Module) and getattr(module, "_compiled_call_impl", None) is None
    ]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()
