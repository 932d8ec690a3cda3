"""When media came, against when it had to: gaps, irregular timestamps, drift. Arithmetic on given times."""

import math
from collections import deque

WINDOW = 10.0  # seconds after which a shifted schedule counts as the schedule
GAP = 0.25  # seconds by which media must be late to count as a gap
_ROUNDING = 0.002  # containers that count in milliseconds are up to this far off
_MINUTE = 60.0
_PAUSE = 3.0  # seconds in time, after which another gap is another one


class Flow:
    """How late media is for a player that has no more buffer than the usual rhythm of delivery needs.

    Media comes in batches: FLV tags a few times a second, HLS segments every two. The first arrival of each
    batch, less the media seconds that came before it, is constant while delivery is regular. By how much it
    exceeds its maximum of some ten seconds ago is what such a player would have stalled. Media that is lost
    counts as late, too: what follows it comes when the lost part should have been over. A delay that stays
    becomes the schedule after :data:`WINDOW`, as a player that has stalled plays on later.
    """

    def __init__(self) -> None:
        self._position = 0.0
        self._arrival = -math.inf
        self._highest = -math.inf  # of the warm-up
        self._recent = deque[tuple[float, float]]()  # arrival, offset; younger than the window
        self._settled = deque[tuple[float, float]]()  # one to two windows old, offsets falling

    def add(self, arrival: float, seconds: float) -> float:
        """Take some media; returns the seconds by which it was late, 0 or less if it was not.

        Args:
            arrival: monotonic second at which it came.
            seconds: how long it plays.
        """
        late = 0.0
        if arrival > self._arrival:
            late = self.late(arrival)
            self._remember(arrival, arrival - self._position)
            self._arrival = arrival
        self._position += seconds
        return late

    def late(self, now: float) -> float:
        """Seconds by which the next media is late if it comes now; negative before it is due."""
        self._settle(now)
        usual = self._settled[0][1] if self._settled else self._highest
        return 0.0 if usual == -math.inf else now - self._position - usual

    def _remember(self, arrival: float, offset: float) -> None:
        self._highest = max(self._highest, offset)
        if self._recent and self._recent[-1][0] > arrival - 0.01 and self._recent[-1][1] >= offset:
            return  # the same batch, a moment later: it adds nothing
        self._recent.append((arrival, offset))

    def _settle(self, now: float) -> None:
        while self._recent and self._recent[0][0] < now - WINDOW:
            item = self._recent.popleft()
            while self._settled and self._settled[-1][1] <= item[1]:
                self._settled.pop()
            self._settled.append(item)
        while len(self._settled) > 1 and self._settled[0][0] < now - 2 * WINDOW:
            self._settled.popleft()


class Gaps:
    """Sums lateness up: the longest, the latest, how many, how much."""

    def __init__(self) -> None:
        self.longest = 0.0  # seconds
        self.total = 0.0  # seconds that a player without a buffer would have stalled in all
        self.count = 0  # gaps of more than GAP
        self._episode = 0.0  # longest of the lateness that goes on
        self._late_at = -math.inf
        self._minute = -math.inf
        self._now = self._before = 0.0  # longest in this minute and in the one before

    def add(self, late: float, at: float) -> None:
        """Take the lateness of an arrival at a monotonic second, in seconds."""
        if late <= 0:
            return
        self.longest = max(self.longest, late)
        self._roll(at)
        self._now = max(self._now, late)
        if late <= GAP:
            return
        if at - self._late_at > _PAUSE:
            self._episode = 0.0
            self.count += 1
        self._late_at = at
        # Both tracks, and what comes behind, are late by the same gap: it counts once, in its full length.
        self.total += max(0.0, late - self._episode)
        self._episode = max(self._episode, late)

    def latest(self, at: float) -> float:
        """The longest of the latest one to two minutes, in seconds."""
        self._roll(at)
        return max(self._now, self._before)

    def _roll(self, at: float) -> None:
        passed = at - self._minute
        if passed >= _MINUTE:
            self._before = self._now if passed < 2 * _MINUTE else 0.0
            self._now = 0.0
            self._minute = at


class Track:
    """Timestamps of one track: each must lie one step behind the one before."""

    def __init__(self) -> None:
        self._last: int | None = None
        self._base = 0.0
        self._step = 0.0
        self.end = 0.0  # media second at which what came so far ends

    def add(self, dts: int, base: float, step: float) -> tuple[float, float]:
        """Take a packet's decoding time.

        Args:
            dts: ticks.
            base: seconds per tick.
            step: nominal seconds that a packet plays.

        Returns:
            By how many seconds it lies off its place (0: regular within rounding; negative by a step or more:
            it goes back or stands still), and the seconds of media that it adds.
        """
        last, self._last = self._last, dts
        if base != self._base:
            last, self._base = None, base
        self.end = dts * base + step
        if last is None:
            return 0.0, step
        moved = (dts - last) * base
        if dts <= last or moved > 1.5 * step + _ROUNDING:
            return moved - step, step
        return 0.0, moved

    def restart(self) -> None:
        """What comes next need not follow what came before."""
        self._last = None


class Drift:
    """How fast a lag grows: the slope through each minute's smallest lag, which no busy moment disturbs."""

    def __init__(self) -> None:
        self._start: float | None = None
        self._minute = 0
        self._smallest = math.inf
        self._count = 0
        self._t = self._lag = self._tt = self._tl = 0.0  # running means and sums of deviations

    def add(self, at: float, lag: float) -> None:
        """Take a lag in seconds, seen at a monotonic second."""
        if self._start is None:
            self._start = at
        minute = int((at - self._start) // _MINUTE)
        if minute != self._minute:
            self._take(float(self._minute), self._smallest)
            self._minute, self._smallest = minute, math.inf
        self._smallest = min(self._smallest, lag)

    @property
    def per_day(self) -> float | None:
        """Seconds per day, or None before ten minutes have been seen."""
        if self._count < 10 or self._tt == 0:
            return None
        return self._tl / self._tt * 1440.0

    def _take(self, t: float, lag: float) -> None:
        if lag == math.inf:
            return
        self._count += 1
        dt, dl = t - self._t, lag - self._lag
        self._t += dt / self._count
        self._lag += dl / self._count
        self._tt += dt * (t - self._t)
        self._tl += dt * (lag - self._lag)
