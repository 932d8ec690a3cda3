"""The embedded take scorer: what of a prompt can be measured in a picture without a model.

It knows colours, directions, smoothness, stillness, noise and lettering, and nothing of foxes. It tells a
take that went wrong, and one made for another prompt; it does not tell beauty.

Reversed playback is not a part of its own. It shows where the prompt names a direction, as everything then
moves the other way. Beyond that the arrow of time needs a trained model (Pickup et al., *Seeing the Arrow of
Time*, CVPR 2014); what could be measured, whether snow, rain and leaves sink, came out at chance on our own
takes at twelve frames per second.
"""

import asyncio
import math
from collections.abc import Iterator, Mapping
from typing import Final

import numpy as np

from webtv.core.errors import InputError
from webtv.prompts.sequence import ShotPrompt
from webtv.studio.capability import Capability
from webtv.studio.ports import Frames, Score
from webtv.studio.progress import tell
from webtv.studio.scoring.asked import Asked, asked_of
from webtv.studio.scoring.colours import PALETTE_SHARE, SUBJECT_SHARE, lab_of, shown
from webtv.studio.scoring.lettering import lettered
from webtv.studio.scoring.motion import FROZEN, Flowmeter, Motion, shrunk, small_greys

_RATE = 12  # frames per second that are looked at for motion
_LOOKS = 5  # pictures of a take that are looked at for colours
_READS = 3  # likewise for lettering
_CELLS = (64, 36)

# Speeds at which an agreement is beyond doubt; in widths per second, growth per second, and -1..1.
_PAN, _TILT, _ZOOM, _HEADING, _STILL = 0.006, 0.003, 0.006, 0.4, 0.02
# The camera is told apart from what moves by itself with some error: a heading counts a third of a move.
_HEADING_COUNTS = 0.3

_WEIGHTS: Final[Mapping[str, float]] = {
    "colours": 0.5,
    "direction": 0.5,
    "smooth": 0.4,
    "alive": 0.8,
    "clean": 0.6,
    "lettering": 0.15,
}
_REASONS: Final[Mapping[str, str]] = {
    "colours": "the colours asked for are hardly to be seen",
    "direction": "it moves otherwise than asked for, or backwards",
    "smooth": "its motion is jerky or it flickers",
    "alive": "it stands still",
    "clean": "it is noise",
    "lettering": "there seems to be lettering in the picture",
}
_FLOOR = 0.02  # of a part, so that one alone does not make all takes equally worthless
_AMISS = 0.35


class MeasureScorer:
    """A :class:`webtv.studio.ports.TakeScorer` that measures; the same take has the same score.

    Its value is the weighted geometric mean of the parts that the prompt asks for and of those that every
    take is held to. Figures: ``tests/studio/scoring/test_measures.py`` (how well prompts are told apart).
    """

    capability = Capability("measures", "score")

    async def score(self, frames: Frames, fps: int, prompt: ShotPrompt) -> Score:
        """Measure a take, in a thread.

        Raises:
            InputError: this is no take.
        """
        if frames.ndim != 4 or frames.shape[3] != 3 or frames.dtype != np.uint8 or not frames.size or fps < 1:
            raise InputError(f"{frames.dtype}{list(frames.shape)} is no take", place="studio.score measures")
        score = await asyncio.to_thread(self._score, frames, fps, asked_of(prompt))
        tell("score", 1, 1)
        return score

    def _score(self, frames: Frames, fps: int, asked: Asked) -> Score:
        parts: dict[str, float] = {}
        if asked.palette or asked.subject:
            parts["colours"] = _colours(frames, asked)
        if len(frames) > 1:
            stride = math.ceil(fps / _RATE)
            greys = small_greys(frames[::stride] if len(frames) > stride else frames)
            motion = Flowmeter(*greys.shape[1:]).measure(greys, fps / stride)
            if directions := list(_directions(motion, asked)):
                total = sum(weight for weight, _ in directions)
                parts["direction"] = sum(weight * value for weight, value in directions) / total
            parts |= _quality(motion)
        if not asked.lettering:
            looked = np.linspace(0, len(frames) - 1, _READS).astype(int)
            parts["lettering"] = 1 - min(1.0, lettered(frames[looked]) / 0.08)
        return summed(parts)


def summed(
    parts: Mapping[str, float],
    weights: Mapping[str, float] = _WEIGHTS,
    reasons: Mapping[str, str] = _REASONS,
) -> Score:
    """Parts as one score, the weighted geometric mean, with what is amiss in words."""
    total = sum(weights[name] for name in parts)
    value = math.exp(sum(weights[name] * math.log(max(_FLOOR, part)) for name, part in parts.items()) / total)
    amiss = [reasons[name] for name, part in parts.items() if part < _AMISS]
    return Score(value, {name: round(part, 4) for name, part in parts.items()}, "; ".join(amiss))


def _colours(frames: Frames, asked: Asked) -> float:
    looked = np.linspace(0, len(frames) - 1, min(_LOOKS, len(frames))).astype(int)
    lab = lab_of(np.stack([shrunk(frames[at], *_CELLS) for at in looked]))
    found = shown(lab, [colour for _, colour in asked.palette], PALETTE_SHARE)
    found += shown(lab, [colour for _, colour in asked.subject], SUBJECT_SHARE)
    return sum(found) / len(found)


def _directions(motion: Motion, asked: Asked) -> Iterator[tuple[float, float]]:
    """Weight and agreement, 0 against to 1 with, of each movement that is asked for."""
    pan, tilt, zoom = (float(np.median(track)) for track in (motion.pan, motion.tilt, motion.zoom))
    moves = ((asked.pan, pan, _PAN), (asked.tilt, tilt, _TILT), (asked.zoom, zoom, _ZOOM))
    for wanted, found, scale in moves:
        if wanted:
            yield 1.0, 0.5 + 0.5 * math.tanh(wanted * found / scale)
    if asked.heading:
        yield _HEADING_COUNTS, 0.5 + 0.5 * math.tanh(asked.heading * motion.heading / _HEADING)
    if asked.still:
        yield 1.0, math.exp(-math.hypot(pan, tilt) / _STILL)


def _quality(motion: Motion) -> dict[str, float]:
    """What every take is held to; the bounds lie well beyond what sound takes measure."""
    path = np.stack((motion.pan, motion.tilt))
    jerk = float(np.abs(np.diff(path)).mean()) if path.shape[1] > 1 else 0.0
    flicker = float(np.abs(np.diff(motion.light, 2)).mean()) if len(motion.light) > 2 else 0.0
    frozen = float((motion.change < FROZEN).mean())
    noise = float(np.median(motion.unexplained * motion.change))
    return {
        "smooth": min(_falling(jerk, 0.02, 0.12), _falling(flicker, 1.0, 6.0)),
        # A take of few frames per second may come with each of them twice.
        "alive": _falling(frozen, 0.55, 0.95),
        # A street in the rain at night measures 6.6, other sound takes 1 to 3; nothing but noise 21.
        "clean": _falling(noise, 6.5, 14.0),
    }


def _falling(value: float, good: float, bad: float) -> float:
    """1 up to ``good``, 0 from ``bad`` on, straight in between."""
    return min(1.0, max(0.0, (bad - value) / (bad - good)))
