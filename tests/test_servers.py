"""What the end-to-end tests lean on to find leftovers."""

import sys
from pathlib import Path

import pytest

from servers import MissingProgram, children_of, free_port, listening, processes_with, program
from webtv.core.process import Process

SLEEPER = [sys.executable, "-c", "import sys; print('up', flush=True); sys.stdin.read()"]


async def test_a_process_is_found_by_its_environment_until_it_ends(tmp_path: Path) -> None:
    marker = f"{tmp_path}-unique"
    child = Process(SLEEPER, name="sleeper", env={"MARKER": marker}, stdin=True, stdout=True)
    async with child:
        await child.stdout.readline()  # it has exec'ed
        assert processes_with(marker) == [child.pid]
        assert children_of(child.pid) == []
    assert processes_with(marker) == []


async def test_waiting_for_a_dead_server_says_why() -> None:
    code = "import sys; sys.exit('no such port in this house')"
    async with Process([sys.executable, "-c", code], name="server") as child:
        with pytest.raises(AssertionError, match="server ended: no such port in this house"):
            await listening(free_port(), child)


def test_a_missing_program_is_named_with_the_line_to_type() -> None:
    with pytest.raises(MissingProgram, match=r"no-such-program is missing.*apt-get install"):
        program("no-such-program")
