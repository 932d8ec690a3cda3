"""Two pipelines of one adapter that share their weights, or the room for them."""

import functools
import gc
import inspect
from collections.abc import Callable
from typing import Any

from webtv.core.libraries import library
from webtv.studio.diffusers.pipeline import Pipeline, Recipe
from webtv.studio.diffusers.runtime import Runtime

_STEPS = 0x5DEECE66D  # makes the seed of the steps' noise of a take's: it is not the noise of the beginning


class SharedPipeline(Pipeline):
    """A pipeline that shares its weights, or the room for them, with another of the same adapter.

    Args:
        recipe: which one.
        runtime: how it is run.
        adapter: name of the adapter, for errors.
        stage: under this name progress is told.
        schedule: what is done to the loaded pipeline's scheduler for each take, given diffusers and the
            pipeline.
        lender: whose weights it uses, in a pipeline of its own class; they are in memory once.
        rival: who leaves the memory before this one is loaded.
    """

    def __init__(
        self,
        recipe: Recipe,
        runtime: Runtime,
        *,
        adapter: str,
        stage: str = "shot",
        schedule: Callable[[Any, Any], None] | None = None,
        lender: "SharedPipeline | None" = None,
        rival: "SharedPipeline | None" = None,
    ) -> None:
        super().__init__(recipe, runtime, adapter=adapter, stage=stage)
        self._adjust = schedule
        self._lender = lender
        self._rivals: list[SharedPipeline] = []
        self._borrowers: list[SharedPipeline] = []
        if (other := lender or rival) is not None:
            self._busy = other._busy  # the same weights, or the same room, for one at a time
        if lender is not None:
            lender._borrowers.append(self)
        if rival is not None:
            self._rivals.append(rival)
            rival._rivals.append(self)

    @property
    def loaded(self) -> bool:
        """Whether its weights are in memory."""
        return self._loaded is not None

    def unload(self) -> None:
        """Leave the memory; the next run loads again."""
        with self._busy:
            self._leave()

    def _leave(self) -> None:
        if self._loaded is None:
            return
        self._loaded = self._scheduler = None
        for borrower in self._borrowers:
            borrower._leave()
        gc.collect()  # hooks and modules refer to each other
        torch = library("torch", self._place)
        if torch.cuda.is_available():
            torch.cuda.empty_cache()

    def _load(self, torch: Any) -> Any:
        for rival in self._rivals:
            rival._leave()
        if self._lender is None:
            return super()._load(torch)
        return self._borrowed(torch, library("diffusers", self._place), self._lender)

    def _schedule(self, diffusers: Any) -> None:
        super()._schedule(diffusers)
        if self._adjust is not None:
            self._adjust(diffusers, self._loaded)

    def _borrowed(self, torch: Any, diffusers: Any, lender: "SharedPipeline") -> Any:
        if lender._loaded is None:
            lender._loaded = lender._load(torch)
        self._scheduler = lender._scheduler
        return self._over(torch, diffusers, lender._loaded, self._recipe.kind)

    def _over(self, torch: Any, diffusers: Any, loaded: Any, kind: str) -> Any:
        """A pipeline of that class over the parts of one that is loaded."""
        # Not by from_pipe, which would bring every part to one precision, the autoencoder too.
        factory = getattr(diffusers, kind)
        taken = inspect.signature(factory).parameters
        parts = {**loaded.config, **loaded.components}
        pipeline = factory(**{name: part for name, part in parts.items() if name in taken})
        pipeline.set_progress_bar_config(disable=True)
        if self._runtime.offload == "model":
            # Hooks of this kind belong to a pipeline; those of the others stay with the modules.
            pipeline.enable_model_cpu_offload(device=self._runtime.torch_device(torch))
        return pipeline


def seeded(torch: Any, scheduler: Any, seed: int) -> None:
    """Let a scheduler that adds noise at every step draw it from a seed.

    The pipelines of Wan, LTX and SVD hand their generator to none, and such a scheduler would then draw from
    the process's noise: other noise on another device, and on a CPU the very noise that the take began with.
    """
    takes = inspect.signature(type(scheduler).step).parameters
    if "generator" in takes:
        noise = torch.Generator("cpu").manual_seed(seed ^ _STEPS)
        scheduler.step = functools.partial(type(scheduler).step, scheduler, generator=noise)
