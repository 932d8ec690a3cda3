"""Servers with OpenAI's ``/v1/videos`` shape: submit, poll, cancel, and where the video lies."""

import asyncio
import contextlib
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import cv2
import httpx

from webtv.core.clock import Clock
from webtv.core.errors import RateLimited, TransientError, WebTVError
from webtv.core.events import Event, EventSink, Severity
from webtv.studio.leaving import is_leaving
from webtv.studio.progress import tell
from webtv.studio.remote.answers import Answer, answer_to, failed, refused, unreachable
from webtv.studio.remote.asking import IMAGE, Asked
from webtv.studio.remote.endpoint import Endpoint
from webtv.studio.remote.fetch import Credentials
from webtv.studio.remote.guard import shown
from webtv.studio.remote.maker import Video
from webtv.studio.remote.parting import finished
from webtv.studio.remote.tickets import Order

_ID = re.compile(r"[\w.:=+-]{1,200}")
_WAITING = frozenset({"queued", "pending", "waiting", "created", "submitted", "preparing"})
_WORKING = frozenset({"in_progress", "processing", "running", "generating", "started"})
_DONE = frozenset({"completed", "succeeded", "success", "done"})
_FAILED = frozenset({"failed", "error", "cancelled", "canceled", "expired", "rejected"})
_UNDECIDED = frozenset({408, 502, 504})  # what stands between us and the server gave up, not the server
_MISSES = 5  # polls in a row without a usable answer
_WORD = 30.0  # seconds between two words while nothing is asked
# Seconds for an order with its picture, for a look (the less the nearer the deadline is), for taking leave.
_ORDER, _LOOK, _SHORTEST_LOOK, _LEAVE = 120.0, 60.0, 10.0, 10.0


def videos_url(address: str) -> str:
    """The collection of videos at an address, which may be a host, end in ``/v1`` or be the collection."""
    base = address.rstrip("/")
    if base.endswith("/videos"):
        return base
    return f"{base}/videos" if re.search(r"/v\d+$", base) else f"{base}/v1/videos"


class VideosApi:
    """One address with the videos API.

    Args:
        endpoint: how it is asked.
        address: where.
        client: goes only where it may.
        clock: waits between polls, on which the deadline counts.
        events: hears of states that nobody knows.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        address: str,
        *,
        client: httpx.AsyncClient,
        clock: Clock,
        events: EventSink,
    ) -> None:
        self._endpoint = endpoint
        self._url = videos_url(address)
        self._place = shown(address)
        self._client = client
        self._clock = clock
        self._events = events
        headers = {"authorization": f"Bearer {endpoint.key}"} if endpoint.key else {}
        self.credentials = Credentials(self._url, headers)

    async def make(self, asked: Asked, order: Order, deadline: float) -> Video:
        """See :meth:`webtv.studio.remote.maker.Maker.make`."""
        assert order.ticket is not None
        if order.ticket.video:
            return Video(order.ticket.video, self.credentials)
        try:
            if not order.ticket.job:
                await self._submit(asked, order)
            await self._wait(order, deadline)
        except asyncio.CancelledError:
            if not is_leaving():  # else whoever comes after us goes on with the job: its ticket stays
                await finished(self._cancel(order))
            raise
        video = f"{self._job_url(order)}/content"
        order.ready(video)
        return Video(video, self.credentials)

    async def _submit(self, asked: Asked, order: Order) -> None:
        assert order.ticket is not None
        request = self._request(asked, order.ticket.nonce)
        # Once it is under way its answer is awaited even if nobody wants the take any more: without the id
        # the job could neither be cancelled nor found again.
        await finished(self._sent(request, order))

    async def _sent(self, request: httpx.Request, order: Order) -> None:
        try:
            answer = await answer_to(self._client, request, self._clock, _ORDER)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, WebTVError) as error:
            order.forget()  # nothing was sent
            raise error if isinstance(error, WebTVError) else unreachable(error, self._place) from error
        except (httpx.HTTPError, TimeoutError) as error:
            raise unreachable(error, self._place) from error
        if not 200 <= answer.status < 300:
            if answer.status not in _UNDECIDED:
                order.forget()
            raise refused(answer, self._endpoint, self._clock, self._place)
        job = answer.json(self._place).get("id")
        if not isinstance(job, str) or not _ID.fullmatch(job):
            order.forget()
            raise TransientError("the server gave the job no usable id", place=self._place)
        order.known(job)

    def _request(self, asked: Asked, nonce: str) -> httpx.Request:
        fields: dict[str, Any] = {
            "prompt": asked.prompt,
            "size": f"{asked.width}x{asked.height}",
            "seconds": f"{asked.seconds:g}",
        }
        if self._endpoint.model:
            fields["model"] = self._endpoint.model
        fields |= {key: value for key, value in asked.inputs.items() if value is not None}
        headers = {**self.credentials.headers, "idempotency-key": nonce, "accept": "application/json"}
        picture = next((key for key, value in fields.items() if value is IMAGE), None)
        if picture is None or asked.image is None:
            return self._client.build_request("POST", self._url, json=fields, headers=headers)
        del fields[picture]
        _, png = cv2.imencode(".png", cv2.cvtColor(asked.image, cv2.COLOR_RGB2BGR))
        return self._client.build_request(
            "POST",
            self._url,
            data={key: value if isinstance(value, str) else str(value) for key, value in fields.items()},
            files={picture: ("picture.png", png.tobytes(), "image/png")},
            headers=headers,
        )

    async def _wait(self, order: Order, deadline: float) -> None:
        misses = done = 0
        strange = ""
        while True:
            try:
                job = await self._look(order, deadline)
            except TransientError as error:
                misses += 1
                pause = self._endpoint.poll * 2**misses
                if isinstance(error, RateLimited):
                    pause = max(pause, error.retry_after)
                # The job may well be done: its ticket stays, and whoever asks next looks again.
                late = self._clock.monotonic() + pause > deadline
                if misses >= _MISSES or late or order.ticket is None:
                    raise
                tell("shot", done, 100)
            else:
                misses, pause = 0, self._endpoint.poll
                state = str(job.get("status") or "").lower()
                if state in _DONE:
                    tell("shot", 100, 100)
                    return
                if state in _FAILED:
                    order.forget()
                    raise failed(job.get("error") or f"it is {state}", self._endpoint, self._place)
                if state not in _WAITING | _WORKING and state != strange:
                    strange = state
                    self._wonder(state)
                done = _percent(job.get("progress"))
                tell("shot", done, 100)
            if self._clock.monotonic() + pause > deadline:
                await finished(self._cancel(order))
                raise TransientError(
                    f"the job was not done within {self._endpoint.seconds:g} s and was cancelled",
                    place=self._place,
                    remedy="raise the endpoint's seconds, or ask for less",
                )
            await self._rest(pause, done)

    async def _rest(self, seconds: float, done: int) -> None:
        """Wait, and say again how far the job is: one of which nothing is heard passes for one that hangs."""
        over = self._clock.monotonic() + seconds
        while (left := over - self._clock.monotonic()) > _WORD:
            await self._clock.sleep(_WORD)
            tell("shot", done, 100)
        await self._clock.sleep(left)

    async def _look(self, order: Order, deadline: float) -> Mapping[str, Any]:
        url = self._job_url(order)
        patience = min(_LOOK, max(_SHORTEST_LOOK, deadline - self._clock.monotonic()))
        request = self._client.build_request("GET", url, headers=self.credentials.headers)
        try:
            answer = await answer_to(self._client, request, self._clock, patience)
        except (httpx.HTTPError, TimeoutError) as error:
            raise unreachable(error, self._place) from error
        if answer.status in (404, 410):
            order.forget()
            raise TransientError("the server no longer knows the job", place=self._place)
        if not 200 <= answer.status < 300:
            raise refused(answer, self._endpoint, self._clock, self._place)
        return answer.json(self._place)

    async def _cancel(self, order: Order) -> None:
        """Tell the server that nobody waits any more, if that is so; best effort."""
        if not order.may_be_cancelled:
            return
        request = self._client.build_request("DELETE", self._job_url(order), headers=self.credentials.headers)
        answer: Answer | None = None
        with contextlib.suppress(httpx.HTTPError, WebTVError, TimeoutError):
            answer = await answer_to(self._client, request, self._clock, _LEAVE)
        order.forget()
        if answer is None or not (200 <= answer.status < 300 or answer.status in (404, 410)):
            self._events(
                Event(
                    "studio.remote.cancel_failed",
                    f"{self._place} may still work on a job that nobody waits for",
                    Severity.WARNING,
                    data={"status": answer.status if answer else 0},
                )
            )

    def _wonder(self, state: str) -> None:
        self._events(
            Event(
                "studio.remote.unknown_state",
                f"{self._place} says that a job is {state[:40]!r}, which nobody knows; waiting on",
                Severity.WARNING,
            )
        )

    def _job_url(self, order: Order) -> str:
        assert order.ticket is not None
        return f"{self._url}/{quote(order.ticket.job, safe='')}"


def _percent(progress: object) -> int:
    # Compared before it is converted: JSON has whole numbers that no float holds, and NaN is above nothing.
    if isinstance(progress, bool) or not isinstance(progress, int | float) or not progress > 0:
        return 0
    return 100 if progress >= 100 else int(progress)
