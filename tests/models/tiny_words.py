"""Tokenizers of a few words, as each kind of tiny model reads them."""

from collections.abc import Mapping, Sequence
from typing import Any

WORDS = ["a", "red", "fox", "runs", "left", "through", "snow", "at", "dawn", "blurry", "text", "watermark"]

T5 = {"pad_token": "<pad>", "eos_token": "</s>", "unk_token": "<unk>"}
"""Marks of T5 and its kin, by their roles and in the order of their numbers."""

CLIP = {"pad_token": "<pad>", "bos_token": "<start>", "eos_token": "<end>", "unk_token": "<unk>"}
"""Marks of CLIP's text model."""


def tokenizer(
    words: Sequence[str] = WORDS,
    *,
    marks: Mapping[str, str] = T5,
    longest: int = 32,
    ended: bool = True,
    masked: bool = False,
) -> Any:
    """Words to numbers: first the marks, then the words.

    Args:
        words: that it knows.
        marks: by their roles.
        longest: tokens of a text at most.
        ended: whether a text ends with its mark.
        masked: whether it gives an attention mask and nothing else beside the numbers.
    """
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    vocabulary = {word: n for n, word in enumerate([*marks.values(), *words])}
    made = Tokenizer(models.WordLevel(vocabulary, unk_token=marks["unk_token"]))
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    if ended:
        end = marks["eos_token"]
        made.post_processor = processors.TemplateProcessing(
            single=f"$A {end}", special_tokens=[(end, vocabulary[end])]
        )
    names = {"model_input_names": ["input_ids", "attention_mask"]} if masked else {}
    return PreTrainedTokenizerFast(tokenizer_object=made, model_max_length=longest, **marks, **names)
