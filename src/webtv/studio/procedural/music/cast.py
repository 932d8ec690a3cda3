"""The cast: who plays what, movement by movement."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np

from webtv.studio.procedural.music.moods import Mood
from webtv.studio.procedural.music.voices import VOICES

_FIGURED = frozenset({"felt piano", "pluck", "bell"})
_SECTIONS = frozenset({"strings", "pad", "choir", "organ"})  # who can hold a chord alone


@dataclass(frozen=True, slots=True)
class Cast:
    """Who plays what; an empty name is nobody.

    Attributes:
        lead: sings the tune.
        answers: echo and double it.
        harmony: hold the chords.
        figure: moves through them.
        bass: plays the roots.
        kit: whether percussion was asked for.
        touch: whether it may be heard a little where nobody asked.
    """

    lead: str
    answers: tuple[str, ...]
    harmony: tuple[str, ...]
    figure: str
    bass: str
    kit: bool
    touch: bool


def cast_of(
    mood: Mood, asked: Sequence[str], without: Collection[str], solo: bool, noise: np.random.Generator
) -> Cast:
    """Give out the roles.

    Args:
        mood: whose ensembles stand in where nothing is asked for.
        asked: voices, leading one first; may be empty.
        without: voices and families that must not be heard; ``kit`` and ``lead`` are such too.
        solo: whether the first voice plays alone.
        noise: where chance comes from.
    """
    ensemble = [*mood.ensembles[int(noise.integers(len(mood.ensembles)))]]
    named = _wanted(list(dict.fromkeys(asked)) or ensemble, without)
    tuned = [name for name in named if name != "kit"]
    basses = [name for name in tuned if VOICES[name].family == "bass"]
    tuned = [name for name in tuned if VOICES[name].family != "bass"]
    if solo and basses and not tuned:
        return replace(_alone(basses[0], kit=False), bass="")
    if not tuned:
        spare = [*ensemble, "felt piano", "pad", "flute", "pluck", "strings", "bell"]
        tuned = [name for name in _wanted(spare, without) if name != "kit" and VOICES[name].family != "bass"][
            :3
        ] or ["felt piano"]
    # A pad makes a poor singer, so another voice sings where there is one, and the pad is the ground.
    lead = next((name for name in tuned if VOICES[name].family != "pad"), tuned[0])
    if solo:
        return _alone(next(iter(tuned)), kit="kit" in asked)
    harmony = [name for name in tuned if name in _SECTIONS and name != lead][:2]
    if not harmony:
        stand_ins = [lead] if lead in _SECTIONS else _wanted(["pad", "strings"], without)[:1]
        harmony = stand_ins
    rest = [name for name in tuned if name not in harmony and name != lead]
    figure = next((name for name in rest if VOICES[name].family in _FIGURED), "")
    if not figure and VOICES[lead].family in {"felt piano", "pluck"}:
        figure = lead  # the left hand
    answers = tuple(name for name in rest if name != figure)
    bass = next(iter(basses), "") or next(iter(_wanted(["bass"], without)), "")
    kit = "kit" in named
    return Cast(lead, answers, tuple(harmony), figure, bass, kit, not kit and "kit" not in without)


def _wanted(names: Sequence[str], without: Collection[str]) -> list[str]:
    return [
        name
        for name in names
        if name not in without and (name == "kit" or VOICES[name].family not in without)
    ]


def _alone(name: str, *, kit: bool) -> Cast:
    """One player: both hands where it has them, a section's chords where it is one, else the bare tune."""
    hands = VOICES[name].family in _FIGURED
    harmony = (name,) if name in _SECTIONS else ()
    low = VOICES[name].low <= 43 and hands
    return Cast(name, (), harmony, name if hands else "", name if low else "", kit, touch=False)


def turned(cast: Cast, movement: int) -> Cast:
    """The cast of a later movement: another voice leads, so that a long piece changes its colour."""
    singers = [cast.lead, *cast.answers]
    if cast.figure and cast.figure != cast.lead:
        singers.append(cast.figure)
    lead = singers[movement % len(singers)]
    if lead == cast.lead:
        return cast
    if lead == cast.figure:
        swaps = VOICES[cast.lead].family in _FIGURED
        answers = cast.answers if swaps else (*cast.answers, cast.lead)
        return replace(cast, lead=lead, figure=cast.lead if swaps else lead, answers=answers)
    return replace(cast, lead=lead, answers=tuple(n for n in (cast.lead, *cast.answers) if n != lead))
