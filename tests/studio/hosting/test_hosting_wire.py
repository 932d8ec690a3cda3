"""Messages and arrays: what arrives is what was sent, and anything else is refused without a trace."""

import array
import os
import socket
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from webtv.core.errors import InternalError
from webtv.studio.hosting import codec
from webtv.studio.hosting.post import Reporter, thumbnail
from webtv.studio.hosting.sealed import seal, unseal
from webtv.studio.hosting.wire import HEADER_MOST, Inbox, Message, Outbox, Packet, pack
from webtv.studio.progress import Progress

Pair = tuple[socket.socket, socket.socket]
MOST = 1 << 20
FRAMES = np.arange(2 * 3 * 4 * 3, dtype=np.uint8).reshape(2, 3, 4, 3)


@pytest.fixture
def pair() -> Iterator[Pair]:
    """Two ends, and as many descriptors afterwards as before."""
    before = len(list(Path("/proc/self/fd").iterdir()))
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setblocking(False)
        yield ours, theirs
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def sent(sock: socket.socket, packet: Packet) -> None:
    outbox = Outbox(sock)
    outbox.push(packet)
    assert outbox.flush()


def received(sock: socket.socket, most: int = MOST) -> Message:
    inbox = Inbox(sock, most)
    try:
        while (message := inbox.receive()) is None:
            pass
        return message
    finally:
        inbox.close()


def test_a_message_arrives_with_its_arrays(pair: Pair) -> None:
    sound = np.linspace(-1, 1, 96, dtype=np.float32).reshape(48, 2)
    sent(pair[1], pack("over", {"text": "ü", "list": [1, None, 2.5]}, [FRAMES, sound]))
    sent(pair[1], pack("beat"))
    message = received(pair[0])
    assert (message.kind, message.body) == ("over", {"text": "ü", "list": [1, None, 2.5]})
    assert np.array_equal(message.arrays[0], FRAMES)
    assert np.array_equal(message.arrays[1], sound)
    assert received(pair[0]) == Message("beat", {})


def test_what_arrives_may_be_written_to_and_nobody_else_sees_it(pair: Pair) -> None:
    descriptor = seal(FRAMES)
    here = unseal(os.dup(descriptor), "uint8", FRAMES.shape, most=MOST)
    there = unseal(descriptor, "uint8", FRAMES.shape, most=MOST)
    here[:] = 0
    assert np.array_equal(there, FRAMES)


def test_views_are_handed_over_as_they_look(pair: Pair) -> None:
    sent(pair[1], pack("chunk", {}, [FRAMES[:, ::-1, ::2]]))
    assert np.array_equal(received(pair[0]).arrays[0], FRAMES[:, ::-1, ::2])


def test_a_message_may_come_in_pieces_and_go_in_pieces(pair: Pair) -> None:
    ours, theirs = pair
    theirs.setblocking(False)
    outbox, inbox = Outbox(theirs), Inbox(ours, MOST)
    texts = [str(k) * 300_000 for k in range(3)]
    for text in texts:
        outbox.push(pack("text", {"text": text}, [FRAMES]))
    arrived = []
    assert not outbox.flush(), "the socket is full"
    while len(arrived) < 3:
        outbox.flush()
        if (message := inbox.receive()) is not None:
            arrived.append(message.body["text"])
            assert np.array_equal(message.arrays[0], FRAMES)
    assert arrived == texts


def test_what_was_not_sent_leaves_nothing_behind(pair: Pair) -> None:
    outbox = Outbox(pair[0])
    outbox.push(pack("chunk", {}, [FRAMES, FRAMES]))
    outbox.close()
    pack("chunk", {}, [FRAMES])


def test_the_other_end_going_away_is_told(pair: Pair) -> None:
    pair[1].close()
    with pytest.raises(EOFError):
        received(pair[0])
    outbox = Outbox(pair[0])
    outbox.push(pack("chunk", {}, [FRAMES]))
    with pytest.raises(BrokenPipeError):
        outbox.flush()
    outbox.close()


def test_nothing_there_is_told(pair: Pair) -> None:
    with pytest.raises(BlockingIOError):
        received(pair[0])


HEADER = b'{"kind": "chunk", "body": {}, "arrays": [{"dtype": "uint8", "shape": [2, 3, 4, 3]}]}'


def raw(sock: socket.socket, header: bytes, *descriptors: int, count: int | None = None) -> None:
    """Send a header as it stands, with these descriptors, which are closed."""
    number = len(descriptors) if count is None else count
    data = len(header).to_bytes(4, "big") + bytes([number]) + header
    rights = (socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))
    sock.sendmsg([data], [rights] if descriptors else [])
    for descriptor in descriptors:
        os.close(descriptor)


def memory(size: int, *, sealed: bool = True) -> int:
    """A descriptor of so much memory."""
    if sealed:
        return seal(np.zeros(size, np.uint8))
    descriptor = os.memfd_create("soft", os.MFD_ALLOW_SEALING)
    os.write(descriptor, bytes(size))
    return descriptor


@pytest.mark.parametrize(
    ("header", "sizes", "said"),
    [
        (HEADER, [], "0 arrays arrived"),
        (HEADER, [72, 72], "2 arrays arrived"),
        (HEADER, [71], "71 bytes arrived where 72"),
        (HEADER, [73], "73 bytes arrived where 72"),
        (HEADER.replace(b"uint8", b"object"), [72], "no array"),
        (HEADER.replace(b"2, 3, 4, 3", b"-2, 3, -4, 3"), [72], "no array"),
        (HEADER.replace(b"2, 3, 4, 3", b"true"), [1], "no array"),
        (HEADER.replace(b"2, 3, 4, 3", b"72.0"), [72], "no array"),
        (HEADER.replace(b"2, 3, 4, 3", b""), [72], "no array"),
        (HEADER.replace(b"2, 3, 4, 3", b"1, 1, 1, 1, 72"), [72], "no array"),
        (HEADER.replace(b"2, 3, 4, 3", b"2000000000, 2000000000"), [72], "is the most"),
        (HEADER.replace(b'"chunk"', b"7"), [72], "no"),
        (HEADER.replace(b"{}", b"[]"), [72], "no"),
        (HEADER.replace(b"{}", b'{"x": NaN}'), [72], "NaN is no JSON"),
        (b"[" * 100_000, [], "header"),
        (b"{}", [], "header"),
        (b"\xff\xfe\x00", [], "header"),
    ],
)
def test_a_message_that_is_none_is_refused(pair: Pair, header: bytes, sizes: list[int], said: str) -> None:
    raw(pair[1], header, *(memory(size) for size in sizes))
    with pytest.raises(InternalError, match=said):
        received(pair[0])


def test_memory_that_can_still_change_is_refused(pair: Pair, tmp_path: Path) -> None:
    file = tmp_path / "frames"
    file.write_bytes(bytes(72))
    pipe, other = os.pipe()
    os.close(other)
    for descriptor in (memory(72, sealed=False), os.open(file, os.O_RDONLY), pipe):
        raw(pair[1], HEADER, descriptor)
        with pytest.raises(InternalError, match="can still change"):
            received(pair[0])


def test_more_than_the_most_is_refused(pair: Pair) -> None:
    sent(pair[1], pack("chunk", {}, [FRAMES]))
    with pytest.raises(InternalError, match="72 bytes arrived, and 71 is the most"):
        received(pair[0], most=71)
    sent(pair[1], pack("chunk", {}, [FRAMES, FRAMES]))
    with pytest.raises(InternalError, match="72 bytes arrived, and 28 is the most"):
        received(pair[0], most=100)


def test_a_length_that_is_none_is_refused_before_anything_is_read(pair: Pair) -> None:
    for length in (0, 1, HEADER_MOST + 1):
        pair[1].sendall(length.to_bytes(4, "big") + b"\x00")
        with pytest.raises(InternalError, match=f"header of {length} bytes"):
            received(pair[0])


@given(st.binary(max_size=200))
def test_no_bytes_at_all_do_anything_else(data: bytes) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(data)
        theirs.close()
        inbox = Inbox(ours, MOST)
        refused = None
        while refused is None:
            try:
                assert inbox.receive() is None
            except (InternalError, EOFError) as error:
                refused = error


def test_what_may_not_be_sent_is_refused_where_it_is_made() -> None:
    with pytest.raises(InternalError, match="float64"):
        pack("chunk", {}, [FRAMES, np.zeros((2, 2))])
    with pytest.raises(InternalError, match="no array"):
        pack("chunk", {}, [np.zeros((0, 2, 2, 3), np.uint8)])
    with pytest.raises(InternalError, match="no JSON"):
        pack("text", {"text": float("inf")})
    with pytest.raises(InternalError, match="the most"):
        pack("text", {"text": "x" * HEADER_MOST})
    with pytest.raises(InternalError, match="the most"):
        pack("chunk", {}, [FRAMES] * 3)


def test_an_error_without_a_known_class_becomes_one_of_its_category() -> None:
    body = {"class": "Unheard", "category": "resource", "message": "m", "remedy": "r", "place": "p"}
    error = codec.error_from_json(body)
    assert (type(error).__name__, error.message, error.remedy, error.place) == (
        "ResourceError",
        "m",
        "r",
        "p",
    )
    assert type(codec.error_from_json({**body, "class": "InputError"})).__name__ == "ResourceError"
    with pytest.raises(ValueError, match="nonsense"):
        codec.error_from_json({**body, "category": "nonsense"})


class Told:
    """Stands where a post office would: remembers what is sent."""

    def __init__(self) -> None:
        self.steps = 0
        self.crowded = False
        self.sent: list[tuple[dict[str, object], int]] = []

    def send(self, kind: str, body: dict[str, object], arrays: Sequence[object] = ()) -> None:
        self.sent.append((body, len(arrays)))


def test_two_previews_a_second_are_told_and_nothing_when_nobody_keeps_up() -> None:
    post, now = Told(), [0.0]
    reporter = Reporter(post, 1, lambda: now[0])  # type: ignore[arg-type]
    for step in range(100):
        now[0] = step / 16
        reporter(Progress("shot", step, 100, FRAMES[0]))
    assert len(post.sent) == 100
    assert sum(count for _, count in post.sent) == 13  # of 6.2 seconds
    post.crowded = True
    reporter(Progress("shot", 100, 100))
    assert len(post.sent) == 100
    assert post.steps == 101
    post.crowded = False
    now[0] = 99.0
    reporter(Progress("shot", 1, 1, np.zeros((4, 4), np.uint8)))
    assert post.sent[-1][1] == 0, "what is no picture is left out"


def test_a_fact_is_told_though_nobody_keeps_up() -> None:
    post = Told()
    post.crowded = True
    Reporter(post, 7).note("shot.dtype", "bfloat16")  # type: ignore[arg-type]
    assert post.sent == [({"call": 7, "name": "shot.dtype", "fact": "bfloat16"}, 0)]


def test_a_fact_is_a_text_of_sane_length_or_a_number() -> None:
    assert [codec.fact(value) for value in ("cpu", 3, 0.5, True)] == ["cpu", 3, 0.5, True]
    assert len(str(codec.fact("x" * 1_000_000))) == 4000
    for nonsense in (None, [1], {}, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="is no fact"):
            codec.fact(nonsense)


def test_a_preview_is_small() -> None:
    assert thumbnail(np.zeros((320, 576, 3), np.uint8)).shape == (160, 288, 3)
    assert thumbnail(np.zeros((100, 512, 3), np.uint8)).shape == (100, 512, 3)
    assert max(thumbnail(np.zeros((2160, 3840, 3), np.uint8)).shape) <= 512
