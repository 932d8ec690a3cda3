"""Stills: frames of a shot as the scene engine draws them, before interpolation, upscaling and label."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from webtv.gallery.images import save, strip
from webtv.gallery.prompts import meaning_of, told
from webtv.gallery.work import Made
from webtv.studio.ports import Picture
from webtv.studio.procedural.scenes import SCENES
from webtv.studio.procedural.spec import SceneSpec
from webtv.studio.procedural.stage import Stage
from webtv.studio.procedural.styles import STYLES

SECONDS = 4.0


def draw(
    spec: SceneSpec, moments: Sequence[float], size: tuple[int, int], seed: int, seconds: float = SECONDS
) -> list[Picture]:
    """Frames of one shot, uint8[H, W, 3] each.

    Args:
        spec: the scene.
        moments: seconds within the shot.
        size: width and height.
        seed: of place and take, as ``webtv make --seed`` sets both.
        seconds: length of the shot.
    """
    stage = Stage(spec, *size, seconds, seed, seed)
    scene, style = SCENES[spec.family](stage), STYLES[spec.style](stage)
    frames = []
    for t in moments:
        canvas = np.zeros((size[1], size[0], 3), np.float32)
        scene.draw(canvas, t)
        finished = np.clip(style.apply(canvas, t), 0, 1)
        frames.append(np.asarray(cv2.convertScaleAbs(finished, alpha=255), np.uint8))
    return frames


@dataclass(frozen=True, slots=True)
class Still:
    """One picture of a prompt, or several moments of it side by side.

    Attributes:
        name: of the file, without its ending.
        text: the prompt.
        seed: of place and take.
        moments: seconds within the shot.
        family: what to show if no word says so.
        style: likewise.
        size: width and height of each moment.
    """

    name: str
    text: str
    seed: int
    moments: tuple[float, ...] = (2.0,)
    family: str = ""
    style: str = ""
    size: tuple[int, int] = (640, 360)

    @property
    def cost(self) -> float:
        """Most of it is building the scene."""
        return 0.25 + 0.03 * len(self.moments)

    def make(self, folder: Path) -> Made:
        """Draw it."""
        spec = meaning_of(self.text, self.seed, self.family, self.style)
        pictures = draw(spec, self.moments, self.size, self.seed)
        file = f"{self.name}.webp"
        save(folder / file, strip(pictures) if len(pictures) > 1 else pictures[0])
        facts = {"understood": told(spec)}
        if spec.ignored:
            facts["ignored"] = ", ".join(spec.ignored)
        return Made((file,), facts)
