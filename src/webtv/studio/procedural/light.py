"""Light: what time of day and weather do to every colour of a scene."""

from dataclasses import dataclass, replace

from webtv.studio.procedural.colour import Colour, luma, mix, rgb, times
from webtv.studio.procedural.spec import SceneSpec


@dataclass(frozen=True, slots=True)
class Light:
    """The light of one scene.

    Attributes:
        sky: colours from the zenith down to the horizon, evenly spaced.
        disc: colour of sun or moon.
        glow: colour of its halo.
        strength: how much of it comes through, 0..1.
        height: of the disc above the horizon, in frame heights.
        moon: whether the disc is a moon.
        key: colour of direct light on things.
        ambient: colour of indirect light on things; local colours are multiplied by it.
        haze: colour that distance fades to.
        fog: how soon, 0..1.
        stars: visibility, 0..1.
        lamps: how much lamps and windows glow, 0..1.
    """

    sky: tuple[Colour, ...]
    disc: Colour
    glow: Colour
    strength: float
    height: float
    moon: bool
    key: Colour
    ambient: Colour
    haze: Colour
    fog: float
    stars: float
    lamps: float

    def lit(self, colour: Colour, shade: float = 1.0) -> Colour:
        """A local colour as it looks in this light; ``shade`` 0 is full shadow, 1 open light."""
        # Written out: scenes ask this some ten thousand times while they are built.
        soft, hard = 1 - 0.45 * shade, 0.5 * shade
        (r, g, b), (kr, kg, kb) = self.ambient, self.key
        return (
            colour[0] * (r * soft + kr * hard),
            colour[1] * (g * soft + kg * hard),
            colour[2] * (b * soft + kb * hard),
        )

    def far(self, colour: Colour, distance: float) -> Colour:
        """The colour seen through air; ``distance`` 0 here to 1 at the horizon."""
        return mix(colour, self.haze, min(1.0, distance * (0.75 + 0.6 * self.fog)))


def _light(sky: str, disc: str, glow: str, key: str, ambient: str, haze: str, *numbers: float) -> Light:
    strength, height, stars, lamps = numbers
    return Light(
        tuple(rgb(code) for code in sky.split()),
        rgb(disc),
        rgb(glow),
        strength,
        height,
        stars > 0.5,
        rgb(key),
        rgb(ambient),
        rgb(haze),
        0.25,
        stars,
        lamps,
    )


TIMES: dict[str, Light] = {
    "dawn": _light(
        "#41618f #7f90b6 #c9b0bd #f6c6a4 #ffdcae",
        "#fff0d2",
        "#ffc890",
        "#ffcfa2",
        "#b0aac2",
        "#e6c8bc",
        0.85,
        0.07,
        0.0,
        0.35,
    ),
    "morning": _light(
        "#4f94cf #7fb6df #aed3ea #d8e9ee #fdf1da",
        "#fffbe8",
        "#fff0c4",
        "#fff0cf",
        "#bcc8d2",
        "#d7e4e6",
        0.9,
        0.3,
        0.0,
        0.0,
    ),
    "day": _light(
        "#2f7cc4 #5a9fd6 #8cc0e4 #bcdcee #e2f0f2",
        "#fffef4",
        "#fffbe4",
        "#fff8e4",
        "#c4ccd2",
        "#cfe1ea",
        0.9,
        0.62,
        0.0,
        0.0,
    ),
    "golden": _light(
        "#4c82b4 #8faab8 #d6c6a4 #f9d28c #ffbf68",
        "#fff3cf",
        "#ffd080",
        "#ffd28c",
        "#b8a898",
        "#f0cf9c",
        1.0,
        0.16,
        0.0,
        0.15,
    ),
    "sunset": _light(
        "#27386c #5b4f86 #b0607f #f08560 #ffbe62",
        "#ffe9b8",
        "#ff9a4c",
        "#ffa868",
        "#95839c",
        "#e09a80",
        1.0,
        0.05,
        0.0,
        0.5,
    ),
    "dusk": _light(
        "#15234f #2b3d74 #54598f #9a7b9a #e0a48c",
        "#fff0dc",
        "#e8a890",
        "#b0a4cc",
        "#66709a",
        "#7f80a6",
        0.5,
        0.02,
        0.35,
        0.9,
    ),
    "night": _light(
        "#0b1536 #13234c #1e3762 #305078 #47688c",
        "#f6f4e4",
        "#a8c0dc",
        "#a4bcdc",
        "#47587f",
        "#3b5578",
        0.75,
        0.42,
        1.0,
        1.0,
    ),
}


def light_of(spec: SceneSpec) -> Light:
    """The light that the words ask for."""
    light = TIMES.get(spec.time, TIMES["day"])
    cover = {"cloudy": 0.5, "rain": 0.72, "storm": 0.85, "snow": 0.6, "fog": 0.62}.get(spec.weather, 0.0)
    if cover:
        level = sum(luma(c) for c in light.sky) / len(light.sky)
        grey = mix(times(light.ambient, 0.5), (level * 0.95, level * 0.99, level * 1.06), 0.6)
        if spec.weather == "storm":
            grey = times(grey, (0.72, 0.78, 0.84))
        if spec.weather in {"snow", "fog"}:
            grey = mix(grey, (level * 1.1, level * 1.12, level * 1.16), 0.6)
        dark_up = [0.82 + 0.3 * i / (len(light.sky) - 1) for i in range(len(light.sky))]
        sky = tuple(mix(c, times(grey, d), cover) for c, d in zip(light.sky, dark_up, strict=True))
        light = replace(
            light,
            sky=sky,
            strength=light.strength * (1 - 0.85 * cover),
            key=mix(light.key, times(grey, 1.25), cover * 0.8),
            ambient=mix(light.ambient, times(grey, 1.1), cover * 0.5),
            haze=mix(light.haze, times(grey, 1.1), cover),
            fog=min(
                1.0,
                light.fog + {"fog": 0.75, "rain": 0.35, "storm": 0.3, "snow": 0.45}.get(spec.weather, 0.1),
            ),
            stars=light.stars * (1 - cover),
            lamps=min(1.0, light.lamps + 0.3 * cover),
        )
    if spec.palette:
        # Palette words colour the air itself, so that every family obeys them.
        first, last = spec.palette[0], spec.palette[min(1, len(spec.palette) - 1)]
        count = len(light.sky) - 1

        def tint(colour: Colour, target: Colour, share: float) -> Colour:
            scale = (luma(colour) + 0.04) / (luma(target) + 0.04)
            return mix(colour, tuple(min(1.0, c * scale) for c in target), share)

        # As a grade does: most where the air is thick, least overhead, so that the hour still shows.
        light = replace(
            light,
            sky=tuple(
                tint(c, mix(first, last, i / count), 0.3 + 0.3 * i / count) for i, c in enumerate(light.sky)
            ),
            haze=tint(light.haze, last, 0.54),
            ambient=tint(light.ambient, first, 0.35),
            key=tint(light.key, last, 0.2),
            glow=tint(light.glow, last, 0.45),
        )
    return light
