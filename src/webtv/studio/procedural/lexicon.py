"""From words to a scene: what a shot prompt means to the scene engine, and what it could not understand."""

import re
import zlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from webtv.prompts.sequence import ShotPrompt
from webtv.studio.procedural import vocabulary as words
from webtv.studio.procedural.colour import NAMED, Colour, mix
from webtv.studio.procedural.spec import CameraWords, Cast, SceneSpec
from webtv.studio.procedural.vocabulary import stem

_WORD = re.compile(r"[^\W\d_]+|\d+(?:mm)?", re.UNICODE)
_WEIGHTS = (("setting", 3.0), ("subject", 2.0), ("action", 1.0), ("light", 0.6), ("mood", 0.3))
_FRAMING_ORDER = ("wide", "medium", "close", "medium", "wide", "detail")
_LEFT = frozenset({"left", "leftward", "leftwards", "westward"})
_RIGHT = frozenset({"right", "rightward", "rightwards", "eastward"})
# Where a subject lives when the words name no place.
_HOME = {
    "sailboat": "coast",
    "rowboat": "coast",
    "boat": "coast",
    "ship": "coast",
    "buoy": "coast",
    "gull": "coast",
    "lighthouse": "coast",
    "whale": "underwater",
    "dolphin": "underwater",
    "shark": "underwater",
    "fish": "underwater",
    "jellyfish": "underwater",
    "turtle": "underwater",
    "ray": "underwater",
    "car": "city",
    "person": "city",
    "train": "train",
    "owl": "forest",
}


def tokens(text: str) -> list[str]:
    """Lower-case words of a text, in order."""
    return _WORD.findall(text.lower())


def _stems(text: str) -> list[str]:
    """Stems, with two-word compounds after the second word (``golden hour`` gives ``golden-hour`` too)."""
    raw = tokens(text)
    out: list[str] = []
    for i, word in enumerate(raw):
        out.append(stem(word))
        if i:
            out.append(f"{raw[i - 1]}-{stem(word)}")
    return out


def _variants(word: str) -> Iterable[str]:
    """A stem, and what stands under its verb endings."""
    yield word
    for ending in ("ing", "ed"):
        if word.endswith(ending) and len(word) > len(ending) + 2:
            base = word[: -len(ending)]
            yield base
            yield base + "e"
            if len(base) > 2 and base[-1] == base[-2]:
                yield base[:-1]


def _look(table: dict[str, str], word: str) -> str | None:
    return next((table[v] for v in _variants(word) if v in table), None)


def _first(table: dict[str, str], *texts: str) -> tuple[str | None, str]:
    """The meaning of the first known word (compounds before their parts), and that word."""
    for text in texts:
        stems = _stems(text)
        for word in sorted(stems, key=lambda w: "-" not in w):
            if meaning := _look(table, word):
                return meaning, word
    return None, ""


class _Reading:
    """One prompt being read; collects what was used."""

    def __init__(self, prompt: ShotPrompt) -> None:
        self.prompt = prompt
        self.understood: dict[str, Any] = {}
        self.used: set[str] = set()

    def note(self, field: str, value: Any, word: str = "") -> None:
        self.understood[field] = value
        self.used.update(part for part in word.split("-") if part)

    def choose(self, field: str, table: dict[str, str], *texts: str, default: str) -> str:
        meaning, word = _first(table, *texts)
        if meaning is not None:
            self.note(field, meaning, word)
        return meaning or default

    def ignored(self) -> tuple[str, ...]:
        """Content words of the structured fields that meant nothing."""
        p = self.prompt
        known = set(words.STOP) | set(NAMED) | set(words.NUMBERS)
        seen: dict[str, None] = {}
        for text in (
            (p.subject, p.action, p.setting, p.camera, p.light, p.palette, p.style)
            if _fielded(p)
            else (p.text,)
        ):
            for word in tokens(text):
                s = stem(word)
                if s in known or word in known or len(s) < 3 or s in self.used or word in self.used:
                    continue
                if any(_look(table, s) for table in _TABLES):
                    continue
                seen[word] = None
        return tuple(seen)


_TABLES = (
    words.FAMILIES,
    words.TIMES,
    words.WEATHERS,
    words.SEASONS,
    words.STYLES,
    words.KINDS,
    words.ACTIONS,
    words.FRAMINGS,
    words.MOVES,
    words.EXTRAS,
)


def _fielded(prompt: ShotPrompt) -> bool:
    return bool((prompt.subject + prompt.setting + prompt.action).strip())


def read(prompt: ShotPrompt, shot: int = 0, sequence_seed: int = 0) -> SceneSpec:
    """Read a prompt; every prompt becomes some scene.

    Args:
        prompt: the prompt; its structured fields count first, its text only where they are empty.
        shot: position in the sequence, which varies the framing when the words leave it open.
        sequence_seed: decides what the words leave open for the whole sequence.
    """
    reading = _Reading(prompt)
    text = prompt.text
    scene = " . ".join((prompt.setting, prompt.subject, prompt.action)) if _fielded(prompt) else text
    cast = _cast(reading, prompt, text)
    weather = reading.choose(
        "weather",
        words.WEATHERS,
        prompt.setting,
        prompt.light,
        prompt.action,
        *_fallback(prompt, text),
        default="clear",
    )
    season = reading.choose(
        "season", words.SEASONS, prompt.setting, *_fallback(prompt, text), default="summer"
    )
    family = _family(reading, prompt, text, cast, sequence_seed)
    night_family = family in {"city", "rain_window", "train", "space", "aurora"}
    time = reading.choose(
        "time",
        words.TIMES,
        prompt.light,
        prompt.setting,
        *_fallback(prompt, text),
        prompt.mood,
        default="night" if night_family else ("day", "golden", "morning")[sequence_seed % 3],
    )
    if family == "snow" and weather == "clear" and "clear" not in tokens(scene):
        weather = "snow"
    style = reading.choose(
        "style", words.STYLES, prompt.style, *_fallback(prompt, text), default="photographic"
    )
    extras = frozenset(
        meaning for word in _stems(scene + " . " + prompt.light) if (meaning := _look(words.EXTRAS, word))
    )
    if extras:
        reading.note("extras", sorted(extras))
    palette = _palette(reading, prompt)
    camera = _camera(reading, prompt, text, shot)
    wind = 0.35
    everything = set(_stems(scene + " . " + prompt.mood))
    if everything & {"still", "calm", "quiet", "glassy", "hushed", "windless"}:
        wind = 0.18
    if everything & {
        "wind",
        "windy",
        "breeze",
        "breezy",
        "gusty",
        "blustery",
        "gale",
        "blowing",
        "windswept",
    }:
        wind = 0.75
        reading.note("wind", wind)
    if weather == "storm":
        wind = 1.0
    return SceneSpec(
        family=family,
        time=time,
        weather=weather,
        season=season,
        wind=wind,
        palette=palette,
        cast=cast,
        camera=camera,
        style=style,
        extras=extras,
        understood=reading.understood,
        ignored=reading.ignored(),
    )


def _fallback(prompt: ShotPrompt, text: str) -> tuple[str, ...]:
    return () if _fielded(prompt) else (text,)


def _family(
    reading: _Reading, prompt: ShotPrompt, text: str, cast: Sequence[Cast], sequence_seed: int
) -> str:
    score: defaultdict[str, float] = defaultdict(float)
    because: dict[str, str] = {}
    fields = _WEIGHTS if _fielded(prompt) else (("text", 1.0),)
    for name, weight in fields:
        for word in _stems(getattr(prompt, name)):
            if meaning := _look(words.FAMILIES, word):
                # In "a fox in the meadow by the sea" the first place named wins ties.
                score[meaning] += weight * (1.0 if meaning not in because else 0.75)
                because.setdefault(meaning, word)
    everything = set(_stems(text if not _fielded(prompt) else f"{prompt.setting} . {prompt.subject}"))
    if "window" in everything or "pane" in everything or "windowpane" in everything:
        if score["train"]:
            score["train"] += 4
        elif not score["rain_window"]:
            pass
        elif {"rain", "rainy", "raindrop", "droplet", "drizzle", "drop"} & set(
            _stems(text + " . " + prompt.setting)
        ):
            score["rain_window"] += 4
    snowy = {"snow", "snowy", "snowfall", "winter", "wintry"} & everything
    if snowy and ({"village", "hamlet", "chalet", "cottage", "house", "church", "town"} & everything):
        score["snow"] += 4
    elif score["snow"] and not snowy and "village" in everything:
        score["meadow"] += score["snow"]
        del score["snow"]
    if score["aurora"] and score["snow"] >= 3:
        score["snow"] += 4
    if score:
        best = max(score, key=lambda name: (score[name], -list(score).index(name)))
        if score[best] > 0:
            reading.note("family", best, because.get(best, ""))
            return best
    for member in cast:
        if member.kind in _HOME:
            reading.note("family", _HOME[member.kind])
            return _HOME[member.kind]
    if cast:
        reading.note("family", "meadow")
        return "meadow"
    reading.note("family", "abstract")
    return "abstract"


def _colour_before(raw: Sequence[str], index: int) -> tuple[Colour | None, str]:
    """The colour word in the three words before a noun, e.g. ``red`` in ``two small red foxes``."""
    for back in range(1, 4):
        if index - back < 0:
            break
        word = raw[index - back]
        if word in NAMED and word not in {"sky", "pastel", "midnight"}:
            colour = NAMED[word]
            if index - back > 0 and raw[index - back - 1] in {"pale", "light", "soft"}:
                colour = mix(colour, (1, 1, 1), 0.35)
            if index - back > 0 and raw[index - back - 1] in {"dark", "deep"}:
                colour = mix(colour, (0, 0, 0), 0.35)
            return colour, word
        if stem(word) in words.KINDS or word in {"and", "with", "of"}:
            break
    return None, ""


def _cast(reading: _Reading, prompt: ShotPrompt, text: str) -> tuple[Cast, ...]:
    heading = _heading(prompt.action if _fielded(prompt) else text)
    action = _look_first(words.ACTIONS, prompt.action if _fielded(prompt) else text)
    out: dict[str, Cast] = {}
    sources = (prompt.subject, prompt.action, prompt.setting) if _fielded(prompt) else (text,)
    for source in sources:
        raw = tokens(source)
        for i, word in enumerate(raw):
            kind = None
            for size in (2, 1):
                if i - size + 1 < 0:
                    continue
                kind = words.KINDS.get("-".join([*raw[i - size + 1 : i], stem(word)]))
                if kind:
                    break
            if kind is None or kind in out:
                continue
            colour, colour_word = _colour_before(raw, i)
            plural = stem(word) != word
            count = 0
            for back in range(1, 5):
                if i - back >= 0:
                    before = raw[i - back]
                    if before in words.NUMBERS and before not in {"a", "an"}:
                        count = words.NUMBERS[before]
                        break
                    if before.isdigit():
                        count = min(60, int(before))
                        break
                    if before in {"a", "an", "and", "with"}:
                        break
            count = count or (3 if plural else 1)
            out[kind] = Cast(kind, count, colour, action, heading)
            reading.used.update({word, stem(word), colour_word})
    if out:
        reading.note(
            "cast",
            [{"kind": c.kind, "count": c.count, "coloured": c.colour is not None} for c in out.values()],
        )
    if action:
        reading.note("action", action)
    if heading:
        reading.note("heading", "right" if heading > 0 else "left")
    return tuple(out.values())


def _look_first(table: dict[str, str], text: str) -> str:
    return _first(table, text)[0] or ""


def _heading(text: str) -> int:
    raw = tokens(text)
    for i, word in enumerate(raw):
        before = raw[max(0, i - 2) : i]
        if word in _LEFT:
            return 1 if "from" in before else -1
        if word in _RIGHT:
            return -1 if "from" in before else 1
    return 0


def _palette(reading: _Reading, prompt: ShotPrompt) -> tuple[Colour, ...]:
    found: list[Colour] = []
    names: list[str] = []
    sources = (prompt.palette, prompt.light) if prompt.palette.strip() or _fielded(prompt) else ()
    for source in sources:
        raw = tokens(source)
        for i, word in enumerate(raw):
            if word not in NAMED or (source is prompt.light and word in {"golden", "blue", "silver", "sky"}):
                continue
            colour = NAMED[word]
            before = raw[i - 1] if i else ""
            if before in {"pale", "soft", "light", "dusty", "washed"}:
                colour = mix(colour, (0.95, 0.94, 0.92), 0.35)
            elif before in {"deep", "dark", "inky"}:
                colour = mix(colour, (0.04, 0.04, 0.08), 0.4)
            found.append(colour)
            names.append(word)
    if names:
        reading.note("palette", names[:4])
        reading.used.update(names)
    return tuple(found[:4])


def _camera(reading: _Reading, prompt: ShotPrompt, text: str, shot: int) -> CameraWords:
    source = prompt.camera if prompt.camera.strip() else text
    raw = tokens(source)
    stems = set(_stems(source))
    framing, word = _first(words.FRAMINGS, source)
    if framing is None:
        framing = _FRAMING_ORDER[shot % len(_FRAMING_ORDER)]
    else:
        reading.note("framing", framing, word)
    move, word = _first(words.MOVES, source if prompt.camera.strip() else "")
    if move is None:
        found = [
            w
            for w in raw
            if w in {"pan", "pans", "panning", "tilt", "tilts", "dolly", "zoom", "orbit", "crane", "static"}
        ]
        move = _look(words.MOVES, stem(found[0])) if found else None
    direction = 1
    if move is not None:
        reading.note("move", move, word)
        here = next((i for i, w in enumerate(raw) if _look(words.MOVES, stem(w)) == move), 0)
        near = raw[max(0, here - 3) : here + 6]
        if set(near) & _LEFT:
            direction = 1 if _from(near, _LEFT) else -1
        elif set(near) & _RIGHT:
            direction = -1 if _from(near, _RIGHT) else 1
        elif (
            move in {"tilt", "crane"}
            and {"down", "downward", "downwards", "descending", "descends"} & set(near)
        ) or (
            move == "dolly"
            and {"out", "back", "backward", "backwards", "away", "pull", "pulls", "pulling"} & set(raw)
        ):
            direction = -1
        if move == "pan" and direction == 1 and not set(near) & (_LEFT | _RIGHT):
            direction = 1 if zlib.crc32(source.encode()) & 1 else -1
        reading.note("direction", direction)
    aerial = bool(stems & {"aerial", "overhead", "drone", "bird's-eye", "above", "flyover"})
    if aerial:
        reading.note("aerial", True)
    speed = 1.0
    if stems & {
        "slow",
        "slowly",
        "gentle",
        "gently",
        "barely",
        "subtle",
        "unhurried",
        "creeping",
        "lingering",
    }:
        speed = 0.75
    if stems & {"fast", "quick", "swift", "rapid", "whip", "sweeping"}:
        speed = 2.0
    if stems & {"very"} and speed != 1.0:
        speed *= 0.75 if speed < 1 else 1.3
    if move is not None and speed != 1.0:
        reading.note("speed", speed)
    return CameraWords(framing, move or "drift", direction, speed, aerial)


def _from(near: Sequence[str], sides: frozenset[str]) -> bool:
    """Whether ``from (the) left`` stands there, which moves the other way."""
    i = next(i for i, w in enumerate(near) if w in sides)
    return "from" in near[max(0, i - 2) : i]
