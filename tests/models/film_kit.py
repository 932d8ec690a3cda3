"""Small networks of FILM's shape for tests; imports torch, so tests get it by a fixture."""

import torch
from torch import Tensor

from webtv.studio.film.network import Film, Sizes, warp

__all__ = ["TINY", "Film", "Sizes", "even_handed", "film", "neutral", "torch", "warp"]

TINY = Sizes(filters=4, flow_filters=(4, 4, 6, 8))


def film(sizes: Sizes = TINY, *, seed: int = 1, scale: float = 0.15) -> Film:
    """A small network with random weights."""
    torch.manual_seed(seed)
    network = Film(sizes).eval()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.normal_(0, scale)
    return network


def neutral(flow: tuple[float, float] = (0.0, 0.0)) -> Film:
    """A network that finds the same flow everywhere, and shows the mean of both frames."""
    network = film(scale=0.0)
    state = network.state_dict()
    state["flow.fine.0.convolutions.4.bias"].copy_(torch.tensor(flow))
    of_b = 3 + TINY.features(0)  # where the second frame's colours begin among what fusion sees
    for colour in range(3):
        state["fusion.levels.0.merge.weight"][colour, [colour, of_b + colour], 1, 1] = 0.5
        state["fusion.levels.0.refine.weight"][colour, colour, 1, 1] = 1.0
        state["fusion.colour.weight"][colour, colour] = 1.0
    return network


def even_handed(network: Film) -> Film:
    """The same network with fusion blind to which frame is the first."""
    sizes = network.sizes

    def make_even(weight: Tensor, level: int) -> None:
        side, channels = 3 + sizes.features(level), sizes.aligned(level)
        own, other = range(side), range(side, 2 * side)
        flows = range(2 * side, channels)
        swapped = [*other, *own, *flows[2:], *flows[:2]]
        weight[:, :channels] = (weight[:, :channels] + weight[:, swapped]) / 2

    with torch.no_grad():
        for level in range(sizes.fused - 1):
            make_even(network.fusion.levels[level].merge.weight, level)
        make_even(network.fusion.levels[-1].grow.weight, sizes.fused - 1)
    return network
