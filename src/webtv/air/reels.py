"""The folders of recordings: what is in them, what must leave them, and how long they are kept."""

import json
import re
import shutil
from collections.abc import Callable, Iterable
from collections.abc import Set as AbstractSet
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from webtv.air.config import RecordingConfig
from webtv.air.reel import Fragment, Reel

_NAME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ)(?:-\d{1,4})?\.mp4", re.ASCII)
_STAMP = "%Y-%m-%dT%H-%M-%SZ"
_MANY = 20  # clips from which on an index is searched for all of them at once
_GB = 1_000_000_000
_CLIP = re.compile(rb'"clip":("(?:[^"\\]|\\.)*")')
_NOTHING = {"index_at": 0, "index_bytes": 0}  # enough to delete a file


def recording_name(utc: float, number: int = 1) -> str:
    """The name of a file.

    Args:
        utc: second of its first frame.
        number: from 1; for what began in the same second after the wall clock was set back.
    """
    stem = datetime.fromtimestamp(utc, UTC).strftime(_STAMP)
    return f"{stem}-{number}.mp4" if number > 1 else f"{stem}.mp4"


def withdraw_recordings(root: Path, clips: AbstractSet[str], *, skip: Iterable[str] = ()) -> None:
    """Destroy every GOP of blocked clips in recordings of channels that have no recorder now. Blocks.

    Args:
        root: ``DATA/recordings``.
        clips: what must not be seen.
        skip: channels whose own recorders do it.

    Raises:
        OSError: a file could not be changed; the others were.
    """
    files = [path for folder in _folders(root, skip) for path in recordings(folder)]
    if trouble := withdraw_from(files, clips):
        raise trouble


def repair_recordings(folder: Path) -> None:
    """Close files of a channel that a killed process left open; a torn tail is cut off.

    Args:
        folder: ``DATA/recordings/{channel}``.
    """
    for path in recordings(folder):
        with suppress(OSError, ValueError):  # not ours, or it is tried again by the next process
            if not _is_closed(path.with_suffix(".jsonl")):
                Reel.open(path).repair()


def forget_recordings(root: Path, config: RecordingConfig, now: float) -> int:
    """Delete recordings beyond what is kept, the oldest first; never the one that is being written.

    Args:
        root: ``DATA/recordings``.
        config: what is kept.
        now: seconds since 1970 UTC.

    Returns:
        How many files were deleted.

    Raises:
        OSError: a folder cannot be read.
    """
    kept: list[Path] = []
    gone = used = 0
    for folder in _folders(root):
        files = recordings(folder)[::-1]
        # A file ends where the next one begins; of the last one only its greatest length is known.
        ends = [_start(path) for path in files[1:]] + [
            _start(path) + 120 * config.file_minutes for path in files[-1:]
        ]
        for path, end in zip(files, ends, strict=True):
            if end < now - config.hours * 3600:
                Reel(path, _NOTHING).delete()
                gone += 1
            elif path != files[-1]:
                kept.append(path)
            else:
                used += _size(path)
    kept.sort(key=_start)
    sizes = {path: _size(path) for path in kept}
    over = used + sum(sizes.values()) - config.gb * _GB if config.gb else 0.0
    for path in kept:
        if over <= 0:
            break
        Reel(path, _NOTHING).delete()
        over -= sizes[path]
        gone += 1
    return gone


def make_room(root: Path, free: float) -> int:
    """Delete the oldest recordings until the disk has so much free space, or only the newest are left.

    Args:
        root: ``DATA/recordings``.
        free: GB.

    Returns:
        How many files were deleted.

    Raises:
        OSError: a folder cannot be read.
    """
    gone = 0
    while shutil.disk_usage(root).free < free * _GB and forget_oldest(root):
        gone += 1
    return gone


def forget_oldest(root: Path) -> bool:
    """Delete the oldest recording of all channels that is not being written; False if there is none."""
    files = [path for folder in _folders(root) for path in recordings(folder)[1:]]
    if not files:
        return False
    Reel(min(files, key=_start), _NOTHING).delete()
    return True


def _hole(_reel: Reel, _fragment: Fragment) -> bytes | None:
    return None


def withdraw_from(
    files: Iterable[Path],
    clips: AbstractSet[str],
    make: Callable[[Reel, Fragment], bytes | None] = _hole,
    current: Reel | None = None,
) -> OSError | None:
    """Destroy every GOP of these clips in some files. What cannot be changed keeps no other file from it.

    Args:
        files: MP4 files of recordings.
        clips: what must not be seen.
        make: makes what stands in for a fragment, no longer than it; None leaves a hole.
        current: the file that is being written, if it is among them.

    Returns:
        The latest trouble; calling it again goes on.
    """
    trouble = None
    needles = {json.dumps(clip).encode() for clip in clips}
    for path in files if needles else ():
        try:
            notes = path.with_suffix(".jsonl").read_bytes()
            if len(needles) > _MANY:
                found = not needles.isdisjoint(_CLIP.findall(notes))
            else:
                found = any(b'"clip":' + needle in notes for needle in needles)
            if found:
                reel = current if current and current.path == path else Reel.open(path)
                reel.withdraw(clips, partial(make, reel))
        except (FileNotFoundError, ValueError):  # removed meanwhile, or not ours
            continue
        except OSError as error:
            trouble = error
    return trouble


def _is_closed(notes: Path) -> bool:
    with notes.open("rb") as file:
        file.seek(max(0, notes.stat().st_size - 32))
        return b'{"closed":' in file.read()


def _folders(root: Path, skip: Iterable[str] = ()) -> list[Path]:
    if not root.is_dir():
        return []
    left = set(skip)
    return [path for path in root.iterdir() if path.is_dir() and path.name not in left]


def recordings(folder: Path) -> list[Path]:
    """Recordings of a channel, the newest first."""
    if not folder.is_dir():
        return []
    return sorted(filter(_is_recording, folder.iterdir()), key=_key, reverse=True)


def _is_recording(path: Path) -> bool:
    if not _NAME.fullmatch(path.name):
        return False
    try:
        _start(path)
    except ValueError:  # a day that never was
        return False
    return True


def _key(path: Path) -> tuple[float, int, str]:
    return _start(path), len(path.name), path.name


def _start(path: Path) -> float:
    """UTC second of a recording's first frame, by its name."""
    match = _NAME.fullmatch(path.name)
    assert match
    return datetime.strptime(match[1], _STAMP).replace(tzinfo=UTC).timestamp()


def _size(path: Path) -> int:
    try:
        return path.stat().st_size + path.with_suffix(".jsonl").stat().st_size
    except OSError:
        return 0
