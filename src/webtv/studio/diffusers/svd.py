"""Stable Video Diffusion: takes that begin with a picture, and know nothing else.

The model sees no prompt. The first shot of a sequence has no picture before it; a text-to-image model of the
operator then makes a key image of the prompt, and leaves the memory before the take is made.
"""

import asyncio
import inspect
import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

from webtv.core.errors import ConfigError, InternalError
from webtv.studio.capability import Capability
from webtv.studio.diffusers import frames, wording
from webtv.studio.diffusers.continuation import ContinuedShots, Published, WindowedOptions
from webtv.studio.diffusers.footprint import Footprint
from webtv.studio.diffusers.pipeline import Recipe, public_name
from webtv.studio.diffusers.runtime import Runtime
from webtv.studio.diffusers.shared import SharedPipeline
from webtv.studio.ports import Picture, ShotRequest

MODEL = "stabilityai/stable-video-diffusion-img2vid-xt"

# Parts in GB at 16 bits: the denoiser 3.0, CLIP's image encoder 1.3, the autoencoder 0.2.
_FOOTPRINT = Footprint(4.5, 3.0, 9.0, 1024 * 576 * 25, 4.5)
_KEY_GB = 8.0  # of a key image model, if nobody knows: SDXL's size


@dataclass(frozen=True, slots=True, kw_only=True)
class SvdOptions(WindowedOptions):
    """What a curator may set beside ``use: svd``.

    Attributes:
        guidance: of the last frame; the first one's is 1, and it rises in between.
        motion: how much moves, 1 to 255; the model's authors call it the motion bucket.
        image_noise: noise added to the picture; more of it lets go of the picture, and moves more.
        decode: frames decoded at once: fewer take less memory, and flicker more.
        key_steps: denoising steps of the key image.
        key_guidance: how closely the key image follows the prompt.
    """

    LIMITS: ClassVar[Mapping[str, tuple[float, float]]] = {
        **WindowedOptions.LIMITS,
        "frames": (4, 25),
        "guidance": (1.0, 10.0),
        "motion": (1, 255),
        "image_noise": (0.0, 1.0),
        "decode": (1, 25),
        "key_steps": (1, 100),
        "key_guidance": (0.0, 30.0),
    }
    MULTIPLE: ClassVar[int] = 64
    FEWEST_STEPS: ClassVar[int] = 10

    frames: int = 25
    width: int = 1024
    height: int = 576
    steps: int = 25
    guidance: float = 3.0
    fps: int = 7
    motion: int = 127
    image_noise: float = 0.02
    decode: int = 8
    key_steps: int = 25
    key_guidance: float = 7.0

    def judge(self) -> None:
        """Refuse LoRAs, for there is no loader for them.

        Raises:
            InputError: by :meth:`refuse`.
        """
        if self.loras:
            self.refuse("loras", "this model takes none", "remove them")


class SvdShots(ContinuedShots[SvdOptions]):
    """A :class:`webtv.studio.ports.ShotMaker` over Stable Video Diffusion.

    Args:
        model: id or folder of the model, of 14 or of 25 frames; the operator's choice.
        options: the curator's choices; by default what suits the model.
        key_model: id or folder of a text-to-image model in diffusers' layout; None if there is none, and then
            only shots that go on from another can be made.
        keep_both: keep the key model in memory too. Otherwise it makes room as soon as its picture is there,
            and both are read from disk again for the next sequence.
        runtime: how models are run here.
    """

    ADAPTER = "svd"
    OPTIONS = SvdOptions
    KIND = "StableVideoDiffusionPipeline"
    FOOTPRINT = _FOOTPRINT
    FROM_IMAGE = True
    PUBLISHED: ClassVar[Mapping[str, Published]] = {
        MODEL: Published(_FOOTPRINT),
        "stabilityai/stable-video-diffusion-img2vid-xt-1-1": Published(_FOOTPRINT),
        "stabilityai/stable-video-diffusion-img2vid": Published(_FOOTPRINT, {"frames": 14}),
    }

    def __init__(
        self,
        model: str | Path = MODEL,
        options: SvdOptions | None = None,
        *,
        key_model: str | Path | None = None,
        keep_both: bool = False,
        runtime: Runtime | None = None,
    ) -> None:
        options = self.options_for(model, {}) if options is None else options
        super().__init__(model, options, runtime=runtime)
        self._pipeline = self._video = SharedPipeline(self.recipe(), self._runtime, adapter=self.ADAPTER)
        self._key_model = None if key_model is None else str(key_model)
        self._keep_both = keep_both
        self._key: SharedPipeline | None = None
        if self._key_model is not None:
            self._key = SharedPipeline(
                Recipe(model=self._key_model, kind="DiffusionPipeline"),
                self._runtime,
                adapter=self.ADAPTER,
                rival=None if keep_both else self._video,
            )

    def recipe(self) -> Recipe:
        """Which pipeline it is; its autoencoder cannot be sliced, and is told how many frames to decode."""
        return replace(super().recipe(), slicing=False)

    def pipelines(self) -> tuple[SharedPipeline, ...]:
        """That of the takes, and that of the key images where there is one."""
        return (self._video,) if self._key is None else (self._video, self._key)

    def paced(self, rate: int) -> dict[str, Any]:
        """The rate is an input of the model."""
        return {"fps": rate}

    def arguments(self, pipeline: Any, request: ShotRequest, count: int) -> dict[str, Any]:
        """What the pipeline is called with."""
        options = self._options
        if request.image is None:
            raise InternalError("a take of Stable Video Diffusion was begun without a picture")
        return {
            "image": frames.to_pil(request.image, options.width, options.height),
            "width": options.width,
            "height": options.height,
            "num_frames": count,
            "num_inference_steps": options.steps,
            "max_guidance_scale": float(options.guidance),
            "motion_bucket_id": options.motion,
            "noise_aug_strength": float(options.image_noise),
            "decode_chunk_size": options.decode,
        }

    async def opening(self, request: ShotRequest, abandoned: threading.Event) -> Picture | None:
        """The picture that was given, or else a key image of the prompt.

        Raises:
            ConfigError: there is none, and the operator named no model that could make one.
        """
        if request.image is not None:
            return request.image
        if self._key is None:
            raise ConfigError(
                "Stable Video Diffusion begins with a picture, and the first shot of a sequence has none",
                place="studio.shot svd",
                remedy="name a text-to-image model that makes key images, or use another shot maker",
            )
        return await asyncio.to_thread(self._key_image, self._key, request, abandoned)

    def steps_before(self, request: ShotRequest) -> int:
        """Steps of the key image."""
        return self._options.key_steps if request.image is None else 0

    def details(self, request: ShotRequest) -> dict[str, Any]:
        """The model sees no prompt; a key image does."""
        if request.image is not None or self._key_model is None:
            return {"prompted": False}
        return {"prompted": False, "key_model": public_name(self._key_model)}

    @property
    def capability(self) -> Capability:
        """What it takes and can, with these options and models; loads nothing."""
        said = super().capability
        if self._key_model is None:
            return said
        both = said.vram_gb + _KEY_GB if self._keep_both else max(said.vram_gb, _KEY_GB)
        vram = 0.0 if self._runtime.device == "cpu" else both
        return replace(said, weights=(*said.weights, self._key_model), vram_gb=vram)

    def _key_image(self, key: SharedPipeline, request: ShotRequest, abandoned: threading.Event) -> Picture:
        options = self._options

        def arguments(pipeline: Any) -> dict[str, Any]:
            given = {
                **wording.asked(pipeline, request.prompt, "shot"),
                "width": options.width,
                "height": options.height,
                "num_inference_steps": options.key_steps,
                "guidance_scale": float(options.key_guidance),
            }
            takes = inspect.signature(pipeline.__call__).parameters
            return {name: value for name, value in given.items() if name in takes}

        made = key.run(
            arguments,
            seed=request.seed,
            steps=options.key_steps,
            abandoned=abandoned,
            output=self._image_of,
        )
        if not self._keep_both:
            key.unload()
        return frames.to_bytes(made[0])

    def _image_of(self, returned: Any) -> Any:
        if (images := getattr(returned, "images", None)) is None:
            raise ConfigError(
                f"{public_name(str(self._key_model))} makes no pictures",
                place="studio.shot svd",
                remedy="name a text-to-image model that makes key images",
            )
        return images
