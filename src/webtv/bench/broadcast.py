"""A real head-end and a real web process over given clips, for measuring what viewers get."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import av
import cv2
import httpx
import numpy as np

from webtv import wiring
from webtv.air.config import AirConfig, ChannelConfig
from webtv.clips.clip import Clip, Kind
from webtv.clips.poster import PosterPicker
from webtv.core.clock import Clock
from webtv.core.errors import TransientError
from webtv.core.format import HouseFormat
from webtv.core.process import Process, python_command
from webtv.core.settings import load_settings
from webtv.library.storage import CLIP, POSTER
from webtv.playlist.entry import Entry, encode_entry
from webtv.playlist.ffconcat import HEADER
from webtv.prompts.sequence import MusicBrief, SequencePlan, ShotPrompt
from webtv.themes.channel import Channel

SLUGS = ("harbour", "meadow", "night-line")
_PATIENCE = 60.0
_EPOCH_DIGITS = 13
_READY = 3  # segments in the playlist before anybody looks


@dataclass(frozen=True, slots=True)
class OnAir:
    """A station that airs.

    Attributes:
        url: address of its pages.
        slug: a channel.
        epoch: UTC second of frame 0 of that channel.
    """

    url: str
    slug: str
    epoch: float


@contextlib.asynccontextmanager
async def on_air(
    folder: Path, form: HouseFormat, clips: Sequence[Path], clock: Clock, *, rounds: int, channels: int = 1
) -> AsyncIterator[OnAir]:
    """Air clips while the block lasts; frame 0 of each channel is the first clip's first picture.

    Args:
        folder: an empty folder.
        form: the clips' house format.
        clips: MP4 files in the order in which they air.
        clock: waits between looks.
        rounds: how often they air, one round after the other.
        channels: how many channels air them.

    Raises:
        TransientError: it does not come on air.
    """
    data = folder / "data"
    settings = load_settings(data=data)
    async with wiring.open_stores(settings) as stores:
        kept = {}
        for slug in SLUGS[:channels]:
            name = slug.replace("-", " ").title()
            kept[slug] = Channel(name=name, theme="boats come home", format=form.name).model_dump(mode="json")
            lines = [HEADER, *(await _entries(stores, slug, clips, form, clock, rounds))]
            (data / "playlists").mkdir(parents=True, exist_ok=True)
            (data / "playlists" / f"{slug}.ffconcat").write_text("".join(lines), encoding="utf-8")
        await stores.notes.put("channels", kept)
    configs = [ChannelConfig(slug, slug, "#7fb3d0", form.name) for slug in SLUGS[:channels]]
    AirConfig(tuple(configs)).save(data / "air.json")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    air = python_command("air", "--data", str(data))
    web = python_command("web", "--data", str(data), "--host", "127.0.0.1", "--port", str(port))
    url = f"http://127.0.0.1:{port}"
    log = folder / "on-air.log"
    async with Process(air, name="head-end", log=log) as head_end, Process(web, name="web", log=log) as pages:
        try:
            await _ready(f"{url}/hls/{SLUGS[0]}/index.m3u8", (head_end, pages), clock)
        except TimeoutError as error:
            last = " | ".join(log.read_text(errors="replace").splitlines()[-3:])
            raise TransientError(f"the station did not come on air: {last}") from error
        # The name of a segment begins with the epoch in milliseconds.
        name = next((data / "hls" / SLUGS[0]).glob("*-*.m4s")).name
        yield OnAir(url, SLUGS[0], int(name[:_EPOCH_DIGITS]) / 1000)


async def _entries(
    stores: wiring.Stores, slug: str, clips: Sequence[Path], form: HouseFormat, clock: Clock, rounds: int
) -> list[str]:
    """Put the clips into the library and list them."""
    shot = ShotPrompt("a harbour", "", "", "", "", "", "", "", "", "boats come home over a calm bay")
    plan = SequencePlan("Low water", (shot,) * len(clips), MusicBrief("calm", 80, ("pad",)), 1, "grammar")
    sequence = await stores.catalogue.add_sequence(slug, plan)
    made = []
    for position, path in enumerate(clips, 1):
        copy = stores.settings.data / f"{slug}-{position}"
        copy.write_bytes(path.read_bytes())
        file = await stores.storage.add(copy, CLIP)
        with av.open(str(path)) as container:
            frames = sum(1 for packet in container.demux(video=0) if packet.size)
        copy.write_bytes(_poster(path))
        poster = await stores.storage.add(copy, POSTER)
        clip = Clip(
            id=stores.ids(),
            channel=slug,
            sequence=sequence,
            position=position,
            of=len(clips),
            title="Low water",
            prompt=shot.text,
            file=file.sha,
            poster=poster.sha,
            format=form.name,
            frames=frames,
            bed=None,
            bed_at=0,
            bytes=path.stat().st_size,
            created=clock.time(),
            label="Algorithmic",
            provenance={"seed": position},
        )
        await stores.catalogue.add_clip(clip)
        made.append((clip, stores.storage.path(file.sha, CLIP)))
    return [
        encode_entry(
            Entry(
                n=turn * len(made) + clip.position,
                clip=clip.id,
                kind=Kind.NEW,
                seq=f"{sequence}-{turn}",
                pos=clip.position,
                of=clip.of,
                bed=None,
                bed_at=0,
                frames=clip.frames,
                title=clip.title,
                file=str(file),
            )
        )
        for turn in range(rounds)
        for clip, file in made
    ]


def _poster(path: Path) -> bytes:
    """A JPEG as the studio makes them, of the clip's first picture."""
    with av.open(str(path)) as container:
        picture = np.asarray(next(container.decode(video=0)).to_ndarray(format="rgb24"), np.uint8)
    picker = PosterPicker(1)
    picker.add(0, picture)
    small = cv2.resize(picture, (64, 36), interpolation=cv2.INTER_AREA).astype(np.float64)
    return picker.jpeg(small)


async def _ready(address: str, processes: Sequence[Process], clock: Clock) -> None:
    async with asyncio.timeout(_PATIENCE), httpx.AsyncClient(timeout=5, trust_env=False) as client:
        while True:
            for process in processes:
                if process.returncode is not None:
                    raise TimeoutError
            with contextlib.suppress(httpx.HTTPError):
                answer = await client.get(address)
                if answer.status_code == 200 and answer.text.count(".m4s") >= _READY:
                    return
            await clock.sleep(0.1)
