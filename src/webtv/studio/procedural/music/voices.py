"""Voices: the presets of the instruments, and the words that curators use for them."""

import re

import numpy as np

from webtv.studio.procedural.music.instruments import Voice, bass, blown, bowed, pad, piano, struck

_Partials = tuple[tuple[float, ...], tuple[float, ...]]


def _string(pick: float, count: int, slope: float) -> _Partials:
    """Ratios and heights of a string plucked at a share of its length."""
    number = np.arange(1, count + 1)
    height = np.abs(np.sin(np.pi * number * pick)) / number**slope
    ratio = number * np.sqrt(1 + 0.00008 * number**2)
    return tuple(ratio.tolist()), tuple((height / height.max()).tolist())


_HARP, _GUITAR, _KOTO = _string(0.46, 12, 1.6), _string(0.22, 16, 1.35), _string(0.12, 18, 1.2)
_TINE: _Partials = (1, 2, 3.001, 4, 7.02, 14.1), (1, 0.28, 0.12, 0.06, 0.10, 0.05)
_THUMB: _Partials = (1, 2.0, 5.42, 9.1), (1, 0.08, 0.22, 0.06)
_WOOD: _Partials = (1, 3.98, 9.4), (1, 0.28, 0.07)
_BELL: _Partials = (0.5, 1, 2.0, 2.76, 4.07, 5.4), (0.12, 1, 0.25, 0.22, 0.10, 0.08)
_CELESTA: _Partials = (1, 2.0, 4.0, 6.1), (1, 0.18, 0.22, 0.05)
_COMB: _Partials = (1, 3.01, 6.3, 9.0), (1, 0.2, 0.12, 0.04)
_BAR: _Partials = (1, 4.0, 10.1), (1, 0.2, 0.05)
_GLOCK: _Partials = (1, 2.71, 5.15), (1, 0.25, 0.08)

_PIPE = (1, 0.42, 0.22, 0.08, 0.04, 0.02)
_REED = (1, 0.06, 0.5, 0.07, 0.26, 0.06, 0.12, 0.03)
_BRASS = (1, 0.85, 0.55, 0.34, 0.2, 0.12, 0.07, 0.04)
_DRAWBARS = (1, 0.7, 0.35, 0.35, 0.05, 0.15, 0.02, 0.12)
_THROAT = tuple(1 / number for number in range(1, 21))
_VOWEL = (420.0, 950.0, 2600.0)

VOICES: dict[str, Voice] = {
    voice.name: voice
    for voice in (
        Voice("felt piano", "felt piano", piano, 36, 88, ring=7.0, width=0.45),
        Voice("electric piano", "felt piano", struck, 40, 84, *_TINE, ring=5.0, tremolo=0.35, width=0.4),
        Voice("strings", "strings", bowed, 43, 91, seats=(-0.9, 0.1, 0.9), attack=0.38, width=0.75),
        Voice("cello", "strings", bowed, 38, 67, seats=(-0.3, 0.3), attack=0.18, width=0.4),
        Voice("violin", "strings", bowed, 57, 91, seats=(-0.25, 0.3), attack=0.14, width=0.4),
        Voice("pad", "pad", pad, 43, 86, attack=0.9, width=0.85),
        Voice("choir", "pad", pad, 45, 81, heights=_THROAT, formants=_VOWEL, attack=0.5, width=0.8),
        Voice("organ", "pad", pad, 43, 86, heights=_DRAWBARS, attack=0.12, width=0.6),
        Voice("pluck", "pluck", struck, 43, 91, *_GUITAR, ring=2.6, attack=0.003, width=0.6),
        Voice("harp", "pluck", struck, 38, 96, *_HARP, ring=4.5, attack=0.004, width=0.8),
        Voice("guitar", "pluck", struck, 40, 84, *_GUITAR, ring=3.4, attack=0.003, width=0.35),
        Voice("koto", "pluck", struck, 45, 88, *_KOTO, ring=2.6, attack=0.002, width=0.4),
        Voice("kalimba", "pluck", struck, 55, 91, *_THUMB, ring=1.8, attack=0.003),
        Voice("marimba", "pluck", struck, 45, 91, *_WOOD, ring=1.2, attack=0.002, width=0.6),
        Voice("bass", "bass", bass, 31, 55, heights=(1, 0.55, 0.3, 0.16, 0.08, 0.04), ring=4.0, attack=0.012),
        Voice(
            "double bass",
            "bass",
            bass,
            31,
            55,
            heights=(1, 0.75, 0.4, 0.28, 0.16, 0.1),
            ring=2.0,
            attack=0.008,
        ),
        Voice("bell", "bell", struck, 60, 100, *_BELL, ring=4.5, attack=0.003, width=0.7),
        Voice("celesta", "bell", struck, 60, 102, *_CELESTA, ring=2.6, attack=0.003, width=0.6),
        Voice("music box", "bell", struck, 64, 102, *_COMB, ring=2.2, attack=0.002),
        Voice("vibraphone", "bell", struck, 53, 93, *_BAR, ring=5.5, attack=0.004, tremolo=0.3, width=0.6),
        Voice("glockenspiel", "bell", struck, 67, 103, *_GLOCK, ring=3.0, attack=0.002, width=0.6),
        Voice("flute", "flute", blown, 60, 93, heights=_PIPE, attack=0.07, breath=1.0, width=0.25),
        Voice("clarinet", "flute", blown, 50, 86, heights=_REED, attack=0.05, breath=0.3, width=0.25),
        Voice("horn", "flute", blown, 45, 77, heights=_BRASS, attack=0.09, width=0.2),
    )
}

_SYNONYMS = {
    "felt piano": "piano keys keyboard upright grand pianoforte prepared",
    "electric piano": "rhodes wurlitzer wurli epiano e-piano ep",
    "strings": "string violins ensemble orchestra orchestral quartet section tremolo",
    "cello": "cellos violoncello viola gamba",
    "violin": "fiddle erhu",
    "pad": "synth synths synthesizer synthesiser drone texture atmosphere ambient synthpad",
    "choir": "voices voice vocals choral vocal humming singers",
    "organ": "accordion harmonium harmonica bandoneon",
    "pluck": "plucked lute mandolin banjo sitar zither dulcimer arpeggio arp sequencer ukulele",
    "harp": "lyre kora",
    "guitar": "acoustic nylon classical",
    "koto": "shamisen pipa guzheng harpsichord",
    "kalimba": "mbira thumb handpan hang",
    "marimba": "xylophone balafon wood wooden",
    "bass": "sub basses bassline synthbass moog",
    "double bass": "contrabass upright-bass doublebass",
    "bell": "chime tubular gong bowl singing gamelan carillon",
    "celesta": "celeste toy",
    "music box": "musicbox musical-box",
    "vibraphone": "vibes vibe vibraharp",
    "glockenspiel": "glock triangle crystal",
    "flute": "whistle recorder piccolo shakuhachi ocarina pan panpipes woodwind theremin",
    "clarinet": "oboe bassoon saxophone sax reed reeds duduk",
    "horn": "brass trumpet trombone tuba fanfare french",
    "kit": "drum percussion drumkit beat brush brushed brushes shaker taiko timpani cymbal tabla bongo conga "
    "snare hi-hat tambourine woodblock",
}

_WORDS = {word: name for name, words in _SYNONYMS.items() for word in words.split()}
_WORDS.update({name: name for name in _SYNONYMS})

_LONGEST = max(len(name.split()) for name in _WORDS)


def understand_instrument(text: str) -> str | None:
    """The voice that is meant by a curator's words, ``kit`` for percussion, or None.

    The longest run of words that is known decides, of equal ones the last, as English puts the noun last:
    ``soft electric piano`` is an electric piano, ``piano bass`` a bass.
    """
    words = re.findall(r"[^\W\d_]+(?:-[^\W\d_]+)*", text.casefold())
    for length in range(min(len(words), _LONGEST), 0, -1):
        for start in range(len(words) - length, -1, -1):
            run = " ".join(words[start : start + length])
            for form in (run, run.removesuffix("s"), run.replace("-", " ")):
                if form in _WORDS:
                    return _WORDS[form]
    return None
