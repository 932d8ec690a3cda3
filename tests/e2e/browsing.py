"""A real browser on a real station; what it complains about is kept."""

import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any

from playwright.async_api import Browser, Error, Page, async_playwright
from stationhouse import until

from servers import chromium

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SIZES = {"phone": (375, 667), "laptop": (1280, 800)}


@contextlib.asynccontextmanager
async def browser() -> AsyncIterator[Browser]:
    """Chromium while the block lasts."""
    async with async_playwright() as playwright:
        found = await playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
        try:
            yield found
        finally:
            await found.close()


@contextlib.asynccontextmanager
async def visit(within: Browser, origin: str, size: str, complaints: list[str]) -> AsyncIterator[Page]:
    """A page whose console errors, script errors, failed answers and foreign requests are complaints."""
    width, height = SIZES[size]
    phone = size == "phone"
    context = await within.new_context(
        viewport={"width": width, "height": height}, is_mobile=phone, has_touch=phone, color_scheme="dark"
    )
    page = await context.new_page()
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "response",
        lambda answer: complaints.append(f"{answer.status} {answer.url}") if answer.status >= 400 else None,
    )
    page.on(
        "request",
        lambda request: (
            None
            if request.url.startswith((f"{origin}/", "data:", f"blob:{origin}/"))
            else complaints.append(f"foreign: {request.url}")
        ),
    )
    try:
        yield page
    finally:
        await context.close()


async def seen(
    page: Page, expression: str, holds: Callable[[Any], bool], seconds: float, what: str = ""
) -> Any:
    """Evaluate again and again until it holds; from outside, because the page allows itself no eval.

    Raises:
        AssertionError: it did not hold in time; with the last value.
    """
    value: Any = None

    async def look() -> bool:
        nonlocal value
        with contextlib.suppress(Error):
            value = await page.evaluate(f"() => {expression}")
            return holds(value)
        return False

    try:
        await until(what or expression, look, seconds, every=0.05)
    except AssertionError as error:
        raise AssertionError(f"{error}; the page said {value!r}") from None
    return value
