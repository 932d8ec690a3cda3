"""The embedded shot maker: procedural moving pictures that follow the prompt."""

import asyncio
from collections.abc import AsyncIterator
from typing import Final

import cv2
import numpy as np

from webtv.studio.options import number, whole_number
from webtv.studio.ports import Chunk, Credit, Frames, Media, ShotRequest
from webtv.studio.procedural.lexicon import read
from webtv.studio.procedural.scenes import SCENES, Scene
from webtv.studio.procedural.spec import SceneSpec
from webtv.studio.procedural.stage import Stage
from webtv.studio.procedural.styles import STYLES, Style

MODEL: Final = "webtv-procedural 2"
_CHUNK = 6  # frames; after interpolation and upscaling they take six times the room


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
        spec = self.spec(request)
        stage = Stage(spec, width, height, request.seconds, request.sequence_seed, request.seed)
        scene, style = await asyncio.to_thread(_build, spec, stage)
        for start in range(0, total, _CHUNK):
            count = min(_CHUNK, total - start)
            yield Chunk(await asyncio.to_thread(_draw, scene, style, stage, start, count, fps), start, fps)

    def credit(self, request: ShotRequest) -> Credit:
        """Algorithmic; with what was understood of the prompt and what was ignored."""
        spec = self.spec(request)
        understood = {**spec.understood, "family": spec.family, "style": spec.style}
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


def _build(spec: SceneSpec, stage: Stage) -> tuple[Scene, Style]:
    return SCENES[spec.family](stage), STYLES[spec.style](stage)


def _draw(scene: Scene, style: Style, stage: Stage, start: int, count: int, fps: int) -> Frames:
    out = np.empty((count, stage.height, stage.width, 3), np.uint8)
    canvas = np.zeros((stage.height, stage.width, 3), np.float32)
    for i in range(count):
        t = (start + i) / fps
        canvas[:] = 0
        scene.draw(canvas, t)
        finished = style.apply(canvas, t)
        np.clip(finished, 0, 1, out=finished)
        cv2.convertScaleAbs(finished, dst=out[i], alpha=255)
    return out
