"""What is said about hosted models, for doctor and the pages of admins."""

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from webtv.studio.hosting.spec import ModelSpec


class State(StrEnum):
    """What a model is doing."""

    ABSENT = "absent"
    STARTING = "starting"
    IDLE = "idle"
    BUSY = "busy"
    RESTING = "resting"  # failed repeatedly, and is tried again later


@dataclass(frozen=True, slots=True)
class ModelStatus:
    """One model of the pool.

    Attributes:
        spec: what it is built of, with the options that it was set to last.
        adapter: name that the adapter gives itself.
        state: whether it is there, and at work.
        doing: the stage that it is at, ``load`` included; empty if nothing is asked of it.
        pid: of its child; None if it has none.
        jobs: requests that this child has served.
        steps: that this child has made.
        rss: bytes of memory.
        vram: bytes of device memory.
        peak: most bytes of device memory that were seen.
        queue: requests that wait for it.
        failures: in a row.
        last_error: latest trouble, a sentence; empty if there was none.
    """

    spec: ModelSpec
    adapter: str
    state: State
    doing: str = ""
    pid: int | None = None
    jobs: int = 0
    steps: int = 0
    rss: int = 0
    vram: int = 0
    peak: int = 0
    queue: int = 0
    failures: int = 0
    last_error: str = ""

    def to_json(self) -> dict[str, Any]:
        """A JSON-compatible dictionary; options are the curator's and stand in the channel's file."""
        plain = {name: value for name, value in asdict(self).items() if name != "spec"}
        return {"stage": self.spec.stage, "key": self.spec.key, **plain, "state": self.state.value}
