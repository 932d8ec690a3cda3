"""What airs next: the playlist, the filler ladder, blocks, and whatever files can do to a station."""

import itertools
import json
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from air_house import FORM, GOP, START, House, fill

from webtv.clips.clip import Kind
from webtv.clips.encoder import encode_mp4
from webtv.core.format import house_format
from webtv.playlist.asrun import utc_text


def slices_of(*numbers: int) -> int:
    return sum(numbers) // GOP


def test_entries_air_in_order_and_the_log_is_exact(house: House) -> None:
    entries = fill(house, 3)
    rig = house.timeline()
    rig.air(slices_of(*(entry.frames for entry in entries)) + 1)
    assert rig.clips()[: len(entries)] == [entry.clip for entry in entries]
    at = 0
    for entry, airing in zip(entries, rig.airings, strict=True):
        assert (airing.n, airing.clip, airing.kind) == (entry.n, entry.clip, Kind.NEW)
        assert (airing.start_frame, airing.frames, airing.cut) == (at, entry.frames, False)
        assert airing.utc == utc_text(START + at / FORM.fps)
        at += airing.frames
    assert list(house.log.read()) == rig.airings


def test_frames_follow_each_other_whatever_airs(house: House) -> None:
    fill(house, 2)
    rig = house.timeline()
    pieces = rig.air(40)
    assert [piece.frame for piece in pieces] == list(range(0, 40 * GOP, GOP))
    assert all(len(piece.video) == GOP for piece in pieces)
    audio = [
        number
        for piece in pieces
        for number in range(piece.audio_frame, piece.audio_frame + len(piece.audio))
    ]
    assert audio == list(range(len(audio)))


def test_a_dry_playlist_is_followed_by_whole_reruns_then_by_what_is_new(house: House) -> None:
    entries = fill(house, 4)
    rig = house.timeline()
    rig.air(slices_of(*(entry.frames for entry in entries)) + 2)
    assert rig.slices[-1].entry.kind is Kind.RERUN
    late = fill(house, 1)
    rig.air(12)
    order = [piece.entry for piece in rig.slices if piece.joins][len(entries) :]
    reruns = [entry for entry in order if entry.kind is Kind.RERUN]
    # The rerun that had begun went out whole before the new sequence began.
    assert [entry.pos for entry in order[:3]] == [1, 2, 3]
    assert len({entry.seq for entry in order[:3]}) == 1
    assert [entry.clip for entry in order[3:6]] == [entry.clip for entry in late]
    assert all(airing.n is None for airing in rig.airings if airing.kind is Kind.RERUN)
    assert reruns
    assert all(entry.n == 0 for entry in reruns)
    assert rig.kinds().count("air.filler.reruns") == 2  # once per dry spell


def test_without_anything_the_ladder_ends_at_ident_and_slate(house: House, tmp_path: Path) -> None:
    rig = house.timeline()
    rig.air(2)
    assert rig.clips() == ["slate"]
    rig.ident = house.footage.clip(1)
    rig.air(20)
    idents = [n for n, clip in enumerate(rig.clips()) if clip == "ident"]
    assert idents
    assert min((b - a for a, b in itertools.pairwise(idents)), default=8) >= 5
    rig.ident = tmp_path / "gone.mp4"
    rig.air(40)
    assert rig.kinds().count("air.filler.slate") == 1
    assert rig.kinds().count("air.clip.unusable") == 1
    assert {airing.n for airing in rig.airings} == {None}


def test_a_blocked_clip_is_cut_at_the_next_gop_and_never_begins(house: House) -> None:
    entries = fill(house, 2)  # s1: 2, 2, 1 GOPs
    rig = house.timeline()
    rig.air(1)
    blocked = [entries[0].clip, entries[1].clip, entries[4].clip]
    (house.data / "blocked").write_text("".join(f"{clip}  # why\n" for clip in blocked))
    rig.air(5)
    assert entries[1].clip not in rig.clips()
    assert entries[4].clip not in rig.clips()
    assert rig.clips()[:2] == [entries[0].clip, entries[2].clip]
    first = rig.airings[0]
    assert (first.clip, first.frames, first.cut) == (entries[0].clip, GOP, True)
    assert rig.airings[1].start_frame == GOP
    (house.data / "blocked").unlink()
    rig.program.prefetch()
    assert not rig.program.is_blocked(entries[0])


def _truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:9000])


def _flipped(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 4000] = os.urandom(4000)
    path.write_bytes(bytes(data))


def _directory(path: Path) -> None:
    path.mkdir()


TROUBLES: dict[str, Callable[[Path], object]] = {
    "missing": lambda path: None,
    "empty": lambda path: path.write_bytes(b""),
    "garbage": lambda path: path.write_bytes(os.urandom(20_000)),
    "text": lambda path: path.write_text("<html>404</html>"),
    "a folder": _directory,
    "a pipe that nobody writes to": os.mkfifo,
}


@pytest.mark.parametrize("trouble", TROUBLES)
def test_an_unusable_clip_or_bed_is_told_and_passed_over(house: House, trouble: str) -> None:
    entries = fill(house, 2)
    clip, bed = house.file(entries[1].clip), house.folder / str(entries[3].bed)
    for path in (clip, bed):
        path.unlink()
        TROUBLES[trouble](path)
    rig = house.timeline()
    rig.air(slices_of(*(entry.frames for entry in entries)) - 2)
    assert rig.clips() == [entry.clip for entry in entries if entry is not entries[1]][: len(rig.clips())]
    assert rig.kinds().count("air.clip.unusable") == 1
    assert rig.kinds().count("air.bed.unusable") == 1
    assert all(event.remedy for event in rig.events)


@pytest.mark.parametrize("spoil", [_truncated, _flipped])
def test_a_damaged_clip_is_passed_over(house: House, spoil: Callable[[Path], None]) -> None:
    entries = fill(house, 2)
    path = house.file(entries[1].clip)
    data = path.read_bytes()
    path.unlink()  # the others share the inode
    path.write_bytes(data)
    spoil(path)
    rig = house.timeline()
    rig.air(6)
    assert entries[1].clip not in rig.clips()
    assert "air.clip.unusable" in rig.kinds()


def test_a_clip_of_another_format_is_passed_over(house: House, tmp_path: Path) -> None:
    other = house_format("576p25@1")
    entries = fill(house, 1)
    frames = np.full((other.gop, other.height, other.width, 3), 90, np.uint8)
    house.file(entries[0].clip).unlink()
    encode_mp4(
        [frames],
        np.zeros((other.gop * other.samples_per_frame, 2), np.float32),
        other,
        house.file(entries[0].clip),
    )
    rig = house.timeline()
    rig.air(2)
    assert rig.clips()[0] == entries[1].clip
    assert "not encoded as 576p24@1" in next(e.message for e in rig.events if e.kind == "air.clip.unusable")


def test_a_bed_that_breaks_while_it_airs_falls_silent(house: House) -> None:
    entries = house.sequence(3)
    bed = house.folder / str(entries[0].bed)
    data = bytearray(bed.read_bytes())
    data[len(data) // 3 : len(data) // 2] = bytes(len(data) // 2 - len(data) // 3)
    bed.unlink()
    bed.write_bytes(bytes(data))
    house.playlist.append(entries)
    rig = house.timeline()
    rig.air(5)
    assert rig.clips() == [entry.clip for entry in entries]
    assert rig.kinds().count("air.bed.unusable") == 1


def test_what_was_read_ahead_stays_and_the_rest_may_change(house: House) -> None:
    entries = fill(house, 3)
    rig = house.timeline()
    rig.air(1)
    locked = rig.program.locked
    assert locked == entries[2].n  # one on air, two in memory
    other = house.playlist.replace_after(locked, house.sequence(2))
    rig.air(9)
    assert rig.clips()[:5] == [e.clip for e in entries[:3]] + [e.clip for e in other]


def test_a_playlist_whose_numbers_begin_anew_airs(house: House) -> None:
    entries = fill(house, 4)
    rig = house.timeline()
    rig.air(slices_of(*(entry.frames for entry in entries)))
    house.playlist.path.unlink()
    rig.air(1)
    again = House(house.data, house.footage, made=100)
    assert again.playlist.next_n == 1
    fresh = fill(again, 1)
    rig.air(16)
    assert set(rig.clips()) >= {entry.clip for entry in fresh}
    assert "air.playlist.renumbered" in rig.kinds()


def test_a_playlist_that_was_cut_short_does_not_air_again_from_its_beginning(house: House) -> None:
    entries = fill(house, 5)
    rig = house.timeline()
    rig.air(slices_of(*(entry.frames for entry in entries[:12])))
    lines = house.playlist.path.read_text().splitlines(keepends=True)
    house.playlist.path.write_text("".join(lines[: 1 + 2 * 4]))  # its first four entries
    rig.air(10)
    house.playlist.path.write_text("".join(lines))  # the control plane mends it
    late = fill(house, 1)
    rig.air(20)
    numbers = [piece.entry.n for piece in rig.slices if piece.joins and piece.entry.n]
    assert numbers == sorted(set(numbers))
    assert "air.playlist.renumbered" not in rig.kinds()
    assert late[0].clip in rig.clips()


def test_an_entry_says_what_the_file_holds_not_what_the_playlist_says(house: House) -> None:
    (entry,) = house.sequence(1)
    line = entry.numbered(1).to_json() | {"frames": 4800}
    house.playlist.path.write_text(f"ffconcat version 1.0\n# webtv {json.dumps(line)}\nfile '{entry.file}'\n")
    rig = house.timeline()
    rig.air(4)
    assert rig.airings[0].frames == entry.frames
    assert rig.timeline.cursor().listed is False
