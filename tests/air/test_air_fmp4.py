"""Fragmented MP4 in pieces: a player sees the first picture before the whole segment is there."""

import io
import itertools
import subprocess
from dataclasses import replace

import av
import imageio_ffmpeg
import pytest
from air_disk import Aired, boxes, moved, packets, plain_slate
from air_house import AVCC, FORM, GOP, START, read_back

from webtv.air.fmp4 import (
    chunk_plan,
    fragments,
    free_box,
    index_room,
    init_segment,
    media_segment,
    segment_index,
)
from webtv.air.slice import ASC, Slice, StreamHeader
from webtv.clips.clip import Kind
from webtv.core.format import AAC_FRAME, FORMAT_NAMES, house_format
from webtv.playlist.entry import Entry

PLAN = chunk_plan(FORM)


@pytest.fixture(scope="module")
def aired(tmp_path_factory: pytest.TempPathFactory, footage: object) -> Aired:
    return Aired.make(tmp_path_factory.mktemp("fmp4") / "data", footage, 8)


@pytest.mark.parametrize("name", FORMAT_NAMES)
def test_chunks_are_a_keyframe_the_rest_of_a_quarter_and_then_half_a_second(name: str) -> None:
    form = house_format(name)
    keyframe, quarter, *others = chunk_plan(form)
    assert keyframe == 1
    assert 0.2 <= (keyframe + quarter) / form.fps <= 0.25
    assert all(0.4 <= count / form.fps <= 0.5 for count in others)
    assert 0.5 <= (form.gop - keyframe - quarter - sum(others)) / form.fps <= 0.8


def test_chunks_hold_the_same_packets_at_the_same_times(aired: Aired) -> None:
    init = init_segment(aired.header)
    whole = init + b"".join(media_segment(piece, aired.header) for piece in aired.pieces)
    cut = init + b"".join(media_segment(piece, aired.header, chunks=PLAN) for piece in aired.pieces)
    assert packets(cut) == packets(whole)
    assert read_back(cut).pictures == len(aired.pieces) * GOP
    argv = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "warning", "-xerror", "-f", "mp4", "-i", "-"]
    run = subprocess.run([*argv, "-f", "null", "-"], input=cut, capture_output=True, check=True)
    assert run.stderr == b""


def test_a_fragment_number_rises_whatever_is_cut(aired: Aired) -> None:
    numbers = []
    for n, piece in enumerate(aired.pieces):  # also where a process that cuts otherwise takes over
        for fragment in fragments(piece, aired.header, chunks=PLAN if n % 3 else ()):
            (moof,) = [body for kind, body in boxes(fragment) if kind == "moof"]
            (mfhd,) = [body for kind, body in boxes(moof) if kind == "mfhd"]
            numbers.append(int.from_bytes(mfhd[4:]))
    assert all(later > earlier for earlier, later in itertools.pairwise(numbers))


def test_every_chunk_plays_with_what_came_before_it_alone(aired: Aired) -> None:
    init, made = init_segment(aired.header), fragments(aired.pieces[1], aired.header, chunks=PLAN)
    counts = [*PLAN, GOP - sum(PLAN)]
    assert len(made) == len(counts)
    for n in range(1, len(made) + 1):
        data = init + b"".join(made[:n])
        shown = sum(counts[:n])
        with av.open(io.BytesIO(data), "r", format="mp4") as opened:
            assert sum(1 for _ in opened.decode(video=0)) == shown
        # The sound that begins while these pictures are shown is there, and no other.
        tracks = packets(data)
        end = (aired.pieces[1].frame + shown) * FORM.samples_per_frame
        assert end - AAC_FRAME <= tracks["audio"][-1][0] < end


def test_decode_times_count_from_where_a_file_begins(aired: Aired) -> None:
    first = aired.pieces[3].frame
    data = init_segment(aired.header, created=START) + b"".join(
        media_segment(piece, aired.header, first_frame=first, chunks=PLAN) for piece in aired.pieces[3:]
    )
    tracks = packets(data)
    assert [at for at, _ in tracks["video"]] == [
        n * FORM.ticks_per_frame for n in range(len(aired.pieces[3:]) * GOP)
    ]
    # Sound keeps its distance from the pictures: less than one AAC frame.
    sound = [at for at, _ in tracks["audio"]]
    assert sound[0] == aired.pieces[3].audio_frame * AAC_FRAME - first * FORM.samples_per_frame
    assert 0 < sound[0] < AAC_FRAME
    assert {b - a for a, b in itertools.pairwise(sound)} == {AAC_FRAME}
    with av.open(io.BytesIO(data), "r") as opened:
        assert opened.metadata["creation_time"] == "2027-01-15T08:00:00.000000Z"


def test_a_segment_without_sound_is_one() -> None:
    entry = Entry(0, "slate", Kind.SLATE, "", 1, 1, None, 0, GOP, "", "")
    silent = replace(moved(Slice(0, plain_slate()[0], 0, (), entry, False), 4), audio=())
    header = StreamHeader(FORM, AVCC, ASC)
    data = init_segment(header) + media_segment(silent, header, chunks=PLAN)
    assert len(packets(data)["video"]) == GOP


@pytest.mark.parametrize("count", [1, 7, 8, 9, 1000])
def test_an_index_fits_its_room(count: int) -> None:
    room = index_room(8)
    sizes = list(range(1000, 1000 + count))
    found = list(boxes(segment_index(sizes, 180_000, room)))
    assert [kind for kind, _ in found] == ["sidx", "free"]
    sidx = found[0][1]
    assert sum(8 + len(body) for _, body in found) == room
    entries = int.from_bytes(sidx[30:32])
    references = [sidx[32 + 12 * n : 44 + 12 * n] for n in range(entries)]
    assert len(sidx) == 32 + 12 * entries
    assert sum(int.from_bytes(each[:4]) for each in references) == sum(sizes)
    assert sum(int.from_bytes(each[4:8]) for each in references) == count * 180_000
    assert len(free_box(8)) == 8
