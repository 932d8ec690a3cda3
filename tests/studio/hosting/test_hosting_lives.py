"""Children end with their parent, however it ends, and with nothing else."""

import contextlib
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import contract
import pytest
from hosting_house import PATIENCE, Ears, Gate, environment, pool, stand_in

from webtv.core.errors import ComponentError
from webtv.studio.hosting.sealed import seal
from webtv.studio.hosting.wire import Inbox, Outbox, pack

HERE = Path(__file__).parent
CHILD = [sys.executable, "-m", "webtv.studio.hosting.child"]

PARENT = """
import asyncio, sys
sys.path[:0] = {path!r}
import contract
from hosting_house import Ears, pool, stand_in

async def main():
    async with pool(Ears()) as opened:
        take = stand_in(opened, "Stuck", how={how!r}, gate={gate!r}).shoot(contract.shot_request())
        await anext(take)
        print(opened.status()[0].pid, flush=True)
        await anext(take)

asyncio.run(main())
"""


@contextlib.contextmanager
def watched(pid: int) -> Iterator[select.poll]:
    """Polls for the end of a process that need not be a child of ours."""
    descriptor = os.pidfd_open(pid)
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    try:
        yield poll
    finally:
        os.close(descriptor)


@pytest.mark.parametrize(
    ("how", "ending"),
    [
        ("awaits for ever", signal.SIGINT),
        ("awaits for ever", signal.SIGKILL),
        ("blocks its loop", signal.SIGTERM),
        ("blocks its loop", signal.SIGKILL),
    ],
)
def test_a_child_ends_with_its_parent(how: str, ending: signal.Signals, tmp_path: Path) -> None:
    gate = str(tmp_path / "gate")
    os.mkfifo(gate)
    script = PARENT.format(path=[str(HERE), str(HERE.parent)], how=how, gate=gate)
    with subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        with watched(pid) as end, Path(gate).open("wb") as opened:
            opened.write(b".")
            opened.flush()
            parent.send_signal(ending)
            parent.wait(PATIENCE)
            assert end.poll(PATIENCE * 1000), "the child is gone"


@pytest.fixture
def orphan() -> Iterator[tuple[subprocess.Popen[bytes], socket.socket]]:
    """A child without a pool, and the other end of its socket."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        arguments = [*CHILD, str(theirs.fileno()), str(os.getpid())]
        with subprocess.Popen(arguments, pass_fds=[theirs.fileno()], env=environment()) as process:
            theirs.close()
            yield process, ours
            process.kill()


def test_a_child_ends_when_its_socket_does(orphan: tuple[subprocess.Popen[bytes], socket.socket]) -> None:
    process, ours = orphan
    ours.close()
    assert process.wait(PATIENCE) == 0


def test_a_child_ends_when_its_parent_makes_no_sense(
    orphan: tuple[subprocess.Popen[bytes], socket.socket],
) -> None:
    process, ours = orphan
    ours.sendall(b"\xff" * 16)
    assert process.wait(PATIENCE) == os.EX_SOFTWARE


def test_a_child_that_is_asked_before_it_is_built_ends(
    orphan: tuple[subprocess.Popen[bytes], socket.socket],
) -> None:
    process, ours = orphan
    outbox = Outbox(ours)
    outbox.push(pack("call", {"call": 1}))
    outbox.flush()
    assert process.wait(PATIENCE) == os.EX_SOFTWARE


def test_a_child_beats_while_it_is_built(
    orphan: tuple[subprocess.Popen[bytes], socket.socket], gate: Gate
) -> None:
    _, ours = orphan
    outbox, inbox = Outbox(ours), Inbox(ours, most=0)
    order = {
        "builder": "hosting_adapters:build",
        "stage": "shot",
        "options": {"use": "Slow", "gate": gate.path},
    }
    outbox.push(pack("build", order))
    outbox.flush()
    kinds: list[str] = []
    while "ready" not in kinds:
        if (message := inbox.receive()) is not None:
            kinds.append(message.kind)
            if len(kinds) == 2:
                gate.open()
    assert kinds[:2] == ["beat", "beat"]


def test_a_child_of_somebody_else_ends_at_once() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        arguments = [*CHILD, str(theirs.fileno()), "1"]
        done = subprocess.run(
            arguments, pass_fds=[theirs.fileno()], env=environment(), timeout=PATIENCE, check=False
        )
    assert done.returncode == 0


async def test_an_interrupt_at_the_terminal_is_not_for_a_child() -> None:
    async with pool(ears := Ears()) as opened:
        maker = stand_in(opened, "Plain")
        await contract.frames_of(maker.shoot(contract.shot_request()))
        pid = opened.status()[0].pid
        assert pid is not None
        os.kill(pid, signal.SIGINT)
        await contract.frames_of(maker.shoot(contract.shot_request()))
        assert opened.status()[0].pid == pid
    assert ears.kinds() == ["started"]


async def test_a_system_without_sealed_memory_is_said_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "memfd_create")
    with pytest.raises(ComponentError, match="memfd") as caught:
        async with pool(Ears()):
            pass
    assert "Linux" in caught.value.remedy
    with pytest.raises(ComponentError):
        seal(contract.moving_square(1))
