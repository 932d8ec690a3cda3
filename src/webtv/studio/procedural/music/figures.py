"""Figures: what accompanies a tune, bar by bar, from the notes of a chord."""

Played = tuple[float, float, int, float]  # onset and length in beats, MIDI pitch, strength


def figure_bar(
    name: str, chord: tuple[int, ...], metre: int, beat: float, busy: float, number: int, swing: float
) -> list[Played]:
    """One bar of an accompanying figure.

    Args:
        name: broken, ripple, stabs, offbeat, ostinato or pulse.
        chord: MIDI pitches, low to high.
        metre: beats in a bar.
        beat: seconds.
        busy: 0 to 1.
        number: of the bar in the piece; figures alternate by it.
        swing: 0 to 1.

    Raises:
        KeyError: there is no such figure.
    """
    played = _FIGURES[name](chord, metre, beat, busy, number)
    late = swing / 6
    return [
        (onset + late if abs(onset % 1 - 0.5) < 1e-6 else onset, length, pitch, strength)
        for onset, length, pitch, strength in played
    ]


def _run(order: list[int], metre: int, step: float, ring: float) -> list[Played]:
    count = round(metre / step)
    played = []
    for place in range(count):
        onset = place * step
        accent = 1.0 if place == 0 else 0.82 if onset % 1 == 0 else 0.68
        played.append((onset, min(ring, metre - onset + 0.5), order[place % len(order)], accent))
    return played


def _broken(chord: tuple[int, ...], metre: int, beat: float, busy: float, number: int) -> list[Played]:
    low, middle, high = chord
    order = [low, middle, high, middle] if number % 2 == 0 else [low, high, middle, high]
    step = 0.5 if busy > 0.28 or beat > 0.85 else 1.0
    if metre == 3:
        order = [low, middle, high, middle, high, middle] if step == 0.5 else [low, middle, high]
    return _run(order, metre, step, 2.0)


def _ripple(chord: tuple[int, ...], metre: int, beat: float, busy: float, number: int) -> list[Played]:
    low, middle, high = chord
    up = [low, middle, high, low + 12, middle + 12, low + 12, high, middle]
    step = 0.25 if beat > 0.8 and busy > 0.35 else 0.5
    order = up if number % 2 == 0 else [*up[2:], *up[:2]]
    return _run(order, metre, step, 1.5)


def _stabs(chord: tuple[int, ...], metre: int, beat: float, busy: float, number: int) -> list[Played]:
    places = [(0.0, 1.2, 0.9), (1.5, 0.9, 0.7)] if number % 2 == 0 else [(0.0, 0.9, 0.85), (2.5, 1.2, 0.75)]
    if metre == 4 and busy > 0.4:
        places.append((3.5, 0.5, 0.55))
    # A hand does not strike three keys in the same millisecond.
    return [
        (onset + 0.012 * late / beat, length, pitch, strength * (0.85 + 0.05 * late))
        for onset, length, strength in places
        if onset < metre
        for late, pitch in enumerate(chord)
    ]


def _offbeat(chord: tuple[int, ...], metre: int, beat: float, busy: float, number: int) -> list[Played]:
    places = [each + 0.5 for each in range(metre)] if beat > 0.55 or busy > 0.6 else [1.0, 3.0]
    if metre == 3:
        places = [1.0, 2.0]
    return [
        (onset, 0.32, pitch, 0.75 if onset % 2 < 1 else 0.85)
        for onset in places
        if onset < metre
        for pitch in chord[1:]
    ]


def _ostinato(chord: tuple[int, ...], metre: int, beat: float, busy: float, number: int) -> list[Played]:
    low, middle, high = chord
    order = [low, high, middle, high, low + 12, high, middle, high]
    step = 0.25 if beat > 0.6 and busy > 0.5 else 0.5
    return _run(order, metre, step, 0.6)


def _pulse(chord: tuple[int, ...], metre: int, beat: float, busy: float, number: int) -> list[Played]:
    step = 0.5 if beat > 0.65 and busy > 0.4 else 1.0
    return [
        (place * step, step * 0.8, pitch, 1.0 if place == 0 else 0.7)
        for place in range(round(metre / step))
        for pitch in chord
    ]


_FIGURES = {
    "broken": _broken,
    "ripple": _ripple,
    "stabs": _stabs,
    "offbeat": _offbeat,
    "ostinato": _ostinato,
    "pulse": _pulse,
}
