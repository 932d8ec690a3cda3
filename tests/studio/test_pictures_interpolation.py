"""Interpolation and upscaling against held-out originals."""

import cv2
import numpy as np
import pytest
from contract import frames_of, moving_square, play

from webtv.studio.interpolation import DISInterpolator
from webtv.studio.ports import Frames
from webtv.studio.upscaling import DetailUpscaler, LanczosUpscaler


def texture(rng: np.random.Generator, height: int, width: int) -> Frames:
    out = np.zeros((height, width, 3), np.float32)
    for k in range(7):
        grid = rng.standard_normal((2**k * 2 + 1, 2**k * 3 + 1, 3)).astype(np.float32)
        out += cv2.resize(grid, (width, height), interpolation=cv2.INTER_CUBIC) * 0.75**k
    out -= out.min()
    return (out / out.max() * 255).astype(np.uint8)


def pan(count: int) -> Frames:
    """A textured picture that slides by and grows a little."""
    picture = texture(np.random.default_rng(1), 300, 600)
    frames = []
    for t in range(count):
        zoom = 1 + 0.002 * t
        matrix = np.array([[zoom, 0, -60 - 2.2 * t], [0, zoom, -40 - 0.8 * t]], np.float32)
        frames.append(cv2.warpAffine(picture, matrix, (320, 180)))
    return np.stack(frames)


def objects(count: int) -> Frames:
    """Two textured discs that cross in front of a still picture, covering and uncovering it."""
    back = texture(np.random.default_rng(2), 180, 320)
    discs = [texture(np.random.default_rng(3 + k), 60, 60) for k in range(2)]
    mask = np.zeros((60, 60), np.uint8)
    cv2.circle(mask, (30, 30), 28, 255, -1, cv2.LINE_AA)
    frames = []
    for t in range(count):
        frame = back.astype(np.float32)
        for k, disc in enumerate(discs):
            x, y = (40 + 3.0 * t, 50.0) if k == 0 else (240 - 2.4 * t, 95 + 8 * np.sin(0.2 * t))
            matrix = np.array([[1, 0, x], [0, 1, y]], np.float32)
            a = cv2.warpAffine(mask, matrix, (320, 180)).astype(np.float32)[..., None] / 255
            frame = frame * (1 - a) + cv2.warpAffine(disc, matrix, (320, 180)) * a
        frames.append(frame.astype(np.uint8))
    return np.stack(frames)


def psnr(a: np.ndarray, b: np.ndarray) -> float:
    error = np.mean((a.astype(np.float64) - b.astype(np.float64)) ** 2)
    return float(10 * np.log10(255**2 / max(error, 1e-9)))


@pytest.mark.parametrize(("kind", "margin"), [(pan, 6.0), (objects, 3.0)], ids=["pan", "objects"])
async def test_flow_beats_blending(kind, margin: float) -> None:  # type: ignore[no-untyped-def]
    frames = kind(21)
    kept, held_out = frames[::2], frames[1::2]
    made = await frames_of(DISInterpolator().interpolate(play(kept, 12), 24))
    ours = np.mean([psnr(made[2 * i + 1], held_out[i]) for i in range(len(held_out))])
    blended = np.mean([
        psnr((kept[i].astype(np.float32) + kept[i + 1]) / 2, held_out[i]) for i in range(len(held_out))
    ])  # fmt: skip
    assert ours > blended + margin


async def test_chunk_borders_leave_no_trace() -> None:
    frames = moving_square(14)
    whole = await frames_of(DISInterpolator().interpolate(play(frames, 12, 14), 30))
    assert np.array_equal(whole, await frames_of(DISInterpolator().interpolate(play(frames, 12, 3), 30)))
    assert np.array_equal(whole, await frames_of(DISInterpolator().interpolate(play(frames, 12, 1), 30)))


async def test_the_last_frame_is_held() -> None:
    frames = moving_square(5)
    made = await frames_of(DISInterpolator().interpolate(play(frames, 12), 24))
    assert len(made) == 10
    assert np.array_equal(made[-1], frames[-1])


async def test_slow_motion_lasts_longer_at_the_same_rate() -> None:
    frames = moving_square(5)
    slow = await frames_of(DISInterpolator(slow=2).interpolate(play(frames, 24), 24))
    twice = await frames_of(DISInterpolator().interpolate(play(frames, 12), 24))
    assert np.array_equal(slow, twice)


async def test_what_is_covered_comes_from_the_side_that_shows_it() -> None:
    """A thing before a still ground neither ghosts nor drags the ground along."""
    ground = texture(np.random.default_rng(4), 180, 320)
    thing = 255 - texture(np.random.default_rng(9), 60, 60) // 2

    def with_thing(left: int) -> Frames:
        frame = ground.copy()
        frame[60:120, left : left + 60] = thing
        return frame

    frames = np.stack([with_thing(100), with_thing(116)])
    made = await frames_of(DISInterpolator().interpolate(play(frames, 12), 24))
    off = np.abs(made[1].astype(int) - with_thing(108)).max(axis=2)
    assert off[66:114, 114:162].mean() < 1, "the thing is whole, half way"
    mixed = np.abs((frames[0].astype(int) + frames[1]) // 2 - with_thing(108)).max(axis=2)
    for side in (slice(100, 105), slice(171, 176)):
        assert off[66:114, side].mean() < 0.6 * mixed[66:114, side].mean(), "what one shows is taken from it"
    assert np.median(off) == 0


async def test_a_still_picture_stays_as_it_is() -> None:
    for picture in (texture(np.random.default_rng(6), 90, 160), np.full((90, 160, 3), 77, np.uint8)):
        made = await frames_of(DISInterpolator().interpolate(play(np.stack([picture] * 3), 12), 30))
        assert all(np.array_equal(frame, picture) for frame in made)


@pytest.mark.parametrize("size", [(16, 16), (17, 33), (90, 161), (361, 203)])
async def test_any_size_is_interpolated(size: tuple[int, int]) -> None:
    first = texture(np.random.default_rng(5), *size)
    frames = np.stack([first, np.roll(first, 2, axis=1)])
    made = await frames_of(DISInterpolator().interpolate(play(frames, 12), 24))
    assert made.shape == (4, *size, 3)


async def test_noise_without_any_motion_in_it_is_bounded_work() -> None:
    """Two pictures that have nothing in common but their light, and so are no cut."""
    frames = np.random.default_rng(8).integers(90, 160, (2, 90, 160, 3), dtype=np.uint8)
    made = await frames_of(DISInterpolator().interpolate(play(frames, 12), 24))
    assert 80 < made[1].mean() < 170


async def test_upscaling_keeps_the_picture() -> None:
    full = pan(3)
    half = np.stack([cv2.resize(f, (160, 90), interpolation=cv2.INTER_AREA) for f in full])
    for upscaler in (LanczosUpscaler(), DetailUpscaler(grain=0)):
        made = await frames_of(upscaler.upscale(play(half, 24), 320, 180))
        assert np.mean([psnr(a, b) for a, b in zip(made, full, strict=True)]) > 30


async def test_detail_sharpens_and_grain_dithers() -> None:
    half = np.stack([cv2.resize(f, (160, 90), interpolation=cv2.INTER_AREA) for f in pan(2)])

    def acuteness(frames: Frames) -> float:
        return float(np.abs(cv2.Laplacian(frames[0].astype(np.float32), cv2.CV_32F)).mean())

    plain = await frames_of(LanczosUpscaler().upscale(play(half, 24), 320, 180))
    sharp = await frames_of(DetailUpscaler(grain=0).upscale(play(half, 24), 320, 180))
    assert acuteness(sharp) > 1.15 * acuteness(plain)
    flat = np.full((2, 90, 160, 3), 100, np.uint8)
    grained = await frames_of(DetailUpscaler().upscale(play(flat, 24), 320, 180))
    assert 0.3 < grained[0].std() < 2.0
    assert not np.array_equal(grained[0], grained[1]), "grain lives"
    assert abs(float(grained.mean()) - 100) < 0.2


async def test_wide_pictures_are_cropped_in_the_middle() -> None:
    frames = moving_square(1, 200, 90)
    frames[:, :, :20] = 255
    made = await frames_of(LanczosUpscaler().upscale(play(frames, 24), 320, 180))
    assert made[0, 0, 0].max() < 100, "the sides are cropped, not squeezed"
