"""Events: what happened, with a reason. A fallback, a retry, a refusal and a success are all events.

Rooms take an :class:`EventSink` and never know who listens: the log always does, the catalogue keeps
what admins and curators should see, tests collect.
"""

import contextlib
import logging
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

import structlog


class Severity(StrEnum):
    """How much it matters to the person who reads it."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened.

    Attributes:
        kind: dotted noun and participle, e.g. ``prompts.writer.fell_back``.
        message: one sentence for a person.
        remedy: what a person can do about it; empty when nothing needs doing.
        channel: slug of the channel it concerns, if any.
        data: small JSON-compatible details; never a secret, a URL with a key, or a viewer's address.
    """

    kind: str
    message: str
    severity: Severity = Severity.INFO
    remedy: str = ""
    channel: str | None = None
    data: Mapping[str, object] = field(default_factory=dict)


class EventSink(Protocol):
    """Takes events; must neither block nor raise."""

    def __call__(self, event: Event, /) -> None:
        """Take one event."""
        ...


class LogSink:
    """Writes each event to the structured log."""

    def __init__(self) -> None:
        self._log = structlog.get_logger("webtv")

    def __call__(self, event: Event, /) -> None:
        """Write one line."""
        taken = {"event", "message", "remedy", "channel"}
        details = {key: value for key, value in event.data.items() if key not in taken}
        write = {
            Severity.INFO: self._log.info,
            Severity.WARNING: self._log.warning,
            Severity.ERROR: self._log.error,
        }[event.severity]
        # A log that cannot be written (a full disk, a closed terminal) must not take the station down.
        with contextlib.suppress(OSError, ValueError):
            write(
                event.kind,
                message=event.message,
                **({"remedy": event.remedy} if event.remedy else {}),
                **({"channel": event.channel} if event.channel else {}),
                **details,
            )


class EventLog:
    """Fans events out to listeners and remembers the latest ones."""

    def __init__(self, *sinks: Callable[[Event], None], keep: int = 500) -> None:
        self._sinks = list(sinks)
        self.recent: deque[Event] = deque(maxlen=keep)

    def __call__(self, event: Event, /) -> None:
        """Remember the event and hand it to every listener; one that fails keeps no other from hearing."""
        self.recent.append(event)
        for sink in self._sinks:
            try:
                sink(event)
            except Exception:
                logging.getLogger(__name__).exception("a listener failed at %s", event.kind)

    def listen(self, sink: Callable[[Event], None]) -> None:
        """Add a listener for all later events."""
        self._sinks.append(sink)

    def last_error(self) -> Event | None:
        """The latest event that is an error or a warning, or None."""
        return next((e for e in reversed(list(self.recent)) if e.severity is not Severity.INFO), None)
