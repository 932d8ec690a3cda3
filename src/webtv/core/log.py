"""The log: structured events on standard error, secrets redacted."""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any, TextIO

import structlog

_SECRET_URL = re.compile(r"\b(rtmps?|https?|srt)://([^\s/'\"]+)(/[^\s'\"]*)?", re.IGNORECASE)
_SECRET_KEYS = frozenset({"api_key", "authorization", "key", "password", "secret", "stream_key", "token"})


def redact(text: str) -> str:
    """Hide what may be a secret in a text: credentials, paths and queries of URLs; scheme and host stay."""

    def hide(match: re.Match[str]) -> str:
        host = match[2].rpartition("@")[2]
        return f"{match[1]}://{host}/…" if match[3] and match[3] != "/" else f"{match[1]}://{host}"

    return _SECRET_URL.sub(hide, text)


def _redact(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for key, value in event.items():
        if key.lower() in _SECRET_KEYS:
            event[key] = "…"
        elif isinstance(value, str):
            event[key] = redact(value)
    return event


def configure_log(level: str, *, stream: TextIO | None = None, as_json: bool = False) -> None:
    """Set the log up for this process; call once, at its start.

    Args:
        level: debug, info, warning or error.
        stream: where lines go; standard error by default.
        as_json: one JSON object a line (for files) instead of coloured text (for people).
    """
    stream = stream or sys.stderr
    number = logging.getLevelName(level.upper())
    renderer: structlog.types.Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if as_json
        else structlog.dev.ConsoleRenderer(colors=stream.isatty(), pad_event_to=0)
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            _redact,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.WriteLoggerFactory(stream),
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(level=logging.WARNING, stream=stream, format="%(levelname)s %(name)s: %(message)s")
