"""From airings and playlist entries to the programmes of the guide. Pure: values in, values out."""

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest

from webtv.clips.clip import Clip, Kind
from webtv.viewers.station import Showing

FILLER = frozenset({Kind.IDENT, Kind.SLATE})
_SLACK = 0.5  # seconds by which two clocks may round apart
_CARD = 10.0  # seconds up to which a listed ident is a card, and no programme of its own


@dataclass(frozen=True, slots=True)
class Part:
    """One clip on the timeline, aired or to come.

    Attributes:
        start: seconds since 1970 UTC, to the millisecond.
        end: likewise.
        clip: id of the clip.
        kind: why it airs.
        seq: id of its sequence, or empty.
        pos: place in the sequence, from 1.
        title: what the playlist calls it.
        listed: whether the playlist chose it.
    """

    start: float
    end: float
    clip: str
    kind: Kind
    seq: str
    pos: int
    title: str
    listed: bool


def showings(
    parts: Iterable[Part], clips: Mapping[str, Clip], blocked: Container[str], name: str
) -> tuple[Showing, ...]:
    """Parts told as programmes: one for each airing of a sequence, one for each stretch of filler.

    An ident, a bumper or a "next" card that the playlist lists belongs to the programme before it: nobody
    looks for four seconds in a guide.

    Args:
        parts: in any order.
        clips: what the catalogue knows of their clips.
        blocked: ids of clips of which nothing may be told.
        name: the channel's, for its idents.
    """
    groups: list[list[Part]] = []
    for part in without_overlaps(sorted(parts, key=lambda part: part.start)):
        if groups and _is_card_after(groups[-1][-1], part):
            groups[-1][-1] = replace(groups[-1][-1], end=part.end)
        elif groups and _continues(groups[-1][-1], part):
            groups[-1].append(part)
        else:
            groups.append([part])
    return tuple(_showing(group, clips, blocked, name) for group in groups)


def without_overlaps(parts: Sequence[Part]) -> list[Part]:
    """The parts, each ended where the next begins: after a clock was set back, the later one counts.

    Args:
        parts: in the order of their beginnings.
    """
    found: list[Part] = []
    for part, following in zip_longest(parts, parts[1:]):
        end = min(part.end, following.start) if following else part.end
        if abs(end - part.end) > _SLACK:
            part = replace(part, end=end)
        if part.end > part.start:
            found.append(part)
    return found


def _is_card_after(before: Part, part: Part) -> bool:
    card = part.kind is Kind.IDENT and part.listed and part.end - part.start <= _CARD
    return card and before.kind not in FILLER and part.start - before.end <= _SLACK


def _continues(before: Part, part: Part) -> bool:
    if part.start - before.end > _SLACK:
        return False  # time was lost between them
    if before.kind in FILLER or part.kind in FILLER:
        return before.kind in FILLER and part.kind in FILLER
    same = (before.seq, before.kind, before.listed) == (part.seq, part.kind, part.listed)
    return bool(part.seq) and same and before.pos < part.pos


def _showing(parts: Sequence[Part], clips: Mapping[str, Clip], blocked: Container[str], name: str) -> Showing:
    first = parts[0]
    whole = Showing(first.title, first.kind, first.start, parts[-1].end, listed=first.listed)
    if first.kind in FILLER:
        slates = [part for part in parts if part.kind is Kind.SLATE]
        return replace(
            whole, kind=Kind.SLATE if slates else Kind.IDENT, title="Back in a moment" if slates else name
        )
    open_clips = [clips[part.clip] for part in parts if part.clip in clips and part.clip not in blocked]
    if not open_clips:
        hidden = any(part.clip in blocked for part in parts)
        return replace(whole, title="Withdrawn" if hidden else first.title or name)
    told = open_clips[0]
    return replace(
        whole,
        title=told.title or first.title or name,
        prompt=told.prompt,
        label=told.label,
        poster=told.poster or None,
        made=max(clip.created for clip in open_clips),
    )
