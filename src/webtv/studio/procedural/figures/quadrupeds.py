"""Four-legged animals: one rig of tapered limbs for all builds."""

import math
from collections.abc import Callable
from colorsys import rgb_to_hsv
from dataclasses import replace
from functools import cache, partial

from webtv.studio.procedural.colour import Colour, luma, mix, rgb, times
from webtv.studio.procedural.figures import builds
from webtv.studio.procedural.figures.builds import Build
from webtv.studio.procedural.figures.pose import Figure, Pose
from webtv.studio.procedural.pen import Pen, smooth

_EYE = rgb("#16130f")


def _leg(
    pen: Pen,
    hip: tuple[float, float],
    phase: float,
    stride: float,
    width: float,
    coat: Colour,
    sock: Colour,
    hind: bool,
    pace: float,
) -> None:
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
        return _draw(build if pose.colour is None else _dyed(build, pose.colour), pose)

    return draw


@cache
def _dyed(build: Build, colour: Colour) -> Build:
    """A kind in the colour that the words ask for: less vivid than paint; a dark belly goes with it."""
    wanted, own = (rgb_to_hsv(*c) for c in (colour, build.coat))
    apart = abs((wanted[0] - own[0] + 0.5) % 1.0 - 0.5)
    coat = mix(colour, build.coat, 0.45) if apart < 0.1 and min(wanted[1], own[1]) > 0.3 else colour
    belly = build.belly if luma(build.belly) > 0.7 else times(coat, 1.04)
    return replace(build, coat=coat, belly=belly)


def _draw(build: Build, pose: Pose) -> Pen:
    coat = build.coat
    warm = pose.phase * 0.16 - 0.08
    coat = times(coat, 1 + warm)
    limbs = build.points or coat
    dark = times(limbs, 0.74)
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
    for k in (1, 3):
        hind = k == 1
        root = hip if hind else shoulder
        _leg(
            pen,
            (root[0] + (0.05 if hind else -0.05), root[1] - 0.05),
            beat + offsets[k],
            stride,
            build.leg * 0.92,
            dark,
            times(build.sock, 0.8),
            hind,
            pace,
        )
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
        pen.limb([shoulder, base, skull], (build.chest * 0.95, build.chest * 0.72, build.skull * 0.78), coat)
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
            limbs,
            build.sock,
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
                build.crest[0] if build.crest else crest,
            )
            for k, lock in enumerate(build.crest[1:], 1):
                pen.limb(
                    [
                        (skull[0] - 0.06 + 0.1 * k, skull[1] + build.skull * 0.5),
                        ((skull[0] + base[0]) / 2 - 0.13 + 0.055 * k + wave, (skull[1] + base[1]) / 2 + 0.05),
                        (base[0] - 0.2 + 0.02 * k + 1.5 * wave, base[1] + 0.02 - 0.07 * k),
                    ],
                    (0.05, 0.07, 0.02),
                    lock,
                )
    if build.ruff is not None:
        _ruff(pen, pose, skull, build.skull, build.ruff if pose.colour is None else times(coat, 0.6))
    _head(pen, build, pose, skull, angle, coat)
    return pen


def _ruff(pen: Pen, pose: Pose, at: tuple[float, float], skull: float, colour: Colour) -> None:
    """A lion's mane: locks around the back of the head, shorter at the face."""
    x, y = at[0] - 0.06, at[1] - 0.04
    for ring, shade in ((1.35, 0.78), (1.0, 1.0)):
        for k in range(11):
            a = 0.75 + 4.9 * k / 10
            sway = 0.012 * math.sin(pose.t * 2.3 + 1.3 * k + pose.phase * 6)
            long = ring * skull * (0.62 + 0.16 * math.sin(a - 0.4) ** 2 + 0.03 * (k % 2))
            tip = (x + (long + sway) * math.cos(a), y + long * math.sin(a) - 0.02)
            pen.limb(
                [(x, y), tip], (skull * 0.7, skull * 0.34), times(colour, shade * (0.94 + 0.06 * (k % 2)))
            )


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
    elif build.tail == "curl":
        line = [(x + 0.05, y), (x - 0.16, y + 0.02), (x - 0.24, y + 0.24), (x - 0.18 + 0.05 * wave, y + 0.46)]
        pen.limb(
            [*line, (x - 0.27 + 0.08 * wave, y + 0.56)], (0.09, 0.08, 0.075, 0.07, 0.05), times(coat, 0.92)
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
            build.crest[0] if build.crest else times(coat, 0.55),
        )
        for k, lock in enumerate(build.crest[1:], 1):
            pen.limb(
                [
                    (x + 0.03, y - 0.02),
                    (x - 0.12 + 0.03 * k, y - 0.14),
                    (x - 0.15 + 0.035 * k + 0.06 * wave, y - 0.45),
                    (x - 0.14 + 0.05 * k + 0.1 * wave, y - 0.66 + 0.05 * k),
                ],
                (0.03, 0.04, 0.05, 0.015),
                lock,
            )
    elif build.tail == "stub":
        pen.blob(x + 0.0, y - 0.05 + 0.01 * wave, 0.06, 0.09, mix(coat, (1, 1, 1), 0.55), 0.4)


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
        ink = times(build.points or face, shade)
        if build.ear == "flop" and side > 0:
            pen.limb([on(-r * 0.5, r * 0.75), on(-r * 1.15, r * 0.1), on(-r * 0.95, -r * 0.85 + twitch)],
                     (r * 0.5, r * 0.75, r * 0.4), times(face, 0.78))  # fmt: skip
        elif build.ear == "point":
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
    if build.horn is not None:
        base, point = on(r * 0.35, r * 0.7), on(r * 1.7, r * 3.5)
        pen.limb([base, point], (0.075, 0.012), build.horn)
        for k in range(1, 5):
            at_x, at_y = (base[i] + (point[i] - base[i]) * k / 5.5 for i in (0, 1))
            half = 0.036 * (1 - k / 6)
            ring = [(at_x - half, at_y), (at_x + half, at_y - half)]
            pen.limb(ring, (0.014, 0.01), times(build.horn, 0.72))
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
    nostril = times(build.sock, 0.8) if build.horn else rgb("#201a18")
    pen.blob(*on(build.head * 0.86, -r * 0.25), build.muzzle * 0.42, build.muzzle * 0.36, nostril)
    if build.points is not None:
        pen.blob(*on(r * 0.55, r * 0.14), r * 0.3, r * 0.4, build.points, -0.5)
    blink = 0.2 if math.sin(pose.t * 1.1 + pose.phase * 30) > 0.98 else 1.0
    pen.blob(*on(r * 0.62, r * 0.22), 0.026, 0.03 * blink, _EYE)
    pen.blob(*on(r * 0.66, r * 0.3), 0.008, 0.009 * blink, (0.95, 0.95, 0.95))


_LONG = partial(float, 1.8)

FIGURES = {
    "fox": Figure(quadruped(builds.FOX), 0.125, "ground", 0.62, width=_LONG),
    "wolf": Figure(quadruped(builds.WOLF), 0.14, "ground", 0.6, width=_LONG),
    "deer": Figure(quadruped(builds.DEER), 0.14, "ground", 0.5, width=_LONG),
    "stag": Figure(quadruped(builds.STAG), 0.14, "ground", 0.5, width=_LONG),
    "horse": Figure(quadruped(builds.HORSE), 0.15, "ground", 0.55, width=_LONG),
    "unicorn": Figure(quadruped(builds.UNICORN), 0.145, "ground", 0.55, width=_LONG),
    "sheep": Figure(quadruped(builds.SHEEP), 0.125, "ground", 0.4, width=_LONG),
    "cow": Figure(quadruped(builds.COW), 0.155, "ground", 0.4, width=_LONG),
    "bear": Figure(quadruped(builds.BEAR), 0.165, "ground", 0.5, width=_LONG),
    "badger": Figure(quadruped(builds.BADGER), 0.11, "ground", 0.5, width=_LONG),
    "cat": Figure(quadruped(builds.CAT), 0.1, "ground", 0.6, width=_LONG),
    "dog": Figure(quadruped(builds.DOG), 0.12, "ground", 0.6, width=_LONG),
    "lion": Figure(quadruped(builds.LION), 0.17, "ground", 0.5, width=_LONG),
    "lioness": Figure(quadruped(builds.LIONESS), 0.155, "ground", 0.5, width=_LONG),
    "polar-bear": Figure(quadruped(builds.POLAR_BEAR), 0.175, "ground", 0.45, width=_LONG),
    "panda": Figure(quadruped(builds.PANDA), 0.15, "ground", 0.35, width=_LONG),
}
