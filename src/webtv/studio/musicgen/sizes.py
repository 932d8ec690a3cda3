"""What MusicGen takes of a disk and a device, counted from the published architectures.

Configurations: the ``config.json`` of ``facebook/musicgen-*``. A test counts the parameters of the same
architectures and holds the formula against them.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_T5 = 109_628_544  # T5-base, its encoder
_T5_WIDTH = 768
_VOCABULARY = 2048
_CHROMA = 12
_FRAMES = 1500  # thirty seconds
_CODEC_GB = 1.0  # EnCodec's peak while it decodes thirty seconds, beside its weights
_ENCODEC = 58_863_746

_KNOWN = {"small": (1024, 24), "medium": (1536, 48), "large": (2048, 48), "melody": (1536, 48)}


@dataclass(frozen=True, slots=True)
class Size:
    """A MusicGen model.

    Attributes:
        width: of its decoder.
        layers: of its decoder.
        channels: 1 or 2; each has four codebooks.
        melody: whether text and melody come first in what it reads, and not in an attention of their own.
    """

    width: int
    layers: int
    channels: int = 1
    melody: bool = False

    @property
    def parameters(self) -> int:
        """Parameters in all: decoder, text encoder and codec."""
        books = 4 * self.channels
        layer = (12 if self.melody else 16) * self.width**2 + (4 if self.melody else 6) * self.width
        decoder = self.layers * layer + books * (2 * _VOCABULARY + 1) * self.width + 2 * self.width
        projections = (_T5_WIDTH + 1) * self.width + ((_CHROMA + 1) * self.width if self.melody else 0)
        return decoder + projections + _T5 + _ENCODEC

    @property
    def disk_gb(self) -> float:
        """Size of the published weights, in 32 bits."""
        return round(4 * self.parameters / 1e9, 1)

    def vram_gb(self, bytes_each: int) -> float:
        """Peak of a device's memory: weights, what attention remembers of a window, and the codec at work."""
        remembered = 2 * 2 * self.layers * self.width * _FRAMES  # keys and values; with and without the brief
        return round(bytes_each * (self.parameters + remembered) / 1e9 + _CODEC_GB, 1)


def size_of(model: str) -> Size | None:
    """The size of a model by its published id, or by the configuration in its folder; None without either."""
    folder = Path(model)
    if folder.is_dir():
        try:
            return _told(json.loads((folder / "config.json").read_text("utf-8")))
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            return None  # whoever loads it will say what is wrong with it
    name = model.rpartition("/")[2]
    words = name.split("-")
    if words[0] != "musicgen":
        return None
    channels = 2 if "stereo" in words else 1
    known = next((_KNOWN[word] for word in reversed(words) if word in _KNOWN), None)
    return Size(*known, channels, "melody" in words) if known else None


def _told(config: dict[str, Any]) -> Size:
    decoder = config["decoder"]
    return Size(
        int(decoder["hidden_size"]),
        int(decoder["num_hidden_layers"]),
        int(decoder.get("audio_channels", 1)),
        config.get("model_type") == "musicgen_melody",
    )
