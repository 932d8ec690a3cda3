"""Mastering: a take and its sound become a finished clip, or a refusal with its reason."""

import asyncio
import builtins
import contextlib
import functools
import json
import os
from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, TypeVar

import numpy as np

from webtv.clips.checks import ClipChecker, Report, check_sound, small_picture
from webtv.clips.encoder import ClipEncoder
from webtv.clips.marking import Marker
from webtv.clips.poster import PosterPicker
from webtv.clips.proof import prove_file
from webtv.core.errors import InputError, QualityError
from webtv.core.files import sha256_of, sync_folder, write_atomically
from webtv.core.format import HouseFormat
from webtv.studio.ports import Chunk, Frames, Sound, Take

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Mastered:
    """A finished clip.

    Attributes:
        path: the MP4.
        sha256: of its bytes.
        bytes: its size.
        frames: pictures in it.
        avcc: parameter sets, as committed for the format.
        report: what the checks measured; ``report.ok`` is true.
        poster: JPEG, 640 pixels wide, as it is seen (with the label).
    """

    path: Path
    sha256: str
    bytes: int
    frames: int
    avcc: builtins.bytes
    report: Report
    poster: builtins.bytes


async def master_clip(
    take: Take,
    *,
    format: HouseFormat,
    frames: int,
    sound: Sound,
    path: Path,
    threads: int = 1,
    metadata: Mapping[str, str] | None = None,
    marker: Marker | None = None,
    reject_to: Path | None = None,
    allow_silence: bool = False,
) -> Mastered:
    """Label, encode, check and prove one clip; the work is done in a thread, chunk by chunk.

    Args:
        take: chunks of exactly the format's size at its rate; frames beyond ``frames`` are dropped.
        format: the house format.
        frames: length, a multiple of the format's GOP.
        sound: float32[frames * samples_per_frame, 2], the clip's slice of its bed.
        path: where the clip appears, complete or not at all.
        threads: of the video encoder.
        metadata: texts that go into the file, beside the marker's.
        marker: label, provenance metadata and signature.
        reject_to: folder that keeps what failed a check, with its report; else it is deleted.
        allow_silence: for clips without a bed.

    Returns:
        What was made.

    Raises:
        InputError: lengths and shapes of the arguments do not fit together.
        QualityError: the take is too short or of another size or rate, or a check failed.
    """
    if frames <= 0 or frames % format.gop or sound.shape != (frames * format.samples_per_frame, 2):
        raise InputError(
            f"{frames} frames and sound of shape {sound.shape} do not make a clip of {format.name}",
            remedy=f"pass whole GOPs of {format.gop} frames and {format.samples_per_frame} samples for each",
        )
    tags = {**(marker.metadata() if marker else {}), **(metadata or {})}
    partial = path.with_name(f".{path.name}.partial")
    try:
        with partial.open("w+b") as file:
            desk = _Desk(file, format, sound, threads, tags, marker, allow_silence)
            try:
                await _in_thread(desk.prepare)
                async with contextlib.aclosing(_pieces(take, format, frames)) as pieces:
                    async for start, piece in pieces:
                        await _in_thread(functools.partial(desk.take_in, piece, start))
                await _in_thread(desk.finish)
            except BaseException:
                desk.abandon()
                raise
        if marker is not None:
            await _in_thread(lambda: marker.finish(partial))
        mastered = await _in_thread(lambda: desk.judge(partial, path))
        if not mastered.report.ok:
            await _in_thread(lambda: _reject(partial, mastered, tags, reject_to))
            raise QualityError(
                "; ".join(mastered.report.reasons),
                place=f"check of {path.name}",
                remedy="make it again with another seed",
            )
        await _in_thread(lambda: _publish(partial, path))
        return mastered
    finally:
        partial.unlink(missing_ok=True)


class _Desk:
    """What one clip passes over on its way: checker, marker, encoder, poster."""

    def __init__(
        self,
        file: BinaryIO,
        format: HouseFormat,
        sound: Sound,
        threads: int,
        tags: Mapping[str, str],
        marker: Marker | None,
        allow_silence: bool,
    ) -> None:
        self._format = format
        self._marker = marker
        self._open = functools.partial(ClipEncoder, file, format, threads=threads, metadata=tags)
        self._encoder: ClipEncoder | None = None
        self._sound = sound
        self._sound_report = Report()
        self._allow_silence = allow_silence
        self._checker = ClipChecker(format)
        self._poster = PosterPicker(format.fps // 2)
        self._smalls: list[Frames] = []

    @property
    def encoder(self) -> ClipEncoder:
        assert self._encoder is not None, "prepare() comes first"
        return self._encoder

    def prepare(self) -> None:
        self._sound_report = check_sound(self._sound, allow_silence=self._allow_silence)
        # What is no sound at all must not reach the encoder; the report refuses the clip in the end.
        self._encoder = self._open(sound=np.nan_to_num(self._sound))

    def take_in(self, frames: Frames, start: int) -> None:
        for number in range(len(frames)):  # one by one: what is at work stays in the processor's cache
            picture = frames[number : number + 1]
            small = small_picture(picture[0])
            self._checker.add(small)
            if self._marker is not None:
                picture = self._marker.mark_frames(picture, start + number)
                small = small_picture(picture[0])
            self._smalls.append(small)
            self._poster.add(start + number, picture[0])
            self.encoder.write(picture)

    def finish(self) -> None:
        self.encoder.finish()

    def abandon(self) -> None:
        if self._encoder is not None:
            self._encoder.abandon()

    def judge(self, file: Path, path: Path) -> Mastered:
        frames = self.encoder.frames
        report = self._checker.report().joined(self._sound_report)
        report = report.joined(prove_file(file, self._format, frames, self._smalls))
        return Mastered(
            path=path,
            sha256=sha256_of(file),
            bytes=file.stat().st_size,
            frames=frames,
            avcc=self.encoder.avcc,
            report=report,
            poster=self._poster.jpeg(self._checker.mean / frames),
        )


async def _pieces(take: Take, format: HouseFormat, frames: int) -> AsyncGenerator[tuple[int, Frames], None]:
    """The take cut to length, each piece with the index of its first frame."""
    done = 0
    try:
        async for chunk in take:
            _expect(chunk, format, done)
            piece = chunk.frames[: frames - done]
            yield done, piece
            done += len(piece)
            if done == frames:
                return
    finally:
        if isinstance(take, AsyncGenerator):
            await take.aclose()  # abandons the rest of the take's work now, not at some later collection
    raise QualityError(
        f"the take ended after {done} of {frames} frames", remedy="make it again with another seed"
    )


def _expect(chunk: Chunk, format: HouseFormat, done: int) -> None:
    shape, kind = chunk.frames.shape, chunk.frames.dtype
    if len(shape) != 4 or shape[1:] != (format.height, format.width, 3) or kind != np.uint8:
        raise QualityError(f"the take holds {kind}{list(shape)}, {format.name} takes another size")
    if chunk.fps != format.fps:
        raise QualityError(f"the take has {chunk.fps} frames per second, {format.name} {format.fps}")
    if chunk.start_frame != done:
        raise QualityError(f"the take goes on at frame {chunk.start_frame} instead of {done}")


async def _in_thread(work: Callable[[], T]) -> T:
    """Run in a thread; when cancelled, let it end first: nobody may close what it still uses."""
    future = asyncio.get_running_loop().run_in_executor(None, work)
    try:
        return await asyncio.shield(future)
    except asyncio.CancelledError:
        while not future.done():
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.wait([future])
        raise


def _publish(partial: Path, path: Path) -> None:
    with partial.open("rb") as file:
        os.fsync(file.fileno())
    partial.replace(path)
    sync_folder(path.parent)


def _reject(partial: Path, mastered: Mastered, tags: Mapping[str, str], folder: Path | None) -> None:
    if folder is None:
        return
    folder.mkdir(parents=True, exist_ok=True)
    name = mastered.sha256[:16]
    partial.replace(folder / f"{name}.mp4")
    note = {"file": mastered.path.name, **mastered.report.to_json(), "metadata": dict(tags)}
    write_atomically(folder / f"{name}.json", json.dumps(note, ensure_ascii=False, indent=2).encode())
