"""Single pictures as PNG: lossless, so that a shot goes on from exactly what the one before it ended with."""

import cv2
import numpy as np

from webtv.core.errors import InputError, InternalError
from webtv.studio.ports import Picture

_LARGEST = 64 * 2**20
_SIDE = 8192


def encode_picture(picture: Picture) -> bytes:
    """A picture, uint8[H, W, 3] sRGB, as PNG; the same pixels give the same bytes."""
    done, data = cv2.imencode(".png", cv2.cvtColor(np.ascontiguousarray(picture), cv2.COLOR_RGB2BGR))
    if not done:
        raise InternalError(f"no PNG could be made of a picture of shape {picture.shape}")
    return bytes(data)


def decode_picture(data: bytes, *, place: str) -> Picture:
    """The picture of a PNG, uint8[H, W, 3] sRGB.

    Raises:
        InputError: this is no such picture, or far too large.
    """
    header = data[:8] == b"\x89PNG\r\n\x1a\n" and len(data) <= _LARGEST
    width, height = int.from_bytes(data[16:20]), int.from_bytes(data[20:24])
    sane = header and 0 < width <= _SIDE and 0 < height <= _SIDE
    found = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR) if sane else None
    if found is None:
        raise InputError("this is no usable PNG", place=place, remedy="let the sequence be made anew")
    return np.asarray(cv2.cvtColor(found, cv2.COLOR_BGR2RGB), np.uint8)
