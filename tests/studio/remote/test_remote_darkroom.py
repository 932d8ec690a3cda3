"""What decodes files from elsewhere is a child with limits of its own; a file that breaks it costs a take."""

import contextlib
import os
import resource
import select
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import contract
import numpy as np
import pytest
from bombs import bomb, box, counting, fragment
from films import film, pictures, saved

from webtv.core.errors import QualityError
from webtv.studio.ports import Chunk
from webtv.studio.remote import darkroom
from webtv.studio.remote.boxes import expect_sane_tables
from webtv.studio.remote.darkroom import Darkroom
from webtv.studio.remote.playing import play, timing
from webtv.studio.remote.screening import Received, screen

HERE = """
import sys
from webtv.studio.remote import decoder, screening
{}
sys.exit(decoder.main(int(sys.argv[1])))
"""
LIES = """
import sys
sys.stdin.buffer.readline()
with open({!r}, "rb") as words:
    sys.stdout.buffer.write(words.read() * {})
"""
WITHOUT_FENCE = HERE.format("screening.expect_sane_tables = lambda *_: None")


def lies(folder: Path, words: bytes) -> tuple[str, str]:
    """A child that says these words, or one that does not stop to say any."""
    path = saved(folder, words, "words")
    return "-c", LIES.format(str(path), 1_000_000 if words == b"endless" else 1)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (bomb(50_000_000), "claims 50000000 samples|claims 8500000[0-9] samples"),
        (bomb(400_000, streams=4), "samples"),
        (counting(b"stsz", 1_000_001), "claims 1000001 samples"),
        (counting(b"stts", 0xFFFFFFFF), "claims 4294967295 samples"),
        (counting(b"stsc", 2_000_000), "claims 2000000 samples"),
        (counting(b"stco", 2_000_000), "claims 2000000 samples"),
        (fragment(1_000_001), "claims 1000001 samples"),
        (fragment(300_000, runs=4), "claims 1200000 samples"),
        (box(b"ftyp") + box(b"udta", fragment(2_000_000)), "claims 2000000 samples"),
        (box(b"ftyp") + box(b"meta", bytes(4) + box(b"hdlr") + fragment(2_000_000)), "claims 2000000"),
        (box(b"moov", box(b"cmov", box(b"dcom", b"zlib"))), "compressed"),
        (box(b"ftyp") + box(b"free") * 60_000, "no end of parts"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_tables_that_claim_too_much_are_refused_before_anything_reads_them(
    data: bytes, said: str, tmp_path: Path
) -> None:
    with pytest.raises(QualityError, match=said):
        expect_sane_tables(saved(tmp_path, data))
    with pytest.raises(QualityError, match=said):
        screen(saved(tmp_path, data))


@pytest.mark.parametrize(
    "data", [film(), b"", b"\x00" * 64, film()[:600], b"\x00\x00\x00\x01ftyp" + b"\xff" * 8, b"\x00" * 7]
)
def test_what_is_no_bomb_passes_the_fence(data: bytes, tmp_path: Path) -> None:
    expect_sane_tables(saved(tmp_path, data))


async def screened(path: Path, place: str = "") -> Received:
    async with Darkroom(path, place) as room:
        return await room.screened()


async def taken(path: Path) -> Sequence[Chunk]:
    request = contract.shot_request()
    async with Darkroom(path) as room:
        received = await room.screened()
        return await contract.chunks(room.played(received, request, timing(received, request, 1.5)))


async def test_a_film_comes_out_of_the_child_as_it_would_here(tmp_path: Path) -> None:
    path, request = saved(tmp_path, film(pictures(width=576, height=576))), contract.shot_request()
    there = await taken(path)
    received = screen(path)
    size = (request.width, request.height)
    here = list(play(path, received.container, size, timing(received, request, 1.5)))
    assert await screened(path) == received
    assert [chunk.start_frame for chunk in there] == [chunk.start_frame for chunk in here]
    assert all(np.array_equal(a.frames, b.frames) for a, b in zip(there, here, strict=True))


async def test_what_the_child_refuses_is_refused_with_its_reason(tmp_path: Path) -> None:
    with pytest.raises(QualityError, match="no MP4, WebM or AVI file") as caught:
        await screened(saved(tmp_path, b"<html>"), "clips")
    assert caught.value.place == "clips"


async def test_a_bomb_that_passes_the_fence_ends_its_child_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(darkroom, "_PROGRAM", ("-c", WITHOUT_FENCE))
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(QualityError) as caught:
        await screened(saved(tmp_path, bomb(50_000_000)), "clips")
    assert caught.value.place == "clips"
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - own < 100_000, "kilobytes"
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss < 2_200_000, "kilobytes"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("screening.container_of = lambda _: bytearray(3 << 30)", "cannot be decoded within 2 GB: have the"),
        ("screening.container_of = lambda _: os_abort()\ndef os_abort(): import os; os.abort()", "2 GB"),
        (
            "decoder.MOST_WORK = 1\ndef spins(_):\n    while True: pass\nscreening.container_of = spins",
            "150 s of a core",
        ),
        ("screening.container_of = lambda _: {}['x']", r"cannot be decoded \(KeyError\)"),
    ],
    ids=["takes too much", "crashes", "spins", "stumbles"],
)
async def test_a_child_that_takes_too_much_crashes_or_stumbles_is_the_files_fault(
    change: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(darkroom, "_PROGRAM", ("-c", HERE.format(change)))
    with pytest.raises(QualityError, match=said):
        await screened(saved(tmp_path, film()))


@pytest.mark.parametrize(
    "words",
    [
        b"no JSON\n",
        b"[]\n",
        b"{}\n",
        b"endless",
        b'{"received": {}}\n',
        b'{"received": {"container": "mov", "codec": "h264", "width": 160, "height": 90, "times": [0, NaN], '
        b'"seconds": 2, "flaw": ""}}\n',
        b'{"received": {"container": "hls", "codec": "h264", "width": 160, "height": 90, "times": [0, 1], '
        b'"seconds": 2, "flaw": ""}}\n',
        b'{"received": {"container": "mov", "codec": "h264", "width": 160, "height": 1' + b"0" * 400 + b", "
        b'"times": [0], "seconds": 1e999, "flaw": ""}}\n',
    ],
)
async def test_a_child_that_says_what_no_decoder_says_is_not_believed(
    words: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(darkroom, "_PROGRAM", lies(tmp_path, words))
    with pytest.raises(QualityError, match="breaks its decoder"):
        await screened(saved(tmp_path, film()))


@pytest.mark.parametrize(
    "words",
    [
        b'{"frames": [8, 4096, 4096, 3]}\n',
        b'{"frames": [9, 90, 160, 3]}\n' + bytes(9 * 90 * 160 * 3),
        b'{"frames": [1, 90, 160, 4]}\n' + bytes(90 * 160 * 4),
        b'{"frames": [0, 90, 160, 3]}\n',
        b'{"frames": "many"}\n',
        b'{"end": true}\n',
        b'{"frames": [1, 90, 160, 3]}\n' + bytes(90 * 160 * 3) + b'{"frames": [1, 90, 96, 3]}\n',
        b'{"frames": [8, 90, 160, 3]}\n' + bytes(7),
    ],
)
async def test_frames_that_nobody_asked_for_are_no_take(
    words: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, request = saved(tmp_path, film()), contract.shot_request()
    received = screen(path)
    monkeypatch.setattr(darkroom, "_PROGRAM", lies(tmp_path, words))
    with pytest.raises(QualityError, match=r"breaks its decoder|cannot be decoded"):
        async with Darkroom(path) as room:
            await contract.chunks(room.played(received, request, timing(received, request, 1.5)))


async def test_whoever_leaves_ends_the_child_with_whatever_it_still_has_to_say(tmp_path: Path) -> None:
    path, request = saved(tmp_path, film()), contract.shot_request()
    before = children()
    async with Darkroom(path) as room:
        received = await room.screened()
        async with contextlib.aclosing(
            room.played(received, request, timing(received, request, 1.5))
        ) as take:
            await anext(take)
            assert len(children() - before) == 1
    assert not children() - before


SPINS = HERE.format("""
def spins(_):
    decoder._say(begun=True)
    while True: pass
screening.container_of = spins""")
DIES = """
import asyncio, os, sys
from pathlib import Path
from webtv.studio.remote import darkroom

async def main():
    darkroom._PROGRAM = ("-c", sys.argv[1])
    room = await darkroom.Darkroom(Path(sys.argv[2])).__aenter__()
    await room._order(what="screen", path=sys.argv[2])
    assert await room._word() == {"begun": True}
    print(room._process.pid, flush=True)
    os._exit(9)

asyncio.run(main())
"""


def test_the_child_ends_with_its_parent_however_busy_it_is(tmp_path: Path) -> None:
    path = saved(tmp_path, film())
    parent = subprocess.run(
        [sys.executable, "-c", DIES, SPINS, str(path)], stdout=subprocess.PIPE, timeout=60, check=False
    )
    assert parent.returncode == 9
    with contextlib.suppress(ProcessLookupError):  # over and seen off already
        child = os.pidfd_open(int(parent.stdout))
        try:
            assert select.select([child], [], [], 20)[0], "it is still at work"
        finally:
            os.close(child)


async def test_the_child_knows_no_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEBTV_ENDPOINTS", "secret-word")
    seen = tmp_path / "environment"
    tells = f"import os; open({str(seen)!r}, 'w').write(repr(dict(os.environ)))"
    monkeypatch.setattr(darkroom, "_PROGRAM", ("-c", tells))
    with contextlib.suppress(QualityError):
        await screened(saved(tmp_path, film()))
    assert "PATH" in seen.read_text()
    assert "secret-word" not in seen.read_text()


def children() -> set[int]:
    """This process's children, those that ended and were not seen off included."""
    found = set()
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if (folder / "stat").read_text().rpartition(")")[2].split()[1] == str(os.getpid()):
                found.add(int(folder.name))
    return found
