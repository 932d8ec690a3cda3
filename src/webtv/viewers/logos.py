"""Logos of channels as PNG: the station's mark in the channel's colour.

Players outside of the browser show no SVG. Drawn without an imaging library, which would cost the web
process 40 MB for good.
"""

import math
import struct
import zlib
from functools import lru_cache

SIDE = 320  # pixels
_UNIT = SIDE / 64  # the mark is drawn on a grid of 64, as static/icon.svg is
_GROUND, _BAR = (0x17, 0x1B, 0x22), (0xF2, 0xF4, 0xF7)
_SIGNATURE = b"\x89PNG\r\n\x1a\n"

Colour = tuple[int, int, int]


@lru_cache(maxsize=64)
def logo(accent: str) -> bytes:
    """A square PNG with rounded corners; about 0.3 s of work, so call it in a thread.

    Args:
        accent: ``rrggbb``, lower case.
    """
    red, green, blue = bytes.fromhex(accent)
    rows = bytearray()
    for y in range(SIDE):
        rows.append(0)  # no filter
        for x in range(SIDE):
            rows += bytes(_pixel((x + 0.5) / _UNIT, (y + 0.5) / _UNIT, (red, green, blue)))
    header = struct.pack(">IIBBBBB", SIDE, SIDE, 8, 6, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(bytes(rows), 9)), (b"IEND", b""))
    return _SIGNATURE + b"".join(_chunk(kind, data) for kind, data in chunks)


def _pixel(x: float, y: float, accent: Colour) -> tuple[int, int, int, int]:
    colour = _mixed(_GROUND, accent, _inside(x, y, 20, 14, 44, 38, 12))
    colour = _mixed(colour, _BAR, _inside(x, y, 12, 42, 52, 46, 2))
    colour = _mixed(colour, _BAR, 0.6 * _inside(x, y, 20, 50, 44, 54, 2))
    return (*colour, round(255 * _inside(x, y, 0, 0, 64, 64, 15)))


def _inside(x: float, y: float, left: float, top: float, right: float, bottom: float, radius: float) -> float:
    """How much of a pixel lies in a rounded rectangle, 0 to 1, by its distance from the edge."""
    dx = max(left + radius - x, x - right + radius, 0.0)
    dy = max(top + radius - y, y - bottom + radius, 0.0)
    return min(1.0, max(0.0, (radius - math.hypot(dx, dy)) * _UNIT + 0.5))


def _mixed(under: Colour, over: Colour, share: float) -> Colour:
    if share == 0:
        return under
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(under, over, strict=True))
    return red, green, blue


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
