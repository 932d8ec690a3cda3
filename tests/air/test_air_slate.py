"""What a reload changes while a channel airs: its slate and how far viewers can seek back."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest
from air_house import FORM, House

from webtv.air.hls import HlsWriter
from webtv.air.slate import SlateMaker, forget_slates
from webtv.air.slice import Slice, StreamHeader
from webtv.clips.clip import Kind
from webtv.clips.encoder import committed_avcc
from webtv.core.errors import TransientError
from webtv.core.events import Event
from webtv.playlist.entry import Entry


def test_a_renamed_channel_gets_another_slate_and_the_same_name_none(house: House) -> None:
    config = house.config()
    events: list[Event] = []
    slate = SlateMaker(config, events.append)
    assert not slate.ready
    first = slate()
    assert slate.ready
    assert not slate.apply(replace(config, ident="../ident.mp4"))
    slate.refresh()
    assert slate() is first
    assert slate.apply(replace(config, name="Another Name"))
    assert slate() is first  # until the other one is made
    slate.refresh()
    assert slate() != first
    assert not events


def test_without_children_the_head_end_makes_its_slate_itself(
    house: House, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    by_child = SlateMaker(house.config(), lambda _: None)()
    events: list[Event] = []
    monkeypatch.setattr(sys, "executable", str(tmp_path / "no such interpreter"))
    assert SlateMaker(house.config(), events.append)() == by_child
    assert [event.kind for event in events] == ["air.slate.within"]


def test_a_slate_is_kept_for_the_next_head_end(
    house: House, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder, events = tmp_path / "slates", list[Event]()
    made = SlateMaker(house.config(), events.append, folder)()
    renamed = SlateMaker(replace(house.config(), name="Another Name"), events.append, folder)()
    assert renamed != made
    assert len(list(folder.iterdir())) == 1, "what the channel does not show any more is deleted"
    monkeypatch.setattr(sys, "executable", str(tmp_path / "no such interpreter"))
    again = SlateMaker(replace(house.config(), name="Another Name"), events.append, folder)
    assert again() == renamed
    assert not events
    forget_slates(folder, {"other"})
    assert not list(folder.iterdir())


@pytest.mark.parametrize("damage", [b"", b"garbage" * 500])
def test_a_damaged_slate_is_made_anew(house: House, tmp_path: Path, damage: bytes) -> None:
    folder = tmp_path / "slates"
    made = SlateMaker(house.config(), lambda _: None, folder)()
    (kept,) = folder.iterdir()
    whole = kept.read_bytes()
    kept.write_bytes(damage or whole[: len(whole) // 2])
    assert SlateMaker(house.config(), lambda _: None, folder)() == made
    assert kept.read_bytes() == whole


def test_a_disk_that_takes_no_slate_costs_nothing(house: House, tmp_path: Path) -> None:
    (tmp_path / "slates").write_text("a file where the folder should be")
    events: list[Event] = []
    assert SlateMaker(house.config(), events.append, tmp_path / "slates")()
    assert not events


def test_an_abandoned_slate_keeps_nobody_waiting(house: House) -> None:
    slate = SlateMaker(house.config(), lambda _: None)
    slate.abandon()
    with pytest.raises(TransientError):
        slate()


def test_the_window_follows_the_setting(tmp_path: Path) -> None:
    header = StreamHeader(FORM, committed_avcc()[FORM.name], b"\x11\x90")
    hls = HlsWriter(tmp_path, header, 1000.0, 40.0, slate=list, silence=b"")
    entry = Entry(1, "c", Kind.NEW, "s", 1, 1, None, 0, FORM.gop, "", "c.mp4")

    def listed(pieces: range) -> int:
        for n in pieces:
            hls.write(Slice(n * FORM.gop, (b"\0" * 5,) * FORM.gop, n * 93, (b"\0",) * 93, entry, joins=False))
        return (tmp_path / "index.m3u8").read_text().count(".m4s")

    assert listed(range(30)) == 20
    hls.keep(20.0)
    assert listed(range(30, 31)) == 10
    hls.keep(40.0)
    assert listed(range(31, 36)) == 15
