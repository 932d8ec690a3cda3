"""The adapters of every stage: built-in ones from plain dictionaries, others by entry points.

A third party registers a factory under ``webtv.shot``, ``webtv.interpolate``, ``webtv.upscale``,
``webtv.music`` or ``webtv.score``; it is called with the options of the channel's file as keyword arguments.
"""

import contextlib
import functools
import inspect
import json
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from webtv.core.errors import ConfigError, WebTVError
from webtv.core.settings import Settings
from webtv.themes.loader import KnownNames
from webtv.wiring.models import endpoint_shots, endpoints

if TYPE_CHECKING:
    from webtv.engine.stages import ComposerChooser, StageChooser, Stages
    from webtv.studio.capability import Capability
    from webtv.studio.hosting.pool import ModelPool
    from webtv.studio.ports import Composer, Grade

# Written as module:name and imported when used, so that `webtv --help` loads no adapter.
ADAPTERS: Mapping[str, Mapping[str, str]] = {
    "shot": {
        "procedural": "webtv.studio.procedural.shots:ProceduralShots",
        "animatediff": "webtv.wiring.models:animatediff",
        "ltx": "webtv.wiring.models:ltx",
        "svd": "webtv.wiring.models:svd",
        "text-to-video": "webtv.wiring.models:text_to_video",
        "wan": "webtv.wiring.models:wan",
        "zeroscope": "webtv.wiring.models:zeroscope",
    },
    "interpolate": {
        "dis": "webtv.studio.interpolation:DISInterpolator",
        "film": "webtv.wiring.models:film",
    },
    "upscale": {
        "detail": "webtv.studio.upscaling:DetailUpscaler",
        "lanczos": "webtv.studio.upscaling:LanczosUpscaler",
        "spandrel": "webtv.wiring.models:spandrel",
        "zeroscope-xl": "webtv.wiring.models:zeroscope_xl",
    },
    "music": {
        "musicgen": "webtv.wiring.models:musicgen",
        "synth": "webtv.studio.procedural.synth:SynthComposer",
    },
    "score": {
        "clip": "webtv.wiring.models:clip",
        "measures": "webtv.studio.scoring.measures:MeasureScorer",
    },
    "write": {
        "local": "webtv.wiring.models:language_model",
    },
}


# What may stand beside `use` and is read by the engine, not by the adapter.
ENGINE_OPTIONS: Mapping[str, tuple[str, ...]] = {"shot": ("carry",), "score": ("threshold", "takes")}


def capability(stage: str, options: Mapping[str, Any]) -> "Capability":
    """What an adapter is able to do with these options, and what it takes; nothing is loaded for it.

    Raises:
        ConfigError: see :func:`build`.
    """
    from webtv.studio.capability import capability_of

    return capability_of(adapter(stage, options), stage, str(options["use"]))


def is_apart(stage: str, options: Mapping[str, Any]) -> bool:
    """Whether a stage waits for a device or another machine; one that cannot be built waits for nothing."""
    try:
        return capability(stage, without_engines(stage, options)).apart
    except WebTVError:
        return False


def pool_of(stages: Mapping[str, Mapping[str, Any]]) -> str:
    """The pool of workers that takes jobs with these stages; never raises."""
    from webtv.engine.jobs import CORES, MODELS

    return MODELS if any(is_apart(stage, options) for stage, options in stages.items()) else CORES


def grades(stage: str, options: Mapping[str, Any]) -> "Sequence[Grade]":
    """Ever cheaper ways of a stage, as its adapter knows them; none if it knows none."""
    from webtv.studio.ports import Graded

    try:
        made = adapter(stage, options)
    except WebTVError:
        return ()
    return made.cheaper() if isinstance(made, Graded) else ()


def wanted_models(settings: Settings) -> dict[str, tuple[str, ...]]:
    """The models that adapters are set to, each with the adapters that load it."""
    found: dict[str, list[str]] = {}
    for stage, adapters in ADAPTERS.items():
        for name in adapters:
            with contextlib.suppress(WebTVError):  # nothing is set for it
                for model in capability(stage, {"use": name}).weights:
                    found.setdefault(model, []).append(name)
    return {model: tuple(names) for model, names in found.items()}


def needed_models(settings: Settings) -> frozenset[str]:
    """The models that the channels' stages load."""
    from webtv.engine.orders import stages_of
    from webtv.themes.loader import load_folder

    found: set[str] = set()
    for item in load_folder(settings.channels, known_names(settings)):
        for stage, options in stages_of(item.channel).items() if item.channel else ():
            found.update(capability(stage, without_engines(stage, options)).weights)
    if settings.writer == "local":
        found.add(settings.local_writer_model)
    return frozenset(model for model in found if not Path(model).exists())


def without_engines(stage: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """What the adapter itself takes: ``carry``, ``threshold`` and ``takes`` are the engine's."""
    return {name: value for name, value in options.items() if name not in ENGINE_OPTIONS.get(stage, ())}


def adapter_names(stage: str) -> frozenset[str]:
    """Names that a channel file may give as ``use`` of a stage."""
    named = frozenset(endpoints()) if stage == "shot" else frozenset()
    if taken := sorted(named & ADAPTERS[stage].keys()):
        raise ConfigError(
            "an adapter has this name",
            place=f"WEBTV_ENDPOINTS.{taken[0]}",
            remedy="call the endpoint something else",
        )
    return frozenset(ADAPTERS[stage]) | named | {point.name for point in entry_points(group=f"webtv.{stage}")}


def known_names(settings: Settings) -> KnownNames:
    """Everything that a channel file may refer to."""
    return KnownNames(
        stages={stage: adapter_names(stage) for stage in ADAPTERS},
        outputs=frozenset(settings.outputs),
        judge=refusal,
        terms=terms,
    )


def refusal(stage: str, options: Mapping[str, Any]) -> WebTVError | None:
    """What the adapter says against its options; None if it takes them. No model is loaded for it."""
    from webtv.engine.stages import Judge, refuse_carry

    try:
        made = build(stage, without_engines(stage, options))
        if options.get("carry"):
            return refuse_carry(made, str(options["use"]))
        if stage == "score":
            Judge.of(options, lambda _: made)
    except WebTVError as error:
        return error
    except Exception as error:  # a third party's adapter may raise anything, and only its channel shall care
        return ConfigError(
            f"{options.get('use')} cannot be built: {type(error).__name__}: {error}",
            place=f"studio.{stage}",
            remedy="use another adapter, or report it to whoever made this one",
        )
    return None


def terms(stage: str, options: Mapping[str, Any]) -> WebTVError | None:
    """What the terms of a stage's models say against a channel that serves a business; None if nothing."""
    from webtv.studio.weights.register import Commercial, licence_of

    try:
        models = capability(stage, without_engines(stage, options)).weights
    except WebTVError:
        return None  # said elsewhere
    for model in models:
        licence = licence_of(model)
        if licence.commercial is Commercial.NO:
            return ConfigError(
                f"the terms of {model} ({licence}) do not allow a channel that is commercial",
                place=f"studio.{stage}",
                remedy="use another adapter, or have the operator set another model for this one",
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
    if stage == "shot" and name in endpoints():
        return functools.partial(endpoint_shots, name)
    for point in entry_points(group=f"webtv.{stage}", name=name):
        return cast("Callable[..., Any]", point.load())
    known = ", ".join(sorted(adapter_names(stage)))
    raise ConfigError(f"there is no adapter {name!r}", place=f"studio.{stage}", remedy=f"use one of {known}")


@functools.lru_cache(maxsize=32)
def _kept(stage: str, options: str) -> Any:
    return build(stage, json.loads(options))


def adapter(stage: str, options: Mapping[str, Any]) -> Any:
    """The adapter for these options, built once per process: a model is not loaded for every clip."""
    return _kept(stage, json.dumps(options, sort_keys=True))


def chooser(pool: "ModelPool | None" = None) -> "StageChooser":
    """Chooses the picture adapters for a channel's stage options.

    Args:
        pool: has the children in which heavy adapters work; without one they work in this process.
    """

    def choose(options: Mapping[str, Mapping[str, Any]]) -> "Stages":
        from webtv.engine.stages import Judge, Stages

        def made(stage: str) -> Any:
            return _placed(stage, options[stage], pool)

        judge = None
        if "score" in options:
            judge = Judge.of(options["score"], lambda rest: _placed("score", rest, pool))
        return Stages(made("shot"), made("interpolate"), made("upscale"), judge)

    return choose


def composers(pool: "ModelPool | None" = None) -> "ComposerChooser":
    """Chooses the composer likewise."""
    return lambda options: cast("Composer", _placed("music", options, pool))


def stages(options: Mapping[str, Mapping[str, Any]]) -> "Stages":
    """The picture adapters for a channel's stage options, all in this process.

    Raises:
        ConfigError: see :func:`build`.
    """
    return chooser()(options)


def composer(options: Mapping[str, Any]) -> "Composer":
    """The composer for a channel's ``music`` stage, in this process.

    Raises:
        ConfigError: see :func:`build`.
    """
    return composers()(options)


def _placed(stage: str, options: Mapping[str, Any], pool: "ModelPool | None") -> Any:
    """An adapter where it works: heavy ones in a child."""
    from webtv.studio.capability import capability_of

    local = adapter(stage, options)
    if pool is None or not capability_of(local, stage, str(options["use"])).hosted:
        return local
    from webtv.studio.hosting.adapters import hosted

    return hosted(pool, stage, options, local)
