"""The child process: ``python -m webtv.studio.hosting.child SOCKET PARENT``.

It builds one adapter and serves it, set to other options where a request says so. It ends with its parent,
however that ends: by the kernel's signal (Linux: when the thread that started it ends), and by the end of the
socket. It keeps nothing that would have to be put in order, so both ends are abrupt.
"""

import asyncio
import ctypes
import faulthandler
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable
from importlib import import_module
from typing import NoReturn, cast

from webtv.core.errors import ConfigError, InternalError, WebTVError
from webtv.studio.capability import capability_of
from webtv.studio.hosting import codec, meter
from webtv.studio.hosting.post import Post
from webtv.studio.hosting.serving import Builder, Serving
from webtv.studio.hosting.spec import ModelSpec
from webtv.studio.hosting.wire import Inbox, Message

_PR_SET_PDEATHSIG = 1
_STATUS = 70  # EX_SOFTWARE: when its parent makes no sense to it, or it to itself


def die_with(parent: int) -> None:
    """Have the kernel end this process when its parent ends; at once if that has happened already."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) or os.getppid() != parent:
        os._exit(0)


def main(descriptor: int, parent: int) -> NoReturn:
    """Serve until the parent is gone."""
    die_with(parent)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the station, which ends its children itself
    os.dup2(2, 1)  # what libraries print goes where the log goes
    faulthandler.enable(all_threads=False)  # a crash says where; the others only wait
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    sock = socket.socket(fileno=descriptor)
    sock.setblocking(True)
    os.set_inheritable(descriptor, False)
    asyncio.run(_serve(sock))
    os._exit(_STATUS)


async def _serve(sock: socket.socket) -> None:
    try:
        await _obey(sock)
    except Exception:
        logging.getLogger(__name__).exception("this process cannot go on")
        os._exit(_STATUS)  # from here, as leaving the loop would wait for threads that may be stuck


async def _obey(sock: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    inbox: asyncio.Queue[Message] = asyncio.Queue()

    def hear(message: Message) -> None:
        loop.call_soon_threadsafe(inbox.put_nowait, message)

    threading.Thread(target=_listen, args=(sock, hear), name="hosting_listen", daemon=True).start()
    order = await inbox.get()
    if order.kind != "build":
        raise ValueError(f"{order.kind!r} came where an order to build was expected")
    spec = ModelSpec(codec.text(order.body["stage"]), order.body["options"])
    post = Post(sock)
    try:
        builder = _builder(codec.text(order.body["builder"]))
        adapter = builder(spec.stage, spec.options)
    except Exception as error:
        post.send("refused", {"error": codec.error_to_json(_refusal(error, spec))})
        await asyncio.get_running_loop().create_future()  # the parent ends this process when it has read that
    post.send("ready", {"adapter": capability_of(adapter, spec.stage, spec.adapter).adapter, **meter.taken()})
    await Serving(adapter, post, spec, builder).run(inbox)


def _listen(sock: socket.socket, hear: Callable[[Message], None]) -> None:
    """Read in a thread of its own: however stuck the others are, the end of the parent ends the process."""
    inbox = Inbox(sock, most=1 << 62)
    while True:
        try:
            message = inbox.receive()
        except (EOFError, OSError):
            os._exit(0)
        except WebTVError:
            logging.getLogger(__name__).exception("the parent sent what is no message")
            os._exit(_STATUS)
        if message is not None:
            hear(message)


def _builder(name: str) -> Builder:
    module, _, attribute = name.partition(":")
    return cast("Builder", getattr(import_module(module), attribute))


def _refusal(error: Exception, spec: ModelSpec) -> WebTVError:
    if isinstance(error, WebTVError):
        return error
    logging.getLogger(__name__).error("%s cannot be built", spec.place, exc_info=error)
    said = f"it cannot be built: {type(error).__name__}: {error}"
    if isinstance(error, ImportError):
        return ConfigError(said, place=spec.place, remedy="run `webtv doctor`")
    return InternalError(said, place=spec.place, remedy="report it")


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
