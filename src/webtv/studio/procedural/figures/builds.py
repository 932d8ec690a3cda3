"""Builds: the proportions and coats of four-legged animals."""

from dataclasses import dataclass, replace

from webtv.studio.procedural.colour import Colour, rgb


@dataclass(frozen=True, slots=True)
class Build:
    """Proportions of a kind, in units of its height at the back.

    Attributes:
        length: from hip to shoulder.
        back: height of the spine above the ground.
        chest: depth of the chest.
        waist: depth of the loins.
        rump: depth of the hindquarters.
        leg: width at the top of a leg.
        neck: length of the neck.
        lift: its angle above the horizontal, radians.
        head: length of the head.
        skull: its depth.
        muzzle: depth at the nose.
        ear: ``point``, ``round``, ``leaf``, ``flop`` or ``none``.
        tail: ``brush``, ``tuft``, ``stub``, ``plume``, ``curl``, ``whip`` or ``none``.
        coat: its colour.
        belly: colour of chest, throat and belly.
        sock: colour of its feet.
        antlers: whether it has them.
        mane: whether it has one.
        stripe: colour of face stripes, or None.
        wool: whether it is woolly.
        patches: colour of patches, or None.
        ruff: colour of a lion's mane, or None.
        points: colour of ears and legs where they are not the coat's, or None.
        crest: colours of the locks of mane and tail where they are not the coat's.
        horn: colour of one horn on the brow, or None.
    """

    length: float = 0.95
    back: float = 1.0
    chest: float = 0.36
    waist: float = 0.28
    rump: float = 0.32
    leg: float = 0.13
    neck: float = 0.3
    lift: float = 0.7
    head: float = 0.34
    skull: float = 0.24
    muzzle: float = 0.09
    ear: str = "point"
    tail: str = "brush"
    coat: Colour = (0.8, 0.4, 0.2)
    belly: Colour = (0.95, 0.9, 0.82)
    sock: Colour = (0.2, 0.15, 0.13)
    antlers: bool = False
    mane: bool = False
    stripe: Colour | None = None
    wool: bool = False
    patches: Colour | None = None
    ruff: Colour | None = None
    points: Colour | None = None
    crest: tuple[Colour, ...] = ()
    horn: Colour | None = None


FOX = Build(
    length=0.64,
    back=0.86,
    chest=0.34,
    waist=0.25,
    rump=0.3,
    leg=0.115,
    neck=0.27,
    lift=0.72,
    head=0.36,
    skull=0.27,
    muzzle=0.07,
    ear="point",
    tail="brush",
    coat=rgb("#d0662c"),
    belly=rgb("#f6e7d2"),
    sock=rgb("#3a2621"),
)
WOLF = Build(
    length=0.7,
    back=0.98,
    chest=0.38,
    waist=0.27,
    rump=0.32,
    leg=0.13,
    neck=0.3,
    lift=0.6,
    head=0.38,
    skull=0.27,
    muzzle=0.11,
    tail="plume",
    coat=rgb("#85827c"),
    belly=rgb("#d2c8b8"),
    sock=rgb("#8d8375"),
)
DEER = Build(
    length=0.62,
    back=1.12,
    chest=0.36,
    waist=0.29,
    rump=0.34,
    leg=0.12,
    neck=0.5,
    lift=1.0,
    head=0.33,
    skull=0.2,
    muzzle=0.1,
    ear="leaf",
    tail="stub",
    coat=rgb("#a9703f"),
    belly=rgb("#e8d3b0"),
    sock=rgb("#7d532f"),
)
STAG = Build(
    length=0.66,
    back=1.15,
    chest=0.42,
    waist=0.32,
    rump=0.36,
    leg=0.13,
    neck=0.5,
    lift=1.05,
    head=0.34,
    skull=0.21,
    muzzle=0.11,
    ear="leaf",
    tail="stub",
    coat=rgb("#96602f"),
    belly=rgb("#dcc49c"),
    sock=rgb("#6a4527"),
    antlers=True,
    mane=True,
)
HORSE = Build(
    length=0.76,
    back=1.2,
    chest=0.46,
    waist=0.4,
    rump=0.46,
    leg=0.16,
    neck=0.58,
    lift=0.86,
    head=0.46,
    skull=0.25,
    muzzle=0.15,
    ear="leaf",
    tail="whip",
    coat=rgb("#7b4a2c"),
    belly=rgb("#8d5a38"),
    sock=rgb("#e9dfcf"),
    mane=True,
)
UNICORN = replace(
    HORSE,
    coat=rgb("#f1eef0"),
    belly=rgb("#e4dfe6"),
    sock=rgb("#d9cfe0"),
    crest=(rgb("#c98ae0"), rgb("#f08fb8"), rgb("#7fb8ee")),
    horn=rgb("#f2c75c"),
)
SHEEP = Build(
    length=0.74,
    back=0.78,
    chest=0.5,
    waist=0.5,
    rump=0.5,
    leg=0.1,
    neck=0.16,
    lift=0.5,
    head=0.28,
    skull=0.2,
    muzzle=0.13,
    ear="leaf",
    tail="stub",
    coat=rgb("#f0e9da"),
    belly=rgb("#e2d8c4"),
    sock=rgb("#453c38"),
    wool=True,
)
COW = Build(
    length=0.82,
    back=1.04,
    chest=0.52,
    waist=0.5,
    rump=0.48,
    leg=0.16,
    neck=0.28,
    lift=0.35,
    head=0.4,
    skull=0.27,
    muzzle=0.19,
    ear="leaf",
    tail="whip",
    coat=rgb("#efe6d6"),
    belly=rgb("#e6d8c4"),
    sock=rgb("#d8cab2"),
    patches=rgb("#6b4430"),
)
BEAR = Build(
    length=0.66,
    back=0.96,
    chest=0.52,
    waist=0.5,
    rump=0.52,
    leg=0.23,
    neck=0.2,
    lift=0.2,
    head=0.38,
    skull=0.34,
    muzzle=0.15,
    ear="round",
    tail="none",
    coat=rgb("#6d4a33"),
    belly=rgb("#7d5a40"),
    sock=rgb("#523624"),
)
BADGER = Build(
    length=0.56,
    back=0.5,
    chest=0.36,
    waist=0.4,
    rump=0.38,
    leg=0.15,
    neck=0.16,
    lift=0.05,
    head=0.34,
    skull=0.22,
    muzzle=0.07,
    ear="round",
    tail="stub",
    coat=rgb("#77746f"),
    belly=rgb("#4a4643"),
    sock=rgb("#2c2a2a"),
    stripe=rgb("#232325"),
)
CAT = Build(
    length=0.5,
    back=0.68,
    chest=0.26,
    waist=0.23,
    rump=0.27,
    leg=0.1,
    neck=0.16,
    lift=0.75,
    head=0.2,
    skull=0.28,
    muzzle=0.1,
    ear="point",
    tail="curl",
    coat=rgb("#d59a55"),
    belly=rgb("#f3e6d0"),
    sock=rgb("#f3e6d0"),
)
DOG = Build(
    length=0.6,
    back=0.9,
    chest=0.36,
    waist=0.27,
    rump=0.3,
    leg=0.12,
    neck=0.24,
    lift=0.75,
    head=0.33,
    skull=0.28,
    muzzle=0.13,
    ear="flop",
    tail="plume",
    coat=rgb("#c08a4e"),
    belly=rgb("#ecd6ae"),
    sock=rgb("#dcbc88"),
)
LION = Build(
    length=0.74,
    back=0.9,
    chest=0.4,
    waist=0.3,
    rump=0.33,
    leg=0.15,
    neck=0.2,
    lift=0.5,
    head=0.34,
    skull=0.34,
    muzzle=0.17,
    ear="round",
    tail="whip",
    coat=rgb("#cf9f5c"),
    belly=rgb("#ecd9b2"),
    sock=rgb("#c79757"),
    ruff=rgb("#7c4a26"),
)
LIONESS = Build(
    length=0.74,
    back=0.86,
    chest=0.37,
    waist=0.29,
    rump=0.33,
    leg=0.14,
    neck=0.2,
    lift=0.45,
    head=0.33,
    skull=0.31,
    muzzle=0.16,
    ear="round",
    tail="whip",
    coat=rgb("#cda263"),
    belly=rgb("#eddcb8"),
    sock=rgb("#c79a5c"),
)
POLAR_BEAR = replace(
    BEAR, coat=rgb("#ece8dc"), belly=rgb("#f4f1e8"), sock=rgb("#dcd6c6"), head=0.4, skull=0.29
)
PANDA = replace(
    BEAR,
    length=0.56,
    coat=rgb("#f0ece2"),
    belly=rgb("#f4f1e8"),
    sock=rgb("#26242a"),
    points=rgb("#2b292f"),
    head=0.34,
    skull=0.38,
)
