"""Worlds: pictures of nothing but colour, form and movement."""

from typing import Protocol

from webtv.studio.procedural.stage import Image, Stage
from webtv.studio.procedural.worlds.geometry import Geometry
from webtv.studio.procedural.worlds.kaleidoscope import Kaleidoscope
from webtv.studio.procedural.worlds.liquid import Liquid, Orbs
from webtv.studio.procedural.worlds.marble import Marble
from webtv.studio.procedural.worlds.papercut import Papercut
from webtv.studio.procedural.worlds.particles import Particles
from webtv.studio.procedural.worlds.plumes import Ink, Smoke
from webtv.studio.procedural.worlds.ribbons import Ribbons
from webtv.studio.procedural.worlds.scheme import Scheme, scheme_of
from webtv.studio.procedural.worlds.waves import Waves
from webtv.studio.procedural.worlds.weave import Weave


class World(Protocol):
    """One abstract picture: built once per shot, then drawn at any time within it."""

    def __init__(self, stage: Stage, scheme: Scheme) -> None: ...

    def draw(self, frame: Image, t: float) -> None:
        """Draw the whole frame, float32[H, W, 3] sRGB in 0..1, as a pure function of t."""
        ...


WORLDS: dict[str, type[World]] = {
    "geometry": Geometry,
    "ink": Ink,
    "kaleidoscope": Kaleidoscope,
    "liquid": Liquid,
    "marble": Marble,
    "orbs": Orbs,
    "papercut": Papercut,
    "particles": Particles,
    "ribbons": Ribbons,
    "smoke": Smoke,
    "waves": Waves,
    "weave": Weave,
}

__all__ = ["WORLDS", "Scheme", "World", "scheme_of"]
