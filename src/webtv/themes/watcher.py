"""The channels folder while the station runs: good edits take effect, broken ones are told and wait."""

import contextlib
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from types import MappingProxyType

from watchfiles import Change, awatch

from webtv.core.events import Event, EventSink, Severity
from webtv.themes.channel import Channel
from webtv.themes.loader import SUFFIXES, KnownNames, Loaded, Problem, load_folder

# Editors save in several steps (truncate, write, rename): what happens within this many milliseconds is one.
_DEBOUNCE_MS = 400
# How often the files are read although nothing was heard: network folders and a folder replaced whole make no
# sound, and what changes before the ear is at the door is not heard either.
_LOOK_ANYWAY_MS = 1000
_TOLD = 20  # problems that one event carries; `ChannelFolder.problems` has all


@dataclass(frozen=True, slots=True)
class Changes:
    """What one look at the folder found, as slugs in order; false if nothing.

    Attributes:
        added: new channels.
        changed: channels whose new version is good and different.
        removed: channels whose file is gone.
        broken: files newly broken, or broken in a new way; a channel that runs keeps its last good version.
        mended: files no longer broken (also listed above where the channel is new or different), or gone.
    """

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    broken: tuple[str, ...] = ()
    mended: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return any(getattr(self, item.name) for item in fields(self))


class ChannelFolder:
    """The channels of a folder, always in their last good versions.

    Args:
        folder: where the YAML files lie; it may come later, and may go.
        known: names that they may refer to.
        events: takes ``themes.channel.added``, ``changed``, ``removed``, ``broken`` and ``mended``, and
            ``themes.folder.missing`` and ``found``.
        formats: formats that channels have for life from earlier runs, by slug.
    """

    def __init__(
        self, folder: Path, known: KnownNames, events: EventSink, formats: Mapping[str, str] | None = None
    ) -> None:
        self.folder = folder
        self._known = known
        self._events = events
        self._formats = dict(formats or {})
        self._loaded: list[Loaded] = []
        self._channels: dict[str, Channel] = {}
        self._problems: dict[str, tuple[Problem, ...]] = {}
        self._missing = False

    @property
    def channels(self) -> Mapping[str, Channel]:
        """The last good version of every channel, by slug."""
        return MappingProxyType(self._channels)

    @property
    def problems(self) -> Mapping[str, tuple[Problem, ...]]:
        """What is wrong in the files as they are now, by slug; only slugs with problems."""
        return MappingProxyType(self._problems)

    def reload(self) -> Changes:
        """Look at the folder once and tell what changed; files with the same bytes cost a read each."""
        if not self._is_there():
            return Changes()  # a folder that is moved or unmounted must not take channels off the air
        formats = {**self._formats, **{slug: channel.format for slug, channel in self._channels.items()}}
        self._loaded = load_folder(self.folder, self._known, formats=formats, earlier=self._loaded)
        good = {loaded.slug: loaded.channel for loaded in self._loaded if loaded.channel}
        problems: dict[str, tuple[Problem, ...]] = {}
        for loaded in self._loaded:
            if loaded.problems:
                problems[loaded.slug] = problems.get(loaded.slug, ()) + loaded.problems
        before, self._problems = self._problems, problems
        slugs = {loaded.slug for loaded in self._loaded}
        changes = Changes(
            added=_in_order(slug for slug in good if slug not in self._channels),
            changed=_in_order(
                slug for slug in good if slug in self._channels and good[slug] != self._channels[slug]
            ),
            removed=_in_order(slug for slug in self._channels if slug not in slugs),
            broken=_in_order(slug for slug in problems if problems[slug] != before.get(slug)),
            mended=_in_order(slug for slug in before if slug not in problems),
        )
        self._channels.update(good)
        for slug in changes.removed:
            del self._channels[slug]
        self._tell(changes)
        return changes

    async def watch(self) -> AsyncIterator[Changes]:
        """Yield what changes, beginning with what is there; ends only by being closed or cancelled."""
        if first := self.reload():
            yield first
        polling = False
        while True:
            watched = self._watched()
            listening = awatch(
                *watched,
                watch_filter=self._concerns,
                debounce=_DEBOUNCE_MS,
                rust_timeout=_LOOK_ANYWAY_MS,
                yield_on_timeout=True,
                force_polling=polling or None,
                recursive=False,
            )
            try:
                async with contextlib.aclosing(listening):
                    async for _ in listening:
                        if changes := self.reload():
                            yield changes
                        if self._watched() != watched:
                            break  # the folder came, went or was replaced: listen at the new one
            except FileNotFoundError:
                continue  # it went just before the ear was at the door
            except OSError as error:  # such as a system whose number of file watches is used up
                if polling:
                    raise
                polling = True
                self._events(Event("themes.folder.polled", f"no news of file changes, so looking: {error}"))

    def _watched(self) -> dict[Path, int]:
        """The folder if it is there, else the nearest one above it, each with its inode."""
        for folder in (self.folder, *self.folder.absolute().parents):
            with contextlib.suppress(OSError):
                if folder.is_dir():
                    return {folder: folder.stat().st_ino}
        return {}

    def _concerns(self, _change: Change, path: str) -> bool:
        return path.endswith(SUFFIXES) or Path(path).name == self.folder.name

    def _is_there(self) -> bool:
        there = self.folder.is_dir()
        if there == self._missing:
            self._missing = not there
            if there:
                self._events(Event("themes.folder.found", f"the channels folder {self.folder} is back"))
            else:
                self._events(
                    Event(
                        "themes.folder.missing",
                        f"the channels folder {self.folder} is not there; channels on air go on as they are",
                        Severity.WARNING,
                        "create it, or name another with `webtv serve --channels DIR`",
                    )
                )
        return there

    def _tell(self, changes: Changes) -> None:
        for slug in changes.added:
            name = self._channels[slug].name
            self._events(Event("themes.channel.added", f"{slug} ({name}) is a channel", channel=slug))
        for slug in changes.changed:
            message = f"{slug} has a new version, in use from the next sequence on"
            self._events(Event("themes.channel.changed", message, channel=slug))
        for slug in changes.removed:
            message = f"{slug} is removed, as its file is gone"
            self._events(Event("themes.channel.removed", message, channel=slug))
        for slug in changes.broken:
            self._events(self._broken(slug))
        for slug in changes.mended:
            if slug not in changes.removed:
                message = f"nothing is wrong with {slug} any more"
                self._events(Event("themes.channel.mended", message, channel=slug))

    def _broken(self, slug: str) -> Event:
        problems = self._problems[slug]
        first, more = problems[0], len(problems) - 1
        state = "its last good version stays on air" if slug in self._channels else "it is not on air"
        others = f" (and {more} more problem{'s' * (more > 1)})" if more else ""
        return Event(
            "themes.channel.broken",
            f"{first.file}:{first.line}:{first.column}: {first.message}{others}; {state}",
            Severity.WARNING,
            first.remedy,
            slug,
            {"problems": [str(problem) for problem in problems[:_TOLD]]},
        )


def _in_order(slugs: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(slugs))
