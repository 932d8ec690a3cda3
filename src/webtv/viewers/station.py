"""The port through which pages and API read the station, and the values that they show.

The web process holds no state that another one would need: everything comes from a :class:`Station`.
Adapter: chosen in ``webtv.wiring``; shipped fake: :mod:`webtv.testing.viewers`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

from webtv.clips.clip import Kind
from webtv.core.events import Event
from webtv.themes.channel import Rating

HEARTBEAT_SECONDS = 15  # between the signs of life of a player; three missed ones are a farewell


class ChannelState(StrEnum):
    """What a channel is doing, as every room calls it."""

    ON_AIR = "on_air"
    FILLER = "filler"
    SLATE = "slate"
    PAUSED = "paused"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class OnAir:
    """One playlist entry with the time at which it airs: past, present or to come.

    Attributes:
        n: entry number, never repeated within a channel; 0 for filler, which no playlist lists.
        clip_id: the clip.
        kind: why it airs.
        title: the sequence's title; for idents and slates the channel's name, for a blocked clip
            ``Withdrawn``.
        prompt: the text that the model got; empty for idents, slates and blocked clips.
        model: model and revision, or the algorithm's name and version.
        label: what is burned in, e.g. ``Algorithmic`` or ``AI-generated``.
        seed: seed of the shot, or None.
        writer: who wrote the prompt, e.g. ``grammar``.
        sequence: id of the sequence; entries that share it and follow each other are one programme.
        position: place in the sequence, from 1.
        of: shots in the sequence.
        start_utc: when its first frame airs, seconds since 1970 UTC, on the clock of
            ``EXT-X-PROGRAM-DATE-TIME``.
        seconds: its length.
        poster: SHA-256 of its JPEG, or None.
    """

    n: int
    clip_id: str
    kind: Kind
    title: str
    prompt: str
    model: str
    label: str
    seed: int | None
    writer: str
    sequence: str
    position: int
    of: int
    start_utc: float
    seconds: float
    poster: str | None = None

    @property
    def end_utc(self) -> float:
        """When its last frame has aired."""
        return self.start_utc + self.seconds


@dataclass(frozen=True, slots=True)
class ChannelView:
    """One channel as viewers see it.

    Attributes:
        slug: name of its file and in addresses.
        name: its name.
        theme: the idea, in plain language.
        state: what it is doing.
        now: what is on air, or None.
        next: what follows, in order; enough to show three programmes.
        earlier: what aired within the window that viewers can seek back to, oldest first; players run
            seconds behind the air, so what they show is often here.
        buffer_seconds: unaired new content ahead.
        viewers: people watching now.
        accent: ``#rrggbb``.
        rating: for whom it is.
        language: BCP 47 tag.
        problems: sentences about what is wrong, its file first; empty when all is well.
    """

    slug: str
    name: str
    theme: str
    state: ChannelState
    now: OnAir | None
    next: tuple[OnAir, ...] = ()
    earlier: tuple[OnAir, ...] = ()
    buffer_seconds: float = 0.0
    viewers: int = 0
    accent: str = "#8fb8de"
    rating: Rating = Rating.EVERYONE
    language: str = "en"
    problems: tuple[str, ...] = ()

    @property
    def timeline(self) -> tuple[OnAir, ...]:
        """Earlier, now and next, in the order in which they air."""
        return (*self.earlier, *((self.now,) if self.now else ()), *self.next)


@dataclass(frozen=True, slots=True)
class ClipView:
    """One clip of the catalogue as viewers see it; fields as in :class:`OnAir`.

    Attributes:
        id: the clip.
        channel: slug of its channel.
        created: when it was made, seconds since 1970 UTC.
        stars: mean rating from 1 to 5, or None.
        ratings: number of ratings.
        provenance: prompt, writer, models, seeds, stages, checks, versions; JSON-compatible.
    """

    id: str
    channel: str
    title: str
    prompt: str
    model: str
    label: str
    seed: int | None
    writer: str
    sequence: str
    position: int
    of: int
    seconds: float
    created: float
    poster: str | None = None
    stars: float | None = None
    ratings: int = 0
    provenance: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ClipPage:
    """Some clips, newest first.

    Attributes:
        clips: at most as many as were asked for.
        cursor: hand it back for the clips after these; None at the end.
    """

    clips: tuple[ClipView, ...]
    cursor: str | None = None


@dataclass(frozen=True, slots=True)
class Trouble:
    """One reason why the station is not healthy, and what to do about it."""

    part: str
    message: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Health:
    """Whether the station lives and can be used.

    Attributes:
        live: the station's database can be read.
        ready: viewers can watch: the head-end airs and its streams are there.
        troubles: why not, or what limps although it is ready.
    """

    live: bool
    ready: bool
    troubles: tuple[Trouble, ...] = ()


@dataclass(frozen=True, slots=True)
class Measurements:
    """Figures of the air for Prometheus.

    Attributes:
        utc: UTC second at which they were read.
        head_end: status of the head-end as its socket tells it, or None if it does not answer.
        probe: what the probe wrote last, or None.
    """

    utc: float
    head_end: Mapping[str, Any] | None = None
    probe: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Showing:
    """One programme of the guide: a sequence that airs whole, or a stretch of filler.

    Attributes:
        title: the sequence's title; for filler what the slate says, or the channel's name.
        kind: why it airs.
        start_utc: when it begins, seconds since 1970 UTC.
        end_utc: when it ends.
        listed: whether the playlist chose it; else the head-end fills in by itself.
        prompt: what its first shot shows; empty for filler and for what was blocked.
        label: how its pictures came about, e.g. ``Algorithmic``.
        poster: SHA-256 of a JPEG, or None.
        made: when it was made, seconds since 1970 UTC, or None.
        decided: False for a time of which nobody knows yet what it brings.
    """

    title: str
    kind: Kind
    start_utc: float
    end_utc: float
    listed: bool = True
    prompt: str = ""
    label: str = ""
    poster: str | None = None
    made: float | None = None
    decided: bool = True


@dataclass(frozen=True, slots=True)
class ChannelGuide:
    """What aired lately, airs and will air on one channel.

    Attributes:
        slug: name of its file and in addresses.
        name: its name.
        theme: the idea, in plain language.
        language: BCP 47 tag of titles.
        rating: for whom it is.
        accent: ``#rrggbb``.
        on_air: whether anything is on air.
        showings: in order; none overlaps another, and where nothing was lost there is no gap.
    """

    slug: str
    name: str
    theme: str
    language: str = "en"
    rating: Rating = Rating.EVERYONE
    accent: str = "#8fb8de"
    on_air: bool = True
    showings: tuple[Showing, ...] = ()


class Station(Protocol):
    """What pages and API may ask of the station.

    A method that is given an unknown channel or clip returns None; none of them raises for that.
    """

    async def channels(self) -> tuple[ChannelView, ...]:
        """All channels, in the order in which they are shown."""
        ...

    async def channel(self, slug: str) -> ChannelView | None:
        """One channel."""
        ...

    async def guide(self) -> tuple[ChannelGuide, ...]:
        """The guide of all channels, in the order in which they are shown."""
        ...

    async def clip(self, clip_id: str) -> ClipView | None:
        """One clip that may be shown: hidden and blocked ones are None."""
        ...

    async def clips(self, cursor: str | None, limit: int, channel: str | None) -> ClipPage:
        """Clips, newest first.

        Args:
            cursor: from an earlier page, or None for the first.
            limit: clips at most, 1 to 100.
            channel: only of that channel.

        Raises:
            InputError: the cursor is not one of ours.
        """
        ...

    async def heartbeat(self, session: str, channel: str) -> int | None:
        """A viewer is watching; returns how many are now.

        Comes every :data:`HEARTBEAT_SECONDS`, is forgotten after
        :data:`webtv.library.audience.WATCHING_SECONDS`.
        """
        ...

    async def rate(self, clip_id: str, session: str, stars: int) -> ClipView | None:
        """Keep a viewer's rating, 1 to 5 stars; a second one of the same session replaces the first."""
        ...

    async def health(self) -> Health:
        """Liveness and readiness, with reasons."""
        ...

    async def events(self, limit: int) -> tuple[Event, ...]:
        """The latest events, newest first."""
        ...

    async def poster_path(self, sha: str) -> Path | None:
        """Where the poster with this SHA-256 lies; None if there is none or its clip is blocked."""
        ...

    async def measurements(self) -> Measurements:
        """What head-end and probe tell of the air; never raises."""
        ...

    def hls_folder(self, slug: str) -> Path | None:
        """Folder with a channel's live files; None if there is no such channel."""
        ...
