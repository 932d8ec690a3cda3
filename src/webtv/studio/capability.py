"""What an adapter is able to do and what it takes: for the doctor, the ladder, and whoever places models."""

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Capability:
    """One adapter with its options, described without loading anything.

    Attributes:
        adapter: name under which wiring knows it.
        stage: ``shot``, ``upscale``, ``interpolate``, ``music``, ``score`` or ``write``.
        weights: ids of the models that it loads, as :mod:`webtv.studio.weights` knows them; or a folder.
        packages: importable packages that it needs beyond a plain installation.
        hosted: whether it works in a child process of its own, because it holds a device's memory, may leak,
            hang or die. Hosted work is done by the models' studio, and not by the ones per core.
        remote: whether it waits for another machine.
        leads: of an upscaler: whether it comes before interpolation, because each frame costs it much.
        vram_gb: peak of the device's memory with these options; 0 if it needs none.
        disk_gb: size of its weights.
        from_image: whether a take can begin with a given picture.
        realtime_factor: seconds of work per second of video as measured; None if nobody has measured it. The
            station measures its own, which counts more.
        measured_on: the machine of that figure.
    """

    adapter: str
    stage: str
    weights: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    hosted: bool = False
    remote: bool = False
    leads: bool = False
    vram_gb: float = 0.0
    disk_gb: float = 0.0
    from_image: bool = False
    realtime_factor: float | None = None
    measured_on: str = ""

    @property
    def apart(self) -> bool:
        """Whether its jobs are for the models' studio: they take a device or others' time, not a core."""
        return self.hosted or self.remote

    def to_json(self) -> dict[str, Any]:
        """A JSON-compatible dictionary."""
        return asdict(self)


def capability_of(adapter: object, stage: str, name: str) -> Capability:
    """What an adapter says of itself; one that says nothing works on a core of this machine."""
    said = getattr(adapter, "capability", None)
    return said if isinstance(said, Capability) else Capability(name, stage)
