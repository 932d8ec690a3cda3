"""The child that carries one channel to one RTMP server: FLV on standard input, packets out.

The target's URL is the first line of standard input, as JSON. It may carry a stream key, so it never
stands in an argument list, which every process could read. Run as ``python -m webtv.air.pusher``.
The child ends when its input does, so it never outlives the head-end.
"""

import json
import os
import sys

import av
from av.error import FFmpegError

_MAX_URL = 4096
_WRITE_TIMEOUT = 15_000_000  # microseconds; a server that accepts and never reads ends the session


def read_url(descriptor: int) -> str:
    """Read the first line without taking a byte of what follows it."""
    line = bytearray()
    while not line.endswith(b"\n") and len(line) < _MAX_URL:
        byte = os.read(descriptor, 1)
        if not byte:
            break
        line += byte
    return str(json.loads(line)["url"])


def push(url: str, source: str = "pipe:0") -> None:
    """Copy every packet of an FLV stream to an RTMP address.

    Args:
        url: ``rtmp://`` or ``rtmps://``.
        source: where the FLV comes from, in FFmpeg's words.

    Raises:
        FFmpegError: the server refused, went away or stalled.
    """
    with av.open(source, "r", format="flv", options={"analyzeduration": "500000"}) as incoming:
        video, audio = incoming.streams.video[0], incoming.streams.audio[0]
        timeouts = {"rw_timeout": str(_WRITE_TIMEOUT), "flvflags": "no_duration_filesize"}
        with av.open(url, "w", format="flv", options=timeouts) as outgoing:
            streams = {
                video.index: outgoing.add_stream_from_template(video),
                audio.index: outgoing.add_stream_from_template(audio),
            }
            for packet in incoming.demux(video, audio):
                if packet.dts is None:
                    continue
                packet.stream = streams[packet.stream.index]
                outgoing.mux(packet)


def main() -> int:
    """Entry point of the child; the reason of a failure is its last line on standard error."""
    av.logging.set_level(av.logging.ERROR)
    try:
        push(read_url(0))
    except (FFmpegError, OSError, ValueError, KeyError, IndexError) as error:
        reason = error.strerror if isinstance(error, FFmpegError) else str(error)
        sys.stderr.write(f"{type(error).__name__}: {reason}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
