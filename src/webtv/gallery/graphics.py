"""Station graphics: the house's own cards and marks, as clips, strips and pictures."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from webtv import wiring
from webtv.clips.card import CARD_SECONDS, bumper_frames, ident_frames, next_frames, slate_frames
from webtv.clips.graphics import Graphics
from webtv.clips.loudness import normalise
from webtv.clips.mark import Mark
from webtv.clips.marking import LabelMarker, draw_label, label_of
from webtv.clips.mastering import master_clip
from webtv.clips.overlay import Overlay
from webtv.clips.sting import sting
from webtv.clips.typography import Grid
from webtv.core.format import SAMPLE_RATE, HouseFormat, house_format
from webtv.engine.finishing import finish_shot
from webtv.engine.orders import stages_of
from webtv.gallery.films import FORMAT, frame_at
from webtv.gallery.images import fitted, save, strip
from webtv.gallery.prompts import meaning_of, prompt_of
from webtv.gallery.stills import draw
from webtv.gallery.work import Made
from webtv.studio.ports import Chunk, Frames, Media, ShotRequest, Sound
from webtv.themes.channel import Channel

SECONDS = 4
_SEED = 1
_MOMENTS = (0.06, 0.3, 0.6, 0.92)
_SCENE = "a lighthouse on a cliff by the sea in the morning"
_TITLE, _LINE = "Boats before breakfast", "The harbour wall at low tide"
_GROUND = (12, 14, 18)


@dataclass(frozen=True, slots=True)
class Branding:
    """A channel as its graphics know it.

    Attributes:
        name: decides the mark.
        accent: ``#rrggbb``.
        instruments: that play its stings.
    """

    name: str
    accent: str
    instruments: tuple[str, ...]


def _slate(form: HouseFormat, brand: Branding) -> Iterator[Frames]:
    return slate_frames(form, brand.name, "The first programme is being made", brand.accent, SECONDS)


def _ident(form: HouseFormat, brand: Branding) -> Iterator[Frames]:
    return ident_frames(form, brand.name, brand.accent, _SEED)


def _bumper(form: HouseFormat, brand: Branding) -> Iterator[Frames]:
    return bumper_frames(form, brand.name, brand.accent, _SEED)


def _next(form: HouseFormat, brand: Branding) -> Iterator[Frames]:
    return next_frames(form, brand.name, brand.accent, _SEED, word="Next", title=_TITLE, line=_LINE)


CARDS: dict[str, Callable[[HouseFormat, Branding], Iterator[Frames]]] = {
    "ident": _ident,
    "bumper": _bumper,
    "next": _next,
    "slate": _slate,
}


@dataclass(frozen=True, slots=True)
class Card:
    """One card of the station as a finished clip, with its sting if it has one.

    Attributes:
        name: of the files, without their ending.
        card: a key of CARDS.
        branding: whose card.
    """

    name: str
    card: str
    branding: Branding

    @property
    def cost(self) -> float:
        """Drawing and encoding."""
        return 5.0

    def make(self, folder: Path) -> Made:
        """Draw, encode and check it; with a strip of its moments."""
        form, brand = house_format(FORMAT), self.branding
        seconds = CARD_SECONDS.get(self.card, SECONDS)
        frames = seconds * form.fps
        sound: Sound = np.zeros((frames * form.samples_per_frame, 2), np.float32)
        if self.card in CARD_SECONDS:
            sound, _ = normalise(sting(self.card, brand.instruments, len(sound) / SAMPLE_RATE, _SEED))
        path = _place(folder, self.name)
        asyncio.run(
            master_clip(
                _take(CARDS[self.card](form, brand), form),
                format=form,
                frames=frames,
                sound=sound,
                path=path,
                marker=LabelMarker(Media.ALGORITHMIC, form, accent=brand.accent),
                allow_silence=True,
            )
        )
        return _shown(folder, self.name, seconds, brand)


@dataclass(frozen=True, slots=True)
class Titled:
    """A finished clip with lower third, label and the channel's mark.

    Attributes:
        name: of the files, without their ending.
        branding: whose clip.
    """

    name: str
    branding: Branding

    @property
    def cost(self) -> float:
        """That of any clip."""
        return 7.0

    def make(self, folder: Path) -> Made:
        """Make it through the studio's own chain."""
        form, brand = house_format(FORMAT), self.branding
        frames = SECONDS * form.fps
        request = ShotRequest(
            prompt_of(_SCENE), SECONDS, form.width, form.height, form.fps, _SEED, sequence_seed=_SEED
        )
        asyncio.run(
            finish_shot(
                wiring.stages(stages_of(Channel(name=brand.name, theme=_SCENE))),
                request,
                form=form,
                frames=frames,
                sound=np.zeros((frames * form.samples_per_frame, 2), np.float32),
                path=_place(folder, self.name),
                branding=brand.name,
                accent=brand.accent,
                about={"title": _TITLE},
                threads=1,
                graphics=Graphics(_TITLE, _LINE, brand.name),
            )
        )
        return _shown(folder, self.name, SECONDS, brand)


@dataclass(frozen=True, slots=True)
class Logo:
    """A channel's mark, large.

    Attributes:
        name: of the file, without its ending.
        branding: whose.
    """

    name: str
    branding: Branding

    @property
    def cost(self) -> float:
        """Four shapes."""
        return 0.1

    def make(self, folder: Path) -> Made:
        """Draw it."""
        frame = np.full((360, 640, 3), _GROUND, np.uint8)
        size = 168
        sheet = Mark.of(self.branding.name, self.branding.accent).sheet(size)
        Overlay.of(sheet, (360 - size) // 2, (640 - size) // 2).lay(frame)
        save(folder / f"{self.name}.webp", frame)
        return Made((f"{self.name}.webp",))


@dataclass(frozen=True, slots=True)
class Label:
    """The label over a picture, as large as in a clip.

    Attributes:
        name: of the file, without its ending.
        media: what it says.
        branding: beside it.
    """

    name: str
    media: Media
    branding: Branding

    @property
    def cost(self) -> float:
        """One frame."""
        return 0.6

    def make(self, folder: Path) -> Made:
        """Draw it."""
        form = house_format(FORMAT)
        (frame,) = draw(meaning_of(_SCENE, _SEED), (2.0,), (form.width, form.height), _SEED)
        text, brand = label_of(self.media), self.branding
        draw_label(text, brand.name, brand.accent, Grid(form)).lay(frame)
        save(folder / f"{self.name}.webp", fitted(frame, 640, 360))
        return Made((f"{self.name}.webp",))


def _place(folder: Path, name: str) -> Path:
    path = folder / f"{name}.mp4"
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def _shown(folder: Path, name: str, seconds: int, brand: Branding) -> Made:
    """The poster and the moments of a clip that was made."""
    file, poster, moments = f"{name}.mp4", f"{name}.webp", f"{name}-moments.webp"
    pictures = [fitted(frame_at(folder / file, seconds * share), 320, 320) for share in _MOMENTS]
    save(folder / poster, fitted(frame_at(folder / file, seconds * _MOMENTS[2]), 960, 960))
    save(folder / moments, strip(pictures))
    return Made((file, poster, moments), {"channel": brand.name, "colour": brand.accent})


async def _take(pictures: Iterator[Frames], form: HouseFormat) -> AsyncGenerator[Chunk]:
    done = 0
    for part in pictures:
        yield Chunk(part, done, form.fps)
        done += len(part)
