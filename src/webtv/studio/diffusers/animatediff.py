"""AnimateDiff: a motion adapter over any model of the Stable Diffusion 1.5 family.

The look comes from the base model, the movement from the adapter; both are the operator's to choose. Takes
longer than the 16 frames that the adapter was trained on are made by FreeNoise (arXiv 2310.15169), which
slides a window of 16 frames over them and shuffles one window's noise, so that the world stays the same.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from webtv.studio.diffusers.footprint import Footprint
from webtv.studio.diffusers.frames import STABLE_DIFFUSION
from webtv.studio.diffusers.options import SLOWEST, VideoOptions
from webtv.studio.diffusers.pipeline import Recipe, public_name
from webtv.studio.diffusers.runtime import Runtime
from webtv.studio.diffusers.schedulers import NOISE
from webtv.studio.diffusers.shots import DiffusersShots
from webtv.studio.ports import ShotRequest

MODEL = "stable-diffusion-v1-5/stable-diffusion-v1-5"
MOTION = "guoyww/animatediff-motion-adapter-v1-5-2"
_CONTEXT = 16  # frames that the motion adapters were trained on
_STRIDE = 4  # frames between two windows of FreeNoise; diffusers' own choice

# The adapters were trained on a straight schedule, not on the base model's (diffusers' page on AnimateDiff).
_SCHEDULING: Mapping[str, Any] = {
    "beta_schedule": "linear",
    "clip_sample": False,
    "timestep_spacing": "linspace",
    "steps_offset": 1,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class AnimateDiffOptions(VideoOptions):
    """What a curator may set beside ``use: animatediff``."""

    LIMITS: ClassVar[Mapping[str, tuple[float, float]]] = {
        "frames": (4, 128),
        "width": (64, 1024),
        "height": (64, 1024),
        "steps": (1, 200),
        "guidance": (1, 30),
        "fps": (SLOWEST, 30),
    }
    SCHEDULERS: ClassVar[tuple[str, ...]] = tuple(NOISE)
    FEWEST_STEPS: ClassVar[int] = 4  # with weights distilled for it; ten without

    frames: int = 16
    width: int = 576
    height: int = 320
    steps: int = 25
    guidance: float = 7.5
    fps: int = 8
    scheduler: str = "ddim"


class AnimateDiffShots(DiffusersShots[AnimateDiffOptions]):
    """A :class:`webtv.studio.ports.ShotMaker` over a Stable Diffusion 1.5 model and a motion adapter.

    Args:
        model: id or folder of the base model; the operator's choice.
        motion: id or folder of the motion adapter; the operator's choice.
        options: the curator's choices.
        runtime: how models are run here; the operator's choice.
        loras: what the operator allows by which id: an id on the hub, a folder, or a ``.safetensors`` file.

    Raises:
        InputError: the options name a LoRA that the operator did not.
    """

    ADAPTER = "animatediff"
    OPTIONS = AnimateDiffOptions
    KIND = "AnimateDiffPipeline"
    COLOURS = STABLE_DIFFUSION
    # 0.86 G parameters in the base's denoiser, 0.45 G in the adapter, 0.12 G in the text encoder, 0.08 G in
    # the autoencoder. The work is an estimate after Zeroscope's, whose layers are of the same kind.
    FOOTPRINT = Footprint(weights_gb=3.1, largest_gb=2.7, working_gb=4.0, pixels=512 * 512 * 16, disk_gb=3.6)

    def __init__(
        self,
        model: str | Path = MODEL,
        motion: str | Path = MOTION,
        options: AnimateDiffOptions | None = None,
        *,
        runtime: Runtime | None = None,
        loras: Mapping[str, str | Path] | None = None,
    ) -> None:
        self._motion = str(motion)
        super().__init__(model, options, runtime=runtime, loras=loras)

    def recipe(self) -> Recipe:
        """The base model, the motion adapter, and the schedule that the adapter was trained on."""
        return Recipe(
            model=self._model,
            kind=self.KIND,
            parts={"motion_adapter": ("MotionAdapter", self._motion)},
            scheduler=self._options.scheduler,
            scheduling=_SCHEDULING,
            loras=self._loras,
            colours=self.COLOURS,
            window=_CONTEXT if self._options.frames > _CONTEXT else 0,
            stride=_STRIDE,
        )

    def arguments(self, pipeline: Any, request: ShotRequest, count: int) -> dict[str, Any]:
        """As others; FreeNoise, if it was loaded for longer takes, sees a shorter one in one window."""
        if pipeline.free_noise_enabled:
            # Sets the windows of modules that are there already, and replaces none.
            pipeline.enable_free_noise(context_length=min(count, _CONTEXT), context_stride=_STRIDE)
        # Decoding all frames at once is what runs out of memory.
        return super().arguments(pipeline, request, count) | {"decode_chunk_size": 4}

    def details(self, request: ShotRequest) -> dict[str, Any]:
        """The motion adapter."""
        return {"motion_adapter": public_name(self._motion)}
