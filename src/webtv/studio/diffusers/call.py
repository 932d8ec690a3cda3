"""What surrounds one call of a pipeline: it can be stopped, says how far it is, and leaves no trace."""

import contextlib
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from webtv.studio import progress
from webtv.studio.ports import Frames


class Abandoned(Exception):
    """Nobody waits for this take any more; ends the thread that makes it."""


class Steps:
    """How far a call is: told at its beginning, after each step, and whenever pictures are coded.

    Args:
        stage: ``shot`` or ``upscale``.
        of: steps that the call will take.
        compiles: whether its first step compiles. Until that is over it is told as loading, for it takes as
            long and says as little: whoever watches for hangs is patient then.
    """

    def __init__(self, stage: str, of: int, *, compiles: bool = False) -> None:
        self._stage = stage
        self._said = ("load", 0, 1) if compiles else (stage, 0, of)
        self.again()

    def done(self, step: int, of: int, preview: Frames | None = None) -> None:
        """Tell that a step is over."""
        self._said = (self._stage, step, max(step, of))
        progress.tell(*self._said, preview)

    def again(self) -> None:
        """Tell the same again: work goes on, such as the decoding of a take, which may take minutes."""
        progress.tell(*self._said)


def shape_of(arguments: Mapping[str, Any]) -> frozenset[tuple[str, Any]]:
    """What of a call's arguments decides the shapes of its tensors; other ones may have to be compiled."""
    guided = ("guided", arguments.get("guidance_scale", 2.0) > 1)
    numbers = {(name, value) for name, value in arguments.items() if type(value) is int}
    arrays = {(name, tuple(value.shape)) for name, value in arguments.items() if hasattr(value, "shape")}
    return frozenset(
        {guided, *numbers, *arrays} - {("num_inference_steps", arguments.get("num_inference_steps"))}
    )


@contextlib.contextmanager
def stoppable(
    torch: Any, pipeline: Any, abandoned: threading.Event, coding: Callable[[], None]
) -> Iterator[None]:
    """Stop a pipeline, whatever callbacks it knows, before the next step, text, frame or tile of it.

    Args:
        torch: the library.
        pipeline: loaded.
        abandoned: set by whoever no longer wants what it makes.
        coding: called before each part that is encoded to latents or decoded from them.
    """

    def stop(_module: Any, _inputs: Any) -> None:
        if abandoned.is_set():
            raise Abandoned

    def code(_module: Any, _inputs: Any) -> None:
        stop(_module, _inputs)
        coding()

    vae = getattr(pipeline, "vae", None)
    coders = [getattr(vae, "encoder", None), getattr(vae, "decoder", None)]
    watched = [(part, stop) for part in pipeline.components.values()] + [(part, code) for part in coders]
    hooks = [
        module.register_forward_pre_hook(hook)
        for module, hook in watched
        # Compiled whole, a module would take the hook into what is compiled, anew for every take.
        if isinstance(module, torch.nn.Module) and getattr(module, "_compiled_call_impl", None) is None
    ]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


@contextlib.contextmanager
def precision_kept(module: Any) -> Iterator[None]:
    """Bring a module back to its precision, whatever happens.

    Some pipelines widen their autoencoder for as long as it works, and one that is stopped there would leave
    it so: every later call would then fail for its mixed precisions.
    """
    if not (hasattr(module, "parameters") and hasattr(module, "dtype")):
        yield
        return
    dtype, before = module.dtype, [parameter.dtype for parameter in module.parameters()]
    try:
        yield
    finally:
        if [parameter.dtype for parameter in module.parameters()] != before:
            module.to(dtype=dtype)
