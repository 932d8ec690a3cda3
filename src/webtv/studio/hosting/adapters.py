"""The ports of the studio, carried out by children.

Each stands for the same adapter built here, which is light and answers what needs no model: credit,
capability, cheaper ways. Frames that come back are mapped, not copied: each chunk keeps one descriptor until
it is let go.
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any, Final, Generic, TypeVar

import numpy as np

from webtv.core.errors import InternalError
from webtv.prompts.sequence import ShotPrompt
from webtv.studio.capability import Capability, capability_of
from webtv.studio.hosting import codec
from webtv.studio.hosting.adoption import loads_of
from webtv.studio.hosting.call import Ask, Ending
from webtv.studio.hosting.feed import Feed
from webtv.studio.hosting.pool import ModelPool
from webtv.studio.hosting.spec import ModelSpec
from webtv.studio.ports import (
    BedRequest,
    Chunk,
    Composer,
    Credit,
    Frames,
    Grade,
    Graded,
    Interpolator,
    Score,
    ShotMaker,
    ShotRequest,
    Sound,
    Take,
    TakeScorer,
    Upscaler,
)

Local = TypeVar("Local")


class Hosted(Generic[Local]):
    """What all hosted adapters have in common.

    Args:
        pool: has the children.
        spec: what a child is built of.
        local: the same adapter, built here; its model is never loaded.
    """

    def __init__(self, pool: ModelPool, spec: ModelSpec, local: Local) -> None:
        self._pool = pool
        self._spec = spec
        self._local = local

    @property
    def capability(self) -> Capability:
        """What the adapter is able to do and what it takes."""
        return capability_of(self._local, self._spec.stage, self._spec.adapter)

    def cheaper(self) -> Sequence[Grade]:
        """Ever cheaper ways of the same work, as the adapter says."""
        return self._local.cheaper() if isinstance(self._local, Graded) else ()

    async def _ask(self, ask: Ask) -> Ending:
        async with self._pool.call(self._spec, self.capability, ask) as call:
            return await call.answer()

    async def _through(self, take: Take, ask: Ask) -> AsyncIterator[Chunk]:
        """Send a take through the child.

        It is asked only when the take has begun: a child never waits for the stage before it while it could
        serve somebody else.
        """
        limits = self._pool.limits
        async with Feed(take, limits.spool) as feed:
            if not await feed.begun():
                return
            async with self._pool.call(self._spec, self.capability, ask) as call, call.fed(feed):
                feed.most = limits.ahead
                async for chunk in call:
                    yield chunk


class HostedShots(Hosted[ShotMaker]):
    """A :class:`webtv.studio.ports.ShotMaker` in a child."""

    async def shoot(self, request: ShotRequest) -> AsyncIterator[Chunk]:
        """Make a take; closing the iterator has the child give up after its current step.

        Raises:
            WebTVError: whatever the adapter raises; ResourceError, TransientError or InternalError if the
                child dies, hangs or says what makes no sense.
        """
        images = () if request.image is None else (np.asarray(request.image),)
        ask = Ask("shoot", codec.shot_to_json(request), images)
        async with self._pool.call(self._spec, self.capability, ask) as call:
            async for chunk in call:
                yield chunk

    def credit(self, request: ShotRequest) -> Credit:
        """What stands in the provenance."""
        return self._local.credit(request)


class HostedUpscaler(Hosted[Upscaler]):
    """A :class:`webtv.studio.ports.Upscaler` in a child."""

    async def upscale(
        self, take: Take, width: int, height: int, request: ShotRequest | None = None
    ) -> AsyncIterator[Chunk]:
        """Yield the take at exactly that size.

        Raises:
            WebTVError: as :meth:`HostedShots.shoot`.
        """
        about = None if request is None else codec.shot_to_json(request)
        images = () if request is None or request.image is None else (np.asarray(request.image),)
        ask = Ask("upscale", {"width": width, "height": height, "request": about}, images)
        async for chunk in self._through(take, ask):
            yield chunk


class HostedInterpolator(Hosted[Interpolator]):
    """A :class:`webtv.studio.ports.Interpolator` in a child."""

    async def interpolate(self, take: Take, fps: int) -> AsyncIterator[Chunk]:
        """Yield the take at ``fps``.

        Raises:
            WebTVError: as :meth:`HostedShots.shoot`.
        """
        async for chunk in self._through(take, Ask("interpolate", {"fps": fps})):
            yield chunk


class HostedComposer(Hosted[Composer]):
    """A :class:`webtv.studio.ports.Composer` in a child."""

    async def compose(self, request: BedRequest) -> Sound:
        """Return float32[samples, 2] at 48 kHz in [-1, 1].

        Raises:
            WebTVError: as :meth:`HostedShots.shoot`.
        """
        ending = await self._ask(Ask("compose", codec.bed_to_json(request)))
        try:
            return codec.sound_shape(ending.arrays[0], request.samples)
        except (ValueError, IndexError) as error:
            raise _nonsense(self._spec, error) from error

    def credit(self, request: BedRequest) -> Credit:
        """What stands in the provenance."""
        return self._local.credit(request)


class HostedScorer(Hosted[TakeScorer]):
    """A :class:`webtv.studio.ports.TakeScorer` in a child."""

    async def score(self, frames: Frames, fps: int, prompt: ShotPrompt) -> Score:
        """Judge a whole take; it is copied to the child in one piece.

        Raises:
            WebTVError: as :meth:`HostedShots.shoot`.
        """
        ending = await self._ask(Ask("score", {"fps": fps, "prompt": prompt.to_json()}, (frames,)))
        try:
            return codec.score_from_json(ending.answer)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise _nonsense(self._spec, error) from error


class HostedText(Hosted[Any]):
    """Any adapter whose methods take and return JSON, in a child."""

    async def call(self, method: str, arguments: Mapping[str, Any]) -> Any:
        """Call a public method of the adapter, awaited if it has to be, with keyword arguments.

        Returns:
            What it returns: a JSON value.

        Raises:
            WebTVError: as :meth:`HostedShots.shoot`.
        """
        ending = await self._ask(Ask("call", {"method": method, "arguments": dict(arguments)}))
        return ending.answer.get("value")


_KINDS: Final[Mapping[str, Callable[[ModelPool, ModelSpec, Any], Any]]] = {
    "shot": HostedShots,
    "upscale": HostedUpscaler,
    "interpolate": HostedInterpolator,
    "music": HostedComposer,
    "score": HostedScorer,
    "write": HostedText,
}


def hosted(pool: ModelPool, stage: str, options: Mapping[str, Any], adapter: Any) -> Any:
    """An adapter's stand-in whose work is done by a child.

    Args:
        pool: has the children.
        stage: ``shot``, ``upscale``, ``interpolate``, ``music``, ``score`` or ``write``.
        options: the stage's options, ``use`` included, from which a child builds the same adapter.
        adapter: built here from them. Where it says what it loads, all options that load the same share a
            child (:mod:`webtv.studio.hosting.adoption`).

    Raises:
        ConfigError: an option is no JSON value.
        InternalError: there is no such stage.
    """
    if stage not in _KINDS:
        raise InternalError(f"there is no stage {stage!r} that can be hosted", place="studio.hosting")
    return _KINDS[stage](pool, ModelSpec(stage, options, loads_of(adapter)), adapter)


def _nonsense(spec: ModelSpec, error: Exception) -> InternalError:
    said = f"the adapter answered what makes no sense: {error}"
    return InternalError(said, place=spec.place, remedy="report it")
