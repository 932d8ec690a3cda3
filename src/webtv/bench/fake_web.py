"""The web server that ``webtv bench web`` measures: the real pages over the fake station.

Run as ``python -m webtv.bench.fake_web FOLDER``; says its port in a line on standard output; ends with TERM.
"""

import asyncio
import socket
import sys
from pathlib import Path

import uvicorn

from webtv.core.clock import SystemClock
from webtv.testing.viewers import FakeStation
from webtv.viewers.app import LOOPBACK, Site, create_app


async def serve(folder: Path) -> None:
    """Serve three channels; the live files of the first lie in ``folder``."""
    clock = SystemClock()
    app = create_app(FakeStation(clock, live={"tideline": folder}), clock, Site(hosts=LOOPBACK))
    config = uvicorn.Config(app, log_config=None, access_log=False, lifespan="off")
    # Named as TCP, or asyncio would leave Nagle's algorithm on and every answer would wait 40 ms.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(256)  # whoever reads the port may come at once and waits in the queue
        sys.stdout.write(f"{listener.getsockname()[1]}\n")
        sys.stdout.flush()
        await uvicorn.Server(config).serve(sockets=[listener])


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1])))
