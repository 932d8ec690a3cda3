"""What a probe found, as a table for people."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

_ROWS = (
    ("media", "media_seconds", "s"),
    ("longest gap", "longest_gap_ms", "ms"),
    ("gaps over 250 ms", "gaps", ""),
    ("timestamps going back", "regressions", ""),
    ("timestamps with holes", "jumps", ""),
    ("worst A/V skew", "worst_skew_ms", "ms"),
    ("behind its schedule", "lag_ms", "ms"),
    ("drift", "drift_ms_per_day", "ms a day"),
    ("black", "black_seconds", "s"),
    ("frozen", "frozen_seconds", "s"),
    ("silent", "silent_seconds", "s"),
    ("reconnects", "reconnects", ""),
    ("discontinuities", "discontinuities", ""),
    ("undecodable", "undecodable", ""),
)


def show(found: Mapping[str, Any], console: Console) -> None:
    """Print one column per channel and output.

    Args:
        found: as :meth:`webtv.probe.watch.Watch.to_json` makes it.
        console: where to.
    """
    table = Table(show_edge=False)
    table.add_column("")
    columns: list[Mapping[str, Any]] = []
    for slug, item in found["channels"].items():
        for kind, report in item["outputs"].items():
            table.add_column(f"{slug} {kind}".strip(), justify="right")
            columns.append(report)
    table.add_row("up", *("yes" if report["up"] else "NO" for report in columns))
    for name, key, unit in _ROWS:
        table.add_row(name, *(_told(report[key], unit) for report in columns))
    table.add_row("failures", *(_errors(report["errors"]) for report in columns))
    console.print(table)


def _told(value: float | None, unit: str) -> str:
    if value is None:
        return "-"
    number = f"{value:.1f}" if isinstance(value, float) else str(value)
    return f"{number} {unit}".strip()


def _errors(errors: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {kind}" for kind, count in errors.items()) or "none"
