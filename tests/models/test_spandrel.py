"""The spandrel adapter over tiny random models of real architectures, read by spandrel itself."""

import importlib
import importlib.util
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import cv2
import numpy as np
import pytest

from webtv.core.errors import ComponentError, ConfigError
from webtv.studio.ports import Chunk, Frames
from webtv.studio.progress import Progress, heard
from webtv.studio.superresolution import SpandrelUpscaler

pytestmark = pytest.mark.models

CONTRACT = Path(__file__).parents[1] / "studio" / "contract.py"


def _not_here(*_: object, **__: object) -> None:
    raise AssertionError("this needs the real torchvision")


@pytest.fixture(scope="module")
def torch() -> Any:
    return importlib.import_module("torch")


@pytest.fixture(scope="module")
def spandrel() -> Iterator[Any]:
    """Spandrel itself.

    It imports three names of torchvision's for LaMa and RestoreFormer, and there is no torchvision for a CPU
    build of torch. Where there is none, those names stand for functions that fail; no test here needs them.
    """
    with pytest.MonkeyPatch.context() as patch:
        if importlib.util.find_spec("torchvision") is None:
            functional = ModuleType("torchvision.transforms.functional")
            for name in ("InterpolationMode", "rotate", "normalize"):
                setattr(functional, name, _not_here)
            for name in ("torchvision", "torchvision.transforms"):
                patch.setitem(sys.modules, name, ModuleType(name))
            patch.setitem(sys.modules, functional.__name__, functional)
        yield importlib.import_module("spandrel")


@pytest.fixture(scope="module")
def model(torch: Any, spandrel: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a model that enlarges twice: Real-ESRGAN's compact network with a few random weights."""
    return compact(torch, tmp_path_factory.mktemp("compact"))


def compact(torch: Any, folder: Path, *, colours: int = 3, scale: int = 2) -> Path:
    network = importlib.import_module("spandrel.architectures.Compact").Compact
    torch.manual_seed(3)
    made = network(num_in_ch=colours, num_out_ch=colours, num_feat=8, num_conv=2, upscale=scale)
    importlib.import_module("safetensors.torch").save_file(made.state_dict(), folder / "x.safetensors")
    return folder


def pictures(count: int, height: int, width: int) -> Frames:
    dice = np.random.default_rng(7)
    coarse = dice.integers(0, 255, (count, height // 8 + 1, width // 8 + 1, 3), dtype=np.uint8)
    return np.stack([cv2.resize(frame, (width, height), interpolation=cv2.INTER_CUBIC) for frame in coarse])


async def play(frames: Frames) -> AsyncIterator[Chunk]:
    yield Chunk(frames, 0, 24)


async def made(upscaler: SpandrelUpscaler, frames: Frames, width: int, height: int) -> Frames:
    return np.concatenate([chunk.frames async for chunk in upscaler.upscale(play(frames), width, height)])


async def test_it_holds_to_the_port(model: Path) -> None:
    spec = importlib.util.spec_from_file_location("spandrel_contract", CONTRACT)
    assert spec is not None
    assert spec.loader is not None
    contract = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(contract)
    await contract.check_upscaler(SpandrelUpscaler(model=model, device="cpu"))


async def test_the_picture_is_the_models(torch: Any, spandrel: Any, model: Path) -> None:
    frames = pictures(1, 48, 64)
    out = await made(SpandrelUpscaler(model=model, device="cpu"), frames, 128, 96)
    loaded = spandrel.ModelLoader().load_from_file(model / "x.safetensors").eval()
    with torch.inference_mode():
        wanted = loaded(torch.from_numpy(frames).permute(0, 3, 1, 2).float() / 255)[0].permute(1, 2, 0)
    assert np.array_equal(out[0], np.rint(wanted.clamp(0, 1).numpy() * 255).astype(np.uint8))
    assert out.std() > 5


async def test_tiles_leave_no_seam(model: Path) -> None:
    frames = pictures(1, 100, 180)
    whole = await made(SpandrelUpscaler(model=model, device="cpu", tile=512), frames, 360, 200)
    tiled = await made(SpandrelUpscaler(model=model, device="cpu", tile=64), frames, 360, 200)
    assert int(np.abs(whole.astype(int) - tiled).max()) <= 1


async def test_another_size_than_the_models_is_reached_exactly(model: Path) -> None:
    upscaler = SpandrelUpscaler(model=model, device="cpu")
    frames = pictures(2, 36, 64)
    for width, height in ((150, 84), (100, 56), (96, 96)):
        assert (await made(upscaler, frames, width, height)).shape == (2, height, width, 3)


async def test_an_esrgan_is_recognised_too(torch: Any, spandrel: Any, tmp_path: Path) -> None:
    network = importlib.import_module("spandrel.architectures.ESRGAN").ESRGAN
    torch.manual_seed(3)
    state = network(num_filters=8, num_blocks=1, scale=4).state_dict()
    importlib.import_module("safetensors.torch").save_file(state, tmp_path / "x.safetensors")
    out = await made(SpandrelUpscaler(model=tmp_path, device="cpu"), pictures(1, 20, 32), 128, 80)
    assert out.shape == (1, 80, 128, 3)


async def test_progress_is_told_frame_by_frame_and_closing_ends_the_work(model: Path) -> None:
    told: list[Progress] = []
    with heard(told.append):
        take = SpandrelUpscaler(model=model, device="cpu").upscale(play(pictures(3, 20, 32)), 64, 40)
        await anext(take)
        await anext(take)
        await take.aclose()  # type: ignore[attr-defined]
    done = [("load", 0), ("load", 1), ("upscale", 1), ("upscale", 2)]
    assert [(progress.stage, progress.done) for progress in told] == done


async def test_a_pickle_needs_the_operators_word(torch: Any, spandrel: Any, tmp_path: Path) -> None:
    compact(torch, tmp_path)
    state = importlib.import_module("safetensors.torch").load_file(tmp_path / "x.safetensors")
    torch.save({"params_ema": state}, tmp_path / "x.pth")
    with pytest.raises(ConfigError, match="is a pickle, which can run code"):
        await made(SpandrelUpscaler(model=tmp_path / "x.pth", device="cpu"), pictures(1, 20, 32), 64, 40)
    trusted = SpandrelUpscaler(model=tmp_path / "x.pth", trusted=True, device="cpu")
    assert (await made(trusted, pictures(1, 20, 32), 64, 40)).shape == (1, 40, 64, 3)


async def test_a_folder_of_pickles_will_do_for_whoever_trusts_it(
    torch: Any, spandrel: Any, tmp_path: Path
) -> None:
    compact(torch, tmp_path)
    state = importlib.import_module("safetensors.torch").load_file(tmp_path / "x.safetensors")
    (tmp_path / "x.safetensors").unlink()
    torch.save({"params_ema": state}, tmp_path / "x.pth")
    with pytest.raises(ConfigError, match=r"holds no \.safetensors file"):
        await made(SpandrelUpscaler(model=tmp_path, device="cpu"), pictures(1, 20, 32), 64, 40)
    trusted = SpandrelUpscaler(model=tmp_path, trusted=True, device="cpu")
    assert (await made(trusted, pictures(1, 20, 32), 64, 40)).shape == (1, 40, 64, 3)
    torch.save(state, tmp_path / "y.ckpt")
    again = SpandrelUpscaler(model=tmp_path, trusted=True, device="cpu")
    with pytest.raises(ConfigError, match=r"several models: x\.pth, y\.ckpt"):
        await made(again, pictures(1, 20, 32), 64, 40)


@pytest.mark.parametrize(("device", "wanted"), [("cuda:1", "float16"), ("mps", "float32")])
async def test_the_device_decides_the_precision(
    torch: Any, spandrel: Any, model: Path, monkeypatch: pytest.MonkeyPatch, device: str, wanted: str
) -> None:
    asked: list[tuple[Any, ...]] = []
    move = spandrel.ModelBase.to

    def moved(network: Any, *where: Any) -> Any:
        asked.append(where)
        return move(network, torch.device("cpu"), torch.float32)

    monkeypatch.setattr(spandrel.ModelBase, "to", moved)
    await made(SpandrelUpscaler(model=model, device=device), pictures(1, 20, 32), 64, 40)
    assert asked[-1] == (torch.device(device), getattr(torch, wanted))


def test_memory_is_told_for_tile_device_and_precision() -> None:
    def told(**options: Any) -> float:
        return SpandrelUpscaler(model="someone/x4", **options).capability.vram_gb

    assert told() == told(device="cuda:1") == told(device="cuda", dtype="bfloat16") == 2.2
    assert told(dtype="float32") == told(device="mps") == 4.4
    assert told(tile=1024) == 7.2
    assert told(device="cpu") == 0


async def test_other_models_are_refused_by_what_they_are(torch: Any, spandrel: Any, tmp_path: Path) -> None:
    async def said() -> str:
        with pytest.raises(ConfigError) as caught:
            await made(SpandrelUpscaler(model=tmp_path, device="cpu"), pictures(1, 20, 32), 64, 40)
        assert caught.value.remedy
        return caught.value.message

    compact(torch, tmp_path, colours=1)
    assert await said() == "x.safetensors is a model for SR, from 1 to 1 colours"
    save_file = importlib.import_module("safetensors.torch").save_file
    save_file({"weight": torch.zeros(3)}, tmp_path / "x.safetensors")
    assert await said() == "x.safetensors is of no architecture that spandrel knows"
    save_file(
        {"body.0.weight": torch.zeros(8, 3, 3, 3), "body.1.weight": torch.zeros(8)},
        tmp_path / "x.safetensors",
    )
    assert await said() == "x.safetensors is of no architecture that spandrel knows"


async def test_a_missing_package_is_named_with_the_line_to_type(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] in ("spandrel", "torchvision")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(
        sys.modules, "torchvision", None
    )  # what the import system itself does for "not there"
    with pytest.raises(ComponentError, match="torchvision is not installed: pip install torch torchvision"):
        await made(SpandrelUpscaler(model=model, device="cpu"), pictures(1, 20, 32), 64, 40)


@pytest.mark.parametrize(
    ("options", "place"),
    [
        ({}, "studio.upscale spandrel"),
        ({"model": "x", "tile": 8}, "studio.upscale.tile"),
        ({"model": "x", "dtype": "int8"}, "studio.upscale spandrel"),
    ],
)
def test_options_are_judged_at_once(options: dict[str, Any], place: str) -> None:
    with pytest.raises(ConfigError) as caught:
        SpandrelUpscaler(**options)
    assert caught.value.place == place
    assert caught.value.remedy


def test_its_capability_is_known_without_loading() -> None:
    capability = SpandrelUpscaler(model="someone/x4").capability
    assert (capability.adapter, capability.stage, capability.weights) == (
        "spandrel",
        "upscale",
        ("someone/x4",),
    )
    assert capability.hosted
    assert not capability.leads


def test_importing_the_adapter_does_not_import_torch() -> None:
    code = "import sys, webtv.studio.superresolution; print({'torch', 'spandrel'} & {*sys.modules})"
    out = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert out.strip() == "set()"
