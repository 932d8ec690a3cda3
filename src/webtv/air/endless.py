"""An HTTP answer that goes on as long as its reader stays."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

STALL = 20.0  # seconds without a byte taken after which nobody is there any more


class EndlessAnswer(Response):
    """Sends pieces until they end, the reader leaves, or it takes nothing any more.

    Args:
        pieces: what is sent; closed in every case. It must be able to wait: while the connection is full,
            the next one is not asked for.
        media_type: MIME type.
        headers: further headers.
        head: send the headers only.
        stall: seconds without a byte taken after which the answer is given up.
    """

    def __init__(
        self,
        pieces: AsyncGenerator[bytes, None],
        media_type: str,
        headers: Mapping[str, str] | None = None,
        *,
        head: bool = False,
        stall: float = STALL,
    ) -> None:
        super().__init__(None, 200, dict(headers or {}), media_type)
        del self.headers["content-length"]
        self._pieces = pieces
        self._head = head
        self._stall = stall

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        async with aclosing(self._pieces):
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            if self._head:
                await send({"type": "http.response.body", "body": b""})
                return
            async with asyncio.TaskGroup() as group:
                sending = group.create_task(self._send(send))
                watching = group.create_task(_gone(receive))
                await asyncio.wait((sending, watching), return_when=asyncio.FIRST_COMPLETED)
                sending.cancel()
                watching.cancel()

    async def _send(self, send: Send) -> None:
        try:
            async for piece in self._pieces:
                async with asyncio.timeout(self._stall):
                    await send({"type": "http.response.body", "body": piece, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        except (OSError, TimeoutError):
            pass  # nobody is there any more; the server closes the connection


async def _gone(receive: Receive) -> None:
    """Wait until the reader has left."""
    while (await receive())["type"] != "http.disconnect":
        pass
