"""Measuring: CPU time of a process tree, and what is made of several runs."""

import contextlib
import math
import os
import re
import resource
import statistics
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

RUNS = 3


class Meter:
    """Wall time and CPU time of a block, as a context manager.

    The CPU time is user and system time of this process, its threads, and the children that ended and were
    reaped within the block.

    Attributes:
        cpu: seconds of CPU time; set when the block ends.
        wall: seconds that it took; set when the block ends.
    """

    def __init__(self) -> None:
        self.cpu = 0.0
        self.wall = 0.0
        self._cpu = 0.0
        self._wall = 0.0

    def __enter__(self) -> Self:
        self._wall = time.monotonic()
        self._cpu = _own_and_reaped()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.cpu = _own_and_reaped() - self._cpu
        self.wall = time.monotonic() - self._wall


def _own_and_reaped() -> float:
    used = (resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


def cpu_of(pid: int, *, children: bool = True) -> float:
    """CPU seconds that a living process has used (Linux); 0 if it is gone.

    Args:
        pid: its id.
        children: whether those of its reaped children count, too.
    """
    try:
        # The name of the program, in parentheses, may hold blanks.
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(map(int, fields[11 : 15 if children else 13])) / os.sysconf("SC_CLK_TCK")


def descendants(pid: int) -> list[int]:
    """Ids of the living children of a process, and theirs (Linux)."""
    found: list[int] = []
    with contextlib.suppress(OSError):  # it ends meanwhile
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in map(int, (task / "children").read_text().split()):
                found += [child, *descendants(child)]
    return found


def pss_of(pid: int) -> float:
    """Memory of a living process in megabytes, shared pages by their share (Linux, PSS); 0 if it is gone."""
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0.0
    match = re.search(r"^Pss:\s+(\d+) kB", text, re.MULTILINE)
    return int(match[1]) * 1024 / 1e6 if match else 0.0


def median(values: Iterable[float]) -> float:
    """The middle of the runs."""
    return statistics.median(values)


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that ``share`` of all values do not exceed.

    Args:
        values: at least one.
        share: 0 to 1.
    """
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def figure(value: float, digits: int = 3) -> float:
    """A measured value with as many digits as it deserves."""
    return 0.0 if value == 0 else round(value, max(0, digits - 1 - math.floor(math.log10(abs(value)))))
