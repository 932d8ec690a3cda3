"""Lettering: text in the typeface that OpenCV brings along (Rubik), so no font has to be installed.

Rubik has Latin, Cyrillic and Hebrew; for Greek, Chinese, Japanese and Korean OpenCV falls back on WenQuanYi.
What neither has is drawn as a question mark, so everything passes :func:`legible` before it is drawn.
"""

import functools
import unicodedata

import cv2
import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.uint8]

_PROBE = 24  # pixels, enough to tell a letter from a question mark
_MISSING = "?"
_ELLIPSIS = "…"
_LATEST_LATIN = 0x17F
_BROKEN_WORD = 8  # letters


def rgb(accent: str) -> tuple[int, int, int]:
    """The bytes of ``#rrggbb``."""
    red, green, blue = bytes.fromhex(accent.removeprefix("#"))
    return red, green, blue


def legible(text: str) -> str:
    """What of a text can be shown, in the order in which it is drawn from left to right.

    Emoji and other signs that the typeface lacks are left out. Where a letter is lacking nothing is shown at
    all, for a word with holes says something else; that goes for scripts whose letters join (Arabic,
    Devanagari), too, because the drawing does not join them.

    Args:
        text: one line as people write it.

    Returns:
        The line, spaces collapsed; empty if it cannot be shown.
    """
    kept: list[str] = []
    for letter in unicodedata.normalize("NFC", text):
        group = unicodedata.category(letter)
        if letter.isspace():
            kept.append(" ")
        elif group[0] in "CM" or not _is_drawn(letter):
            if group[0] == "L":
                return ""
        else:
            kept.append(letter)
    return _as_drawn(" ".join("".join(kept).split()))


def shortened(text: str, size: int, weight: int, width: int) -> str:
    """The line, cut with an ellipsis so that it is no wider than ``width`` pixels; empty if nothing fits."""
    if text_width(text, size, weight) <= width:
        return text
    low, high = 0, len(text)
    while low < high:  # width grows with every letter, more or less
        fits = (low + high + 1) // 2
        if text_width(text[:fits].rstrip() + _ELLIPSIS, size, weight) <= width:
            low = fits
        else:
            high = fits - 1
    word = text.rfind(" ", 0, low + 1)
    if low - word <= _BROKEN_WORD < word:  # nobody needs the first letters of a word
        low = word
    return text[:low].rstrip(" ,;:–-") + _ELLIPSIS if low else ""


@functools.lru_cache(maxsize=4096)
def text_width(text: str, size: int, weight: int) -> int:
    """Width of a line in pixels.

    Args:
        text: one line.
        size: of the type, in pixels.
        weight: 400 is regular, 600 semibold.
    """
    box = cv2.getTextSize((100_000, 10_000), text, (0, 0), cv2.FontFace("sans"), size, weight)
    return int(box[2])


def text_mask(shape: tuple[int, int], text: str, at: tuple[int, int], size: int, weight: int) -> Mask:
    """Coverage of a line of text, uint8[rows, columns].

    Args:
        shape: rows and columns.
        text: one line; characters that the typeface lacks become question marks.
        at: where the baseline begins, x and y.
        size: of the type, in pixels.
        weight: 400 is regular, 600 semibold.
    """
    canvas = np.zeros((*shape, 3), np.uint8)
    cv2.putText(canvas, text, at, (255, 255, 255), cv2.FontFace("sans"), size, weight)
    return canvas[..., 0]


@functools.lru_cache(maxsize=4096)
def _is_drawn(letter: str) -> bool:
    if unicodedata.bidirectional(letter) == "AL":
        return False
    if letter == _MISSING or " " < letter <= chr(_LATEST_LATIN):
        return True
    return not np.array_equal(_probe(letter), _probe(_MISSING))


def _probe(letter: str) -> Mask:
    return text_mask((2 * _PROBE, 3 * _PROBE), letter, (_PROBE // 2, _PROBE * 3 // 2), _PROBE, 400)


def _as_drawn(text: str) -> str:
    """Hebrew from right to left: the drawing sets every letter to the right of the one before it."""
    runs: list[tuple[bool, str]] = []
    for letter in text:
        way = unicodedata.bidirectional(letter)
        leftward = way == "R" or (way not in ("L", "EN") and bool(runs) and runs[-1][0])
        if runs and runs[-1][0] == leftward:
            runs[-1] = (leftward, runs[-1][1] + letter)
        else:
            runs.append((leftward, letter))
    if not any(leftward for leftward, _ in runs):
        return text
    if runs[0][0]:  # the whole line reads from the right
        runs.reverse()
    turned = [part[::-1] if leftward else part for leftward, part in runs]
    return " ".join("".join(_spaced(turned)).split())


def _spaced(parts: list[str]) -> list[str]:
    return [part if part.isspace() else f" {part.strip()} " for part in parts]
