"""What jobs carry: orders to the studio, as JSON in the ledger's payloads."""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

from webtv.core.format import HouseFormat, house_format
from webtv.prompts.sequence import MusicBrief, SequencePlan, ShotPrompt
from webtv.themes.channel import Channel

CLIP, BED, IDENT = "clip", "bed", "ident"
KINDS = (BED, CLIP, IDENT)


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

    def to_json(self) -> dict[str, Any]:
        """The job's payload."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """The inverse of :meth:`to_json`.

        Raises:
            TypeError: keys are missing or unknown.
        """
        return cls(**{**data, "prompt": ShotPrompt.from_json(data["prompt"])})

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
    """Make a channel's ident."""

    name: str
    accent: str
    format: str
    seed: int
    version: int = 1

    def to_json(self) -> dict[str, Any]:
        """The job's payload."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """The inverse of :meth:`to_json`.

        Raises:
            TypeError: keys are missing or unknown.
        """
        return cls(**data)


def stages_of(channel: Channel) -> dict[str, dict[str, Any]]:
    """The studio part of a channel file as a payload."""
    studio = channel.studio
    named = {
        "shot": studio.shot,
        "interpolate": studio.interpolate,
        "upscale": studio.upscale,
        "music": studio.music,
    }
    return {name: {"use": stage.use, **stage.options} for name, stage in named.items()}


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
    """The orders for all clips of a sequence whose bed is made, each so many frames long."""
    form = channel.house_format
    stages = {name: stage for name, stage in stages_of(channel).items() if name != "music"}
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
        )
        for i, shot in enumerate(plan.shots)
    ]
