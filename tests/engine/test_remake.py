"""Clips made again from their provenance: the same to the byte, or why not."""

import asyncio
import dataclasses
import json
import math
import sys
from pathlib import Path

import numpy as np
import pytest
from engine_house import channel, plan

from webtv import wiring
from webtv.clips.clip import Clip
from webtv.core.errors import InputError
from webtv.core.format import CROSSFADE
from webtv.engine.orders import Carry, bed_order, clip_frames, clip_orders, due_orders
from webtv.engine.production import Production, Stages
from webtv.engine.remake import Likeness, compare, recipe_of, remake
from webtv.engine.stages import Judge
from webtv.engine.takes import Takes
from webtv.library.storage import BED, CLIP, Storage
from webtv.studio.capability import Capability
from webtv.studio.scoring.measures import MeasureScorer
from webtv.testing.clock import VirtualClock
from webtv.testing.studio import FakeComposer, FakeInterpolator, FakeShots, FakeUpscaler

ONE = channel(format="576p24@1", sequence={"shots": 2, "seconds": 2}, branding={"label": "Foxes"})
PLAN = plan(2)


def judged(_: object) -> Stages:
    """The embedded stages, with takes that are never good enough."""
    real = wiring.stages(
        {"shot": {"use": "procedural"}, "interpolate": {"use": "dis"}, "upscale": {"use": "detail"}}
    )
    return dataclasses.replace(real, judge=Judge(MeasureScorer(), threshold=1.0, takes=2))


async def made(data: Path, stages=wiring.stages, carry: Carry = Carry.NONE, number: int = 1) -> list[Clip]:
    """The first clips of a sequence, as the studio makes them."""
    works = Production(
        stages,
        lambda _: FakeComposer(),
        Storage(data / "library"),
        scratch=data / "scratch",
        rejected=data / "rejected",
        clock=VirtualClock(),
        takes=Takes(data / "takes", VirtualClock(), min_free=0),
    )
    bed = await works.make_bed(bed_order("seq", PLAN, ONE, CROSSFADE), "bed-id")
    orders = clip_orders("seq", PLAN, ONE, bed=bed.file, bed_id=bed.id, frames=clip_frames(ONE))
    orders = [dataclasses.replace(order, carry=carry) for order in orders]
    clips: list[Clip] = []
    for position in range(1, number + 1):
        order = next(order for order in due_orders(orders, clips) if order.position == position)
        clips.append(await works.make_clip(order, f"clip-{position}", channel="one", attempt=2))
    # As the catalogue gives them back.
    return [Clip(**json.loads(json.dumps(dataclasses.asdict(clip)))) for clip in clips]


def fakes(_: object) -> Stages:
    return Stages(FakeShots(), FakeInterpolator(), FakeUpscaler())


REMAKE = """
import asyncio, json, sys
from pathlib import Path
from webtv import wiring
from webtv.clips.clip import Clip
from webtv.engine.remake import remake
from webtv.library.storage import Storage
clip = Clip(**json.loads(sys.stdin.read()))
remade = asyncio.run(remake(clip, wiring.stages, Storage(Path(sys.argv[1])), Path(sys.argv[2])))
print(json.dumps(remade.to_json()))
"""


async def test_another_process_makes_an_embedded_clip_again_to_the_byte(tmp_path: Path) -> None:
    (clip,) = await made(tmp_path, judged)
    assert clip.provenance["score"]["used"] in (1, 2)
    library, again = tmp_path / "library", tmp_path / "again.mp4"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", REMAKE, str(library), str(again),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    said, _ = await process.communicate(json.dumps(dataclasses.asdict(clip)).encode())
    assert process.returncode == 0
    told = json.loads(said)
    assert (told["likeness"], told["same"], told["sha256"]) == ("bytes", True, clip.file)
    assert told["differs"] == {}
    assert again.read_bytes() == Storage(library).path(clip.file, CLIP).read_bytes()


async def test_other_versions_leave_the_pictures_and_are_named(tmp_path: Path) -> None:
    (clip,) = await made(tmp_path, fakes)
    old = dict(clip.provenance, versions={**clip.provenance["versions"], "av": "17.0.0"})
    # A clip of then: its metadata says what its provenance says.
    before = dataclasses.replace(clip, provenance=old, file="0" * 64)
    storage = Storage(tmp_path / "library")
    kept = storage.path(clip.file, CLIP)
    storage.path(before.file, CLIP).parent.mkdir(parents=True, exist_ok=True)
    storage.path(before.file, CLIP).write_bytes(kept.read_bytes())
    remade = await remake(before, fakes, storage, tmp_path / "again.mp4")
    assert remade.likeness is Likeness.PICTURES
    assert remade.same
    assert remade.differs == {"av": ("17.0.0", clip.provenance["versions"]["av"])}
    assert "av was 17.0.0" in remade.told()
    assert remade.to_json()["psnr"] is None


class OtherShots(FakeShots):
    """The same maker with other weights."""

    def credit(self, request):
        credit = super().credit(request)
        return dataclasses.replace(credit, details={**credit.details, "weights": {"unet": "b"}})

    async def shoot(self, request):
        async for chunk in super().shoot(request):
            yield dataclasses.replace(chunk, frames=np.maximum(chunk.frames, 9) - np.uint8(6))


async def test_other_weights_are_named_and_so_is_how_far_off_it_is(tmp_path: Path) -> None:
    (clip,) = await made(tmp_path, fakes)
    others = Stages(OtherShots(), FakeInterpolator(), FakeUpscaler())
    remade = await remake(clip, lambda _: others, Storage(tmp_path / "library"), tmp_path / "again.mp4")
    assert remade.likeness is Likeness.DIFFERENT
    assert not remade.same
    assert remade.differs["weights"] == (None, {"unet": "b"})
    assert remade.psnr is not None
    assert remade.worst_psnr is not None
    assert 25 < remade.worst_psnr <= remade.psnr < 45
    assert "dB" in remade.told()


async def test_what_is_missing_is_said_before_anything_is_made(tmp_path: Path) -> None:
    class Carrying(FakeShots):
        capability = Capability("fake", "shot", from_image=True)

    shots = Carrying()
    stages = lambda _: Stages(shots, FakeInterpolator(), FakeUpscaler())  # noqa: E731
    _, second = await made(tmp_path, stages, Carry.LAST, number=2)
    storage = Storage(tmp_path / "library")
    assert (await remake(second, stages, storage, tmp_path / "again.mp4")).likeness is Likeness.BYTES
    made_so_far = len(shots.requests)
    storage.path(second.provenance["bed"], BED).unlink()
    with pytest.raises(InputError, match="its bed is not in the library"):
        await remake(second, stages, storage, tmp_path / "again.mp4")
    storage.path(second.provenance["image"], "png").unlink()
    with pytest.raises(InputError, match="its bed and its picture that it goes on from"):
        await remake(second, stages, storage, tmp_path / "again.mp4")
    assert len(shots.requests) == made_so_far


async def test_without_its_own_file_only_equal_bytes_can_be_told(tmp_path: Path) -> None:
    (clip,) = await made(tmp_path, fakes)
    storage = Storage(tmp_path / "library")
    storage.path(clip.file, CLIP).unlink()
    assert (await remake(clip, fakes, storage, tmp_path / "a.mp4")).likeness is Likeness.BYTES
    others = Stages(OtherShots(), FakeInterpolator(), FakeUpscaler())
    remade = await remake(clip, lambda _: others, storage, tmp_path / "b.mp4")
    assert (remade.likeness, remade.same) == (Likeness.UNKNOWN, False)


async def test_a_clip_that_nobody_can_order_again_says_so(tmp_path: Path) -> None:
    (clip,) = await made(tmp_path, fakes)
    recipe = recipe_of(clip)
    assert (recipe.order.branding, recipe.order.position, recipe.attempt) == ("Foxes", 1, 2)
    for name in ("branding", "seed", "take", "threads", "attempt", "shot"):
        rest = {key: value for key, value in clip.provenance.items() if key != name}
        with pytest.raises(InputError, match=f"'{name}'"):
            recipe_of(dataclasses.replace(clip, provenance=rest))
        broken = {**clip.provenance, name: None}
        if name in ("seed", "take", "threads", "attempt"):
            with pytest.raises(InputError, match="does not say all"):
                recipe_of(dataclasses.replace(clip, provenance=broken))
    with pytest.raises(InputError, match="idents"):
        recipe_of(dataclasses.replace(clip, sequence=""))


async def test_nobody_is_paid_for_a_clip_again_unless_that_is_said(tmp_path: Path) -> None:
    class Selling(FakeShots):
        capability = Capability("fake", "shot", remote=True)

    shots = Selling()
    stages = lambda _: Stages(shots, FakeInterpolator(), FakeUpscaler())  # noqa: E731
    (clip,) = await made(tmp_path, stages)
    storage, paid = Storage(tmp_path / "library"), len(shots.requests)
    with pytest.raises(InputError, match="procedural would have to make it again") as refused:
        await remake(clip, stages, storage, tmp_path / "again.mp4")
    assert "--pay" in refused.value.remedy
    assert len(shots.requests) == paid
    assert (await remake(clip, stages, storage, tmp_path / "again.mp4", pay=True)).same
    assert len(shots.requests) == paid + 1


async def test_files_with_other_pictures_are_not_compared(tmp_path: Path) -> None:
    (clip,) = await made(tmp_path, fakes)
    file = Storage(tmp_path / "library").path(clip.file, CLIP)
    assert compare(file, file) == (math.inf, math.inf)
    (tmp_path / "short.mp4").write_bytes(file.read_bytes()[:2000])
    with pytest.raises(InputError):
        compare(file, tmp_path / "short.mp4")
