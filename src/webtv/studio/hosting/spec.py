"""What a child is built of."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from webtv.core.errors import ConfigError


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """One adapter with its options; two that are equal share a child.

    Attributes:
        stage: ``shot``, ``upscale``, ``interpolate``, ``music``, ``score`` or ``write``.
        options: the stage's options, ``use`` included; JSON-compatible.
        key: 16 hexadecimal digits that follow from both, whatever the order of the options.

    Raises:
        ConfigError: an option is no JSON value.
    """

    stage: str = field(compare=False)
    options: Mapping[str, Any] = field(compare=False)
    key: str = field(init=False)

    def __post_init__(self) -> None:
        try:
            text = json.dumps([self.stage, dict(self.options)], sort_keys=True, allow_nan=False)
        except (TypeError, ValueError) as error:
            raise ConfigError(
                f"an option cannot be handed to another process: {error}",
                place=f"studio.{self.stage}",
                remedy="write texts, numbers, truths, lists and mappings only",
            ) from error
        object.__setattr__(self, "key", hashlib.sha256(text.encode()).hexdigest()[:16])

    @property
    def adapter(self) -> str:
        """Name under which wiring knows the adapter; empty if the options name none."""
        return str(self.options.get("use", ""))

    @property
    def place(self) -> str:
        """Where trouble with it is: ``studio.shot zeroscope``."""
        return f"studio.{self.stage} {self.adapter}".rstrip()
