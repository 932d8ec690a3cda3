"""Footage for the air benchmark: FFmpeg's moving test picture and the station's own clips, each with beds."""

import asyncio
import io
import math
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from webtv import wiring
from webtv.clips.bed import master_bed
from webtv.clips.clip import Kind
from webtv.clips.encoder import encode_mp4
from webtv.core.errors import ComponentError, InternalError
from webtv.core.format import CROSSFADE, SAMPLE_RATE, HouseFormat
from webtv.core.process import Process, python_command, usable_cores
from webtv.playlist.entry import Entry, encode_entry
from webtv.playlist.ffconcat import HEADER
from webtv.prompts.sequence import MusicBrief
from webtv.studio.ports import BedRequest, Frames, Sound

CLIPS_PER_SEQUENCE = 5  # as the shipped channels have it: how often beds are crossed
_TRIALS = 7  # encodings that finding the right softness may take
_CLOSE = 0.03  # of the bit rate
_PROMPTS = (
    "A small harbour at dawn, fishing boats and gulls over a calm bay",
    "A meadow in summer with flowers, birds and slow clouds",
    "A city at night in the rain, lit windows and passing trains",
)


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


def card_footage(ffmpeg: Path, folder: Path, form: HouseFormat, *, clips: int, clip_seconds: int) -> Footage:
    """FFmpeg's moving test picture ``testsrc2``, cut into clips, and two beds of plain tones.

    At the house quality the test picture would weigh four megabits and more, so it is softened until the
    clips weigh what the format is meant for.

    Args:
        ffmpeg: binary that draws the test picture.
        folder: where everything is written.
        form: house format.
        clips: how many.
        clip_seconds: length of each, an even number.

    Raises:
        ComponentError: FFmpeg failed.
        InternalError: the clips do not weigh what they should.
    """
    sound = _chord(0, clip_seconds * SAMPLE_RATE) * np.float32(0.2)
    beds = _beds(folder, [_chord(n, _bed_samples(clip_seconds)) for n in range(2)])
    sigma = _softness(ffmpeg, form, clip_seconds, sound)
    paths = [folder / f"clip{number}.mp4" for number in range(clips)]
    pictures = _test_picture(ffmpeg, form, clips * clip_seconds, sigma)
    for path in paths:
        encode_mp4(islice(pictures, 2 * clip_seconds), sound, form, path)
    made = Footage(form, tuple(paths), beds, clip_seconds)
    if not 0.85 < made.bit_rate / form.bit_rate < 1.15:
        raise InternalError(f"the test clips weigh {made.bit_rate / 1e6:.2f} Mb/s")
    return made


async def station_footage(folder: Path, form: HouseFormat, *, clips: int, clip_seconds: int) -> Footage:
    """Clips of the embedded studio, each made by ``webtv make`` as anybody can, and two of its beds.

    Args:
        folder: where everything is written.
        form: house format.
        clips: how many.
        clip_seconds: length of each, an even number.

    Raises:
        ComponentError: a clip was not made.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"clip{number}.mp4" for number in range(clips)]
    left = iter(enumerate(paths))

    async def make() -> None:
        for number, path in left:
            await make_clip(number, path, form, clip_seconds)

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(min(clips, usable_cores())):
                group.create_task(make())
    except ExceptionGroup as troubles:
        raise troubles.exceptions[0] from None  # one line tells it
    composer = wiring.composer({"use": "synth"})
    samples = _bed_samples(clip_seconds)
    sounds = [
        await composer.compose(BedRequest(MusicBrief("calm", 80, ("pad", "felt piano")), samples, seed))
        for seed in range(2)
    ]
    return Footage(form, tuple(paths), _beds(folder, sounds), clip_seconds)


async def make_clip(number: int, path: Path, form: HouseFormat, seconds: int, *, nice: int = 0) -> None:
    """Make one clip in a process of its own.

    Args:
        number: chooses prompt and seed.
        path: where it appears.
        form: house format.
        seconds: length, an even number.
        nice: how far the process steps back for others.

    Raises:
        ComponentError: it was not made.
    """
    prompt = _PROMPTS[number % len(_PROMPTS)]
    wish = ("make", prompt, "-o", str(path), "--seed", str(number), "--seconds", str(seconds))
    argv = [*(("nice", "-n", str(nice)) if nice else ()), *python_command(*wish, "--format", form.name)]
    async with Process(argv, name="webtv make") as child:
        if await child.wait():
            await asyncio.sleep(0.1)  # its last words may still be in the pipe
            raise ComponentError(f"the studio made no clip: {' | '.join(child.tail)[-300:]}")


def write_playlist(footage: Footage, path: Path, entries: int, first: int = 0) -> None:
    """Write the station's playlist over the footage, whole sequences with alternating beds.

    Args:
        footage: what airs.
        path: of the playlist.
        entries: how many.
        first: the clip to begin with, so that channels differ.
    """
    frames = footage.clip_seconds * footage.form.fps
    lines = [HEADER]
    for number in range(entries):
        sequence, position = divmod(number, CLIPS_PER_SEQUENCE)
        clip = footage.clips[(first + number) % len(footage.clips)]
        lines.append(
            encode_entry(
                Entry(
                    n=number + 1,
                    clip=clip.stem,
                    kind=Kind.NEW,
                    seq=str(sequence),
                    pos=position + 1,
                    of=CLIPS_PER_SEQUENCE,
                    bed=str(footage.beds[(first + sequence) % len(footage.beds)]),
                    bed_at=position * footage.clip_seconds * SAMPLE_RATE,
                    frames=frames,
                    title="Test picture",
                    file=str(clip),
                )
            )
        )
    path.write_text("".join(lines), encoding="utf-8")


def _softness(ffmpeg: Path, form: HouseFormat, seconds: int, sound: Sound) -> float:
    """How much blur, in pixels, brings the test picture to the format's bit rate."""
    least, most = 0.3, 3.0
    for _ in range(_TRIALS):
        sigma = math.sqrt(least * most)
        trial = io.BytesIO()
        encode_mp4(_test_picture(ffmpeg, form, seconds, sigma), sound, form, trial)
        rate = 8 * len(trial.getvalue()) / seconds
        if abs(rate / form.bit_rate - 1) < _CLOSE:
            break
        least, most = (sigma, most) if rate > form.bit_rate else (least, sigma)
    return sigma


def _test_picture(ffmpeg: Path, form: HouseFormat, seconds: int, sigma: float) -> Iterator[Frames]:
    """The test picture, softened, half a second at a time."""
    picture = f"testsrc2=size={form.width}x{form.height}:rate={form.fps},gblur=sigma={sigma:.4f}"
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


def _beds(folder: Path, sounds: Sequence[Sound]) -> tuple[Path, ...]:
    paths = tuple(folder / f"bed{number}.flac" for number in range(len(sounds)))
    for path, sound in zip(paths, sounds, strict=True):
        master_bed(sound, path)
    return paths


def _bed_samples(clip_seconds: int) -> int:
    return CLIPS_PER_SEQUENCE * clip_seconds * SAMPLE_RATE + CROSSFADE


def _chord(number: int, samples: int) -> Sound:
    """A trembling fifth over soft noise: float32[samples, 2]."""
    t = np.arange(samples, dtype=np.float64) / SAMPLE_RATE
    low = 110.0 + 55 * number
    tones = np.sin(2 * np.pi * low * t) + 0.6 * np.sin(3 * np.pi * low * t) * (
        1 + 0.4 * np.sin(6 * np.pi * t)
    )
    hiss = np.random.default_rng(number).standard_normal((samples, 2))
    return np.asarray(0.2 * tones[:, None] + 0.02 * hiss, np.float32)
