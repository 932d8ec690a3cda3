"""Remaking: a clip is made again from its provenance, and compared with what is in the library."""

import asyncio
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import zip_longest
from pathlib import Path
from typing import Any

import av
import numpy as np

from webtv.clips.bed import BedReader
from webtv.clips.clip import Clip
from webtv.clips.graphics import Graphics
from webtv.core.errors import InputError
from webtv.core.format import house_format
from webtv.engine.finishing import Finished, finish_shot
from webtv.engine.orders import Carry, ClipOrder
from webtv.engine.pictures import decode_picture
from webtv.engine.production import about_order, shot_request
from webtv.engine.shooting import Shooting
from webtv.engine.stages import StageChooser, Stages
from webtv.library.storage import BED, CLIP, PICTURE, Storage
from webtv.prompts.sequence import ShotPrompt
from webtv.studio.capability import capability_of
from webtv.studio.ports import Frames, Picture

_PEAK = 255.0


class Likeness(StrEnum):
    """How far what was made again is the same."""

    BYTES = "bytes"
    """The files are equal."""
    PICTURES = "pictures"
    """Every decoded picture is equal; the files differ in metadata or sound."""
    DIFFERENT = "different"
    """The pictures differ, by as much as the PSNR says."""
    UNKNOWN = "unknown"
    """The files differ, and the clip's own is not there to compare the pictures with."""


@dataclass(frozen=True, slots=True)
class Remade:
    """What came of making a clip again.

    Attributes:
        clip: its id.
        likeness: how far it is the same.
        sha256: of the new file.
        was: of the one in the library.
        psnr: mean over all pictures in dB; infinite if they are equal, None if they were not compared.
        worst_psnr: likewise of the worst picture.
        differs: what stands in the way of a likeness, by name: then and now. Versions, models, weights.
        file: where the new file is.
    """

    clip: str
    likeness: Likeness
    sha256: str
    was: str
    psnr: float | None = None
    worst_psnr: float | None = None
    differs: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)
    file: Path | None = None

    @property
    def same(self) -> bool:
        """Whether a viewer would see the same."""
        return self.likeness in (Likeness.BYTES, Likeness.PICTURES)

    def told(self) -> str:
        """One sentence for whoever asked."""
        because = ", ".join(f"{name} was {then} and is {now}" for name, (then, now) in self.differs.items())
        why = f" ({because})" if because else ""
        if self.likeness is Likeness.BYTES:
            return "the same to the byte"
        if self.likeness is Likeness.PICTURES:
            return f"every picture is the same, the file is not{why}"
        if self.likeness is Likeness.UNKNOWN:
            return f"another file, and the clip's own is not there to compare the pictures with{why}"
        return f"different: PSNR {self.psnr:.1f} dB, {self.worst_psnr:.1f} dB at worst{why}"

    def to_json(self) -> dict[str, Any]:
        """A JSON-compatible dictionary; JSON has no infinity, so equal pictures have no PSNR."""
        return {
            "clip": self.clip,
            "likeness": self.likeness.value,
            "same": self.same,
            "sha256": self.sha256,
            "was": self.was,
            "psnr": _finite(self.psnr),
            "worst_psnr": _finite(self.worst_psnr),
            "differs": {name: list(pair) for name, pair in self.differs.items()},
            "file": str(self.file) if self.file else None,
        }


@dataclass(frozen=True, slots=True)
class Recipe:
    """All that decides over a clip, as its provenance says.

    Attributes:
        order: that it was made for.
        attempt: the one that succeeded.
        seed: of the take that was used.
        take: its number.
        threads: of the encoder.
        score: how the takes fared; None if nobody looked.
    """

    order: ClipOrder
    attempt: int
    seed: int
    take: int
    threads: int
    score: Any = None


def recipe_of(clip: Clip) -> Recipe:
    """How a clip was made.

    Raises:
        InputError: its provenance does not say enough.
    """
    told = clip.provenance
    if not clip.sequence:
        raise InputError(
            "idents and slates are not made from prompts", place=clip.id, remedy="name a clip of a sequence"
        )
    try:
        order = ClipOrder(
            sequence=clip.sequence,
            position=clip.position,
            of=clip.of,
            title=clip.title,
            prompt=ShotPrompt.from_json(told["shot"]),
            writer=told["writer"],
            sequence_seed=int(told["sequence_seed"]),
            frames=clip.frames,
            format=clip.format,
            stages=told["stages"],
            branding=told["branding"],
            accent=told["accent"],
            bed=told["bed"],
            bed_id=told["bed_id"],
            bed_at=clip.bed_at,
            before=ShotPrompt.from_json(told["before"]) if told.get("before") else None,
            asked=told["asked"],
            grades=told["grades"],
            carry=Carry(told["carry"]),
            image=told["image"],
            graphics=told.get("graphics") or {},
        )
        return Recipe(
            order,
            int(told["attempt"]),
            int(told["seed"]),
            int(told["take"]),
            int(told["threads"]),
            told.get("score"),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"its provenance does not say all that is needed to make it again ({error})",
            place=clip.id,
            remedy="clips of earlier versions of webtv cannot be remade: name a newer one",
        ) from error


async def remake(
    clip: Clip, stages: StageChooser, storage: Storage, path: Path, *, pay: bool = False
) -> Remade:
    """Make a clip again and compare it with the library's.

    The take that was used is made again with its own seed; the takes beside it, and how they were scored,
    are taken from the provenance as they stand there.

    Args:
        clip: as catalogued.
        stages: chooses the adapters.
        storage: has the clip's file, bed and picture.
        path: where the new file appears.
        pay: whether others may be asked for a take again; nobody knows what they take for it.

    Raises:
        InputError: what it was made of is not in the library any more, or its provenance does not say enough;
            or others would have to make it, and nobody said that they may.
        WebTVError: the stages'.
    """
    recipe = recipe_of(clip)
    image = await asyncio.to_thread(_ingredients, recipe.order, storage, clip.id)
    chosen = stages(recipe.order.stages)
    if not pay:
        _refuse_to_pay(chosen, recipe.order, clip.id)
    finished = await _make_again(clip, recipe, chosen, storage, path, image)
    made = finished.mastered.sha256
    differs = _differences(clip.provenance, finished.provenance)
    if made == clip.file:
        return Remade(clip.id, Likeness.BYTES, made, clip.file, math.inf, math.inf, differs, path)
    was = storage.path(clip.file, CLIP)
    if not was.is_file():
        return Remade(clip.id, Likeness.UNKNOWN, made, clip.file, differs=differs, file=path)
    mean, worst = await asyncio.to_thread(compare, was, path)
    likeness = Likeness.PICTURES if math.isinf(worst) else Likeness.DIFFERENT
    return Remade(clip.id, likeness, made, clip.file, mean, worst, differs, path)


def compare(one: Path, other: Path) -> tuple[float, float]:
    """PSNR of all pictures of two files together, and of the worst one, in dB; infinite if equal. Blocks.

    Raises:
        InputError: they have not the same number of pictures, or not the same size.
    """
    squares = worst = 0.0
    count = 0
    for first, second in zip_longest(_decoded(one), _decoded(other)):
        if first is None or second is None or first.shape != second.shape:
            raise InputError("the two files have not the same pictures to compare", place=str(other))
        gap = float(np.mean(np.square(first.astype(np.float32) - second.astype(np.float32)), dtype=float))
        squares, worst, count = squares + gap, max(worst, gap), count + 1
    return _psnr(squares / max(count, 1)), _psnr(worst)


async def _make_again(
    clip: Clip, recipe: Recipe, stages: Stages, storage: Storage, path: Path, image: Picture | None
) -> Finished:
    order, attempt = recipe.order, recipe.attempt
    form = house_format(order.format)
    with BedReader(storage.path(order.bed, BED)) as bed:
        sound = await asyncio.to_thread(bed.read, order.bed_at, order.frames * form.samples_per_frame)
    alone = Stages(stages.shot, stages.interpolate, stages.upscale)
    shooting = Shooting(alone, order.stages["shot"], folder=path.parent, channel=clip.channel)
    return await finish_shot(
        alone,
        shot_request(order, attempt=attempt, image=image, seed=recipe.seed),
        form=form,
        frames=order.frames,
        sound=sound,
        path=path,
        branding=order.branding,
        accent=order.accent,
        about=about_order(order, channel=clip.channel, attempt=attempt),
        threads=recipe.threads,
        shooting=shooting,
        graphics=Graphics.from_json(order.graphics),
        taken={"take": recipe.take, **({} if recipe.score is None else {"score": recipe.score})},
    )


def _refuse_to_pay(stages: Stages, order: ClipOrder, clip: str) -> None:
    made_by = {"shot": stages.shot, "interpolate": stages.interpolate, "upscale": stages.upscale}
    names = {stage: str(order.stages.get(stage, {}).get("use", "")) for stage in made_by}
    others = [names[stage] for stage, made in made_by.items() if capability_of(made, stage, "").remote]
    if others:
        raise InputError(
            f"{' and '.join(others)} would have to make it again, and may want to be paid for that",
            place=clip,
            remedy="say --pay if that is what you want",
        )


def _ingredients(order: ClipOrder, storage: Storage, clip: str) -> Picture | None:
    """The picture that the shot goes on from, once it is certain that everything is there."""
    wanted = [("bed", order.bed, BED)]
    if order.image:
        wanted.append(("picture that it goes on from", order.image, PICTURE))
    missing = [f"its {name}" for name, sha, ext in wanted if not storage.path(sha, ext).is_file()]
    if missing:
        raise InputError(
            f"{' and '.join(missing)} is not in the library any more",
            place=clip,
            remedy="a clip can be made again while all of it is kept: raise WEBTV_LIBRARY_GB",
        )
    if not order.image:
        return None
    path = storage.path(order.image, PICTURE)
    return decode_picture(path.read_bytes(), place=path.name)


def _differences(then: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """What of versions, models and weights is not what it was."""
    pairs = {
        name: (then.get("versions", {}).get(name), now.get("versions", {}).get(name))
        for name in sorted({*then.get("versions", {}), *now.get("versions", {})})
    }
    pairs["model"] = (then.get("model"), now.get("model"))
    for place in ("credit", "credits"):
        pairs[place] = (then.get(place), now.get(place))
    differs = {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}
    if differs.keys() >= {"credit"}:
        # The credit holds what was understood, too; where only a part of it changed, that part is told.
        before, after = _details(then), _details(now)
        parts = {
            name: (before.get(name), after.get(name))
            for name in sorted({*before, *after})
            if before.get(name) != after.get(name)
        }
        if parts:
            del differs["credit"]
            differs |= parts
    return differs


def _details(provenance: Mapping[str, Any]) -> Mapping[str, Any]:
    credit = provenance.get("credit") or {}
    return dict(credit.get("details") or {})


def _decoded(path: Path) -> Iterator[Frames]:
    """The pictures of a file as its planes, one below the other: uint8[H * 3 / 2, W]."""
    try:
        with av.open(path) as container:
            container.streams.video[0].codec_context.thread_count = 1
            for frame in container.decode(video=0):
                yield np.asarray(frame.to_ndarray(format="yuv420p"), np.uint8)
    except (av.FFmpegError, IndexError) as error:
        raise InputError(f"it does not decode: {error}", place=str(path)) from error


def _psnr(square: float) -> float:
    return 10 * math.log10(_PEAK**2 / square) if square else math.inf


def _finite(value: float | None) -> float | None:
    return round(value, 3) if value is not None and math.isfinite(value) else None
