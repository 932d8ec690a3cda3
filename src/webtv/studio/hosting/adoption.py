"""Adapters that hand over what they have loaded, so that one child serves all options that load the same.

What decides a loaded pipeline is little: its class, its weights, what is added to them. Steps, guidance,
size and schedulers are said with each take. So the quality ladder's rungs, and channels that ask one model
in different ways, share a child, and the weights are in memory once.
"""

from typing import Any, Protocol, runtime_checkable

from webtv.core.errors import InternalError


@runtime_checkable
class Adopting(Protocol):
    """An adapter that says what it loads, and takes that over from another one."""

    @property
    def loads(self) -> Any:
        """JSON-compatible: everything of its options that decides what it loads; answered without loading.

        What is the same in the whole station, such as the operator's device and precision, need not be in it.
        """
        ...

    def adopt(self, previous: Any) -> None:
        """Take over what an adapter has loaded whose :attr:`loads` is equal; it is not used again."""
        ...


def loads_of(adapter: object) -> Any:
    """What an adapter loads; None if it does not say, and then all of its options may decide it."""
    return adapter.loads if isinstance(adapter, Adopting) else None


def hand_over(previous: object, adapter: object, place: str) -> None:
    """Have an adapter take over what another one has loaded.

    Raises:
        InternalError: they do not load the same; whoever called it has mixed up two models.
    """
    alike = isinstance(previous, type(adapter)) and loads_of(adapter) == loads_of(previous)
    if not isinstance(adapter, Adopting) or not alike:
        said = "a model was to be handed over to an adapter that loads another one"
        raise InternalError(said, place=place, remedy="report it")
    adapter.adopt(previous)
