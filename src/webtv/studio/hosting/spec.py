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
        loads: what the adapter loads (:func:`webtv.studio.hosting.adoption.loads_of`); None if it does not
            say, and then each set of options has a child of its own.
        key: 16 hexadecimal digits that follow from the stage, the adapter and what it loads.
        variant: likewise, from the stage and all of the options, whatever their order.

    Raises:
        ConfigError: an option is no JSON value.
    """

    stage: str = field(compare=False)
    options: Mapping[str, Any] = field(compare=False)
    loads: Any = field(default=None, compare=False)
    key: str = field(init=False)
    variant: str = field(init=False, compare=False)

    def __post_init__(self) -> None:
        variant = self._digest(dict(self.options))
        key = variant if self.loads is None else self._digest({"use": self.adapter, "loads": self.loads})
        object.__setattr__(self, "variant", variant)
        object.__setattr__(self, "key", key)

    def _digest(self, of: Mapping[str, Any]) -> str:
        try:
            text = json.dumps([self.stage, of], sort_keys=True, allow_nan=False)
        except (TypeError, ValueError) as error:
            raise ConfigError(
                f"an option cannot be handed to another process: {error}",
                place=f"studio.{self.stage}",
                remedy="write texts, numbers, truths, lists and mappings only",
            ) from error
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    @property
    def adapter(self) -> str:
        """Name under which wiring knows the adapter; empty if the options name none."""
        return str(self.options.get("use", ""))

    @property
    def place(self) -> str:
        """Where trouble with it is: ``studio.shot zeroscope``."""
        return f"studio.{self.stage} {self.adapter}".rstrip()
