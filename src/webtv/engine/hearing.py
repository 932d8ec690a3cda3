"""What a worker hears of a job while it is made: the latest step, the latest preview, and silence."""

from typing import Any

from webtv.core.clock import Clock
from webtv.studio.ports import Frames
from webtv.studio.progress import Progress

_STAGE = 40  # characters of a stage's name that are kept; a third party may call it anything


class Hearing:
    """A :data:`webtv.studio.progress.Listener` over one job; it never blocks and never raises.

    Stages tell in whichever thread they work. Each value is replaced as a whole, so nothing needs a lock.

    Args:
        clock: measures silence, from now on.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._heard_at = clock.monotonic()
        self._latest: Progress | None = None
        self._handed_on: Progress | None = None
        self._preview: Frames | None = None
        self._loaded = False

    def __call__(self, progress: Progress, /) -> None:
        """Take one step."""
        self._heard_at = self._clock.monotonic()
        self._latest = progress
        self._loaded = self._loaded or progress.stage == "load"
        if progress.preview is not None:
            self._preview = progress.preview

    @property
    def silence(self) -> float:
        """Seconds since anything was told."""
        return self._clock.monotonic() - self._heard_at

    @property
    def stage(self) -> str:
        """The stage that spoke last; empty if none has."""
        return "" if self._latest is None else str(self._latest.stage)[:_STAGE]

    @property
    def loaded(self) -> bool:
        """Whether a model had to be started or loaded for it."""
        return self._loaded

    def news(self) -> dict[str, Any] | None:
        """The latest step as JSON, once; None if nothing was told since the last call."""
        latest = self._latest
        if latest is None or latest is self._handed_on:
            return None
        self._handed_on = latest
        try:
            return {"stage": str(latest.stage)[:_STAGE], "done": int(latest.done), "of": int(latest.of)}
        except (TypeError, ValueError, OverflowError):  # no number; it counts as a sign of life all the same
            return None

    def picture(self) -> Frames | None:
        """The latest preview, once; None if there is no new one."""
        preview, self._preview = self._preview, None
        return preview
