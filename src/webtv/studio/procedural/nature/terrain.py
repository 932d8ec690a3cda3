"""Land: hills and mountain ridges, painted once on plates."""

import cv2
import numpy as np

from webtv.studio.procedural import noise
from webtv.studio.procedural.colour import Colour, mix, rgb, times
from webtv.studio.procedural.stage import Image, Plate, Stage

GRASS = {
    "spring": rgb("#86ad4e"),
    "summer": rgb("#7da048"),
    "autumn": rgb("#b3994c"),
    "winter": rgb("#9a9a78"),
}
SNOW = (1.12, 1.14, 1.18)  # brighter than paper: snow lights itself


def ground_colour(stage: Stage) -> Colour:
    """The colour of grass in this season, or of snow."""
    if stage.spec.weather == "snow" or (
        stage.spec.season == "winter" and stage.spec.family in {"snow", "mountains"}
    ):
        return SNOW
    if stage.spec.season == "winter":
        return mix(GRASS["winter"], SNOW, 0.9)
    return GRASS[stage.spec.season]


def _strokes(shape: tuple[int, int], place: np.random.Generator) -> Image:
    """Noise drawn out sideways, as mown and trodden ground lies."""
    h, w = shape
    narrow = noise.fbm(max(8, h), max(8, w // 5), place, cells=9, octaves=4)
    return np.asarray(cv2.resize(narrow, (w, h), interpolation=cv2.INTER_CUBIC))


def hill(
    stage: Stage,
    name: str,
    depth: float,
    level: float,
    rise: float,
    scale: float,
    distance: float,
    colour: Colour | None = None,
    texture: float = 0.2,
    light_from: float = 1.0,
    room: float = 0.0,
) -> tuple[Plate, Image]:
    """A soft hill from its ridge down to the bottom of the frame.

    Args:
        stage: the stage.
        name: stream of chance.
        depth: plane.
        level: mean world height of the ridge.
        rise: how much it varies.
        scale: width of its forms.
        distance: 0 near to 1 far, for haze.
        colour: local colour; None takes the season's grass.
        texture: contrast of its surface.
        light_from: -1 or 1, the side of the light.
        room: world height kept free above the ridge, for what is painted on it later.

    Returns:
        The plate, and the ridge's world height for each of its columns.
    """
    place = stage.place(name)
    light = stage.light
    plate = stage.plate(depth, level - rise * 1.6 - room, 9.0)
    x = plate.x[0]
    ridge = (level - rise * noise.Profile(place, scale, 4, 0.42)(x)).astype(np.float32)
    base = colour or ground_colour(stage)
    # Above the highest point of the ridge there is nothing to paint.
    first = max(0, int((float(ridge.min()) - plate.y0) * plate.scale) - 2)
    rows = plate.y[first:]
    shape = (len(rows), len(x))
    if not len(rows):
        return plate, ridge
    grain = noise.fbm(*shape, rng=place, cells=6, octaves=6)
    broad = _strokes(shape, place)
    depth_below = rows - ridge[None, :]
    below = np.clip(depth_below / max(0.05, rise * 2.5), 0, 1)
    slope = np.gradient(ridge, x)[None, :] * -light_from
    lit = np.clip(0.68 + 0.7 * slope * (1 - below) + (broad - 0.5) * 0.5, 0.12, 1.2)
    bright = (1 + texture * (grain - 0.5) * 1.6) * (1.04 - 0.24 * below)
    rim = np.exp(-np.maximum(depth_below * (plate.scale / 3.0), 0)) * (0.16 * light.strength)
    share = min(0.95, distance * (0.72 + 0.55 * light.fog))
    veil = share * (0.7 + 0.3 * np.clip(0.35 + below * 0.9, 0, 1))
    edge = np.clip(depth_below * (plate.scale / 1.2) + 0.5, 0, 1)
    high, low = light.lit(base, 1.0), light.lit(times(base, 0.62), 0.2)
    if min(base) > 0.8:  # snow scatters: its shadows are pale and blue
        low = light.lit(times(base, (0.84, 0.9, 1.0)), 0.7)
        bright = 1 + (bright - 1) * 0.3
    for k in range(3):
        tone = (low[k] + (high[k] - low[k]) * lit) * bright
        tone += rim * (light.key[k] - tone)
        tone += veil * (light.haze[k] - tone)
        plate.rgba[first:, :, k] = tone * edge
    plate.rgba[first:, :, 3] = edge
    return plate, ridge


def peaks(
    stage: Stage,
    name: str,
    depth: float,
    level: float,
    rise: float,
    scale: float,
    distance: float,
    snow: float = 0.5,
    light_from: float = 1.0,
    bottom: float = 9.0,
    forest: float = 0.0,
) -> tuple[Plate, Image]:
    """A mountain range with lit faces, gullies and snow above a line.

    ``snow`` is how far down the snow reaches (0 none, 1 to the foot); ``forest`` how far up woods do.
    """
    place, light = stage.place(name), stage.light
    plate = stage.plate(depth, level - rise * 1.25, bottom)
    x = plate.x[0]
    broad = noise.Profile(place, scale, 3, 0.5)(x) * 0.5 + 0.5
    ridged = noise.Profile(place, scale * 0.8, 7, 0.46, ridged=True)(x) * 0.5 + 0.5
    ridge = (level - rise * np.clip(0.1 + 0.7 * broad**1.4 + 0.95 * (ridged - 0.4), 0.03, 1.25)).astype(
        np.float32
    )
    h, w = plate.shape
    # A height field hanging from the ridge line: noise sheared down along it gives spurs and gullies.
    field = noise.fbm(h, w, place, cells=3.2, octaves=7, gain=0.56)
    gx, gy = np.meshgrid(np.arange(w, dtype=np.float32), np.arange(h, dtype=np.float32))
    ridge_rows = (ridge - float(plate.y[0, 0])) * plate.scale
    under = gy - ridge_rows[None, :]
    lean = cv2.remap(
        field,
        gx + 0.35 * under,
        np.clip(under * 0.55, 0, h - 1),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REFLECT,
    )
    other = cv2.remap(
        field,
        w - 1 - gx + 0.35 * under,
        np.clip(under * 0.55 + h * 0.3, 0, h - 1),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REFLECT,
    )
    spur = 1 - np.abs(2 * lean - 1) * 0.6 - np.abs(2 * other - 1) * 0.6
    spur = np.asarray(cv2.GaussianBlur(spur.astype(np.float32), (0, 0), 0.8))
    grad = (
        cv2.Sobel(spur, cv2.CV_32F, 1, 0, ksize=3) * -light_from
        + cv2.Sobel(spur, cv2.CV_32F, 0, 1, ksize=3) * 0.4
    )
    lit = 1 / (1 + np.exp(-grad / (float(grad.std()) + 1e-6) * 1.25 - 0.1))
    lit = np.asarray(lit, np.float32)
    drop = np.clip(under / (plate.scale * rise), 0, 1.6)
    stone = mix(rgb("#8b8078"), rgb("#6f7684"), float(place.random()))
    bright, dark = (
        np.asarray(light.lit(times(stone, 1.15), 1.0), np.float32),
        np.asarray(light.lit(times(stone, 0.5), 0.1), np.float32),
    )
    body = dark + lit[..., None] * (bright - dark)
    if forest > 0:
        wood = noise.smoothstep(1 - forest - 0.15, 1 - forest + 0.2, drop + (lean - 0.5) * 0.5)[..., None]
        green = {"autumn": rgb("#8a6a3a"), "winter": rgb("#6a7a78")}.get(stage.spec.season, rgb("#47603f"))
        trees = (
            np.asarray(light.lit(green, 0.5), np.float32) * (0.6 + 0.6 * lit + 0.3 * (lean - 0.5))[..., None]
        )
        body += wood * (trees - body)
    if snow > 0:
        cap = noise.smoothstep(snow + 0.12, snow - 0.12, drop + (other - 0.5) * 0.55 - (lit - 0.5) * 0.12)[
            ..., None
        ]
        white, blue = (
            np.asarray(light.lit(SNOW, 1.1), np.float32),
            np.asarray(light.lit(rgb("#a9bcd8"), 0.25), np.float32),
        )
        body += cap * (blue + np.clip(lit * 1.2, 0, 1)[..., None] * (white - blue) - body)
    share = min(0.95, distance * (0.72 + 0.55 * light.fog))
    veil = np.clip(share * 0.75 + drop * (0.25 + 0.3 * light.fog + 0.25 * distance), 0, 0.97)[..., None]
    body += veil * (np.asarray(light.haze, np.float32) - body)
    plate.fill(body.astype(np.float32), plate.edge(ridge))
    return plate, ridge
