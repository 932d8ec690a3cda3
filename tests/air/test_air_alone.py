"""Ten minutes with the control plane dead: the real channel on virtual time, and what it put out."""

import itertools
import re

from air_house import (
    FORM,
    GOP,
    START,
    House,
    JumpingClock,
    air_until,
    channel,
    fill,
    hls_bytes,
    read_back,
)

from webtv.clips.clip import Kind
from webtv.core.events import Event
from webtv.core.format import AAC_FRAME

SEQUENCES, CLIPS = 9, 3
MINUTES = 10


async def test_ten_minutes_alone_are_ten_minutes_of_whole_sequences(house: House) -> None:
    fill(house, SEQUENCES, CLIPS)  # a good minute and a half, and nobody adds to it
    clock, events = JumpingClock(START), list[Event]()
    on_air = channel(house, clock, events, window=MINUTES * 60 + 20.0)
    await air_until(on_air, clock, MINUTES * 60)

    airings = list(house.log.read())
    assert {airing.kind for airing in airings} == {Kind.NEW, Kind.RERUN}
    assert len({airing.clip for airing in airings}) == SEQUENCES * CLIPS >= 20
    assert not any(airing.cut for airing in airings)
    assert sum(airing.frames for airing in airings) >= (MINUTES * 60 - 10) * FORM.fps
    at = 0
    for airing in airings:
        assert airing.start_frame == at
        at += airing.frames

    # Whole sequences, each from its first clip to its last, and never the same one twice in a row.
    names = [(m[1], int(m[2])) for airing in airings if (m := re.fullmatch(r"(s\d+)c(\d)", airing.clip))]
    whole = names[: len(names) // CLIPS * CLIPS]
    groups = [whole[n : n + CLIPS] for n in range(0, len(whole), CLIPS)]
    assert all(group == [(group[0][0], pos) for pos in range(1, CLIPS + 1)] for group in groups)
    order = [group[0][0] for group in groups]
    assert all(a != b for a, b in itertools.pairwise(order))
    # Rested: between two airings of a sequence there is at least half of all the others.
    for n, seq in enumerate(order):
        if seq in order[n + 1 :]:
            assert order[n + 1 :].index(seq) >= SEQUENCES // 2
    # And not the same loop over and over.
    loops = [tuple(order[n : n + SEQUENCES]) for n in range(SEQUENCES, len(order) - SEQUENCES, SEQUENCES)]
    assert len(set(loops)) == len(loops)

    stream = read_back(hls_bytes(house.hls), decode=False)  # decoding all of it would take a while
    slices = len(stream.video.dts) // GOP
    assert slices * 2 >= MINUTES * 60
    assert stream.steps("video") == {FORM.ticks_per_frame}
    assert stream.steps("audio") == {AAC_FRAME}
    assert [n for n, key in enumerate(stream.video.keys) if key] == list(range(0, slices * GOP, GOP))
    assert "#EXT-X-DISCONTINUITY\n" not in (house.hls / "index.m3u8").read_text()
    assert on_air.lost_seconds == 0
    assert [event.kind for event in events] == ["air.filler.reruns"]


async def test_a_restart_in_the_midst_of_it_finds_its_reruns_again(house: House) -> None:
    fill(house, 4, CLIPS)
    clock, events = JumpingClock(START), list[Event]()
    await air_until(channel(house, clock, events), clock, 60)
    house.playlist.rotate(10**6, START, keep=0)  # what has aired stands in the archive only
    await air_until(channel(house, clock, events), clock, 60)
    airings = list(house.log.read())
    assert {airing.kind for airing in airings} == {Kind.NEW, Kind.RERUN}
    assert len({airing.clip for airing in airings[-4 * CLIPS :]}) >= 3 * CLIPS
    assert "air.filler.slate" not in {event.kind for event in events}
