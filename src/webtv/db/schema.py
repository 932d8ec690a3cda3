"""Bringing a database file to the schema of this code, before anybody opens it for work.

Runs synchronously (in a thread) on the standard library's driver. A file that is already there is
recognised by one read, without importing Alembic; several processes may arrive at once.
"""

import fcntl
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from webtv.core.errors import ConfigError

REVISIONS = ("r0001", "r0002", "r0003")
"""Every revision that this code knows, oldest first; a test holds it equal to the migrations."""

BUSY_SECONDS = 15.0


def prepare(path: Path) -> None:
    """Create the file or bring it to the latest revision; cheap if there is nothing to do.

    Raises:
        ConfigError: it is damaged, no database of ours, newer than this code, or cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if _revision(path) == REVISIONS[-1]:
            return
        with _alone(path):
            if _revision(path) != REVISIONS[-1]:  # somebody else may have been first
                _upgrade(path)
    except sqlite3.OperationalError as error:
        raise ConfigError(
            f"the database cannot be opened: {error}",
            place=str(path),
            remedy="check that the folder can be written, the disk has room and no other program locks it",
        ) from error
    except sqlite3.DatabaseError as error:
        raise damaged(path, error) from error
    except OSError as error:
        raise ConfigError(
            f"the database cannot be created: {error.strerror or error}",
            place=str(path),
            remedy="set WEBTV_DATA to a folder that can be written",
        ) from error


def damaged(path: Path, error: BaseException) -> ConfigError:
    """What to say about a file that SQLite refuses."""
    return ConfigError(
        f"the database is damaged or is no database: {error}",
        place=str(path),
        remedy=f"stop the station, move the file away and restore a backup as {path.name}; "
        f'`sqlite3 {path.name} ".recover"` saves what can be saved; without it the station starts anew',
    )


def _revision(path: Path) -> str | None:
    """The file's revision; None for a file that is absent or empty."""
    if not path.exists():
        return None
    with closing(sqlite3.connect(path, timeout=BUSY_SECONDS)) as connection:
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type='table'")}
        if not tables:
            return None
        rows = (
            connection.execute("SELECT version_num FROM alembic_version").fetchall()
            if "alembic_version" in tables
            else []
        )
    if not rows:
        raise ConfigError(
            "this SQLite file belongs to another program",
            place=str(path),
            remedy="set WEBTV_DATA to a folder of the station's own",
        )
    revision = str(rows[0][0])
    if revision not in REVISIONS:
        raise ConfigError(
            f"the database was written by a newer version of webtv (schema {revision}, "
            f"this version knows {REVISIONS[-1]})",
            place=str(path),
            remedy="install that version again, or set WEBTV_DATA to another folder",
        )
    return revision


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """One process at a time; the lock ends with the process."""
    with path.with_name(f"{path.name}.lock").open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _upgrade(path: Path) -> None:
    # Imported late: an up-to-date file, which is the usual one, never needs it.
    from webtv.db.migrations import upgrade

    with closing(sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
    upgrade(path)
