"""The child that carries one channel to one RTMP server: FLV on standard input, RTMP out.

Run as ``python -m webtv.air.pusher``. The first line of standard input is the order, as JSON: the target's
URL, which may carry a stream key and so never stands in an argument list, and libavformat's options. The
second line, ``go``, lets it connect; until then it waits, started and warm. It says ``live`` on standard
output once the server takes the stream. All that follows on standard input is FLV, whose tags go out as they
are.

It ends when its input does, so it never outlives the head-end. The last line on standard error of one that
failed is ``fault NAME``, and after it what the server said, if it said anything; never an address.
"""

import errno
import json
import os
import signal
import sys
from collections.abc import Iterable, Mapping

import av
from av.container import OutputContainer
from av.error import FFmpegError

from webtv.air.faults import Fault
from webtv.core.allocator import give_memory_back

_LINE = 16_384
_STRETCH = 1 << 18  # bytes of one read; half a second of the largest format fits
_KEPT = 20  # log lines
_SAID = "Server error: "

# What libavformat says tells more than the number that it returns.
_TELLING = {
    "Failed to resolve hostname": Fault.UNKNOWN_HOST,
    "does not match hostname": Fault.CERTIFICATE_NAME,
    "Error while reading file": Fault.CA_FILE,
    "Peer certificate failed verification": Fault.CERTIFICATE,
    "unexpected TLS packet": Fault.NOT_TLS,
    "Connection timed out": Fault.UNANSWERED,  # TLS, whose own error is another one
}
_NUMBERS = {
    errno.ECONNREFUSED: Fault.REFUSED,
    errno.ENETUNREACH: Fault.UNREACHABLE,
    errno.EHOSTUNREACH: Fault.UNREACHABLE,
    errno.ETIMEDOUT: Fault.UNANSWERED,
}


def address(url: str, options: Mapping[str, str]) -> str:
    """A URL and options of its protocols, in the words of libavformat's tee.

    PyAV opens an output's address without options; the tee passes those of each of its ends on, and
    the raw muxer behind it writes our own FLV tags as they are.
    """
    given = "".join(f":{name}={_escape(value, ':]')}" for name, value in options.items())
    return _escape(f"[f=data{given}]{url}", "|")


def _escape(text: str, special: str) -> str:
    return "".join(f"\\{sign}" if sign in special or sign in "\\' " else sign for sign in text)


def fault_of(error: BaseException, said: Iterable[str], *, live: bool) -> tuple[Fault, str]:
    """What an error means, and what the server said about it.

    Args:
        error: what libavformat raised.
        said: what it logged, in order.
        live: whether the server had taken the stream.
    """
    lines = list(said)
    for line in reversed(lines):
        if _SAID in line:
            return Fault.REJECTED, line.partition(_SAID)[2].strip()
    number = error.errno if isinstance(error, OSError | FFmpegError) else None
    if live:
        return (Fault.STALLED if number == errno.ETIMEDOUT else Fault.CUT), ""
    for words, fault in _TELLING.items():
        if any(words in line for line in lines):
            return fault, ""
    return _NUMBERS.get(number or 0, Fault.CLOSED), ""


class Push:
    """One RTMP session.

    Args:
        url: ``rtmp://`` or ``rtmps://``.
        options: libavformat's, for the protocols.
    """

    def __init__(self, url: str, options: Mapping[str, str]) -> None:
        self._container: OutputContainer = av.open(address(url, options), "w", format="tee")
        self._stream = self._container.add_data_stream()
        self._count = 0

    def connect(self) -> None:
        """Connect and publish; returns when the server takes the stream.

        Raises:
            FFmpegError: it does not.
        """
        self._container.start_encoding()

    def write(self, data: bytes) -> None:
        """Send a stretch of FLV; it may begin and end in the middle of a tag.

        Raises:
            FFmpegError: the server went away or stopped reading.
        """
        packet = av.Packet(data)
        packet.stream = self._stream
        packet.pts = packet.dts = self._count  # the tee wants order; the FLV tags carry the time
        self._count += 1
        self._container.mux(packet)

    def close(self) -> None:
        """Take leave of the server."""
        self._container.close()


def _line() -> bytes:
    """A line of standard input, without a byte of what follows it."""
    line = bytearray()
    while not line.endswith(b"\n") and len(line) < _LINE and (byte := os.read(0, 1)):
        line += byte
    return bytes(line)


def main() -> int:
    """Entry point of the child."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal's Ctrl-C: the parent ends it in order
    order = _line()
    if _line() != b"go\n":
        return 0  # never wanted
    av.logging.set_level(av.logging.ERROR)
    give_memory_back(arenas=1)
    buffer = memoryview(bytearray(_STRETCH))  # one for the session: a day of reading anew leaves holes
    live = False
    with av.logging.Capture(local=False) as said:
        try:
            task = json.loads(order)
            push = Push(task["url"], task["options"])
            push.connect()
            live = True
            os.write(1, b"live\n")
            while count := os.readv(0, [buffer]):
                push.write(bytes(buffer[:count]))
                del said[:-_KEPT]
            push.close()
        except Exception as error:  # whatever it is, its own words may quote the address
            fault, words = fault_of(error, (text for _, _, text in said), live=live)
            os.write(2, f"fault {fault.value} {words}\n".encode())
            os._exit(1)  # nothing of the broken session is worth closing: that could wait for the server
    return 0


if __name__ == "__main__":
    sys.exit(main())
