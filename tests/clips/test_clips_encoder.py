"""The one encoder path: what makes clips splice, and what keeps their colours and sounds right."""

import io
import json
from pathlib import Path

import av
import numpy as np
import pytest
from footage import SMALL, decoded_pictures, encoded, packets, pan, texture, tone

from webtv.clips import encoder
from webtv.clips.encoder import committed_avcc, edge_silenced, encode_mp4, make_avcc, write_avcc
from webtv.clips.proof import prove_file
from webtv.core.errors import InputError, InternalError
from webtv.core.format import AAC_FRAME, FORMAT_NAMES, HouseFormat, house_format


@pytest.fixture(scope="module")
def first() -> bytes:
    return encoded(pan(SMALL, 48), SMALL, metadata={"title": "First"})


@pytest.fixture(scope="module")
def second() -> bytes:
    return encoded(pan(SMALL, 96, seed=2, speed=300), SMALL, tone(SMALL, 96, 660))


@pytest.mark.parametrize("name", FORMAT_NAMES)
def test_the_parameter_sets_of_every_format_are_the_committed_ones(name: str) -> None:
    assert make_avcc(house_format(name)) == committed_avcc()[name]


def test_writing_the_table_anew_changes_nothing(tmp_path: Path) -> None:
    write_avcc(tmp_path / "avcc.json")
    table = json.loads((tmp_path / "avcc.json").read_text())
    assert {name: bytes.fromhex(value) for name, value in table.items()} == committed_avcc()
    assert tuple(table) == FORMAT_NAMES


def test_the_largest_format_keeps_every_promise_too() -> None:
    format = house_format("1080p30@1")
    still = np.repeat(texture(3, format.height, format.width)[None], format.gop, axis=0)
    report = prove_file(io.BytesIO(encoded(still, format)), format, format.gop)
    assert report.reasons == ()


def test_threads_length_and_content_leave_the_parameter_sets_alone(second: bytes) -> None:
    grey = np.full((48, SMALL.height, SMALL.width, 3), 90, np.uint8)
    for data in (second, encoded(grey, SMALL, threads=2)):
        with av.open(io.BytesIO(data)) as container:
            assert container.streams.video[0].codec_context.extradata == committed_avcc()[SMALL.name]


def test_another_build_of_the_encoder_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoder, "committed_avcc", lambda: {SMALL.name: b"\x01"})
    with pytest.raises(InternalError, match="other parameter sets"):
        encoded(pan(SMALL, 48), SMALL)


def test_the_same_input_gives_the_same_bytes(first: bytes) -> None:
    assert encoded(pan(SMALL, 48), SMALL, metadata={"title": "First"}) == first


def test_the_index_comes_first_and_there_is_no_edit_list(first: bytes) -> None:
    assert 0 < first.find(b"moov") < first.find(b"mdat")
    assert b"edts" not in first


def test_time_is_exact_and_gops_are_closed(second: bytes) -> None:
    video = packets(second, "video")
    assert [packet.pts for packet in video] == [3750 * n for n in range(96)]
    assert all(packet.dts == packet.pts and packet.duration == 3750 for packet in video)
    assert [n for n, packet in enumerate(video) if packet.is_keyframe] == [0, 48]
    assert prove_file(io.BytesIO(second), SMALL, 96).reasons == ()


def test_colours_are_tagged_and_come_back() -> None:
    patches = np.random.default_rng(5).integers(0, 256, (4, 8, 3), dtype=np.uint8)
    picture = patches.repeat(144, axis=0).repeat(128, axis=1)
    data = encoded(np.repeat(picture[None], 48, axis=0), SMALL)
    with av.open(io.BytesIO(data)) as container:
        context = container.streams.video[0].codec_context
        tags = (context.color_primaries, context.color_trc, context.colorspace, context.color_range)
        assert tags == (1, 1, 1, 1)
        assert (context.profile, context.pix_fmt, context.has_b_frames) == ("High", "yuv420p", False)
    shown = decoded_pictures(data)[24][72::144, 64::128]
    assert np.abs(shown.astype(int) - patches).max() <= 5
    assert np.abs(shown.astype(int) - patches).mean() < 1.5


def test_spliced_packets_of_two_clips_decode_as_one_stream(first: bytes, second: bytes) -> None:
    decoder = av.CodecContext.create("h264", "r")
    decoder.extradata = committed_avcc()[SMALL.name]
    count = 0
    stamps = []
    for data in (first, second, first):
        for packet in packets(data, "video"):
            copy = av.Packet(bytes(packet))
            copy.pts = copy.dts = count * SMALL.ticks_per_frame
            count += 1
            for frame in decoder.decode(copy):
                assert not frame.is_corrupt
                stamps.append(frame.pts)
    stamps += [frame.pts for frame in decoder.decode(None)]
    assert stamps == [3750 * n for n in range(48 + 96 + 48)]


def test_sound_begins_and_ends_with_a_silent_frame(second: bytes) -> None:
    with av.open(io.BytesIO(second)) as container:
        sound = np.concatenate([frame.to_ndarray() for frame in container.decode(audio=0)], axis=1)
    assert sound.shape == (2, 96 * 2000 // AAC_FRAME * AAC_FRAME)
    assert np.abs(sound[:, :AAC_FRAME]).max() < 1e-4
    assert np.abs(sound[:, -AAC_FRAME:]).max() < 1e-3
    # and what lies between is what went in, in step to the sample
    meant = edge_silenced(tone(SMALL, 96, 660)).T
    assert np.sqrt(np.mean((sound - meant) ** 2)) < 0.01 * np.sqrt(np.mean(meant**2))


def test_copied_sound_joins_without_a_click(first: bytes, second: bytes) -> None:
    with av.open(io.BytesIO(first)) as container:
        header = container.streams.audio[0].codec_context.extradata
    decoder = av.CodecContext.create("aac", "r")
    decoder.extradata, decoder.sample_rate, decoder.layout = header, 48_000, "stereo"
    sound = np.concatenate(
        [
            frame.to_ndarray()
            for data in (first, second)
            for packet in packets(data, "audio")
            for frame in decoder.decode(av.Packet(bytes(packet)))
        ],
        axis=1,
    )
    join = 48 * 2000 // AAC_FRAME * AAC_FRAME
    clicks = np.abs(np.diff(sound, n=2, axis=1))
    steady = np.abs(np.diff(tone(SMALL, 48, 660), n=2, axis=0)).max()
    assert clicks[:, join - 3 * AAC_FRAME : join + 3 * AAC_FRAME].max() < 2 * steady


def test_a_path_appears_complete_or_not_at_all(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="47 frames were written"):
        encode_mp4([pan(SMALL, 47)], tone(SMALL, 48), SMALL, tmp_path / "clip.mp4")
    assert list(tmp_path.iterdir()) == []
    avcc = encode_mp4([pan(SMALL, 48)], tone(SMALL, 48), SMALL, tmp_path / "clip.mp4")
    assert avcc == committed_avcc()[SMALL.name]
    assert [path.name for path in tmp_path.iterdir()] == ["clip.mp4"]


@pytest.mark.parametrize(
    ("shape", "samples"), [((48, 576, 1024, 3), 95_999), ((48, 720, 1280, 3), 96_000), ((1,), 0)]
)
def test_what_does_not_fit_is_refused(shape: tuple[int, ...], samples: int) -> None:
    with pytest.raises(InputError):
        encode_mp4([np.zeros(shape, np.uint8)], np.zeros((samples, 2), np.float32), SMALL, io.BytesIO())


def test_bit_rate_is_capped(second: bytes) -> None:
    wild = np.random.default_rng(0).integers(0, 256, (48, SMALL.height, SMALL.width, 3), dtype=np.uint8)
    video = packets(encoded(wild, SMALL), "video")
    # Two seconds at the peak rate, and what the buffer holds beside.
    assert sum(packet.size for packet in video) * 8 < SMALL.bit_rate * (2 * 1.5 + 2.0)
    assert _rate(second, SMALL) < 1.5


def _rate(data: bytes, format: HouseFormat) -> float:
    video = packets(data, "video")
    return sum(packet.size for packet in video) * 8 / (len(video) / format.fps) / format.bit_rate
