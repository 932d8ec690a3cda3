"""The store of weights: fetched once, pinned by revision and hash, verified, found again.

Only this module talks to the model hub, and only when somebody asks it to: :meth:`WeightStore.locate`, which
every loader calls, never does.
"""

import contextlib
import hashlib
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any

from webtv.core.clock import Clock
from webtv.core.errors import (
    ComponentError,
    ConfigError,
    InputError,
    ResourceError,
    TransientError,
    WebTVError,
)
from webtv.core.files import sha256_of
from webtv.studio.weights.inspection import PICKLES, UNSAFE, WANTED, expect_safe, files_of
from webtv.studio.weights.lock import Locked, LockedFile, read_lock, write_lock
from webtv.studio.weights.register import Licence, licence_of

_PLACE = "models"
_INSTALL = "pip install 'webtv[models]'"
_ROOM = 1.05  # times a model's size that the disk must have free

Tell = Callable[[str, int, int], None]
"""Hears of progress: file, bytes done, bytes in all."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What :meth:`WeightStore.verify` found.

    Attributes:
        model: its id.
        ok: whether every file is what was fetched.
        faults: what is wrong, one sentence each.
    """

    model: str
    ok: bool
    faults: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Stored:
    """A model in the store.

    Attributes:
        model: its id.
        locked: revision and files.
        licence: its terms.
        folder: where it lies.
    """

    model: str
    locked: Locked
    licence: Licence
    folder: Path


@dataclass(frozen=True)
class WeightStore:
    """Models in a folder, and the lock file that says what they are.

    Args:
        root: the folder; made when the first model is fetched.
        clock: stamps.
        unsafe: ids and folders of models whose pickles the operator trusts.
        token: for models that want one.
        endpoint: address of another hub; None for the usual one.
    """

    root: Path
    clock: Clock
    unsafe: frozenset[str] = frozenset()
    token: str | None = field(default=None, repr=False)
    endpoint: str | None = None

    @property
    def lock_file(self) -> Path:
        """Where the lock is."""
        return self.root / "models.lock.json"

    def folder(self, model: str) -> Path:
        """Where a model by this id lies or would lie.

        Raises:
            InputError: this is no id.
        """
        parts = model.split("/")
        if not 1 <= len(parts) <= 2 or not all(
            part and part[0].isalnum() and part.replace("-", "").replace("_", "").replace(".", "").isalnum()
            for part in parts
        ):
            raise InputError(
                f"{model!r} is no model", place=_PLACE, remedy="write an id such as owner/name, or a folder"
            )
        return self.root / "--".join(parts)

    def locate(self, model: str) -> Path:
        """The folder of a model: the operator's own, or the one that was fetched for an id. Blocks.

        Sizes are compared with the lock every time, hashes when :meth:`verify` is called: reading tens of
        gigabytes twice would double the start of every child.

        Raises:
            ComponentError: it was not fetched yet.
            ConfigError: it is not what was fetched, or only a pickle.
        """
        own = Path(model)
        if own.is_absolute() or model.startswith((".", "~")):
            place = own.expanduser()
            if not place.exists():
                raise ConfigError(f"there is no {model}", place=_PLACE, remedy="correct the path")
            expect_safe(model, place, allowed=model in self.unsafe)
            return place
        folder = self.folder(model)
        locked = read_lock(self.lock_file).get(model)
        if locked is None:
            raise ComponentError(
                f"{model} has not been fetched", place=_PLACE, remedy=f"run `webtv models pull {model}`"
            )
        if fault := next(self._faults(folder, locked, deep=False), None):
            raise ConfigError(
                fault, place=f"{_PLACE} {model}", remedy=f"run `webtv models pull {model}` again"
            )
        expect_safe(model, folder, allowed=model in self.unsafe)
        return folder

    def provenance(self, model: str) -> dict[str, str]:
        """What tells these weights from others: revision, and one hash over all files; empty for a folder."""
        locked = read_lock(self.lock_file).get(model)
        if locked is None:
            return {}

        lines = "".join(f"{file.sha256}  {name}\n" for name, file in sorted(locked.files.items()))
        return {
            "model": model,
            "revision": locked.revision,
            "sha256": hashlib.sha256(lines.encode()).hexdigest(),
        }

    def stored(self) -> list[Stored]:
        """Every model that was fetched. Blocks."""
        locked = read_lock(self.lock_file)
        return [
            Stored(model, entry, licence_of(model), self.folder(model))
            for model, entry in sorted(locked.items())
        ]

    def verify(self, model: str, tell: Tell = lambda *_: None) -> Verdict:
        """Read a model and compare each file with the lock. Blocks for as long as the disk takes."""
        locked = read_lock(self.lock_file).get(model)
        if locked is None:
            return Verdict(model, False, ("it was not fetched by this store",))
        faults = tuple(self._faults(self.folder(model), locked, deep=True, tell=tell))
        return Verdict(model, not faults, faults)

    def _faults(
        self, folder: Path, locked: Locked, *, deep: bool, tell: Tell = lambda *_: None
    ) -> Iterator[str]:
        done = 0
        for name, file in sorted(locked.files.items()):
            path = folder / name
            tell(name, done, locked.bytes)
            try:
                size = path.stat().st_size
                if size != file.bytes:
                    yield f"{name} has {size} bytes, and {file.bytes} were fetched"
                elif deep and sha256_of(path) != file.sha256:
                    yield f"{name} is not what was fetched: its SHA-256 is another"
            except OSError as error:
                yield f"{name} cannot be read ({error.strerror})"
            done += file.bytes
        known = set(locked.files)
        for path in files_of(folder) if folder.is_dir() else ():
            name = path.relative_to(folder).as_posix()
            if name not in known:
                yield f"{name} was not fetched and lies there all the same"

    def pull(self, model: str, *, revision: str | None = None, tell: Tell = lambda *_: None) -> Stored:
        """Fetch a model from the hub, or what is missing of it, and lock it. Blocks.

        What was cut off is gone on with.

        Args:
            model: its id.
            revision: branch, tag or commit; by default what is locked, or else what is newest.
            tell: hears of progress.

        Raises:
            ComponentError: the hub's client is not installed.
            ConfigError: there is no such model or revision, it is not ours to read, or it holds nothing safe.
            TransientError: the hub cannot be reached.
            ResourceError: the disk is too small.
        """
        folder = self.folder(model)
        lock = read_lock(self.lock_file)
        wanted = revision or (lock[model].revision if model in lock else None)
        allowed = model in self.unsafe
        patterns = [*WANTED, *(f"*{suffix}" for suffix in PICKLES if allowed)]
        with _hub_errors(model):
            commit, files = self._listed(model, wanted, patterns)
            if not any(name.endswith((".safetensors", *PICKLES)) for name in files):
                raise ConfigError(
                    f"{model} has no weights that are only numbers",
                    place=_PLACE,
                    remedy=UNSAFE,
                )
            self._expect_room(model, sum(files.values()), folder)
            done, total = 0, sum(files.values())
            for name, size in sorted(files.items()):
                tell(name, done, total)
                self._fetch(model, commit, name, folder)
                done += size
            tell("", total, total)
        for path in files_of(folder):  # left by an earlier revision
            if path.relative_to(folder).as_posix() not in files:
                path.unlink()
        hashes = {
            name: LockedFile((folder / name).stat().st_size, sha256_of(folder / name)) for name in files
        }
        known = lock.get(model)
        if known is not None and known.revision == commit and (changed := _changed(known.files, hashes)):
            raise ConfigError(
                f"{changed} of {model} is not what it was, though the revision is the same",
                place=_PLACE,
                remedy="do not use it before you know why; to take it all the same delete its entry in "
                f"{self.lock_file.name}",
            )
        stamp = datetime.fromtimestamp(self.clock.time(), UTC).isoformat(timespec="seconds")
        lock[model] = Locked(commit, stamp, hashes)
        write_lock(self.lock_file, lock)
        return Stored(model, lock[model], licence_of(model), folder)

    def remove(self, model: str) -> bool:
        """Delete a model and its entry; False if there was none. Blocks."""
        lock = read_lock(self.lock_file)
        if lock.pop(model, None) is None:
            return False
        write_lock(self.lock_file, lock)
        shutil.rmtree(self.folder(model), ignore_errors=True)
        return True

    def _listed(self, model: str, revision: str | None, patterns: list[str]) -> tuple[str, dict[str, int]]:
        """Commit and wanted files with their sizes."""
        hub = _hub()
        api = hub.HfApi(endpoint=self.endpoint, token=self.token)
        info = api.model_info(model, revision=revision, files_metadata=True)
        sizes = {each.rfilename: int(each.size or 0) for each in info.siblings or ()}
        names = list(hub.utils.filter_repo_objects(sizes, allow_patterns=patterns))
        if strange := next((name for name in names if not _stays_inside(name)), None):
            raise ConfigError(
                f"{model} names a file outside its folder: {strange!r}", place=_PLACE, remedy="do not use it"
            )
        return str(info.sha), {name: sizes[name] for name in names}

    def _fetch(self, model: str, commit: str, name: str, folder: Path) -> None:
        hub = _hub()
        hub.hf_hub_download(
            model,
            name,
            revision=commit,
            local_dir=folder,
            token=self.token,
            endpoint=self.endpoint,
        )

    def _expect_room(self, model: str, size: int, folder: Path) -> None:
        self.root.mkdir(parents=True, exist_ok=True)
        there = sum(path.stat().st_size for path in files_of(folder)) if folder.is_dir() else 0
        free = shutil.disk_usage(self.root).free
        if free < _ROOM * (size - there):
            raise ResourceError(
                f"{model} takes {size / 1e9:.1f} GB and {free / 1e9:.1f} GB are free",
                place=_PLACE,
                remedy="make room, or point WEBTV_MODELS to a larger disk",
            )


def _stays_inside(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return bool(parts) and not name.startswith("/") and ".." not in parts and "\\" not in name


def _changed(before: Mapping[str, LockedFile], after: Mapping[str, LockedFile]) -> str | None:
    return next((name for name in sorted(before) if name in after and before[name] != after[name]), None)


def _hub() -> Any:
    try:
        import huggingface_hub
    except ImportError as error:
        raise ComponentError(
            "the model hub's client is not installed", place=_PLACE, remedy=_INSTALL
        ) from error
    return huggingface_hub


@contextlib.contextmanager
def _hub_errors(model: str) -> Iterator[None]:
    """The hub's errors as ours."""
    _hub()
    import httpx2
    from huggingface_hub import errors

    try:
        yield
    except WebTVError:
        raise
    except errors.GatedRepoError as error:
        raise ConfigError(
            f"{model} is given to those who agreed to its terms",
            place=_PLACE,
            remedy="agree to them on its page, then set WEBTV_MODELS_TOKEN",
        ) from error
    except errors.RevisionNotFoundError as error:
        raise ConfigError(
            f"{model} has no such revision", place=_PLACE, remedy="name another with --revision"
        ) from error
    except errors.RepositoryNotFoundError as error:
        raise ConfigError(
            f"there is no model {model}", place=_PLACE, remedy="correct the id, or set WEBTV_MODELS_TOKEN"
        ) from error
    except (
        errors.HfHubHTTPError,
        httpx2.HTTPError,
        errors.LocalEntryNotFoundError,
        ConnectionError,
        TimeoutError,
    ) as error:
        raise TransientError(
            f"{model} could not be fetched ({type(error).__name__})",
            place=_PLACE,
            remedy="check the network and try again; what came is kept",
        ) from error
