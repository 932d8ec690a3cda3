"""A station for the pages: three channels whose programmes follow from the clock alone."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from webtv.clips.clip import Kind
from webtv.core.clock import Clock
from webtv.core.errors import InputError
from webtv.core.events import Event
from webtv.library.audience import WATCHING_SECONDS
from webtv.viewers.programmes import programmes
from webtv.viewers.station import (
    ChannelGuide,
    ChannelState,
    ChannelView,
    ClipPage,
    ClipView,
    Health,
    Measurements,
    OnAir,
    Showing,
    Trouble,
)

SHOT_SECONDS = 6.0
_EARLIER = 12
_NEXT = 20


@dataclass(frozen=True, slots=True)
class Script:
    """What a channel of the fake shows, over and over.

    Attributes:
        view: the channel without its timeline.
        style: what every shot prompt of the channel ends with.
        sequences: title and shot prompts of each sequence.
    """

    view: ChannelView
    style: str
    sequences: tuple[tuple[str, tuple[str, ...]], ...]

    @property
    def shots(self) -> tuple[tuple[int, int], ...]:
        """Sequence and position of each shot of one round."""
        return tuple((s, p) for s, (_, prompts) in enumerate(self.sequences) for p in range(len(prompts)))


TIDELINE = Script(
    ChannelView(
        slug="tideline",
        name="Tideline",
        theme="The sea meets the land and nobody hurries: tides, harbours, lighthouses, weather coming in. "
        "Hours of slow water, from first light to the last ferry.",
        state=ChannelState.ON_AIR,
        now=None,
        buffer_seconds=846.0,
        accent="#6fc3d8",
    ),
    (
        "Natural light, muted teal and rose, fine film grain, long unhurried takes, calm mood; a place "
        "with nobody in a hurry, seen as if by someone who waits for the tide."
    ),
    (
        (
            "Low water at the old pier",
            (
                "A weathered wooden pier at low tide, wet sand mirrors a pale pink sky, slow push forward",
                "Small waves fold over ribbed sand between the pier's posts, close up, soft dawn light",
                "Two white gulls cross the pale sky above the pier from left to right, wide shot",
                "The pier seen from the dunes, grass bends in a light wind, teal and rose palette",
            ),
        ),
        (
            "Lamps across the harbour",
            (
                "Blue hour over a small harbour, warm lamps tremble in the dark water, static wide shot",
                "A red fishing boat turns slowly at its mooring, lamps behind it, gentle mist",
                "Ropes and nets on the quay, drops of rain, shallow focus",
            ),
        ),
        (
            "Weather from the west",
            (
                "Tall grey clouds roll over an open sea, one beam of sun travels along the horizon",
                "Rain draws veils over slate-blue water, a lighthouse blinks far away",
                "The first clear sky after the storm, gold light on long swell, slow pan right",
            ),
        ),
    ),
)
NIGHT_LINE = Script(
    ChannelView(
        slug="night-line",
        name="Night Line",
        theme="The last train through a city that never quite sleeps: wet streets, neon in puddles, windows "
        "with somebody still awake.",
        state=ChannelState.ON_AIR,
        now=None,
        buffer_seconds=312.0,
        accent="#e0799d",
        language="en",
    ),
    (
        "Neon reflected in wet asphalt, deep violet and amber, shallow depth of field, slow camera, "
        "wistful mood; the city late at night, rain just over, few people and far away."
    ),
    (
        (
            "The 23:40 to Harbour Street",
            (
                "A night train crosses an iron bridge above a city in rain, lit windows in a row, from below",
                "Inside the empty carriage, seats in teal light, the skyline slides past the windows",
                "The train leaves the last station, its red lamps shrink in the drizzle, long lens",
            ),
        ),
        (
            "Noodles after midnight",
            (
                "A tiny noodle bar glows at a corner, steam rises through magenta light, slow dolly in",
                "Chopsticks, a bowl, a window with running drops, warm amber against violet",
            ),
        ),
        (
            "Rooftops, three o'clock",
            (
                "Water tanks and antennas before a violet sky, lights of a plane travel right to left",
                "A cat walks along a parapet, the city far below, wide shot",
                "The first pale line in the east, windows go dark one by one",
            ),
        ),
    ),
)
MEADOW_TALES = Script(
    ChannelView(
        slug="meadow-tales",
        name="Meadow Tales",
        theme="Small animals with large plans in a meadow of felt and paper. Gentle stories for the very "
        "young and the very tired.",
        state=ChannelState.FILLER,
        now=None,
        buffer_seconds=58.0,
        accent="#b7cf6a",
        problems=("The studio is catching up: reruns air until new programmes are ready.",),
    ),
    (
        "Felt and paper stop-motion, warm soft light, visible fibres, rounded shapes, friendly colours, "
        "gentle mood; a small meadow where everything is made by hand."
    ),
    (
        (
            "The hedgehog builds a boat",
            (
                "A felt hedgehog in a blue scarf carries a walnut shell through tall paper grass, eye level",
                "The hedgehog sets a leaf as a sail, soft morning light, shallow focus",
                "The walnut boat drifts down a brook of blue ribbon, slow pan left",
                "The hedgehog waves from the far bank, buttercups all around",
            ),
        ),
        (
            "A very long picnic",
            (
                "Three mice unroll a checked blanket under a paper oak, warm noon light, wide shot",
                "Crumbs, acorn cups and one enormous strawberry, close-up",
                "Fireflies come out one by one, the mice are asleep, deep blue evening",
            ),
        ),
    ),
)
SCRIPTS = (TIDELINE, NIGHT_LINE, MEADOW_TALES)


@dataclass(slots=True)
class FakeStation:
    """A :class:`webtv.viewers.station.Station` whose timeline is a function of the clock.

    Attributes:
        clock: decides what is on air.
        scripts: the channels.
        posters: file of each poster by its SHA-256.
        poster_of: SHA-256 of the poster by channel and sequence number; shots without one have none.
        live: folder with HLS files by channel.
        trouble: what :meth:`health` reports.
        log: what :meth:`events` reports, newest last.
        ratings: stars by clip and session.
    """

    clock: Clock
    scripts: tuple[Script, ...] = SCRIPTS
    posters: Mapping[str, Path] = field(default_factory=dict)
    poster_of: Mapping[tuple[str, int], str] = field(default_factory=dict)
    live: Mapping[str, Path] = field(default_factory=dict)
    trouble: tuple[Trouble, ...] = ()
    log: list[Event] = field(default_factory=list)
    ratings: dict[str, dict[str, int]] = field(default_factory=dict)
    heard: dict[tuple[str, str], float] = field(default_factory=dict)

    async def channels(self) -> tuple[ChannelView, ...]:
        """All channels."""
        return tuple(self._view(script) for script in self.scripts)

    async def channel(self, slug: str) -> ChannelView | None:
        """One channel."""
        return next((self._view(script) for script in self.scripts if script.view.slug == slug), None)

    async def guide(self) -> tuple[ChannelGuide, ...]:
        """The guide of all channels."""
        return tuple(_guide(self._view(script)) for script in self.scripts)

    async def clip(self, clip_id: str) -> ClipView | None:
        """One clip."""
        return next((clip for clip in self._clips() if clip.id == clip_id), None)

    async def clips(self, cursor: str | None, limit: int, channel: str | None) -> ClipPage:
        """Clips, newest first; the cursor is the number of clips seen."""
        if cursor is not None and not cursor.isdecimal():
            raise InputError(
                "This cursor is not one of ours.", remedy="begin without one", place="query.cursor"
            )
        every = [clip for clip in self._clips() if channel is None or clip.channel == channel]
        start = int(cursor or 0)
        end = start + limit
        return ClipPage(tuple(every[start:end]), str(end) if end < len(every) else None)

    async def heartbeat(self, session: str, channel: str) -> int | None:
        """Count a viewer."""
        if all(script.view.slug != channel for script in self.scripts):
            return None
        self.heard[session, channel] = self.clock.monotonic()
        return self._watching(channel)

    async def rate(self, clip_id: str, session: str, stars: int) -> ClipView | None:
        """Keep a rating."""
        if await self.clip(clip_id) is None:
            return None
        self.ratings.setdefault(clip_id, {})[session] = stars
        return await self.clip(clip_id)

    async def health(self) -> Health:
        """Ready unless there is trouble."""
        return Health(live=True, ready=not self.trouble, troubles=self.trouble)

    async def events(self, limit: int) -> tuple[Event, ...]:
        """The latest events."""
        return tuple(reversed(self.log[-limit:]))

    async def poster_path(self, sha: str) -> Path | None:
        """Where a poster lies."""
        return self.posters.get(sha)

    async def measurements(self) -> Measurements:
        """Nothing is measured in a fake."""
        return Measurements(self.clock.time())

    def hls_folder(self, slug: str) -> Path | None:
        """Folder of live files."""
        return self.live.get(slug)

    def _watching(self, slug: str) -> int:
        since = self.clock.monotonic() - WATCHING_SECONDS
        return sum(channel == slug and at > since for (_, channel), at in self.heard.items())

    def _view(self, script: Script) -> ChannelView:
        viewers = script.view.viewers + self._watching(script.view.slug)
        if script.view.state is ChannelState.OFF:
            return replace(script.view, viewers=viewers)
        n = int(self.clock.time() // SHOT_SECONDS)
        entries = [self._entry(script, n + step) for step in range(-_EARLIER, _NEXT + 1)]
        if script.view.state is ChannelState.FILLER:  # no playlist lists it
            entries[: _EARLIER + 1] = [replace(entry, n=0) for entry in entries[: _EARLIER + 1]]
        return replace(
            script.view,
            earlier=tuple(entries[:_EARLIER]),
            now=entries[_EARLIER],
            next=tuple(entries[_EARLIER + 1 :]),
            viewers=viewers,
        )

    def _entry(self, script: Script, n: int) -> OnAir:
        lap, index = divmod(n, len(script.shots))
        sequence, position = script.shots[index]
        clip = self._clip(script, sequence, position)
        return OnAir(
            n=n,
            clip_id=clip.id,
            kind=Kind.RERUN if script.view.state is ChannelState.FILLER else Kind.NEW,
            title=clip.title,
            prompt=clip.prompt,
            model=clip.model,
            label=clip.label,
            seed=clip.seed,
            writer=clip.writer,
            sequence=f"{clip.sequence}-{lap}",
            position=clip.position,
            of=clip.of,
            start_utc=n * SHOT_SECONDS,
            seconds=SHOT_SECONDS,
            poster=clip.poster,
        )

    def _clips(self) -> list[ClipView]:
        every = [self._clip(script, *shot) for script in self.scripts for shot in script.shots]
        return sorted(every, key=lambda clip: clip.created, reverse=True)

    def _clip(self, script: Script, sequence: int, position: int) -> ClipView:
        title, prompts = script.sequences[sequence]
        slug = script.view.slug
        clip_id = f"{slug}-{sequence}-{position}"
        stars = self.ratings.get(clip_id, {})
        seed = 7_000_000_000_000_000_000 + 1009 * sequence + position
        return ClipView(
            id=clip_id,
            channel=slug,
            title=title,
            prompt=f"{prompts[position]}. {script.style}",
            model="procedural 1.0",
            label="Algorithmic",
            seed=seed,
            writer="grammar",
            sequence=f"{slug}-{sequence}",
            position=position + 1,
            of=len(prompts),
            seconds=SHOT_SECONDS,
            created=1_790_000_000.0 + 60 * sequence + position,
            poster=self.poster_of.get((slug, sequence)),
            stars=sum(stars.values()) / len(stars) if stars else None,
            ratings=len(stars),
            provenance={"seed": seed, "writer": "grammar", "stages": ["procedural", "dis", "detail"]},
        )


def _guide(view: ChannelView) -> ChannelGuide:
    return ChannelGuide(
        slug=view.slug,
        name=view.name,
        theme=view.theme,
        language=view.language,
        rating=view.rating,
        accent=view.accent,
        on_air=view.now is not None,
        showings=tuple(
            Showing(
                title=programme.title,
                kind=programme.kind,
                start_utc=programme.start_utc,
                end_utc=programme.start_utc + programme.seconds,
                listed=programme.entries[0].n > 0,
                prompt=programme.entries[0].prompt,
                label=programme.label,
                poster=programme.poster,
            )
            for programme in programmes(view.timeline)
        ),
    )
