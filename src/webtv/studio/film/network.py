"""FILM as a module of our own.

After Reda, Kontkanen, Tabellion, Sun, Pantofaru and Curless, "FILM: Frame Interpolation for Large Motion",
ECCV 2022, and the layers and sizes of the authors' implementation (google-research/frame-interpolation,
Apache-2.0: ``models/film_net`` with ``training/config/film_net-Style.gin``). Three parts:

* Features: one small tower of convolutions climbs from every level of the image pyramid, and what different
  climbs find at one level is put side by side. So a level knows the same things as any other, and large
  motion at a fine level looks like small motion at a coarse one.
* Flow, from each frame to the other, from coarse to fine, each level adding a residual; all levels from the
  fourth on share one estimator.
* Fusion: pictures and features of both frames, moved half way, through the decoder of a U-Net.

The network was trained for the moment half way between two frames, and gives no other. This module imports
torch; it is imported when the first frame is made.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor, nn
from torch.nn import functional as F

_COLOURS = 3
_AXES = 2
_SLOPE = 0.2  # of the leaky rectifiers


@dataclass(frozen=True, slots=True)
class Sizes:
    """How large each part is; the defaults are the published network's.

    Attributes:
        levels: of the image pyramid; sides of a picture must be multiples of ``2 ** (levels - 1)``.
        fused: levels that fusion sees.
        climb: levels that the tower of features climbs; flow is estimated separately on all finer levels.
        filters: features of the tower's first stage; each further one has twice as many.
        flow_filters: of the estimators of flow, the finest first; all coarser levels share the last one.
        flow_convolutions: 3 x 3 convolutions of each of them.
    """

    levels: int = 7
    fused: int = 5
    climb: int = 4
    filters: int = 64
    flow_filters: tuple[int, ...] = (32, 64, 128, 256)
    flow_convolutions: int = 3

    @property
    def stride(self) -> int:
        """What the sides of a picture must be multiples of."""
        return int(2 ** (self.levels - 1))

    def features(self, level: int) -> int:
        """Features of a level: as many stages of the tower as could climb to it."""
        return sum(self.filters << stage for stage in range(min(level + 1, self.climb)))

    def aligned(self, level: int) -> int:
        """Channels that fusion sees on a level: features, colours and flow of both frames."""
        return 2 * (self.features(level) + _COLOURS + _AXES)

    @classmethod
    def of(cls, weights: Mapping[str, Tensor]) -> Self:
        """The sizes of a network that has these weights, by our names; the published ones where none tell."""
        published = cls()

        def width(name: str, otherwise: int) -> int:
            weight = weights.get(name)
            return otherwise if weight is None or weight.ndim != 4 else int(weight.shape[0])

        names = [f"flow.fine.{level}.convolutions.0.weight" for level in range(published.climb - 1)]
        names.append("flow.coarse.convolutions.0.weight")
        filters = zip(names, published.flow_filters, strict=True)
        return cls(
            filters=width("features.stages.0.0.weight", published.filters),
            flow_filters=tuple(width(name, otherwise) for name, otherwise in filters),
        )


@dataclass(frozen=True, slots=True)
class Encoded:
    """A frame as the network sees it, the finest level first.

    Attributes:
        pictures: [1, 3, H / 2**k, W / 2**k], in 0..1.
        features: [1, channels, H / 2**k, W / 2**k].
    """

    pictures: tuple[Tensor, ...]
    features: tuple[Tensor, ...]


class Film(nn.Module):
    """Makes the frame half way between two."""

    def __init__(self, sizes: Sizes | None = None) -> None:
        super().__init__()
        self.sizes = sizes or Sizes()
        self.features = Features(self.sizes)
        self.flow = PyramidFlow(self.sizes)
        self.fusion = Fusion(self.sizes)

    def encode(self, frame: Tensor) -> Encoded:
        """Look at a frame; the result serves for every pair that the frame is part of.

        Args:
            frame: [1, 3, H, W] in 0..1, sRGB as it is, H and W multiples of ``sizes.stride``.
        """
        pictures = [frame]
        while len(pictures) < self.sizes.levels:
            pictures.append(F.avg_pool2d(pictures[-1], 2))
        return Encoded(tuple(pictures), tuple(self.features(pictures)))

    def flows(self, a: Encoded, b: Encoded) -> list[Tensor]:
        """The flow from ``a`` to ``b`` on the levels that are fused, [1, 2, h, w] as (x, y) in pixels."""
        levels: list[Tensor] = self.flow(a.features, b.features)
        return levels[: self.sizes.fused]

    def between(self, a: Encoded, b: Encoded) -> Tensor:
        """The frame half way, [1, 3, H, W], about 0..1."""
        aligned = []
        for level, (ahead, back) in enumerate(zip(self.flows(a, b), self.flows(b, a), strict=True)):
            ahead, back = ahead * 0.5, back * 0.5
            # What is here half way comes from where the flow back, and ahead, would lead on from here.
            from_a, from_b = (
                warp(torch.cat((side.pictures[level], side.features[level]), dim=1), along)
                for side, along in ((a, back), (b, ahead))
            )
            aligned.append(torch.cat((from_a, from_b, back, ahead), dim=1))
        picture: Tensor = self.fusion(aligned)
        return picture

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        """The frame half way between two, each [1, 3, H, W] in 0..1."""
        return self.between(self.encode(a), self.encode(b))


class Features(nn.Module):
    """One tower of convolutions that climbs from every level of a pyramid."""

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        channels = _COLOURS
        self.stages = nn.ModuleList()
        for stage in range(sizes.climb):
            wide = sizes.filters << stage
            layers = (nn.Conv2d(channels, wide, 3, padding=1), nn.Conv2d(wide, wide, 3, padding=1))
            self.stages.append(nn.Sequential(layers[0], _rectifier(), layers[1], _rectifier()))
            channels = wide

    def forward(self, pictures: Sequence[Tensor]) -> Iterator[Tensor]:
        """Features of each level: what began there, then what climbed to it, from the nearest below first."""
        climbs: list[list[Tensor]] = []
        for level, picture in enumerate(pictures):
            climbs.append([])
            here = picture
            for stage, layers in enumerate(self.stages[: len(pictures) - level]):
                here = layers(F.avg_pool2d(here, 2) if stage else here)
                climbs[-1].append(here)
        for level in range(len(pictures)):
            reached = min(level + 1, len(self.stages))
            yield torch.cat([climbs[level - stage][stage] for stage in range(reached)], dim=1)


class PyramidFlow(nn.Module):
    """Flow from coarse to fine, each level adding to what the coarser one found."""

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        *fine, shared = (
            FlowEstimator(2 * sizes.features(level), filters, sizes.flow_convolutions)
            for level, filters in enumerate(sizes.flow_filters)
        )
        self.fine = nn.ModuleList(fine)
        self.coarse = shared

    def forward(self, a: Sequence[Tensor], b: Sequence[Tensor]) -> list[Tensor]:
        """The flow on each level, [1, 2, h, w] in that level's pixels, the finest first."""
        flow = self.coarse(a[-1], b[-1])
        flows = [flow]
        for level in reversed(range(len(a) - 1)):
            estimator = self.fine[level] if level < len(self.fine) else self.coarse
            grown = _enlarge(flow, a[level])
            flow = grown + estimator(a[level], warp(b[level], grown))
            flows.append(flow)
        return flows[::-1]


class FlowEstimator(nn.Module):
    """A few convolutions over the features of two frames, that give what is still missing of the flow."""

    def __init__(self, channels: int, filters: int, convolutions: int) -> None:
        super().__init__()
        first = nn.Conv2d(channels, filters, 3, padding=1)
        wide = [first, *(nn.Conv2d(filters, filters, 3, padding=1) for _ in range(convolutions - 1))]
        narrow = [nn.Conv2d(filters, filters // 2, 1), nn.Conv2d(filters // 2, _AXES, 1)]
        self.convolutions = nn.ModuleList([*wide, *narrow])

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        """Residual flow, [1, 2, h, w]."""
        here = torch.cat((a, b), dim=1)
        *hidden, last = self.convolutions
        for convolution in hidden:
            here = F.leaky_relu(convolution(here), _SLOPE)
        flow: Tensor = last(here)
        return flow


class Fusion(nn.Module):
    """The decoder of a U-Net over pyramids that have been moved to the same moment."""

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        self.levels = nn.ModuleList()
        wide = [sizes.filters << min(level, sizes.climb - 1) for level in range(sizes.fused - 1)]
        coarser = [*wide[1:], sizes.aligned(sizes.fused - 1)]
        for level, (filters, below) in enumerate(zip(wide, coarser, strict=True)):
            self.levels.append(FusionLevel(below, sizes.aligned(level), filters))
        self.colour = nn.Conv2d(sizes.filters, _COLOURS, 1)

    def forward(self, aligned: Sequence[Tensor]) -> Tensor:
        """The picture, [1, 3, H, W]."""
        here = aligned[-1]
        for level in reversed(range(len(self.levels))):
            here = self.levels[level](here, aligned[level])
        picture: Tensor = self.colour(here)
        return picture


class FusionLevel(nn.Module):
    """One step from coarse to fine."""

    def __init__(self, coarser: int, aligned: int, filters: int) -> None:
        super().__init__()
        self.grow = nn.Conv2d(coarser, filters, 2)
        self.merge = nn.Conv2d(aligned + filters, filters, 3, padding=1)
        self.refine = nn.Conv2d(filters, filters, 3, padding=1)

    def forward(self, coarser: Tensor, aligned: Tensor) -> Tensor:
        """What this level hands on, [1, filters, h, w]."""
        grown = F.interpolate(coarser, size=aligned.shape[2:], mode="nearest")
        # An even kernel is padded at the far edges, as TensorFlow's "same" does.
        grown = self.grow(F.pad(grown, (0, 1, 0, 1)))
        merged = F.leaky_relu(self.merge(torch.cat((aligned, grown), dim=1)), _SLOPE)
        return F.leaky_relu(self.refine(merged), _SLOPE)


def warp(picture: Tensor, flow: Tensor) -> Tensor:
    """What lies where the flow leads from each pixel; its edge repeated outside.

    Args:
        picture: [1, C, h, w].
        flow: [1, 2, h, w], (x, y) in pixels.
    """
    height, width = flow.shape[2:]
    # In half precision a column beyond 2048 has no number of its own.
    x = torch.arange(width, device=flow.device, dtype=torch.float32) + flow[:, 0].float()
    y = torch.arange(height, device=flow.device, dtype=torch.float32)[:, None] + flow[:, 1].float()
    places = torch.stack(((2 * x + 1) / width - 1, (2 * y + 1) / height - 1), dim=-1)
    seen = F.grid_sample(picture.float(), places, padding_mode="border", align_corners=False)
    return seen.to(picture.dtype)


def _enlarge(flow: Tensor, like: Tensor) -> Tensor:
    return 2 * F.interpolate(flow, size=like.shape[2:], mode="bilinear", align_corners=False)


def _rectifier() -> nn.Module:
    return nn.LeakyReLU(_SLOPE)
