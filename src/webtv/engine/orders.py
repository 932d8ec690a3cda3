"""What jobs carry: orders to the studio, as JSON in the ledger's payloads."""

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from typing import Any, Self

from webtv.clips.clip import Clip
from webtv.clips.graphics import Graphics, next_word
from webtv.core.format import HouseFormat, house_format
from webtv.prompts.sequence import MusicBrief, SequencePlan, ShotPrompt
from webtv.themes.channel import Channel, Stage

CLIP, BED, IDENT = "clip", "bed", "ident"
KINDS = (BED, CLIP, IDENT)
HANDS_ON = "hands_on"
"""Key of a clip's provenance: SHA-256 of the picture from which the shot after it goes on."""


class CardKind(StrEnum):
    """What a card is for."""

    IDENT = "ident"
    BUMPER = "bumper"
    NEXT = "next"


class Carry(StrEnum):
    """What a sequence carries from shot to shot, so that cast and place stay the same."""

    NONE = ""
    LAST = "last"
    """Each shot goes on from the last picture of the one before."""
    KEY = "key"
    """Each shot begins with the first picture of the first."""


def derive_seed(*parts: object) -> int:
    """A seed of 63 bits that follows from the parts and from nothing else."""
    digest = hashlib.sha256("\0".join(map(str, parts)).encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1


@dataclass(frozen=True, slots=True)
class ClipOrder:
    """Make one clip of a sequence.

    Attributes:
        sequence: id of the sequence.
        position: place in it, from 1.
        of: shots in it.
        title: the sequence's title.
        prompt: what to show.
        writer: who wrote that.
        sequence_seed: shared by all shots of the sequence.
        frames: length, a multiple of the format's GOP.
        format: house format.
        stages: stage name to adapter and options, as the channel's file says.
        branding: the channel's text beside the label.
        accent: the channel's colour.
        bed: SHA-256 of the sequence's bed.
        bed_id: its id.
        bed_at: sample of the bed at which the clip begins.
        asked: what the curator wrote, before any writer: ``theme``, ``style``, ``avoid``, ``language``.
        grades: stage name to the name of the grade at which it works; nothing where it works as asked for.
        carry: what the sequence carries from shot to shot.
        image: SHA-256 of the picture in storage that the shot goes on from; empty if from none.
        graphics: what is shown beside the label, as :meth:`webtv.clips.graphics.Graphics.to_json` tells it.
        before: what the shot before it shows, into which an adapter may dissolve; None for the first.
    """

    sequence: str
    position: int
    of: int
    title: str
    prompt: ShotPrompt
    writer: str
    sequence_seed: int
    frames: int
    format: str
    stages: Mapping[str, Mapping[str, Any]]
    branding: str
    accent: str
    bed: str
    bed_id: str
    bed_at: int
    asked: Mapping[str, Any] = field(default_factory=dict)
    grades: Mapping[str, str] = field(default_factory=dict)
    carry: Carry = Carry.NONE
    image: str = ""
    graphics: Mapping[str, str] = field(default_factory=dict)
    before: ShotPrompt | None = None

    def to_json(self) -> dict[str, Any]:
        """The job's payload."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """The inverse of :meth:`to_json`; what orders of an earlier version lack has its default.

        Raises:
            TypeError: keys are missing or unknown.
            ValueError: it carries what nobody knows.
        """
        prompt, carry = ShotPrompt.from_json(data["prompt"]), Carry(data.get("carry", ""))
        before = ShotPrompt.from_json(data["before"]) if data.get("before") else None
        return cls(**{**data, "prompt": prompt, "carry": carry, "before": before})

    @property
    def house_format(self) -> HouseFormat:
        """The parsed format."""
        return house_format(self.format)


@dataclass(frozen=True, slots=True)
class BedOrder:
    """Make the bed of a sequence; ``samples`` include the crossfade."""

    sequence: str
    music: MusicBrief
    samples: int
    seed: int
    stage: Mapping[str, Any]

    def to_json(self) -> dict[str, Any]:
        """The job's payload."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """The inverse of :meth:`to_json`.

        Raises:
            TypeError: keys are missing or unknown.
        """
        return cls(**{**data, "music": MusicBrief.from_json(data["music"])})


@dataclass(frozen=True, slots=True)
class IdentOrder:
    """Make a card of a channel: its ident, a bumper, or what tells of the sequence that comes next.

    Attributes:
        name: of the channel.
        accent: its colour.
        format: house format.
        seed: of everything random.
        version: of how cards are drawn; another one is another card.
        card: ``ident``, ``bumper`` or ``next``.
        instruments: of the channel, for the sting; without any the card is silent.
        word: ``Next`` in the channel's language.
        title: of the sequence that comes next.
        line: beneath it.
    """

    name: str
    accent: str
    format: str
    seed: int
    version: int = 2
    card: str = CardKind.IDENT.value
    instruments: tuple[str, ...] = ()
    word: str = ""
    title: str = ""
    line: str = ""

    def to_json(self) -> dict[str, Any]:
        """The job's payload."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """The inverse of :meth:`to_json`.

        Raises:
            TypeError: keys are missing or unknown.
        """
        return cls(**{**data, "instruments": tuple(data.get("instruments", ()))})


def card_order(slug: str, channel: Channel, card: CardKind) -> IdentOrder:
    """The order for a card of a channel; one for what comes next lacks its texts still."""
    return IdentOrder(
        channel.name,
        channel.branding.accent,
        channel.format,
        derive_seed(slug, "ident"),
        card=card.value,
        instruments=channel.music.instruments,
    )


def next_order(slug: str, channel: Channel, plan: SequencePlan) -> IdentOrder:
    """The order for the card that tells of a sequence."""
    return replace(
        card_order(slug, channel, CardKind.NEXT),
        word=next_word(channel.language),
        title=plan.title,
        line=_place(plan.shots[0]),
    )


def stages_of(channel: Channel) -> dict[str, dict[str, Any]]:
    """The studio part of a channel file as a payload: everything but what is for the engine to know."""
    studio = channel.studio
    named = {name: getattr(studio, name) for name in type(studio).model_fields}
    stages = {name: stage.model_dump() for name, stage in named.items() if isinstance(stage, Stage)}
    stages["shot"].pop("carry", None)
    return stages


def picture_stages(channel: Channel) -> dict[str, dict[str, Any]]:
    """Those of them that make its clips."""
    return {name: stage for name, stage in stages_of(channel).items() if name != "music"}


def carry_of(channel: Channel) -> Carry:
    """What the channel's sequences carry from shot to shot."""
    return Carry(getattr(channel.studio.shot, "carry", None) or "")


def bed_order(sequence: str, plan: SequencePlan, channel: Channel, crossfade: int) -> BedOrder:
    """The order for a sequence's bed, as long as its clips plus the crossfade."""
    form = channel.house_format
    samples = clip_frames(channel) * len(plan.shots) * form.samples_per_frame + crossfade
    return BedOrder(sequence, plan.music, samples, derive_seed(plan.seed, "bed"), stages_of(channel)["music"])


def clip_frames(channel: Channel) -> int:
    """Frames of each clip of a channel."""
    return channel.sequence.seconds * channel.house_format.fps


def clip_orders(
    sequence: str, plan: SequencePlan, channel: Channel, *, bed: str, bed_id: str, frames: int
) -> list[ClipOrder]:
    """The orders for all clips of a sequence whose bed is made, each so many frames long.

    Those of a sequence that carries its cast lack their pictures still: see :func:`due_orders`.
    """
    form = channel.house_format
    stages = picture_stages(channel)
    carry = carry_of(channel)
    asked = {
        "theme": channel.theme,
        "style": channel.style,
        "avoid": list(channel.avoid),
        "language": channel.language,
    }
    titled = {"first": 1, "every": len(plan.shots), "off": 0}[channel.branding.lower_third]
    mark = channel.name if channel.branding.bug else ""
    return [
        ClipOrder(
            sequence=sequence,
            position=i + 1,
            of=len(plan.shots),
            title=plan.title,
            prompt=shot,
            writer=plan.writer,
            sequence_seed=plan.seed,
            frames=frames,
            format=channel.format,
            stages=stages,
            branding=channel.branding.label or channel.name,
            accent=channel.branding.accent,
            bed=bed,
            bed_id=bed_id,
            bed_at=i * frames * form.samples_per_frame,
            asked=asked,
            carry=carry,
            graphics=(
                Graphics(plan.title, _place(shot), mark) if i < titled else Graphics(mark=mark)
            ).to_json(),
            before=plan.shots[i - 1] if i else None,
        )
        for i, shot in enumerate(plan.shots)
    ]


def _place(shot: ShotPrompt) -> str:
    """Where a shot plays, as a line for viewers."""
    place = shot.setting.partition(",")[0].strip()
    return place[:1].upper() + place[1:]


def due_orders(
    orders: Sequence[ClipOrder], clips: Iterable[Clip], begun: Collection[int] = ()
) -> list[ClipOrder]:
    """The orders that can be carried out now: all of them, or the next one of a sequence that carries.

    Args:
        orders: of the whole sequence, as :func:`clip_orders` gives them.
        clips: those that are made already.
        begun: positions for which there is a job, whatever became of it.

    Returns:
        Orders of clips that are neither made nor begun, by position; one that goes on from the clip before
        it has that clip's picture.
    """
    made = {clip.position: clip for clip in clips}
    due: list[ClipOrder] = []
    for order in sorted(orders, key=lambda order: order.position):
        if order.position in made:
            continue
        before = made.get(order.position - 1)
        if order.carry is not Carry.NONE and order.position > 1:
            if before is None:
                break
            order = replace(order, image=handed_on(before))
        if order.position not in begun:
            due.append(order)
    return due


def handed_on(clip: Clip) -> str:
    """SHA-256 of the picture from which the shot after a clip goes on; empty if there is none."""
    return str(clip.provenance.get(HANDS_ON) or "")
