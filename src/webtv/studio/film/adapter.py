"""FILM as the station's interpolator, for stations with a device to spare.

torch is imported when the first frame is made.
"""

import threading
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from webtv.core.errors import ConfigError, ResourceError
from webtv.core.libraries import best_device, library
from webtv.studio.capability import Capability
from webtv.studio.film import weights
from webtv.studio.flow import FlowMeter
from webtv.studio.options import number, whole_number
from webtv.studio.ports import Chunk, Frames, Take
from webtv.studio.precision import DTYPES, device_gb, precision
from webtv.studio.progress import tell
from webtv.studio.retiming import Moments, between, retimed
from webtv.studio.tensorfiles import find, read
from webtv.studio.tiling import Mosaic, Tile, tiles

if TYPE_CHECKING:
    from torch import Tensor

    from webtv.studio.film.network import Encoded, Film

MODEL: Final = "Comfy-Org/frame_interpolation"
_OVERLAP: Final = 128  # pixels; the published network resolves motions up to 64
_HALF: Final = Fraction(1, 2)
_GB_PER_MEGAPIXEL: Final = 3.2  # counted in half precision: two pyramids of features, moved and side by side


class FilmInterpolator:
    """Raises the frame rate of a take by any rational factor, with FILM.

    The network knows the moment half way only. Other moments are reached by halving again: the nearest one
    after ``depth`` halvings is shown, which is off by ``2 ** -(depth + 1)`` of a frame at most. Across a cut
    the nearer frame is held; nothing is morphed. The last frame is held to the end.

    Args:
        depth: halvings at most, 1 to 6; the double rate needs one, whatever is allowed.
        slow: how many times slower than life, 1 to 8; the take lasts so much longer.
        tile: pixels on a side beyond which a frame is worked on in tiles, 256 to 4096; less saves memory.
        model: id, folder or file of the weights; the operator's choice.
        place: tells which folder or file an id means.
        trusted: the operator's word that a pickle or TorchScript of this model may be opened.
        device: ``cuda``, ``cuda:1``, ``mps`` or ``cpu``; the best one there is by default.
        dtype: precision; half on a GPU of CUDA and full elsewhere by default.

    Raises:
        ConfigError: an option is unknown, no number or out of range.
    """

    def __init__(
        self,
        *,
        depth: int = 4,
        slow: float = 1,
        tile: int = 1024,
        model: str | Path = MODEL,
        place: Callable[[str], Path] = Path,
        trusted: bool = False,
        device: str | None = None,
        dtype: str | None = None,
    ) -> None:
        self._depth = whole_number(depth, 1, 6, place="studio.interpolate.depth")
        slowness = number(slow, 1, 8, place="studio.interpolate.slow")
        self._slow = Fraction(slowness).limit_denominator(100)
        self._tile = whole_number(tile, 256, 4096, place="studio.interpolate.tile")
        if dtype is not None and dtype not in DTYPES:
            raise ConfigError(
                f"{dtype!r} is no precision", place=weights.PLACE, remedy=f"use one of {', '.join(DTYPES)}"
            )
        self._model = str(model)
        self._place = place
        self._trusted = trusted
        self._device = device
        self._dtype = dtype
        self._network: Film | None = None
        self._busy = threading.Lock()

    @property
    def capability(self) -> Capability:
        """What it takes; the device's memory grows with the tile and the precision."""
        pixels = min(self._tile, 1920) * min(self._tile, 1080)
        half = 0.5 + _GB_PER_MEGAPIXEL * pixels / 1e6
        return Capability(
            "film",
            "interpolate",
            weights=(self._model,),
            packages=("torch", "safetensors"),
            hosted=True,
            vram_gb=round(device_gb(half, self._device, self._dtype), 1),
            disk_gb=0.1,
        )

    async def interpolate(self, take: Take, fps: int) -> AsyncIterator[Chunk]:
        """Yield the take at ``fps``; closing the iterator stops the work after the frame that is being made.

        Raises:
            ComponentError: torch is not installed.
            ConfigError: the weights are not there, not trusted or do not fit.
            ResourceError: the device is out of memory.
        """
        abandoned = threading.Event()
        made = 0

        def begin(height: int, width: int) -> Callable[[Frames, Moments], Frames]:
            meter = FlowMeter(height, width)

            def render(frames: Frames, moments: Moments) -> Frames:
                return self._render(frames, moments, meter, abandoned)

            return render

        try:
            async for chunk in retimed(_singly(take), fps, begin, slow=self._slow):
                made += len(chunk.frames)
                tell("interpolate", made)
                yield chunk
        finally:
            abandoned.set()

    def _render(
        self, frames: Frames, moments: Moments, meter: FlowMeter, abandoned: threading.Event
    ) -> Frames:
        out = np.empty((len(moments), *frames.shape[1:]), np.uint8)
        wanted: dict[int, dict[Fraction, list[int]]] = {}
        for k, moment in enumerate(moments):
            first, share = between(moment, len(frames))
            share = self._nearest(share)
            if share in (0, 1):
                out[k] = frames[first + int(share)]
            else:
                wanted.setdefault(first, {}).setdefault(share, []).append(k)
        for first, shares in wanted.items():
            a, b = frames[first], frames[first + 1]
            if meter.is_cut(a, b):
                for share, places in shares.items():
                    out[places] = a if share < _HALF else b
                continue
            for share, frame in self._between(a, b, sorted(shares), abandoned):
                out[shares[share]] = frame
        return out

    def _nearest(self, share: Fraction) -> Fraction:
        """The nearest moment that can be reached."""
        whole = 2**self._depth
        return Fraction(round(share * whole), whole)

    def _between(
        self, a: Frames, b: Frames, shares: Sequence[Fraction], abandoned: threading.Event
    ) -> Iterator[tuple[Fraction, Frames]]:
        """Frames at shares of the way from ``a`` to ``b``, which ascend."""
        torch = library("torch", weights.PLACE)
        with self._busy, torch.inference_mode():
            try:
                network = self._loaded(torch)
                height, width = a.shape[:2]
                parts = tiles(height, width, self._tile, _OVERLAP)
                mosaics = {share: Mosaic(height, width, _OVERLAP) for share in shares}
                for tile in parts:
                    for share, picture in _halvings(network, a, b, tile, shares, abandoned):
                        mosaics[share].lay(tile, picture)
            except torch.OutOfMemoryError as error:
                raise ResourceError(
                    "the device has too little memory for frames of this size",
                    remedy=f"write a smaller tile than {self._tile}, or stop what else uses the device",
                    place="studio.interpolate.tile",
                ) from error
        for share, mosaic in mosaics.items():
            yield share, np.rint(np.clip(mosaic.picture(), 0, 255)).astype(np.uint8)

    def _loaded(self, torch: Any) -> "Film":
        if self._network is None:
            from webtv.studio.film.network import Film, Sizes

            tell("load", 0, 1)
            file = find(self._folder(), hint="film", place=weights.PLACE, trusted=self._trusted)
            tensors = weights.renamed(read(file, place=weights.PLACE, trusted=self._trusted))
            with torch.device("meta"):  # memory only for what the file holds, whatever it claims to be
                network = Film(Sizes.of(tensors))
            weights.fill(network, tensors, file.name)
            device = self._device or best_device(torch)
            dtype = precision(device, self._dtype)
            self._network = network.eval().to(device=device, dtype=getattr(torch, dtype))
            tell("load", 1, 1)
        return self._network

    def _folder(self) -> Path:
        place = self._place(self._model)
        if not place.exists():
            raise ConfigError(
                f"there are no weights of FILM at {self._model}",
                remedy=f"fetch them, webtv models pull {MODEL}, or name a folder that holds them",
                place=weights.PLACE,
            )
        return place


class _Abandoned(Exception):
    """Nobody waits for these frames any more; ends the thread that makes them."""


def _halvings(
    network: "Film", a: Frames, b: Frames, tile: Tile, shares: Sequence[Fraction], abandoned: threading.Event
) -> Iterator[tuple[Fraction, Any]]:
    """Float pictures of one tile, 0 to 255, at shares of the way, in their order."""

    def halve(
        low: Fraction, before: "Encoded", high: Fraction, after: "Encoded", wanted: Sequence[Fraction]
    ) -> "Iterator[tuple[Fraction, Tensor]]":
        if not wanted:
            return
        if abandoned.is_set():
            raise _Abandoned
        middle = (low + high) / 2
        picture = network.between(before, after).clamp(0, 1)
        if wanted == [middle]:
            yield middle, picture
            return
        here = network.encode(picture)
        yield from halve(low, before, middle, here, [share for share in wanted if share < middle])
        if middle in wanted:
            yield middle, picture
        yield from halve(middle, here, high, after, [share for share in wanted if share > middle])

    ends = [network.encode(_to_tensor(network, tile.of(frame))) for frame in (a, b)]
    for share, picture in halve(Fraction(0), ends[0], Fraction(1), ends[1], list(shares)):
        top, left = (_margin(size, network.sizes.stride)[0] for size in (tile.height, tile.width))
        part = picture[0, :, top : top + tile.height, left : left + tile.width]
        yield share, part.permute(1, 2, 0).float().mul(255).cpu().numpy()


def _to_tensor(network: "Film", frame: Any) -> "Tensor":
    """[1, 3, H, W] in 0..1, its edges repeated until the pyramid can halve it."""
    height, width = frame.shape[:2]
    margins = (_margin(height, network.sizes.stride), _margin(width, network.sizes.stride))
    torch = library("torch", weights.PLACE)
    padded = np.pad(frame, (*margins, (0, 0)), mode="edge")
    weight = next(network.parameters())
    tensor = torch.from_numpy(padded).to(weight.device).permute(2, 0, 1)[None]
    scaled: Tensor = tensor.to(weight.dtype) / 255
    return scaled


def _margin(size: int, stride: int) -> tuple[int, int]:
    missing = -size % stride
    return missing // 2, missing - missing // 2


async def _singly(take: Take) -> AsyncIterator[Chunk]:
    """A take frame by frame: each costs so much that nobody should have to wait for the next one."""
    async for chunk in take:
        for n in range(len(chunk.frames)):
            yield Chunk(chunk.frames[n : n + 1], chunk.start_frame + n, chunk.fps)
