"""How the control plane talks to the head-end: HTTP over its Unix socket."""

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any, cast

import httpx

from webtv.air.config import PROTOCOL
from webtv.air.feed import MEDIA_TYPE, Message, Unpacker
from webtv.core.errors import ConflictError, InputError, TransientError

_SILENCE = 6.0  # seconds without a slice after which a feed is given up: three of them are missing


class HeadEndClient:
    """Talks to the head-end of a data folder.

    Args:
        socket: ``DATA/air.sock``.
        timeout: seconds that an answer may take.
    """

    def __init__(self, socket: Path, timeout: float = 2.0) -> None:
        self._socket = socket
        self._timeout = timeout

    async def status(self) -> dict[str, Any]:
        """What every channel does right now.

        Raises:
            TransientError: no head-end answers.
            ConflictError: one answers that speaks another protocol.
        """
        answer = await self._call("GET", "/status")
        if answer.get("protocol") != PROTOCOL:
            raise ConflictError(
                f"the head-end speaks protocol {answer.get('protocol')}, this control plane {PROTOCOL}",
                place=str(self._socket),
                remedy="end it with `webtv stop` of its own version, then start again",
            )
        return answer

    async def reload(self) -> None:
        """Make it read ``air.json`` again.

        Raises:
            TransientError: no head-end answers, or it refused.
        """
        await self._call("POST", "/reload")

    async def stop(self) -> None:
        """Make it go off air.

        Raises:
            TransientError: no head-end answers.
        """
        await self._call("POST", "/stop")

    async def slices(self, slug: str) -> AsyncGenerator[Message, None]:
        """A channel's slices from the one on air on, each when it is due, until the head-end ends.

        Begins with an :class:`webtv.air.feed.Opening`. Close it (``contextlib.aclosing``) to unsubscribe.

        Raises:
            TransientError: no head-end answers, the channel is not on air, or nothing comes any more.
        """
        transport = httpx.AsyncHTTPTransport(uds=str(self._socket), verify=False)
        patience = httpx.Timeout(self._timeout, read=_SILENCE)
        unpacker = Unpacker()
        try:
            async with (
                httpx.AsyncClient(transport=transport, base_url="http://air", timeout=patience) as client,
                client.stream("GET", f"/live/{slug}.flv", headers={"Accept": MEDIA_TYPE}) as response,
            ):
                if response.is_error:
                    raise TransientError(
                        f"the channel is not on air ({response.status_code})",
                        place=slug,
                        remedy="wait until the head-end has taken it up",
                    )
                async for data in response.aiter_raw():
                    for message in unpacker.feed(data):
                        yield message
        except (httpx.HTTPError, OSError, InputError) as error:
            raise TransientError(
                f"the head-end sends nothing ({type(error).__name__})",
                place=str(self._socket),
                remedy="`webtv serve` starts one",
            ) from error

    async def _call(self, method: str, path: str) -> dict[str, Any]:
        # There is no TLS on a Unix socket; without this, each call loads every root certificate (23 ms).
        transport = httpx.AsyncHTTPTransport(uds=str(self._socket), verify=False)
        try:
            async with httpx.AsyncClient(
                transport=transport, base_url="http://air", timeout=self._timeout
            ) as client:
                response = await client.request(method, path)
                body = cast("dict[str, Any]", response.json())
        except (httpx.HTTPError, OSError, ValueError) as error:
            raise TransientError(
                f"the head-end does not answer ({type(error).__name__})",
                place=str(self._socket),
                remedy="`webtv serve` starts one",
            ) from error
        if response.is_error:
            raise TransientError(str(body.get("error", response.status_code)), place=path)
        return body
