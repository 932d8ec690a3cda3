"""Adapters in the doctor's eyes: which can be used here, on what terms, and which fit together."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from importlib.util import find_spec

from webtv import wiring
from webtv.core.errors import WebTVError
from webtv.core.settings import Settings
from webtv.finding import Finding, State
from webtv.studio.capability import Capability
from webtv.studio.weights.register import PUBLISHED, licence_of
from webtv.studio.weights.store import WeightStore

SYSTEM_PATH = os.pathsep.join((os.environ.get("PATH", ""), "/usr/local/sbin", "/usr/sbin", "/sbin"))
_EMBEDDED = frozenset({"procedural", "dis", "detail", "lanczos", "synth", "measures"})


def graphics_cards() -> list[tuple[str, float]] | None:
    """Name and memory in GB (10^9 bytes) of each NVIDIA card; None if none is visible. Blocks."""
    program = shutil.which("nvidia-smi", path=SYSTEM_PATH)
    if program is None:
        return None
    query = [program, "--query-gpu=name,memory.total", "--format=csv,noheader,nounits"]
    try:
        done = subprocess.run(query, capture_output=True, text=True, timeout=10, check=True)
        rows = [line.rsplit(",", 1) for line in done.stdout.strip().splitlines()]
        return [(name.strip(), float(mib) * 2**20 / 1e9) for name, mib in rows]
    except (OSError, subprocess.SubprocessError, ValueError):
        return None


def adapter_findings(settings: Settings) -> Iterator[Finding]:
    """What is to be said of every adapter, and of the channels' models together."""
    cards = graphics_cards()
    store = wiring.weight_store(settings)
    memory = max((gb for _, gb in cards), default=0.0) if cards else 0.0
    for stage in wiring.ADAPTERS:
        for name in sorted(wiring.adapter_names(stage)):
            yield _looked_at(stage, name, store, memory)
    yield from _together(settings, memory)


def _looked_at(stage: str, name: str, store: WeightStore, memory: float) -> Finding:
    what, embedded = f"{stage}: {name}", name in _EMBEDDED
    lacking = State.BAD if embedded else State.OPTIONAL
    try:
        able = wiring.capability(stage, {"use": name})
    except WebTVError as error:
        return Finding("adapters", what, lacking, error.message, error.remedy)
    except Exception as error:  # somebody else's plug-in may do anything
        found = f"{type(error).__name__}: {error}"
        remedy = "pip install --force-reinstall webtv" if embedded else "install it again, or ask its author"
        return Finding("adapters", what, lacking, found, remedy)
    if embedded:
        return Finding("adapters", what, State.GOOD, "usable, embedded")
    terms = _terms(able)
    if missing := [package for package in able.packages if not find_spec(package)]:
        from webtv.core.libraries import INSTALL

        return Finding("adapters", what, State.OPTIONAL, f"needs {', '.join(missing)}; {terms}", INSTALL)
    for model in able.weights:
        try:
            store.locate(model)
        except WebTVError as error:
            return Finding("adapters", what, State.OPTIONAL, f"{error.message}; {terms}", error.remedy)
    if able.hosted and memory and able.vram_gb > memory:
        found = f"takes about {able.vram_gb:.0f} GB of the device, which has {memory:.0f}; {terms}"
        remedy = "set WEBTV_MODELS_OFFLOAD, or use a smaller model"
        return Finding("adapters", what, State.WEAK, found, remedy)
    if able.hosted and not memory:
        found = f"usable, and slow: no NVIDIA GPU is visible; {terms}"
        return Finding("adapters", what, State.WEAK, found, "set up a GPU and its driver, or use an endpoint")
    return Finding("adapters", what, State.GOOD, f"usable; {terms}" if terms else "usable")


def _terms(able: Capability) -> str:
    """Size and licence of what an adapter loads."""
    if able.remote:
        return "works on another machine"
    said = []
    if able.weights:
        sizes = [PUBLISHED[model].gb for model in able.weights if model in PUBLISHED]
        disk = sum(sizes) or able.disk_gb
        said.append(f"{disk:.0f} GB on disk, {able.vram_gb:.0f} GB of the device")
        said += sorted({f"{licence_of(model)}" for model in able.weights})
    return ", ".join(said)


def _together(settings: Settings, memory: float) -> Iterator[Finding]:
    """Whether what the channels ask for fits on the card at the same time."""
    from webtv.engine.orders import stages_of
    from webtv.themes.loader import load_folder

    needed: dict[str, float] = {}
    for item in load_folder(settings.channels, wiring.known_names(settings)):
        for stage, options in stages_of(item.channel).items() if item.channel else ():
            able = wiring.capability(stage, wiring.without_engines(stage, options))
            if able.hosted:
                key = f"{able.adapter} ({', '.join(able.weights)})"
                needed[key] = max(needed.get(key, 0.0), able.vram_gb)
    if settings.writer == "local":
        writer = wiring.capability("write", {"use": "local"})
        needed[f"local writer ({', '.join(writer.weights)})"] = writer.vram_gb
    if not needed:
        return
    total, limit = sum(needed.values()), settings.models_vram_gb or memory
    names = ", ".join(sorted(needed))
    found = f"{names}: {total:.0f} GB together"
    if not limit:
        yield Finding("adapters", "the channels' models", State.WEAK, found, "no card is visible here")
    elif total <= limit:
        yield Finding(
            "adapters", "the channels' models", State.GOOD, f"{found}, of {limit:.0f}: all fit at once"
        )
    else:
        remedy = "nothing needs doing, they take turns, which costs loading; or set WEBTV_MODELS_OFFLOAD"
        yield Finding("adapters", "the channels' models", State.WEAK, f"{found}, of {limit:.0f}", remedy)
