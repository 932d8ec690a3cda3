"""One subscription: :func:`subscribe` chooses how, and runs it while a block lasts."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Protocol

import httpx
import structlog

from webtv.air.output import OutputKind
from webtv.core.clock import Clock, SystemClock
from webtv.core.errors import InputError
from webtv.probe.decoder import Decoder
from webtv.probe.hls import PATIENCE, FolderShelf, HlsSubscriber, WebShelf
from webtv.probe.reading import Reading
from webtv.probe.stream import StreamSubscriber

PROBE_AGENT = "webtv-probe"  # by which a station knows that nobody watches
_AGAIN = 2.0  # seconds after which a subscriber that failed by a mistake of ours begins again


@contextlib.asynccontextmanager
async def subscribe(
    where: str | Path,
    kind: OutputKind | None = None,
    clock: Clock | None = None,
    *,
    look: bool = True,
    client: httpx.AsyncClient | None = None,
    patience: float = PATIENCE,
) -> AsyncIterator[Reading]:
    """Watch one output of one channel while the block lasts.

    Args:
        where: address of a playlist, an FLV or an RTMP stream, or a folder of HLS files.
        kind: what it is; told from ``where`` by default.
        clock: waits and stamps; the machine's by default.
        look: whether pictures and sound are decoded; without, only times are measured.
        client: asks over HTTP; one of its own by default.
        patience: seconds that the other side may keep a viewer waiting.

    Raises:
        InputError: nobody knows what ``where`` is.
    """
    clock = clock or SystemClock()
    kind = kind or kind_of(where)
    reading = Reading(kind, clock, looks=look)
    decoder = Decoder(reading, look=look)
    async with contextlib.AsyncExitStack() as stack:
        if client is None:
            client = await stack.enter_async_context(http_client())
        if kind is OutputKind.HLS:
            is_web = isinstance(where, str) and where.startswith(("http://", "https://"))
            shelf = WebShelf(client, str(where), patience) if is_web else FolderShelf(Path(where))
            subscriber: Subscriber = HlsSubscriber(shelf, reading, decoder, clock)
        else:
            subscriber = StreamSubscriber(str(where), reading, decoder, clock, client, patience)
        # No task group: it would wrap what the block itself raises, and a test wants its assertion as it is.
        task = asyncio.create_task(_endless(subscriber, reading, clock), name=f"probe {kind.value}")
        try:
            yield reading
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


class Subscriber(Protocol):
    """Follows an output for ever."""

    async def run(self) -> None:
        """Connect and read until cancelled."""
        ...


async def _endless(subscriber: Subscriber, reading: Reading, clock: Clock) -> None:
    """A probe survives everything, its own mistakes too; they are counted like the others."""
    log = structlog.get_logger("webtv.probe")
    while True:
        try:
            await subscriber.run()
        except Exception as error:
            log.error("probe.subscriber.failed", error=type(error).__name__, exc_info=error)
            reading.failed("internal", clock.monotonic())
            await clock.sleep(_AGAIN)


def kind_of(where: str | Path) -> OutputKind:
    """What kind of output an address or a folder is.

    Raises:
        InputError: nobody knows.
    """
    text = str(where)
    if isinstance(where, Path) or text.startswith("/") or text.split("?")[0].endswith(".m3u8"):
        return OutputKind.HLS
    if text.startswith(("rtmp://", "rtmps://")):
        return OutputKind.RTMP
    if text.startswith(("http://", "https://")) and text.split("?")[0].endswith(".flv"):
        return OutputKind.FLV
    raise InputError(
        "this is no address of an output",
        remedy="give the address of a .m3u8 or .flv, an rtmp:// one, or a folder",
    )


def http_client(headers: dict[str, str] | None = None) -> httpx.AsyncClient:
    """A client as viewers have one: no proxy, no patience, any number of connections."""
    return httpx.AsyncClient(
        timeout=PATIENCE,
        headers={"User-Agent": PROBE_AGENT, **(headers or {})},
        trust_env=False,
        limits=httpx.Limits(max_connections=None, max_keepalive_connections=None),
    )
