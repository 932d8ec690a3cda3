"""Judging what a curator wrote beside ``use:``; YAML gives texts, truths and numbers alike."""

from typing import Any

from webtv.core.errors import ConfigError


def number(value: Any, least: float, most: float, *, place: str) -> float:
    """The value as a number within its range.

    Raises:
        ConfigError: it is none, or out of range; with the range.
    """
    # A truth is an int to Python and not to a curator; NaN lies in no range.
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise _refused(value, f"a number from {least:g} to {most:g}", place)
    return float(value)


def whole_number(value: Any, least: int, most: int, *, place: str, also: int | None = None) -> int:
    """The value as a whole number within its range.

    Args:
        value: what was written.
        least: lowest that will do.
        most: highest that will do.
        place: where it stands, as in ``studio.shot.fps``.
        also: one value outside the range that will do as well.

    Raises:
        ConfigError: it is none, or out of range; with the range.
    """
    whole = isinstance(value, int) and not isinstance(value, bool)
    if not whole or not (least <= value <= most or value == also):
        extra = "" if also is None else f", or {also} for the default"
        raise _refused(value, f"a whole number from {least} to {most}{extra}", place)
    return int(value)


def _refused(value: Any, expected: str, place: str) -> ConfigError:
    return ConfigError(f"{value!r} will not do", place=place, remedy=f"write {expected}")
