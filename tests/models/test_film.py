"""The FILM adapter over small networks that are saved as files and read by the real code."""

import asyncio
import importlib
import importlib.util
import shlex
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from webtv.core.errors import ComponentError, ConfigError
from webtv.studio.film.adapter import FilmInterpolator
from webtv.studio.ports import Chunk, Frames
from webtv.studio.progress import Progress, heard

pytestmark = pytest.mark.models

CONTRACT = Path(__file__).parents[1] / "studio" / "contract.py"


@pytest.fixture(scope="module")
def kit() -> Any:
    """The module of small networks, which imports torch."""
    return importlib.import_module("film_kit")


@pytest.fixture(scope="module")
def model(kit: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a small network that shows the mean of both frames."""
    return saved(kit, kit.neutral(), tmp_path_factory.mktemp("neutral"))


def saved(kit: Any, network: Any, folder: Path) -> Path:
    save_file = importlib.import_module("safetensors.torch").save_file
    save_file(network.state_dict(), folder / "film_net.safetensors")
    return folder


def film(model: Path, **options: Any) -> FilmInterpolator:
    return FilmInterpolator(model=model, device="cpu", **options)


async def play(frames: Frames, fps: int) -> AsyncIterator[Chunk]:
    for start in range(0, len(frames), 2):
        yield Chunk(frames[start : start + 2], start, fps)


async def made(interpolator: FilmInterpolator, frames: Frames, source: int, target: int) -> Frames:
    take = interpolator.interpolate(play(frames, source), target)
    return np.concatenate([chunk.frames async for chunk in take])


def levels(*values: int, height: int = 40, width: int = 70) -> Frames:
    """Even grey frames; at a network that shows means, a frame's level tells its moment."""
    return np.stack([np.full((height, width, 3), value, np.uint8) for value in values])


def noise(count: int, height: int, width: int, seed: int = 1) -> Frames:
    """Frames that resemble each other, so that nothing is a cut."""
    dice = np.random.default_rng(seed)
    first = dice.integers(40, 200, (height, width, 3))
    return np.stack([first + dice.integers(-9, 9, first.shape) for _ in range(count)]).astype(np.uint8)


async def test_it_holds_to_the_port(model: Path) -> None:
    spec = importlib.util.spec_from_file_location("film_contract", CONTRACT)
    assert spec is not None
    assert spec.loader is not None
    contract = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(contract)
    await contract.check_interpolator(film(model, depth=2))


async def test_the_double_rate_is_one_halving(model: Path) -> None:
    out = await made(film(model), levels(0, 16, 8), 12, 24)
    assert out[:, 0, 0, 0].tolist() == [0, 8, 16, 12, 8, 8]


async def test_any_factor_takes_the_nearest_moment_that_halving_reaches(model: Path) -> None:
    out = await made(film(model, depth=4), levels(0, 16), 8, 24)
    assert out[:, 0, 0, 0].tolist() == [0, 5, 11, 16, 16, 16]
    out = await made(film(model, depth=1), levels(0, 16), 8, 24)
    assert out[:, 0, 0, 0].tolist() == [0, 8, 8, 16, 16, 16]
    out = await made(film(model, depth=6), levels(0, 24), 10, 25)
    assert out[:, 0, 0, 0].tolist() == [0, 10, 19, 24, 24]


async def test_slow_motion_lasts_longer_at_the_same_rate(model: Path) -> None:
    out = await made(film(model, slow=4), levels(0, 16, 32), 24, 24)
    assert out[:, 0, 0, 0].tolist() == [0, 4, 8, 12, 16, 20, 24, 28, 32, 32, 32, 32]


async def test_backwards_is_forwards_backwards(kit: Any, tmp_path: Path) -> None:
    model = saved(kit, kit.even_handed(kit.film(scale=0.12)), tmp_path)
    frames = noise(2, 64, 64)
    there = await made(film(model, depth=3), frames, 6, 24)
    back = await made(film(model, depth=3), frames[::-1], 6, 24)
    assert there[1].std() > 1, "one flat colour would prove nothing"
    assert int(np.abs(there[1:4].astype(int) - back[3:0:-1]).max()) <= 1


async def test_any_size_comes_back_in_that_size(model: Path) -> None:
    for height, width in ((40, 70), (64, 64), (65, 129), (17, 33)):
        frames = noise(2, height, width)
        out = await made(film(model), frames, 12, 24)
        assert out.shape == (4, height, width, 3)
        mean = (frames[0].astype(int) + frames[1]) / 2
        assert float(np.abs(out[1] - mean).max()) <= 0.5, "padding is cut off where it was put"


async def test_tiles_leave_no_seam(kit: Any, tmp_path: Path) -> None:
    frames = noise(2, 260, 420)
    model = saved(kit, kit.neutral(flow=(8.0, 0.0)), tmp_path)
    whole = await made(film(model, tile=1024), frames, 12, 24)
    tiled = await made(film(model, tile=256), frames, 12, 24)
    off = np.abs(whole[1].astype(int) - tiled[1])
    # What is fetched from beyond a tile's edge is missing there, where the tile has all but faded out.
    assert off.max() <= 9
    assert float((off > 1).mean()) < 0.02
    still = saved(kit, kit.neutral(), tmp_path)
    whole, tiled = [await made(film(still, tile=tile), frames, 12, 24) for tile in (1024, 256)]
    assert int(np.abs(whole.astype(int) - tiled).max()) <= 1


async def test_the_same_frames_give_the_same_frames(kit: Any, tmp_path: Path) -> None:
    model = saved(kit, kit.film(scale=0.12), tmp_path)
    frames = noise(2, 64, 64)
    first = await made(film(model), frames, 12, 36)
    assert np.array_equal(first, await made(film(model), frames, 12, 36))


async def test_half_precision_is_as_good_as_eight_bits(model: Path) -> None:
    frames = noise(2, 64, 64)
    full, half = [await made(film(model, dtype=dtype), frames, 12, 24) for dtype in ("float32", "float16")]
    assert int(np.abs(full.astype(int) - half).max()) <= 1


async def test_a_cut_is_held_and_never_reaches_the_network(
    model: Path, kit: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a cut was morphed")

    monkeypatch.setattr(kit.Film, "between", refuse)
    out = await made(film(model), levels(10, 240), 8, 24)
    assert out[:, 0, 0, 0].tolist() == [10, 10, 240, 240, 240, 240]


async def test_progress_is_told_and_closing_ends_the_work(
    kit: Any, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    between = kit.Film.between
    calls: list[int] = []

    def counted(*args: Any) -> Any:
        calls.append(1)
        return between(*args)

    monkeypatch.setattr(kit.Film, "between", counted)
    told: list[Progress] = []
    with heard(told.append):
        take = film(model).interpolate(play(levels(0, 8, 16, 24), 12), 24)
        assert len((await anext(take)).frames) == 1
        assert len((await anext(take)).frames) == 2
        await take.aclose()  # type: ignore[attr-defined]
    assert calls == [1], "frames that nobody asked for were made"
    assert [(p.stage, p.done, p.of) for p in told] == [
        ("interpolate", 1, 0),
        ("load", 0, 1),
        ("load", 1, 1),
        ("interpolate", 3, 0),
    ]


async def test_a_cancelled_take_stops_after_the_halving_at_hand(
    kit: Any, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    between = kit.Film.between
    loop = asyncio.get_running_loop()
    begun = asyncio.Event()
    calls: list[int] = []

    def counted(*args: Any) -> Any:
        calls.append(1)
        loop.call_soon_threadsafe(begun.set)
        return between(*args)

    monkeypatch.setattr(kit.Film, "between", counted)
    async with asyncio.TaskGroup() as group:
        making = group.create_task(made(film(model, depth=6), noise(2, 64, 64), 1, 60))
        await begun.wait()
        making.cancel()
    await loop.shutdown_default_executor()  # waits for the thread
    assert 1 <= len(calls) < 59


async def test_other_files_need_the_operators_word(kit: Any, tmp_path: Path) -> None:
    pickled, scripted = tmp_path / "film.pth", tmp_path / "film.pt"
    kit.torch.save({"state_dict": kit.neutral().state_dict()}, pickled)
    with pytest.raises(ConfigError, match="is a pickle, which can run code") as caught:
        await made(film(pickled), levels(0, 8), 12, 24)
    assert "weights_only=True" in caught.value.remedy
    out = await made(film(pickled, trusted=True), levels(0, 8), 12, 24)
    assert out[1, 0, 0, 0] == 4
    script(kit, scripted)
    with pytest.raises(ConfigError, match="is TorchScript, which runs what it holds") as caught:
        await made(film(scripted), levels(0, 8), 12, 24)
    assert "torch.jit.load(f).state_dict()" in caught.value.remedy


@pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")
async def test_a_trusted_script_gives_its_weights(kit: Any, tmp_path: Path) -> None:
    script(kit, tmp_path / "film.pt")
    with pytest.raises(ConfigError, match=r"do not fit: features\.stages\.0\.0\.weight is missing"):
        await made(film(tmp_path / "film.pt", trusted=True), levels(0, 8), 12, 24)


async def test_a_folder_of_other_files_will_do_for_whoever_trusts_it(kit: Any, tmp_path: Path) -> None:
    kit.torch.save(kit.neutral().state_dict(), tmp_path / "film_net.pth")
    with pytest.raises(ConfigError, match=r"holds no \.safetensors file") as caught:
        await made(film(tmp_path), levels(0, 8), 12, 24)
    assert "allow this model by name" in caught.value.remedy
    assert (await made(film(tmp_path, trusted=True), levels(0, 8), 12, 24))[1, 0, 0, 0] == 4
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "film_net_fp16.PT").touch()
    (tmp_path / "notes.ckpt").touch()
    with pytest.raises(
        ConfigError, match=r"several models: film_net\.pth, more/film_net_fp16\.PT:"
    ) as caught:
        await made(film(tmp_path, trusted=True), levels(0, 8), 12, 24)
    assert caught.value.remedy == "name one file by its path"
    saved(kit, kit.neutral(), tmp_path)
    out = await made(film(tmp_path, trusted=True), levels(0, 8), 12, 24)
    assert out[1, 0, 0, 0] == 4, "where there are safetensors, trust is not needed"


async def test_the_line_to_type_quotes_what_a_stranger_called_a_file(kit: Any, tmp_path: Path) -> None:
    path = tmp_path / "x'; touch ran; '.pth"
    kit.torch.save(kit.neutral().state_dict(), path)
    with pytest.raises(ConfigError) as caught:
        await made(film(path), levels(0, 8), 12, 24)
    line = caught.value.remedy.removeprefix("convert it where you trust it, ").rpartition(", or allow")[0]
    path.unlink()
    assert shlex.split(line)[3:] == [path.name, f"{path.stem}.safetensors"]


@pytest.mark.parametrize(
    ("device", "dtype", "wanted"),
    [("cuda:1", None, "float16"), ("mps", None, "float32"), ("cuda", "bfloat16", "bfloat16")],
)
async def test_the_device_decides_the_precision(
    kit: Any, model: Path, monkeypatch: pytest.MonkeyPatch, device: str, dtype: str | None, wanted: str
) -> None:
    asked: list[tuple[str, Any]] = []
    move = kit.Film.to

    def moved(network: Any, *, device: str, dtype: Any) -> Any:
        asked.append((device, dtype))
        return move(network, device="cpu")

    monkeypatch.setattr(kit.Film, "to", moved)
    await made(FilmInterpolator(model=model, device=device, dtype=dtype), levels(0, 8), 12, 24)
    assert asked == [(device, getattr(kit.torch, wanted))]


def test_memory_is_told_for_the_device_and_the_precision() -> None:
    def told(**options: Any) -> float:
        return FilmInterpolator(**options).capability.vram_gb

    assert told() == told(device="cuda:1") == told(device="cuda", dtype="bfloat16") == 3.9
    assert told(dtype="float32") == told(device="mps") == 7.7
    assert told(device="cpu") == 0
    assert told(tile=256) < 1


def script(kit: Any, path: Path) -> None:
    """A real TorchScript file, of another network."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        kit.torch.jit.script(kit.torch.nn.Conv2d(3, 3, 1)).save(str(path))


async def test_a_pickle_that_runs_code_is_not_run_even_if_trusted(kit: Any, tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple[Any, ...]:
            return (Path.touch, (tmp_path / "ran",))

    kit.torch.save({"weight": Trap()}, tmp_path / "film.pth")
    with pytest.raises(ConfigError, match="holds no weights that can be read"):
        await made(film(tmp_path / "film.pth", trusted=True), levels(0, 8), 12, 24)
    assert not (tmp_path / "ran").exists()


async def test_what_is_not_there_is_said_with_what_to_do(kit: Any, tmp_path: Path) -> None:
    async def said(where: Path) -> str:
        with pytest.raises(ConfigError) as caught:
            await made(film(where), levels(0, 8), 12, 24)
        return str(caught.value)

    assert "webtv models pull" in await said(tmp_path / "none")
    assert "holds no .safetensors file" in await said(tmp_path)
    (tmp_path / "film_a.safetensors").write_bytes(b"\x08\0\0\0\0\0\0\0not json")
    assert "no readable safetensors file" in await said(tmp_path)
    (tmp_path / "film_b.safetensors").write_bytes(b"")
    assert "holds several models: film_a.safetensors, film_b.safetensors" in await said(tmp_path)


async def test_the_id_goes_through_the_locator(model: Path) -> None:
    asked: list[str] = []

    def place(name: str) -> Path:
        asked.append(name)
        return model

    interpolator = FilmInterpolator(place=place, device="cpu")
    assert interpolator.capability.weights == ("Comfy-Org/frame_interpolation",)
    assert interpolator.capability.hosted
    assert asked == []
    await made(interpolator, levels(0, 8, 16), 12, 24)
    assert asked == ["Comfy-Org/frame_interpolation"]


async def test_a_missing_package_is_named_with_the_line_to_type(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(ComponentError, match="torch is not installed: pip install torch"):
        await made(film(model), levels(0, 8), 12, 24)


@pytest.mark.parametrize(
    ("options", "place"),
    [
        ({"depth": 0}, "studio.interpolate.depth"),
        ({"slow": 0.5}, "studio.interpolate.slow"),
        ({"tile": 100}, "studio.interpolate.tile"),
        ({"dtype": "int8"}, "studio.interpolate film"),
    ],
)
def test_options_are_judged_at_once(options: dict[str, Any], place: str) -> None:
    with pytest.raises(ConfigError) as caught:
        FilmInterpolator(**options)
    assert caught.value.place == place
    assert caught.value.remedy


def test_importing_the_adapter_does_not_import_torch() -> None:
    code = "import sys, webtv.studio.film.adapter; print('torch' in sys.modules)"
    out = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert out.strip() == "False"
