"""People: roles dressed, posed and drawn by one rig, each with a face, hair and skin of their own."""

import math
from functools import partial
from typing import TypeVar

from webtv.studio.procedural.colour import Colour, luma, times
from webtv.studio.procedural.figures import belongings, faces, mantles, wardrobe
from webtv.studio.procedural.figures.anatomy import PACE, STATURES, joints
from webtv.studio.procedural.figures.faces import Skull, Visage
from webtv.studio.procedural.figures.hats import HATS, TALL
from webtv.studio.procedural.figures.pose import STILL, Figure, Pose
from webtv.studio.procedural.figures.roles import BACKS, BESIDE, HOMES, LOOKS, WORDS, worn
from webtv.studio.procedural.figures.trimmings import TRIMMINGS
from webtv.studio.procedural.figures.wardrobe import Dressed, Look
from webtv.studio.procedural.pen import Pen

__all__ = ["FIGURES", "HOMES", "PEOPLE", "SHELTERED", "WORDS"]

_T = TypeVar("_T")
_KNOWN = STILL | {"run", "dance", "wave", "work", "play", "conduct", "skate", "fly", "umbrella"}
_OVER_HAND = frozenset({"guitar", "camera", "bouquet", "book", "case", "bag"})
_EMPTY_HANDED = frozenset({"dance", "wave", "conduct", "graze", "fly"})
_TOOLS = frozenset({"pan", "brush", "hammer"})
_KEPT = frozenset({"baton", "microphone", "camera", "board"})
_DARK = 0.52  # luma of skin below which hair is dark too
_AFLOAT = frozenset({"swim", "drift", "sail"})
_SIZES = {"adult": 0.17, "old": 0.158, "child": 0.125}


def _one(options: tuple[_T, ...], phase: float, salt: int) -> _T:
    """One of several, the same for one phase; different salts choose independently."""
    return options[int(phase * 7919 * salt + salt) % len(options)]


def _action(look: Look, pose: Pose, kind: str) -> str:
    action = pose.action if pose.action in _KNOWN or pose.action == "walk" else "walk"
    if pose.action in _AFLOAT and kind in {"astronaut", "angel"}:
        return "fly"
    if action in {"rest", "stand", "sleep"} and look.habit:
        return look.habit
    if action == "graze" and (look.hold or look.habit):
        return look.habit or "rest"
    if action == "walk" and look.gait:
        return look.gait
    return action


def draw(kind: str, pose: Pose) -> Pen:
    """One person of a kind, about one unit tall without a hat, with the feet at the origin."""
    phase = pose.phase
    options = BESIDE.get(kind)
    role = kind if options is None else _one(options, phase, 3)
    look = LOOKS[role]
    sex = look.sex or _one(("woman", "man"), phase, 5)
    covered = "umbrella" if pose.action == "umbrella" else ""
    own = None if covered else pose.colour
    coat = own or _one(look.coats, phase, 11)
    look = worn(role, coat)
    body = STATURES[look.age, sex]
    act = _action(look, pose, role)
    busy = act in _EMPTY_HANDED or (act == "work" and look.hold not in _TOOLS)
    grip = "raise" if covered else look.grip
    at = joints(body, "walk" if covered else act, grip, pose.t, phase)
    pen = Pen(pose.x, pose.y, pose.scale, _reach(look, bool(covered)), pose.facing)
    skin = _one(faces.SKINS, phase, 7)
    d = Dressed(pen, at, body, look, skin, coat)
    wave = math.sin(pose.t * 2.3 + phase * 6)
    held = "" if covered or (busy and look.hold not in _KEPT) else look.hold
    skull = Skull(at.head[0], at.head[1], body.head, body.head * 1.1, at.yaw)
    face = _visage(role, look, sex, skin, phase)
    if at.seated:
        belongings.seat(d)
    _back(d, role, wave)
    faces.behind(pen, skull, face, wave)
    wardrobe.arm(d, 0)
    if held == "board":
        belongings.BELONGINGS[held](d)
    wardrobe.leg(d, 0)
    wardrobe.leg(d, 1)
    wardrobe.trunk(d)
    throat = (at.head[0] - 0.1 * body.head, at.head[1] - body.head * 0.7)
    pen.limb([(at.neck[0], at.neck[1] + 0.012), throat], (body.head * 0.78,) * 2, times(skin, 0.86))
    for name in look.over:
        TRIMMINGS[name](d)
    faces.head(pen, skull, face, pose.t, phase, pose.scale * body.head)
    if look.hat:
        HATS[look.hat](pen, skull, look.band or coat)
    if held in _OVER_HAND:
        wardrobe.arm(d, 1)
    if covered:
        belongings.umbrella(d, phase, pose.colour)
    elif held and held != "board":
        belongings.BELONGINGS[held](d)
    if held not in _OVER_HAND:
        wardrobe.arm(d, 1)
    return pen


def _reach(look: Look, covered: bool) -> tuple[float, float, float, float]:
    """What the drawing can cover: left, right, down, up."""
    high = 0.36 if covered or look.hold in belongings.HIGH else 0.3 if look.hat in TALL else 0.16
    back = 0.47 if covered or look.flare > 1.4 or look.hat == "halo" else 0.42
    front = 0.58 if covered else belongings.REACHES.get(look.hold, 0.47)
    return back, front, 0.05, 1.0 + high


def _visage(kind: str, look: Look, sex: str, skin: Colour, phase: float) -> Visage:
    cuts = faces.CUTS[look.age, sex]
    if look.cuts:
        fitting = tuple(cut for cut in look.cuts if cut in cuts) if not look.sex else look.cuts
        cuts = fitting or (cuts if "none" not in look.cuts else ("none",))
    shades = faces.SHADES if luma(skin) > _DARK else faces.DARK_SHADES
    hair = _one(faces.GREYS if look.age == "old" else shades, phase, 13)
    beard = _one(look.beards, phase, 17) if look.beards and sex == "man" else ""
    return Visage(
        skin, hair, _one(cuts, phase, 19), beard, sex == "woman", look.age == "old", look.age == "child",
        look.glasses, look.paint, look.mask,
    )  # fmt: skip


def _back(d: Dressed, kind: str, wave: float) -> None:
    name, colour = BACKS.get(kind, ("", None))
    if name == "cape":
        mantles.cape(d, colour or times(d.coat, 0.72), wave)
    elif name == "pack":
        mantles.rucksack(d, colour or d.look.trim)
    elif name == "wings":
        mantles.wings(d, wave)


def _figure(kind: str) -> Figure:
    look = LOOKS[BESIDE.get(kind, (kind,))[0]]
    return Figure(partial(draw, kind), _SIZES[look.age], "ground", PACE, width=partial(float, 0.6))


PEOPLE = frozenset({*LOOKS, *BESIDE})
"""Every kind of person."""
SHELTERED = frozenset({*BESIDE, *(kind for kind, look in LOOKS.items() if not look.hat)}) - {
    "soldier",
    "angel",
}
"""Those who take an umbrella in the rain; the others have hats."""

FIGURES: dict[str, Figure] = {kind: _figure(kind) for kind in sorted(PEOPLE)}
