"""The control plane's database: reads side by side, writes one after another, none torn by cancellation."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from sqlalchemy import Connection, event
from sqlalchemy.exc import DatabaseError
from sqlalchemy.exc import TimeoutError as NoConnection
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

from webtv.core.completion import to_its_end
from webtv.core.errors import ResourceError, TransientError
from webtv.db.schema import BUSY_SECONDS, damaged, prepare

T = TypeVar("T")

_WRITE = "webtv_write"
_CONNECTIONS = 4
_UNWRITABLE = "check that the disk is mounted for writing and the station's account may write the folder"
_SPENT = {
    sqlite3.SQLITE_FULL: ("the disk is full", "free some space on this disk"),
    sqlite3.SQLITE_IOERR: ("the disk does not read or write the database", "check the disk and its cables"),
    sqlite3.SQLITE_READONLY: ("the database may only be read", _UNWRITABLE),
    sqlite3.SQLITE_CANTOPEN: ("the database cannot be opened", _UNWRITABLE),
    sqlite3.SQLITE_NOMEM: ("there is no memory left for the database", "end other programs"),
}


class Database:
    """An open database; an async context manager that closes it.

    Several processes may have the same file open. Made by :func:`open_database`.
    """

    def __init__(self, path: Path, engine: AsyncEngine) -> None:
        self.path = path
        self._engine = engine
        self._writing = engine.execution_options(**{_WRITE: True})
        # SQLite lets one writer in and has the others poll; within a process a lock is fair and at once.
        self._turn = asyncio.Lock()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """A session that sees one consistent state for as long as the block lasts. Keep it short."""
        async with AsyncSession(self._engine, expire_on_commit=False, autoflush=False) as session:
            with _translated(self.path):
                yield session

    async def write(self, work: Callable[[AsyncSession], Awaitable[T]]) -> T:
        """Run one write transaction and return what ``work`` returns.

        It runs to its end even if the caller is cancelled, who learns of the cancellation afterwards: a
        status that somebody set out to write is written.

        Args:
            work: does its statements on the session it gets; raising rolls everything back. Keep it short
                and wait for nothing else in it.

        Raises:
            TransientError: another process held the file for too long.
            ResourceError: the disk is full, takes no writes, or fails.
        """
        return await to_its_end(self._transact(work))

    async def _transact(self, work: Callable[[AsyncSession], Awaitable[T]]) -> T:
        with _translated(self.path):
            async with (
                self._turn,
                AsyncSession(self._writing, expire_on_commit=False, autoflush=False) as session,
                session.begin(),
            ):
                return await work(session)

    async def close(self) -> None:
        """Close every connection and end their threads."""
        await to_its_end(self._engine.dispose())

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()


async def open_database(path: Path) -> Database:
    """Open the database, creating it and bringing it to this code's schema first.

    Raises:
        ConfigError: the file is damaged, belongs to another program or a newer version, or cannot be written.
    """
    await asyncio.to_thread(prepare, path)
    engine = create_async_engine(
        f"sqlite+aiosqlite:///{path}",
        connect_args={"timeout": BUSY_SECONDS},
        pool_size=_CONNECTIONS,
        max_overflow=0,
        pool_timeout=60.0,
    )

    @event.listens_for(engine.sync_engine, "connect")
    def _set_up(dbapi: Any, _record: object) -> None:
        dbapi.isolation_level = None  # our own BEGIN below, not the driver's guess
        cursor = dbapi.cursor()
        # FULL, though WAL would stand a power cut without it: what was paid for must stay recorded.
        for pragma in ("foreign_keys=ON", "synchronous=FULL", "temp_store=MEMORY"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Connection) -> None:
        writing = connection.get_execution_options().get(_WRITE)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")

    return Database(path, engine)


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    """Turns the driver's trouble into the house's."""
    try:
        yield
    except NoConnection as error:  # all of them are at work
        raise TransientError("the database is busy", place=str(path), remedy="try again") from error
    except DatabaseError as error:
        code = getattr(error.orig, "sqlite_errorcode", 0) & 0xFF  # the rest of it says more than we need
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL):
            raise TransientError("the database is busy", place=str(path), remedy="try again") from error
        if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            raise damaged(path, error.orig or error) from error
        if code in _SPENT:
            message, remedy = _SPENT[code]
            raise ResourceError(message, place=str(path), remedy=remedy) from error
        raise
