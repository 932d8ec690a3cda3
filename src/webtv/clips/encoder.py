"""The one encoder path: every clip of every house format is encoded here and nowhere else.

Clips of one format are spliced on air by copying packets, so their parameter sets (the avcC box) must
be equal byte for byte, whatever is shown and however long it is. The same options give other bytes from
another build or another front end, so the bytes of each format are committed (``avcc.json``) and
asserted before a clip's first frame is encoded. Measurements: ``docs/house-format.md``.
"""

import contextlib
import functools
import json
from collections.abc import Iterable, Mapping
from fractions import Fraction
from importlib import resources
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

import av
import numpy as np
from av.audio.stream import AudioStream
from av.video.reformatter import (
    ColorPrimaries,
    ColorRange,
    Colorspace,
    ColorTrc,
    Interpolation,
    VideoReformatter,
)
from av.video.stream import VideoStream

from webtv.core.errors import InputError, InternalError
from webtv.core.format import (
    AAC_FRAME,
    FORMAT_NAMES,
    SAMPLE_RATE,
    VIDEO_TIMESCALE,
    HouseFormat,
    house_format,
)
from webtv.studio.ports import Frames, Sound

AUDIO_BIT_RATE = 128_000
_CRF = 20
_PEAK = 1.5  # VBV: peak rate and buffer as multiples of the format's bit rate
_BUFFER = 2.0
_RAMP = 480  # samples of fade beside a silent AAC frame: 10 ms, a step there would click
_LEVELS = {576: "3.1", 720: "3.1", 1080: "4.0"}
_CONVERSION = (
    Interpolation.AREA | Interpolation.FULL_CHR_H_INP | Interpolation.ACCURATE_RND | Interpolation.BITEXACT
)


def _x264_options(format: HouseFormat) -> dict[str, str]:
    """x264's settings for a format, as PyAV takes them.

    Less searching than ``veryfast`` does by itself (``me`` to ``rc-lookahead``) costs nothing at the format's
    peak rate and a fifth more bits below it, at the same PSNR, and takes half its time; none of the four
    shows in the parameter sets (docs/decisions/0019-less-searching-in-x264.md).
    """
    settings = {
        "level": _LEVELS[format.height],
        "keyint": format.gop,
        "min-keyint": format.gop,
        "scenecut": 0,
        "open-gop": 0,
        "bframes": 0,
        "force-cfr": 1,
        "stitchable": 1,  # headers that do not look at the content
        "crf": _CRF,
        "me": "dia",
        "subme": 1,
        "partitions": "i8x8",
        "rc-lookahead": 5,
        "aq-mode": 3,  # spends a little more on dark gradients, which band first
        "vbv-maxrate": round(format.bit_rate * _PEAK / 1000),
        "vbv-bufsize": round(format.bit_rate * _BUFFER / 1000),
    }
    return {
        "preset": "veryfast",
        "profile": "high",
        "x264-params": ":".join(f"{key}={value}" for key, value in settings.items()),
    }


def edge_silenced(sound: Sound) -> Sound:
    """The sound of an MP4's AAC track: whole AAC frames, the first and the last of them silent.

    AAC frames overlap: when packets are copied one after the other, the second half of a clip's last
    frame is added to the first half of the next clip's first one. Frames that carry nothing make that
    sum silence, so the join cannot click; for the first frame this takes 2048 silent samples. The track
    is cut to whole AAC frames, so it never outlasts the picture and no time runs backwards at a join.

    Args:
        sound: float32[samples, 2] at 48 kHz, at least 8 AAC frames long.

    Returns:
        float32[packets * 1024, 2], a copy.
    """
    whole = sound[: len(sound) // AAC_FRAME * AAC_FRAME].astype(np.float32, copy=True)
    ramp = (0.5 - 0.5 * np.cos(np.pi * (np.arange(_RAMP, dtype=np.float32) + 0.5) / _RAMP))[:, None]
    whole[: 2 * AAC_FRAME] = 0
    whole[-AAC_FRAME:] = 0
    whole[2 * AAC_FRAME : 2 * AAC_FRAME + _RAMP] *= ramp
    whole[-AAC_FRAME - _RAMP : -AAC_FRAME] *= ramp[::-1]
    return np.clip(whole, -1.0, 1.0)


class ClipEncoder:
    """Encodes one clip into an open binary file or memory, as a context manager.

    The index (``moov``) is written in front of the media into space reserved for it, so nothing is
    rewritten and a viewer can start before the file has arrived.

    Args:
        target: seekable binary file, open for writing; stays open.
        format: the house format.
        sound: float32[frames * samples_per_frame, 2]; its length sets the number of frames.
        threads: of the video encoder; studio workers run one process per core, hence 1.
        metadata: texts that go into the file.

    Raises:
        InputError: the sound is not a whole number of GOPs long.
        InternalError: this build of the encoder would write other parameter sets than the committed.
    """

    def __init__(
        self,
        target: BinaryIO,
        format: HouseFormat,
        sound: Sound,
        *,
        threads: int = 1,
        metadata: Mapping[str, str] | None = None,
    ) -> None:
        if sound.ndim != 2 or sound.shape[1] != 2 or len(sound) % (format.gop * format.samples_per_frame):
            raise InputError(
                f"a clip's sound has shape {sound.shape}",
                remedy=f"pass float32[k * {format.gop * format.samples_per_frame}, 2] for k GOPs",
            )
        self.format = format
        self.frames = len(sound) // format.samples_per_frame
        if not self.frames:
            raise InputError("a clip needs at least one GOP", remedy="pass at least two seconds of sound")
        self._written = 0
        self._encoded = 0
        self._to_yuv = VideoReformatter()
        tags = dict(metadata or {})
        self._container = av.open(
            target,
            "w",
            format="mp4",
            options={
                "movflags": "use_metadata_tags",
                "use_editlist": "0",
                "video_track_timescale": str(VIDEO_TIMESCALE),
                "moov_size": str(_index_bound(self.frames, tags)),
            },
        )
        self._container.metadata.update(tags)
        self._video = _add_video(self._container, format, threads)
        self._audio = self._container.add_stream("aac", SAMPLE_RATE, layout="stereo")
        self._audio.bit_rate = AUDIO_BIT_RATE
        self._container.start_encoding()
        self.avcc = _avcc_of(self._video.codec_context.extradata or b"")
        committed = committed_avcc().get(format.name)
        if committed is not None and self.avcc != committed:
            self._container.close()
            raise InternalError(
                f"this encoder writes other parameter sets for {format.name} than the committed ones",
                remedy="install the locked version of av, or make a new version of the format",
                place="webtv/clips/avcc.json",
            )
        self._sound = iter(_encode_sound(self._audio, edge_silenced(sound)))
        self._next_sound = next(self._sound, None)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self.abandon()
        else:
            self.finish()

    def write(self, frames: Frames) -> None:
        """Encode some frames.

        Args:
            frames: uint8[T, height, width, 3], sRGB; not changed.

        Raises:
            InputError: another size or type, or more frames than the sound is long.
        """
        expected = (self.format.height, self.format.width, 3)
        if frames.ndim != 4 or frames.shape[1:] != expected or frames.dtype != np.uint8:
            raise InputError(f"frames are {frames.dtype}{list(frames.shape)}, not uint8[T, {expected}]")
        if self._written + len(frames) > self.frames:
            raise InputError(f"more than the {self.frames} frames that the sound is long")
        for picture in frames:
            frame = self._convert(np.ascontiguousarray(picture))
            frame.pts = self._written
            frame.time_base = Fraction(1, self.format.fps)
            self._written += 1
            for packet in self._video.encode(frame):
                self._mux(packet)

    def finish(self) -> None:
        """Flush the encoders and write the index.

        Raises:
            InputError: fewer frames were written than the sound is long.
        """
        if self._written != self.frames:
            self.abandon()
            raise InputError(f"{self._written} frames were written, {self.frames} were promised")
        for packet in self._video.encode(None):
            self._mux(packet)
        self._mux_sound(before=None)
        self._container.close()

    def abandon(self) -> None:
        """Give up: release the encoders; what is in the target is of no use. Harmless after the end."""
        with contextlib.suppress(av.FFmpegError, OSError, ValueError):
            self._container.close()

    def _convert(self, picture: Frames) -> av.VideoFrame:
        return self._to_yuv.reformat(
            av.VideoFrame.from_numpy_buffer(picture, "rgb24"),
            format="yuv420p",
            src_colorspace=Colorspace.ITU709,
            dst_colorspace=Colorspace.ITU709,
            src_color_range=ColorRange.JPEG,
            dst_color_range=ColorRange.MPEG,
            dst_color_trc=ColorTrc.BT709,
            dst_color_primaries=ColorPrimaries.BT709,
            interpolation=_CONVERSION,
            threads=1,
        )

    def _mux(self, packet: "av.Packet[VideoStream]") -> None:
        # Time is counted: without B-frames packets leave in the order of the frames.
        ticks = self.format.ticks_per_frame
        packet.time_base = Fraction(1, VIDEO_TIMESCALE)
        packet.pts = packet.dts = self._encoded * ticks
        packet.duration = ticks
        self._mux_sound(before=self._encoded * self.format.samples_per_frame)
        self._encoded += 1
        self._container.mux_one(packet)

    def _mux_sound(self, before: int | None) -> None:
        while self._next_sound is not None and (before is None or (self._next_sound.pts or 0) <= before):
            self._container.mux_one(self._next_sound)
            self._next_sound = next(self._sound, None)


def encode_mp4(
    frames: Iterable[Frames],
    sound: Sound,
    format: HouseFormat,
    target: Path | BinaryIO,
    *,
    threads: int = 1,
    metadata: Mapping[str, str] | None = None,
) -> bytes:
    """Encode a whole clip at once, without checks: slates, idents, tests.

    Args:
        frames: pieces of uint8[T, height, width, 3], as many frames as the sound is long.
        sound: float32[frames * samples_per_frame, 2]; zeros for silence.
        format: the house format.
        target: a path, which appears complete or not at all, or an open binary file such as BytesIO.
        threads: of the video encoder.
        metadata: texts that go into the file.

    Returns:
        The avcC bytes.

    Raises:
        InputError: shapes or lengths do not fit.
    """
    if isinstance(target, Path):
        partial = target.with_name(f".{target.name}.partial")
        try:
            with partial.open("w+b") as file:
                avcc = encode_mp4(frames, sound, format, file, threads=threads, metadata=metadata)
            partial.replace(target)
        finally:
            partial.unlink(missing_ok=True)
        return avcc
    with ClipEncoder(target, format, sound, threads=threads, metadata=metadata) as encoder:
        for piece in frames:
            encoder.write(piece)
    return encoder.avcc


def make_avcc(format: HouseFormat) -> bytes:
    """The avcC bytes that this build of the encoder gives a format; what ``avcc.json`` was made with."""
    context = av.CodecContext.create("libx264", "w")
    _set_up(context, format, threads=1)
    context.flags |= av.codec.context.Flags.global_header
    context.open()
    return _avcc_of(context.extradata or b"")


def write_avcc(path: Path) -> None:
    """Write ``avcc.json`` anew; only ever together with a new version of the formats."""
    table = {name: make_avcc(house_format(name)).hex() for name in FORMAT_NAMES}
    path.write_text(json.dumps(table, indent=2) + "\n")


@functools.cache
def committed_avcc() -> Mapping[str, bytes]:
    """The avcC bytes that every clip of a format has, by the format's name."""
    text = resources.files("webtv.clips").joinpath("avcc.json").read_text()
    return {name: bytes.fromhex(value) for name, value in json.loads(text).items()}


def _add_video(container: av.container.OutputContainer, format: HouseFormat, threads: int) -> VideoStream:
    stream = container.add_stream("libx264", format.fps)
    _set_up(stream.codec_context, format, threads)
    return stream


def _set_up(context: av.VideoCodecContext, format: HouseFormat, threads: int) -> None:
    context.width, context.height, context.pix_fmt = format.width, format.height, "yuv420p"
    context.time_base = Fraction(1, format.fps)
    context.framerate = Fraction(format.fps)
    context.sample_aspect_ratio = Fraction(1)
    context.colorspace = Colorspace.ITU709
    context.color_range = ColorRange.MPEG
    context.color_trc = ColorTrc.BT709
    context.color_primaries = ColorPrimaries.BT709
    context.thread_count = threads
    context.options = _x264_options(format)


def _encode_sound(stream: AudioStream, sound: Sound) -> "list[av.Packet[AudioStream]]":
    # The encoder's priming packet decodes to 1024 samples of silence. It is kept as the silent first
    # frame and the sound is fed from its second frame on: no edit list, and sound in step to the sample.
    feed = np.ascontiguousarray(sound[AAC_FRAME:].T)
    packets: list[av.Packet[AudioStream]] = []
    for at in range(0, feed.shape[1], AAC_FRAME):
        frame = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(feed[:, at : at + AAC_FRAME]), "fltp", "stereo"
        )
        frame.sample_rate = SAMPLE_RATE
        frame.pts = at
        packets += stream.encode(frame)
    packets += stream.encode(None)
    for number, packet in enumerate(packets):
        packet.time_base = Fraction(1, SAMPLE_RATE)
        packet.pts = packet.dts = number * AAC_FRAME
        packet.duration = AAC_FRAME
    return packets


def _avcc_of(annexb: bytes) -> bytes:
    """The avcC box of SPS and PPS in start-code form, as the MP4 muxer writes it (ISO 14496-15, 5.3.3)."""
    units = [unit.rstrip(b"\0") for unit in annexb.split(b"\0\0\1") if unit.strip(b"\0")]
    sps = [unit for unit in units if unit[0] & 31 == 7]
    pps = [unit for unit in units if unit[0] & 31 == 8]
    box = bytes([1, *sps[0][1:4], 0xFF, 0xE0 | len(sps)])
    box += b"".join(len(unit).to_bytes(2) + unit for unit in sps)
    box += bytes([len(pps)]) + b"".join(len(unit).to_bytes(2) + unit for unit in pps)
    return box + bytes([0xFC | 1, 0xF8, 0xF8, 0])  # High profile: 4:2:0, 8 bits, no extensions


def _index_bound(frames: int, tags: Mapping[str, str]) -> int:
    # Upper bound of moov: per video frame and AAC frame a size, a chunk offset and a chunk run.
    texts = sum(len(key.encode()) + len(value.encode()) + 64 for key, value in tags.items())
    return 4096 + texts + 28 * (frames + frames * 2 + 8)
