"""Where videos from elsewhere are decoded: a short-lived child for each file, not trusted either.

The child (:mod:`.decoder`) is held to its memory and its time by the kernel. What it says is judged as if the
file itself were speaking, because a file that breaks a decoder may well be.
"""

import asyncio
import contextlib
import json
import math
import os
import signal
import sys
from collections.abc import AsyncGenerator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np

from webtv.core.completion import to_its_end
from webtv.core.errors import QualityError, ResourceError
from webtv.studio.hosting.environment import child_environment
from webtv.studio.ports import Chunk, ShotRequest
from webtv.studio.remote.decoder import MOST_MEMORY, MOST_WORK
from webtv.studio.remote.playing import CHUNK, Timing
from webtv.studio.remote.screening import CONTAINERS, LARGEST, LONGEST, MOST_FRAMES, SMALLEST, Received

_PROGRAM = ("-m", "webtv.studio.remote.decoder")
_LINE = 2 << 20  # bytes of a line at most: the times of 20 000 frames
_PATIENCE = 600.0  # seconds between two words of a child that may be one of many on a busy machine
_LONGEST_TOLD = 200
_SHORTER = "have the endpoint make shorter or smaller videos"


class Darkroom:
    """One file and the child that decodes it, as an async context manager; leaving the block ends the child.

    Args:
        path: the file, ours alone.
        place: where it came from, for errors.
    """

    def __init__(self, path: Path, place: str = "") -> None:
        self._path = path
        self._place = place
        self._process: asyncio.subprocess.Process | None = None

    async def __aenter__(self) -> Self:
        try:
            # From the loop's own thread, which lasts: the kernel ends the child with it.
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-P", *_PROGRAM, str(os.getpid())),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,  # a file could have much to say there
                env=child_environment(os.environ, threads=1),
                limit=_LINE,
            )
        except OSError as error:
            raise ResourceError(
                f"no process can be started that decodes the video ({error.strerror})",
                place=self._place,
                remedy="give the station more memory or processes",
            ) from error
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process is not None
        await to_its_end(_ended(self._process))

    async def screened(self) -> Received:
        """Have :func:`webtv.studio.remote.screening.screen` look at the file.

        Raises:
            QualityError: it is no video, none that may pass as a take, or more than two gigabytes or 150 s of
                a core can decode.
        """
        await self._order(what="screen", path=str(self._path))
        told = (await self._word()).get("received")
        try:
            return _received(self._path, told)
        except (TypeError, ValueError, KeyError, OverflowError) as error:
            raise self._nonsense() from error

    async def played(self, received: Received, request: ShotRequest, timing: Timing) -> AsyncGenerator[Chunk]:
        """Have :func:`webtv.studio.remote.playing.play` decode the screened file into chunks.

        Raises:
            QualityError: it decodes otherwise than before, or no longer.
        """
        await self._order(
            what="play",
            path=str(received.path),
            container=received.container,
            width=request.width,
            height=request.height,
            fps=timing.fps,
            sources=timing.sources,
        )
        done = 0
        first: list[int] = []
        while not (said := await self._word()).get("end"):
            count, *shape = _shape(said.get("frames"))
            first = first or shape
            left = len(timing.sources) - done
            if shape != first or not (1 <= count <= min(CHUNK, left) and _fits(shape, request)):
                raise self._nonsense()
            data = await self._bytes(count * math.prod(shape))
            yield Chunk(np.frombuffer(data, np.uint8).reshape(count, *shape), done, timing.fps)
            done += count
        if done != len(timing.sources):
            raise self._nonsense()

    async def _order(self, **order: Any) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # it is over: its status says why
            self._process.stdin.write(json.dumps(order).encode() + b"\n")
            await self._process.stdin.drain()

    @property
    def _out(self) -> asyncio.StreamReader:
        assert self._process is not None
        assert self._process.stdout is not None
        return self._process.stdout

    async def _word(self) -> Mapping[str, Any]:
        """The next line.

        Raises:
            QualityError: the file is refused, or it was too much for the child.
        """
        try:
            async with asyncio.timeout(_PATIENCE):
                line = await self._out.readuntil()
            told = json.loads(line)
        except (asyncio.IncompleteReadError, TimeoutError) as error:
            raise await self._died() from error
        except (asyncio.LimitOverrunError, ValueError, RecursionError) as error:
            raise self._nonsense() from error
        if not isinstance(told, dict):
            raise self._nonsense()
        if "refused" in told:
            raise QualityError(_told(told["refused"]), place=self._place, remedy=_told(told.get("remedy")))
        return told

    async def _bytes(self, count: int) -> bytes:
        """So many bytes.

        Raises:
            QualityError: it ended before.
        """
        try:
            async with asyncio.timeout(_PATIENCE):
                return await self._out.readexactly(count)
        except (asyncio.IncompleteReadError, TimeoutError) as error:
            raise await self._died() from error

    def _nonsense(self) -> QualityError:
        """The error that an answer amounts to which no decoder of ours gives."""
        return QualityError("the video breaks its decoder", place=self._place, remedy=_SHORTER)

    async def _died(self) -> QualityError:
        assert self._process is not None
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(1):  # it closed its output, so it is over or as good as
                await self._process.wait()
        slow = self._process.returncode in (None, -signal.SIGXCPU)
        within = f"{MOST_WORK} s of a core" if slow else f"{MOST_MEMORY >> 30} GB"
        return QualityError(
            f"the video cannot be decoded within {within}", place=self._place, remedy=_SHORTER
        )


async def _ended(process: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.kill()
    process._transport.close()  # type: ignore[attr-defined]  # asyncio lets go of unread pipes in no other way
    await process.wait()


def _received(path: Path, told: Any) -> Received:
    """What a child says of a file, judged.

    Raises:
        TypeError, ValueError, KeyError: it is not what a child of ours says.
    """
    times = tuple(float(at) for at in told["times"])
    received = Received(
        path,
        str(told["container"]),
        _told(told["codec"]),
        int(told["width"]),
        int(told["height"]),
        times,
        float(told["seconds"]),
        _told(told["flaw"]),
    )
    sides = (received.width, received.height)
    sound = (
        received.container in CONTAINERS
        and all(SMALLEST <= side <= LARGEST for side in sides)
        and 1 <= len(times) <= MOST_FRAMES
        and 0 < received.seconds <= LONGEST
        and all(math.isfinite(at) and 0 <= at <= received.seconds for at in times)
        and list(times) == sorted(times)
    )
    if not sound:
        raise ValueError("no decoder of ours says so")
    return received


def _shape(told: Any) -> list[int]:
    sound = isinstance(told, list) and len(told) == 4 and all(type(side) is int for side in told)
    return told if sound else [0, 0, 0, 0]


def _fits(shape: list[int], request: ShotRequest) -> bool:
    return 1 <= shape[0] <= request.height and 1 <= shape[1] <= request.width and shape[2] == 3


def _told(text: object) -> str:
    line = " ".join(str(text or "").split())
    return "".join(char for char in line if char.isprintable())[:_LONGEST_TOLD]
