"""FILM's weights: the names that they have in files, and a fit that is strict.

Two layouts circulate, and both hold the same 82 tensors:

=============================================  =================================================
in files                                       in :class:`~webtv.studio.film.network.Film`
=============================================  =================================================
``extract.extract_sublevels.convs.S.C``        ``features.stages.S.{0, 2}``
``predict_flow._predictor._convs.C``           ``flow.coarse.convolutions.C``
``predict_flow._predictors.N._convs.C``        ``flow.fine.(2 - N).convolutions.C``
``fuse.convs.N.{0, 1, 2}``                     ``fusion.levels.(3 - N).{grow, merge, refine}``
``fuse.output_conv``                           ``fusion.colour``
=============================================  =================================================

The port to PyTorch that most files come from (dajes/frame-interpolation-pytorch, Apache-2.0) puts ``.0``
before ``.weight`` and ``.bias``; the safetensors that ComfyUI distributes (Comfy-Org/frame_interpolation) put
``.conv``. Both number flow and fusion from coarse to fine, and we from fine to coarse, as we number levels.
"""

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from webtv.core.errors import ConfigError

if TYPE_CHECKING:
    from torch import Tensor

    from webtv.studio.film.network import Film

PLACE = "studio.interpolate film"
_FUSION = ("grow", "merge", "refine")
_KINDS: tuple[tuple[str, Callable[[re.Match[str]], str]], ...] = (
    (
        r"extract\.extract_sublevels\.convs\.(\d+)\.([01])",
        lambda m: f"features.stages.{m[1]}.{2 * int(m[2])}",
    ),
    (r"predict_flow\._predictor\._convs\.(\d+)", lambda m: f"flow.coarse.convolutions.{m[1]}"),
    (
        r"predict_flow\._predictors\.([0-2])\._convs\.(\d+)",
        lambda m: f"flow.fine.{2 - int(m[1])}.convolutions.{m[2]}",
    ),
    (
        r"fuse\.convs\.([0-3])\.([0-2])",
        lambda m: f"fusion.levels.{3 - int(m[1])}.{_FUSION[int(m[2])]}",
    ),
    (r"fuse\.output_conv", lambda m: "fusion.colour"),
)
_PATTERNS = tuple(
    (re.compile(rf"(?:module\.)?{pattern}(?:\.0|\.conv)?\.(weight|bias)"), name) for pattern, name in _KINDS
)


def renamed(tensors: "Mapping[str, Tensor]") -> "dict[str, Tensor]":
    """The same tensors by our names; a name that no layout knows stays as it is."""
    return {_ours(name): tensor for name, tensor in tensors.items()}


def fill(network: "Film", tensors: "Mapping[str, Tensor]", source: str) -> None:
    """Give a network its weights: every one, and none besides.

    Args:
        network: may lie on the ``meta`` device.
        tensors: by our names.
        source: where they come from, for the error.

    Raises:
        ConfigError: names the first weight, in the network's order, that is missing, has another shape or
            holds what is no number; then the first that the network has no use for.
    """
    wanted = network.state_dict()
    for name, weight in wanted.items():
        given = tensors.get(name)
        if given is None:
            raise _misfit(source, f"{name} is missing")
        if given.shape != weight.shape:
            raise _misfit(source, f"{name} is {_shape(given)}, not {_shape(weight)}")
        if not given.is_floating_point() or not bool(given.isfinite().all()):
            raise _misfit(source, f"{name} holds what is no number")
    for name in tensors:
        if name not in wanted:
            raise _misfit(source, f"{name} is not a part of FILM")
    network.load_state_dict(dict(tensors), strict=True, assign=True)


def _ours(name: str) -> str:
    for pattern, rename in _PATTERNS:
        if match := pattern.fullmatch(name):
            return f"{rename(match)}.{match[match.lastindex or 0]}"
    return name


def _shape(tensor: "Tensor") -> str:
    return " x ".join(map(str, tensor.shape))


def _misfit(source: str, message: str) -> ConfigError:
    remedy = "use weights of the published film_net, such as Comfy-Org/frame_interpolation"
    return ConfigError(f"the weights of {source} do not fit: {message}", remedy=remedy, place=PLACE)
