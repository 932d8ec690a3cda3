"""Scene families: one module each, listed here."""

from typing import Protocol

from webtv.studio.procedural.scenes.abstract import Abstract
from webtv.studio.procedural.scenes.castle import Castle
from webtv.studio.procedural.scenes.city import City
from webtv.studio.procedural.scenes.coast import Coast
from webtv.studio.procedural.scenes.desert import Desert
from webtv.studio.procedural.scenes.forest import Forest
from webtv.studio.procedural.scenes.hall import Hall
from webtv.studio.procedural.scenes.ice import Ice
from webtv.studio.procedural.scenes.interior import Interior
from webtv.studio.procedural.scenes.meadow import Meadow
from webtv.studio.procedural.scenes.mountains import Mountains
from webtv.studio.procedural.scenes.rain_window import RainWindow
from webtv.studio.procedural.scenes.skies import Skies
from webtv.studio.procedural.scenes.snow import SnowVillage
from webtv.studio.procedural.scenes.space import Space
from webtv.studio.procedural.scenes.train import Train
from webtv.studio.procedural.scenes.underwater import Underwater
from webtv.studio.procedural.stage import Image, Stage


class Scene(Protocol):
    """One family: built once per shot, then drawn at any time within it."""

    def __init__(self, stage: Stage) -> None: ...

    def draw(self, frame: Image, t: float) -> None:
        """Draw the whole frame, float32[H, W, 3] sRGB in 0..1, as a pure function of t."""
        ...


SCENES: dict[str, type[Scene]] = {
    "abstract": Abstract,
    "aurora": Mountains,
    "castle": Castle,
    "city": City,
    "coast": Coast,
    "desert": Desert,
    "forest": Forest,
    "hall": Hall,
    "ice": Ice,
    "interior": Interior,
    "meadow": Meadow,
    "mountains": Mountains,
    "rain_window": RainWindow,
    "skies": Skies,
    "snow": SnowVillage,
    "space": Space,
    "train": Train,
    "underwater": Underwater,
}
