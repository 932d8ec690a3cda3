"""Fetching weights from a hub: pinned, resumed, refused where it should be."""

import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hub import Hub, Repository, hub
from rich.console import Console

from webtv import wiring
from webtv.core.errors import (
    ConfigError,
    ConflictError,
    InputError,
    ResourceError,
    TransientError,
    WebTVError,
)
from webtv.core.settings import Settings
from webtv.models import list_models, pull_models, remove_models
from webtv.studio.weights.store import WeightStore
from webtv.testing.clock import VirtualClock

pytestmark = pytest.mark.models

MODEL = "somebody/tiny-video"
FIRST, SECOND = "1" * 40, "2" * 40
FILES = {
    "model_index.json": b'{"_class_name": "X", "unet": ["diffusers", "UNet"]}',
    "unet/diffusion_pytorch_model.safetensors": bytes(range(256)) * 300,
    "unet/diffusion_pytorch_model.bin": b"\x80\x04pickle",
    "modeling.py": b"import os",
    "samples/demo.mp4": b"\0" * 5000,
}
SAFE = ["model_index.json", "unet/diffusion_pytorch_model.safetensors"]


@pytest.fixture
def server() -> Iterator[Hub]:
    with hub() as running:
        running.models[MODEL] = Repository({FIRST: FILES})
        yield running


@pytest.fixture
def store(server: Hub, tmp_path: Path) -> WeightStore:
    return WeightStore(tmp_path / "models", VirtualClock(), endpoint=server.address)


def test_only_numbers_and_words_are_fetched_and_locked(server: Hub, store: WeightStore) -> None:
    told: list[tuple[str, int, int]] = []
    stored = store.pull(MODEL, tell=lambda *step: told.append(step))
    assert sorted(stored.locked.files) == SAFE
    assert stored.locked.revision == FIRST
    assert sorted(server.fetched()) == SAFE
    assert store.locate(MODEL) == stored.folder
    assert (stored.folder / SAFE[1]).read_bytes() == FILES[SAFE[1]]
    assert store.verify(MODEL).ok
    assert told[0][0] == SAFE[0]
    assert told[-1] == ("", sum(len(FILES[name]) for name in SAFE), sum(len(FILES[name]) for name in SAFE))


def test_once_locked_a_newer_revision_is_not_taken_unasked(server: Hub, store: WeightStore) -> None:
    store.pull(MODEL)
    newer = {**FILES, SAFE[1]: b"newer" * 99}
    server.models[MODEL].commits[SECOND] = newer
    assert store.pull(MODEL).locked.revision == FIRST
    assert store.pull(MODEL, revision="main").locked.revision == SECOND
    assert (store.locate(MODEL) / SAFE[1]).read_bytes() == newer[SAFE[1]]
    assert store.verify(MODEL).ok


def test_a_file_that_changes_under_its_revision_is_refused(server: Hub, store: WeightStore) -> None:
    folder = store.pull(MODEL).folder
    server.models[MODEL].commits[FIRST] = {**FILES, SAFE[1]: b"forged" * 99}
    store.pull(MODEL)
    assert store.verify(MODEL).ok, "what was fetched first is there, and nothing else is asked for"
    (folder / SAFE[1]).unlink()
    with pytest.raises(ConfigError, match="is not what it was, though the revision is the same"):
        store.pull(MODEL)
    with pytest.raises(ConfigError, match="cannot be read"):
        store.locate(MODEL)
    server.models[MODEL].commits[FIRST] = FILES
    assert store.pull(MODEL).folder == store.locate(MODEL)
    assert store.verify(MODEL).ok


def test_what_is_locked_is_loaded_until_another_revision_is_there_whole(
    server: Hub, store: WeightStore
) -> None:
    store.pull(MODEL)
    server.models[MODEL].commits[SECOND] = {**FILES, SAFE[1]: bytes(reversed(range(256))) * 300}

    def cut_off(name: str, _done: int, _total: int) -> None:
        if not name:
            raise KeyboardInterrupt  # everything is there and nothing is judged

    with pytest.raises(KeyboardInterrupt):
        store.pull(MODEL, revision=SECOND, tell=cut_off)
    assert (store.locate(MODEL) / SAFE[1]).read_bytes() == FILES[SAFE[1]]
    assert store.provenance(MODEL)["revision"] == FIRST
    assert store.verify(MODEL).ok
    server.asked.clear()
    second = store.pull(MODEL, revision=SECOND)
    assert server.fetched() == [], "it was there already"
    assert (second.folder / SAFE[1]).read_bytes() != FILES[SAFE[1]]
    assert [path for path in store.root.iterdir() if path.is_dir()] == [second.folder]


def test_two_who_fetch_at_once_do_not_lose_each_others_entry(server: Hub, store: WeightStore) -> None:
    server.models["some/other"] = Repository({FIRST: FILES})

    def meanwhile(name: str, _done: int, _total: int) -> None:
        if not name:
            store.pull("some/other")
            with pytest.raises(ConflictError, match=f"{MODEL} is being fetched by process"):
                store.remove(MODEL)

    store.pull(MODEL, tell=meanwhile)
    assert [each.model for each in store.stored()] == ["some/other", MODEL]


def test_of_a_pipeline_only_its_parts_come_and_each_once(server: Hub, store: WeightStore) -> None:
    twin = "unet/diffusion_pytorch_model.fp16.safetensors"
    others = {twin: b"halves", "root-checkpoint.safetensors": b"all", "controlnet/model.safetensors": b"else"}
    server.models[MODEL].commits[FIRST] = {**FILES, **others}
    assert sorted(store.pull(MODEL).locked.files) == SAFE
    halves = replace(store, root=store.root / "halves", variant="fp16")
    assert sorted(halves.pull(MODEL).locked.files) == ["model_index.json", twin]


def test_what_was_cut_off_is_fetched_by_the_next_pull(server: Hub, store: WeightStore) -> None:
    server.broken[SAFE[1]] = 99
    with pytest.raises(TransientError, match="could not be fetched"):
        store.pull(MODEL)
    assert not store.stored()
    server.broken.clear()
    server.asked.clear()
    store.pull(MODEL)
    assert store.verify(MODEL).ok


def test_a_model_of_pickles_needs_the_operators_word(server: Hub, store: WeightStore) -> None:
    server.models[MODEL].commits[FIRST] = {"config.json": b"{}", "pytorch_model.bin": b"\x80\x04."}
    with pytest.raises(ConfigError, match="WEBTV_MODELS_UNSAFE"):
        store.pull(MODEL)
    assert server.fetched() == []
    trusting = WeightStore(store.root, VirtualClock(), unsafe=frozenset({MODEL}), endpoint=server.address)
    assert "pytorch_model.bin" in trusting.pull(MODEL).locked.files


def test_one_part_that_is_a_pickle_needs_the_word_and_only_it_comes_as_one(
    server: Hub, store: WeightStore
) -> None:
    index = b'{"_class_name": "X", "unet": ["lib", "U"], "text_encoder": ["lib", "T"]}'
    half = {"model_index.json": index, "unet/diffusion_pytorch_model.bin": b"\x80\x04."}
    text = {"text_encoder/model.safetensors": b"numbers", "text_encoder/pytorch_model.bin": b"\x80\x04."}
    server.models[MODEL].commits[FIRST] = {**half, **text}
    with pytest.raises(ConfigError, match=r"unet/diffusion_pytorch_model\.bin: .*WEBTV_MODELS_UNSAFE"):
        store.pull(MODEL)
    trusting = replace(store, unsafe=frozenset({MODEL}))
    assert sorted(trusting.pull(MODEL).locked.files) == sorted([*half, "text_encoder/model.safetensors"])


def test_each_refusal_says_what_to_do(server: Hub, store: WeightStore) -> None:
    with pytest.raises(ConfigError, match="there is no model no/such"):
        store.pull("no/such")
    with pytest.raises(ConfigError, match="has no such revision"):
        store.pull(MODEL, revision="3" * 40)
    server.models["shy/model"] = Repository({FIRST: FILES}, gated=True)
    with pytest.raises(ConfigError, match="agree to them on its page"):
        store.pull("shy/model")
    for strange in (
        "../../outside.safetensors",
        "unet//x.safetensors",
        "C:/x.safetensors",
        "a\nb.safetensors",
    ):
        server.models["bad/model"] = Repository({FIRST: {strange: b"x"}})
        with pytest.raises(ConfigError, match="outside its folder"):
            store.pull("bad/model")
    server.models["long/model"] = Repository({FIRST: {f"{'x' * 300}.safetensors": b"x"}})
    with pytest.raises(WebTVError):
        store.pull("long/model")
    server.models["odd/index"] = Repository({FIRST: {**FILES, "model_index.json": b"[]"}})
    with pytest.raises(ConfigError, match=r"model_index\.json of odd/index cannot be read"):
        store.pull("odd/index")
    for no_id in ("a--b", "a..b", "some/x.git"):
        with pytest.raises(ConfigError, match="is no id"):
            store.pull(no_id)
    assert not store.stored()


def test_a_hub_that_is_down_or_away_may_be_back(server: Hub, store: WeightStore, tmp_path: Path) -> None:
    server.down = True
    with pytest.raises(TransientError, match="check the network"):
        store.pull(MODEL)
    away = WeightStore(tmp_path / "other", VirtualClock(), endpoint="http://127.0.0.1:9")
    with pytest.raises(TransientError, match="check the network"):
        away.pull(MODEL)


def test_a_disk_that_is_too_small_is_told_before(
    server: Hub, store: WeightStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    import shutil

    usage = shutil.disk_usage(store.root.parent)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=1000))
    with pytest.raises(ResourceError, match="WEBTV_MODELS"):
        store.pull(MODEL)
    assert server.fetched() == ["model_index.json"]


def test_one_model_that_fails_keeps_no_other_away_and_what_came_can_be_deleted(
    server: Hub, store: WeightStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.models["shy/model"] = Repository({FIRST: FILES}, gated=True)
    monkeypatch.setattr(wiring, "weight_store", lambda _settings: store)  # which asks this hub
    settings = Settings(data=tmp_path / "data")
    console = Console(file=io.StringIO(), width=200)
    with pytest.raises(ConfigError, match="agree to them on its page"):
        pull_models(settings, ["shy/model", MODEL], None, console)
    assert [row["model"] for row in list_models(settings) if row["fetched"]] == [MODEL]
    remove_models(settings, [MODEL], console)
    assert not [row for row in list_models(settings) if row["fetched"]]
    with pytest.raises(InputError, match=f"{MODEL} was not fetched"):
        remove_models(settings, [MODEL], console)
    told = console.file.getvalue()  # type: ignore[attr-defined]
    assert "shy/model: not fetched" in told
    assert f"{MODEL}: deleted" in told
