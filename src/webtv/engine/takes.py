"""Takes as they came from the shot maker, held until they have become clips.

A take that took a device or money is *kept*: its raw frames lie in ``DATA/takes/{key}/`` under the content
key of all that decides over them, complete or absent, so that a job that dies later does not shoot again.
Any other take that somebody has to see whole is *held*: in memory, or, if it is large, in a file without a
name.
"""

import asyncio
import contextlib
import errno
import hashlib
import json
import math
import mmap
import os
import shutil
import tempfile
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any, TypeVar

import numpy as np

from webtv.core.clock import Clock
from webtv.core.errors import InputError, QualityError, ResourceError
from webtv.core.events import Event, EventSink, LogSink, Severity
from webtv.core.files import sync_folder
from webtv.engine.provenance import plain
from webtv.engine.scratch import Scratch
from webtv.engine.stages import close
from webtv.studio.notes import Fact, noted
from webtv.studio.ports import Chunk, Credit, Frames, Picture, ShotRequest, Take

T = TypeVar("T")

_VERSION = 1
_FRAMES, _NOTE = "frames.raw", "take.json"
_IN_MEMORY = 128 * 2**20
_PIECE = 6  # frames handed on at a time, as the embedded shot maker does


@dataclass(frozen=True, slots=True)
class HeldTake:
    """A whole take.

    Attributes:
        frames: uint8[T, H, W, 3] sRGB, in memory or mapped from a file; not to be written to.
        fps: its rate.
        facts: what was found out while it was made; see :mod:`webtv.studio.notes`.
    """

    frames: Frames
    fps: int
    facts: Mapping[str, Fact] = field(default_factory=dict)

    async def play(self) -> AsyncIterator[Chunk]:
        """The take as the shot maker would hand it over."""
        for start in range(0, len(self.frames), _PIECE):
            yield Chunk(self.frames[start : start + _PIECE], start, self.fps)

    def last(self, seconds: float) -> Picture:
        """The last picture that a clip of so many seconds shows; the shot after it goes on from there."""
        shown = max(1, round(seconds * self.fps))
        return np.array(self.frames[min(shown, len(self.frames)) - 1])


def take_key(options: Mapping[str, Any], request: ShotRequest, credit: Credit) -> str:
    """SHA-256 over all that decides over a take's frames: the same key, the same take.

    Args:
        options: of the shot stage.
        request: what is asked for.
        credit: the adapter's: an operator who sets another model gets other takes.
    """
    asked = {
        "prompt": request.prompt.to_json(),
        "seconds": request.seconds,
        "size": [request.width, request.height],
        "fps": request.fps,
        "seed": request.seed,
        "shot": [request.shot, request.shots],
        "sequence_seed": request.sequence_seed,
        "image": picture_digest(request.image),
        "before": request.before and [request.before.prompt.to_json(), request.before.seed],
    }
    whole = plain({"version": _VERSION, "options": options, "asked": asked, "credit": asdict(credit)})
    canonical = json.dumps(whole, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def picture_digest(picture: Picture | None) -> str:
    """SHA-256 of a picture's size and pixels; empty for none."""
    if picture is None:
        return ""
    return hashlib.sha256(repr(picture.shape).encode() + np.ascontiguousarray(picture).tobytes()).hexdigest()


async def hold(take: Take, seconds: float, folder: Path) -> HeldTake:
    """Take all that a clip of so many seconds needs, in memory or else in a file without a name.

    Args:
        take: closed before this returns.
        seconds: length of the clip.
        folder: on a disk with room; nothing is to be seen in it.

    Raises:
        QualityError: the take is empty, or its chunks do not fit together.
        ResourceError: the disk is full.
        WebTVError: the shot maker's.
    """
    parts: list[Frames] = []
    facts: dict[str, Fact] = {}
    size = fps = 0
    with contextlib.ExitStack() as stack:
        stack.enter_context(noted(facts.__setitem__))
        file: IO[bytes] | None = None
        async with contextlib.aclosing(_enough(take, seconds)) as chunks:
            async for chunk in chunks:
                fps = chunk.fps
                size += chunk.frames.nbytes
                parts.append(chunk.frames)
                if size > _IN_MEMORY:
                    file = file or stack.enter_context(tempfile.TemporaryFile(dir=folder, buffering=0))
                    shape = chunk.frames.shape[1:]
                    with _room(folder):
                        for part in parts:
                            await _unbroken(_writing(file, part))
                    parts.clear()
        if file is None:
            return HeldTake(parts[0] if len(parts) == 1 else np.concatenate(parts), fps, facts)
        with _room(folder):
            for part in parts:
                await _unbroken(_writing(file, part))
        return HeldTake(_mapped(file, (-1, *shape)), fps, facts)


class Takes:
    """The kept takes of a station. Several processes may share the folder.

    Args:
        folder: made when the first take comes.
        clock: decides over age.
        budget: bytes of all of them; the oldest go first.
        largest: bytes of one.
        min_free: bytes that the disk shall keep free.
        days: how long a take is kept that nobody asks for.
        events: hears of takes that turn out damaged.
    """

    def __init__(
        self,
        folder: Path,
        clock: Clock,
        *,
        budget: int = 8 * 10**9,
        largest: int = 4 * 10**9,
        min_free: int = 10**9,
        days: float = 2.0,
        events: EventSink | None = None,
    ) -> None:
        self._folder = folder
        self._clock = clock
        self._budget = budget
        self._largest = min(largest, budget)
        self._min_free = min_free
        self._seconds = days * 86_400
        self._desk = Scratch(folder)
        self._tell = events or LogSink()

    def __contains__(self, key: str) -> bool:
        return (self._folder / key / _NOTE).is_file()

    async def find(self, key: str) -> HeldTake | None:
        """A kept take; one that turns out damaged is removed, which is told, and not found.

        Raises:
            ResourceError: it cannot be read at present; it stays.
        """
        return await asyncio.to_thread(self._find, key)

    async def expect(self, request: ShotRequest) -> None:
        """Make room for a take before anything is spent on it.

        Raises:
            ResourceError: the disk has not the room for it.
        """
        # A take may be smaller and slower than what is asked for, and is not larger.
        most = request.width * request.height * 3 * math.ceil(request.seconds * request.fps)
        await asyncio.to_thread(self._make_room, min(most, self._largest))

    async def keep(self, key: str, take: Take, seconds: float) -> HeldTake:
        """Write a take down as it comes, and return it mapped from its file.

        Args:
            key: see :func:`take_key`.
            take: closed before this returns.
            seconds: length of its clip; no more of the take is made than that needs.

        Raises:
            QualityError: the take is empty, or its chunks do not fit together.
            InputError: it is larger than any take may be.
            ResourceError: the disk is too full for it.
            WebTVError: the shot maker's; nothing is left behind.
        """
        facts: dict[str, Fact] = {}
        with (
            noted(facts.__setitem__),
            self._desk.workplace() as place,
            (place / _FRAMES).open("w+b", buffering=0) as file,
        ):
            count = size = fps = 0
            shape: tuple[int, ...] = ()
            async with contextlib.aclosing(_enough(take, seconds)) as chunks:
                async for chunk in chunks:
                    size += chunk.frames.nbytes
                    self._expect_size(size)
                    with _room(self._folder):
                        await _unbroken(_writing(file, chunk.frames))
                    count += len(chunk.frames)
                    shape, fps = chunk.frames.shape[1:], chunk.fps
            note = {"version": _VERSION, "shape": [count, *shape], "fps": fps, "facts": facts}
            with _room(self._folder):
                await _unbroken(lambda: self._publish(place, file, note, key))
            return HeldTake(_mapped(file, (count, *shape)), fps, facts)

    async def drop(self, keys: Iterable[str]) -> None:
        """Remove takes that have become clips, or never will; whoever has one mapped may go on reading."""
        for key in keys:
            await asyncio.to_thread(self._remove, self._folder / key)

    async def sweep(self) -> int:
        """Remove what is too old or beyond the budget; returns how many went."""
        return await asyncio.to_thread(self._sweep, self._budget)

    def tidy(self) -> None:
        """Remove what killed processes left half written. Call it before this process has work; blocks."""
        self._desk.tidy()

    def _find(self, key: str) -> HeldTake | None:
        place = self._folder / key
        if not (place / _NOTE).is_file():
            return None
        try:
            return self._read(place)
        except (ValueError, KeyError, TypeError, FileNotFoundError) as error:
            if not (place / _NOTE).is_file():
                return None  # whoever made its clip removed it meanwhile
            self._remove(place)
            message = f"A kept take is damaged and is made again ({type(error).__name__}: {error})"
            remedy = "if it happens again, look at the disk of the data folder"
            self._tell(Event("engine.take.damaged", message, Severity.WARNING, remedy, data={"take": key}))
            return None
        except OSError as error:
            raise ResourceError(
                f"a kept take cannot be read at present ({error.strerror or error}); it stays",
                place=str(place),
                remedy="see which process holds so many files or so much memory, or look at the disk",
            ) from error

    def _read(self, place: Path) -> HeldTake:
        note = json.loads((place / _NOTE).read_bytes())
        count, height, width, channels = map(int, note["shape"])
        fps = int(note["fps"])
        with (place / _FRAMES).open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            if min(count, height, width, fps) < 1 or channels != 3 or size != count * height * width * 3:
                raise ValueError("the note and the frames do not fit together")
            frames = _mapped(file, (count, height, width, 3))
        with contextlib.suppress(OSError):  # it is mapped, and only as old as it was
            self._stamp(place)  # wanted, so young again
        return HeldTake(frames, fps, dict(note.get("facts", {})))

    def _publish(self, place: Path, file: IO[bytes], note: Mapping[str, Any], key: str) -> None:
        os.fsync(file.fileno())
        with (place / _NOTE).open("w", encoding="utf-8") as told:
            json.dump(note, told)
            told.flush()
            os.fsync(told.fileno())
        self._stamp(place)
        sync_folder(place)
        try:
            place.rename(self._folder / key)
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                raise
            return  # somebody else made the same take meanwhile: one of them is enough
        sync_folder(self._folder)

    def _stamp(self, place: Path) -> None:
        os.utime(place, (self._clock.time(),) * 2)

    def _expect_size(self, size: int) -> None:
        if size > self._largest:
            raise InputError(
                f"the take is larger than {self._largest / 1e9:.1f} GB",
                place="studio.shot",
                remedy="ask for fewer frames, a smaller size or shorter shots",
            )

    def _make_room(self, need: int) -> None:
        self._sweep(self._budget - need)
        self._folder.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(self._folder).free
        if free - self._min_free < need:
            raise ResourceError(
                f"the disk has {free / 1e9:.1f} GB free, and a take may need {need / 1e9:.1f} GB"
                f" beside the {self._min_free / 1e9:.1f} GB that stay free",
                place="studio.shot",
                remedy="free some space on the disk of the data folder, or lower WEBTV_LIBRARY_GB",
            )

    def _sweep(self, left: int) -> int:
        oldest = self._clock.time() - self._seconds
        gone = 0
        for changed, size, place in sorted(self._places(), reverse=True):  # the youngest first
            left -= size
            if left < 0 or changed < oldest:
                self._remove(place)
                gone += 1
        return gone

    def _places(self) -> Iterator[tuple[float, int, Path]]:
        if not self._folder.is_dir():
            return
        for place in self._folder.iterdir():
            if "-" in place.name:
                continue  # being written
            with contextlib.suppress(OSError):  # removed while we look
                size = sum(item.stat().st_size for item in place.iterdir())
                yield place.stat().st_mtime, size, place

    def _remove(self, place: Path) -> None:
        # The note goes first: what is left by a crash in between is not found and soon swept.
        (place / _NOTE).unlink(missing_ok=True)
        shutil.rmtree(place, ignore_errors=True)


async def _enough(take: Take, seconds: float) -> AsyncGenerator[Chunk]:
    """The chunks that a clip needs, each held to what the port promises; then the take is closed."""
    done = 0
    first: Chunk | None = None
    try:
        async for chunk in take:
            first = first or chunk
            frames = chunk.frames
            if frames.dtype != np.uint8 or frames.ndim != 4 or frames.shape[3] != 3 or not frames.size:
                raise _broken(f"it holds {frames.dtype}{list(frames.shape)}")
            if frames.shape[1:] != first.frames.shape[1:] or chunk.fps != first.fps or chunk.fps < 1:
                raise _broken("size or rate changes in its midst")
            if chunk.start_frame != done:
                raise _broken(f"it goes on at frame {chunk.start_frame} instead of {done}")
            # One more than are shown: interpolation looks at the frame behind the last one.
            wanted = math.ceil(seconds * chunk.fps) + 1 - done
            yield Chunk(frames[:wanted], done, chunk.fps)
            done += len(frames)
            if len(frames) >= wanted:
                break
    finally:
        await close(take)
    if not done:
        raise _broken("it is empty")


def _broken(why: str) -> QualityError:
    return QualityError(
        f"the take is broken: {why}", place="studio.shot", remedy="make it again with another seed"
    )


def _writing(file: IO[bytes], frames: Frames) -> Callable[[], None]:
    def write() -> None:
        rest = np.ascontiguousarray(frames).data.cast("B")
        while rest:  # the file has no buffer, so a full disk takes a part first and then says so
            rest = rest[file.write(rest) :]

    return write


def _mapped(file: IO[bytes], shape: tuple[int, ...]) -> Frames:
    return np.frombuffer(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ), np.uint8).reshape(shape)


async def _unbroken(work: Callable[[], T]) -> T:
    """Run in a thread; when cancelled, let it end first: nobody may close the file that it still writes."""
    future = asyncio.get_running_loop().run_in_executor(None, work)
    try:
        return await asyncio.shield(future)
    except asyncio.CancelledError:
        while not future.done():
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.wait([future])
        raise


@contextlib.contextmanager
def _room(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise
        raise ResourceError(
            "the disk is too full for this take",
            place=str(folder),
            remedy="free some space on the disk of the data folder, or lower WEBTV_LIBRARY_GB",
        ) from error
