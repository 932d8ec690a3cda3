"""The embedded scorer means something: on the embedded studio's own takes, and on takes spoilt on purpose."""

import asyncio
import dataclasses
import itertools
from collections.abc import Callable

import cv2
import numpy as np
import pytest
from contract import frames_of, shot_prompt, shot_request

from webtv.core.errors import InputError
from webtv.prompts.sequence import ShotPrompt
from webtv.studio.ports import Frames
from webtv.studio.procedural.colour import rgb
from webtv.studio.procedural.shots import ProceduralShots
from webtv.studio.scoring.asked import asked_of
from webtv.studio.scoring.colours import PALETTE_SHARE, lab_of, shown
from webtv.studio.scoring.lettering import lettered
from webtv.studio.scoring.measures import MeasureScorer
from webtv.studio.scoring.motion import Flowmeter, small_greys

FPS = 12
THRESHOLD = 0.2  # of a channel that says nothing

_SHOTS = (
    ("two grey wolves", "running to the right", "a mossy beech forest", "wide shot, slow pan right", "green"),
    ("a red rowboat", "drifting to the left", "a lake under mountains", "wide shot, pan left", "teal"),
    ("a brown bear", "walking to the left", "an autumn forest", "medium shot, tilt up", "orange and rust"),
    ("three dolphins", "swimming to the right", "the open sea, underwater", "wide shot, dolly in", "azure"),
    ("a white owl", "resting", "a village in deep snow", "wide shot, slow tilt down", "white, pale blue"),
    ("a lone walker", "walking to the right", "a wet street", "medium shot, dolly out", "magenta and cyan"),
    ("a pink planet", "turning", "deep space beyond a nebula", "wide shot, pan right", "violet and black"),
    ("four sheep", "grazing", "a green hillside", "wide shot, slow crane up", "lime and yellow"),
    ("a lighthouse", "standing", "a coast at sunset", "wide shot, slow pan left", "coral and purple"),
    ("a lynx", "sitting", "northern lights over the ice", "wide shot, dolly in", "emerald and navy"),
)


def prompt_of(subject: str, action: str, setting: str, camera: str, palette: str) -> ShotPrompt:
    return shot_prompt(subject=subject, action=action, setting=setting, camera=camera, palette=palette)


PROMPTS = [prompt_of(*shot) for shot in _SHOTS]


@pytest.fixture(scope="module")
def scorer() -> MeasureScorer:
    return MeasureScorer()


async def shoot(prompt: ShotPrompt, number: int) -> Frames:
    request = shot_request(prompt, seconds=2.0, width=480, height=270, seed=number, sequence_seed=number)
    return await frames_of(ProceduralShots().shoot(request))


@pytest.fixture(scope="module")
def takes() -> list[Frames]:
    return [asyncio.run(shoot(prompt, number)) for number, prompt in enumerate(PROMPTS)]


async def test_takes_score_higher_for_their_own_prompt_than_for_another(
    takes: list[Frames], scorer: MeasureScorer
) -> None:
    scores = np.array(
        [[(await scorer.score(take, FPS, prompt)).value for prompt in PROMPTS] for take in takes]
    )
    own = np.diag(scores)
    other = np.array([scores[i, j] for i, j in itertools.permutations(range(len(takes)), 2)])
    assert len(other) >= 40
    area = float((own[:, None] > other[None]).mean() + 0.5 * (own[:, None] == other[None]).mean())
    assert area > 0.8, f"AUC {area:.3f}"
    assert own.mean() > other.mean() + 0.12
    assert own.min() > THRESHOLD, "a sound embedded take is never made again"


def shuffled(frames: Frames) -> Frames:
    return frames[np.random.default_rng(1).permutation(len(frames))]


def flickering(frames: Frames) -> Frames:
    light = np.random.default_rng(1).integers(-9, 10, (len(frames), 1, 1, 1))
    return np.asarray(np.clip(frames.astype(np.int16) + light, 0, 255), np.uint8)


def shaken(frames: Frames) -> Frames:
    noise = np.random.default_rng(1)
    return np.stack([np.roll(frame, noise.integers(-8, 9, 2), (0, 1)) for frame in frames])


def frozen(frames: Frames) -> Frames:
    return np.repeat(frames[:1], len(frames), axis=0)


def noisy(frames: Frames) -> Frames:
    return np.random.default_rng(1).integers(0, 255, frames.shape, np.uint8)


@pytest.mark.parametrize(
    ("spoil", "part"),
    [(shuffled, "smooth"), (flickering, "smooth"), (shaken, "smooth"), (frozen, "alive"), (noisy, "clean")],
)
async def test_spoilt_takes_are_told_by_the_right_part(
    takes: list[Frames], scorer: MeasureScorer, spoil: Callable[[Frames], Frames], part: str
) -> None:
    sound = [await scorer.score(take, FPS, prompt) for take, prompt in zip(takes, PROMPTS, strict=True)]
    spoilt = [
        await scorer.score(spoil(take), FPS, prompt) for take, prompt in zip(takes, PROMPTS, strict=True)
    ]
    assert min(score.parts[part] for score in sound) > 0.9
    assert np.mean([score.parts[part] for score in spoilt]) < 0.7
    assert np.mean([score.value for score in spoilt]) < np.mean([score.value for score in sound]) - 0.05
    assert any(score.reason for score in spoilt)


async def test_noise_falls_below_the_threshold_of_a_channel_that_says_nothing(scorer: MeasureScorer) -> None:
    prompt = shot_prompt(subject="a red fox", palette="orange", camera="pan left")
    noise = noisy(np.zeros((24, 90, 160, 3), np.uint8))
    assert (await scorer.score(noise, FPS, prompt)).value < 0.3


async def test_a_take_that_plays_backwards_goes_against_what_was_asked(
    takes: list[Frames], scorer: MeasureScorer
) -> None:
    told = [n for n, prompt in enumerate(PROMPTS) if (a := asked_of(prompt)).pan or a.tilt or a.zoom]
    forth = [(await scorer.score(takes[n], FPS, PROMPTS[n])).parts["direction"] for n in told]
    back = [(await scorer.score(takes[n][::-1], FPS, PROMPTS[n])).parts["direction"] for n in told]
    assert np.mean(forth) > 0.75
    assert np.mean(back) < 0.35


def moved(count: int, dx: float = 0.0, dy: float = 0.0, grow: float = 0.0) -> Frames:
    """A textured picture under a camera: shift in pixels and growth per frame."""
    noise = np.random.default_rng(3).integers(0, 255, (40, 64, 3), np.uint8)
    still = cv2.resize(noise, (480, 300), interpolation=cv2.INTER_CUBIC)
    out = []
    for n in range(count):
        matrix = cv2.getRotationMatrix2D((240, 150), 0, 1 + grow * n)
        matrix[:, 2] += (dx * n, dy * n)
        out.append(cv2.warpAffine(still, matrix, (480, 300))[60:240, 80:400])
    return np.asarray(out, np.uint8)


@pytest.mark.parametrize(
    ("motion", "camera", "opposite"),
    [
        ({"dx": -2.0}, "slow pan right", "slow pan left"),
        ({"dx": 2.0}, "panning from right to left", "panning from left to right"),
        ({"dy": 2.0}, "tilt up", "tilt down"),
        ({"dy": -2.0}, "crane down", "crane up"),
        ({"grow": 0.008}, "dolly in", "dolly out"),
        ({"grow": -0.008}, "slow pull back, dolly out", "push in"),
        ({}, "static, locked off", "slow pan left"),
    ],
)
async def test_camera_moves_are_told_from_their_opposites(
    scorer: MeasureScorer, motion: dict[str, float], camera: str, opposite: str
) -> None:
    frames = moved(12, **motion)
    right = (await scorer.score(frames, FPS, shot_prompt(subject="hills", camera=camera))).parts["direction"]
    wrong = (await scorer.score(frames, FPS, shot_prompt(subject="hills", camera=opposite))).parts[
        "direction"
    ]
    assert right > 0.9
    assert wrong < (0.6 if not motion else 0.1)


def test_what_moves_by_itself_is_told_from_the_camera() -> None:
    frames = moved(12, dx=-2.0)
    for n, frame in enumerate(frames):
        cv2.circle(frame, (60 + 6 * n, 90), 16, (250, 250, 250), -1)
        cv2.circle(frame, (60 + 6 * n, 90), 7, (10, 10, 10), -1)
    greys = small_greys(frames)
    motion = Flowmeter(*greys.shape[1:]).measure(greys, FPS)
    assert float(np.median(motion.pan)) == pytest.approx(2 * FPS / 320, rel=0.35)
    assert motion.heading > 0.4


COLOURS = {
    "red": "#c83030", "orange": "#e5812b", "yellow": "#f0cf4a", "green": "#4f9145", "teal": "#2a8a8c",
    "blue": "#3a6fb8", "purple": "#7a4a9e", "pink": "#ee8fb0",
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "far"),
    [
        ("red", "teal"), ("orange", "blue"), ("yellow", "purple"), ("green", "purple"),
        ("teal", "orange"), ("blue", "yellow"), ("purple", "green"), ("pink", "teal"),
    ],
)  # fmt: skip
def test_a_colour_is_found_where_it_is_and_a_far_one_is_not(name: str, far: str) -> None:
    picture = np.full((1, 36, 64, 3), 128, np.uint8)
    picture[:, :12] = np.round(np.array(rgb(COLOURS[name])) * 235)  # a little darker
    sought = shown(lab_of(picture), [rgb(COLOURS[name]), rgb(COLOURS[far])], PALETTE_SHARE)
    assert sought[0] > 0.9
    assert sought[1] < 0.2


def test_lettering_is_seen_and_clouds_are_not() -> None:
    clouds = cv2.resize(np.random.default_rng(2).integers(90, 200, (9, 16, 3), np.uint8), (640, 360))
    signed = clouds.copy()
    cv2.putText(signed, "CANON EOS 5D", (120, 180), cv2.FONT_HERSHEY_SIMPLEX, 1.6, (250, 250, 250), 4)
    assert lettered(clouds[None]) == 0
    assert lettered(np.stack([signed, signed, clouds])) > 0.02


def test_a_prompt_is_read_for_what_can_be_measured() -> None:
    asked = asked_of(
        shot_prompt(
            subject="two pale blue boats under a neon sign",
            action="sailing from the left",
            camera="static wide shot",
            palette="teal, deep green and sand",
        )
    )
    assert [name for name, _ in asked.palette] == ["teal", "deep green"]
    assert [name for name, _ in asked.subject] == ["pale blue"]
    assert (asked.heading, asked.still, asked.lettering) == (1, True, True)
    bare = asked_of(dataclasses.replace(shot_prompt(), text="a red fox, slow pan left"))
    assert ([name for name, _ in bare.subject], bare.pan, bare.heading) == (["red"], -1, 0)


async def test_what_is_not_asked_for_is_not_judged(takes: list[Frames], scorer: MeasureScorer) -> None:
    score = await scorer.score(takes[0], FPS, shot_prompt(subject="a fox beside a sign"))
    assert score.parts.keys() == {"smooth", "alive", "clean"}
    still = await scorer.score(takes[0][:1], FPS, shot_prompt(subject="a fox"))
    assert still.parts.keys() == {"lettering"}


async def test_the_same_take_has_the_same_score_in_any_size_about(
    takes: list[Frames], scorer: MeasureScorer
) -> None:
    once = await scorer.score(takes[0], FPS, PROMPTS[0])
    assert await scorer.score(takes[0], FPS, PROMPTS[0]) == once
    large = np.stack([cv2.resize(frame, (960, 540)) for frame in takes[0]])
    assert (await scorer.score(large, FPS, PROMPTS[0])).value == pytest.approx(once.value, abs=0.1)


@pytest.mark.parametrize("shape", [(0, 9, 9, 3), (4, 9, 9), (4, 9, 9, 4)])
async def test_what_is_no_take_is_refused(scorer: MeasureScorer, shape: tuple[int, ...]) -> None:
    with pytest.raises(InputError):
        await scorer.score(np.zeros(shape, np.uint8), FPS, PROMPTS[0])
