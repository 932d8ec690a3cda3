"""MusicGen in transformers: loaded once, then windows of tokens and their sound.

Tokens are kept beside the sound, and a window goes on from tokens: sound that went through the codec again
would lose a little at every window.
"""

import contextlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from webtv.core.errors import ConfigError, QualityError, ResourceError, TransientError, WebTVError
from webtv.core.libraries import is_out_of_memory, is_unreachable, library, quiet_library
from webtv.studio.diffusers.runtime import Runtime
from webtv.studio.musicgen.windows import FRAMES_PER_SECOND, Waves
from webtv.studio.progress import tell

PLACE = "studio.music musicgen"
CLASSES = {
    "musicgen": "MusicgenForConditionalGeneration",
    "musicgen_melody": "MusicgenMelodyForConditionalGeneration",
}
_RNG = threading.Lock()  # torch's global generator is lent to one piece at a time

Codes = NDArray[np.int64]
"""int64[codebooks, frames]; of a stereo model left and right in turn."""


@dataclass(frozen=True, slots=True)
class Sampling:
    """How the next token is chosen."""

    guidance: float
    temperature: float
    top_k: int


class MusicModel:
    """A MusicGen model and its codec.

    Args:
        model: id or folder.
        runtime: the operator's choices: device, dtype, offload, locate.

    Raises:
        ConfigError: it cannot be run as the operator chose, at ``models.CHOICE``.
    """

    def __init__(self, model: str, runtime: Runtime) -> None:
        if runtime.compile:
            raise ConfigError(
                "MusicGen cannot be compiled: what it reads grows by a token at each step",
                place="models.compile",
                remedy="switch it off for MusicGen",
            )
        if runtime.offload not in ("none", "model"):
            # Its parts are called past the hooks by which layers come and go.
            raise ConfigError(
                f"MusicGen is offloaded as a whole, and not by {runtime.offload}",
                place="models.offload",
                remedy="write none or model for MusicGen",
            )
        self._name = model
        self._runtime = runtime
        self._torch: Any = None
        self._transformers: Any = None
        self._model: Any = None
        self._tokenizer: Any = None
        self._device = ""

    @property
    def rate(self) -> int:
        """Samples per second that the codec works at."""
        return int(self._model.config.audio_encoder.sampling_rate)

    @property
    def per_frame(self) -> int:
        """Samples of one frame of tokens."""
        return int(np.prod(self._model.config.audio_encoder.upsampling_ratios))

    @property
    def channels(self) -> int:
        """1 or 2."""
        return int(self._model.config.decoder.audio_channels)

    def load(self) -> None:
        """Load it, if it is not loaded.

        Raises:
            ComponentError: torch or transformers is not installed.
            ConfigError: there is no such model, or it is no MusicGen in safetensors.
            TransientError: it could not be fetched.
            ResourceError: the device is out of memory.
        """
        if self._model is not None:
            return
        self._torch = torch = library("torch", PLACE)
        self._transformers = transformers = quiet_library("transformers", PLACE)
        source = self._runtime.locate(self._name)
        self._device = self._runtime.torch_device(torch)
        dtype = self._runtime.torch_dtype(torch, self._device, "float16")
        tell("load", 0, 1)
        # What is loaded is drawn at random first.
        with _RNG, torch.random.fork_rng(devices=self._devices()), self._translated(loading=True):
            config = transformers.AutoConfig.from_pretrained(source, trust_remote_code=False)
            if config.model_type not in CLASSES:
                raise ConfigError(
                    f"{self._name} is a {config.model_type} and no MusicGen",
                    place=PLACE,
                    remedy="name one of facebook/musicgen-small, -medium, -large, -melody or -stereo-*",
                )
            self._tokenizer = transformers.AutoTokenizer.from_pretrained(source, trust_remote_code=False)
            loader = getattr(transformers, CLASSES[config.model_type])
            model = loader.from_pretrained(
                source, config=config, dtype=dtype, use_safetensors=self._runtime.safe_only(self._name)
            )
            if self._codec_differs(model.config):
                raise ConfigError(
                    f"the codec of {self._name} does not make {FRAMES_PER_SECOND} frames of tokens a second",
                    place=PLACE,
                    remedy="name a model of MusicGen's own family",
                )
            self._model = (model if self._offloaded else model.to(self._device)).eval()
        tell("load", 1, 1)

    @property
    def _offloaded(self) -> bool:
        """Whether it waits in the machine's memory between two pieces."""
        return self._runtime.offload == "model"

    @contextlib.contextmanager
    def at_work(self) -> Iterator[None]:
        """Have it on its device while a piece is played.

        Raises:
            ResourceError: the device is out of memory.
        """
        if not self._offloaded:
            yield
            return
        try:
            with self._translated():
                self._model.to(self._device)
            yield
        finally:
            self._model.to("cpu")
            if self._devices():
                self._torch.cuda.empty_cache()

    @staticmethod
    def _codec_differs(config: Any) -> bool:
        codec = config.audio_encoder
        return int(codec.sampling_rate) != FRAMES_PER_SECOND * int(np.prod(codec.upsampling_ratios))

    def hear(self, text: str) -> Any:
        """What the model is given for a description."""
        return self._tokenizer(text, return_tensors="pt", truncation=True, max_length=512).to(self._device)

    @contextlib.contextmanager
    def seeded(self, seed: int) -> Iterator[None]:
        """Let chance follow from a seed, and leave it as it was: transformers draws from torch's own."""
        torch = self._torch
        with _RNG, torch.random.fork_rng(devices=self._devices()):
            torch.manual_seed(seed)
            yield

    def _devices(self) -> list[int]:
        """Whose generators must be put back, beside the CPU's."""
        device = self._torch.device(self._device)
        return [device.index or 0] if device.type == "cuda" else []

    def window(
        self, heard: Any, frames: int, before: Codes | None, sampling: Sampling, step: Callable[[], None]
    ) -> tuple[Waves, Codes]:
        """Make one window.

        Args:
            heard: the description, from :meth:`hear`.
            frames: of the window, 8 or more.
            before: the tokens that it begins with; None for none.
            sampling: how tokens are chosen.
            step: called before each token; may raise.

        Returns:
            float32[channels, frames * per_frame], and its tokens.

        Raises:
            QualityError: the model computes no numbers.
            ResourceError: the device is out of memory.
        """
        torch, model = self._torch, self._model
        books = model.decoder.num_codebooks
        delays = books // self.channels
        watch = _watch(torch, self._transformers, step)
        # Each codebook lags behind the one before it by a frame, so the last one needs some steps more.
        arguments: dict[str, Any] = {"max_length": frames + delays, "max_new_tokens": None}
        if before is not None:
            arguments["decoder_input_ids"] = torch.from_numpy(before).to(self._device)
        with self._translated():
            sound = model.generate(
                **heard,
                **arguments,
                do_sample=True,
                num_beams=1,
                guidance_scale=sampling.guidance,
                temperature=sampling.temperature,
                top_k=sampling.top_k,
                top_p=1.0,
                logits_processor=self._transformers.LogitsProcessorList([watch]),
                stopping_criteria=self._transformers.StoppingCriteriaList([watch.keep]),
            )
            waves = sound[0].float().cpu().numpy()
        codes = _undelayed(watch.keep.ids.cpu().numpy(), frames, self.channels)
        if before is not None:
            codes[:, : before.shape[1]] = before  # what stands there in the model's own record was overridden
        return waves, codes

    @contextlib.contextmanager
    def _translated(self, *, loading: bool = False) -> Iterator[None]:
        try:
            yield
        except (WebTVError, Abandoned):
            raise
        except Exception as error:
            if (trouble := self._trouble(error, loading=loading)) is None:
                raise
            raise trouble from error

    def _trouble(self, error: Exception, *, loading: bool) -> WebTVError | None:
        if is_out_of_memory(self._torch, error):
            return ResourceError(
                "the device has too little memory for this piece",
                place=PLACE,
                remedy="use a smaller model, a shorter window, or stop what else uses the device",
            )
        if not loading:
            return None
        if is_unreachable(error):
            return TransientError(
                f"the model {self._name} could not be fetched",
                place=PLACE,
                remedy="check the network, or name a folder that holds the model",
            )
        # Foreign files break in every way there is: each means that this is not the model that was meant.
        return ConfigError(
            f"no MusicGen could be loaded from {self._name}: {type(error).__name__}",
            place=PLACE,
            remedy="name a folder with config.json, model.safetensors and the tokenizer, or an id on the hub",
        )


class Abandoned(Exception):
    """Nobody waits for this piece any more; ends the thread that makes it."""


def _watch(torch: Any, transformers: Any, step: Callable[[], None]) -> Any:
    """What sees every token: before it is chosen, and all of them at the end."""

    class Keep(transformers.StoppingCriteria):  # type: ignore[misc]
        ids: Any = None

        def __call__(self, input_ids: Any, scores: Any, **_: Any) -> Any:
            self.ids = input_ids
            return torch.zeros(input_ids.shape[0], dtype=torch.bool, device=input_ids.device)

    class Watch(transformers.LogitsProcessor):  # type: ignore[misc]
        keep = Keep()

        def __call__(self, input_ids: Any, scores: Any) -> Any:
            step()
            # Sampling from what is no number ends a CUDA context, and with it the process.
            if not bool(torch.isfinite(scores).all()):
                raise QualityError(
                    "the model computes no numbers",
                    place=PLACE,
                    remedy="set the models' dtype to bfloat16 or float32",
                )
            return scores

    return Watch()


def _undelayed(ids: NDArray[np.int64], frames: int, channels: int) -> Codes:
    """The tokens of a model's own record, in which codebook n lags n frames behind the start token."""
    return np.stack([row[1 + n // channels : 1 + n // channels + frames] for n, row in enumerate(ids)])
