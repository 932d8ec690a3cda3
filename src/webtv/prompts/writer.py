"""The writer port: a theme goes in, a sequence of shot prompts comes out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from webtv.prompts.sequence import SequencePlan
from webtv.themes.channel import Channel


@dataclass(frozen=True, slots=True)
class Brief:
    """One request to a writer.

    Attributes:
        slug: the channel's slug.
        channel: theme, style, avoid, rating and shape of the sequence.
        seed: 0 to 2**63-1; the same brief and memory give the same sequence where the adapter can.
        recent: titles and prompt texts of the latest sequences, newest last, for a writer not to repeat.
    """

    slug: str
    channel: Channel
    seed: int
    recent: Sequence[str] = ()


class Writer(Protocol):
    """Writes sequences. Verified by the contract suite in ``tests/prompts``."""

    @property
    def name(self) -> str:
        """Short name for provenance."""
        ...

    async def write(self, brief: Brief) -> SequencePlan:
        """Write one sequence of exactly ``brief.channel.sequence.shots`` shots.

        Raises:
            WebTVError: by category; ``TransientError`` and ``RateLimited`` may be tried again.
        """
        ...
