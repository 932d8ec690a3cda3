"""Real children that misbehave."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from webtv.core.completion import to_its_end
from webtv.core.errors import ComponentError
from webtv.core.process import Process, python_command, spawn_detached

DEAF = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print('up', flush=True)
time.sleep(60)
"""


def child(code: str, **options) -> Process:
    return Process([sys.executable, "-c", code], name="child", **options)


def is_gone(pid: int) -> bool:
    """Whether a process was ended and reaped; a zombie is still there."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


async def test_what_it_says_and_how_it_ends():
    async with child(
        "import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)", stdout=True
    ) as it:
        assert await it.stdout.read() == b"out\n"
        assert await it.wait() == 3
    assert list(it.tail) == ["err"]
    assert it.returncode == 3


async def test_its_last_words_are_kept_when_it_dies_at_once():
    for _ in range(3):
        async with child("import os; os.write(2, b'no such key'); os._exit(9)") as it:
            await it.wait()
        assert list(it.tail) == ["no such key"]


async def test_one_that_is_deaf_to_term_is_killed():
    async with child(DEAF, stdout=True, grace=0.1) as it:
        assert await it.stdout.readline() == b"up\n"
    assert it.returncode == -signal.SIGKILL
    assert is_gone(it.pid)


async def test_one_that_listens_ends_by_term():
    async with child("import time; print('up', flush=True); time.sleep(60)", stdout=True) as it:
        await it.stdout.readline()
    assert it.returncode == -signal.SIGTERM


async def test_standard_input_is_a_leash():
    async with child("import sys; sys.stdin.read(); sys.exit(7)", stdin=True) as it:
        it.stdin.close()
        assert await it.wait() == 7


async def test_a_flood_of_long_lines_neither_blocks_nor_fills_memory():
    code = (
        "import sys\nfor _ in range(40): sys.stderr.write('x' * 300_000 + '\\n')\nsys.stderr.write('the end')"
    )
    async with child(code) as it:
        assert await it.wait() == 0
    assert it.tail[-1] == "the end"
    assert sum(map(len, it.tail)) < 5_000_000


async def test_a_grandchild_that_holds_the_pipe_does_not_hold_us():
    code = "import subprocess, sys; p = subprocess.Popen(['sleep', '60']); print(p.pid, flush=True)"
    async with child(code, stdout=True) as it:
        grandchild = int(await it.stdout.readline())
    try:
        assert it.returncode is not None
    finally:
        os.kill(grandchild, signal.SIGKILL)


@pytest.mark.parametrize("program", ["/nowhere/webtv-no-such-program", "/dev/null/program", "/etc/passwd"])
async def test_a_program_that_cannot_be_run_is_named(program):
    with pytest.raises(ComponentError, match=program):
        async with Process([program], name="child"):
            pass


async def test_cancelled_while_waiting_and_again_while_ending_it_leaves_no_zombie():
    started = asyncio.Event()
    kept = []

    async def work():
        async with child(DEAF, stdout=True, grace=0.3) as it:
            kept.append(it)
            await it.stdout.readline()
            started.set()
            await it.wait()

    task = asyncio.ensure_future(work())
    await started.wait()
    for _ in range(3):
        task.cancel()
        await asyncio.sleep(0)
    with pytest.raises(asyncio.CancelledError):
        await task
    assert kept[0].returncode == -signal.SIGKILL
    assert is_gone(kept[0].pid)


async def test_the_log_takes_everything(tmp_path: Path):
    log = tmp_path / "child.log"
    log.write_text("before\n")
    async with child("import sys; print('out', flush=True); print('err', file=sys.stderr)", log=log) as it:
        await it.wait()
    assert log.read_text() == "before\nout\nerr\n"
    assert not it.tail


async def test_variables_are_added_to_the_environment():
    code = "import os; print(os.environ['WEBTV_TEST'], 'PATH' in os.environ)"
    async with child(code, stdout=True, env={"WEBTV_TEST": "yes"}) as it:
        assert await it.stdout.read() == b"yes True\n"


def test_what_is_not_started_says_so():
    with pytest.raises(RuntimeError, match="async with"):
        _ = child("pass").pid


def test_a_detached_child_outlives_its_parent(tmp_path: Path):
    log = tmp_path / "log"
    code = (
        "import sys; from pathlib import Path; from webtv.core.process import spawn_detached\n"
        "argv = [sys.executable, '-c', 'import time; time.sleep(60)']\n"
        f"print(spawn_detached(argv, log=Path({str(log)!r})).pid)"
    )
    pid = int(
        subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.PIPE, timeout=30).stdout
    )
    try:
        assert not is_gone(pid)
        assert os.getsid(pid) == pid  # a session of its own: Ctrl-C does not reach it
    finally:
        os.kill(pid, signal.SIGKILL)


def test_detached_output_goes_to_the_log(tmp_path: Path):
    log = tmp_path / "log"
    code = "import os; print(os.environ['WEBTV_TEST'])"
    spawned = spawn_detached([sys.executable, "-c", code], log=log, env={"WEBTV_TEST": "yes"})
    assert spawned.wait(30) == 0
    assert log.read_text() == "yes\n"


def test_webtv_is_run_with_this_interpreter():
    assert python_command("air") == [sys.executable, "-m", "webtv", "air"]


async def test_work_is_brought_to_its_end_and_the_cancellation_told_after():
    steps = []

    async def work():
        await asyncio.sleep(0.01)
        steps.append("done")

    async def caller():
        await to_its_end(work())
        steps.append("never")

    task = asyncio.ensure_future(caller())
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert steps == ["done"]


async def test_trouble_of_work_is_the_callers():
    async def work():
        raise KeyError("x")

    with pytest.raises(KeyError):
        await to_its_end(work())
