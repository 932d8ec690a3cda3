"""One channel on air: its timeline paced by absolute deadlines, its outputs fed."""

import asyncio
import random
from collections import deque
from pathlib import Path
from typing import Any

from webtv.air.blocked import BlockList
from webtv.air.config import ChannelConfig, OutputConfig
from webtv.air.cursor import load_cursor
from webtv.air.hls import HlsWriter
from webtv.air.program import Program, Slate
from webtv.air.reruns import load_pool
from webtv.air.rtmp import RtmpOutput
from webtv.air.slice import Slice, StreamHeader
from webtv.air.timeline import Timeline
from webtv.clips.clip import Kind
from webtv.core.clock import Clock
from webtv.core.events import Event, EventSink, Severity
from webtv.core.format import GOP_SECONDS, house_format
from webtv.playlist.asrun import Airing, AsRunLog, utc_text
from webtv.playlist.ffconcat import PlaylistReader

LEAD = 0.5  # seconds before its deadline at which a slice is made: late edits still count, slow disks do not
CATCH_UP = 12.0  # seconds that are made up by a burst; what was lost beyond that is lost
_BURST = 3  # segments that a new stream begins with, so that players need not wait for them


class ChannelOnAir:
    """Airs one channel until cancelled.

    Args:
        config: what the control plane said.
        data: the station's data folder.
        avcc: decoder configuration record of the channel's format.
        slate: makes the slate's GOPs.
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
        self._clock = clock
        self._noise = noise
        self._events = events
        self._form = form = house_format(config.format)
        self._cursor_path = data / "cursors" / f"{config.slug}.json"
        self._cursor_path.parent.mkdir(parents=True, exist_ok=True)
        self._log = AsRunLog(data / "asrun" / config.slug)
        playlist = data / "playlists" / f"{config.slug}.ffconcat"
        archive = playlist.parent / "archive" / config.slug
        cursor = load_cursor(self._cursor_path)
        if cursor and cursor.format != config.format:
            cursor = None
        epoch, frame, lost = self._begin(cursor.epoch if cursor else None, cursor.frame if cursor else 0)
        self._epoch = epoch
        self._program = Program(
            config.slug,
            form,
            avcc,
            reader=PlaylistReader(playlist, self._complain),
            folder=playlist.parent,
            pool=load_pool(noise, self._log, playlist, archive),
            blocked=BlockList(data / "blocked"),
            slate=slate,
            ident=self._ident,
            events=events,
            after=cursor.n if cursor else 0,
        )
        self._timeline = Timeline(
            form, self._program, epoch=epoch, frame=frame, cursor=cursor, log=self._write_log
        )
        self._header = StreamHeader(form, avcc, self._timeline.asc)
        self._hls = HlsWriter(data / "hls" / config.slug, self._header, epoch, hls_window)
        self._outputs: dict[OutputConfig, RtmpOutput] = {}
        self._tasks: dict[OutputConfig, asyncio.Task[None]] = {}
        self._piece: Slice | None = None
        self._started = 0  # frame at which what is on air began
        self._last_error = ""
        self.late = deque[float](maxlen=300)
        self.lost_seconds = lost

    def _begin(self, epoch: float | None, frame: int) -> tuple[float, int, float]:
        """Where the timeline goes on: epoch, first frame, seconds lost since the last process."""
        now, gop = self._clock.time(), self._form.gop
        if epoch is None:
            # Milliseconds are all that playlists and logs can say.
            return round(now - _BURST * GOP_SECONDS, 3), 0, 0.0
        behind = now - (epoch + frame / self._form.fps)
        if behind <= CATCH_UP:
            # Also when the wall clock was set back: the count goes on and never repeats.
            return (epoch, frame, 0.0) if behind > -CATCH_UP else (round(epoch + behind, 3), frame, 0.0)
        lost = int((behind - _BURST * GOP_SECONDS) // GOP_SECONDS)
        return epoch, frame + lost * gop, float(lost * GOP_SECONDS)

    async def run(self) -> None:
        """Make, wait, hand out; for ever."""
        fps = self._form.fps
        first = self._timeline.frame
        behind = self._clock.time() - (self._epoch + first / fps)
        zero = self._clock.monotonic() - behind  # monotonic second at which ``first`` is due
        async with asyncio.TaskGroup() as group:
            self._group = group
            self.apply(self.config)
            while True:
                frame = self._timeline.frame
                due = zero + (frame - first) / fps
                await self._clock.sleep(due - LEAD - self._clock.monotonic())
                piece = await asyncio.to_thread(self._timeline.advance)
                await self._clock.sleep(due - self._clock.monotonic())
                late = self._clock.monotonic() - due
                if late > CATCH_UP:
                    # The machine slept or stood still: go on at the right time, not through what is past.
                    lost = int(late // GOP_SECONDS)
                    self._timeline.skip(lost * self._form.gop)
                    self.lost_seconds += lost * GOP_SECONDS
                    self._tell("air.time.lost", f"{late:.0f} s were lost, the machine stood still")
                    continue
                self.late.append(max(0.0, late))
                if piece.joins or self._piece is None:
                    self._started = piece.frame if piece.joins else self._timeline.start
                self._piece = piece
                for output in self._outputs.values():
                    output.offer(piece, due)
                await asyncio.to_thread(self._publish, piece)

    def apply(self, config: ChannelConfig) -> None:
        """Follow a changed configuration: outputs, name, ident. The format stays."""
        self.config = config
        for gone in self._outputs.keys() - set(config.outputs):
            self._tasks.pop(gone).cancel()
            del self._outputs[gone]
        for target in config.outputs:
            if target not in self._outputs:
                output = RtmpOutput(
                    target.name,
                    target.url,
                    slug=config.slug,
                    header=self._header,
                    epoch=self._epoch,
                    clock=self._clock,
                    noise=self._noise,
                    events=self._events,
                )
                self._outputs[target] = output
                self._tasks[target] = self._group.create_task(output.run())

    def status(self) -> dict[str, Any]:
        """What the control socket tells about the channel."""
        piece, fps = self._piece, self._form.fps
        now: dict[str, Any] | None = None
        state = "off"
        if piece is not None:
            entry, start = piece.entry, self._started
            now = {
                **entry.to_json(),
                "listed": entry.n > 0,
                "start_frame": start,
                "start_utc": utc_text(self._epoch + start / fps),
                "seconds": entry.frames / fps,
            }
            filler = "slate" if entry.kind is Kind.SLATE else "filler"
            state = "on_air" if entry.n > 0 else filler
        return {
            "slug": self.config.slug,
            "state": state,
            "epoch": self._epoch,
            "frame": piece.frame if piece else None,
            "now": now,
            "upcoming": [entry.n for entry in self._program.upcoming],
            "locked": self._program.locked,
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
                for output in self._outputs.values()
            ],
        }

    def _publish(self, piece: Slice) -> None:
        try:
            self._hls.write(piece)
            self._timeline.cursor().save(self._cursor_path)
        except OSError as error:
            self._complain(f"the disk does not take the stream's files ({error.strerror})")

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
            self._tell("air.file.trouble", message)

    def _tell(self, kind: str, message: str) -> None:
        self._events(
            Event(
                kind,
                message,
                Severity.WARNING,
                "see docs/operate.md for what each message means",
                self.config.slug,
            )
        )
