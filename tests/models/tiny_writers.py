"""Tiny language models: one that knows nothing, and one that recites a text; real ones, in folders."""

import itertools
from pathlib import Path
from typing import Any

TEMPLATE = (
    "{% for message in messages %}{{ message['role'] }}: {{ message['content'] }}\n{% endfor %}"
    "{% if add_generation_prompt %}{{ '<again>' if messages|length > 2 else '<answer>' }}{% endif %}"
)
NO_SYSTEM = "{% if messages[0]['role'] == 'system' %}{{ raise_exception('no system') }}{% endif %}" + TEMPLATE
_PIECE = 48  # characters of a recited text that are one token


def _tokenizer(pieces: list[str], template: str | None, context: int) -> Any:
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    vocabulary = {word: n for n, word in enumerate(["<pad>", "<unk>", "</s>", "<answer>", "<again>"])}
    words = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    words.decoder = decoders.Fuse()
    words.add_special_tokens(list(vocabulary))
    words.add_tokens([AddedToken(piece, normalized=False) for piece in pieces])
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=words,
        pad_token="<pad>",
        unk_token="<unk>",
        eos_token="</s>",
        model_max_length=context,
        clean_up_tokenization_spaces=False,
    )
    tokenizer.chat_template = template
    return tokenizer


def save_reciter(
    folder: Path,
    first: str,
    again: str = "",
    *,
    template: str | None = TEMPLATE,
    context: int = 16_384,
) -> Path:
    """Save a model that recites: each of its tokens leads to the next one of the text and then to its end.

    Every layer passes on what it gets; a token's embedding points to itself, the head to what follows it.

    Args:
        folder: where.
        first: what it answers at first.
        again: what it answers when it is asked to correct itself.
        template: of conversations; None for none.
        context: tokens that it reads.
    """
    import torch
    from transformers import GPT2Config, GPT2LMHeadModel

    texts = [text for text in (first, again) if text]
    pieces = [[text[at : at + _PIECE] for at in range(0, len(text), _PIECE)] for text in texts]
    flat = [piece for text in pieces for piece in text]
    assert len(set(flat)) == len(flat), "each token leads to one other"
    tokenizer = _tokenizer(flat, template, context)
    number = tokenizer.convert_tokens_to_ids
    size = len(tokenizer)
    config = GPT2Config(
        vocab_size=size,
        n_embd=size + size % 2,
        n_layer=1,
        n_head=2,
        n_positions=context,
        bos_token_id=2,
        eos_token_id=2,
        pad_token_id=0,
        tie_word_embeddings=False,
    )
    with torch.random.fork_rng(devices=[]):
        model = GPT2LMHeadModel(config)
    with torch.no_grad():
        for parameter in model.transformer.h.parameters():
            parameter.zero_()
        model.transformer.wpe.weight.zero_()
        model.transformer.wte.weight.copy_(torch.eye(size, config.n_embd))
        model.lm_head.weight.zero_()
        for start, text in zip(("<answer>", "<again>"), pieces, strict=False):
            chain = [number(start), *map(number, text), number("</s>")]
            for token, following in itertools.pairwise(chain):
                model.lm_head.weight[following, token] = 10.0
        if template is None:  # whatever stands last leads to the first piece
            model.lm_head.weight[number(pieces[0][0]), number("<unk>")] = 10.0
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def save_babbler(folder: Path, *, context: int = 16_384) -> Path:
    """Save a random model that knows some pieces of JSON and nothing to say."""
    import torch
    from transformers import GPT2Config, GPT2LMHeadModel

    pieces = ['{"title": ', '"shots": [', '"a gull"', "{", "}", "]", ", ", "waves ", "<think>", "</think>"]
    tokenizer = _tokenizer(pieces, TEMPLATE, context)
    config = GPT2Config(
        vocab_size=len(tokenizer),
        n_embd=8,
        n_layer=1,
        n_head=2,
        n_positions=context,
        bos_token_id=2,
        eos_token_id=2,
        pad_token_id=0,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = GPT2LMHeadModel(config)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
