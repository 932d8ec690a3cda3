"""Sequence plans as JSON: in the catalogue and in the payloads of jobs."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from webtv.prompts.sequence import MusicBrief, SequencePlan, ShotPrompt


def plan_to_json(plan: SequencePlan) -> dict[str, Any]:
    """A JSON-compatible dictionary."""
    music = {**asdict(plan.music), "instruments": list(plan.music.instruments)}
    shots = [shot.to_json() for shot in plan.shots]
    return {
        "title": plan.title,
        "shots": shots,
        "music": music,
        "seed": plan.seed,
        "writer": plan.writer,
    }


def plan_from_json(data: Mapping[str, Any]) -> SequencePlan:
    """The inverse of :func:`plan_to_json`.

    Raises:
        KeyError: a key is missing.
        TypeError: a part has missing or unknown keys.
    """
    music = {**data["music"], "instruments": tuple(data["music"]["instruments"])}
    return SequencePlan(
        title=data["title"],
        shots=tuple(ShotPrompt.from_json(shot) for shot in data["shots"]),
        music=MusicBrief(**music),
        seed=data["seed"],
        writer=data["writer"],
    )
