"""The poster: the still that stands for a clip on the pages."""

import cv2
import numpy as np
from numpy.typing import NDArray

from webtv.clips.checks import small_picture
from webtv.core.errors import InternalError
from webtv.studio.ports import Frames

WIDTH = 640
_QUALITY = 86
_DETAIL = 0.5  # how much contrast counts against likeness


class PosterPicker:
    """Keeps a few thumbnails while frames go by and picks the one that is most like the whole clip.

    Args:
        every: frames from one candidate to the next.
    """

    def __init__(self, every: int) -> None:
        self._every = every
        self._candidates: list[tuple[Frames, Frames]] = []

    def add(self, number: int, frame: Frames) -> None:
        """Take frame ``number``, uint8[H, W, 3] as it will be seen (with its label)."""
        if number % self._every == self._every // 2:
            height = round(frame.shape[0] * WIDTH / frame.shape[1])
            thumb = np.asarray(cv2.resize(frame, (WIDTH, height), interpolation=cv2.INTER_AREA), np.uint8)
            self._candidates.append((thumb, small_picture(thumb)))

    def jpeg(self, mean: NDArray[np.float64]) -> bytes:
        """The poster as JPEG bytes.

        Args:
            mean: mean of the clip's small pictures, float64[36, 64, 3].

        Raises:
            InternalError: no frame went by.
        """
        if not self._candidates:
            raise InternalError("no frame was kept for the poster")

        def fault(candidate: tuple[Frames, Frames]) -> float:
            small = candidate[1].astype(np.float64)
            return float(np.abs(small - mean).mean() - _DETAIL * small.mean(axis=2).std())

        thumb = min(self._candidates, key=fault)[0]
        settings = [cv2.IMWRITE_JPEG_QUALITY, _QUALITY, cv2.IMWRITE_JPEG_OPTIMIZE, 1]
        done, data = cv2.imencode(".jpg", thumb[..., ::-1], settings)
        if not done:
            raise InternalError("the poster could not be encoded")
        return data.tobytes()
