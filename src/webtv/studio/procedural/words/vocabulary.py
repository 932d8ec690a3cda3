"""The words that the lexicon knows, as plain tables: word -> meaning. Places stand in :mod:`.places`.

Words are stems (see :func:`webtv.studio.procedural.words.forms.stem`); ``golden-hour`` is two words in a row.
"""

from webtv.studio.procedural.figures.frogs import WORDS as FROGS
from webtv.studio.procedural.figures.kinds import WORDS as PICTURED
from webtv.studio.procedural.figures.people import WORDS as ROLES
from webtv.studio.procedural.words.forms import table
from webtv.studio.procedural.words.places import EXTRAS, FAMILIES, HINTS, HOMES, SNOWY, VILLAGE

__all__ = [
    "ABOVE",
    "ACTIONS",
    "BRINGS",
    "BRISK",
    "EXTRAS",
    "FAMILIES",
    "FAST",
    "FRAMINGS",
    "FRUITS",
    "HINTS",
    "HOLDERS",
    "HOMES",
    "HUES",
    "KINDS",
    "LEFT",
    "MELLOW",
    "MOVES",
    "NUMBERS",
    "RIGHT",
    "SEASONS",
    "SLOW",
    "SNOWY",
    "STILL",
    "STOP",
    "STYLES",
    "TIMES",
    "VILLAGE",
    "WEATHERS",
    "WINDY",
]


def _list(text: str) -> list[str]:
    return text.split()


TIMES = table(
    dawn="dawn sunrise daybreak first-light rising-sun sunup cockcrow early-light",
    morning="morning breakfast forenoon mid-morning early-morning",
    day="day noon midday daylight daytime afternoon sunny sunshine sunlit lunchtime lunch high-noon "
    "noonday noontime",
    golden="golden-hour late-afternoon low-sun golden-light honeyed-light amber-light evening-sun "
    "golden-afternoon evening-light",
    sunset="sunset sundown evening setting-sun sun-set afterglow",
    dusk="dusk twilight gloaming nightfall blue-hour blue-dusk eventide gas-lamp lamplight lantern",
    night="night midnight moonlit moonlight nocturnal moon starlit starlight stars nighttime moonrise "
    "small-hours starry after-dark overnight nightly floodlight firework candlelight candlelit star-lit "
    "night-sky bedtime night-time late-night milky-way starry-sky meteor shooting-star disco nightclub "
    "constellation",
)

WEATHERS = table(
    clear="clear cloudless bright fair blue-sky sunny sunshine sunlit heat heatwave heat-wave",
    cloudy="cloudy overcast grey-sky gray-sky clouded cloud cloudscape grey-cloud gloomy",
    rain="rain rainy drizzle raining downpour wet shower rain-soaked rain-slick rainfall rainswept "
    "drizzly monsoon sleet raincoat",
    storm="storm stormy thunder tempest gale squall lightning thundercloud thunderstorm thundery hail "
    "hailstorm hailstone tornado hurricane typhoon cyclone twister rainstorm lightning-bolt",
    snow="snow snowy snowfall snowing blizzard snowflake flurry snow-covered snowstorm snow-storm "
    "snowfield sleety first-snow",
    fog="fog foggy mist misty haze hazy mistbound smog steam vapour vapor murky smoky",
)

SEASONS = table(
    spring="spring springtime april may blossom cherry-blossom easter springtide easter-egg",
    summer="summer summertime june july august midsummer heatwave heat-wave midsummer-night",
    autumn="autumn autumnal fall october november september harvest halloween pumpkin acorn leaf-fall "
    "falling-leaf autumn-leaf",
    winter="winter wintry december january february snow snowy frost frosty icy frozen ice icicle "
    "hoarfrost christmas skier ski skiing snowboard snowboarder sled sledge sleigh igloo snowman snowball "
    "snowflake blizzard midwinter arctic antarctic polar yule avalanche snowplough snowplow",
)

STYLES = table(
    photographic="photographic photo photograph photorealistic realistic natural documentary clean",
    film="film filmic cinematic film-like cinema 35mm 16mm analogue analog grainy celluloid vintage "
    "retro super8",
    watercolour="watercolour watercolor aquarelle storybook illustration wash picture-book gouache "
    "hand-painted painted-storybook fairytale fairy-tale",
    flat="flat vector minimalist poster cutout paper-cut cartoon papercut comic comic-book origami",
    neon="neon-lit cyberpunk synthwave vaporwave fluorescent neon-glow electric futuristic sci-fi "
    "holographic",
    noir="noir monochrome black-and-white silvery greyscale film-noir",
    painterly="painterly oil impressionist painted painting brushstroke impasto pastel-drawing "
    "oil-painting van-gogh monet",
)

KINDS = table(
    gull="gull seagull tern albatross pelican puffin cormorant",
    bird="bird robin songbird sparrow bluebird finch wren starling lark crow raven magpie blackbird "
    "thrush pigeon dove nightingale goldfinch eagle hawk falcon vulture condor parrot duck duckling drake "
    "swan pheasant partridge woodpecker jay cuckoo canary kingfisher peacock",
    swallow="swallow swift flock geese goose starling-flock heron crane-bird crane stork egret ibis flamingo",
    owl="owl",
    butterfly="butterfly moth dragonfly bee bumblebee ladybird insect wasp beetle",
    sailboat="sailboat sail yacht sloop dinghy schooner lugger sailing-boat ketch catamaran galleon "
    "trimaran sailing-ship sailing-vessel longship",
    rowboat="rowboat canoe dory punt kayak rowing-boat skiff gondola raft rower paper-boat kayaking "
    "rowing canoeing",
    boat="boat trawler fishing-boat tug tugboat barge coble motorboat speedboat houseboat lifeboat riverboat",
    ship="ship ferry liner freighter steamer steamship tanker cruise-ship warship battleship frigate "
    "icebreaker",
    buoy="buoy",
    lighthouse="lighthouse beacon",
    fox="fox vixen",
    wolf="wolf coyote jackal",
    dog="dog hound terrier husky",
    lion="lion",
    lioness="lioness",
    panda="panda",
    **{"polar-bear": "polar-bear ice-bear"},
    deer="deer stag doe fawn roe hind elk moose reindeer antelope gazelle caribou",
    hare="hare rabbit bunny leveret",
    horse="horse pony foal mare stallion zebra donkey mule",
    sheep="sheep lamb ewe goat ram",
    cow="cow cattle bull calf buffalo bison ox yak",
    bear="bear cub",
    hedgehog="hedgehog porcupine",
    badger="badger",
    squirrel="squirrel",
    mouse="mouse vole dormouse rat hamster gerbil shrew",
    cat="cat lynx kitty",
    whale="whale orca humpback killer-whale",
    dolphin="dolphin porpoise",
    shark="shark",
    fish="fish minnow carp herring clownfish angelfish tuna salmon-fish goldfish trout cod pike",
    jellyfish="jellyfish medusa",
    turtle="turtle tortoise",
    ray="manta stingray",
    person="person man woman figure walker pedestrian commuter child traveller stranger couple passer-by "
    "girl boy cyclist shepherd human guy gentleman lady grandmother grandfather grandma grandpa mother "
    "father mum mom dad son daughter brother sister friend family crowd worker farmer fisherman sailor "
    "soldier knight king queen prince princess dancer singer musician artist painter player runner swimmer "
    "skier surfer climber hiker driver passenger rider cowboy chef cook baker waiter teacher student doctor "
    "nurse policeman firefighter postman mechanic priest monk nun bride groom lover baby toddler kid "
    "teenager youth tourist samurai viking wizard witch robot footballer golfer boxer ballerina gardener "
    "skateboarder snowboarder busker team crew audience astronaut barista jogger army legion troop pirate "
    "acrobat juggler clown pilgrim drummer percussionist pianist violinist fiddler cellist guitarist harpist "
    "saxophonist trumpeter flautist flutist accordionist",
    car="car taxi cab van bus sedan vehicle traffic motorbike scooter truck lorry automobile limousine "
    "jeep ambulance tractor minivan convertible",
    train="train locomotive tram subway metro streetcar railcar steam-engine steam-train cable-car",
    lantern="lantern",
    rocket="rocket rocket-launch",
    balloon="balloon air-balloon airship zeppelin blimp",
)
# Of the pictured kinds only those whose words no hand-drawn figure fits as well.
KINDS |= {word: kind for word, kind in PICTURED.items() if word not in {"locomotive", "steam-engine"}}
KINDS |= {**ROLES, **FROGS, "unicorn": "unicorn"}

ACTIONS = table(
    walk="walk stroll wander amble trot pad cross pass tread pace roam step climb hike march waddle "
    "crawl creep trudge tiptoe trek stride limp plod parade",
    run="run race gallop dash bound leap hop chase sprint jump jog skip hunt flee ski skate surf cycle "
    "ride drive hurrying hurried rushing",
    fly="fly glide soar circle wheel flutter hover swoop flap hang-glide parachute",
    swim="swim dive drift-along paddle snorkel plunge submerge breach wade",
    rest="rest sit sleep stand wait lie perch doze nap moored anchored watch still curl pause relax "
    "snooze slumber nestle stare lean kneel squat bask read listen gaze meditate",
    graze="graze eat nibble browse feed sniff drink chew peck munch lick",
    sail="sail float bob cruise row chug",
    dance="dance waltz twirl pirouette",
    wave="wave greet salute",
    work="work knit cook chop paint sew carve hammer sweep mend bake",
    play="play strum drum perform",
    drift="drift roll sway flow ripple pulse swirl melt dissolve",
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
    "dozens": 24,
    "group": 5,
    "crowd": 8,
    "army": 7,
    "legion": 7,
    "troop": 6,
    "audience": 8,
    "family": 4,
    "team": 6,
    "crew": 5,
    "pack": 5,
    "pod": 4,
    "fleet": 5,
    "hundreds": 40,
    "thousands": 60,
}

STOP = frozenset(
    _list(
        "a about above across after again against all almost along already also although always amid among "
        "an and animation another any anybody anyone anything are around as at away back be because been "
        "before behind being below beneath beside between beyond big bit both bottom bright but by calm "
        "camera can cannot center centre clip cold color colour cool could dark deep did do does doing don "
        "done down during each eight either else ever every everyone everything fast few five footage for "
        "four from front full gentle gently get gets getting got great had half has have having he her here "
        "hers herself himself his hot how however huge hurry i if image in inside instead into is it its "
        "itself just kind large least left less let lets light like lit little long look looking looks lots "
        "made make makes many me middle might mine mood more most movement moving much must my myself near "
        "neither never next nine no none nor not nothing now of off old on one only onto or other our ours "
        "ourselves out over own pale palette part past peaceful per perhaps picture quiet quietly quite "
        "rather really right same scene see seen sees serene seven shall she short shot should side since "
        "six slow slowly small so soft softly some somebody someone something sort style such ten than that "
        "the their them then there there's therefore these they thing things this those though three "
        "through tiny to together tone too top toward towards two under up upon us very video view warm was "
        "we were what whatever when whenever where whether which while who whom whose why will with within "
        "without would yet you young your yours yourself "
        "layer leader hoop chain burner gear windscreen bonnet saucer merlon"
    )
)

# Musicians come with what they play.
BRINGS = table(
    drum="drummer percussionist",
    piano="pianist",
    violin="violinist fiddler cellist",
    harp="harpist",
    saxophone="saxophonist",
    trumpet="trumpeter",
    flute="flautist flutist",
    accordion="accordionist",
)
# What holds something else: "a cup of tea" shows tea.
HOLDERS = frozenset(_list("cup mug glass bottle pot slice piece bunch jar pair plate bag box"))
# Colours that are fruit as often.
FRUITS = {
    "orange": "orange",
    "peach": "peach",
    "lime": "lime",
    "olive": "olives",
    "chestnut": "chestnut",
}
# What a plain sentence says of colour; the other names of colours are things as often.
HUES = frozenset(
    _list(
        "red crimson scarlet orange amber yellow pink magenta fuchsia purple violet lilac mauve indigo blue "
        "navy cobalt azure turquoise teal cyan aqua aquamarine green emerald turquoise burgundy maroon sepia "
        "ultramarine terracotta pastel"
    )
)
MELLOW = table(
    mellow="calm dreamy dream dreamlike gentle soft mellow serene peaceful tranquil quiet hushed slow "
    "languid wistful nostalgic melancholy melancholic tender lullaby meditative meditation contemplative "
    "drowsy sleepy nocturnal hazy misty ethereal still restful soothing relaxed relaxing wondering wonder "
    "reverie romantic solemn lonely sad ambient floating timeless lazy"
)
BRISK = table(
    brisk="playful bright lively energetic quick fast brisk exciting excited tense urgent dramatic upbeat "
    "joyful cheerful happy funny comic wild busy bustling frantic dance dancing party thrilling action"
)

LEFT = frozenset({"left", "leftward", "leftwards", "westward"})
RIGHT = frozenset({"right", "rightward", "rightwards", "eastward"})
STILL = frozenset({"still", "calm", "quiet", "glassy", "hushed", "windless"})
WINDY = frozenset(
    {"wind", "windy", "breeze", "breezy", "gust", "gusty", "blustery", "gale", "blowing", "windswept"}
)
SLOW = frozenset(
    _list("slow slowly gentle gently barely subtle unhurried creeping lingering"),
)
FAST = frozenset({"fast", "quick", "swift", "rapid", "whip", "sweeping"})
ABOVE = frozenset({"aerial", "overhead", "drone", "bird's-eye", "above", "flyover"})
