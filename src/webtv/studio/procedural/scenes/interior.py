"""Interior: a room told by light, with a still life on the table before the window."""

import math

import cv2
import numpy as np

from webtv.studio.procedural.colour import Colour, mix, rgb, times
from webtv.studio.procedural.figures import FIGURES
from webtv.studio.procedural.glow import screen
from webtv.studio.procedural.indoors.arrangement import Arrangement, grounded, needs_floor
from webtv.studio.procedural.indoors.beams import Beam, Dust, Sunpatch
from webtv.studio.procedural.indoors.casement import Glass, Outside, joinery
from webtv.studio.procedural.indoors.drapes import Drape
from webtv.studio.procedural.indoors.fittings import (
    beams_of_roof,
    bookshelf,
    hanging,
    masonry,
    picture,
    tiles,
)
from webtv.studio.procedural.indoors.furniture import pendant, rug, shelf, skirting, soften, table, table_lamp
from webtv.studio.procedural.indoors.hearth import Fire, Living
from webtv.studio.procedural.indoors.rooms import falloff, room_of, wall
from webtv.studio.procedural.indoors.stilllife import Painter
from webtv.studio.procedural.nature.flora import Brush
from webtv.studio.procedural.spec import Cast
from webtv.studio.procedural.stage import Image, Stage

_WALL = 0.55  # depth of the wall
_CURLED = (Cast("kitten", 1, None, "rest"),)  # who lies before a fire when the words name nobody


class Interior:
    """A wall with a window, what belongs to the room, a table, and what stands on it."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.cast = stage.spec.cast
        floor = needs_floor(self.cast)
        if not grounded(self.cast) and room_of(stage).kind == "fire":
            self.cast, floor = (*_CURLED, *self.cast), True
        room = self.room = room_of(stage, floor)
        stage.focus = (room.hero[0], room.hero[1] - 0.17)
        flyers = tuple(
            c
            for c in self.cast
            if c.kind in FIGURES and FIGURES[c.kind].home == "air" and c.kind != "butterfly"
        )
        town = (
            room.kind == "cafe"
            or bool({"skyline", "street"} & stage.spec.extras)
            or stage.chance("town") < 0.2
        )
        self.outside = Outside(stage, room.window, town, flyers)
        self.glass = Glass(stage, room.window, _WALL, room.light)
        self.wall = stage.plate(_WALL, -1.0, 0.9)
        self._furnish()
        self.fire = (
            Fire(stage, _WALL, *self._hearth(), 0.3 * min(1.0, stage.aspect / 1.2), 0.2)
            if room.kind == "fire"
            else None
        )
        self.curtains = self._curtains()
        self.table = stage.plate(1.0, room.table - 0.02, 2.0)
        table(room, stage, self.table)
        if room.floor:
            rug(room, stage, self.table, room.hero[0], room.hero[1] + 0.012, min(0.46, 0.36 * stage.aspect))
        self.still = stage.plate(1.0, room.hero[1] - 0.52, room.hero[1] + 0.2)
        painter = Painter(stage, room, self.still)
        self.arrangement = Arrangement(stage, room, painter, self.cast)
        self.living = Living(stage, room.evening, painter.vapours, painter.wicks)
        self._light_up()

    def _hearth(self) -> tuple[float, float]:
        room = self.room
        return -room.side * min(0.3 * self.stage.aspect, 0.46), 0.735 if room.floor else 0.665

    def _furnish(self) -> None:
        stage, room, plate = self.stage, self.room, self.wall
        wall(room, stage, plate)
        away = -room.side
        near = room.window.x + away * (room.window.x1 - room.window.x) + away * 0.13
        far = away * (room.half + 0.14)
        x0, x1 = min(near, far), max(near, far)
        light, evening = room.light, room.evening
        blur = 0.0022
        if room.kind == "kitchen":
            tiles(room, stage, plate, 0.4)
            shelf(room, stage, plate, x0 + 0.02, x1 + 0.1, 0.215)
            hanging(room, stage, plate, x0 + 0.03, x1, 0.262, tools=False)
        elif room.kind == "study":
            brush = Brush(plate)
            bookshelf(brush, stage.place("books"), light, x0, x1 + 0.3, -0.12, 0.72, times(room.wood, 0.8))
            brush.done()
            self._shade_again(x0, x1 + 0.3)
        elif room.kind == "fire":
            x, foot = self._hearth()
            masonry(room, stage, plate, x, 0.17 * min(1.0, stage.aspect / 1.2), foot - 0.245, foot)
            picture(room, stage, plate, x, foot - 0.5, 0.2, 0.15)
        elif room.kind == "workshop":
            shelf(room, stage, plate, x0 + 0.02, x1 + 0.1, 0.2)
            hanging(room, stage, plate, x0 + 0.02, x1, 0.275, tools=True)
        elif room.kind == "attic":
            beams_of_roof(room, plate)
        elif room.kind == "cafe":
            shelf(room, stage, plate, x0 + 0.02, x1 + 0.2, 0.26)
            shelf(room, stage, plate, x0 + 0.02, x1 + 0.2, 0.44)
            blur = 0.006
        else:
            middle = away * min(0.3 * stage.aspect, 0.5)
            hung = stage.chance("hung")
            if hung < 0.4:
                picture(room, stage, plate, middle - 0.06, 0.25, 0.19, 0.24)
                picture(room, stage, plate, middle + 0.14, 0.22, 0.12, 0.15)
            elif hung < 0.7:
                picture(room, stage, plate, middle, 0.24, 0.34, 0.23)
            else:
                shelf(room, stage, plate, middle - 0.22, middle + 0.24, 0.24)
                picture(room, stage, plate, middle + 0.02, 0.09, 0.16, 0.11)
            brush = Brush(plate)
            table_lamp(
                brush, light, room.lamp[0] * 1.06, 0.7, 0.26, mix(room.paint, rgb("#f2e2c2"), 0.6), evening
            )
            brush.done()
        if room.floor and room.kind != "fire":
            skirting(room, stage, plate)
        soften(plate, blur)
        joinery(
            plate,
            room.window,
            rgb("#e6e0d2") if room.kind not in {"study", "attic", "workshop"} else times(room.wood, 1.0),
            light,
        )
        self.lamps: list[tuple[float, float, float]] = []
        if room.kind in {"kitchen", "workshop"}:
            brush = Brush(plate)
            pendant(brush, light, *room.lamp, 0.085, rgb("#4f5f58"), evening)
            brush.done()
            self.lamps.append((*room.lamp, 0.09))
        elif room.kind == "cafe":
            brush = Brush(plate)
            rng = stage.place("pendants")
            for k in range(max(3, round(4 * stage.aspect))):
                x = -room.half + (k + 0.5) * 2 * room.half / max(3, round(4 * stage.aspect))
                y = 0.16 + 0.09 * float(rng.random())
                pendant(brush, light, x, y, 0.05, rgb("#3f3a36"), max(0.6, evening))
                self.lamps.append((x, y, 0.06))
            brush.done()
        elif room.kind == "plain":
            self.lamps.append((room.lamp[0] * 1.06, 0.7 - 0.26 * 0.6, 0.1))

    def _shade_again(self, x0: float, x1: float) -> None:
        """Books take the light of the wall behind them."""
        plate = self.wall
        inside = (plate.x > x0) & (plate.x < x1)
        gain = np.where(inside, 0.45 + 0.75 * falloff(self.room, plate), 1.0)
        plate.rgba[..., :3] *= np.asarray(gain, np.float32)[..., None]

    def _curtains(self) -> list[Drape]:
        stage, room, o = self.stage, self.room, self.room.window
        if room.kind in {"workshop", "attic", "cafe"}:
            return []
        hues = ("#e8dcc4", "#c9604a", "#5f7f8a", "#d8a84a", "#8a9a6f", "#b88a9a")
        hue = rgb(hues[int(stage.chance("curtain") * len(hues))])
        if stage.spec.palette:
            hue = mix(hue, stage.spec.palette[-1], 0.6)
        wide = (o.x1 - o.x0) * 0.36
        sheer = 0.5 * (1 - room.evening)
        low = o.y1 + (0.1 if room.kind != "kitchen" else -0.22)
        rails = ((-1.0, o.x0 - 0.09), (1.0, o.x1 + 0.09 - wide))
        return [
            Drape(
                stage, f"curtain{side}", _WALL + 0.05, x, x + wide, o.y0 - 0.05, low, hue, room.light,
                6, room.side, sheer, 0.42 if low > o.y1 else 0.1, side, 1.2,
            )
            for side, x in rails
        ]  # fmt: skip

    def _light_up(self) -> None:
        """Shafts and patches of sun or moon, where there is either."""
        stage, room, o = self.stage, self.room, self.room.window
        away = -room.side
        self.dust = Dust(stage, 80)
        self.beams: list[Beam] = []
        self.patches: list[Sunpatch] = []
        low = stage.light.height < 0.4
        colour = mix(stage.light.key, stage.light.glow, 0.4)
        if room.sunny > 0.08:
            deep = 0.34 if low else 0.22
            panes = []
            for x0, x1, y0, y1 in o.panes(0.02):
                top = room.table + deep * (1 - (y1 - o.y0) / (o.y1 - o.y0)) + 0.012
                end = room.table + deep * (1 - (y0 - o.y0) / (o.y1 - o.y0)) + 0.012
                lean, grow = away * 1.15, 0.5

                def on(x: float, y: float, lean: float = lean, grow: float = grow) -> tuple[float, float]:
                    far = y - room.table
                    return o.x + (x - o.x) * (1 + grow * far) + lean * far + away * 0.03, y

                panes.append([on(x0, end), on(x1, end), on(x1, top), on(x0, top)])
            self.patches.append(Sunpatch(stage, "on table", 1.0, panes, colour, 0.62 * room.sunny, 0.5))
            if low and room.kind in {"plain", "attic", "workshop", "kitchen", "study"}:
                cx, cy = away * min(0.3 * stage.aspect, 0.5), 0.34
                lit = []
                for c in range(2):
                    for r in range(3):
                        u0, u1 = -0.12 + 0.125 * c, -0.12 + 0.125 * c + 0.112
                        v0, v1 = -0.2 + 0.135 * r, -0.2 + 0.135 * r + 0.12
                        lit.append(
                            [
                                (cx + u, cy + v + 0.34 * u * away)
                                for u, v in ((u0, v0), (u1, v0), (u1, v1), (u0, v1))
                            ]
                        )
                self.patches.append(
                    Sunpatch(stage, "on wall", _WALL, lit, colour, 0.6 * room.sunny, 0.55, 0.009)
                )
            reach = away * (0.52 if low else 0.34)
            mid = o.x
            for part in (-0.5, 0.5):
                a = mid + (o.x1 - o.x0) * 0.5 * (part - 0.42)
                b = mid + (o.x1 - o.x0) * 0.5 * (part + 0.42)
                self.beams.append(
                    Beam(
                        ((a, o.y0), (b, o.y0), (b + reach + 0.03, 0.98), (a + reach - 0.03, 0.98)),
                        colour,
                        0.3 * room.sunny,
                    )
                )
        else:
            glow = stage.light.sky[-2]
            self.beams.append(
                Beam(
                    ((o.x0, o.y0), (o.x1, o.y0), (o.x1 + away * 0.25, 0.9), (o.x0 + away * 0.3, 0.9)),
                    glow,
                    0.1 * (1 - 0.6 * room.evening),
                )
            )
        if room.evening > 0.3 and room.kind in {"kitchen", "workshop"}:
            x, y = room.lamp
            self.beams.append(
                Beam(
                    ((x - 0.06, y), (x + 0.06, y), (x + 0.42, 0.95), (x - 0.42, 0.95)),
                    rgb("#ffd08c"),
                    0.26 * room.evening,
                )
            )

    def draw(self, frame: Image, t: float) -> None:
        """Draw one frame."""
        self.outside.draw(frame, t, _WALL)
        self.glass.draw(frame, t)
        self.wall.show(frame, t)
        for patch in self.patches[1:]:
            patch.draw(frame, t)
        if self.fire:
            self.fire.draw(frame, t)
        for curtain in self.curtains:
            curtain.draw(frame, t)
        self.arrangement.draw_behind(frame, t)
        self.table.show(frame, t)
        for patch in self.patches[:1]:
            patch.draw(frame, t)
        self.still.show(frame, t)
        self.arrangement.draw(frame, t)
        self.living.draw(frame, t)
        self._glows(frame, t)
        self.dust.draw(frame, t, self.beams)

    def _glows(self, frame: Image, t: float) -> None:
        """Halos of lamps, flames and the hearth, in one soft layer."""
        stage, room = self.stage, self.room
        q = 8
        h, w = frame.shape[0] // q, frame.shape[1] // q
        spots: list[tuple[float, float, float, Colour, float]] = list(self.living.glow(t))
        view = stage.view(t, _WALL)
        breath = 1 + 0.03 * math.sin(0.9 * t) + 0.02 * math.sin(2.3 * t)
        for x, y, r in self.lamps:
            power = (0.5 if room.kind != "cafe" else 0.42) * max(
                room.evening, 0.5 if room.kind == "cafe" else 0.0
            )
            if power > 0.02:
                spots.append((*view.at(x, y), r * view.scale, rgb("#ffc478"), power * breath))
        if self.fire:
            x, y = view.at(self.fire.x, self.fire.base - 0.06)
            spots.append((x, y, 0.2 * view.scale, rgb("#ff8a3a"), 0.55 * self.fire.power(t)))
        if not spots:
            return
        total = np.zeros((h, w, 3), np.float32)
        gx, gy = (
            np.arange(w, dtype=np.float32)[None, :] * q + q / 2,
            np.arange(h, dtype=np.float32)[:, None] * q + q / 2,
        )
        for x, y, r, colour, power in spots:
            d = ((gx - x) ** 2 + (gy - y) ** 2) / (r * r)
            fall = power * (0.62 / (1 + d * 0.9) ** 1.35 + 0.38 * np.exp(-d * 0.6))
            total += cv2.merge([np.asarray(fall * c, np.float32) for c in colour])
        screen(frame, cv2.resize(total, (frame.shape[1], frame.shape[0]), interpolation=cv2.INTER_CUBIC))
