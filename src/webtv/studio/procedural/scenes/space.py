"""Space: a nebula, planets near and far, a galaxy, a comet, rocks, the earth seen from the moon."""

import math
from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np

from webtv.studio.procedural import noise
from webtv.studio.procedural.colour import Colour, mix, rgb
from webtv.studio.procedural.cosmos import celestial
from webtv.studio.procedural.cosmos.heavens import NEBULAE, Comet, Spiral, Stars, nebula
from webtv.studio.procedural.figures import FIGURES, PEOPLE, Pose
from webtv.studio.procedural.figures.astronaut import astronaut
from webtv.studio.procedural.stage import Image, Plate, Stage, screen_free

_SIGHTS = (
    "ringed",
    "giant",
    "earth",
    "nebula",
    "galaxy",
    "moonscape",
    "asteroid",
    "comet",
    "ringed",
    "earth",
)
_PLANETS = ("ringed", "giant", "ringed", "rust")
_TRAVELLERS = PEOPLE | {"rocket", "flying-saucer", "satellite", "superhero"}


class Space:
    """One sight, before stars and gas; whoever travels passes in front."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        place = stage.place("space")
        stage.focus = (0.0, 0.5)
        names = NEBULAE[int(stage.chance("nebula") * len(NEBULAE))]
        low, middle, high = (rgb(c) for c in names)
        palette = stage.spec.palette
        if palette:
            low = mix(low, palette[0], 0.25)
            middle, high = mix(middle, palette[0], 0.7), mix(high, palette[-1], 0.7)
        self.tones = (low, middle, high)
        self.tint: Colour | None = palette[0] if palette else None
        self.sight = self._sight()
        side = stage.side("sun")
        self.sun = (0.72 * side, -0.42, 0.42)
        # No air softens the sun: one side is bright, what the gas lights is dim.
        self.sunlit = replace(
            stage.light, key=(1.0, 0.97, 0.92), ambient=mix((0.5, 0.52, 0.58), middle, 0.25), strength=1.0
        )
        self.back = stage.plate(0.05)
        dense = {"nebula": 1.0, "galaxy": 0.12, "moonscape": 0.2, "earth": 0.25}.get(self.sight, 0.5)
        nebula(self.back, place, self.tones, dense)
        self.veil = self._veil() if self.sight == "nebula" else None
        self.stars = Stars(stage)
        build: dict[str, Callable[[], Callable[[Image, float], None]]] = {
            "ringed": self._ringed,
            "giant": self._giant,
            "rust": self._rust,
            "earth": self._earth,
            "galaxy": lambda: Spiral(stage, self.tones).draw,
            "comet": lambda: Comet(stage, self.tones).draw,
            "asteroid": self._asteroids,
            "moonscape": self._moonscape,
            "nebula": lambda: self._drift,
        }
        self.show = build[self.sight]()
        # Whoever the picture is about floats here, though no cat ever did.
        crew = [c for c in stage.spec.cast if c.kind in FIGURES]
        crew = [c for i, c in enumerate(crew) if i == 0 or c.kind in _TRAVELLERS]
        self.crew = [c for c in crew for _ in range(min(3, c.count or 1))][:3]

    def _sight(self) -> str:
        extras = self.stage.spec.extras
        for word in ("comet", "galaxy", "asteroid", "moonscape", "earth", "nebula"):
            if word in extras:
                return word
        choice = _PLANETS if "planet" in extras else _SIGHTS
        return choice[int(self.stage.chance("sight") * len(choice))]

    def _veil(self) -> Plate:
        """Gas nearer than the stars, which slides before them."""
        plate = self.stage.plate(0.7)
        place = self.stage.place("veil")
        h, w = plate.shape
        body = noise.fbm(max(2, h // 3), max(2, w // 3), place, cells=2, octaves=6, gain=0.6)
        holes = noise.fbm(max(2, h // 3), max(2, w // 3), place, cells=2, octaves=3)
        power = noise.smoothstep(0.52, 0.95, body) * noise.smoothstep(0.35, 0.7, holes) * 0.55
        mask = cv2.resize(power, (w, h), interpolation=cv2.INTER_CUBIC)
        plate.rgba[..., :3] = np.clip(mask, 0, 1)[..., None] * np.asarray(self.tones[2], np.float32)
        return plate

    def _drift(self, frame: Image, t: float) -> None:
        """Young stars within the gas that light it."""
        for k in range(3):
            rng = self.stage.place(f"young{k}")
            x, y, phase = (
                float(rng.uniform(-0.6, 0.6)),
                float(rng.uniform(0.25, 0.75)),
                float(rng.uniform(0, 6)),
            )
            px, py = self.stage.view(t, 0.12 + 0.1 * k).at(x, y)
            h, w = frame.shape[0] // 8, frame.shape[1] // 8
            dx = (np.arange(w, dtype=np.float32)[None, :] * 8 - px) / self.stage.height
            dy = (np.arange(h, dtype=np.float32)[:, None] * 8 - py) / self.stage.height
            power = (0.42 + 0.06 * math.sin(0.9 * t + phase)) * np.exp(-np.sqrt(dx * dx + dy * dy) * 7)
            big = cv2.resize(
                power.astype(np.float32), (frame.shape[1], frame.shape[0]), interpolation=cv2.INTER_LINEAR
            )
            screen_free(frame, mix(self.tones[2], (1, 1, 1), 0.5), big)

    def _spot(self, name: str) -> tuple[float, float, float]:
        rng = self.stage.place(name)
        wide = min(1.0, self.stage.aspect / 1.4)
        return (
            -self.stage.side("sun") * float(rng.uniform(0.1, 0.3)) * wide,
            float(rng.uniform(0.44, 0.58)),
            float(rng.uniform(0.2, 0.27)) * wide,
        )

    def _ringed(self) -> Callable[[Image, float], None]:
        surface = celestial.banded(self.stage.place("planet"), self.tint)
        moon = celestial.cratered(self.stage.place("moon"), None)
        x, y, r = self._spot("spot")

        def draw(frame: Image, t: float) -> None:
            view = self.stage.view(t, 0.35)
            px, py = view.at(x, y)
            size = r * view.scale
            celestial.rings(frame, px, py, size, surface.air, False, self.sun[0])
            celestial.globe(frame, surface, px, py, size, 0.006 * t, self.sun)
            celestial.rings(frame, px, py, size, surface.air, True, self.sun[0])
            mx, my = self.stage.view(t, 0.45).at(-x * 1.5 - 0.006 * t, y - 0.24)
            celestial.globe(frame, moon, mx, my, size * 0.13, 0.01 * t, self.sun, air=0.0)

        return draw

    def _giant(self) -> Callable[[Image, float], None]:
        surface = celestial.banded(self.stage.place("planet"), self.tint)
        moons = [celestial.cratered(self.stage.place(f"moon{k}"), None) for k in range(2)]
        side = -self.stage.side("sun")

        def draw(frame: Image, t: float) -> None:
            view = self.stage.view(t, 0.35)
            px, py = view.at(0.62 * side, 0.72)
            celestial.globe(frame, surface, px, py, 0.72 * view.scale, 0.004 * t, self.sun, 0.2, 0.4)
            for k, moon in enumerate(moons):
                near = self.stage.view(t, 0.5 + 0.2 * k)
                mx, my = near.at(side * (0.12 - 0.5 * k) - side * 0.008 * t, 0.42 - 0.16 * k)
                celestial.globe(
                    frame, moon, mx, my, (0.055 - 0.025 * k) * near.scale, 0.01 * t, self.sun, air=0.0
                )

        return draw

    def _rust(self) -> Callable[[Image, float], None]:
        surface = celestial.cratered(self.stage.place("planet"), self.tint or rgb("#c8502c"))
        x, y, r = self._spot("spot")

        def draw(frame: Image, t: float) -> None:
            view = self.stage.view(t, 0.35)
            px, py = view.at(x, y)
            celestial.globe(frame, surface, px, py, 1.25 * r * view.scale, 0.008 * t, self.sun, air=0.5)

        return draw

    def _earth(self) -> Callable[[Image, float], None]:
        surface = celestial.earthly(self.stage.place("planet"), self.tint)
        low = self.stage.chance("in orbit?") < 0.55
        x, y, r = self._spot("spot")

        def draw(frame: Image, t: float) -> None:
            view = self.stage.view(t, 0.35)
            px, py = view.at(0.1, 1.62) if low else view.at(x, y)
            size = (1.16 if low else 1.35 * r) * view.scale
            celestial.globe(frame, surface, px, py, size, (0.0035 if low else 0.007) * t, self.sun, 0.4, 0.9)

        return draw

    def _asteroids(self) -> Callable[[Image, float], None]:
        rng = self.stage.place("rocks")
        rocks = [celestial.cratered(self.stage.place(f"rock{k}"), rgb("#a08a74")) for k in range(3)]
        shapes = []
        for _ in range(5):
            a = np.linspace(0, 2 * math.pi, 256, endpoint=False)
            lump = np.full(256, 1.1)
            for n in range(2, 9):
                lump += float(rng.normal(0, 0.11 / n)) * np.cos(n * a + float(rng.uniform(0, 6.28)))
            shapes.append(lump.astype(np.float32))
        planet = celestial.banded(self.stage.place("planet"), self.tint)
        x, y, r = self._spot("spot")
        field = sorted(rng.uniform(0, 1, (34, 6)).tolist(), key=lambda row: float(row[2]))

        def draw(frame: Image, t: float) -> None:
            view = self.stage.view(t, 0.2)
            px, py = view.at(x, y - 0.1)
            celestial.globe(frame, planet, px, py, 0.8 * r * view.scale, 0.005 * t, self.sun)
            for k, (a, b, c, d, e, f) in enumerate(field):
                near = self.stage.view(t, 0.3 + 0.9 * c)
                cx = ((a + 0.018 * t * (0.3 + c)) % 1.0 - 0.5) * (self.stage.aspect + 0.6)
                cy = 0.5 + (b - 0.5) * (0.35 + 0.75 * c) + 0.2 * cx * self.stage.side("belt")
                size = (0.006 + 0.12 * c**3 * (0.4 + d)) * near.scale
                px, py = near.at(cx, cy)
                spin = (0.012 + 0.03 * e) * t * (1 if f > 0.5 else -1) + f
                celestial.globe(frame, rocks[k % 3], px, py, size, spin, self.sun, 6 * e, 0.0, shapes[k % 5])

        return draw

    def _moonscape(self) -> Callable[[Image, float], None]:
        stage = self.stage
        surface = celestial.earthly(stage.place("planet"), self.tint)
        rng = stage.place("moonscape")
        plates = []
        side = 1.0 if self.sun[0] > 0 else -1.0
        for k, (depth, level, rise) in enumerate(((0.3, 0.72, 0.1), (0.55, 0.78, 0.05), (0.95, 0.9, 0.05))):
            plate = stage.plate(depth, level - 0.2)
            x = plate.x[0]
            ridge = (level - rise * noise.Profile(rng, 0.5 + 0.2 * k, 6, 0.5)(x)).astype(np.float32)
            h, w = plate.shape
            relief = noise.fbm(h, w, rng, cells=5, octaves=6, gain=0.6) * 0.5
            for _ in range(26):
                cx, v = float(rng.uniform(x[0], x[-1])), float(rng.uniform(0.03, 1.0 - level + 0.1))
                r = 0.012 + 0.16 * v * float(rng.uniform(0.3, 1))
                dx, dy = (plate.x - cx) / r, (plate.y - level - v) / (r * 0.3)
                d = np.sqrt(dx * dx + dy * dy)
                relief += np.exp(-(((d - 1) / 0.18) ** 2)) * 0.5 - 0.5 * np.exp(-((d / 0.8) ** 4))
            slope = cv2.Sobel(relief, cv2.CV_32F, 1, 0, ksize=3) * (-side) * -1.0
            lit = np.clip(
                0.5 + 2.2 * slope * plate.scale / 360 - 0.35 * cv2.Sobel(relief, cv2.CV_32F, 0, 1, ksize=3),
                0.06,
                1.15,
            )
            tone = np.asarray(mix(rgb("#b9b4ac"), self.tint or rgb("#b9b4ac"), 0.3), np.float32) * (
                0.66 + 0.08 * k
            )
            plate.fill((tone * lit[..., None]).astype(np.float32), plate.edge(ridge))
            plates.append(plate)
        x0 = -0.24 * stage.side("earthrise")

        def draw(frame: Image, t: float) -> None:
            view = stage.view(t, 0.15)
            px, py = view.at(x0, 0.42 - 0.008 * t)
            celestial.globe(frame, surface, px, py, 0.15 * view.scale, 0.006 * t, self.sun, 0.4, 0.9)
            for plate in plates:
                plate.show(frame, t)

        return draw

    def draw(self, frame: Image, t: float) -> None:
        """Draw one frame."""
        self.back.show(frame, t)
        self.stars.draw(frame, t)
        self.show(frame, t)
        if self.veil is not None:
            self.veil.show(frame, t)
        middle = t - self.stage.seconds / 2
        for k, member in enumerate(self.crew):
            view = self.stage.view(t, 0.9)
            heading = float(member.heading or self.stage.side("crew"))
            figure = FIGURES[member.kind]
            size = min(0.34 if member.kind in PEOPLE else 0.24, 0.7 * self.stage.aspect / figure.width())
            foot = 0.0 if figure.home in {"air", "under"} or member.kind in PEOPLE else 0.5 * size
            apart = 0.32 * min(1.0, self.stage.aspect / 1.7) * (1 if k % 2 else -1) * (k > 0)
            px, py = view.at(
                heading * (0.035 * middle - 0.1 * min(1.0, self.stage.aspect)) + apart,
                0.5 + 0.02 * math.sin(0.6 * t + k) + 0.1 * k + foot,
            )
            pose = Pose(
                px,
                py,
                view.scale * size / (1 + 0.3 * k),
                heading,
                t,
                0.2 + 0.3 * k,
                "fly",
                member.colour,
                1.0,
            )
            draw = astronaut if member.kind in PEOPLE else figure.draw
            draw(pose).lay(frame, self.sunlit, self.sun[0])
