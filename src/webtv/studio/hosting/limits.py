"""How long and how large anything may be that a child does or says."""

from dataclasses import dataclass

_MB = 1 << 20


@dataclass(frozen=True, slots=True)
class Limits:
    """What a child is held to; times in seconds on the pool's clock, sizes in bytes.

    Attributes:
        load: from its start until it is built, and again until the first step that is not ``load``. While
            it loads, a missing heartbeat is forgiven: linking a library may hold the interpreter for long.
        step: between two signs of progress, unless the child waits for its input or for room.
        request: from the beginning of a request to its end, waiting included: what ends a deadlock.
        beat: without a heartbeat; children send one a second.
        cancel: from a cancellation until the work is really over.
        ahead: frames that a child may have handed over and nobody has taken yet. A take of a diffusion model
            is smaller, so its child is free for the next one while this one is still being finished.
        spool: frames of a take that may wait for a child to be free. While it waits, the stage before can
            finish and its own child be ended to make room, where both do not fit on the card.
        message: arrays of one message.
        total: arrays of one request, each way.
    """

    load: float = 900.0
    step: float = 120.0
    request: float = 3600.0
    beat: float = 15.0
    cancel: float = 10.0
    ahead: int = 192 * _MB
    spool: int = 2048 * _MB
    message: int = 4096 * _MB
    total: int = 65_536 * _MB


@dataclass(frozen=True, slots=True)
class Recycling:
    """When an idle child is ended so that the next request begins with a fresh one.

    Growth counts from what the child held after its second request: by then it has loaded what it loads.

    Attributes:
        jobs: requests that one child serves at most.
        rss_bytes: growth of its resident memory.
        vram_bytes: growth of the device memory that it keeps between requests.
    """

    jobs: int = 500
    rss_bytes: int = 2 << 30
    vram_bytes: int = 1 << 30
