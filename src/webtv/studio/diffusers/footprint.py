"""What a family of models takes of a device and a disk: figures to plan with, not to rely on."""

from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from webtv.core.errors import WebTVError
from webtv.studio.diffusers.keys import is_of_variant
from webtv.studio.diffusers.runtime import Runtime


@dataclass(frozen=True, slots=True)
class Footprint:
    """Memory of a family at its native size, in 16 bits.

    Attributes:
        weights_gb: all of its weights.
        largest_gb: those of its largest part, which alone is on the device with ``offload: model``.
        working_gb: what a take needs beside the weights at ``pixels``; the autoencoder's peak as a rule.
        pixels: width x height x frames of that take.
        disk_gb: size of its files.
    """

    weights_gb: float
    largest_gb: float
    working_gb: float
    pixels: int
    disk_gb: float

    def sized(self, model: str | Path, runtime: Runtime) -> Self:
        """The same work with the weights of another model, as large as its files; unchanged if none are here.

        Args:
            model: id or folder.
            runtime: says where the model is, and which of its files are loaded.
        """
        try:
            folder = Path(runtime.locate(str(model)))
        except WebTVError:  # not fetched yet, which is said where it is loaded
            return self
        sizes: Counter[Path] = Counter()
        for file in folder.rglob("*.safetensors") if folder.is_dir() else ():
            if is_of_variant(file, runtime.variant):
                sizes[file.parent] += file.stat().st_size  # of a part in several files
        if not sizes:
            return self
        whole, largest = sizes.total() / 1e9, max(sizes.values()) / 1e9
        return replace(self, weights_gb=whole, largest_gb=largest, disk_gb=round(whole, 1))

    def vram_gb(self, runtime: Runtime, pixels: int) -> float:
        """Peak of the device's memory for takes of so many pixels, frames counted."""
        if runtime.device == "cpu":
            return 0.0
        scale = 2.0 if runtime.dtype == "float32" else 1.0
        resident = {
            "none": self.weights_gb,
            "model": self.largest_gb,
            # A few groups of layers at a time; the rest waits in the machine's memory.
            "group": 0.15 * self.largest_gb,
            "sequential": 0.1 * self.largest_gb,
        }[runtime.offload]
        if runtime.layerwise_casting and runtime.offload in ("none", "model"):
            resident -= 0.5 * self.largest_gb
        # Work grows with the pixels, but tiles are as large for a small take as for a large one.
        share = pixels / self.pixels
        working = self.working_gb * (min(share, 0.5) if runtime.vae_tiling else share)
        return round(scale * (resident + working), 1)
