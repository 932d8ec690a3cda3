"""The proof of a written file: it is read back as an output would read it, and must be what was promised."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO

import av
import numpy as np

from webtv.clips.checks import Report, small_picture
from webtv.clips.encoder import committed_avcc
from webtv.core.format import AAC_FRAME, HouseFormat
from webtv.studio.ports import Frames

_FAITHFUL = 6.0  # code values of luma that nine tenths of the cells may be off by, in the worst frame
_IDR = 5


def prove_file(
    file: Path | BinaryIO, format: HouseFormat, frames: int, smalls: Sequence[Frames] = ()
) -> Report:
    """Demux and decode a finished clip.

    Checked: parameter sets as committed, exactly ``frames`` pictures on exact timestamps, an IDR picture
    at the start of each GOP and nowhere else, whole AAC frames that do not outlast the picture, every
    packet decodable, and the decoded luma near the pictures that were handed in.

    Args:
        file: the MP4.
        format: its house format.
        frames: how many it must have.
        smalls: one :func:`webtv.clips.checks.small_picture` per frame as it was encoded, label and all, or
            nothing to compare with.
    """
    try:
        return _prove(file, format, frames, smalls)
    except (av.FFmpegError, IndexError, ValueError) as error:
        return Report((f"the file does not decode: {error}",))


def _prove(file: Path | BinaryIO, format: HouseFormat, frames: int, smalls: Sequence[Frames]) -> Report:
    reasons: list[str] = []
    decoded = samples = worst_packet = count = sounds = 0
    worst = 0.0
    with av.open(file, "r") as container:
        video, audio = container.streams.video[0], container.streams.audio[0]
        video.codec_context.thread_count = 1
        if video.codec_context.extradata != committed_avcc()[format.name]:
            reasons.append(f"the parameter sets are not those of {format.name}")
        for packet in container.demux(video, audio):
            if packet.stream is audio:
                if packet.size:
                    if packet.pts != sounds * AAC_FRAME:
                        reasons.append(f"AAC frame {sounds} has timestamp {packet.pts}")
                    sounds += 1
                samples += sum(frame.samples for frame in audio.decode(packet))
                continue
            if packet.size:
                reasons += _packet_faults(packet, count, format)
                worst_packet = max(worst_packet, packet.size)
                count += 1
            for picture in video.decode(packet):
                if decoded < len(smalls):
                    worst = max(worst, _unlikeness(picture, smalls[decoded]))
                decoded += 1
    if (count, decoded) != (frames, frames):
        reasons.append(f"{count} pictures are in the file and {decoded} decode, not {frames}")
    if sounds != frames * format.samples_per_frame // AAC_FRAME or samples != sounds * AAC_FRAME:
        reasons.append(f"{sounds} AAC frames decode to {samples} samples")
    if worst > _FAITHFUL:
        reasons.append(f"the encoded picture differs from the original by {worst:.1f} code values")
    # A fault that repeats on every packet is told once.
    return Report(tuple(reasons[:3]), {"encode_error": round(worst, 2), "largest_packet": worst_packet})


def _packet_faults(packet: "av.Packet[Any]", number: int, format: HouseFormat) -> list[str]:
    faults = []
    at = number * format.ticks_per_frame
    if (packet.pts, packet.dts, packet.duration) != (at, at, format.ticks_per_frame):
        faults.append(f"picture {number} has timestamps {packet.pts}, {packet.dts}, not {at}")
    begins = number % format.gop == 0
    if packet.is_keyframe != begins or (_IDR in _unit_types(bytes(packet))) != begins:
        faults.append(f"picture {number} {'is no' if begins else 'is an unexpected'} IDR picture")
    return faults


def _unit_types(data: bytes) -> set[int]:
    """NAL unit types of a length-prefixed packet."""
    types, at = set(), 0
    while at + 4 < len(data):
        types.add(data[at + 4] & 31)
        at += 4 + int.from_bytes(data[at : at + 4])
    return types


def _unlikeness(picture: av.VideoFrame, small: Frames) -> float:
    plane = picture.planes[0]
    luma = np.frombuffer(memoryview(plane), np.uint8).reshape(plane.height, plane.line_size)[:, : plane.width]
    shown = (small_picture(luma).astype(np.float32) - 16) * (255 / 219)
    meant = small @ np.array([0.2126, 0.7152, 0.0722], np.float32)
    # Coding loses what is finer than a cell, and where much of that is, a little of the cell's mean.
    return float(np.quantile(np.abs(shown - meant), 0.9))
