"""The only place where adapters are chosen: built-in ones from plain dictionaries, others by entry points.

A third party registers a factory under ``webtv.shot``, ``webtv.interpolate``, ``webtv.upscale`` or
``webtv.music``; it is called with the options of the channel's file as keyword arguments.
"""

import functools
import inspect
import json
import random
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any, cast

from webtv.core.clock import Clock, SystemClock
from webtv.core.errors import ConfigError, WebTVError
from webtv.core.events import EventSink
from webtv.core.ids import IdFactory
from webtv.core.process import usable_cores
from webtv.core.settings import Settings, load_settings
from webtv.themes.loader import KnownNames

if TYPE_CHECKING:
    from webtv.db.database import Database
    from webtv.engine.ledger import SqlLedger
    from webtv.engine.orchestrator import Orchestrator
    from webtv.engine.production import Production, Stages
    from webtv.library.catalogue import Catalogue
    from webtv.library.eviction import Eviction
    from webtv.library.journal import Journal
    from webtv.library.notes import Notes
    from webtv.library.storage import Storage
    from webtv.prompts.desk import ScriptDesk
    from webtv.prompts.safety import SafetyFilter
    from webtv.studio.ports import Composer
    from webtv.viewers.live import LiveStation

# Written as module:name and imported when used, so that `webtv --help` loads no adapter.
ADAPTERS: Mapping[str, Mapping[str, str]] = {
    "shot": {
        "procedural": "webtv.studio.procedural.shots:ProceduralShots",
        "zeroscope": "webtv.wiring:zeroscope",
    },
    "interpolate": {"dis": "webtv.studio.interpolation:DISInterpolator"},
    "upscale": {
        "detail": "webtv.studio.upscaling:DetailUpscaler",
        "lanczos": "webtv.studio.upscaling:LanczosUpscaler",
    },
    "music": {"synth": "webtv.studio.procedural.synth:SynthComposer"},
}


_REMEMBERED = 250  # sequences of each channel that a writer remembers over a restart


def adapter_names(stage: str) -> frozenset[str]:
    """Names that a channel file may give as ``use`` of a stage."""
    return frozenset(ADAPTERS[stage]) | {point.name for point in entry_points(group=f"webtv.{stage}")}


def known_names(settings: Settings) -> KnownNames:
    """Everything that a channel file may refer to."""
    return KnownNames(
        stages={stage: adapter_names(stage) for stage in ADAPTERS},
        outputs=frozenset(settings.outputs),
        judge=refusal,
    )


def refusal(stage: str, options: Mapping[str, Any]) -> WebTVError | None:
    """What the adapter says against its options; None if it takes them. No model is loaded for it."""
    try:
        build(stage, options)
    except WebTVError as error:
        return error
    except Exception as error:  # a third party's adapter may raise anything, and only its channel shall care
        return ConfigError(
            f"{options.get('use')} cannot be built: {type(error).__name__}: {error}",
            place=f"studio.{stage}",
            remedy="use another adapter, or report it to whoever made this one",
        )
    return None


def build(stage: str, options: Mapping[str, Any]) -> Any:
    """Build a stage's adapter from the options of a channel file.

    Args:
        stage: ``shot``, ``interpolate``, ``upscale`` or ``music``.
        options: ``use`` and whatever the adapter takes.

    Raises:
        ConfigError: there is no such adapter, or it does not take an option.
    """
    given = dict(options)
    name = str(given.pop("use"))
    factory = _factory(stage, name)
    place = f"studio.{stage}"
    takes = inspect.signature(factory).parameters
    judges_itself = any(item.kind is inspect.Parameter.VAR_KEYWORD for item in takes.values())
    unknown = [] if judges_itself else sorted(given.keys() - takes.keys())
    if unknown:
        raise ConfigError(
            f"{name} does not take {unknown[0]!r}",
            place=place,
            remedy=f"it takes {', '.join(takes)}" if takes else "remove it, this adapter has no options",
        )
    try:
        return factory(**given)
    except TypeError as error:
        raise ConfigError(f"{name}: {error}", place=place, remedy="see docs/channels.md") from error


def _factory(stage: str, name: str) -> Callable[..., Any]:
    if name in ADAPTERS[stage]:
        module, _, attribute = ADAPTERS[stage][name].partition(":")
        return cast("Callable[..., Any]", getattr(import_module(module), attribute))
    for point in entry_points(group=f"webtv.{stage}", name=name):
        return cast("Callable[..., Any]", point.load())
    known = ", ".join(sorted(adapter_names(stage)))
    raise ConfigError(f"there is no adapter {name!r}", place=f"studio.{stage}", remedy=f"use one of {known}")


def zeroscope(**options: Any) -> Any:
    """Zeroscope with the operator's model and the curator's options.

    Raises:
        InputError: an option is unknown or out of range.
    """
    from webtv.studio.diffusers.zeroscope import ZeroscopeOptions, ZeroscopeShots

    return ZeroscopeShots(load_settings().zeroscope_model, ZeroscopeOptions.from_mapping(options))


@functools.lru_cache(maxsize=32)
def _kept(stage: str, options: str) -> Any:
    return build(stage, json.loads(options))


def adapter(stage: str, options: Mapping[str, Any]) -> Any:
    """The adapter for these options, built once per process: a model is not loaded for every clip."""
    return _kept(stage, json.dumps(options, sort_keys=True))


def stages(options: Mapping[str, Mapping[str, Any]]) -> "Stages":
    """The picture adapters for a channel's stage options.

    Raises:
        ConfigError: see :func:`build`.
    """
    from webtv.engine.production import Stages

    return Stages(
        shot=adapter("shot", options["shot"]),
        interpolate=adapter("interpolate", options["interpolate"]),
        upscale=adapter("upscale", options["upscale"]),
    )


def composer(options: Mapping[str, Any]) -> "Composer":
    """The composer for a channel's ``music`` stage.

    Raises:
        ConfigError: see :func:`build`.
    """
    return cast("Composer", adapter("music", options))


@dataclass(frozen=True, slots=True)
class Stores:
    """What the processes of the control plane share: the open database and what stands on it."""

    settings: Settings
    clock: Clock
    noise: random.Random
    ids: IdFactory
    database: "Database"
    storage: "Storage"
    catalogue: "Catalogue"
    ledger: "SqlLedger"
    journal: "Journal"
    notes: "Notes"


@asynccontextmanager
async def open_stores(settings: Settings) -> AsyncIterator[Stores]:
    """Open the database of a data folder, migrated, and what stands on it.

    Raises:
        ConfigError: the file is damaged or of a newer version.
    """
    from webtv.db.database import open_database
    from webtv.engine.ledger import SqlLedger
    from webtv.library.catalogue import Catalogue
    from webtv.library.journal import Journal
    from webtv.library.notes import Notes
    from webtv.library.storage import Storage

    clock, noise = SystemClock(), random.Random()
    ids = IdFactory(clock, noise)
    storage = Storage(settings.library)
    async with await open_database(settings.database) as database:
        yield Stores(
            settings=settings,
            clock=clock,
            noise=noise,
            ids=ids,
            database=database,
            storage=storage,
            catalogue=Catalogue(database, storage, clock, ids),
            ledger=SqlLedger(database, clock, ids),
            journal=Journal(database, clock),
            notes=Notes(database, clock),
        )


def production(stores: Stores) -> "Production":
    """What a studio worker works with."""
    from webtv.engine.production import Production

    data = stores.settings.data
    return Production(
        stages,
        composer,
        stores.storage,
        scratch=data / "scratch",
        rejected=data / "rejected",
        clock=stores.clock,
    )


def script_desk(
    settings: Settings,
    clock: Clock,
    events: EventSink,
    recents: Mapping[str, Iterable[tuple[str, tuple[str, ...]]]] | None = None,
) -> "ScriptDesk":
    """Who writes: the LLM where one is set up, the grammar else and behind it.

    Args:
        settings: say whether there is an LLM.
        clock: for its time-outs and budget.
        events: hears of fallbacks.
        recents: titles and prompts written lately, by slug, newest last.

    Raises:
        ConfigError: the `openai` writer is asked for and no server is set.
    """
    from webtv.prompts.desk import ScriptDesk
    from webtv.prompts.grammar import GrammarWriter
    from webtv.prompts.memory import Memory
    from webtv.prompts.openai_writer import OpenAIWriter

    primary = None
    if settings.writer == "openai" and not (settings.openai_base_url or settings.openai_api_key):
        raise ConfigError(
            "the openai writer is asked for and no server is set",
            place="WEBTV_WRITER",
            remedy="set WEBTV_OPENAI_BASE_URL or WEBTV_OPENAI_API_KEY, or WEBTV_WRITER=grammar",
        )
    if settings.writer == "openai" or (settings.writer == "auto" and settings.openai_base_url):
        key = settings.openai_api_key
        primary = OpenAIWriter(
            model=settings.openai_model,
            clock=clock,
            base_url=settings.openai_base_url,
            api_key=key.get_secret_value() if key else None,
            timeout=settings.openai_timeout,
            hourly_calls=settings.openai_hourly_calls,
        )
    return ScriptDesk(
        primary,
        GrammarWriter(),
        safety=safety_filter(settings),
        memory=Memory(recents),
        events=events,
        clock=clock,
    )


def safety_filter(settings: Settings) -> "SafetyFilter":
    """The one filter that judges every prompt, whoever wrote it."""
    from webtv.prompts.safety import SafetyFilter

    return SafetyFilter(settings.allowed_names)


async def orchestrator(
    stores: Stores, events: EventSink, workers: int, slugs: Iterable[str]
) -> "Orchestrator":
    """The orchestrator over the stores.

    Args:
        stores: the open database and what stands on it.
        events: hears of everything.
        workers: number of studio processes.
        slugs: channels whose latest prompts the writer must not repeat.

    Raises:
        ConfigError: see :func:`script_desk`.
    """
    from webtv.air.client import HeadEndClient
    from webtv.engine.edits import EditQueue
    from webtv.engine.orchestrator import Orchestrator
    from webtv.library.space import Space

    recents = {
        slug: [
            (plan.title, tuple(shot.text for shot in plan.shots))
            for plan in await stores.catalogue.recent_plans(slug, limit=_REMEMBERED)
        ]
        for slug in slugs
    }
    settings = stores.settings
    return Orchestrator(
        settings.data,
        desk=script_desk(settings, stores.clock, events, recents),
        ledger=stores.ledger,
        catalogue=stores.catalogue,
        notes=stores.notes,
        storage=stores.storage,
        space=Space(
            stores.catalogue,
            stores.storage,
            eviction(stores),
            events,
            budget=int(settings.library_gb * 1e9),
            min_free=int(settings.library_min_free_gb * 1e9),
        ),
        head_end=HeadEndClient(settings.air_socket),
        clock=stores.clock,
        noise=stores.noise,
        events=events,
        ahead=settings.playlist_ahead,
        workers=workers,
        edits=EditQueue(stores.database, stores.clock),
    )


def eviction(stores: Stores) -> "Eviction":
    """What makes room in the library."""
    from webtv.library.eviction import Eviction

    return Eviction(stores.database, stores.catalogue, stores.storage, stores.clock)


def live_station(stores: Stores) -> "LiveStation":
    """The station as the web pages read it."""
    from webtv.air.client import HeadEndClient
    from webtv.library.audience import Audience
    from webtv.library.ratings import Ratings
    from webtv.viewers.live import LiveStation

    settings = stores.settings
    return LiveStation(
        settings.data,
        head_end=HeadEndClient(settings.air_socket),
        catalogue=stores.catalogue,
        storage=stores.storage,
        ratings=Ratings(stores.database, stores.clock),
        audience=Audience(stores.database, stores.clock),
        journal=stores.journal,
        notes=stores.notes,
        clock=stores.clock,
        window=settings.hls_window,
    )


def worker_count(settings: Settings) -> int:
    """Studio processes: as set, or one per core and at most four."""
    return settings.studio_workers or min(4, usable_cores())


def child_environment(settings: Settings) -> dict[str, str]:
    """What children get beside this process's environment: the folders and addresses as resolved here."""
    return {
        "WEBTV_DATA": str(settings.data),
        "WEBTV_CHANNELS": str(settings.channels),
        "WEBTV_HOST": settings.host,
        "WEBTV_PORT": str(settings.port),
        # One thread each: parallelism comes from processes, and the air keeps its share of the cores.
        "OMP_NUM_THREADS": "1",
        "MALLOC_ARENA_MAX": "2",  # threads that come and go would each keep an arena of frames
        # Addresses with keys reach the head-end by air.json (0600), and only this process writes prompts:
        # no child inherits a secret.
        "WEBTV_OUTPUTS": "{}",
        "WEBTV_OPENAI_API_KEY": "",
        "OPENBLAS_NUM_THREADS": "1",
    }
