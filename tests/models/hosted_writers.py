"""What children of the writer's tests are built of: the real adapter over a tiny model."""

import os
from collections.abc import Callable, Mapping
from typing import Any

from webtv.core.clock import SystemClock
from webtv.prompts.answer import Reply
from webtv.prompts.local_model import LocalModel
from webtv.studio.capability import Capability
from webtv.studio.writing import LanguageModel


class Babel:
    """Answers what is no answer."""

    capability = Capability("local", "write", hosted=True)

    def answer(self, question: Mapping[str, Any]) -> Any:
        return {"text": ["of", question["tokens"]], "cut": "perhaps"}


def build(stage: str, options: Mapping[str, Any]) -> Any:
    """The builder.

    Args:
        stage: ``write``.
        options: ``model``, and ``gate`` for a FIFO out of which a byte is read for each token.
    """
    if "model" not in options:
        return Babel()
    import torch

    torch.set_num_threads(1)
    if "gate" in options:
        _wait_at(options["gate"])
    return LanguageModel(options["model"], clock=SystemClock(), device="cpu")


def _wait_at(gate: str) -> None:
    answer, descriptor = LocalModel.answer, os.open(gate, os.O_RDWR)

    def waiting(
        self: LocalModel, messages: Any, chance: Any, tokens: int, step: Callable[[int], None]
    ) -> Reply:
        def slowly(done: int) -> None:
            step(done)
            os.read(descriptor, 1)

        return answer(self, messages, chance, tokens, slowly)

    LocalModel.answer = waiting  # type: ignore[method-assign]
