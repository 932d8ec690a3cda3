"""What children of these tests are built of: real adapters over tiny models, which the options name."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from webtv.studio.diffusers.runtime import Runtime
from webtv.studio.diffusers.zeroscope import ZeroscopeOptions, ZeroscopeShots

SMALL = ZeroscopeOptions(frames=4, width=64, height=64, steps=4, guidance=9.0, fps=8)
NAMES = frozenset(field.name for field in dataclasses.fields(ZeroscopeOptions))


def build(stage: str, options: Mapping[str, Any]) -> ZeroscopeShots:
    """The builder: Zeroscope over the model in ``model``."""
    written = {name: value for name, value in options.items() if name in NAMES}
    chosen = ZeroscopeOptions.from_mapping(SMALL.to_mapping() | written)
    return ZeroscopeShots(options["model"], chosen, runtime=Runtime(device="cpu"))
