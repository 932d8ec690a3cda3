"""Tickets: what was ordered at an endpoint and not yet taken home, so that nothing is paid for twice.

A ticket is written before a job is submitted (with a number that a server may know it by), again when the
server named the job, and again when its video is ready. Whoever asks for the same take after a crash finds
it and goes on from there. It goes when the take is safe elsewhere, or when there is nothing left to fetch.
"""

import json
import math
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Protocol, Self

from webtv.core.errors import ConfigError, ResourceError
from webtv.core.files import write_atomically

_KEY = re.compile(r"[0-9a-f]{16,128}")
_KEEP = 14 * 86_400.0  # seconds; no server keeps a video that long


class Tickets(Protocol):
    """A small store of texts by content key. Calls are quick, so that no cancellation comes between.

    Two objects over the same store are equal: by that, lanes know that they want the same take.
    """

    def get(self, key: str) -> str | None:
        """The ticket, or None."""
        ...

    def put(self, key: str, ticket: str) -> None:
        """Keep a ticket, durably, in place of an earlier one."""
        ...

    def drop(self, key: str) -> None:
        """Forget a ticket if there is one."""
        ...


class MemoryTickets:
    """A :class:`Tickets` that ends with the process; for dry runs and tests."""

    def __init__(self) -> None:
        self._kept: dict[str, str] = {}

    def get(self, key: str) -> str | None:
        """The ticket, or None."""
        return self._kept.get(key)

    def put(self, key: str, ticket: str) -> None:
        """Keep a ticket."""
        self._kept[key] = ticket

    def drop(self, key: str) -> None:
        """Forget a ticket."""
        self._kept.pop(key, None)


class FileTickets:
    """A :class:`Tickets` of one file each, complete or absent, readable to the operator only.

    Args:
        folder: where they lie; made if it is missing. Files older than two weeks go when one is kept.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __eq__(self, other: object) -> bool:
        return isinstance(other, FileTickets) and other._folder.absolute() == self._folder.absolute()

    def __hash__(self) -> int:
        return hash(self._folder.absolute())

    def get(self, key: str) -> str | None:
        """The ticket, or None."""
        try:
            return self._path(key).read_text("utf-8")
        except (FileNotFoundError, UnicodeDecodeError):
            return None
        except OSError as error:
            raise self._trouble(error) from error

    def put(self, key: str, ticket: str) -> None:
        """Keep a ticket through a power cut.

        Raises:
            ResourceError: it cannot be written; nothing may be ordered then.
        """
        path = self._path(key)
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_atomically(path, ticket.encode(), mode=0o600)
            newest = path.stat().st_mtime
            for old in self._folder.glob("*.json"):
                if old.stat().st_mtime < newest - _KEEP:
                    old.unlink(missing_ok=True)
        except FileNotFoundError:
            return  # an old one that somebody else removed at the same moment
        except OSError as error:
            raise self._trouble(error) from error

    def drop(self, key: str) -> None:
        """Forget a ticket."""
        try:
            self._path(key).unlink(missing_ok=True)
        except OSError as error:
            raise self._trouble(error) from error

    def _path(self, key: str) -> Path:
        if not _KEY.fullmatch(key):
            raise ConfigError("a ticket's key is a hash in hexadecimal", place="studio.remote tickets")
        return self._folder / f"{key}.json"

    def _trouble(self, error: OSError) -> ResourceError:
        return ResourceError(
            f"a ticket cannot be kept ({error.strerror}), so nothing is ordered",
            place=str(self._folder),
            remedy="make room, and let the station write there",
        )


@dataclass(frozen=True, slots=True)
class Ticket:
    """What is known about one order.

    Attributes:
        address: where it was placed.
        nonce: our number for it, sent along as ``Idempotency-Key``.
        at: wall time of the order.
        job: the server's id for it; empty until it answered.
        video: where the finished video lies; empty until it is ready.
    """

    address: str
    nonce: str
    at: float
    job: str = ""
    video: str = ""

    def to_text(self) -> str:
        """One JSON object."""
        return json.dumps(asdict(self))

    @classmethod
    def from_text(cls, text: str) -> Self | None:
        """The inverse; None if it was damaged."""
        try:
            told: Any = json.loads(text)
            ticket = cls(**told)
            texts = (ticket.address, ticket.nonce, ticket.job, ticket.video)
            sound = all(isinstance(item, str) for item in texts) and math.isfinite(ticket.at)
        except (ValueError, TypeError, OverflowError):
            return None
        return ticket if sound else None


class Order:
    """One take's ticket in its store.

    Args:
        store: where it is kept.
        key: content key of the take.
        alone: whether nobody else in this process waits for the same take.
    """

    def __init__(self, store: Tickets, key: str, alone: Callable[[], bool] = lambda: True) -> None:
        self._store = store
        self._key = key
        self._alone = alone
        text = store.get(key)
        self.ticket = Ticket.from_text(text) if text is not None else None
        if text is not None and self.ticket is None:
            store.drop(key)

    @property
    def may_be_cancelled(self) -> bool:
        """Whether the job is this order's, and nobody else in this process waits for it."""
        return self.ticket is not None and bool(self.ticket.job) and self._is_kept and self._alone()

    def place(self, address: str, nonce: str, at: float) -> None:
        """Write down that a job is about to be ordered."""
        self._keep(Ticket(address, nonce, at))

    def known(self, job: str) -> None:
        """Write down the server's id for it."""
        assert self.ticket is not None
        self._keep(replace(self.ticket, job=job))

    def ready(self, video: str) -> None:
        """Write down where the video lies."""
        assert self.ticket is not None
        self._keep(replace(self.ticket, video=video))

    def forget(self) -> None:
        """It is safe, refused, failed or cancelled: asking again means ordering again."""
        if self._is_kept:
            self._store.drop(self._key)
        self.ticket = None

    @property
    def _is_kept(self) -> bool:
        """Whether the store's ticket is this one, and not that of somebody who ordered the same take anew."""
        text = self._store.get(self._key)
        kept = Ticket.from_text(text) if text is not None else None
        return (
            kept is not None
            and self.ticket is not None
            and (kept.nonce, kept.job) == (self.ticket.nonce, self.ticket.job)
        )

    def _keep(self, ticket: Ticket) -> None:
        self._store.put(self._key, ticket.to_text())
        self.ticket = ticket
