"""Hanging: works are made, in as many processes as there are cores, in a folder that is the gallery's own."""

import json
import multiprocessing
import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from pathlib import Path

from webtv.core.errors import ConfigError, ConflictError, WebTVError
from webtv.core.files import write_atomically
from webtv.core.process import usable_cores
from webtv.gallery.work import Exhibit, Made, Room

CATALOGUE = "gallery.json"
_SIGN = "webtv gallery"

Tell = Callable[[str], None]


def exhibits_of(rooms: Sequence[Room]) -> list[Exhibit]:
    """All exhibits of some rooms, in order."""
    return [exhibit for room in rooms for wall in room.walls for exhibit in wall.exhibits]


def hang(exhibits: Sequence[Exhibit], folder: Path, tell: Tell, cores: int = 0) -> dict[str, Made]:
    """Make all works; one that is refused is told of and hangs as a note with the reason.

    Args:
        exhibits: what to make.
        folder: where their files go.
        tell: hears of progress, a line at a time.
        cores: processes; 0 takes what this process may use.

    Returns:
        What came of each, by the exhibit's name, in the order of the exhibits.

    Raises:
        OSError: the disk says so.
    """
    made: dict[str, Made] = {}
    context = multiprocessing.get_context("spawn")
    workers = min(cores or usable_cores(), max(1, len(exhibits)))
    with _one_thread_each(), ProcessPoolExecutor(workers, context, initializer=_open_shop) as pool:
        dearest = sorted(exhibits, key=lambda exhibit: -exhibit.work.cost)
        waiting: dict[Future[Made], Exhibit] = {
            pool.submit(carry_out, exhibit.work.make, folder): exhibit for exhibit in dearest
        }
        try:
            for number, future in enumerate(as_completed(waiting), 1):
                exhibit = waiting[future]
                made[exhibit.name] = future.result()
                refused = made[exhibit.name].refused
                tell(f"{number}/{len(exhibits)}  {exhibit.name}" + (f": {refused}" if refused else ""))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return {exhibit.name: made[exhibit.name] for exhibit in exhibits}


def carry_out(make: Callable[[Path], Made], folder: Path) -> Made:
    """Do one work; a refusal of ours is a result."""
    try:
        return make(folder)
    except WebTVError as error:
        return Made((), refused=str(error))


def take_over(folder: Path) -> None:
    """Make a folder ready: a new one, an empty one, or an earlier gallery, whose files are removed.

    Raises:
        ConflictError: it holds something else.
        ConfigError: it cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            _clear(folder)
        write_catalogue(folder, ())
    except (FileExistsError, NotADirectoryError) as error:
        raise ConflictError("this is no folder", place=str(folder), remedy="name another") from error
    except OSError as error:
        raise ConfigError(
            f"this folder cannot be written ({error.strerror})",
            place=str(folder),
            remedy="name another, or change its mode",
        ) from error


def _clear(folder: Path) -> None:
    for name in _earlier(folder):
        path = folder / name
        if path.resolve().is_relative_to(folder.resolve()):
            path.unlink(missing_ok=True)
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_dir() and not any(path.iterdir()):
            path.rmdir()


def _earlier(folder: Path) -> list[str]:
    try:
        catalogue = json.loads((folder / CATALOGUE).read_bytes())
        if catalogue["sign"] == _SIGN:
            return [str(name) for name in catalogue["files"] if "\0" not in str(name)]
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        pass
    raise ConflictError(
        "this folder holds something else than a gallery",
        place=str(folder),
        remedy="name a new folder, an empty one, or an earlier gallery",
    )


def write_catalogue(folder: Path, files: Sequence[str], about: Mapping[str, object] | None = None) -> None:
    """Write down whose folder this is and which files are the gallery's.

    Raises:
        OSError: the disk says so.
    """
    catalogue = {"sign": _SIGN, **(about or {}), "files": sorted(files)}
    data = json.dumps(catalogue, ensure_ascii=False, indent=1).encode()
    write_atomically(folder / CATALOGUE, data, durable=False)


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """Workers inherit what the station gives to its own: one thread for each numerical library."""
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")
    before = {name: os.environ.get(name) for name in names}
    os.environ.update(dict.fromkeys(names, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _open_shop() -> None:
    import cv2

    cv2.setNumThreads(1)
    threading.Thread(target=_leave_with_parent, daemon=True).start()


def _leave_with_parent() -> None:
    """A pool's workers wait for work for ever when the process that has it is killed."""
    if (parent := multiprocessing.parent_process()) is not None:
        parent.join()
        os._exit(1)
