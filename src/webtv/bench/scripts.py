"""What the studio's benchmark has made: sequences as channels write them, or one family of scenes alone."""

import asyncio
import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace

from webtv import wiring
from webtv.core.errors import InputError
from webtv.core.format import CROSSFADE
from webtv.core.settings import Settings
from webtv.engine.orders import BedOrder, ClipOrder, bed_order, clip_frames, clip_orders, derive_seed
from webtv.prompts.grammar import GrammarWriter
from webtv.prompts.sequence import SequencePlan, ShotPrompt
from webtv.prompts.writer import Brief
from webtv.studio.procedural.scenes import SCENES
from webtv.studio.procedural.words.lexicon import read
from webtv.studio.procedural.words.vocabulary import FAMILIES
from webtv.themes.channel import Channel
from webtv.themes.loader import load_folder


@dataclass(frozen=True, slots=True)
class Script:
    """One sequence to make, as its channel would."""

    slug: str
    channel: Channel
    plan: SequencePlan

    def bed(self) -> BedOrder:
        """The order for its bed."""
        return bed_order(self.slug, self.plan, self.channel, CROSSFADE)

    def clips(self, bed: str) -> list[ClipOrder]:
        """The orders for its clips, in their order.

        Args:
            bed: SHA-256 or path of the bed that was made.
        """
        frames = clip_frames(self.channel)
        return clip_orders(self.slug, self.plan, self.channel, bed=bed, bed_id=self.slug, frames=frames)


def channel_scripts(settings: Settings, *, channels: int, shots: int, seconds: int) -> list[Script]:
    """The first sequence of each channel.

    Args:
        settings: say where the channels are.
        channels: at most so many.
        shots: at most so many of each.
        seconds: length of each shot; 0 takes the channel's.

    Raises:
        InputError: there is no usable channel.
    """
    loaded = [item for item in load_folder(settings.channels, wiring.known_names(settings)) if item.channel]
    if not loaded:
        raise InputError("there is no usable channel", remedy="name a folder of them with --channels")
    writer, scripts = GrammarWriter(), []
    for item in loaded[:channels]:
        assert item.channel is not None
        shape = item.channel.sequence
        shape = shape.model_copy(update={"seconds": seconds or shape.seconds})
        channel = item.channel.model_copy(update={"sequence": shape})
        plan = asyncio.run(writer.write(Brief(item.slug, channel, derive_seed(item.slug, "bench"))))
        scripts.append(Script(item.slug, channel, replace(plan, shots=plan.shots[:shots])))
    return scripts


def family_scripts(like: Script, families: int, clips: int) -> dict[str, Script]:
    """For each family of scenes the sequence of a channel, told by nothing but the family's name.

    Args:
        like: its channel and music.
        families: at most so many.
        clips: shots of each.
    """
    scripts = {}
    for family in itertools.islice(SCENES, families):
        shots: Sequence[ShotPrompt] = [_place(family)] * clips
        scripts[family] = Script(f"scene-{family}", like.channel, replace(like.plan, shots=tuple(shots)))
    return scripts


def _place(family: str) -> ShotPrompt:
    """The shortest way to say it: the first word of the lexicon that alone gives that family."""
    words = (word.replace("-", " ") for word, meaning in FAMILIES.items() if meaning == family)
    for prompt in (ShotPrompt("", "", "", "", "", "", "", "", "", word) for word in words):
        if read(prompt).family == family:
            return prompt
    raise InputError(f"no word gives the scene {family}", remedy="add one to FAMILIES in vocabulary.py")
