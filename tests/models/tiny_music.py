"""Random MusicGen models of a few thousand weights, in folders that the real ``from_pretrained`` loads."""

from pathlib import Path
from typing import Any

import tiny_words

WORDS = [
    "calm",
    "tense",
    "piano",
    "strings",
    "drums",
    "bpm",
    "instrumental",
    "no",
    "vocals",
    ",",
    "72",
    "120",
]
BOOK = 64


def tokenizer() -> Any:
    """One that knows a few words."""
    return tiny_words.tokenizer(WORDS, longest=512, masked=True)


def music_config(channels: int = 1, *, melody: bool = False) -> Any:
    """Configuration of a tiny model with MusicGen's own rates: 32 kHz and 50 frames of tokens a second."""
    from transformers import (
        EncodecConfig,
        MusicgenConfig,
        MusicgenDecoderConfig,
        MusicgenMelodyConfig,
        MusicgenMelodyDecoderConfig,
        T5Config,
    )

    text = T5Config(
        vocab_size=len(WORDS) + 3,
        d_model=16,
        d_kv=8,
        d_ff=16,
        num_layers=1,
        num_heads=2,
        is_encoder_decoder=False,
    )
    codec = EncodecConfig(
        sampling_rate=32_000,
        audio_channels=1,
        normalize=False,
        chunk_length_s=None,
        num_filters=2,
        hidden_size=8,
        codebook_dim=8,
        codebook_size=BOOK,
        upsampling_ratios=[8, 5, 4, 4],
        num_lstm_layers=1,
        use_causal_conv=False,
        target_bandwidths=[1.2],  # four codebooks of 6 bits, 50 times a second
    )
    kind = MusicgenMelodyDecoderConfig if melody else MusicgenDecoderConfig
    decoder = kind(
        vocab_size=BOOK,
        hidden_size=16,
        ffn_dim=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_codebooks=4 * channels,
        audio_channels=channels,
        pad_token_id=BOOK,
        bos_token_id=BOOK,
    )
    whole = MusicgenMelodyConfig if melody else MusicgenConfig
    more = {"chroma_length": 8} if melody else {}
    return whole(text_encoder=text, audio_encoder=codec, decoder=decoder, **more)


def save_music(folder: Path, channels: int = 1, *, melody: bool = False, loudness: float = 1.0) -> Path:
    """Save a random model.

    Args:
        folder: where.
        channels: 1 or 2.
        melody: of the melody kind.
        loudness: of what its codec makes; 0 for silence.
    """
    import torch
    from transformers import MusicgenForConditionalGeneration, MusicgenMelodyForConditionalGeneration

    kind = MusicgenMelodyForConditionalGeneration if melody else MusicgenForConditionalGeneration
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(channels)
        model = kind(music_config(channels, melody=melody))
        for layer in model.audio_encoder.quantizer.layers:
            layer.codebook.embed.normal_(std=20)  # a new codec knows but one token
        last = model.audio_encoder.decoder.layers[-1].conv
        with torch.no_grad():
            last.bias.zero_()
            last.parametrizations.weight.original0.mul_(
                loudness
            )  # the norm; of nothing there is no direction
            for parameter in model.decoder.parameters():  # so that the brief decides what comes
                if parameter.dim() > 1:
                    parameter.normal_(std=0.3)
    model.generation_config.update(
        pad_token_id=BOOK,
        bos_token_id=BOOK,
        decoder_start_token_id=BOOK,
        do_sample=True,
        guidance_scale=3.0,
        max_length=1500,
    )
    model.save_pretrained(folder)
    tokenizer().save_pretrained(folder)
    return folder
