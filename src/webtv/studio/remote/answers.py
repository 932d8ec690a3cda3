"""Answers of servers that nobody vouches for: read with caps, never quoted with a key in them."""

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from webtv.core.clock import Clock
from webtv.core.errors import (
    ConfigError,
    QualityError,
    RateLimited,
    ResourceError,
    SafetyError,
    TransientError,
    WebTVError,
)
from webtv.core.log import redact
from webtv.studio.remote.endpoint import Endpoint
from webtv.studio.remote.guard import packed
from webtv.studio.remote.patience import within

_MOST_BYTES = 1 << 20
_LONGEST_TOLD = 200
_RETRY_AFTER = 30.0  # where a server asks to wait and does not say how long
_LONGEST_RETRY = 86_400.0
_MODERATED = re.compile(r"moderation|content_?policy|safety|nsfw", re.IGNORECASE)
_BROKE = re.compile(r"insufficient_?quota|billing|payment|balance|credits", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Answer:
    """A server's answer.

    Attributes:
        status: HTTP status.
        headers: as sent.
        body: at most a megabyte of it.
        whole: whether that was all.
    """

    status: int
    headers: httpx.Headers
    body: bytes
    whole: bool = True

    def json(self, place: str) -> Mapping[str, Any]:
        """The JSON object in it.

        Raises:
            TransientError: there is none: a page, a broken or an endless answer.
        """
        kind = self.headers.get("content-type", "").partition(";")[0].strip()
        if not self.whole:
            raise TransientError("the answer does not end", place=place)
        try:
            told = json.loads(self.body)
        except (ValueError, RecursionError):
            page = kind == "text/html" or self.body.lstrip()[:1] == b"<"
            what = "a web page" if page else "no JSON, or a part of it"
            raise TransientError(
                f"the answer is {what}", place=place, remedy="check the address if this lasts"
            ) from None
        if not isinstance(told, dict):
            raise TransientError("the answer is no JSON object", place=place)
        return told


async def answer_to(
    client: httpx.AsyncClient, request: httpx.Request, clock: Clock, seconds: float
) -> Answer:
    """Send a request and read no more of the answer, for no longer, than is sensible.

    Args:
        client: goes only where it may.
        request: what is asked.
        clock: counts the seconds.
        seconds: for all of it, from looking the name up to the last byte.

    Raises:
        TimeoutError: it took longer, however busily.
        httpx.HTTPError: as httpx does; the caller knows what it means.
        WebTVError: see :meth:`webtv.studio.remote.guard.Guard.admit`.
    """
    return await within(clock, seconds, _exchanged(client, request))


async def _exchanged(client: httpx.AsyncClient, request: httpx.Request) -> Answer:
    response = await client.send(request, stream=True)
    try:
        body = bytearray()
        async for part in response.aiter_raw():
            body += part
            if len(body) > _MOST_BYTES:
                return Answer(response.status_code, response.headers, bytes(body[:_MOST_BYTES]), False)
        return Answer(response.status_code, response.headers, bytes(body))
    finally:
        await response.aclose()


def told(text: object, endpoint: Endpoint) -> str:
    """What a server says, for people: one short line without keys."""
    line = " ".join("".join(char if char.isprintable() else " " for char in str(text)).split())
    if endpoint.key:
        line = line.replace(endpoint.key, "…")
    return redact(line)[:_LONGEST_TOLD]


def retry_after(value: str | None, clock: Clock) -> float:
    """Seconds that a Retry-After header asks for, in either of its forms."""
    text = (value or "").strip()
    try:
        seconds = float(text)
    except ValueError:
        try:
            moment = parsedate_to_datetime(text)
            moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
            seconds = moment.timestamp() - clock.time()
        except (ValueError, TypeError, OverflowError):  # the last for years and zones beyond all bounds
            return _RETRY_AFTER
    if not math.isfinite(seconds):
        return _RETRY_AFTER
    return min(max(seconds, 1.0), _LONGEST_RETRY)


def refused(answer: Answer, endpoint: Endpoint, clock: Clock, place: str) -> WebTVError:
    """The error that a status other than success amounts to."""
    said, code = _said(answer.body)
    line, status = told(said, endpoint), answer.status
    tail = f": {line}" if line else ""
    if status == 402 or (status in (403, 429) and _BROKE.search(code)):
        return ResourceError(f"the server wants to be paid ({status}){tail}", place=place, remedy="top it up")
    if status == 429 or (status == 503 and "retry-after" in answer.headers):
        wait = retry_after(answer.headers.get("retry-after"), clock)
        return RateLimited(
            f"the server asks to wait {wait:g} s", retry_after=wait, place=place, remedy="lower the load"
        )
    if status in (400, 422, 451) and _MODERATED.search(code):
        return SafetyError(f"the server refuses the prompt{tail}", place=place)
    if status >= 500 or status in (408, 409, 425):
        return TransientError(f"the server failed ({status}){tail}", place=place)
    remedy = {
        401: "set the endpoint's token",
        403: "set the endpoint's token to one with access",
        404: "check the endpoint's address and model",
        413: "make the endpoint's inputs smaller",
    }.get(status, "check the endpoint's inputs, size and lengths")
    if 300 <= status < 400:
        return ConfigError(
            f"the server redirects ({status})",
            place=place,
            remedy="write its final address",
        )
    return ConfigError(f"the server refuses ({status}){tail}", place=place, remedy=remedy)


def failed(error: object, endpoint: Endpoint, place: str) -> WebTVError:
    """The error that a job's own account of its failure amounts to."""
    fields = error if isinstance(error, Mapping) else {"message": error}
    code, line = str(fields.get("code") or ""), told(fields.get("message") or "no reason given", endpoint)
    if _MODERATED.search(code):
        return SafetyError(f"the server refuses the prompt: {line}", place=place)
    if _BROKE.search(code):
        return ResourceError(f"the server wants to be paid: {line}", place=place, remedy="top it up")
    return TransientError(f"the job failed there: {line}", place=place)


def unreachable(error: Exception, place: str) -> WebTVError:
    """The error that a failed exchange amounts to."""
    if isinstance(error, httpx.DecodingError):
        return packed(place)
    slow = isinstance(error, httpx.TimeoutException | TimeoutError)
    what = "no answer in time" if slow else "the server cannot be reached"
    if isinstance(error, httpx.RemoteProtocolError | httpx.ReadError):
        what = "the server broke off in the middle of its answer"
    return TransientError(what, place=place, remedy="check that the server is up")


def not_a_video(response: httpx.Response, endpoint: Endpoint, clock: Clock, place: str) -> WebTVError:
    """The error that a refused download amounts to."""
    status = response.status_code
    if status in (404, 410):
        return QualityError("the video is gone", place=place)
    return refused(Answer(status, response.headers, b""), endpoint, clock, place)


def _said(body: bytes) -> tuple[object, str]:
    """Message and code, as OpenAI's, FastAPI's and plain servers put them."""
    try:
        fields = json.loads(body)
    except (ValueError, RecursionError):
        return "", ""
    if not isinstance(fields, dict):
        return "", ""
    inner = fields.get("error", fields.get("detail", fields))
    if isinstance(inner, Mapping):
        code = f"{inner.get('code') or ''} {inner.get('type') or ''}"
        return inner.get("message") or "", code
    return (inner if isinstance(inner, str | list) else ""), ""
