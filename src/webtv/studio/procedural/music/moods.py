"""Moods: what a word such as "nocturnal" means in keys, chords, colours and percussion."""

import difflib
import re
from dataclasses import dataclass

from webtv.studio.procedural.music.theory import Chord


@dataclass(frozen=True, slots=True)
class Mood:
    """How a mood sounds.

    Attributes:
        name: its name.
        modes: to choose from.
        progressions: to choose from; degrees counted from 1, with a colour after a dot where it matters.
        cadence: the two chords that lead home.
        colour: scale steps that are added to plain chords.
        brightness: 0 dark to 1 bright; opens filters and raises registers.
        density: 0 sparse to 1 busy; how many notes a bar holds.
        space: seconds that the reverb rings.
        wet: share of reverb.
        beat: name of the percussion pattern, empty for none unless a kit is asked for.
        accompaniment: name of the figure that accompanies.
        leap: how far the motif jumps, 0 to 1.
        swing: 0 straight to 1 triplets.
        waltz: chance of three beats in a bar.
        arc: how much the arrangement swells, 0 to 1.
        voices: instruments when none are asked for, or none of those asked for is known.
    """

    name: str
    modes: tuple[str, ...]
    progressions: tuple[tuple[Chord, ...], ...]
    cadence: tuple[Chord, ...]
    colour: tuple[int, ...]
    brightness: float
    density: float
    space: float
    wet: float
    beat: str
    accompaniment: str
    leap: float
    swing: float
    waltz: float
    arc: float
    voices: tuple[str, ...]


_COLOURS = {"7": 6, "9": 8, "s": -1}


def _chords(text: str) -> tuple[Chord, ...]:
    """Read chords such as ``1 4.9 5.s 1.79``: degree, then colours."""
    found = []
    for word in text.split():
        degree, _, colours = word.partition(".")
        found.append(Chord(int(degree) - 1, tuple(_COLOURS[colour] for colour in colours)))
    return tuple(found)


def _lines(*texts: str) -> tuple[tuple[Chord, ...], ...]:
    return tuple(_chords(text) for text in texts)


MOODS: dict[str, Mood] = {
    mood.name: mood
    for mood in (
        Mood(
            name="calm",
            modes=("ionian", "ionian", "lydian"),
            progressions=_lines("1.9 4.9 1.9 5.s", "1.9 6.7 4.9 5.s", "1.9 3.7 4.9 4.9", "4.9 1.9 6.7 5.s"),
            cadence=_chords("4.9 5.s"),
            colour=(8,),
            brightness=0.45,
            density=0.35,
            space=2.8,
            wet=0.30,
            beat="breath",
            accompaniment="broken",
            leap=0.25,
            swing=0.0,
            waltz=0.15,
            arc=0.5,
            voices=("felt piano", "pad", "bass"),
        ),
        Mood(
            name="dreamy",
            modes=("lydian", "lydian", "ionian"),
            progressions=_lines(
                "1.79 2.9 1.79 2.9", "1.79 6.79 2.9 4.7", "1.79 3.7 2.9 1.79", "6.79 1.79 2.9 5.9"
            ),
            cadence=_chords("2.9 2.s"),
            colour=(6, 8),
            brightness=0.6,
            density=0.4,
            space=4.2,
            wet=0.40,
            beat="",
            accompaniment="ripple",
            leap=0.45,
            swing=0.0,
            waltz=0.25,
            arc=0.6,
            voices=("bell", "pad", "electric piano"),
        ),
        Mood(
            name="mellow",
            modes=("dorian", "dorian", "aeolian"),
            progressions=_lines(
                "1.79 4.9 1.79 4.9", "1.79 7.7 6.7 7.9", "1.79 3.7 4.9 7.9", "1.79 5.7 4.7 4.9"
            ),
            cadence=_chords("4.9 5.7"),
            colour=(6, 8),
            brightness=0.35,
            density=0.45,
            space=2.0,
            wet=0.22,
            beat="lofi",
            accompaniment="stabs",
            leap=0.35,
            swing=0.55,
            waltz=0.0,
            arc=0.4,
            voices=("electric piano", "bass", "kit", "pad"),
        ),
        Mood(
            name="playful",
            modes=("ionian", "mixolydian", "ionian"),
            progressions=_lines("1 4 1 5", "1 6 4 5", "1 5 6 4", "1 2 4 5"),
            cadence=_chords("4 5"),
            colour=(),
            brightness=0.8,
            density=0.75,
            space=1.3,
            wet=0.16,
            beat="skip",
            accompaniment="offbeat",
            leap=0.6,
            swing=0.25,
            waltz=0.2,
            arc=0.45,
            voices=("pluck", "bell", "bass", "kit"),
        ),
        Mood(
            name="tense",
            modes=("phrygian", "harmonic minor", "aeolian"),
            progressions=_lines("1 1.9 2 1", "1 6 1 2", "1 2 7 1", "1.s 1 6.7 2"),
            cadence=_chords("2 7"),
            colour=(),
            brightness=0.4,
            density=0.6,
            space=2.6,
            wet=0.28,
            beat="pulse",
            accompaniment="ostinato",
            leap=0.3,
            swing=0.0,
            waltz=0.0,
            arc=0.9,
            voices=("strings", "pluck", "bass", "kit"),
        ),
        Mood(
            name="melancholy",
            modes=("aeolian", "aeolian", "dorian"),
            progressions=_lines("1 6.7 3 7", "1.9 4.9 6.7 5.7", "1 7 6.7 4.9", "6.7 7 1.9 5.7"),
            cadence=_chords("4.9 5.7"),
            colour=(8,),
            brightness=0.35,
            density=0.35,
            space=3.0,
            wet=0.32,
            beat="",
            accompaniment="broken",
            leap=0.4,
            swing=0.0,
            waltz=0.35,
            arc=0.65,
            voices=("felt piano", "strings", "bass"),
        ),
        Mood(
            name="majestic",
            modes=("ionian", "mixolydian", "aeolian"),
            progressions=_lines("1 5 6 4", "1 7 4 1", "1 3 6 4", "1 4 6 5"),
            cadence=_chords("4 5"),
            colour=(),
            brightness=0.65,
            density=0.45,
            space=3.4,
            wet=0.32,
            beat="march",
            accompaniment="pulse",
            leap=0.65,
            swing=0.0,
            waltz=0.1,
            arc=1.0,
            voices=("horn", "strings", "bass", "kit"),
        ),
        Mood(
            name="mysterious",
            modes=("dorian", "phrygian", "lydian"),
            progressions=_lines("1.9 4.7 1.9 2.7", "1.7 2.7 1.7 7.9", "1.9 3.7 2.7 4.9", "1.s 4 2.7 1.9"),
            cadence=_chords("2.7 7.s"),
            colour=(8,),
            brightness=0.4,
            density=0.3,
            space=4.0,
            wet=0.40,
            beat="distant",
            accompaniment="ripple",
            leap=0.7,
            swing=0.0,
            waltz=0.2,
            arc=0.6,
            voices=("flute", "bell", "pad", "bass"),
        ),
        Mood(
            name="hopeful",
            modes=("ionian", "ionian", "lydian"),
            progressions=_lines("1.9 5 6.7 4.9", "4.9 5 6.7 1", "1 4.9 6.7 5.s", "6.7 4.9 1 5"),
            cadence=_chords("4.9 5.s"),
            colour=(8,),
            brightness=0.6,
            density=0.55,
            space=2.4,
            wet=0.27,
            beat="soft",
            accompaniment="ripple",
            leap=0.5,
            swing=0.0,
            waltz=0.05,
            arc=0.85,
            voices=("felt piano", "strings", "pluck", "bass", "kit"),
        ),
        Mood(
            name="driving",
            modes=("aeolian", "dorian", "mixolydian"),
            progressions=_lines("1 6 3 7", "1 4 6 7", "1 7 4 1", "6 7 1 1"),
            cadence=_chords("6 7"),
            colour=(8,),
            brightness=0.65,
            density=0.8,
            space=1.7,
            wet=0.2,
            beat="drive",
            accompaniment="ostinato",
            leap=0.4,
            swing=0.0,
            waltz=0.0,
            arc=0.75,
            voices=("pluck", "pad", "bass", "kit"),
        ),
    )
}

_SYNONYMS = {
    "calm": "peaceful serene quiet tranquil gentle soothing relaxed relaxing restful still soft "
    "meditative ambient slow contemplative pastoral easy patient zen sleepy drowsy "
    "lullaby minimal neutral spacious soft-spoken unhurried placid balmy hushed lazy",
    "dreamy": "ethereal floating airy weightless magical enchanted fairy hazy celestial cosmic "
    "shimmering surreal otherworldly lunar underwater hypnotic fantasy angelic starry "
    "wondrous wonder psychedelic drifting oneiric sparkling glittering icy frosty",
    "mellow": "nocturnal night nighttime lofi chill chilled jazzy smooth late urban noir cosy cozy "
    "warm lounge sultry rainy smoky intimate midnight groovy moody sophisticated laid- "
    "back cool evening cafe neon romantic sensual autumnal",
    "playful": "bright happy cheerful joyful fun funny whimsical quirky light lighthearted merry "
    "sunny bouncy cute silly jolly childlike mischievous comic lively festive toy "
    "delightful cartoon upbeat summery carefree curious cheeky",
    "tense": "dark suspense suspenseful ominous menacing anxious nervous scary horror threatening "
    "dangerous uneasy urgent stormy brooding sinister dread creepy frightening thriller "
    "claustrophobic foreboding restless apocalyptic angry harsh gritty",
    "melancholy": "melancholic sad sorrowful mournful wistful lonely nostalgic bittersweet longing "
    "grief tearful blue rueful pensive elegiac forlorn reflective gloomy regretful "
    "yearning tender sombre somber autumn heartbroken desolate bleak sentimental tragic",
    "majestic": "epic grand heroic noble triumphant regal royal solemn glorious powerful cinematic "
    "sweeping monumental ceremonial stately orchestral victorious awe imposing vast "
    "legendary sublime dramatic adventurous mighty",
    "mysterious": "mystery mystic mystical enigmatic eerie strange haunting secretive ancient arcane "
    "shadowy occult spooky uncanny cryptic foggy misty weird alien spectral ritual exotic "
    "desert hidden unknown ghostly",
    "hopeful": "uplifting inspiring optimistic warmhearted hope dawn sunrise morning positive "
    "encouraging heartwarming promising spring blooming confident proud loving grateful "
    "radiant fresh rising soaring moving emotional",
    "driving": "energetic fast intense action exciting dynamic electronic techno dance busy rhythmic "
    "propulsive racing vigorous industrial pulsing sporty hectic frantic wild motorik "
    "rock aggressive chase cyberpunk futuristic synthwave",
}
_WORDS = {word: name for name, words in _SYNONYMS.items() for word in (name, *words.split())}
_EMPTY = frozenset(
    {
        "a",
        "an",
        "and",
        "but",
        "with",
        "of",
        "the",
        "in",
        "very",
        "slightly",
        "deeply",
        "quite",
        "mood",
        "music",
        "feel",
    }
)
_STEM = re.compile(
    r"(?:fulness|ingly|ically|iness|ness|fully|ical|ish|ful|ily|ing|ity|ous|ic|al|ed|ly|y|e|s)$"
)


def _stem(word: str) -> str:
    while len(word) > 4 and (shorter := _STEM.sub("", word)) != word and len(shorter) >= 3:
        word = shorter
    return word


_STEMS: dict[str, str] = {}
for _word, _name in _WORDS.items():
    _STEMS.setdefault(_stem(_word), _name)


def understand_mood(text: str, tempo: int) -> tuple[Mood, tuple[str, ...]]:
    """The mood that a curator's words come nearest to, and the words that said nothing.

    Words are looked up as they stand, then by their stem, then by likeness of spelling; the first known one
    decides, unless a later one is known better. Where none is, the tempo decides.

    Args:
        text: e.g. ``nocturnal``, ``dark and brooding``.
        tempo: beats per minute.
    """
    words = [word for word in re.findall(r"[^\W\d_]+(?:-[^\W\d_]+)*", text.casefold()) if word not in _EMPTY]
    best: tuple[int, int, str] | None = None
    ignored = []
    for place, word in enumerate(words):
        found = _look_up(word)
        if found is None:
            ignored.append(word)
        elif best is None or (found[0], place) < best[:2]:
            best = (found[0], place, found[1])
    if best is not None:
        return MOODS[best[2]], tuple(ignored)
    by_tempo = "calm" if tempo < 84 else "hopeful" if tempo < 112 else "playful" if tempo < 132 else "driving"
    return MOODS[by_tempo], tuple(ignored)


def _look_up(word: str) -> tuple[int, str] | None:
    """How far the word had to be bent (0 not at all), and the mood."""
    if word in _WORDS:
        return 0, _WORDS[word]
    parts = [part for part in word.split("-") if part in _WORDS]
    if parts:
        return 0, _WORDS[parts[0]]
    if (stem := _stem(word)) in _STEMS:
        return 1, _STEMS[stem]
    near = difflib.get_close_matches(word, _WORDS, n=1, cutoff=0.8)
    return (2, _WORDS[near[0]]) if near else None
