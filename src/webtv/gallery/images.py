"""Pictures as files: WebP with settings of its own for each use, the same bytes for the same pixels."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from webtv.core.errors import InternalError
from webtv.core.files import write_atomically
from webtv.studio.ports import Picture

QUALITY = 82
_GROUND = (21, 25, 32)  # between the pictures of a sheet: the surface colour of the pages


def save(path: Path, picture: Picture, quality: int = QUALITY) -> None:
    """Write a picture; the folder is made.

    Args:
        path: where, ending in ``.webp`` or ``.png``.
        picture: uint8[H, W, 3] sRGB.
        quality: of WebP, 1 to 100; PNG has none.

    Raises:
        InternalError: OpenCV cannot encode it.
        OSError: the disk says so.
    """
    settings = [cv2.IMWRITE_WEBP_QUALITY, quality] if path.suffix == ".webp" else []
    done, data = cv2.imencode(path.suffix, np.ascontiguousarray(picture[..., ::-1]), settings)
    if not done:
        raise InternalError(f"a picture of shape {picture.shape} could not be encoded", place=path.name)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, data.tobytes(), durable=False)


def load(path: Path) -> Picture:
    """Read a picture that :func:`save` wrote, as uint8[H, W, 3] sRGB.

    Raises:
        InternalError: it is no picture.
        OSError: it is not there.
    """
    picture = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_COLOR)
    if picture is None:
        raise InternalError("this is no picture", place=str(path))
    return np.asarray(picture[..., ::-1], np.uint8)


def fitted(picture: Picture, width: int, height: int) -> Picture:
    """The picture made smaller to lie within a size, its proportions kept."""
    rows, columns = picture.shape[:2]
    scale = min(width / columns, height / rows)
    size = (max(1, round(columns * scale)), max(1, round(rows * scale)))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)


def sheet(pictures: Sequence[Picture], columns: int, width: int, gap: int = 6) -> Picture:
    """A contact sheet: pictures of one shape in rows, with a little dark between them.

    Args:
        pictures: uint8[H, W, 3] each; all are brought to the shape of the first.
        columns: how many stand in a row.
        width: of the whole sheet, pixels.
        gap: between pictures, and around them.
    """
    rows, across = pictures[0].shape[:2]
    cell = (width - gap * (columns + 1)) // columns
    tall = max(1, round(rows * cell / across))
    lines = -(-len(pictures) // columns)
    whole = np.empty((gap + lines * (tall + gap), gap + columns * (cell + gap), 3), np.uint8)
    whole[:] = _GROUND
    for number, picture in enumerate(pictures):
        line, column = divmod(number, columns)
        top, left = gap + line * (tall + gap), gap + column * (cell + gap)
        whole[top : top + tall, left : left + cell] = cv2.resize(
            picture, (cell, tall), interpolation=cv2.INTER_AREA
        )
    return whole


def strip(pictures: Sequence[Picture], gap: int = 4) -> Picture:
    """Successive moments side by side, at their own size."""
    between = np.full((pictures[0].shape[0], gap, 3), _GROUND, np.uint8)
    parts = [part for picture in pictures for part in (between, picture)][1:]
    return np.concatenate(parts, axis=1)
