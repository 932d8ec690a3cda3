"""Prompts for models that read little: what a text encoder has no room for, nobody may cut off unseen.

CLIP's text encoder takes 77 tokens and drops the rest without a word. A house prompt is twice as long, and
its camera stands at the end. Where a text does not fit, a shorter one is made of the prompt's fields, the
most important first; where there are no fields, the text ends with a sentence or at least with a word.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from webtv.prompts.sequence import ShotPrompt
from webtv.studio import notes

FEW: Final = 77  # tokens of CLIP's text encoder; models with room for more were trained on whole texts
_PAINTED: Final = ("subject", "action", "setting", "camera", "light", "palette", "style")
_SEEN: Final = ("subject", "action", "setting")
_SENTENCE: Final = re.compile(r"(?<=[.!?])\s+")
_TOKENIZERS: Final = ("tokenizer", "tokenizer_2", "tokenizer_3")

Fits = Callable[[str], bool]
"""Whether a text encoder has room for a whole text."""


def room(tokenizer: Any, most: int) -> Fits:
    """What a tokenizer of transformers says of texts.

    Args:
        tokenizer: the model's own.
        most: tokens that the model reads, its marks of beginning and end among them.
    """
    return lambda text: len(tokenizer(text, verbose=False)["input_ids"]) <= most


def room_of(pipeline: Any) -> Fits | None:
    """What fits into the text encoders of a pipeline of diffusers; None if one of them reads long texts."""
    found = [getattr(pipeline, name, None) for name in _TOKENIZERS]
    tokenizers = [tokenizer for tokenizer in found if tokenizer is not None]
    if not tokenizers or any(tokenizer.model_max_length > FEW for tokenizer in tokenizers):
        return None
    rooms = [room(tokenizer, tokenizer.model_max_length) for tokenizer in tokenizers]
    return lambda text: all(fits(text) for fits in rooms)


def asked(pipeline: Any, prompt: ShotPrompt, stage: str) -> dict[str, str | None]:
    """The prompt and the negative one that a pipeline is called with; notes what is read of them, if not all.

    Args:
        pipeline: of diffusers, loaded.
        prompt: what to show.
        stage: for the notes ``STAGE.prompt_read`` and ``STAGE.negative_read``.
    """
    said, negative = prompt.text, prompt.negative
    if (fits := room_of(pipeline)) is not None:
        said, negative = painted(prompt, fits), unwanted(prompt.negative, fits)
    for name, read, whole in (("prompt", said, prompt.text), ("negative", negative, prompt.negative)):
        if read != whole:
            notes.note(f"{stage}.{name}_read", read)
    return {"prompt": said, "negative_prompt": negative or None}


def painted(prompt: ShotPrompt, fits: Fits) -> str:
    """What a model is given that paints a prompt: its text if that fits, or what matters most of it."""
    return prompt.text if fits(prompt.text) else of_fields(prompt, _PAINTED, fits) or cut(prompt.text, fits)


def seen(prompt: ShotPrompt, fits: Fits) -> str:
    """What a model is given that looks for a prompt in pictures: who does what where, and no camera work."""
    return of_fields(prompt, _SEEN, fits) or cut(prompt.text, fits)


def unwanted(negative: str, fits: Fits) -> str:
    """What of a negative prompt fits: its phrases up to the first that does not, or else its words."""
    return (
        negative
        if fits(negative)
        else _longest(negative.split(","), ",", fits).strip() or cut(negative, fits)
    )


def of_fields(prompt: ShotPrompt, names: Sequence[str], fits: Fits) -> str:
    """Whole fields, each that still fits after those before it; empty if not even the first does."""
    said = ""
    for name in names:
        if not (phrase := getattr(prompt, name).strip(" .,;")):
            continue
        # What somebody does follows them without a comma.
        between = "" if not said else " " if name == "action" else ", "
        if fits(longer := said + between + phrase):
            said = longer
        elif not said:
            return ""
    return said


def cut(text: str, fits: Fits) -> str:
    """The longest beginning of a text that fits and ends with a sentence, or else with a word."""
    return (
        text
        if fits(text)
        else _longest(_SENTENCE.split(text), " ", fits) or _longest(text.split(), " ", fits)
    )


def _longest(parts: Sequence[str], between: str, fits: Fits) -> str:
    return next((text for text in _shorter(parts, between) if fits(text)), "")


def _shorter(parts: Sequence[str], between: str) -> Iterator[str]:
    for count in range(len(parts) - 1, 0, -1):
        yield between.join(parts[:count])
