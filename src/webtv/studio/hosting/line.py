"""One model of the pool: its child if it has one, what was measured, and how it has fared."""

from typing import Final

from webtv.core.errors import ConfigError, WebTVError
from webtv.studio.capability import Capability
from webtv.studio.hosting.appetite import Appetite
from webtv.studio.hosting.call import Ending
from webtv.studio.hosting.host import Host
from webtv.studio.hosting.limits import Recycling
from webtv.studio.hosting.record import Record
from webtv.studio.hosting.spec import ModelSpec
from webtv.studio.hosting.status import ModelStatus, State
from webtv.studio.hosting.turns import Resident

_BASELINE: Final = 2  # requests after which a child has loaded what it loads
_RECORDS_KEPT: Final = 64  # sets of options of which it is remembered how they fared


class Line:
    """One model, whether it has a child or not.

    Args:
        spec: what it is built of.
        capability: its own, with these options.

    Attributes:
        spec: with the options that it was set to last.
        host: its child; None if it has none.
        busy: whether somebody has its turn.
        adapter: name that the adapter gives itself.
    """

    def __init__(self, spec: ModelSpec, capability: Capability) -> None:
        self.spec = spec
        self.host: Host | None = None
        self.busy = False
        self.adapter = capability.adapter or spec.adapter
        self._appetite = Appetite()
        self._said = capability.vram_gb
        self._sizes: set[float] = set()  # what the adapter said that this child's requests take
        self._peak = 0
        self._used = 0
        self._jobs = 0
        self._baseline: tuple[int, int] | None = None
        self._records: dict[str, Record] = {}

    @property
    def vram(self) -> float:
        """GB of device memory that its child takes, by the largest request that it has had."""
        return max((self.takes(said) for said in self._sizes), default=0.0)

    @property
    def resides(self) -> bool:
        """Whether it has a child, or somebody who is about to start one."""
        return self.host is not None or self.busy

    @property
    def resident(self) -> Resident:
        """How it counts when turns are given."""
        return Resident(self.vram, self.busy, self._used)

    def takes(self, said: float) -> float:
        """GB of device memory of a request of which the adapter says that it takes so many."""
        return self._appetite.of(said)

    def record(self, spec: ModelSpec) -> Record:
        """How it has fared with these options."""
        if spec.variant not in self._records:
            if len(self._records) >= _RECORDS_KEPT:
                del self._records[next(iter(self._records))]
            self._records[spec.variant] = Record()
        return self._records[spec.variant]

    def begin(self, spec: ModelSpec, said: float, use: int) -> None:
        """Somebody has its turn.

        Args:
            spec: with the options that it is to work with.
            said: GB of device memory that the adapter says it takes with them.
            use: grows with each use of any child.
        """
        self.busy = True
        self.spec = spec
        self._used = use
        self._said = said
        if self.host is None:
            self._sizes.clear()
        self._sizes.add(said)

    def served(self, host: Host, ending: Ending, now: float) -> None:
        """Account for a request that is over."""
        self.adapter = host.adapter
        self._peak = max(self._peak, host.peak)
        self._appetite.learn(self._said, host.peak, whole=ending.error is None and not ending.abandoned)
        self._jobs += 1
        if self._jobs == _BASELINE:
            self._baseline = host.rss, host.vram
        record = self.record(self.spec)
        if ending.error is None:
            record.succeeded()
        elif ending.spent:
            record.failed(ending.error, now)
        else:
            record.refused(ending.error)

    def fail(self, error: WebTVError, now: float) -> None:
        """Account for a child that did not start."""
        self.record(self.spec).failed(error, now)

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
        self._sizes = {self._said}
        self._jobs = 0
        self._baseline = None

    def status(self, queue: int, now: float) -> ModelStatus:
        """What is said about it."""
        host = self.host
        record = self.record(self.spec)
        if host is not None:
            state = State.STARTING if not host.usable else State.BUSY if self.busy else State.IDLE
        else:
            state = State.RESTING if record.rests(now) else State.ABSENT
        there = host is not None
        return ModelStatus(
            self.spec,
            self.adapter,
            state,
            doing=host.doing if host else "",
            pid=host.pid if host else None,
            jobs=self._jobs if there else 0,
            steps=host.steps if host else 0,
            rss=host.rss if host else 0,
            vram=host.vram if host else 0,
            peak=max(self._peak, host.peak if host else 0),
            queue=queue,
            failures=record.failures,
            last_error=record.last.message if record.last else "",
        )


def expect_fit(said: float, vram: float | None, place: str) -> None:
    """Refuse a request that takes more than there is.

    Args:
        said: GB of device memory that it takes.
        vram: GB that there are; None for no bound.
        place: where trouble is.

    Raises:
        ConfigError: it can never fit.
    """
    if vram is not None and said > vram:
        raise ConfigError(
            f"the model takes {said:g} GB of device memory, and {vram:g} GB are there",
            place=place,
            remedy="choose a smaller model, size or dtype, switch offloading on, or use a larger device",
        )
