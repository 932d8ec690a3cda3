"""What the catalogue tells: sequences with their clips and bed, how they fared, pages, totals."""

from dataclasses import dataclass
from enum import StrEnum

from webtv.clips.clip import Bed, Clip
from webtv.prompts.sequence import SequencePlan


class SequenceState(StrEnum):
    """Where a sequence stands."""

    PLANNED = "planned"
    MADE = "made"
    LISTED = "listed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class SequenceRecord:
    """A sequence with all that was made for it so far.

    Attributes:
        id: its id; ids sort by time of planning.
        channel: slug of its channel.
        plan: what was written.
        state: made once all clips and the bed are there; listed once in the playlist.
        clips: finished clips by position.
        bed: its sound, or None while that is not made.
        created: seconds since 1970 UTC.
        listed_at: when it first went into the playlist.
        reason: why it failed; else empty.
    """

    id: str
    channel: str
    plan: SequencePlan
    state: SequenceState
    clips: tuple[Clip, ...]
    bed: Bed | None
    created: float
    listed_at: float | None
    reason: str = ""

    @property
    def title(self) -> str:
        """A few words for viewers."""
        return self.plan.title

    @property
    def complete(self) -> bool:
        """Whether every clip and the bed are there."""
        return len(self.clips) == len(self.plan.shots) and self.bed is not None

    @property
    def missing(self) -> tuple[int, ...]:
        """Positions, from 1, of the clips that are not made yet."""
        made = {clip.position for clip in self.clips}
        return tuple(place for place in range(1, len(self.plan.shots) + 1) if place not in made)


@dataclass(frozen=True, slots=True)
class SequenceStats:
    """How a sequence fared, without its clips: what a rundown and an eviction choose by.

    Attributes:
        id: its id.
        channel: slug of its channel.
        title: a few words for viewers.
        state: where it stands.
        clips: number of finished clips.
        frames: video frames of those.
        bytes: size of its clips, posters and bed.
        complete: whether every clip and the bed are there.
        created: when it was planned, seconds since 1970 UTC.
        newest: when its latest clip was made, or it was planned.
        listed_at: when it first went into the playlist.
        last_aired: when it last aired.
        times: how often it aired.
        votes: ratings of its clips.
        stars: Bayesian mean of those, 1 to 5; 3 without any.
    """

    id: str
    channel: str
    title: str
    state: SequenceState
    clips: int
    frames: int
    bytes: int
    complete: bool
    created: float
    newest: float
    listed_at: float | None
    last_aired: float | None
    times: int
    votes: int
    stars: float


@dataclass(frozen=True, slots=True)
class ClipPage:
    """Some clips, newest first.

    Attributes:
        clips: this page.
        next: cursor of the next page, or None at the end.
    """

    clips: tuple[Clip, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class Totals:
    """What the library holds.

    Attributes:
        clips: number of clips.
        frames: their video frames.
        beds: number of beds.
        sequences: number of sequences by state.
        bytes: size of clips, posters and beds.
        ratings: number of ratings.
    """

    clips: int
    frames: int
    beds: int
    sequences: dict[SequenceState, int]
    bytes: int
    ratings: int
