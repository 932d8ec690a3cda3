"""LTX-Video: takes from text and from a picture, with one set of weights.

Models up to 0.9.1 have two pipelines in diffusers, over the same parts; later ones have one, which takes the
picture as a condition. Which it is, the model says itself. Unlike other families its rate is an input of the
model: a take that is slower holds the same motion in fewer frames.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

from webtv.core.errors import ConfigError
from webtv.core.libraries import library
from webtv.studio.diffusers import frames
from webtv.studio.diffusers.continuation import ContinuedShots, Published, WindowedOptions
from webtv.studio.diffusers.footprint import Footprint
from webtv.studio.diffusers.options import FrameRule
from webtv.studio.diffusers.runtime import Runtime
from webtv.studio.diffusers.shared import SharedPipeline
from webtv.studio.ports import Picture, ShotRequest

MODEL = "Lightricks/LTX-Video-0.9.8-13B-distilled"
DISTILLED = "distilled"
_TEXT, _IMAGE, _EITHER = "LTXPipeline", "LTXImageToVideoPipeline", "LTXConditionPipeline"
# What 0.9.7 and 0.9.8 were distilled for, by diffusers' documentation; the last, 0.03, is taken as the end.
_DISTILLED_STEPS = (1000, 993, 987, 981, 975, 909, 725)

# Parts in GB at 16 bits: T5-XXL's encoder 9.5, the autoencoder 1.2, the transformer 3.9 (2B) or 26.1 (13B).
_SMALL = Footprint(14.6, 9.5, 4.0, 768 * 512 * 97, 15.0)
_LARGE = Footprint(36.8, 26.1, 5.0, 768 * 512 * 97, 47.0)
_FAST = {"steps": 8, "guidance": 1.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class LtxOptions(WindowedOptions):
    """What a curator may set beside ``use: ltx``.

    Attributes:
        schedule: ``distilled`` for the steps that 0.9.7 and 0.9.8 were distilled for, at most seven of them;
            empty for steps spread as the model's pipeline does.
        decode_timestep: noise level that the autoencoder of 0.9.1 and later is told; earlier ones ignore it.
        decode_noise: noise added before it.
        image_noise: noise added to the picture that a take begins with, of 0.9.5 and later: more of it lets
            the picture move more.
    """

    LIMITS: ClassVar[Mapping[str, tuple[float, float]]] = {
        **WindowedOptions.LIMITS,
        "frames": (9, 257),
        "decode_timestep": (0.0, 1.0),
        "decode_noise": (0.0, 1.0),
        "image_noise": (0.0, 1.0),
    }
    MULTIPLE: ClassVar[int] = 32
    FRAMES: ClassVar[FrameRule] = FrameRule(8, 1)
    FEWEST_STEPS: ClassVar[int] = 4

    frames: int = 97
    width: int = 768
    height: int = 512
    steps: int = 30
    guidance: float = 3.0
    fps: int = 24
    schedule: str = ""
    decode_timestep: float = 0.05
    decode_noise: float = 0.025
    image_noise: float = 0.025

    def judge(self) -> None:
        """Judge the schedule.

        Raises:
            InputError: by :meth:`refuse`.
        """
        if self.schedule not in ("", DISTILLED):
            self.refuse("schedule", f"{self.schedule!r} will not do", f"write {DISTILLED}, or remove it")
        if self.schedule and self.steps > len(_DISTILLED_STEPS):
            most = len(_DISTILLED_STEPS)
            self.refuse("steps", f"{DISTILLED} has not so many steps as {self.steps}", f"write {most}")

    def timesteps(self) -> list[int] | None:
        """The timesteps of a schedule; None for the pipeline's own."""
        if not self.schedule:
            return None
        # The first and the last matter most, so fewer steps leave out some in between.
        last, count = len(_DISTILLED_STEPS) - 1, self.steps
        return [_DISTILLED_STEPS[round(n * last / max(1, count - 1))] for n in range(count)]


class LtxShots(ContinuedShots[LtxOptions]):
    """A :class:`webtv.studio.ports.ShotMaker` over LTX-Video.

    Args:
        model: id or folder of the model; the operator's choice.
        options: the curator's choices; by default what suits the model.
        runtime: how models are run here.
        loras: what the operator allows by which id.

    Raises:
        InputError: the options name a LoRA that the operator did not.
    """

    ADAPTER = "ltx"
    OPTIONS = LtxOptions
    KIND = "DiffusionPipeline"
    DTYPE = "bfloat16"
    FOOTPRINT = _LARGE
    FROM_IMAGE = True
    # Speed: facts of November 2026, from the authors' page; at 4 to 10 steps.
    PUBLISHED: ClassVar[Mapping[str, Published]] = {
        MODEL: Published(_LARGE, {"steps": 7, "guidance": 1.0, "schedule": DISTILLED}),
        "Lightricks/LTX-Video-0.9.7-distilled": Published(
            _LARGE, {"steps": 7, "guidance": 1.0, "schedule": DISTILLED}
        ),
        "multimodalart/ltxv-2b-0.9.6-distilled": Published(_SMALL, _FAST, 0.4, "H100"),
        "Lightricks/LTX-Video": Published(_SMALL),
        "Lightricks/LTX-Video-0.9.5": Published(_SMALL),
    }

    def __init__(
        self,
        model: str | Path = MODEL,
        options: LtxOptions | None = None,
        *,
        runtime: Runtime | None = None,
        loras: Mapping[str, str | Path] | None = None,
    ) -> None:
        options = self.options_for(model, {}) if options is None else options
        super().__init__(model, options, runtime=runtime, loras=loras)
        recipe = self.recipe()
        self._pipeline = self._text = _TextPipeline(recipe, self._runtime, adapter=self.ADAPTER)
        self._image = _ImagePipeline(
            replace(recipe, kind=_IMAGE), self._runtime, adapter=self.ADAPTER, lender=self._text
        )

    def pipeline(self, image: Picture | None) -> SharedPipeline:
        """The pipeline that takes text, or the one that takes a picture too."""
        return self._text if image is None else self._image

    def pipelines(self) -> tuple[SharedPipeline, ...]:
        """Both."""
        return self._text, self._image

    def paced(self, rate: int) -> dict[str, Any]:
        """The rate is an input of the model."""
        return {"frame_rate": rate}

    def arguments(self, pipeline: Any, request: ShotRequest, count: int) -> dict[str, Any]:
        """What the pipeline is called with."""
        options = self._options
        given = super().arguments(pipeline, request, count)
        given |= {"decode_timestep": options.decode_timestep, "decode_noise_scale": options.decode_noise}
        if options.guidance <= 1:
            del given["negative_prompt"]
        if (timesteps := options.timesteps()) is not None:
            if type(pipeline).__name__ != _EITHER:
                options.refuse("schedule", "this model was not distilled so", "remove it")
            given["timesteps"] = timesteps
        if request.image is None:
            return given
        if type(pipeline).__name__ == _EITHER:
            given["image_cond_noise_scale"] = options.image_noise
        return given | {"image": frames.to_pil(request.image, options.width, options.height)}


class _TextPipeline(SharedPipeline):
    """The pipeline that takes text alone, whichever the model was saved for."""

    def _load(self, torch: Any) -> Any:
        loaded = super()._load(torch)
        kind = type(loaded).__name__
        if kind in (_TEXT, _EITHER):
            return loaded
        if kind != _IMAGE:
            raise ConfigError(
                f"{self.name} is a model for {kind}, and no LTX-Video",
                place=self._place,
                remedy=f"name a model such as {MODEL}, or use: text-to-video",
            )
        return self._over(torch, library("diffusers", self._place), loaded, _TEXT)


class _ImagePipeline(SharedPipeline):
    """The pipeline that takes a picture: another one over the same parts, or the very same."""

    def _over(self, torch: Any, diffusers: Any, loaded: Any, kind: str) -> Any:
        if type(loaded).__name__ == _EITHER:
            return loaded
        return super()._over(torch, diffusers, loaded, kind)
