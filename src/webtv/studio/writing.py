"""A language model of this machine as an adapter.

The writer (:mod:`webtv.prompts.local_writer`) puts the questions, from another process
(:mod:`webtv.studio.scribe`). torch and transformers are imported when the first one is answered.
"""

import asyncio
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, Literal, get_args

from webtv.core.clock import Clock
from webtv.core.errors import ConfigError, TransientError
from webtv.prompts.answer import Reply
from webtv.prompts.local_model import LocalModel, Question
from webtv.studio.capability import Capability
from webtv.studio.precision import device_gb
from webtv.studio.progress import tell

Dtype = Literal["auto", "float32", "float16", "bfloat16"]

PLACE: Final = "studio.write local"
_MEMORY_MORE: Final = 1.15  # times the weights: keys and values of the longest conversation, and its numbers


def _as_given(model: str) -> str | Path:
    return model


class LanguageModel:
    """Answers questions with a text-generation model of transformers, one at a time.

    The model is loaded by the first question.

    Args:
        model: id on the hub, or the folder that holds the model; the operator's choice.
        clock: for the time that an answer may take.
        device: ``cpu``, ``cuda``, ``cuda:1``, ``mps``, or ``auto`` for the best one there is.
        dtype: precision of the weights; ``auto`` is full on a CPU and that of the files elsewhere.
        locate: says which folder, or id, a model's id stands for.
        gb: size of the weights; None to look at the model's folder, if the model is one.

    Raises:
        ConfigError: a choice is out of range.
    """

    def __init__(
        self,
        model: str | Path,
        *,
        clock: Clock,
        device: str = "auto",
        dtype: str = "auto",
        locate: Callable[[str], str | Path] = _as_given,
        gb: float | None = None,
    ) -> None:
        if dtype not in get_args(Dtype):
            raise ConfigError(
                f"{dtype!r} will not do",
                place=f"{PLACE}: dtype",
                remedy=f"write one of {', '.join(get_args(Dtype))}",
            )
        self._name = str(model)
        self._clock = clock
        self._device = device
        self._dtype = dtype
        self._gb = _size(Path(self._name)) if gb is None else gb
        self._model = LocalModel(self._name, device=device, dtype=dtype, locate=locate, place=PLACE)
        self._busy = threading.Lock()

    @property
    def capability(self) -> Capability:
        """What it takes; the device's memory by the size of the weights, 0 where nobody knows that."""
        device = None if self._device == "auto" else self._device
        # Weights are published in halves; `auto` keeps them so on whatever is no CPU.
        dtype = "bfloat16" if self._dtype == "auto" else self._dtype
        return Capability(
            "local",
            "write",
            weights=(self._name,),
            packages=("torch", "transformers"),
            hosted=True,
            vram_gb=round(device_gb(self._gb * _MEMORY_MORE, device, dtype), 1),
            disk_gb=round(self._gb, 1),
        )

    async def ask(self, question: Question) -> Reply:
        """Answer; cancelling stops the model within a token.

        Raises:
            ComponentError: torch or transformers is not installed, or the model was not fetched.
            ConfigError: there is no such model, or its context is too short for the question.
            TransientError: it took too long, or failed at work.
            ResourceError: the device is out of memory.
            QualityError: the model computes no numbers.
        """
        abandoned = threading.Event()
        try:
            return await asyncio.to_thread(self._answer, question, abandoned)
        finally:
            abandoned.set()

    async def answer(self, question: Mapping[str, Any]) -> dict[str, Any]:
        """The same as JSON; this is what a child is asked.

        Args:
            question: as :meth:`webtv.prompts.local_model.Question.to_json` makes it.

        Returns:
            ``text`` and ``cut`` of the reply.

        Raises:
            WebTVError: as :meth:`ask`.
        """
        reply = await self.ask(Question.from_json(question))
        return {"text": reply.text, "cut": reply.cut}

    def _answer(self, question: Question, abandoned: threading.Event) -> Reply:
        with self._busy:
            if abandoned.is_set():
                raise _Abandoned
            # Told again though it is loaded: until the first token the question is read, which may take long.
            tell("load", 0, 1)
            self._model.load()
            tell("load", 1, 1)
            ends = self._clock.monotonic() + question.seconds

            def step(done: int) -> None:
                if abandoned.is_set():
                    raise _Abandoned
                if self._clock.monotonic() >= ends:
                    raise TransientError(
                        f"the model wrote {done} tokens in {question.seconds:g} s and was not done",
                        place=PLACE,
                        remedy="choose a smaller model, or raise WEBTV_LOCAL_WRITER_TIMEOUT",
                    )
                tell("write", done, question.tokens)

            return self._model.answer(question.messages, question.chance, question.tokens, step)


class _Abandoned(Exception):
    """Nobody waits for this answer any more; ends the thread that writes it."""


def _size(folder: Path) -> float:
    """GB of the weights in a folder; 0 if it is none."""
    return sum(path.stat().st_size for path in folder.glob("*.safetensors")) / 1e9
