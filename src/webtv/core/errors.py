"""One tree of errors. Each carries a category (what a retry policy reads), a place and a remedy.

::

    WebTVError
    ├── InputError        what somebody wrote is wrong        (never retried)
    ├── ConfigError       the operator's settings are wrong   (never retried)
    ├── SafetyError       refused by the safety filter        (never retried; write another)
    ├── ConflictError     somebody else holds it              (never retried)
    ├── ComponentError    a program or package is missing     (never retried)
    ├── TransientError    may work next time                  (retried with backoff)
    │   └── RateLimited   may work after ``retry_after`` seconds
    ├── ResourceError     disk, memory or budget is used up   (retried when there is room again)
    ├── QualityError      what was made failed a check        (retried with another seed)
    └── InternalError     a broken promise of our own         (never retried; report it)
"""

from enum import StrEnum


class Category(StrEnum):
    """What kind of trouble it is; the only thing that a retry policy may look at."""

    INPUT = "input"
    CONFIG = "config"
    SAFETY = "safety"
    CONFLICT = "conflict"
    COMPONENT = "component"
    TRANSIENT = "transient"
    RATE_LIMIT = "rate_limit"
    RESOURCE = "resource"
    QUALITY = "quality"
    INTERNAL = "internal"


RETRYABLE = frozenset({Category.TRANSIENT, Category.RATE_LIMIT, Category.RESOURCE, Category.QUALITY})


class WebTVError(Exception):
    """Root of the tree.

    Args:
        message: what is wrong, as a sentence that a stranger understands.
        remedy: what to do about it, as an imperative; empty if nothing can be done.
        place: where: ``file:line:column``, a URL without secrets, a stage.
    """

    category: Category = Category.INTERNAL

    def __init__(self, message: str, *, remedy: str = "", place: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy
        self.place = place

    @property
    def retryable(self) -> bool:
        """Whether the same call may succeed later."""
        return self.category in RETRYABLE

    def __str__(self) -> str:
        return ": ".join(part for part in (self.place, self.message, self.remedy) if part)


class InputError(WebTVError):
    """What somebody wrote is wrong."""

    category = Category.INPUT


class ConfigError(WebTVError):
    """The operator's settings are wrong."""

    category = Category.CONFIG


class SafetyError(WebTVError):
    """The safety filter refused it."""

    category = Category.SAFETY


class ConflictError(WebTVError):
    """Somebody else holds what was asked for."""

    category = Category.CONFLICT


class ComponentError(WebTVError):
    """A program or package that is needed is missing."""

    category = Category.COMPONENT


class TransientError(WebTVError):
    """It may work next time."""

    category = Category.TRANSIENT


class RateLimited(TransientError):
    """It may work after ``retry_after`` seconds."""

    category = Category.RATE_LIMIT

    def __init__(self, message: str, *, retry_after: float, remedy: str = "", place: str = "") -> None:
        super().__init__(message, remedy=remedy, place=place)
        self.retry_after = retry_after


class ResourceError(WebTVError):
    """Disk, memory or a budget is used up."""

    category = Category.RESOURCE


class QualityError(WebTVError):
    """What was made failed a check."""

    category = Category.QUALITY


class InternalError(WebTVError):
    """A promise of our own is broken; a bug."""

    category = Category.INTERNAL
