"""Figures: parametric subjects that move as their kind moves."""

from webtv.studio.procedural.figures import birds, people, quadrupeds, sea, small, vehicles, vessels
from webtv.studio.procedural.figures.pose import Figure, Pose

FIGURES: dict[str, Figure] = {
    **quadrupeds.FIGURES,
    **small.FIGURES,
    **birds.FIGURES,
    **people.FIGURES,
    **sea.FIGURES,
    **vehicles.FIGURES,
    **vessels.FIGURES,
}

__all__ = ["FIGURES", "Figure", "Pose"]
