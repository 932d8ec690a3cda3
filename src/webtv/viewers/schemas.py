"""What the API says, as Pydantic models: the edge between the station's values and JSON."""

from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field

from webtv.clips.clip import Kind
from webtv.playlist.asrun import utc_text
from webtv.themes.channel import Rating
from webtv.viewers.rendering import poster
from webtv.viewers.station import ChannelState, ChannelView, ClipPage, ClipView, Health, OnAir


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True)


def _text(seed: int | None) -> str | None:
    return None if seed is None else str(seed)


Seed = Annotated[str | None, Field(description="Seed, as text: it does not fit a JavaScript number.")]


class Airing(_Model):
    """One entry of a channel's playlist with the time at which it airs."""

    n: int = Field(description="Entry number, never repeated within a channel; 0 where filler airs.")
    clip: str = Field(description="Id of the clip.")
    kind: Kind = Field(description="Why it airs.")
    title: str = Field(description="Title of the sequence.")
    prompt: str = Field(description="The text that the model got.")
    model: str = Field(description="Model and revision, or name and version of the algorithm.")
    label: str = Field(description="How the picture came about, as burned in.")
    seed: Seed
    writer: str = Field(description="Who wrote the prompt.")
    sequence: str = Field(
        description="Id of the sequence; consecutive entries that share it are one programme."
    )
    position: int = Field(description="Shot within the sequence, from 1.")
    of: int = Field(description="Shots in the sequence.")
    start: str = Field(
        description="When its first frame airs, RFC 3339, the clock of EXT-X-PROGRAM-DATE-TIME."
    )
    start_utc: float = Field(description="The same in seconds since 1970 UTC.")
    seconds: float = Field(description="Its length.")
    poster: str | None = Field(description="Address of its poster.")

    @classmethod
    def of_entry(cls, entry: OnAir) -> Self:
        """Translate an entry."""
        return cls(
            n=entry.n,
            clip=entry.clip_id,
            kind=entry.kind,
            title=entry.title,
            prompt=entry.prompt,
            model=entry.model,
            label=entry.label,
            seed=_text(entry.seed),
            writer=entry.writer,
            sequence=entry.sequence,
            position=entry.position,
            of=entry.of,
            start=utc_text(entry.start_utc),
            start_utc=entry.start_utc,
            seconds=entry.seconds,
            poster=poster(entry.poster),
        )


class ChannelOut(_Model):
    """One channel."""

    slug: str = Field(description="Name in addresses.")
    name: str = Field(description="Name for people.")
    theme: str = Field(description="The idea of the channel.")
    state: ChannelState = Field(description="What it is doing.")
    now: Airing | None = Field(description="What is on air.")
    next: tuple[Airing, ...] = Field(description="What follows, in order.")
    buffer_seconds: float = Field(description="Unaired new content ahead.")
    viewers: int = Field(description="People watching now: a heartbeat within 45 seconds.")
    accent: str = Field(description="Accent colour, #rrggbb.")
    rating: Rating = Field(description="For whom it is.")
    language: str = Field(description="BCP 47 tag.")
    problems: tuple[str, ...] = Field(description="What is wrong, in sentences, the newest first.")
    page: str = Field(description="Address of the watch page.")
    hls: str = Field(description="Address of the HLS playlist.")

    @classmethod
    def of_view(cls, view: ChannelView) -> Self:
        """Translate a channel."""
        return cls(
            slug=view.slug,
            name=view.name,
            theme=view.theme,
            state=view.state,
            now=Airing.of_entry(view.now) if view.now else None,
            next=tuple(Airing.of_entry(entry) for entry in view.next),
            buffer_seconds=view.buffer_seconds,
            viewers=view.viewers,
            accent=view.accent,
            rating=view.rating,
            language=view.language,
            problems=view.problems,
            page=f"/c/{view.slug}",
            hls=f"/hls/{view.slug}/index.m3u8",
        )


class NowOut(_Model):
    """What is on a channel around now; a player shows the entry that holds its own programme time."""

    slug: str = Field(description="The channel.")
    state: ChannelState = Field(description="What it is doing.")
    utc: float = Field(description="The station's time, seconds since 1970 UTC.")
    now: Airing | None = Field(description="What is on air at that time.")
    next: tuple[Airing, ...] = Field(description="What follows, in order.")
    timeline: tuple[Airing, ...] = Field(description="What aired lately, is on air and follows, in order.")
    buffer_seconds: float = Field(description="Unaired new content ahead.")
    viewers: int = Field(description="People watching now.")

    @classmethod
    def of_view(cls, view: ChannelView, utc: float) -> Self:
        """Translate a channel."""
        return cls(
            slug=view.slug,
            state=view.state,
            utc=utc,
            now=Airing.of_entry(view.now) if view.now else None,
            next=tuple(Airing.of_entry(entry) for entry in view.next),
            timeline=tuple(Airing.of_entry(entry) for entry in view.timeline),
            buffer_seconds=view.buffer_seconds,
            viewers=view.viewers,
        )


class ClipOut(_Model):
    """One clip of the catalogue."""

    id: str
    channel: str = Field(description="Slug of its channel.")
    title: str
    prompt: str
    model: str
    label: str
    seed: Seed
    writer: str
    sequence: str
    position: int
    of: int
    seconds: float
    created: str = Field(description="RFC 3339.")
    poster: str | None
    stars: float | None = Field(description="Mean of its ratings, 1 to 5.")
    ratings: int = Field(description="Number of ratings.")
    provenance: dict[str, Any] = Field(description="Prompt, writer, models, seeds, stages, checks, versions.")

    @classmethod
    def of_view(cls, view: ClipView) -> Self:
        """Translate a clip."""
        return cls(
            id=view.id,
            channel=view.channel,
            title=view.title,
            prompt=view.prompt,
            model=view.model,
            label=view.label,
            seed=_text(view.seed),
            writer=view.writer,
            sequence=view.sequence,
            position=view.position,
            of=view.of,
            seconds=view.seconds,
            created=utc_text(view.created),
            poster=poster(view.poster),
            stars=view.stars,
            ratings=view.ratings,
            provenance=dict(view.provenance),
        )


class ClipsOut(_Model):
    """Some clips, newest first."""

    clips: tuple[ClipOut, ...]
    cursor: str | None = Field(description="Hand it back for the clips after these; null at the end.")

    @classmethod
    def of_page(cls, page: ClipPage) -> Self:
        """Translate a page of clips."""
        return cls(clips=tuple(ClipOut.of_view(clip) for clip in page.clips), cursor=page.cursor)


class Heard(_Model):
    """Answer to a heartbeat."""

    viewers: int = Field(description="People watching the channel now.")
    counted: bool = Field(description="False where the viewer did not bring a session cookie; it is set now.")
    again_after: int = Field(description="Seconds until the next heartbeat.")


class Stars(BaseModel):
    """A rating."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    stars: int = Field(ge=1, le=5, strict=True, description="1 to 5.")


class TroubleOut(_Model):
    """One reason why the station is not well."""

    part: str
    message: str
    remedy: str


class HealthOut(_Model):
    """Whether the station is well."""

    ok: bool
    troubles: tuple[TroubleOut, ...]

    @classmethod
    def of_health(cls, health: Health, *, ok: bool) -> Self:
        """Translate the station's health."""
        return cls(
            ok=ok,
            troubles=tuple(
                TroubleOut(part=each.part, message=each.message, remedy=each.remedy)
                for each in health.troubles
            ),
        )


class ProblemOut(_Model):
    """An error, RFC 9457."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: str = Field(description="Stable name that programs may compare.")
    field: str | None = Field(description="Which part of the request is wrong.")
    remedy: str = Field(description="What to do about it.")
