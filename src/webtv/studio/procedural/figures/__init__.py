"""Figures: parametric subjects that move as their kind moves."""

from webtv.studio.procedural.figures import animals, birds, people, sea, vessels
from webtv.studio.procedural.figures.pose import Figure, Pose

FIGURES: dict[str, Figure] = {
    **animals.FIGURES,
    **birds.FIGURES,
    **people.FIGURES,
    **sea.FIGURES,
    **vessels.FIGURES,
}

__all__ = ["FIGURES", "Figure", "Pose"]
