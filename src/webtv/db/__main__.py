"""Drafts a migration for what changed in the tables: ``python -m webtv.db "what changes"``."""

import sys
import tempfile
from pathlib import Path

from alembic import command

from webtv.db.migrations import config_for, engine_for, upgrade
from webtv.db.schema import REVISIONS


def draft(message: str) -> None:
    """Write the next revision's module; read it before you commit it, and add it to ``REVISIONS``."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "scratch.sqlite3"
        upgrade(path)
        engine = engine_for(path)
        with engine.connect() as connection:
            command.revision(
                config_for(connection), message, autogenerate=True, rev_id=f"r{len(REVISIONS) + 1:04}"
            )
        engine.dispose()


if __name__ == "__main__":
    draft(sys.argv[1])
