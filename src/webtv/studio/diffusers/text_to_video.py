"""Any text-to-video pipeline of diffusers, by the id of its model.

Which class it is, stands in the model's ``model_index.json``; which arguments it takes, in the signature of
its call. A family that deserves better, its own frame rule, schedulers and figures, gets its own adapter.
"""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from webtv.core.errors import ConfigError
from webtv.studio.diffusers.footprint import Footprint
from webtv.studio.diffusers.options import SLOWEST, FrameRule, VideoOptions
from webtv.studio.diffusers.schedulers import FLOW, NOISE
from webtv.studio.diffusers.shots import DiffusersShots
from webtv.studio.ports import ShotRequest

# Names that diffusers' pipelines have for one thing, the commonest first.
_COUNT = ("num_frames", "video_length", "frames")
_RATE = ("frame_rate", "fps")
_TAKES = ("frames", "videos", "video", "images")
_PLACE = "studio.shot text-to-video"
_WORK = Footprint(weights_gb=0.0, largest_gb=0.0, working_gb=4.2, pixels=576 * 320 * 30, disk_gb=0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class TextToVideoOptions(VideoOptions):
    """What a curator may set beside ``use: text-to-video``.

    Attributes:
        frame_rule: how many frames the model can make, as its card says: ``8n+1``, ``4n+1``, ``n`` for any.
        multiple: width and height are multiples of it, as its card says.
    """

    LIMITS: ClassVar[Mapping[str, tuple[float, float]]] = {
        "frames": (4, 257),
        "width": (64, 2048),
        "height": (64, 2048),
        "steps": (1, 200),
        "guidance": (0, 30),
        "fps": (SLOWEST, 30),
        "multiple": (8, 128),
    }
    SCHEDULERS: ClassVar[tuple[str, ...]] = tuple(sorted(NOISE.keys() | FLOW.keys()))

    frames: int = 24
    width: int = 512
    height: int = 288
    steps: int = 30
    guidance: float = 7.5
    fps: int = 12
    frame_rule: str = "n"
    multiple: int = 8

    def judge(self) -> None:
        """Judge what the model's card says of it."""
        try:
            FrameRule.parse(self.frame_rule)
        except (AttributeError, TypeError, ValueError):
            self.refuse("frame_rule", f"{self.frame_rule!r} is no rule", "write n, 4n+1, 8n+1 or the like")
        for side in ("width", "height"):
            if (value := getattr(self, side)) % self.multiple:
                near = max(1, round(value / self.multiple)) * self.multiple
                self.refuse(side, f"{value} is no multiple of {self.multiple}", f"write {near}")

    @property
    def rule(self) -> FrameRule:
        """How many frames the model can make at once."""
        return FrameRule.parse(self.frame_rule)


class TextToVideoShots(DiffusersShots[TextToVideoOptions]):
    """A :class:`webtv.studio.ports.ShotMaker` over whichever text-to-video pipeline the operator names."""

    ADAPTER = "text-to-video"
    OPTIONS = TextToVideoOptions
    KIND = "DiffusionPipeline"
    DTYPE = "bfloat16"  # what everything of the last years was trained in; half precision overflows in some

    @property
    def footprint(self) -> Footprint:
        """The weights as large as their files, if they are here; the work as much as Zeroscope's."""
        return _WORK.sized(self._model, self._runtime)

    def arguments(self, pipeline: Any, request: ShotRequest, count: int) -> dict[str, Any]:
        """What this pipeline can be told of what it is to show.

        Raises:
            ConfigError: the pipeline makes no takes from text.
        """
        takes = inspect.signature(pipeline.__call__).parameters
        options, kind = self._options, type(pipeline).__name__
        counted = next((name for name in _COUNT if name in takes), None)
        if counted is None or "prompt" not in takes:
            raise ConfigError(
                f"{kind} makes no takes from text", place=_PLACE, remedy="name a text-to-video model"
            )
        _, rate = options.timing(request.seconds, request.fps)
        wanted = super().arguments(pipeline, request, count) | {counted: count} | dict.fromkeys(_RATE, rate)
        given = {name: value for name, value in wanted.items() if name in takes}
        unmet = [name for name in takes if name not in given and _is_needed(takes[name])]
        if unmet:
            raise ConfigError(
                f"{kind} cannot work from text alone: it needs {', '.join(unmet)}",
                place=_PLACE,
                remedy="name a text-to-video model",
            )
        return given

    def output(self) -> Callable[[Any], Any]:
        """Finds the take under the names that pipelines have for it."""
        return _take_of


def _take_of(returned: Any) -> Any:
    for name in _TAKES:
        if (found := getattr(returned, name, None)) is not None:
            return found
    return returned[0] if isinstance(returned, tuple) else returned


def _is_needed(parameter: inspect.Parameter) -> bool:
    various = (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)
    return parameter.default is inspect.Parameter.empty and parameter.kind not in various
