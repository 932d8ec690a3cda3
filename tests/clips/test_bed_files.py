"""Bed files: mastered once, read anywhere, honest when broken."""

import hashlib
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from webtv.clips.bed import BedReader, MasteredBed, master_bed, silence
from webtv.core.errors import InputError, QualityError
from webtv.core.format import SAMPLE_RATE
from webtv.studio.ports import Sound

SAMPLES = 3 * SAMPLE_RATE + 17


def _music() -> Sound:
    at = np.arange(SAMPLES) / SAMPLE_RATE
    left = 0.3 * np.sin(2 * np.pi * 220 * at) * (0.6 + 0.4 * np.sin(2 * np.pi * 1.3 * at))
    right = 0.3 * np.sin(2 * np.pi * 277.2 * at + 1)
    return np.stack([left, right], axis=1).astype(np.float32)


@pytest.fixture(scope="module")
def bed(tmp_path_factory: pytest.TempPathFactory) -> MasteredBed:
    return master_bed(_music(), tmp_path_factory.mktemp("beds") / "bed.flac")


def test_a_mastered_bed_is_house_flac(bed: MasteredBed) -> None:
    info = soundfile.info(bed.path)
    assert (info.format, info.subtype, info.samplerate, info.channels) == ("FLAC", "PCM_16", SAMPLE_RATE, 2)
    assert info.frames == bed.samples == SAMPLES
    assert bed.sha256 == hashlib.sha256(bed.path.read_bytes()).hexdigest()
    assert bed.loudness.on_target
    assert bed.loudness.lufs == pytest.approx(-16, abs=0.5)
    assert [each.name for each in bed.path.parent.iterdir()] == ["bed.flac"]  # nothing half written is left


def test_equal_sound_gives_equal_bytes(bed: MasteredBed, tmp_path: Path) -> None:
    assert master_bed(_music(), tmp_path / "again.flac").sha256 == bed.sha256


def test_what_comes_back_is_what_went_in(bed: MasteredBed) -> None:
    wanted = _music() * np.float32(10 ** (bed.loudness.gain / 20))
    with BedReader(bed.path) as reader:
        assert np.abs(reader.read(0, SAMPLES) - wanted).max() < 2.1 / 32768


def test_dither_is_noise_not_distortion(bed: MasteredBed) -> None:
    wanted = _music() * np.float32(10 ** (bed.loudness.gain / 20))
    with BedReader(bed.path) as reader:
        error = (reader.read(0, SAMPLES) - wanted * np.float32(32767 / 32768)) * 32768
    # TPDF dither: half of a step squared in all, and unrelated to the music.
    assert error.std() == pytest.approx(0.5, abs=0.03)
    assert abs(np.corrcoef(error[:, 0], wanted[:, 0])[0, 1]) < 0.02


def test_any_stretch_is_read_and_silence_surrounds_the_bed(bed: MasteredBed) -> None:
    with BedReader(bed.path) as reader:
        assert reader.samples == SAMPLES
        whole = reader.read(0, SAMPLES)
        for start, count in ((0, 1024), (100_001, 1024), (99, 5), (1024, 0)):
            assert np.array_equal(reader.read(start, count), whole[start : start + count])
        before = reader.read(-10, 30)
        assert not before[:10].any()
        assert np.array_equal(before[10:], whole[:20])
        after = reader.read(SAMPLES - 5, 20)
        assert np.array_equal(after[:5], whole[-5:])
        assert not after[5:].any()
        for start in (-5_000, SAMPLES, SAMPLES + 10**9):
            far = reader.read(start, 100)
            assert far.shape == (100, 2)
            assert far.dtype == np.float32
            assert not far.any()


def test_reading_on_equals_reading_at_once(bed: MasteredBed) -> None:
    with BedReader(bed.path) as reader:
        whole = reader.read(0, SAMPLES)
        parts = [reader.read(start, 2000) for start in range(0, SAMPLES, 2000)]
    assert np.array_equal(np.concatenate(parts)[:SAMPLES], whole)


@pytest.mark.parametrize("kept", [0.5, 0.97])
def test_a_bed_cut_short_is_refused(bed: MasteredBed, tmp_path: Path, kept: float) -> None:
    data = bed.path.read_bytes()
    short = tmp_path / "short.flac"
    short.write_bytes(data[: int(kept * len(data))])
    with pytest.raises(QualityError, match="cut short") as caught:
        BedReader(short)
    assert caught.value.place == str(short)
    assert caught.value.remedy


def _read_through(path: Path) -> None:
    with BedReader(path) as reader:
        for start in range(0, SAMPLES, 4096):
            reader.read(start, 4096)


@pytest.mark.parametrize("share", [0.05, 0.4])
def test_damage_in_the_middle_is_told(bed: MasteredBed, tmp_path: Path, share: float) -> None:
    _read_through(bed.path)
    data = bytearray(bed.path.read_bytes())
    middle, hole = len(data) // 2, int(share * len(data))
    data[middle : middle + hole] = bytes(hole)
    broken = tmp_path / "broken.flac"
    broken.write_bytes(data)
    with pytest.raises(QualityError, match="damaged") as caught:
        _read_through(broken)
    assert caught.value.remedy


@pytest.mark.parametrize("data", [b"", b"hello, this is no sound", b"fLaC"], ids=["empty", "text", "header"])
def test_what_is_no_flac_is_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "bed.flac"
    path.write_bytes(data)
    with pytest.raises(InputError, match="FLAC") as caught:
        BedReader(path)
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("rate", "channels", "form"), [(44_100, 2, "FLAC"), (48_000, 1, "FLAC"), (48_000, 2, "WAV")]
)
def test_another_rate_shape_or_format_is_refused(tmp_path: Path, rate: int, channels: int, form: str) -> None:
    path = tmp_path / "bed.flac"
    soundfile.write(path, np.zeros((4800, channels)), rate, format=form)
    with pytest.raises(InputError, match="not FLAC at 48000 Hz"):
        BedReader(path)


def test_a_missing_bed_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such bed"):
        BedReader(tmp_path / "absent.flac")


def test_a_silent_bed_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(QualityError, match="silent"):
        master_bed(silence(SAMPLE_RATE), tmp_path / "bed.flac")
    assert list(tmp_path.iterdir()) == []


def test_the_head_end_imports_beds_cheaply() -> None:
    told = subprocess.run(
        [sys.executable, "-c", "import sys, webtv.clips.bed; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert not {"cv2", "pydantic", "sqlalchemy", "fastapi"} & set(told.stdout.split())
