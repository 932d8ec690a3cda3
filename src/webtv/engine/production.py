"""Production: orders are carried out, and what comes of them is put into storage."""

import asyncio
import contextlib
import dataclasses
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from webtv.clips.bed import BedReader, master_bed
from webtv.clips.clip import Bed, Clip
from webtv.clips.graphics import Graphics
from webtv.clips.marking import LabelMarker
from webtv.clips.mastering import master_clip
from webtv.clips.sting import sting
from webtv.core.clock import Clock
from webtv.core.errors import InputError, QualityError
from webtv.core.events import Event, EventSink, LogSink, Severity
from webtv.core.files import write_atomically
from webtv.core.format import SAMPLE_RATE, HouseFormat, house_format
from webtv.engine.cards import card_frames, play_card
from webtv.engine.finishing import Finished, finish_shot, finished_clip
from webtv.engine.orders import HANDS_ON, BedOrder, Carry, ClipOrder, IdentOrder, derive_seed
from webtv.engine.pictures import decode_picture, encode_picture
from webtv.engine.provenance import plain, versions
from webtv.engine.scratch import Scratch, thin
from webtv.engine.shooting import Shooting
from webtv.engine.stages import ComposerChooser, StageChooser, StageOptions, Stages
from webtv.engine.takes import Takes
from webtv.library.storage import BED, CLIP, PICTURE, POSTER, Storage
from webtv.studio.capability import capability_of
from webtv.studio.ports import BedRequest, Before, Media, Picture, ShotRequest, Sound

__all__ = [
    "ComposerChooser",
    "Finished",
    "Production",
    "StageChooser",
    "StageOptions",
    "Stages",
    "finish_shot",
]

_REJECTED_KEPT = 50


def shot_request(
    order: ClipOrder, *, attempt: int, image: Picture | None = None, seed: int | None = None
) -> ShotRequest:
    """What an order asks of the shot maker; each attempt has a seed of its own unless one is given."""
    form = order.house_format
    before = None
    if order.before is not None:
        before = Before(order.before, derive_seed(order.sequence_seed, order.position - 1, 1))
    return ShotRequest(
        prompt=order.prompt,
        seconds=order.frames / form.fps,
        width=form.width,
        height=form.height,
        fps=form.fps,
        seed=derive_seed(order.sequence_seed, order.position, attempt) if seed is None else seed,
        shot=order.position - 1,
        shots=order.of,
        sequence_seed=order.sequence_seed,
        image=image,
        before=before,
    )


def about_order(order: ClipOrder, *, channel: str, attempt: int) -> dict[str, Any]:
    """What an order adds to the provenance of its clip; with it the order can be written again."""
    return {
        "title": order.title,
        "writer": order.writer,
        "asked": dict(order.asked),
        "channel": channel,
        "sequence": order.sequence,
        "position": order.position,
        "of": order.of,
        "stages": {name: dict(stage) for name, stage in order.stages.items()},
        "grades": dict(order.grades),
        "bed": order.bed,
        "bed_id": order.bed_id,
        "bed_at": order.bed_at,
        "carry": order.carry.value,
        "image": order.image,
        "graphics": dict(order.graphics),
        "before": order.before.to_json() if order.before else None,
        "attempt": attempt,
    }


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
        takes: where takes are kept that took a device or money, until their clips are catalogued; without
            it they are made again whenever something fails later.
        events: hears of takes that are made again, and of what could not be carried on.
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
        takes: Takes | None = None,
        events: EventSink | None = None,
    ) -> None:
        self._stages = stages
        self._composer = composer
        self._storage = storage
        self._scratch = Scratch(scratch)
        self._rejected = rejected
        self._clock = clock
        self._threads = threads
        self._takes = takes
        self._tell = events or LogSink()
        self._spent: dict[str, tuple[str, ...]] = {}

    async def tidy(self) -> None:
        """Remove what workers that were killed left half done, and takes too old; call it before any work."""
        await asyncio.to_thread(self._scratch.tidy)
        if self._takes is not None:
            await asyncio.to_thread(self._takes.tidy)
            await self._takes.sweep()

    async def catalogued(self, clip: str) -> None:
        """A clip is in the library, or nobody wants it there: its kept takes are not needed any more."""
        keys = self._spent.pop(clip, ())
        if self._takes is not None:
            await self._takes.drop(keys)

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
            attempt: from 1; each has a seed of its own, so a take that failed a check is not made again. A
                take that is kept from an earlier attempt, which died later on, is used up first.

        Raises:
            InputError: the picture that it goes on from is not in the library any more.
            WebTVError: by category.
        """
        form = order.house_format
        sound = await asyncio.to_thread(self._slice, order, form)
        stages = self._stages(order.stages)
        carry, image = await self._carry(stages, order, channel)
        with self._scratch.workplace() as folder, self._bounded():
            shooting = Shooting(
                stages,
                order.stages["shot"],
                folder=folder,
                kept=self._takes,
                events=self._tell,
                channel=channel,
            )
            requests = {n: shot_request(order, attempt=n, image=image) for n in range(1, attempt + 1)}
            attempt = next((n for n, request in requests.items() if shooting.is_kept(request)), attempt)
            finished = await finish_shot(
                stages,
                requests[attempt],
                form=form,
                frames=order.frames,
                sound=sound,
                path=folder / f"{clip}.mp4",
                branding=order.branding,
                accent=order.accent,
                about=about_order(order, channel=channel, attempt=attempt),
                reject_to=self._rejected,
                threads=self._threads,
                shooting=shooting,
                carry=carry,
                graphics=Graphics.from_json(order.graphics),
            )
            picture = order.image if order.carry is Carry.KEY and order.position > 1 else ""
            if finished.picture is not None:
                picture = await self._add_picture(finished.picture, folder)
            if picture:
                finished = dataclasses.replace(
                    finished, provenance={**finished.provenance, HANDS_ON: picture}
                )
            self._spent[clip] = finished.keys
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
        """Make, check and store a card of a channel: its ident, a bumper, or what tells of what comes next.

        Args:
            order: what is wanted.
            clip: the id that it gets.
            channel: slug of its channel.

        Raises:
            WebTVError: by category.
        """
        form = house_format(order.format)
        frames = card_frames(order)
        provenance: dict[str, Any] = {
            "kind": order.card,
            "title": order.title or order.name,
            "line": order.line,
            "writer": "",
            "channel": channel,
            "accent": order.accent,
            "instruments": list(order.instruments),
            "version": order.version,
            "prompt": "",
            "seed": order.seed,
            "model": f"webtv-card {order.version}",
            "media": Media.ALGORITHMIC.value,
            "format": form.name,
            "versions": versions(),
        }
        with self._scratch.workplace() as folder, self._bounded():
            sound = np.zeros((frames * form.samples_per_frame, 2), np.float32)
            if order.instruments:
                sound, provenance["sound"] = await self._make_sting(order, form, frames, folder)
            marker = LabelMarker(Media.ALGORITHMIC, form, accent=order.accent, provenance=provenance)
            mastered = await master_clip(
                play_card(order),
                format=form,
                frames=frames,
                sound=sound,
                path=folder / f"{clip}.mp4",
                threads=self._threads,
                marker=marker,
                reject_to=self._rejected,
                allow_silence=not order.instruments,
            )
            finished = finished_clip(mastered, marker, provenance)
            return await self._store(
                finished,
                folder,
                id=clip,
                channel=channel,
                sequence="",
                position=1,
                of=1,
                title=order.title or order.name,
                prompt="",
                format=form.name,
                bed=None,
                bed_at=0,
            )

    async def _make_sting(
        self, order: IdentOrder, form: HouseFormat, frames: int, folder: Path
    ) -> tuple[Sound, str]:
        """The sound of a card, and the SHA-256 of its file: where sound is mixed, it airs from there."""
        length = frames * form.samples_per_frame
        played = await asyncio.to_thread(
            sting, order.card, order.instruments, length / SAMPLE_RATE, order.seed
        )
        mastered = await asyncio.to_thread(master_bed, played, folder / "sting.flac")
        with BedReader(mastered.path) as bed:
            sound = bed.read(0, length)
        return sound, (await self._storage.add(mastered.path, BED)).sha

    async def _carry(self, stages: Stages, order: ClipOrder, channel: str) -> tuple[Carry, Picture | None]:
        """Which picture the next shot will want of this one, and the one from which this one goes on."""
        if order.carry is Carry.NONE:
            return Carry.NONE, None
        if not capability_of(stages.shot, "shot", "").from_image:
            self._tell(
                Event(
                    "engine.carry.dropped",
                    f"Shot {order.position} of {order.title!r} goes on from no picture: its maker takes none",
                    Severity.WARNING,
                    "use an adapter that begins with a picture, or remove carry from the channel's file",
                    channel,
                    {"sequence": order.sequence, "position": order.position},
                )
            )
            return Carry.NONE, None
        image = await asyncio.to_thread(self._picture, order.image) if order.image else None
        wanted = order.position < order.of and (order.carry is Carry.LAST or order.position == 1)
        return order.carry if wanted else Carry.NONE, image

    def _picture(self, sha: str) -> Picture:
        path = self._storage.path(sha, PICTURE)
        try:
            return decode_picture(path.read_bytes(), place=path.name)
        except FileNotFoundError as error:
            raise InputError(
                "the picture that this shot goes on from is not in the library any more",
                place=path.name,
                remedy="let the sequence be made anew",
            ) from error

    async def _add_picture(self, picture: Picture, folder: Path) -> str:
        path = folder / f"carried.{PICTURE}"
        data = await asyncio.to_thread(encode_picture, picture)
        await asyncio.to_thread(write_atomically, path, data)
        return (await self._storage.add(path, PICTURE)).sha

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
