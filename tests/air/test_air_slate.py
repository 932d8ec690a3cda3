"""What a reload changes while a channel airs: its slate and how far viewers can seek back."""

from dataclasses import replace
from pathlib import Path

from air_house import FORM, House

from webtv.air.hls import HlsWriter
from webtv.air.slate import SlateMaker
from webtv.air.slice import Slice, StreamHeader
from webtv.clips.clip import Kind
from webtv.clips.encoder import committed_avcc
from webtv.playlist.entry import Entry


def test_a_renamed_channel_gets_another_slate_and_the_same_name_none(house: House) -> None:
    config = house.config()
    slate = SlateMaker(config)
    first = slate()
    slate.apply(replace(config, ident="../ident.mp4"))
    assert slate() is first
    slate.apply(replace(config, name="Another Name"))
    assert slate() != first


def test_the_window_follows_the_setting(tmp_path: Path) -> None:
    hls = HlsWriter(tmp_path, StreamHeader(FORM, committed_avcc()[FORM.name], b"\x11\x90"), 1000.0, 40.0)
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
