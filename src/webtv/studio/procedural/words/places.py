"""Where things are: which words name a place, hint at one, or name what stands in it.

Words are stems (see :func:`webtv.studio.procedural.words.forms.stem`); ``golden-hour`` is two words in a row.
"""

from webtv.studio.procedural.figures.kinds import WORDS, kinds
from webtv.studio.procedural.figures.people import HOMES as OF_PEOPLE
from webtv.studio.procedural.words.forms import table

FAMILIES = table(
    train="locomotive steam-engine railcar train railway carriage compartment viaduct rail railroad "
    "commuter platform station monorail railroad-track train-track rail-track tunnel "
    "steam-train train-station railway-station signal-box sleeper",
    space="rocket space galaxy nebula planet star cosmos comet orbit asteroid milky constellation "
    "astronaut universe moonrise saturn moon-surface lunar-surface lunar mars jupiter venus "
    "solar-system space-station alien observatory astronomer meteor meteorite meteoroid "
    "shooting-star black-hole supernova milky-way rocket-launch outer-space deep-space "
    "stardust zodiac eclipse interstellar starfield",
    mountains="cable-car mountain peak ridge alp alpine summit valley lake glacier tarn crag highland "
    "massif loch reservoir mount lava crater ravine cascade rapid mountainside mountaintop "
    "foothill plateau mountain-pass mountain-road hiker climber mountaineer geyser hot-spring "
    "fiord river-valley wizard cave cavern quarry mine eruption ski skiing snowboard "
    "ski-slope avalanche volcano waterfall",
    coast="sea ocean coast shore beach tide wave surf lighthouse harbour harbor bay cliff seaside "
    "shoreline island tideline pier cove gull seagull sailboat sail yacht coastal jetty fjord "
    "breaker swell headland lagoon boat ship trawler buoy lugger dinghy dory skerry estuary "
    "marina horizon causeway quay breakwater water-front seafront waterfront wharf port "
    "seaport boardwalk promenade atoll islet archipelago peninsula cape strait fisherman "
    "sailor surfboard surfing pelican puffin driftwood sandcastle lifeguard rockpool "
    "tide-pool sandbank sea-stack regatta shipyard boatyard dock sail-boat bikini seascape "
    "sailing fishing-village beachside pirate",
    underwater="underwater reef coral kelp seabed jellyfish whale shoal fish submarine dolphin turtle "
    "aquarium seaweed undersea ray manta seahorse shark anemone diver bubble shipwreck "
    "sea-floor ocean-floor seafloor scuba snorkel snorkeller starfish eel plankton abyss "
    "trench deep-sea anglerfish wreck sunken shipwrecked deep-ocean deep-water ocean-depth",
    city="city street skyscraper skyline neon downtown alley taxi crosswalk tram avenue pavement "
    "metropolis rooftop urban traffic pedestrian sidewalk plaza billboard car boulevard "
    "umbrella tower lamppost underpass storefront shopfront arcade puddle asphalt kerb "
    "intersection kiosk market overpass expressway streetlight streetlamp vending town office "
    "hotel shop store mall supermarket bazaar stall subway metro underground-station motorway "
    "highway freeway flyover suburb suburban district neighbourhood neighborhood police "
    "traffic-light rush-hour billboards cinema museum school hospital factory warehouse "
    "stadium arena playground skateboarder graffiti construction gondola statue monument "
    "townhouse apartment balcony terrace stair staircase courtyard busker parade festival "
    "carnival airport runway chinatown ghetto slum street-crossing city-crossing "
    "pedestrian-crossing zebra-crossing gas-station petrol-station parking-lot car-park "
    "road-works gutter drain chimney-pot gas-lamp street-lamp robot cityscape townscape "
    "signpost cobblestone old-town",
    rain_window="window windowpane pane droplet raindrop condensation bokeh windowpanes raindrops skylight",
    meadow="meadow field grass flower pasture hill hillside prairie wildflower butterfly hare rabbit "
    "sheep poppy countryside farm daisy horse cow lamb orchard heath moor hedgerow lawn "
    "garden hedge dandelion fox deer hedgehog badger mouse picnic village-green barley wheat "
    "paddock stile squirrel bear stream brook burrow warren bluebell cottage beehive thistle "
    "foal cat dog hay haystack buttercup park plain steppe grassland field-path farmland "
    "farmer farmyard barn cattle ranch cowboy vineyard paddy plantation lavender wildlife "
    "cornfield corn crop scarecrow plough windmill mill pond marsh swamp wetland bog fen "
    "village-church church chapel churchyard cemetery graveyard donkey mule frog toad golf "
    "country-road country-lane country-house dirt-road gravel-road footpath football "
    "footballer soccer rugby cricket-match playing-field running-track yard backyard "
    "flower-bed allotment greenhouse shire county tennis emu flowering soap-bubble",
    forest="forest wood woodland tree pine oak fern moss glade grove owl firefly trunk canopy "
    "thicket redwood undergrowth bracken beech fir spruce leaf branch twig root camp ivy vine "
    "lichen acorn conifer willow maple ash-tree elm cedar cypress sequoia cherry-tree "
    "cherry-blossom slug spiderweb spider-web web cobweb woodpecker elf gnome wilderness "
    "taiga woodcutter lumberjack treehouse bamboo jungle rainforest birch",
    snow="village chalet cabin sleigh hamlet snowfield igloo chimney winter-village husky ice-rink "
    "ice-skater igloos snowball christmas",
    aurora="aurora borealis northern-light polar-light polar-lights southern-light northern-lights",
    abstract="abstract ink geometry pattern shape kaleidoscope swirl fractal smoke marble ribbon "
    "abstraction geometric geometrical triangle hexagon spiral vortex kaleidoscopic "
    "psychedelic surreal particle liquid fluid waveform gradient tessellation paint-drop blob "
    "mandala weave woven bauhaus orb papercut contour mosaic metaball lava-lamp",
    interior="kitchen bedroom library attic loft garret parlour workshop classroom gym restaurant "
    "bakery pub bistro tavern indoors indoor interior room living-room dining-room bathroom "
    "cellar pantry café cafe coffee-shop tea-room bookshop study atelier fireside fireplace "
    "still-life windowsill window-sill window-seat window-ledge",
    hall="theatre theater opera opera-house concert-hall auditorium ballroom symphony quartet "
    "cabaret nightclub jazz-club disco recital musical proscenium footlight spotlight circus "
    "big-top circus-ring trapeze",
    desert="desert oasis pyramid sphinx canyon butte mesa gorge savanna savannah antelope badlands "
    "sahara caravan acacia outback wadi safari arroyo lion lioness ostrich dune",
    castle="castle fortress ruin temple monastery pagoda knight palace citadel chateau keep moat "
    "drawbridge battlement turret taj-mahal abbey-ruin mosque abbey",
    skies="cloudscape skyscape cloud-sea air-balloon stratosphere",
    ice="iceberg polar arctic antarctic antarctica ice-floe floe pack-ice polar-bear icebreaker "
    "ice-sheet floes ice-shelf narwhal tundra",
)

# Things that a place is full of: they tell the place only when nothing else does.
HINTS = table(
    city="door wall screen shopping crowd building bridge",
    meadow="bird bench fence gate house path road rain storm wind sun sunbeam sunset sunrise morning "
    "dew soil picnic-basket hammock river landscape autumn summer spring",
    forest="fire acorn bough bark clearing",
    coast="water salt rope net",
    mountains="rock stone snowcap echo pebble",
    snow="snow ice icicle frost blizzard snowflake winter snowy",
    space="moon night-sky",
    interior="studio hearth stove oven desk table curtain plate breakfast supper dinner bar lamp food "
    "dough blackboard counter shelf",
    hall="hall stage concert band instrument music orchestra choir applause",
    skies="sky cloud rainbow thundercloud cumulus anvil glider flying-carpet airship zeppelin",
    desert="sand",
    rain_window="glass",
)

# Things of a place that its scene draws.
EXTRAS = table(
    lighthouse="lighthouse beacon",
    beach="beach sand shore surf tideline seashell sandcastle sandbank shell",
    cliff="cliff headland crag bluff cliff-top clifftop",
    harbour="harbour harbor quay marina breakwater wharf dock port seaport boatyard waterfront",
    pier="pier jetty boardwalk",
    moon="moon moonlit moonlight crescent lunar full-moon",
    aurora="aurora borealis northern-light",
    flower="flower wildflower cherry-blossom daisy blossom bluebell buttercup sunflower daffodil orchid lily",
    poppies="poppy",
    tulips="tulip",
    lavender="lavender",
    leaf="leaf leaves falling-leaf",
    firefly="firefly glow-worm",
    lake="lake tarn loch reservoir pond",
    skyline="skyline rooftop skyscraper panorama tower canal metropolis city-light elevated",
    bridge="bridge",
    stream="river stream brook creek rivulet",
    street="street avenue crosswalk pavement sidewalk taxi pedestrian traffic puddle kerb shop "
    "storefront shopfront road highway motorway bus bicycle truck lorry puddles road-side "
    "roadside graffiti stair gutter street-crossing city-crossing pedestrian-crossing "
    "zebra-crossing",
    alley="alley lane backstreet",
    market="market bazaar stall",
    umbrella="umbrella",
    village="village hamlet chalet cottage cabin house church chapel hut homestead",
    farm="farm farmhouse barn farmyard ranch",
    windmill="windmill mill",
    fern="fern bracken",
    mushroom="mushroom toadstool fungus",
    kelp="kelp seaweed",
    coral="coral reef anemone",
    whale="whale",
    planet="saturn jupiter mars venus planet",
    moonscape="moon-surface lunar-surface earthrise",
    comet="comet meteor meteorite shooting-star",
    kitchen="kitchen stove oven kettle saucepan cooker pantry bakery supper",
    study="study library bookshelf bookcase archive bookshop",
    fire="fireplace fireside hearth",
    cafe="café cafe bar pub bistro restaurant tavern coffee-shop tea-room",
    workshop="workshop garage atelier shed",
    attic="attic loft garret",
    plain="living-room bedroom parlour dining-room",
    club="nightclub club jazz-club jazz disco cabaret",
    circus="circus big-top acrobat clown juggler ringmaster trapeze",
    smoke="incense smoke",
    geometry="geometry geometric geometrical triangle hexagon polygon tessellation bauhaus",
    ribbons="ribbon silk",
    particles="particle spark",
    waves="waveform sine",
    weave="weave woven thread textile fabric loom tartan",
    kaleidoscope="kaleidoscope kaleidoscopic mandala mosaic psychedelic stained-glass",
    marble="marble agate",
    papercut="papercut paper-cut contour topography",
    liquid="liquid fluid blob lava-lamp paint-drop metaball",
    orbs="orb sphere",
    abyss="abyss abyssal trench deep-sea anglerfish bioluminescent deep-ocean",
    wreck="shipwreck wreck shipwrecked sunken",
    galaxy="galaxy milky-way spiral-galaxy",
    nebula="nebula stardust supernova",
    asteroid="asteroid meteoroid",
    earth="earth globe",
    viaduct="viaduct",
    garden="garden",
    ink="ink",
    canyon="canyon butte mesa gorge badlands arroyo",
    savanna="savanna savannah safari acacia elephant giraffe rhinoceros zebra lion lioness",
    oasis="oasis date-palm",
    palm="palm palm-tree coconut tropical",
    cactus="cactus saguaro",
    pyramid="pyramid sphinx",
    temple="temple pagoda shrine monastery",
    ruin="ruin abbey ruined-castle",
    palace="palace taj-mahal mosque",
    rainbow="rainbow",
    moat="moat",
    pool="reflecting-pool",
    jungle="jungle rainforest tropic liana",
    bamboo="bamboo",
    birch="birch",
    pine="pine fir spruce conifer",
    volcano="volcano crater lava eruption",
    waterfall="waterfall cascade",
    oldtown="old-town cobblestone",
    vineyard="vineyard vine",
    wheat="wheat barley rye grain",
    corn="corn cornfield maize",
    paddy="paddy rice-field",
    orchard="orchard",
    heath="heath moor heather",
    tree="tree oak lone-tree",
)

# Where a subject lives when the words name no place.
HOMES = {
    "lion": "desert",
    "lioness": "desert",
    "polar-bear": "ice",
    "panda": "forest",
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
    "train": "train",
    "owl": "forest",
    "balloon": "skies",
    "frog": "meadow",
    "unicorn": "forest",
}
# Village words: under snow a village of its own, else houses in a meadow.
VILLAGE = frozenset(["cabin", "chalet", "chimney", "church", "cottage", "hamlet", "house", "town", "village"])
SNOWY = frozenset(
    ["blizzard", "christmas", "snow", "snowfall", "snowflake", "snowstorm", "snowy", "winter", "wintry"]
)

# Pictured subjects know where they live; the living tell the place as well as its own words do.
_ROWS = kinds()
_LOOSE = {name for name, row in _ROWS.items() if row.home == "thing" or row.family == "abstract"}
_OF_THINGS = {word: _ROWS[kind].family for word, kind in WORDS.items() if kind in _LOOSE}
_OF_OTHERS = {word: _ROWS[kind].family for word, kind in WORDS.items() if word not in _OF_THINGS}
FAMILIES = {**_OF_OTHERS, **FAMILIES}
HINTS = {**{word: family for word, family in _OF_THINGS.items() if word not in FAMILIES}, **HINTS}
HOMES = {**OF_PEOPLE, **{name: row.family for name, row in _ROWS.items()}, **HOMES}
