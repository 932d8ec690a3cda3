"""What a family of models takes of a device and a disk: figures to plan with, not to rely on."""

from dataclasses import dataclass

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
