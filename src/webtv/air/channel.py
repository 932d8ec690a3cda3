"""One channel on air: its timeline paced by absolute deadlines, its outputs fed."""

import asyncio
import random
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from webtv.air.blocked import BlockList
from webtv.air.config import ChannelConfig, OutputConfig
from webtv.air.cursor import Cursor, load_cursor
from webtv.air.hls import HlsWriter
from webtv.air.program import Program, Slate
from webtv.air.reruns import RerunPool
from webtv.air.rtmp import RtmpOutput
from webtv.air.slice import Slice, StreamHeader
from webtv.air.timeline import Timeline
from webtv.clips.clip import Kind
from webtv.core.clock import Clock
from webtv.core.errors import WebTVError
from webtv.core.events import Event, EventSink, Severity
from webtv.core.format import GOP_SECONDS, house_format
from webtv.playlist.asrun import Airing, AsRunLog, utc_text
from webtv.playlist.entry import Entry
from webtv.playlist.ffconcat import PlaylistReader

LEAD = 0.5  # seconds before its deadline at which a slice is made: late edits still count, slow disks do not
CATCH_UP = 12.0  # seconds that are made up by a burst; what was lost beyond that is lost
_AHEAD = GOP_SECONDS + 1.0  # seconds that a restarted process may have to wait for its first deadline
_BURST = 3  # segments that a new stream begins with, so that players need not wait for them


class ChannelOnAir:
    """Airs one channel until cancelled.

    Everything that must outlive it is in files: running it again goes on like a new process does.

    Args:
        config: what the control plane said.
        data: the station's data folder.
        avcc: decoder configuration record of the channel's format.
        slate: makes the slate's GOPs; may block.
        hls_window: seconds that viewers can seek back to.
        clock: paces.
        noise: reruns and backoff.
        events: takes what happens.
    """

    def __init__(
        self,
        config: ChannelConfig,
        data: Path,
        *,
        avcc: bytes,
        slate: Slate,
        hls_window: float,
        clock: Clock,
        noise: random.Random,
        events: EventSink,
    ) -> None:
        self.config = config
        self._data = data
        self._avcc = avcc
        self._slate = slate
        self._hls_window = hls_window
        self._clock = clock
        self._noise = noise
        self._events = events
        self._form = house_format(config.format)
        self._playlist = data / "playlists" / f"{config.slug}.ffconcat"
        self._cursor_path = data / "cursors" / f"{config.slug}.json"
        self._log = AsRunLog(data / "asrun" / config.slug)
        self._on_air: _OnAir | None = None
        self._last_error = ""
        self.late = deque[float](maxlen=300)
        self.lost_seconds = 0.0

    async def run(self) -> None:
        """Make, wait, hand out; for ever."""
        on_air = await asyncio.to_thread(self._begin)
        begun = self._clock.monotonic()
        frame = on_air.timeline.frame
        behind = self._clock.time() - (on_air.epoch + frame / self._form.fps)
        zero = begun - behind - frame / self._form.fps  # monotonic second of frame 0
        try:
            async with asyncio.TaskGroup() as group:
                on_air.group, self._on_air = group, on_air
                self.apply(self.config, self._hls_window)
                group.create_task(asyncio.to_thread(self._make_ready, on_air.pool))
                while True:
                    await self._step(on_air, zero, begun)
        finally:
            self._on_air = None

    async def _step(self, on_air: "_OnAir", zero: float, begun: float) -> None:
        """One slice: made a little before its deadline, handed out when it is due."""
        timeline, clock = on_air.timeline, self._clock
        due = zero + timeline.frame / self._form.fps
        await clock.sleep(due - LEAD - clock.monotonic())
        if (late := clock.monotonic() - due) > CATCH_UP:
            # The machine stood still: go on at the right time, not through what is past.
            lost = int(late // GOP_SECONDS)
            self._lose(lost)
            timeline.skip(lost * self._form.gop)
            return
        piece = await asyncio.to_thread(timeline.advance)
        await clock.sleep(due - clock.monotonic())
        if due >= begun:  # what comes before is the burst that a stream begins with
            self.late.append(max(0.0, clock.monotonic() - due))
        if piece.joins or on_air.piece is None:
            on_air.started = timeline.start
        on_air.piece = piece
        for output in on_air.outputs.values():
            output.offer(piece, due)
        await asyncio.to_thread(self._publish, on_air, piece)

    def _begin(self) -> "_OnAir":
        """Find out what there is to air, then where the timeline goes on. Blocks."""
        cursor = load_cursor(self._cursor_path)
        if cursor and cursor.format != self.config.format:
            cursor = None
        logged = self._read_log()
        # Without a cursor the log knows best what has been on air.
        after = cursor.n if cursor else (logged.n or 0) if logged else 0
        reader = PlaylistReader(self._playlist, self._complain)
        reader.refresh()
        pool = RerunPool(self._noise)
        pool.recall([entry for entry in reader.entries if entry.n <= after], self._log)
        program = Program(
            self.config.slug,
            self._form,
            self._avcc,
            reader=reader,
            folder=self._playlist.parent,
            pool=pool,
            blocked=BlockList(self._data / "blocked"),
            slate=self._slate,
            ident=self._ident,
            events=self._events,
            after=after,
        )
        rerun = cursor.entry.seq if cursor and cursor.entry and not cursor.listed else ""
        if not program.prepare() or (rerun and not pool.sequence(rerun)):
            self._deepen(pool)
            if not program.prepare():
                self._slate()  # before the clock starts: what it takes is not lost on air
        epoch, frame = self._place(cursor)
        timeline = Timeline(
            self._form, program, epoch=epoch, frame=frame, cursor=cursor, log=self._write_log, logged=logged
        )
        header = StreamHeader(self._form, self._avcc, timeline.asc)
        hls = HlsWriter(self._data / "hls" / self.config.slug, header, epoch, self._hls_window)
        return _OnAir(epoch, program, pool, timeline, header, hls)

    def _place(self, cursor: Cursor | None) -> tuple[float, int]:
        """Where the timeline goes on: epoch and first frame."""
        now, gop = self._clock.time(), self._form.gop
        if cursor is None:
            # Milliseconds are all that playlists and logs can say.
            return round(now - _BURST * GOP_SECONDS, 3), 0
        behind = now - (cursor.epoch + cursor.frame / self._form.fps)
        if behind > CATCH_UP:
            lost = int((behind - _BURST * GOP_SECONDS) // GOP_SECONDS)
            self._lose(lost)
            return cursor.epoch, cursor.frame + lost * gop
        if behind < -_AHEAD:
            # Waiting would be dead air. The count goes on and never repeats; the wall clock is followed.
            message = f"The clock was set back by {-behind:.0f} s; the stream goes on"
            self._tell("air.clock.back", message, "let the machine keep its clock by NTP")
            return round(cursor.epoch + behind, 3), cursor.frame
        return cursor.epoch, cursor.frame

    def _make_ready(self, pool: RerunPool) -> None:
        """What is wanted sooner or later, made while there is something else to air."""
        try:
            self._slate()
            pool.deepen(
                self._playlist.parent / "archive" / self.config.slug, self._playlist.parent, self._log
            )
        except (WebTVError, OSError) as error:
            self._complain(f"filler is not ready: {error}")

    def _deepen(self, pool: RerunPool) -> None:
        folder = self._playlist.parent
        pool.deepen(folder / "archive" / self.config.slug, folder, self._log)

    def _lose(self, gops: int) -> None:
        self.lost_seconds += gops * GOP_SECONDS
        self._tell(
            "air.time.lost",
            f"{gops * GOP_SECONDS} s were lost: nothing was on air meanwhile",
            "if the machine was neither off nor asleep, read air.log in the logs folder",
        )

    def apply(self, config: ChannelConfig, hls_window: float) -> None:
        """Follow a changed configuration: outputs, name, ident, window. The format stays."""
        self.config, self._hls_window = config, hls_window
        if (on_air := self._on_air) is None or on_air.group is None:
            return  # it begins with this configuration
        on_air.hls.keep(hls_window)
        for gone in on_air.outputs.keys() - set(config.outputs):
            on_air.tasks.pop(gone).cancel()
            del on_air.outputs[gone]
        for target in config.outputs:
            if target not in on_air.outputs:
                output = RtmpOutput(
                    target.name,
                    target.url,
                    slug=config.slug,
                    header=on_air.header,
                    epoch=on_air.epoch,
                    clock=self._clock,
                    noise=self._noise,
                    events=self._events,
                )
                on_air.outputs[target] = output
                on_air.tasks[target] = on_air.group.create_task(output.run())

    def status(self) -> dict[str, Any]:
        """What the control socket tells about the channel."""
        on_air = self._on_air
        outputs = on_air.outputs.values() if on_air else ()
        return {
            "slug": self.config.slug,
            "state": _state(on_air.piece.entry) if on_air and on_air.piece else "off",
            "epoch": on_air.epoch if on_air else None,
            "frame": on_air.piece.frame if on_air and on_air.piece else None,
            "now": self._now(on_air),
            "upcoming": [entry.n for entry in on_air.program.upcoming] if on_air else [],
            "locked": on_air.program.locked if on_air else 0,
            "late_ms": round(max(self.late, default=0.0) * 1000, 1),
            "lost_seconds": self.lost_seconds,
            "last_error": self._last_error,
            "outputs": [
                {
                    "name": output.status.name,
                    "state": output.status.state.value,
                    "sessions": output.status.sessions,
                    "dropped_gops": output.status.dropped_gops,
                    "sent_bytes": output.status.sent_bytes,
                    "error": output.status.error,
                }
                for output in outputs
            ],
        }

    def _now(self, on_air: "_OnAir | None") -> dict[str, Any] | None:
        if on_air is None or on_air.piece is None:
            return None
        entry, fps = on_air.piece.entry, self._form.fps
        return {
            **entry.to_json(),
            "listed": entry.n > 0,
            "start_frame": on_air.started,
            "start_utc": utc_text(on_air.epoch + on_air.started / fps),
            "seconds": entry.frames / fps,
        }

    def _publish(self, on_air: "_OnAir", piece: Slice) -> None:
        try:
            on_air.hls.write(piece)
            self._cursor_path.parent.mkdir(parents=True, exist_ok=True)
            on_air.timeline.cursor().save(self._cursor_path)
        except OSError as error:
            self._complain(f"the disk does not take the stream's files ({error.strerror})")
        on_air.program.prefetch()

    def _read_log(self) -> Airing | None:
        try:
            return self._log.last()
        except OSError as error:
            self._complain(f"the as-run log cannot be read ({error.strerror})")
            return None

    def _write_log(self, airing: Airing) -> None:
        try:
            self._log.append(airing)
        except OSError as error:
            self._complain(f"the as-run log cannot be written ({error.strerror})")

    def _ident(self) -> Path | None:
        return Path(self.config.ident) if self.config.ident else None

    def _complain(self, message: str) -> None:
        if message != self._last_error:
            self._last_error = message
            self._tell("air.file.trouble", message, "look at the disk's room and rights; the stream goes on")

    def _tell(self, kind: str, message: str, remedy: str) -> None:
        self._events(Event(kind, message, Severity.WARNING, remedy, self.config.slug))


@dataclass(slots=True)
class _OnAir:
    """A channel from its beginning in this process on."""

    epoch: float
    program: Program
    pool: RerunPool
    timeline: Timeline
    header: StreamHeader
    hls: HlsWriter
    group: asyncio.TaskGroup | None = None
    outputs: dict[OutputConfig, RtmpOutput] = field(default_factory=dict)
    tasks: dict[OutputConfig, asyncio.Task[None]] = field(default_factory=dict)
    piece: Slice | None = None
    started: int = 0  # frame at which what is on air began


def _state(entry: Entry) -> str:
    if entry.n > 0:
        return "on_air"
    return "slate" if entry.kind is Kind.SLATE else "filler"
