"""The words that the lexicon knows, as plain tables: word -> meaning.

Words are stems (see :func:`webtv.studio.procedural.forms.stem`); ``golden-hour`` is two words in a row.
"""


def _list(text: str) -> list[str]:
    return text.split()


def table(**groups: str) -> dict[str, str]:
    """``meaning="word word"`` turned into word -> meaning."""
    return {word: meaning for meaning, words in groups.items() for word in words.split()}


FAMILIES = table(
    coast="sea ocean coast shore beach tide wave surf lighthouse harbour harbor bay cliff seaside "
    "shoreline island tideline pier dune cove gull seagull sailboat sail yacht coastal jetty fjord breaker "
    "swell headland lagoon boat ship trawler ferry buoy lugger dinghy dory skerry estuary marina horizon "
    "causeway quay breakwater water-front seafront waterfront wharf port seaport boardwalk promenade atoll "
    "islet archipelago peninsula cape strait fisherman sailor surfer surfboard surfing seal walrus penguin "
    "pelican puffin crab seashell shell driftwood sandcastle lifeguard rockpool tide-pool sandbank "
    "sea-stack regatta shipyard boatyard dock sail-boat bikini steamship shipwrecked iceberg sea-lion "
    "mermaid seascape lobster sailing fishing-village beachside pirate",
    underwater="underwater reef coral kelp seabed jellyfish whale shoal fish submarine dolphin turtle "
    "octopus aquarium seaweed undersea ray manta seahorse shark anemone diver bubble shipwreck sea-floor "
    "ocean-floor seafloor scuba snorkel snorkeller squid starfish clownfish eel plankton",
    city="city street skyscraper skyline neon downtown alley taxi crosswalk tram avenue pavement "
    "metropolis rooftop urban traffic pedestrian sidewalk plaza billboard car boulevard cyclist umbrella "
    "tower lamppost bridge underpass storefront shopfront arcade bus motorbike scooter puddle asphalt kerb "
    "intersection noodle kiosk market overpass expressway lamp streetlight streetlamp vending phone town "
    "office hotel shop store mall supermarket bazaar stall subway metro underground-station motorway "
    "highway freeway flyover suburb suburban district neighbourhood neighborhood bicycle bike truck lorry "
    "ambulance fire-engine police traffic-light rush-hour billboards cinema theatre theater opera "
    "opera-house museum school hospital factory warehouse stadium arena playground basketball skateboard "
    "skateboarder graffiti construction mosque gondola fountain statue monument townhouse apartment balcony "
    "terrace stair staircase courtyard busker parade festival carnival nightclub disco airport runway "
    "chinatown ghetto slum street-crossing city-crossing pedestrian-crossing zebra-crossing gas-station "
    "petrol-station parking-lot car-park road-works gutter drain chimney-pot gas-lamp street-lamp robot "
    "cityscape townscape signpost",
    rain_window="window windowpane pane droplet raindrop condensation glass café cafe bokeh windowsill "
    "windowpanes raindrops window-seat window-sill window-ledge skylight kitchen bedroom library attic "
    "parlour workshop classroom gym restaurant bakery pub indoors indoor interior room living-room bathroom "
    "cellar",
    train="train railway carriage locomotive compartment viaduct rail railroad commuter platform station "
    "monorail railcar railroad-track train-track rail-track tunnel steam-engine steam-train train-station "
    "railway-station signal-box sleeper",
    meadow="meadow field grass flower pasture hill hillside prairie wildflower butterfly hare rabbit "
    "sheep clover poppy countryside farm daisy horse cow goat lamb spring orchard heath moor hedgerow lawn "
    "garden hedge dandelion bee fox deer hedgehog badger mouse picnic kite village-green barley wheat "
    "paddock stile squirrel bear stream brook burrow warren bluebell cottage beehive thistle foal cat dog "
    "hay haystack buttercup park plain savanna savannah steppe grassland field-path farmland farmer "
    "farmyard barn cattle ranch cowboy vineyard paddy plantation lavender sunflower tulip wildlife "
    "cornfield corn crop scarecrow tractor plough windmill mill pond marsh swamp wetland bog fen "
    "village-church church chapel churchyard cemetery graveyard rooster hen chicken turkey duckling pig "
    "piglet donkey mule llama alpaca elephant giraffe rhinoceros hippopotamus lion zebra buffalo bison "
    "antelope kangaroo ant grasshopper frog toad golf golfer country-road country-lane country-house "
    "dirt-road gravel-road footpath football footballer soccer rugby cricket-match playing-field "
    "running-track yard backyard balloon airship flower-bed allotment greenhouse shire county tennis "
    "ostrich emu flowering peacock",
    forest="forest wood woodland tree pine oak birch fern moss glade grove owl firefly trunk canopy "
    "thicket jungle redwood undergrowth bracken toadstool mushroom beech fir spruce rainforest leaf branch "
    "twig root log campfire camp tent ivy vine lichen acorn conifer willow maple ash-tree elm cedar cypress "
    "sequoia bamboo cherry-tree cherry-blossom monkey ape gorilla orangutan sloth chameleon snake lizard "
    "snail slug spider spiderweb spider-web web cobweb woodpecker elf fairy gnome wilderness taiga "
    "woodcutter lumberjack treehouse parrot toucan jaguar palm-tree",
    mountains="mountain peak ridge alp alpine summit valley lake glacier tarn crag highland canyon "
    "massif loch reservoir waterfall mount castle fortress ruin volcano lava crater gorge ravine cascade "
    "rapid mountainside mountaintop foothill plateau mesa butte desert oasis camel pyramid sphinx temple "
    "monastery pagoda mountain-pass mountain-road hiker climber mountaineer eagle condor vulture geyser "
    "hot-spring fiord river-valley knight dragon wizard cave cavern quarry mine eruption skier ski skiing "
    "snowboard ski-lift ski-slope polar arctic antarctic antarctica tundra avalanche",
    snow="snowman village chalet cabin sleigh hamlet snowy snowfield sled igloo chimney winter-village "
    "snowboarder sledge husky ice-rink ice-skater igloos snowball christmas christmas-tree",
    space="space galaxy nebula planet star cosmos comet orbit asteroid milky constellation spaceship "
    "astronaut satellite rocket universe moonrise saturn moon-surface lunar-surface lunar mars jupiter "
    "venus solar-system spacecraft space-station space-shuttle starship alien ufo telescope observatory "
    "astronomer meteor meteorite meteoroid shooting-star black-hole supernova milky-way rocket-launch "
    "outer-space deep-space stardust zodiac eclipse interstellar starfield",
    aurora="aurora borealis northern-light polar-light polar-lights southern-light northern-lights",
    abstract="abstract ink geometry pattern shape kaleidoscope swirl fractal smoke marble ribbon "
    "abstraction geometric geometrical triangle hexagon spiral vortex kaleidoscopic mosaic mandala "
    "psychedelic surreal particle liquid fluid waveform gradient tessellation paint-drop blob",
)

# Things that a place is full of: they tell the place only when nothing else does.
HINTS = table(
    rain_window="study studio hall sofa armchair fireplace hearth stove oven kettle candle book desk "
    "piano table chair bed curtain tea coffee cup mug bowl plate bread cake soup breakfast supper dinner "
    "bar cappuccino clock ramen croissant violin cello guitar drum instrument music concert lamp milk food "
    "dough blackboard counter shelf",
    city="door wall stage concert band screen shopping crowd building",
    meadow="sky cloud bird bench fence gate house path road rain storm wind sun sunbeam sunset sunrise "
    "morning dew soil nest egg basket picnic-basket hammock river landscape airplane aeroplane plane "
    "aircraft helicopter rainbow autumn spring summer",
    forest="fire acorn bough bark clearing",
    coast="water sand salt anchor rope net",
    mountains="rock stone boulder snowcap echo pebble",
    snow="snow ice icicle frost blizzard snowflake winter",
    space="moon night-sky",
)

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
    wolf="wolf dog hound puppy coyote jackal husky poodle terrier",
    deer="deer stag doe fawn roe hind elk moose reindeer antelope gazelle caribou",
    hare="hare rabbit bunny leveret",
    horse="horse pony foal mare stallion zebra donkey mule",
    sheep="sheep lamb ewe goat ram",
    cow="cow cattle bull calf buffalo bison ox yak",
    bear="bear cub panda",
    hedgehog="hedgehog porcupine",
    badger="badger",
    squirrel="squirrel",
    mouse="mouse vole dormouse rat hamster gerbil shrew",
    cat="cat kitten lynx kitty lion lioness tiger leopard panther cheetah puma cougar jaguar",
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
    "acrobat juggler clown pilgrim",
    car="car taxi cab van bus sedan vehicle traffic motorbike scooter truck lorry automobile limousine "
    "jeep ambulance tractor minivan convertible",
    train="train locomotive tram subway metro streetcar railcar steam-engine steam-train cable-car",
    balloon="balloon kite airship zeppelin blimp",
)

ACTIONS = table(
    walk="walk stroll wander amble trot pad cross pass tread pace roam step climb hike march waddle "
    "crawl creep trudge dance waltz tiptoe trek stride limp plod parade",
    run="run race gallop dash bound leap hop chase sprint jump jog skip hunt flee ski skate surf cycle "
    "ride drive hurrying hurried rushing",
    fly="fly glide soar circle wheel flutter hover swoop flap hang-glide parachute",
    swim="swim dive drift-along paddle snorkel plunge submerge breach wade",
    rest="rest sit sleep stand wait lie perch doze nap moored anchored watch still curl pause relax "
    "snooze slumber nestle stare lean kneel squat bask read listen gaze meditate",
    graze="graze eat nibble browse feed sniff drink chew peck munch lick",
    sail="sail float bob cruise row chug",
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

EXTRAS = table(
    lighthouse="lighthouse beacon",
    beach="beach sand shore surf tideline dune seashell sandcastle sandbank shell",
    cliff="cliff headland crag bluff cliff-top clifftop",
    harbour="harbour harbor pier quay jetty marina breakwater wharf dock port seaport boatyard waterfront",
    moon="moon moonlit moonlight crescent lunar full-moon",
    aurora="aurora borealis northern-light",
    flower="flower wildflower cherry-blossom poppy daisy blossom bluebell buttercup tulip lavender "
    "sunflower daffodil orchid lily",
    leaf="leaf leaves falling-leaf",
    firefly="firefly glow-worm",
    lake="lake tarn loch reservoir pond",
    skyline="skyline rooftop skyscraper bridge panorama river tower canal metropolis city-light elevated",
    street="street alley avenue crosswalk pavement sidewalk taxi pedestrian traffic puddle lane kerb "
    "shop storefront market umbrella shopfront bazaar stall road highway motorway bus bicycle truck lorry "
    "puddles road-side roadside graffiti stair gutter street-crossing city-crossing pedestrian-crossing "
    "zebra-crossing",
    village="village hamlet chalet cottage cabin house farm farmhouse church chapel hut barn farmyard "
    "windmill homestead",
    stream="stream brook river creek rivulet",
    fern="fern bracken",
    mushroom="mushroom toadstool fungus",
    kelp="kelp seaweed",
    coral="coral reef anemone",
    whale="whale",
    planet="planet saturn jupiter mars venus moon-surface",
    comet="comet meteor meteorite shooting-star",
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
        "hers herself himself his how however huge hurry i if image in inside instead into is it it's its "
        "itself just kind large least left less let lets light like lit little long look looking looks lots "
        "made make makes many me middle might mine mood more most movement moving much must my myself near "
        "neither never next nine no none nor not nothing now of off old on one only onto or other our ours "
        "ourselves out over own pale palette part past peaceful per perhaps picture quiet quietly quite "
        "rather really right same scene see seen sees serene seven shall she short shot should side since "
        "six slow slowly small so soft softly some somebody someone something sort style such ten than that "
        "the their them then there there's therefore these they thing things this those though three "
        "through tiny to together tone too top toward towards two under up upon us very video view warm was "
        "we were what whatever when whenever where whether which while who whom whose why will with within "
        "without would yet you young your yours yourself"
    )
)

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

# Where a subject lives when the words name no place.
HOMES = {
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
# Village words: under snow a village of its own, else houses in a meadow.
VILLAGE = frozenset({"village", "hamlet", "chalet", "cottage", "house", "church", "town", "cabin", "chimney"})
SNOWY = frozenset(
    {"snow", "snowy", "snowfall", "winter", "wintry", "christmas", "blizzard", "snowflake", "snowstorm"}
)
