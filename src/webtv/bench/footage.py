"""Footage for the air benchmark: FFmpeg's moving test picture, mastered to the house format, and beds."""

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from webtv.clips.bed import master_bed
from webtv.clips.clip import Kind
from webtv.clips.encoder import encode_mp4
from webtv.core.errors import ComponentError
from webtv.core.format import CROSSFADE, SAMPLE_RATE, HouseFormat
from webtv.playlist.entry import Entry, encode_entry
from webtv.playlist.ffconcat import HEADER
from webtv.studio.ports import Frames, Sound

CLIPS_PER_SEQUENCE = 5  # as the shipped channels have it: how often beds are crossed


@dataclass(frozen=True, slots=True)
class Footage:
    """Clips and beds in a folder.

    Attributes:
        form: the clips' house format.
        clips: MP4 files of ``clip_seconds`` each.
        beds: FLAC files, as long as a sequence plus the crossfade.
        clip_seconds: length of each clip.
    """

    form: HouseFormat
    clips: tuple[Path, ...]
    beds: tuple[Path, ...]
    clip_seconds: int

    @property
    def bit_rate(self) -> float:
        """Bits per second of the clips, sound included."""
        return 8 * sum(clip.stat().st_size for clip in self.clips) / (self.clip_seconds * len(self.clips))


def make_footage(ffmpeg: Path, folder: Path, form: HouseFormat, *, clips: int, clip_seconds: int) -> Footage:
    """Make clips and two beds; the clips differ in hue.

    Args:
        ffmpeg: binary that draws the test picture.
        folder: where everything is written.
        form: house format.
        clips: how many.
        clip_seconds: length of each, an even number.

    Raises:
        ComponentError: FFmpeg failed.
    """
    samples = clip_seconds * SAMPLE_RATE
    beds = []
    for number in range(2):
        path = folder / f"bed{number}.flac"
        master_bed(_chord(number, CLIPS_PER_SEQUENCE * samples + CROSSFADE), path)
        beds.append(path)
    made = []
    for number in range(clips):
        path = folder / f"clip{number}.mp4"
        sound = _chord(number, samples) * np.float32(0.2)
        encode_mp4(_test_picture(ffmpeg, form, clip_seconds, hue=40 * number), sound, form, path)
        made.append(path)
    return Footage(form, tuple(made), tuple(beds), clip_seconds)


def write_playlist(footage: Footage, path: Path, entries: int) -> None:
    """Write the station's playlist over the footage, whole sequences with alternating beds."""
    frames = footage.clip_seconds * footage.form.fps
    lines = [HEADER]
    for number in range(entries):
        sequence, position = divmod(number, CLIPS_PER_SEQUENCE)
        clip = footage.clips[number % len(footage.clips)]
        lines.append(
            encode_entry(
                Entry(
                    n=number + 1,
                    clip=clip.stem,
                    kind=Kind.NEW,
                    seq=str(sequence),
                    pos=position + 1,
                    of=CLIPS_PER_SEQUENCE,
                    bed=str(footage.beds[sequence % len(footage.beds)]),
                    bed_at=position * footage.clip_seconds * SAMPLE_RATE,
                    frames=frames,
                    title="Test picture",
                    file=str(clip),
                )
            )
        )
    path.write_text("".join(lines), encoding="utf-8")


def _test_picture(ffmpeg: Path, form: HouseFormat, seconds: int, hue: int) -> Iterator[Frames]:
    """FFmpeg's ``testsrc2``, half a second at a time."""
    picture = f"testsrc2=size={form.width}x{form.height}:rate={form.fps},hue=h={hue}"
    output = ["-frames:v", str(seconds * form.fps), "-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    argv = [str(ffmpeg), "-v", "error", "-nostdin", "-f", "lavfi", "-i", picture, *output]
    count = form.fps // 2
    with subprocess.Popen(argv, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        while data := child.stdout.read(count * form.width * form.height * 3):
            yield np.frombuffer(data, np.uint8).reshape(-1, form.height, form.width, 3)
    if child.returncode:
        raise ComponentError(
            "FFmpeg could not draw the test picture", remedy="use the bundled one: unset WEBTV_FFMPEG"
        )


def _chord(number: int, samples: int) -> Sound:
    """A trembling fifth over soft noise: float32[samples, 2]."""
    t = np.arange(samples, dtype=np.float64) / SAMPLE_RATE
    low = 110.0 + 55 * number
    tones = np.sin(2 * np.pi * low * t) + 0.6 * np.sin(3 * np.pi * low * t) * (
        1 + 0.4 * np.sin(6 * np.pi * t)
    )
    hiss = np.random.default_rng(number).standard_normal((samples, 2))
    return np.asarray(0.2 * tones[:, None] + 0.02 * hiss, np.float32)
