"""``webtv bench air``: what it costs to splice a channel, beside the command that AI WebTV airs with.

Both read the same pictures from the same files, mix in the same beds and write FLV to a file as fast as
they can. What counts is CPU time per second of media, children included.
"""

import random
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import av

from webtv.air.blocked import BlockList
from webtv.air.clipsource import Gop
from webtv.air.flv import opening, tags
from webtv.air.program import Program
from webtv.air.reruns import RerunPool
from webtv.air.slice import StreamHeader
from webtv.air.timeline import Timeline
from webtv.bench.footage import Footage, make_footage, write_playlist
from webtv.bench.machine import describe_machine
from webtv.bench.measurement import RUNS, Meter, figure, median
from webtv.bench.report import Report, Rows
from webtv.clips.encoder import committed_avcc
from webtv.core.errors import ComponentError, InternalError
from webtv.core.events import Event, Severity
from webtv.core.format import GOP_SECONDS, house_format
from webtv.playlist.ffconcat import PlaylistReader

FORMAT = "720p24@1"


@dataclass(frozen=True, slots=True)
class Workload:
    """How much is measured.

    Attributes:
        clips: different clips.
        clip_seconds: length of each, even.
        reference_seconds: media that the reference encodes in each run.
        seconds: media that we splice in each run; more, because it is cheaper.
        runs: the median of so many counts.
    """

    clips: int = 6
    clip_seconds: int = 4
    reference_seconds: int = 96
    seconds: int = 480
    runs: int = RUNS


QUICK = Workload(clips=2, clip_seconds=2, reference_seconds=4, seconds=8, runs=1)


def measure_air(ffmpeg: Path, folder: Path, workload: Workload, *, quick: bool) -> Report:
    """Measure both ways of airing.

    Args:
        ffmpeg: binary of the reference.
        folder: an empty folder for footage and output.
        workload: how much.
        quick: said in the report.

    Raises:
        ComponentError: FFmpeg failed.
        InternalError: what was written is not what it should be; then no figure counts.
    """
    machine = describe_machine(ffmpeg)
    form = house_format(FORMAT)
    footage = make_footage(ffmpeg, folder, form, clips=workload.clips, clip_seconds=workload.clip_seconds)
    argv = reference_command(ffmpeg, folder, footage, workload.reference_seconds)
    playlist = folder / "bench.ffconcat"
    write_playlist(footage, playlist, workload.seconds // workload.clip_seconds)

    def encode() -> None:
        done = subprocess.run(argv, cwd=folder, capture_output=True, text=True)
        if done.returncode:
            raise ComponentError(
                f"the reference failed: {done.stderr[-200:].strip()}", remedy="unset WEBTV_FFMPEG"
            )

    def mix() -> None:
        splice(playlist, footage, workload.seconds, folder / "ours.flv")

    reference: list[float] = []
    mixed: list[float] = []
    for _ in range(workload.runs):
        reference.append(_cpu(encode) / workload.reference_seconds)
        mixed.append(_cpu(mix) / workload.seconds)
    _prove(folder / "reference.flv", workload.reference_seconds * form.fps)
    _prove(folder / "ours.flv", workload.seconds * form.fps)
    cost, ours = median(reference), median(mixed)
    figures = {
        "format": form.name,
        "bit_rate": round(footage.bit_rate),
        "runs": workload.runs,
        "reference_core_percent": figure(100 * cost),
        "mixed_core_percent": figure(100 * ours),
        "channels_per_core_reference": figure(1 / cost),
        "channels_per_core_mixed": figure(1 / ours),
        "ratio_mixed": figure(cost / ours),
    }
    rows = [
        ("AI WebTV's command (x264 + AAC)", f"{100 * cost:.1f} %", f"{1 / cost:.1f}", "1"),
        ("video copied, beds mixed (ours)", f"{100 * ours:.2f} %", f"{1 / ours:.0f}", f"{cost / ours:.1f}"),
    ]
    note = (
        f"{form.name}, {footage.bit_rate / 1e6:.1f} Mb/s, unpaced, FLV to a file; CPU time of the process "
        f"tree per second of media, median of {workload.runs}."
    )
    columns = ("splice one channel", "of a core", "channels per core", "times cheaper")
    return Report("air", machine, quick, figures, (Rows("On air", columns, rows, note),))


def reference_command(ffmpeg: Path, folder: Path, footage: Footage, seconds: int) -> list[str]:
    """AI WebTV's command as it was, without ``-re`` and to a file; writes the two lists that it reads.

    Its clips had no sound of their own, so ours are copied without it: the pictures are the same bytes.
    """
    silent = []
    for clip in footage.clips:
        path = folder / f"silent-{clip.name}"
        copy = ["-v", "error", "-nostdin", "-y", "-i", str(clip), "-c", "copy", "-an", str(path)]
        if subprocess.run([str(ffmpeg), *copy]).returncode:
            raise ComponentError("FFmpeg could not copy a clip", remedy="unset WEBTV_FFMPEG")
        silent.append(path.name)
    entries = [silent[n % len(silent)] for n in range(seconds // footage.clip_seconds)]
    head = "ffconcat version 1.0\n"
    (folder / "channel_random.txt").write_text(head + "".join(f"file '{name}'\n" for name in entries))
    beds = "".join(f"file '{bed.name}'\n" for bed in footage.beds)
    (folder / "channel_1_audio.txt").write_text(head + beds)
    video = ["-f", "concat", "-safe", "0", "-i", "channel_random.txt"]
    sound = ["-stream_loop", "-1", "-safe", "0", "-i", "channel_1_audio.txt", "-loglevel", "error"]
    codecs = ["-c:v", "libx264", "-preset", "veryfast", "-tune", "zerolatency", "-c:a", "aac", "-ar", "44100"]
    return [str(ffmpeg), "-y", "-nostdin", *video, *sound, *codecs, "-shortest", "-f", "flv", "reference.flv"]


def splice(playlist: Path, footage: Footage, seconds: int, target: Path) -> None:
    """Air a playlist as the head-end does, without its pacing, into an FLV file.

    Raises:
        InternalError: something else than the playlist was aired.
    """
    form = footage.form
    avcc = committed_avcc()[form.name]
    program = Program(
        "bench",
        form,
        avcc,
        reader=PlaylistReader(playlist),
        folder=playlist.parent,
        pool=RerunPool(random.Random(0)),
        blocked=BlockList(playlist.parent / "blocked"),
        slate=_no_slate,
        ident=lambda: None,
        events=_refuse,
        after=0,
    )
    timeline = Timeline(form, program, epoch=0.0, frame=0, cursor=None, log=lambda _: None)
    header = StreamHeader(form, avcc, timeline.asc)
    with target.open("wb") as file:
        file.write(opening(header, 0.0))
        for _ in range(seconds // GOP_SECONDS):
            file.writelines(tags(timeline.advance(), header, 0))


def _no_slate() -> list[Gop]:
    raise InternalError("the benchmark's playlist ran dry")


def _refuse(event: Event) -> None:
    if event.severity is not Severity.INFO:
        raise InternalError(f"the benchmark did not air its playlist: {event.message}")


def _cpu(work: Callable[[], None]) -> float:
    with Meter() as meter:
        work()
    return meter.cpu


def _prove(path: Path, frames: int) -> None:
    """Hold what was written against what should have been: a broken run must not look like a fast one."""
    with av.open(path) as container:
        if not container.streams.audio:
            raise InternalError(f"{path.name} has no sound")
        found = sum(1 for packet in container.demux(video=0) if packet.size)
    # The reference may end a little early or late: its two inputs never have quite the same length.
    if abs(found - frames) > max(2, frames // 50):
        raise InternalError(f"{path.name} has {found} frames instead of {frames}")
