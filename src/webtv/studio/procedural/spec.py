"""What a prompt means to the scene engine: one value between the lexicon and the scenes."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Cast:
    """One kind of subject in the picture.

    Attributes:
        kind: name of a figure, e.g. ``fox``.
        count: how many; 0 leaves it to the scene.
        colour: sRGB in 0..1 that the words ask for, or None.
        action: ``walk``, ``run``, ``fly``, ``swim``, ``rest``, ``sail``, ``graze``, ``drift``.
        heading: -1 moves to the left, 1 to the right, 0 leaves it to the scene.
    """

    kind: str
    count: int = 0
    colour: tuple[float, float, float] | None = None
    action: str = ""
    heading: int = 0


@dataclass(frozen=True, slots=True)
class CameraWords:
    """How the camera looks and moves.

    Attributes:
        framing: ``wide``, ``medium``, ``close`` or ``detail``.
        move: ``static``, ``pan``, ``tilt``, ``dolly``, ``orbit``, ``crane`` or ``drift``.
        direction: 1 right, up or in; -1 left, down or out.
        speed: 1 is an ordinary slow move.
        aerial: whether it looks from above.
    """

    framing: str = "wide"
    move: str = "drift"
    direction: int = 1
    speed: float = 1.0
    aerial: bool = False


@dataclass(frozen=True, slots=True)
class SceneSpec:
    """One scene in words that the engine knows.

    Attributes:
        family: a key of :data:`webtv.studio.procedural.scenes.SCENES`.
        time: ``dawn``, ``morning``, ``day``, ``golden``, ``sunset``, ``dusk`` or ``night``.
        weather: ``clear``, ``cloudy``, ``rain``, ``storm``, ``snow`` or ``fog``.
        season: ``spring``, ``summer``, ``autumn`` or ``winter``.
        wind: 0 still to 1 strong.
        palette: sRGB colours that the words ask for, strongest first.
        cast: subjects, most important first.
        camera: framing and movement.
        style: a key of :data:`webtv.studio.procedural.styles.STYLES`.
        extras: things of the place that the words name, e.g. ``lighthouse``, ``moon``, ``aurora``.
        understood: for provenance, what each field was taken to mean.
        ignored: content words that meant nothing to the lexicon.
    """

    family: str
    time: str = "day"
    weather: str = "clear"
    season: str = "summer"
    wind: float = 0.4
    palette: tuple[tuple[float, float, float], ...] = ()
    cast: tuple[Cast, ...] = ()
    camera: CameraWords = CameraWords()
    style: str = "photographic"
    extras: frozenset[str] = frozenset()
    understood: dict[str, Any] = field(default_factory=dict, compare=False)
    ignored: tuple[str, ...] = field(default=(), compare=False)
