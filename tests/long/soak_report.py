"""What a soak found, against what docs/service-level.md promises; as JSON and as a page to read."""

import os
import re
import statistics
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from webtv.core.format import AAC_FRAME, SAMPLE_RATE

MB = 1 << 20
_ROLES = ("serve", "web", "studio", "air", "probe")
_SETTLED = 1800.0  # seconds after which memory should not grow any more
_AUDIO_FRAME_MS = AAC_FRAME / SAMPLE_RATE * 1000
_VIDEO_FRAME_MS = 1000 / 24
_DRIFT_HOURS = {"flv": 1.0, "rtmp": 1.0, "hls": 6.0}  # what it takes to tell a frame a day from noise
_SLOPE_HOURS = 2.0


@dataclass(frozen=True, slots=True)
class Process:
    """A process of the station at one moment: role, memory as PSS, CPU seconds, open files, threads."""

    pid: int
    role: str
    pss: int
    cpu: float
    files: int
    threads: int


def look_at(pid: int) -> Process | None:
    """Read ``/proc``; None if the process is gone."""
    folder = Path(f"/proc/{pid}")
    try:
        words = (folder / "cmdline").read_text().split("\0")
        fields = (folder / "stat").read_text().rpartition(")")[2].split()
        match = re.search(r"^Pss:\s+(\d+) kB", (folder / "smaps_rollup").read_text(), re.MULTILINE)
        files = len(list((folder / "fd").iterdir()))
    except (OSError, ValueError):
        return None
    if match is None or fields[0] == "Z":
        return None
    ticks = int(fields[11]) + int(fields[12])
    return Process(
        pid, role_of(words), int(match[1]) * 1024, ticks / os.sysconf("SC_CLK_TCK"), files, int(fields[17])
    )


def role_of(words: Sequence[str]) -> str:
    """What a process does, told from its command line."""
    if any(word.startswith("webtv.air.pusher") for word in words):
        return "output"
    return next((word for word in words if word in _ROLES), "other")


@dataclass
class Sampling:
    """Processes over time.

    Attributes:
        at: seconds of each sample since the first.
        rows: what was seen at each.
    """

    at: list[float] = field(default_factory=list)
    rows: list[list[Process]] = field(default_factory=list)

    def add(self, at: float, processes: Iterable[Process]) -> None:
        """Take one sample."""
        self.at.append(at)
        self.rows.append(list(processes))

    def roles(self) -> dict[str, dict[str, Any]]:
        """Figures by role: memory of all its processes together, CPU as a share of a core."""
        return {role: self._role(role) for role in sorted({p.role for row in self.rows for p in row})}

    def _role(self, role: str) -> dict[str, Any]:
        mine = [[p for p in row if p.role == role] for row in self.rows]
        pss = [sum(p.pss for p in row) / MB for row in mine]
        spans: defaultdict[int, list[float]] = defaultdict(list)
        for row in mine:
            for process in row:
                spans[process.pid].append(process.cpu)
        used = sum(max(cpu) - min(cpu) for cpu in spans.values())
        elapsed = self.at[-1] - self.at[0]
        settled = [(at / 3600, size) for at, size in zip(self.at, pss, strict=True) if at >= _SETTLED]
        return {
            "processes": max(map(len, mine)),
            "started": len(spans),
            "pss_mb_first": round(pss[0], 1),
            "pss_mb_last": round(pss[-1], 1),
            "pss_mb_most": round(max(pss), 1),
            "pss_mb_per_hour": _slope(settled),
            "cpu_share": round(used / elapsed, 4) if elapsed else None,
            "files_first": sum(p.files for p in mine[0]),
            "files_last": sum(p.files for p in mine[-1]),
            "threads_first": sum(p.threads for p in mine[0]),
            "threads_last": sum(p.threads for p in mine[-1]),
        }


def _slope(points: Sequence[tuple[float, float]]) -> float | None:
    """Least squares, or None for fewer than ten points."""
    if len(points) < 10:
        return None
    x, y = zip(*points, strict=True)
    return round(statistics.linear_regression(x, y).slope, 3)


@dataclass(frozen=True, slots=True)
class Verdict:
    """A promise, what was measured, and whether it was kept; None: too short to judge."""

    promise: str
    measured: str
    kept: bool | None


def judge(found: Mapping[str, Any]) -> list[Verdict]:
    """Hold what was found to the promises of docs/service-level.md.

    Args:
        found: as the soak writes it to ``report.json``, without ``verdicts``.
    """
    hours = float(found["hours"])
    reports: dict[str, Mapping[str, Any]] = {
        f"{slug} {kind}": report
        for slug, channel in found["channels"].items()
        for kind, report in channel["outputs"].items()
    }

    def most(key: str, among: Mapping[str, Mapping[str, Any]] = reports) -> tuple[float, str]:
        values = [(abs(report[key] or 0), name) for name, report in among.items()]
        return max(values, default=(0, "-"))

    def none(promise: str, *keys: str) -> Verdict:
        value, name = max(most(key) for key in keys)
        return Verdict(promise, f"{value:g} at most ({name})" if value else "none", not value)

    def under(promise: str, key: str, limit: float, unit: str) -> Verdict:
        value, name = most(key)
        return Verdict(promise, f"{value:.1f} {unit} at most ({name})", value < limit)

    late = found["head_end"]["late_ms_most"]
    lost = found["head_end"]["lost_seconds"]
    silent = max(
        (
            (report["silent_seconds"] or 0.0)
            - channel["aired"].get("slate", 0.0)
            - channel["aired"].get("ident", 0.0)
            for channel in found["channels"].values()
            for report in channel["outputs"].values()
        ),
        default=0.0,
    )
    drifts = {
        name: report
        for name, report in reports.items()
        if report["drift_ms_per_day"] is not None and hours >= _DRIFT_HOURS[report["output"]]
    }
    drift, drift_name = most("drift_ms_per_day", drifts)
    air = found["processes"].get("air", {})
    growth = air.get("pss_mb_per_hour")
    judged = growth is not None and hours >= _SLOPE_HOURS
    down = [name for name, report in reports.items() if not report["up"]]
    failures = {name: report["errors"] for name, report in reports.items() if report["errors"]}
    return [
        Verdict("The station runs to the end", found["ended"] or "it did", not found["ended"]),
        Verdict("Every output of every channel is up", ", ".join(down) or "all", not down and bool(reports)),
        Verdict("The head-end is at most 100 ms late", f"{late:.1f} ms", late < 100),
        Verdict("No time is lost on air", f"{lost:g} s", lost == 0),
        under("Media is at most one second late for a viewer", "longest_gap_ms", 1000, "ms"),
        none("No timestamp goes back, none leaves a hole", "regressions", "jumps"),
        none("No discontinuity, no step of the media sequence or the dates", *_HLS_STEPS),
        under("Sound and picture end within one audio frame", "worst_skew_ms", _AUDIO_FRAME_MS + 1, "ms"),
        Verdict(
            "The schedule drifts by less than a picture a day",
            f"{drift:.1f} ms a day at most ({drift_name})" if drifts else "too short to tell",
            drift < _VIDEO_FRAME_MS if drifts else None,
        ),
        under("No black picture", "black_seconds", 0.1, "s"),
        under("No frozen picture", "frozen_seconds", 0.1, "s"),
        Verdict("No silence but that of slates and idents", f"{max(0.0, silent):.1f} s more", silent <= 5),
        none("Every packet can be decoded", "undecodable"),
        Verdict("No viewer is cut off", ", ".join(map(str, failures.items())) or "none was", not failures),
        Verdict(
            "The head-end's memory is flat",
            "too short to tell" if growth is None else f"{growth:+.2f} MB an hour",
            growth < 2 if judged else None,
        ),
    ]


_HLS_STEPS = ("discontinuities", "sequence_regressions", "date_jumps")
_COLUMNS = (
    ("media s", "media_seconds"),
    ("longest gap ms", "longest_gap_ms"),
    ("gaps", "gaps"),
    ("regressions", "regressions"),
    ("holes", "jumps"),
    ("skew ms", "worst_skew_ms"),
    ("lag ms", "lag_ms"),
    ("drift ms/day", "drift_ms_per_day"),
    ("black s", "black_seconds"),
    ("frozen s", "frozen_seconds"),
    ("silent s", "silent_seconds"),
    ("reconnects", "reconnects"),
)
_PROCESS = (
    ("processes", "processes"),
    ("started", "started"),
    ("CPU of a core", "cpu_share"),
    ("PSS MB first", "pss_mb_first"),
    ("last", "pss_mb_last"),
    ("most", "pss_mb_most"),
    ("MB an hour", "pss_mb_per_hour"),
    ("files first", "files_first"),
    ("last", "files_last"),
    ("threads first", "threads_first"),
    ("last", "threads_last"),
)


def page(found: Mapping[str, Any]) -> str:
    """The report as Markdown."""
    head = [
        "# Soak",
        "",
        f"{found['hours']:.2f} hours from {found['begun']}; {found['machine']}.",
        f"Load meanwhile: {found['load']:.1f} processes on average.",
        "",
    ]
    signs = {True: "kept", False: "**BROKEN**", None: "not judged"}
    verdicts = _table(
        ("promise", "measured", ""),
        [(v["promise"], v["measured"], signs[v["kept"]]) for v in found["verdicts"]],
    )
    outputs = _table(
        ("channel and output", *(name for name, _ in _COLUMNS)),
        [
            (f"{slug} {kind}", *(_told(report[key]) for _, key in _COLUMNS))
            for slug, channel in found["channels"].items()
            for kind, report in channel["outputs"].items()
        ],
    )
    kinds = sorted({kind for channel in found["channels"].values() for kind in channel["aired"]})
    aired = _table(
        ("share of what aired", *kinds),
        [
            (slug, *(f"{_share(channel['aired'], kind):.1%}" for kind in kinds))
            for slug, channel in found["channels"].items()
        ],
    )
    processes = _table(
        ("process", *(name for name, _ in _PROCESS)),
        [(role, *(_told(row[key]) for _, key in _PROCESS)) for role, row in found["processes"].items()],
    )
    disk = _table(
        ("folder", "MB first", "MB last"), [(k, *map(_told, v)) for k, v in found["disk_mb"].items()]
    )
    notes = [
        f"- {slug} {kind}: {note}"
        for slug, channel in found["channels"].items()
        for kind, report in channel["outputs"].items()
        for note in report["notes"][-5:]
    ]
    parts = [*head, *verdicts, "", *outputs, "", *aired, "", *processes, "", *disk, ""]
    return "\n".join(
        [*parts, *(["What was irregular, the latest of each:", "", *notes, ""] if notes else [])]
    )


def _share(aired: Mapping[str, float], kind: str) -> float:
    total = sum(aired.values())
    return aired.get(kind, 0.0) / total if total else 0.0


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    lines = [head, ["---"] * len(head), *rows]
    return ["| " + " | ".join(line) + " |" for line in lines]


def _told(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:.3g}" if isinstance(value, float) and abs(value) < 100 else f"{value:.0f}"
