"""Live playlists as a player reads them."""

import pytest
from probe_stage import live_index

from webtv.core.errors import InputError
from webtv.probe.m3u8 import read_playlist


def test_a_window_is_read_whole() -> None:
    text = live_index(["7.m4s", "8.m4s"], 7, 1_800_000_000.0, 2.0, marked=frozenset({"8.m4s"}))
    playlist = read_playlist(text)
    assert (playlist.target, playlist.sequence, playlist.init) == (2.0, 7, "init.mp4")
    first, second = playlist.segments
    assert (first.number, first.name, first.seconds) == (7, "7.m4s", 2.0)
    assert (first.date, second.date) == (1_800_000_000.0, 1_800_000_002.0)
    assert (first.discontinuity, second.discontinuity) == (False, True)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<html>",
        "#EXTM3U\n#EXT-X-TARGETDURATION:x\n",
        "#EXTM3U\n#EXTINF:abc,\na.m4s\n",
        "#EXTM3U\n#EXT-X-PROGRAM-DATE-TIME:yesterday\n",
        "#EXTM3U\n" + "#" * (1 << 20),
    ],
)
def test_what_is_no_playlist_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        read_playlist(text)


def test_an_empty_window_is_one() -> None:
    assert read_playlist("#EXTM3U\n#EXT-X-TARGETDURATION:2\n").segments == ()
