"""The writer that asks a language model, over any server with OpenAI's chat API.

The ``openai`` package costs half a second to import, so it is imported at the first call.
"""

import asyncio
import json
import random
import re
from collections import deque
from collections.abc import Sequence
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, stop_after_attempt

from webtv.core.clock import Clock
from webtv.core.errors import (
    Category,
    ConfigError,
    QualityError,
    RateLimited,
    ResourceError,
    TransientError,
    WebTVError,
)
from webtv.core.log import redact
from webtv.prompts.lexicon import load_voice
from webtv.prompts.rules import LONGEST_TEXT, LONGEST_TITLE, SHORTEST_TEXT, broken_rules
from webtv.prompts.sequence import MusicBrief, SequencePlan, ShotPrompt
from webtv.prompts.writer import Brief

if TYPE_CHECKING:
    from openai import APIStatusError, AsyncOpenAI

_HOUR = 3600.0
_BACKOFF = (1.0, 4.0, 15.0)
_LONGEST_WAIT = 60.0  # a server that wants longer gets its rest, and the grammar writes meanwhile
_DEFAULT_RETRY_AFTER = 20.0
_FENCE = re.compile(r"```(?:[a-zA-Z]+)?\s*\n?(.*?)```", re.DOTALL)
_SOUNDS = Literal["", "waves", "light rain", "wind", "birds", "city hum", "crickets", "underwater"]
_TEMPO_SPREAD = 0.1

_RULES = f"""\
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


class OpenAIWriter:
    """Asks a chat model for sequences; a :class:`webtv.prompts.writer.Writer`.

    Args:
        model: name of the model to ask for.
        clock: for waits between attempts and for the budget.
        base_url: where the server is; None for OpenAI's own.
        api_key: its key, if it wants one.
        timeout: seconds that one answer may take.
        hourly_calls: calls within any hour at most, repairs and retries included.
        attempts: how often a call is tried that may succeed later.
    """

    def __init__(
        self,
        *,
        model: str,
        clock: Clock,
        base_url: str | None = None,
        api_key: str | None = None,
        timeout: float = 60.0,
        hourly_calls: int = 240,
        attempts: int = 3,
    ) -> None:
        self._model = model
        self._clock = clock
        self._base_url = base_url
        self._api_key = api_key
        self._timeout = timeout
        self._hourly_calls = hourly_calls
        self._attempts = attempts
        self._calls: deque[float] = deque()
        self._formats: list[dict[str, Any] | None] = [_json_schema(), {"type": "json_object"}, None]
        self._client: AsyncOpenAI | None = None

    @property
    def name(self) -> str:
        """Short name for provenance."""
        return f"openai:{self._model}"

    async def __aenter__(self) -> Self:
        """Nothing is opened before the first call."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close connections."""
        await self.aclose()

    async def aclose(self) -> None:
        """Close connections; the writer can be used again and opens new ones."""
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    async def write(self, brief: Brief) -> SequencePlan:
        """Write one sequence.

        Raises:
            RateLimited: the server asks for more patience than we have.
            TransientError: no answer, or the server failed, time after time.
            ConfigError: key, model or address is wrong.
            ResourceError: the hourly budget is used up.
            QualityError: the answer was no usable sequence, even after one repair.
        """
        messages = [
            {"role": "system", "content": _RULES},
            {"role": "user", "content": _request(brief)},
        ]
        answer = await self._ask(messages)
        plan, wrong = self._understand(answer, brief)
        if plan is None:
            messages += [
                {"role": "assistant", "content": answer or "(nothing)"},
                {
                    "role": "user",
                    "content": "That cannot be used:\n- " + "\n- ".join(wrong) + "\nSend it corrected.",
                },
            ]
            plan, wrong = self._understand(await self._ask(messages), brief)
        if plan is None:
            raise QualityError(
                f"the model's answer was no usable sequence: {'; '.join(wrong[:3])}",
                place=self.name,
                remedy="if this happens often, set WEBTV_OPENAI_MODEL to a model that follows JSON schemas",
            )
        return plan

    async def _ask(self, messages: Sequence[dict[str, str]]) -> str:
        retrying = AsyncRetrying(
            stop=stop_after_attempt(self._attempts),
            retry=retry_if_exception(_worth_another_try),
            wait=_wait,
            sleep=self._clock.sleep,
            reraise=True,
        )
        return await retrying(self._call, messages)

    async def _call(self, messages: Sequence[dict[str, str]]) -> str:
        import openai

        while True:
            self._spend()
            form = self._formats[0]
            extra: dict[str, Any] = {"response_format": form} if form else {}
            completions: Any = self._connect().chat.completions
            try:
                async with asyncio.timeout(self._timeout):  # the SDK's own limit is per read, not per answer
                    answer = await completions.create(model=self._model, messages=list(messages), **extra)
            except (openai.APIConnectionError, TimeoutError) as error:
                slow = isinstance(error, openai.APITimeoutError | TimeoutError)
                told = f"no answer within {self._timeout:g} s" if slow else "the server cannot be reached"
                raise TransientError(
                    told, place=self.name, remedy="check that the server at WEBTV_OPENAI_BASE_URL is up"
                ) from error
            except openai.APIStatusError as error:
                if error.status_code in {400, 422} and form is not None:
                    if self._formats[0] is form:
                        self._formats.pop(0)  # a smaller server: ask for less structure from now on
                    continue
                raise self._translated(error) from error
            except (openai.APIError, ValueError, TypeError) as error:
                raise QualityError("the answer was no chat completion", place=self.name) from error
            return _content(answer)

    def _spend(self) -> None:
        now = self._clock.monotonic()
        while self._calls and self._calls[0] <= now - _HOUR:
            self._calls.popleft()
        if len(self._calls) >= self._hourly_calls:
            raise ResourceError(
                f"{self._hourly_calls} calls were made within the hour",
                place=self.name,
                remedy="wait, or raise WEBTV_OPENAI_HOURLY_CALLS",
            )
        self._calls.append(now)

    def _connect(self) -> "AsyncOpenAI":
        if self._client is None:
            from openai import AsyncOpenAI

            self._client = AsyncOpenAI(
                base_url=self._base_url,
                api_key=self._api_key or "none",
                timeout=self._timeout,
                max_retries=0,  # retries are ours: by category, on our clock, within the budget
            )
        return self._client

    def _translated(self, error: "APIStatusError") -> WebTVError:
        status, told = error.status_code, redact(str(error.message))[:200]
        if status == 429:
            after = _retry_after(error.response.headers.get("retry-after"), self._clock)
            return RateLimited(
                f"the server asks to wait {after:g} s",
                retry_after=after,
                place=self.name,
                remedy="lower the load",
            )
        if status >= 500 or status in {408, 409, 425}:
            return TransientError(f"the server failed ({status}): {told}", place=self.name)
        remedies = {
            401: "set WEBTV_OPENAI_API_KEY",
            403: "set WEBTV_OPENAI_API_KEY to a key with access to the model",
        }
        remedy = remedies.get(status, "check WEBTV_OPENAI_BASE_URL and WEBTV_OPENAI_MODEL")
        return ConfigError(f"the server refused ({status}): {told}", place=self.name, remedy=remedy)

    def _understand(self, answer: str, brief: Brief) -> tuple[SequencePlan | None, list[str]]:
        try:
            told = _Sequence.model_validate(_json_of(answer))
        except ValidationError as error:
            places = [".".join(map(str, e["loc"])) or "answer" for e in error.errors()]
            return None, [f"{place}: {e['msg']}" for place, e in zip(places, error.errors(), strict=True)][
                :12
            ]
        except ValueError as error:
            return None, [f"not a JSON object: {error}"]
        plan = self._plan(told, brief)
        wrong = list(broken_rules(plan, brief.channel))
        return (None, wrong[:12]) if wrong else (plan, [])

    def _plan(self, told: _Sequence, brief: Brief) -> SequencePlan:
        channel = brief.channel
        negative = ", ".join(dict.fromkeys((*channel.avoid, *load_voice().negative)))
        spread = random.Random(f"{brief.slug}:{brief.seed}:tempo").uniform(-_TEMPO_SPREAD, _TEMPO_SPREAD)
        return SequencePlan(
            title=_clean(told.title).strip("\"'“”. ")[:LONGEST_TITLE],
            shots=tuple(
                ShotPrompt(
                    **{name: _clean(value) for name, value in shot.model_dump().items()}, negative=negative
                )
                for shot in told.shots
            ),
            music=MusicBrief(
                mood=_clean(told.music_mood)[:80] or channel.music.mood,
                tempo=int(channel.music.tempo * (1 + spread))
                if spread > 0
                else -int(-channel.music.tempo * (1 + spread)),
                instruments=channel.music.instruments,
                ambience=told.ambience,
            ),
            seed=brief.seed,
            writer=self.name,
        )


def _request(brief: Brief) -> str:
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
    recent = "\n".join(f"- {text[:160]}" for text in brief.recent[-40:])
    return (
        f"Write one sequence of exactly {channel.sequence.shots} shots for this channel:\n"
        f"{json.dumps(told, ensure_ascii=False, indent=1)}\n"
        + (f"\nWritten lately, do not repeat its subjects, places or titles:\n{recent}\n" if recent else "")
        + f"\nThe JSON object has this schema:\n{json.dumps(_Sequence.model_json_schema())}"
    )


def _json_schema() -> dict[str, Any]:
    schema = {"name": "sequence", "strict": True, "schema": _Sequence.model_json_schema()}
    return {"type": "json_schema", "json_schema": schema}


def _content(answer: Any) -> str:
    choices = getattr(answer, "choices", None)
    message = choices[0].message if choices else None
    return str(getattr(message, "content", None) or "")


def _json_of(answer: str) -> Any:
    """The JSON object in an answer, whether bare, fenced or amid talk.

    Raises:
        ValueError: there is none, or it is cut short.
    """
    fenced = _FENCE.search(answer)
    text = fenced[1] if fenced else answer
    start, end = text.find("{"), text.rfind("}")
    if start < 0:
        raise ValueError("there is no { in the answer")
    return json.loads(text[start : end + 1] if end > start else text[start:])


def _clean(text: str) -> str:
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())


def _worth_another_try(error: BaseException) -> bool:
    if isinstance(error, RateLimited):
        return error.retry_after <= _LONGEST_WAIT
    return isinstance(error, WebTVError) and error.category is Category.TRANSIENT


def _wait(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    if isinstance(error, RateLimited):
        return error.retry_after
    return _BACKOFF[min(state.attempt_number, len(_BACKOFF)) - 1]


def _retry_after(header: str | None, clock: Clock) -> float:
    if not header:
        return _DEFAULT_RETRY_AFTER
    try:
        return max(0.0, float(header))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(header).timestamp() - clock.time())
    except ValueError:
        return _DEFAULT_RETRY_AFTER
