"""Splicing as fast as it goes: AI WebTV's command and our timeline, from the same clips to a file."""

import random
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import av

from webtv.air.blocked import BlockList
from webtv.air.clipsource import Gop
from webtv.air.flv import opening, tags
from webtv.air.program import Program
from webtv.air.reruns import RerunPool
from webtv.air.slice import StreamHeader
from webtv.air.sounds import SOUNDS
from webtv.air.timeline import Timeline
from webtv.bench.footage import Footage, write_playlist
from webtv.bench.measurement import Meter, median
from webtv.clips.encoder import committed_avcc
from webtv.core.errors import ComponentError, InternalError
from webtv.core.events import Event, Severity
from webtv.core.format import GOP_SECONDS
from webtv.playlist.ffconcat import PlaylistReader

REFERENCE = "reference"
WAYS = (REFERENCE, *SOUNDS)


@dataclass(frozen=True, slots=True)
class Lengths:
    """Media that each way splices in each run, in seconds; more of what is cheaper, so that a run counts.

    Attributes:
        reference: of the reference.
        mixed: with mixed sound.
        passthrough: with sound passed through.
        runs: the median of so many counts.
    """

    reference: int
    mixed: int
    passthrough: int
    runs: int

    def of(self, way: str) -> int:
        """Seconds of one way."""
        return {REFERENCE: self.reference, "mixed": self.mixed, "passthrough": self.passthrough}[way]


def measure_splicing(ffmpeg: Path, folder: Path, footage: Footage, lengths: Lengths) -> dict[str, float]:
    """CPU seconds per second of media of each way, the ways taking turns.

    Args:
        ffmpeg: binary of the reference.
        folder: where lists and streams are written.
        footage: what is spliced.
        lengths: how much of it.

    Raises:
        ComponentError: FFmpeg failed.
        InternalError: what was written is not what it should be; then no figure counts.
    """
    folder.mkdir(parents=True, exist_ok=True)
    write_lists(ffmpeg, folder, footage, lengths.reference)
    argv = reference_command(ffmpeg, "reference.flv")
    playlist = folder / "bench.ffconcat"
    longest = max(lengths.mixed, lengths.passthrough)
    write_playlist(footage, playlist, longest // footage.clip_seconds + 3)  # the head-end reads ahead
    costs: dict[str, list[float]] = {way: [] for way in WAYS}
    for _ in range(lengths.runs):
        for way, cost in costs.items():
            seconds = lengths.of(way)
            with Meter() as meter:
                if way == REFERENCE:
                    _encode(argv, folder)
                else:
                    splice(playlist, footage, seconds, folder / f"{way}.flv", sound=way)
            cost.append(meter.cpu / seconds)
    for way in WAYS:
        _prove(folder / f"{way}.flv", lengths.of(way), footage.form.fps)
    return {way: median(cost) for way, cost in costs.items()}


def write_lists(ffmpeg: Path, folder: Path, footage: Footage, seconds: int) -> None:
    """The two lists that AI WebTV's command reads, and the clips that the first of them names.

    Its clips had no sound of their own, so ours are copied without it: the pictures are the same bytes.

    Args:
        ffmpeg: binary that copies.
        folder: where all is written.
        footage: clips and beds.
        seconds: how long the first list is.

    Raises:
        ComponentError: FFmpeg failed.
    """
    silent = []
    for clip in footage.clips:
        path = folder / f"silent-{clip.name}"
        copy = ["-v", "error", "-nostdin", "-y", "-i", str(clip), "-c", "copy", "-an", str(path)]
        if subprocess.run([str(ffmpeg), *copy]).returncode:
            raise ComponentError("FFmpeg could not copy a clip", remedy="unset WEBTV_FFMPEG")
        silent.append(path.name)
    entries = [silent[n % len(silent)] for n in range(-(-seconds // footage.clip_seconds))]
    head = "ffconcat version 1.0\n"
    (folder / "channel_random.txt").write_text(head + "".join(f"file '{name}'\n" for name in entries))
    beds = "".join(f"file '{bed}'\n" for bed in footage.beds)
    (folder / "channel_1_audio.txt").write_text(head + beds)


def reference_command(ffmpeg: Path, target: str, *, paced: bool = False) -> list[str]:
    """AI WebTV's command as it was; run it where :func:`write_lists` has written.

    In real time one word is added in its favour: it reads its sound with ``-re``, too. As it was, today's
    FFmpeg decodes the sound ahead without bound, at twice the CPU time and a hundred megabytes a second.

    Args:
        ffmpeg: binary.
        target: the address it airs to, or a file.
        paced: in real time.
    """
    pace = ["-re"] if paced else []
    video = [*pace, "-f", "concat", "-safe", "0", "-i", "channel_random.txt"]
    sound = [*pace, "-stream_loop", "-1", "-safe", "0", "-i", "channel_1_audio.txt", "-loglevel", "error"]
    codecs = ["-c:v", "libx264", "-preset", "veryfast", "-tune", "zerolatency", "-c:a", "aac", "-ar", "44100"]
    return [str(ffmpeg), "-y", "-nostdin", *video, *sound, *codecs, "-shortest", "-f", "flv", target]


def splice(playlist: Path, footage: Footage, seconds: int, target: Path, *, sound: str = "mixed") -> None:
    """Air a playlist as the head-end does, without its pacing, into an FLV file.

    Args:
        playlist: names the clips.
        footage: they are of it.
        seconds: of media, an even number.
        target: the file.
        sound: how it is made, a name of :data:`webtv.air.sounds.SOUNDS`.

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
        passthrough=sound == "passthrough",
    )
    timeline = Timeline(
        form, program, epoch=0.0, frame=0, cursor=None, log=lambda _: None, sound=SOUNDS[sound]
    )
    header = StreamHeader(form, avcc, timeline.asc)
    with target.open("wb") as file:
        file.write(opening(header, 0.0))
        for _ in range(seconds // GOP_SECONDS):
            program.prefetch()  # after each slice, as on air
            file.writelines(tags(timeline.advance(), header, 0))


def _no_slate() -> list[Gop]:
    raise InternalError("the benchmark's playlist ran dry")


def _refuse(event: Event) -> None:
    if event.severity is not Severity.INFO:
        raise InternalError(f"the benchmark did not air its playlist: {event.message}")


def _encode(argv: Sequence[str], folder: Path) -> None:
    done = subprocess.run(argv, cwd=folder, capture_output=True, text=True)
    if done.returncode:
        raise ComponentError(
            f"the reference failed: {done.stderr[-200:].strip()}", remedy="unset WEBTV_FFMPEG"
        )


def _prove(path: Path, seconds: int, fps: int) -> None:
    """Hold what was written against what should have been: a broken run must not look like a fast one."""
    with av.open(path) as container:
        if not container.streams.audio:
            raise InternalError(f"{path.name} has no sound")
        pictures, sound = container.streams.video[0], container.streams.audio[0]
        frames = 0
        heard = 0.0
        for packet in container.demux(pictures, sound):
            if packet.size and packet.stream_index == pictures.index:
                frames += 1
            elif packet.size and packet.pts is not None and packet.time_base is not None:
                heard = float(packet.pts * packet.time_base)
    # The reference may end a little early or late: its two inputs never have quite the same length.
    wanted = seconds * fps
    if abs(frames - wanted) > max(2, wanted // 50):
        raise InternalError(f"{path.name} has {frames} frames instead of {wanted}")
    if abs(heard - seconds) > max(1.0, seconds / 50):
        raise InternalError(f"{path.name} has {heard:.1f} s of sound instead of {seconds}")
