"""Abstract: colour, form and movement and nothing else; the world that the words name, or any."""

from webtv.studio.procedural.stage import Image, Stage
from webtv.studio.procedural.worlds import WORLDS, World, scheme_of


class Abstract:
    """Chooses the world: the one whose name is among the extras, else one by the chance of the place."""

    def __init__(self, stage: Stage) -> None:
        named = sorted(set(WORLDS) & stage.spec.extras)
        names = named or sorted(WORLDS)
        self.name = names[min(len(names) - 1, int(stage.chance("world") * len(names)))]
        self.world: World = WORLDS[self.name](stage, scheme_of(stage))

    def draw(self, frame: Image, t: float) -> None:
        """Draw one frame."""
        self.world.draw(frame, t)
