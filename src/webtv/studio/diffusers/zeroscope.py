"""Zeroscope and its kin: takes from diffusers' ``TextToVideoSDPipeline``.

torch and diffusers are imported when the first take is made, so a station without them starts as fast
and a help page costs nothing. The model is the operator's to choose; a curator's options only say how
long and how carefully it should look.
"""

import asyncio
import importlib
import threading
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np

from webtv.core.errors import ComponentError, ConfigError, InputError, ResourceError, TransientError
from webtv.studio.ports import Chunk, Credit, Frames, Media, ShotRequest

MODEL = "cerspense/zeroscope_v2_576w"
INSTALL = "pip install torch==2.13.0 && pip install 'webtv[models]'"
_PLACE = "studio.shot zeroscope"
_SLOWEST = 4  # frames per second below which interpolation has nothing left to join
_CHUNK = 8  # frames handed on at a time, so that the next stage need not hold the take twice


@dataclass(frozen=True, slots=True)
class ZeroscopeOptions:
    """What a curator may set beside ``use: zeroscope``.

    Attributes:
        frames: frames per take at most; the model was trained on 24.
        width: pixels, a multiple of 8; upscaling follows.
        height: likewise.
        steps: denoising steps; cost grows in proportion.
        guidance: how closely to follow the prompt; the negative prompt counts only above 1.
        fps: highest rate of a take; a longer shot spreads its frames thinner.
    """

    frames: int = 24
    width: int = 576
    height: int = 320
    steps: int = 35
    guidance: float = 12.5
    fps: int = 12

    def __post_init__(self) -> None:
        limits = {"frames": (4, 96), "width": (64, 1280), "height": (64, 1280), "steps": (1, 200)}
        limits |= {"guidance": (1, 30), "fps": (_SLOWEST, 30)}
        for option in fields(self):
            value, (least, most) = getattr(self, option.name), limits[option.name]
            number = int | float if option.type is float else int
            if not isinstance(value, number) or isinstance(value, bool) or not least <= value <= most:
                kind = "a number" if option.type is float else "a whole number"
                _refuse(option.name, f"{value!r} will not do", f"write {kind} from {least} to {most}")
        for side in ("width", "height"):
            value = getattr(self, side)
            if value % 8:
                near = round(value / 8) * 8
                _refuse(side, f"{value} is no multiple of 8", f"write {near}")

    @classmethod
    def from_mapping(cls, options: Mapping[str, Any]) -> Self:
        """Take options as a curator wrote them.

        Raises:
            InputError: an option is unknown or out of range.
        """
        known = [option.name for option in fields(cls)]
        for name in options:
            if name not in known:
                _refuse(name, "there is no such option", f"write one of {', '.join(known)}")
        return cls(**options)

    def timing(self, seconds: float, fps: int) -> tuple[int, int]:
        """Frames and frames per second of a take that is to last ``seconds`` in a clip of ``fps``.

        Raises:
            InputError: the shot is too long for so few frames.
        """
        rate = min(self.fps, fps, int(self.frames / seconds))
        if rate < _SLOWEST:
            longest = self.frames // _SLOWEST
            remedy = f"cut shots to {longest} s or less" if longest >= 2 else "write a larger number"
            _refuse("frames", f"{self.frames} frames are too few for {seconds:g} s", remedy)
        return max(1, round(seconds * rate)), rate


def _refuse(option: str, message: str, remedy: str) -> None:
    raise InputError(message, remedy=remedy, place=f"{_PLACE}: {option}")


class ZeroscopeShots:
    """A :class:`webtv.studio.ports.ShotMaker` over a text-to-video diffusion model.

    The model is loaded once, by the first take, and makes one take at a time.

    Args:
        model: id on the model hub, or the folder that holds the model; the operator's choice.
        options: the curator's choices.
        device: ``cuda``, ``mps`` or ``cpu``; the best one there is by default.
        dtype: precision of the weights; half on a GPU and full on a CPU by default.
    """

    def __init__(
        self,
        model: str | Path = MODEL,
        options: ZeroscopeOptions | None = None,
        *,
        device: str | None = None,
        dtype: Literal["float16", "bfloat16", "float32"] | None = None,
    ) -> None:
        self._model = str(model)
        self._options = options or ZeroscopeOptions()
        self._device = device
        self._dtype = dtype
        self._pipeline: Any = None
        self._busy = threading.Lock()

    async def shoot(self, request: ShotRequest) -> AsyncIterator[Chunk]:
        """Make a take; cancelling or closing the iterator stops the model after its current step.

        Raises:
            InputError: the shot is too long for the frames that the options allow.
            ComponentError: torch or diffusers is not installed.
            ConfigError: the model is not where the settings say.
            TransientError: it could not be fetched from the hub.
            ResourceError: the device is out of memory.
        """
        options = self._options
        count, rate = options.timing(request.seconds, request.fps)
        abandoned = threading.Event()
        try:
            video = await asyncio.to_thread(self._generate, request, count, abandoned)
            for start, frames in _slices(video):
                yield Chunk(await asyncio.to_thread(_to_bytes, frames), start, rate)
        finally:
            abandoned.set()

    def credit(self, request: ShotRequest) -> Credit:
        """What stands in the provenance: the model, a trained one, and how it was asked."""
        count, rate = self._options.timing(request.seconds, request.fps)
        asked = asdict(self._options) | {"frames": count, "fps": rate, "seed": request.seed}
        # A folder of the operator's says nothing to a viewer but its name.
        name = Path(self._model).name if Path(self._model).is_dir() else self._model
        return Credit("zeroscope", name, Media.TRAINED, asked)

    def _generate(self, request: ShotRequest, count: int, abandoned: threading.Event) -> Any:
        torch = _library("torch")
        with self._busy:
            if abandoned.is_set():
                raise _Abandoned
            if self._pipeline is None:
                self._pipeline = self._load(torch)

            def stop_if_abandoned(_step: int, _time: int, _latents: object) -> None:
                if abandoned.is_set():
                    raise _Abandoned

            try:
                # Noise drawn on the CPU is the same for one seed whichever device denoises it.
                return self._pipeline(
                    prompt=request.prompt.text,
                    negative_prompt=request.prompt.negative or None,
                    width=self._options.width,
                    height=self._options.height,
                    num_frames=count,
                    num_inference_steps=self._options.steps,
                    guidance_scale=float(self._options.guidance),
                    generator=torch.Generator("cpu").manual_seed(request.seed),
                    output_type="np",
                    callback=stop_if_abandoned,
                ).frames[0]
            except torch.OutOfMemoryError as error:
                raise ResourceError(
                    "the device has too little memory for this take",
                    remedy="lower frames, width or height, or stop what else uses the device",
                    place=_PLACE,
                ) from error

    def _load(self, torch: Any) -> Any:
        diffusers = _library("diffusers")
        device = self._device or _best_device(torch)
        dtype = self._dtype or ("float32" if device == "cpu" else "float16")
        try:
            pipeline = diffusers.TextToVideoSDPipeline.from_pretrained(
                self._model, dtype=getattr(torch, dtype)
            )
        except (OSError, ValueError) as error:
            raise self._not_loaded(error) from error
        pipeline.set_progress_bar_config(disable=True)
        pipeline.vae.enable_slicing()  # frames are decoded one by one: the peak of memory is there
        return pipeline.to(device)

    def _not_loaded(self, error: Exception) -> ConfigError | TransientError:
        if any(isinstance(cause, ConnectionError | TimeoutError) for cause in _causes(error)):
            return TransientError(
                f"the model {self._model} could not be fetched",
                remedy="check the network, or name a folder that holds the model",
                place=_PLACE,
            )
        return ConfigError(
            f"no text-to-video model could be loaded from {self._model}",
            remedy="name a folder in diffusers' layout (it holds model_index.json), or an id on the hub",
            place=_PLACE,
        )


class _Abandoned(Exception):
    """Nobody waits for this take any more; ends the thread that makes it."""


def _library(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise ComponentError(f"{name} is not installed", remedy=INSTALL, place=_PLACE) from error


def _causes(error: BaseException) -> Iterator[BaseException]:
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__ or cause.__context__


def _best_device(torch: Any) -> str:
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def _slices(video: Any) -> Iterator[tuple[int, Any]]:
    for start in range(0, len(video), _CHUNK):
        yield start, video[start : start + _CHUNK]


def _to_bytes(frames: Any) -> Frames:
    levels: Frames = np.rint(np.clip(frames, 0, 1) * 255).astype(np.uint8)
    return levels
