"""Anatomy: where the joints of a walking, resting, dancing or working person are at one moment."""

import math
from dataclasses import dataclass

from webtv.studio.procedural.figures.pose import STILL

Point = tuple[float, float]
_TAU = 2 * math.pi
_ANKLE = 0.04
_GAIT = 0.465  # own heights per second that a walk covers, so that a standing foot does not slide
_RUN = 1.5
PACE = 0.75
"""Speed of people's figures: times the scenes' pace of a walk it gives the gait's own."""


@dataclass(frozen=True, slots=True)
class Stature:
    """Proportions of an age, in own heights.

    Attributes:
        head: half the width of the head.
        hip: height of the hips.
        shoulder: height of the shoulders.
        breadth: half the width of the shoulders, seen from the front.
        waist: half the width of the waist.
        limb: width at the top of a leg.
        arm: length of an arm.
        stoop: how far the shoulders are ahead of the hips.
    """

    head: float = 0.108
    hip: float = 0.44
    shoulder: float = 0.715
    breadth: float = 0.118
    waist: float = 0.092
    limb: float = 0.098
    arm: float = 0.315
    stoop: float = 0.0


STATURES: dict[tuple[str, str], Stature] = {
    ("adult", "man"): Stature(),
    ("adult", "woman"): Stature(breadth=0.102, waist=0.074, limb=0.088, head=0.108),
    ("old", "man"): Stature(head=0.116, hip=0.41, shoulder=0.68, breadth=0.112, waist=0.098, stoop=0.045),
    ("old", "woman"): Stature(head=0.12, hip=0.4, shoulder=0.67, breadth=0.104, waist=0.094, stoop=0.055),
    ("child", "man"): Stature(0.158, 0.33, 0.585, 0.12, 0.098, 0.105, 0.25),
    ("child", "woman"): Stature(0.158, 0.33, 0.585, 0.112, 0.09, 0.1, 0.25),
}


@dataclass(frozen=True, slots=True)
class Joints:
    """One person's joints in own heights; of pairs the far one comes first.

    Attributes:
        hip: middle of the hips.
        neck: middle of the shoulders.
        head: middle of the head.
        yaw: how far the face is turned from the lens, radians.
        open: how far the body is turned to the lens, 0 side view to 1 front view.
        shoulders: both.
        elbows: both.
        hands: both.
        hips: tops of both legs.
        knees: both.
        ankles: both.
        toes: pitch of both feet, radians, toes up positive.
        seated: whether it sits on something.
    """

    hip: Point
    neck: Point
    head: Point
    yaw: float
    open: float
    shoulders: tuple[Point, Point]
    elbows: tuple[Point, Point]
    hands: tuple[Point, Point]
    hips: tuple[Point, Point]
    knees: tuple[Point, Point]
    ankles: tuple[Point, Point]
    toes: tuple[float, float]
    seated: bool = False


def bent(root: Point, end: Point, length: float, side: float) -> tuple[Point, Point]:
    """The joint in the middle of a limb of two equal bones, and where its end really comes to.

    Args:
        root: where it hangs.
        end: where it reaches for.
        length: of both bones together.
        side: 1 bends to the left of the way from root to end, -1 to the right.
    """
    dx, dy = end[0] - root[0], end[1] - root[1]
    far = math.hypot(dx, dy) + 1e-9
    if far > length * 0.999:
        dx, dy, far = dx * length * 0.999 / far, dy * length * 0.999 / far, length * 0.999
    out = side * math.sqrt(max(0.0, (length / 2) ** 2 - (far / 2) ** 2))
    middle = root[0] + dx / 2 - dy / far * out, root[1] + dy / 2 + dx / far * out
    return middle, (root[0] + dx, root[1] + dy)


def _stepped(cycle: float, stance: float, stride: float, lift: float) -> tuple[float, float, float]:
    """A foot in its cycle: x, height, pitch. On the ground it goes back at an even pace."""
    cycle %= 1.0
    if cycle < stance:
        s = cycle / stance
        return stride * (0.5 - s), 0.0, 0.25 * max(0.0, 0.25 - s) * 4 - 0.7 * max(0.0, s - 0.75) * 4
    s = (cycle - stance) / (1 - stance)
    swing = s * s * (3 - 2 * s)
    return stride * (swing - 0.5), lift * math.sin(math.pi * s) ** 0.8, -0.7 + 0.95 * swing


def joints(body: Stature, action: str, grip: str, t: float, phase: float) -> Joints:
    """Where everything is.

    Args:
        body: proportions.
        action: ``walk``, ``run``, ``rest``, ``sit``, ``dance``, ``wave``, ``work``, ``play``, ``conduct``,
            ``skate``, ``fly`` (afloat), ``graze`` (eats); what is not known walks.
        grip: how the near hand holds something: ``staff``, ``raise``, ``tray``, ``chest`` or nothing.
        t: seconds.
        phase: 0..1.
    """
    slow = t * 1.6 + phase * 9
    breath = 0.0035 * math.sin(slow * 1.25)
    still = action in STILL or action in {"wave", "work", "play", "conduct"}
    shown = 1.0 if still or action in {"dance", "fly"} else 0.3
    lean, bob, sway, yaw = body.stoop, 0.0, 0.0, 0.62
    leg = body.hip - _ANKLE
    feet: list[tuple[float, float, float]]
    if action == "sit":
        feet, bob = [(0.17, 0.0, 0.0), (0.12, 0.0, 0.0)], -0.45 * leg
        yaw = 0.42 + 0.18 * math.sin(slow * 0.5)
    elif action == "dance":
        beat = t * 1.15 + phase
        sway, bob = 0.035 * math.sin(_TAU * beat), 0.014 * math.cos(2 * _TAU * beat) - 0.012
        feet = [
            (-0.075 + 0.3 * sway, 0.07 * max(0.0, math.sin(_TAU * beat)), -0.2),
            (0.085 + 0.3 * sway, 0.07 * max(0.0, -math.sin(_TAU * beat)), -0.2),
        ]
        yaw = 0.45 * math.sin(_TAU * beat / 2)
    elif action == "fly":
        feet = [
            (-0.1 + 0.03 * math.sin(slow), 0.07 + 0.02 * math.cos(slow), -0.5),
            (0.06 + 0.03 * math.sin(slow + 2), 0.02 + 0.02 * math.cos(slow + 2), -0.5),
        ]
        yaw = 0.4 + 0.2 * math.sin(slow * 0.4)
    elif still:
        sway = 0.006 * math.sin(slow * 0.45)
        stand = 0.62 * body.breadth
        feet = [(-stand, 0.004, 0.0), (stand, 0.0, 0.0)]
        yaw = 0.3 + 0.26 * math.sin(slow * 0.37) * (action != "play")
    else:
        run, skate = action == "run", action == "skate"
        rate = (1.5 if run else 0.55 if skate else 0.95) * (0.44 / body.hip) ** (0.6 if run else 1.0)
        stance = 0.38 if run else 0.6
        stride = (_RUN if run else _GAIT) * stance / rate if not skate else 0.34
        cycle = t * rate + phase
        lift = 0.15 if run else 0.03 if skate else 0.055
        feet = [_stepped(cycle + 0.5, stance, stride, lift), _stepped(cycle, stance, stride, lift)]
        bob = (0.022 if run else 0.01) * math.cos(2 * _TAU * (cycle - (0.19 if run else 0.3))) - 0.008
        if skate:
            bob, lean = bob - 0.03, lean + 0.07
        lean += 0.07 if run else 0.012
        yaw = 0.72 + 0.1 * math.sin(slow * 0.33)
        swing = math.cos(_TAU * cycle)
    hip = (sway, body.hip + bob)
    neck = (sway * 0.2 + lean, body.shoulder + bob + breath)
    ry = body.head * 1.1
    nod = 0.008 * math.sin(slow * 0.6) if still else 0.004 * math.sin(slow)
    head = (neck[0] + lean * 0.45 + 0.012 * math.sin(yaw), 0.985 - ry + bob + breath + nod - 1.2 * body.stoop)
    wide = body.breadth * (0.42 + 0.58 * shown)
    shoulders = ((neck[0] - wide, neck[1] - 0.032), (neck[0] + wide, neck[1] - 0.032))
    if shown < 0.5:  # seen from the side both are near the middle; the far one is ahead
        shoulders = ((neck[0] + 0.03, neck[1] - 0.03), (neck[0] - 0.02, neck[1] - 0.035))
    hands: list[Point] = []
    for k in (0, 1):
        side = 1.0 if k else -1.0
        x, y = shoulders[k]
        if action == "dance":
            up = math.sin(_TAU * (t * 1.15 + phase) + 1.4 * k)
            reach = (side * 0.7, 0.55 + 0.4 * up) if k else (side * 0.75, 0.1 - 0.55 * up)
        elif action == "fly":
            reach = (side * 0.75, -0.3 + 0.35 * math.sin(slow + 2 * k))
        elif action in {"work", "graze"} and (k or action == "work"):
            busy = math.sin(_TAU * (1.3 * t + phase) + 2.2 * k)
            reach = (0.2 - 0.28 * side + 0.1 * busy, -0.36 + 0.16 * busy)
            if action == "graze":
                reach = (0.02 - 0.1 * body.breadth, 0.06 + 0.28 * math.sin(slow * 0.9))
        elif action == "conduct":
            beat = _TAU * (0.8 * t + phase)
            reach = (side * (0.5 + 0.3 * math.cos(beat)), 0.28 + 0.4 * math.sin(beat + 0.7 * k))
        elif action == "wave" and k:
            reach = (0.42 + 0.26 * math.sin(t * 6.5 + phase * 6), 0.82)
        elif grip == "play":
            strum = 0.16 * math.sin(_TAU * (2.1 * t + phase)) * (action == "play")
            ahead = 1.28 if shown > 0.5 else 0.72
            reach = (
                (0.05 - 0.34 * shown, -0.52 + strum) if k else (ahead, -0.1 + 0.05 * math.sin(t * 3 + phase))
            )
        elif action == "play":
            busy = math.sin(_TAU * (2.0 * t + phase) + 3.1 * k)
            reach = (0.62 - 0.3 * side, -0.34 + 0.14 * busy)
        elif k and grip == "staff":
            reach = (0.42, -0.42)
        elif k and grip == "tray":
            reach = (0.4, 0.02)
        elif k and grip == "raise":
            reach = (0.55, -0.06 + 0.06 * math.sin(slow))
        elif k and grip == "chest":
            reach = (0.18 - 0.3 * shown, -0.34)
        elif not k and grip == "chest" and still:
            reach = (0.36, -0.42)
        elif action == "sit":
            reach = (0.42, -0.5)
        elif still:
            reach = (side * 0.2 + 0.02 * math.sin(slow * 0.45), -0.96)
        else:
            turn = (0.85 if action == "run" else 0.48) * swing * -side
            fold = 0.62 if action == "run" else 0.96
            reach = (fold * math.sin(turn) + (0.2 if action == "run" else 0.06), -fold * math.cos(turn))
        hands.append((x + body.arm * reach[0], y + body.arm * reach[1]))
    elbows: list[Point] = []
    for k in (0, 1):
        across, down = hands[k][0] - shoulders[k][0], shoulders[k][1] - hands[k][1]
        if shown < 0.5 or (k and grip == "staff"):
            outward = -1.0
        elif down > max(0.1 * body.arm, 1.6 * abs(across)):  # hangs, the elbow a little out
            outward = 1.0 if k else -1.0
        else:  # lifted: the elbow stays low
            outward = -1.0 if across > 0 else 1.0
        elbow, hands[k] = bent(shoulders[k], hands[k], body.arm, outward)
        elbows.append(elbow)
    hips, knees, ankles = [], [], []
    for k in (0, 1):
        side = 1.0 if k else -1.0
        top = (hip[0] + side * body.waist * 0.5 * shown, hip[1])
        x, y, pitch = feet[k]
        target = (x, _ANKLE + y + 0.03 * max(0.0, -pitch))
        knee, ankle = bent(top, target, leg * (1.002 if still else 1.015), 1.0)
        hips.append(top)
        knees.append(knee)
        ankles.append(ankle)
    return Joints(
        hip, neck, head, yaw, shown, shoulders, (elbows[0], elbows[1]), (hands[0], hands[1]),
        (hips[0], hips[1]), (knees[0], knees[1]), (ankles[0], ankles[1]), (feet[0][2], feet[1][2]),
        action == "sit",
    )  # fmt: skip
