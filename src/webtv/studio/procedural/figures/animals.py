"""Four-legged animals: one rig of tapered limbs, built differently for each kind."""

import math
from collections.abc import Callable
from dataclasses import dataclass

from webtv.studio.procedural.colour import Colour, mix, rgb, times
from webtv.studio.procedural.figures.pose import Figure, Pose
from webtv.studio.procedural.pen import Pen, smooth

_NIGHT_EYE = rgb("#16130f")


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
        ear: ``point``, ``long``, ``round``, ``leaf`` or ``none``.
        tail: ``brush``, ``tuft``, ``stub``, ``plume``, ``whip`` or ``none``.
        coat: its colour.
        belly: colour of chest, throat and belly.
        sock: colour of its feet.
        antlers: whether it has them.
        mane: whether it has one.
        stripe: colour of face stripes, or None.
        wool: whether it is woolly.
        patches: colour of patches, or None.
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


FOX = Build(
    length=0.64, back=0.86, chest=0.34, waist=0.25, rump=0.3, leg=0.115, neck=0.27, lift=0.72, head=0.36, skull=0.27,
    muzzle=0.07, ear="point", tail="brush", coat=rgb("#d0662c"), belly=rgb("#f6e7d2"), sock=rgb("#3a2621"),
)  # fmt: skip
WOLF = Build(
    length=0.7, back=0.98, chest=0.38, waist=0.27, rump=0.32, leg=0.13, neck=0.3, lift=0.6, head=0.38, skull=0.27,
    muzzle=0.11, tail="plume", coat=rgb("#85827c"), belly=rgb("#d2c8b8"), sock=rgb("#8d8375"),
)  # fmt: skip
DEER = Build(
    length=0.62, back=1.12, chest=0.36, waist=0.29, rump=0.34, leg=0.12, neck=0.5, lift=1.0, head=0.33, skull=0.2,
    muzzle=0.1, ear="leaf", tail="stub", coat=rgb("#a9703f"), belly=rgb("#e8d3b0"), sock=rgb("#7d532f"),
)  # fmt: skip
STAG = Build(
    length=0.66, back=1.15, chest=0.42, waist=0.32, rump=0.36, leg=0.13, neck=0.5, lift=1.05, head=0.34, skull=0.21,
    muzzle=0.11, ear="leaf", tail="stub", coat=rgb("#96602f"), belly=rgb("#dcc49c"), sock=rgb("#6a4527"), antlers=True,
    mane=True,
)  # fmt: skip
HORSE = Build(
    length=0.76, back=1.2, chest=0.46, waist=0.4, rump=0.46, leg=0.16, neck=0.58, lift=0.86, head=0.46, skull=0.25,
    muzzle=0.15, ear="leaf", tail="whip", coat=rgb("#7b4a2c"), belly=rgb("#8d5a38"), sock=rgb("#e9dfcf"), mane=True,
)  # fmt: skip
SHEEP = Build(
    length=0.74, back=0.78, chest=0.5, waist=0.5, rump=0.5, leg=0.1, neck=0.16, lift=0.5, head=0.28, skull=0.2,
    muzzle=0.13, ear="leaf", tail="stub", coat=rgb("#f0e9da"), belly=rgb("#e2d8c4"), sock=rgb("#453c38"), wool=True,
)  # fmt: skip
COW = Build(
    length=0.82, back=1.04, chest=0.52, waist=0.5, rump=0.48, leg=0.16, neck=0.28, lift=0.35, head=0.4, skull=0.27,
    muzzle=0.19, ear="leaf", tail="whip", coat=rgb("#efe6d6"), belly=rgb("#e6d8c4"), sock=rgb("#d8cab2"),
    patches=rgb("#6b4430"),
)  # fmt: skip
BEAR = Build(
    length=0.66, back=0.96, chest=0.52, waist=0.5, rump=0.52, leg=0.23, neck=0.2, lift=0.2, head=0.38, skull=0.34,
    muzzle=0.15, ear="round", tail="none", coat=rgb("#6d4a33"), belly=rgb("#7d5a40"), sock=rgb("#523624"),
)  # fmt: skip
BADGER = Build(
    length=0.56, back=0.5, chest=0.36, waist=0.4, rump=0.38, leg=0.15, neck=0.16, lift=0.05, head=0.34, skull=0.22,
    muzzle=0.07, ear="round", tail="stub", coat=rgb("#77746f"), belly=rgb("#4a4643"), sock=rgb("#2c2a2a"),
    stripe=rgb("#232325"),
)  # fmt: skip
CAT = Build(
    length=0.5, back=0.68, chest=0.26, waist=0.23, rump=0.27, leg=0.1, neck=0.16, lift=0.75, head=0.25, skull=0.26,
    muzzle=0.13, ear="point", tail="plume", coat=rgb("#d59a55"), belly=rgb("#f3e6d0"), sock=rgb("#f3e6d0"),
)  # fmt: skip


def _leg(
    pen: Pen, hip: tuple[float, float], phase: float, stride: float, width: float, coat: Colour, sock: Colour,
    hind: bool, pace: float,
) -> None:  # fmt: skip
    """One leg in its cycle: on the ground it moves back at an even pace, in the air it swings forward."""
    cycle = phase % 1.0
    if cycle < 0.6:
        swing, lift = 0.5 - cycle / 0.6, 0.0
    else:
        s = (cycle - 0.6) / 0.4
        swing, lift = -0.5 + s, math.sin(math.pi * s)
    x = hip[0] + stride * swing * pace
    y = 0.16 * lift * pace * hip[1]
    bend = (-0.085 if hind else 0.05) * hip[1] - 0.05 * lift * (1 if hind else -1.6) * pace
    middle = (hip[0] * 0.55 + x * 0.45 + bend * 0.35 + (0.05 if hind else 0), hip[1] * 0.56 + 0.3 * y)
    ankle = (x * 0.85 + hip[0] * 0.15 + bend * 0.62, hip[1] * 0.24 + y)
    foot = (x, 0.025 + y)
    pen.limb([hip, middle, ankle], (width * 1.5, width * 0.95, width * 0.58), coat)
    pen.limb([ankle, foot], (width * 0.58, width * 0.52), sock)
    pen.limb(
        [foot, (foot[0] + width * 0.45, foot[1] - 0.005)], (width * 0.52, width * 0.34), times(sock, 0.9)
    )


def quadruped(build: Build) -> Callable[[Pose], Pen]:
    """The drawing function of a kind."""

    def draw(pose: Pose) -> Pen:
        coat = pose.colour or build.coat
        warm = pose.phase * 0.16 - 0.08
        coat = times(coat, 1 + warm)
        dark = times(coat, 0.74)
        running = pose.action == "run"
        still = pose.action in {"rest", "graze", "sit", "sleep", "stand"}
        pace = 0.0 if still else (1.35 if running else 1.0)
        beat = pose.t * (2.1 if running else 1.05) / max(0.7, build.back) + pose.phase
        stride = 0.5 * build.back * 0.85
        bob = 0.018 * math.sin(beat * 4 * math.pi) * pace + (
            0.05 * math.sin(beat * 2 * math.pi) if running else 0
        )
        breath = 0.008 * math.sin(pose.t * 1.9 + pose.phase * 6)
        top = build.back + bob + breath
        hip = (-build.length / 2, top - build.rump * 0.5)
        shoulder = (build.length / 2, top - build.chest * 0.5)
        pen = Pen(pose.x, pose.y, pose.scale, (1.75, 1.75, 0.12, 2.3), pose.facing)
        _tail(pen, build, pose, (hip[0] - build.rump * 0.34, top - build.rump * 0.18), coat)
        offsets = (0.0, 0.5, 0.25, 0.75) if not running else (0.0, 0.12, 0.5, 0.62)
        sock = build.sock if pose.colour is None or build.sock != FOX.sock else build.sock
        for k in (1, 3):
            hind = k == 1
            root = hip if hind else shoulder
            _leg(pen, (root[0] + (0.05 if hind else -0.05), root[1] - 0.05), beat + offsets[k], stride, build.leg * 0.92,
                 dark, times(sock, 0.8), hind, pace)  # fmt: skip
        middle = (-0.02, top - build.waist * 0.47)
        nod = (
            0.05 * math.sin(beat * 4 * math.pi + 1) * pace
            + 0.05 * math.sin(pose.t * 0.8 + pose.phase * 9) * still
        )
        angle = build.lift + nod * 0.5
        if pose.action == "graze":
            angle = -0.75 + 0.08 * math.sin(pose.t * 2.2 + pose.phase * 6)
        base = (shoulder[0] + build.chest * 0.08, shoulder[1] + build.chest * 0.14)
        reach = build.neck * (
            1.5 if pose.action == "graze" and build.neck < 0.5 else 1.25 if pose.action == "graze" else 1.0
        )
        skull = (base[0] + reach * math.cos(angle), base[1] + reach * math.sin(angle))
        if build.wool:
            for i in range(9):
                a = i / 9 * 2 * math.pi
                pen.blob(
                    0.36 * build.length * 1.5 * math.cos(a),
                    middle[1] + 0.02 + 0.2 * math.sin(a),
                    0.19,
                    0.17,
                    times(coat, 0.94 + 0.05 * math.sin(a)),
                )
            pen.blob(0, middle[1], build.length * 0.6, 0.28, coat)
        else:
            pen.limb([hip, middle, shoulder], (build.rump, build.waist, build.chest), coat)
            pen.blob(hip[0] + 0.02, hip[1] - 0.02, build.rump * 0.56, build.rump * 0.6, coat)
            pen.limb(
                [shoulder, base, skull], (build.chest * 0.95, build.chest * 0.72, build.skull * 0.78), coat
            )
            low = top - build.chest
            pen.fill(
                smooth(
                    [
                        (shoulder[0] + build.chest * 0.36, shoulder[1]),
                        (shoulder[0] + 0.06, low + 0.05),
                        (0, top - build.waist + 0.0),
                        (hip[0] + 0.14, top - build.waist + 0.015),
                        (0, top - build.waist + 0.06),
                        (shoulder[0] - 0.05, low + 0.11),
                    ]
                ),
                mix(coat, build.belly, 0.8),
            )
            throat = (skull[0] + 0.02, skull[1] - build.skull * 0.2)
            pen.limb(
                [
                    throat,
                    (base[0] + build.chest * 0.26, base[1] - build.chest * 0.12),
                    (shoulder[0] + build.chest * 0.34, shoulder[1] - build.chest * 0.2),
                ],
                (build.skull * 0.3, build.chest * 0.34, build.chest * 0.2),
                build.belly if build.belly != build.coat else coat,
            )
        if build.patches is not None:
            pen.blob(-0.22, middle[1] + 0.05, 0.22, 0.15, build.patches, 0.3)
            pen.blob(0.3, middle[1] + 0.08, 0.13, 0.13, build.patches)
        for k in (0, 2):
            hind = k == 0
            root = hip if hind else shoulder
            _leg(
                pen,
                (root[0] - 0.01, root[1] - 0.03),
                beat + offsets[k],
                stride,
                build.leg,
                coat,
                sock,
                hind,
                pace,
            )
        if build.mane:
            crest = mix(times(coat, 0.5), rgb("#3a2a20"), 0.5)
            if build.antlers:
                pen.limb(
                    [base, (base[0] + 0.12, base[1] - 0.1)],
                    (build.chest * 0.75, build.chest * 0.4),
                    times(coat, 0.8),
                )
            else:
                wave = 0.03 * math.sin(pose.t * 3 + pose.phase * 5)
                pen.limb(
                    [
                        (skull[0] - 0.06, skull[1] + build.skull * 0.5),
                        ((skull[0] + base[0]) / 2 - 0.13 + wave, (skull[1] + base[1]) / 2 + 0.1),
                        (base[0] - 0.14, base[1] + 0.06),
                    ],
                    (0.07, 0.15, 0.05),
                    crest,
                )
        _head(pen, build, pose, skull, angle, coat)
        return pen

    return draw  # fmt: skip


def _tail(pen: Pen, build: Build, pose: Pose, root: tuple[float, float], coat: Colour) -> None:
    wave = math.sin(pose.t * 2.1 + pose.phase * 7)
    x, y = root
    if build.tail == "brush":
        line = [
            (x + 0.06, y),
            (x - 0.2, y - 0.13 + 0.02 * wave),
            (x - 0.46, y - 0.24 + 0.05 * wave),
            (x - 0.72, y - 0.22 + 0.09 * wave),
        ]
        pen.limb(line, (0.09, 0.22, 0.25, 0.1), times(coat, 0.93))
        pen.limb(
            [(x - 0.6, y - 0.235 + 0.07 * wave), (x - 0.78, y - 0.215 + 0.1 * wave)],
            (0.17, 0.04),
            build.belly,
        )
    elif build.tail == "plume":
        pen.limb(
            [
                (x + 0.05, y),
                (x - 0.18, y - 0.1),
                (x - 0.32, y - 0.3 + 0.05 * wave),
                (x - 0.36 + 0.05 * wave, y - 0.48),
            ],
            (0.1, 0.13, 0.13, 0.05),
            times(coat, 0.9),
        )
    elif build.tail == "whip":
        pen.limb(
            [
                (x + 0.05, y),
                (x - 0.12, y - 0.1),
                (x - 0.16 + 0.06 * wave, y - 0.45),
                (x - 0.14 + 0.1 * wave, y - 0.7),
            ],
            (0.06, 0.1, 0.14, 0.04),
            times(coat, 0.55),
        )
    elif build.tail == "stub":
        pen.blob(x + 0.0, y - 0.05 + 0.01 * wave, 0.06, 0.09, mix(coat, (1, 1, 1), 0.55), 0.4)  # fmt: skip


def _head(pen: Pen, build: Build, pose: Pose, at: tuple[float, float], neck: float, coat: Colour) -> None:
    """The head at the end of the neck; it looks ahead, or down while it grazes."""
    drop = -1.05 if pose.action == "graze" else -0.22 - 0.25 * max(0.0, neck - 0.6)
    c, s = math.cos(drop), math.sin(drop)
    x, y = at

    def on(px: float, py: float) -> tuple[float, float]:
        return x + px * c - py * s, y + px * s + py * c

    face = rgb("#4a403c") if build.wool else coat
    r = build.skull / 2
    twitch = 0.03 * max(0.0, math.sin(pose.t * 1.7 + pose.phase * 15)) ** 6
    if build.antlers:
        horn = rgb("#c9b08a")
        for side, shade in ((-1, 0.75), (1, 1.0)):
            tip = [
                on(-0.02 + 0.03 * side, r),
                on(-0.14 + 0.05 * side, r + 0.26),
                on(-0.06 + 0.1 * side, r + 0.52),
                on(0.08 + 0.12 * side, r + 0.68),
            ]
            pen.limb(tip, (0.05, 0.045, 0.035, 0.015), times(horn, shade))
            pen.limb([tip[1], on(0.1 + 0.06 * side, r + 0.36)], (0.04, 0.015), times(horn, shade))
            pen.limb([tip[2], on(-0.18 + 0.1 * side, r + 0.66)], (0.035, 0.012), times(horn, shade))
            pen.limb([tip[0], on(0.12, r + 0.14)], (0.035, 0.012), times(horn, shade))
    for side, shade in ((-1, 0.72), (1, 1.0)):
        ink = times(face, shade)
        if build.ear == "point":
            pen.fill(
                [
                    on(-r * 0.95 + 0.09 * side, r * 0.55),
                    on(-r * 0.35 + 0.07 * side + twitch, r * 2.3),
                    on(r * 0.35 + 0.07 * side, r * 0.7),
                ],
                ink,
            )
            if side > 0:
                pen.fill(
                    [
                        on(-r * 0.6 + 0.08, r * 0.8),
                        on(-r * 0.3 + 0.07 + twitch, r * 1.9),
                        on(r * 0.15 + 0.07, r * 0.85),
                    ],
                    mix(ink, build.sock if build.tail == "brush" else rgb("#d8a090"), 0.6),
                )
        elif build.ear == "leaf":
            pen.limb(
                [
                    on(-r * 0.7, r * 0.5),
                    on(-r * 1.7 + 0.1 * side, r * (1.15 + 0.3 * side) + twitch),
                    on(-r * 2.4 + 0.12 * side, r * (1.2 + 0.5 * side)),
                ],
                (0.05, 0.1, 0.015),
                ink,
            )
        elif build.ear == "round":
            pen.blob(*on(-r * 0.5 + 0.06 * side, r * 0.95), r * 0.36, r * 0.36, ink)
    nose = on(build.head * 0.82, -r * 0.35)
    pen.limb(
        [on(-r * 0.25, 0.0), on(r * 0.6, -r * 0.08), nose],
        (build.skull * 1.05, build.skull * 0.92, build.muzzle),
        face,
    )
    if not build.wool:
        jaw = [on(-r * 0.1, -r * 0.6), on(build.head * 0.45, -r * 0.62), on(build.head * 0.8, -r * 0.52)]
        pen.limb(
            jaw, (build.skull * 0.35, build.muzzle * 1.15, build.muzzle * 0.5), mix(coat, build.belly, 0.85)
        )
    if build.stripe is not None:
        pen.limb([on(-r, r * 0.5), on(r * 0.7, r * 0.3), nose], (0.1, 0.08, 0.03), rgb("#f1ede4"))
        pen.limb([on(-r, r * 0.05), on(r * 0.7, -0.01), nose], (0.07, 0.06, 0.02), build.stripe)
    pen.blob(*on(build.head * 0.86, -r * 0.25), build.muzzle * 0.42, build.muzzle * 0.36, rgb("#201a18"))
    blink = 0.2 if math.sin(pose.t * 1.1 + pose.phase * 30) > 0.98 else 1.0
    pen.blob(*on(r * 0.62, r * 0.22), 0.026, 0.03 * blink, _NIGHT_EYE)
    pen.blob(*on(r * 0.66, r * 0.3), 0.008, 0.009 * blink, (0.95, 0.95, 0.95))  # fmt: skip


def hare(pose: Pose) -> Pen:
    """A hare: sits and twitches its ears, or goes in long hops."""
    coat = pose.colour or rgb("#a98560")
    belly, dark = mix(coat, rgb("#f7efe0"), 0.75), times(coat, 0.76)
    still = pose.action in {"rest", "graze", "sit", "sleep", "stand"}
    beat = 0.0 if still else (pose.t * (1.5 if pose.action != "run" else 2.4) + pose.phase)
    hop = beat % 1.0
    up = 0.0 if still else max(0.0, math.sin(math.pi * hop)) ** 1.3 * 0.34
    stretch = 0.0 if still else math.sin(2 * math.pi * hop) * 0.2
    pen = Pen(
        pose.x,
        pose.y,
        pose.scale,
        (1.3, 1.3, 0.1, 1.7),
        pose.facing,
        0.0 if still else 0.22 * math.cos(math.pi * hop) * (hop > 0.02),
    )
    y = up
    dip = 0.16 if pose.action == "graze" else 0.0
    pen.blob(-0.5 - stretch * 0.4, 0.36 + y, 0.1, 0.1, rgb("#f7f1e6"))
    pen.limb(
        [(0.22, 0.34 + y), (0.3 + stretch, 0.16 + y), (0.34 + stretch * 1.2, 0.04 + y * 0.85)],
        (0.15, 0.1, 0.07),
        dark,
    )
    pen.limb(
        [(-0.28 - stretch * 0.4, 0.4 + y), (0, 0.52 + y), (0.26 + stretch * 0.4, 0.46 + y)],
        (0.52, 0.5, 0.36),
        coat,
    )
    pen.limb([(0.3 + stretch * 0.4, 0.4 + y), (0.05, 0.25 + y)], (0.2, 0.18), belly)
    pen.blob(-0.26 - stretch * 0.5, 0.32 + y, 0.25, 0.24, times(coat, 0.93), 0.3)
    pen.limb(
        [
            (-0.3 - stretch, 0.16 + y),
            (-0.16 - stretch * 1.5, 0.05 + y * 0.8),
            (0.04 - stretch * 1.7, 0.045 + y * 0.7),
        ],
        (0.14, 0.1, 0.07),
        times(coat, 0.96),
    )
    pen.limb(
        [(0.28, 0.34 + y), (0.37 + stretch, 0.15 + y), (0.42 + stretch * 1.2, 0.035 + y * 0.85)],
        (0.15, 0.1, 0.07),
        coat,
    )
    hx, hy = 0.46 + stretch * 0.4, 0.74 - dip + y + 0.012 * math.sin(pose.t * 2 + pose.phase * 8)
    pen.limb([(0.24 + stretch * 0.4, 0.5 + y), (hx - 0.06, hy - 0.05)], (0.32, 0.24), coat)
    lean = 0.5 * up + 0.05 * math.sin(pose.t * 1.6 + pose.phase * 11)
    for side, shade in ((-1, 0.78), (1, 1.0)):
        ear = [
            (hx - 0.06 + 0.04 * side, hy + 0.08),
            (hx - 0.13 - lean * 0.6 + 0.07 * side, hy + 0.34),
            (hx - 0.18 - lean + 0.09 * side, hy + 0.6),
        ]
        pen.limb(ear, (0.09, 0.135, 0.03), times(coat, shade))
        if side > 0:
            pen.limb(
                [ear[0], ear[1], (ear[2][0], ear[2][1] - 0.06)],
                (0.03, 0.07, 0.01),
                mix(coat, rgb("#e7b7a4"), 0.6),
            )
    pen.limb([(hx - 0.05, hy), (hx + 0.08, hy - 0.02), (hx + 0.2, hy - 0.055)], (0.26, 0.25, 0.13), coat)
    pen.blob(hx + 0.12, hy - 0.09, 0.09, 0.06, belly)
    pen.blob(hx + 0.26, hy - 0.03, 0.022, 0.018, rgb("#5a3a32"))
    blink = 0.2 if math.sin(pose.t * 1.3 + pose.phase * 30) > 0.98 else 1.0
    pen.blob(hx + 0.07, hy + 0.03, 0.034, 0.038 * blink, _NIGHT_EYE)
    pen.blob(hx + 0.08, hy + 0.042, 0.011, 0.011 * blink, (0.95, 0.95, 0.95))
    return pen  # fmt: skip


def hedgehog(pose: Pose) -> Pen:
    """A hedgehog that trundles along."""
    spine = pose.colour or rgb("#6d543f")
    pen = Pen(pose.x, pose.y, pose.scale, (1.1, 1.1, 0.1, 1.0), pose.facing)
    moving = 0.0 if pose.action in {"rest", "sleep", "graze"} else 1.0
    sway = 0.02 * math.sin(pose.t * 7 + pose.phase * 6) * moving
    for k, x in enumerate((-0.36, -0.12, 0.2, 0.42)):
        step = math.sin(pose.t * 7 + k * 1.7) * moving
        pen.limb([(x, 0.18), (x + 0.06 * step, 0.03 + 0.03 * max(0.0, step))], (0.12, 0.09), rgb("#8a6a4e"))
    pen.fill(
        smooth([(0.2, 0.1), (0.5, 0.14), (0.86, 0.26 + sway), (0.6, 0.46 + sway), (0.3, 0.55)]),
        rgb("#d9b88f"),
    )
    points = []
    for i in range(34):
        a = math.pi * (0.02 + 1.02 * i / 33)
        r = 1.0 if i % 2 else 0.9
        points.append((-0.06 + 0.62 * r * math.cos(a), 0.16 + (0.58 + sway) * r * math.sin(a)))
    pen.fill([*points, (-0.6, 0.1), (0.4, 0.1)], spine)
    for row in range(4):
        for i in range(9):
            a = math.pi * (0.12 + 0.8 * (i + 0.5 * (row % 2)) / 9)
            r = 0.35 + 0.15 * row
            x, y = -0.06 + 0.6 * r * math.cos(a), 0.17 + 0.56 * r * math.sin(a)
            pen.limb([(x, y), (x * 1.12 - 0.03, y * 1.12)], (0.03, 0.005), mix(spine, rgb("#e8d6b8"), 0.6))
    pen.blob(0.44, 0.48, 0.085, 0.085, rgb("#b8936c"))
    pen.blob(0.87, 0.27 + sway, 0.05, 0.045, rgb("#241b18"))
    pen.blob(0.6, 0.38 + sway, 0.032, 0.036, _NIGHT_EYE)
    pen.blob(0.61, 0.39 + sway, 0.01, 0.01, (0.95, 0.95, 0.95))
    return pen


def squirrel(pose: Pose) -> Pen:
    """A red squirrel, sitting up or bounding."""
    coat = pose.colour or rgb("#b8562a")
    pen = Pen(pose.x, pose.y, pose.scale, (1.1, 1.1, 0.1, 1.4), pose.facing)
    moving = pose.action in {"run", "walk"}
    up = 0.2 * max(0.0, math.sin((pose.t * 2 + pose.phase) * 2 * math.pi)) if moving else 0.0
    wave = 0.05 * math.sin(pose.t * 2.4 + pose.phase * 7)
    pen.limb(
        [
            (-0.22, 0.14 + up),
            (-0.58, 0.34 + up),
            (-0.56 + wave, 0.8 + up),
            (-0.26 + wave, 1.02 + up),
            (-0.16 + wave, 0.86 + up),
        ],
        (0.12, 0.3, 0.34, 0.26, 0.1),
        times(coat, 0.9),
    )
    pen.fill(
        smooth(
            [
                (-0.3, 0.08 + up),
                (-0.28, 0.42 + up),
                (0, 0.72 + up),
                (0.22, 0.66 + up),
                (0.26, 0.36 + up),
                (0.12, 0.06 + up),
            ]
        ),
        coat,
    )
    pen.fill(smooth([(0.26, 0.6 + up), (0.27, 0.34 + up), (0.13, 0.1 + up), (0.1, 0.4 + up)]), rgb("#f3e2c9"))
    pen.limb([(-0.12, 0.14 + up), (0.14, 0.05 + up)], (0.24, 0.1), times(coat, 0.92))
    pen.limb([(0.14, 0.5 + up), (0.3, 0.44 + up), (0.36, 0.5 + up)], (0.11, 0.08, 0.06), coat)
    for side in (-1, 1):
        pen.fill(
            [
                (0.12 + 0.06 * side, 0.92 + up),
                (0.13 + 0.07 * side, 1.14 + up),
                (0.22 + 0.06 * side, 0.94 + up),
            ],
            times(coat, 0.85 if side < 0 else 1),
        )
    pen.limb([(0.16, 0.82 + up), (0.32, 0.79 + up), (0.4, 0.75 + up)], (0.28, 0.22, 0.1), coat)
    pen.blob(0.42, 0.76 + up, 0.022, 0.02, _NIGHT_EYE)
    pen.blob(0.27, 0.86 + up, 0.034, 0.038, _NIGHT_EYE)
    pen.blob(0.28, 0.87 + up, 0.01, 0.01, (0.95, 0.95, 0.95))
    return pen  # fmt: skip


def mouse(pose: Pose) -> Pen:
    """A field mouse."""
    coat = pose.colour or rgb("#a07a58")
    pen = Pen(pose.x, pose.y, pose.scale, (1.5, 1.0, 0.1, 1.0), pose.facing)
    moving = pose.action not in {"rest", "sleep", "graze", "sit"}
    hop = 0.05 * abs(math.sin(pose.t * 8 + pose.phase * 5)) * moving
    wave = 0.08 * math.sin(pose.t * 3 + pose.phase * 9)
    pen.limb(
        [(-0.45, 0.2 + hop), (-0.8, 0.12), (-1.1, 0.25 + wave), (-1.3, 0.2 + wave)],
        (0.07, 0.05, 0.035, 0.015),
        rgb("#d59c88"),
    )
    for x in (-0.25, 0.2):
        pen.limb([(x, 0.15 + hop), (x + 0.1, 0.03)], (0.12, 0.06), rgb("#d9a894"))
    pen.fill(
        smooth(
            [
                (-0.5, 0.2 + hop),
                (-0.3, 0.5 + hop),
                (0.1, 0.56 + hop),
                (0.5, 0.42 + hop),
                (0.74, 0.24 + hop),
                (0.4, 0.12 + hop),
                (-0.2, 0.08 + hop),
            ]
        ),
        coat,
    )
    pen.fill(
        smooth([(0.4, 0.14 + hop), (0, 0.09 + hop), (-0.3, 0.12 + hop), (0.1, 0.2 + hop)]), rgb("#f0e2cc")
    )
    pen.blob(0.22, 0.62 + hop, 0.15, 0.16, times(coat, 0.85))
    pen.blob(0.34, 0.6 + hop, 0.16, 0.17, coat)
    pen.blob(0.34, 0.6 + hop, 0.1, 0.11, rgb("#e2ad9a"))
    pen.blob(0.75, 0.25 + hop, 0.045, 0.04, rgb("#d58a80"))
    pen.blob(0.52, 0.4 + hop, 0.04, 0.045, _NIGHT_EYE)
    return pen  # fmt: skip


FIGURES = {
    "fox": Figure(quadruped(FOX), 0.125, "ground", 0.62),
    "wolf": Figure(quadruped(WOLF), 0.14, "ground", 0.6),
    "deer": Figure(quadruped(DEER), 0.16, "ground", 0.5),
    "stag": Figure(quadruped(STAG), 0.17, "ground", 0.5),
    "horse": Figure(quadruped(HORSE), 0.17, "ground", 0.55),
    "sheep": Figure(quadruped(SHEEP), 0.125, "ground", 0.4),
    "cow": Figure(quadruped(COW), 0.155, "ground", 0.4),
    "bear": Figure(quadruped(BEAR), 0.165, "ground", 0.5),
    "badger": Figure(quadruped(BADGER), 0.11, "ground", 0.5),
    "cat": Figure(quadruped(CAT), 0.1, "ground", 0.6),
    "hare": Figure(hare, 0.11, "ground", 0.9),
    "hedgehog": Figure(hedgehog, 0.075, "ground", 0.35),
    "squirrel": Figure(squirrel, 0.09, "ground", 0.7),
    "mouse": Figure(mouse, 0.05, "ground", 0.7),
}
