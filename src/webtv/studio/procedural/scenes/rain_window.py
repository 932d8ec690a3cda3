"""Rain on a window: a world out of focus behind wet glass, a sill with something on it, a warm room."""

from webtv.studio.procedural.colour import mix, rgb
from webtv.studio.procedural.indoors.outlook import Outlook, outlook_of
from webtv.studio.procedural.indoors.raindrops import Pane
from webtv.studio.procedural.indoors.windowsill import Windowsill
from webtv.studio.procedural.stage import Image, Stage

_WET = {"storm": 1.4, "rain": 1.05, "snow": 0.3, "fog": 0.7, "cloudy": 0.85, "clear": 0.85}


class RainWindow:
    """A blurred view behind glass; the glass bends it where water hangs; the room frames it."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        light = stage.light
        close = stage.zoom > 1.5
        stage.focus = (0.0, 0.5) if close else (0.0, 0.62)
        self.outlook = Outlook(stage, outlook_of(stage))
        frost = 0.8 if stage.spec.weather == "snow" else 0.0
        self.pane = Pane(stage, _WET.get(stage.spec.weather, 0.85), frost)
        self.sill = Windowsill(stage)
        self.haze = mix(mix(light.haze, light.sky[-2], 0.5), rgb("#ffd0a0"), 0.12 * light.lamps)
        self.gleam = mix((1.0, 1.0, 1.0), light.sky[-1], 0.4)
        self.bright = 0.38 + 0.4 * (1 - light.lamps)

    def draw(self, frame: Image, t: float) -> None:
        """Draw one frame."""
        self.outlook.draw(frame, t)
        self.pane.draw(frame, t, self.haze, self.gleam, self.bright)
        self.sill.draw(frame, t)
