"""The way from an order to a finished file: shot, interpolation, upscale, mastering, storage."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np

from webtv.clips.bed import BedReader, master_bed
from webtv.clips.card import ident_frames
from webtv.clips.clip import Bed, Clip
from webtv.clips.marking import LabelMarker
from webtv.clips.mastering import Mastered, master_clip
from webtv.core.clock import Clock
from webtv.core.errors import QualityError
from webtv.core.files import write_atomically
from webtv.core.format import HouseFormat, house_format
from webtv.engine.orders import BedOrder, ClipOrder, IdentOrder, derive_seed
from webtv.engine.provenance import plain, versions
from webtv.engine.scratch import Scratch, thin
from webtv.library.storage import BED, CLIP, POSTER, Storage
from webtv.studio.ports import (
    BedRequest,
    Chunk,
    Composer,
    Interpolator,
    Media,
    ShotMaker,
    ShotRequest,
    Sound,
    Take,
    Upscaler,
)

_REJECTED_KEPT = 50

StageOptions = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Stages:
    """The adapters that make pictures, as chosen by wiring for one channel."""

    shot: ShotMaker
    interpolate: Interpolator
    upscale: Upscaler


StageChooser = Callable[[StageOptions], Stages]
ComposerChooser = Callable[[Mapping[str, Any]], Composer]


@dataclass(frozen=True, slots=True)
class Finished:
    """A mastered clip with what is known about its making."""

    mastered: Mastered
    label: str
    provenance: Mapping[str, Any]


async def finish_shot(
    stages: Stages,
    request: ShotRequest,
    *,
    form: HouseFormat,
    frames: int,
    sound: Sound,
    path: Path,
    branding: str,
    accent: str,
    about: Mapping[str, Any],
    reject_to: Path | None = None,
    threads: int = 1,
) -> Finished:
    """Make one finished clip from a shot request.

    Args:
        stages: the adapters.
        request: what to show, how long, with which seed.
        form: house format.
        frames: length in frames, whole GOPs.
        sound: float32[frames * samples_per_frame, 2].
        path: where the clip appears.
        branding: text beside the label.
        accent: ``#rrggbb``.
        about: goes into the provenance: title, writer, stages as asked for, ...
        reject_to: folder that keeps what fails the checks.
        threads: of the encoder.

    Raises:
        WebTVError: by category, from whichever stage failed.
    """
    credit = stages.shot.credit(request)
    provenance = plain(
        {
            **about,
            "prompt": request.prompt.text,
            "shot": request.prompt.to_json(),
            "negative": request.prompt.negative,
            "seed": request.seed,
            "sequence_seed": request.sequence_seed,
            "model": credit.model,
            "media": credit.media.value,
            "credit": asdict(credit),
            "format": form.name,
            "versions": versions(),
        }
    )
    marker = LabelMarker(credit.media, form, branding=branding, accent=accent, provenance=provenance)
    take = stages.shot.shoot(request)
    moving = stages.interpolate.interpolate(take, form.fps)
    sized = stages.upscale.upscale(moving, form.width, form.height, request)
    async with _closing(take), _closing(moving), _closing(sized):  # the last stage first
        mastered = await master_clip(
            sized,
            format=form,
            frames=frames,
            sound=sound,
            path=path,
            threads=threads,
            marker=marker,
            reject_to=reject_to,
            allow_silence=not sound.any(),
        )
    return _finished(mastered, marker, provenance)


def _finished(mastered: Mastered, marker: LabelMarker, provenance: Mapping[str, Any]) -> Finished:
    checks = plain({"checks": asdict(mastered.report)})
    return Finished(mastered, marker.label, {**provenance, **checks})


@contextlib.asynccontextmanager
async def _closing(take: Take) -> AsyncGenerator[Take]:
    """Close a stage's generator, so that a take that is abandoned stops being made."""
    try:
        yield take
    finally:
        if hasattr(take, "aclose"):
            await cast("AsyncGenerator[Chunk]", take).aclose()


class Production:
    """Carries orders out and puts what comes of them into storage. Used by workers.

    Args:
        stages: chooses picture adapters by the channel's stage options.
        composer: chooses the composer likewise.
        storage: takes the files.
        scratch: folder for work in progress, on the same file system as storage.
        rejected: folder that keeps what failed the checks.
        clock: stamps what is made.
        threads: of each encoder.
    """

    def __init__(
        self,
        stages: StageChooser,
        composer: ComposerChooser,
        storage: Storage,
        *,
        scratch: Path,
        rejected: Path,
        clock: Clock,
        threads: int = 1,
    ) -> None:
        self._stages = stages
        self._composer = composer
        self._storage = storage
        self._scratch = Scratch(scratch)
        self._rejected = rejected
        self._clock = clock
        self._threads = threads

    async def tidy(self) -> None:
        """Remove what workers that were killed left in the scratch folder; call it before any work."""
        await asyncio.to_thread(self._scratch.tidy)

    async def make_bed(self, order: BedOrder, bed: str, *, attempt: int = 1) -> Bed:
        """Compose, master and store the bed of a sequence.

        Args:
            order: what is wanted.
            bed: the id that it gets.
            attempt: from 1; each has a seed of its own.

        Raises:
            WebTVError: by category.
        """
        composer = self._composer(order.stage)
        seed = order.seed if attempt == 1 else derive_seed(order.seed, attempt)
        request = BedRequest(order.music, order.samples, seed)
        sound = await composer.compose(request)
        with self._scratch.workplace() as folder:
            mastered = await asyncio.to_thread(master_bed, sound, folder / "bed.flac")
            stored = await self._storage.add(mastered.path, BED)
        credit = composer.credit(request)
        provenance = plain(
            {
                "sequence": order.sequence,
                "brief": asdict(order.music),
                "seed": seed,
                "attempt": attempt,
                "stage": order.stage,
                "model": credit.model,
                "media": credit.media.value,
                "credit": asdict(credit),
                "loudness": asdict(mastered.loudness),
                "versions": versions(),
            }
        )
        return Bed(bed, stored.sha, order.samples, provenance)

    async def make_clip(self, order: ClipOrder, clip: str, *, channel: str, attempt: int) -> Clip:
        """Make, check and store one clip of a sequence.

        Args:
            order: what is wanted.
            clip: the id that it gets.
            channel: slug of its channel.
            attempt: from 1; each has a seed of its own, so a take that failed a check is not made again.

        Raises:
            WebTVError: by category.
        """
        form = order.house_format
        sound = await asyncio.to_thread(self._slice, order, form)
        request = ShotRequest(
            prompt=order.prompt,
            seconds=order.frames / form.fps,
            width=form.width,
            height=form.height,
            fps=form.fps,
            seed=derive_seed(order.sequence_seed, order.position, attempt),
            shot=order.position - 1,
            shots=order.of,
            sequence_seed=order.sequence_seed,
        )
        about = {
            "title": order.title,
            "writer": order.writer,
            "channel": channel,
            "sequence": order.sequence,
            "position": order.position,
            "of": order.of,
            "stages": {name: dict(stage) for name, stage in order.stages.items()},
            "bed": order.bed,
            "attempt": attempt,
        }
        with self._scratch.workplace() as folder, self._bounded():
            finished = await finish_shot(
                self._stages(order.stages),
                request,
                form=form,
                frames=order.frames,
                sound=sound,
                path=folder / f"{clip}.mp4",
                branding=order.branding,
                accent=order.accent,
                about=about,
                reject_to=self._rejected,
                threads=self._threads,
            )
            return await self._store(
                finished,
                folder,
                id=clip,
                channel=channel,
                sequence=order.sequence,
                position=order.position,
                of=order.of,
                title=order.title,
                prompt=order.prompt.text,
                format=form.name,
                bed=order.bed_id,
                bed_at=order.bed_at,
            )

    async def make_ident(self, order: IdentOrder, clip: str, *, channel: str) -> Clip:
        """Make, check and store a channel's ident."""
        form = house_format(order.format)
        pictures = iter(ident_frames(form, order.name, order.accent, order.seed))
        provenance = {
            "title": order.name,
            "writer": "",
            "channel": channel,
            "accent": order.accent,
            "version": order.version,
            "prompt": "",
            "seed": order.seed,
            "model": "webtv-card 1",
            "media": Media.ALGORITHMIC.value,
            "format": form.name,
            "versions": versions(),
        }
        marker = LabelMarker(Media.ALGORITHMIC, form, accent=order.accent, provenance=provenance)

        async def take() -> AsyncGenerator[Chunk]:
            done = 0
            while (part := await asyncio.to_thread(next, pictures, None)) is not None:
                yield Chunk(part, done, form.fps)
                done += len(part)

        frames = 2 * form.gop
        with self._scratch.workplace() as folder, self._bounded():
            mastered = await master_clip(
                take(),
                format=form,
                frames=frames,
                sound=np.zeros((frames * form.samples_per_frame, 2), np.float32),
                path=folder / f"{clip}.mp4",
                threads=self._threads,
                marker=marker,
                reject_to=self._rejected,
                allow_silence=True,
            )
            finished = _finished(mastered, marker, provenance)
            return await self._store(
                finished,
                folder,
                id=clip,
                channel=channel,
                sequence="",
                position=1,
                of=1,
                title=order.name,
                prompt="",
                format=form.name,
                bed=None,
                bed_at=0,
            )

    async def _store(self, finished: Finished, folder: Path, **fields: Any) -> Clip:
        mastered = finished.mastered
        poster_path = folder / "poster.jpg"
        await asyncio.to_thread(write_atomically, poster_path, mastered.poster)
        video = await self._storage.add(mastered.path, CLIP)
        poster = await self._storage.add(poster_path, POSTER)
        return Clip(
            file=video.sha,
            poster=poster.sha,
            frames=mastered.frames,
            bytes=mastered.bytes,
            created=self._clock.time(),
            label=finished.label,
            provenance=finished.provenance,
            **fields,
        )

    def _slice(self, order: ClipOrder, form: HouseFormat) -> Sound:
        with BedReader(self._storage.path(order.bed, BED)) as bed:
            return bed.read(order.bed_at, order.frames * form.samples_per_frame)

    @contextlib.contextmanager
    def _bounded(self) -> Iterator[None]:
        """Keep only the latest of what fails the checks: enough to see why, never a full disk."""
        try:
            yield
        except QualityError:
            thin(self._rejected, _REJECTED_KEPT)
            raise
