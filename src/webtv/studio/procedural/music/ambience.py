"""Ambience: the sounds of a place, from coloured noise and small events; low under the music."""

import re
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from webtv.core.format import SAMPLE_RATE
from webtv.studio.procedural.music.signals import Curve, Stereo, band, coloured, place, swell, wander

Layer = Callable[[int, np.random.Generator], Stereo]


def _wide(length: int, noise: np.random.Generator, curve: Curve, share: float = 0.6) -> Stereo:
    """Noise that is partly the same on both sides: wide without a hole in the middle."""
    middle = coloured(noise, length, curve)
    sides = [coloured(noise, length, curve) for _ in range(2)]
    return np.stack([middle * np.float32(1 - share) + side * np.float32(share) for side in sides], axis=1)


def _moments(length: int, noise: np.random.Generator, per_second: float) -> NDArray[np.int64]:
    """Samples at which something happens, as often as asked on average."""
    count = int(noise.poisson(per_second * length / SAMPLE_RATE))
    return np.sort(noise.integers(0, max(1, length), count))


def _add(target: Stereo, at: int, sound: Stereo) -> None:
    end = min(len(target), at + len(sound))
    if at < end:
        target[at:end] += sound[: end - at]


def _waves(length: int, noise: np.random.Generator) -> Stereo:
    """Breakers: each rises slowly, brightens as it breaks and draws back hissing."""
    result = 0.12 * _wide(length, noise, band(70, 320, 1))
    body = [coloured(noise, length, band(110, 700, 1)) for _ in range(2)]
    foam = [coloured(noise, length, band(900, 5200, 1)) for _ in range(2)]
    at = -float(noise.uniform(1, 5))
    while at * SAMPLE_RATE < length:
        lasts = float(noise.uniform(6.5, 10))
        start, count = int(at * SAMPLE_RATE), int(lasts * SAMPLE_RATE)
        share = np.linspace(0, 1, count, dtype=np.float32)
        up = np.clip(share / 0.38, 0, 1)
        heave = (0.5 - 0.5 * np.cos(np.pi * up)) * np.clip((1 - share) / 0.62, 0, 1) ** 1.4
        crash = np.clip((share - 0.22) / 0.16, 0, 1) ** 2 * np.clip((1 - share) / 0.62, 0, 1) ** 2.2
        first, last = max(0, start), min(length, start + count)
        if first < last:
            inside = slice(first - start, last - start)
            force, lean = float(noise.uniform(0.6, 1.0)), float(noise.uniform(-0.5, 0.5))
            for side, gain in enumerate((1 - lean * 0.5, 1 + lean * 0.5)):
                wave = 0.75 * heave[inside] * body[side][first:last]
                wave += 0.26 * crash[inside] * foam[side][first:last]
                result[first:last, side] += wave * np.float32(force * gain)
        at += lasts * float(noise.uniform(0.5, 0.75))
    return result


def _drop(noise: np.random.Generator) -> Stereo:
    """One raindrop: a short ping, each of another size."""
    length = int(SAMPLE_RATE * noise.uniform(0.006, 0.02))
    seconds = np.arange(length, dtype=np.float32) / SAMPLE_RATE
    hertz = float(noise.uniform(1400, 5200))
    ping = np.sin(2 * np.pi * hertz * seconds * (1 + 6 * seconds)) * swell(length, 0.0008, 0.012)
    return place(ping.astype(np.float32), float(noise.uniform(-0.9, 0.9)))


def _rain(length: int, noise: np.random.Generator) -> Stereo:
    result = 0.32 * _wide(length, noise, band(700, 6500, 1), 0.85)
    result *= (0.75 + 0.5 * wander(noise, length, 3.0))[:, None]
    drops = [_drop(noise) for _ in range(24)]
    for at in _moments(length, noise, 34):
        force = float(noise.random()) ** 3
        _add(result, int(at), drops[int(noise.integers(24))] * np.float32(0.15 + 1.2 * force))
    return result


def _wind(length: int, noise: np.random.Generator) -> Stereo:
    """Gusts: four bands that come and go, each in its own time."""
    result = 0.2 * _wide(length, noise, band(90, 300, 1))
    for low, high, share in ((160, 320, 0.5), (280, 560, 0.5), (520, 950, 0.32), (900, 1500, 0.14)):
        gust = wander(noise, length, 2.7) ** 2
        lean = wander(noise, length, 4.0) * 0.8 + 0.1
        tone = coloured(noise, length, band(low, high, 3)) * gust * np.float32(2 * share)
        result += np.stack([tone * (1 - lean), tone * lean], axis=1)
    return result


def _birds(length: int, noise: np.random.Generator) -> Stereo:
    """A few birds, each with a song of its own that it varies; leaves stir behind them."""
    result = 0.05 * _wide(length, noise, band(400, 3000, 1))
    for _ in range(4):
        home = float(noise.uniform(2500, 4700))
        pan, far = float(noise.uniform(-0.9, 0.9)), float(noise.uniform(0.25, 1.0))
        song = [
            (
                float(noise.uniform(0.85, 1.25)),
                float(noise.uniform(-0.28, 0.28)),
                float(noise.uniform(0.05, 0.17)),
            )
            for _ in range(int(noise.integers(2, 5)))
        ]
        trill = float(noise.choice([0.0, 0.0, 24.0, 38.0]))
        at = float(noise.uniform(0.2, 4))
        while at * SAMPLE_RATE < length:
            for _ in range(int(noise.integers(1, 4))):
                for height, bend, lasts in song:
                    count = int(lasts * SAMPLE_RATE)
                    share = np.arange(count) / count
                    hertz = (
                        home * height * (1 + bend * share + 0.05 * np.sin(2 * np.pi * trill * share * lasts))
                    )
                    cry = np.sin(2 * np.pi * np.cumsum(hertz) / SAMPLE_RATE).astype(np.float32)
                    cry *= swell(count, 0.4 * lasts, 0.5 * lasts) * np.float32(0.5 * far)
                    _add(result, int(at * SAMPLE_RATE), place(cry, pan))
                    at += lasts + float(noise.uniform(0.02, 0.07))
                at += float(noise.uniform(0.08, 0.25))
            at += float(noise.uniform(2.0, 6.5))
    return result


def _city(length: int, noise: np.random.Generator) -> Stereo:
    """A street some way off: a hum, and cars that pass."""
    result = 0.5 * _wide(length, noise, band(75, 260, 1)) * (0.8 + 0.4 * wander(noise, length, 4))[:, None]
    result += 0.06 * _wide(length, noise, band(500, 2500, 1))
    at = float(noise.uniform(0, 3))
    while at * SAMPLE_RATE < length:
        lasts = float(noise.uniform(4, 7))
        count = int(lasts * SAMPLE_RATE)
        car = coloured(noise, count, band(130, 900, 1)) * swell(count, lasts * 0.5, lasts * 0.5) ** 2
        course = np.linspace(0.1, 0.9, count, dtype=np.float32)
        course = course if noise.random() < 0.5 else course[::-1]
        force = np.float32(noise.uniform(0.25, 0.6))
        _add(result, int(at * SAMPLE_RATE), np.stack([car * (1 - course), car * course], axis=1) * force)
        at += float(noise.uniform(3, 8))
    return result


def _crickets(length: int, noise: np.random.Generator) -> Stereo:
    result = 0.03 * _wide(length, noise, band(300, 2000, 1))
    for _ in range(5):
        hertz, rate = float(noise.uniform(3900, 4700)), float(noise.uniform(28, 36))
        pulses = int(noise.integers(3, 5))
        count = int(pulses / rate * SAMPLE_RATE)
        seconds = np.arange(count) / SAMPLE_RATE
        pulse = np.maximum(0, np.sin(2 * np.pi * rate * seconds)) ** 2
        chirp = (np.sin(2 * np.pi * hertz * seconds) * pulse).astype(np.float32) * swell(count, 0.01, 0.02)
        sound = place(chirp * np.float32(noise.uniform(0.12, 0.4)), float(noise.uniform(-1, 1)))
        every = float(noise.uniform(0.55, 0.9))
        at = float(noise.uniform(0, every))
        while at * SAMPLE_RATE < length:
            if noise.random() < 0.93:
                _add(result, int(at * SAMPLE_RATE), sound)
            at += every * float(noise.uniform(0.96, 1.04))
    return result


def _bubble(noise: np.random.Generator) -> Stereo:
    length = int(SAMPLE_RATE * noise.uniform(0.04, 0.12))
    seconds = np.arange(length) / SAMPLE_RATE
    hertz = float(noise.uniform(260, 900))
    cycles = hertz * (seconds + 2.2 * seconds**2)
    sound = np.sin(2 * np.pi * cycles).astype(np.float32) * swell(length, 0.006, 0.05)
    return place(sound, float(noise.uniform(-0.8, 0.8)))


def _underwater(length: int, noise: np.random.Generator) -> Stereo:
    result = _wide(length, noise, band(75, 240, 2)) * (0.4 + 0.6 * wander(noise, length, 3.5))[:, None]
    result += 0.25 * _wide(length, noise, band(240, 600, 2)) * wander(noise, length, 2.0)[:, None]
    bubbles = [_bubble(noise) for _ in range(12)]
    for start in _moments(length, noise, 0.45):
        at = int(start)
        for _ in range(int(noise.integers(2, 7))):
            _add(result, at, bubbles[int(noise.integers(12))] * np.float32(noise.uniform(0.08, 0.35)))
            at += int(SAMPLE_RATE * noise.uniform(0.05, 0.16))
    return result


def _train(length: int, noise: np.random.Generator) -> Stereo:
    """Inside a carriage: a rumble, and wheels over joints, two by two."""
    result = 0.55 * _wide(length, noise, band(70, 240, 1)) * (0.85 + 0.3 * wander(noise, length, 5))[:, None]
    result += 0.06 * _wide(length, noise, band(600, 2600, 1))
    count = int(0.16 * SAMPLE_RATE)
    seconds = np.arange(count, dtype=np.float32) / SAMPLE_RATE
    knock = coloured(noise, count, band(130, 700, 1)) * np.exp(-seconds / 0.03) * swell(count, 0.004, 0.05)
    every, at = 1.36, 0.2
    while at * SAMPLE_RATE < length:
        for late, force, pan in ((0.0, 0.8, -0.25), (0.17, 1.0, -0.1), (0.62, 0.55, 0.1), (0.79, 0.7, 0.25)):
            moment = at + late + float(noise.normal(0, 0.004))
            _add(result, max(0, int(moment * SAMPLE_RATE)), place(knock * np.float32(force), pan))
        at += every
    return result


def _fire(length: int, noise: np.random.Generator) -> Stereo:
    result = 0.22 * _wide(length, noise, band(80, 420, 1)) * (0.6 + 0.8 * wander(noise, length, 0.6))[:, None]
    result += 0.05 * _wide(length, noise, band(1500, 6000, 1))
    snaps = []
    for _ in range(16):
        count = int(SAMPLE_RATE * noise.uniform(0.006, 0.03))
        snap = (
            coloured(noise, count, band(900, 5500, 1)) * swell(count, 0.0008, count / SAMPLE_RATE * 0.8) ** 2
        )
        snaps.append(place(snap, float(noise.uniform(-0.6, 0.6))))
    for at in _moments(length, noise, 11):
        force = float(noise.random()) ** 4
        _add(result, int(at), snaps[int(noise.integers(16))] * np.float32(0.06 + 0.9 * force))
    return result


def _room(length: int, noise: np.random.Generator) -> Stereo:
    return 0.4 * _wide(length, noise, band(90, 500, 1), 0.4)


LAYERS: dict[str, Layer] = {
    "waves": _waves,
    "rain": _rain,
    "wind": _wind,
    "birds": _birds,
    "city": _city,
    "crickets": _crickets,
    "underwater": _underwater,
    "train": _train,
    "fire": _fire,
    "room": _room,
}

_WORDS = {
    "waves": r"waves?|seas?|oceans?|surf|shores?|beach|coast\w*|tides?|lapping|harbou?r|lake",
    "rain": r"rain\w*|drizzl\w*|showers?|storm\w*|downpour|streams?|brook|river|waterfall|fountain|dripp?\w*",
    "wind": r"winds?|windy|breez\w*|gusts?|blizzard|snow\w*|mountain\w*|desert|rustl\w*|leaves|storm\w*",
    "birds": r"birds?|birdsong|songbirds?|chirp\w*|dawn chorus|forest|woods?|woodland|garden|gulls?|jungle",
    "city": r"city|cities|urban|streets?|traffic|cars?|town|downtown|cafe|crowd\w*|market",
    "crickets": r"crickets?|cicadas?|insects?|night meadow|summer night|grasshoppers?|frogs?",
    "underwater": r"underwater|bubbl\w*|submarine|deep sea|reef|aquarium|diving",
    "train": r"trains?|rails?|railway|tracks|carriage|wagon|metro|subway",
    "fire": r"fires?|fireplace|campfire|crackl\w*|hearth|embers?|candle\w*|bonfire",
    "room": r"room|indoors?|interior|hum|hush|quiet|library|space\w*|machine\w*|drone",
}
_PATTERNS = {name: re.compile(rf"\b(?:{words})\b") for name, words in _WORDS.items()}
_NONE = re.compile(r"\b(?:none|no|silence|silent|nothing)\b")
_FAINT = re.compile(r"\b(?:light|soft\w*|gentle|gently|distant|faint\w*|far|quiet\w*|low|subtle)\b")
_STRONG = re.compile(r"\b(?:heavy|loud|strong|howling|roaring|pouring|crashing|fierce)\b")
_MOST = 3


def understand_ambience(text: str) -> tuple[tuple[str, ...], float]:
    """The layers that are meant by a curator's words, and how strong: -3 to 3 dB.

    ``underwater`` and its like hide the plain sea, for which their words would also pass.
    """
    words = text.casefold()
    if _NONE.search(words):
        return (), 0.0
    found = [name for name, pattern in _PATTERNS.items() if pattern.search(words)]
    if "underwater" in found:
        found = [name for name in found if name != "waves"]
    if len(found) > 1:
        found = [name for name in found if name != "room"]
    places = {name: match.start() for name in found if (match := _PATTERNS[name].search(words))}
    found.sort(key=places.__getitem__)
    level = 3.0 * (bool(_STRONG.search(words)) - bool(_FAINT.search(words)))
    return tuple(found[:_MOST]), level


def ambience(names: tuple[str, ...], length: int, noise: np.random.Generator) -> Stereo:
    """Mix layers: float32[length, 2], the first loudest; level is set by the mix.

    Raises:
        KeyError: there is no such layer.
    """
    result = np.zeros((length, 2), np.float32)
    for number, name in enumerate(names):
        sound = LAYERS[name](length, noise)
        level = float(np.sqrt(np.mean(sound.astype(np.float64) ** 2)))
        result += sound * np.float32((0.8**number) / max(1e-6, level))
    return result
