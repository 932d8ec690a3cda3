"""Wardrobe: what people wear, cut to their joints: trousers, skirts, coats, sleeves."""

from dataclasses import dataclass

from webtv.studio.procedural.colour import Colour, rgb, times
from webtv.studio.procedural.figures.anatomy import Joints, Point, Stature
from webtv.studio.procedural.pen import Pen, smooth

_TROUSERS, _LEATHER, _LINEN = rgb("#3a4254"), rgb("#3a2c26"), rgb("#f0ece2")


@dataclass(frozen=True, slots=True)
class Look:
    """What one role looks like.

    Attributes:
        coats: colours of the main garment; members differ in them, and a colour word replaces them.
        sex: ``woman``, ``man`` or nothing for either.
        age: ``child``, ``adult`` or ``old``.
        hem: how far a skirt, coat or robe comes down: 0 for none, 1 to the ground.
        flare: how wide it swings, 1 as an ordinary skirt.
        legs: colour of trousers or stockings; None for bare legs.
        shoes: their colour.
        boots: whether they come up to the knee.
        sleeves: colour of the sleeves where it is not the garment's.
        bare: whether the arms are bare.
        bulk: how thick sleeves and legs are.
        trim: colour of what is worn over: collars, aprons, belts, sashes, capes.
        hat: a name of :data:`webtv.studio.procedural.figures.hats.HATS`.
        band: colour of the hat; None for the garment's.
        cuts: of the hair; nothing for those of age and sex.
        beards: some of them; nothing for none.
        over: names of :data:`webtv.studio.procedural.figures.trimmings.TRIMMINGS`, in the order in which
            they are put on.
        hold: a name of :data:`webtv.studio.procedural.figures.belongings.BELONGINGS`.
        grip: how it is held, see :func:`webtv.studio.procedural.figures.anatomy.joints`.
        habit: what it does instead of standing: ``work``, ``play``, ``conduct``.
        gait: what it does instead of walking: ``skate``.
        glasses: whether it wears them.
        gloves: colour of gloves, or None.
        paint: whether it is made up as a clown.
        mask: colour of a patch over one eye, or None.
    """

    coats: tuple[Colour, ...]
    sex: str = ""
    age: str = "adult"
    hem: float = 0.0
    flare: float = 1.0
    legs: Colour | None = _TROUSERS
    shoes: Colour = _LEATHER
    boots: bool = False
    sleeves: Colour | None = None
    bare: bool = False
    bulk: float = 1.0
    trim: Colour = _LINEN
    hat: str = ""
    band: Colour | None = None
    cuts: tuple[str, ...] = ()
    beards: tuple[str, ...] = ()
    over: tuple[str, ...] = ()
    hold: str = ""
    grip: str = ""
    habit: str = ""
    gait: str = ""
    glasses: bool = False
    gloves: Colour | None = None
    paint: bool = False
    mask: Colour | None = None


@dataclass(frozen=True, slots=True)
class Dressed:
    """One person in clothes: pen, joints, proportions, look, skin and the main garment's colour."""

    pen: Pen
    at: Joints
    body: Stature
    look: Look
    skin: Colour
    coat: Colour

    def half(self, level: float) -> float:
        """Half the width of the trunk; level 0 at the hips, 1 at the shoulders."""
        wide = self.body.breadth * (0.66 + 0.34 * self.at.open)
        waist = self.body.waist * (0.8 + 0.2 * self.at.open)
        return waist + (wide - waist) * max(0.0, (level - 0.3) / 0.7)

    def trunk(self, u: float, level: float) -> Point:
        """A point of the trunk: u -1..1 across, level 0 at the hips to 1 at the shoulders."""
        hip, neck = self.at.hip, self.at.neck
        return hip[0] + (neck[0] - hip[0]) * level + u * self.half(level), hip[1] + (neck[1] - hip[1]) * level

    @property
    def front(self) -> float:
        """Where the middle of the front is across the trunk: 0 from the front, to 1 from the side."""
        return 0.55 * (1 - self.at.open) + 0.1


def leg(d: Dressed, k: int) -> None:
    """One leg with its shoe; 0 is the far one."""
    pen, look, at, wide = d.pen, d.look, d.at, d.body.limb * d.look.bulk
    shade = 1.0 if k else 0.82
    cloth = times(look.legs if look.legs is not None else d.skin, shade)
    shoe = times(look.shoes, shade)
    thin = 0.72 if look.legs is None or look.hem > 0.3 else 0.9
    hip, knee, ankle = at.hips[k], at.knees[k], at.ankles[k]
    pen.limb([hip, knee, ankle], (wide * 1.1, wide * thin, wide * thin * 0.72), cloth)
    if look.boots:
        high = (ankle[0] + 0.62 * (knee[0] - ankle[0]), ankle[1] + 0.62 * (knee[1] - ankle[1]))
        pen.limb([high, ankle], (wide * 0.92, wide * 0.7), shoe)
    long = 0.062 + 0.025 * (1 - at.open)
    turn = 1.0 if at.open < 0.5 else (0.75 if k else -0.55)
    pitch = at.toes[k]
    toe = (ankle[0] + turn * long, ankle[1] - 0.018 + pitch * long * 0.8)
    pen.limb([(ankle[0] - 0.012 * turn, ankle[1] - 0.008), toe], (wide * 0.66, wide * 0.46), shoe)


def arm(d: Dressed, k: int) -> None:
    """One arm with its hand; 0 is the far one."""
    pen, look, at = d.pen, d.look, d.at
    wide = 0.076 * (d.body.arm / 0.315) ** 0.4 * look.bulk * (0.92 if d.body.breadth < 0.115 else 1.0)
    shade = 1.0 if k else 0.84
    skin = times(look.gloves or d.skin, shade)
    sleeve = times(look.sleeves or d.coat, shade * (1.07 if k else 1.0))
    shoulder, elbow, hand = at.shoulders[k], at.elbows[k], at.hands[k]
    if look.bare:
        pen.limb([shoulder, elbow, hand], (wide * 0.85, wide * 0.7, wide * 0.5), times(d.skin, shade))
        middle = (shoulder[0] + 0.6 * (elbow[0] - shoulder[0]), shoulder[1] + 0.6 * (elbow[1] - shoulder[1]))
        pen.limb([shoulder, middle], (wide, wide * 0.96), sleeve)
    else:
        pen.limb([shoulder, elbow, hand], (wide, wide * 0.86, wide * 0.72), sleeve)
    pen.blob(hand[0], hand[1], wide * 0.42, wide * 0.44, skin)


def trunk(d: Dressed) -> None:
    """The main garment: the body of it, and the skirt where it has one."""
    pen, look, at = d.pen, d.look, d.at
    if look.hem > 0:
        skirt(d, min(look.hem, 0.5) if at.seated else look.hem, look.flare, d.coat)
    p = d.trunk
    pen.fill(
        smooth(
            [
                p(-0.98, -0.08),
                p(-1.0, 0.3),
                p(-1.02, 0.85),
                p(-0.62, 1.03),
                p(0, 1.06),
                p(0.62, 1.03),
                p(1.02, 0.85),
                p(1.0, 0.3),
                p(0.98, -0.08),
            ],
            steps=4,
        ),
        d.coat,
    )
    if at.open < 0.5:  # the back lies in the shade of the front
        pen.fill(
            smooth([p(-1.0, 0.0), p(-1.03, 0.5), p(-0.8, 0.95), p(-0.55, 0.5), p(-0.6, 0.0)]),
            times(d.coat, 0.88),
        )


def skirt(d: Dressed, hem: float, flare: float, colour: Colour, level: float = 0.2) -> None:
    """A skirt from the waist down over the legs; ``hem`` 1 reaches the ground."""
    at = d.at
    low = at.hip[1] * (1 - hem) + 0.035 * hem
    xs = []
    for k in (0, 1):
        top, knee, ankle = at.hips[k], at.knees[k], at.ankles[k]
        upper, under = (top, knee) if low > knee[1] else (knee, ankle)
        s = (upper[1] - low) / max(0.02, upper[1] - under[1])
        xs.append(upper[0] + (under[0] - upper[0]) * min(1.0, max(0.0, s)))
    room = 0.02 + (0.045 + 0.06 * hem) * flare
    left, right = min(*xs, at.hip[0]) - room, max(*xs, at.hip[0]) + room
    if at.seated:
        right = max(right, at.knees[1][0] + 0.04)
    a, b = d.trunk(-1.0, level), d.trunk(1.0, level)
    h = at.hip[1]
    swing = 0.25 * (at.ankles[1][0] - at.ankles[0][0]) * 0.08
    wide = d.body.waist * (1.06 + 0.1 * flare)
    d.pen.fill(
        smooth(
            [
                a,
                (at.hip[0] - wide, h - 0.02),
                (left + 0.25 * room, 0.5 * (h + low) - 0.03),
                (left, low + 0.015 + swing),
                (0.5 * (left + right), low - 0.012),
                (right, low + 0.015 - swing),
                (right - 0.25 * room, 0.5 * (h + low) - 0.03),
                (at.hip[0] + wide, h - 0.02),
                b,
            ],
            steps=4,
        ),
        colour,
    )
    for u, shade in ((0.3, 0.9), (0.68, 0.93)):
        x = left + (right - left) * u
        d.pen.limb(
            [(at.hip[0] + (u - 0.5) * wide, h - 0.06), (x, low + 0.015)], (0.006, 0.02), times(colour, shade)
        )
