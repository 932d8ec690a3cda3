"""What a server with OpenAI's chat API sends back: completions, and refusals by status.

The shapes are those of OpenAI, vLLM, Ollama and llama.cpp; where they differ, both are read.
"""

import json
import math
import re
from collections.abc import Mapping, Sequence
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any

from webtv.core.clock import Clock
from webtv.core.errors import (
    ConfigError,
    QualityError,
    RateLimited,
    ResourceError,
    TransientError,
    WebTVError,
)
from webtv.core.log import redact
from webtv.prompts.answer import Reply, clean

LONGEST_BODY = 4 << 20  # bytes of one answer, thoughts included
_LONGEST_PACKED = 64 << 10  # bytes of an answer that comes compressed though none was asked for: it may swell
_LONGEST_REFUSAL = 64 << 10  # bytes of an error that are read; the rest tells nobody anything
_DEFAULT_RETRY_AFTER = 20.0
_LONGEST_RETRY_AFTER = 86_400.0
_MOST_NAMED = 8  # models
_BASE_URL = "check WEBTV_OPENAI_BASE_URL; it usually ends in /v1"
_ABOUT_FORM = re.compile(r"response_format|json.?schema|structured|guided|grammar", re.IGNORECASE)
_TOO_LONG = frozenset({"context_length_exceeded", "exceed_context_size_error"})  # OpenAI, llama.cpp
_UNPAID = "insufficient_quota"


async def bound(response: Any) -> None:
    """Bound what will be read of a response; an httpx event hook.

    An error's body is cut there; an answer that is longer raises a QualityError while it is read.
    """
    limit = LONGEST_BODY
    if response.headers.get("content-encoding", "identity").lower() != "identity":
        limit = _LONGEST_PACKED
    if response.status_code >= 400:
        limit = min(limit, _LONGEST_REFUSAL)
    response.stream = _bounded(response.stream, limit, cuts=response.status_code >= 400)


def _bounded(stream: Any, limit: int, *, cuts: bool) -> Any:
    from httpx2 import AsyncByteStream

    class Bounded(AsyncByteStream):
        async def __aiter__(self) -> Any:
            read = 0
            async for part in stream:
                read += len(part)
                if read > limit:
                    if cuts:
                        return
                    raise QualityError(f"the answer is longer than {limit} bytes")
                yield part

        async def aclose(self) -> None:
            await stream.aclose()

    return Bounded()


def read_completion(body: bytes, content_type: str) -> Reply:
    """The reply in the body of a successful response.

    Raises:
        ConfigError: it is no JSON: another kind of server answers there.
        QualityError: it is no completion, or the model refused to answer.
    """
    try:
        told = json.loads(body)
    except (ValueError, RecursionError) as error:
        if "json" in content_type or not content_type:
            raise QualityError("the answer was no chat completion: broken JSON") from error
        kind = clean(content_type)[:40]
        raise ConfigError(f"the server answers {kind} and not JSON", remedy=_BASE_URL) from error
    choices = told.get("choices") if isinstance(told, dict) else None
    if not isinstance(choices, list) or not choices or not isinstance(choices[0], dict):
        raise QualityError("the answer was no chat completion: it has no choices")
    message = choices[0].get("message")
    if not isinstance(message, dict):
        raise QualityError("the answer was no chat completion: it has no message")
    reason = choices[0].get("finish_reason")
    text = _content(message.get("content")) or _arguments(message.get("tool_calls"))
    if not text and (refusal := message.get("refusal")):
        raise QualityError(f"the model refused: {_short(refusal)}")
    if not text and reason == "content_filter":
        raise QualityError("the server's content filter kept the answer back")
    if not text and reason == "length":
        raise QualityError(
            "the model reached its limit before it wrote anything",
            remedy="let the server write longer answers, or switch the model's thinking off",
        )
    return Reply(text, cut=reason == "length")


def _content(content: object) -> str:
    if isinstance(content, list):  # parts, as in requests
        texts = [part.get("text") for part in content if isinstance(part, dict)]
        return "".join(text for text in texts if isinstance(text, str))
    return content if isinstance(content, str) else ""


def _arguments(calls: object) -> str:
    """What a model wrote that took the schema for a tool."""
    call = calls[0] if isinstance(calls, list) and calls else None
    function = call.get("function") if isinstance(call, dict) else None
    written = function.get("arguments") if isinstance(function, dict) else None
    return written if isinstance(written, str) else json.dumps(written) if isinstance(written, dict) else ""


def is_about_form(status: int, told: str) -> bool:
    """Whether a refusal may be one of the form that was asked for, so that less may be granted.

    vLLM and Ollama refuse some schemas with status 500, llama.cpp what it lacks with 501.
    """
    return status in {400, 415, 422, 501} or (status == 500 and bool(_ABOUT_FORM.search(told)))


def refusal(
    status: int, told: str, body: object, headers: Mapping[str, str], clock: Clock, *, model: str = ""
) -> WebTVError:
    """A status of 400 or more as an error of ours.

    Args:
        status: of the response.
        told: what it says, as a text.
        body: the same as the server sent it, for its codes.
        headers: of the response.
        clock: what a date is measured against.
        model: which was asked for.
    """
    said = _short(told)
    codes = {str(body.get(key)) for key in ("code", "type")} if isinstance(body, Mapping) else set()
    after = headers.get("retry-after")
    if _UNPAID in codes:
        return ResourceError(
            f"the account is used up: {said}", remedy="pay the provider, or set WEBTV_WRITER=grammar"
        )
    if status == 429 or (status == 503 and after):
        seconds = retry_after(after, clock)
        return RateLimited(
            f"the server asks to wait {seconds:g} s", retry_after=seconds, remedy="lower the load"
        )
    if codes & _TOO_LONG:
        return ConfigError(
            f"the request is too long for {model}: {said}",
            remedy="serve the model with a longer context, or make the channel's sequences shorter",
        )
    if status >= 500 or status in {408, 409, 425}:
        return TransientError(f"the server failed ({status}): {said}")
    remedies = {
        401: "set WEBTV_OPENAI_API_KEY",
        403: "set WEBTV_OPENAI_API_KEY to a key with access to the model",
    }
    remedy = remedies.get(status, "check WEBTV_OPENAI_BASE_URL and WEBTV_OPENAI_MODEL")
    return ConfigError(f"the server refused ({status}): {said}", remedy=remedy)


def no_such_model(model: str, there: Sequence[str]) -> ConfigError | None:
    """That a model is not among those of a server, and which are; None if it is, or nobody knows."""
    names = {name for each in there for name in (each, each.removesuffix(":latest"))}
    if not there or model in names:
        return None
    named = ", ".join(clean(each)[:60] for each in there[:_MOST_NAMED])
    more = f" or one of {len(there) - _MOST_NAMED} more" if len(there) > _MOST_NAMED else ""
    return ConfigError(
        f"the server has no model {model}", remedy=f"set WEBTV_OPENAI_MODEL to {redact(named)}{more}"
    )


def model_ids(body: bytes) -> tuple[str, ...]:
    """Ids in the answer to ``GET /models``; none if it is something else."""
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        return ()
    data = told.get("data") if isinstance(told, dict) else None
    ids = [each.get("id") for each in data if isinstance(each, dict)] if isinstance(data, list) else []
    return tuple(each for each in ids if isinstance(each, str) and each)


def retry_after(header: str | None, clock: Clock) -> float:
    """Seconds that a Retry-After header asks for, as a number or a date; a day at most."""
    seconds = _DEFAULT_RETRY_AFTER
    if header:
        try:
            seconds = float(header)
        except ValueError:
            try:
                when = parsedate_to_datetime(header)
                # HTTP knows only GMT; a date without a zone is not of this machine's.
                seconds = when.replace(tzinfo=when.tzinfo or UTC).timestamp() - clock.time()
            except (ValueError, OverflowError):
                pass
    if not math.isfinite(seconds):
        return _DEFAULT_RETRY_AFTER
    return min(_LONGEST_RETRY_AFTER, max(0.0, seconds))


def _short(told: object) -> str:
    return redact(clean(str(told)[:2000]))[:200]
