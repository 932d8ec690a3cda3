"""A gate on loopback through which gradio_client reaches one address and no other.

gradio_client makes its own connections, resolves names itself and reads answers without a limit; all it
takes from us is a proxy. This is that proxy: it connects to the Space alone, at the very address that the
guard judged, and cuts it off after so many bytes.
"""

import asyncio
import contextlib
from types import TracebackType
from typing import Self

import httpx

from webtv.core.errors import QualityError, TransientError, WebTVError
from webtv.studio.remote.guard import Guard, origin_of, shown

_HEAD = 1 << 16
_BLOCK = 1 << 16
_CONNECT = 10.0  # seconds
_OURS = (b"proxy-", b"connection:")


class Gate:
    """A forward proxy for one origin, as an async context manager.

    Args:
        url: of the Space.
        guard: judges the address at each connection.
        max_bytes: what may come back through it in all; videos do not come this way.

    Attributes:
        url: of the gate, while it is open.
        trouble: why it turned something away, the first time.
    """

    def __init__(self, url: str, guard: Guard, *, max_bytes: int = 8 << 20) -> None:
        self.url = ""
        self.trouble: WebTVError | None = None
        self._place = shown(url)
        self._origin = origin_of(url)
        self._guard = guard
        self._left = max_bytes
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=_HEAD)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        try:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
                await self._pass(reader, writer)
        except asyncio.CancelledError:
            pass  # the gate closes; asyncio's server would report it as an error
        finally:
            self._open.discard(task)
            writer.close()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        line, _, rest = head.partition(b"\r\n")
        method, _, target = line.decode("latin-1").rpartition(" ")[0].partition(" ")
        tunnel = method == "CONNECT"
        try:
            wanted = httpx.URL(f"https://{target}" if tunnel else target)
            if origin_of(wanted) != self._origin:
                raise QualityError("the Space leads elsewhere, which is refused", place=shown(wanted))
            there, back = await self._connect()
        except (WebTVError, httpx.InvalidURL) as error:
            if isinstance(error, WebTVError):
                self.trouble = self.trouble or error
            writer.write(b"HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
            await writer.drain()
            return
        try:
            if tunnel:
                writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            else:
                back.write(_direct(method, wanted, rest))
            async with asyncio.TaskGroup() as group:
                ways = [group.create_task(_pump(reader, back)), group.create_task(self._down(there, writer))]
                # HTTP clients do not close one half: whoever goes ends it.
                await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
                for way in ways:
                    way.cancel()
        finally:
            back.close()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        host, port = self._origin
        for address in await self._guard.admit(host, port):
            with contextlib.suppress(OSError, TimeoutError):
                async with asyncio.timeout(_CONNECT):
                    return await asyncio.open_connection(address, port)
        raise TransientError(
            "the Space cannot be reached", place=self._place, remedy="check that the server is up"
        )

    async def _down(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while block := await reader.read(_BLOCK):
            self._left -= len(block)
            if self._left < 0:
                self.trouble = self.trouble or QualityError(
                    "the Space answers without end", place=self._place, remedy="use another Space"
                )
                return
            writer.write(block)
            await writer.drain()


def _direct(method: str, url: httpx.URL, rest: bytes) -> bytes:
    """A proxy's request head as the server itself expects it; each connection carries one request."""
    lines = [line for line in rest.split(b"\r\n") if line and not line.lower().startswith(_OURS)]
    first = f"{method} {url.raw_path.decode('ascii')} HTTP/1.1".encode("latin-1")
    return b"\r\n".join([first, *lines, b"connection: close", b"", b""])


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while block := await reader.read(_BLOCK):
            writer.write(block)
            await writer.drain()
