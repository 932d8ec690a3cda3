"""The words that the lexicon knows, as plain tables: word -> meaning. Words are stems (see :func:`stem`)."""

_SUFFIXES = (
    ("ies", "y"),
    ("ves", "f"),
    ("sses", "ss"),
    ("shes", "sh"),
    ("ches", "ch"),
    ("xes", "x"),
    ("s", ""),
)
_KEEP = frozenset(
    [
        "glass",
        "grass",
        "moss",
        "bus",
        "canvas",
        "atlas",
        "iris",
        "lens",
        "chess",
        "mist",
        "across",
        "pass",
        "towards",
        "octopus",
        "gas",
    ]
)
_IRREGULAR = {
    "mice": "mouse",
    "geese": "goose",
    "leaves": "leaf",
    "wolves": "wolf",
    "men": "man",
    "women": "woman",
    "people": "person",
    "children": "child",
    "kids": "child",
    "waves": "wave",
    "houses": "house",
    "hooves": "hoof",
    "horses": "horse",
    "roses": "rose",
    "breezes": "breeze",
    "trees": "tree",
    "bees": "bee",
    "cities": "city",
    "buses": "bus",
    "knives": "knife",
    "cliffs": "cliff",
    "canoes": "canoe",
    "toes": "toe",
    "does": "doe",
    "buildings": "building",
    "evenings": "evening",
    "mornings": "morning",
    "lanes": "lane",
    "caves": "cave",
    "groves": "grove",
    "doves": "dove",
    "gloves": "glove",
    "movies": "movie",
    "ladies": "lady",
    "foxes": "fox",
    "axes": "axe",
    "shoes": "shoe",
    "dishes": "dish",
    "noses": "nose",
    "sunrises": "sunrise",
}


def stem(word: str) -> str:
    """The singular of a lower-case word, as far as rules reach."""
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if word in _KEEP or len(word) < 4 or word.endswith("ss"):
        return word
    for suffix, replacement in _SUFFIXES:
        if word.endswith(suffix):
            return word[: -len(suffix)] + replacement
    return word


def table(**groups: str) -> dict[str, str]:
    """``meaning="word word"`` turned into word -> meaning."""
    return {word: meaning for meaning, words in groups.items() for word in words.split()}


FAMILIES = table(
    coast="sea ocean coast shore beach tide wave surf lighthouse harbour harbor bay cliff seaside"
    " shoreline island tideline pier dune cove gull seagull sailboat sail yacht coastal jetty"
    " fjord breaker swell headland lagoon boat ship trawler ferry buoy lugger dinghy dory skerry"
    " estuary marina horizon causeway quay breakwater",
    underwater="underwater reef coral kelp seabed jellyfish whale shoal fish submarine dolphin turtle"
    " octopus aquarium seaweed depth undersea ray manta seahorse shark anemone diver bubble",
    city="city street skyscraper skyline neon downtown alley taxi crosswalk tram avenue pavement"
    " metropolis rooftop urban traffic pedestrian sidewalk plaza billboard car boulevard cyclist"
    " umbrella tower lamppost crossing bridge underpass storefront shopfront arcade bus motorbike"
    " scooter puddle asphalt kerb intersection noodle kiosk market overpass expressway lamp"
    " streetlight streetlamp vending phone",
    rain_window="window windowpane pane droplet raindrop condensation glass café cafe bokeh windowsill",
    train="train railway carriage locomotive compartment viaduct rail railroad commuter platform"
    " station monorail",
    meadow="meadow field grass flower pasture hill hillside prairie wildflower butterfly hare rabbit"
    " sheep clover poppy countryside farm daisy horse cow goat lamb spring orchard heath moor"
    " hedgerow lawn garden hedge dandelion bee fox deer hedgehog badger mouse picnic kite village-"
    " green barley wheat paddock stile squirrel bear stream brook burrow warren bluebell cottage"
    " beehive thistle foal cat dog hay haystack buttercup",
    forest="forest wood woodland tree pine oak birch fern moss glade grove owl firefly trunk canopy"
    " thicket jungle redwood undergrowth clearing bracken toadstool mushroom beech fir spruce",
    mountains="mountain peak ridge alp alpine summit valley lake glacier tarn crag highland canyon massif"
    " loch reservoir waterfall pass",
    snow="snowman village chalet cabin sleigh hamlet snowy snowfield sled igloo chimney winter-village",
    space="space galaxy nebula planet star cosmos comet orbit asteroid milky constellation spaceship"
    " astronaut satellite rocket universe moonrise saturn",
    aurora="aurora borealis northern-light",
    abstract="abstract ink geometry pattern flow shape kaleidoscope swirl fractal smoke marble ribbon",
)

TIMES = table(
    dawn="dawn sunrise daybreak first-light",
    morning="morning breakfast",
    day="day noon midday daylight daytime afternoon sunny sunshine sunlit",
    golden="golden-hour late-afternoon low-sun golden-light honeyed-light amber-light evening-sun"
    " golden-afternoon",
    sunset="sunset sundown evening",
    dusk="dusk twilight gloaming nightfall blue-hour blue-dusk",
    night="night midnight moonlit moonlight nocturnal moon starlit starlight stars nighttime moonrise"
    " small-hours starry after-dark",
)

WEATHERS = table(
    clear="clear cloudless bright fair",
    cloudy="cloudy overcast grey-sky gray-sky clouded",
    rain="rain rainy drizzle raining downpour wet shower rain-soaked rain-slick rainfall rainswept"
    " pouring drizzly",
    storm="storm stormy thunder tempest gale squall lightning",
    snow="snow snowy snowfall snowing blizzard snowflake flurry snow-covered",
    fog="fog foggy mist misty haze hazy mistbound",
)

SEASONS = table(
    spring="spring springtime april may blossom",
    summer="summer summertime june july august midsummer",
    autumn="autumn autumnal fall october november september harvest",
    winter="winter wintry december january february snow snowy frost frosty icy frozen",
)

STYLES = table(
    photographic="photographic photo photograph photorealistic realistic natural documentary clean",
    film="film filmic cinematic film-like cinema 35mm 16mm analogue analog grainy celluloid",
    watercolour="watercolour watercolor aquarelle storybook illustration wash picture-book gouache hand-"
    " painted painted-storybook",
    flat="flat vector minimalist poster cutout paper-cut cartoon papercut",
    neon="neon-lit cyberpunk synthwave vaporwave fluorescent neon-glow electric",
    noir="noir monochrome black-and-white silvery greyscale film-noir",
    painterly="painterly oil impressionist painted painting brushstroke impasto pastel-drawing oil-painting",
)

KINDS = table(
    gull="gull seagull tern albatross",
    bird="bird robin songbird sparrow bluebird finch wren starling lark crow raven magpie blackbird"
    " thrush pigeon dove nightingale goldfinch",
    swallow="swallow swift flock geese goose starling-flock heron crane-bird",
    owl="owl",
    butterfly="butterfly moth dragonfly bee bumblebee ladybird",
    sailboat="sailboat sail yacht sloop dinghy schooner lugger sailing-boat ketch",
    rowboat="rowboat canoe dory punt kayak rowing-boat skiff",
    boat="boat trawler fishing-boat tug tugboat barge coble",
    ship="ship ferry liner freighter steamer",
    buoy="buoy",
    lighthouse="lighthouse beacon",
    fox="fox vixen",
    wolf="wolf dog hound",
    deer="deer stag doe fawn roe hind elk moose reindeer",
    hare="hare rabbit bunny leveret",
    horse="horse pony foal mare stallion",
    sheep="sheep lamb ewe",
    cow="cow cattle bull calf",
    bear="bear cub",
    hedgehog="hedgehog porcupine",
    badger="badger",
    squirrel="squirrel",
    mouse="mouse vole dormouse",
    cat="cat kitten lynx",
    whale="whale orca",
    dolphin="dolphin porpoise",
    shark="shark",
    fish="fish minnow carp herring clownfish angelfish tuna salmon-fish",
    jellyfish="jellyfish medusa",
    turtle="turtle",
    ray="manta stingray",
    person="person man woman figure walker pedestrian commuter child traveller stranger couple passer-by"
    " girl boy cyclist shepherd",
    car="car taxi cab van bus sedan vehicle traffic motorbike scooter",
    train="train locomotive tram",
    balloon="balloon kite",
)

ACTIONS = table(
    walk="walk stroll wander amble trot pad cross pass tread pace roam step",
    run="run race gallop dash bound leap hop chase sprint",
    fly="fly glide soar circle wheel flutter hover swoop",
    swim="swim dive drift-along paddle",
    rest="rest sit sleep stand wait lie perch doze nap moored anchored watch still curl pause",
    graze="graze eat nibble browse feed sniff",
    sail="sail float bob cruise row chug",
    drift="drift roll sway flow ripple pulse",
)

FRAMINGS = table(
    wide="wide panoramic panorama establishing vista long-shot distant far expansive aerial sweeping",
    medium="medium mid mid-shot waist medium-shot",
    close="close close-up closeup near tight intimate",
    detail="detail macro extreme-close-up extreme insert",
)

MOVES = table(
    static="static still locked fixed tripod motionless stationary locked-off",
    pan="pan panning tracking track truck slide sideways follow lateral",
    tilt="tilt tilting",
    dolly="dolly push zoom push-in pull push-out pull-back forward creep",
    crane="crane jib rise rising descend descending boom",
    orbit="orbit orbiting arc around circling circle",
    drift="drift drifting handheld floating gliding glide",
)

EXTRAS = table(
    lighthouse="lighthouse beacon",
    beach="beach sand shore surf tideline dune",
    cliff="cliff headland crag bluff",
    harbour="harbour harbor pier quay jetty marina breakwater",
    moon="moon moonlit moonlight",
    aurora="aurora borealis northern-light",
    flower="flower wildflower poppy daisy blossom bluebell buttercup tulip",
    leaf="leaf leaves falling-leaf",
    firefly="firefly glow-worm",
    lake="lake tarn loch reservoir",
    skyline="skyline rooftop skyscraper bridge panorama river tower canal elevated",
    street="street alley avenue crossing crosswalk pavement sidewalk taxi pedestrian traffic puddle lane"
    " kerb shop storefront market umbrella",
    village="village hamlet chalet cottage cabin house farm farmhouse",
    stream="stream brook river",
    fern="fern bracken",
    mushroom="mushroom toadstool",
    kelp="kelp seaweed",
    coral="coral reef anemone",
    whale="whale",
    planet="planet saturn",
    comet="comet",
    ink="ink smoke",
    umbrella="umbrella",
)

NUMBERS = {
    "a": 1,
    "an": 1,
    "one": 1,
    "single": 1,
    "lone": 1,
    "solitary": 1,
    "two": 2,
    "pair": 2,
    "couple": 2,
    "three": 3,
    "trio": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "seven": 7,
    "eight": 8,
    "nine": 9,
    "ten": 10,
    "dozen": 12,
    "several": 4,
    "few": 3,
    "many": 8,
    "flock": 7,
    "herd": 5,
    "shoal": 40,
    "school": 30,
    "swarm": 16,
    "some": 3,
}

STOP = frozenset(
    [
        "a",
        "an",
        "the",
        "of",
        "in",
        "on",
        "at",
        "to",
        "by",
        "with",
        "and",
        "or",
        "as",
        "from",
        "over",
        "under",
        "into",
        "through",
        "across",
        "along",
        "while",
        "is",
        "are",
        "be",
        "its",
        "it",
        "this",
        "that",
        "for",
        "very",
        "slowly",
        "gently",
        "softly",
        "quietly",
        "near",
        "beside",
        "behind",
        "before",
        "after",
        "below",
        "above",
        "up",
        "down",
        "out",
        "off",
        "left",
        "right",
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "shot",
        "scene",
        "light",
        "lit",
        "camera",
        "style",
        "mood",
        "colour",
        "color",
        "palette",
        "tone",
        "animation",
        "like",
        "slow",
        "fast",
        "movement",
        "moving",
        "view",
        "towards",
        "toward",
        "past",
        "between",
        "among",
        "around",
        "amid",
        "where",
        "there",
        "their",
        "his",
        "her",
        "them",
        "they",
        "small",
        "little",
        "large",
        "big",
        "tiny",
        "huge",
        "great",
        "old",
        "young",
        "long",
        "short",
        "soft",
        "warm",
        "cool",
        "cold",
        "deep",
        "pale",
        "dark",
        "bright",
        "calm",
        "quiet",
        "gentle",
        "peaceful",
        "serene",
        "against",
        "beneath",
        "each",
        "other",
        "all",
        "every",
        "no",
        "not",
        "only",
    ]
)
