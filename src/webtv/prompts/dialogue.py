"""What a language model is told, and the one chance that it gets to correct itself."""

import json
from collections.abc import Awaitable, Callable, Sequence

from webtv.prompts.answer import Reply, UnusableAnswer, answer_schema, read_answer
from webtv.prompts.rules import LONGEST_TEXT, SHORTEST_TEXT
from webtv.prompts.sequence import SequencePlan
from webtv.prompts.writer import Brief

Message = dict[str, str]
Ask = Callable[[Sequence[Message]], Awaitable[Reply]]

_LONGEST_ECHO = 12_000  # characters of a bad answer that are sent back with the complaints: each is paid for
_RECENT = 40

RULES = f"""\
You write for a television channel whose pictures are made by a text-to-video model. Your answer is one
sequence: several shots that tell one small thing, with the same cast, place, light and palette.

Each shot's `text` is all that the model sees. It knows no other shot. Therefore:
- Repeat the whole context in every text: who (with colours and count), where, season, weather, time of day,
  palette, style. Never write "continued from", "same as before", "the previous shot" or the like.
- Order: content type, then description, then style, then composition, then camera.
- Be specific about movement, direction, speed, colour and time of day. One action for each shot.
- Differ in framing (wide, medium, close, detail), camera movement and action from shot to shot.
- At least {SHORTEST_TEXT} words and at most {LONGEST_TEXT // 2} characters for each text.
- Never name cameras, lenses, film formats, resolutions or software (IMAX, Canon EOS, 4K, drone footage):
  they would appear in the picture. No lettering, logos, captions or watermarks in the picture.
- No real people, brands, characters that somebody owns, or living artists.
- Obey the channel's rating and never show what it avoids.

`title`: two to six lovely words for viewers, without quotation marks, such as: Foxes at the Thaw.
Answer with one JSON object and nothing else.
"""


async def written(
    ask: Ask, brief: Brief, writer: str, *, remedy: str = "", recent: int = _RECENT
) -> SequencePlan:
    """Ask for a sequence; if the answer cannot be used, say why and ask once more.

    Args:
        ask: puts messages to a model.
        brief: what is wanted.
        writer: name for provenance.
        remedy: what an operator can do about answers that cannot be used.
        recent: how many of the latest titles and texts the model is told.

    Raises:
        UnusableAnswer: the second answer cannot be used either.
        WebTVError: whatever `ask` raises.
    """
    messages = [
        {"role": "system", "content": RULES},
        {"role": "user", "content": request(brief, recent)},
    ]
    reply = await ask(messages)
    try:
        return read_answer(reply, brief, writer)
    except UnusableAnswer as error:
        messages += [
            {"role": "assistant", "content": reply.text[:_LONGEST_ECHO] or "(nothing)"},
            {
                "role": "user",
                "content": "That cannot be used:\n- " + "\n- ".join(error.wrong) + "\nSend it corrected.",
            },
        ]
    try:
        return read_answer(await ask(messages), brief, writer)
    except UnusableAnswer as error:
        raise UnusableAnswer(error.wrong, place=writer, remedy=remedy) from None


def request(brief: Brief, recent: int = _RECENT) -> str:
    """A brief in words, with the schema of a good answer."""
    channel = brief.channel
    told = {
        "channel": channel.name,
        "theme": channel.theme,
        "style": channel.style,
        "avoid": list(channel.avoid),
        "rating": str(channel.rating),
        "language of the title": channel.language,
        "music mood": channel.music.mood,
        "shots": channel.sequence.shots,
        "seconds of each shot": channel.sequence.seconds,
        "variation": brief.seed % 1_000_000,
    }
    latest = brief.recent[-recent:] if recent else ()
    lately = "\n".join(f"- {text[:160]}" for text in latest)
    return (
        f"Write one sequence of exactly {channel.sequence.shots} shots for this channel:\n"
        f"{json.dumps(told, ensure_ascii=False, indent=1)}\n"
        + (f"\nWritten lately, do not repeat its subjects, places or titles:\n{lately}\n" if lately else "")
        + f"\nThe JSON object has this schema:\n{json.dumps(answer_schema())}"
    )
