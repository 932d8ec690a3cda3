"""A music brief in the words that MusicGen was trained on: descriptions as music libraries write them."""

from webtv.prompts.sequence import MusicBrief

_LONGEST = 300  # characters; T5 reads 512 tokens, and descriptions in libraries are a sentence


def described(music: MusicBrief) -> str:
    """Mood, instruments and tempo in one line; the model hears no ambience and sings no words.

    MusicGen knows no negative prompt: what is not wanted is said as what is, ``instrumental``, and guidance
    leads away from the empty description.
    """
    parts = [_plain(music.mood), *(_plain(voice) for voice in music.instruments)]
    words = ", ".join(dict.fromkeys(part for part in parts if part))[:_LONGEST].rstrip(" ,")
    return ", ".join(part for part in (words, f"{music.tempo} bpm", "instrumental, no vocals") if part)


def _plain(words: str) -> str:
    return " ".join(words.split()).strip(" ,.;")
