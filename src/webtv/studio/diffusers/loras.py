"""LoRAs: small files that bend a model towards a style, added to its weights when it is loaded.

They are added once, in 32 bits, instead of being carried along as layers of their own: no step costs more for
it, offloading, casting and compilation need not know of it, and models work that diffusers' own loader no
longer takes (``UNet3DConditionModel`` lost it in 0.3x), without the package peft. The names and layouts of
other trainers are turned into diffusers' own by the pipeline's ``lora_state_dict``. Only safetensors are
read.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from webtv.core.errors import ConfigError
from webtv.core.libraries import library
from webtv.studio.diffusers.options import LoraChoice, refuse
from webtv.studio.diffusers.runtime import Runtime

_METADATA = "lora_adapter_metadata"  # where diffusers keeps the training's settings in a safetensors file
_PARTS = ("unet", "transformer", "transformer_2", "text_encoder", "text_encoder_2")
_OTHER_KINDS = ("dora_scale", "lora_magnitude_vector", "hada_", "lokr_", "oft_", "glora")
_DIFFERENCES = (".diff", ".diff_b")  # at the end: whole weights instead of halves; within, a folder of them


@dataclass(frozen=True, slots=True)
class Lora:
    """One LoRA as chosen and allowed.

    Attributes:
        choice: what the curator wrote.
        source: what the operator named by that id: an id on the hub, a folder, or a ``.safetensors`` file.
    """

    choice: LoraChoice
    source: str


def allowed(choices: Iterable[LoraChoice], named: Mapping[str, str | Path], stage: str) -> tuple[Lora, ...]:
    """The LoRAs behind the ids that a curator wrote.

    Args:
        choices: what was written.
        named: what the operator allows, by id.
        stage: for errors.

    Raises:
        InputError: the operator named no such LoRA.
    """
    for choice in choices:
        if choice.id not in named:
            known = ", ".join(sorted(named))
            remedy = f"write one of {known}" if known else "ask the operator to name it"
            refuse(stage, "loras", f"there is no LoRA {choice.id!r}", remedy)
    return tuple(Lora(choice, str(named[choice.id])) for choice in choices)


def add(pipeline: Any, loras: Iterable[Lora], runtime: Runtime, place: str) -> None:
    """Add LoRAs to a pipeline's weights.

    Args:
        pipeline: loaded and still where it was loaded to; neither offloaded nor compiled yet.
        loras: in any order; what they add is a sum.
        runtime: says where they are.
        place: for errors.

    Raises:
        ConfigError: a file is missing, is no LoRA, or is one for another model.
    """
    for lora in loras:
        _add(pipeline, lora, _file(lora, runtime, place), place)


def _file(lora: Lora, runtime: Runtime, place: str) -> Path:
    found = Path(lora.source)
    if not found.is_file():
        found = Path(runtime.locate(lora.source))
    if found.is_dir():
        there = sorted(found.glob("*.safetensors"))
        files = [file for file in there if lora.choice.file in ("", file.name)]
        if len(files) != 1:
            names = ", ".join(file.name for file in there) or "none"
            raise ConfigError(
                f"the LoRA {lora.choice.id} has {len(files)} files that fit",
                place=place,
                remedy=f"name one of its files: {names}",
            )
        found = files[0]
    if not found.is_file() or found.suffix != ".safetensors":
        raise ConfigError(
            f"the LoRA {lora.choice.id} is no safetensors file here",
            place=place,
            remedy="fetch it with webtv models pull, or name its folder or its .safetensors file",
        )
    return found


def _add(pipeline: Any, lora: Lora, file: Path, place: str) -> None:
    torch = library("torch", place)
    state, metadata = _read(file, lora, place)
    if strange := next((key for key in state if _is_of_another_kind(key)), None):
        raise _unfit(lora, f"{strange} belongs to another kind of adapter", "use a plain LoRA", place)
    parts = {name: part for name in _PARTS if (part := getattr(pipeline, name, None)) is not None}
    matrices = {name: dict(part.named_parameters()) for name, part in parts.items()}
    renamed, alphas = _to_diffusers(pipeline, state, lora, place)
    pairs = list(_pairs(renamed, alphas, metadata, lora, place))
    # All is judged before anything is added: a model is never bent by half a LoRA.
    resolved = [(_target(matrices, pair, lora, place), pair) for pair in pairs]
    with torch.no_grad():
        for weight, pair in resolved:
            up, down = pair.up.to(weight.device).float(), pair.down.to(weight.device).float()
            delta = (up.flatten(1) @ down.flatten(1)).reshape(weight.shape)
            bent = weight.float() + lora.choice.weight * pair.scale * delta
            weight.copy_(bent.to(weight.dtype))


def _is_of_another_kind(key: str) -> bool:
    return key.endswith(_DIFFERENCES) or any(kind in key for kind in _OTHER_KINDS)


@dataclass(frozen=True, slots=True)
class _Pair:
    """What is added to one matrix: ``scale * up @ down``."""

    part: str
    module: str
    up: Any
    down: Any
    scale: float


def _read(file: Path, lora: Lora, place: str) -> tuple[dict[str, Any], dict[str, Any]]:
    safetensors = library("safetensors", place)
    try:
        with safetensors.safe_open(file, framework="pt", device="cpu") as opened:
            metadata = json.loads((opened.metadata() or {}).get(_METADATA, "{}"))
            state = {key: opened.get_tensor(key) for key in opened.keys()}  # noqa: SIM118
    except (OSError, ValueError, safetensors.SafetensorError) as error:
        raise _unfit(lora, f"{file.name} cannot be read: {error}", "fetch it again", place) from error
    return state, metadata if isinstance(metadata, dict) else {}


def _to_diffusers(
    pipeline: Any, state: Mapping[str, Any], lora: Lora, place: str
) -> tuple[dict[str, Any], dict[str, float]]:
    """The file's tensors as ``PART.MODULE.lora_A.weight`` and so on; and alphas by ``PART.MODULE``."""
    if not hasattr(pipeline, "lora_state_dict"):
        raise _unfit(lora, f"{type(pipeline).__name__} takes none", "remove it", place)
    try:
        converted = pipeline.lora_state_dict(dict(state))
    except (KeyError, ValueError, RuntimeError, AttributeError, IndexError) as error:
        why = f"its layout is unknown ({error})"
        raise _unfit(lora, why, "convert it to diffusers' layout", place) from error
    alphas: Mapping[str, Any] = {}
    if isinstance(converted, tuple):
        converted, alphas = converted[0], converted[1] or {}
    if stray := next((key for key in converted if key.split(".")[0] not in _PARTS), None):
        raise _unfit(lora, f"{stray} belongs to no part of this model", "use one for this model", place)
    renamed = _renamed({key.removesuffix(".alpha"): alpha for key, alpha in alphas.items()}, place)
    return _renamed(converted, place), {_module(key): float(alpha) for key, alpha in renamed.items()}


def _renamed(state: Mapping[str, Any], place: str) -> dict[str, Any]:
    """The same under the names of peft, which diffusers has used since 0.20."""
    convert = library("diffusers.utils", place)
    out: dict[str, Any] = {}
    for part in _PARTS:
        mine = {key: value for key, value in state.items() if key.startswith(f"{part}.")}
        if part.startswith("text_encoder") and mine:
            mine = convert.convert_state_dict_to_peft(convert.convert_state_dict_to_diffusers(mine))
        elif mine:
            mine = convert.convert_unet_state_dict_to_peft(mine)
        out |= {key.replace(".processor.", "."): value for key, value in mine.items()}
    return out


def _module(key: str) -> str:
    return key.removesuffix(".weight").removesuffix(".lora_A").removesuffix(".lora_B")


def _pairs(
    state: Mapping[str, Any],
    alphas: Mapping[str, float],
    metadata: Mapping[str, Any],
    lora: Lora,
    place: str,
) -> Iterator[_Pair]:
    seen = set()
    for key, down in state.items():
        if not key.endswith(".lora_A.weight"):
            continue
        base = _module(key)
        if (up := state.get(f"{base}.lora_B.weight")) is None:
            raise _unfit(lora, f"{base} has only one of its two halves", "fetch it again", place)
        seen |= {key, f"{base}.lora_B.weight"}
        part, _, module = base.partition(".")
        rank = down.shape[0]
        # What the pair was trained to be scaled by, times its rank; the rank itself if nobody says.
        patterns = metadata.get(f"{part}.alpha_pattern") or {}
        alpha = alphas.get(base) or patterns.get(module) or metadata.get(f"{part}.lora_alpha") or rank
        yield _Pair(part, module, up, down, float(alpha) / rank)
    if not seen or (strays := [key for key in state if key not in seen]):
        why = f"{strays[0]} is no half of a LoRA's pair" if seen else "it holds no LoRA's pair"
        raise _unfit(lora, why, "use a plain LoRA for this model", place)


def _target(matrices: Mapping[str, Mapping[str, Any]], pair: _Pair, lora: Lora, place: str) -> Any:
    """The matrix that a pair is added to."""
    mine = matrices.get(pair.part, {})
    # transformers flattened CLIP's text model; older files still say text_model.
    for module in (pair.module, pair.module.removeprefix("text_model."), f"text_model.{pair.module}"):
        if (weight := mine.get(f"{module}.weight")) is None:
            continue
        if (pair.up.shape[0], pair.down.flatten(1).shape[1]) != (weight.shape[0], weight.flatten(1).shape[1]):
            fits = f"{pair.part}.{pair.module} is {tuple(weight.shape)} here"
            raise _unfit(lora, fits, "use one that was trained for this model", place)
        return weight
    name = f"{pair.part}.{pair.module}"
    raise _unfit(lora, f"this model has no {name}", "use one that was trained for this model", place)


def _unfit(lora: Lora, why: str, remedy: str, place: str) -> ConfigError:
    return ConfigError(f"the LoRA {lora.choice.id} does not fit: {why}", place=place, remedy=remedy)
