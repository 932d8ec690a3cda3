"""How models are run here: the operator's choices, one value for every diffusers adapter.

Nothing in this module imports torch before it is called with it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Never, get_args

from webtv.core.errors import ConfigError
from webtv.core.libraries import INSTALL, best_device, no_device

__all__ = ["INSTALL", "Dtype", "Offload", "Runtime", "as_given"]

Dtype = Literal["auto", "float32", "float16", "bfloat16"]
Offload = Literal["none", "model", "group", "sequential"]


def as_given(model: str) -> str | Path:
    """The locator of a station without a store of weights: a folder, or an id for the hub's own cache."""
    return model


@dataclass(frozen=True, slots=True)
class Runtime:
    """The operator's choices.

    Attributes:
        device: ``cpu``, ``cuda``, ``cuda:1``, ``mps``, ... or ``auto`` for the best one there is.
        dtype: precision of the weights; ``auto`` is full on a CPU and the family's own elsewhere.
        variant: which files of a model that comes in several, such as ``fp16``.
        offload: what waits in the machine's memory while it is not at work: ``model`` whole models, ``group``
            groups of layers, fetched ahead on a stream of their own where the device has any, ``sequential``
            every layer by itself; ever less of the device's memory and ever slower.
        compile: compile the denoiser at its first step; minutes once, then faster.
        attention: one of diffusers' attention back ends (``native``, ``flash``, ``sage``, ...); None for
            diffusers' own choice. None of those that end with ``_hub``: they fetch programs and run them.
        layerwise_casting: keep the denoiser's weights in eight bits and widen them layer by layer.
        vae_tiling: decode pictures in overlapping tiles; less memory at its peak, and slower.
        locate: says which folder, or id on the hub, a model's id stands for; raises a WebTVError if it may
            not be used.
        trusted: ids and folders whose weights may be unpickled, by the operator's word; of all others only
            safetensors are read.

    Raises:
        ConfigError: a choice is none of these, at ``models.CHOICE``.
    """

    device: str = "auto"
    dtype: Dtype = "auto"
    variant: str | None = None
    offload: Offload = "none"
    compile: bool = False
    attention: str | None = None
    layerwise_casting: bool = False
    vae_tiling: bool = False
    locate: Callable[[str], str | Path] = as_given
    trusted: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        kind, _, number = self.device.partition(":")
        if not kind.isalpha() or (":" in self.device and not number.isdecimal()):
            _refuse("device", f"{self.device!r} is no device", "write auto, cpu, cuda, cuda:0, ... or mps")
        if self.dtype not in get_args(Dtype):
            _refuse("dtype", f"{self.dtype!r} is no precision", f"write one of {', '.join(get_args(Dtype))}")
        if self.offload not in get_args(Offload):
            choices = ", ".join(get_args(Offload))
            _refuse("offload", f"{self.offload!r} is no way of offloading", f"write one of {choices}")

        if self.attention is not None and self.attention.lower().endswith("_hub"):
            why = f"{self.attention!r} fetches a program from the hub and runs it"
            _refuse("attention", why, f"install the package and write {self.attention[: -len('_hub')]}")

    def safe_only(self, model: str) -> bool | None:
        """What loaders take as ``use_safetensors``: True, or None where a pickle will do if need be.

        A pickle that is trusted is still read as weights alone, which is what torch does by default.
        """
        return None if model in self.trusted else True

    def torch_device(self, torch: Any) -> str:
        """The device as torch names it.

        Raises:
            ConfigError: the machine has no such device, or it is one that nothing can be offloaded from.
        """
        device = best_device(torch) if self.device == "auto" else self.device
        if (error := no_device(torch, device)) is not None:
            raise ConfigError(
                f"this machine has no {device}: {str(error).splitlines()[0]}",
                place="models.device",
                remedy="write auto or cpu, or install torch for that device",
            ) from error
        if device == "cpu" and self.offload != "none":
            _refuse("offload", "there is nothing to offload from on a CPU", "write none, or set up a GPU")
        return device

    def torch_dtype(self, torch: Any, device: str, preferred: str) -> Any:
        """The precision as torch knows it.

        Args:
            torch: the library.
            device: where the weights go.
            preferred: what the family works best in on a GPU.
        """
        automatic = "float32" if device == "cpu" else preferred
        return getattr(torch, automatic if self.dtype == "auto" else self.dtype)


def _refuse(choice: str, message: str, remedy: str) -> Never:
    raise ConfigError(message, place=f"models.{choice}", remedy=remedy)
