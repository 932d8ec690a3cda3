"""The slate: made in memory, once, so that there is something to air with an empty or a full disk.

What was made is also kept in a file, as a head-end that begins again and has nothing else to air should not
wait for a second of drawing. Nothing depends on the file.
"""

import contextlib
import hashlib
import json
import subprocess
import sys
import threading
from collections.abc import Collection
from pathlib import Path

from webtv import __version__
from webtv.air.clipsource import Gop, read_gops
from webtv.air.config import ChannelConfig
from webtv.clips.encoder import committed_avcc
from webtv.core.errors import TransientError, WebTVError
from webtv.core.events import Event, EventSink, Severity
from webtv.core.files import write_atomically
from webtv.core.format import house_format
from webtv.core.process import usable_cores

_PATIENCE = 120.0  # seconds for a child that makes one; it steps back behind everything else
_MAKERS = threading.BoundedSemaphore(usable_cores())  # fifty channels that start together wait their turn


def forget_slates(folder: Path, wanted: Collection[str]) -> None:
    """Delete the kept slates of channels that are gone. Blocks.

    Args:
        folder: where slates are kept.
        wanted: slugs of the channels on air.
    """
    for path in folder.glob("*.mp4"):
        if path.name.partition(".")[0] not in wanted:
            path.unlink(missing_ok=True)


class SlateMaker:
    """Makes a channel's slate when it is first called, and then has it.

    Args:
        config: whose name and colour it shows.
        events: hears when no child could make it.
        folder: where slates are kept from one head-end to the next; None keeps none.
    """

    def __init__(self, config: ChannelConfig, events: EventSink, folder: Path | None = None) -> None:
        self._config = config
        self._events = events
        self._folder = folder
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
        """The slate's GOPs, wanted at once; blocks for about two seconds the first time.

        Raises:
            TransientError: it was abandoned meanwhile.
        """
        with self._lock:
            if not self._gops:
                self._make(hurry=True)
            return self._gops

    def prepare(self) -> None:
        """Make it while there is something else to air; blocks, and steps back behind everything else.

        Raises:
            TransientError: it was abandoned meanwhile.
        """
        with self._lock:
            if not self._gops:
                self._make(hurry=False)

    def refresh(self) -> None:
        """Make it anew if what it shows has changed; blocks, while the old one goes on to be handed out.

        Raises:
            TransientError: it was abandoned meanwhile.
        """
        if self._stale:
            self._make(hurry=False)

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

    def _make(self, *, hurry: bool) -> None:
        with _MAKERS:
            if self._abandoned:
                raise TransientError("the head-end is going off air")
            self._stale = False
            config = self._config
            form = house_format(config.format)
            avcc = committed_avcc()[form.name]
            if gops := self._kept(config):
                self._gops = gops
                return
            try:
                data = self._pressed(config, hurry)
                gops = read_gops(data, form, avcc, "slate")
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
                gops = read_gops(data, form, avcc, "slate")
            self._gops = gops
        self._keep(config, data)

    def _path(self, config: ChannelConfig) -> Path:
        assert self._folder is not None
        shown = "\0".join((__version__, config.name, config.accent, config.format))
        return self._folder / f"{config.slug}.{hashlib.sha256(shown.encode()).hexdigest()[:16]}.mp4"

    def _kept(self, config: ChannelConfig) -> list[Gop]:
        """What an earlier head-end kept; nothing if there is none or it cannot be aired."""
        if self._folder is None:
            return []
        try:
            path = self._path(config)
            form = house_format(config.format)
            return read_gops(path.read_bytes(), form, committed_avcc()[form.name], path.name)
        except (OSError, WebTVError):
            return []

    def _keep(self, config: ChannelConfig, data: bytes) -> None:
        if self._folder is None:
            return
        with contextlib.suppress(OSError):  # a full or read-only disk: the next head-end makes it again
            self._folder.mkdir(exist_ok=True)
            path = self._path(config)
            write_atomically(path, data, durable=False)
            for old in self._folder.glob(f"{config.slug}.*.mp4"):
                if old != path:
                    old.unlink()

    def _pressed(self, config: ChannelConfig, hurry: bool) -> bytes:
        """Have a child make it.

        Raises:
            OSError: no child can be started.
            SubprocessError: it failed or took too long.
        """
        order = {"name": config.name, "accent": config.accent, "format": config.format, "hurry": hurry}
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
