"""Messages over a Unix socket pair: a length, a JSON header, and the descriptors of arrays.

::

    uint32 length of the header (network order) | uint8 number of arrays | header, UTF-8 JSON
    {"kind": "chunk", "body": {...}, "arrays": [{"dtype": "uint8", "shape": [8, 320, 576, 3]}]}

Descriptors travel with the first byte (SCM_RIGHTS). The reader never asks for more than the rest of one
message, so the kernel cannot hand it those of the next. Whatever arrives is judged before it is used, on both
sides alike.
"""

import array
import contextlib
import json
import os
import socket
import struct
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from webtv.core.errors import InternalError
from webtv.studio.hosting.sealed import Array, seal, unseal

HEADER_MOST = 1 << 20
ARRAYS_MOST = 2
_PREFIX = struct.Struct("!IB")
_ANCILLARY = socket.CMSG_SPACE(ARRAYS_MOST * array.array("i").itemsize)
_PLACE = "studio.hosting"


@dataclass(frozen=True, slots=True)
class Message:
    """One message as it arrived, judged as far as its form goes.

    Attributes:
        kind: what it is about.
        body: its details; theirs to judge who know the kind.
        arrays: mapped, of the dtype and shape that were announced.
    """

    kind: str
    body: Mapping[str, Any]
    arrays: tuple[Array, ...] = ()


@dataclass(slots=True)
class Packet:
    """One message on its way out.

    Attributes:
        rest: bytes not sent yet.
        descriptors: sent with the first of them; closed once they are.
    """

    rest: memoryview
    descriptors: list[int] = field(default_factory=list)

    def __del__(self) -> None:
        """Let go of the descriptors of a packet whose sender was cancelled while a thread packed it."""
        self.close()

    def close(self) -> None:
        """Let go of the descriptors."""
        while self.descriptors:
            os.close(self.descriptors.pop())


def pack(kind: str, body: Mapping[str, Any] | None = None, arrays: Sequence[Array] = ()) -> Packet:
    """A message ready to be sent; arrays are copied into sealed memory.

    Raises:
        InternalError: it is too long, or no JSON, or an array is of a kind that may not be handed over.
        ComponentError: the system has no sealed memory.
        ResourceError: out of memory or descriptors.
    """
    about = [{"dtype": item.dtype.name, "shape": list(item.shape)} for item in arrays]
    try:
        header = json.dumps({"kind": kind, "body": body or {}, "arrays": about}, allow_nan=False).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise InternalError(f"a {kind} message is no JSON: {error}", place=_PLACE) from error
    if len(header) > HEADER_MOST or len(arrays) > ARRAYS_MOST:
        raise InternalError(
            f"a {kind} message has {len(header)} bytes and {len(arrays)} arrays; "
            f"{HEADER_MOST} and {ARRAYS_MOST} are the most",
            place=_PLACE,
        )
    packet = Packet(memoryview(_PREFIX.pack(len(header), len(arrays)) + header))
    try:
        for item in arrays:
            packet.descriptors.append(seal(item))
    except BaseException:
        packet.close()
        raise
    return packet


class Outbox:
    """Packets that wait for a socket to take them, blocking or not."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self._packets: deque[Packet] = deque()

    def push(self, packet: Packet) -> None:
        """Add one to the end."""
        self._packets.append(packet)

    def flush(self) -> bool:
        """Send what the socket takes; whether all of it is gone.

        Raises:
            OSError: nobody is there any more.
        """
        while self._packets:
            packet = self._packets[0]
            rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", packet.descriptors))]
            try:
                sent = self._socket.sendmsg([packet.rest], rights if packet.descriptors else [])
            except BlockingIOError:
                return False
            packet.close()
            packet.rest = packet.rest[sent:]
            if not packet.rest:
                self._packets.popleft()
        return True

    def close(self) -> None:
        """Drop what was not sent."""
        while self._packets:
            self._packets.popleft().close()


class Inbox:
    """Puts messages together from what a socket gives, blocking or not.

    Args:
        sock: read from.
        most: bytes of the arrays of one message.
    """

    def __init__(self, sock: socket.socket, most: int) -> None:
        self._socket = sock
        self._most = most
        self._buffer = bytearray()
        self._descriptors: list[int] = []

    def receive(self) -> Message | None:
        """Read once; the message if that completed one.

        Raises:
            EOFError: the other side is gone.
            BlockingIOError: nothing is there.
            OSError: the connection broke.
            InternalError: what arrived is no message.
            ResourceError: out of memory or descriptors.
        """
        data, ancillary, flags, _ = self._socket.recvmsg(
            self._wanted(), _ANCILLARY, getattr(socket, "MSG_CMSG_CLOEXEC", 0)
        )
        for level, kind, payload in ancillary:
            if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
                rights = array.array("i")
                rights.frombytes(payload[: len(payload) - len(payload) % rights.itemsize])
                self._descriptors.extend(rights)
        if not data:
            raise EOFError
        self._buffer += data
        if flags & socket.MSG_CTRUNC or len(self._descriptors) > ARRAYS_MOST:
            raise InternalError(f"more than {ARRAYS_MOST} descriptors arrived at once", place=_PLACE)
        if self._wanted():
            return None
        message = self._message()
        self._buffer.clear()
        return message

    def close(self) -> None:
        """Let go of what belongs to no whole message."""
        while self._descriptors:
            with contextlib.suppress(OSError):
                os.close(self._descriptors.pop())

    def _wanted(self) -> int:
        """Bytes that are missing from the prefix, or else from the header."""
        if len(self._buffer) < _PREFIX.size:
            return _PREFIX.size - len(self._buffer)
        length, _ = _PREFIX.unpack_from(self._buffer)
        if not 2 <= length <= HEADER_MOST:
            raise InternalError(f"a header of {length} bytes was announced", place=_PLACE)
        return _PREFIX.size + int(length) - len(self._buffer)

    def _message(self) -> Message:
        _, count = _PREFIX.unpack_from(self._buffer)
        try:
            header = json.loads(self._buffer[_PREFIX.size :], parse_constant=_refuse_constant)
            kind, body, about = header["kind"], header["body"], header["arrays"]
            shapes = [(str(item["dtype"]), tuple(item["shape"])) for item in about]
            if not isinstance(kind, str) or not isinstance(body, dict):
                raise TypeError("kind or body is missing")
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise InternalError(f"a header arrived that is none: {error}", place=_PLACE) from error
        if not len(shapes) == count == len(self._descriptors):
            raise InternalError(
                f"{len(self._descriptors)} arrays arrived, {count} and {len(shapes)} were announced",
                place=_PLACE,
            )
        arrays = []
        most = self._most
        for dtype, shape in shapes:
            arrays.append(unseal(self._descriptors.pop(0), dtype, shape, most=most))
            most -= arrays[-1].nbytes
        return Message(kind, body, tuple(arrays))


def _refuse_constant(text: str) -> None:
    raise ValueError(f"{text} is no JSON")
