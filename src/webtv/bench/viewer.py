"""``webtv bench viewer``: how long a viewer at home waits for the first picture.

A real head-end airs clips of the station's own studio, the real web process serves them, and Chromium with an
empty cache opens the watch page over a slow line that the browser itself imitates.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from webtv.bench.broadcast import OnAir, on_air
from webtv.bench.browser import Browser, open_browser
from webtv.bench.machine import Machine, describe_machine
from webtv.bench.measurement import figure, median, percentile
from webtv.bench.report import Report, Rows
from webtv.core.clock import Clock
from webtv.core.errors import ComponentError, InternalError
from webtv.core.format import house_format
from webtv.core.process import Process, python_command

FORMAT = "720p24@1"
BITS_PER_SECOND = 1_600_000
ROUND_TRIP_MS = 150
_PROMPTS = (
    "A small harbour at dawn, fishing boats and gulls over a calm bay",
    "A meadow in summer with flowers, birds and slow clouds",
    "A city at night in the rain, lit windows and passing trains",
)
_PATIENCE = 30.0
# The browser tells when each picture is seen; the first one counts, on the clock that begins with the visit.
_WATCH = """
const watch = () => {
  const video = document.querySelector("video");
  if (!video) { requestAnimationFrame(watch); return; }
  video.requestVideoFrameCallback((now, seen) => { globalThis.firstFrame = seen.expectedDisplayTime; });
};
watch();
"""


@dataclass(frozen=True, slots=True)
class Workload:
    """How much is watched.

    Attributes:
        visits: first visits with an empty cache.
        clips: different clips on air.
        clip_seconds: length of each.
    """

    visits: int = 30
    clips: int = 3
    clip_seconds: int = 4


QUICK = Workload(visits=1, clips=1, clip_seconds=2)


async def measure_viewer(
    ffmpeg: Path, folder: Path, clock: Clock, workload: Workload, *, quick: bool
) -> Report:
    """Open the watch page again and again.

    Args:
        ffmpeg: only named in the report.
        folder: an empty folder.
        clock: waits between looks.
        workload: how much.
        quick: said in the report.

    Raises:
        ComponentError: there is no browser, or the studio made no clip.
        TransientError: the station does not come on air.
        InternalError: no picture came.
    """
    machine = describe_machine(ffmpeg)
    made = [await _make(folder / f"clip{n}.mp4", n, workload.clip_seconds) for n in range(workload.clips)]
    profile = folder / "profile"
    async with (
        on_air(folder, house_format(FORMAT), made, clock, rounds=2000, channels=3) as station,
        open_browser(profile) as browser,
    ):
        await first_frame(browser, station, clock)  # what the server compiles once is no viewer's wait
        seconds = [await first_frame(browser, station, clock) for _ in range(workload.visits)]
    rate = sum(8 * clip.stat().st_size for clip in made) / (workload.clip_seconds * len(made))
    return _report(seconds, rate, machine, quick)


async def first_frame(browser: Browser, station: OnAir, clock: Clock) -> float:
    """Seconds from the beginning of a first visit to the first picture of the stream on screen.

    Raises:
        InternalError: no picture came.
    """
    network = {
        "latency": ROUND_TRIP_MS,
        "downloadThroughput": BITS_PER_SECOND / 8,
        "uploadThroughput": BITS_PER_SECOND / 8,
    }
    async with browser.page(network, _WATCH) as tab:
        await tab.go(f"{station.url}/c/{station.slug}")
        try:
            async with asyncio.timeout(_PATIENCE):
                while (seen := await tab.ask("globalThis.firstFrame ?? null")) is None:
                    await clock.sleep(0.1)
        except TimeoutError:
            raise InternalError(f"no picture after {_PATIENCE:g} s", place=f"/c/{station.slug}") from None
        return float(seen) / 1000


async def _make(path: Path, number: int, seconds: int) -> Path:
    argv = python_command("make", _PROMPTS[number % len(_PROMPTS)], "-o", str(path))
    more = ["--seconds", str(seconds), "--seed", str(number)]
    async with Process([*argv, *more], name="webtv make") as child:
        if await child.wait():
            raise ComponentError(f"the studio made no clip: {' | '.join(child.tail)}")
    return path


def _report(seconds: Sequence[float], rate: float, machine: Machine, quick: bool) -> Report:
    shown = {
        "p50": figure(median(seconds)),
        "p95": figure(percentile(seconds, 0.95)),
        "worst": figure(max(seconds)),
    }
    figures = {
        "visits": len(seconds),
        "format": FORMAT,
        "bit_rate": round(rate),
        **{f"first_frame_{name}_s": value for name, value in shown.items()},
    }
    rows = [("first picture", *(f"{value:.2f}" for value in shown.values()))]
    note = (
        f"{FORMAT} at {rate / 1e6:.1f} Mb/s, {len(seconds)} visits with an empty cache over a line of "
        f"{BITS_PER_SECOND / 1e6:g} Mb/s and {ROUND_TRIP_MS} ms, imitated by Chromium, which leaves out the "
        "handshakes of TCP; from the beginning of the visit until the picture is seen."
    )
    columns = ("watch page", "p50 s", "p95 s", "worst s")
    return Report("viewer", machine, quick, figures, (Rows("Viewer", columns, rows, note),))
