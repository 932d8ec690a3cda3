"""Words for moods: what curators write, and which mood each word means."""

import difflib
import re

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
EMPTY = frozenset(
    [
        "a",
        "an",
        "and",
        "but",
        "with",
        "of",
        "the",
        "in",
        "on",
        "at",
        "for",
        "to",
        "very",
        "slightly",
        "deeply",
        "quite",
        "some",
        "bit",
        "more",
        "rather",
        "mood",
        "music",
        "feel",
        "feeling",
        "piece",
        "song",
        "track",
        "tune",
        "sound",
        "sounds",
        "style",
        "like",
        "is",
        "be",
        "as",
        "by",
        "only",
        "just",
    ]
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


def mood_of(word: str) -> tuple[int, str] | None:
    """How far a word had to be bent (0 not at all, 1 to its stem, 2 to one spelt alike), and its mood."""
    if word in _WORDS:
        return 0, _WORDS[word]
    parts = [part for part in word.split("-") if part in _WORDS]
    if parts:
        return 0, _WORDS[parts[0]]
    if (stem := _stem(word)) in _STEMS:
        return 1, _STEMS[stem]
    near = difflib.get_close_matches(word, _WORDS, n=1, cutoff=0.8)
    return (2, _WORDS[near[0]]) if near else None
