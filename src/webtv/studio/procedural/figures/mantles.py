"""Mantles: what people have on their backs - capes, packs, wings."""

from webtv.studio.procedural.colour import Colour, mix, rgb, times
from webtv.studio.procedural.figures.wardrobe import Dressed
from webtv.studio.procedural.pen import smooth


def cape(d: Dressed, colour: Colour, wave: float) -> None:
    """A cape behind the back; ``wave`` -1..1 moves it."""
    at = d.at
    x, y = at.neck
    drag = 0.09 * (1 - at.open) + 0.02 * wave
    wide = 0.13 + 0.06 * at.open
    d.pen.fill(
        smooth(
            [
                (x - 0.085, y + 0.015),
                (x + 0.07 * at.open + 0.02, y + 0.015),
                (x + wide * at.open, 0.4),
                (x + wide * at.open - drag, 0.1),
                (x - 0.5 * wide - drag, 0.075 + 0.01 * wave),
                (x - wide - 1.4 * drag, 0.1),
                (x - wide - 0.5 * drag, 0.42),
            ],
            steps=4,
        ),
        colour,
    )


def rucksack(d: Dressed, colour: Colour) -> None:
    """A rucksack, or an astronaut's pack, behind the shoulders."""
    x, y = d.trunk(-0.75 * (1 - d.at.open), 0.62)
    out = 0.095 * (1 - d.at.open)
    d.pen.limb(
        [(x - out, y + 0.08), (x - out, y - 0.11)], (0.17 + 0.12 * d.at.open, 0.19 + 0.1 * d.at.open), colour
    )
    if d.at.open < 0.5:
        d.pen.limb(
            [(x - out - 0.06, y + 0.1), (x - out + 0.07, y + 0.1)], (0.05, 0.05), mix(colour, (1, 1, 1), 0.25)
        )


def wings(d: Dressed, beat: float) -> None:
    """An angel's, spread; ``beat`` -1..1."""
    x, y = d.trunk(-0.2, 0.72)
    spread, lift = 0.24 + 0.1 * d.at.open, 0.05 * beat
    for side, shade in ((1.0, 0.86), (-1.0, 1.0)):
        s = side * (0.55 + 0.45 * d.at.open) if side > 0 else side
        tone = times(rgb("#f8f5ee"), shade)
        for k in range(4):
            d.pen.limb(
                [
                    (x + 0.02 * s, y - 0.02 * k),
                    (x + s * (spread * 0.75 - 0.03 * k), y + 0.15 + lift - 0.085 * k),
                    (x + s * (spread + 0.06 - 0.05 * k), y + 0.02 + 1.4 * lift - 0.13 * k),
                ],
                (0.04, 0.1, 0.03),
                times(tone, 1 - 0.03 * k),
            )
