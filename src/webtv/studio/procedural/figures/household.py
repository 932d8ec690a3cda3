"""Things that the emoji set lacks: a pumpkin, a grand piano, a globe on its stand."""

import math

from webtv.studio.procedural.colour import mix, rgb, times
from webtv.studio.procedural.figures.kinds import kinds
from webtv.studio.procedural.figures.pose import Figure, Pose
from webtv.studio.procedural.pen import Pen, smooth


def pumpkin(pose: Pose) -> Pen:
    """A ribbed pumpkin with a stalk."""
    skin = pose.colour or rgb("#e0822b")
    stalk = rgb("#6f7d3a")
    pen = Pen(pose.x, pose.y, pose.scale, (0.75, 0.75, 0.08, 1.1), pose.facing)
    for x, wide, shade in (
        (-0.4, 0.24, 0.74), (0.4, 0.24, 0.74), (-0.25, 0.27, 0.86), (0.25, 0.27, 0.86),
        (-0.11, 0.25, 0.97), (0.12, 0.25, 0.93), (0.0, 0.16, 1.06),
    ):  # fmt: skip
        tone = times(skin, shade)
        pen.blob(x, 0.405, wide, 0.4 - 0.12 * abs(x), tone)
        pen.blob(x - 0.02, 0.5, wide * 0.6, 0.25 - 0.1 * abs(x), mix(tone, (1, 1, 1), 0.07))
    pen.blob(0.0, 0.765, 0.2, 0.055, times(skin, 0.62))
    pen.limb([(0.0, 0.74), (0.02, 0.88), (0.1, 0.99)], (0.15, 0.085, 0.105), stalk)
    pen.limb([(0.02, 0.76), (0.04, 0.88), (0.11, 0.98)], (0.03, 0.02, 0.02), mix(stalk, (1, 1, 1), 0.3))
    curl = 0.012 * math.sin(1.1 * pose.t + 6 * pose.phase)
    pen.limb(
        [(0.04, 0.82), (0.24, 0.9 + curl), (0.36, 0.82 + curl), (0.43, 0.86 + curl)], (0.03, 0.02), stalk
    )
    return pen


def piano(pose: Pose) -> Pen:
    """A grand piano from the side, its lid open."""
    wood = pose.colour or rgb("#2b2a30")
    dark, edge = times(wood, 0.6), mix(wood, rgb("#f6e6cc"), 0.28)
    brass = rgb("#c89a4a")
    pen = Pen(pose.x, pose.y, pose.scale, (0.95, 0.95, 0.06, 1.1), pose.facing)
    for x in (-0.62, 0.1, 0.6):
        pen.limb([(x, 0.4), (x * 0.98, 0.06)], (0.09, 0.05), dark)
        pen.blob(x * 0.98, 0.03, 0.032, 0.03, brass)
    pen.limb([(0.32, 0.36), (0.34, 0.08)], (0.035, 0.03), dark)
    pen.limb([(0.28, 0.075), (0.42, 0.06)], (0.03, 0.02), brass)
    pen.fill([(-0.78, 0.58), (-0.7, 1.0), (-0.1, 1.04), (0.34, 0.62)], times(wood, 0.85))
    pen.fill([(-0.7, 0.61), (-0.64, 0.94), (-0.12, 0.98), (0.24, 0.62)], mix(wood, rgb("#c99a58"), 0.42))
    pen.fill([(-0.72, 0.56), (-0.7, 0.64), (0.3, 0.64), (0.36, 0.56)], mix(brass, dark, 0.25))
    for k in range(9):
        x = -0.62 + 0.1 * k
        pen.limb([(x, 0.63), (x + 0.05, 0.58)], (0.008, 0.008), mix(brass, (1, 1, 1), 0.5))
    pen.limb([(0.14, 0.6), (-0.02, 0.98)], (0.02, 0.018), edge)
    body = [(-0.84, 0.6), (-0.86, 0.46), (-0.78, 0.36), (0.3, 0.36), (0.74, 0.37), (0.76, 0.46), (0.4, 0.6)]
    pen.fill(body, wood)
    pen.limb([(-0.84, 0.59), (0.38, 0.59)], (0.022, 0.018), edge)
    pen.limb([(-0.76, 0.4), (0.7, 0.4)], (0.012, 0.012), mix(wood, edge, 0.35))
    pen.fill([(0.4, 0.47), (0.4, 0.51), (0.79, 0.49), (0.8, 0.455)], rgb("#f3eee0"))
    for k in range(6):
        x = 0.44 + 0.055 * k
        pen.fill([(x, 0.485), (x, 0.51), (x + 0.03, 0.508), (x + 0.03, 0.484)], rgb("#1a1a1e"))
    pen.fill([(0.34, 0.6), (0.4, 0.86), (0.43, 0.86), (0.42, 0.6)], times(wood, 1.25))
    pen.fill([(0.405, 0.64), (0.435, 0.84), (0.49, 0.82), (0.47, 0.62)], rgb("#efe8d6"))
    return pen


def globe(pose: Pose) -> Pen:
    """A globe that turns on its stand."""
    sea = pose.colour or rgb("#3f83b4")
    land, brass, wood = rgb("#8aa858"), rgb("#c49a4e"), rgb("#6a4630")
    pen = Pen(pose.x, pose.y, pose.scale, (0.55, 0.55, 0.05, 1.1), pose.facing)
    pen.fill(smooth([(-0.24, 0.0), (-0.2, 0.06), (0.0, 0.09), (0.2, 0.06), (0.24, 0.0)]), wood)
    pen.limb([(0, 0.06), (0, 0.2)], (0.07, 0.05), brass)
    arc = [(0.43 * math.cos(a), 0.57 + 0.43 * math.sin(a)) for a in (-2.1, -1.6, -1.0, -0.4, 0.2, 0.8, 1.25)]
    pen.limb(arc, (0.035, 0.045, 0.035), brass)
    centre, radius = 0.57, 0.37
    pen.blob(0, centre, radius, radius, sea)
    turn = 0.22 * pose.t + 6 * pose.phase
    for longitude, latitude, wide, tall in (
        (0.0, 0.35, 0.5, 0.3), (0.35, -0.3, 0.3, 0.4), (1.9, 0.45, 0.75, 0.28), (1.7, -0.1, 0.38, 0.42),
        (2.9, 0.3, 0.6, 0.25), (3.5, -0.42, 0.34, 0.2), (4.6, 0.5, 0.4, 0.22), (5.3, -0.2, 0.28, 0.3),
    ):  # fmt: skip
        outline = []
        for k in range(14):
            a = 2 * math.pi * k / 14
            rough = 1 + 0.22 * math.sin(3 * a + longitude * 5)
            lon, lat = longitude + turn + wide * rough * math.cos(a), latitude + tall * rough * math.sin(a)
            behind = math.cos(lon) < 0
            x = (
                math.copysign(math.sqrt(max(0.0, 1 - math.sin(lat) ** 2)), math.sin(lon))
                if behind
                else (math.sin(lon) * math.cos(lat))
            )
            outline.append((x * radius * 0.985, centre + math.sin(lat) * radius * 0.985))
        if math.cos(longitude + turn) > -0.25:
            pen.fill(smooth(outline), land)
    pen.blob(-0.12, centre + 0.15, 0.12, 0.08, mix(sea, (1, 1, 1), 0.35), 0.6)
    return pen


_DRAWN = {"pumpkin": pumpkin, "piano": piano, "globe": globe}
FIGURES: dict[str, Figure] = {
    name: Figure(draw, kinds()[name].size, kinds()[name].home, 0.0, kinds()[name].group)
    for name, draw in _DRAWN.items()
}
