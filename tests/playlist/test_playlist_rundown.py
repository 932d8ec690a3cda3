"""The rundown: new first, sequences whole, reruns rested, a share of them in plenty, and never dry."""

import random
from collections.abc import Sequence
from itertools import groupby

from hypothesis import given
from hypothesis import strategies as st

from webtv.clips.clip import Kind
from webtv.playlist.entry import Entry
from webtv.playlist.rundown import Arrangement, Candidate, Policy, Programme, arrange

FPS = 24
NOW = 1_800_000_000.0
POLICY = Policy(fps=FPS, ahead=60.0, share=0.3, cooldown=3600.0, plenty=120.0)


def programme(seq: str, clips: int = 3, kind: Kind = Kind.NEW) -> Programme:
    return Programme(
        seq,
        tuple(
            Entry(0, f"{seq}-{p}", kind, seq, p, clips, f"{seq}.flac", 0, 96, seq, f"{seq}-{p}.mp4")
            for p in range(1, clips + 1)
        ),
    )


def rested(seq: str, hours: float, rating: float = 3.0, clips: int = 3) -> Candidate:
    return Candidate(programme(seq, clips, Kind.RERUN), NOW - hours * 3600, rating)


def listed(*programmes: Programme, start: int = 1) -> list[Entry]:
    entries = [entry for item in programmes for entry in item.entries]
    return [entry.numbered(n) for n, entry in enumerate(entries, start)]


def order(
    *,
    policy: Policy = POLICY,
    kept: Sequence[Entry] = (),
    waiting: Sequence[Entry] = (),
    recent: Sequence[Entry] = (),
    fresh: Sequence[Programme] = (),
    candidates: Sequence[Candidate] = (),
) -> Arrangement:
    return arrange(
        policy,
        now=NOW,
        kept=kept,
        waiting=waiting,
        recent=recent,
        fresh=fresh,
        candidates=candidates,
        noise=random.Random(4),
    )


def seqs(entries: Sequence[Entry]) -> list[str]:
    return [seq for seq, _ in groupby(entry.seq for entry in entries)]


def seconds(*groups: Sequence[Entry]) -> float:
    return sum(entry.frames for group in groups for entry in group) / FPS


def test_new_sequences_come_before_waiting_reruns_in_the_order_they_were_made() -> None:
    waiting = listed(programme("old", kind=Kind.RERUN), programme("older", kind=Kind.RERUN), start=5)
    found = order(waiting=waiting, fresh=[programme("a"), programme("b")])
    assert seqs(found.entries)[:3] == ["a", "b", "old"]
    assert found.listed == ("a", "b")
    assert found.changed


def test_with_enough_ahead_and_nothing_new_nothing_changes() -> None:
    waiting = listed(*(programme(f"w{n}", kind=Kind.RERUN) for n in range(6)))
    found = order(waiting=waiting, candidates=[rested("r", 99)])
    assert found == Arrangement(tuple(waiting), (), changed=False)


def test_reruns_that_do_not_fit_any_more_fall_away() -> None:
    waiting = listed(*(programme(f"w{n}", kind=Kind.RERUN) for n in range(5)))
    found = order(waiting=waiting, fresh=[programme("a", 6), programme("b", 6)])
    assert seqs(found.entries) == ["a", "b", "w0"]
    assert seconds(found.entries) == POLICY.ahead


def test_reruns_rest_and_the_best_rested_comes_first() -> None:
    candidates = [rested("tired", 0.5), rested("fresh", 30), rested("middle", 8), rested("one hour", 1.1)]
    found = order(candidates=candidates)
    assert seqs(found.entries)[:4] == ["fresh", "middle", "one hour", "tired"]
    assert {entry.kind for entry in found.entries} == {Kind.RERUN}


def test_a_rating_counts_as_rest() -> None:
    found = order(candidates=[rested("liked", 10, rating=5.0), rested("disliked", 12, rating=1.0)])
    assert seqs(found.entries)[:2] == ["liked", "disliked"]


def test_what_is_ahead_already_is_not_repeated_while_there_is_something_else() -> None:
    kept = listed(programme("on air", kind=Kind.RERUN))
    found = order(kept=kept, candidates=[rested("on air", 90)] + [rested(f"r{n}", n + 2) for n in range(6)])
    assert "on air" not in seqs(found.entries)


def test_a_young_station_comes_round_and_round_but_not_twice_in_a_row() -> None:
    kept = listed(programme("a", kind=Kind.RERUN))
    candidates = [rested("a", 0), rested("b", 0.1)]
    found = order(kept=kept, candidates=candidates)
    assert seconds(kept, found.entries) >= POLICY.ahead
    assert seqs([*kept, *found.entries])[:4] == ["a", "b", "a", "b"]
    # Once there, it stays there: the file is not written anew every time a clip ends.
    waiting = [entry.numbered(n) for n, entry in enumerate(found.entries, 4)]
    later = order(kept=waiting[:3], waiting=waiting[3:], candidates=candidates)
    assert list(later.entries[: len(waiting) - 3]) == waiting[3:]
    alone = order(candidates=[rested("only", 0)])
    assert seconds(alone.entries) >= POLICY.ahead


def test_in_plenty_a_share_of_reruns_is_mixed_in_and_stays() -> None:
    """Sequences are made as fast as they air; of what airs, about the share that was asked for comes back."""
    candidates = [rested(f"r{n}", 5 + n) for n in range(300)]
    playlist, n, used = list[Entry](), 1, set[str]()
    aired: list[Entry] = []
    for turn in range(120):
        kept, waiting = playlist[:3], playlist[3:]
        left = [c for c in candidates if c.programme.seq not in used]
        fresh = [programme(f"n{turn}")] * 1 if turn % 3 else [programme(f"n{turn}"), programme(f"m{turn}")]
        found = order(kept=kept, waiting=waiting, recent=aired[-50:], fresh=fresh, candidates=left)
        playlist = [*kept, *found.entries]
        for i, entry in enumerate(playlist):
            if entry.n == 0:
                playlist[i], n = entry.numbered(n), n + 1
        gone = 6 if seconds(playlist) > 150 else 3
        aired += playlist[:gone]
        playlist = playlist[gone:]
        used |= {entry.seq for entry in aired if entry.kind is Kind.RERUN}
    settled = aired[-200:]
    share = sum(entry.kind is Kind.RERUN for entry in settled) / len(settled)
    assert 0.2 <= share <= 0.4


def test_in_scarcity_no_rerun_comes_before_what_is_new() -> None:
    found = order(fresh=[programme("a"), programme("b")], candidates=[rested(f"r{n}", 9) for n in range(9)])
    assert seqs(found.entries)[:2] == ["a", "b"]


programmes = st.lists(st.integers(1, 7), max_size=6)


@given(
    kept=programmes,
    waiting=st.lists(st.tuples(st.integers(1, 7), st.sampled_from([Kind.NEW, Kind.RERUN])), max_size=8),
    fresh=programmes,
    old=st.lists(st.tuples(st.integers(1, 7), st.floats(0, 100), st.floats(1, 5)), max_size=10),
    share=st.floats(0, 1),
    ahead=st.floats(20, 400),
)
def test_whatever_comes_sequences_are_whole_and_the_time_is_filled(
    kept: list[int],
    waiting: list[tuple[int, Kind]],
    fresh: list[int],
    old: list[tuple[int, float, float]],
    share: float,
    ahead: float,
) -> None:
    policy = Policy(FPS, ahead, share, 3600.0, 60.0)
    locked = listed(*(programme(f"k{n}", clips) for n, clips in enumerate(kept)))
    behind = listed(
        *(programme(f"w{n}", clips, kind) for n, (clips, kind) in enumerate(waiting)), start=len(locked) + 1
    )
    new = [programme(f"f{n}", clips) for n, clips in enumerate(fresh)]
    candidates = [rested(f"c{n}", hours, rating, clips) for n, (clips, hours, rating) in enumerate(old)]
    found = order(policy=policy, kept=locked, waiting=behind, fresh=new, candidates=candidates)
    at = 0
    entries = found.entries
    while at < len(entries):  # whole sequences, one after the other
        length = entries[at].of
        assert [e.pos for e in entries[at : at + length]] == list(range(1, length + 1))
        assert len({e.seq for e in entries[at : at + length]}) == 1
        at += length
    wanted = [e.clip for e in behind if e.kind is Kind.NEW] + [e.clip for p in new for e in p.entries]
    assert [e.clip for e in entries if e.kind is Kind.NEW] == wanted
    assert found.listed == tuple(p.seq for p in new)
    assert found.changed == (list(entries) != behind)
    if candidates:
        assert seconds(locked, entries) >= ahead
    kept_numbers = [e.n for e in entries if e.n]
    assert all(e in behind for e in entries if e.n)
    assert len(kept_numbers) == len(set(kept_numbers))
