"""The log: structured events on standard error, secrets redacted."""

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any, TextIO

import structlog

_URL = re.compile(r"\b(?P<scheme>[a-z][a-z0-9+.-]{0,20})://(?P<rest>[^\s'\"<>]*)", re.IGNORECASE)
_LOCAL = ("file", "sqlite")  # schemes of paths, which are no secret and wanted in the log
_HOST = re.compile(r"[\w.%-]+(:\d*)?|\[[0-9a-fA-F:.%]+\](:\d*)?")
_SPOKEN = re.compile(
    r"(?P<name>\bbearer\s+|(?:(?:api|access|private|secret|stream)[_-]?key|token|secret|password|passphrase)"
    r"[\"']?\s*[=:]\s*)(?:\"[^\"]*\"|'[^']*'|[^\s\"',;&]+)",
    re.IGNORECASE,
)
_MODEL_KEY = re.compile(r"\bsk-[\w-]{8,}")
_SECRET_NAME = re.compile(r"(.*_)?(authorization|key|passphrase|password|secret|token)", re.IGNORECASE)


def redact(text: str) -> str:
    """Hide what may be a secret in a text: credentials, paths and queries of URLs, and keys by name.

    Scheme and host of a URL stay, so that a person sees what it is about.
    """
    text = _URL.sub(_hide_url, text)
    text = _SPOKEN.sub(r"\g<name>…", text)
    return _MODEL_KEY.sub("sk-…", text)


def _hide_url(match: re.Match[str]) -> str:
    scheme, rest = match["scheme"], match["rest"]
    if scheme.lower().startswith(_LOCAL):
        return match[0]
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    host = authority.rpartition("@")[2]
    if not _HOST.fullmatch(host):  # such as half a password with a slash in it
        return f"{scheme}://…"
    more = rest[len(authority) :] not in ("", "/")
    return f"{scheme}://{host}/…" if more else f"{scheme}://{host}"


def _redact(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for name, value in event.items():
        event[name] = _clean(name, value)
    return event


def _clean(name: str, value: object) -> object:
    if _SECRET_NAME.fullmatch(name):
        return "…"
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, Mapping):
        return {key: _clean(str(key), item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_clean("", item) for item in value]
    return value


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
