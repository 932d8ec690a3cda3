"""A browser for benchmarks: Chromium without a window, over the DevTools protocol through two pipes."""

import asyncio
import contextlib
import itertools
import json
import shutil
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

from webtv.core.errors import ComponentError, TransientError
from webtv.core.process import Process

_NAMES = ("chromium", "google-chrome-stable", "google-chrome", "chromium-browser")
_ARGUMENTS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--remote-debugging-pipe",
)
# The browser reads commands from descriptor 3 and answers on 4; a child of ours has pipes on 0 and 1.
_SHELL = 'exec "$@" 3<&0 4>&1 0</dev/null 1>&2'
_PATIENCE = 30.0


class Browser:
    """A running browser. See :func:`open_browser`.

    Args:
        process: it.
    """

    def __init__(self, process: Process) -> None:
        self._process = process
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}

    async def listen(self) -> None:
        """Take answers until the browser ends; events are not kept."""
        with contextlib.suppress(asyncio.IncompleteReadError):
            while True:
                message = json.loads((await self._process.stdout.readuntil(b"\0"))[:-1])
                waiting = self._waiting.pop(message.get("id", 0), None)
                if waiting is not None and not waiting.done():
                    waiting.set_result(message)

    async def call(self, method: str, session: str | None = None, **parameters: Any) -> dict[str, Any]:
        """One command of the protocol and its result.

        Args:
            method: its name, e.g. ``Page.navigate``.
            session: the page that it is for; None for the browser.
            parameters: of the command.

        Raises:
            TransientError: the browser refused it or does not answer.
        """
        number = next(self._numbers)
        message: dict[str, Any] = {"id": number, "method": method, "params": parameters}
        if session is not None:
            message["sessionId"] = session
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._waiting[number] = answer
        self._process.stdin.write(json.dumps(message).encode() + b"\0")
        try:
            async with asyncio.timeout(_PATIENCE):
                found = await answer
        except TimeoutError:
            raise TransientError("the browser does not answer", place=method) from None
        if "error" in found:
            raise TransientError(f"the browser refused: {found['error'].get('message')}", place=method)
        result: dict[str, Any] = found["result"]
        return result

    @contextlib.asynccontextmanager
    async def page(
        self, network: Mapping[str, float] | None = None, script: str = ""
    ) -> AsyncIterator["Tab"]:
        """A new page with an empty cache, forgotten when the block ends.

        Args:
            network: of ``Network.emulateNetworkConditions``; None for the real one.
            script: runs at the beginning of every document.
        """
        context = (await self.call("Target.createBrowserContext"))["browserContextId"]
        try:
            target = await self.call(
                "Target.createTarget", url="about:blank", browserContextId=context, width=1280, height=800
            )
            attached = await self.call("Target.attachToTarget", targetId=target["targetId"], flatten=True)
            session = attached["sessionId"]
            await self.call("Page.enable", session)
            await self.call("Page.addScriptToEvaluateOnNewDocument", session, source=script)
            if network is not None:
                await self.call("Network.enable", session)
                await self.call("Network.emulateNetworkConditions", session, offline=False, **network)
            yield Tab(self, session)
        finally:
            await self.call("Target.disposeBrowserContext", browserContextId=context)


class Tab:
    """One page.

    Args:
        browser: its browser.
        session: its session.
    """

    def __init__(self, browser: Browser, session: str) -> None:
        self._browser = browser
        self._session = session

    async def go(self, url: str) -> None:
        """Begin to load a page; does not wait for it."""
        await self._browser.call("Page.navigate", self._session, url=url)

    async def ask(self, expression: str) -> Any:
        """The value of an expression; a promise is waited for."""
        answer = await self._browser.call(
            "Runtime.evaluate", self._session, expression=expression, returnByValue=True, awaitPromise=True
        )
        if "exceptionDetails" in answer:
            raise TransientError(f"the page says: {answer['exceptionDetails'].get('text')}")
        return answer["result"].get("value")


@contextlib.asynccontextmanager
async def open_browser(profile: Path) -> AsyncIterator[Browser]:
    """Chromium while the block lasts.

    Args:
        profile: an empty folder for its profile.

    Raises:
        ComponentError: there is none.
    """
    found = next((path for name in _NAMES if (path := shutil.which(name))), None)
    if found is None:
        raise ComponentError(
            "there is no Chromium",
            place="browser",
            remedy="apt-get install chromium, or leave this benchmark",
        )
    argv = ["/bin/sh", "-c", _SHELL, "sh", found, *_ARGUMENTS, f"--user-data-dir={profile}"]
    async with Process(argv, name="browser", stdin=True, stdout=True) as process:
        browser = Browser(process)
        listening = asyncio.create_task(browser.listen(), name="browser-answers")
        try:
            yield browser
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
