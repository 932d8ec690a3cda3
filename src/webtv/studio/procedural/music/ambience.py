"""Ambience: what a place sounds like, chosen by words and mixed; low under the music."""

import re

import numpy as np

from webtv.studio.procedural.music.layers import creatures, indoors, travel, water, weather
from webtv.studio.procedural.music.layers.events import Layer
from webtv.studio.procedural.music.signals import Stereo

LAYERS: dict[str, Layer] = {
    "waves": water.waves,
    "rain": weather.rain,
    "thunder": weather.thunder,
    "wind": weather.wind,
    "dunes": weather.dunes,
    "heights": weather.heights,
    "snow": weather.snow,
    "ice": water.ice,
    "brook": water.brook,
    "birds": creatures.birds,
    "gulls": creatures.gulls,
    "crickets": creatures.crickets,
    "city": travel.city,
    "underwater": water.underwater,
    "train": travel.train,
    "space": travel.space,
    "fire": indoors.fire,
    "clock": indoors.clock,
    "kettle": indoors.kettle,
    "hall": indoors.hall,
    "cafe": indoors.cafe,
    "room": indoors.room,
}

_WORDS = {
    "waves": r"waves?|seas?|oceans?|surf|shores?|beach|coast\w*|tides?|lapping|harbou?r|lake",
    "rain": r"rain\w*|drizzl\w*|showers?|storm\w*|downpour|dripp?\w*",
    "thunder": r"thunder\w*|lightning",
    "wind": r"winds?|windy|breez\w*|gusts?|blizzard|mountain\w*|rustl\w*|leaves|storm\w*|castle|ruins?",
    "dunes": r"dry winds?|desert\w*|dunes?|sand\w*|canyon|savannah?|steppe",
    "heights": r"high winds?|heights|above the clouds|skies|altitude|summit|jet stream",
    "snow": r"snow\w*|flurr\w*|winter hush",
    "ice": r"ice|icebergs?|floes?|glaciers?|frozen sea|polar|arctic|antarctic\w*|cracks?|cracking",
    "brook": r"streams?|brook\w*|rivers?|creek|waterfall|fountain|spring water|rapids",
    "birds": r"birds?|birdsong|songbirds?|chirp\w*|dawn chorus|forest|woods?|woodland|garden|jungle",
    "gulls": r"gulls?|seagulls?|seabirds?",
    "city": r"city|cities|urban|streets?|traffic|cars?|town|downtown|crowd\w*|market",
    "crickets": r"crickets?|cicadas?|insects?|night meadow|summer night|grasshoppers?|frogs?",
    "underwater": r"underwater|bubbl\w*|submarine|deep sea|reef|aquarium|diving",
    "train": r"trains?|rails?|railway|tracks|carriage|wagon|metro|subway",
    "space": r"space|spaceship|spacecraft|starship|space station|orbit\w*|cosmic|nebula|hull",
    "fire": r"fires?|fireplace|campfire|crackl\w*|hearth|embers?|candle\w*|bonfire",
    "clock": r"clocks?|tick\w*|pendulum",
    "kettle": r"kettle|simmer\w*|boil\w*|kitchen|teapot|tea",
    "hall": r"audience|concert hall|theatre|theater|hall|auditorium|stage|opera",
    "cafe": r"cafes?|caf\u00e9s?|coffee ?house|bistro|restaurant|murmur\w*|chatter",
    "room": r"room|indoors?|interior|hum|hush|quiet|library|machine\w*|drone",
}
# Words of a place that are also a part of another one's: the narrower sound stands for both.
_HIDES = {
    "underwater": {"waves"},
    "dunes": {"wind"},
    "heights": {"wind"},
    "ice": {"waves"},
    "thunder": {"wind"},
}
_PATTERNS = {name: re.compile(rf"\b(?:{words})\b") for name, words in _WORDS.items()}
_NONE = re.compile(r"\b(?:none|no|silence|silent|nothing)\b")
_FAINT = re.compile(r"\b(?:light|soft\w*|gentle|gently|distant|faint\w*|far|quiet\w*|low|subtle)\b")
_STRONG = re.compile(r"\b(?:heavy|loud|strong|howling|roaring|pouring|crashing|fierce)\b")
_MOST = 3


def understand_ambience(text: str) -> tuple[tuple[str, ...], float]:
    """The layers that are meant by a curator's words, and how strong: -3 to 3 dB.

    ``underwater`` and its like hide the plain sea, for which their words would also pass; a room is heard
    where nothing else is.
    """
    words = text.casefold()
    if _NONE.search(words):
        return (), 0.0
    found = [name for name, pattern in _PATTERNS.items() if pattern.search(words)]
    hidden = {other for name in found for other in _HIDES.get(name, ())}
    found = [name for name in found if name not in hidden]
    if len(found) > 1:
        found = [name for name in found if name != "room"]
    places = {name: match.start() for name in found if (match := _PATTERNS[name].search(words))}
    found.sort(key=places.__getitem__)
    level = 3.0 * (bool(_STRONG.search(words)) - bool(_FAINT.search(words)))
    return tuple(found[:_MOST]), level


# dB by which a layer lies lower than its power would have it, because what happens in it stands out.
_STANDS_OUT = {
    "clock": -7.0,
    "gulls": -4.0,
    "crickets": -3.0,
    "birds": -1.0,
    "fire": -2.0,
    "thunder": -1.0,
    "ice": -2.0,
}


def prominence(names: tuple[str, ...]) -> float:
    """How many dB the layers together lie above (or below) where noise of the same power would."""
    return _STANDS_OUT.get(names[0], 0.0) if names else 0.0


def ambience(names: tuple[str, ...], length: int, noise: np.random.Generator) -> Stereo:
    """Mix layers: float32[length, 2], the first loudest; level is set by the mix.

    Raises:
        KeyError: there is no such layer.
    """
    result = np.zeros((length, 2), np.float32)
    for number, name in enumerate(names):
        share = 0.8**number * 10 ** ((_STANDS_OUT.get(name, 0.0) - prominence(names)) / 20)
        sound = LAYERS[name](length, noise)
        level = float(np.sqrt(np.mean(sound.astype(np.float64) ** 2)))
        result += sound * np.float32(share / max(1e-6, level))
    return result
