"""Migrations, shipped with the package and run by it: one transaction from any revision to the latest."""

from pathlib import Path

import sqlalchemy
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import DBAPIError


def config_for(connection: Connection) -> Config:
    """Alembic's configuration for work on a connection; there is no ini file."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def engine_for(path: Path) -> Engine:
    """A synchronous engine whose transactions are SQLite's own, so that DDL rolls back as a whole."""
    engine = sqlalchemy.create_engine(f"sqlite:///{path}", poolclass=sqlalchemy.NullPool)

    @event.listens_for(engine, "connect")
    def _leave_transactions_to_us(dbapi: sqlalchemy.PoolProxiedConnection, _record: object) -> None:
        dbapi.isolation_level = None  # type: ignore[attr-defined]

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def upgrade(path: Path) -> None:
    """Bring a database file to the latest revision.

    Raises:
        sqlite3.Error: as the driver says; the file is as it was.
    """
    engine = engine_for(path)
    try:
        with engine.begin() as connection:
            command.upgrade(config_for(connection), "head")
    except DBAPIError as error:
        if error.orig is None:
            raise
        raise error.orig from error
    finally:
        engine.dispose()
