import asyncio
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, func, select, text
from sqlalchemy.exc import OperationalError

from webtv.core.errors import ConfigError, ResourceError, TransientError
from webtv.db import schema
from webtv.db.database import open_database
from webtv.db.migrations import config_for, engine_for, upgrade
from webtv.db.schema import REVISIONS
from webtv.db.tables import JobRow, NoteRow, Table


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "webtv.sqlite3"


def note(name: str, value: object = 1) -> NoteRow:
    return NoteRow(name=name, value=value, at=0.0)


async def put(database, name: str) -> None:
    async def work(session) -> None:
        session.add(note(name))

    await database.write(work)


async def names(database) -> list[str]:
    async with database.reading() as session:
        return list(await session.scalars(select(NoteRow.name).order_by(NoteRow.name)))


def test_migrations_build_exactly_the_tables(tmp_path):
    migrated = tmp_path / "migrated.sqlite3"
    upgrade(migrated)
    engine = engine_for(migrated)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Table.metadata) == []
        script = ScriptDirectory.from_config(config_for(connection))
        assert [each.revision for each in script.walk_revisions()][::-1] == list(REVISIONS)
    engine.dispose()

    # What a comparison of metadata overlooks (checks, autoincrement, actions of keys) stands in the SQL.
    declared = create_engine(f"sqlite:///{tmp_path / 'declared.sqlite3'}")
    Table.metadata.create_all(declared)
    declared.dispose()

    def schema_of(file: Path) -> dict[str, list[str]]:
        connection = sqlite3.connect(file)
        rows = connection.execute(
            "SELECT name, sql FROM sqlite_schema WHERE name NOT LIKE '%alembic%'"
        ).fetchall()
        connection.close()
        # Constraints of a table are listed in either order: compare as sets of lines. A table that was made
        # anew bears its name in quotes.
        return {
            name: sorted(
                line.strip().rstrip(",").replace(f'TABLE "{name}"', f"TABLE {name}")
                for line in (sql or "").replace("\t", " ").splitlines()
            )
            for name, sql in rows
        }

    assert schema_of(migrated) == schema_of(tmp_path / "declared.sqlite3")
    assert "ck_ratings_stars" in str(schema_of(migrated))


async def test_jobs_of_the_version_before_pools_go_on_where_they_were(path):
    path.parent.mkdir()
    engine = engine_for(path)
    with engine.begin() as connection:
        command.upgrade(config_for(connection), "r0002")
        for number, state in enumerate(("queued", "queued", "leased", "done")):
            connection.execute(
                text(
                    'INSERT INTO jobs (id, kind, channel, "group", "key", payload, state, rank, attempts,'
                    " max_attempts, token, not_before, lease_owner, created) VALUES (:id, 'clip', 'one',"
                    " 'seq', :id, :payload, :state, -5, :attempts, 4, 1, 0.0, :owner, 1.5)"
                ),
                {
                    "id": f"job{number}",
                    "payload": f'{{"position": {number}}}',
                    "state": state,
                    "attempts": number,
                    "owner": "ann" if state == "leased" else None,
                },
            )
    engine.dispose()
    async with await open_database(path) as database, database.reading() as session:
        rows = (await session.scalars(select(JobRow).order_by(JobRow.id))).all()
    assert [row.payload["position"] for row in rows] == [0, 1, 2, 3]
    assert [(row.id, row.group, row.rank, row.created) for row in rows] == [
        (f"job{number}", "seq", -5, 1.5) for number in range(4)
    ]
    assert [(row.pool, row.progress) for row in rows] == [("cores", None)] * 4
    assert [row.take for row in rows[:3]] == [1, 2, 2], "nothing that a check refused is made again"
    assert rows[2].lease_owner == "ann"


def test_the_columns_of_pools_can_be_taken_away_again_with_every_job_kept(path):
    schema.prepare(path)
    engine = engine_for(path)
    insert = (
        'INSERT INTO jobs (id, kind, channel, "group", "key", payload, state, rank, attempts, max_attempts,'
        " token, not_before, created) VALUES ('a', 'clip', 'one', '', 'a', '{}', 'queued', 0, 0, 4, 0, 0, 0)"
    )
    with engine.begin() as connection:
        connection.execute(text(insert))
        command.downgrade(config_for(connection), "r0002")
    with engine.connect() as connection:
        columns = {row[1] for row in connection.execute(text("PRAGMA table_info(jobs)"))}
        assert not columns & {"pool", "take", "progress"}
        assert connection.execute(text("SELECT id, state FROM jobs")).fetchall() == [("a", "queued")]
        indexes = {row[1] for row in connection.execute(text("PRAGMA index_list(jobs)"))}
    engine.dispose()
    assert "ix_jobs_state_rank_id" in indexes


def test_downgrade_leaves_nothing_behind(tmp_path):
    path = tmp_path / "a.sqlite3"
    upgrade(path)
    engine = engine_for(path)
    with engine.begin() as connection:
        command.downgrade(config_for(connection), "base")
    with engine.connect() as connection:
        tables = connection.execute(
            text("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'")
        )
        assert [row[0] for row in tables] == ["alembic_version"]
    engine.dispose()


async def test_a_new_file_is_made_with_its_folder_and_set_up(path):
    async with await open_database(path) as database:
        async with database.reading() as session:
            assert await session.scalar(text("PRAGMA journal_mode")) == "wal"
            assert await session.scalar(text("PRAGMA foreign_keys")) == 1
            assert await session.scalar(text("PRAGMA busy_timeout")) >= 1000
        await put(database, "kept")
    async with await open_database(path) as database:
        assert await names(database) == ["kept"]


def test_opening_at_head_does_not_import_alembic(path):
    schema.prepare(path)
    program = (
        "import asyncio, sys, pathlib\n"
        "from webtv.db.database import open_database\n"
        "async def main():\n"
        "    async with await open_database(pathlib.Path(sys.argv[1])) as database:\n"
        "        async with database.reading(): pass\n"
        "asyncio.run(main())\n"
        "sys.exit('alembic' in sys.modules)\n"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", program, str(path)], check=True, timeout=60)


def test_several_processes_open_a_new_file_at_once(path):
    program = "import sys, pathlib; from webtv.db.schema import prepare; prepare(pathlib.Path(sys.argv[1]))"
    children = [subprocess.Popen([sys.executable, "-c", program, str(path)]) for _ in range(4)]
    assert [child.wait(timeout=60) for child in children] == [0, 0, 0, 0]
    schema.prepare(path)


async def test_a_newer_database_is_refused_and_left_alone(path):
    schema.prepare(path)
    connection = sqlite3.connect(path)
    connection.execute("UPDATE alembic_version SET version_num = 'r9999'")
    connection.commit()
    connection.close()
    with pytest.raises(ConfigError, match="newer version") as caught:
        await open_database(path)
    assert caught.value.place == str(path)
    assert "r9999" in caught.value.message
    assert caught.value.remedy


@pytest.mark.parametrize("content", [b"this is no database, " * 400, b"SQLite format 3\x00" + b"\xff" * 8000])
async def test_a_damaged_file_is_named_and_never_deleted(path, content):
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(ConfigError, match="damaged") as caught:
        await open_database(path)
    assert str(path) in str(caught.value)
    assert "move the file away" in caught.value.remedy
    assert path.read_bytes() == content


async def test_damage_found_later_is_named_too(path):
    async with await open_database(path) as database:
        for number in range(200):
            await put(database, f"{number:05}" + "x" * 200)
    whole = bytearray(path.read_bytes())
    for page in range(2, len(whole) // 4096):
        whole[page * 4096 : page * 4096 + 1000] = b"\xff" * 1000
    # The revision can still be read, so opening succeeds; the notes cannot.
    path.write_bytes(bytes(whole))
    with pytest.raises(ConfigError, match="damaged"):
        async with await open_database(path) as database:
            await names(database)


async def test_another_programs_file_is_refused(path):
    path.parent.mkdir()
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE recipes (name)")
    connection.commit()
    connection.close()
    with pytest.raises(ConfigError, match="another program"):
        await open_database(path)


async def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="cannot be created") as caught:
        await open_database(tmp_path / "file" / "webtv.sqlite3")
    assert "WEBTV_DATA" in caught.value.remedy


async def test_a_failing_write_leaves_nothing(path):
    async with await open_database(path) as database:

        async def work(session) -> None:
            session.add(note("half"))
            await session.flush()
            raise RuntimeError("no")

        with pytest.raises(RuntimeError, match="no"):
            await database.write(work)
        assert await names(database) == []


async def test_a_write_that_began_ends_though_its_caller_is_cancelled(path):
    async with await open_database(path) as database:
        began, may_end = asyncio.Event(), asyncio.Event()

        async def work(session) -> None:
            session.add(note("written"))
            began.set()
            await may_end.wait()

        task = asyncio.ensure_future(database.write(work))
        await began.wait()
        task.cancel()
        await asyncio.sleep(0)
        task.cancel()  # an impatient caller
        may_end.set()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await names(database) == ["written"]


async def test_a_cancelled_read_leaves_the_database_usable(path):
    async with await open_database(path) as database:
        for delay in range(12):  # at another await of the read each time

            async def look() -> None:
                async with database.reading() as session:
                    await session.scalar(select(func.count()).select_from(NoteRow))

            task = asyncio.ensure_future(look())
            for _ in range(delay):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        await put(database, "after")
        assert await names(database) == ["after"]


async def test_writers_of_one_process_take_turns(path):
    async with await open_database(path) as database, asyncio.TaskGroup() as group:

        async def count() -> None:
            async def work(session) -> None:
                row = await session.get(NoteRow, "count")
                if row is None:
                    session.add(note("count"))
                else:
                    row.value = row.value + 1

            await database.write(work)

        for _ in range(30):
            group.create_task(count())
    async with await open_database(path) as database, database.reading() as session:
        row = await session.get(NoteRow, "count")
        assert row.value == 30


async def test_writers_of_several_openings_take_turns(path):
    # As several processes would: each reads before it writes, which only works if it locks before it reads.
    async with await open_database(path) as one, await open_database(path) as two:

        async def count(database) -> None:
            async def work(session) -> None:
                row = await session.get(NoteRow, "count")
                if row is None:
                    session.add(note("count"))
                else:
                    row.value = row.value + 1

            for _ in range(15):
                await database.write(work)

        async with asyncio.TaskGroup() as group:
            group.create_task(count(one))
            group.create_task(count(two))
        async with one.reading() as session:
            row = await session.get(NoteRow, "count")
            assert row.value == 30


async def test_a_write_that_waits_for_its_turn_is_written_though_its_caller_is_cancelled(path):
    async with await open_database(path) as database:
        may_end = asyncio.Event()

        async def slow(session) -> None:
            session.add(note("first"))
            await may_end.wait()

        first = asyncio.ensure_future(database.write(slow))
        second = asyncio.ensure_future(put(database, "second"))
        for _ in range(3):
            await asyncio.sleep(0)
        second.cancel()
        may_end.set()
        await first
        with pytest.raises(asyncio.CancelledError):
            await second
        assert await names(database) == ["first", "second"]


async def test_a_reader_sees_one_state_while_another_writes(path):
    async with await open_database(path) as database, database.reading() as session:
        assert await session.scalar(select(func.count()).select_from(NoteRow)) == 0
        await put(database, "new")
        assert await session.scalar(select(func.count()).select_from(NoteRow)) == 0


async def test_a_file_held_by_another_process_is_a_passing_trouble(path, monkeypatch):
    schema.prepare(path)
    monkeypatch.setattr("webtv.db.database.BUSY_SECONDS", 0.01)
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    try:
        async with await open_database(path) as database:
            with pytest.raises(TransientError, match="busy"):
                await put(database, "blocked")
            holder.execute("ROLLBACK")
            await put(database, "free")
            assert await names(database) == ["free"]
    finally:
        holder.close()


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (sqlite3.SQLITE_FULL, "full"),
        (sqlite3.SQLITE_IOERR_FSYNC, "read or write"),
        (sqlite3.SQLITE_CANTOPEN, "opened"),
        (sqlite3.SQLITE_NOMEM, "memory"),
    ],
)
async def test_what_the_machine_lacks_is_said_with_a_remedy(path, code, said):
    async def work(_session) -> None:
        driver = sqlite3.OperationalError("as the driver says")
        driver.sqlite_errorcode = code
        raise OperationalError("INSERT", {}, driver)

    async with await open_database(path) as database:
        with pytest.raises(ResourceError, match=said) as caught:
            await database.write(work)
    assert (caught.value.place, bool(caught.value.remedy)) == (str(path), True)


async def test_a_database_that_may_only_be_read_is_said(path):
    async with await open_database(path) as database:

        async def work(session) -> None:
            await session.execute(text("PRAGMA query_only=ON"))  # refused in the words of a read-only disk
            session.add(note("refused"))

        with pytest.raises(ResourceError, match="only be read") as caught:
            await database.write(work)
        assert "mounted" in caught.value.remedy
        assert await names(database) == []
