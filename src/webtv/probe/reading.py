"""One subscription's measurements: fed with what came and when, asked for a report at any time.

No I/O in here. Everything is given its time, so that tests feed it by hand; safe to feed from one thread
while another asks.
"""

import threading
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from webtv.air.output import OutputKind
from webtv.core.clock import Clock
from webtv.probe.content import Pictures, Sounds
from webtv.probe.report import Report
from webtv.probe.timing import GAP, Drift, Flow, Gaps, Track

_UP = 5.0  # seconds without media after which an output is not up
_NOTES = 50
_DATE_ROUNDING = 0.0021  # dates are told in milliseconds
_LOOK = 0.05


class Medium(StrEnum):
    """A track of a stream."""

    VIDEO = "video"
    SOUND = "sound"


@dataclass(frozen=True, slots=True)
class Unit:
    """A demuxed packet.

    Attributes:
        medium: the track that it belongs to.
        dts: decoding time in ticks.
        pts: presentation time in ticks.
        base: seconds per tick.
        step: nominal seconds that it plays.
        key: whether a picture can be decoded from here.
    """

    medium: Medium
    dts: int
    pts: int
    base: float
    step: float
    key: bool = False


@dataclass(slots=True)
class _Tally:
    """What :meth:`Reading.clear` begins anew."""

    began: float
    gaps: Gaps = field(default_factory=Gaps)
    media: float = 0.0
    regressions: int = 0
    jumps: int = 0
    jumped: float = 0.0
    worst_skew: float | None = None
    date_jumps: int = 0
    black: float = 0.0
    frozen: float = 0.0
    silent: float = 0.0
    sessions: int = 0
    reconnects: int = 0
    discontinuities: int = 0
    sequence_regressions: int = 0
    missed: int = 0
    playlist_late: float = 0.0
    undecodable: int = 0
    errors: Counter[str] = field(default_factory=Counter)
    notes: deque[str] = field(default_factory=lambda: deque(maxlen=_NOTES))


class Reading:
    """Measures one output of one channel.

    Args:
        output: which kind it is.
        clock: tells :meth:`report` what time it is; nothing else in here asks it.
        looks: whether it will be given pictures and sound.
    """

    def __init__(self, output: OutputKind, clock: Clock, *, looks: bool = True) -> None:
        self._looks = looks
        self._output = output
        self._clock = clock
        self._lock = threading.Lock()
        self._tally = _Tally(clock.monotonic())
        self._tracks = {medium: Track() for medium in Medium}
        self._flows = {medium: Flow() for medium in Medium}
        self._pictures, self._sounds = Pictures(), Sounds()
        self._seen = (0.0, 0.0, 0.0)  # of black, frozen, silent, when last cleared
        self._drift = Drift()
        self._skew: float | None = None
        self._lag: float | None = None
        self._date: float | None = None
        self._media_at: float | None = None  # monotonic second of the latest media
        self._fresh = True  # no media yet in this session
        self._broken = False  # connected once, and lost since

    # What subscribers tell

    def unit(self, unit: Unit, arrival: float) -> None:
        """Take a packet that came at a monotonic second."""
        with self._lock:
            if self._fresh or self._broken:
                self._begin(arrival)
            track, tally = self._tracks[unit.medium], self._tally
            if unit.medium is Medium.VIDEO and unit.key:
                self._compare()
            off, seconds = track.add(unit.dts, unit.base, unit.step)
            if off <= -unit.step:
                tally.regressions += 1
                self._note(arrival, f"{unit.medium} went back by {-off * 1000:.1f} ms")
            elif off:
                tally.jumps += 1
                tally.jumped += off
                self._note(arrival, f"{unit.medium} left a hole of {off * 1000:.1f} ms")
            if unit.pts < unit.dts:
                tally.regressions += 1
                self._note(arrival, f"{unit.medium} is shown before it is decoded")
            self._count_late(self._flows[unit.medium].add(arrival, seconds), unit.medium, arrival)
            if unit.medium is Medium.VIDEO:
                tally.media += seconds
            self._media_at = arrival

    def picture(self, luma: NDArray[np.uint8], at: float, between: int = 0) -> None:
        """Take a decoded picture: uint8[H, W], shown at a media second; bytes since the one before."""
        with self._lock:
            self._pictures.add(luma, at, between)

    def sound(self, samples: NDArray[np.float32], rate: int) -> None:
        """Take decoded sound: float32[channels, N]."""
        with self._lock:
            self._sounds.add(samples, rate)

    def undecodable(self) -> None:
        """A decoder refused a packet."""
        with self._lock:
            self._tally.undecodable += 1

    def segment_ended(self) -> None:
        """Both tracks of a segment have come; where they end tells their skew."""
        with self._lock:
            self._compare()

    def aired(self, date: float, wall: float, at: float) -> None:
        """Media has come that says when it airs.

        Args:
            date: UTC second that it says.
            wall: UTC second at which it came.
            at: the same, monotonic.
        """
        with self._lock:
            self._lag = wall - date
            self._drift.add(at, self._lag)

    def dated(self, date: float, seconds: float, at: float) -> None:
        """A segment's date; the next one must lie ``seconds`` behind it."""
        with self._lock:
            if self._date is not None and abs(date - self._date) > _DATE_ROUNDING:
                self._tally.date_jumps += 1
                self._note(at, f"a segment's date is off by {(date - self._date) * 1000:.0f} ms")
            self._date = date + seconds

    def session(self) -> None:
        """A connection begins: timestamps may begin anew, and what follows shows how long nothing came."""
        with self._lock:
            self._fresh = True
            self._tracks = {medium: Track() for medium in Medium}
            self._pictures.forget()

    def failed(self, kind: str, at: float) -> None:
        """Something went wrong that a viewer would have met."""
        with self._lock:
            self._tally.errors[kind] += 1
            self._broken = self._broken or self._media_at is not None
            self._note(at, kind)

    def discontinuity(self, at: float, *, marked: bool) -> None:
        """What follows need not fit to what came: the stream says so, or segments were missed."""
        with self._lock:
            if marked:
                self._tally.discontinuities += 1
                self._note(at, "a discontinuity is marked")
            self._date = None
            for track in self._tracks.values():
                track.restart()
            self._pictures.forget()

    def missed(self, segments: int, at: float) -> None:
        """Segments left the playlist before they were taken."""
        with self._lock:
            self._tally.missed += segments
            self._note(at, f"{segments} segments were missed")

    def sequence_went_back(self, at: float) -> None:
        """The media sequence went back, which players do not survive."""
        with self._lock:
            self._tally.sequence_regressions += 1
            self._note(at, "the media sequence went back")

    def playlist_late(self, seconds: float) -> None:
        """A playlist is not replaced though a segment has been due for so long."""
        with self._lock:
            self._tally.playlist_late = max(self._tally.playlist_late, seconds)

    # What others ask

    def clear(self) -> None:
        """Count anew from here; the connection, its timestamps and its schedule go on."""
        with self._lock:
            self._tally = _Tally(self._clock.monotonic())
            self._seen = (self._pictures.black, self._pictures.frozen, self._sounds.silent)

    def report(self) -> Report:
        """The figures as they are now."""
        with self._lock:
            now, tally = self._clock.monotonic(), self._tally
            # A gap that is not over yet. Only what came is late, before anything came there is no schedule.
            for medium, flow in self._flows.items():
                if (late := flow.late(now)) > GAP:
                    self._count_late(late, medium, now)
            black, frozen, silent = self._seen
            return Report(
                output=self._output.value,
                up=self._media_at is not None and now - self._media_at < _UP,
                seconds=now - tally.began,
                media_seconds=tally.media,
                gap_ms=tally.gaps.latest(now) * 1000,
                longest_gap_ms=tally.gaps.longest * 1000,
                gaps=tally.gaps.count,
                gap_seconds=tally.gaps.total,
                regressions=tally.regressions,
                jumps=tally.jumps,
                jumped_seconds=tally.jumped,
                skew_ms=_milliseconds(self._skew),
                worst_skew_ms=_milliseconds(tally.worst_skew),
                lag_ms=_milliseconds(self._lag),
                drift_ms_per_day=_milliseconds(self._drift.per_day),
                date_jumps=tally.date_jumps,
                black_seconds=self._pictures.black - black if self._looks else None,
                frozen_seconds=self._pictures.frozen - frozen if self._looks else None,
                silent_seconds=self._sounds.silent - silent if self._looks else None,
                sessions=tally.sessions,
                reconnects=tally.reconnects,
                discontinuities=tally.discontinuities,
                sequence_regressions=tally.sequence_regressions,
                missed_segments=tally.missed,
                playlist_late_ms=tally.playlist_late * 1000,
                undecodable=tally.undecodable,
                errors=dict(tally.errors),
                notes=tuple(tally.notes),
            )

    async def until(self, condition: Callable[[Report], bool], within: float) -> Report:
        """Wait until a report is as wanted; returns it.

        Args:
            condition: what is waited for.
            within: seconds to wait at most.

        Raises:
            TimeoutError: it did not become so; with the last report.
        """
        end = self._clock.monotonic() + within
        while not condition(report := self.report()):
            if self._clock.monotonic() >= end:
                raise TimeoutError(f"not within {within:g} s: {report}")
            await self._clock.sleep(_LOOK)
        return report

    # Inside the lock

    def _begin(self, arrival: float) -> None:
        """The first media of a session, or after trouble: the gap since what came before is over."""
        self._tally.sessions += 1
        if self._broken:
            self._tally.reconnects += 1
        self._fresh = self._broken = False
        late = max(flow.late(arrival) for flow in self._flows.values())
        self._count_late(late, Medium.VIDEO, arrival)
        if self._output is not OutputKind.HLS:
            # A new connection begins with what the server keeps: a schedule of its own.
            self._flows = {medium: Flow() for medium in Medium}

    def _compare(self) -> None:
        video, sound = (self._tracks[medium].end for medium in (Medium.VIDEO, Medium.SOUND))
        if not video or not sound:
            return
        skew = self._skew = sound - video
        worst = self._tally.worst_skew
        if worst is None or abs(skew) > abs(worst):
            self._tally.worst_skew = skew

    def _count_late(self, late: float, medium: Medium, at: float) -> None:
        before = self._tally.gaps.count
        self._tally.gaps.add(late, at)
        if self._tally.gaps.count > before:
            self._note(at, f"{medium} was late, by {late * 1000:.0f} ms or more")

    def _note(self, at: float, text: str) -> None:
        self._tally.notes.append(f"{at - self._tally.began:.1f} s: {text}")


def _milliseconds(seconds: float | None) -> float | None:
    return None if seconds is None else seconds * 1000
