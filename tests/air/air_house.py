"""A small station for tests: real clips and beds, real playlists, and the stream read back by PyAV."""

import asyncio
import io
import os
import random
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import soundfile

from webtv.air.blocked import BlockList
from webtv.air.channel import ChannelOnAir
from webtv.air.clipsource import Gop, read_gops
from webtv.air.config import AirConfig, ChannelConfig, OutputConfig
from webtv.air.cursor import Cursor
from webtv.air.program import Program
from webtv.air.reruns import RerunPool
from webtv.air.slice import Slice, StreamHeader
from webtv.air.timeline import Timeline
from webtv.clips.clip import Kind
from webtv.clips.encoder import committed_avcc, encode_mp4
from webtv.core.events import Event
from webtv.core.format import SAMPLE_RATE, house_format
from webtv.playlist.asrun import Airing, AsRunLog
from webtv.playlist.entry import Entry
from webtv.playlist.ffconcat import Playlist, PlaylistReader, read_entries
from webtv.studio.ports import Sound
from webtv.testing.clock import VirtualClock

FORM = house_format("576p24@1")
AVCC = committed_avcc()[FORM.name]
GOP = FORM.gop
SLUG = "tide"
START = 1_800_000_000.0
BEDS = 3
LENGTHS = (1, 2, 2, 1)  # GOPs of clips, in turn; one of each length is really encoded


def sine(seconds: float, hertz: float, level: float = 0.25) -> Sound:
    at = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    wave = level * np.sin(2 * np.pi * hertz * at)
    return np.stack([wave, wave], axis=1).astype(np.float32)


def bed_of(seconds: float, hertz: float, level: float = 0.2) -> Sound:
    """A tone with a breath of noise: the AAC encoder takes three times as long over a tone alone."""
    noise = np.random.default_rng(round(hertz)).standard_normal((round(seconds * SAMPLE_RATE), 2))
    return np.asarray(sine(seconds, hertz, level) + 0.003 * noise, np.float32)


@dataclass(frozen=True)
class Footage:
    """Clips and beds that are encoded once for all tests."""

    folder: Path

    @classmethod
    def make(cls, folder: Path) -> "Footage":
        noise = np.random.default_rng(7)
        for gops in set(LENGTHS):
            texture = noise.integers(0, 256, (FORM.height // 16, FORM.width // 16 + 8, 3), np.uint8)
            wide = cv2.resize(texture, (FORM.width + 128, FORM.height), interpolation=cv2.INTER_CUBIC)
            frames = np.stack([wide[:, i % 128 : i % 128 + FORM.width] for i in range(gops * GOP)])
            sound = sine(gops * 2, 200.0)
            encode_mp4([frames], sound, FORM, folder / f"{gops}.mp4")
        for number in range(BEDS):
            soundfile.write(folder / f"{number}.flac", bed_of(24.0, 180.0 + 41 * number), SAMPLE_RATE)
        return cls(folder)

    def clip(self, number: int) -> Path:
        return self.folder / f"{self.gops(number)}.mp4"

    def gops(self, number: int) -> int:
        return LENGTHS[number % len(LENGTHS)]


@dataclass
class House:
    """A data folder with one channel."""

    data: Path
    footage: Footage
    made: int = 0
    entries: list[Entry] = field(default_factory=list)

    def __post_init__(self) -> None:
        (self.data / "library").mkdir(parents=True, exist_ok=True)
        self.playlist = Playlist(self.folder / f"{SLUG}.ffconcat", self.archive)
        self.log = AsRunLog(self.data / "asrun" / SLUG)

    @property
    def folder(self) -> Path:
        return self.data / "playlists"

    @property
    def archive(self) -> Path:
        return self.folder / "archive" / SLUG

    @property
    def hls(self) -> Path:
        return self.data / "hls" / SLUG

    @property
    def cursor(self) -> Path:
        return self.data / "cursors" / f"{SLUG}.json"

    def bed(self, name: str, sound: Sound) -> str:
        path = self.data / "library" / f"{name}.flac"
        soundfile.write(path, sound, SAMPLE_RATE, subtype="PCM_16")
        return f"../library/{name}.flac"

    def sequence(self, clips: int = 3, *, kind: Kind = Kind.NEW, bed: str | None = "") -> list[Entry]:
        """Entries of a whole new sequence, with a bed of its own, the given one, or none."""
        self.made += 1
        seq = f"s{self.made}"
        numbers = [self.made + i for i in range(clips)]
        if bed == "":
            bed = f"../library/{seq}.flac"
            os.link(self.footage.folder / f"{self.made % BEDS}.flac", self.folder / bed)
        entries, at = [], 0
        for pos, number in enumerate(numbers, 1):
            clip = f"{seq}c{pos}"
            file = self.data / "library" / f"{clip}.mp4"
            os.link(self.footage.clip(number), file)
            frames = self.footage.gops(number) * GOP
            entries.append(
                Entry(
                    0, clip, kind, seq, pos, clips, bed, at, frames, f"Title {seq}", f"../library/{clip}.mp4"
                )
            )
            at += frames * FORM.samples_per_frame
        self.entries += entries
        return entries

    def file(self, clip: str) -> Path:
        return self.data / "library" / f"{clip}.mp4"

    def config(self, *outputs: OutputConfig, slug: str = SLUG) -> ChannelConfig:
        return ChannelConfig(slug, "Tide", "#7fb3d0", FORM.name, outputs)

    def save_config(self, *channels: ChannelConfig) -> None:
        AirConfig(channels or (self.config(),), hls_window=40.0).save(self.data / "air.json")

    def slate(self) -> list[Gop]:
        return read_gops(self.footage.clip(0).read_bytes(), FORM, AVCC, "slate")

    def timeline(self, *, cursor: Cursor | None = None, frame: int | None = None) -> "Rig":
        return Rig(self, cursor, frame)


class Rig:
    """The real program and timeline of a house, without a clock."""

    def __init__(self, house: House, cursor: Cursor | None = None, frame: int | None = None) -> None:
        self.house = house
        self.events: list[Event] = []
        self.airings: list[Airing] = []
        self.slices: list[Slice] = []
        after = cursor.n if cursor else 0
        path = house.playlist.path
        pool = RerunPool(random.Random(5))
        pool.recall([entry for entry in read_entries(path) if entry.n <= after], house.log)
        self.program = Program(
            SLUG,
            FORM,
            AVCC,
            reader=PlaylistReader(path),
            folder=house.folder,
            pool=pool,
            blocked=BlockList(house.data / "blocked"),
            slate=house.slate,
            ident=lambda: self.ident,
            events=self.events.append,
            after=after,
            has_aired=lambda entry: any((a.n, a.clip) == (entry.n, entry.clip) for a in self.airings),
        )
        self.ident: Path | None = None
        start = frame if frame is not None else cursor.frame if cursor else 0
        self.timeline = Timeline(
            FORM,
            self.program,
            epoch=cursor.epoch if cursor else START,
            frame=start,
            cursor=cursor,
            log=self._log,
            logged=house.log.last(),
        )
        self.header = StreamHeader(FORM, AVCC, self.timeline.asc)

    def _log(self, airing: Airing) -> None:
        self.airings.append(airing)
        self.house.log.append(airing)

    def air(self, slices: int) -> list[Slice]:
        made = []
        for _ in range(slices):
            self.program.prefetch()
            made.append(self.timeline.advance())
            self.program.prefetch()
        self.slices += made
        return made

    def clips(self) -> list[str]:
        """What went on air, in order."""
        return [piece.entry.clip for piece in self.slices if piece.joins]

    def kinds(self) -> list[str]:
        return [event.kind for event in self.events]


class JumpingClock(VirtualClock):
    """Time moves to whatever the only one who waits, waits for, once ``ready`` says so."""

    ready: Callable[[], bool] = staticmethod(lambda: True)

    async def sleep(self, seconds: float) -> None:
        while seconds > 0 and not self.ready():  # noqa: ASYNC110 - threads are at work
            await asyncio.sleep(0.0005)
        self.forward(max(0.0, seconds))
        await asyncio.sleep(0)


def channel(
    house: House, clock: VirtualClock, events: list[Event], *outputs: OutputConfig, window: float = 40.0
) -> ChannelOnAir:
    return ChannelOnAir(
        house.config(*outputs),
        house.data,
        avcc=AVCC,
        slate=house.slate,
        hls_window=window,
        clock=clock,
        noise=random.Random(3),
        events=events.append,
    )


async def air_until(on_air: ChannelOnAir, clock: VirtualClock, seconds: float) -> None:
    """Run a channel on a jumping clock until that much time has passed, then end it as a kill would."""
    end = clock.monotonic() + seconds
    if isinstance(clock, JumpingClock):
        clock.ready = lambda: on_air.idle
    threads = ThreadPoolExecutor()
    asyncio.get_running_loop().set_default_executor(threads)
    task = asyncio.create_task(on_air.run())
    while clock.monotonic() < end and not task.done():  # noqa: ASYNC110 - its threads are at work
        await asyncio.sleep(0.001)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    threads.shutdown()  # a thread that was writing must not write beside the next process
    if not task.cancelled() and (error := task.exception()):
        raise error


@dataclass(frozen=True)
class Track:
    """Packets of one track as PyAV demuxes them."""

    pts: list[int]
    dts: list[int]
    base: Any
    keys: list[bool]


@dataclass(frozen=True)
class Stream:
    """A stream read back."""

    video: Track
    audio: Track
    pictures: int
    sound: Sound

    def steps(self, kind: str) -> set[int]:
        """Differences between neighbouring decoding times."""
        track: Track = getattr(self, kind)
        return set(np.diff(track.dts).tolist())


def read_back(data: bytes, container: str = "mp4", *, decode: bool = True) -> Stream:
    """Demux and decode all of it; raises for whatever PyAV does not like."""
    with av.open(io.BytesIO(data), "r", format=container) as opened:
        tracks = []
        for stream in (opened.streams.video[0], opened.streams.audio[0]):
            opened.seek(0)
            packets = [packet for packet in opened.demux(stream) if packet.size]
            tracks.append(
                Track(
                    [int(p.pts) for p in packets if p.pts is not None],
                    [int(p.dts) for p in packets if p.dts is not None],
                    packets[0].time_base,
                    [p.is_keyframe for p in packets],
                )
            )
    if not decode:
        return Stream(tracks[0], tracks[1], 0, np.zeros((0, 2), np.float32))
    with av.open(io.BytesIO(data), "r", format=container) as opened:
        pictures = sum(1 for _ in opened.decode(video=0))
    with av.open(io.BytesIO(data), "r", format=container) as opened:
        sound = np.concatenate([frame.to_ndarray() for frame in opened.decode(audio=0)], axis=1)
    return Stream(tracks[0], tracks[1], pictures, sound.T)


def hls_bytes(folder: Path) -> bytes:
    """What a player has after it has played the whole playlist."""
    names = [line for line in (folder / "index.m3u8").read_text().splitlines() if line and line[0] != "#"]
    return b"".join((folder / name).read_bytes() for name in ("init.mp4", *names))


def click(sound: Sound, at: int, reach: int = 4800) -> tuple[float, float]:
    """Largest second difference within 64 samples of a place, and that of its surroundings."""
    second = np.abs(np.diff(sound[:, 0].astype(np.float64), n=2))
    near = second[at - 64 : at + 64].max()
    around = np.concatenate([second[at - reach : at - 64], second[at + 64 : at + reach]])
    return float(near), float(around.max())


def fill(house: House, sequences: int, clips: int = 3, **options: Any) -> Sequence[Entry]:
    """Put new sequences into the playlist."""
    return house.playlist.append([e for _ in range(sequences) for e in house.sequence(clips, **options)])
