"""Mastering end to end: takes in, finished clips or refusals out."""

import asyncio
import io
import json
from collections.abc import AsyncIterator
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from footage import SMALL, decoded_pictures, pan, take_of, tone

from webtv.clips.encoder import committed_avcc
from webtv.clips.marking import LabelMarker, source_type
from webtv.clips.mastering import Mastered, master_clip
from webtv.core.errors import InputError, QualityError
from webtv.core.files import sha256_of
from webtv.core.format import house_format
from webtv.studio.ports import Chunk, Frames, Media

PROVENANCE = {"title": "Füchse im Schnee", "prompt": "two red foxes", "model": "drift 1", "seed": 2**62}


def marker(media: Media = Media.ALGORITHMIC) -> LabelMarker:
    return LabelMarker(media, SMALL, branding="Slow Forest", accent="#e0864f", provenance=PROVENANCE)


async def master(pictures: Frames, path: Path, **options: object) -> Mastered:
    arguments: dict[str, object] = {
        "format": SMALL,
        "frames": 48,
        "sound": tone(SMALL, 48),
        "path": path,
        "marker": marker(),
        **options,
    }
    return await master_clip(take_of(pictures, SMALL), **arguments)  # type: ignore[arg-type]


async def test_a_take_becomes_a_clip(tmp_path: Path) -> None:
    pictures = pan(SMALL, 55)  # more than is needed
    before = pictures.copy()
    made = await master(pictures, tmp_path / "clip.mp4")
    again = await master(pictures, tmp_path / "again.mp4")
    assert np.array_equal(pictures, before)  # whoever made the frames may still need them
    assert {path.name for path in tmp_path.iterdir()} == {"clip.mp4", "again.mp4"}
    assert made.sha256 == sha256_of(made.path) == again.sha256
    assert made.bytes == made.path.stat().st_size
    assert (made.frames, made.avcc) == (48, committed_avcc()[SMALL.name])
    assert json.loads(json.dumps(made.report.to_json()))["ok"] is True
    assert made.poster == again.poster


async def test_the_poster_is_a_picture(tmp_path: Path) -> None:
    made = await master(pan(SMALL, 48), tmp_path / "clip.mp4")
    assert made.poster.startswith(b"\xff\xd8\xff")
    poster = cv2.imdecode(np.frombuffer(made.poster, np.uint8), cv2.IMREAD_COLOR)
    assert poster is not None
    assert poster.shape == (360, 640, 3)
    assert 40 < poster.mean() < 220
    assert poster.std() > 10


async def test_the_label_is_in_the_picture_and_only_there(tmp_path: Path) -> None:
    pictures = pan(SMALL, 48)
    made = await master(pictures, tmp_path / "clip.mp4")
    shown = decoded_pictures(made.path.read_bytes())[20].astype(int)
    changed = np.abs(shown - pictures[20]).max(axis=2)
    corner = changed[480:, :512]
    assert (corner > 60).mean() > 0.05
    changed[480:, :512] = 0
    assert np.quantile(changed, 0.999) < 30
    # at the width of a phone the letters still stand out from the pill
    phone = cv2.resize(shown.astype(np.uint8), (375, 211), interpolation=cv2.INTER_AREA)
    label = phone[176:206, 8:150].mean(axis=2)
    assert label.max() - np.median(label) > 80


async def test_metadata_reads_back(tmp_path: Path) -> None:
    made = await master(
        pan(SMALL, 48),
        tmp_path / "clip.mp4",
        marker=marker(Media.TRAINED),
        metadata={"channel": "slow-forest"},
    )
    with av.open(made.path) as container:
        tags = container.metadata
    assert tags["title"] == PROVENANCE["title"]
    assert tags["description"] == PROVENANCE["prompt"]
    assert tags["channel"] == "slow-forest"
    assert json.loads(tags["provenance"]) == PROVENANCE
    uri = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
    assert tags["digital_source_type"] == uri == source_type(Media.TRAINED)
    assert tags["comment"] == f"AI-generated ({uri})"


async def test_a_refused_clip_is_kept_apart_with_its_reason(tmp_path: Path) -> None:
    library, rejected = tmp_path / "library", tmp_path / "rejected"
    library.mkdir()
    frozen = np.repeat(pan(SMALL, 1), 48, axis=0)
    with pytest.raises(QualityError, match="stands still") as caught:
        await master(frozen, library / "clip.mp4", reject_to=rejected)
    assert caught.value.retryable
    assert list(library.iterdir()) == []
    note, video = sorted(rejected.iterdir())
    assert json.loads(note.read_text())["reasons"] == ["the picture stands still for 2.0 s"]
    assert len(decoded_pictures(video.read_bytes())) == 48


@pytest.mark.parametrize(
    ("chunk", "message"),
    [
        (Chunk(pan(SMALL, 47), 0, 24), "ended after 47 of 48 frames"),
        (Chunk(pan(SMALL, 48)[:, ::2, ::2], 0, 24), "another size"),
        (Chunk(pan(SMALL, 48), 0, 12), "12 frames per second"),
        (Chunk(pan(SMALL, 48), 3, 24), "frame 3 instead of 0"),
    ],
)
async def test_takes_that_do_not_fit_are_refused(tmp_path: Path, chunk: Chunk, message: str) -> None:
    closed = asyncio.Event()

    async def take() -> AsyncIterator[Chunk]:
        try:
            yield chunk
        finally:
            closed.set()

    with pytest.raises(QualityError, match=message):
        await master_clip(take(), format=SMALL, frames=48, sound=tone(SMALL, 48), path=tmp_path / "clip.mp4")
    assert closed.is_set()
    assert list(tmp_path.iterdir()) == []


async def test_lengths_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    for frames, sound in ((47, tone(SMALL, 47)), (48, tone(SMALL, 47)), (0, tone(SMALL, 0))):
        with pytest.raises(InputError, match="do not make a clip"):
            await master(pan(SMALL, 2), tmp_path / "clip.mp4", frames=frames, sound=sound)


async def test_an_abandoned_clip_leaves_nothing_behind(tmp_path: Path) -> None:
    reached = asyncio.Event()

    async def endless() -> AsyncIterator[Chunk]:
        yield Chunk(pan(SMALL, 4), 0, 24)
        reached.set()
        await asyncio.Event().wait()

    job = asyncio.ensure_future(
        master_clip(endless(), format=SMALL, frames=48, sound=tone(SMALL, 48), path=tmp_path / "clip.mp4")
    )
    await reached.wait()
    job.cancel()
    with pytest.raises(asyncio.CancelledError):
        await job
    assert list(tmp_path.iterdir()) == []


async def test_a_signature_is_part_of_the_file(tmp_path: Path) -> None:
    class Signing(LabelMarker):
        def finish(self, path: Path) -> None:
            with path.open("ab") as file:
                file.write((16).to_bytes(4) + b"free" + b"signed!!")

    made = await master(pan(SMALL, 48), tmp_path / "clip.mp4", marker=Signing(Media.ALGORITHMIC, SMALL))
    data = made.path.read_bytes()
    assert data.endswith(b"signed!!")
    assert made.sha256 == sha256_of(made.path)
    assert len(decoded_pictures(io.BytesIO(data).getvalue())) == 48


def test_long_branding_stays_in_the_picture() -> None:
    for name in ("576p24@1", "1080p30@1"):
        format = house_format(name)
        black = np.zeros((1, format.height, format.width, 3), np.uint8)
        label = LabelMarker(Media.TRAINED, format, branding="W" * 40)
        marked = label.mark_frames(black, 0)
        assert marked.shape == black.shape
        assert marked[0, :, -1].max() == 0
        assert black.max() == 0
