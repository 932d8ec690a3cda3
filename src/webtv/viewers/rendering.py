"""HTML from templates: autoescaped, with nothing inline, because the content policy allows nothing inline."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse

from webtv.viewers import assets


def duration(seconds: float) -> str:
    """A length for people: ``40 s``, ``12 min``, ``2 h 5 min``."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    minutes = whole // 60
    if minutes < 60:
        return f"{minutes} min"
    hours, rest = divmod(minutes, 60)
    return f"{hours} h {rest} min" if rest else f"{hours} h"


def count(number: int, one: str, many: str) -> str:
    """A number with its noun: ``1 viewer``, ``3 viewers``."""
    return f"{number:,} {one if number == 1 else many}"


def poster(sha: str | None) -> str | None:
    """The address of a poster, or None."""
    return f"/posters/{sha}.jpg" if sha else None


def compact(value: object) -> str:
    """JSON for a data attribute; the template escapes it."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


_environment = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_environment.globals.update(asset=assets.address, poster=poster, count=count)
_environment.filters.update(duration=duration, compact=compact)


def page(
    template: str,
    request: Request,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    **context: Any,
) -> HTMLResponse:
    """Render a page.

    Args:
        template: file below ``templates/``.
        request: what it answers.
        status: HTTP status.
        headers: further headers; without Cache-Control the page is checked at every visit.
        context: names that the template reads.
    """
    html = _environment.get_template(template).render(request=request, **context)
    return HTMLResponse(html, status, {"Cache-Control": "no-cache", **(headers or {})})
