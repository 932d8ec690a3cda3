"""Marking: the one hook through which label, metadata and signatures get into a clip.

Two marks of every machine-made clip are made here: the label that is burned into the picture, and the
metadata that names the IPTC digital source type with prompt, model and seed.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from webtv.clips.lettering import rgb, text_mask, text_width
from webtv.core.format import HouseFormat
from webtv.studio.ports import Frames, Media

_IPTC = "http://cv.iptc.org/newscodes/digitalsourcetype/"
_LABELS = {Media.ALGORITHMIC: "Algorithmic", Media.TRAINED: "AI-generated"}
_WEIGHT_LABEL, _WEIGHT_BRANDING = 600, 500
_PANEL, _INK, _SOFT_INK = 0.5, (245, 246, 248), (205, 209, 216)
_OVERSAMPLING = 4
_WIDEST = 0.75  # of the frame, for both texts


class Marker(Protocol):
    """Marks one clip while it is mastered."""

    def mark_frames(self, frames: Frames, start_frame: int) -> Frames:
        """Mark some consecutive frames.

        Args:
            frames: uint8[T, H, W, 3]; not changed, its maker may still need it.
            start_frame: index of the first of them in the clip.

        Returns:
            The marked frames; valid until the next call.
        """
        ...

    def metadata(self) -> dict[str, str]:
        """Texts for the file's metadata."""
        ...

    def finish(self, path: Path) -> None:
        """Mark the complete file, in place (signatures)."""
        ...


def source_type(media: Media) -> str:
    """The URI of IPTC's digital source type."""
    return _IPTC + media.value


def label_of(media: Media) -> str:
    """What viewers read: ``Algorithmic`` or ``AI-generated``."""
    return _LABELS[media]


class LabelMarker:
    """Burns the label in at the bottom left and writes provenance into the metadata.

    Args:
        media: how the pictures came about; decides the label.
        format: the house format.
        branding: the channel's short text beside the label; may be empty.
        accent: the channel's colour, ``#rrggbb``.
        provenance: JSON-compatible; ``title``, ``prompt``, ``model`` and ``seed`` are known to readers.
    """

    def __init__(
        self,
        media: Media,
        format: HouseFormat,
        *,
        branding: str = "",
        accent: str = "#8fb8de",
        provenance: Mapping[str, Any] | None = None,
    ) -> None:
        self.label = label_of(media)
        self._media = media
        self._provenance = dict(provenance or {})
        overlay = _draw_label(self.label, branding, rgb(accent), format)
        rows, columns = overlay.shape[:2]
        left = round(format.height * 0.05)
        self._where = (
            slice(None),
            slice(format.height - left - rows, format.height - left),
            slice(left, left + columns),
        )
        self._ink = np.ascontiguousarray(overlay[..., :3])  # premultiplied
        self._through = np.ascontiguousarray(np.repeat(255 - overlay[..., 3:], 3, axis=2))
        self._buffer = np.empty((0, format.height, format.width, 3), np.uint8)

    def mark_frames(self, frames: Frames, start_frame: int) -> Frames:
        """Return copies of the frames with the label on them; valid until the next call."""
        if len(self._buffer) < len(frames):
            self._buffer = np.empty_like(frames)
        marked = self._buffer[: len(frames)]
        np.copyto(marked, frames)
        for corner in marked[self._where]:
            # A view with gaps between its rows: the result is copied in.
            corner[:] = cv2.add(cv2.multiply(corner, self._through, scale=1 / 255), self._ink)
        return marked

    def metadata(self) -> dict[str, str]:
        """Title, prompt, digital source type, and the whole provenance as JSON."""
        tags = {
            "comment": f"{self.label} ({source_type(self._media)})",
            "digital_source_type": source_type(self._media),
            "provenance": json.dumps(self._provenance, ensure_ascii=False, sort_keys=True, default=str),
        }
        for tag, key in (("title", "title"), ("description", "prompt")):
            if self._provenance.get(key):
                tags[tag] = str(self._provenance[key])
        return tags

    def finish(self, path: Path) -> None:
        """Nothing yet: signatures come here."""


def _draw_label(
    label: str, branding: str, accent: tuple[int, int, int], format: HouseFormat
) -> NDArray[np.uint8]:
    """uint8[rows, columns, 4]: colours premultiplied, then coverage."""
    unit = format.height / 720 * _OVERSAMPLING
    size = round(28 * unit)
    pad, dot, gap = round(17 * unit), round(5 * unit), round(12 * unit)
    rows = round(46 * unit) // _OVERSAMPLING * _OVERSAMPLING
    first = text_width(label, size, _WEIGHT_LABEL)
    branding = _shortened(branding, round(format.width * _WIDEST) * _OVERSAMPLING - first, size)
    second = text_width(branding, size, _WEIGHT_BRANDING) + 2 * gap if branding else 0
    columns = pad + 2 * dot + gap + first + second + round(pad * 1.15)
    columns = -(-columns // _OVERSAMPLING) * _OVERSAMPLING
    shape = np.zeros((rows, columns), np.uint8)
    radius = rows // 2
    cv2.rectangle(shape, (radius, 0), (columns - radius - 1, rows), 255, -1)
    for x in (radius, columns - radius - 1):
        cv2.circle(shape, (x, radius), radius, 255, -1)
    coverage: NDArray[np.float64] = shape.astype(np.float64) / 255 * _PANEL
    colour: NDArray[np.float64] = np.zeros((rows, columns, 3), np.float64)

    def lay(mask: NDArray[np.uint8], ink: tuple[int, int, int]) -> None:
        nonlocal coverage, colour
        over = mask.astype(np.float64) / 255
        colour = colour * (1 - over[..., None]) + over[..., None] * np.array(ink, np.float64)
        coverage = over + coverage * (1 - over)

    disc = np.zeros((rows, columns), np.uint8)
    cv2.circle(disc, (pad + dot, radius), dot, 255, -1)
    lay(disc, accent)
    x, baseline = pad + 2 * dot + gap, radius + round(size * 0.35)
    lay(text_mask((rows, columns), label, (x, baseline), size, _WEIGHT_LABEL), _INK)
    if branding:
        x += first + gap
        rule = np.zeros((rows, columns), np.uint8)
        cv2.line(rule, (x, round(rows * 0.3)), (x, round(rows * 0.7)), 150, max(1, round(1.5 * unit)))
        lay(rule, _SOFT_INK)
        x += gap
        lay(text_mask((rows, columns), branding, (x, baseline), size, _WEIGHT_BRANDING), _SOFT_INK)
    layers = np.dstack([colour, coverage * 255])
    small = cv2.resize(
        layers, (columns // _OVERSAMPLING, rows // _OVERSAMPLING), interpolation=cv2.INTER_AREA
    )
    return np.asarray(np.clip(np.rint(small), 0, 255), np.uint8)


def _shortened(text: str, width: int, size: int) -> str:
    """The text, cut to a width in pixels."""
    if text_width(text, size, _WEIGHT_BRANDING) <= width:
        return text
    while text and text_width(text + "…", size, _WEIGHT_BRANDING) > width:
        text = text[:-1].rstrip()
    return text + "…"
