"""Figures: what accompanies a tune, bar by bar, from the notes of a chord."""

from webtv.studio.procedural.music.metre import Metre

Played = tuple[float, float, int, float]  # onset and length in quarters, MIDI pitch, strength


def figure_bar(
    name: str, chord: tuple[int, ...], metre: Metre, quarter: float, busy: float, number: int, swing: float
) -> list[Played]:
    """One bar of an accompanying figure.

    Args:
        name: broken, ripple, rocked, stabs, offbeat, oompah, ostinato or pulse.
        chord: three MIDI pitches, low to high.
        metre: how beats gather into bars.
        quarter: seconds.
        busy: 0 to 1.
        number: of the bar in the piece; figures alternate by it.
        swing: 0 to 1.

    Raises:
        KeyError: there is no such figure.
    """
    played = _FIGURES[name](chord, metre, quarter, busy, number)
    late = swing / 6 if metre.pulse == 1 else 0.0
    return [
        (onset + late if abs(onset % 1 - 0.5) < 1e-6 else onset, length, pitch, strength)
        for onset, length, pitch, strength in played
    ]


def _run(order: list[int], metre: Metre, step: float, ring: float) -> list[Played]:
    played = []
    for place in range(round(metre.quarters / step)):
        onset = place * step
        force = 1.0 if onset == 0 else 0.82 if onset % metre.pulse == 0 else 0.68
        played.append((onset, min(ring, metre.quarters - onset + 0.5), order[place % len(order)], force))
    return played


def _broken(chord: tuple[int, ...], metre: Metre, quarter: float, busy: float, number: int) -> list[Played]:
    low, middle, high = chord
    order = [low, middle, high, middle] if number % 2 == 0 else [low, high, middle, high]
    step = 0.5 if busy > 0.28 or quarter > 0.85 or metre.name == "6/8" else 1.0
    if metre.quarters == 3:
        order = [low, middle, high, middle, high, middle] if step == 0.5 else [low, middle, high]
        if metre.name == "6/8" and number % 2:
            order = [low, middle, high, low + 12, high, middle]
    return _run(order, metre, step, 2.0)


def _ripple(chord: tuple[int, ...], metre: Metre, quarter: float, busy: float, number: int) -> list[Played]:
    low, middle, high = chord
    up = [low, middle, high, low + 12, middle + 12, low + 12, high, middle]
    if metre.quarters == 3:
        up = [low, middle, high, low + 12, high, middle]
    step = 0.25 if quarter > 0.8 and busy > 0.35 else 0.5
    order = up if number % 2 == 0 else [*up[2:], *up[:2]]
    return _run(order, metre, step, 1.5)


def _rocked(chord: tuple[int, ...], metre: Metre, quarter: float, busy: float, number: int) -> list[Played]:
    """A boat song's: the low note, then the upper two, to and fro."""
    low, middle, high = chord
    if metre.name == "6/8":
        order = [(0.0, low), (0.5, middle), (1.0, high), (1.5, low + 12), (2.0, high), (2.5, middle)]
        return [(onset, 1.6, pitch, 0.95 if onset == 0 else 0.7) for onset, pitch in order]
    played = []
    for place in range(metre.quarters):
        if place == 0 or (place == 2 and metre.quarters == 4):
            played.append((float(place), 1.8, low if place == 0 else middle, 0.95 if place == 0 else 0.75))
        else:
            spread = 0.03  # the upper two are not struck at once
            played += [(float(place), 0.9, middle, 0.6), (place + spread, 0.9, high, 0.62)]
    if busy > 0.4:
        played.append((metre.quarters - 0.5, 0.6, low + 12, 0.5))
    return played


def _stabs(chord: tuple[int, ...], metre: Metre, quarter: float, busy: float, number: int) -> list[Played]:
    places = [(0.0, 1.2, 0.9), (1.5, 0.9, 0.7)] if number % 2 == 0 else [(0.0, 0.9, 0.85), (2.5, 1.2, 0.75)]
    if metre.quarters == 4 and busy > 0.4:
        places.append((3.5, 0.5, 0.55))
    # A hand does not strike three keys in the same millisecond.
    return [
        (onset + 0.012 * late / quarter, length, pitch, strength * (0.85 + 0.05 * late))
        for onset, length, strength in places
        if onset < metre.quarters
        for late, pitch in enumerate(chord)
    ]


def _offbeat(chord: tuple[int, ...], metre: Metre, quarter: float, busy: float, number: int) -> list[Played]:
    if metre.quarters == 3:
        places = [1.0, 2.0]
    else:
        places = [each + 0.5 for each in range(4)] if quarter > 0.55 or busy > 0.6 else [1.0, 3.0]
    return _chops(places, chord, quarter)


def _oompah(chord: tuple[int, ...], metre: Metre, quarter: float, busy: float, number: int) -> list[Played]:
    places = [1.0, 2.0] if metre.quarters == 3 else [1.0, 3.0]
    if metre.quarters == 4 and number % 4 == 3:
        places.append(3.5)
    return _chops(places, chord, quarter)


def _chops(places: list[float], chord: tuple[int, ...], quarter: float) -> list[Played]:
    return [
        (onset + 0.008 * late / quarter, 0.32, pitch, 0.75 if onset % 2 < 1 else 0.85)
        for onset in places
        for late, pitch in enumerate(chord[1:])
    ]


def _ostinato(chord: tuple[int, ...], metre: Metre, quarter: float, busy: float, number: int) -> list[Played]:
    low, middle, high = chord
    order = [low, high, middle, high, low + 12, high, middle, high]
    if number % 4 == 3:
        order = [
            low,
            high,
            middle,
            low + 12,
            high,
            middle,
            low + 12,
            high,
        ]  # three against four, once a phrase
    step = 0.25 if quarter > 0.6 and busy > 0.5 else 0.5
    return _run(order, metre, step, 0.6)


def _pulse(chord: tuple[int, ...], metre: Metre, quarter: float, busy: float, number: int) -> list[Played]:
    step = metre.pulse / 2 if quarter > 0.65 and busy > 0.4 else metre.pulse
    return [
        (place * step, step * 0.8, pitch, 1.0 if place == 0 else 0.7)
        for place in range(round(metre.quarters / step))
        for pitch in chord
    ]


_FIGURES = {
    "broken": _broken,
    "ripple": _ripple,
    "rocked": _rocked,
    "stabs": _stabs,
    "offbeat": _offbeat,
    "oompah": _oompah,
    "ostinato": _ostinato,
    "pulse": _pulse,
}
