"""What players get: fragmented MP4 and FLV, read back by PyAV and FFmpeg; sound without clicks."""

import io
import itertools
import subprocess
from dataclasses import replace
from pathlib import Path

import av
import imageio_ffmpeg
import numpy as np
import pytest
import soundfile
from air_house import AVCC, FORM, GOP, START, House, bed_of, click, fill, read_back, sine

from webtv.air.flv import FILE_HEADER, opening, tags
from webtv.air.fmp4 import init_segment, media_segment
from webtv.air.mixer import Mixer
from webtv.air.slice import Slice, StreamHeader
from webtv.clips.bed import BedReader
from webtv.clips.clip import Kind
from webtv.core.format import AAC_FRAME, CROSSFADE, SAMPLE_RATE
from webtv.studio.ports import Sound


@pytest.fixture(scope="module")
def aired(tmp_path_factory: pytest.TempPathFactory, footage: object) -> tuple[StreamHeader, list[Slice]]:
    """Slate, three sequences with other beds, one without, a rerun: every kind of join."""
    house = House(tmp_path_factory.mktemp("stream") / "data", footage)  # type: ignore[arg-type]
    rig = house.timeline()
    rig.air(2)
    fill(house, 2)
    fill(house, 1, bed=None)
    fill(house, 1)
    rig.air(24)
    kinds = {piece.entry.kind for piece in rig.slices}
    assert kinds == {Kind.SLATE, Kind.NEW, Kind.RERUN}
    return rig.header, rig.slices


def mp4(header: StreamHeader, pieces: list[Slice]) -> bytes:
    return init_segment(header) + b"".join(media_segment(piece, header) for piece in pieces)


def flv(header: StreamHeader, pieces: list[Slice], parts: int = 1) -> bytes:
    first = pieces[0].frame
    return opening(header, START) + b"".join(b"".join(tags(piece, header, first, parts)) for piece in pieces)


def later(pieces: list[Slice], frames: int) -> list[Slice]:
    """The same slices on a timeline that has run that much longer; the AAC grid must meet the GOPs."""
    audio, rest = divmod(frames * FORM.samples_per_frame, AAC_FRAME)
    assert not rest
    return [replace(p, frame=p.frame + frames, audio_frame=p.audio_frame + audio) for p in pieces]


def ffmpeg(data: bytes, container: str) -> bytes:
    """Decode all of it with the FFmpeg binary; whatever it says."""
    argv = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "warning", "-xerror", "-f", container, "-i", "-"]
    return subprocess.run([*argv, "-f", "null", "-"], input=data, capture_output=True, check=True).stderr


def test_hls_has_no_irregular_timestamp(aired: tuple[StreamHeader, list[Slice]]) -> None:
    data = mp4(*aired)
    stream = read_back(data)
    slices = len(aired[1])
    assert stream.steps("video") == {FORM.ticks_per_frame}
    assert stream.steps("audio") == {AAC_FRAME}
    assert stream.video.pts == stream.video.dts
    assert (stream.video.pts[0], stream.audio.pts[0]) == (0, 0)
    assert stream.pictures == slices * GOP
    assert [n for n, key in enumerate(stream.video.keys) if key] == list(range(0, slices * GOP, GOP))
    assert 0 <= len(stream.sound) - slices * 2 * SAMPLE_RATE < AAC_FRAME
    assert ffmpeg(data, "mp4") == b""


def test_the_initialisation_segment_says_what_it_is(aired: tuple[StreamHeader, list[Slice]]) -> None:
    with av.open(io.BytesIO(mp4(*aired)), "r") as opened:
        video, audio = opened.streams.video[0], opened.streams.audio[0]
        assert video.codec_context.extradata == AVCC
        assert (video.width, video.height, video.average_rate) == (FORM.width, FORM.height, FORM.fps)
        assert audio.codec_context.extradata == aired[0].asc
        assert (audio.rate, audio.channels, audio.profile) == (SAMPLE_RATE, 2, "LC")
        frame = next(opened.decode(video))
        assert (frame.colorspace, frame.color_range) == (1, 1)


@pytest.mark.parametrize("hours", [2**32 / 90_000 / 3600, 2**33 / 90_000 / 3600, 24 * 365 * 30])
def test_decode_times_have_64_bits(aired: tuple[StreamHeader, list[Slice]], hours: float) -> None:
    header, pieces = aired
    step = 64 * GOP
    frames = int(hours * 3600 * FORM.fps) // step * step - 2 * GOP
    moved = later(pieces[:6], frames - frames % 64)
    stream = read_back(mp4(header, moved))
    first = moved[0].frame * FORM.ticks_per_frame
    assert stream.video.dts[0] == first
    assert stream.audio.dts[0] == moved[0].audio_frame * AAC_FRAME
    assert stream.steps("video") == {FORM.ticks_per_frame}
    assert stream.steps("audio") == {AAC_FRAME}
    assert stream.pictures == 6 * GOP


def test_flv_counts_milliseconds_from_its_first_frame(aired: tuple[StreamHeader, list[Slice]]) -> None:
    header, pieces = aired
    tail = pieces[3:]  # a session that begins later
    data = flv(header, tail)
    stream = read_back(data, "flv")
    assert stream.video.dts == [n * 1000 // FORM.fps for n in range(len(tail) * GOP)]
    start = tail[0].frame * FORM.samples_per_frame
    audio = [(tail[0].audio_frame + n) * AAC_FRAME - start for n in range(len(stream.audio.dts))]
    assert stream.audio.dts == [sample * 1000 // SAMPLE_RATE for sample in audio]
    assert stream.pictures == len(tail) * GOP
    assert ffmpeg(data, "flv") == b""
    assert data.startswith(FILE_HEADER)


def test_flv_in_stretches_is_the_same_stream(aired: tuple[StreamHeader, list[Slice]]) -> None:
    header, pieces = aired
    assert flv(header, pieces, 4) == flv(header, pieces)
    lengths = [len(stretch) for stretch in tags(pieces[0], header, 0, 4)]
    assert all(lengths)


def test_flv_timestamps_go_on_past_24_bits(aired: tuple[StreamHeader, list[Slice]]) -> None:
    header, pieces = aired
    frames = (2**24 // 1000 * FORM.fps) // (64 * GOP) * 64 * GOP
    moved = later(pieces, frames)
    data = opening(header, START) + b"".join(b"".join(tags(piece, header, 0)) for piece in moved)
    stream = read_back(data, "flv")
    assert stream.video.dts[0] < 2**24 < stream.video.dts[-1]
    assert stream.video.dts == [(frames + n) * 1000 // FORM.fps for n in range(len(moved) * GOP)]
    far = later(pieces[:2], frames * 64)
    data = opening(header, START) + b"".join(b"".join(tags(piece, header, 0)) for piece in far)
    assert read_back(data, "flv").video.dts[0] == frames * 64 * 1000 // FORM.fps > 2**29


def mixed(changes: list[tuple[float, Sound | None]], seconds: float, tmp_path: Path) -> Sound:
    """Decoded output of a mixer that is given another bed at each of these seconds."""
    mixer = Mixer(0)
    units: list[bytes] = []
    for n, (at, sound) in enumerate(changes):
        units += mixer.advance(round(at * SAMPLE_RATE))[1]
        track = None
        if sound is not None:
            soundfile.write(tmp_path / f"{n}.flac", sound, SAMPLE_RATE)
            track = BedReader(tmp_path / f"{n}.flac")
        mixer.change(round(at * SAMPLE_RATE), track, 0)
    units += mixer.advance(round(seconds * SAMPLE_RATE))[1]
    context = av.CodecContext.create("aac", "r")
    context.extradata = mixer.asc
    frames = [frame.to_ndarray() for unit in units for frame in context.decode(av.Packet(unit))]
    return np.concatenate(frames, axis=1).T


def noise(seconds: float, seed: int) -> Sound:
    wave = np.random.default_rng(seed).standard_normal((round(seconds * SAMPLE_RATE), 2)) * 0.08
    return wave.astype(np.float32)


def level(sound: Sound) -> float:
    return float(np.sqrt(np.mean(sound.astype(np.float64) ** 2)))


@pytest.mark.parametrize("beds", ["tones", "noises", "from and to silence"])
def test_no_click_where_beds_change(tmp_path: Path, beds: str) -> None:
    one, two = {
        "tones": (bed_of(6, 440.0), bed_of(6, 610.0)),
        "noises": (noise(6, 1), noise(6, 2)),
        "from and to silence": (None, bed_of(5, 330.0)),
    }[beds]
    sound = mixed([(0, one), (4, two), (8, None)], 10, tmp_path)
    for at in (4, 4 + CROSSFADE / SAMPLE_RATE, 8, 8 + CROSSFADE / SAMPLE_RATE):
        near, around = click(sound, round(at * SAMPLE_RATE))
        assert near <= 1.3 * around + 1e-4, at
    # A bed that is dropped without a crossfade does click; the measure would see it.
    hard = np.concatenate([sine(1, 440.0)[:-30], sine(1, 610.0, 0.2)[7:]])
    near, around = click(hard, SAMPLE_RATE - 30)
    assert near > 3 * around


def test_a_crossfade_keeps_the_level(tmp_path: Path) -> None:
    sound = mixed([(0, noise(6, 1)), (4, noise(6, 2))], 8, tmp_path)
    steady = level(sound[2 * SAMPLE_RATE : 4 * SAMPLE_RATE])
    for tenth in range(10):
        at = 4 * SAMPLE_RATE + tenth * CROSSFADE // 10
        ratio = level(sound[at : at + CROSSFADE // 10]) / steady
        assert 0.9 < ratio < 1.1


def test_the_sound_lies_where_it_was_put_to_the_sample(tmp_path: Path) -> None:
    ticks = np.zeros((8 * SAMPLE_RATE, 2), np.float32)
    for second in range(2, 8):
        ticks[second * SAMPLE_RATE : second * SAMPLE_RATE + 40] = 0.5
    sound = mixed([(0, ticks)], 8, tmp_path)
    for second in range(2, 8):
        window = np.abs(sound[second * SAMPLE_RATE - 500 : second * SAMPLE_RATE + 500, 0])
        loud = np.flatnonzero(window > 0.5 * window.max())
        assert abs(loud[0] - 500) <= 6
        assert abs(loud[-1] - 540) <= 6


def test_two_loud_beds_together_do_not_overflow(tmp_path: Path) -> None:
    bed = bed_of(6, 200.0, 0.8)
    sound = mixed([(0, bed), (3, bed)], 5, tmp_path)  # in step: they add up
    assert np.abs(sound).max() < 1.05
    crossing = level(sound[round(3.2 * SAMPLE_RATE) : round(3.8 * SAMPLE_RATE)])
    assert crossing > level(sound[SAMPLE_RATE : 3 * SAMPLE_RATE])


def test_clips_of_a_sequence_share_one_unbroken_bed(house: House) -> None:
    fill(house, 1, clips=4)
    rig = house.timeline()
    rig.air(6)
    sound = read_back(mp4(rig.header, rig.slices)).sound
    joins = [piece.frame for piece in rig.slices if piece.joins][1:]
    bed = BedReader(house.folder / str(rig.slices[0].entry.bed)).read(0, len(sound))
    settled = slice(CROSSFADE + AAC_FRAME, len(sound) - AAC_FRAME)
    assert np.corrcoef(sound[settled, 0], bed[settled, 0])[0, 1] > 0.99
    assert len(joins) == 3
    for frame in joins:
        near, around = click(sound, frame * FORM.samples_per_frame)
        assert near <= 1.3 * around


def test_every_format_has_a_grid_of_its_own() -> None:
    """AAC frames never begin outside their slice, whatever the rate of pictures."""
    for first, second in itertools.pairwise(range(0, 40)):
        a, b = (-(-n * 96_000 // AAC_FRAME) for n in (first, second))
        assert (a - 1) * AAC_FRAME < first * 96_000 <= a * AAC_FRAME
        assert b > a
