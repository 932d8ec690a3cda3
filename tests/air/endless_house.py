"""Virtual time without a clock: slices as fast as they can be made, each held to the one before.

Clips have pictures of a few bytes and sound frames that tell their own number, so that weeks pass in a minute
and every slice still tells what it should have been.
"""

import functools
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from air_house import AVCC, FORM, SLUG, House
from sound_house import GOP_SAMPLES

from webtv.air.blocked import BlockList
from webtv.air.clipsource import ClipSource, Gop
from webtv.air.cursor import Cursor, load_cursor
from webtv.air.passthrough import SILENT_FRAME
from webtv.air.program import Program
from webtv.air.reruns import RerunPool
from webtv.air.slice import Slice, SoundPath
from webtv.air.sounds import SOUNDS
from webtv.air.timeline import Timeline
from webtv.clips.clip import Kind
from webtv.core.events import Event
from webtv.core.format import AAC_FRAME, GOP_SECONDS, HouseFormat
from webtv.playlist.asrun import Airing, AsRunLog
from webtv.playlist.entry import Entry
from webtv.playlist.ffconcat import Playlist, PlaylistReader, read_entries

DAY = 86_400
WRAPS = {
    "2^24 ms": 2**24 / 1000,
    "2^31 ms": 2**31 / 1000,
    "2^32 ms": 2**32 / 1000,
    "2^33 / 90 kHz": 2**33 / 90_000,
}


@functools.cache
def pictures(gops: int, gop: int) -> list[Gop]:
    return [tuple(b"%d" % n for n in range(gop))] * gops


@functools.cache
def numbered_sound(gops: int) -> tuple[bytes, ...]:
    """As many AAC frames as a clip of that length has, each its own number."""
    return tuple(b"%d" % n for n in range(gops * GOP_SAMPLES // AAC_FRAME))


@dataclass
class Audit:
    """Takes slice after slice and keeps the account; what does not fit is an assertion.

    Attributes:
        form: the channel's format.
        frame: the next frame of video.
        sound: the next AAC frame.
        start: frame at which the clip on air began.
        worst: largest difference of sound and picture so far, in samples.
        copied: AAC frames of clips that were seen.
    """

    form: HouseFormat
    frame: int
    sound: int
    start: int = 0
    worst: int = 0
    copied: int = 0
    slices: int = 0

    @classmethod
    def of(cls, form: HouseFormat, timeline: Timeline) -> "Audit":
        return cls(form, timeline.frame, -(-timeline.frame * form.samples_per_frame // AAC_FRAME))

    def take(self, piece: Slice) -> None:
        form = self.form
        assert piece.frame == self.frame
        assert len(piece.video) == form.gop
        assert piece.audio_frame == self.sound
        self.frame += form.gop
        self.sound += len(piece.audio)
        self.slices += 1
        # Sound begins with its slice, late by less than a frame, at both ends.
        for sample, frame in (
            (piece.audio_frame * AAC_FRAME, piece.frame),
            (self.sound * AAC_FRAME, self.frame),
        ):
            skew = sample - frame * form.samples_per_frame
            assert 0 <= skew < AAC_FRAME
            self.worst = max(self.worst, skew)
        if piece.joins:
            self.start = piece.frame

    def listen(self, piece: Slice, every: int = 1) -> None:
        """Look into sound that was copied from :func:`numbered_sound`: it belongs to the pictures there."""
        for at in range(0, len(piece.audio), every):
            if piece.audio[at] != SILENT_FRAME:
                heard = (piece.audio_frame + at - int(piece.audio[at])) * AAC_FRAME
                skew = heard - self.start * self.form.samples_per_frame
                assert 0 <= skew < AAC_FRAME
                self.worst = max(self.worst, skew)
                self.copied += 1


class TinyProgram(Program):
    """The real program, but for the clips' bytes: what the disk would hold is made up."""

    def _load(self, entry: Entry, start: int = 0) -> ClipSource | None:
        gop = self._form.gop
        gops = entry.frames // gop
        return ClipSource(entry, pictures(gops, gop), None, GOP_SAMPLES, start, numbered_sound(gops))


@dataclass
class Station:
    """A channel of tiny clips with real books: playlist, archive, cursor, blocks.

    Attributes:
        folder: of its data.
        form: house format.
        path: makes the sound.
        noise: chooses lengths.
    """

    folder: Path
    form: HouseFormat
    path: Callable[[int], SoundPath]
    noise: random.Random
    airings: int = 0
    ends: int = 0  # frame at which the latest airing ended
    kinds: dict[Kind, int] = field(default_factory=dict)
    events: int = 0
    made: int = 0

    def __post_init__(self) -> None:
        self.playlist = Playlist(self.folder / "playlists" / f"{SLUG}.ffconcat", self.folder / "archive")
        (self.folder / "playlists" / "clip.mp4").touch()
        self.log = AsRunLog(self.folder / "asrun")

    def feed(self, seconds: float) -> None:
        """Append sequences of clips from 2 to 30 seconds."""
        entries: list[Entry] = []
        while seconds > 0:
            self.made += 1
            clips = self.noise.randint(1, 6)
            for pos in range(1, clips + 1):
                gops = self.noise.randint(1, 15)
                seconds -= gops * GOP_SECONDS
                clip, seq = f"{self.made}.{pos}", f"s{self.made}"
                frames = gops * self.form.gop
                entries.append(Entry(0, clip, Kind.NEW, seq, pos, clips, None, 0, frames, "", "clip.mp4"))
        self.playlist.append(entries)

    def begin(self, cursor: Cursor | None = None, frame: int = 0) -> Timeline:
        """A new process."""
        pool = RerunPool(random.Random(1))
        after = cursor.n if cursor else 0
        pool.recall([e for e in read_entries(self.playlist.path) if e.n <= after], self.log)
        self.program = TinyProgram(
            SLUG,
            self.form,
            b"",
            reader=PlaylistReader(self.playlist.path),
            folder=self.playlist.path.parent,
            pool=pool,
            blocked=BlockList(self.folder / "blocked"),
            slate=lambda: pictures(1, self.form.gop),
            ident=lambda: None,
            events=self._hear,
            after=after,
            passthrough=True,
        )
        self.program.prepare()
        start = cursor.frame if cursor else frame
        self.ends = max(self.ends, cursor.entry_start if cursor else frame)
        return Timeline(
            self.form,
            self.program,
            epoch=0.0,
            frame=start,
            cursor=cursor,
            log=self._write,
            sound=self.path,
        )

    def killed(self, timeline: Timeline) -> Timeline:
        """The process after a kill: it has the files, nothing else."""
        path = self.folder / "cursor.json"
        timeline.cursor().save(path)
        cursor = load_cursor(path)
        assert cursor == timeline.cursor()
        return self.begin(cursor)

    def _write(self, airing: Airing) -> None:
        assert airing.start_frame == self.ends
        self.ends += airing.frames
        self.airings += 1
        self.kinds[airing.kind] = self.kinds.get(airing.kind, 0) + 1

    def _hear(self, _event: Event) -> None:
        self.events += 1


def air(station: Station, timeline: Timeline, audit: Audit, slices: int, every: int = 1) -> None:
    """So many slices, all of them audited; every so many AAC frames are looked into."""
    for _ in range(slices):
        piece = timeline.advance()
        audit.take(piece)
        audit.listen(piece, every)
        station.program.prefetch()


def real_line(house: House, first: int, sound: str) -> tuple[Program, Timeline]:
    """The real program and timeline over real clips, beginning at a frame of one's choice."""
    events: list[Event] = []
    program = Program(
        SLUG,
        FORM,
        AVCC,
        reader=PlaylistReader(house.playlist.path),
        folder=house.folder,
        pool=RerunPool(random.Random(5)),
        blocked=BlockList(house.data / "blocked"),
        slate=house.slate,
        ident=lambda: None,
        events=events.append,
        after=0,
        passthrough=sound == "passthrough",
    )
    program.prepare()
    timeline = Timeline(
        FORM, program, epoch=0.0, frame=first, cursor=None, log=lambda _: None, sound=SOUNDS[sound]
    )
    return program, timeline
