"""The writer that asks a language model on this machine, wherever that lives."""

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from webtv.core.errors import ConfigError, QualityError
from webtv.prompts.answer import Reply
from webtv.prompts.dialogue import Message, written
from webtv.prompts.local_model import Chance, Question
from webtv.prompts.sequence import SequencePlan
from webtv.prompts.writer import Brief

Ask = Callable[[Question], Awaitable[Reply]]
"""Puts a question to a model; cancelling it stops the model within a token."""

PLACE = "writer local"
_TOKENS_EACH = 450  # of a shot; a wordy one has 300
_TOKENS_MORE = 400
_RECENT = 12  # titles and texts; local models read slowly and forget soon
_REMEDY = "if this happens often, set WEBTV_LOCAL_WRITER_MODEL to a larger model that was trained to follow"


class LocalWriter:
    """Asks a text-generation model of transformers; a :class:`webtv.prompts.writer.Writer`.

    It is told the same as a model behind an API, its answer is read by the same reader and gets the same one
    chance to be corrected.

    Args:
        model: id on the hub, or the folder that holds the model; for its name.
        ask: puts questions to it; here or in a process of its own (:mod:`webtv.studio.writing`).
        timeout: seconds that one answer may take, loading not counted.
        most_tokens: of one answer, whatever the sequence's length.
        temperature: how daring, 0 to 2; at 0 every sequence of a channel would begin alike.

    Raises:
        ConfigError: a choice is out of range.
    """

    def __init__(
        self,
        model: str | Path,
        ask: Ask,
        *,
        timeout: float = 300.0,
        most_tokens: int = 8192,
        temperature: float = 0.8,
    ) -> None:
        if not timeout > 0:
            _refuse("timeout", timeout, "a number of seconds above 0")
        if most_tokens < 64:
            _refuse("most_tokens", most_tokens, "a whole number of 64 or more")
        if not 0 <= temperature <= 2:
            _refuse("temperature", temperature, "a number from 0 to 2")
        self._model = str(model)
        self._ask = ask
        self._timeout = timeout
        self._most = most_tokens
        self._temperature = temperature

    @property
    def name(self) -> str:
        """Short name for provenance; a folder of the operator's says nothing but its name."""
        return f"local:{Path(self._model).name if Path(self._model).is_dir() else self._model}"

    async def write(self, brief: Brief) -> SequencePlan:
        """Write one sequence; cancelling stops the model within a token.

        Raises:
            ComponentError: torch or transformers is not installed, or the model was not fetched.
            ConfigError: there is no such model, or its context is too short for the request.
            TransientError: the model took too long, or its process died.
            ResourceError: the device is out of memory.
            QualityError: the answer was no usable sequence, even after one repair.
        """
        turn = 0

        async def ask(messages: Sequence[Message]) -> Reply:
            nonlocal turn
            chance = Chance((brief.seed + turn) % (1 << 63), self._temperature)
            turn += 1
            tokens = min(self._most, _TOKENS_MORE + _TOKENS_EACH * brief.channel.sequence.shots)
            try:
                return await self._ask(Question(messages, chance, tokens, self._timeout))
            except ConfigError as error:
                if turn == 1:
                    raise
                # The request fitted, so the choice of model stands; this sequence is what went wrong.
                raise QualityError(
                    f"the answer was no usable sequence, and its correction has no room: {error.message}",
                    place=self.name,
                    remedy=error.remedy,
                ) from error

        return await written(ask, brief, self.name, remedy=_REMEDY, recent=_RECENT)


def _refuse(choice: str, value: object, expected: str) -> None:
    raise ConfigError(f"{value!r} will not do", place=f"{PLACE}: {choice}", remedy=f"write {expected}")
