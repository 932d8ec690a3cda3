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

from webtv.clips.graphics import Graphics
from webtv.clips.lettering import legible, shortened, text_width
from webtv.clips.lower_third import LowerThird
from webtv.clips.mark import Mark
from webtv.clips.overlay import Overlay, Sheet, rounded
from webtv.clips.typography import (
    CORNER,
    INK,
    LABEL,
    MEDIUM,
    NIGHT,
    REGULAR,
    SOFT_INK,
    STEP,
    Grid,
    Lines,
    readable,
)
from webtv.core.format import HouseFormat
from webtv.studio.ports import Frames, Media

_IPTC = "http://cv.iptc.org/newscodes/digitalsourcetype/"
_LABELS = {Media.ALGORITHMIC: "Algorithmic", Media.TRAINED: "AI-generated"}
_PANEL = 0.70  # opacity of its ground: what stands on it is readable over white, too
_OVERSAMPLING = 4
_HEIGHT = 4.5 * STEP  # points


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
    """Burns the label in at the bottom left, title and mark where asked for, and writes provenance.

    Args:
        media: how the pictures came about; decides the label.
        format: the house format.
        branding: the channel's short text beside the label; may be empty.
        accent: the channel's colour, ``#rrggbb``.
        provenance: JSON-compatible; ``title``, ``prompt``, ``model`` and ``seed`` are known to readers.
        frames: of the whole clip; a lower third needs to know when it ends.
        graphics: what is shown beside the label; nothing by default.
    """

    def __init__(
        self,
        media: Media,
        format: HouseFormat,
        *,
        branding: str = "",
        accent: str = "#8fb8de",
        provenance: Mapping[str, Any] | None = None,
        frames: int = 0,
        graphics: Graphics | None = None,
    ) -> None:
        self.label = label_of(media)
        self._media = media
        self._provenance = dict(provenance or {})
        graphics = graphics or Graphics()
        grid = Grid(format)
        self._fixed = [draw_label(self.label, branding, accent, grid)]
        if graphics.mark:
            self._fixed.append(_draw_mark(graphics.mark, accent, grid))
        self._lower_third: LowerThird | None = None
        if graphics.title:
            self._lower_third = LowerThird(
                format, frames, title=graphics.title, line=graphics.line, accent=accent
            )
        self._buffer = np.empty((0, format.height, format.width, 3), np.uint8)

    def mark_frames(self, frames: Frames, start_frame: int) -> Frames:
        """Return copies of the frames with all marks on them; valid until the next call."""
        if len(self._buffer) < len(frames):
            self._buffer = np.empty_like(frames)
        marked = self._buffer[: len(frames)]
        np.copyto(marked, frames)
        for number, frame in enumerate(marked, start_frame):
            for overlay in self._fixed:
                overlay.lay(frame)
            if self._lower_third is not None and self._lower_third.is_seen(number):
                self._lower_third.lay(frame, number)
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


def draw_label(label: str, branding: str, accent: str, grid: Grid) -> Overlay:
    """The label at the bottom left: a dark field with a dot, what it says and the channel's short text.

    Args:
        label: see :func:`label_of`.
        branding: beside it; cut where it does not fit, left out where it is empty.
        accent: the channel's colour, ``#rrggbb``.
        grid: measures.
    """
    fine = _OVERSAMPLING
    size, rows = grid.px(LABEL) * fine, grid.px(_HEIGHT) * fine
    pad, dot, gap = grid.px(1.5 * STEP) * fine, grid.px(STEP / 2) * fine, grid.px(STEP) * fine
    first = text_width(label, size, MEDIUM)
    room = grid.width * fine - 2 * pad - 2 * dot - first - 3 * gap
    branding = shortened(legible(branding), size, REGULAR, room)
    second = text_width(branding, size, REGULAR) + 2 * gap if branding else 0
    columns = -(-(2 * pad + 2 * dot + gap + first + second) // fine) * fine
    sheet = Sheet(rows, columns)
    middle = rows // 2
    sheet.lay(rounded(sheet.shape, (0, 0, rows, columns), fine * grid.px(CORNER)), NIGHT, _PANEL)
    disc, rule = np.zeros(sheet.shape, np.uint8), np.zeros(sheet.shape, np.uint8)
    cv2.circle(disc, (pad + dot, middle), dot, 255, -1)
    sheet.lay(disc, readable(accent))
    x, baseline = pad + 2 * dot + gap, middle + round(size * 0.35)
    sheet.write(Lines((label,), size, MEDIUM), (x, baseline), INK)
    if branding:
        x += first + gap
        cv2.line(rule, (x, round(rows * 0.3)), (x, round(rows * 0.7)), 150, max(1, fine * grid.px(1.5)))
        sheet.lay(rule, SOFT_INK)
        sheet.write(Lines((branding,), size, REGULAR), (x + gap, baseline), SOFT_INK)
    top = grid.format.height - grid.margin - rows // fine
    return Overlay.of(sheet.smaller(fine), top, grid.margin)


def _draw_mark(name: str, accent: str, grid: Grid) -> Overlay:
    """The channel's mark, quiet, at the top right."""
    sheet = Mark.of(name, accent).quiet(grid.px(4 * STEP))
    pad = (sheet.shape[0] - grid.px(4 * STEP)) // 2
    left = grid.format.width - grid.margin - grid.px(4 * STEP) - pad
    return Overlay.of(sheet, grid.margin - pad, left)
