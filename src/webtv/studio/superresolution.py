"""Upscaling with any super-resolution model that spandrel knows, in tiles.

spandrel finds out a model's architecture from its weights. It imports torchvision, although few architectures
need it; both, and torch, are imported when the first frame is made.
"""

import asyncio
import importlib
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np

from webtv.core.errors import ComponentError, ConfigError, ResourceError
from webtv.core.libraries import best_device
from webtv.studio.capability import Capability
from webtv.studio.options import whole_number
from webtv.studio.ports import Chunk, Frames, ShotRequest, Take
from webtv.studio.precision import DTYPES, device_gb, precision
from webtv.studio.progress import tell
from webtv.studio.tensorfiles import find, read
from webtv.studio.tiling import Mosaic, tiles
from webtv.studio.upscaling import crop_to_aspect

PLACE: Final = "studio.upscale spandrel"
_LARGEST: Final = 8  # times; what grows more is no upscaler for video, and would fill the memory
_OVERLAP: Final = 24  # pixels; about what the shallow networks see around a pixel
_USUAL: Final = 4  # times that most models enlarge; the true figure is known when one is loaded, in a child
_GB_PER_MEGAPIXEL: Final = 0.4  # of the enlarged tile, in half precision: three maps of 64 channels at once


class SpandrelUpscaler:
    """Enlarges each frame with a super-resolution model, then brings it to the exact size.

    Args:
        tile: pixels on a side beyond which a frame is worked on in tiles, 64 to 2048; less needs less memory.
        model: id, folder or file of the model; the operator's choice.
        place: tells which folder or file an id means.
        trusted: the operator's word that a pickle of this model (``.pth``) may be opened.
        device: ``cuda``, ``cuda:1``, ``mps`` or ``cpu``; the best one there is by default.
        dtype: precision; half on a GPU of CUDA if the model bears it, and full elsewhere by default.

    Raises:
        ConfigError: no model is named, or an option is unknown, no number or out of range.
    """

    def __init__(
        self,
        *,
        tile: int = 512,
        model: str | Path = "",
        place: Callable[[str], Path] = Path,
        trusted: bool = False,
        device: str | None = None,
        dtype: str | None = None,
    ) -> None:
        self._tile = whole_number(tile, 64, 2048, place="studio.upscale.tile")
        if not str(model):
            raise ConfigError(
                "no super-resolution model is chosen",
                remedy="name one in the settings: an id, a folder or a .safetensors file",
                place=PLACE,
            )
        if dtype is not None and dtype not in DTYPES:
            raise ConfigError(
                f"{dtype!r} is no precision", remedy=f"use one of {', '.join(DTYPES)}", place=PLACE
            )
        self._model = str(model)
        self._place = place
        self._trusted = trusted
        self._device = device
        self._dtype = dtype
        self._loaded: Any = None
        self._busy = threading.Lock()

    @property
    def capability(self) -> Capability:
        """What it takes.

        The device's memory is estimated for a network of convolutions as wide as Real-ESRGAN's that enlarges
        four times. Transformers take several times as much; the station measures what is taken.
        """
        megapixels = (_USUAL * self._tile) ** 2 / 1e6
        return Capability(
            "spandrel",
            "upscale",
            weights=(self._model,),
            packages=("torch", "torchvision", "spandrel", "safetensors"),
            hosted=True,
            vram_gb=round(device_gb(0.5 + _GB_PER_MEGAPIXEL * megapixels, self._device, self._dtype), 1),
            disk_gb=0.1,
        )

    async def upscale(
        self, take: Take, width: int, height: int, request: ShotRequest | None = None
    ) -> AsyncIterator[Chunk]:
        """Yield the take at exactly that size, cropped to its aspect; closing it stops after a tile.

        Raises:
            ComponentError: torch, torchvision or spandrel is not installed.
            ConfigError: the model is not there, not trusted or no super-resolution model.
            ResourceError: the device is out of memory.
        """
        abandoned = threading.Event()
        try:
            async for chunk in take:
                for n, frame in enumerate(chunk.frames):
                    grown = await asyncio.to_thread(self._upscale, frame, width, height, abandoned)
                    tell("upscale", chunk.start_frame + n + 1)
                    yield Chunk(grown[None], chunk.start_frame + n, chunk.fps)
        finally:
            abandoned.set()

    def _upscale(self, frame: Frames, width: int, height: int, abandoned: threading.Event) -> Frames:
        part = np.ascontiguousarray(crop_to_aspect(frame, width, height))
        grown = self._enlarge(part, abandoned)
        if grown.shape[:2] == (height, width):
            return grown
        # Lanczos takes eight pixels only, and would alias where many become one.
        method = cv2.INTER_AREA if grown.shape[0] > height else cv2.INTER_LANCZOS4
        return np.asarray(cv2.resize(grown, (width, height), interpolation=method), np.uint8)

    def _enlarge(self, frame: Frames, abandoned: threading.Event) -> Frames:
        torch = _library("torch")
        with self._busy, torch.inference_mode():
            model = self._ready(torch)
            height, width = frame.shape[:2]
            whole = model.tiling.name != "SUPPORTED"
            mosaic = Mosaic(height, width, _OVERLAP, model.scale)
            try:
                for tile in tiles(height, width, max(height, width) if whole else self._tile, _OVERLAP):
                    if abandoned.is_set():
                        raise _Abandoned
                    picture = torch.from_numpy(np.ascontiguousarray(tile.of(frame))).to(model.device)
                    scaled = picture.permute(2, 0, 1)[None].to(model.dtype) / 255
                    made = model(scaled)[0].permute(1, 2, 0).float().cpu().numpy()
                    mosaic.lay(tile, made)
            except torch.OutOfMemoryError as error:
                raise ResourceError(
                    "the device has too little memory for tiles of this size",
                    remedy=f"write a smaller tile than {self._tile}, or stop what else uses the device",
                    place="studio.upscale.tile",
                ) from error
        return np.rint(np.clip(mosaic.picture(), 0, 1) * 255).astype(np.uint8)

    def _ready(self, torch: Any) -> Any:
        if self._loaded is None:
            tell("load", 0, 1)
            self._loaded = self._load(torch)
            tell("load", 1, 1)
        return self._loaded

    def _load(self, torch: Any) -> Any:
        spandrel = _library("spandrel")
        where = self._place(self._model)
        if not where.exists():
            raise ConfigError(
                f"there is no super-resolution model at {self._model}",
                remedy="name a folder or file that is there, or an id that has been pulled",
                place=PLACE,
            )
        file = find(where, place=PLACE, trusted=self._trusted)
        state = spandrel.canonicalize_state_dict(dict(read(file, place=PLACE, trusted=self._trusted)))
        try:
            model = spandrel.ModelLoader().load_from_state_dict(state)
        # What spandrel raises for weights that resemble an architecture and do not fit it is not documented.
        except (spandrel.UnsupportedModelError, RuntimeError, ValueError, KeyError, AssertionError) as error:
            raise ConfigError(
                f"{file.name} is of no architecture that spandrel knows",
                remedy="name a super-resolution model, such as one of Real-ESRGAN's, as safetensors",
                place=PLACE,
            ) from error
        colours = getattr(model, "input_channels", 0), getattr(model, "output_channels", 0)
        suits = isinstance(model, spandrel.ImageModelDescriptor) and colours == (3, 3)
        if not suits or not 1 <= model.scale <= _LARGEST:
            raise ConfigError(
                f"{file.name} is a model for {model.purpose}, from {colours[0]} to {colours[1]} colours",
                remedy=f"name one for super-resolution in colour that enlarges up to {_LARGEST} times",
                place=PLACE,
            )
        device = self._device or best_device(torch)
        dtype = precision(device, self._dtype, bears_half=model.supports_half)
        try:
            return model.eval().to(torch.device(device), getattr(torch, dtype))
        except spandrel.UnsupportedDtypeError as error:
            raise ConfigError(
                f"{file.name} does not work in {dtype}", remedy="use float32", place=PLACE
            ) from error


class _Abandoned(Exception):
    """Nobody waits for this frame any more; ends the thread that makes it."""


def _library(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        missing = (error.name or name).partition(".")[0]  # spandrel is there, say, and torchvision is not
        remedy = "pip install torch torchvision spandrel"
        raise ComponentError(f"{missing} is not installed", remedy=remedy, place=PLACE) from error
