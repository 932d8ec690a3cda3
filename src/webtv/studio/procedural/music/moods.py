"""Moods: what a word such as "nocturnal" means in keys, chords, colours and percussion."""

import re
from dataclasses import dataclass

from webtv.studio.procedural.music.mood_words import EMPTY, mood_of
from webtv.studio.procedural.music.theory import Chord


@dataclass(frozen=True, slots=True)
class Mood:
    """How a mood sounds.

    Attributes:
        name: its name.
        modes: to choose from.
        progressions: to choose from, four chords each.
        cadences: to choose from: the two chords that lead home.
        colour: scale steps that are added to plain chords.
        brightness: 0 dark to 1 bright; opens filters and raises registers.
        density: 0 sparse to 1 busy; how many notes a bar holds.
        space: seconds that the reverb rings.
        wet: share of reverb.
        beat: name of the percussion pattern, empty for none unless a kit is asked for.
        figures: that accompany, to choose from.
        leap: how far the motif jumps, 0 to 1.
        swing: 0 straight to 1 triplets.
        metres: to choose from; a metre that stands twice is twice as likely.
        tempi: beats per minute from which it is chosen where none is asked for.
        arc: how much the arrangement swells, 0 to 1.
        ensembles: to choose from when no known instruments are asked for, leading voice first.
    """

    name: str
    modes: tuple[str, ...]
    progressions: tuple[tuple[Chord, ...], ...]
    cadences: tuple[tuple[Chord, ...], ...]
    colour: tuple[int, ...]
    brightness: float
    density: float
    space: float
    wet: float
    beat: str
    figures: tuple[str, ...]
    leap: float
    swing: float
    metres: tuple[str, ...]
    tempi: tuple[int, int]
    arc: float
    ensembles: tuple[tuple[str, ...], ...]


_COLOURS = {"7": 6, "9": 8, "s": -1}


def _chords(text: str) -> tuple[Chord, ...]:
    """Read chords such as ``1 4.9 5.s 5+.7 1/3``.

    Degrees count from 1. A plus makes the third a leading note, colours follow a dot (7, 9, s for a fourth in
    place of the third), and after a slash stands what the bass plays: 3 or 5.
    """
    found = []
    for word in text.split():
        body, _, bass = word.partition("/")
        degree, _, colours = body.partition(".")
        found.append(
            Chord(
                int(degree.rstrip("+")) - 1,
                tuple(_COLOURS[colour] for colour in colours),
                int(bass) - 1 if bass else 0,
                degree.endswith("+"),
            )
        )
    return tuple(found)


def _lines(*texts: str) -> tuple[tuple[Chord, ...], ...]:
    return tuple(_chords(line) for text in texts for line in text.split("|"))


MOODS: dict[str, Mood] = {
    mood.name: mood
    for mood in (
        Mood(
            name="calm",
            modes=("ionian", "ionian", "lydian"),
            progressions=_lines(
                "1.9 4.9 1.9 5.s | 1.9 6.7 4.9 5.s | 1.9 3.7 4.9 4.9 | 4.9 1.9 6.7 5.s",
                "1.9 5/3 6.7 4.9 | 1.9 2.7 4.9 1.9/3 | 6.7 4.9 1.9/3 5.s | 1.9 4.9/3 2.7 5.s",
            ),
            cadences=_lines("4.9 5.s | 2.7 5 | 6.7 5.s"),
            colour=(8,),
            brightness=0.45,
            density=0.35,
            space=2.8,
            wet=0.30,
            beat="breath",
            figures=("broken", "ripple", "rocked"),
            leap=0.25,
            swing=0.0,
            metres=("4/4", "4/4", "4/4", "3/4", "6/8"),
            tempi=(60, 84),
            arc=0.5,
            ensembles=(
                ("felt piano", "pad", "bass"),
                ("harp", "strings", "flute", "bass"),
                ("guitar", "pad", "cello"),
                ("electric piano", "pad", "bell", "bass"),
                ("clarinet", "felt piano", "strings"),
            ),
        ),
        Mood(
            name="dreamy",
            modes=("lydian", "lydian", "ionian"),
            progressions=_lines(
                "1.79 2.9 1.79 2.9 | 1.79 6.79 2.9 4.7 | 1.79 3.7 2.9 1.79 | 6.79 1.79 2.9 5.9",
                "1.79 5.9/3 6.79 2.9 | 4.7 2.9 1.79/3 1.79 | 1.79 2.9/3 6.7 5.9 | 3.7 6.79 2.9 1.79",
            ),
            cadences=_lines("2.9 2.s | 5.9 2.9 | 6.79 5.s"),
            colour=(6, 8),
            brightness=0.6,
            density=0.4,
            space=4.2,
            wet=0.40,
            beat="",
            figures=("ripple", "broken", "rocked"),
            leap=0.45,
            swing=0.0,
            metres=("4/4", "4/4", "4/4", "3/4", "6/8"),
            tempi=(62, 88),
            arc=0.6,
            ensembles=(
                ("bell", "pad", "electric piano"),
                ("celesta", "choir", "harp", "bass"),
                ("vibraphone", "pad", "flute"),
                ("music box", "strings", "pad"),
                ("harp", "choir", "celesta", "bass"),
            ),
        ),
        Mood(
            name="mellow",
            modes=("dorian", "dorian", "aeolian"),
            progressions=_lines(
                "1.79 4.9 1.79 4.9 | 1.79 7.7 6.7 7.9 | 1.79 3.7 4.9 7.9 | 1.79 5.7 4.7 4.9",
                "4.9 5.7 1.79 6.7 | 1.79 1.79 6.7 5.7 | 6.7 5.7 4.9 1.79 | 1.79 2.7 3.7 4.9",
            ),
            cadences=_lines("4.9 5.7 | 7.9 5.7 | 6.7 7.9"),
            colour=(6, 8),
            brightness=0.35,
            density=0.45,
            space=2.0,
            wet=0.22,
            beat="lofi",
            figures=("stabs", "broken", "rocked"),
            leap=0.35,
            swing=0.55,
            metres=("4/4", "4/4", "4/4", "4/4", "3/4"),
            tempi=(70, 92),
            arc=0.4,
            ensembles=(
                ("electric piano", "bass", "kit", "pad"),
                ("vibraphone", "electric piano", "double bass", "kit"),
                ("guitar", "electric piano", "double bass", "kit"),
                ("clarinet", "electric piano", "double bass", "kit"),
                ("felt piano", "pad", "double bass", "kit"),
            ),
        ),
        Mood(
            name="playful",
            modes=("ionian", "mixolydian", "ionian"),
            progressions=_lines(
                "1 4 1 5 | 1 6 4 5 | 1 5 6 4 | 1 2 4 5",
                "1 1/3 4 5 | 1 3 4 5 | 4 1/3 2 5 | 1 6 2 5",
            ),
            cadences=_lines("4 5 | 2 5 | 1/5 5"),
            colour=(),
            brightness=0.8,
            density=0.75,
            space=1.3,
            wet=0.16,
            beat="skip",
            figures=("offbeat", "oompah", "ripple"),
            leap=0.6,
            swing=0.25,
            metres=("4/4", "4/4", "4/4", "3/4", "6/8"),
            tempi=(104, 132),
            arc=0.45,
            ensembles=(
                ("pluck", "bell", "bass", "kit"),
                ("clarinet", "pluck", "double bass", "kit"),
                ("marimba", "flute", "double bass", "kit"),
                ("kalimba", "glockenspiel", "bass", "kit"),
                ("flute", "guitar", "double bass", "kit"),
            ),
        ),
        Mood(
            name="tense",
            modes=("phrygian", "harmonic minor", "aeolian"),
            progressions=_lines(
                "1 1.9 2 1 | 1 6 1 2 | 1 2 7 1 | 1.s 1 6.7 2",
                "1 7/3 6 2 | 1 4/3 2 1 | 6 2 1 1.s | 1 2 3 2",
            ),
            cadences=_lines("2 7 | 4 5+ | 2 5+"),
            colour=(),
            brightness=0.4,
            density=0.6,
            space=2.6,
            wet=0.28,
            beat="pulse",
            figures=("ostinato", "pulse"),
            leap=0.3,
            swing=0.0,
            metres=("4/4", "4/4", "4/4", "3/4"),
            tempi=(84, 112),
            arc=0.9,
            ensembles=(
                ("strings", "pluck", "bass", "kit"),
                ("cello", "strings", "bass", "kit"),
                ("horn", "strings", "marimba", "bass", "kit"),
                ("clarinet", "pad", "pluck", "double bass", "kit"),
            ),
        ),
        Mood(
            name="melancholy",
            modes=("aeolian", "aeolian", "dorian"),
            progressions=_lines(
                "1 6.7 3 7 | 1.9 4.9 6.7 5.7 | 1 7 6.7 4.9 | 6.7 7 1.9 5.7",
                "1 5.7/3 6.7 3/3 | 1.9 3/5 6.7 7 | 4.9 1/3 6.7 5.s | 6.7 3 4.9 1/3",
            ),
            cadences=_lines("4.9 5.7 | 4.9 5+ | 6.7 5+.7"),
            colour=(8,),
            brightness=0.35,
            density=0.35,
            space=3.0,
            wet=0.32,
            beat="",
            figures=("broken", "rocked", "ripple"),
            leap=0.4,
            swing=0.0,
            metres=("4/4", "4/4", "3/4", "6/8"),
            tempi=(58, 80),
            arc=0.65,
            ensembles=(
                ("felt piano", "strings", "bass"),
                ("cello", "felt piano", "pad"),
                ("clarinet", "guitar", "strings"),
                ("violin", "felt piano", "cello", "bass"),
                ("guitar", "strings", "flute"),
            ),
        ),
        Mood(
            name="majestic",
            modes=("ionian", "mixolydian", "aeolian"),
            progressions=_lines(
                "1 5 6 4 | 1 7 4 1 | 1 3 6 4 | 1 4 6 5",
                "1 5/3 6 3/5 | 4 1/3 2 5 | 6 4 1/3 5 | 1 4/5 5 6",
            ),
            cadences=_lines("4 5 | 2 5 | 6 5"),
            colour=(),
            brightness=0.65,
            density=0.45,
            space=3.4,
            wet=0.32,
            beat="march",
            figures=("pulse", "ostinato", "broken"),
            leap=0.65,
            swing=0.0,
            metres=("4/4", "4/4", "4/4", "4/4", "3/4"),
            tempi=(70, 92),
            arc=1.0,
            ensembles=(
                ("horn", "strings", "bass", "kit"),
                ("strings", "horn", "choir", "bass", "kit"),
                ("organ", "choir", "horn", "bass", "kit"),
                ("cello", "strings", "horn", "double bass", "kit"),
            ),
        ),
        Mood(
            name="mysterious",
            modes=("dorian", "phrygian", "lydian"),
            progressions=_lines(
                "1.9 4.7 1.9 2.7 | 1.7 2.7 1.7 7.9 | 1.9 3.7 2.7 4.9 | 1.s 4 2.7 1.9",
                "1.9 6.7 3.7 2.7 | 1.9 7.9 4.7 2.7 | 4.7 1.9/3 2.7 1.9 | 6.7 2.7 1.9 7.s",
            ),
            cadences=_lines("2.7 7.s | 4.7 7 | 6.7 5.7"),
            colour=(8,),
            brightness=0.4,
            density=0.3,
            space=4.0,
            wet=0.40,
            beat="distant",
            figures=("ripple", "broken", "rocked"),
            leap=0.7,
            swing=0.0,
            metres=("4/4", "4/4", "4/4", "3/4", "6/8"),
            tempi=(62, 86),
            arc=0.6,
            ensembles=(
                ("flute", "bell", "pad", "bass"),
                ("koto", "pad", "flute", "bass"),
                ("clarinet", "harp", "choir", "bass"),
                ("celesta", "strings", "pad"),
                ("kalimba", "flute", "pad", "bass"),
            ),
        ),
        Mood(
            name="hopeful",
            modes=("ionian", "ionian", "lydian"),
            progressions=_lines(
                "1.9 5 6.7 4.9 | 4.9 5 6.7 1 | 1 4.9 6.7 5.s | 6.7 4.9 1 5",
                "1 5/3 6.7 4.9 | 1.9 1/3 4.9 5 | 4.9 1/3 2.7 5 | 1 3.7 4.9 5.s",
            ),
            cadences=_lines("4.9 5.s | 2.7 5 | 4.9 5"),
            colour=(8,),
            brightness=0.6,
            density=0.55,
            space=2.4,
            wet=0.27,
            beat="soft",
            figures=("ripple", "broken", "stabs"),
            leap=0.5,
            swing=0.0,
            metres=("4/4", "4/4", "4/4", "4/4", "6/8"),
            tempi=(84, 112),
            arc=0.85,
            ensembles=(
                ("felt piano", "strings", "pluck", "bass", "kit"),
                ("guitar", "strings", "bell", "bass", "kit"),
                ("strings", "felt piano", "pluck", "bass", "kit"),
                ("flute", "guitar", "pad", "bass", "kit"),
                ("horn", "felt piano", "strings", "bass", "kit"),
            ),
        ),
        Mood(
            name="driving",
            modes=("aeolian", "dorian", "mixolydian"),
            progressions=_lines(
                "1 6 3 7 | 1 4 6 7 | 1 7 4 1 | 6 7 1 1",
                "1 3 7 4 | 1 1 6 7 | 4 6 1 7 | 1 5 6 7",
            ),
            cadences=_lines("6 7 | 4 7 | 4 5"),
            colour=(8,),
            brightness=0.65,
            density=0.8,
            space=1.7,
            wet=0.2,
            beat="drive",
            figures=("ostinato", "pulse", "ripple"),
            leap=0.4,
            swing=0.0,
            metres=("4/4",),
            tempi=(110, 134),
            arc=0.75,
            ensembles=(
                ("pluck", "pad", "bass", "kit"),
                ("electric piano", "pad", "bass", "kit"),
                ("strings", "pluck", "bass", "kit"),
                ("organ", "pluck", "bass", "kit"),
                ("marimba", "pad", "pluck", "bass", "kit"),
            ),
        ),
    )
}


def understand_mood(text: str, tempo: int) -> tuple[Mood, tuple[str, ...]]:
    """The mood that a curator's words come nearest to, and the words that said nothing.

    Words are looked up as they stand, then by their stem, then by likeness of spelling; the first known one
    decides, unless a later one is known better. Where none is, the tempo decides.

    Args:
        text: e.g. ``nocturnal``, ``dark and brooding``.
        tempo: beats per minute.
    """
    words = [word for word in re.findall(r"[^\W\d_]+(?:-[^\W\d_]+)*", text.casefold()) if word not in EMPTY]
    best: tuple[int, int, str] | None = None
    ignored = []
    for place, word in enumerate(words):
        found = mood_of(word)
        if found is None:
            ignored.append(word)
        elif best is None or (found[0], place) < best[:2]:
            best = (found[0], place, found[1])
    if best is not None:
        return MOODS[best[2]], tuple(ignored)
    by_tempo = "calm" if tempo < 84 else "hopeful" if tempo < 112 else "playful" if tempo < 132 else "driving"
    return MOODS[by_tempo], tuple(ignored)
