"""Forms of English words: plurals and verb endings taken off, as far as rules and short lists reach."""

from collections.abc import Iterator


def _list(text: str) -> list[str]:
    return text.split()


def _pairs(text: str) -> dict[str, str]:
    return dict(pair.split(":") for pair in text.split())


_SUFFIXES = (
    ("ies", "y"),
    ("sses", "ss"),
    ("shes", "sh"),
    ("ches", "ch"),
    ("xes", "x"),
    ("s", ""),
)
_KEEP = frozenset(
    _list(
        "across always asparagus atlas besides bus cactus campus canvas chaos chess christmas circus "
        "columbus compass cosmos crocus cumulus fungus gas glass grass has hibiscus hippopotamus iris "
        "jeans lens lotus mars mattress mist moss nimbus oasis octopus paris pass perhaps platypus "
        "previous rhinoceros series species swiss tennis texas towards us venus vitreous walrus was yes"
    )
)
# plural:singular
_PLURALS = _pairs(
    "aches:ache avalanches:avalanche axes:axe bees:bee birdies:birdie bookshelves:bookshelf "
    "breezes:breeze brownies:brownie buffaloes:buffalo buildings:building buses:bus caches:cache "
    "cacti:cactus cactuses:cactus calories:calorie calves:calf canoes:canoe canvases:canvas "
    "children:child circuses:circus cities:city cliffs:cliff cookies:cookie crocuses:crocus dishes:dish "
    "dogs:dog dwarves:dwarf echoes:echo elves:elf evenings:evening faeries:faerie feet:foot "
    "flamingoes:flamingo foxes:fox gases:gas geese:goose glasses:glass grasses:grass halves:half "
    "headaches:headache heroes:hero hooves:hoof horses:horse houses:house housewives:housewife "
    "irises:iris kids:child knives:knife ladies:lady lanes:lane leaves:leaf lenses:lens lives:life "
    "loaves:loaf mangoes:mango men:man mice:mouse midwives:midwife mornings:morning mosquitoes:mosquito "
    "mosses:moss movies:movie niches:niche noses:nose oases:oasis octopi:octopus octopuses:octopus "
    "oxen:ox people:person peoples:person persons:person pies:pie postmen:postman potatoes:potato "
    "prairies:prairie quiches:quiche roses:rose scarves:scarf selfies:selfie sheaves:sheaf shelves:shelf "
    "shoes:shoe sunrises:sunrise teeth:tooth thieves:thief ties:tie toes:toe tomatoes:tomato "
    "tornadoes:tornado torpedoes:torpedo trees:tree volcanoes:volcano walruses:walrus werewolves:werewolf "
    "wharves:wharf wives:wife wolves:wolf women:woman zombies:zombie"
)
# past:base
_VERBS = _pairs(
    "asleep:sleep ate:eat bitten:bite blew:blow blown:blow brought:bring built:build came:come "
    "caught:catch crept:creep drank:drink drawn:draw drew:draw driven:drive drove:drive eaten:eat "
    "fallen:fall fed:feed flew:fly flies:fly flown:fly fought:fight froze:freeze gone:go grew:grow "
    "grown:grow held:hold hid:hide hidden:hide hung:hang kept:keep lain:lie lay:lie leapt:leap "
    "lying:lie ran:run ridden:ride risen:rise rode:ride sang:sing sat:sit shaken:shake shone:shine "
    "shook:shake slept:sleep slid:slide spoke:speak spoken:speak spun:spin stood:stand strode:stride "
    "stung:sting sung:sing swam:swim swept:sweep swum:swim swung:swing threw:throw thrown:throw "
    "trod:tread trodden:tread went:go woke:wake woken:wake wove:weave woven:weave written:write "
    "wrote:write"
)


def table(**groups: str) -> dict[str, str]:
    """``meaning="word word"`` turned into word -> meaning."""
    return {word: meaning for meaning, listed in groups.items() for word in listed.split()}


def stem(word: str) -> str:
    """The singular of a lower-case word, as far as rules reach."""
    if word in _PLURALS:
        return _PLURALS[word]
    if word in _KEEP or len(word) < 4 or word.endswith("ss"):
        return word
    for suffix, replacement in _SUFFIXES:
        if word.endswith(suffix):
            return word[: -len(suffix)] + replacement
    return word


def variants(word: str) -> Iterator[str]:
    """A stem, and what may stand under its verb ending: ``running`` gives ``run`` among others."""
    yield word
    if word in _VERBS:
        yield _VERBS[word]
    if word.endswith("ied") and len(word) > 4:
        yield word[:-3] + "y"
    for ending in ("ing", "ed"):
        if word.endswith(ending) and len(word) > len(ending) + 2:
            base = word[: -len(ending)]
            yield base
            yield base + "e"
            if len(base) > 2 and base[-1] == base[-2]:
                yield base[:-1]


def plural(word: str) -> str:
    """A plural that :func:`stem` takes back to the word; regular, not always good English."""
    return next((many for many in (f"{word}s", f"{word}es") if stem(many) == word), word)
