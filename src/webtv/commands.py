"""What the commands that come to an end do, once :mod:`webtv.cli` has read what was typed."""

import contextlib
import os
import random
import signal
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from webtv import wiring
from webtv.core.clock import SystemClock
from webtv.core.errors import ConflictError, InputError, SafetyError
from webtv.core.events import EventLog, LogSink
from webtv.core.lock import holder_of
from webtv.core.log import configure_log
from webtv.core.settings import Settings
from webtv.themes.channel import Rating

if TYPE_CHECKING:
    from webtv.engine.remake import Remade


async def stop_station(settings: Settings) -> str:
    """Stop whatever of a station runs on a data folder; returns what to tell."""
    from webtv.air.client import HeadEndClient
    from webtv.engine.supervision import Supervisor, departed

    clock = SystemClock()
    lock = settings.data / "serve.lock"
    pid = holder_of(lock)
    if pid is not None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
        for _ in range(100):
            if holder_of(lock) is None:
                await departed(pid, clock)
                break
            await clock.sleep(0.1)
        else:
            raise ConflictError(f"process {pid} does not end", remedy=f"kill -9 {pid}")
    client = HeadEndClient(settings.air_socket)
    orphan = holder_of(settings.data / "air.lock")
    if orphan is not None:
        supervisor = Supervisor(settings.data, {}, clock=clock, noise=random.Random(), events=EventLog())
        await supervisor.stop_head_end(client)
    if pid is None and orphan is None:
        return f"Nothing runs on {settings.data}"
    return "Stopped"


async def write_prompts(settings: Settings, slug: str, number: int) -> list[dict[str, Any]]:
    """Write sequences until there are so many prompts; nothing is kept.

    Raises:
        InputError: there is no such channel, or its file is broken.
        WebTVError: the writer's.
    """
    from webtv.engine.orders import derive_seed
    from webtv.themes.loader import load_folder

    configure_log("warning" if settings.log_level == "info" else settings.log_level)
    loaded = {item.slug: item for item in load_folder(settings.channels, wiring.known_names(settings))}
    if slug not in loaded:
        raise InputError(f"there is no channel {slug!r}", remedy=f"use one of {', '.join(sorted(loaded))}")
    channel = loaded[slug].channel
    if channel is None:
        raise InputError(str(loaded[slug].problems[0]), remedy="`webtv check` shows all problems")
    sequences: list[dict[str, Any]] = []
    clock, events = SystemClock(), LogSink()
    async with wiring.local_writer(settings, clock, events) as local:
        desk = wiring.script_desk(settings, clock, events, local=local)
        written = count = 0
        while written < number:
            plan = await desk.write(slug, channel, derive_seed(slug, "dry run", count))
            count += 1
            shots = [shot.to_json() for shot in plan.shots][: number - written]
            written += len(shots)
            sequences.append(
                {
                    "title": plan.title,
                    "writer": plan.writer,
                    "seed": plan.seed,
                    "music": asdict(plan.music),
                    "shots": shots,
                }
            )
    return sequences


@dataclass(frozen=True, slots=True)
class ClipWish:
    """What ``webtv make`` was asked for; without a seed each prompt has one of its own."""

    text: str
    output: Path
    seed: int | None
    seconds: int
    format: str
    rating: Rating

    @property
    def its_seed(self) -> int:
        """The seed, 0 to 2**63-1: two prompts that nobody gave one do not stand in the same place."""
        from webtv.engine.orders import derive_seed

        return derive_seed("make", self.text) if self.seed is None else self.seed


async def make_clip(settings: Settings, wish: ClipWish) -> dict[str, Any]:
    """Make one finished clip of a prompt in this process, with a bed of its own.

    Raises:
        SafetyError: the prompt is refused.
        QualityError: what was made failed a check; nothing is written.
        WebTVError: by category.
    """
    from webtv.clips.bed import BedReader, master_bed
    from webtv.core.format import CROSSFADE, house_format
    from webtv.engine.orders import derive_seed, stages_of
    from webtv.engine.production import finish_shot
    from webtv.prompts.sequence import MusicBrief, ShotPrompt
    from webtv.studio.ports import BedRequest, ShotRequest
    from webtv.themes.channel import Channel

    text, output, seed, seconds = wish.text, wish.output, wish.its_seed, wish.seconds
    if seconds % 2:
        raise InputError(
            f"{seconds} seconds are not whole GOPs", place="--seconds", remedy="write an even number"
        )
    if not output.parent.is_dir():
        raise InputError(f"there is no folder {output.parent}", place="--output", remedy="make it first")
    configure_log("warning" if settings.log_level == "info" else settings.log_level)
    verdict = wiring.safety_filter(settings).judge(text, wish.rating)
    if not verdict.allowed:
        raise SafetyError(
            f"this prompt is refused: {'; '.join(map(str, verdict.reasons))}",
            remedy="describe it in other words; an operator may allow names with WEBTV_ALLOWED_NAMES",
        )
    clock = SystemClock()
    began = clock.monotonic()
    form = house_format(wish.format)
    frames = seconds * form.fps
    options = stages_of(Channel(name="make", theme=text))
    prompt = ShotPrompt("", "", "", "", "", "", "", "", "", text)
    brief = MusicBrief("calm", 80, ("pad", "felt piano"), text)
    composer = wiring.composer(options["music"])
    bed_request = BedRequest(brief, frames * form.samples_per_frame + CROSSFADE, derive_seed(seed, "bed"))
    bed_path = output.with_name(f".{output.name}.flac")
    request = ShotRequest(
        prompt=prompt,
        seconds=seconds,
        width=form.width,
        height=form.height,
        fps=form.fps,
        seed=seed,
        sequence_seed=seed,
    )
    try:
        master_bed(await composer.compose(bed_request), bed_path)
        sound = BedReader(bed_path).read(0, frames * form.samples_per_frame)
        finished = await finish_shot(
            wiring.stages(options),
            request,
            form=form,
            frames=frames,
            sound=sound,
            path=output,
            branding="",
            accent="#8fb8de",
            about={"title": text[:80], "writer": "you"},
            threads=2,  # a fixed number: the same seed gives the same bytes on any machine
        )
    finally:
        bed_path.unlink(missing_ok=True)
    mastered = finished.mastered
    return {
        "file": str(output),
        "sha256": mastered.sha256,
        "bytes": mastered.bytes,
        "frames": mastered.frames,
        "seconds_taken": round(clock.monotonic() - began, 3),
        "provenance": finished.provenance,
    }


async def remake_clip(settings: Settings, clip: str, output: Path, *, pay: bool = False) -> "Remade":
    """Make a clip of the library again, in this process.

    Raises:
        InputError: there is no such clip, or what it was made of is gone.
        WebTVError: by category.
    """
    import cv2

    from webtv.engine.remake import remake

    if not output.parent.is_dir():
        raise InputError(f"there is no folder {output.parent}", place="--output", remedy="make it first")
    configure_log("warning" if settings.log_level == "info" else settings.log_level)
    cv2.setNumThreads(1)  # as the workers do: the same seed gives the same bytes
    async with (
        wiring.open_stores(settings) as stores,
        wiring.model_pool(settings, stores.clock, LogSink()) as pool,
    ):
        found = await stores.catalogue.clip(clip)
        if found is None:
            raise InputError(f"there is no clip {clip!r}", place="remake", remedy="GET /api/clips lists them")
        return await remake(found, wiring.chooser(pool), stores.storage, output, pay=pay)
