"""The writer that asks a language model on this machine."""

import asyncio
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal, get_args

from webtv.core.clock import Clock
from webtv.core.errors import ConfigError, QualityError, TransientError
from webtv.prompts.answer import Reply
from webtv.prompts.dialogue import Message, written
from webtv.prompts.local_model import Chance, LocalModel
from webtv.prompts.sequence import SequencePlan
from webtv.prompts.writer import Brief

Dtype = Literal["auto", "float32", "float16", "bfloat16"]

_PLACE = "writer local"
_TOKENS_EACH = 450  # of a shot; a wordy one has 300
_TOKENS_MORE = 400
_RECENT = 12  # titles and texts; local models read slowly and forget soon
_REMEDY = "if this happens often, set WEBTV_LOCAL_WRITER_MODEL to a larger model that was trained to follow"


def _as_given(model: str) -> str | Path:
    return model


class LocalWriter:
    """Asks a text-generation model of transformers; a :class:`webtv.prompts.writer.Writer`.

    The model is loaded by the first sequence and writes one at a time. It is told the same as a model behind
    an API, its answer is read by the same reader and gets the same one chance to be corrected.

    Args:
        model: id on the hub, or the folder that holds the model; the operator's choice.
        clock: for the time-out.
        device: ``cpu``, ``cuda``, ``cuda:1``, ``mps``, or ``auto`` for the best one there is.
        dtype: precision of the weights; ``auto`` is full on a CPU and that of the files elsewhere.
        locate: says which folder, or id, a model's id stands for.
        timeout: seconds that one answer may take, loading not counted.
        most_tokens: of one answer, whatever the sequence's length.
        temperature: how daring, 0 to 2; at 0 every sequence of a channel would begin alike.

    Raises:
        ConfigError: a choice is out of range.
    """

    def __init__(
        self,
        model: str | Path,
        *,
        clock: Clock,
        device: str = "auto",
        dtype: Dtype = "auto",
        locate: Callable[[str], str | Path] = _as_given,
        timeout: float = 300.0,
        most_tokens: int = 8192,
        temperature: float = 0.8,
    ) -> None:
        if dtype not in get_args(Dtype):
            _refuse("dtype", dtype, f"one of {', '.join(get_args(Dtype))}")
        if not timeout > 0:
            _refuse("timeout", timeout, "a number of seconds above 0")
        if most_tokens < 64:
            _refuse("most_tokens", most_tokens, "a whole number of 64 or more")
        if not 0 <= temperature <= 2:
            _refuse("temperature", temperature, "a number from 0 to 2")
        self._name = str(model)
        self._clock = clock
        self._timeout = timeout
        self._most = most_tokens
        self._temperature = temperature
        self._model = LocalModel(self._name, device=device, dtype=dtype, locate=locate, place=_PLACE)
        self._busy = threading.Lock()

    @property
    def name(self) -> str:
        """Short name for provenance; a folder of the operator's says nothing but its name."""
        return f"local:{Path(self._name).name if Path(self._name).is_dir() else self._name}"

    async def write(self, brief: Brief) -> SequencePlan:
        """Write one sequence; cancelling stops the model within a token.

        Raises:
            ComponentError: torch or transformers is not installed.
            ConfigError: there is no such model, or its context is too short for the request.
            TransientError: the model could not be fetched, or took too long.
            ResourceError: the device is out of memory.
            QualityError: the answer was no usable sequence, even after one repair.
        """
        turn = 0

        async def ask(messages: Sequence[Message]) -> Reply:
            nonlocal turn
            chance = Chance((brief.seed + turn) % (1 << 63), self._temperature)
            turn += 1
            tokens = min(self._most, _TOKENS_MORE + _TOKENS_EACH * brief.channel.sequence.shots)
            abandoned = threading.Event()
            try:
                return await asyncio.to_thread(self._answer, messages, chance, tokens, abandoned)
            except ConfigError as error:
                if turn == 1:
                    raise
                # The request fitted, so the choice of model stands; this sequence is what went wrong.
                raise QualityError(
                    f"the answer was no usable sequence, and its correction has no room: {error.message}",
                    place=self.name,
                    remedy=error.remedy,
                ) from error
            finally:
                abandoned.set()

        return await written(ask, brief, self.name, remedy=_REMEDY, recent=_RECENT)

    def _answer(
        self, messages: Sequence[Message], chance: Chance, tokens: int, abandoned: threading.Event
    ) -> Reply:
        with self._busy:
            if abandoned.is_set():
                raise _Abandoned
            self._model.load()
            ends = self._clock.monotonic() + self._timeout

            def step(done: int) -> None:
                if abandoned.is_set():
                    raise _Abandoned
                if self._clock.monotonic() >= ends:
                    raise TransientError(
                        f"the model wrote {done} tokens in {self._timeout:g} s and was not done",
                        place=_PLACE,
                        remedy="choose a smaller model, or raise WEBTV_LOCAL_WRITER_TIMEOUT",
                    )

            return self._model.answer(messages, chance, tokens, step)


class _Abandoned(Exception):
    """Nobody waits for this answer any more; ends the thread that writes it."""


def _refuse(choice: str, value: object, expected: str) -> None:
    raise ConfigError(f"{value!r} will not do", place=f"{_PLACE}: {choice}", remedy=f"write {expected}")
