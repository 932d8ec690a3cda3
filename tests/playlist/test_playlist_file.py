"""The playlist file: durable, tailed, replaced beyond the horizon, and playable by FFmpeg as it stands."""

import json
import os
import subprocess
import sys
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from webtv.clips.clip import Kind
from webtv.core.errors import ConflictError, InputError
from webtv.playlist.entry import Entry, encode_entry
from webtv.playlist.ffconcat import HEADER, Playlist, PlaylistReader, read_entries

DAY = 1_800_000_000.0


def entry(name: str = "a", frames: int = 96, **changes: object) -> Entry:
    known = {"bed": f"../library/{name}.flac", "title": f"Title {name}", "file": f"../library/{name}.mp4"}
    fields = {
        "n": 0,
        "clip": name,
        "kind": Kind.NEW,
        "seq": name,
        "pos": 1,
        "of": 1,
        "bed_at": 0,
        "frames": frames,
    }
    return Entry(**{**fields, **known, **changes})  # type: ignore[arg-type]


def some(count: int, start: int = 0) -> list[Entry]:
    return [entry(f"c{start + i}") for i in range(count)]


@pytest.fixture
def playlist(tmp_path: Path) -> Playlist:
    return Playlist(tmp_path / "playlists" / "tide.ffconcat", tmp_path / "playlists" / "archive" / "tide")


def reopened(playlist: Playlist) -> Playlist:
    return Playlist(playlist.path, playlist.path.parent / "archive" / "tide")


def test_a_new_playlist_is_an_empty_ffconcat(playlist: Playlist) -> None:
    assert playlist.path.read_text() == HEADER
    assert (playlist.next_n, list(playlist.entries)) == (1, [])


def test_what_is_appended_is_numbered_and_comes_back(playlist: Playlist) -> None:
    assert [e.n for e in playlist.append(some(3))] == [1, 2, 3]
    assert [e.n for e in playlist.append(some(2, 3))] == [4, 5]
    assert read_entries(playlist.path) == list(playlist.entries) == list(reopened(playlist).entries)
    assert [e.n for e in playlist.ahead(3)] == [4, 5]


names = st.text(st.characters(exclude_characters="\r\n\0", exclude_categories=["Cs"]), min_size=1).filter(
    lambda text: text == text.strip()
)


@given(title=st.text(), file=names)
def test_any_title_and_any_path_survive(title: str, file: str) -> None:
    given_entry = entry(title=title, file=file).numbered(7)
    lines = encode_entry(given_entry)
    assert lines.count("\n") == 2
    comment, _, rest = lines.partition("\n")
    text = rest.removeprefix("file '").removesuffix("'\n").replace("'\\''", "'")
    assert Entry.from_json(json.loads(comment.removeprefix("# webtv ")), text) == given_entry


@pytest.mark.parametrize("file", ["", "a\nb.mp4", "a\0b"])
def test_a_path_that_cannot_stand_on_a_line_is_refused(playlist: Playlist, file: str) -> None:
    with pytest.raises(InputError):
        playlist.append([entry(file=file)])
    assert playlist.path.read_text() == HEADER


def test_half_a_surrogate_pair_in_a_title_does_no_harm(playlist: Playlist) -> None:
    playlist.append([entry(title="moon \ud83c"), entry("b")])
    assert [e.title for e in read_entries(playlist.path)] == ["moon ?", "Title b"]


@pytest.mark.parametrize(
    "change",
    [
        {"n": 0},
        {"n": -3},
        {"n": 10**30},
        {"n": "x"},
        {"frames": 0},
        {"frames": 1e999},
        {"kind": "advert"},
        {"bed_at": -1},
        {"pos": 0},
        {"pos": 3, "of": 2},
        {"n": None},
        {"title": "moon \ud83c"},
        {"clip": "\udc80"},
    ],
)
def test_impossible_entries_are_passed_over_and_told(playlist: Playlist, change: dict[str, object]) -> None:
    playlist.append(some(1))
    comment = json.dumps(entry("bad").numbered(2).to_json() | change)
    with playlist.path.open("a") as file:
        file.write(f"# webtv {comment}\nfile 'bad.mp4'\n" + encode_entry(entry("good").numbered(3)))
    told: list[str] = []
    assert [e.clip for e in read_entries(playlist.path, told.append)] == ["c0", "good"]
    assert len(told) == 1


GARBAGE = {
    "noise": bytes(range(256)) * 9,
    "a line of 10 MB": b"x" * 10_000_000 + b"\n",
    "a comment of 10 MB": b'# webtv {"n":' + b"9" * 10_000_000 + b"\n",
    "a path of 10 MB": b"# webtv {}\nfile '" + b"x" * 10_000_000 + b"'\n",
    "deep JSON": b"# webtv " + b"[" * 60_000 + b"\nfile 'x'\n",
    "a list": b"# webtv [1]\nfile 'x'\n",
    "a comment alone": b'# webtv {"n":99,"clip":"x","kind":"new","frames":96}\n',
    "a file alone": b"file 'alone.mp4'\n",
    "zeros": bytes(5000) + b"\n",
}


@pytest.mark.parametrize("garbage", GARBAGE)
def test_garbage_costs_nobody_else(playlist: Playlist, garbage: str) -> None:
    playlist.append(some(2))
    reader = PlaylistReader(playlist.path)
    reader.refresh()
    with playlist.path.open("ab") as file:
        file.write(GARBAGE[garbage] + b"\n" + encode_entry(entry("after").numbered(3)).encode())
    assert reader.refresh()
    assert [e.clip for e in reader.entries] == ["c0", "c1", "after"]
    assert read_entries(playlist.path) == reader.entries
    # The next control plane goes on behind it.
    again = reopened(playlist)
    again.append(some(1, 9))
    reader.refresh()
    assert [(e.n, e.clip) for e in reader.entries] == [(1, "c0"), (2, "c1"), (3, "after"), (4, "c9")]


def test_a_reader_sees_an_entry_once_both_lines_are_whole(playlist: Playlist) -> None:
    reader = PlaylistReader(playlist.path)
    whole = "".join(encode_entry(e.numbered(n)) for n, e in enumerate(some(3), 1)).encode()
    seen: list[int] = []
    handle = os.open(playlist.path, os.O_WRONLY | os.O_APPEND)
    for at in range(0, len(whole), 7):
        os.write(handle, whole[at : at + 7])
        reader.refresh()
        seen.append(len(reader.entries))
    os.close(handle)
    assert seen == sorted(seen)
    assert seen[-1] == 3
    assert reader.entries == read_entries(playlist.path)


def test_a_torn_last_entry_is_dropped_by_the_next_control_plane(playlist: Playlist) -> None:
    playlist.append(some(3))
    data = playlist.path.read_bytes()
    for cut in range(len(data) - 1, len(data) - len(encode_entry(entry("c2").numbered(3))), -1):
        playlist.path.write_bytes(data[:cut])
        again = reopened(playlist)
        assert [e.clip for e in again.entries] == ["c0", "c1"]
        again.append(some(1, 7))
        told: list[str] = []
        assert [e.clip for e in read_entries(playlist.path, told.append)] == ["c0", "c1", "c7"]
        assert told == []


def test_a_reader_follows_a_file_that_is_replaced_even_under_the_same_inode(playlist: Playlist) -> None:
    playlist.append(some(4))
    reader = PlaylistReader(playlist.path)
    reader.refresh()
    playlist.replace_after(2, some(5, 10))
    # Truncated and written anew in place: the inode stays, the file is longer than what was read.
    assert reader.refresh()
    with playlist.path.open("r+b") as file:
        data = HEADER.encode() + b"".join(
            encode_entry(e.numbered(n)).encode() for n, e in enumerate(some(9, 50), 20)
        )
        file.write(data)
        file.truncate()
    assert reader.refresh()
    assert [e.clip for e in reader.entries] == [f"c{n}" for n in range(50, 59)]
    playlist.path.unlink()
    assert reader.refresh()
    assert reader.entries == []
    assert not reader.refresh()


def test_numbers_never_come_again(playlist: Playlist) -> None:
    playlist.append(some(6))
    assert playlist.replace_after(2, []) == []
    assert playlist.next_n == 7
    again = reopened(playlist)
    assert again.next_n == 7
    assert [e.n for e in again.append(some(1))] == [7]
    assert [e.n for e in reopened(playlist).replace_after(2, some(2))] == [8, 9]
    with pytest.raises(ConflictError):
        reopened(playlist).replace_after(10, [])


def test_numbers_go_on_after_rotation_and_after_the_file_is_gone(playlist: Playlist) -> None:
    playlist.append(some(10))
    assert playlist.rotate(10, DAY, keep=0) == 10
    assert reopened(playlist).next_n == 11
    playlist.path.unlink()
    assert reopened(playlist).next_n == 11


def test_an_append_that_the_disk_refuses_leaves_no_trace(playlist: Playlist) -> None:
    playlist.append(some(2))
    before = playlist.path.read_bytes()
    script = (
        "import resource, signal, sys; from pathlib import Path;"
        "from test_playlist_file import some; from webtv.playlist.ffconcat import Playlist;"
        "playlist = Playlist(Path(sys.argv[1]), Path(sys.argv[2]));"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]),) * 2)\n"
        "try: playlist.append(some(5, 5))\n"
        "except OSError: print(playlist.next_n)"
    )
    argv = [str(playlist.path), str(playlist.path.parent / "archive"), str(len(before) + 100)]
    done = subprocess.run(
        [sys.executable, "-c", script, *argv],
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "3\n"
    assert playlist.path.read_bytes() == before


def test_an_append_after_somebody_removed_the_file_loses_nothing(playlist: Playlist) -> None:
    playlist.append(some(2))
    playlist.path.unlink()
    playlist.append(some(1, 2))
    assert [e.clip for e in read_entries(playlist.path)] == ["c0", "c1", "c2"]


def test_rotation_keeps_what_is_ahead_and_some_of_the_past(playlist: Playlist) -> None:
    playlist.append(some(100))
    assert playlist.rotate(80, DAY) == 30
    assert [e.n for e in playlist.entries] == list(range(31, 101))
    assert playlist.rotate(80, DAY) == 0
    playlist.append(some(20, 100))
    assert playlist.rotate(110, DAY) == 30
    assert playlist.rotate(115, DAY + 86_400) == 5
    archives = sorted((playlist.path.parent / "archive" / "tide").glob("*.ffconcat"))
    assert [[e.n for e in read_entries(path)] for path in archives] == [
        list(range(1, 61)),
        list(range(61, 66)),
    ]


def test_a_rotation_that_was_killed_half_way_archives_nothing_twice(playlist: Playlist) -> None:
    playlist.append(some(60))
    before = playlist.path.read_bytes()
    playlist.rotate(60, DAY)
    playlist.path.write_bytes(before)
    reopened(playlist).rotate(60, DAY + 86_400)
    archives = sorted((playlist.path.parent / "archive" / "tide").glob("*.ffconcat"))
    assert [e.n for path in archives for e in read_entries(path)] == list(range(1, 11))


def test_the_real_ffmpeg_plays_playlist_and_archive(playlist: Playlist) -> None:
    library = playlist.path.parent.parent / "library"
    library.mkdir()
    for name in ("it's a", "b"):
        soundfile.write(library / f"{name}.wav", np.full((4800, 2), 0.1), 48_000)
    names = [("it's a", "b")[i % 2] for i in range(8)]
    playlist.append([entry(name, file=f"../library/{name}.wav") for name in names])
    playlist.replace_after(6, [entry("b", file="../library/b.wav")] * 3)
    playlist.replace_after(10, [])
    playlist.rotate(6, DAY, keep=2)
    (archive,) = (playlist.path.parent / "archive" / "tide").glob("*.ffconcat")
    for path, entries in ((playlist.path, 4), (archive, 4)):
        found = read_entries(path)
        assert len(found) == entries
        assert all((path.parent / e.file).is_file() for e in found)
        argv = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-f", "concat", "-safe", "0", "-i", str(path)]
        done = subprocess.run([*argv, "-f", "s16le", "-"], capture_output=True, check=True, timeout=30)
        assert done.stderr == b""
        assert len(done.stdout) == entries * 4800 * 4


edits = st.lists(
    st.one_of(
        st.tuples(st.just("append"), st.integers(0, 4)),
        st.tuples(st.just("replace"), st.integers(0, 4)),
        st.tuples(st.just("take"), st.integers(1, 4)),
        st.tuples(st.just("rotate"), st.integers(0, 3)),
        st.tuples(st.just("reopen"), st.just(0)),
        st.tuples(st.just("look"), st.just(0)),
    ),
    max_size=25,
)


@given(edits)
def test_whatever_the_control_plane_does_the_reader_airs_each_entry_once(
    tmp_path_factory: pytest.TempPathFactory, edits: list[tuple[str, int]]
) -> None:
    folder = tmp_path_factory.mktemp("edits")
    playlist = Playlist(folder / "tide.ffconcat", folder / "archive" / "tide")
    reader = PlaylistReader(playlist.path, lambda why: pytest.fail(why))
    taken, aired, made = 0, list[Entry](), 0
    for what, count in edits:
        fresh = some(count, made)
        made += count if what in ("append", "replace") else 0
        if what == "append":
            playlist.append(fresh)
        elif what == "replace" and taken < playlist.next_n:
            playlist.replace_after(taken, fresh)
        elif what == "rotate":
            playlist.rotate(taken, DAY, keep=count)
        elif what == "reopen":
            playlist = Playlist(folder / "tide.ffconcat", folder / "archive" / "tide")
        elif what == "look":
            reader.refresh()
        else:
            reader.refresh()
            for _ in range(count):
                if follower := reader.after(taken):
                    taken = follower.n
                    aired.append(follower)
    reader.refresh()
    assert reader.entries == list(playlist.entries) == read_entries(playlist.path)
    numbers = [e.n for e in aired]
    assert numbers == sorted(set(numbers))
    assert len({e.clip for e in aired}) == len(aired)
    archives = [e for path in sorted((folder / "archive").rglob("*.ffconcat")) for e in read_entries(path)]
    assert {e.n for e in aired} <= {e.n for e in [*archives, *playlist.entries]}
    assert playlist.next_n > max(numbers, default=0)
