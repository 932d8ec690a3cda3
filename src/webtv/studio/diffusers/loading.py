"""Loading a diffusers pipeline as the operator wants it run: from safetensors, running none of its code."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from webtv.core.errors import ConfigError, TransientError, WebTVError
from webtv.studio.diffusers import loras, schedulers
from webtv.studio.diffusers.frames import LatentColours
from webtv.studio.diffusers.loras import Lora
from webtv.studio.diffusers.runtime import Runtime, library

_UNREACHABLE = ("ConnectError", "ConnectTimeout", "ReadTimeout", "ReadError", "gaierror")


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
        scheduler: a name of :mod:`webtv.studio.diffusers.schedulers`; empty for the model's own.
        scheduling: what the family sets in it, whatever came with the model.
        loras: what is added to the weights.
        colours: what the channels of its latents mean, for previews; None for no previews.
    """

    model: str
    kind: str
    dtype: str = "float16"
    full_vae: bool = False
    parts: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    slicing: bool = True
    scheduler: str = ""
    scheduling: Mapping[str, Any] = field(default_factory=dict)
    loras: tuple[Lora, ...] = ()
    colours: LatentColours | None = None


def load(torch: Any, recipe: Recipe, runtime: Runtime, *, stage: str, place: str) -> Any:
    """Load a pipeline and bring it to its device; blocks.

    Args:
        torch: the library.
        recipe: which one.
        runtime: how it is run.
        stage: for errors of the curator's options.
        place: for all others.

    Raises:
        ComponentError: diffusers or transformers is not installed.
        ConfigError: there is no such model or device, or it cannot be run as the operator wants.
        InputError: the model has no such scheduler.
        TransientError: the model could not be fetched.
    """
    diffusers = library("diffusers", place)
    for name in ("diffusers", "transformers"):  # a log is no terminal
        library(f"{name}.utils.logging", place).disable_progress_bar()
    device = runtime.torch_device(torch)
    try:
        pipeline = _from_pretrained(torch, diffusers, device, recipe, runtime)
    except WebTVError:
        raise
    except Exception as error:  # a model's files may be wrong in any way
        if is_out_of_memory(torch, error):
            raise
        raise _not_loaded(error, recipe, place) from error
    pipeline.set_progress_bar_config(disable=True)
    if recipe.scheduler or recipe.scheduling:
        pipeline.scheduler = schedulers.choose(
            diffusers,
            pipeline.scheduler,
            recipe.scheduler,
            recipe.scheduling,
            place=f"studio.{stage}.scheduler",
        )
    for denoiser in denoisers(pipeline):
        denoiser.eval()  # one that was put together from parts is still in training
    loras.add(pipeline, recipe.loras, runtime, place)
    vae: Any = getattr(pipeline, "vae", None)
    # The peak of memory is where pictures are decoded (huggingface/diffusers#12097).
    # Every autoencoder has the methods; those that cannot do it lack what they set.
    if recipe.slicing and hasattr(vae, "use_slicing"):
        vae.enable_slicing()
    if runtime.vae_tiling and hasattr(vae, "use_tiling"):
        vae.enable_tiling()
    _place_on(torch, pipeline, device, runtime)
    return pipeline


def _from_pretrained(torch: Any, diffusers: Any, device: str, recipe: Recipe, runtime: Runtime) -> Any:
    dtype = runtime.torch_dtype(torch, device, recipe.dtype)
    parts = {
        name: getattr(diffusers, kind).from_pretrained(
            runtime.locate(model), dtype=dtype, use_safetensors=runtime.safe_only(model)
        )
        for name, (kind, model) in recipe.parts.items()
    }
    return getattr(diffusers, recipe.kind).from_pretrained(
        runtime.locate(recipe.model),
        dtype={"default": dtype, "vae": torch.float32} if recipe.full_vae else dtype,
        use_safetensors=runtime.safe_only(recipe.model),
        trust_remote_code=False,
        variant=runtime.variant,
        **parts,
    )


def _not_loaded(error: Exception, recipe: Recipe, place: str) -> ConfigError | TransientError:
    models = " with ".join([recipe.model, *(model for _, model in recipe.parts.values())])
    if any(_is_unreachable(cause) for cause in _causes(error)):
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
        # Compiling the block that repeats costs a fraction of compiling the whole, and runs as fast.
        if getattr(denoiser, "_repeated_blocks", None):
            denoiser.compile_repeated_blocks()
        else:
            denoiser.compile()


def _wanted(choice: str, denoiser: Any, method: str, *arguments: Any, **named: Any) -> None:
    """Do what the operator chose to a denoiser, or say that it cannot be done."""
    try:
        getattr(denoiser, method)(*arguments, **named)
    except (AttributeError, ImportError, RuntimeError, ValueError) as error:
        raise ConfigError(
            f"{type(denoiser).__name__} cannot do it here: {str(error).splitlines()[0]}",
            place=f"models.{choice}",
            remedy="remove the setting, or install what it needs",
        ) from error


def first_line(error: BaseException) -> str:
    """The beginning of what an error says, or its name."""
    return (str(error).strip() or type(error).__name__).splitlines()[0]


def is_out_of_memory(torch: Any, error: BaseException) -> bool:
    """Whether a device, or the machine, had too little memory; each backend says it in its own way."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    text = str(error).lower()
    return isinstance(error, RuntimeError) and ("out of memory" in text or "can't allocate memory" in text)


def _is_unreachable(error: BaseException) -> bool:
    # The hub's client speaks through httpx, whose errors are not OSErrors.
    return isinstance(error, ConnectionError | TimeoutError) or type(error).__name__ in _UNREACHABLE


def _causes(error: BaseException) -> Iterator[BaseException]:
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__ or cause.__context__
