"""Reading a language model's answer: from whatever it wrote to a plan, or to what is wrong with it.

Nothing in an answer is trusted: it may be cut short, fenced, amid talk, preceded by thoughts, nested ten
thousand deep, a megabyte long, or full of characters that nobody sees.
"""

import json
import random
import re
import unicodedata
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from webtv.core.errors import QualityError
from webtv.prompts.lexicon import load_voice
from webtv.prompts.rules import LONGEST_TEXT, LONGEST_TITLE, broken_rules
from webtv.prompts.sequence import MusicBrief, SequencePlan, ShotPrompt
from webtv.prompts.writer import Brief

LONGEST_ANSWER = 400_000  # characters; twenty-four shots with everything at its longest are half of that
_LONGEST_PART = 400  # characters of a subject, a camera, ...; a good one has forty
_MOST_TRIES = 64  # places at which an object may begin
_MOST_COMPLAINTS = 12
_TEMPO_SPREAD = 0.1
_THOUGHTS_END = re.compile(r"</(?:think|thinking|reasoning)>", re.IGNORECASE)
_THOUGHTS_BEGIN = re.compile(r"<(?:think|thinking|reasoning)>", re.IGNORECASE)
_SOUNDS = Literal[
    "",
    "waves",
    "waves and gulls",
    "light rain",
    "thunder and rain",
    "wind",
    "dry wind",
    "high wind",
    "wind and birds",
    "ice cracks and wind",
    "falling snow",
    "birds",
    "crickets",
    "stream",
    "underwater",
    "city hum",
    "cafe",
    "train",
    "spaceship",
    "fire",
    "ticking clock",
    "kettle",
    "room tone",
    "audience hush",
]


class _Shot(BaseModel):
    model_config = ConfigDict(extra="ignore", json_schema_extra={"additionalProperties": False})

    subject: str = Field(description="who or what, with colours and count")
    action: str = Field(description="what moves, how fast, in which direction")
    setting: str = Field(description="place, season, weather")
    camera: str = Field(description="framing and movement, e.g. wide shot, slow pan left")
    light: str = Field(description="time of day and light")
    palette: str = Field(description="dominant colours")
    style: str = Field(description="the look")
    mood: str = Field(description="a word or two")
    text: str = Field(description="the complete prompt for the video model")


class _Sequence(BaseModel):
    model_config = ConfigDict(extra="ignore", json_schema_extra={"additionalProperties": False})

    title: str
    music_mood: str = Field(description="mood of the music, close to the channel's")
    ambience: _SOUNDS = Field(description="sound of the place")
    shots: list[_Shot]


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back for one question.

    Attributes:
        text: what the model wrote; perhaps nothing.
        cut: whether it was stopped at the limit of what it may write, before its own end.
    """

    text: str
    cut: bool = False


class UnusableAnswer(QualityError):
    """An answer is no usable sequence.

    Args:
        wrong: what is wrong with it, one sentence each, in words that a model can act on.
        place: writer's name.
        remedy: what an operator can do if it happens often.
    """

    def __init__(self, wrong: tuple[str, ...], *, place: str, remedy: str = "") -> None:
        super().__init__(
            f"the model's answer was no usable sequence: {'; '.join(wrong[:3])}", place=place, remedy=remedy
        )
        self.wrong = wrong


def answer_schema() -> dict[str, Any]:
    """JSON schema of a good answer, without references: not every server resolves them in a grammar."""
    schema = _Sequence.model_json_schema()
    shot = schema.pop("$defs")["_Shot"]
    schema["properties"]["shots"]["items"] = shot
    return schema


def read_answer(reply: Reply, brief: Brief, writer: str) -> SequencePlan:
    """The plan in an answer.

    Args:
        reply: what the model wrote.
        brief: what it was asked for.
        writer: name of who asked it, for provenance.

    Raises:
        UnusableAnswer: there is none, or it breaks the rules; with each complaint.
    """
    try:
        told = _Sequence.model_validate(_object_in(reply.text))
    except ValidationError as error:
        wrong = [f"{'.'.join(map(str, e['loc'])) or 'answer'}: {e['msg']}" for e in error.errors()]
    except ValueError as error:
        wrong = [f"not a JSON object: {error}"]
    else:
        wrong = _too_much(told, brief)
        if not wrong:
            plan = _plan(told, brief, writer)
            wrong = list(broken_rules(plan, brief.channel))
            if not wrong:
                return plan
    if reply.cut:
        wrong.insert(0, "it was cut off before its end; write less, keep every text short")
    raise UnusableAnswer(tuple(wrong[:_MOST_COMPLAINTS]), place=writer)


def holds_object(answer: str) -> bool:
    """Whether what is written so far holds a whole JSON object with something in it, thoughts left out."""
    try:
        return bool(_object_in(answer))
    except ValueError:
        return False


def _too_much(told: _Sequence, brief: Brief) -> list[str]:
    """Complaints that must come before anything is made of the parts: their cost grows with the answer."""
    if len(told.shots) != (asked := brief.channel.sequence.shots):
        return [f"there are {len(told.shots)} shots; write exactly {asked}"]
    return [
        f"shot {number}: {name} is longer than {_LONGEST_PART} characters"
        for number, shot in enumerate(told.shots, 1)
        for name, value in shot.model_dump().items()
        if name != "text" and len(value) > _LONGEST_PART
    ] + [
        f"shot {number}: text is longer than {LONGEST_TEXT} characters"
        for number, shot in enumerate(told.shots, 1)
        if len(shot.text) > 2 * LONGEST_TEXT  # the rules count what is left after cleaning
    ]


def _plan(told: _Sequence, brief: Brief, writer: str) -> SequencePlan:
    channel = brief.channel
    negative = ", ".join(dict.fromkeys((*channel.avoid, *load_voice().negative)))
    spread = random.Random(f"{brief.slug}:{brief.seed}:tempo").uniform(-_TEMPO_SPREAD, _TEMPO_SPREAD)
    tempo = channel.music.tempo * (1 + spread)
    return SequencePlan(
        title=clean(told.title).strip("\"'“”. ")[:LONGEST_TITLE],
        shots=tuple(
            ShotPrompt(**{name: clean(value) for name, value in shot.model_dump().items()}, negative=negative)
            for shot in told.shots
        ),
        music=MusicBrief(
            mood=clean(told.music_mood)[:80] or channel.music.mood,
            tempo=int(tempo) if spread > 0 else -int(-tempo),
            instruments=channel.music.instruments,
            ambience=told.ambience,
        ),
        seed=brief.seed,
        writer=writer,
    )


def clean(text: str) -> str:
    """A text as people see it: one line, single spaces, nothing that has no shape.

    Characters without a shape are taken out, not replaced: a space in their place would split the word around
    them, and the safety filter would judge two halves of a word that viewers read whole.
    """
    return " ".join("".join(map(_seen, text)).split())


def _seen(char: str) -> str:
    if char.isprintable():
        return char
    return " " if unicodedata.category(char) in {"Cc", "Zs", "Zl", "Zp"} else ""


def _object_in(answer: str) -> Any:
    """The JSON object in an answer, whether bare, fenced, amid talk or after thoughts.

    Raises:
        ValueError: there is none, or it is cut short.
    """
    if len(answer) > LONGEST_ANSWER:
        raise ValueError(f"the answer has {len(answer)} characters")
    found, trouble = _objects(answer)
    since, until = _spoken(answer, found)
    if (since, until) != (0, len(answer)):
        found, trouble = _objects(answer[since:until])
    # A model may think aloud in braces, or begin anew: what looks like a sequence counts, the last one most.
    for each in reversed(found):
        if "shots" in each.value:
            return each.value
    if trouble:  # what parses after that is but a part of what does not
        raise ValueError(trouble)
    return found[0].value


@dataclass(frozen=True, slots=True)
class _Found:
    start: int
    end: int
    value: dict[str, Any]


def _objects(text: str) -> tuple[list[_Found], str]:
    """The outermost JSON objects of a text; what is wrong with the first that is none, if any."""
    found: list[_Found] = []
    trouble = ""
    decoder = json.JSONDecoder()
    at = text.find("{")
    for _ in range(_MOST_TRIES):
        if at < 0:
            break
        try:
            value, end = decoder.raw_decode(text, at)
        except RecursionError:
            trouble, end = trouble or "it is nested too deep", at + 1
        except ValueError as error:
            trouble, end = trouble or str(error), at + 1
        else:
            found.append(_Found(at, end, value))
        at = text.find("{", end)
    return found, trouble or ("" if found else "there is no { in the answer")


def _spoken(answer: str, found: list[_Found]) -> tuple[int, int]:
    """Where in an answer thoughts have ended, and where the next ones begin.

    A tag within an object is part of a text, which may well say <think>.
    """

    def outside(tags: re.Pattern[str]) -> list[re.Match[str]]:
        return [tag for tag in tags.finditer(answer) if not any(e.start < tag.start() < e.end for e in found)]

    # Where the template opened the thoughts, the answer only closes them.
    ends = outside(_THOUGHTS_END)
    since = ends[-1].end() if ends else 0
    return since, next((tag.start() for tag in outside(_THOUGHTS_BEGIN) if tag.start() >= since), len(answer))
