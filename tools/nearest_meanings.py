"""Write the nearest-meaning table of the scene lexicon from the WordNet database.

Usage: ``python tools/nearest_meanings.py WORDNET_DICT_FOLDER``, the folder with ``data.noun`` and
``index.sense`` of WordNet 3.1. Run it again after words were added to ``vocabulary.py``; the same input
gives the same bytes.

A word of the lexicon is tied to the one WordNet sense that its table means ("mouse" the animal). Another
word's sense means the tied sense that is nearest: above it (a corgi is a dog), whole to its part (a spire of
a tower), or beside it (a wombat and a kangaroo are marsupials). A word means what most of its
uses mean in the texts that WordNet counted.
"""

import re
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from webtv.prompts.safety import SafetyFilter
from webtv.studio.procedural.colour import NAMED
from webtv.studio.procedural.figures import PEOPLE
from webtv.studio.procedural.figures.kinds import kinds
from webtv.studio.procedural.words import nearest as asset
from webtv.studio.procedural.words import vocabulary as words
from webtv.studio.procedural.words.forms import stem, variants
from webtv.studio.procedural.words.rewording import known_words
from webtv.themes.channel import Rating

Allowed = Callable[[str, str], frozenset[int]]
Synset = tuple[str, int]  # part of speech (n, v, a, r), offset in its data file

# WordNet's lexicographer files: https://wordnet.princeton.edu/documentation/lexnames5wn
TOP, ANIMAL, ARTIFACT, ATTRIBUTE, FOOD, GROUP, PLACE, NATURE, PERSON, WEATHER, PLANT, TIME = (
    3, 5, 6, 7, 13, 14, 15, 17, 18, 19, 20, 28,
)  # fmt: skip
BODILY, CONSUMPTION, POSTURE, MOTION, STATIVE, RAINING = 29, 34, 35, 38, 42, 43
ADJECTIVE, PERTAINYM, SATELLITE = 0, 1, 3
THINGS = frozenset({ANIMAL, ARTIFACT, FOOD, PLACE, NATURE, PERSON, WEATHER, PLANT})
VESSELS = frozenset({"sailboat", "rowboat", "boat", "ship", "buoy", "lighthouse", "car", "train", "balloon"})

# Words of the lexicon whose commonest sense is not the one meant, or is too wide.
UNTIED = frozenset(
    words.table(
        _="band screen log root branch net stage figure drop platform station pass step cross wheel circle"
        " wait stand perch curl still pause clear bright fair wet fall may march august shape pattern"
        " flow smoke marble ribbon clean natural wash oil stranger couple glass chair table board"
        " traffic construction police phone bubble particle liquid fluid stall mill mine plot wall fire"
        " door gate wood ink heat calf hide kid guy lover yard crop egg kite bound pad race orbit"
        " bolt drift roll court county district terrace drain jay pike express gradient hall alien"
        " brother sister mother father son daughter friend port mount mars green spring swift chew"
        " kaleidoscope kerb lamppost boatyard cemetery aquarium camp market lie dissolve cycle limp"
        " panorama neighborhood neighbourhood moor paddy abstraction quarry playground plate pool rock"
        " instrument fabric textile silk thread grain contour orb spark circle square globe"
        " shopfront rooftop roadside space runway runner roe snowman kiosk vehicle sand mint sage rust"
        " tan gold charcoal indigo sunny starry foggy murky polar shell hover lean dash abstract"
    )
)
ABOVE = dict.fromkeys(VESSELS - {"lighthouse", "balloon", "buoy"}, "vehicle") | {
    "cake": "food",
    "coffee": "beverage",
    "tea": "beverage",
    "hammock": "bed",
    "pond": "body_of_water",
}  # meaning or word -> what WordNet must say it is
PICTURED = kinds()
GROUPS = frozenset({"forest", "village", "wood", "jungle"})
NARROW = 60  # senses under a common parent, beyond which two children have little in common
ENOUGH = 0.4  # share of a word's uses, discounted by distance, that must agree
SHORTEST, LONGEST = 3, 24  # letters
# What a definition says of words that nobody should be called by; they are left out.
RUDE = re.compile(
    r"slur|offensive|derogat|disparag|obscen|vulgar|contempt|prostitut|sexual|slave|stupid|worthless|promiscu"
    r"|seduc|attractive (young )?woman|immoral|opium|torture|massage"
)
UNKIND = ("coon", "fool", "idiot", "imbecile", "negro", "punk", "slob", "wretch")  # not called rude there


@dataclass(slots=True)
class WordNet:
    """The parts of the database that are used: synsets, their links, and how often a word means which."""

    lemmas: dict[Synset, list[str]] = field(default_factory=dict)
    file: dict[Synset, int] = field(default_factory=dict)
    links: dict[Synset, list[tuple[str, Synset]]] = field(default_factory=dict)
    senses: dict[str, list[tuple[Synset, float]]] = field(default_factory=dict)
    rude: set[Synset] = field(default_factory=set)

    @classmethod
    def load(cls, folder: Path) -> "WordNet":
        """Read the database files of a folder."""
        net = cls()
        for pos, name in (("n", "noun"), ("v", "verb"), ("a", "adj"), ("r", "adv")):
            for line in (folder / f"data.{name}").read_text(encoding="latin-1").splitlines():
                if not line.startswith(" "):
                    facts, _, definition = line.partition("|")
                    net._synset(pos, facts.split(), definition.partition(";")[0])
        senses: defaultdict[str, list[tuple[Synset, float]]] = defaultdict(list)
        for line in (folder / "index.sense").read_text(encoding="latin-1").splitlines():
            key, offset, rank, count = line.split()
            lemma, _, rest = key.partition("%")
            pos = " nvara"[int(rest[0])]
            # Rare senses were never tagged; their order still says something, and things outnumber deeds.
            untagged = (0.5 if pos == "n" else 0.45) / int(rank) ** 2
            senses[lemma.replace("_", "-")].append(((pos, int(offset)), int(count) + untagged))
        net.senses = {lemma: sorted(found, key=lambda s: (-s[1], s[0])) for lemma, found in senses.items()}
        return net

    def _synset(self, pos: str, parts: list[str], definition: str) -> None:
        here = (pos, int(parts[0]))
        if RUDE.search(definition):
            self.rude.add(here)
        count = int(parts[3], 16)
        self.file[here] = int(parts[1])
        self.lemmas[here] = parts[4 : 4 + 2 * count : 2]
        at = 4 + 2 * count
        links = []
        for _ in range(int(parts[at])):
            kind, offset, other, _ = parts[at + 1 : at + 5]
            links.append((kind, ("a" if other == "s" else other, int(offset))))
            at += 4
        self.links[here] = links

    def along(self, here: Synset, *kinds: str) -> list[Synset]:
        """The synsets that links of some kinds lead to."""
        return [there for kind, there in self.links[here] if kind in kinds]

    def below(self, here: Synset, limit: int) -> list[Synset] | None:
        """All hyponyms; None when there are more than a limit."""
        out, queue = [], [here]
        while queue:
            for there in self.along(queue.pop(), "~"):
                out.append(there)
                queue.append(there)
                if len(out) > limit:
                    return None
        return out


class Ties:
    """Which synset means which word of the lexicon."""

    def __init__(self, net: WordNet) -> None:
        self.net = net
        self.words: dict[Synset, str] = {}
        for table, pos, allowed in self._tables():
            for word, meaning in sorted(table.items()):
                told = table is not words.KINDS and pos == "n" and word in words.KINDS
                if word not in UNTIED and word not in words.STOP and not told:
                    self._tie(word, pos, allowed(word, meaning), ABOVE.get(word, ABOVE.get(meaning, "")))

    @staticmethod
    def _tables() -> Iterator[tuple[dict[str, str], str, Allowed]]:
        """A table, its part of speech, and the lexicographer files in which a word's sense must be."""

        def figures(word: str, meaning: str) -> frozenset[int]:
            return _sorts(meaning)

        def things(word: str, meaning: str) -> frozenset[int]:
            return THINGS | {GROUP} if word in GROUPS else THINGS

        def only(*files: int) -> Allowed:
            return lambda word, meaning: frozenset(files)

        yield words.KINDS, "n", figures
        yield from ((table, "n", things) for table in (words.FAMILIES, words.EXTRAS))
        yield words.TIMES, "n", only(TIME)
        yield words.WEATHERS, "n", only(WEATHER)
        yield words.SEASONS, "n", only(TIME)
        yield words.HINTS, "n", only(ARTIFACT, FOOD, NATURE, PLANT, WEATHER)
        yield dict.fromkeys(NAMED, ""), "n", only(ATTRIBUTE)
        yield words.ACTIONS, "v", only(MOTION, POSTURE, BODILY, CONSUMPTION, STATIVE)
        yield words.WEATHERS, "v", only(RAINING)
        for table in (words.WEATHERS, words.TIMES, words.SEASONS, dict.fromkeys(NAMED, "")):
            yield table, "a", only(ADJECTIVE, PERTAINYM, SATELLITE)

    def _tie(self, word: str, pos: str, files: frozenset[int], above: str = "") -> None:
        senses = self.net.senses.get(word, [])
        if pos == "a" and not (senses and senses[0][0][0] == "a"):
            return
        fitting = [s for s, _ in senses if s[0] == pos and self.net.file[s] in files and self._is(s, above)]
        # A place's animals often share their names with commoner things: the seal, the slug.
        fitting.sort(key=lambda s: pos == "n" and self.net.file[s] != ANIMAL)
        if fitting:
            self.words.setdefault(fitting[0], word)

    def _is(self, sense: Synset, above: str) -> bool:
        return (
            not above
            or above in self.net.lemmas[sense]
            or any(self._is(up, above) for up in self.net.along(sense, "@"))
        )

    def nearest(self, sense: Synset) -> tuple[str, float] | None:
        """The lexicon's word nearest to a sense, and how near it is (1 the same)."""
        found = self._above(sense) or self._related(sense) or self._whole(sense) or self._beside(sense)
        return found if found and found[1] >= ENOUGH else None

    def _above(self, sense: Synset) -> tuple[str, float] | None:
        steep = 0.75 if sense[0] == "v" else 0.88 if self.net.file[sense] == ARTIFACT else 0.94
        level, near, seen = [sense], 1.0, {sense}
        while level and near >= ENOUGH:
            tied = sorted(self.words[s] for s in level if s in self.words)
            if tied:
                return tied[0], near
            level = [up for s in level for up in self.net.along(s, "@", "@i") if up not in seen]
            seen.update(level)
            near *= steep
        return None

    def _related(self, sense: Synset) -> tuple[str, float] | None:
        """Adjectives made from a noun: what is floral is of flowers; and those of a colour with a name."""
        made = [self.words[s] for s in self.net.along(sense, "\\") if s in self.words]
        colours = [self.words[s] for s in self.net.along(sense, "+") if self.words.get(s) in NAMED]
        tied = sorted(word for word in made + colours if word not in words.KINDS)
        return (tied[0], 0.8) if sense[0] == "a" and tied else None

    def _whole(self, sense: Synset) -> tuple[str, float] | None:
        if self.net.file[sense] not in {ARTIFACT, NATURE, PLANT} or sense[0] != "n":
            return None
        tied = sorted(self.words[s] for s in self.net.along(sense, "#p") if s in self.words)
        return (tied[0], 0.6) if tied else None

    def _beside(self, sense: Synset) -> tuple[str, float] | None:
        """The animal that shares a narrow parent, when all of the lexicon's words there mean the same."""
        if sense[0] != "n" or self.net.file[sense] != ANIMAL:
            return None
        for parent in self.net.along(sense, "@"):
            tied = sorted({self.words[s] for s in self.net.below(parent, NARROW) or () if s in self.words})
            if tied and len({meaning(word) for word in tied}) == 1:
                return tied[0], 0.55
        return None


def meaning(word: str) -> tuple[str, ...]:
    """What all tables say of a word."""
    tables = (words.KINDS, words.FAMILIES, words.TIMES, words.WEATHERS, words.SEASONS, words.ACTIONS)
    return tuple(table.get(word, "") for table in tables)


def meanings(net: WordNet, ties: Ties) -> dict[str, str]:
    """Word or pair of words -> the lexicon's word; ``-`` for none: a hot dog is no dog."""
    known = known_words()
    out: dict[str, str] = {}
    singles = {word for word in net.senses if word.isalpha()}
    for word in sorted(singles):
        if word not in known and stem(word) not in known and SHORTEST <= len(word) <= LONGEST:
            found = _of_word(net, ties, word)
            # "landing" is more often what an aeroplane does than a part of the stairs.
            does = any(form in net.senses and form != word for form in variants(word))
            if found and (not does or found in words.ACTIONS or found in words.WEATHERS):
                out[word] = found
    for pair in sorted(net.senses):
        first, _, last = pair.partition("-")
        if not (first.isalpha() and last.isalpha()) or pair in known or first in NAMED or len(pair) > LONGEST:
            continue
        found = _of_word(net, ties, pair)
        head = last if last in known else out.get(last, "")
        side = first if first in known else out.get(first, "")
        if found and found not in {head, side} and meaning(found) != meaning(head):
            out[pair] = found
        elif not found and head in words.KINDS and not _could_be(net, pair, words.KINDS[head]):
            out[pair] = asset.NOTHING
    for word in sorted(singles & {slip for right in known if right.isalpha() for slip in asset.slips(right)}):
        if word not in known:
            out.setdefault(word, asset.NOTHING)
    safe = SafetyFilter()
    return {
        word: found
        for word, found in out.items()
        if safe.judge(word.replace("-", " "), Rating.EVERYONE).allowed
    }


def _could_be(net: WordNet, pair: str, kind: str) -> bool:
    """Whether any sense of a pair is of a figure's sort: an Arctic hare is, a hot dog is not."""
    sort = {PERSON, GROUP} if kind in PEOPLE else _sorts(kind)
    return any(net.file[sense] in sort for sense, _ in net.senses[pair])


def _sorts(kind: str) -> frozenset[int]:
    """What WordNet files a figure under; of the pictured ones some are dancers, some pears, some trams."""
    if kind in PEOPLE:
        return frozenset({TOP, PERSON})
    if kind in VESSELS:
        return frozenset({ARTIFACT})
    row = PICTURED.get(kind)
    if row is None:
        return frozenset({ANIMAL})
    return frozenset({ARTIFACT, FOOD, PLANT} if row.home == "thing" else {ANIMAL, ARTIFACT, PERSON, PLANT})


def _of_word(net: WordNet, ties: Ties, word: str) -> str | None:
    """What most uses of a word mean, if anything in the lexicon."""
    senses = [(sense, uses) for sense, uses in net.senses[word] if not _name(net, sense, word)]
    if any(sense in net.rude and net.file[sense] in {PERSON, ARTIFACT} for sense, _ in senses):
        return None
    total = sum(uses for _, uses in senses)
    shares: defaultdict[tuple[str, ...], float] = defaultdict(float)
    targets: defaultdict[str, float] = defaultdict(float)
    for sense, uses in senses:
        if found := ties.nearest(sense):
            shares[meaning(found[0])] += found[1] * uses / total
            targets[found[0]] += found[1] * uses / total
    best = max(sorted(shares), key=lambda m: shares[m], default=None)
    if best is None or shares[best] < ENOUGH:
        return None
    target = max(sorted(t for t in targets if meaning(t) == best), key=lambda t: targets[t])
    # What wipes, prints or counts is a tool before it is a man, and WordNet's words for people in general are
    # mostly abuse or rare: these must occur in the texts.
    files = {net.file[sense] for sense, _ in senses}
    doubtful = target == "person" or (words.KINDS.get(target) in PEOPLE and ARTIFACT in files)
    told = word.isalpha() and any(net.file[s] == PERSON and uses >= 1 for s, uses in senses)
    return None if doubtful and not told else target


def _name(net: WordNet, sense: Synset, word: str) -> bool:
    """Whether a sense is somebody's name, a learned family of species, or a place that is also a word."""
    spelt = next((s for s in net.lemmas[sense] if s.lower().replace("_", "-") == word), "")
    if not spelt[:1].isupper():
        return False
    if net.file[sense] in {PLACE, NATURE}:
        return any(s[:1].islower() for other, _ in net.senses[word] for s in net.lemmas[other] if s == word)
    return bool(net.along(sense, "@i")) or net.file[sense] in {ANIMAL, PLANT}


def lines(table: dict[str, str]) -> Iterator[str]:
    """The asset: one line per word of the lexicon, all in alphabetical order."""
    yield "# Words by the lexicon's word nearest in meaning, from WordNet 3.1 (WORDNET-LICENSE.txt); made by"
    yield "# tools/nearest_meanings.py. The words after - are English and mean nothing to the lexicon."
    groups: defaultdict[str, list[str]] = defaultdict(list)
    for word, target in table.items():
        groups[target].append(word)
    for target in sorted(groups):
        yield f"{target}: {' '.join(sorted(groups[target]))}"


def main(folder: str) -> None:
    """Write the asset and WordNet's licence beside it."""
    net = WordNet.load(Path(folder))
    table = meanings(net, Ties(net))
    package = Path(asset.__file__).parent
    (package / "nearest.txt").write_text("\n".join(lines(table)) + "\n", encoding="utf-8")
    header = (Path(folder) / "data.noun").read_text(encoding="latin-1").splitlines()[:29]
    licence = [line.split(None, 1)[1].rstrip() if len(line.split(None, 1)) > 1 else "" for line in header]
    (package / "WORDNET-LICENSE.txt").write_text("\n".join(licence) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
