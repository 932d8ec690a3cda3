"""Zeroscope and its kin: takes from diffusers' ``TextToVideoSDPipeline``.

The first half of the AI WebTV's chain; :mod:`webtv.studio.diffusers.zeroscope_xl` is the second. torch and
diffusers are imported when the first take is made, so a station without them starts as fast and a help page
costs nothing. The model is the operator's to choose; a curator's options only say how long and how carefully
it should look.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from webtv.studio.diffusers.footprint import Footprint
from webtv.studio.diffusers.frames import STABLE_DIFFUSION
from webtv.studio.diffusers.options import SLOWEST, VideoOptions
from webtv.studio.diffusers.runtime import INSTALL, Runtime
from webtv.studio.diffusers.schedulers import NOISE
from webtv.studio.diffusers.shots import DiffusersShots

__all__ = ["INSTALL", "MODEL", "ZeroscopeOptions", "ZeroscopeShots"]

MODEL = "cerspense/zeroscope_v2_576w"


@dataclass(frozen=True, slots=True, kw_only=True)
class ZeroscopeOptions(VideoOptions):
    """What a curator may set beside ``use: zeroscope``; the defaults are what the model was trained on."""

    LIMITS: ClassVar[Mapping[str, tuple[float, float]]] = {
        "frames": (4, 96),
        "width": (64, 1280),
        "height": (64, 1280),
        "steps": (1, 200),
        "guidance": (1, 30),
        "fps": (SLOWEST, 30),
    }
    SCHEDULERS: ClassVar[tuple[str, ...]] = tuple(NOISE)
    FEWEST_STEPS: ClassVar[int] = 12

    frames: int = 24
    width: int = 576
    height: int = 320
    steps: int = 35
    guidance: float = 12.5
    fps: int = 12


class ZeroscopeShots(DiffusersShots[ZeroscopeOptions]):
    """A :class:`webtv.studio.ports.ShotMaker` over a text-to-video diffusion model of 2023.

    Its pipeline is in diffusers' deprecated part since 0.38 and knows only the old kind of callback.
    """

    ADAPTER = "zeroscope"
    OPTIONS = ZeroscopeOptions
    KIND = "TextToVideoSDPipeline"
    COLOURS = STABLE_DIFFUSION
    # 1.4 G parameters in the denoiser, 0.34 G in the text encoder, 0.08 G in the autoencoder; its author says
    # 7.9 GB in all for 30 frames (huggingface.co/cerspense/zeroscope_v2_576w).
    FOOTPRINT = Footprint(weights_gb=3.7, largest_gb=2.9, working_gb=4.2, pixels=576 * 320 * 30, disk_gb=3.7)

    def __init__(
        self,
        model: str | Path = MODEL,
        options: ZeroscopeOptions | None = None,
        *,
        runtime: Runtime | None = None,
        loras: Mapping[str, str | Path] | None = None,
    ) -> None:
        super().__init__(model, options, runtime=runtime, loras=loras)
