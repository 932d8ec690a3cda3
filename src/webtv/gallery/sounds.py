"""Sounds: a piece in each mood and each ambience alone, as AAC, with what they look like."""

import asyncio
import zlib
from dataclasses import dataclass
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from webtv.clips.loudness import normalise
from webtv.core.format import SAMPLE_RATE
from webtv.gallery.images import save
from webtv.gallery.work import Made
from webtv.prompts.sequence import MusicBrief
from webtv.studio.ports import BedRequest, Picture, Sound
from webtv.studio.procedural.colour import ramp, rgb
from webtv.studio.procedural.music.ambience import LAYERS
from webtv.studio.procedural.synth import SynthComposer

BIT_RATE = 128_000
_SIZE = (720, 160)  # of a spectrogram, pixels
_HERTZ = (50.0, 14_000.0)
_RANGE = 66.0  # dB from the strongest to black
_WINDOW, _REACH = 4096, 2
_INKS = ramp(
    [
        (0.0, rgb("#10141b")),
        (0.2, rgb("#1d2c45")),
        (0.4, rgb("#2f5d8a")),
        (0.6, rgb("#8fb8de")),
        (0.8, rgb("#ffd9a0")),
        (1.0, rgb("#fff6e2")),
    ],
    256,
)


@dataclass(frozen=True, slots=True)
class Piece:
    """Music for a brief.

    Attributes:
        name: of the files, without their ending.
        brief: what the composer is asked for.
        seconds: length.
        seed: of the piece.
    """

    name: str
    brief: MusicBrief
    seconds: int
    seed: int

    @property
    def cost(self) -> float:
        """The composer is about twenty times as fast as real time."""
        return 0.1 * self.seconds + 0.3

    def make(self, folder: Path) -> Made:
        """Compose it, bring it to house loudness, write it and its spectrogram."""
        request = BedRequest(self.brief, self.seconds * SAMPLE_RATE, self.seed)
        composer = SynthComposer()
        sound = asyncio.run(composer.compose(request))
        details = composer.credit(request).details
        facts = {
            "key": str(details["key"]),
            "tempo": f"{details['tempo']} beats a minute in {details['metre']}",
            "playing": ", ".join(details["playing"]),
        }
        return Made(_write(folder, self.name, sound), facts)


@dataclass(frozen=True, slots=True)
class Place:
    """The sound of a place, alone.

    Attributes:
        name: of the files, without their ending.
        layer: a key of LAYERS.
        seconds: length.
        seed: of what happens in it.
    """

    name: str
    layer: str
    seconds: int
    seed: int

    @property
    def cost(self) -> float:
        """Some coloured noise and many small events."""
        return 0.06 * self.seconds + 0.2

    def make(self, folder: Path) -> Made:
        """Make it, bring it to house loudness, write it and its spectrogram."""
        noise = np.random.default_rng([self.seed, zlib.crc32(self.layer.encode())])
        sound = np.asarray(LAYERS[self.layer](self.seconds * SAMPLE_RATE, noise), np.float32)
        fade = np.clip(np.minimum(np.arange(len(sound)), np.arange(len(sound))[::-1]) / 12_000, 0, 1)
        return Made(_write(folder, self.name, sound * fade[:, None].astype(np.float32)))


def _write(folder: Path, name: str, sound: Sound) -> tuple[str, str]:
    levelled, _ = normalise(sound)
    file, picture = f"{name}.m4a", f"{name}.png"
    (folder / file).parent.mkdir(parents=True, exist_ok=True)
    encode(levelled, folder / file)
    save(folder / picture, spectrogram(levelled))
    return file, picture


def encode(sound: Sound, path: Path) -> None:
    """Write AAC in an MP4 file.

    Args:
        sound: float32[n, 2] at 48 kHz.
        path: ending in ``.m4a``.

    Raises:
        OSError: the disk says so.
    """
    with av.open(
        str(path), "w", format="ipod", options={"movflags": "+faststart", "fflags": "+bitexact"}
    ) as container:
        stream = container.add_stream("aac", rate=SAMPLE_RATE, layout="stereo")
        stream.bit_rate = BIT_RATE
        step = 1024
        for start in range(0, len(sound), step):
            block = np.ascontiguousarray(sound[start : start + step].T)
            frame = av.AudioFrame.from_ndarray(block, format="fltp", layout="stereo")
            frame.sample_rate = SAMPLE_RATE
            frame.pts = start
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def spectrogram(sound: Sound) -> Picture:
    """Loudness by time (to the right) and pitch (upwards, octaves of equal height), uint8[160, 720, 3]."""
    width, height = _SIZE
    mono = np.pad(sound.mean(axis=1), _WINDOW // 2)
    starts = np.linspace(0, len(mono) - _WINDOW, width * _REACH).astype(np.intp)
    bell = np.hanning(_WINDOW).astype(np.float32)
    power: NDArray[np.float32] = np.empty((width * _REACH, _WINDOW // 2 + 1), np.float32)
    for number, start in enumerate(starts):
        power[number] = np.abs(np.fft.rfft(mono[start : start + _WINDOW] * bell)) ** 2
    edges = np.geomspace(*_HERTZ, height + 1) * _WINDOW / SAMPLE_RATE
    # Low rows are narrower than a bin: what a row holds is read off the running sum between its edges.
    total = np.concatenate([np.zeros((len(power), 1)), np.cumsum(power, axis=1, dtype=np.float64)], axis=1)
    low = np.floor(edges).astype(np.intp)
    upto = total[:, low] + (edges - low) * (total[:, low + 1] - total[:, low])
    rows = np.diff(upto, axis=1) / np.diff(edges)
    level = 10 * np.log10(rows * np.sqrt(edges[1:]) + 1e-12)
    grid = np.clip(1 + (level - np.percentile(level, 99.95)) / _RANGE, 0, 1).astype(np.float32) ** 1.8
    small = cv2.resize(grid.T[::-1], (width, height), interpolation=cv2.INTER_AREA)
    return np.asarray(255 * _INKS[(small * 255).astype(np.intp)] + 0.5, np.uint8)
