"""How a channel's slices travel from the head-end to a web process: messages on an HTTP answer without end.

A message is eight bytes, the lengths of its head and its body; the head, a JSON object; and the body, packets
one after the other. Nothing in it is a container format: whoever reads it writes whatever viewers want.
"""

import json
import struct
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import accumulate, chain, pairwise
from typing import Any

from webtv.air.slice import Slice, StreamHeader
from webtv.core.errors import InputError
from webtv.core.format import house_format

MEDIA_TYPE = "application/vnd.webtv.slices"
_LENGTHS = struct.Struct(">II")
_LIMIT = 32 << 20  # bytes of one message; two seconds at the highest house rate are under 2 MB


@dataclass(frozen=True, slots=True)
class Opening:
    """What a feed begins with.

    Attributes:
        header: what a decoder must know.
        epoch: UTC second of frame 0.
    """

    header: StreamHeader
    epoch: float


@dataclass(frozen=True, slots=True)
class Gop:
    """One slice of the timeline, whole, handed over when its first frame is due.

    Attributes:
        frame: number of its first video frame on the channel's timeline.
        video: access units, as in :class:`webtv.air.slice.Slice`.
        audio_frame: number of its first AAC frame.
        audio: AAC frames.
        clip: id of the clip that it belongs to.
        age: seconds that had passed since its first frame was due when it was sent.
    """

    frame: int
    video: tuple[bytes, ...]
    audio_frame: int
    audio: tuple[bytes, ...]
    clip: str
    age: float


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """Clips that must not be shown to anybody from now on."""

    clips: frozenset[str]


Message = Opening | Gop | Withdrawal


def packed_opening(opening: Opening) -> bytes:
    """The first message of a feed."""
    header = opening.header
    head = {
        "kind": "opening",
        "format": header.format.name,
        "avcc": header.avcc.hex(),
        "asc": header.asc.hex(),
        "epoch": opening.epoch,
    }
    return _packed(head, 0)


def packed_withdrawal(clips: AbstractSet[str]) -> bytes:
    """The message that takes clips back."""
    return _packed({"kind": "withdrawal", "clips": sorted(clips)}, 0)


def packed_head(piece: Slice, age: float) -> bytes:
    """What stands before a slice's packets; :func:`packets` is its body.

    Args:
        piece: the slice.
        age: seconds since its first frame was due.
    """
    video, audio = [len(unit) for unit in piece.video], [len(unit) for unit in piece.audio]
    head = {
        "kind": "gop",
        "frame": piece.frame,
        "audio_frame": piece.audio_frame,
        "clip": piece.entry.clip,
        "age": round(age, 4),
        "video": video,
        "audio": audio,
    }
    return _packed(head, sum(video) + sum(audio))


def packets(piece: Slice) -> bytes:
    """All packets of a slice in one piece: the same for every subscriber."""
    return b"".join(chain(piece.video, piece.audio))


def _packed(head: dict[str, Any], body: int) -> bytes:
    text = json.dumps(head, separators=(",", ":")).encode()
    return _LENGTHS.pack(len(text), body) + text


class Unpacker:
    """Reads messages out of a stream of bytes."""

    def __init__(self) -> None:
        self._bytes = bytearray()

    def feed(self, data: bytes) -> Iterator[Message]:
        """Take some bytes; yields the messages that they complete.

        Raises:
            InputError: this is no feed.
        """
        self._bytes += data
        while len(self._bytes) >= _LENGTHS.size:
            head, body = _LENGTHS.unpack_from(self._bytes)
            if head + body > _LIMIT:
                raise InputError("this is no feed of a head-end: a message has no end")
            begin, end = _LENGTHS.size + head, _LENGTHS.size + head + body
            if len(self._bytes) < end:
                return
            text, rest = bytes(self._bytes[_LENGTHS.size : begin]), bytes(self._bytes[begin:end])
            del self._bytes[:end]
            try:
                yield _message(json.loads(text), rest)
            except (ValueError, KeyError, TypeError) as error:
                raise InputError(f"this is no feed of a head-end: {error!r}") from error


def _message(head: dict[str, Any], body: bytes) -> Message:
    match head["kind"]:
        case "opening":
            form = house_format(head["format"])
            header = StreamHeader(form, bytes.fromhex(head["avcc"]), bytes.fromhex(head["asc"]))
            return Opening(header, float(head["epoch"]))
        case "gop":
            edges = accumulate(chain(head["video"], head["audio"]), initial=0)
            units = tuple(body[start:end] for start, end in pairwise(edges))
            count = len(head["video"])
            return Gop(
                int(head["frame"]),
                units[:count],
                int(head["audio_frame"]),
                units[count:],
                str(head["clip"]),
                float(head["age"]),
            )
        case "withdrawal":
            return Withdrawal(frozenset(head["clips"]))
        case other:
            raise ValueError(f"unknown kind {other!r}")
