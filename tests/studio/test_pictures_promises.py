"""What the pictures promise, held against every family: seeds, formats, colours, light, camera, motion.

Small frames throughout: what is promised holds at any size, and there are many families.
"""

import asyncio
import functools
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from contract import frames_of, shot_prompt, shot_request
from numpy.typing import NDArray

from webtv import wiring
from webtv.clips.flashes import MOST_SWINGS, FlashMeter
from webtv.core.clock import SystemClock
from webtv.core.events import LogSink
from webtv.core.format import FORMAT_NAMES, house_format
from webtv.core.settings import load_settings
from webtv.engine.orders import derive_seed
from webtv.gallery.prompts import named, showpiece
from webtv.studio.ports import Frames
from webtv.studio.procedural.scenes import SCENES
from webtv.studio.procedural.shots import ProceduralShots, even
from webtv.studio.procedural.spec import SceneSpec
from webtv.studio.procedural.stage import Stage
from webtv.studio.procedural.styles import STYLES
from webtv.studio.procedural.words.lexicon import read
from webtv.themes.loader import load_folder

SIZE = (192, 108)
SMALL = (128, 72)
SEED = 3
LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)
STILL = "wide shot, static"
TIMELESS = {"space": "there is no day in space", "abstract": "ink has no hour"}
HUES = {"red": 4, "green": 112, "blue": 215}

Picture = NDArray[np.float32]


def meant(family: str, **fields: str) -> SceneSpec:
    """The scene of a prompt about a family's place; its own name where no word means it yet."""
    return replace(read(shot_prompt(**{"setting": named(family), **fields}), 0, SEED), family=family)


def draw(
    spec: SceneSpec, times: list[float], size: tuple[int, int] = SIZE, place: int = SEED, take: int = SEED
) -> Frames:
    stage = Stage(spec, *size, 4.0, place, take)
    scene, style = SCENES[spec.family](stage), STYLES[spec.style](stage)
    frames = np.empty((len(times), size[1], size[0], 3), np.uint8)
    for frame, t in zip(frames, times, strict=True):
        canvas = np.zeros((size[1], size[0], 3), np.float32)
        scene.draw(canvas, t)
        frame[:] = np.clip(style.apply(canvas, t), 0, 1) * 255
    return frames


def small_blurred(frame: Frames) -> Picture:
    cell = cv2.resize(frame, (64, 36), interpolation=cv2.INTER_AREA).astype(np.float32) @ LUMA
    return np.asarray(cv2.GaussianBlur(cell, (0, 0), 1.0), np.float32)


def size_of(family: str) -> tuple[int, int]:
    return (384, 216) if family == "space" else SIZE  # stars are points: flow sees them when they are larger


def filmed(family: str, words: str, times: list[float]) -> Frames:
    return draw(meant(family, light="midday", camera=f"wide shot, {words}"), times, size_of(family))


@functools.cache
def steady(family: str) -> Frames:
    """A family at midday from a camera at rest, as colours, hours and moves are all compared with it."""
    return filmed(family, "static", [1.7, 2.3, 2.4, 2.0])


# Seeds

PRINTS = """
import hashlib, sys
from test_pictures_promises import draw, fullest
from webtv.studio.procedural.scenes import SCENES
for family in SCENES:
    print(family, hashlib.sha256(draw(fullest(family), [1.0], (160, 90)).tobytes()).hexdigest())
"""


def fullest(family: str) -> SceneSpec:
    """A family's showpiece, read from words: subjects, things of the place and camera with it."""
    return replace(read(shot_prompt(text=showpiece(family)), 0, SEED), family=family)


def test_the_same_seed_gives_the_same_bytes_in_every_process() -> None:
    told = [
        subprocess.run(
            [sys.executable, "-c", PRINTS],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(Path(__file__).parent)},
            capture_output=True,
            text=True,
            check=True,
            timeout=300,
        ).stdout.splitlines()
        for seed in ("0", "4711")
    ]
    assert [line.split()[0] for line in told[0]] == list(SCENES)
    assert told[0] == told[1]


@pytest.mark.parametrize("family", SCENES)
def test_another_seed_is_another_picture(family: str) -> None:
    spec = fullest(family)
    one, other = (small_blurred(draw(spec, [1.0], SMALL, seed, seed)[0]) for seed in (3, 4))
    assert np.abs(one - other).mean() > 4, "another place, not another grain"


# Formats

SIZES = sorted({(form.width, form.height) for form in map(house_format, FORMAT_NAMES)})


@pytest.mark.parametrize(
    "size", [SIZES[0], SIZES[-1], (720, 1280), (1080, 1080)], ids=lambda size: f"{size[0]}x{size[1]}"
)
async def test_every_scene_fills_every_format(size: tuple[int, int]) -> None:
    for family in SCENES:
        maker = ProceduralShots(scale=0.15)
        prompt = shot_prompt(text=showpiece(family))
        request = shot_request(prompt, seconds=0.1, width=size[0], height=size[1])
        frames = await frames_of(maker.shoot(request))
        assert frames.shape[1:] == (even(0.15 * size[1]), even(0.15 * size[0]), 3)
        cells = cv2.resize(frames[0], (6, 6), interpolation=cv2.INTER_AREA).astype(np.float32) @ LUMA
        assert cells.mean() > 20, f"{family} is black"
        assert frames[0].std() > 12, f"{family} is flat"
        assert cells.min() > 4, f"{family} leaves a part of the frame empty"


# Colours


def share_of(frame: Frames, hue: float) -> float:
    """Share of the pixels within 28 degrees of a hue."""
    hsv = cv2.cvtColor(frame.astype(np.float32) / 255, cv2.COLOR_RGB2HSV)
    away = np.abs((hsv[..., 0] - hue + 180) % 360 - 180)
    return float(((away < 28) & (hsv[..., 1] > 0.15)).mean())


@pytest.mark.parametrize("family", SCENES)
def test_named_colours_are_in_the_picture(family: str) -> None:
    plain = steady(family)[3]
    for colour, hue in HUES.items():
        spec = meant(family, light="midday", palette=colour, camera=STILL)
        asked = draw(spec, [2.0], size_of(family))[0]
        before, after = share_of(plain, hue), share_of(asked, hue)
        assert after > before + 0.02 or (before > 0.5 and after >= before), f"{colour}: {before} {after}"


# Light


@pytest.mark.parametrize("family", [family for family in SCENES if family not in TIMELESS])
def test_times_of_day_are_seen(family: str) -> None:
    means = {
        light: draw(meant(family, light=light, camera=STILL), [2.0])[0].mean(axis=(0, 1))
        for light in ("at night", "at dusk", "golden hour")
    }
    means["midday"] = steady(family)[3].mean(axis=(0, 1))
    night, dusk, day = (float(means[light] @ LUMA) for light in ("at night", "at dusk", "midday"))
    assert night + 2 < dusk
    assert dusk + 5 < day
    warmth = {light: mean[0] / mean[2] for light, mean in means.items()}
    assert warmth["golden hour"] > 1.08 * warmth["midday"]
    assert night > 20


# Camera

MOVES = {
    "slow pan left": ("x", 1),
    "slow pan right": ("x", -1),
    "tilts up": ("y", 1),
    "tilts down": ("y", -1),
    "pushes in": ("size", 1),
    "pulls out": ("size", -1),
}


def flow(one: Frames, other: Frames) -> tuple[Picture, NDArray[np.bool_]]:
    """How far each pixel moved to the right and down, and where there is enough texture to tell."""
    grey = [cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in (one, other)]
    moved = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM).calc(grey[0], grey[1], None)  # type: ignore[attr-defined]
    soft = cv2.GaussianBlur(grey[0], (0, 0), 1)
    texture = np.hypot(cv2.Sobel(soft, cv2.CV_32F, 1, 0), cv2.Sobel(soft, cv2.CV_32F, 0, 1))
    return moved, texture > np.percentile(texture, 70)


def shift(one: Frames, other: Frames, axis: str) -> float:
    """The median of what moved: pixels to the right or down, or growth in percent."""
    moved, seen = flow(one, other)
    if axis != "size":
        return float(np.median(moved[seen, "xy".index(axis)]))
    y, x = np.mgrid[: one.shape[0], : one.shape[1]]
    x, y = x - one.shape[1] / 2, y - one.shape[0] / 2
    distance = x * x + y * y
    seen &= distance > (one.shape[0] / 5) ** 2
    return float(np.median(100 * (moved[..., 0] * x + moved[..., 1] * y)[seen] / distance[seen]))


@pytest.mark.parametrize("words", MOVES)
@pytest.mark.parametrize("family", SCENES)
def test_the_picture_moves_as_the_camera_words_say(family: str, words: str) -> None:
    """What differs from a steady shot at the same instants is the camera's: scenes depend on time alone.

    Water, traffic and a passing landscape are the same in both, so they cannot be taken for it. A push is
    compared over an instant only: a camera that drives down a street is soon somewhere else.
    """
    axis, sign = MOVES[words]
    still = steady(family)
    if axis == "size":
        moving = filmed(family, words, [2.0, 2.3])
        grown = shift(moving[0], moving[1], axis) - shift(still[3], still[1], axis)
        assert sign * grown > 0.1
    else:
        moving = filmed(family, words, [1.7, 2.3])
        begun, ended = (shift(still[at], moving[at], axis) for at in (0, 1))
        assert sign * (ended - begun) > 0.3, "what is far moves least"


@pytest.mark.parametrize("family", SCENES)
def test_a_static_camera_stands_still(family: str) -> None:
    _, one, other, _ = steady(family)
    moved, textured = flow(one, other)
    seen = np.hypot(moved[..., 0], moved[..., 1])[textured]
    assert np.percentile(seen, 10) < 0.25, "what moves before it moves by itself; something stands"


# Motion


@pytest.mark.parametrize("family", SCENES)
def test_no_frame_of_a_shot_comes_twice_and_nothing_flashes(family: str) -> None:
    fps = 12
    frames = draw(fullest(family), [number / fps for number in range(4 * fps)], (160, 90))
    meter = FlashMeter(36, 64, fps)
    for frame in frames:
        meter.add(np.asarray(cv2.resize(frame, (64, 36), interpolation=cv2.INTER_AREA), np.uint8))
    assert meter.swings <= MOST_SWINGS
    assert meter.red_swings <= MOST_SWINGS
    small = np.stack([small_blurred(frame) for frame in frames])
    for number, cell in enumerate(small[1:], 1):
        apart = np.percentile(np.abs(small[:number] - cell), 99, axis=(1, 2))
        assert apart.min() > 0.5, f"frame {number} looks like frame {int(apart.argmin())}"


# An hour on air

CHANNELS = Path(__file__).parents[2] / "channels"


async def aired(slug: str, minutes: float) -> tuple[list[str], Frames]:
    """What a channel would show: prompts as its desk writes them, a tiny frame of each shot."""
    settings = load_settings(channels=CHANNELS)
    loaded = {item.slug: item.channel for item in load_folder(CHANNELS, wiring.known_names(settings))}
    channel = loaded[slug]
    assert channel is not None
    desk = wiring.script_desk(settings, SystemClock(), LogSink())
    texts: list[str] = []
    frames: list[Frames] = []
    while len(texts) * channel.sequence.seconds < minutes * 60:
        plan = await desk.write(slug, channel, derive_seed(slug, "an hour", len(texts)))
        for shot, prompt in enumerate(plan.shots):
            spec = read(prompt, shot, plan.seed)
            take = derive_seed(plan.seed, shot + 1, 1)
            frames.append(draw(spec, [2.0], (96, 54), place=plan.seed, take=take)[0])
            texts.append(prompt.text)
    return texts, np.stack(frames)


def fingerprint(frame: Frames) -> tuple[NDArray[np.bool_], Picture]:
    """Which way brightness goes, 8 x 8 times, and a mosaic of 4 x 4 colours."""
    grey = cv2.GaussianBlur(frame, (0, 0), 1.5).astype(np.float32) @ LUMA
    cells = cv2.resize(grey, (9, 8), interpolation=cv2.INTER_AREA)
    mosaic = cv2.resize(frame, (4, 4), interpolation=cv2.INTER_AREA).astype(np.float32)
    return (cells[:, 1:] > cells[:, :-1]).ravel(), mosaic


def near_duplicates(frames: Frames) -> list[tuple[int, int]]:
    """Shots that look like an earlier one: six of 64 bits apart at most, and colours within 12 of 255."""
    bits, colours = (np.stack(each) for each in zip(*map(fingerprint, frames), strict=True))
    found = []
    for number in range(1, len(frames)):
        apart = (bits[:number] != bits[number]).sum(axis=1)
        other = np.abs(colours[:number] - colours[number]).mean(axis=(1, 2, 3))
        alike = np.flatnonzero((apart <= 6) & (other < 12))
        if len(alike):
            found.append((number, int(alike[0])))
    return found


def test_a_shot_that_comes_again_is_found_and_another_is_not() -> None:
    frames = draw(meant("coast", light="midday"), [2.0, 2.02], (96, 54))
    other = draw(meant("forest", light="midday"), [2.0], (96, 54), place=9)
    assert near_duplicates(np.concatenate([frames, other])) == [(1, 0)]


@pytest.mark.parametrize("slug", sorted(path.stem for path in CHANNELS.glob("*.yaml")))
def test_minutes_of_a_channel_do_not_repeat_a_shot(slug: str) -> None:
    texts, frames = asyncio.run(aired(slug, 2))
    alike = near_duplicates(frames)
    assert len(alike) <= 0.05 * len(frames), [(texts[one], texts[other]) for one, other in alike]


@pytest.mark.long
@pytest.mark.parametrize("slug", sorted(path.stem for path in CHANNELS.glob("*.yaml")))
def test_an_hour_of_a_channel_hardly_repeats_a_shot(slug: str) -> None:
    texts, frames = asyncio.run(aired(slug, 60))
    alike = near_duplicates(frames)
    assert len(alike) <= 0.05 * len(frames), [(texts[one], texts[other]) for one, other in alike[:5]]
