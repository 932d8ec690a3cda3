"""A gate on loopback through which gradio_client reaches one address and no other.

gradio_client makes its own connections, resolves names itself, reads answers without a limit and unpacks
them; all it takes from us is a proxy. This is that proxy. It is spoken to in plain HTTP, whatever the Space
speaks, so that every answer is seen here first: it asks the Space itself, at the very address that the guard
judged, hands on what is not packed, and cuts it off after so many bytes. Tunnels, which nobody could look
into, are refused.
"""

import asyncio
import contextlib
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import httpx

from webtv.core.errors import QualityError, TransientError, WebTVError
from webtv.studio.remote.guard import origin_of, packed, shown

_HEAD = 1 << 16
_MOST_SENT = 1 << 28  # bytes of a request: pictures of ours
# The server says something every 15 s while a job is under way; four times that is silence.
_TIMEOUT = httpx.Timeout(30.0, connect=10.0, read=60.0)
# Of one connection alone, on either side of the gate.
_HOP = frozenset(
    {"connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade", "content-length"}
)
# Of the Space's own connection, which is described anew, and asks for nothing packed.
_OURS = _HOP | {"host", "accept-encoding", "expect"}
_REFUSED = b"HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


@dataclass(frozen=True, slots=True)
class _Wanted:
    method: str
    url: httpx.URL
    headers: list[tuple[str, str]]
    body: bytes


class Gate:
    """A forward proxy for one origin, as an async context manager.

    Args:
        url: of the Space.
        client: made by :func:`webtv.studio.remote.guard.guarded_client`: judges the address at each
            connection, proves names, and refuses what is packed.
        max_bytes: what may come back through it in all; videos do not come this way.

    Attributes:
        url: of the gate, while it is open.
        trouble: why it turned something away, the first time.
    """

    def __init__(self, url: str, client: httpx.AsyncClient, *, max_bytes: int = 8 << 20) -> None:
        self.url = ""
        self.trouble: WebTVError | None = None
        self._space = httpx.URL(url)
        self._client = client
        self._left = max_bytes
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.Task[None]] = set()

    @property
    def inside(self) -> str:
        """The Space's address as it is called on this side of the gate."""
        host, port = origin_of(self._space)
        return str(self._space.copy_with(scheme="http", host=host, port=port))

    def outside(self, url: str) -> str:
        """The true address of what is called so on this side of the gate.

        Raises:
            QualityError: it is not at the Space.
        """
        try:
            return str(self._outside(httpx.URL(url)))
        except httpx.InvalidURL:
            raise QualityError("the Space leads to no address at all", place=shown(self._space)) from None

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
        try:
            wanted = await self._wanted(reader)
        except (WebTVError, httpx.InvalidURL, ValueError) as error:
            await self._refuse(writer, error if isinstance(error, WebTVError) else None)
            return
        # HTTP clients do not close one half: one that closes has gone, and whatever it asked for with it.
        gone = asyncio.ensure_future(reader.read(1))
        asking = asyncio.ensure_future(self._ask(wanted, writer))
        try:
            await asyncio.wait({gone, asking}, return_when=asyncio.FIRST_COMPLETED)
            if asking.done():
                await asking
        finally:
            for task in (gone, asking):
                task.cancel()
            await asyncio.gather(gone, asking, return_exceptions=True)

    async def _wanted(self, reader: asyncio.StreamReader) -> _Wanted:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        line, *lines = head.split("\r\n")
        method, _, target = line.rpartition(" ")[0].partition(" ")
        url = httpx.URL(f"https://{target}" if method == "CONNECT" else target)
        url = self._outside(url)
        if method == "CONNECT":
            raise QualityError("nothing is tunnelled to a Space", place=shown(url))
        fields = [(name.lower(), value.strip()) for name, _, value in (item.partition(":") for item in lines)]
        size = next((int(value) for name, value in fields if name == "content-length"), 0)
        if size > _MOST_SENT or any(name == "transfer-encoding" for name, _ in fields):
            raise ValueError("nothing of ours is sent so")
        headers = [item for item in fields if item[0] and item[0] not in _OURS]
        headers = [item for item in headers if not item[0].startswith("proxy-")]
        return _Wanted(method, url, headers, await reader.readexactly(size))

    def _outside(self, url: httpx.URL) -> httpx.URL:
        if origin_of(url) != origin_of(self._space):
            raise QualityError("the Space leads elsewhere, which is refused", place=shown(url))
        return url.copy_with(scheme=self._space.scheme, host=self._space.host, port=self._space.port)

    async def _ask(self, wanted: _Wanted, writer: asyncio.StreamWriter) -> None:
        request = self._client.build_request(
            wanted.method,
            wanted.url,
            headers=wanted.headers,
            content=wanted.body or None,
            timeout=_TIMEOUT,
        )
        try:
            response = await self._client.send(request, stream=True, follow_redirects=False)
        except WebTVError as error:
            await self._refuse(writer, error)
            return
        except httpx.DecodingError:
            await self._refuse(writer, packed(shown(self._space)))
            return
        except httpx.HTTPError:
            place, remedy = shown(self._space), "check that the server is up"
            await self._refuse(
                writer, TransientError("the Space cannot be reached", place=place, remedy=remedy)
            )
            return
        try:
            await self._answer(response, writer)
        except httpx.HTTPError:
            return  # it broke off in the middle, and so do we
        finally:
            await response.aclose()

    async def _answer(self, response: httpx.Response, writer: asyncio.StreamWriter) -> None:
        bare = response.request.method == "HEAD" or response.status_code in (204, 304)
        raw = [(name, value) for name, value in response.headers.raw if name.decode().lower() not in _HOP]
        raw += [(b"connection", b"close")] + ([] if bare else [(b"transfer-encoding", b"chunked")])
        head = b"".join(b"%b: %b\r\n" % field for field in raw)
        if not self._afford(len(head)):
            return
        writer.write(b"HTTP/1.1 %d \r\n%b\r\n" % (response.status_code, head))
        await writer.drain()
        if bare:
            return
        async for part in response.aiter_raw():
            if not self._afford(len(part)):
                return
            if part:
                writer.write(b"%x\r\n%b\r\n" % (len(part), part))
                await writer.drain()
        writer.write(b"0\r\n\r\n")
        await writer.drain()

    def _afford(self, count: int) -> bool:
        self._left -= count
        if self._left < 0:
            self.trouble = self.trouble or QualityError(
                "the Space answers without end", place=shown(self._space), remedy="use another Space"
            )
        return self._left >= 0

    async def _refuse(self, writer: asyncio.StreamWriter, error: WebTVError | None) -> None:
        self.trouble = self.trouble or error
        writer.write(_REFUSED)
        await writer.drain()
