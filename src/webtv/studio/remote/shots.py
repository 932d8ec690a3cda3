"""Takes from an operator's endpoint: ordered once, watched, fetched, screened, and only then a take."""

import os
import random
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, aclosing
from pathlib import Path
from typing import Any

from webtv.core.clock import Clock, SystemClock
from webtv.core.errors import Category, ConfigError, QualityError, RateLimited, WebTVError
from webtv.core.events import Event, EventSink, LogSink, Severity
from webtv.studio.capability import Capability
from webtv.studio.ports import Chunk, Credit, Media, ShotRequest
from webtv.studio.remote.answers import not_a_video
from webtv.studio.remote.asking import Asked, ask, judge_options
from webtv.studio.remote.breaker import Breaker, Rota, State
from webtv.studio.remote.darkroom import Darkroom
from webtv.studio.remote.endpoint import Address, Endpoint
from webtv.studio.remote.fetch import fetch
from webtv.studio.remote.flights import only_one
from webtv.studio.remote.guard import Guard, Resolver, guarded_client, resolve, shown, trust
from webtv.studio.remote.maker import Maker
from webtv.studio.remote.playing import Timing, timing
from webtv.studio.remote.screening import Received
from webtv.studio.remote.tickets import MemoryTickets, Order, Tickets

_FETCH_SECONDS = 600.0
_GIVEN_UP = 3600.0  # seconds past its deadline after which a job at a silent server is ordered anew
# What another address may do better. Input and safety would be the same there, quality wants another seed.
_ELSEWHERE = frozenset({Category.TRANSIENT, Category.RATE_LIMIT, Category.CONFIG, Category.RESOURCE})
_BLAMELESS = frozenset({Category.INPUT, Category.SAFETY, Category.COMPONENT, Category.INTERNAL})


class RemoteShots:
    """A :class:`webtv.studio.ports.ShotMaker` at an operator's endpoint.

    The take is fetched whole and screened before its first chunk. Closing the iterator or cancelling it
    cancels the job at the server, as long as it is not done, nobody else in this process waits for the same
    take, and the process is not about to end (:mod:`webtv.studio.leaving`).

    What was paid for can be had again: until :meth:`settle` is told that a take is safe, or its ticket is two
    weeks old, asking for the same take fetches the same video.

    Args:
        name: the endpoint's.
        endpoint: as the operator defined it.
        options: a curator's numbers, of those that the operator opened.
        tickets: what was ordered and not yet taken home; must outlive the process where a take costs money.
        rota: the endpoint's addresses with their breakers, to share among several adapters.
        clock: polls, deadlines, rests.
        noise: choice, jitter, order numbers.
        events: hears of fallbacks and rests.
        scratch: folder for videos on their way; the system's if left out.
        resolver: looks hosts up.

    Raises:
        ConfigError: an option is unknown or out of bounds, or ``ca_file`` cannot be read.
    """

    def __init__(
        self,
        name: str,
        endpoint: Endpoint,
        *,
        options: Mapping[str, Any] | None = None,
        tickets: Tickets | None = None,
        rota: Rota[Address] | None = None,
        clock: Clock | None = None,
        noise: random.Random | None = None,
        events: EventSink | None = None,
        scratch: Path | None = None,
        resolver: Resolver = resolve,
    ) -> None:
        self._name = name
        self._endpoint = endpoint
        self._options = judge_options(endpoint, options or {}, "studio.shot")
        self._tickets = tickets if tickets is not None else MemoryTickets()
        self._clock = clock or SystemClock()
        self._noise = noise or random.Random()
        self._events = LogSink() if events is None else events
        self._rota = rota or rota_of(
            name, endpoint, clock=self._clock, noise=self._noise, events=self._events
        )
        self._scratch = scratch
        self._resolver = resolver
        self._trust = trust(endpoint.ca_file)

    @property
    def capability(self) -> Capability:
        """Remote; takes a picture to begin with if an input holds ``{image}``."""
        return Capability(
            self._name,
            "shot",
            packages=("gradio_client",) if self._endpoint.kind == "gradio" else (),
            remote=True,
            from_image=bool(self._endpoint.filled_by("image")),
        )

    def credit(self, request: ShotRequest) -> Credit:
        """The endpoint's name and model and what it was asked for; where it lies is the operator's matter."""
        endpoint = self._endpoint
        asked = ask(self._name, endpoint, self._options, request)
        details: dict[str, Any] = {
            "kind": endpoint.kind,
            "seed": request.seed,
            "seconds": asked.seconds,
            "size": f"{asked.width}x{asked.height}",
            **self._options,
        }
        if endpoint.price:
            details["price"] = endpoint.price
        return Credit(self._name, endpoint.model or f"endpoint {self._name}", Media.TRAINED, details)

    async def shoot(self, request: ShotRequest) -> AsyncIterator[Chunk]:
        """Make a take.

        Raises:
            RateLimited: the server asks for patience, or every address rests; says for how long.
            TransientError: no answer, a failed job, or one that took too long.
            QualityError: what came back is no video, black, frozen or too short.
            SafetyError: the server refuses the prompt.
            ConfigError: address, token, inputs or model are wrong, or the video is too large or lies where it
                may not be fetched from; it is fetched once that is corrected.
            ResourceError: the server wants to be paid, or the disk is full.
            ComponentError: gradio_client is not installed.
        """
        asked = self._asked(request)
        if self._scratch is not None:
            self._scratch.mkdir(parents=True, exist_ok=True)
        # Named by process, as the studio's scratch folders are, so that what a killed one leaves is tidied.
        prefix = f"{os.getpid()}-remote-"
        with tempfile.TemporaryDirectory(prefix=prefix, dir=self._scratch) as folder:
            async with AsyncExitStack() as stack:
                async with only_one(self._tickets, asked.key, self._clock) as alone:
                    order = Order(self._tickets, asked.key, alone)
                    room, received, plan = await self._obtain(asked, order, request, Path(folder), stack)
                try:
                    chunks = await stack.enter_async_context(aclosing(room.played(received, request, plan)))
                    async for chunk in chunks:
                        yield chunk
                except QualityError:
                    order.forget()  # it decoded a moment ago, and does not any more
                    raise

    def settle(self, request: ShotRequest) -> None:
        """Forget the ticket of a take: it is safe where whoever asked for it keeps takes.

        Raises:
            ResourceError: the ticket cannot be removed.
        """
        self._tickets.drop(self._asked(request).key)

    def _asked(self, request: ShotRequest) -> Asked:
        return ask(self._name, self._endpoint, self._options, request)

    async def _obtain(
        self, asked: Asked, order: Order, request: ShotRequest, folder: Path, stack: AsyncExitStack
    ) -> tuple[Darkroom, Received, Timing]:
        begun = self._clock.monotonic()
        tried: list[Address] = []
        while True:
            address = self._place_of(order) or self._rota.choose(tried)
            breaker = self._rota.breaker(address)
            if not breaker.admits:
                raise RateLimited(
                    f"the job is at {breaker.name}, which rests for {breaker.wait:.0f} s",
                    retry_after=breaker.wait,
                    place=self._name,
                    remedy="look at the endpoint's events for the reasons",
                )
            if order.ticket is None:
                order.place(address.url, f"{self._noise.getrandbits(128):032x}", self._clock.time())
            tried.append(address)
            breaker.begin()
            brought, received = False, None
            try:
                path = folder / str(len(tried))
                await self._bring(address, asked, order, begun, path)
                brought = True
                room = await stack.enter_async_context(Darkroom(path, breaker.name))
                received = await room.screened()
                received.expect_to_show(breaker.name)
                plan = timing(received, request, self._endpoint.slowest, breaker.name)
            except WebTVError as error:
                if received is not None:
                    # A video, as asked for: that nobody wants to see it says nothing against the address, or
                    # one channel's prompts would keep it from all others.
                    breaker.succeeded()
                elif brought and not isinstance(error, QualityError):
                    breaker.abandoned()  # our own trouble
                else:
                    self._blame(breaker, error)
                self._settle(order, error)
                if order.ticket is not None or not self._elsewhere(error, tried, begun):
                    raise
                self._tell("failed_over", f"{self._name}: another address is asked: {error.message}")
            except BaseException:
                breaker.abandoned()
                raise
            else:
                breaker.succeeded()
                if plan.slower > 1:
                    self._tell(
                        "stretched",
                        f"{self._name} made {received.seconds:.1f} s of {request.seconds:g} s; "
                        f"they play {plan.slower:.2f} times slower",
                    )
                return room, received, plan

    async def _bring(self, address: Address, asked: Asked, order: Order, begun: float, path: Path) -> None:
        assert order.ticket is not None
        late = self._clock.time() - order.ticket.at  # a resumed job has spent some of its time already
        deadline = min(begun, self._clock.monotonic() - late) + self._endpoint.seconds
        named = [item.url for item in self._endpoint.addresses]
        guard = Guard(named, allow_private=self._endpoint.allow_private, resolver=self._resolver)
        place = shown(address.url)
        async with AsyncExitStack() as stack:
            client = await stack.enter_async_context(guarded_client(guard, self._trust))
            maker: Maker
            if self._endpoint.kind == "gradio":
                from webtv.studio.gradio.space import GradioSpace

                maker = GradioSpace(
                    self._endpoint,
                    address,
                    client=client,
                    clock=self._clock,
                    events=self._events,
                    folder=path.parent,
                )
            else:
                from webtv.studio.remote.videos_api import VideosApi

                maker = VideosApi(
                    self._endpoint, address.url, client=client, clock=self._clock, events=self._events
                )
            video = await maker.make(asked, order, deadline)
            await fetch(
                client,
                video.url,
                path,
                credentials=video.credentials,
                max_bytes=self._endpoint.max_bytes,
                seconds=min(_FETCH_SECONDS, self._endpoint.seconds),
                clock=self._clock,
                refusal=lambda response: not_a_video(response, self._endpoint, self._clock, place),
            )

    def _place_of(self, order: Order) -> Address | None:
        """Where the take was ordered already."""
        if order.ticket is None:
            return None
        for address in self._rota:
            if address.url == order.ticket.address:
                return address
        self._tell("given_up", f"{self._name}: a job is forgotten, its address is no longer the endpoint's")
        order.forget()
        return None

    def _settle(self, order: Order, error: WebTVError) -> None:
        ticket = order.ticket
        if ticket is None:
            return
        if isinstance(error, QualityError):
            order.forget()  # what lies there will not get better
        elif isinstance(error, ConfigError) and ticket.video:
            return  # it is paid for and there, and fetched as soon as the settings allow it
        elif self._clock.time() - ticket.at > self._endpoint.seconds + _GIVEN_UP:
            order.forget()
            self._tell("given_up", f"{self._name}: a job is forgotten, its server was silent too long")

    def _elsewhere(self, error: WebTVError, tried: list[Address], begun: float) -> bool:
        """Whether another address may do better, and there is one and time left."""
        in_time = self._clock.monotonic() < begun + self._endpoint.seconds
        others = any(one not in tried and self._rota.breaker(one).admits for one in self._rota)
        return error.category in _ELSEWHERE and in_time and others

    def _blame(self, breaker: Breaker, error: WebTVError) -> None:
        if error.category in _BLAMELESS:
            breaker.abandoned()
        elif isinstance(error, RateLimited):
            breaker.failed(error.message, rest=error.retry_after)
        else:
            breaker.failed(error.message)

    def _tell(self, kind: str, message: str) -> None:
        self._events(Event(f"studio.remote.{kind}", message, Severity.WARNING, data={"endpoint": self._name}))


def rota_of(
    name: str, endpoint: Endpoint, *, clock: Clock, noise: random.Random, events: EventSink
) -> Rota[Address]:
    """An endpoint's addresses with a breaker each, whose opening and closing are events."""

    def changed(breaker: Breaker, state: State, reason: str) -> None:
        closed = state is State.CLOSED
        told = "is asked again" if closed else f"rests for {breaker.wait:.0f} s"
        events(
            Event(
                f"studio.remote.{'closed' if closed else 'opened'}",
                f"{breaker.name} of the endpoint {name} {told}: {reason}",
                Severity.INFO if closed else Severity.WARNING,
                remedy="" if closed else "see that the server is up, and the endpoint's settings are right",
                data={"endpoint": name, "address": breaker.name, "rest": round(breaker.wait, 1)},
            )
        )

    return Rota(
        [
            (
                address,
                address.weight,
                Breaker(
                    shown(address.url) if not address.on_hub else address.url,
                    clock=clock,
                    noise=noise,
                    failures=endpoint.failures,
                    rest=endpoint.rest,
                    on_change=changed,
                ),
            )
            for address in endpoint.addresses
        ],
        noise=noise,
        place=name,
    )
