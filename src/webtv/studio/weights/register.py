"""What is known of published weights without asking anybody: terms and size.

Terms are what model cards say, and no legal advice. Models that are not listed here can be used, too; of
them nothing is known.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Commercial(StrEnum):
    """Whether weights may serve a business."""

    YES = "yes"
    NO = "no"
    CONDITIONS = "on conditions"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Licence:
    """The terms of weights.

    Attributes:
        name: as the model card names them.
        commercial: whether a business may use them.
        note: the condition, in a few words.
    """

    name: str
    commercial: Commercial
    note: str = ""

    def __str__(self) -> str:
        return f"{self.name} ({self.note})" if self.note else self.name


@dataclass(frozen=True, slots=True)
class Published:
    """Weights that somebody published.

    Attributes:
        id: on the model hub.
        what: what they make of what.
        licence: the terms.
        gb: size of the files that are loaded, roughly.
    """

    id: str
    what: str
    licence: Licence
    gb: float


_APACHE = Licence("Apache-2.0", Commercial.YES)
_MIT = Licence("MIT", Commercial.YES)
_BY_NC = Licence("CC-BY-NC-4.0", Commercial.NO)
_LTX = Licence("LTX Video Open Weights", Commercial.CONDITIONS, "below a yearly revenue that it names")
_STABILITY = Licence("Stability AI Community", Commercial.CONDITIONS, "below a yearly revenue that it names")
_RAIL = Licence("CreativeML OpenRAIL-M", Commercial.CONDITIONS, "within its list of forbidden uses")

PUBLISHED: Mapping[str, Published] = {
    each.id: each
    for each in (
        Published("cerspense/zeroscope_v2_576w", "text to video, 576x320", _BY_NC, 3.5),
        Published("cerspense/zeroscope_v2_XL", "video to video, 1024x576", _BY_NC, 3.5),
        Published("Wan-AI/Wan2.1-T2V-1.3B-Diffusers", "text to video, 832x480", _APACHE, 17.0),
        Published("Wan-AI/Wan2.1-I2V-14B-480P-Diffusers", "image to video, 832x480", _APACHE, 77.0),
        Published("Wan-AI/Wan2.2-TI2V-5B-Diffusers", "text and image to video, 1280x704", _APACHE, 34.0),
        Published(
            "FastVideo/FastWan2.2-TI2V-5B-FullAttn-Diffusers", "text to video in 3 steps", _APACHE, 34.0
        ),
        Published("Lightricks/LTX-Video", "text and image to video, 768x512", _LTX, 28.0),
        Published("Lightricks/LTX-Video-0.9.8-13B-distilled", "the same, in few steps", _LTX, 47.0),
        Published("stabilityai/stable-video-diffusion-img2vid", "image to video, 14 frames", _STABILITY, 4.5),
        Published(
            "stabilityai/stable-video-diffusion-img2vid-xt", "image to video, 25 frames", _STABILITY, 4.5
        ),
        Published(
            "guoyww/animatediff-motion-adapter-v1-5-2", "motion for Stable Diffusion 1.5", _APACHE, 1.8
        ),
        Published("stable-diffusion-v1-5/stable-diffusion-v1-5", "text to image, 512x512", _RAIL, 4.3),
        Published("facebook/musicgen-small", "text to music, mono", _BY_NC, 2.4),
        Published("facebook/musicgen-medium", "text to music, mono", _BY_NC, 8.0),
        Published("facebook/musicgen-large", "text to music, mono", _BY_NC, 13.4),
        Published("facebook/musicgen-melody", "text and melody to music, mono", _BY_NC, 8.0),
        Published("facebook/musicgen-stereo-small", "text to music, stereo", _BY_NC, 2.4),
        Published("facebook/musicgen-stereo-medium", "text to music, stereo", _BY_NC, 8.0),
        Published("facebook/musicgen-stereo-large", "text to music, stereo", _BY_NC, 13.4),
        Published("openai/clip-vit-base-patch32", "pictures compared with texts", _MIT, 0.6),
        Published("Qwen/Qwen2.5-7B-Instruct", "prompts, by conversation", _APACHE, 15.2),
        Published("google/siglip-base-patch16-224", "pictures compared with texts", _APACHE, 0.8),
    )
}
"""By id. Sizes are those of the repositories' loadable files when this was written, in powers of ten."""

_UNKNOWN = Licence("unknown", Commercial.UNKNOWN, "read the model's card")


def licence_of(model: str) -> Licence:
    """The terms of a model by its id; of a folder and of what is not listed nothing is known."""
    found = PUBLISHED.get(model)
    return found.licence if found else _UNKNOWN
