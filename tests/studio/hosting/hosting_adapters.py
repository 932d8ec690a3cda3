"""Adapters that children of these tests are built of: some well-behaved, the others each in its own way not.

``build`` is the builder; ``use`` names a class here. A gate is a FIFO from which a step reads one byte, so
the test decides when a step is over.
"""

import asyncio
import ctypes
import os
import resource
import signal
import socket
import sys
import threading
import time
from array import array
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from webtv.core.errors import ConfigError, InputError, RateLimited, ResourceError, SafetyError
from webtv.studio.capability import Capability
from webtv.studio.hosting import sealed, wire
from webtv.studio.ports import Chunk, Credit, Grade, Media, Score, ShotRequest, Take
from webtv.studio.progress import tell

LOADED: list[str] = []  # what was loaded in this process


def build(stage: str, options: Mapping[str, Any]) -> Any:
    return globals()[options["use"]](**{"stage": stage, **options})


def frames(count: int, start: int = 0) -> np.ndarray[Any, np.dtype[np.uint8]]:
    return np.full((count, 18, 32, 3), start % 250 + 3, np.uint8)


class Plain:
    """Chunks of four frames; tells its progress."""

    def __init__(
        self, *, use: str, stage: str = "shot", chunks: int = 3, vram: float = 0.0, **more: Any
    ) -> None:
        self.use, self.stage, self.chunks, self.vram, self.more = use, stage, chunks, vram, more

    @property
    def capability(self) -> Capability:
        return Capability(self.use, self.stage, hosted=True, vram_gb=self.vram)

    async def shoot(self, request: ShotRequest) -> AsyncIterator[Chunk]:
        for k in range(self.chunks):
            tell("shot", k + 1, self.chunks)
            yield Chunk(frames(4, k), 4 * k, 12)

    async def upscale(
        self, take: Take, width: int, height: int, request: ShotRequest | None = None
    ) -> AsyncIterator[Chunk]:
        async for chunk in take:
            yield chunk

    async def score(self, frames: Any, fps: int, prompt: Any) -> Score:
        return Score(float(frames.mean()) / 255, {"motion": 1.0}, f"{prompt.subject} at {fps}")

    def credit(self, request: Any) -> Credit:
        return Credit(self.use, "plain 1", Media.TRAINED, {})

    def cheaper(self) -> tuple[Grade, ...]:
        return (Grade("fewer chunks", {"use": self.use, "chunks": 1}),)

    async def write(self, prompt: str, times: int = 1) -> dict[str, Any]:
        return {"text": prompt * times}

    def environment(self) -> dict[str, str]:
        return dict(os.environ)

    def nothing(self) -> object:
        return object()


class Handing(Plain):
    """Says what it loads, and counts how often that is loaded; its frames tell the count and the steps."""

    def __init__(self, *, weights: str = "house", steps: int = 4, size: float = 0.0, **options: Any) -> None:
        super().__init__(vram=size, **options)
        if steps < 1:
            raise InputError("too few steps", place="studio.shot.steps", remedy="write 1 or more")
        self.weights, self.steps, self.size = weights, steps, size
        self.count = 0  # how often it was loaded in this process; 0 while it is not

    @property
    def loads(self) -> dict[str, str]:
        # One of them has changed its mind by the time that it is built in a child.
        fickle = self.weights == "fickle" and "hosting_house" not in sys.modules
        return {"weights": f"{self.weights} {self.steps}" if fickle else self.weights}

    def adopt(self, previous: "Handing") -> None:
        self.count, previous.count = previous.count, 0

    async def shoot(self, request: ShotRequest) -> AsyncIterator[Chunk]:
        if not self.count:
            LOADED.append(self.weights)
            self.count = len(LOADED)
        if "gpu" in self.more:
            torch: Any = sys.modules.get("torch") or pretend_torch()
            torch.held = 1_000_000_000
            torch.peak = max(torch.peak, round(self.size * 1e9 * self.more["gpu"]))
        for step in range(1, self.steps + 1):
            tell("shot", step, self.steps)
            if "gate" in self.more:
                await asyncio.to_thread(self._pass)
        yield Chunk(np.full((4, 18, 32, 3), 10 * self.count + self.steps, np.uint8), 0, 12)

    def _pass(self) -> None:
        with Path(self.more["gate"]).open("rb", buffering=0) as gate:
            gate.read(1)

    def cheaper(self) -> tuple[Grade, ...]:
        options = {"use": self.use, "weights": self.weights, "steps": self.steps // 2, "size": self.size / 2}
        return (Grade("fewer steps", options),)


class Gated(Plain):
    """Works in a thread, as a diffusion model does: looks after each step whether it was abandoned."""

    async def shoot(self, request: ShotRequest) -> AsyncIterator[Chunk]:
        abandoned = threading.Event()
        try:
            await asyncio.to_thread(self._steps, abandoned)
            yield Chunk(frames(4), 0, 12)
        except asyncio.CancelledError:
            abandoned.set()
            tell("abandoned", 1)
            raise

    def _steps(self, abandoned: threading.Event) -> None:
        with Path(self.more["gate"]).open("rb", buffering=0) as gate:
            for step in range(1, 6):
                tell("shot", step, 5, frames(1)[0])
                gate.read(1)
                if abandoned.is_set():
                    raise InterruptedError


class Loader(Gated):
    """Its first steps load."""

    def _steps(self, abandoned: threading.Event) -> None:
        with Path(self.more["gate"]).open("rb", buffering=0) as gate:
            for stage in ("load", "shot"):
                tell(stage, 1, 2)
                gate.read(1)


class Stubborn(Plain):
    """Hears no cancellation."""

    async def shoot(self, request: ShotRequest) -> AsyncIterator[Chunk]:
        tell("shot", 1)
        while True:
            try:
                await asyncio.get_running_loop().create_future()
            except asyncio.CancelledError:
                tell("shot", 2)
                yield Chunk(frames(1), 0, 12)


class Stuck(Plain):
    """Stops in one of the ways in which a model stops."""

    async def shoot(self, request: ShotRequest) -> AsyncIterator[Chunk]:
        tell("shot", 1)
        yield Chunk(frames(1), 0, 12)
        await asyncio.to_thread(self._wait)  # for that chunk to be there
        match self.more["how"]:
            case "awaits for ever":
                await asyncio.get_running_loop().create_future()
            case "blocks its loop":
                time.sleep(1e6)  # noqa: ASYNC251  just that is meant
            case "blocks a thread":
                await asyncio.to_thread(threading.Event().wait)
            case "holds the interpreter":
                ctypes.PyDLL(None).sleep(1_000_000)
            case "is stopped":
                os.kill(os.getpid(), signal.SIGSTOP)

    def _wait(self) -> None:
        with Path(self.more["gate"]).open("rb", buffering=0) as gate:
            gate.read(1)


class Dying(Plain):
    """Dies at one of several moments, in one of several ways."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._at("load")

    def _at(self, moment: str) -> None:
        if self.more["at"] != moment:
            return
        match self.more["how"]:
            case "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            case "abort":
                sys.stdout.write("the last words\n")
                os.abort()
            case "exit":
                os._exit(3)
            case "close":
                os.close(int(sys.argv[1]))
                os.kill(os.getpid(), signal.SIGSTOP)

    async def shoot(self, request: ShotRequest) -> AsyncIterator[Chunk]:
        self._at("begin")
        yield Chunk(frames(4), 0, 12)
        # Both sides hold what went before, so that it is certain what is seen first.
        self._at("between")
        yield Chunk(frames(4), 4, 12)

    async def upscale(
        self, take: Take, width: int, height: int, request: ShotRequest | None = None
    ) -> AsyncIterator[Chunk]:
        async for chunk in take:
            if chunk.start_frame:
                self._at("receive")
            yield chunk


class Failing(Plain):
    """Raises."""

    async def shoot(self, request: ShotRequest) -> AsyncIterator[Chunk]:
        place, remedy = "studio.shot.frames", "write 24"
        match self.more["what"]:
            case "input":
                raise InputError("too few frames", place=place, remedy=remedy)
            case "rate":
                raise RateLimited("too often", retry_after=7.5, place=place, remedy=remedy)
            case "own":
                raise Own("no lions")
            case "memory":
                raise MemoryError
            case "limit":
                resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))
                np.zeros(4 << 30, np.uint8)
            case "wrapped":
                try:
                    raise MemoryError
                except MemoryError as error:
                    raise ResourceError("too large", place=place, remedy=remedy) from error
            case "torch":
                raise pretend_torch().OutOfMemoryError("CUDA out of memory")
            case "value":
                raise ValueError("a bug")
            case "floats":
                yield Chunk(np.zeros((1, 4, 4, 3), np.float64), 0, 12)  # type: ignore[arg-type]
            case "gap":
                yield Chunk(frames(2), 0, 12)
                yield Chunk(frames(2), 3, 12)
        yield Chunk(frames(1), 0, 12)


class Own(SafetyError):
    """A class that only the child knows, with a signature of its own."""

    def __init__(self, what: str) -> None:
        super().__init__(f"refused: {what}", remedy="write another")


class Refused(Plain):
    """Cannot be built."""

    def __init__(self, **options: Any) -> None:
        raise ConfigError("there is no such model", place="studio.shot.model", remedy="name another")


class Slow(Plain):
    """Takes its time to be built, and lets nobody else of its process work meanwhile but threads."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        with Path(self.more["gate"]).open("rb", buffering=0) as gate:
            gate.read(1)


class Broken(Plain):
    """Cannot be built, and does not say why."""

    def __init__(self, **options: Any) -> None:
        raise ZeroDivisionError("a bug in a constructor")


class Lying(Plain):
    """Says over its parent's socket what no child would say."""

    async def shoot(self, request: ShotRequest) -> AsyncIterator[Chunk]:
        post = socket.socket(fileno=os.dup(int(sys.argv[1])))
        about = {"call": 1, "start": 0, "fps": 12}
        match self.more["how"]:
            case "junk":
                post.sendall(b"\xff" * 64)
            case "no json":
                post.sendall(b"\x00\x00\x00\x04\x00nope")
            case "unknown":
                _send(post, wire.pack("surprise", about))
            case "stranger":
                _send(post, wire.pack("chunk", {**about, "call": 9}, [frames(1)]))
            case "shape":
                _send(post, _lie("chunk", about, [1, 999, 999, 3], sealed.seal(frames(1))))
            case "short":
                _send(post, _lie("chunk", about, [2, 18, 32, 3], sealed.seal(frames(1))))
            case "unsealed":
                soft = os.memfd_create("soft", os.MFD_ALLOW_SEALING)
                os.write(soft, frames(1).tobytes())
                _send(post, _lie("chunk", about, [1, 18, 32, 3], soft))
            case "no picture":
                _send(post, wire.pack("chunk", about, [np.zeros((4, 4), np.uint8)]))
            case "no number":
                _send(post, wire.pack("chunk", {**about, "start": "x"}, [frames(1)]))
            case "no measure":
                _send(post, wire.pack("beat", {"rss": -1}))
            case "no fact":
                _send(post, wire.pack("note", {**about, "name": "shot.dtype", "fact": [1]}))
            case "talkative":
                for n in range(1001):
                    _send(post, wire.pack("note", {**about, "name": f"shot.{n}", "fact": n}))
            case "too many":
                rights = array("i", [0, 1, 2])
                post.sendmsg([b"\x00"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)])
        post.close()
        await asyncio.get_running_loop().create_future()
        yield Chunk(frames(1), 0, 12)


def _lie(kind: str, body: dict[str, Any], shape: list[int], descriptor: int) -> wire.Packet:
    honest = wire.pack(kind, body, [np.zeros(shape, np.uint8)])
    honest.close()
    honest.descriptors.append(descriptor)
    return honest


def _send(post: socket.socket, packet: wire.Packet) -> None:
    outbox = wire.Outbox(post)
    outbox.push(packet)
    outbox.flush()


def pretend_torch() -> Any:
    """A stand-in for what the meter asks torch, in this process."""
    torch = SimpleNamespace(OutOfMemoryError=type("OutOfMemoryError", (RuntimeError,), {}), held=0, peak=0)
    torch.cuda = SimpleNamespace(
        is_initialized=lambda: True,
        device_count=lambda: 1,
        memory_reserved=lambda device: torch.held,
        max_memory_reserved=lambda device: torch.peak,
        reset_peak_memory_stats=lambda device: setattr(torch, "peak", torch.held),
        empty_cache=lambda: None,
    )
    sys.modules["torch"] = torch  # type: ignore[assignment]
    return torch


class Leaking(Plain):
    """Keeps some memory, or device memory, of each request."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._kept: list[Any] = []
        self._torch = pretend_torch()

    async def shoot(self, request: ShotRequest) -> AsyncIterator[Chunk]:
        if "rss" in self.more:
            self._kept.append(np.ones(self.more["rss"], np.uint8))
        if "gpu" in self.more:
            self._torch.held += self.more["gpu"]
            self._torch.peak = max(self._torch.peak, self._torch.held)
        yield Chunk(frames(1), 0, 12)
