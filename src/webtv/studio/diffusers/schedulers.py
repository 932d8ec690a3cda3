"""Schedulers by the names that people use for them.

There are two worlds: models that predict noise (Stable Diffusion and its kin) and models that predict a flow
(Wan, LTX). A name means another class, or another setting of the same class, in each.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from webtv.core.errors import InputError


@dataclass(frozen=True, slots=True)
class Recipe:
    """A class of diffusers and how it is set up for a model that came with another one.

    Attributes:
        name: of the class.
        settings: what is set whatever the model's configuration says.
        unless_set: what is set where it says nothing, because the class's own default is for other models.
    """

    name: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    unless_set: Mapping[str, Any] = field(default_factory=dict)


NOISE: Mapping[str, Recipe] = {
    # Clipping is meant for pixels; latents lie outside -1..1.
    "ddim": Recipe("DDIMScheduler", unless_set={"clip_sample": False}),
    "ddpm": Recipe("DDPMScheduler", unless_set={"clip_sample": False}),
    "pndm": Recipe("PNDMScheduler", unless_set={"skip_prk_steps": True}),
    "euler": Recipe("EulerDiscreteScheduler"),
    "euler-a": Recipe("EulerAncestralDiscreteScheduler"),
    "heun": Recipe("HeunDiscreteScheduler"),
    "dpm++": Recipe("DPMSolverMultistepScheduler", {"algorithm_type": "dpmsolver++"}),
    "dpm++karras": Recipe(
        "DPMSolverMultistepScheduler", {"algorithm_type": "dpmsolver++", "use_karras_sigmas": True}
    ),
    "deis": Recipe("DEISMultistepScheduler"),
    "unipc": Recipe("UniPCMultistepScheduler"),
    "lcm": Recipe("LCMScheduler"),
}
"""For models that predict noise. ``lcm`` is of use only with weights distilled for it."""

_FLOW = {"prediction_type": "flow_prediction", "use_flow_sigmas": True}
FLOW: Mapping[str, Recipe] = {
    "euler": Recipe("FlowMatchEulerDiscreteScheduler"),
    "heun": Recipe("FlowMatchHeunDiscreteScheduler"),
    "lcm": Recipe("FlowMatchLCMScheduler"),
    "dpm++": Recipe("DPMSolverMultistepScheduler", {"algorithm_type": "dpmsolver++", **_FLOW}),
    "unipc": Recipe("UniPCMultistepScheduler", _FLOW),
}
"""For models that predict a flow."""


def is_flow(scheduler: Any) -> bool:
    """Whether a scheduler is set up for a model that predicts a flow."""
    config = scheduler.config
    return type(scheduler).__name__.startswith("FlowMatch") or bool(config.get("use_flow_sigmas", False))


def choose(
    diffusers: Any, scheduler: Any, name: str, overrides: Mapping[str, Any] | None = None, *, place: str
) -> Any:
    """Another scheduler for the same model.

    Args:
        diffusers: the library.
        scheduler: the one that came with the model; its noise schedule and its shift are kept.
        name: what the curator wrote; empty for the same class.
        overrides: what the model's family sets whatever came with the model.
        place: where.

    Raises:
        InputError: there is none of that name for such a model.
    """
    if not name:
        return type(scheduler).from_config(dict(scheduler.config), **(overrides or {}))
    table = FLOW if is_flow(scheduler) else NOISE
    if name not in table:
        raise InputError(
            f"this model has no scheduler {name!r}",
            place=place,
            remedy=f"write one of {', '.join(table)}, or remove it for {type(scheduler).__name__}",
        )
    recipe, config = table[name], dict(scheduler.config)
    factory = getattr(diffusers, recipe.name)
    known = factory._get_init_keys(factory)
    settings = {key: value for key, value in recipe.unless_set.items() if key not in config}
    settings |= {**recipe.settings, **(overrides or {})}
    # The same number under two names: how far the steps are moved towards the noisy end.
    if (shift := config.get("flow_shift", config.get("shift"))) is not None:
        settings |= {"shift": shift, "flow_shift": shift}
    kept = {key: value for key, value in config.items() if key in known or key.startswith("_")}
    return factory.from_config(kept, **{key: value for key, value in settings.items() if key in known})
