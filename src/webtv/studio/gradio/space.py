"""One Space: asked through gradio_client, watched, and cancelled when nobody waits.

gradio_client is trusted with the protocol only. It reaches nothing but the Space (:mod:`.gate`), unpacks and
downloads nothing, fills in nothing, uploads only pictures of ours, sends no token but the endpoint's, and
reports to nobody. A Space keeps no job whose listener is gone, so a ticket is worth something from the moment
the video is ready; before that a crash or a restart here means asking again.
"""

import asyncio
import contextlib
import importlib
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import cv2
import httpx

from webtv.core.clock import Clock
from webtv.core.errors import (
    ComponentError,
    ConfigError,
    QualityError,
    RateLimited,
    TransientError,
    WebTVError,
)
from webtv.core.events import Event, EventSink, Severity
from webtv.studio.gradio.description import Call, calls_in, choose, fill, video_in
from webtv.studio.gradio.gate import Gate
from webtv.studio.progress import tell
from webtv.studio.remote.answers import answer_to, told, unreachable
from webtv.studio.remote.asking import IMAGE, Asked
from webtv.studio.remote.endpoint import Address, Endpoint
from webtv.studio.remote.fetch import Credentials
from webtv.studio.remote.guard import shown
from webtv.studio.remote.maker import Video
from webtv.studio.remote.parting import finished
from webtv.studio.remote.patience import within
from webtv.studio.remote.tickets import Order

INSTALL = "pip install 'webtv[models]'"
_PROTOCOLS = ("sse_v1", "sse_v2", "sse_v2.1", "sse_v3")
# The server says something every 15 s while a job is under way; four times that is silence.
_TIMEOUT = httpx.Timeout(30.0, read=60.0)
_QUOTA = re.compile(
    r"quota.*?(?:try again|retry) in (?:(\d{1,3}):)?(\d{1,3}):(\d{1,3})", re.IGNORECASE | re.DOTALL
)
_MOST_COUNTED = 1_000_000  # steps, or places in a queue; JSON knows no bound
_AT_WORK = frozenset({"PROCESSING", "ITERATING", "PROGRESS", "LOG", "FINISHED"})
_GLANCE = 0.05  # seconds; nothing tells us when gradio_client knows more
# Seconds to learn what a Space has to offer (the less the nearer the deadline is), and for taking leave.
_MEETING, _SHORTEST, _LEAVE = 120.0, 10.0, 10.0
_PAUSE = 60.0  # seconds; what a Space that says "too many" means is not told


class GradioSpace:
    """A :class:`webtv.studio.remote.maker.Maker` over one Space or any other Gradio app.

    Args:
        endpoint: how it is asked.
        address: where, or its id on the hub.
        client: goes only where it may; all that gradio_client asks goes through it, too.
        clock: waits between looks, on which the deadline counts.
        events: hears of endpoints and inputs that changed.
        folder: for the picture that is sent along.
        host_of: finds the address of a Space on the hub, by its id and the token; blocking.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        address: Address,
        *,
        client: httpx.AsyncClient,
        clock: Clock,
        events: EventSink,
        folder: Path,
        host_of: "Callable[[str, str], str] | None" = None,
    ) -> None:
        self._endpoint = endpoint
        self._address = address
        self._client = client
        self._clock = clock
        self._events = events
        self._folder = folder
        self._host_of = host_of or _host_on_hub
        self._place = address.url if address.on_hub else shown(address.url)

    async def make(self, asked: Asked, order: Order, deadline: float) -> Video:
        """See :meth:`webtv.studio.remote.maker.Maker.make`."""
        ready = order.ticket.video if order.ticket else ""
        try:
            url = await self._located()
            credentials = Credentials(url, self._headers())
            if not ready:
                async with Gate(url, self._client) as gate:
                    try:
                        ready = await self._made(gate, asked, deadline)
                    except (TransientError, QualityError) as error:
                        if gate.trouble is not None:
                            raise gate.trouble from error
                        raise
                order.ready(ready)
        except BaseException:
            if not ready:
                order.forget()  # the Space forgets a job whose listener is gone
            raise
        return Video(ready, credentials)

    async def _located(self) -> str:
        if not self._address.on_hub:
            return self._address.url.rstrip("/") + "/"
        _library("huggingface_hub")
        try:
            asking = asyncio.to_thread(self._host_of, self._address.url, self._endpoint.key)
            host = await within(self._clock, _MEETING, asking)
        except Exception as error:
            raise TransientError(
                f"the hub does not say where the Space is ({type(error).__name__})",
                place=self._place,
                remedy="check the Space's id, its token and the network, or write its https:// address",
            ) from error
        return host.rstrip("/") + "/"

    def _headers(self) -> dict[str, str]:
        key = self._endpoint.key
        return {"authorization": f"Bearer {key}", "x-hf-authorization": f"Bearer {key}"} if key else {}

    async def _made(self, gate: Gate, asked: Asked, deadline: float) -> str:
        library = _library("gradio_client")
        with self._translated():
            # In a thread that nobody can stop; but when it is given up, the gate closes, and that ends it.
            connecting = asyncio.to_thread(self._connected, library, gate.inside, gate.url)
            patience = min(_MEETING, max(_SHORTEST, deadline - self._clock.monotonic()))
            space = await within(self._clock, patience, connecting)
        try:
            if space.protocol not in _PROTOCOLS:
                raise ConfigError(
                    f"the Space speaks {space.protocol!r}, a protocol of Gradio 3",
                    place=self._place,
                    remedy="use a Space with Gradio 4 or newer",
                )
            call, values = self._call(space, asked)
            which: dict[str, Any] = {"api_name": call.name} if call.name else {"fn_index": call.index}
            job = space.submit(*values, **which)  # hands over to a thread of its own and returns
            return await self._watched(space, gate, job, deadline)
        finally:
            space._kill_heartbeat.set()  # close() would wait for a thread that listens

    def _connected(self, library: Any, url: str, proxy: str) -> Any:
        class Quiet(library.Client):  # type: ignore[misc]
            """Says nothing to anybody but the Space."""

            def _telemetry_thread(self) -> None:
                """It runs even where analytics are off, unless an environment variable says so too."""

        return Quiet(
            url,
            # None would send whatever token this machine's user once saved for the hub.
            token=self._endpoint.key or False,
            verbose=False,
            download_files=False,
            analytics_enabled=False,
            max_workers=1,
            headers={**self._headers(), "accept-encoding": "identity"},
            httpx_kwargs={"proxy": proxy, "trust_env": False, "timeout": _TIMEOUT},
        )

    def _call(self, space: Any, asked: Asked) -> tuple[Call, Sequence[Any]]:
        needed = [*self._endpoint.filled_by("prompt")]
        if asked.image is not None:
            needed += self._endpoint.filled_by("image")
        with self._translated():
            api = space.view_api(print_info=False, return_format="dict")
        calls = calls_in(api, self._place)
        call = choose(calls, self._endpoint.call, asked.inputs, needed, self._place)
        if self._endpoint.call and call.name.strip("/") != self._endpoint.call.strip("/"):
            self._tell(
                "renamed",
                f"{self._place} has no endpoint {self._endpoint.call}; {call.shown} fits and is asked",
                f"set the endpoint's call to {call.shown}",
            )
        filled = fill(call, asked.inputs, needed, self._place)
        for name in filled.unused:
            if name in self._endpoint.inputs:
                self._tell(
                    "input_unknown",
                    f"{self._place} has no input {name!r} at {call.shown}; it is left out",
                    "correct the endpoint's inputs",
                )
        return call, [self._sent(value, asked) for value in filled.values]

    def _sent(self, value: Any, asked: Asked) -> Any:
        if value is not IMAGE or asked.image is None:
            return value
        path = self._folder / "picture.png"
        cv2.imwrite(str(path), cv2.cvtColor(asked.image, cv2.COLOR_RGB2BGR))
        return {"path": str(path), "orig_name": path.name, "meta": {"_type": "gradio.FileData"}}

    async def _watched(self, space: Any, gate: Gate, job: Any, deadline: float) -> str:
        loop, done = asyncio.get_running_loop(), asyncio.Event()

        def over(_: object) -> None:
            with contextlib.suppress(RuntimeError):  # the loop is gone, and with it whoever waited
                loop.call_soon_threadsafe(done.set)

        job.future.add_done_callback(over)
        queue = 0
        try:
            while not done.is_set():
                queue = _progress(job.status(), queue)
                if self._clock.monotonic() > deadline:
                    raise TransientError(
                        f"the job was not done within {self._endpoint.seconds:g} s and was cancelled",
                        place=self._place,
                        remedy="raise the endpoint's seconds, or ask for less",
                    )
                await self._either(done)
        except BaseException:
            await finished(self._cancel(space, gate, job))
            raise
        with self._translated():
            result = job.future.result()
        return video_in(result, gate.outside(space.src_prefixed), self._place)

    async def _either(self, done: asyncio.Event) -> None:
        async with asyncio.TaskGroup() as group:
            waits = [
                group.create_task(done.wait()),
                group.create_task(self._clock.sleep(self._endpoint.poll)),
            ]
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            for wait in waits:
                wait.cancel()

    async def _cancel(self, space: Any, gate: Gate, job: Any) -> None:
        """Tell the Space that nobody waits any more; best effort.

        gradio_client's own ``cancel`` also posts past our gate, so it is not used.
        """
        try:
            heard = await within(self._clock, _LEAVE, self._called_off(space, gate, job))
        except (httpx.HTTPError, WebTVError, TimeoutError):
            heard = False
        if not heard:
            self._tell("cancel_failed", f"{self._place} may still work on a job that nobody waits for", "")

    async def _called_off(self, space: Any, gate: Gate, job: Any) -> bool:
        helper = job.communicator
        while helper.event_id is None:  # it is being ordered just now
            if job.future.done():
                return True
            await asyncio.sleep(_GLANCE)
        body = {
            "fn_index": helper.prediction_processor.__self__.fn_index,
            "session_hash": space.session_hash,
            "event_id": helper.event_id,
        }
        url = gate.outside(f"{space.src_prefixed}cancel")
        request = self._client.build_request("POST", url, json=body, headers=self._headers())
        return (await answer_to(self._client, request, self._clock, _LEAVE)).status < 300

    @contextlib.contextmanager
    def _translated(self) -> Any:
        """Turn what gradio_client raises into our errors."""
        library, place = _library("gradio_client.utils"), self._place
        exceptions = _library("gradio_client.exceptions")
        try:
            yield
        except WebTVError:
            raise
        except TimeoutError as error:
            raise unreachable(error, place) from error
        except exceptions.AuthenticationError as error:
            raise ConfigError(
                "the Space lets nobody in without a key", place=place, remedy="set the endpoint's token"
            ) from error
        except (library.TooManyRequestsError, library.QueueError) as error:
            raise RateLimited(
                "the Space has too many requests", retry_after=_PAUSE, place=place, remedy="lower the load"
            ) from error
        except exceptions.ValidationError as error:
            raise ConfigError(
                f"the Space refuses an input: {told(error, self._endpoint)}",
                place=place,
                remedy="correct the endpoint's inputs",
            ) from error
        except exceptions.AppError as error:
            if quota := _QUOTA.search(str(error.message)):
                hours, minutes, seconds = (int(part or 0) for part in quota.groups())
                wait = max(1.0, hours * 3600 + minutes * 60 + seconds)
                raise RateLimited(
                    f"the Space's quota is used up for {wait:.0f} s",
                    retry_after=wait,
                    place=place,
                    remedy="set the endpoint's token to an account with more of it",
                ) from error
            raise TransientError(
                f"the Space failed: {told(error.message, self._endpoint)}", place=place
            ) from error
        except httpx.HTTPStatusError as error:
            status = error.response.status_code
            kind = ConfigError if status in (401, 403, 404) else TransientError
            raise kind(
                f"the Space refuses ({status})", place=place, remedy="check the endpoint's address and token"
            ) from error
        except httpx.HTTPError as error:
            raise TransientError(
                "the Space cannot be reached or broke off", place=place, remedy="check that it is up"
            ) from error
        # The library raises whatever its own reading of a strange answer stumbles over.
        except Exception as error:
            raise TransientError(
                f"the Space did not answer as a Gradio app does ({type(error).__name__})",
                place=place,
                remedy="check the address if this lasts",
            ) from error

    def _tell(self, kind: str, message: str, remedy: str) -> None:
        self._events(Event(f"studio.remote.{kind}", message, Severity.WARNING, remedy=remedy))


def _progress(status: Any, queue: int) -> int:
    """Tell how far a job is, or only that it goes on; returns the longest queue that it stood in."""
    rank = status.rank
    if isinstance(rank, int) and 0 <= rank < _MOST_COUNTED and status.code.value == "IN_QUEUE":
        queue = max(queue, rank + 1)
        tell("queue", queue - rank - 1, queue)
        return queue
    told = False
    for unit in status.progress_data or []:
        done, of, share = unit.index, unit.length, unit.progress
        if isinstance(done, int) and isinstance(of, int) and 0 <= done <= of <= _MOST_COUNTED:
            tell("shot", done, of)
            told = True
        elif isinstance(share, int | float) and 0 <= share <= 1:
            tell("shot", int(share * 100), 100)
            told = True
    if not told:  # most say nothing, and a job of which nothing is heard passes for one that hangs
        tell("shot" if status.code.value in _AT_WORK else "queue", 0)
    return queue


def _host_on_hub(space: str, token: str) -> str:
    hub = importlib.import_module("huggingface_hub")
    return str(hub.HfApi(token=token or False).space_info(space).host)


def _library(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise ComponentError(
            f"{name.partition('.')[0]} is not installed", place="studio.shot gradio", remedy=INSTALL
        ) from error
