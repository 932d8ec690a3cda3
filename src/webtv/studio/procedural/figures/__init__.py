"""Figures: subjects that move as their kind moves, drawn by a pen or warped from a picture."""

from webtv.studio.procedural.figures import (
    birds,
    frogs,
    household,
    people,
    quadrupeds,
    sea,
    small,
    sprites,
    vehicles,
    vessels,
)
from webtv.studio.procedural.figures.people import PEOPLE, SHELTERED
from webtv.studio.procedural.figures.pose import STILL, Drawn, Figure, Pose

FIGURES: dict[str, Figure] = {
    **sprites.FIGURES,
    **household.FIGURES,
    **quadrupeds.FIGURES,
    **small.FIGURES,
    **birds.FIGURES,
    **frogs.FIGURES,
    **people.FIGURES,
    **sea.FIGURES,
    **vehicles.FIGURES,
    **vessels.FIGURES,
}

__all__ = ["FIGURES", "PEOPLE", "SHELTERED", "STILL", "Drawn", "Figure", "Pose"]
