"""Loading a diffusers pipeline as the operator wants it run: from safetensors, running none of its code."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from webtv.core.errors import ConfigError, TransientError, WebTVError
from webtv.core.libraries import is_out_of_memory, is_unreachable, quiet_library
from webtv.studio.diffusers import keys, loras
from webtv.studio.diffusers.frames import LatentColours
from webtv.studio.diffusers.loras import Lora
from webtv.studio.diffusers.runtime import Runtime


@dataclass(frozen=True, slots=True)
class Recipe:
    """Which pipeline it is and how it is loaded.

    Attributes:
        model: id or folder of a model in diffusers' layout.
        kind: name of diffusers' class; ``DiffusionPipeline`` for the one that the model names.
        dtype: precision of the weights that suits it best on a GPU.
        full_vae: whether its autoencoder needs 32 bits, because 16 cost it visible quality or overflow.
        parts: further parts by the pipeline's names for them: diffusers' class, and id or folder.
        slicing: whether frames are decoded one by one where the autoencoder can.
        loras: what is added to the weights.
        scheduler: a name of :mod:`webtv.studio.diffusers.schedulers`; empty for the model's own. Chosen for
            each take.
        scheduling: what the family sets in it, whatever came with the model.
        colours: what the channels of its latents mean, for previews; None for no previews.
        window: frames that AnimateDiff's FreeNoise works on at once; 0 for takes that are made without it.
        stride: frames between two of its windows.
    """

    model: str
    kind: str
    dtype: str = "float16"
    full_vae: bool = False
    parts: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    slicing: bool = True
    loras: tuple[Lora, ...] = ()
    scheduler: str = ""
    scheduling: Mapping[str, Any] = field(default_factory=dict)
    colours: LatentColours | None = None
    window: int = 0
    stride: int = 4

    @property
    def loads(self) -> dict[str, Any]:
        """What of it decides the loaded pipeline; JSON-compatible."""
        return {
            "model": self.model,
            "kind": self.kind,
            "dtype": self.dtype,
            "full_vae": self.full_vae,
            "parts": {name: list(part) for name, part in self.parts.items()},
            "slicing": self.slicing,
            "windowed": self.window > 0,
            "loras": [[lora.source, lora.choice.file, lora.choice.weight] for lora in self.loras],
        }


def load(torch: Any, recipe: Recipe, runtime: Runtime, *, place: str) -> Any:
    """Load a pipeline with the scheduler that came with it, and bring it to its device; blocks.

    Args:
        torch: the library.
        recipe: which one.
        runtime: how it is run.
        place: for errors.

    Raises:
        ComponentError: diffusers or transformers is not installed.
        ConfigError: there is no such model or device, or it cannot be run as the operator wants.
        TransientError: the model could not be fetched.
    """
    diffusers = quiet_library("diffusers", place)
    quiet_library("transformers", place)
    device = runtime.torch_device(torch)
    try:
        pipeline, source = _from_pretrained(torch, diffusers, device, recipe, runtime)
        keys.expect_whole(torch, pipeline, source, runtime.variant, place)
    except WebTVError:
        raise
    except Exception as error:  # a model's files may be wrong in any way
        if is_out_of_memory(torch, error):
            raise
        raise _not_loaded(error, recipe, place) from error
    pipeline.set_progress_bar_config(disable=True)
    if recipe.window:
        # It puts other modules in the place of some: before anything is done to those, such as offloading.
        pipeline.enable_free_noise(context_length=recipe.window, context_stride=recipe.stride)
    for denoiser in denoisers(pipeline):
        denoiser.eval()  # one that was put together from parts is still in training
    loras.add(pipeline, recipe.loras, runtime, place)
    vae: Any = getattr(pipeline, "vae", None)
    # The peak of memory is where pictures are decoded (huggingface/diffusers#12097).
    # Every autoencoder has the methods; those that cannot do it lack what they set.
    if recipe.slicing and hasattr(vae, "use_slicing"):
        vae.enable_slicing()
    if runtime.vae_tiling:
        if not hasattr(vae, "use_tiling"):
            raise _impossible("vae_tiling", vae, "it decodes no tiles", "remove the setting")
        vae.enable_tiling()
    _place_on(torch, pipeline, device, runtime)
    return pipeline


def _from_pretrained(
    torch: Any, diffusers: Any, device: str, recipe: Recipe, runtime: Runtime
) -> tuple[Any, str | Path]:
    """A pipeline, and where it was loaded from."""
    dtype = runtime.torch_dtype(torch, device, recipe.dtype)
    parts = {
        name: getattr(diffusers, kind).from_pretrained(
            runtime.locate(model), dtype=dtype, use_safetensors=runtime.safe_only(model)
        )
        for name, (kind, model) in recipe.parts.items()
    }
    source = runtime.locate(recipe.model)
    pipeline = getattr(diffusers, recipe.kind).from_pretrained(
        source,
        dtype={"default": dtype, "vae": torch.float32} if recipe.full_vae else dtype,
        use_safetensors=runtime.safe_only(recipe.model),
        trust_remote_code=False,
        variant=runtime.variant,
        **parts,
    )
    return pipeline, source


def _not_loaded(error: Exception, recipe: Recipe, place: str) -> ConfigError | TransientError:
    models = " with ".join([recipe.model, *(model for _, model in recipe.parts.values())])
    if is_unreachable(error):
        return TransientError(
            f"the model {models} could not be fetched",
            remedy="check the network, or name a folder that holds the model",
            place=place,
        )
    return ConfigError(
        f"no {recipe.kind} could be loaded from {models}: {first_line(error)}",
        remedy="name a folder in diffusers' layout with safetensors (it holds model_index.json), or an id on"
        " the hub",
        place=place,
    )


def public_name(model: str) -> str:
    """A model as viewers may know it: an id, or of a folder nothing but its name."""
    path = Path(model)
    return path.name if path.is_absolute() or model.startswith((".", "~")) or path.is_dir() else model


def denoisers(pipeline: Any) -> list[Any]:
    """The models of a pipeline that take the noise away; where its work is."""
    names = ("transformer", "transformer_2", "unet")
    return [part for name in names if (part := getattr(pipeline, name, None)) is not None]


def _place_on(torch: Any, pipeline: Any, device: str, runtime: Runtime) -> None:
    """Bring a pipeline to its device, as the operator wants it run there."""
    for denoiser in denoisers(pipeline):
        if runtime.layerwise_casting:
            _wanted(
                "layerwise_casting",
                denoiser,
                "enable_layerwise_casting",
                storage_dtype=torch.float8_e4m3fn,
                compute_dtype=denoiser.dtype,
            )
        if runtime.attention is not None:
            _expect_choice_of_attention(denoiser)
            _wanted("attention", denoiser, "set_attention_backend", runtime.attention)
    match runtime.offload:
        case "none":
            pipeline.to(device)
        case "model":
            pipeline.enable_model_cpu_offload(device=device)
        case "sequential":
            pipeline.enable_sequential_cpu_offload(device=device)
        case "group":
            pipeline.enable_group_offload(
                onload_device=torch.device(device),
                offload_device=torch.device("cpu"),
                offload_type="leaf_level",
                use_stream=device.startswith("cuda"),
            )
    for denoiser in denoisers(pipeline) if runtime.compile else ():
        # Compiling the block that repeats costs a fraction of compiling the whole, and runs as fast. Of any
        # size, or takes of each length would be compiled for anew.
        if getattr(denoiser, "_repeated_blocks", None):
            denoiser.compile_repeated_blocks(dynamic=True)
        else:
            denoiser.compile(dynamic=True)


def _wanted(choice: str, denoiser: Any, method: str, *arguments: Any, **named: Any) -> None:
    """Do what the operator chose to a denoiser, or say that it cannot be done."""
    try:
        getattr(denoiser, method)(*arguments, **named)
    except (AttributeError, ImportError, RuntimeError, ValueError) as error:
        remedy = "remove the setting, or install what it needs"
        raise _impossible(choice, denoiser, first_line(error), remedy) from error


def _expect_choice_of_attention(denoiser: Any) -> None:
    """Refuse a denoiser whose layers never ask which back end is set, as those of the older U-Nets."""
    layers = (getattr(module, "processor", None) for module in denoiser.modules())
    if not any(hasattr(layer, "_attention_backend") for layer in layers):
        raise _impossible("attention", denoiser, "its layers know one attention only", "remove the setting")


def _impossible(choice: str, part: Any, why: str, remedy: str) -> ConfigError:
    kind = type(part).__name__ if part is not None else "a model without an autoencoder"
    return ConfigError(f"{kind} cannot do it here: {why}", place=f"models.{choice}", remedy=remedy)


def first_line(error: BaseException) -> str:
    """The beginning of what an error says, or its name."""
    return (str(error).strip() or type(error).__name__).splitlines()[0]
