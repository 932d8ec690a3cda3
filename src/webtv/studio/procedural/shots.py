"""The embedded shot maker: procedural moving pictures that follow the prompt."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Final

import cv2
import numpy as np

from webtv.studio.options import number, whole_number
from webtv.studio.ports import Chunk, Credit, Frames, Media, ShotRequest
from webtv.studio.procedural.scenes import SCENES, Scene
from webtv.studio.procedural.spec import SceneSpec
from webtv.studio.procedural.stage import Image, Stage
from webtv.studio.procedural.styles import STYLES, Style
from webtv.studio.procedural.words.lexicon import dissolves, read

MODEL: Final = "webtv-procedural 3"
_CHUNK = 6  # frames; after interpolation and upscaling they take six times the room
_DISSOLVE = 0.75  # seconds
_SMALLEST = 36  # pixels of the shorter side; in less, what is drawn at a quarter of the size has no pixels


class ProceduralShots:
    """Draws shots with the scene engine, at half the size and half the rate of the finished clip.

    Upscaling and interpolation finish them; that is three times cheaper than drawing every frame in full.

    Args:
        fps: frames per second of its takes, 4 to 30 and never more than the finished rate; 0 takes half
            the finished rate, at least 12.
        scale: size of its takes as a share of the finished size, 0.1 to 1.

    Raises:
        ConfigError: an option is no number or out of range.
    """

    def __init__(self, *, fps: int = 0, scale: float = 0.5) -> None:
        self._fps = whole_number(fps, 4, 30, place="studio.shot.fps", also=0)
        self._scale = number(scale, 0.1, 1, place="studio.shot.scale")

    async def shoot(self, request: ShotRequest) -> AsyncIterator[Chunk]:
        """Draw a take, half a second of frames at a time, each in a thread."""
        fps = min(self._fps or (12 if request.fps <= 25 else 15), request.fps)
        total = max(1, round(request.seconds * fps))
        width, height = even(request.width * self._scale), even(request.height * self._scale)
        more = -(-_SMALLEST // min(width, height))  # drawn so many times larger, and made small again
        picture = await asyncio.to_thread(_picture, request, more * width, more * height)
        before = await asyncio.to_thread(_before, request, picture.stage)
        for start in range(0, total, _CHUNK):
            count = min(_CHUNK, total - start)
            frames = await asyncio.to_thread(_draw, picture, before, start, count, fps)
            if more > 1:
                small = [cv2.resize(each, (width, height), interpolation=cv2.INTER_AREA) for each in frames]
                frames = np.stack(small)
            if before is not None and (start + count) / fps >= _DISSOLVE:
                before = None  # it is not seen any more
            yield Chunk(frames, start, fps)

    def credit(self, request: ShotRequest) -> Credit:
        """Algorithmic; with what was understood of the prompt and what was ignored."""
        spec = self.spec(request)
        understood = {**spec.understood, "family": spec.family, "style": spec.style}
        if request.before is not None:
            understood["transition"] = "dissolve" if dissolves(request.prompt) else "cut"
        return Credit(
            "procedural", MODEL, Media.ALGORITHMIC, {"understood": understood, "ignored": list(spec.ignored)}
        )

    @staticmethod
    def spec(request: ShotRequest) -> SceneSpec:
        """The scene that a request means."""
        return read(request.prompt, request.shot, request.sequence_seed)


def even(value: float) -> int:
    """The nearest even number, at least 2."""
    return max(2, 2 * round(value / 2))


@dataclass(frozen=True, slots=True)
class _Picture:
    """A scene in its style, ready to be drawn at any time of its shot, and for a moment beyond."""

    scene: Scene
    style: Style
    stage: Stage

    def at(self, t: float) -> Image:
        """float32[H, W, 3] in about 0..1."""
        canvas = np.zeros((self.stage.height, self.stage.width, 3), np.float32)
        self.scene.draw(canvas, t)
        return np.asarray(self.style.apply(canvas, t), np.float32)


def _picture(request: ShotRequest, width: int, height: int) -> _Picture:
    spec = ProceduralShots.spec(request)
    stage = Stage(spec, width, height, request.seconds, request.sequence_seed, request.seed)
    return _Picture(*_build(spec, stage), stage)


def _build(spec: SceneSpec, stage: Stage) -> tuple[Scene, Style]:
    return SCENES[spec.family](stage), STYLES[spec.style](stage)


def _before(request: ShotRequest, stage: Stage) -> _Picture | None:
    """The shot before, if the mood asks to dissolve from it; it goes on for as long as that lasts."""
    if request.before is None or not dissolves(request.prompt):
        return None
    shot = max(0, request.shot - 1)
    earlier = replace(request, prompt=request.before.prompt, seed=request.before.seed, shot=shot, before=None)
    return _picture(earlier, stage.width, stage.height)


def _draw(picture: _Picture, before: _Picture | None, start: int, count: int, fps: int) -> Frames:
    stage = picture.stage
    out = np.empty((count, stage.height, stage.width, 3), np.uint8)
    for i in range(count):
        t = (start + i) / fps
        frame = picture.at(t)
        if before is not None and t < _DISSOLVE:
            share = t / _DISSOLVE
            share = share * share * (3 - 2 * share)
            frame = cv2.addWeighted(frame, share, before.at(stage.seconds + t), 1 - share, 0)
        np.clip(frame, 0, 1, out=frame)
        cv2.convertScaleAbs(frame, dst=out[i], alpha=255)
    return out
