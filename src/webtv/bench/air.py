"""``webtv bench air``: what a channel costs on air, beside the command that AI WebTV airs with.

Three questions: how much CPU time splicing takes as fast as it goes; how much one channel takes in real time
with all that a station has, HLS, FLV and RTMP; and what one, ten and fifty channels do to one machine. The
answers are of FFmpeg's test picture, and of the station's own clips.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from webtv.bench.footage import Footage, card_footage, station_footage
from webtv.bench.machine import describe_machine
from webtv.bench.measurement import RUNS, figure
from webtv.bench.paced import Paced, measure_paced
from webtv.bench.report import Report, Rows
from webtv.bench.scales import Scale, measure_scale
from webtv.bench.splicing import REFERENCE, Lengths, measure_splicing
from webtv.core.clock import Clock
from webtv.core.format import house_format
from webtv.testing.rtmp import RtmpServer, nginx_binary

FORMAT = "720p24@1"


LENGTHS = Lengths(reference=60, mixed=240, passthrough=960, runs=RUNS)


@dataclass(frozen=True, slots=True)
class Workload:
    """How much is measured.

    Attributes:
        clips: different clips of the test picture.
        station_clips: different clips of the studio.
        clip_seconds: length of each, even.
        lengths: media that is spliced.
        paced_seconds: length of each of the runs in real time.
        step: seconds between two looks at whether a head-end has settled.
        scales: numbers of channels, from few to many.
    """

    clips: int = 6
    station_clips: int = 3
    clip_seconds: int = 4
    lengths: Lengths = LENGTHS
    paced_seconds: float = 12.0
    step: float = 4.0
    scales: tuple[Scale, ...] = (
        Scale(1, 20.0),
        Scale(10, 30.0, push=True),
        Scale(50, 30.0, push=None),
        Scale(10, 30.0, studio=True),
    )


QUICK = Workload(
    clips=2,
    station_clips=1,
    clip_seconds=2,
    lengths=Lengths(reference=4, mixed=8, passthrough=16, runs=1),
    paced_seconds=4.0,
    step=1.0,
    scales=(Scale(1, 4.0, step=1.0), Scale(2, 4.0, step=1.0)),
)


async def measure_air(ffmpeg: Path, folder: Path, clock: Clock, workload: Workload, *, quick: bool) -> Report:
    """Measure everything.

    Args:
        ffmpeg: binary of the reference.
        folder: an empty folder for footage and output.
        clock: waits.
        workload: how much.
        quick: said in the report.

    Raises:
        ComponentError: FFmpeg failed, or there is no RTMP server.
        WebTVError: something did not air what it should; then no figure counts.
    """
    nginx_binary()  # known to be missing now rather than after minutes
    machine = describe_machine(ffmpeg)
    form = house_format(FORMAT)
    length = workload.clip_seconds
    (folder / "card").mkdir()
    card = card_footage(ffmpeg, folder / "card", form, clips=workload.clips, clip_seconds=length)
    station = await station_footage(
        folder / "station", form, clips=workload.station_clips, clip_seconds=length
    )
    figures: dict[str, Any] = {"format": form.name, "runs": workload.lengths.runs}
    tables: list[Rows] = []
    async with RtmpServer(folder / "nginx") as server:
        for suffix, title, footage in (
            ("", "the test picture", card),
            ("_station", "the station's clips", station),
        ):
            place = folder / f"out{suffix}"
            costs = measure_splicing(ffmpeg, place / "splice", footage, workload.lengths)
            paced = await measure_paced(
                ffmpeg,
                place / "paced",
                footage,
                server,
                clock,
                seconds=workload.paced_seconds,
                runs=workload.lengths.runs,
                step=workload.step,
            )
            told = compared(footage, costs, paced)
            figures |= {name + suffix: value for name, value in told.items()}
            tables.append(_comparison(title, told, workload))
        scales: list[dict[str, Any]] = []
        for number, scale in enumerate(workload.scales):
            smaller = [s for s in scales if s["channels"] < scale.channels and not s["beside_studio"]]
            scales.append(
                await measure_scale(
                    folder / f"scale{number}",
                    card,
                    scale,
                    server,
                    clock,
                    smaller=smaller[-1] if smaller else None,
                    child_share=figures["realtime_child_core_percent"],
                )
            )
    figures["scales"] = scales
    tables.append(_scaled(scales, card))
    return Report("air", machine, quick, figures, tuple(tables))


def compared(footage: Footage, costs: dict[str, float], paced: Paced) -> dict[str, Any]:
    """Figures of one kind of footage: shares of a core, and how many times cheaper ours is.

    Args:
        footage: tells its bit rate.
        costs: CPU seconds per second of media, by way.
        paced: the same in real time, in percent.
    """
    ours = paced.head_end + paced.child
    percent = {f"{way}_core_percent": figure(100 * cost) for way, cost in costs.items()}
    ways = {way: cost for way, cost in costs.items() if way != REFERENCE}
    return {
        "bit_rate": round(footage.bit_rate),
        **percent,
        **{f"channels_per_core_{way}": figure(1 / cost) for way, cost in costs.items()},
        **{f"ratio_{way}": figure(costs[REFERENCE] / cost) for way, cost in ways.items()},
        "reference_realtime_core_percent": figure(paced.reference),
        "realtime_core_percent": figure(ours),
        "realtime_child_core_percent": figure(paced.child),
        "realtime_child_pss_mb": figure(paced.child_pss),
        "ratio_realtime": figure(paced.reference / ours),
    }


def _comparison(title: str, told: dict[str, Any], workload: Workload) -> Rows:
    def row(name: str, key: str, ratio: str) -> tuple[str, ...]:
        share = told[key]
        return name, f"{share:.3g} %", f"{100 / share:.3g}", f"{told[ratio]:.3g}" if ratio else "1"

    rows = [
        row("as fast as it goes: AI WebTV's command", "reference_core_percent", ""),
        row("    video copied, beds mixed", "mixed_core_percent", "ratio_mixed"),
        row("    video and sound copied", "passthrough_core_percent", "ratio_passthrough"),
        row("in real time: AI WebTV's command to RTMP", "reference_realtime_core_percent", ""),
        row("    beds mixed, HLS, FLV and RTMP", "realtime_core_percent", "ratio_realtime"),
    ]
    note = (
        f"{FORMAT}, {told['bit_rate'] / 1e6:.1f} Mb/s; CPU time of the process tree per second of media, "
        f"median of {workload.lengths.runs}; in real time both at once, each run "
        f"{workload.paced_seconds:g} s. Of ours in real time {told['realtime_child_core_percent']:.3g} % and "
        f"{told['realtime_child_pss_mb']:.0f} MB (PSS) are of the child that pushes to RTMP."
    )
    columns = ("one channel", "of a core", "channels per core", "times cheaper")
    return Rows(f"On air, {title}", columns, rows, note)


def _scaled(scales: list[dict[str, Any]], footage: Footage) -> Rows:
    rows = []
    for scale in scales:
        name = f"{scale['channels']}" + (" beside a studio" if scale["beside_studio"] else "")
        rows.append(_scale_row(name, scale))
        if scale["pushed"]:
            pushed = scale["pushed"]
            child = f"{pushed['cpu_per_child']:.3g} %, {pushed['pss_mb_per_child']:.0f} MB"
            rows.append((*_scale_row("    with RTMP", pushed)[:-1], child))
    note = (
        f"One head-end in real time, {FORMAT}, {footage.bit_rate / 1e6:.1f} Mb/s, mixed sound, HLS and FLV. "
        "Lateness is that of a complete segment after it was due; memory is the head-end's (PSS)."
    )
    columns = ("channels", "CPU each", "worst lateness", "99 %", "memory", "of one more", "child each")
    return Rows("Many channels", columns, rows, note)


def _scale_row(name: str, scale: dict[str, Any]) -> tuple[str, ...]:
    more = scale.get("pss_mb_per_channel")
    return (
        name,
        f"{scale['cpu_per_channel']:.3g} %",
        f"{scale['worst_lateness_ms']:.0f} ms",
        f"{scale['p99_lateness_ms']:.0f} ms",
        f"{scale['pss_mb']:.0f} MB",
        "" if more is None else f"{more:.1f} MB",
        "",
    )
