"""What every adapter of a studio port promises; run on the shipped fakes and on the real ones."""

import math
from collections.abc import AsyncIterator, Sequence

import numpy as np

from webtv.prompts.sequence import MusicBrief, ShotPrompt
from webtv.studio.ports import (
    BedRequest,
    Chunk,
    Composer,
    Frames,
    Interpolator,
    Media,
    ShotMaker,
    ShotRequest,
    Take,
    Upscaler,
)


def shot_prompt(**fields: str) -> ShotPrompt:
    """A prompt with the given fields; all others are empty."""
    empty = dict.fromkeys(ShotPrompt.__slots__, "")
    return ShotPrompt(**{**empty, **fields})


def shot_request(prompt: ShotPrompt | None = None, **changes: object) -> ShotRequest:
    """A small request: two seconds for a clip of 320 x 180 at 24 frames per second."""
    prompt = prompt or shot_prompt(
        subject="two red boats",
        action="sailing to the left",
        setting="a calm bay",
        camera="wide shot, slow pan left",
    )
    values = {
        "seconds": 2.0,
        "width": 320,
        "height": 180,
        "fps": 24,
        "seed": 5,
        "sequence_seed": 77,
        **changes,
    }
    return ShotRequest(prompt, **values)  # type: ignore[arg-type]


async def chunks(take: Take) -> list[Chunk]:
    """All chunks of a take, each held to the promises about chunks."""
    out: list[Chunk] = []
    async for chunk in take:
        frames = chunk.frames
        assert frames.dtype == np.uint8
        assert frames.ndim == 4
        assert frames.shape[0] >= 1
        assert frames.shape[3] == 3
        if out:
            assert chunk.start_frame == out[-1].start_frame + len(out[-1].frames), "frames follow each other"
            assert chunk.fps == out[0].fps
            assert frames.shape[1:] == out[0].frames.shape[1:]
        else:
            assert chunk.start_frame == 0
        out.append(chunk)
    assert out, "a take is never empty"
    return out


async def frames_of(take: Take) -> Frames:
    """All frames of a take."""
    return np.concatenate([chunk.frames for chunk in await chunks(take)])


async def play(frames: Sequence[Frames] | Frames, fps: int, size: int = 5) -> AsyncIterator[Chunk]:
    """Frames as a take, ``size`` to a chunk."""
    for start in range(0, len(frames), size):
        yield Chunk(np.stack(list(frames[start : start + size])), start, fps)


def moving_square(count: int, width: int = 160, height: int = 90) -> Frames:
    """A bright square that crosses a dark picture, a few pixels per frame."""
    out = np.full((count, height, width, 3), 30, np.uint8)
    for i in range(count):
        out[i, 30:60, 10 + 3 * i : 40 + 3 * i] = (220, 180, 90)
    return out


async def check_shots(maker: ShotMaker) -> None:
    """Hold a shot maker to its port."""
    request = shot_request()
    made = await chunks(maker.shoot(request))
    count = sum(len(chunk.frames) for chunk in made)
    assert count >= round(request.seconds * made[0].fps)
    assert made[0].fps <= request.fps
    height, width = made[0].frames.shape[1:3]
    assert width <= request.width
    assert height <= request.height
    assert math.isclose(width / height, request.width / request.height, rel_tol=0.03)
    first = np.concatenate([chunk.frames for chunk in made])
    assert np.array_equal(first, await frames_of(maker.shoot(request))), "the same seed gives the same frames"
    other = await frames_of(maker.shoot(shot_request(seed=request.seed + 1)))
    assert not np.array_equal(first, other), "another seed gives other frames"
    take = maker.shoot(request)
    await anext(take)
    await take.aclose()  # type: ignore[attr-defined]
    credit = maker.credit(request)
    assert credit.adapter
    assert credit.model
    assert isinstance(credit.media, Media)


async def check_interpolator(interpolator: Interpolator) -> None:
    """Hold an interpolator to its port."""
    frames = moving_square(13)
    for source, target in ((12, 24), (12, 30), (12, 25), (15, 30), (24, 24)):
        made = await chunks(interpolator.interpolate(play(frames, source), target))
        out = np.concatenate([chunk.frames for chunk in made])
        assert made[0].fps == target
        assert len(out) >= len(frames) * target / source
        assert len(out) < len(frames) * target / source + 1
        for k in range(len(out)):
            position = k * source / target
            if position == int(position) and position < len(frames):
                assert np.array_equal(out[k], frames[int(position)]), "original frames stay as they are"
    cut = np.concatenate((np.full((4, 90, 160, 3), 20, np.uint8), np.full((4, 90, 160, 3), 230, np.uint8)))
    out = await frames_of(interpolator.interpolate(play(cut, 12), 24))
    assert set(np.unique(out)) == {20, 230}, "a cut is never morphed"


async def check_upscaler(upscaler: Upscaler) -> None:
    """Hold an upscaler to its port."""
    frames = moving_square(3)
    for width, height in ((320, 180), (322, 200), (160, 90), (256, 256)):
        made = await chunks(upscaler.upscale(play(frames, 12, 2), width, height))
        out = np.concatenate([chunk.frames for chunk in made])
        assert out.shape == (3, height, width, 3)
        assert made[0].fps == 12
        for edge in (out[:, 0], out[:, -1], out[:, :, 0], out[:, :, -1]):
            assert edge.mean() > 15, "never letterboxed"


async def check_composer(composer: Composer) -> None:
    """Hold a composer to its port."""
    request = BedRequest(MusicBrief("calm", 72, ("felt piano", "pad")), 48_000 * 3, 5)
    sound = await composer.compose(request)
    assert sound.dtype == np.float32
    assert sound.shape == (request.samples, 2)
    assert 0.001 < float(np.abs(sound).max()) <= 1.0
    assert np.array_equal(sound, await composer.compose(request)), "the same request gives the same samples"
    other = await composer.compose(BedRequest(request.music, request.samples, 6))
    assert not np.array_equal(sound, other), "another seed gives another bed"
    assert composer.credit(request).model
