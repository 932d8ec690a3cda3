"""The open database and what stands on it: orchestrator, studio, pages, writers."""

import json
import os
import random
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from webtv.core.clock import Clock, SystemClock
from webtv.core.errors import ConfigError, InternalError
from webtv.core.events import EventSink
from webtv.core.ids import IdFactory
from webtv.core.process import usable_cores
from webtv.core.settings import Settings, load_settings
from webtv.wiring.adapters import adapter, build, chooser, composers, grades, pool_of
from webtv.wiring.models import hear_endpoints

if TYPE_CHECKING:
    from webtv.db.database import Database
    from webtv.engine.ledger import SqlLedger
    from webtv.engine.orchestrator import Orchestrator
    from webtv.engine.production import Production
    from webtv.library.catalogue import Catalogue
    from webtv.library.eviction import Eviction
    from webtv.library.journal import Journal
    from webtv.library.notes import Notes
    from webtv.library.storage import Storage
    from webtv.prompts.desk import ScriptDesk
    from webtv.prompts.safety import SafetyFilter
    from webtv.prompts.writer import Writer
    from webtv.studio.hosting.pool import ModelPool
    from webtv.viewers.live import LiveStation

# What a model's child has to know of the settings: what to load and how, no address and no key.
_MODEL_SETTINGS = frozenset(
    f"WEBTV_{name.upper()}"
    for name in Settings.model_fields
    if (name.startswith("models_") or name.endswith("_model")) and name != "models_token"
) | {"TORCH_DTYPE", "MODEL_VARIANT", "WEBTV_STUDIO_NICE"}
# Said, and not left out: a child that finds nothing in its environment would read them in the .env file.
_NO_SECRETS = {
    "WEBTV_OUTPUTS": "{}",
    "WEBTV_ENDPOINTS": "{}",
    "WEBTV_OPENAI_API_KEY": "",
    "WEBTV_MODELS_TOKEN": "",
}
_REMEMBERED = 250  # sequences of each channel that a writer remembers over a restart


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
    from webtv.engine.owners import owner_is_alive
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
            ledger=SqlLedger(database, clock, ids, partial(owner_is_alive, settings.data / "owners")),
            journal=Journal(database, clock),
            notes=Notes(database, clock),
        )


def production(stores: Stores, events: EventSink, pool: "ModelPool | None" = None) -> "Production":
    """What a studio worker works with.

    Args:
        stores: the open database and what stands on it.
        events: hears what happens to takes.
        pool: has the children in which models work; None for a worker that gets no such jobs.
    """
    from webtv.engine.production import Production
    from webtv.engine.takes import Takes

    hear_endpoints(events)
    data = stores.settings.data
    return Production(
        chooser(pool),
        composers(pool),
        stores.storage,
        scratch=data / "scratch",
        rejected=data / "rejected",
        clock=stores.clock,
        takes=Takes(data / "takes", stores.clock, events=events),
        events=events,
    )


def model_environment(settings: Settings) -> dict[str, str]:
    """The whole environment of a model's child: what to load and how, and no secret."""
    from webtv.studio.hosting.environment import child_environment as environment_of_models

    extra = {name: value for name, value in os.environ.items() if name in _MODEL_SETTINGS}
    extra |= {"WEBTV_DATA": str(settings.data), "WEBTV_MODELS": str(settings.model_store)}
    return environment_of_models(os.environ, threads=usable_cores(), extra=extra | _NO_SECRETS)


def model_pool(
    settings: Settings, clock: Clock, events: EventSink, builder: str = "webtv.wiring:build"
) -> "ModelPool":
    """The children in which models work."""
    from webtv.studio.hosting.pool import ModelPool

    return ModelPool(
        env=model_environment(settings),
        clock=clock,
        events=events,
        vram_gb=settings.models_vram_gb or None,
        builder=builder,
    )


def build_behind(stage: str, options: Mapping[str, Any]) -> Any:
    """Build a stage's adapter in a child of the control plane, which steps back for the air as studios do."""
    os.nice(load_settings().studio_nice)
    return build(stage, options)


@asynccontextmanager
async def local_writer(settings: Settings, clock: Clock, events: EventSink) -> AsyncIterator["Writer | None"]:
    """The `local` writer while the block lasts, its model in a child; None if the operator wants another."""
    if settings.writer != "local":
        yield None
        return
    from webtv.prompts.local_writer import LocalWriter
    from webtv.studio.scribe import Scribe

    def pool() -> "ModelPool":
        return model_pool(settings, clock, events, "webtv.wiring:build_behind")

    options = {"use": "local"}
    async with Scribe(pool, adapter("write", options), options, clock=clock, events=events) as scribe:
        yield LocalWriter(settings.local_writer_model, scribe.ask, timeout=settings.local_writer_timeout)


def script_desk(
    settings: Settings,
    clock: Clock,
    events: EventSink,
    recents: Mapping[str, Iterable[tuple[str, tuple[str, ...]]]] | None = None,
    local: "Writer | None" = None,
) -> "ScriptDesk":
    """Who writes: the LLM where one is set up, the grammar else and behind it.

    Args:
        settings: say whether there is an LLM.
        clock: for its time-outs and budget.
        events: hears of fallbacks.
        recents: titles and prompts written lately, by slug, newest last.
        local: of :func:`local_writer`.

    Raises:
        ConfigError: the `openai` writer is asked for and no server is set.
    """
    from webtv.prompts.desk import ScriptDesk
    from webtv.prompts.grammar import GrammarWriter
    from webtv.prompts.memory import Memory
    from webtv.prompts.openai_writer import OpenAIWriter

    primary: Writer | None = local
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
            events=events,
        )
    if settings.writer == "local" and local is None:
        raise InternalError("the local writer was not opened", place="WEBTV_WRITER", remedy="report it")
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
    stores: Stores,
    events: EventSink,
    workers: int,
    slugs: Iterable[str],
    local: "Writer | None" = None,
) -> "Orchestrator":
    """The orchestrator over the stores.

    Args:
        stores: the open database and what stands on it.
        events: hears of everything.
        workers: number of studio processes.
        slugs: channels whose latest prompts the writer must not repeat.
        local: of :func:`local_writer`.

    Raises:
        ConfigError: see :func:`script_desk`.
    """
    from webtv.air.client import HeadEndClient
    from webtv.engine.edits import EditQueue
    from webtv.engine.grading import Grading
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
        desk=script_desk(settings, stores.clock, events, recents, local),
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
        lanes=settings.models_lanes,
        pool_of=pool_of,
        grading=Grading(pool_of, grades, stores.notes, stores.clock, events),
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
        "OPENBLAS_NUM_THREADS": "1",
        # Addresses with keys reach the head-end by air.json (0600), and only this process writes prompts.
        **_NO_SECRETS,
    }


def models_environment(settings: Settings) -> dict[str, str]:
    """What the models' studio gets beside that: the endpoints with their tokens, which it alone asks."""
    return {"WEBTV_ENDPOINTS": json.dumps(settings.endpoints)}
