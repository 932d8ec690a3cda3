"""The live folder under random gaps, restarts, windows, withdrawals: what players count on holds."""

import itertools
import tempfile
from collections import Counter
from pathlib import Path

import pytest
from air_disk import Aired, Listed, moved, packets, plain_slate
from air_house import AVCC, FORM, GOP, START, hls_bytes
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from webtv.air.hlsindex import parse_name, tag_of
from webtv.air.slice import ASC, Slice, StreamHeader
from webtv.clips.clip import Kind
from webtv.playlist.entry import Entry

CLIPS = ["a", "b", "c", "d"]

STEPS = st.one_of(
    st.tuples(st.just("air"), st.integers(1, 9)),
    st.tuples(st.just("air"), st.integers(1, 9)),
    st.tuples(st.just("lose"), st.integers(1, 9)),
    st.tuples(st.just("restart"), st.sampled_from(["next", "again", "lost cursor", "clock back"])),
    st.tuples(st.just("keep"), st.floats(12.0, 24.0)),
    st.tuples(st.just("withdraw"), st.sampled_from(CLIPS)),
    st.tuples(st.just("allow"), st.just(0)),
)


@pytest.fixture(scope="module")
def aired() -> Aired:
    slate = plain_slate()
    entry = Entry(1, "a", Kind.NEW, "s", 1, 1, None, 0, GOP, "", "a.mp4")
    pieces = [Slice(0, gop, 0, (b"\x21\x10\x04\x60\x8c\x1c",) * 94, entry, joins=False) for gop in slate]
    return Aired(StreamHeader(FORM, AVCC, ASC), pieces, slate)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEPS, min_size=1, max_size=40))
def test_numbers_marks_files_and_times_hold(aired: Aired, steps: list[tuple[str, object]]) -> None:
    with tempfile.TemporaryDirectory() as name:
        live(aired, Path(name) / "tide", steps)


def live(aired: Aired, folder: Path, steps: list[tuple[str, object]]) -> None:
    epoch, gop, window = START, 0, 20.0
    numbers: dict[int, int] = {}  # media sequence number: GOP
    history: list[int] = []  # GOPs as published
    newest = -1
    blocked: set[str] = set()
    writer = aired.writer(folder, epoch=epoch, window=window)
    for step, value in steps:
        if step == "air":
            assert isinstance(value, int)
            for _ in range(value):
                writer.write(moved(aired.pieces[gop % 2], gop, CLIPS[gop // 2 % len(CLIPS)]))
                if history and history[-1] == gop:
                    history.pop()
                history.append(gop)
                newest = max(newest, look(folder, window, numbers, history, blocked, newest))
                gop += 1
        elif step == "lose":
            assert isinstance(value, int)
            gop += value
        elif step == "keep":
            assert isinstance(value, float)
            window = value
            writer.keep(window)
        elif step == "withdraw":
            blocked.add(str(value))
            writer.blocked = frozenset(blocked)
            writer.withdraw()
            if history:
                look(folder, window, numbers, history, blocked, newest)
        elif step == "allow":
            blocked.clear()
            writer.blocked = frozenset()
        else:
            if value == "again" and history and history[-1] == gop - 1:
                gop -= 1
            elif value == "lost cursor":
                epoch, gop = epoch + 1000, 0
            elif value == "clock back":
                epoch -= 60.5
            writer = aired.writer(folder, epoch=epoch, window=window)
            writer.blocked = frozenset(blocked)
    if history:
        times(folder)


def look(
    folder: Path,
    window: float,
    numbers: dict[int, int],
    history: list[int],
    blocked: set[str],
    newest: int,
) -> int:
    """Judge the playlist; returns its newest media sequence number."""
    listed = Listed.read(folder)
    last = listed.media + len(listed.names) - 1
    assert last >= newest
    most = max(6, int(window / 2))
    if last > newest:  # a narrower window counts from the next segment on
        assert len(listed.names) <= most
        assert len(list(folder.glob("*.m4s"))) <= 2 * most + 1
    for number, gop in enumerate(listed.gops, start=listed.media):
        assert numbers.setdefault(number, gop) == gop or number == last
        numbers[number] = gop
    assert listed.gops == history[-len(listed.gops) :]
    marks = [later != earlier + 1 for earlier, later in itertools.pairwise(history)]
    assert listed.discontinuities + sum(listed.marks) == sum(marks)
    assert listed.marks[1:] == marks[len(marks) - len(listed.gops) + 1 :]
    on_disk = [path.name for path in folder.iterdir() if path.suffix == ".m4s"]
    assert set(listed.names) <= set(on_disk)
    assert not [path for path in folder.iterdir() if path.name.startswith(".")]
    parsed = [parse_name(name) for name in on_disk]
    assert all(name is not None for name in parsed)
    assert not {name.tag for name in parsed if name} & {tag_of(clip) for clip in blocked}
    assert not [name for name, count in Counter(listed.names).items() if count > 1]
    return last


def times(folder: Path) -> None:
    """Decode times are those of the GOPs, over and over; nothing is out of its place."""
    listed = Listed.read(folder)
    if listed.gops != sorted(listed.gops):
        return  # the cursor was lost, so the timeline began anew; a player is told by the mark
    tracks = packets(hls_bytes(folder))
    expected = [(gop * GOP + n) * FORM.ticks_per_frame for gop in listed.gops for n in range(GOP)]
    assert [at for at, _ in tracks["video"]] == expected
    sound = [at for at, _ in tracks["audio"]]
    assert sound == sorted(set(sound))
    assert len(sound) >= 93 * len(listed.gops)
