"""What the doctor finds: one thing that was looked at, and how it stands."""

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """How a finding stands."""

    GOOD = "ok"
    OPTIONAL = "optional"
    WEAK = "weak"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        group: ``machine``, ``media``, ``station``, ``settings``, ``adapters`` or ``extras``.
        what: its name.
        state: ``bad`` alone means that the station cannot run; ``optional`` that it does well without.
        found: what is there.
        remedy: how to get what is missing; empty if nothing needs doing.
    """

    group: str
    what: str
    state: State
    found: str
    remedy: str = ""
