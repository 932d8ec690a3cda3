"""``webtv models``: which models there are, fetching them, and whether they are what was fetched."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from webtv import wiring
from webtv.core.errors import InputError, WebTVError
from webtv.core.settings import Settings
from webtv.studio.weights.register import PUBLISHED, licence_of
from webtv.studio.weights.store import Stored, Tell, Verdict, WeightStore


def list_models(settings: Settings) -> list[dict[str, Any]]:
    """Models that were fetched, then others that adapters can be given, as JSON-compatible rows."""
    store = wiring.weight_store(settings)
    stored = {each.model: each for each in store.stored()}
    wanted = wiring.wanted_models(settings)
    rows = [_row(model, stored.get(model), wanted.get(model, ())) for model in sorted({*stored, *wanted})]
    rest = sorted(PUBLISHED.keys() - stored.keys() - wanted.keys())
    return rows + [_row(model, None, ()) for model in rest]


def _row(model: str, stored: Stored | None, adapters: Sequence[str]) -> dict[str, Any]:
    licence, published = licence_of(model), PUBLISHED.get(model)
    return {
        "model": model,
        "adapters": list(adapters),
        "what": published.what if published else "",
        "licence": str(licence),
        "commercial": licence.commercial.value,
        "gb": round(stored.locked.bytes / 1e9, 2) if stored else (published.gb if published else None),
        "fetched": stored is not None,
        "revision": stored.locked.revision if stored else None,
    }


def show_models(rows: Sequence[dict[str, Any]], console: Console) -> None:
    """Print them as a table."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("", "model", "used by", "GB", "licence", "commercial use"):
        table.add_column(name, overflow="fold")
    for row in rows:
        size = "" if row["gb"] is None else f"{row['gb']:g}"
        mark = "[green]✓[/green]" if row["fetched"] else "○"
        table.add_row(mark, row["model"], ", ".join(row["adapters"]), size, row["licence"], row["commercial"])
    console.print(table)
    console.print(
        "\n✓ fetched; others come with `webtv models pull MODEL`. A folder of your own needs no fetching."
    )


def pull_models(
    settings: Settings, models: Sequence[str], revision: str | None, console: Console
) -> list[Stored]:
    """Fetch models, those of the channels' stages if none is named; one that fails keeps no other away.

    Raises:
        WebTVError: of the first that could not be fetched, when all others were tried.
    """
    store = wiring.weight_store(settings)
    names = list(models) or sorted(wiring.needed_models(settings))
    if not names:
        console.print("No channel needs a model; `webtv models list` shows which there are.")
    done: list[Stored] = []
    failed: list[WebTVError] = []
    for model in names:
        store.folder(model)  # a wrong id is told before gigabytes are fetched
    for model in names:
        try:
            with _progress(model, console) as tell:
                done.append(store.pull(model, revision=revision, tell=tell))
        except WebTVError as error:
            failed.append(error)
            if model != names[-1]:
                console.print(f"{model}: not fetched: {error.message}")
            continue
        licence = licence_of(model)
        console.print(
            f"{model}: {done[-1].locked.bytes / 1e9:.2f} GB at {done[-1].locked.revision[:12]}; {licence}"
        )
    if failed:
        raise failed[0]
    return done


def remove_models(settings: Settings, models: Sequence[str], console: Console) -> None:
    """Delete models and their entries in the lock file.

    Raises:
        InputError: one is no id, or was not fetched.
        ConflictError: one is being fetched.
    """
    store = wiring.weight_store(settings)
    for model in models:
        if not store.remove(model):
            raise InputError(
                f"{model} was not fetched", place="models", remedy="`webtv models list` shows which were"
            )
        console.print(f"{model}: deleted")


def verify_models(settings: Settings, models: Sequence[str], console: Console) -> list[Verdict]:
    """Read models, all of them if none is named, and compare each file with the lock."""
    store = wiring.weight_store(settings)
    names = list(models) or [each.model for each in store.stored()]
    return [_verified(store, model, console) for model in names]


def _verified(store: WeightStore, model: str, console: Console) -> Verdict:
    with _progress(model, console) as tell:
        verdict = store.verify(model, tell)
    console.print(f"{model}: " + ("as it was fetched" if verdict.ok else "; ".join(verdict.faults)))
    return verdict


@contextmanager
def _progress(model: str, console: Console) -> Iterator[Tell]:
    """A bar while the block lasts; nothing but lines where it is no terminal."""
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(model, total=None)

        def tell(name: str, done: int, total: int) -> None:
            bar.update(task, description=f"{model} {name}", completed=done, total=total)

        yield tell
