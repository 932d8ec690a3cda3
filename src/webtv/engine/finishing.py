"""Finishing: one shot request becomes one finished clip, by way of take, chain and mastering."""

import dataclasses
from collections.abc import AsyncGenerator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from webtv.clips.graphics import Graphics
from webtv.clips.marking import LabelMarker
from webtv.clips.mastering import Mastered, master_clip
from webtv.core.errors import QualityError
from webtv.core.format import HouseFormat
from webtv.engine.orders import Carry
from webtv.engine.provenance import plain, shot_provenance
from webtv.engine.shooting import Chosen, Shooting
from webtv.engine.stages import Stages, chained
from webtv.studio.notes import noted
from webtv.studio.ports import Chunk, Media, Picture, ShotRequest, Sound, Take
from webtv.studio.progress import tell


@dataclass(frozen=True, slots=True)
class Finished:
    """A mastered clip with what is known about its making.

    Attributes:
        mastered: the file and what the checks found.
        label: what is burned in.
        provenance: JSON-compatible.
        picture: of the raw take, from which a shot after it may go on; None unless asked for.
        keys: of kept takes, to be dropped when the clip is in the library.
    """

    mastered: Mastered
    label: str
    provenance: Mapping[str, Any]
    picture: Picture | None = None
    keys: tuple[str, ...] = ()


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
    shooting: Shooting | None = None,
    carry: Carry = Carry.NONE,
    taken: Mapping[str, Any] | None = None,
    graphics: Graphics | None = None,
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
        shooting: how takes are kept and judged; by default they are held while they are judged.
        carry: which picture of the raw take a later shot will ask for.
        taken: what the provenance says of takes and scores, if the seed is that of a take chosen long ago.
        graphics: what is shown beside the label; nothing by default.

    Raises:
        WebTVError: by category, from whichever stage failed.
    """
    asked = (about.get("stages") or {}).get("shot", {})
    shooting = shooting or Shooting(stages, asked, folder=path.parent)
    chosen: Chosen | None = None
    if carry is not Carry.NONE or not shooting.streams:
        chosen = await shooting.best(request)
        request = chosen.request
    made = {
        **(_taken(chosen) if taken is None else taken),
        "frames": frames,
        "branding": branding,
        "accent": accent,
        "threads": threads,
    }
    provenance = shot_provenance(stages, request, form, {**about, **made})
    marker = LabelMarker(
        Media(provenance["media"]),
        form,
        branding=branding,
        accent=accent,
        provenance=provenance,
        frames=frames,
        graphics=graphics,
    )
    take = chosen.take.play() if chosen else stages.shot.shoot(request)
    facts = dict(chosen.take.facts) if chosen else {}
    try:
        with noted(facts.__setitem__):
            async with chained(stages, take, request, form) as chain:
                mastered = await master_clip(
                    _telling(chain, frames),
                    format=form,
                    frames=frames,
                    sound=sound,
                    path=path,
                    threads=threads,
                    marker=marker,
                    reject_to=reject_to,
                    allow_silence=not sound.any(),
                )
    except QualityError:
        if chosen:
            await shooting.drop(chosen)  # the next attempt has another seed: this take is of no use to it
        raise
    found = {"facts": plain(facts)} if facts else {}
    finished = finished_clip(mastered, marker, {**provenance, **found})
    if chosen is None:
        return finished
    return dataclasses.replace(finished, picture=_carried(chosen, carry), keys=chosen.keys)


async def _telling(take: Take, frames: int) -> AsyncGenerator[Chunk]:
    """The take, while it is told how much of it is mastered: whoever waits sees that work goes on."""
    async for chunk in take:
        yield chunk
        tell("master", min(chunk.start_frame + len(chunk.frames), frames), frames)


def finished_clip(mastered: Mastered, marker: LabelMarker, provenance: Mapping[str, Any]) -> Finished:
    """What was mastered, with what the checks found in its provenance."""
    checks = plain({"checks": asdict(mastered.report)})
    return Finished(mastered, marker.label, {**provenance, **checks})


def _taken(chosen: Chosen | None) -> dict[str, Any]:
    if chosen is None:
        return {"take": 1}
    return {"take": chosen.number, **({"score": chosen.judgement} if chosen.judgement else {})}


def _carried(chosen: Chosen, carry: Carry) -> Picture | None:
    if carry is Carry.LAST:
        return chosen.take.last(chosen.request.seconds)
    return chosen.take.frames[0].copy() if carry is Carry.KEY else None
