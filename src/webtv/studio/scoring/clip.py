"""A take scorer that compares picture and text: CLIP, SigLIP and their kin, through transformers.

Two recipes turn a comparison into 0..1. A CLIP model's cosine is scaled as CLIPScore does, ``2.5 * max(cos,
0)`` (Hessel et al., EMNLP 2021). A SigLIP model has a probability of its own, ``sigmoid(scale * cos + bias)``
(Zhai et al., ICCV 2023). How far the pictures of a take resemble each other is the mean cosine between
neighbouring samples, as video benchmarks measure temporal consistency.

torch and transformers are imported when the first take is scored.
"""

import asyncio
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from webtv.core.errors import ConfigError, InputError, InternalError, ResourceError, TransientError
from webtv.core.libraries import is_unreachable, library, quiet_library
from webtv.prompts.sequence import ShotPrompt
from webtv.studio.capability import Capability
from webtv.studio.diffusers import wording
from webtv.studio.diffusers.runtime import Runtime
from webtv.studio.options import whole_number
from webtv.studio.ports import Frames, Score
from webtv.studio.progress import tell
from webtv.studio.scoring.measures import MeasureScorer, summed

MODEL: Final = "google/siglip-base-patch16-224"
_PLACE = "studio.score clip"
_BATCH = 4  # frames between two looks at whether anybody still waits
_CLIPSCORE = 2.5
_ALIKE = 0.6  # cosine between neighbouring samples that have nothing to do with each other
_WEIGHTS: Final[Mapping[str, float]] = {"shows": 0.7, "consistent": 0.15, "smooth": 0.15}
_REASONS: Final[Mapping[str, str]] = {
    "shows": "it hardly shows what was asked for",
    "consistent": "it shows one thing and then another",
    "smooth": "its motion is jerky or it flickers",
}


class ClipScorer:
    """A :class:`webtv.studio.ports.TakeScorer` over a model that embeds pictures and texts in one space.

    The model is loaded once, by the first take, and scores one take at a time.

    Args:
        model: id, or folder in transformers' layout; the operator's choice.
        runtime: device, precision and where weights are; the operator's choice.
        frames: samples of each take, 2 to 32; the curator's choice.

    Raises:
        ConfigError: ``frames`` will not do.
    """

    def __init__(self, model: str | Path = MODEL, runtime: Runtime | None = None, *, frames: int = 8) -> None:
        self._model = str(model)
        self._runtime = runtime or Runtime()
        self._frames = whole_number(frames, 2, 32, place="studio.score.frames")
        self._smoothness = MeasureScorer()
        self._loaded: _Model | None = None
        self._busy = threading.Lock()

    @property
    def capability(self) -> Capability:
        """Hosted: it holds a device's memory."""
        return Capability(
            "clip",
            "score",
            weights=(self._model,),
            packages=("torch", "transformers"),
            hosted=True,
            vram_gb=1.0,
            disk_gb=0.6,
        )

    @property
    def loads(self) -> dict[str, str]:
        """What decides what it loads: the model, and not how many frames it looks at."""
        return {"model": self._model}

    def adopt(self, previous: Self) -> None:
        """Take over what one with other options has loaded.

        Raises:
            InternalError: that one loads something else.
        """
        if previous.loads != self.loads:
            said = f"{Path(previous._model).name} was to be taken over for another model"
            raise InternalError(said, place=_PLACE, remedy="report it")
        self._loaded, previous._loaded = previous._loaded, None

    async def score(self, frames: Frames, fps: int, prompt: ShotPrompt) -> Score:
        """Compare a take with who does what where in its prompt; cancelling stops it after a few frames.

        Of a prompt without such fields, with the beginning of its text that the model has room for.

        Raises:
            InputError: this is no take, or the prompt has no text.
            ComponentError: torch or transformers is not installed.
            ConfigError: the model is not where the settings say, or is none of this kind.
            TransientError: it could not be fetched from the hub.
            ResourceError: the device is out of memory.
        """
        if not prompt.text.strip():
            raise InputError("there is no text to compare the take with", place=_PLACE)
        measured = await self._smoothness.score(frames, fps, prompt)  # judges the frames, too
        looked = np.linspace(0, len(frames) - 1, min(self._frames, len(frames))).astype(int)
        abandoned = threading.Event()
        try:
            shows, alike = await asyncio.to_thread(
                self._compare, [np.array(frames[at]) for at in looked], prompt, abandoned
            )
        finally:
            abandoned.set()
        parts = {"shows": shows}
        if "smooth" in measured.parts:
            parts |= {"consistent": alike, "smooth": measured.parts["smooth"]}
        return summed(parts, _WEIGHTS, _REASONS)

    def _compare(
        self, pictures: Sequence[Frames], prompt: ShotPrompt, abandoned: threading.Event
    ) -> tuple[float, float]:
        torch = library("torch", _PLACE)
        with self._busy:
            if self._loaded is None:
                self._loaded = _Model(self._model, self._runtime)
            try:
                written = self._loaded.text(prompt)
                seen: list[NDArray[np.float32]] = []
                for start in range(0, len(pictures), _BATCH):
                    if abandoned.is_set():
                        raise _Abandoned
                    seen.append(self._loaded.pictures(pictures[start : start + _BATCH]))
                    tell("score", min(start + _BATCH, len(pictures)), len(pictures))
            except torch.OutOfMemoryError as error:
                raise ResourceError(
                    "the device has too little memory to look at this take",
                    place=_PLACE,
                    remedy="stop what else uses the device, or score with a smaller model or measures",
                ) from error
        rows = np.concatenate(seen)
        alike = float((rows[1:] * rows[:-1]).sum(axis=1).mean()) if len(rows) > 1 else 1.0
        return self._loaded.agreement(rows @ written), min(1.0, max(0.0, (alike - _ALIKE) / (1 - _ALIKE)))


class _Abandoned(Exception):
    """Nobody waits for this score any more; ends the thread that makes it."""


class _Model:
    """A loaded model with its tokenizer and its way of preparing pictures."""

    def __init__(self, name: str, runtime: Runtime) -> None:
        self._torch = torch = library("torch", _PLACE)
        transformers = quiet_library("transformers", _PLACE)
        source = runtime.locate(name)
        self._device = runtime.torch_device(torch)
        self._dtype = runtime.torch_dtype(torch, self._device, "float16")
        try:
            model = transformers.AutoModel.from_pretrained(
                source, dtype=self._dtype, use_safetensors=runtime.safe_only(name)
            )
            self._tokenizer = transformers.AutoTokenizer.from_pretrained(source)
            self._prepare = transformers.AutoImageProcessor.from_pretrained(source)
        except (OSError, ValueError, KeyError) as error:
            raise _not_loaded(name, error) from error
        if not hasattr(model, "get_image_features") or not hasattr(model, "logit_scale"):
            raise ConfigError(
                f"{Path(name).name} is a {type(model).__name__} and compares no pictures with texts",
                place=_PLACE,
                remedy="name a CLIP or SigLIP model",
            )
        self._model = model.to(self._device).eval()
        self._longest = int(model.config.text_config.max_position_embeddings)
        self._probability = hasattr(model, "logit_bias")

    def text(self, prompt: ShotPrompt) -> NDArray[np.float32]:
        """What is looked for as a unit vector, float32[D]; camera and look are no part of it."""
        tokens = self._tokenizer(
            [wording.seen(prompt, wording.room(self._tokenizer, self._longest))],
            # SigLIP was trained on texts of one length.
            padding="max_length" if self._probability else True,
            truncation=True,
            max_length=self._longest,
            return_tensors="pt",
        ).to(self._device)
        with self._torch.inference_mode():
            (row,) = self._units(self._model.get_text_features(**tokens))
        return np.asarray(row, np.float32)

    def pictures(self, pictures: Sequence[Frames]) -> NDArray[np.float32]:
        """Pictures, uint8[H, W, 3], as unit vectors: float32[N, D]."""
        inputs = self._prepare(images=list(pictures), input_data_format="channels_last", return_tensors="pt")
        pixels = inputs["pixel_values"].to(self._device, self._dtype)
        with self._torch.inference_mode():
            return self._units(self._model.get_image_features(pixel_values=pixels))

    def agreement(self, cosines: NDArray[np.float32]) -> float:
        """How far pictures show a text, 0..1, from their cosines."""
        if not self._probability:
            return float(np.clip(_CLIPSCORE * cosines, 0, 1).mean())
        scale, bias = (
            float(value.detach().float()) for value in (self._model.logit_scale, self._model.logit_bias)
        )
        logits = np.exp(scale) * cosines.astype(np.float64) + bias
        return float((1 / (1 + np.exp(-logits))).mean())

    @staticmethod
    def _units(output: Any) -> NDArray[np.float32]:
        rows = np.asarray(getattr(output, "pooler_output", output).float().cpu().numpy(), np.float32)
        return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9), np.float32)


def _not_loaded(name: str, error: Exception) -> ConfigError | TransientError:
    if is_unreachable(error):
        return TransientError(
            f"the model {Path(name).name} could not be fetched",
            place=_PLACE,
            remedy="check the network, or name a folder that holds the model",
        )
    return ConfigError(
        f"no model that compares pictures with texts could be loaded from {Path(name).name}",
        place=_PLACE,
        remedy="name a folder in transformers' layout with safetensors, or an id on the hub",
    )
