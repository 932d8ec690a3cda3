"""Wan: takes from text, and from a picture where the operator named a model for it.

Wan 2.1 and 2.2, and weights distilled from them to a few steps (FastWan 2.2 with full attention; FastWan 2.1
has sparse attention, which diffusers cannot do). Wan 2.2's TI2V does both with one set of weights: name it as
both models, and it is loaded once. The autoencoder works in 32 bits, as diffusers' documentation advises
(huggingface.co/docs/diffusers/api/pipelines/wan).
"""

import functools
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from webtv.core.errors import ConfigError
from webtv.core.libraries import library
from webtv.studio.capability import Capability
from webtv.studio.diffusers import frames
from webtv.studio.diffusers.continuation import ContinuedShots, Published, WindowedOptions
from webtv.studio.diffusers.footprint import Footprint
from webtv.studio.diffusers.options import FrameRule
from webtv.studio.diffusers.pipeline import Recipe
from webtv.studio.diffusers.runtime import Runtime
from webtv.studio.diffusers.schedulers import FLOW
from webtv.studio.diffusers.shared import SharedPipeline
from webtv.studio.ports import Picture, ShotRequest

MODEL = "Wan-AI/Wan2.1-T2V-1.3B-Diffusers"
DISTILLED = "dmd"
_DISTILLED_STEPS = (1000, 757, 522)  # FastWan's (hao-ai-lab/FastVideo: dmd_denoising_steps)
# What its authors advise for it (github.com/Wan-Video/Wan2.1: 50 steps, scale 6, shift 8 to 12).
_ADVISED = {"steps": 50, "guidance": 6.0, "flow_shift": 8.0}
_FAST = {"steps": 3, "guidance": 1.0, "scheduler": DISTILLED}
_720 = {"frames": 121, "width": 1280, "height": 704, "fps": 24}
_UNEVEN = frozenset({"FlowMatchEulerDiscreteScheduler", "FlowMatchLCMScheduler"})
_TOKENS = 512  # of the prompt; what Wan was trained with

# Parts in GB: UMT5-XXL's encoder 11.4 in 16 bits, the autoencoder 0.5 (2.2's: 2.8) in 32.
_SMALL = Footprint(14.7, 11.4, 6.0, 832 * 480 * 81, 29.0)
_WHOLE = Footprint(24.2, 11.4, 12.0, 1280 * 704 * 121, 34.0)
_LARGE = Footprint(40.5, 28.6, 9.0, 832 * 480 * 81, 80.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class WanOptions(WindowedOptions):
    """What a curator may set beside ``use: wan``.

    Attributes:
        scheduler: one of diffusers' for flows; the models come with ``unipc``. Or ``dmd`` for weights
            distilled like FastWan's: three steps, each of which predicts the take and adds the noise anew.
        flow_shift: how far the steps are moved towards the noisy end: 3 for 480 lines, 5 for 720; None for
            the model's own. The steps of ``dmd`` are fixed.
    """

    LIMITS: ClassVar[Mapping[str, tuple[float, float]]] = {
        **WindowedOptions.LIMITS,
        "frames": (5, 257),
        "width": (16, 2048),
        "height": (16, 2048),
    }
    MULTIPLE: ClassVar[int] = 16
    FRAMES: ClassVar[FrameRule] = FrameRule(4, 1)
    # Not heun: it shifts its steps twice, and cannot be handed others.
    SCHEDULERS: ClassVar[tuple[str, ...]] = (*(name for name in FLOW if name != "heun"), DISTILLED)
    FEWEST_STEPS: ClassVar[int] = 10

    frames: int = 81
    width: int = 832
    height: int = 480
    steps: int = 50
    guidance: float = 5.0
    fps: int = 16
    flow_shift: float | None = None

    def judge(self) -> None:
        """Judge the shift, and what distilled weights can do.

        Raises:
            InputError: by :meth:`refuse`.
        """
        if self.flow_shift is not None:
            self._judge_number("flow_shift", self.flow_shift, 0.1, 20.0)
        if self.scheduler != DISTILLED:
            return
        count = len(_DISTILLED_STEPS)
        if self.steps != count:
            remedy = f"write {count}, or scheduler: unipc"
            self.refuse("steps", f"{self.steps} is not what {DISTILLED} was trained for", remedy)
        if self.flow_shift is not None:
            self.refuse("flow_shift", f"the steps of {DISTILLED} are fixed", "remove it")


class WanShots(ContinuedShots[WanOptions]):
    """A :class:`webtv.studio.ports.ShotMaker` over Wan.

    Args:
        model: id or folder of the text-to-video model; the operator's choice.
        options: the curator's choices; by default what suits the model.
        image_model: id or folder of the image-to-video model; the same one if it does both; None if there is
            none, and then no take begins with a picture.
        keep_both: keep two different models in memory at once. Otherwise one makes room for the other
            whenever a sequence goes on from its first shot, and is read from disk again.
        runtime: how models are run here.
        loras: what the operator allows by which id; they are added to both models.

    Raises:
        InputError: the options name a LoRA that the operator did not, or windows without an image model.
    """

    ADAPTER = "wan"
    OPTIONS = WanOptions
    KIND = "WanPipeline"
    DTYPE = "bfloat16"
    FULL_VAE = True
    FOOTPRINT = _SMALL
    # Speeds from the authors' pages, text encoder and autoencoder included: four minutes for 81 frames of Wan
    # 2.1 on an RTX 4090; FastWan's of November 2026, in its own program.
    PUBLISHED: ClassVar[Mapping[str, Published]] = {
        MODEL: Published(_SMALL, _ADVISED, 47.4, "RTX 4090"),
        "FastVideo/FastWan2.2-TI2V-5B-FullAttn-Diffusers": Published(
            _WHOLE, {**_FAST, **_720}, 3.2, "H200", multiple=32
        ),
        "Wan-AI/Wan2.2-TI2V-5B-Diffusers": Published(_WHOLE, _720, multiple=32),
        "Wan-AI/Wan2.1-T2V-14B-Diffusers": Published(_LARGE),
        "Wan-AI/Wan2.1-I2V-14B-480P-Diffusers": Published(_LARGE),
    }

    def __init__(
        self,
        model: str | Path = MODEL,
        options: WanOptions | None = None,
        *,
        image_model: str | Path | None = None,
        keep_both: bool = False,
        runtime: Runtime | None = None,
        loras: Mapping[str, str | Path] | None = None,
    ) -> None:
        options = self.options_for(model, {}) if options is None else options
        super().__init__(model, options, runtime=runtime, loras=loras)
        self._image_model = None if image_model is None else str(image_model)
        if self._options.windows > 1 and self._image_model is None:
            self._options.refuse(
                "windows",
                "this station has no Wan model that goes on from a picture",
                "write 1, or ask the operator to name an image model",
            )
        self._keep_both = keep_both
        self._expect_multiple(self.multiple)
        self._pipeline = self._text = self._shared(self.recipe(), self._options)
        self._image_options = self._options
        self._image: SharedPipeline | None = None
        if self._image_model is not None:
            same = self._image_model == self._model
            self._image_options = self._options if same else self._options_from_image(self._image_model)
            recipe = replace(
                self.recipe(),
                model=self._image_model,
                kind="WanImageToVideoPipeline",
                scheduler=_of_diffusers(self._image_options.scheduler),
            )
            self._image = self._shared(
                recipe,
                self._image_options,
                lender=self._text if same else None,
                rival=None if same or keep_both else self._text,
            )

    def pipelines(self) -> tuple[SharedPipeline, ...]:
        """The text pipeline, and the one that goes on from a picture where there is one."""
        return (self._text,) if self._image is None else (self._text, self._image)

    def recipe(self) -> Recipe:
        """Which pipeline it is; a scheduler that is not one of diffusers' is set up here."""
        return replace(super().recipe(), scheduler=_of_diffusers(self._options.scheduler))

    def options_of(self, image: bool) -> WanOptions:
        """The curator's choices, over what suits the one model or the other."""
        return self._image_options if image else self._options

    def pipeline(self, image: Picture | None) -> SharedPipeline:
        """The text pipeline, or the one that goes on from a picture.

        Raises:
            ConfigError: the operator named no model for that.
        """
        if image is None:
            return self._text
        if self._image is None:
            raise ConfigError(
                "no Wan model is named that can go on from a picture",
                place="studio.shot wan",
                remedy="name an image-to-video model for wan (Wan-AI/Wan2.1-I2V-14B-480P-Diffusers), or"
                " one that does both as both",
            )
        return self._image

    def model_of(self, image: bool) -> str:
        """The text model, or the one that goes on from a picture."""
        return self._image_model or self._model if image else self._model

    @property
    def multiple(self) -> int:
        """Width and height are multiples of it, with both models."""
        known = [self.published(model) for model in (self._model, self._image_model) if model is not None]
        return max(self._options.MULTIPLE, *(each.multiple if each else 0 for each in known))

    def arguments(self, pipeline: Any, request: ShotRequest, count: int) -> dict[str, Any]:
        """What the pipeline is called with.

        Raises:
            InputError: a side is no multiple of what this model makes at once; diffusers would round it.
        """
        denoiser = pipeline.transformer if pipeline.transformer is not None else pipeline.transformer_2
        self._expect_multiple(pipeline.vae_scale_factor_spatial * denoiser.config.patch_size[-1])
        options = self.options_of(request.image is not None)
        given = super().arguments(pipeline, request, count) | {
            "max_sequence_length": _TOKENS,
            "num_inference_steps": options.steps,
            "guidance_scale": float(options.guidance),
        }
        guided = options.guidance > 1
        if not guided:
            del given["negative_prompt"]
        if request.image is None:
            return given
        # The image pipeline's own reading of a prompt fails where the package ftfy is missing (diffusers
        # 0.42.1); the text pipeline's does not, so that one reads it, over the same parts.
        given |= _read(pipeline, given.pop("prompt"), given.pop("negative_prompt", None), guided)
        return given | {"image": frames.to_pil(request.image, options.width, options.height)}

    @property
    def capability(self) -> Capability:
        """What it takes and can, with these options and models; loads nothing."""
        said = replace(super().capability, from_image=self._image_model is not None)
        other = self._image_model
        if other is None or other == self._model:
            return said
        options = self._options
        footprint = self.footprint_of(other, _LARGE)
        vram = footprint.vram_gb(self._runtime, options.width * options.height * options.frames)
        return replace(
            said,
            weights=(said.weights[0], other, *said.weights[1:]),
            vram_gb=said.vram_gb + vram if self._keep_both else max(said.vram_gb, vram),
            disk_gb=said.disk_gb + footprint.disk_gb,
        )

    def _expect_multiple(self, multiple: int) -> None:
        for name in ("width", "height"):
            if (side := getattr(self._options, name)) % multiple:
                near = max(1, round(side / multiple)) * multiple
                self._options.refuse(name, f"{side} is no multiple of {multiple}", f"write {near}")

    def _options_from_image(self, model: str) -> WanOptions:
        """What the curator wrote over what suits that model; of the size and length of the other's takes.

        One of two models may be distilled and the other not, so what the curator left to the first, its few
        steps and its scheduler, must not pass for a wish about the second.
        """
        options, silent = self._options, self.options_for(self._model, {})
        alike = ("frames", "width", "height", "fps", "windows", "loras")
        names = [option.name for option in fields(options)]
        written = {
            name: getattr(options, name)
            for name in names
            if name in alike or getattr(options, name) != getattr(silent, name)
        }
        return self.options_for(model, written)

    def _shared(
        self,
        recipe: Recipe,
        options: WanOptions,
        lender: SharedPipeline | None = None,
        rival: SharedPipeline | None = None,
    ) -> SharedPipeline:
        return SharedPipeline(
            recipe,
            self._runtime,
            adapter=self.ADAPTER,
            schedule=functools.partial(_schedule, options),
            lender=lender,
            rival=rival,
        )


def _of_diffusers(scheduler: str) -> str:
    return "" if scheduler == DISTILLED else scheduler


def _schedule(options: WanOptions, diffusers: Any, pipeline: Any) -> None:
    """Do what the options say of the steps to a pipeline that has the scheduler of its take."""
    if options.scheduler == DISTILLED:
        scheduler = diffusers.FlowMatchLCMScheduler(shift=1.0)
        # Wan's pipelines only say how many steps they want.
        scheduler.set_timesteps = functools.partial(scheduler.set_timesteps, timesteps=list(_DISTILLED_STEPS))
        pipeline.scheduler = scheduler
    elif options.flow_shift is not None:
        scheduler = pipeline.scheduler
        name = "shift" if "shift" in scheduler.config else "flow_shift"
        pipeline.scheduler = scheduler.from_config(scheduler.config, **{name: options.flow_shift})
    if type(pipeline.scheduler).__name__ in _UNEVEN and options.scheduler != DISTILLED:
        # Left to themselves they begin at steps that are shifted already, shift them again, and end with one
        # that has nothing left to do. The pipelines for which they were written hand them these.
        sigmas = np.linspace(1.0, 1.0 / options.steps, options.steps)
        pipeline.scheduler.set_timesteps = functools.partial(pipeline.scheduler.set_timesteps, sigmas=sigmas)


def _read(pipeline: Any, prompt: str, negative: str | None, guided: bool) -> dict[str, Any]:
    """What a prompt and, with guidance, a negative prompt mean to the model."""
    torch, diffusers = (library(name, "studio.shot wan") for name in ("torch", "diffusers"))
    parts = {"tokenizer", "text_encoder", "vae", "scheduler", "transformer", "transformer_2"}
    reader = diffusers.WanPipeline(
        **{name: part for name, part in pipeline.components.items() if name in parts}
    )
    with torch.no_grad():
        said, unwanted = reader.encode_prompt(
            prompt, negative, do_classifier_free_guidance=guided, max_sequence_length=_TOKENS
        )
    return {"prompt_embeds": said} | ({"negative_prompt_embeds": unwanted} if guided else {})
