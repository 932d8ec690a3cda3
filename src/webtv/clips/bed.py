"""Beds as files: mastered once by the studio, read sample by sample by the head-end. Cheap to import."""

import hashlib
import io
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import soundfile

from webtv.clips.loudness import Loudness, normalise
from webtv.core.errors import InputError, QualityError
from webtv.core.files import write_atomically
from webtv.core.format import SAMPLE_RATE
from webtv.studio.ports import Sound

_REMEDY = "master the bed again, or let the entry air with silence"
_DITHER_SEED = 16


@dataclass(frozen=True, slots=True)
class MasteredBed:
    """A bed in its file.

    Attributes:
        path: the FLAC file.
        sha256: of its bytes, hexadecimal.
        samples: length at 48 kHz.
        loudness: as measured after mastering.
    """

    path: Path
    sha256: str
    samples: int
    loudness: Loudness


def master_bed(sound: Sound, path: Path) -> MasteredBed:
    """Bring a bed to house loudness and write it as FLAC, 48 kHz, stereo, 16 bits with TPDF dither.

    Sixteen bits, because the bed ends as AAC and twenty-four would double the library's beds for a noise
    floor that nobody hears. The dither is the same in every run, so equal sound gives equal bytes. Blocks;
    call it in a thread.

    Args:
        sound: float32[n, 2] at 48 kHz.
        path: where the file appears, whole or not at all.

    Raises:
        InputError: the array is not stereo sound.
        QualityError: the sound is too short, nearly silent or not finite.
        OSError: the disk says so.
    """
    levelled, loudness = normalise(sound)
    noise = np.random.Generator(np.random.PCG64(_DITHER_SEED))
    dither = noise.random(levelled.shape, np.float32) - noise.random(levelled.shape, np.float32)
    words = np.clip(np.rint(levelled * np.float32(32767) + dither), -32768, 32767).astype(np.int16)
    buffer = io.BytesIO()
    soundfile.write(buffer, words, SAMPLE_RATE, format="FLAC", subtype="PCM_16")
    data = buffer.getvalue()
    write_atomically(path, data)
    return MasteredBed(path, hashlib.sha256(data).hexdigest(), len(sound), loudness)


def silence(samples: int) -> Sound:
    """That much silence: float32[samples, 2]."""
    return np.zeros((samples, 2), np.float32)


class BedReader:
    """Reads any stretch of a bed; holds no more than what it is asked for. Use it from one thread at a time.

    Args:
        path: a file that :func:`master_bed` wrote.
        data: its bytes, if they are in memory; then the path only names it and no disk is touched.

    Raises:
        InputError: the file is missing, no FLAC, or not 48 kHz stereo.
        QualityError: the file is cut short or damaged.
    """

    def __init__(self, path: Path, data: bytes | None = None) -> None:
        self.path = path
        try:
            self._file = soundfile.SoundFile(path if data is None else io.BytesIO(data))
        except (OSError, soundfile.SoundFileError) as error:
            there = data is not None or path.is_file()
            why = getattr(error, "error_string", error)  # its text alone would name an object in memory
            message = f"cannot be read as FLAC ({why})" if there else "there is no such bed"
            raise InputError(message, place=str(path), remedy=_REMEDY) from error
        try:
            self._judge()
        except BaseException:
            self._file.close()
            raise

    def _judge(self) -> None:
        form = (self._file.format, self._file.samplerate, self._file.channels)
        if form != ("FLAC", SAMPLE_RATE, 2):
            raise InputError(
                f"it is {form[0]}, {form[1]} Hz, {form[2]} channel(s), not FLAC at 48000 Hz in stereo",
                place=str(self.path),
                remedy=_REMEDY,
            )
        if self.samples:
            self._fetch(self.samples - 1, 1)  # a file that was cut short lacks its last sample

    @property
    def samples(self) -> int:
        """Length at 48 kHz."""
        return int(self._file.frames)

    def read(self, start: int, count: int) -> Sound:
        """Return float32[count, 2] from sample ``start`` on; silence where the bed is not.

        Args:
            start: may lie before the beginning or after the end.
            count: 0 or more.

        Raises:
            QualityError: that stretch of the file is damaged.
        """
        result = silence(count)
        first, last = max(0, start), min(self.samples, start + count)
        if first < last:
            result[first - start : last - start] = self._fetch(first, last - first)
        return result

    def _fetch(self, start: int, count: int) -> Sound:
        try:
            if self._file.tell() != start:
                self._file.seek(start)
            sound: Sound = self._file.read(count, dtype="float32", always_2d=True)
        except (OSError, soundfile.SoundFileError) as error:
            raise self._damaged(start, str(error)) from error
        if len(sound) != count:
            raise self._damaged(start, f"{len(sound)} of {count} samples came back")
        return sound

    def _damaged(self, start: int, why: str) -> QualityError:
        return QualityError(
            f"the bed is cut short or damaged near sample {start} ({why})",
            place=str(self.path),
            remedy=_REMEDY,
        )

    def close(self) -> None:
        """Let the file go; harmless to call twice."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
