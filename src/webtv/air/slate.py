"""The slate: made in memory, once, so that there is something to air with an empty or a full disk."""

import json
import subprocess
import sys
import threading

from webtv.air.clipsource import Gop, read_gops
from webtv.air.config import ChannelConfig
from webtv.clips.encoder import committed_avcc
from webtv.core.errors import TransientError, WebTVError
from webtv.core.events import Event, EventSink, Severity
from webtv.core.format import house_format
from webtv.core.process import usable_cores

_PATIENCE = 120.0  # seconds for a child that makes one; it steps back behind everything else
_MAKERS = threading.BoundedSemaphore(usable_cores())  # fifty channels that start together wait their turn


class SlateMaker:
    """Makes a channel's slate when it is first called, and then has it.

    Args:
        config: whose name and colour it shows.
        events: hears when no child could make it.
    """

    def __init__(self, config: ChannelConfig, events: EventSink) -> None:
        self._config = config
        self._events = events
        self._gops: list[Gop] = []
        self._stale = False
        self._lock = threading.Lock()
        self._abandoned = False
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def ready(self) -> bool:
        """Whether it is made, so that calling it does not block."""
        return bool(self._gops)

    def __call__(self) -> list[Gop]:
        """The slate's GOPs; blocks for about two seconds the first time.

        Raises:
            TransientError: it was abandoned meanwhile.
        """
        with self._lock:
            if not self._gops:
                self._make()
            return self._gops

    def refresh(self) -> None:
        """Make it anew if what it shows has changed; blocks, while the old one goes on to be handed out.

        Raises:
            TransientError: it was abandoned meanwhile.
        """
        if self._stale:
            self._make()

    def apply(self, config: ChannelConfig) -> bool:
        """Follow a changed name or colour; True if :meth:`refresh` has something to do. Never waits."""
        if (config.name, config.accent) != (self._config.name, self._config.accent):
            self._stale = True
        self._config = config
        return self._stale

    def abandon(self) -> None:
        """Let a process that is ending not wait for a slate that is being made."""
        self._abandoned = True
        if (child := self._child) is not None:
            child.kill()

    def _make(self) -> None:
        with _MAKERS:
            if self._abandoned:
                raise TransientError("the head-end is going off air")
            self._stale = False
            config = self._config
            form = house_format(config.format)
            try:
                data = self._pressed(config)
                gops = read_gops(data, form, committed_avcc()[form.name], "slate")
            except (OSError, subprocess.SubprocessError, WebTVError) as error:
                if self._abandoned:
                    raise TransientError("the head-end is going off air") from error
                message = f"No child could make the slate ({error}); the head-end makes it itself"
                remedy = (
                    "nothing needs doing; if it stays, look at the machine's limits of processes and memory"
                )
                self._events(Event("air.slate.within", message, Severity.WARNING, remedy, config.slug))
                from webtv.air.slatepress import press  # what draws is large, and hardly ever wanted here

                data = press(config.name, config.accent, form.name)
                gops = read_gops(data, form, committed_avcc()[form.name], "slate")
            self._gops = gops

    def _pressed(self, config: ChannelConfig) -> bytes:
        """Have a child make it.

        Raises:
            OSError: no child can be started.
            SubprocessError: it failed or took too long.
        """
        order = {"name": config.name, "accent": config.accent, "format": config.format}
        argv = [sys.executable, "-m", "webtv.air.slatepress"]
        pipe = subprocess.PIPE
        with subprocess.Popen(argv, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL) as child:
            self._child = child
            if self._abandoned:
                child.kill()
            try:
                data, _ = child.communicate(json.dumps(order).encode(), timeout=_PATIENCE)
            except subprocess.TimeoutExpired:
                child.kill()
                raise
            finally:
                self._child = None
        if child.returncode:
            raise subprocess.CalledProcessError(child.returncode, "slatepress")
        return data
