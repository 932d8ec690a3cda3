"""From camera words to a framing and a move."""

import zlib
from collections.abc import Sequence

from webtv.prompts.sequence import ShotPrompt
from webtv.studio.procedural.spec import CameraWords
from webtv.studio.procedural.words import vocabulary as words
from webtv.studio.procedural.words.forms import stem
from webtv.studio.procedural.words.reading import Reading, first, look, stems_of
from webtv.studio.procedural.words.rewording import tokens

_FRAMING_ORDER = ("wide", "medium", "close", "medium", "wide", "detail")


def camera(reading: Reading, prompt: ShotPrompt, text: str, shot: int) -> CameraWords:
    """How the camera looks and moves; the words decide, then the place of the shot in its sequence.

    Args:
        reading: notes what was understood.
        prompt: its camera words count first.
        text: read when the prompt has no camera words.
        shot: position in the sequence.
    """
    source = prompt.camera if prompt.camera.strip() else text
    raw = tokens(source)
    stems = set(stems_of(source))
    framing = first(words.FRAMINGS, source)
    if framing is None:
        framing = _FRAMING_ORDER[shot % len(_FRAMING_ORDER)]
    else:
        reading.note("framing", framing)
    move = first(words.MOVES, source if prompt.camera.strip() else "")
    if move is None:
        found = [
            w
            for w in raw
            if w in {"pan", "pans", "panning", "tilt", "tilts", "dolly", "zoom", "orbit", "crane", "static"}
        ]
        move = look(words.MOVES, stem(found[0])) if found else None
    direction = 1
    if move is not None:
        reading.note("move", move)
        here = next((i for i, w in enumerate(raw) if look(words.MOVES, stem(w)) == move), 0)
        near = raw[max(0, here - 3) : here + 6]
        if set(near) & words.LEFT:
            direction = 1 if _from(near, words.LEFT) else -1
        elif set(near) & words.RIGHT:
            direction = -1 if _from(near, words.RIGHT) else 1
        elif (
            move in {"tilt", "crane"}
            and {"down", "downward", "downwards", "descending", "descends"} & set(near)
        ) or (
            move == "dolly"
            and {"out", "back", "backward", "backwards", "away", "pull", "pulls", "pulling"} & set(raw)
        ):
            direction = -1
        if move == "pan" and direction == 1 and not set(near) & (words.LEFT | words.RIGHT):
            direction = 1 if zlib.crc32(source.encode()) & 1 else -1
        reading.note("direction", direction)
    aerial = bool(stems & words.ABOVE)
    if aerial:
        reading.note("aerial", True)
    speed = 1.0
    if stems & words.SLOW:
        speed = 0.75
    if stems & words.FAST:
        speed = 2.0
    if stems & {"very"} and speed != 1.0:
        speed *= 0.75 if speed < 1 else 1.3
    if move is not None and speed != 1.0:
        reading.note("speed", speed)
    return CameraWords(framing, move or "drift", direction, speed, aerial)


def _from(near: Sequence[str], sides: frozenset[str]) -> bool:
    """Whether ``from (the) left`` stands there, which moves the other way."""
    i = next(i for i, w in enumerate(near) if w in sides)
    return "from" in near[max(0, i - 2) : i]
