import hashlib
import os
from pathlib import Path

import pytest

from webtv.core.errors import InputError, ResourceError
from webtv.library.storage import Storage


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return Storage(tmp_path / "library")


def source(tmp_path: Path, content: bytes = b"moving pictures") -> Path:
    path = tmp_path / "take.mp4"
    path.write_bytes(content)
    return path


async def test_a_file_is_named_by_its_content(storage, tmp_path):
    sha = hashlib.sha256(b"moving pictures").hexdigest()
    path = source(tmp_path)
    stored = await storage.add(path, "mp4")
    assert (stored.sha, stored.ext, stored.bytes) == (sha, "mp4", 15)
    assert stored.path == storage.path(sha, "mp4") == storage.root / sha[:2] / f"{sha}.mp4"
    assert stored.path.read_bytes() == b"moving pictures"
    assert stored.path.stat().st_mode & 0o777 == 0o644
    assert not path.exists()


async def test_the_same_bytes_are_one_file(storage, tmp_path):
    first = await storage.add(source(tmp_path), "mp4")
    second = await storage.add(source(tmp_path), "mp4")
    assert first == second
    assert not (tmp_path / "take.mp4").exists()
    assert [file.bytes for file in storage.files()] == [15]


async def test_a_file_from_another_disk_is_copied_whole(storage, tmp_path, monkeypatch):
    real = Path.replace

    def replace(self: Path, target: Path) -> Path:
        if self.name == "take.mp4":
            raise OSError(18, os.strerror(18))  # EXDEV: what the system says between two disks
        return real(self, target)

    monkeypatch.setattr(Path, "replace", replace)
    stored = await storage.add(source(tmp_path), "mp4")
    assert stored.path.read_bytes() == b"moving pictures"
    assert stored.path.stat().st_mode & 0o777 == 0o644
    assert [path.name for path in stored.path.parent.iterdir()] == [stored.path.name]
    assert not (tmp_path / "take.mp4").exists()


async def test_a_full_disk_leaves_nothing_half_written(storage, tmp_path, monkeypatch):
    def full(_handle: int) -> None:
        raise OSError(28, os.strerror(28))  # ENOSPC

    path = source(tmp_path)
    monkeypatch.setattr(os, "fsync", full)
    storage.root.mkdir()
    with pytest.raises(ResourceError, match="full") as caught:
        await storage.add(path, "mp4")
    assert caught.value.retryable
    assert list(storage.files()) == []
    assert path.exists()


async def test_removing(storage, tmp_path):
    stored = await storage.add(source(tmp_path), "mp4")
    assert await storage.remove(stored.sha, "mp4")
    assert not await storage.remove(stored.sha, "mp4")
    assert list(storage.files()) == []


async def test_only_what_is_ours_is_found(storage, tmp_path):
    assert list(storage.files()) == []
    assert storage.free() > 0
    stored = await storage.add(source(tmp_path), "mp4")
    await storage.add(source(tmp_path, b"12345"), "jpg")
    (stored.path.parent / ".incoming.x").write_bytes(b"half")
    (storage.root / "README").write_bytes(b"not ours")
    assert {(file.ext, file.bytes) for file in storage.files()} == {("mp4", 15), ("jpg", 5)}


async def test_what_is_made_again_is_young_again(storage, tmp_path):
    stored = await storage.add(source(tmp_path), "mp4")
    os.utime(stored.path, (0, 0))
    await storage.add(source(tmp_path), "mp4")
    assert stored.path.stat().st_mtime > 0, "else a sweep might take it before it is catalogued"


@pytest.mark.parametrize(
    ("sha", "ext"), [("../../etc/passwd", "mp4"), ("a" * 63, "mp4"), ("a" * 64, "../x"), ("A" * 64, "mp4")]
)
def test_no_other_path_can_be_reached(storage, sha, ext):
    with pytest.raises(InputError):
        storage.path(sha, ext)
