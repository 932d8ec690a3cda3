"""The store of weights without a hub: what lies where, and what is not loaded."""

import hashlib
import json
from pathlib import Path

import pytest

from webtv.core.errors import ComponentError, ConfigError, InputError
from webtv.studio.weights.lock import Locked, LockedFile, read_lock, write_lock
from webtv.studio.weights.register import PUBLISHED, Commercial, licence_of
from webtv.studio.weights.store import WeightStore
from webtv.testing.clock import VirtualClock

MODEL = "somebody/tiny-video"


def put(store: WeightStore, files: dict[str, bytes], model: str = MODEL) -> Path:
    """A model as a fetch leaves it."""
    folder = store.home(model, Locked("a" * 40, "", {}))
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    locked = {name: LockedFile(len(data), hashlib.sha256(data).hexdigest()) for name, data in files.items()}
    write_lock(
        store.lock_file,
        {**read_lock(store.lock_file), model: Locked("a" * 40, "2026-11-01T00:00:00+00:00", locked)},
    )
    return folder


@pytest.fixture
def store(tmp_path: Path) -> WeightStore:
    return WeightStore(tmp_path / "models", VirtualClock())


GOOD = {"model_index.json": b"{}", "unet/model.safetensors": b"numbers" * 9}


def test_an_id_is_found_where_it_was_put(store: WeightStore) -> None:
    folder = put(store, GOOD)
    assert store.locate(MODEL) == folder
    assert store.verify(MODEL).ok
    (stored,) = store.stored()
    assert (stored.model, stored.locked.bytes) == (MODEL, 65)


def test_what_was_not_fetched_says_how_to(store: WeightStore) -> None:
    with pytest.raises(ComponentError, match=f"webtv models pull {MODEL}"):
        store.locate(MODEL)
    assert store.verify(MODEL).faults == ("it was not fetched by this store",)


@pytest.mark.parametrize("name", ["../../etc", "a/b/c", "", "a/", "/etc/passwd2", "a b/c", "-x/y"])
def test_only_an_id_or_a_folder_is_a_model(store: WeightStore, name: str) -> None:
    with pytest.raises((InputError, ConfigError)):
        store.locate(name)


def test_a_file_of_another_size_is_not_loaded(store: WeightStore) -> None:
    folder = put(store, GOOD)
    with (folder / "unet/model.safetensors").open("ab") as file:
        file.write(b"!")
    with pytest.raises(ConfigError, match=r"unet/model\.safetensors has 64 bytes, and 63 were fetched"):
        store.locate(MODEL)


def test_a_file_that_was_tampered_with_is_found_by_reading_it(store: WeightStore) -> None:
    folder = put(store, GOOD)
    (folder / "unet/model.safetensors").write_bytes(b"NUMBERS" * 9)
    told: list[tuple[str, int, int]] = []
    verdict = store.verify(MODEL, lambda *step: told.append(step))
    assert verdict.faults == ("unet/model.safetensors is not what was fetched: its SHA-256 is another",)
    assert told == [("model_index.json", 0, 65), ("unet/model.safetensors", 2, 65)]


def test_a_missing_file_and_one_too_many_are_told(store: WeightStore) -> None:
    folder = put(store, GOOD)
    (folder / "model_index.json").unlink()
    (folder / "modeling.py").write_text("import os")
    (folder / ".cache").mkdir()
    (folder / ".cache" / "of the client").write_text("")
    assert store.verify(MODEL).faults == (
        "model_index.json cannot be read (No such file or directory)",
        "modeling.py was not fetched and lies there all the same",
    )


@pytest.mark.parametrize(
    "name", ["pytorch_model.bin", "film.pt", "motion.CKPT", "weights.pth", "model.torchscript"]
)
def test_a_pickle_needs_the_operators_word(store: WeightStore, name: str) -> None:
    folder = put(store, {"config.json": b"{}", name: b"\x80\x04."})
    with pytest.raises(ConfigError, match=r"can run code when it is loaded: .*WEBTV_MODELS_UNSAFE"):
        store.locate(MODEL)
    trusting = WeightStore(store.root, VirtualClock(), unsafe=frozenset({MODEL}))
    assert trusting.locate(MODEL) == folder


def test_weights_that_come_both_ways_pass(store: WeightStore) -> None:
    assert store.locate(MODEL) if put(store, {**GOOD, "unet/model.bin": b"\x80\x04."}) else False


def test_the_operators_own_folder_or_file_is_taken_as_it_is(store: WeightStore, tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    (own / "film.safetensors").write_bytes(b"numbers")
    assert store.locate(str(own)) == own
    assert store.locate(str(own / "film.safetensors")) == own / "film.safetensors"
    (own / "film.pt").write_bytes(b"\x80\x04.")
    with pytest.raises(ConfigError, match="can run code"):
        store.locate(str(own / "film.pt"))
    with pytest.raises(ConfigError, match="there is no"):
        store.locate(str(tmp_path / "nothing"))


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"models": {"a/b": {}}}', '{"models": {"a/b": 3}}'])
def test_a_damaged_lock_is_not_begun_anew(store: WeightStore, damage: str) -> None:
    put(store, GOOD)
    store.lock_file.write_text(damage)
    with pytest.raises(ConfigError, match="lock file"):
        store.locate(MODEL)
    assert store.lock_file.read_text() == damage


def test_provenance_tells_one_set_of_weights_from_another(store: WeightStore) -> None:
    put(store, GOOD)
    first = store.provenance(MODEL)
    assert (first["model"], first["revision"]) == (MODEL, "a" * 40)
    put(store, {**GOOD, "unet/model.safetensors": b"others" * 9})
    assert store.provenance(MODEL)["sha256"] != first["sha256"]
    assert store.provenance("some/other") == {}


def test_removing_takes_files_and_entry(store: WeightStore) -> None:
    folder = put(store, GOOD)
    put(store, GOOD, "else/where")
    assert store.remove(MODEL)
    assert not store.remove(MODEL)
    assert not folder.exists()
    assert [each.model for each in store.stored()] == ["else/where"]
    assert list(json.loads(store.lock_file.read_text())["models"]) == ["else/where"]


def test_terms_are_known_of_what_the_station_names() -> None:
    assert licence_of("cerspense/zeroscope_v2_576w").commercial is Commercial.NO
    assert licence_of("facebook/musicgen-stereo-large").commercial is Commercial.NO
    assert licence_of("Wan-AI/Wan2.1-T2V-1.3B-Diffusers").commercial is Commercial.YES
    assert licence_of(MODEL).commercial is Commercial.UNKNOWN
    assert all(published.gb > 0 and published.what for published in PUBLISHED.values())
