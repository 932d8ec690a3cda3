"""Shots of one sequence: they dissolve into each other where the mood asks for it, and are cut elsewhere."""

import itertools

import numpy as np

from webtv.prompts.sequence import ShotPrompt
from webtv.studio.ports import Before, Frames, ShotRequest
from webtv.studio.procedural.shots import ProceduralShots

FPS = 12


def prompt(text: str, mood: str) -> ShotPrompt:
    return ShotPrompt(text, "", "", "static", "", "", "", mood, "", text)


def request(shown: ShotPrompt, shot: int, before: Before | None = None) -> ShotRequest:
    return ShotRequest(shown, 2.0, 320, 180, 24, 40 + shot, shot, 2, 7, before=before)


async def frames(wanted: ShotRequest) -> Frames:
    return np.concatenate([chunk.frames async for chunk in ProceduralShots().shoot(wanted)])


def apart(a: Frames, b: Frames) -> float:
    """Mean difference of two pictures, in steps of 255."""
    return float(np.abs(a.astype(np.int16) - b.astype(np.int16)).mean())


async def test_a_mellow_shot_grows_out_of_the_one_before_it() -> None:
    first, second = prompt("a meadow at noon", "calm"), prompt("the night sky full of stars", "dreamy")
    before = await frames(request(first, 0))
    cut = await frames(request(second, 1))
    dissolved = await frames(request(second, 1, Before(first, 40)))
    jump = apart(before[-1], cut[0])
    assert apart(before[-1], dissolved[0]) < 0.15 * jump, "it begins where the shot before it ended"
    late = round(0.8 * FPS)
    assert np.array_equal(dissolved[late:], cut[late:]), "and then it is itself"
    steps = [apart(frame, cut[number]) for number, frame in enumerate(dissolved[:late])]
    assert all(after < earlier for earlier, after in itertools.pairwise(steps) if earlier > 0.5)


async def test_a_brisk_shot_is_cut() -> None:
    first, second = prompt("a meadow at noon", "playful"), prompt("a fox in the snow", "playful, dreamy")
    cut = await frames(request(second, 1))
    assert np.array_equal(await frames(request(second, 1, Before(first, 40))), cut)


def test_the_provenance_says_how_a_shot_begins() -> None:
    first = prompt("a meadow", "calm")
    told = [
        ProceduralShots().credit(request(prompt("a lake", mood), 1, Before(first, 40))).details["understood"]
        for mood in ("calm", "exciting")
    ]
    assert [understood["transition"] for understood in told] == ["dissolve", "cut"]
    alone = ProceduralShots().credit(request(first, 0)).details["understood"]
    assert "transition" not in alone
