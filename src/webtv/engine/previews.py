"""Previews: a small JPEG of each job in the making, ``FOLDER/{job}.jpg``, gone when the job ends."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from pathlib import Path

import cv2
import numpy as np

from webtv.core.errors import InputError
from webtv.core.files import write_atomically
from webtv.studio.ports import Frames

WIDTH = 320
_QUALITY = 78
_LARGEST = 8192


class Previews:
    """What is there so far of the clips that are being made.

    Args:
        folder: made when the first one comes.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._showing: dict[str, asyncio.Future[None]] = {}

    async def show(self, job: str, picture: Frames) -> None:
        """Replace a job's preview.

        Args:
            job: id of the job.
            picture: uint8[H, W, 3] sRGB; made smaller if it is wider than 320 pixels.

        Raises:
            InputError: this is no picture.
            OSError: the disk does not take it.
        """
        showing = asyncio.get_running_loop().run_in_executor(None, self._show, job, picture)
        self._showing[job] = showing
        showing.add_done_callback(lambda ended: self._shown(job, ended))
        await asyncio.shield(showing)

    async def remove(self, job: str) -> None:
        """Remove a job's preview if there is one, even if it is still being written."""
        if (showing := self._showing.get(job)) is not None:
            await asyncio.wait([showing])  # its thread ends when it ends, whoever was cancelled
        with contextlib.suppress(OSError):
            await asyncio.to_thread(self._path(job).unlink, missing_ok=True)

    async def tidy(self, is_at_work: Callable[[str], Awaitable[bool]]) -> None:
        """Remove previews of jobs that nobody is at: their worker was killed.

        Args:
            is_at_work: tells whether somebody works on the job of that id.
        """
        for path in await asyncio.to_thread(lambda: list(self._folder.glob("*.jpg"))):
            if not await is_at_work(path.stem):
                await self.remove(path.stem)

    def _path(self, job: str) -> Path:
        return self._folder / f"{job}.jpg"

    def _shown(self, job: str, ended: asyncio.Future[None]) -> None:
        if self._showing.get(job) is ended:
            del self._showing[job]
        if not ended.cancelled():
            ended.exception()  # seen: whoever waits for it was told, or was cancelled

    def _show(self, job: str, picture: Frames) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        write_atomically(self._path(job), _jpeg(picture), durable=False)


def _jpeg(picture: Frames) -> bytes:
    """A picture of an adapter's, which may be anything, as JPEG bytes."""
    given = np.asarray(picture)
    fits = given.dtype == np.uint8 and given.ndim == 3 and given.shape[2] == 3
    if not fits or not 0 < given.size <= 3 * _LARGEST**2:
        raise InputError(
            f"a preview is uint8[H, W, 3], and this one {given.dtype}{list(given.shape)}",
            place="preview",
            remedy="correct the adapter that told it",
        )
    height, width = given.shape[:2]
    small = given
    if width > WIDTH:
        small = np.asarray(
            cv2.resize(given, (WIDTH, max(1, round(height * WIDTH / width))), interpolation=cv2.INTER_AREA),
            np.uint8,
        )
    done, data = cv2.imencode(
        ".jpg", np.ascontiguousarray(small[..., ::-1]), [cv2.IMWRITE_JPEG_QUALITY, _QUALITY]
    )
    if not done:
        raise InputError("the preview could not be encoded", place="preview", remedy="correct its size")
    return data.tobytes()
