"""Whatever befalls an RTMP session: it ends soon, tells why without its key, and comes back."""

import asyncio
import contextlib
import errno
import os
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, ClassVar

import pytest
from air_house import Footage
from rtmp_house import HASTY, KEY, Rig, children, pull, pushing, spellings, visible

from servers import Authority, Gate, NginxRtmp, free_port
from webtv.air.faults import Fault
from webtv.air.output import OutputState
from webtv.air.pusher import address, fault_of
from webtv.air.rtmp import RtmpOutput
from webtv.air.session import Patience, Session, SessionError
from webtv.core.clock import SystemClock
from webtv.core.events import Severity
from webtv.testing.clock import VirtualClock

PACE = 4.0  # times real time, so that buffers fill soon


def keyless(rig: Rig) -> bool:
    told = repr(rig.events) + repr(rig.output.status) + repr(rig.output)
    return not any(part in told for part in spellings(KEY))


def check(rig: Rig, fault: Fault) -> None:
    event = rig.failed[0]
    assert event.data["fault"] == fault, event
    assert event.severity is Severity.WARNING
    assert event.remedy == fault.remedy
    assert fault.meaning in event.message
    assert keyless(rig)


async def test_a_server_that_cannot_be_had_is_told_for_what_it_is(footage: Footage, tmp_path: Path) -> None:
    authority, other = Authority(tmp_path / "ca"), Authority(tmp_path / "other")
    trusted = {"ca_file": str(authority.file)}
    async with (
        NginxRtmp(tmp_path / "nginx") as nginx,
        Gate() as mute,
        Gate() as cruel,
        Gate(nginx.port) as plain,
        Gate(nginx.port, tls=authority.server("DNS:tv.example")) as misnamed,
        Gate(nginx.port, tls=other.server("IP:127.0.0.1", "DNS:localhost")) as strange,
        pushing(footage, nginx.url("taken")) as first,
    ):
        cruel.resets = True
        await first.live()

        async def expect(url: str, fault: Fault, said: str = "", **options: Any) -> None:
            async with (
                asyncio.timeout(40),
                pushing(footage, url, pace=PACE, patience=HASTY, **options) as rig,
            ):
                await rig.down()
                assert rig.state is OutputState.WAITING
                check(rig, fault)
                assert said in rig.output.status.error
                assert rig.output.status.sessions == 0

        def local(port: int, scheme: str = "rtmp") -> str:
            return f"{scheme}://localhost:{port}/live/{KEY}"

        async with asyncio.TaskGroup() as group:
            for url, fault, options in (
                (local(free_port()), Fault.REFUSED, {}),
                (f"rtmp://{'x' * 64}.invalid/live/{KEY}", Fault.UNKNOWN_HOST, {}),
                (local(mute.port), Fault.UNANSWERED, {}),
                (local(mute.port, "rtmps"), Fault.UNANSWERED, trusted),
                (local(cruel.port), Fault.CLOSED, {}),
                (local(plain.port, "rtmps"), Fault.UNANSWERED, trusted),
                (local(misnamed.port, "rtmps"), Fault.CERTIFICATE_NAME, trusted),
                (local(strange.port, "rtmps"), Fault.CERTIFICATE, trusted),
                (local(strange.port, "rtmps"), Fault.CERTIFICATE, {}),
                (local(strange.port, "rtmps"), Fault.CA_FILE, {"ca_file": str(tmp_path / "none.pem")}),
            ):
                group.create_task(expect(url, fault, **options))
            group.create_task(expect(nginx.url("taken"), Fault.REJECTED, "Already publishing"))


async def frozen(rig: Rig, gate: Gate, child: int) -> Fault:
    gate.freeze()
    await rig.down()
    gate.cut()
    gate.thaw()
    return Fault.STALLED


async def cut(rig: Rig, gate: Gate, child: int) -> Fault:
    gate.cut()
    await rig.down()
    return Fault.CUT


async def killed(rig: Rig, gate: Gate, child: int) -> Fault:
    os.kill(child, signal.SIGKILL)
    await rig.down()
    return Fault.KILLED


async def stopped(rig: Rig, gate: Gate, child: int) -> Fault:
    os.kill(child, signal.SIGSTOP)
    await rig.down()
    return Fault.STALLED


async def test_a_session_that_breaks_comes_back(footage: Footage, tmp_path: Path) -> None:
    async def run(
        rig: Rig, gate: Gate, child: int, act: Callable[[Rig, Gate, int], Awaitable[Fault]]
    ) -> None:
        check(rig, await act(rig, gate, child))
        await rig.live(2)
        video, audio, leads = await asyncio.to_thread(pull, nginx.url(f"{KEY}{act.__name__}"), 10)
        assert leads
        assert video == sorted(set(video))
        assert audio == sorted(set(audio))
        assert rig.output.status.error == ""
        assert keyless(rig)

    async with contextlib.AsyncExitStack() as stack:
        await stack.enter_async_context(asyncio.timeout(60))
        nginx = await stack.enter_async_context(NginxRtmp(tmp_path / "nginx"))
        scenes = []
        for act in (frozen, cut, killed, stopped):
            gate = await stack.enter_async_context(Gate(nginx.port))
            url = f"rtmp://127.0.0.1:{gate.port}/live/{KEY}{act.__name__}"
            others = set(children())
            rig = await stack.enter_async_context(pushing(footage, url, pace=PACE, patience=HASTY))
            await rig.live()
            (child,) = set(children()) - others
            scenes.append((rig, gate, child, act))
        async with asyncio.TaskGroup() as group:
            for scene in scenes:
                group.create_task(run(*scene))
        assert len(children()) == len(scenes), "no child is left behind"
    assert not children()


async def test_a_child_that_takes_nothing_is_seen_before_the_pipe_is_full() -> None:
    clock = VirtualClock()
    patience = Patience(stall=10.0)
    session = Session("x", "rtmp://127.0.0.1:1/x/y", ca_file=None, clock=clock, patience=patience)
    try:
        await session.start()
        os.kill(session.process.pid, signal.SIGSTOP)
        await session.write(b"a little")
        clock.forward(9.0)
        await session.write(b"more")
        clock.forward(2.0)
        with pytest.raises(SessionError) as caught:
            await session.write(b"and more")
    finally:
        await session.end()
    assert caught.value.fault is Fault.STALLED


async def test_the_time_between_tries_grows_and_is_never_the_same(footage: Footage) -> None:
    url = f"rtmp://127.0.0.1:{free_port()}/live/{KEY}"

    class Hurried(SystemClock):
        waits: ClassVar[list[float]] = []

        async def sleep(self, seconds: float) -> None:
            self.waits.append(seconds)
            await super().sleep(0)

    async with pushing(footage, url, clock=Hurried()) as rig:
        await rig.down(9)
    waits = Hurried.waits[:8]
    assert len(set(waits)) == 8
    for tries, wait in enumerate(waits, 1):
        longest = min(60.0, 2.0**tries)
        assert longest / 2 <= wait <= longest


async def test_tls_is_checked_and_a_key_is_never_seen(
    footage: Footage, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    authority = Authority(tmp_path / "ca")
    async with (
        NginxRtmp(tmp_path / "nginx") as nginx,
        Gate(nginx.port, tls=authority.server("DNS:localhost", "IP:127.0.0.1")) as gate,
    ):
        url = f"rtmps://localhost:{gate.port}/live/{KEY}"
        async with pushing(footage, url, ca_file=str(authority.file)) as rig:
            await rig.live()
            video, _, leads = await asyncio.to_thread(pull, nginx.url(KEY), 10)
            assert leads
            assert video == sorted(set(video))
            secrets = [part.encode() for part in spellings(KEY)]
            assert secrets
            assert not any(secret in text for text in visible() for secret in secrets)
            gate.cut()
            await rig.down()
    assert keyless(rig)
    said = capfd.readouterr()
    assert not any(part in said.out + said.err for part in spellings(KEY))


def test_a_servers_words_are_shown_without_the_key() -> None:
    url = "rtmp://user:pa55word@h.example/live/a%20Key%2Fx-1?token=t0ken99"
    output = object.__new__(RtmpOutput)
    output._url = url
    for words in (
        f"no such stream: {url}",
        "no such stream: a%20Key%2Fx-1",
        "no such stream: a%20key%2fX-1?token=t0ken99",
        "no such stream: a Key/x-1",
        "bad token t0ken99 of user pa55word",
    ):
        shown = output._private(words)
        assert not any(secret in shown.lower() for secret in ("key", "t0ken99", "pa55word")), shown


def test_what_a_child_says_is_from_a_closed_list() -> None:
    quoting = OSError(errno.EIO, "cannot open rtmp://h/live/KEY")
    fault, words = fault_of(quoting, ["Slave '[f=data]rtmp://h/live/KEY': error opening"], live=False)
    assert (fault, words) == (Fault.CLOSED, "")
    assert fault_of(TimeoutError(errno.ETIMEDOUT, "KEY"), [], live=True) == (Fault.STALLED, "")
    assert fault_of(ValueError("KEY"), [], live=True) == (Fault.CUT, "")
    assert fault_of(quoting, ["Server error: Already publishing\n"], live=False) == (
        Fault.REJECTED,
        "Already publishing",
    )
    assert all(fault.meaning and fault.remedy for fault in Fault)


def test_an_address_keeps_its_signs_in_libavformats_words() -> None:
    assert address("rtmp://h/a/k|e'y", {"ca_file": "/a b:c]"}) == (
        "[f=data:ca_file=/a\\\\\\ b\\\\:c\\\\]]rtmp://h/a/k\\|e\\'y"
    )
