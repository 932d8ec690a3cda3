"""Sequence plans as JSON: in the catalogue and in the payloads of jobs."""

from collections.abc import Mapping
from typing import Any

from webtv.prompts.sequence import MusicBrief, SequencePlan, ShotPrompt


def plan_to_json(plan: SequencePlan) -> dict[str, Any]:
    """A JSON-compatible dictionary."""
    shots = [shot.to_json() for shot in plan.shots]
    return {
        "title": plan.title,
        "shots": shots,
        "music": plan.music.to_json(),
        "seed": plan.seed,
        "writer": plan.writer,
    }


def plan_from_json(data: Mapping[str, Any]) -> SequencePlan:
    """The inverse of :func:`plan_to_json`.

    Raises:
        KeyError: a key is missing.
        TypeError: a part has missing or unknown keys.
    """
    return SequencePlan(
        title=data["title"],
        shots=tuple(ShotPrompt.from_json(shot) for shot in data["shots"]),
        music=MusicBrief.from_json(data["music"]),
        seed=data["seed"],
        writer=data["writer"],
    )
