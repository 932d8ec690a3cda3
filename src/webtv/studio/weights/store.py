"""The store of weights: fetched once, pinned by revision and hash, verified, found again.

Only this module talks to the model hub, and only when somebody asks it to: :meth:`WeightStore.locate`, which
every loader calls, never does.
"""

import contextlib
import hashlib
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from webtv.core.clock import Clock
from webtv.core.errors import (
    ComponentError,
    ConfigError,
    ConflictError,
    InputError,
    ResourceError,
)
from webtv.core.files import sha256_of
from webtv.core.lock import LockHeld, held
from webtv.studio.weights.hub import Hub, hub_errors
from webtv.studio.weights.inspection import PICKLES, SAFE, UNSAFE, WANTED, expect_safe, files_of
from webtv.studio.weights.lock import Locked, LockedFile, read_lock, write_lock
from webtv.studio.weights.register import Licence, licence_of
from webtv.studio.weights.selection import INDEX, of_pipeline, parts_of, pickles_needed

_PLACE = "models"
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
        variant: which twin is fetched of weights that come in several, e.g. ``fp16``; None for the plain one.
    """

    root: Path
    clock: Clock
    unsafe: frozenset[str] = frozenset()
    token: str | None = field(default=None, repr=False)
    endpoint: str | None = None
    variant: str | None = None

    @property
    def lock_file(self) -> Path:
        """Where the lock is."""
        return self.root / "models.lock.json"

    def folder(self, model: str) -> Path:
        """What the names of a model's folders begin with.

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

    def home(self, model: str, locked: Locked) -> Path:
        """Where the files of one revision of a model lie: another revision never touches them.

        Raises:
            InputError: this is no id.
        """
        return _home(self.folder(model), locked.revision)

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
        self.folder(model)
        locked = read_lock(self.lock_file).get(model)
        if locked is None:
            raise ComponentError(
                f"{model} has not been fetched", place=_PLACE, remedy=f"run `webtv models pull {model}`"
            )
        folder = self.home(model, locked)
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
            Stored(model, entry, licence_of(model), self.home(model, entry))
            for model, entry in sorted(locked.items())
        ]

    def verify(self, model: str, tell: Tell = lambda *_: None) -> Verdict:
        """Read a model and compare each file with the lock. Blocks for as long as the disk takes."""
        locked = read_lock(self.lock_file).get(model)
        if locked is None:
            return Verdict(model, False, ("it was not fetched by this store",))
        faults = tuple(self._faults(self.home(model, locked), locked, deep=True, tell=tell))
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

        What was cut off is gone on with. Until all of it is there and judged, what was locked before stays as
        it is, and is what is loaded.

        Args:
            model: its id.
            revision: branch, tag or commit; by default what is locked, or else what is newest.
            tell: hears of progress.

        Raises:
            ComponentError: the hub's client is not installed.
            ConfigError: there is no such model or revision, it is not ours to read, or it holds nothing safe.
            ConflictError: another process is fetching it.
            TransientError: the hub cannot be reached.
            ResourceError: the disk is too small.
        """
        folder = self.folder(model)
        self.root.mkdir(parents=True, exist_ok=True)
        with self._alone(folder.with_name(f".{folder.name}.lock"), f"{model} is being fetched"):
            return self._pulled(model, folder, revision, tell)

    def _pulled(self, model: str, folder: Path, revision: str | None, tell: Tell) -> Stored:
        known = read_lock(self.lock_file).get(model)
        allowed = model in self.unsafe
        patterns = [*WANTED, *(f"*{suffix}" for suffix in PICKLES)]
        with hub_errors(model):
            wanted = revision or (known.revision if known else None)
            hub = Hub(self.token, self.endpoint)
            commit, files = hub.listed(model, wanted, patterns)
            home = _home(folder, commit)
            coming = home.with_name(f"{home.name}.coming")
            if not coming.exists() and known is not None:
                _link(_home(folder, known.revision), coming)
            if INDEX in files:
                hub.fetch(model, commit, INDEX, coming)
                parts = _parts(model, coming / INDEX)
                files = {name: files[name] for name in of_pipeline(files, parts, self.variant)}
            pickles = pickles_needed(files)
            if not any(name.endswith(SAFE) for name in files) and not pickles:
                raise ConfigError(f"{model} holds no weights", place=_PLACE, remedy="name another model")
            if pickles and not allowed:
                raise ConfigError(
                    f"{model} has weights that are no plain numbers: {pickles[0]}",
                    place=_PLACE,
                    remedy=UNSAFE,
                )
            files = {
                name: size
                for name, size in files.items()
                if name in pickles or not name.lower().endswith(PICKLES)
            }
            self._expect_room(model, sum(files.values()), coming)
            done, total = 0, sum(files.values())
            for name, size in sorted(files.items()):
                tell(name, done, total)
                hub.fetch(model, commit, name, coming)
                done += size
            tell("", total, total)
        for path in files_of(coming):  # of another revision
            if path.relative_to(coming).as_posix() not in files:
                path.unlink()
        hashes = {
            name: LockedFile((coming / name).stat().st_size, sha256_of(coming / name)) for name in files
        }
        same = known is not None and known.revision == commit
        if same and known is not None and (changed := _changed(known.files, hashes)):
            shutil.rmtree(coming)
            raise ConfigError(
                f"{changed} of {model} is not what it was, though the revision is the same",
                place=_PLACE,
                remedy="do not use it before you know why; what was fetched first is untouched. To take the "
                f"new one all the same delete the model's entry in {self.lock_file.name}",
            )
        locked = Locked(commit, self._stamp(), hashes)
        if same and next(self._faults(home, locked, deep=False), None) is None:
            shutil.rmtree(coming)  # nothing was missing, and somebody may be loading it
        else:
            shutil.rmtree(home, ignore_errors=True)
            coming.rename(home)
        self._write(model, locked)
        if known is not None and not same:
            shutil.rmtree(_home(folder, known.revision), ignore_errors=True)
        return Stored(model, locked, licence_of(model), home)

    def remove(self, model: str) -> bool:
        """Delete a model and its entry; False if there was none. Blocks.

        Raises:
            InputError: this is no id.
            ConflictError: it is being fetched.
        """
        folder = self.folder(model)
        if not self.root.is_dir():
            return False
        with self._alone(folder.with_name(f".{folder.name}.lock"), f"{model} is being fetched"):
            known = self._write(model, None)
            if known is not None:
                shutil.rmtree(_home(folder, known.revision), ignore_errors=True)
            return known is not None

    def _stamp(self) -> str:
        return datetime.fromtimestamp(self.clock.time(), UTC).isoformat(timespec="seconds")

    def _write(self, model: str, locked: Locked | None) -> Locked | None:
        """Change one entry of the lock file, or take it out; returns what it was."""
        with self._alone(self.root / ".models.lock", "the lock file is being written"):
            lock = read_lock(self.lock_file)
            before = lock.pop(model, None)
            if locked is not None:
                lock[model] = locked
            write_lock(self.lock_file, lock)
        return before

    @contextlib.contextmanager
    def _alone(self, path: Path, held_by: str) -> Iterator[None]:
        try:
            with held(path):
                yield
        except LockHeld as error:
            raise ConflictError(
                f"{held_by} by process {error.pid}", place=_PLACE, remedy="wait for it, and try again"
            ) from error

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


def _parts(model: str, index: Path) -> frozenset[str]:
    try:
        return parts_of(index.read_bytes())
    except ValueError as error:
        raise ConfigError(
            f"{index.name} of {model} cannot be read ({error})", place=_PLACE, remedy="do not use it"
        ) from error


def _home(folder: Path, revision: str) -> Path:
    return folder.with_name(f"{folder.name}@{revision[:12]}")


def _link(before: Path, coming: Path) -> None:
    """Begin a revision with the files of the one before it: what did not change need not be fetched."""
    if before.is_dir():
        shutil.copytree(before, coming, copy_function=_linked)


def _linked(source: str, target: str) -> None:
    # The client replaces files whole, and writes into what it keeps beside them.
    if ".cache" in Path(source).parts:
        shutil.copy2(source, target)
    else:
        os.link(source, target)


def _changed(before: Mapping[str, LockedFile], after: Mapping[str, LockedFile]) -> str | None:
    return next((name for name in sorted(before) if name in after and before[name] != after[name]), None)
