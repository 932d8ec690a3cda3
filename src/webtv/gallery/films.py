"""Films: finished clips, made by the same command that a reader can type."""

import asyncio
import shlex
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np

from webtv.commands import ClipWish, make_clip
from webtv.core.errors import InternalError
from webtv.core.settings import load_settings
from webtv.gallery.images import fitted, save
from webtv.gallery.prompts import meaning_of, told
from webtv.gallery.work import Made
from webtv.studio.ports import Picture
from webtv.themes.channel import Rating

FORMAT = "576p24@1"


@dataclass(frozen=True, slots=True)
class Film:
    """A finished clip with its bed and its label.

    Attributes:
        name: of the file, without its ending.
        text: the prompt.
        seed: of everything.
        seconds: length, an even number.
    """

    name: str
    text: str
    seed: int
    seconds: int = 4

    @property
    def cost(self) -> float:
        """Drawing, interpolation, upscaling, encoding, checks."""
        return 1.6 * self.seconds

    @property
    def command(self) -> str:
        """What to type for the same clip, byte for byte."""
        file = f"{self.name.rpartition('/')[2]}.mp4"
        words = ["webtv", "make", self.text, "--seed", str(self.seed), "--seconds", str(self.seconds)]
        return shlex.join([*words, "--format", FORMAT, "-o", file])

    def make(self, folder: Path) -> Made:
        """Make the clip and a poster of its middle."""
        file, poster = f"{self.name}.mp4", f"{self.name}.webp"
        path = folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        wish = ClipWish(
            self.text, path, seed=self.seed, seconds=self.seconds, format=FORMAT, rating=Rating.EVERYONE
        )
        made = asyncio.run(make_clip(load_settings(), wish))
        save(folder / poster, fitted(frame_at(path, self.seconds / 2), 960, 960))
        spec = meaning_of(self.text, self.seed)
        facts = {
            "understood": told(spec),
            "ignored": ", ".join(spec.ignored),
            "made": f"{made['frames']} frames, {made['bytes'] / 1e6:.1f} MB",
            "command": self.command,
        }
        return Made((file, poster), {name: fact for name, fact in facts.items() if fact})


def frame_at(path: Path, second: float) -> Picture:
    """The picture of a file at a time, uint8[H, W, 3] sRGB.

    Raises:
        InternalError: the file ends before.
    """
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            if frame.time is not None and frame.time >= second:
                return np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)
    raise InternalError(f"the clip has no picture at {second} s", place=path.name)
