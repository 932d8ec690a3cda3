"""The checks: each fault is found, and what only looks like one passes."""

import io
from collections.abc import Callable

import cv2
import numpy as np
import pytest
from footage import SMALL, encoded, pan, strobe, texture, tone

from webtv.clips.checks import ClipChecker, Report, check_sound, small_picture
from webtv.clips.proof import prove_file
from webtv.core.format import HouseFormat, house_format
from webtv.studio.ports import Frames

TINY = HouseFormat("tiny", 320, 180, 24, 400_000)  # checks look at 64 x 36 cells, whatever they are made of


def judged(pictures: Frames) -> Report:
    checker = ClipChecker(TINY)
    for picture in pictures:
        checker.add(small_picture(picture))
    return checker.report()


def grainy(still: Frames, frames: int, sigma: float, size: int = 1) -> Frames:
    noise = np.random.default_rng(7)
    pictures = []
    shape = (still.shape[0] // size, still.shape[1] // size, 3)
    for _ in range(frames):
        fine = sigma * noise.standard_normal(shape, np.float32)
        grain = cv2.resize(fine, still.shape[1::-1], interpolation=cv2.INTER_LINEAR)
        pictures.append(np.clip(still + grain, 0, 255).astype(np.uint8))
    return np.stack(pictures)


def half_frozen() -> Frames:
    moving = pan(TINY, 96).copy()
    moving[30:80] = moving[30]
    return moving


def still(format: HouseFormat) -> Frames:
    return texture(1, format.height, format.width)


def faded(pictures: Frames, frames: int) -> Frames:
    result = pictures.copy()
    for number in range(frames):
        result[number] = pictures[number] * (number / frames)
    return result


def bird() -> Frames:
    """A still landscape in which only one small thing moves."""
    pictures = np.repeat(still(TINY)[None], 48, axis=0)
    for number, picture in enumerate(pictures):
        cv2.circle(picture, (60 + 3 * number, 60), 12, (240, 240, 230), -1)
    return pictures


FAULTS: dict[str, tuple[Callable[[], Frames], str]] = {
    "black": (lambda: np.full((48, 180, 320, 3), 4, np.uint8), "black"),
    "black for a while": (
        lambda: np.where(np.arange(96)[:, None, None, None] < 26, 0, pan(TINY, 96)),
        "black",
    ),
    "one colour": (lambda: np.full((48, 180, 320, 3), (90, 130, 140), np.uint8), "one flat colour"),
    "frozen": (lambda: np.repeat(still(TINY)[None], 48, axis=0), "stands still for 2.0 s"),
    "frozen under fine grain": (lambda: grainy(still(SMALL), 48, 14), "stands still"),
    "frozen under coarse grain": (lambda: grainy(still(SMALL), 48, 8, size=3), "stands still"),
    "frozen for a while": (half_frozen, "stands still"),
    "strobe": (lambda: strobe(TINY, 48, half_period=3, share=0.7), "flashes 4"),
    "fast strobe": (lambda: strobe(TINY, 48, half_period=1, share=0.3), "flashes 11 times"),
    "red strobe": (
        lambda: strobe(TINY, 48, half_period=2, on=(130, 0, 0), off=(12, 12, 12)),
        "flashes red 5.5 times",
    ),
    "red and blue, equally bright": (
        lambda: strobe(TINY, 48, half_period=3, on=(150, 0, 0), off=(0, 0, 240)),
        "flashes red",
    ),
}

FINE: dict[str, Callable[[], Frames]] = {
    "pan": lambda: pan(TINY, 48),
    "slow pan": lambda: pan(TINY, 48, speed=2),
    "fast pan": lambda: pan(TINY, 48, speed=280),
    "small thing moving": bird,
    "small strobe": lambda: strobe(TINY, 48, half_period=1, share=0.1),
    "three flashes a second": lambda: strobe(TINY, 48, half_period=4, share=0.7),
    "fade from black": lambda: faded(pan(TINY, 48), 20),
    "strobe between bright tones": lambda: strobe(
        TINY, 48, half_period=2, on=(255,) * 3, off=(233,) * 3, share=0.7
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_faults_are_found(name: str) -> None:
    make, reason = FAULTS[name]
    report = judged(np.asarray(make(), np.uint8))
    assert not report.ok
    assert any(reason in text for text in report.reasons), report.reasons


@pytest.mark.parametrize("name", FINE)
def test_what_only_looks_like_a_fault_passes(name: str) -> None:
    assert judged(FINE[name]()).reasons == ()


def test_a_moving_grating_is_judged_by_how_fast_each_place_flickers() -> None:
    def bars(speed: float) -> Frames:
        at = np.arange(TINY.width)
        rows = [((at + speed * n / 24) // 30 % 2 * 200 + 25).astype(np.uint8) for n in range(48)]
        return np.stack([np.repeat(np.tile(row, (TINY.height, 1))[..., None], 3, axis=2) for row in rows])

    assert judged(bars(60)).ok  # one change of each place per half second
    assert not judged(bars(450)).ok  # seven a second


def test_sound_faults() -> None:
    sound = tone(TINY, 48)
    assert check_sound(sound).reasons == ()
    silence = np.zeros_like(sound)
    assert check_sound(silence).reasons == ("the sound is silent",)
    assert check_sound(silence, allow_silence=True).ok
    clipped = np.clip(sound * 20, -1, 1)
    assert any("clipped" in reason for reason in check_sound(clipped).reasons)
    broken = sound.copy()
    broken[100] = np.nan
    assert check_sound(broken).reasons == ("the sound holds values that are no numbers",)


def test_proof_finds_what_is_wrong_with_a_file() -> None:
    pictures = pan(SMALL, 48)
    smalls = [small_picture(picture) for picture in pictures]
    data = encoded(pictures, SMALL)
    assert prove_file(io.BytesIO(data), SMALL, 48, smalls).ok

    def reasons(file: bytes, format: str = SMALL.name, frames: int = 48, like: list[Frames] = smalls) -> str:
        return "; ".join(prove_file(io.BytesIO(file), house_format(format), frames, like).reasons)

    assert "parameter sets" in reasons(data, "576p25@1")
    assert "not 96" in reasons(data, frames=96)
    assert "differs from the original" in reasons(data, like=smalls[::-1])
    assert reasons(data[: len(data) // 2])
    assert "does not decode" in reasons(b"nothing of the kind")
