"""Clips and beds as values: what the library keeps, the playlist lists and the pages show."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """Why an entry is in the playlist."""

    NEW = "new"
    RERUN = "rerun"
    IDENT = "ident"
    SLATE = "slate"
    LIVE = "live"


@dataclass(frozen=True, slots=True)
class Bed:
    """The sound of a sequence: FLAC, 48 kHz stereo, -16 LUFS, true peak under -1.5 dBTP.

    Attributes:
        id: its id.
        file: SHA-256 of the file; storage finds it by this.
        samples: length, the sequence plus the crossfade.
        provenance: who composed it, from which brief and seed.
    """

    id: str
    file: str
    samples: int
    provenance: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Clip:
    """One finished clip.

    Attributes:
        id: its id.
        channel: slug of the channel that it was made for.
        sequence: id of its sequence.
        position: place in the sequence, from 1.
        of: shots in the sequence.
        title: the sequence's title.
        prompt: the text that the model got.
        file: SHA-256 of the MP4; storage finds it by this.
        poster: SHA-256 of the JPEG.
        format: name of the house format.
        frames: number of video frames.
        bed: id of the bed, or None for clips without one (idents, slates).
        bed_at: sample of the bed at which the clip begins.
        bytes: size of the MP4.
        created: seconds since 1970 UTC.
        label: what is burned in, e.g. ``Algorithmic``.
        provenance: prompt, writer, models, seeds, stages, checks, versions.
    """

    id: str
    channel: str
    sequence: str
    position: int
    of: int
    title: str
    prompt: str
    file: str
    poster: str
    format: str
    frames: int
    bed: str | None
    bed_at: int
    bytes: int
    created: float
    label: str
    provenance: Mapping[str, Any] = field(default_factory=dict)
