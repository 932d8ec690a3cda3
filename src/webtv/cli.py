"""The only place where people type: every ``webtv`` command. Heavy imports happen inside the commands."""

import asyncio
import json
import sys
from collections.abc import Coroutine
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from webtv.core.errors import InputError, WebTVError
from webtv.core.settings import Settings, load_settings
from webtv.playlist.edits import Action, Edit
from webtv.themes.channel import Rating

if TYPE_CHECKING:
    from rich.console import Console

app = typer.Typer(
    name="webtv",
    help="A 24/7 television station whose programmes are made by machines from themes written by people.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

models_app = typer.Typer(help="Models: which there are, fetching and verifying them.", no_args_is_help=True)
app.add_typer(models_app, name="models")

Data = Annotated[Path | None, typer.Option(help="Folder that holds all that a running station writes.")]
Channels = Annotated[Path | None, typer.Option(help="Folder with the channel files.")]
Host = Annotated[str | None, typer.Option(help="Address the web pages listen on.")]
Port = Annotated[int | None, typer.Option(help="Port of the web pages; 0 takes a free one.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")]
Leash = Annotated[bool, typer.Option(hidden=True, help="End when standard input ends.")]


class Bench(StrEnum):
    """What `webtv bench` can measure."""

    AIR = "air"
    STUDIO = "studio"
    INTERPOLATE = "interpolate"
    WEB = "web"
    START = "start"
    VIEWER = "viewer"


def main() -> None:
    """Run a command; errors of ours are one line with the place and the remedy."""
    try:
        app()
    except WebTVError as error:
        sys.stderr.write(f"webtv: {error}\n")
        sys.exit(1)


def _settings(**overrides: object) -> Settings:
    settings = load_settings(**overrides)
    return settings.model_copy(
        update={"data": settings.data.resolve(), "channels": settings.channels.resolve()}
    )


def _run(work: Coroutine[Any, Any, Any]) -> Any:
    try:
        return asyncio.run(work)
    except KeyboardInterrupt:
        raise typer.Exit(130) from None
    except BaseExceptionGroup as group:
        ours, other = group.split(WebTVError)
        if other is not None or ours is None:
            raise
        raise _first(ours) from None


def _first(group: BaseExceptionGroup[Any]) -> BaseException:
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


@app.command()
def serve(
    data: Data = None,
    channels: Channels = None,
    host: Host = None,
    port: Port = None,
    takeover: Annotated[
        bool, typer.Option("--takeover", help="Take the place of the control plane that runs already.")
    ] = False,
) -> None:
    """Run the whole station; stop it with Ctrl-C or `webtv stop`."""
    from webtv.processes import serve_station

    _run(serve_station(_settings(data=data, channels=channels, host=host, port=port), takeover=takeover))


@app.command()
def air(data: Data = None) -> None:
    """Run the head-end alone: air what playlists say, without anything else of the station."""
    from webtv.processes import serve_air

    _run(serve_air(_settings(data=data)))


@app.command()
def studio(
    data: Data = None,
    models: Annotated[
        bool,
        typer.Option("--models", help="Do those that wait for a device or other machines, several at once."),
    ] = False,
    leash: Leash = False,
) -> None:
    """Run one studio worker alone: do the jobs that the station's ledger holds."""
    from webtv.processes import serve_models, serve_studio

    serve = serve_models if models else serve_studio
    _run(serve(_settings(data=data), leash=leash))


@app.command()
def web(data: Data = None, host: Host = None, port: Port = None, leash: Leash = False) -> None:
    """Run the web pages alone."""
    from webtv.processes import serve_web

    _run(serve_web(_settings(data=data, host=host, port=port), leash=leash))


@app.command()
def probe(
    address: Annotated[
        str | None,
        typer.Argument(help="A station, or one of its outputs; by default the one of these settings."),
    ] = None,
    channel: Annotated[
        list[str] | None, typer.Option("--channel", help="Slug of a channel to watch; all by default.")
    ] = None,
    seconds: Annotated[float, typer.Option(min=1, help="How long to watch.")] = 30.0,
    data: Data = None,
    leash: Leash = False,
    as_json: AsJson = False,
) -> None:
    """Watch a running station as a viewer does, and tell what came: gaps, timestamps, skew, black, silence.

    Exit status 1 if no media came on one of the outputs.
    """
    from webtv.core.clock import SystemClock
    from webtv.core.log import configure_log
    from webtv.probe.table import show
    from webtv.probe.visit import visit
    from webtv.processes import serve_probe, web_address

    settings = _settings(data=data)
    if leash:
        _run(serve_probe(settings, leash=True))
        return
    configure_log("warning")
    address = address or web_address(settings)
    found = _run(visit(address, channel or (), seconds, SystemClock()))
    if as_json:
        typer.echo(json.dumps(found))
    else:
        show(found, _console())
    reports = [r for item in found["channels"].values() for r in item["outputs"].values()]
    if not reports or not all(report["up"] for report in reports):
        raise typer.Exit(1)


@app.command()
def stop(data: Data = None) -> None:
    """Stop the station of a data folder, whatever of it runs."""
    from webtv.commands import stop_station

    said = _run(stop_station(_settings(data=data)))
    typer.echo(said)


@app.command()
def rundown(
    channel: Annotated[str, typer.Argument(help="Slug of a channel.")],
    action: Annotated[
        Action | None, typer.Argument(help="What to do; without it, what airs and waits is shown.")
    ] = None,
    sequence: Annotated[
        str, typer.Argument(metavar="SEQ", help="The sequence: its id, or the number of its first entry.")
    ] = "",
    before: Annotated[
        str, typer.Option("--before", metavar="SEQ", help="Where `move` puts it: before this one.")
    ] = "",
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Show what a channel airs and what waits, or edit it: skip, drop SEQ, next SEQ, move SEQ --before SEQ.

    Sequences stay whole, and what is on air or locked stays as it is.
    """
    from webtv.editing import edit_rundown, look

    settings = _settings(data=data)
    done = None
    if action:
        done, order = _run(edit_rundown(settings, channel, Edit(action, sequence, before)))
    elif sequence or before:
        raise InputError(
            "this says nothing of what to do", place="rundown", remedy="see webtv rundown --help"
        )
    else:
        order = _run(look(settings, channel))
    if as_json:
        edited = {"edited": {"message": done.message, "sequence": done.seq}} if done else {}
        typer.echo(json.dumps({**order.to_json(), **edited}, ensure_ascii=False))
        return
    if done:
        typer.secho(done.message, bold=True)
    order.show(_console())


@app.command()
def check(
    files: Annotated[list[Path] | None, typer.Argument(help="Channel files; all of them by default.")] = None,
    channels: Channels = None,
) -> None:
    """Check channel files: file:line:column, what is wrong, what to write. Exit status 1 on errors."""
    from webtv.themes.loader import load_channel, load_folder
    from webtv.wiring import known_names

    settings = _settings(channels=channels)
    known = known_names(settings)
    loaded = [load_channel(path, known) for path in files] if files else load_folder(settings.channels, known)
    problems = [problem for item in loaded for problem in item.problems]
    for problem in problems:
        typer.echo(str(problem))
    if not loaded:
        typer.echo(f"{settings.channels}: there is no channel here: write one as docs/channels.md shows")
    if problems or not loaded:
        raise typer.Exit(1)
    typer.echo(f"{len(loaded)} channels, all good: {', '.join(item.slug for item in loaded)}", err=True)


@app.command()
def prompts(
    channel: Annotated[str, typer.Argument(help="Slug of a channel.")],
    number: Annotated[int, typer.Option("-n", min=1, max=10_000, help="Prompts to write.")] = 8,
    channels: Channels = None,
    as_json: AsJson = False,
) -> None:
    """Dry run of the writer: show the prompts that a channel would get."""
    from webtv.commands import write_prompts

    sequences = _run(write_prompts(_settings(channels=channels), channel, number))
    if as_json:
        typer.echo(json.dumps({"channel": channel, "sequences": sequences}, ensure_ascii=False))
        return
    for sequence in sequences:
        typer.secho(f"{sequence['title']}  ({sequence['writer']})", bold=True)
        for shot in sequence["shots"]:
            typer.echo(f"  {shot['text']}")


@app.command()
def make(
    prompt: Annotated[str, typer.Argument(help="What to show.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="The MP4 to write.")],
    seed: Annotated[
        int | None, typer.Option(min=0, help="The same seed gives the same clip; left out, the prompt's own.")
    ] = None,
    seconds: Annotated[int, typer.Option(min=2, max=30, help="Length, an even number.")] = 4,
    format: Annotated[str, typer.Option(help="House format.")] = "720p24@1",
    rating: Annotated[Rating, typer.Option(help="What the safety filter lets pass.")] = Rating.EVERYONE,
    as_json: AsJson = False,
) -> None:
    """Make one finished clip, in this process."""
    from webtv.commands import ClipWish, make_clip

    order = ClipWish(prompt, output, seed=seed, seconds=seconds, format=format, rating=rating)
    made = _run(make_clip(_settings(), order))
    if as_json:
        typer.echo(json.dumps(made, ensure_ascii=False, default=str))
    else:
        typer.echo(f"{output}: {made['frames']} frames, made in {made['seconds_taken']:.1f} s")


@app.command()
def remake(
    clip: Annotated[str, typer.Argument(help="Id of a clip in the library.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="The MP4 to write.")],
    pay: Annotated[
        bool, typer.Option("--pay", help="Let endpoints make it again, which may cost money.")
    ] = False,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Make a clip of the library again and say whether it is the same; exit status 1 if it is not."""
    from webtv.commands import remake_clip

    made = _run(remake_clip(_settings(data=data), clip, output, pay=pay))
    typer.echo(json.dumps(made.to_json(), ensure_ascii=False) if as_json else made.told())
    if not made.same:
        raise typer.Exit(1)


@models_app.command("list")
def models_list(data: Data = None, channels: Channels = None, as_json: AsJson = False) -> None:
    """Show the models that are there, and those that adapters can be given, with their terms."""
    from webtv.models import list_models, show_models

    rows = list_models(_settings(data=data, channels=channels))
    if as_json:
        typer.echo(json.dumps({"models": rows}, ensure_ascii=False))
    else:
        show_models(rows, _console())


@models_app.command("pull")
def models_pull(
    models: Annotated[
        list[str] | None, typer.Argument(help="Ids on the hub; by default what the channels' stages need.")
    ] = None,
    revision: Annotated[
        str | None,
        typer.Option(help="Branch, tag or commit; by default as before, else the newest."),
    ] = None,
    data: Data = None,
    channels: Channels = None,
) -> None:
    """Fetch models and write down revision and hashes: nothing else is loaded under their names any more."""
    from webtv.models import pull_models

    pull_models(_settings(data=data, channels=channels), models or (), revision, _console())


@models_app.command("verify")
def models_verify(
    models: Annotated[list[str] | None, typer.Argument(help="Ids; by default all that were fetched.")] = None,
    data: Data = None,
) -> None:
    """Read models and compare each file with what was fetched; exit status 1 if one is not."""
    from webtv.models import verify_models

    if not all(verdict.ok for verdict in verify_models(_settings(data=data), models or (), _console())):
        raise typer.Exit(1)


@models_app.command("remove")
def models_remove(
    models: Annotated[list[str], typer.Argument(help="Ids of models that were fetched.")], data: Data = None
) -> None:
    """Delete models; a channel that needs one will say so."""
    from webtv.models import remove_models

    remove_models(_settings(data=data), models, _console())


@app.command()
def bench(
    what: Annotated[Bench, typer.Argument(help="What to measure.")],
    quick: Annotated[
        bool,
        typer.Option("--quick", help="Only show that it works, on a tiny workload; figures mean nothing."),
    ] = False,
    channels: Channels = None,
    as_json: AsJson = False,
) -> None:
    """Measure ratios between the station and a reference, both in one run on this machine."""
    from webtv.bench.run import run_bench

    report = run_bench(what.value, _settings(channels=channels), quick=quick)
    if as_json:
        typer.echo(json.dumps(report.to_json(), ensure_ascii=False))
    else:
        report.show(_console())


@app.command()
def gallery(
    output: Annotated[
        Path, typer.Option("-o", "--output", help="Folder of the page: new, empty, or an earlier gallery.")
    ] = Path("gallery"),
    only: Annotated[
        str | None,
        typer.Option(
            help="Rooms, with commas: scenes,subjects,styles,camera,moods,graphics; all by default."
        ),
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="A few exhibits of each kind.")] = False,
    docs: Annotated[
        Path | None, typer.Option(help="Make the small one for the documentation in this folder instead.")
    ] = None,
) -> None:
    """Show every scene, subject, style, mood and card of the embedded studio on one page."""
    from webtv.gallery.run import run_gallery

    rooms = [room.strip() for room in only.split(",") if room.strip()] if only is not None else None
    opened = run_gallery(output, rooms, quick=quick, docs=docs)
    typer.echo(str(opened))
    if opened.refused:
        raise typer.Exit(1)


@app.command()
def doctor(
    data: Data = None,
    channels: Channels = None,
    host: Host = None,
    port: Port = None,
    as_json: AsJson = False,
) -> None:
    """Say what this machine can do, what is missing and how to get it; exit status 1 if nothing can run."""
    from webtv.doctor import examine

    diagnosis = examine(_settings(data=data, channels=channels, host=host, port=port))
    if as_json:
        typer.echo(json.dumps(diagnosis.to_json(), ensure_ascii=False))
    else:
        diagnosis.show(_console())
    if not diagnosis.ok:
        raise typer.Exit(1)


def _console() -> "Console":
    """Standard output for tables; as wide as they need where it is no terminal."""
    from rich.console import Console

    return Console(highlight=False) if sys.stdout.isatty() else Console(highlight=False, width=140)


if __name__ == "__main__":
    main()
