"""Sound on air without a head-end: clips mastered for their sound, what players hear, and what a click is."""

import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import av
import numpy as np
import soundfile
from numpy.typing import NDArray

from webtv.air.clipsource import ClipSource, Packets, read_clip
from webtv.air.program import Program
from webtv.air.slice import ASC, SoundPath, Source, Track
from webtv.clips.bed import BedReader
from webtv.clips.clip import Kind
from webtv.clips.encoder import committed_avcc, encode_mp4
from webtv.core.format import AAC_FRAME, GOP_SECONDS, SAMPLE_RATE, HouseFormat, house_format
from webtv.playlist.entry import Entry
from webtv.studio.ports import Sound

FORM = house_format("576p24@1")
GOP_SAMPLES = GOP_SECONDS * SAMPLE_RATE
# A second difference that no ear takes for a click: sixteen steps of sixteen bits. AAC at 128 kb/s leaves
# that much behind when a lone low tone begins.
INAUDIBLE = 5e-4


def stereo(wave: NDArray[np.float64]) -> Sound:
    return np.stack([wave, wave], axis=1).astype(np.float32)


def tone(seconds: float, hertz: float, level: float = 0.5) -> Sound:
    return stereo(level * np.sin(2 * np.pi * hertz * np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE))


def noise(seconds: float, seed: int, level: float = 0.1) -> Sound:
    wave = np.random.default_rng(seed).standard_normal((round(seconds * SAMPLE_RATE), 2))
    return np.asarray(level * wave, np.float32)


def music(seconds: float, root: float = 110.0, level: float = 0.9) -> Sound:
    """Loud chords that are struck twice a second: attacks, decays, partials up to 6 kHz."""
    at = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    strike = np.exp(-4 * (at * 2 % 1)) * np.minimum(1, (at * 2 % 1) * 200)
    wave = sum(np.sin(2 * np.pi * root * n * at + n) / n for n in (1, 2, 3, 4, 6, 8, 12, 16, 32, 54))
    return stereo(level * strike * wave / np.abs(wave).max())


@dataclass(frozen=True)
class Bed:
    """A sound in memory as a track."""

    sound: Sound

    def read(self, start: int, count: int) -> Sound:
        result = np.zeros((count, 2), np.float32)
        first, last = max(0, start), min(len(self.sound), start + count)
        if first < last:
            result[first - start : last - start] = self.sound[first:last]
        return result


def flac(sound: Sound) -> BedReader:
    """The sound as the head-end has it: FLAC in memory."""
    return BedReader(Path("bed.flac"), flac_bytes(sound))


def flac_bytes(sound: Sound) -> bytes:
    buffer = io.BytesIO()
    soundfile.write(buffer, sound, SAMPLE_RATE, format="FLAC", subtype="PCM_16")
    return buffer.getvalue()


def mastered(sound: Sound) -> Packets:
    """What a clip with this sound holds; its pictures are black."""
    target = io.BytesIO()
    black = np.zeros((FORM.gop, FORM.height, FORM.width, 3), np.uint8)
    encode_mp4([black] * (len(sound) // GOP_SAMPLES), sound, FORM, target)
    return read_clip(target.getvalue(), FORM, committed_avcc()[FORM.name], "clip", sound=True)


def plain_frames(sound: Sound) -> list[bytes]:
    """The AAC frames that any encoder makes of a sound, priming and padding included."""
    encoder = av.CodecContext.create("aac", "w")
    encoder.sample_rate, encoder.layout, encoder.format = SAMPLE_RATE, "stereo", "fltp"
    encoder.bit_rate = 128_000
    frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(sound.T), "fltp", "stereo")
    frame.sample_rate = SAMPLE_RATE
    return [bytes(packet) for packet in (*encoder.encode(frame), *encoder.encode(None))]


def decoded(frames: Iterable[bytes]) -> Sound:
    """What a player hears, float32[samples, 2]; frame ``a`` of the grid fills samples 1024 a on."""
    context = av.CodecContext.create("aac", "r")
    context.extradata = ASC
    parts = [out.to_ndarray() for data in frames for out in context.decode(av.Packet(data))]
    return np.asarray(np.concatenate(parts, axis=1).T, np.float32)


def clicks(sound: Sound, at: int, reach: int = 2 * AAC_FRAME) -> bool:
    """Whether the second difference at a place exceeds that of its surroundings.

    A fifth is left for what the encoding adds: a frame that loses its neighbour fades over half a window,
    which bends a tone a little more than it is bent already.
    """
    second = np.abs(np.diff(sound.astype(np.float64), n=2, axis=0)).max(axis=1)
    begin, end = max(0, at - reach), at + reach
    around = np.concatenate([second[max(0, begin - SAMPLE_RATE) : begin], second[end : end + SAMPLE_RATE]])
    return bool(second[begin:end].max() > max(1.2 * around.max(), INAUDIBLE))


def level(sound: Sound) -> float:
    """Root mean square."""
    return float(np.sqrt(np.mean(sound.astype(np.float64) ** 2)))


def an_entry(gops: int, *, clip: str = "clip", bed_at: int = 0, form: HouseFormat = FORM) -> Entry:
    return Entry(1, clip, Kind.NEW, "seq", 1, 1, None, bed_at, gops * form.gop, "", f"{clip}.mp4")


def a_source(
    gops: int,
    *,
    track: Track | None = None,
    bed_at: int = 0,
    sound: Sequence[bytes] = (),
    start: int = 0,
    form: HouseFormat = FORM,
    clip: str = "clip",
) -> ClipSource:
    """A clip whose pictures are one byte each."""
    pictures = [tuple(b"%d" % n for n in range(form.gop))] * gops
    return ClipSource(
        an_entry(gops, clip=clip, bed_at=bed_at, form=form), pictures, track, GOP_SAMPLES, start, tuple(sound)
    )


class Script:
    """A program that airs what it is given, in order."""

    def __init__(self, sources: Iterator[Source], resumed: Source | None = None) -> None:
        self._sources = sources
        self.resumed = resumed
        self.blocked: set[str] = set()

    @property
    def program(self) -> Program:
        return cast("Program", self)

    def next_source(self) -> Source:
        return next(self._sources)

    def resume(self, _cursor: object) -> Source | None:
        return self.resumed

    def is_blocked(self, entry: Entry) -> bool:
        return entry.clip in self.blocked

    def began(self, entry: Entry, at: float) -> None:
        """Nobody wants to know."""


def played(path: SoundPath, plan: Iterable[tuple[int, Source]], end: int) -> list[bytes]:
    """What a sound path hands out up to GOP ``end`` when these sources go on air at these GOPs."""
    frames: list[bytes] = []
    for gop, source in plan:
        frames += path.advance(gop * GOP_SAMPLES)[1]
        path.cue(gop * GOP_SAMPLES, source)
    return frames + list(path.advance(end * GOP_SAMPLES)[1])
