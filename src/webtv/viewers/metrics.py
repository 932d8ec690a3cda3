"""What Prometheus scrapes: requests as they come, channels as they are at the scrape."""

from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from webtv.core.clock import Clock
from webtv.probe.exposition import AirMetrics
from webtv.viewers.fanout import Reading
from webtv.viewers.station import ChannelState, ChannelView, Health, Measurements

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4
ENDLESS = "/live/{slug}.flv"  # the route whose answers have no end


class Metrics:
    """The web process's metrics, in a registry of their own."""

    def __init__(self) -> None:
        self._registry = registry = CollectorRegistry()
        self._requests = Counter(
            "webtv_http_requests", "Answered requests.", ("method", "route", "status"), registry=registry
        )
        self._seconds = Histogram(
            "webtv_http_request_seconds", "Time until a request was answered.", ("route",), registry=registry
        )
        self._state = Gauge(
            "webtv_channel_state", "1 for the state a channel is in.", ("channel", "state"), registry=registry
        )
        self._buffer = Gauge(
            "webtv_channel_buffer_seconds", "Unaired new content ahead.", ("channel",), registry=registry
        )
        self._viewers = Gauge(
            "webtv_channel_viewers", "People watching now.", ("channel",), registry=registry
        )
        self._live_readers = Gauge(
            "webtv_live_readers", "Readers of HTTP-FLV now.", ("channel",), registry=registry
        )
        self._live_dropped = Gauge(
            "webtv_live_dropped_gops",
            "GOPs of which slow readers of HTTP-FLV missed something, since the first of them came.",
            ("channel",),
            registry=registry,
        )
        self._ready = Gauge("webtv_ready", "1 if viewers can watch.", registry=registry)
        self._air = AirMetrics()
        registry.register(self._air)

    def count(self, method: str, route: str, status: int, seconds: float) -> None:
        """Take one answered request; ``route`` is the route's pattern, never an address as it came."""
        self._requests.labels(method, route, str(status)).inc()
        if route != ENDLESS:  # how long somebody watched says nothing of how quickly pages come
            self._seconds.labels(route).observe(seconds)

    def scrape(
        self,
        channels: Iterable[ChannelView],
        health: Health,
        measured: Measurements,
        live: Iterable[Reading] = (),
    ) -> bytes:
        """The exposition text."""
        for gauge in (self._state, self._buffer, self._viewers, self._live_readers, self._live_dropped):
            gauge.clear()
        for reading in live:
            self._live_readers.labels(reading.slug).set(reading.readers)
            self._live_dropped.labels(reading.slug).set(reading.dropped_gops)
        for view in channels:
            for state in ChannelState:
                self._state.labels(view.slug, state.value).set(view.state is state)
            self._buffer.labels(view.slug).set(view.buffer_seconds)
            self._viewers.labels(view.slug).set(view.viewers)
        self._ready.set(health.ready)
        self._air.tell(measured.head_end, measured.probe, measured.utc)
        return generate_latest(self._registry)


class Counting:
    """ASGI middleware that counts requests."""

    def __init__(self, app: ASGIApp, metrics: Metrics, clock: Clock) -> None:
        self._app = app
        self._metrics = metrics
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = 500
        start = self._clock.monotonic()

        async def watch(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, watch)
        finally:
            route = getattr(scope.get("route"), "path", "none")
            method = scope["method"] if scope["method"] in {"GET", "POST"} else "other"
            self._metrics.count(method, route, status, self._clock.monotonic() - start)
