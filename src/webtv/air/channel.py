"""One channel on air: its timeline paced by absolute deadlines, its outputs fed."""

import asyncio
import random
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from webtv.air.blocked import BlockList
from webtv.air.clerk import Clerk
from webtv.air.config import ChannelConfig, OutputConfig, RecordingConfig
from webtv.air.cursor import Cursor, load_cursor
from webtv.air.hls import HlsOutput
from webtv.air.live import FlvOutput
from webtv.air.output import Output
from webtv.air.passthrough import SILENT_FRAME
from webtv.air.program import Program, Slate
from webtv.air.recording import RecordingOutput
from webtv.air.reruns import RerunPool
from webtv.air.rtmp import RtmpOutput
from webtv.air.slice import Slice, StreamHeader
from webtv.air.sounds import SOUNDS
from webtv.air.timeline import Timeline
from webtv.clips.clip import Kind
from webtv.core.clock import Clock
from webtv.core.errors import TransientError
from webtv.core.events import Event, EventSink, Severity
from webtv.core.format import GOP_SECONDS, house_format
from webtv.playlist.asrun import Airing, AsRunLog, utc_text
from webtv.playlist.entry import Entry
from webtv.playlist.ffconcat import PlaylistReader

LEAD = 1.0  # seconds before its deadline at which a slice is made: many channels share a few cores
CATCH_UP = 12.0  # seconds that are made up by a burst; what was lost beyond that is lost
_AHEAD = GOP_SECONDS + 1.0  # seconds that a restarted process may have to wait for its first deadline
_BURST = 3  # segments that a new stream begins with, so that players need not wait for them
_LATEST = 30  # slices, one minute, of which the status tells the worst lateness
_LOOK_BACK = 1 << 20  # bytes of the as-run log: some hours
_STRAY = 5.0  # seconds that wall clock and timeline may differ before it is told

_Target = OutputConfig | RecordingConfig


class ChannelOnAir:
    """Airs one channel until cancelled.

    Everything that must outlive it is in files: running it again goes on like a new process does. The task
    that paces touches no file: reading ahead, books and outputs have tasks and threads of their own, so a
    disk or a server that hangs costs what it carries, and never the signal.

    Args:
        config: what the control plane said.
        data: the station's data folder.
        avcc: decoder configuration record of the channel's format.
        slate: makes the slate's GOPs; may block.
        hls_window: seconds that viewers can seek back to.
        clock: paces.
        noise: reruns and backoff.
        events: takes what happens.
        blocked: what must not air; somebody refreshes it and calls :meth:`withdraw`.
        phase: seconds by which this channel's GOPs begin earlier than those of others, so that the work of
            many channels spreads over the GOP's two seconds; counts for a channel that begins anew.
        threads: where slices are made; None is the loop's own.
        slate_ready: whether calling the slate does not block.
        prepare_slate: makes the slate while something else airs; the slate itself by default.
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
        blocked: BlockList | None = None,
        phase: float = 0.0,
        threads: Executor | None = None,
        slate_ready: Callable[[], bool] = lambda: True,
        prepare_slate: Callable[[], object] | None = None,
    ) -> None:
        self.config = config
        self._data = data
        self._avcc = avcc
        self._slate = slate
        self._hls_window = hls_window
        self._clock = clock
        self._noise = noise
        self._events = events
        self._blocked = blocked or BlockList(data / "blocked")
        self._phase = phase
        self._threads = threads
        self._slate_ready = slate_ready
        self._prepare_slate = prepare_slate or slate
        self._form = house_format(config.format)
        self._shape = config.format, config.audio
        self._playlist = data / "playlists" / f"{config.slug}.ffconcat"
        self._cursor_path = data / "cursors" / f"{config.slug}.json"
        self._log = AsRunLog(data / "asrun" / config.slug)
        self._on_air: _OnAir | None = None
        self._last_error = ""
        self._strays = False
        self.late = deque[float](maxlen=_LATEST)
        self.lost_seconds = 0.0

    async def run(self) -> None:
        """Make, wait, hand out; for ever."""
        on_air = await asyncio.to_thread(self._begin)
        begun = self._clock.monotonic()
        frame = on_air.timeline.frame
        behind = self._clock.time() - (on_air.epoch + frame / self._form.fps)
        on_air.zero = begun - behind - frame / self._form.fps
        try:
            async with asyncio.TaskGroup() as group:
                on_air.group, self._on_air = group, on_air
                for output in (on_air.hls, on_air.flv):
                    self._open(on_air, output)
                self.apply(self.config, self._hls_window)
                group.create_task(on_air.clerk.run())
                group.create_task(self._make_ready(on_air.pool))
                group.create_task(self._read_ahead(on_air))
                while True:
                    await self._step(on_air, begun)
        finally:
            self._on_air = None

    async def _step(self, on_air: "_OnAir", begun: float) -> None:
        """One slice: made a little before its deadline, handed out when it is due."""
        timeline, clock = on_air.timeline, self._clock
        due = on_air.zero + timeline.frame / self._form.fps
        await clock.sleep(due - LEAD - clock.monotonic())
        if (late := clock.monotonic() - due) > CATCH_UP:
            # The machine stood still: go on at the right time, not through what is past.
            lost = int(late // GOP_SECONDS)
            self._lose(lost)
            timeline.skip(lost * self._form.gop)
            return
        piece = await self._make(timeline.advance)
        await clock.sleep(due - clock.monotonic())
        if on_air.program.is_blocked(piece.entry):  # since it was made
            piece = await self._make(lambda: timeline.recut(piece))
        if due >= begun:  # what comes before is the burst that a stream begins with
            self.late.append(max(0.0, clock.monotonic() - due))
        if piece.joins or on_air.piece is None:
            on_air.started = timeline.start
        on_air.piece = piece
        for output in on_air.outputs:
            output.offer(piece, due)
        on_air.clerk.stand(timeline.cursor())
        on_air.wanted.set()
        self._mind_clock(on_air)

    async def _make(self, make: Callable[[], Slice]) -> Slice:
        # While the slate is being made, a channel that needs it waits; the few mixers are not to wait along.
        threads = self._threads if self._slate_ready() else None
        return await asyncio.get_running_loop().run_in_executor(threads, make)

    async def _read_ahead(self, on_air: "_OnAir") -> None:
        """Keep what airs next in memory."""
        while True:
            on_air.wanted.clear()
            on_air.reading = True
            try:
                await asyncio.to_thread(on_air.program.prefetch)
            except Exception as error:  # whatever it is, what is in memory airs on
                self._complain(f"cannot read ahead ({getattr(error, 'strerror', None) or error})")
            on_air.reading = False
            await on_air.wanted.wait()

    def withdraw(self) -> None:
        """The list of what must not air has changed: cut, forget and purge. Returns at once."""
        if self._on_air is not None:
            self._on_air.program.withdraw()
            for output in self._on_air.outputs:
                output.withdraw(self._blocked.ids)
            self._on_air.wanted.set()

    @property
    def idle(self) -> bool:
        """Whether live folder, books and reading ahead have caught up with the air."""
        on_air = self._on_air
        return on_air is None or (
            on_air.hls.idle and on_air.clerk.idle and not (on_air.reading or on_air.wanted.is_set())
        )

    @property
    def shape(self) -> tuple[str, str]:
        """Format and sound that this channel began with; another one needs another channel."""
        return self._shape

    @property
    def flv(self) -> FlvOutput | None:
        """Where readers of the live stream subscribe; None while the channel is not on air."""
        return self._on_air.flv if self._on_air else None

    def _begin(self) -> "_OnAir":
        """Find out what there is to air, then where the timeline goes on. Blocks."""
        cursor = load_cursor(self._cursor_path)
        if cursor and cursor.format != self.config.format:
            cursor = None
        logged = self._read_log()
        # Without a cursor the log knows best what has been on air.
        after = cursor.n if cursor else 0
        if logged is not None and logged.n and (cursor is None or logged.start_frame >= cursor.entry_start):
            after = max(after, logged.n)  # on a full disk the log may have gone on where the cursor could not
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
            blocked=self._blocked,
            slate=self._slate,
            ident=self._ident,
            events=self._events,
            after=after,
            passthrough=self.config.audio == "passthrough",
            has_aired=self._has_aired,
        )
        rerun = cursor.entry.seq if cursor and cursor.entry and not cursor.listed else ""
        if not program.prepare() or (rerun and not pool.sequence(rerun)):
            self._deepen(pool)
            if not program.prepare():
                self._slate()  # before the clock starts: what it takes is not lost on air
        epoch, frame = self._place(cursor)
        clerk = Clerk(self._log, self._cursor_path, slug=self.config.slug, events=self._events)
        timeline = Timeline(
            self._form,
            program,
            epoch=epoch,
            frame=frame,
            cursor=cursor,
            log=clerk.note,
            logged=logged,
            sound=SOUNDS[self.config.audio],
        )
        header = StreamHeader(self._form, self._avcc, timeline.asc)
        hls = HlsOutput(
            self._data / "hls" / self.config.slug,
            header,
            epoch,
            self._hls_window,
            slug=self.config.slug,
            slate=self._slate,
            silence=SILENT_FRAME,
            clock=self._clock,
            events=self._events,
        )
        flv = FlvOutput(header, epoch, clock=self._clock, slug=self.config.slug, events=self._events)
        return _OnAir(epoch, program, pool, timeline, header, clerk, hls, flv)

    def _place(self, cursor: Cursor | None) -> tuple[float, int]:
        """Where the timeline goes on: epoch and first frame."""
        now, gop = self._clock.time(), self._form.gop
        if cursor is None:
            # Milliseconds are all that playlists and logs can say.
            return round(now - _BURST * GOP_SECONDS - self._phase, 3), 0
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

    async def _make_ready(self, pool: RerunPool) -> None:
        """What is wanted sooner or later, made while there is something else to air."""
        for make in (self._prepare_slate, lambda: self._deepen(pool)):
            try:
                await asyncio.to_thread(make)
            except TransientError:
                return  # the head-end is going off air
            except Exception as error:  # whatever it is, it is not wanted yet
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
        """Follow a changed configuration: outputs, name, ident, window. Format and sound stay."""
        self.config, self._hls_window = config, hls_window
        if (on_air := self._on_air) is None or on_air.group is None:
            return  # it begins with this configuration
        on_air.hls.keep(hls_window)
        wanted: list[_Target] = [*config.outputs]
        if config.recording is not None:
            wanted.append(config.recording)
        ending: list[asyncio.Task[None]] = []
        for gone in on_air.told.keys() - set(wanted):
            task = on_air.told.pop(gone)[1]
            task.cancel()
            ending.append(task)
        for target in wanted:
            if target not in on_air.told:
                output = self._output(on_air, target)
                on_air.told[target] = output, self._open(on_air, output, ending)

    def _open(
        self, on_air: "_OnAir", output: Output, after: Sequence[asyncio.Task[None]] = ()
    ) -> asyncio.Task[None]:
        """Let an output begin; what it keeps from earlier days may show what has been blocked since."""
        assert on_air.group is not None
        if self._blocked.ids:
            output.withdraw(self._blocked.ids)

        async def run() -> None:
            if after:  # the same file or address with other settings: never two at once
                await asyncio.wait(after)
            await output.run()

        return on_air.group.create_task(run())

    def _output(self, on_air: "_OnAir", target: _Target) -> Output:
        if isinstance(target, RecordingConfig):
            return RecordingOutput(
                self._data / "recordings" / self.config.slug,
                on_air.header,
                on_air.epoch,
                target,
                slug=self.config.slug,
                clock=self._clock,
                events=self._events,
                slate=self._slate,
                silence=SILENT_FRAME,
            )
        return RtmpOutput(
            target.name,
            target.url,
            slug=self.config.slug,
            header=on_air.header,
            epoch=on_air.epoch,
            clock=self._clock,
            noise=self._noise,
            events=self._events,
            rotate=target.rotate,
            overlap=target.overlap,
            ca_file=target.ca_file,
        )

    def status(self) -> dict[str, Any]:
        """What the control socket tells about the channel."""
        on_air = self._on_air
        return {
            "slug": self.config.slug,
            "state": _state(on_air.piece.entry) if on_air and on_air.piece else "off",
            "epoch": on_air.epoch if on_air else None,
            "frame": on_air.piece.frame if on_air and on_air.piece else None,
            "now": self._now(on_air),
            "aired": [asdict(airing) for airing in on_air.clerk.latest] if on_air else [],
            "upcoming": [entry.n for entry in on_air.program.upcoming] if on_air else [],
            "locked": on_air.program.locked if on_air else 0,
            "late_ms": round(max(self.late, default=0.0) * 1000, 1),
            "lost_seconds": self.lost_seconds,
            "last_error": (on_air.clerk.trouble if on_air else "") or self._last_error,
            "stray_seconds": round(self._stray(on_air), 3) if on_air else 0.0,
            "outputs": [output.status.to_json() for output in on_air.outputs] if on_air else [],
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

    def _stray(self, on_air: "_OnAir") -> float:
        """Seconds by which the wall clock has left the timeline since the channel began."""
        return self._clock.time() - on_air.epoch - (self._clock.monotonic() - on_air.zero)

    def _mind_clock(self, on_air: "_OnAir") -> None:
        """A wall clock that jumps changes nothing on air, where time is counted; it is told, once."""
        strays = abs(stray := self._stray(on_air)) > _STRAY
        if strays and not self._strays:
            self._tell(
                "air.clock.jumped",
                f"The wall clock jumped by {stray:+.0f} s; the stream goes on as it is counted",
                "let the machine keep its clock by NTP; the times that pages show are right again after the "
                "head-end's next start",
            )
        self._strays = strays

    def _has_aired(self, entry: Entry) -> bool:
        try:
            return any((a.n, a.clip) == (entry.n, entry.clip) for a in self._log.tail(_LOOK_BACK))
        except OSError:
            return True  # nobody knows; what is in memory and reruns are the smaller evil

    def _read_log(self) -> Airing | None:
        try:
            return self._log.last()
        except OSError as error:
            self._complain(f"the as-run log cannot be read ({error.strerror})")
            return None

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
    clerk: Clerk
    hls: HlsOutput
    flv: FlvOutput
    zero: float = 0.0  # monotonic second of frame 0
    group: asyncio.TaskGroup | None = None
    told: dict[_Target, tuple[Output, asyncio.Task[None]]] = field(default_factory=dict)
    wanted: asyncio.Event = field(default_factory=asyncio.Event)  # something may have to be read ahead
    reading: bool = False
    piece: Slice | None = None
    started: int = 0  # frame at which what is on air began

    @property
    def outputs(self) -> list[Output]:
        """All of them."""
        return [self.hls, self.flv, *(output for output, _ in self.told.values())]


def _state(entry: Entry) -> str:
    if entry.n > 0:
        return "on_air"
    return "slate" if entry.kind is Kind.SLATE else "filler"
