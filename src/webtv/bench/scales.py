"""Many channels in one head-end in real time: what each costs, and how late the latest segment is."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from webtv.bench.footage import Footage, make_clip
from webtv.bench.measurement import figure, percentile
from webtv.bench.playout import Playout, Seen, Usage
from webtv.core.clock import Clock
from webtv.core.errors import ComponentError, InternalError, QualityError
from webtv.core.process import usable_cores
from webtv.testing.rtmp import RtmpServer

STUDIO_NICE = 10  # as far as the station's own workers step back
_LATEST = 12.0  # seconds that the last segments of a run are waited for
_LOOK = 0.2
_PATIENCE = 120.0
_SLACK = 180  # seconds of programme beyond what is measured
_MOST = 0.75  # of all cores that channels and children may be expected to take


@dataclass(frozen=True, slots=True)
class Scale:
    """A number of channels.

    Attributes:
        channels: how many.
        seconds: how long they are watched once they have settled.
        studio: whether two renderers work beside them.
        push: whether each pushes to an RTMP server afterwards; None: if the machine can be expected to
            carry it.
        step: seconds between two looks at whether they have settled.
    """

    channels: int
    seconds: float
    studio: bool = False
    push: bool | None = False
    step: float = 4.0


async def measure_scale(
    folder: Path,
    footage: Footage,
    scale: Scale,
    server: RtmpServer,
    clock: Clock,
    *,
    smaller: "dict[str, Any] | None" = None,
    child_share: float = 0.0,
) -> dict[str, Any]:
    """Air that many channels for a while.

    Args:
        folder: an empty folder.
        footage: what airs.
        scale: how many, and beside what.
        server: takes the RTMP streams.
        clock: waits.
        smaller: figures of fewer channels, from which those of one further channel follow.
        child_share: share of a core that a pushing child is known to take, in percent.

    Returns:
        Figures: ``channels``, ``beside_studio``, ``seconds``; ``cpu_per_channel``, percent of a core;
        ``worst_lateness_ms`` and ``p99_lateness_ms`` of a complete segment after it was due;
        ``start_lateness_ms`` and ``lost_seconds``, the head-end's own words since its start; ``pss_mb``
        of the head-end and ``pss_mb_per_channel`` of one further channel (None without ``smaller``);
        ``pushed``, the same with a child for each channel, or None; beside a studio ``studio_factor``,
        finished seconds a second.

    Raises:
        WebTVError: the channels did not air what they should; then no figure counts.
    """
    folder.mkdir(parents=True)
    count = scale.channels
    playout = Playout(folder, footage, count, 3 * scale.seconds + _SLACK, clock, step=scale.step)
    async with playout, _studio(folder, footage, scale) as made:
        await made.first(clock)
        await playout.settle()
        figures: dict[str, Any] = {"channels": count, "beside_studio": scale.studio, "seconds": scale.seconds}
        done, began = made.clips, time.monotonic()
        _, after = await _watch(playout, scale.seconds, clock, figures)
        figures["pss_mb"] = figure(after.pss)
        figures["pss_mb_per_channel"] = None
        if smaller is not None:
            figures["pss_mb_per_channel"] = figure(
                (after.pss - smaller["pss_mb"]) / (count - smaller["channels"])
            )
        if scale.studio:
            seconds = footage.clip_seconds * (made.clips - done)
            figures["studio_factor"] = figure(seconds / (time.monotonic() - began))
        expected = count * (figures["cpu_per_channel"] + child_share)
        figures["pushed"] = None
        if scale.push or (scale.push is None and expected < 100 * _MOST * usable_cores()):
            figures["pushed"] = await _push(playout, scale, server, clock)
    return figures


async def _push(playout: Playout, scale: Scale, server: RtmpServer, clock: Clock) -> dict[str, Any]:
    """The same channels, each with a child that pushes."""
    await playout.push(server)
    await playout.settle()
    figures: dict[str, Any] = {"seconds": scale.seconds}
    before, after = await _watch(playout, scale.seconds, clock, figures)
    used = after.children - before.children
    figures["cpu_per_child"] = figure(100 * used / (after.at - before.at) / scale.channels)
    figures["pss_mb_per_child"] = figure(sum(after.children_pss) / scale.channels)
    figures["pss_mb"] = figure(after.pss)
    published = await server.published()
    if missing := set(playout.slugs) - published.keys():
        raise QualityError(f"{len(missing)} channels do not reach the RTMP server", remedy="push fewer")
    return figures


async def _watch(
    playout: Playout, seconds: float, clock: Clock, figures: dict[str, Any]
) -> tuple[Usage, Usage]:
    """Look on for a while; adds what is seen to the figures."""
    before, began = playout.usage(), time.time()
    await clock.sleep(seconds)
    after, ended = playout.usage(), time.time()
    await playout.expect_programme()
    late = [1000 * max(0.0, segment.late) for segment in await _published(playout, began, ended, clock)]
    status = await playout.status()
    used = 100 * (after.head_end - before.head_end) / (after.at - before.at)
    figures["cpu_per_channel"] = figure(used / len(playout.slugs))
    figures["worst_lateness_ms"] = figure(max(late))
    figures["p99_lateness_ms"] = figure(percentile(late, 0.99))
    figures["lost_seconds"] = await playout.lost_seconds()
    figures["start_lateness_ms"] = max(channel["late_ms"] for channel in status.values())
    return before, after


async def _published(playout: Playout, began: float, ended: float, clock: Clock) -> list[Seen]:
    """All segments of a span, however late the last of them are."""
    end = clock.monotonic() + _LATEST
    while True:
        try:
            return playout.seen(began, ended)
        except InternalError as error:
            if clock.monotonic() > end:
                raise InternalError(f"of {len(playout.slugs)} channels {error.message}") from error
        await clock.sleep(_LOOK)


class _Made:
    """What a studio has made.

    Attributes:
        clips: how many.
        reason: why the latest one was refused.
    """

    def __init__(self, expected: bool) -> None:
        self.clips = 0
        self.reason = ""
        self._expected = expected

    async def first(self, clock: Clock) -> None:
        """Wait until it has shown that it works.

        Raises:
            QualityError: it makes nothing.
        """
        try:
            async with asyncio.timeout(_PATIENCE):
                while self._expected and not self.clips:
                    await clock.sleep(_LOOK)
        except TimeoutError as error:
            raise QualityError(f"the studio beside the channels made nothing: {self.reason}") from error


@contextlib.asynccontextmanager
async def _studio(folder: Path, footage: Footage, scale: Scale) -> AsyncIterator[_Made]:
    """Two processes that make clip after clip, as niced as the station's workers."""
    made = _Made(scale.studio)

    async def work(number: int) -> None:
        while True:
            path = folder / f"made{number % 2}.mp4"
            try:
                await make_clip(number, path, footage.form, footage.clip_seconds, nice=STUDIO_NICE)
                made.clips += 1
            except ComponentError as error:  # its checks refuse one now and then
                made.reason = str(error)
            number += 2

    working = [asyncio.ensure_future(work(number)) for number in range(2 if scale.studio else 0)]
    try:
        yield made
    finally:
        for task in working:
            task.cancel()
        await asyncio.gather(*working, return_exceptions=True)
