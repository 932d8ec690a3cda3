"""The adapters that make a channel's pictures, and the chain that they form."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from webtv.core.completion import to_its_end
from webtv.core.errors import ConfigError
from webtv.core.format import HouseFormat
from webtv.studio.capability import capability_of
from webtv.studio.options import number, whole_number
from webtv.studio.ports import (
    Chunk,
    Composer,
    Interpolator,
    ShotMaker,
    ShotRequest,
    Take,
    TakeScorer,
    Upscaler,
)
from webtv.studio.upscaling import LanczosUpscaler

MOST_TAKES = 8
_JUDGING = ("threshold", "takes")

StageOptions = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Judge:
    """Decides whether a take will do.

    Attributes:
        scorer: looks at it.
        threshold: score, 0 to 1, below which the take is made again; 0 means that nobody looks.
        takes: how often it is made at most; if none is good enough, the best one is used.
    """

    scorer: TakeScorer
    threshold: float = 0.2
    takes: int = 2

    @classmethod
    def of(cls, options: Mapping[str, Any], build: Callable[[Mapping[str, Any]], TakeScorer]) -> "Judge":
        """A judge from the options of a channel's ``score`` stage.

        Args:
            options: ``use``, ``threshold``, ``takes`` and whatever the scorer takes.
            build: makes the scorer from what is left of them.

        Raises:
            ConfigError: an option is wrong.
        """
        place = "studio.score"
        return cls(
            build({name: value for name, value in options.items() if name not in _JUDGING}),
            number(options.get("threshold", 0.2), 0, 1, place=f"{place}.threshold"),
            whole_number(options.get("takes", 2), 1, MOST_TAKES, place=f"{place}.takes"),
        )


@dataclass(frozen=True, slots=True)
class Stages:
    """The adapters that make pictures, as chosen by wiring for one channel.

    Attributes:
        shot: makes the take.
        interpolate: brings it to the format's rate.
        upscale: brings it to the format's size.
        judge: looks at it before more work is spent on it; None if nobody does.
        ahead: whether they work while what they made is mastered.
    """

    shot: ShotMaker
    interpolate: Interpolator
    upscale: Upscaler
    judge: Judge | None = None
    ahead: bool = True


StageChooser = Callable[[StageOptions], Stages]
ComposerChooser = Callable[[Mapping[str, Any]], Composer]


@contextlib.asynccontextmanager
async def chained(stages: Stages, take: Take, request: ShotRequest, form: HouseFormat) -> AsyncIterator[Take]:
    """The take at the format's rate and exact size, made as it is iterated, for as long as the block lasts.

    An upscaler that leads (a model, to which each frame is dear) works before interpolation, and every other
    one after it: it puts detail and grain back that interpolation would smear. What a leading one leaves to
    be done to the size is done last. All before that last step works up to two chunks ahead: a single clip is
    drawn on one core while it is enlarged and mastered on another. Whatever ends the block, the stages are
    closed, the last one first, so that a take that is abandoned stops being made.

    Args:
        stages: the adapters.
        take: what the shot maker returned; closed with the others.
        request: what the take shows.
        form: the house format.
    """
    links: list[Take] = [take]
    if capability_of(stages.upscale, "upscale", "").leads:
        links.append(stages.upscale.upscale(links[-1], form.width, form.height, request))
        last: Upscaler = LanczosUpscaler()
    else:
        last = stages.upscale
    links.append(stages.interpolate.interpolate(links[-1], form.fps))
    if stages.ahead:
        links.append(read_ahead(links[-1]))
    links.append(last.upscale(links[-1], form.width, form.height, request))
    async with contextlib.AsyncExitStack() as stack:
        for link in links:  # an exit stack unwinds from its end
            stack.push_async_callback(close, link)
        yield links[-1]


async def read_ahead(take: Take) -> AsyncGenerator[Chunk]:
    """The same chunks, each asked for while the one before it is worked on.

    What the take raises is raised in its place. The take is left to its owner to close; once this generator
    is closed, nobody iterates it any more.

    Args:
        take: makes a new array for each chunk, as every stage does.
    """
    waiting: asyncio.Queue[Chunk | BaseException | None] = asyncio.Queue(maxsize=1)
    left = False

    async def fill() -> None:
        try:
            async for chunk in take:
                await waiting.put(chunk)
        except (Exception, asyncio.CancelledError) as error:
            if left:
                raise
            await waiting.put(error)  # it belongs to whoever iterates
        else:
            await waiting.put(None)

    filler = asyncio.ensure_future(fill())
    try:
        while (item := await waiting.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item
    finally:
        left = True
        filler.cancel()
        await to_its_end(_over(filler))  # nobody else knows of it


async def _over(task: asyncio.Future[None]) -> None:
    await asyncio.wait([task])
    if not task.cancelled():
        task.exception()  # what an abandoned take still had to say


async def close(take: Take) -> None:
    """Close a stage's generator; one that is no generator has nothing to close."""
    if hasattr(take, "aclose"):
        await cast("AsyncGenerator[Chunk]", take).aclose()


def refuse_carry(shot: ShotMaker, name: str) -> ConfigError | None:
    """What is to be said against ``carry`` beside a shot maker that cannot begin with a picture."""
    if capability_of(shot, "shot", name).from_image:
        return None
    return ConfigError(
        f"{name} cannot go on from a picture",
        place="studio.shot.carry",
        remedy="remove carry, or use an adapter that begins with a picture (docs/channels.md)",
    )
