"""The ladder of quality: the best way of making pictures that still keeps a channel's buffer filled.

A model is slower than time goes by, a card is shared, a remote service has its hours: then the station
steps down, from the whole chain to fewer steps, a smaller picture, no upscaling by a model, and the
embedded studio; below that are reruns, which the rundown airs by itself when nothing new comes. It steps up
again when there is time. Every prompt has passed the safety filter before it gets here, and each rung makes
pictures of that very prompt.
"""

from collections.abc import Callable, Mapping, Sequence
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
_LOW = 0.25  # of the wanted buffer that must be left when the next sequence is ready
_CALM = 0.5  # of it, before a step up is taken
_LONGEST = 31  # sequences for which a rung that failed is passed over
_BRISK = 0.8  # seconds of work per second of video with which an almost empty buffer fills
_TELL_AGAIN = 50  # sequences until the same change of rung is told a second time
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


class Speeds:
    """What each rung has cost lately: seconds of its slowest stage per second of video.

    Stages overlap, so the slowest of them decides how much comes out.

    Args:
        known: what an earlier run measured, as :meth:`to_json` gave it.
    """

    def __init__(self, known: Mapping[str, float] | None = None) -> None:
        self._cost = {str(key): float(value) for key, value in (known or {}).items()}

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
        before = self._cost.get(rung)
        self._cost[rung] = cost if before is None else before + _FRESH * (cost - before)

    def cost(self, rung: Rung) -> float | None:
        """Seconds of work per second of video; None if nobody knows."""
        return self._cost.get(rung.key)

    def to_json(self) -> dict[str, float]:
        """For the next run."""
        return {key: round(value, 4) for key, value in self._cost.items()}


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
        measured is tried when there is room for a surprise. One that failed is passed over for a while.

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
            if rung.name not in resting and (reason := self._suits(rung, need, up=index < now)):
                chosen, why = index, reason
                break
        self._say(ladder, now, chosen, why, need, resting)
        self._name = names[chosen]
        return ladder[chosen]

    def _suits(self, rung: Rung, need: Need, *, up: bool) -> str:
        """Why a rung will do; nothing if it will not."""
        cost = self.speeds.cost(rung)
        if cost is None:
            return "its speed is not known yet" if need.idle or need.ahead >= need.low else ""
        enough = need.idle or need.ahead >= need.low  # else the buffer must rise and not just stay
        if cost * need.sharing <= (
            1.0 if enough else _BRISK
        ):  # an almost empty buffer must rise, not just stay
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
        if before == after:
            return
        change = ladder[before].name, ladder[after].name
        if self._chosen < self._told.get(change, 0):
            return  # a device that cannot keep up gets every other sequence, and nobody wants to read that
        self._told[change] = self._chosen + _TELL_AGAIN
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
