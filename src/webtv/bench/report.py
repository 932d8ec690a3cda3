"""What a benchmark hands over: figures by name for programs, tables for people."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from rich.console import Console
from rich.table import Table

from webtv.bench.machine import Machine

QUICK = "A quick run shows that everything works; its figures mean nothing."


@dataclass(frozen=True, slots=True)
class Rows:
    """One table.

    Attributes:
        title: what it tells.
        columns: headings; the first column is text, the others numbers.
        rows: cells, ready to be shown.
        note: how it was measured, in a sentence or two.
    """

    title: str
    columns: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """The outcome of one benchmark.

    Attributes:
        bench: its name.
        machine: where it was measured.
        quick: whether the workload was too small for the figures to mean anything.
        figures: by name, JSON-compatible.
        tables: the same for people.
    """

    bench: str
    machine: Machine
    quick: bool
    figures: Mapping[str, Any]
    tables: tuple[Rows, ...]

    def to_json(self) -> dict[str, Any]:
        """One flat object: the figures, and where they come from."""
        about = {"bench": self.bench, "quick": self.quick, "machine": asdict(self.machine)}
        return {**about, **self.figures}

    def show(self, console: Console) -> None:
        """Print it as tables."""
        for rows in self.tables:
            table = Table(
                title=rows.title,
                title_justify="left",
                caption=rows.note or None,
                caption_justify="left",
                header_style="bold",
            )
            for number, column in enumerate(rows.columns):
                table.add_column(column, justify="right" if number else "left", no_wrap=not number)
            for row in rows.rows:
                table.add_row(*row)
            console.print(table)
        console.print(str(self.machine), style="dim")
        if self.quick:
            console.print(QUICK, style="yellow")
