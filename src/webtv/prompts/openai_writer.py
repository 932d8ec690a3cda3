"""The writer that asks a language model, over any server with OpenAI's chat API.

The ``openai`` package costs half a second to import, so it is imported at the first call.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, stop_after_attempt

from webtv.core.clock import Clock
from webtv.core.errors import (
    Category,
    QualityError,
    RateLimited,
    ResourceError,
    TransientError,
    WebTVError,
)
from webtv.core.events import Event, EventSink
from webtv.prompts.answer import Reply, answer_schema
from webtv.prompts.dialogue import Message, written
from webtv.prompts.openai_reply import (
    bound,
    is_about_form,
    model_ids,
    no_such_model,
    read_completion,
    refusal,
)
from webtv.prompts.sequence import SequencePlan
from webtv.prompts.writer import Brief

if TYPE_CHECKING:
    from openai import APIStatusError, AsyncOpenAI

_HOUR = 3600.0
_BACKOFF = (1.0, 4.0, 15.0)
_LONGEST_WAIT = 60.0  # a server that wants longer gets its rest, and the grammar writes meanwhile
_LISTING = 5.0  # seconds that the list of models may take
_REMEDY = "if this happens often, set WEBTV_OPENAI_MODEL to a model that follows JSON schemas"


class OpenAIWriter:
    """Asks a chat model for sequences; a :class:`webtv.prompts.writer.Writer`.

    The answer is asked for by JSON schema. A server that refuses that is asked for less: any JSON object,
    then plain text. What it grants is remembered, and told as an event.

    Args:
        model: name of the model to ask for.
        clock: for waits between attempts and for the budget.
        base_url: where the server is; None for OpenAI's own.
        api_key: its key, if it wants one.
        timeout: seconds that one answer may take.
        hourly_calls: calls within any hour at most, repairs and retries included.
        attempts: how often a call is tried that may succeed later.
        events: hears what the server does not grant.
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
        events: EventSink | None = None,
    ) -> None:
        self._model = model
        self._clock = clock
        self._base_url = base_url
        self._api_key = api_key
        self._timeout = timeout
        self._hourly_calls = hourly_calls
        self._attempts = attempts
        self._events = events
        self._calls: deque[float] = deque()
        self._forms = _forms()
        self._granted = 0  # the first of the forms that the server is not known to refuse
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
            ResourceError: the hourly budget or the provider's account is used up.
            QualityError: the answer was no usable sequence, even after one repair.
        """
        return await written(self._ask, brief, self.name, remedy=_REMEDY)

    async def _ask(self, messages: Sequence[Message]) -> Reply:
        retrying = AsyncRetrying(
            stop=stop_after_attempt(self._attempts),
            retry=retry_if_exception(_worth_another_try),
            wait=_wait,
            sleep=self._clock.sleep,
            reraise=True,
        )
        try:
            return await retrying(self._call, messages)
        except WebTVError as error:
            error.place = error.place or self.name
            raise

    async def _call(self, messages: Sequence[Message]) -> Reply:
        """Ask once, for as much form as the server grants; what it refuses, it neither writes nor charges."""
        refused: list[APIStatusError] = []
        for number in range(self._granted, len(self._forms)):
            try:
                reply = await self._post(messages, self._forms[number])
            except _FormRefusedError as error:
                refused.append(error.cause)
                continue
            if refused and number > self._granted:  # else another call learnt it meanwhile
                self._remember(number, refused[0])
            return reply
        raise await self._refusal(refused[-1])  # without a form: so the form is not what is wrong

    async def _post(self, messages: Sequence[Message], form: dict[str, Any] | None) -> Reply:
        import openai

        self._spend()
        extra: dict[str, Any] = {"response_format": form} if form else {}
        completions: Any = self._connect().chat.completions.with_raw_response
        try:
            async with asyncio.timeout(self._timeout):  # the SDK's own limit is per read, not per answer
                answer = await completions.create(model=self._model, messages=list(messages), **extra)
        except (openai.APIConnectionError, TimeoutError) as error:
            slow = isinstance(error, openai.APITimeoutError | TimeoutError)
            told = f"no answer within {self._timeout:g} s" if slow else "the server cannot be reached"
            raise TransientError(
                told, remedy="check that the server at WEBTV_OPENAI_BASE_URL is up"
            ) from error
        except openai.APIStatusError as error:
            if is_about_form(error.status_code, str(error.message)):
                raise _FormRefusedError(error) from error
            raise await self._refusal(error) from error
        except openai.OpenAIError as error:
            raise QualityError("the answer was no chat completion") from error
        raw = answer.http_response
        return read_completion(raw.content, raw.headers.get("content-type", ""))

    def _remember(self, number: int, refused: "APIStatusError") -> None:
        named = [form["type"] if form else "plain text" for form in self._forms]
        before, self._granted = named[self._granted], number
        if self._events is not None:
            self._events(
                Event(
                    kind="prompts.writer.asks_for_less",
                    message=f"the server of {self.name} refuses {before} ({refused.status_code}): "
                    f"it is asked for {named[number]} from now on",
                    remedy="serve the model with structured outputs, and fewer answers will need repair",
                    data={"writer": self.name, "refused": before, "granted": named[number]},
                )
            )

    def _spend(self) -> None:
        now = self._clock.monotonic()
        while self._calls and self._calls[0] <= now - _HOUR:
            self._calls.popleft()
        if len(self._calls) >= self._hourly_calls:
            raise ResourceError(
                f"{self._hourly_calls} calls were made within the hour",
                remedy="wait, or raise WEBTV_OPENAI_HOURLY_CALLS",
            )
        self._calls.append(now)

    def _connect(self) -> "AsyncOpenAI":
        if self._client is None:
            from openai import AsyncOpenAI, DefaultAsyncHttpxClient

            self._client = AsyncOpenAI(
                base_url=self._base_url,
                api_key=self._api_key or "none",
                timeout=self._timeout,
                max_retries=0,  # retries are ours: by category, on our clock, within the budget
                default_headers={"Accept-Encoding": "identity"},  # so that what comes is as long as it says
                http_client=DefaultAsyncHttpxClient(timeout=self._timeout, event_hooks={"response": [bound]}),
            )
        return self._client

    async def _refusal(self, error: "APIStatusError") -> WebTVError:
        told = str(error.message)
        if self._api_key:
            told = told.replace(self._api_key, "…")
        if error.status_code == 404 or (error.status_code == 400 and "model" in told.lower()):
            unknown = no_such_model(self._model, await self._models())
            if unknown is not None:
                return unknown
        return refusal(
            error.status_code, told, error.body, error.response.headers, self._clock, model=self._model
        )

    async def _models(self) -> tuple[str, ...]:
        """What the server says that it has; nothing if it does not say."""
        import openai

        try:
            async with asyncio.timeout(min(_LISTING, self._timeout)):
                listed: Any = await self._connect().models.with_raw_response.list()
        except (openai.OpenAIError, WebTVError, TimeoutError):
            return ()  # the refusal itself is told instead
        return model_ids(listed.http_response.content)


class _FormRefusedError(Exception):
    """The server refuses a request that has a form; it may grant another."""

    def __init__(self, cause: "APIStatusError") -> None:
        super().__init__(cause.message)
        self.cause = cause


def _forms() -> tuple[dict[str, Any] | None, ...]:
    """Ever less of what a server may be asked to hold a model to."""
    schema = {"name": "sequence", "strict": True, "schema": answer_schema()}
    return {"type": "json_schema", "json_schema": schema}, {"type": "json_object"}, None


def _worth_another_try(error: BaseException) -> bool:
    if isinstance(error, RateLimited):
        return error.retry_after <= _LONGEST_WAIT
    return isinstance(error, WebTVError) and error.category is Category.TRANSIENT


def _wait(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    if isinstance(error, RateLimited):
        return error.retry_after
    return _BACKOFF[min(state.attempt_number, len(_BACKOFF)) - 1]
