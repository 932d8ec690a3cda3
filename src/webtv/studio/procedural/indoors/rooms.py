"""A room: which kind it is, where things stand in it, and the light indoors."""

from dataclasses import dataclass, replace

import numpy as np

from webtv.studio.procedural import noise
from webtv.studio.procedural.colour import Colour, luma, mix, rgb, times
from webtv.studio.procedural.indoors.casement import Opening
from webtv.studio.procedural.light import Light
from webtv.studio.procedural.stage import Image, Plate, Stage

KINDS = ("kitchen", "study", "fire", "cafe", "workshop", "attic", "plain")
_WORDS = {"library": "study", "fireplace": "fire", "hearth": "fire", "bar": "cafe"}
_PAINT = ("#b9b49a", "#d9c7a6", "#8fa0a6", "#c08a6a", "#a7ad8e", "#c9a878", "#7f8f94")
_OWN_PAINT = {
    "kitchen": ("#d8d2c0", "#c9d2cc", "#dcc9a8"),
    "study": ("#55604f", "#5d4a3f", "#4d5a63"),
    "fire": ("#8d6a55", "#7a6a58", "#6e5f63"),
    "cafe": ("#6f5646", "#5d5a50", "#7a4f42"),
    "workshop": ("#a08460", "#8f7a62"),
    "attic": ("#b39a78", "#a48a6a"),
}
WOODS = ("#8a5a34", "#a8703f", "#6f4528", "#b98652")


@dataclass(frozen=True, slots=True)
class Room:
    """How a room is laid out, in world units.

    Attributes:
        kind: one of :data:`KINDS`.
        light: light on what stands in it.
        evening: how much lamps rather than the window light it, 0..1.
        side: side of the window, -1 or 1.
        half: half the width of the wide frame.
        window: the window.
        floor: whether what is in front is the floor rather than a table.
        table: height of the table's far edge, or of the foot of the wall.
        hero: where the main thing stands (x, y).
        lamp: where the lamp hangs or stands (x, y).
        paint: local colour of the wall.
        wood: local colour of the table.
        sunny: strength of direct sun or moon, 0..1.
    """

    kind: str
    light: Light
    evening: float
    side: float
    half: float
    window: Opening
    floor: bool
    table: float
    hero: tuple[float, float]
    lamp: tuple[float, float]
    paint: Colour
    wood: Colour
    sunny: float


def room_of(stage: Stage, floor: bool = False) -> Room:
    """The room that the words ask for; what they leave open the place decides.

    Args:
        stage: the stage.
        floor: whether the cast needs the floor (a sofa, a horse) rather than a table.
    """
    spec = stage.spec
    words = [_WORDS.get(word, word) for word in sorted(spec.extras)]
    kind = next((word for word in KINDS if word in words), "")
    if not kind:
        cold = spec.season == "winter" or spec.weather in {"snow", "storm"}
        at = stage.chance("room")
        at = max(0.0, at - 0.15) if floor else at  # a horse belongs in no kitchen, as far as it can be helped
        kind = "fire" if cold and at > 0.7 else "study" if at > 0.76 else "plain"
        if kind == "plain" and not floor and at > 0.54:
            kind = "kitchen"
    side, half = stage.side("window side"), stage.aspect / 2
    wide = float(np.clip(0.155 * stage.aspect, 0.15, 0.27))
    middle = side * min(0.25 * stage.aspect, 0.44)
    if kind == "plain":
        wide *= 0.85 + 0.3 * stage.chance("window width")
    rows = 2 if kind in {"cafe", "attic"} else 3
    top, bottom = (0.1, 0.56) if kind == "attic" else (0.045, 0.6)
    if kind == "cafe":
        wide *= 1.25
    if kind == "fire":
        wide, middle = wide * 0.72, side * min(0.34 * stage.aspect, 0.62)
    if kind == "attic":
        middle, wide = side * min(0.1 * stage.aspect, 0.17), wide * 0.86
    window = Opening(middle - wide, middle + wide, top, bottom, 2 if kind != "cafe" else 3, rows)
    evening = float(np.clip((stage.light.lamps - 0.28) / 0.72, 0, 1))
    if kind == "cafe":
        evening = max(evening, 0.25)
    hues = _OWN_PAINT.get(kind, _PAINT)
    paint = rgb(hues[int(stage.chance("paint") * len(hues))])
    if spec.palette:
        first = spec.palette[0]
        scale = (luma(paint) + 0.05) / (luma(first) + 0.05)
        paint = mix(paint, tuple(min(0.95, c * scale) for c in first), 0.62)
    wood = rgb(WOODS[int(stage.chance("wood") * len(WOODS))])
    if spec.weather in {"rain", "storm", "snow", "fog"}:
        sunny = 0.0
    else:
        sunny = stage.light.strength * (0.34 if stage.light.moon else {"cloudy": 0.25}.get(spec.weather, 1.0))
        if spec.time == "dusk":
            sunny *= 0.15
    return Room(
        kind,
        indoors(stage, evening),
        evening,
        side,
        half,
        window,
        floor,
        0.735 if floor else 0.685,
        (-side * min(0.09 * stage.aspect, 0.15), 0.905 if floor else 0.865),
        (-side * 0.27 * stage.aspect, 0.15 if kind in {"kitchen", "workshop", "cafe"} else 0.52),
        paint,
        wood,
        sunny,
    )


def indoors(stage: Stage, evening: float) -> Light:
    """The light of the room: the window's by day, the lamps' when it is dark outside."""
    out = stage.light
    day_ambient = mix(times(out.ambient, 0.8), times(rgb("#d9c6a6"), 0.55 + 0.3 * luma(out.ambient)), 0.35)
    key = mix(out.key, rgb("#ffcc8c"), evening * 0.85)
    ambient = mix(day_ambient, rgb("#86684c"), evening * 0.85)
    if out.moon:  # at dusk the last of the day still comes in
        key, ambient = times(key, 0.92), times(ambient, 0.85)
    if stage.spec.palette:
        ambient = mix(
            ambient, times(stage.spec.palette[0], luma(ambient) / (luma(stage.spec.palette[0]) + 0.1)), 0.15
        )
    return replace(
        out, key=key, ambient=ambient, haze=mix(ambient, key, 0.2), fog=0.0, strength=max(0.5, out.strength)
    )


def falloff(room: Room, plate: Plate) -> Image:
    """How bright each point of the wall is, float32[h, w]: a wash from the window, pools under lamps."""
    o = room.window
    dx, dy = plate.x - o.x, plate.y - (o.y0 + o.y1) / 2
    wash = np.exp(
        -(np.abs((dx + room.side * 0.25) / (0.85 * room.half + 0.1)) ** 2) - np.clip(dy, -1, 1) ** 2 * 1.1
    )
    day = 0.5 + 0.55 * wash - 0.16 * np.clip(0.3 - plate.y, 0, 1)
    lx, ly = room.lamp
    u, v = (plate.x - lx) / 0.42, (plate.y - ly - 0.05) / 0.4
    night = 0.5 + 0.78 * np.exp(-(u * u + v * v))
    return np.asarray(day + (night - day) * room.evening, np.float32)


def wall(room: Room, stage: Stage, plate: Plate) -> None:
    """Paint the bare wall: plaster, or boards in workshops and attics, with a dado where one belongs."""
    place, light = stage.place("wall"), room.light
    grain = noise.fbm(*plate.shape, rng=place, cells=3, octaves=6) - 0.5
    shade = falloff(room, plate)
    tone = np.asarray(light.lit(room.paint, 0.62), np.float32)
    colour = np.empty((*plate.shape, 3), np.float32)
    colour[:] = tone
    texture = 1 + 0.13 * grain
    if room.kind in {"workshop", "attic"}:
        board = 0.115
        number = np.floor(plate.x / board)
        gap = np.abs(plate.x / board - number - 0.5) * 2
        tint = 0.86 + 0.26 * np.mod(np.sin(number * 12.9898) * 43758.5, 1.0)
        veins = noise.fbm(max(8, plate.shape[0] // 14), plate.shape[1], place, cells=6, octaves=5) - 0.5
        texture = texture * tint * (1 - 0.5 * np.clip((gap - 0.955) * 30, 0, 1))
        texture = texture * (1 + 0.3 * _stretched(veins, plate.shape))
    colour *= (texture * shade)[..., None]
    plate.fill(np.clip(colour, 0, 1), np.ones(plate.shape, np.float32))


def _stretched(values: Image, shape: tuple[int, int]) -> Image:
    rows = np.minimum(np.arange(shape[0]) * values.shape[0] // shape[0], values.shape[0] - 1)
    return np.asarray(values[rows], np.float32)
