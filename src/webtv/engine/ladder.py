"""The ladder of quality: the best way of making pictures that still keeps a channel's buffer filled.

A model is slower than time goes by, a card is shared, a remote service has its hours: then the station
steps down, from the whole chain to fewer steps, a smaller picture, no upscaling by a model, and the
embedded studio; below that are reruns, which the rundown airs by itself when nothing new comes. It steps up
again when there is time. Every prompt has passed the safety filter before it gets here, and each rung makes
pictures of that very prompt.
"""

import contextlib
import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from webtv.core.events import Event, Severity
from webtv.engine.jobs import content_key
from webtv.studio.ports import Grade

Stages = Mapping[str, Mapping[str, Any]]

FULL = "full"
"""Name of the rung on which everything is as the channel's file says."""
EMBEDDED: Stages = {
    "shot": {"use": "procedural"},
    "interpolate": {"use": "dis"},
    "upscale": {"use": "detail"},
}
_PLAIN = {"use": "detail"}  # upscaling without a model
_FRESH = 0.3  # weight of the latest measurement
_FADE = 0.97  # of a rung's cost that is left with each sequence made otherwise
_TRY_AGAIN = 32  # sequences made otherwise after which a rung is tried whatever it cost
_LOW = 0.25  # of the wanted buffer that must be left when the next sequence is ready
_CALM = 0.5  # of it, before a step up is taken
_LONGEST = 31  # sequences for which a rung that failed is passed over
_BRISK = 0.8  # seconds of work per second of video with which an almost empty buffer fills
_TELL_AGAIN = 50  # sequences until the same change of rung is told a second time
_LASTING = 5  # sequences after which a change is told in any case
_LEAST = 60.0  # seconds that count as low whatever is wanted


@dataclass(frozen=True, slots=True)
class Rung:
    """One way of making a channel's pictures.

    Attributes:
        name: what it leaves out, in a word or two: ``full``, ``fewer steps``, ``embedded``, ...
        stages: stage name to adapter and options.
        key: tells its speed from those of others.
    """

    name: str
    stages: Stages
    key: str


def _rung(name: str, stages: Stages) -> Rung:
    return Rung(
        name, stages, content_key("rung", {stage: dict(options) for stage, options in stages.items()})
    )


def rungs(
    stages: Stages,
    grades: Callable[[str, Mapping[str, Any]], Sequence[Grade]],
    apart: Callable[[str, Mapping[str, Any]], bool],
) -> tuple[Rung, ...]:
    """The ladder of a channel, the best first; a channel of embedded stages has one rung.

    Args:
        stages: as the channel's file says.
        grades: ever cheaper ways of a stage, from its adapter.
        apart: whether a stage waits for a device or another machine.
    """
    ladder = [_rung(FULL, stages)]
    if not any(apart(stage, options) for stage, options in stages.items()):
        return tuple(ladder)
    below = dict(stages)
    for grade in grades("shot", stages["shot"]):
        below = {**below, "shot": grade.options}
        ladder.append(_rung(grade.name, below))
    if apart("upscale", stages["upscale"]):
        below = {**below, "upscale": _PLAIN}
        ladder.append(_rung("without the upscaler's model", below))
    if apart("interpolate", stages["interpolate"]):
        below = {**below, "interpolate": EMBEDDED["interpolate"]}
        ladder.append(_rung("without the interpolator's model", below))
    if apart("shot", stages["shot"]):
        kept = {stage: options for stage, options in stages.items() if stage not in EMBEDDED}
        ladder.append(_rung("embedded", {**EMBEDDED, **kept}))
    return tuple(ladder)


@dataclass(slots=True)
class _Known:
    """What is known of one rung.

    Attributes:
        cost: seconds of work per second of video, as measured.
        unused: sequences that were made otherwise since it was chosen last.
        stale: what that number was when it was chosen; an old figure counts little beside a new one.
    """

    cost: float
    unused: int = 0
    stale: int = 0


class Speeds:
    """What each rung has cost lately: seconds of its slowest stage per second of video.

    Stages overlap, so the slowest of them decides how much comes out. One measurement may have met a model
    that was compiled, or a service that was away; so the figure of a rung that is not used fades.

    Args:
        known: what an earlier run measured, as :meth:`to_json` gave it; what is not understood is left out.
    """

    def __init__(self, known: Mapping[str, Any] | None = None) -> None:
        self._known: dict[str, _Known] = {}
        for key, value in (known or {}).items():
            told = value if isinstance(value, Mapping) else {"cost": value}
            with contextlib.suppress(KeyError, TypeError, ValueError, OverflowError):
                one = _Known(float(told["cost"]), int(told.get("unused", 0)))
                if math.isfinite(one.cost) and one.cost >= 0 and one.unused >= 0:
                    self._known[str(key)] = one

    def note(self, rung: str, video: float, busy: Mapping[str, float]) -> None:
        """Take what one clip took.

        Args:
            rung: its key.
            video: seconds of finished video.
            busy: seconds each stage worked for it.
        """
        if video <= 0 or not busy:
            return
        cost = max(busy.values()) / video
        if (known := self._known.get(rung)) is None:
            self._known[rung] = _Known(cost)
            return
        known.cost += (1 - (1 - _FRESH) ** (1 + known.stale)) * (cost - known.cost)
        known.stale = 0

    def chosen(self, ladder: Sequence[Rung], index: int) -> None:
        """A sequence is made on that rung of a ladder, and so on none of the others."""
        for place, rung in enumerate(ladder):
            if (known := self._known.get(rung.key)) is None:
                continue
            if place == index:
                known.stale, known.unused = max(known.stale, known.unused), 0
            else:
                known.unused += 1

    def cost(self, rung: Rung) -> float | None:
        """Seconds of work per second of video as measured; None if nobody knows."""
        known = self._known.get(rung.key)
        return known.cost if known else None

    def hoped(self, ladder: Sequence[Rung], index: int) -> float:
        """What that measured rung of a ladder may cost by now: less with each sequence made otherwise.

        It is never thought to cost less than the next cheaper rung that was measured.
        """
        known = self._known[ladder[index].key]
        cheaper = (self.cost(rung) for rung in ladder[index + 1 :])
        floor = next((cost for cost in cheaper if cost is not None), 0.0)
        return max(min(floor, known.cost), known.cost * _FADE**known.unused)

    def unused(self, rung: Rung) -> int:
        """Sequences that were made otherwise since it was chosen last."""
        known = self._known.get(rung.key)
        return known.unused if known else 0

    def keep_only(self, keys: Collection[str]) -> None:
        """Forget rungs that are on no channel's ladder any more."""
        self._known = {key: known for key, known in self._known.items() if key in keys}

    def to_json(self) -> dict[str, dict[str, float]]:
        """For the next run."""
        return {
            key: {"cost": round(known.cost, 4), "unused": max(known.unused, known.stale)}
            for key, known in self._known.items()
        }


@dataclass(frozen=True, slots=True)
class Need:
    """How a channel stands.

    Attributes:
        ahead: seconds of new content that it has, in its playlist and in the making.
        wanted: seconds of it that it wants.
        sequence: seconds of the sequence that is to be made.
        sharing: channels that the same device or service works for, this one included.
        idle: whether that device or service has nothing to do. Embedded work takes cores and not the device,
            so an idle one is given something whatever the buffer is like.
    """

    ahead: float
    wanted: float
    sequence: float
    sharing: int = 1
    idle: bool = False

    @property
    def low(self) -> float:
        """Seconds below which a buffer must not sink."""
        return max(min(_LEAST, self.wanted / 2), _LOW * self.wanted)

    def left(self, cost: float) -> float:
        """Seconds that are ahead when the sequence is ready, if it takes so much per second of it."""
        return self.ahead - self.sequence * cost * self.sharing


@dataclass(slots=True)
class Ladder:
    """Chooses one channel's rung for each sequence, with a reason.

    Attributes:
        slug: the channel.
        speeds: of all rungs of the station.
        tell: takes events of changes.
    """

    slug: str
    speeds: Speeds
    tell: Callable[[Event], None]
    _name: str = field(default=FULL, init=False)
    _chosen: int = field(default=0, init=False)  # sequences so far
    _lasts: int = field(default=0, init=False)  # sequences for which it has been the same
    _said: str = field(default=FULL, init=False)  # the rung that whoever reads the events knows of
    _told: dict[tuple[str, str], int] = field(default_factory=dict, init=False)  # when a change is told again
    _failures: dict[str, int] = field(default_factory=dict, init=False)  # one after the other
    _rest: dict[str, int] = field(default_factory=dict, init=False)  # sequences for which it is passed over

    @property
    def name(self) -> str:
        """The rung that was chosen last."""
        return self._name

    def choose(self, ladder: Sequence[Rung], need: Need) -> Rung:
        """The rung for the next sequence.

        The best one that keeps up, or that at least leaves enough ahead. To step up, more must be left than
        to stay, so that a channel at the edge does not change with every sequence. A rung that nobody has
        measured, or not for long, is tried when there is room for a surprise. One that failed is passed over
        for a while.

        Args:
            ladder: from :func:`rungs`; never empty.
            need: how the channel stands.
        """
        self._chosen += 1
        names = [rung.name for rung in ladder]
        now = names.index(self._name) if self._name in names else 0
        resting = {rung.name for rung in ladder[:-1] if self._rests(rung)}
        chosen, why = len(ladder) - 1, "nothing better is fast enough"
        if need.idle and (slow := [n for n in range(len(ladder) - 1) if names[n] not in resting]):
            chosen, why = slow[-1], "it has nothing else to do"
        for index, rung in enumerate(ladder[:-1]):
            if rung.name not in resting and (reason := self._suits(ladder, index, need, up=index < now)):
                chosen, why = index, reason
                break
        self._say(ladder, now, chosen, why, need, resting)
        self.speeds.chosen(ladder, chosen)
        self._name = names[chosen]
        return ladder[chosen]

    def _suits(self, ladder: Sequence[Rung], index: int, need: Need, *, up: bool) -> str:
        """Why a rung will do; nothing if it will not."""
        cost = self.speeds.cost(ladder[index])
        enough = need.idle or need.ahead >= need.low
        if cost is None:
            return "its speed is not known yet" if enough else ""
        if up and need.ahead >= _CALM * need.wanted:
            if (unused := self.speeds.unused(ladder[index])) >= _TRY_AGAIN:
                return f"it has not been tried for {unused} sequences"
            cost = self.speeds.hoped(ladder, index)
        fits = 1.0 if enough else _BRISK  # an almost empty buffer must rise and not just stay
        if cost * need.sharing <= fits:
            return f"{cost:.2g} s for a second of video keep up"
        if need.left(cost) >= (_CALM * need.wanted if up else need.low):
            return f"{cost:.2g} s for a second of video leave enough ahead"
        return ""

    def failed(self, rung: str) -> None:
        """A sequence on this rung could not be made."""
        self._failures[rung] = self._failures.get(rung, 0) + 1
        self._rest[rung] = min(_LONGEST, 2 ** self._failures[rung] - 1)

    def made(self, rung: str) -> None:
        """A sequence on this rung was made."""
        self._failures.pop(rung, None)
        self._rest.pop(rung, None)

    def _rests(self, rung: Rung) -> bool:
        """Whether it is passed over this time; each time brings it nearer."""
        rests = self._rest.get(rung.name, 0)
        self._rest[rung.name] = max(0, rests - 1)
        return rests > 0

    def _say(
        self, ladder: Sequence[Rung], before: int, after: int, why: str, need: Need, resting: set[str]
    ) -> None:
        self._lasts = self._lasts + 1 if before == after else 1
        names = [rung.name for rung in ladder]
        if self._said not in names:
            self._said = ladder[0].name  # its channel's file was changed
        lasting = self._lasts == _LASTING and names[after] != self._said
        if lasting:
            before = names.index(self._said)
        change = names[before], names[after]
        # A device that cannot keep up gets every other sequence, and nobody wants to read that.
        if before == after or (not lasting and self._chosen < self._told.get(change, 0)):
            return
        self._told[change] = self._chosen + _TELL_AGAIN
        self._said = names[after]
        down, left = after > before, ladder[before]
        if left.name in resting:
            why = f"{left.name} failed lately"
        elif down and (cost := self.speeds.cost(left)) is not None:
            why = f"{left.name} takes {cost:.2g} s for a second of video"
        remedy = (
            "nothing needs doing; a faster device, fewer channels or a cheaper adapter keep the quality up"
        )
        self.tell(
            Event(
                "engine.quality.lowered" if down else "engine.quality.raised",
                f"Pictures are made otherwise now: {ladder[after].name}, not {left.name} ({why}; "
                f"{need.ahead:.0f} of {need.wanted:.0f} s are ahead)",
                Severity.WARNING if down else Severity.INFO,
                remedy if down else "",
                self.slug,
                {"from": left.name, "to": ladder[after].name, "ahead": round(need.ahead, 1)},
            )
        )
