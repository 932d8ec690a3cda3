"""Roles: what every kind of person looks like, and the words that mean it."""

from dataclasses import replace

from webtv.studio.procedural.colour import Colour, rgb
from webtv.studio.procedural.figures.kinds import stemmed
from webtv.studio.procedural.figures.wardrobe import Look


def _c(*codes: str) -> tuple[Colour, ...]:
    return tuple(rgb(code) for code in codes)


_BLACK, _WHITE, _GOLD = rgb("#2b2a31"), rgb("#f3f0e9"), rgb("#e0b040")
_NAVY, _BROWN, _DENIM, _RED = rgb("#2c3d63"), rgb("#6a4a30"), rgb("#49658f"), rgb("#c23b34")
_TAN, _GREY = rgb("#c9aa78"), rgb("#767c86")
_BRIGHT = _c("#c94f43", "#3f7fb0", "#e0a63c", "#4f9a6c", "#8a62a8", "#d9789a")
_SUITS = _c("#3a4258", "#4c4a52", "#5a4a44")
_WOMAN = Look(
    _c("#b8473f", "#3d7c88", "#d59a3c", "#7b5a96", "#4f7d56", "#c86a86"), "woman", hem=0.5,
    legs=None, shoes=rgb("#5a3a30"),
)  # fmt: skip
_MAN = Look(_c("#3f6a96", "#7d4a3a", "#557a52", "#b88838", "#5d5470", "#a8493f"), "man", over=("collar",))

LOOKS: dict[str, Look] = {
    "woman": _WOMAN,
    "man": _MAN,
    "girl": Look(_c("#e0708e", "#efb842", "#6aa8d6", "#8f6ac0"), "woman", "child", 0.5, 1.2, None, _RED,
        bare=True),
    "boy": Look(_c("#3f86c4", "#d8563c", "#57a05a", "#e6a83a"), "man", "child", legs=_DENIM,
        shoes=_WHITE, bare=True),
    "child": Look(_c("#e6a83a", "#57a05a", "#d8563c", "#6a78c8"), "", "child", legs=_BROWN, shoes=_RED,
        over=("scarf",),
                  trim=rgb("#4a90b8"), hat="beanie", cuts=("tousled", "bob")),
    "old-woman": Look(_c("#7a5f86", "#58738a", "#8a5a58"), "woman", "old", 0.78, 1.0, rgb("#8a7a70"),
        over=("shawl", "buttons"),
                      trim=rgb("#d8b8a8"), hold="stick", grip="staff", glasses=True, cuts=("bun",)),
    "old-man": Look(_c("#6d6a4c", "#5a6470", "#7a5540"), "man", "old", legs=rgb("#5a5048"),
        over=("shirtfront", "bow", "buttons"),
                    trim=rgb("#8a3c38"), hold="stick", grip="staff", hat="cap", band=rgb("#6a6658"),
                    beards=("moustache", "full")),
    "knight": Look(_c("#b03a36", "#2f5aa0", "#3f7a4c"), "man", hem=0.32, legs=rgb("#8f98a2"),
        shoes=rgb("#7c858f"), boots=True,
                   sleeves=rgb("#a3abb4"), gloves=rgb("#8f98a2"), over=("mail", "cross", "belt"),
                   trim=_WHITE, hat="helm",
                   cuts=("none",), hold="shield", grip="raise", bulk=1.08),
    "king": Look(_c("#a8283c", "#5a3a92", "#2f4f9a"), "man", "adult", 0.8, 0.9, rgb("#e8dcc0"), _GOLD,
        over=("belt", "ermine"), trim=_GOLD,
                 hat="crown", beards=("full",), cuts=("bob",), hold="staff", grip="staff"),
    "queen": Look(_c("#7a3a9a", "#a8285c", "#2f6a8a"), "woman", hem=1.0, flare=1.5, legs=_WHITE,
        over=("ermine", "sash", "hem"),
                  trim=_GOLD, hat="crown", cuts=("bun",)),
    "prince": Look(_c("#3a6fc0", "#3f8a6a"), "man", hem=0.22, legs=_WHITE, shoes=_BROWN, boots=True,
        over=("belt", "sash", "collar"),
                   trim=_GOLD, hat="tiara", cuts=("bob", "curls")),
    "princess": Look(_c("#ec8fb4", "#8fb4ec", "#c8a0e0"), "woman", hem=0.97, flare=1.6, legs=_WHITE,
        shoes=rgb("#e8c8d8"), bare=True,
                     over=("belt", "hem"), trim=_WHITE, hat="tiara", cuts=("long",)),
    "wizard": Look(_c("#3d4a9c", "#5c3a8c", "#2f6f7a"), "man", "old", 1.0, 1.2, over=("belt", "hem"),
        trim=_GOLD, hat="wizard",
                   cuts=("long",), beards=("long",), hold="staff", grip="staff"),
    "witch": Look(_c("#4a3a5c", "#3f5a44", "#5c3048"), "woman", hem=0.95, flare=1.2, legs=rgb("#6a9a4a"),
        shoes=_BLACK, over=("belt",),
                  trim=rgb("#c8792e"), hat="witch", cuts=("long",), hold="broom", grip="staff"),
    "pirate": Look(_c("#a83a32", "#2f5a72"), "man", hem=0.4, flare=0.8, legs=rgb("#4a3a30"),
        shoes=_BLACK, boots=True,
                   over=("shirtfront", "belt"), trim=_BLACK, hat="tricorn", beards=("full", "goatee"),
                   cuts=("bob",), hold="sword",
                   grip="raise", mask=_BLACK),
    "viking": Look(_c("#7a6a4a", "#8a4a38", "#4f6a78"), "man", hem=0.42, flare=0.8, legs=rgb("#5a4636"),
        shoes=rgb("#4a3524"), boots=True,
                   over=("shawl", "belt"), trim=rgb("#59422e"), hat="horned", beards=("long",),
                   cuts=("bob",), hold="axe", grip="raise",
                   bulk=1.12),
    "samurai": Look(_c("#a03034", "#2f4a78", "#3f5a4a"), "man", hem=0.62, flare=1.1, legs=rgb("#3a3640"),
        over=("plates", "belt"),
                    trim=rgb("#e8d8b0"), hat="kabuto", cuts=("none",), hold="katana", beards=("goatee",
                    "moustache")),
    "monk": Look(_c("#7a5234", "#8a5a2e", "#6a4c38"), "man", hem=0.97, flare=0.7, legs=None,
        over=("belt",), trim=rgb("#e6d8b8"),
                 hat="tonsure", cuts=("bald",), grip="chest", hold="book"),
    "priest": Look(_c("#2f2d36"), "man", hem=0.94, flare=0.6, over=("buttons", "collar", "cross"),
        trim=_WHITE, cuts=("parted", "crop"),
                   hold="book", grip="chest"),
    "nun": Look(_c("#35333d"), "woman", hem=0.97, flare=0.8, over=("collar", "cross"), trim=_WHITE,
        hat="habit", cuts=("none",),
                grip="chest"),
    "cowboy": Look(_c("#a8552e", "#4a6a86", "#8a3a34"), "man", legs=_DENIM, shoes=_BROWN, boots=True,
        over=("lapels", "scarf", "belt"),
                   trim=_RED, hat="cowboy", beards=("", "moustache")),
    "farmer": Look(_c("#c0473c", "#d09a3c", "#4a8aa0"), "man", legs=rgb("#4a6490"), shoes=_BROWN,
        boots=True, over=("overalls",),
                   hat="straw", hold="pitchfork", grip="staff", beards=("", "full")),
    "fisherman": Look(_c("#e0b52e", "#d8862e"), "man", hem=0.5, flare=0.7, legs=rgb("#4a5a4a"),
        shoes=rgb("#3a4a44"), boots=True,
                      over=("buttons",), trim=rgb("#5a4a2a"), hat="beanie", band=rgb("#35506e"),
                      beards=("full",), hold="rod", grip="raise"),
    "sailor": Look(_c("#f0ede4"), "", legs=_WHITE, shoes=_BLACK, over=("stripes", "collar"),
        trim=rgb("#2b4a86"), hat="sailor",
                   cuts=("short", "bob", "crop")),
    "captain": Look(_c("#2a3a60"), "man", hem=0.2, flare=0.5, legs=_WHITE, shoes=_BLACK,
        over=("shirtfront", "buttons"), trim=_GOLD,
                    hat="uniform", band=_WHITE, beards=("full",)),
    "chef": Look(_c("#f4f1ea"), "", legs=rgb("#5a606c"), shoes=_BLACK, over=("buttons", "scarf",
        "apron"), trim=rgb("#e4ded2"), hat="toque",
                 cuts=("short", "bun", "crop"), beards=("moustache", ""), hold="pan", grip="raise",
                 habit="work"),
    "baker": Look(_c("#d98a4a", "#7fa8b8"), "", legs=rgb("#6a5a50"), over=("apron",), trim=_WHITE,
        hat="kerchief", band=_WHITE,
                  bare=True, cuts=("bun", "crop"), habit="work"),
    "waiter": Look(_c("#2f2d36", "#5a2a34"), "", legs=_BLACK, shoes=_BLACK, sleeves=_WHITE,
        over=("shirtfront", "bow"), trim=_BLACK,
                   cuts=("parted", "bun"), hold="tray", grip="tray"),
    "doctor": Look(_c("#f4f3ef"), "", hem=0.48, flare=0.4, legs=rgb("#4a6a86"), over=("lapels",
        "stethoscope"), cuts=("parted", "bun", "short"),
                   glasses=True, trim=_WHITE),
    "nurse": Look(_c("#8fc4d0", "#a8d4c0"), "", legs=rgb("#8fb8c4"), shoes=_WHITE, over=("collar",
        "badge"), trim=_WHITE, hat="nurse",
                  cuts=("bun", "short", "bob"), bare=True),
    "firefighter": Look(_c("#35343c", "#b8862e"), "", hem=0.2, flare=0.3, legs=rgb("#33323a"),
        shoes=_BLACK, boots=True, over=("bands",),
                        trim=rgb("#e8dc4a"), hat="fire", band=rgb("#d0342c"), bulk=1.15, cuts=("crop",
                        "bob"), gloves=rgb("#5a4a3a")),
    "police": Look(_c("#31446e"), "", legs=rgb("#2a3552"), shoes=_BLACK, over=("collar", "tie", "badge",
        "belt"), trim=rgb("#20263a"), hat="uniform",
                   band=rgb("#2c3d66"), cuts=("crop", "bun")),
    "postman": Look(_c("#3a6cb0", "#c8a03a"), "", legs=rgb("#34435e"), over=("collar", "satchel"),
        trim=rgb("#9a6a3c"), hat="uniform", band=rgb("#31569a"),
                    cuts=("short", "ponytail"), hold="letter", grip="raise"),
    "worker": Look(_c("#e8802a", "#d8c83a"), "", legs=rgb("#4a5468"), shoes=_BROWN, boots=True,
        over=("bands",), trim=rgb("#f2efd8"),
                   hat="hard", band=rgb("#f2c832"), sleeves=rgb("#4a5a78"), hold="hammer", grip="raise",
                   habit="work", cuts=("crop", "ponytail")),
    "soldier": Look(_c("#66714a", "#7a7550"), "", legs=rgb("#5d6644"), shoes=rgb("#3a3228"), boots=True,
        over=("belt", "badge"), trim=rgb("#3f452e"),
                    hat="bowl", band=rgb("#55603c"), cuts=("crop", "bun")),
    "astronaut": Look(_c("#eceef0", "#e6853a"), "", legs=rgb("#e0e3e6"), shoes=rgb("#7d8792"),
        boots=True, bulk=1.42, over=("breastplate",),
                      hat="bubble", gloves=rgb("#7d8792"), cuts=("short", "bob", "crop")),
    "musician": Look(_c("#a8473c", "#3a7a78", "#c08a30", "#6a4a8c"), "", legs=rgb("#39363f"),
        over=("lapels",), hold="guitar", grip="play",
                     habit="play", cuts=("curls", "short", "long"), hat="fedora", band=rgb("#6a4a3a")),
    "singer": Look(_c("#c8305a", "#7a3ab0", "#2a8a9a"), "woman", hem=0.9, flare=0.55, legs=None,
        bare=True, over=("belt",), trim=_GOLD,
                   hold="microphone", grip="raise", cuts=("curls", "long")),
    "conductor": Look(_c("#26262e"), "", hem=0.35, flare=0.5, legs=rgb("#2c2b33"), shoes=_BLACK,
        over=("shirtfront", "bow"), trim=_WHITE,
                      hold="baton", grip="raise", habit="conduct", cuts=("tousled", "bun")),
    "soloist": Look(_c("#2b2b34", "#5a2438", "#24385a"), "", hem=0.3, flare=0.5, legs=rgb("#2c2b33"),
        shoes=_BLACK, over=("shirtfront", "bow"),
                    trim=_WHITE, habit="play", cuts=("bun", "parted", "long")),
    "detective": Look(_c("#b08a56", "#8a7a5a"), "", hem=0.72, flare=0.7, legs=rgb("#4a4440"),
        over=("lapels", "belt"), trim=rgb("#6d5230"),
                      hat="fedora", hold="lens", grip="raise", cuts=("short", "bob"),
                      beards=("moustache", "")),
    "businessman": Look(
        _SUITS, "man", legs=None, shoes=_BLACK, over=("shirtfront", "tie"), trim=_RED, hold="case",
        cuts=("parted", "bald", "short"),
    ),
    "businesswoman": Look(
        _SUITS, "woman", hem=0.42, flare=0.25, legs=rgb("#c8a890"), shoes=_BLACK, over=("shirtfront", "tie"),
        trim=_RED, hold="case", cuts=("bun", "bob"),
    ),
    "bride": Look(_c("#f8f4ee"), "woman", hem=1.0, flare=1.7, legs=_WHITE, bare=True, over=("hem",),
        trim=rgb("#e6dccf"), hat="veil",
                  cuts=("bun", "long"), hold="bouquet", grip="chest"),
    "groom": Look(_c("#34343e", "#5a6472"), "man", legs=rgb("#50525c"), shoes=_BLACK, over=("shirtfront",
        "bow"), trim=_WHITE, hat="topper"),
    "teacher": Look(_c("#5f7a52", "#8a5a3c", "#4f6a86"), "", legs=rgb("#6a5c4c"), over=("shirtfront",
        "buttons"), trim=rgb("#d8a850"),
                    glasses=True, hold="book", grip="chest", cuts=("parted", "bun", "bob")),
    "student": Look(_BRIGHT, "", legs=_DENIM, shoes=_WHITE, over=("pack",), trim=rgb("#44506a"),
        cuts=("tousled", "ponytail", "curls")),
    "tourist": Look(_c("#e88a3a", "#3fa0a8", "#d85a7a"), "", legs=None, hem=0.22, flare=0.4,
        shoes=rgb("#d8c8a8"), bare=True, hat="sun", hold="camera",
                    cuts=("short", "ponytail")),
    "hiker": Look(_c("#c8562e", "#3f8a6a", "#3f6a9a"), "", legs=rgb("#7a6a4c"), shoes=rgb("#5a3f2a"),
        boots=True, over=("pack",), trim=rgb("#3f6a4c"),
                  hat="cap", band=rgb("#4a5a3c"), hold="stick", grip="staff", cuts=("short", "ponytail")),
    "shepherd": Look(_c("#9a8058", "#7d6a50"), "", hem=0.66, flare=0.9, legs=rgb("#6a5844"),
        shoes=_BROWN, over=("shawl", "belt"),
                     trim=rgb("#e6dcc4"), hat="kerchief", band=rgb("#d8cbb0"), hold="crook",
                     grip="staff", beards=("", "full")),
    "painter": Look(_c("#e8e2d4", "#8ab0c8"), "", hem=0.42, flare=0.7, legs=rgb("#5a5a6c"),
        over=("scarf",), trim=_RED, hat="beret",
                    band=rgb("#8a2f3c"), hold="brush", grip="raise", habit="work", cuts=("bob", "short"),
                    beards=("goatee", "")),
    "clown": Look(_c("#e6c22e", "#3fa0d0", "#8a4ac0"), "", legs=rgb("#d0402f"), shoes=rgb("#d0402f"),
        bulk=1.35, over=("ruff", "buttons"),
                  trim=_WHITE, hat="clown", band=rgb("#3f7fd0"), cuts=("none",), gloves=_WHITE,
                  paint=True, hold="balloons", grip="raise"),
    "skater": Look(_c("#7fc83e", "#e8503c", "#3f9ad8"), "", legs=_DENIM, shoes=_WHITE, bare=True,
        hat="bowl", band=rgb("#33343c"), trim=rgb("#e86a3a"),
                   gait="skate", hold="board", cuts=("bob", "ponytail", "tousled")),
    "angel": Look(_c("#f4f0e6"), "", hem=1.0, flare=1.2, legs=None, over=("belt", "hem"), trim=_GOLD,
        hat="halo", cuts=("curls", "long")),
}  # fmt: skip

BESIDE: dict[str, tuple[str, ...]] = {
    "person": ("woman", "man", "man", "woman"),
    "business": ("businesswoman", "businessman"),
}
"""Kinds that are several looks by phase."""

BACKS = {
    "king": ("cape", rgb("#8a2236")), "queen": ("cape", rgb("#8a2f6a")), "bride": ("cape",
    rgb("#f2efe8")),
    "knight": ("cape", None), "wizard": ("cape", None), "prince": ("cape", rgb("#8a2a3c")),
    "hiker": ("pack", rgb("#b5652e")),
    "student": ("pack", rgb("#3f5a78")), "astronaut": ("pack", rgb("#c4cad0")), "tourist": ("pack",
    rgb("#4a7a6a")),
    "angel": ("wings", None),
}  # fmt: skip
"""What they have on their backs, and its colour (None for the garment's)."""

_WORDS = {
    "woman": "woman lady mother mum mom mummy wife sister aunt housewife barista actress heroine neighbour",
    "man": "man gentleman guy father dad daddy husband brother uncle bloke fellow actor hero driver bachelor",
    "girl": "girl daughter schoolgirl granddaughter little-girl young-girl niece",
    "boy": "boy son schoolboy grandson little-boy young-boy lad nephew",
    "child": "child kid toddler infant youngster baby",
    "old-woman": "old-woman old-lady grandmother grandma granny nana elderly-woman elderly-lady "
    "old-mother crone babushka",
    "old-man": "old-man grandfather grandpa granddad grandad elderly-man old-gentleman elder pensioner "
    "old-father",
    "knight": "knight templar crusader paladin squire",
    "king": "king emperor monarch tsar sultan pharaoh",
    "queen": "queen empress",
    "prince": "prince",
    "princess": "princess",
    "wizard": "wizard sorcerer mage magician warlock merlin alchemist",
    "witch": "witch sorceress enchantress hag",
    "pirate": "pirate buccaneer corsair privateer swashbuckler",
    "viking": "viking norseman barbarian",
    "samurai": "samurai ronin shogun",
    "monk": "monk friar hermit abbot pilgrim",
    "priest": "priest vicar pastor bishop preacher parson",
    "nun": "nun abbess",
    "cowboy": "cowboy cowgirl sheriff gunslinger rancher",
    "farmer": "farmer peasant gardener farmhand grower farm-worker",
    "fisherman": "fisherman angler fisher fisherwoman",
    "sailor": "sailor seaman mariner deckhand",
    "captain": "captain sea-captain skipper admiral pilot airman ship-captain",
    "chef": "chef cook head-chef sous-chef",
    "baker": "baker pastry-chef confectioner shopkeeper grocer potter",
    "waiter": "waiter waitress butler bartender barman barkeeper",
    "doctor": "doctor physician surgeon scientist dentist vet veterinarian chemist pharmacist",
    "nurse": "nurse paramedic midwife medic",
    "firefighter": "firefighter fireman firewoman fire-fighter fire-officer",
    "police": "policeman policewoman police-officer cop constable police-woman police-man bobby",
    "postman": "postman mailman postwoman letter-carrier mail-carrier courier postal-worker",
    "worker": "worker builder construction-worker labourer laborer bricklayer carpenter engineer miner "
    "mechanic "
    "plumber electrician blacksmith welder road-worker craftsman lumberjack repairman",
    "soldier": "soldier army legion troop guard warrior sentry trooper",
    "astronaut": "astronaut cosmonaut spaceman spacewoman space-walker",
    "musician": "musician busker street-musician guitarist troubadour minstrel bard folk-singer "
    "rock-star band-member",
    "singer": "singer vocalist soprano diva opera-singer popstar pop-star chanteuse",
    "conductor": "conductor orchestra-conductor maestro composer",
    "soloist": "soloist pianist violinist fiddler cellist flautist flutist harpist saxophonist "
    "trumpeter drummer "
    "percussionist accordionist",
    "detective": "detective sleuth inspector private-eye spy sherlock investigator",
    "businessman": "businessman business-man",
    "businesswoman": "businesswoman business-woman businesslady",
    "business": "businessperson business-person banker lawyer office-worker "
    "manager executive "
    "salesman politician president clerk boss commuter",
    "bride": "bride",
    "groom": "groom bridegroom",
    "teacher": "teacher professor schoolteacher librarian tutor lecturer",
    "student": "student pupil teenager youth schoolkid undergraduate teen",
    "tourist": "tourist holidaymaker sightseer photographer vacationer",
    "hiker": "hiker traveller traveler backpacker climber mountaineer wanderer trekker explorer "
    "adventurer wayfarer rambler",
    "shepherd": "shepherd shepherdess goatherd herdsman herder nomad",
    "painter": "painter artist",
    "clown": "clown jester harlequin juggler",
    "skater": "skater skateboarder ice-skater roller-skater inline-skater",
    "angel": "angel cherub seraph guardian-angel",
}
WORDS: dict[str, str] = {stemmed(word): kind for kind, listed in _WORDS.items() for word in listed.split()}
"""Stem -> kind of person, for the lexicon."""

_HOMES = {
    "hall": "musician singer conductor soloist clown",
    "castle": "knight king queen prince princess wizard viking samurai",
    "forest": "witch monk", "coast": "pirate fisherman sailor captain",
    "meadow": "farmer shepherd painter cowboy angel bride groom",
    "interior": "chef baker old-woman", "space": "astronaut", "mountains": "hiker",
}  # fmt: skip
HOMES: dict[str, str] = {
    **dict.fromkeys((*LOOKS, *BESIDE), "city"),
    **{kind: family for family, listed in _HOMES.items() for kind in listed.split()},
}
"""Kind -> the scene family where it is at home when the words name no place."""


def worn(kind: str, coat: Colour) -> Look:
    """A role's look for one member of it: suits and spacesuits are of one cloth."""
    look = LOOKS[kind]
    if kind == "astronaut":
        return replace(look, legs=(coat[0] * 0.94, coat[1] * 0.94, coat[2] * 0.94))
    if kind == "businessman":
        return replace(look, legs=coat)
    return look
