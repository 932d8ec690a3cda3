"""Watching a station, or one output of it, for a while: what ``webtv probe`` does when somebody types it."""

import asyncio
import contextlib
from collections.abc import Sequence
from typing import Any

from webtv.core.clock import Clock
from webtv.core.errors import InputError, TransientError
from webtv.core.log import redact
from webtv.probe.subscription import http_client, kind_of, subscribe
from webtv.probe.watch import Watch, WebGuide


async def visit(address: str, channels: Sequence[str], seconds: float, clock: Clock) -> dict[str, Any]:
    """Watch for some seconds; returns what ``DATA/probe.json`` would hold.

    Args:
        address: of a station, or of one output (``.m3u8``, ``.flv``, ``rtmp://``), then alone.
        channels: slugs to watch; all by default.
        seconds: how long.
        clock: waits and stamps.

    Raises:
        TransientError: nothing could be watched.
    """
    with contextlib.suppress(InputError):
        kind = kind_of(address)
        async with subscribe(address, kind, clock) as reading:
            await clock.sleep(seconds)
            return {"channels": {"": {"outputs": {kind.value: reading.report().to_json()}}}}
    base = address.rstrip("/")
    async with http_client() as client:
        watch = Watch(base, WebGuide(client, base), client, clock, channels)
        task = asyncio.create_task(watch.run())
        try:
            await clock.sleep(seconds)
            found = watch.to_json()
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
    if not found["channels"]:
        wanted = f"no channel {', '.join(channels)}" if channels else "no channel of a station"
        raise TransientError(
            f"{wanted} was found there",
            place=redact(address),
            remedy="see what `webtv rundown` or the pages list, start a station with `webtv serve`, or give "
            "its address: webtv probe http://HOST:PORT",
        )
    return found
