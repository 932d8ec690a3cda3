"""One model of the pool: its child if it has one, what was measured, and how it has fared."""

from typing import Final

from webtv.core.errors import RETRYABLE, ConfigError, RateLimited, WebTVError
from webtv.studio.capability import Capability
from webtv.studio.hosting import codec
from webtv.studio.hosting.call import Ending
from webtv.studio.hosting.host import Host
from webtv.studio.hosting.limits import Recycling
from webtv.studio.hosting.spec import ModelSpec
from webtv.studio.hosting.status import ModelStatus, State
from webtv.studio.hosting.turns import Resident

GB: Final = 1e9
CONTEXT_GB: Final = 0.5  # of device memory that a process takes beside what torch's allocator counts
_REST: Final = 5.0  # seconds after the second failure in a row, doubled by each further one
_REST_MOST: Final = 300.0
_BASELINE: Final = 2  # requests after which a child has loaded what it loads


class Line:
    """One model, whether it has a child or not.

    Args:
        spec: what it is built of.
        capability: its own, with these options.

    Attributes:
        host: its child; None if it has none.
        busy: whether somebody has its turn.
        adapter: name that the adapter gives itself.
    """

    def __init__(self, spec: ModelSpec, capability: Capability) -> None:
        self.spec = spec
        self.host: Host | None = None
        self.busy = False
        self.adapter = capability.adapter or spec.adapter
        self._declared = capability.vram_gb
        self._measured = 0
        self._used = 0
        self._jobs = 0
        self._baseline: tuple[int, int] | None = None
        self._failures = 0
        self._rests_until = float("-inf")
        self._last: WebTVError | None = None

    @property
    def vram(self) -> float:
        """GB of device memory that it takes: as measured, or else as it says of itself."""
        return self._measured / GB + CONTEXT_GB if self._measured else self._declared

    @property
    def resides(self) -> bool:
        """Whether it has a child, or somebody who is about to start one."""
        return self.host is not None or self.busy

    @property
    def resident(self) -> Resident:
        """How it counts when turns are given."""
        return Resident(self.vram, self.busy, self._used)

    def expect_fit(self, vram: float | None) -> None:
        """Refuse a model that takes more than there is.

        Raises:
            ConfigError: it can never fit.
        """
        if vram is not None and self._declared > vram:
            raise ConfigError(
                f"the model takes {self._declared:g} GB of device memory, and {vram:g} GB are there",
                place=self.spec.place,
                remedy="choose a smaller model, size or dtype, switch offloading on, or use a larger device",
            )

    def expect_rested(self, now: float) -> None:
        """Refuse a model that has failed repeatedly, until it is tried again.

        Raises:
            RateLimited: with the cause and the time; if trying again is of use.
            WebTVError: the cause itself if it is not.
        """
        if self._last is None or now >= self._rests_until:
            return
        if self._last.category not in RETRYABLE:
            raise codec.replica(self._last)
        raise RateLimited(
            f"the model failed {self._failures} times in a row, last because: {self._last.message}",
            retry_after=self._rests_until - now,
            place=self.spec.place,
            remedy=self._last.remedy,
        )

    def begin(self, use: int) -> None:
        """Somebody has its turn."""
        self.busy = True
        self._used = use

    def served(self, host: Host, ending: Ending, now: float) -> None:
        """Account for a request that is over."""
        self.adapter = host.adapter
        self._measured = max(self._measured, host.peak)
        self._jobs += 1
        if self._jobs == _BASELINE:
            self._baseline = host.rss, host.vram
        if ending.error is None:
            self._failures = 0
        elif ending.spent:
            self.fail(ending.error, now)
        else:
            self._last = codec.replica(ending.error)

    def fail(self, error: WebTVError, now: float) -> None:
        """Account for a child that did not start or did not survive."""
        self._last = codec.replica(error)
        self._failures += 1
        if self._failures > 1:
            self._rests_until = now + min(_REST * 2 ** min(self._failures - 2, 10), _REST_MOST)

    def worn(self, recycling: Recycling) -> str:
        """Why its child should be renewed; empty if it should not."""
        if self.host is None:
            return ""
        if self._jobs >= recycling.jobs:
            return f"has served {self._jobs} requests"
        if self._baseline is not None:
            rss, vram = self.host.rss - self._baseline[0], self.host.vram - self._baseline[1]
            if rss > recycling.rss_bytes:
                return f"its memory has grown by {rss >> 20} MiB"
            if vram > recycling.vram_bytes:
                return f"its device memory has grown by {vram >> 20} MiB"
        return ""

    def renew(self, host: Host) -> None:
        """It has a new child."""
        self.host = host
        self._jobs = 0
        self._baseline = None

    def status(self, queue: int, now: float) -> ModelStatus:
        """What is said about it."""
        host = self.host
        if host is not None:
            state = State.STARTING if not host.usable else State.BUSY if self.busy else State.IDLE
        else:
            state = State.RESTING if now < self._rests_until else State.ABSENT
        there = host is not None
        return ModelStatus(
            self.spec,
            self.adapter,
            state,
            pid=host.pid if host else None,
            jobs=self._jobs if there else 0,
            steps=host.steps if host else 0,
            rss=host.rss if host else 0,
            vram=host.vram if host else 0,
            peak=max(self._measured, host.peak if host else 0),
            queue=queue,
            failures=self._failures,
            last_error=self._last.message if self._last else "",
        )
