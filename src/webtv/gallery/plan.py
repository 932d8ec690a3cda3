"""The plan: what hangs where, read off the tables of the studio. Nothing is drawn for it."""

from collections import defaultdict
from collections.abc import Callable, Sequence

from webtv.clips.marking import label_of
from webtv.core.errors import InputError
from webtv.gallery.films import Film
from webtv.gallery.graphics import CARDS, Branding, Card, Label, Logo, Titled
from webtv.gallery.prompts import (
    at_times,
    in_seasons,
    in_weathers,
    named,
    place_of,
    plain,
    showpiece,
    word_for,
)
from webtv.gallery.sounds import Piece, Place
from webtv.gallery.specimens import TIMES as PLATES
from webtv.gallery.specimens import Motion, Specimen, action_of
from webtv.gallery.stills import SECONDS, Still
from webtv.gallery.work import Exhibit, Room, Wall
from webtv.prompts.sequence import MusicBrief
from webtv.studio.ports import Media
from webtv.studio.procedural.figures import FIGURES
from webtv.studio.procedural.light import TIMES
from webtv.studio.procedural.music.ambience import LAYERS
from webtv.studio.procedural.music.moods import MOODS
from webtv.studio.procedural.scenes import SCENES
from webtv.studio.procedural.styles import STYLES
from webtv.studio.procedural.words import vocabulary as words

SEED = 7
_COLUMNS = 4
_STYLED = {
    "Lighthouse": "a lighthouse on a cliff by the sea at sunset",
    "Foxes": "two red foxes in a flowering meadow in the morning",
    "Street": "a street in the rain at night with taxis",
    "Lake": "a mountain lake below snowy peaks at dawn",
}
_MOVED = "a lighthouse on a cliff by the sea in the morning, wide shot, {}"
_FRAMED = "a lighthouse on a cliff by the sea in the morning, {} shot, static"
_DIRECTIONS = {
    "pan": ("left", "right"),
    "tilt": ("up", "down"),
    "dolly": ("in", "out"),
    "crane": ("up", "down"),
    "orbit": ("left", "right"),
}
_HOMES = {
    "ground": "On the ground",
    "air": "In the air",
    "water": "On the water",
    "under": "Under water",
    "road": "On the road",
    "thing": "Things",
}
_ACTIONS = {"ground": ("walk", "run"), "road": ("drive",)}
_BRANDS = (
    Branding("Tideline", "#7fb2c9", ("felt piano",)),
    Branding("Night Line", "#e0569b", ("electric pluck",)),
    Branding("Meadow Tales", "#e7b84b", ("flute",)),
)
_MOVING = 4  # kinds whose motion is studied, of each home
_QUICK = 3  # of everything


def plan(only: Sequence[str] = (), *, quick: bool = False) -> tuple[Room, ...]:
    """The rooms of the gallery.

    Args:
        only: keys of rooms; all by default.
        quick: a few exhibits of each kind, for a first look.

    Raises:
        InputError: there is no such room.
    """
    for key in only:
        if key not in ROOMS:
            raise InputError(f"there is no room {key!r}", place="--only", remedy=f"use {', '.join(ROOMS)}")
    return tuple(build(quick) for key, build in ROOMS.items() if not only or key in only)


def _scenes(quick: bool) -> Room:
    families = list(SCENES)[:_QUICK] if quick else list(SCENES)
    return Room(
        "scenes",
        "Scenes",
        "Each family as a finished clip, four moments of the same shot, and the same place in other light, "
        "weather and seasons.",
        tuple(_family(family, quick) for family in families),
    )


def _family(family: str, quick: bool) -> Wall:
    place, text = named(family), showpiece(family)
    stem = f"scenes/{family}"
    exhibits = []
    if place_of(family):  # the clip is made from words alone
        film = Film(stem, text, SEED, 2 if quick else 4)
        exhibits.append(Exhibit(stem, "The finished clip", "film", f"{text}, moving", film, text))
    for n, t in enumerate((0.0, 1.3, 2.6, 3.9)):
        name = f"{stem}-moment-{n + 1}"
        still = Still(name, text, SEED, (t,), family)
        exhibits.append(Exhibit(name, f"{t:g} s", "picture", f"{text}, after {t:g} seconds", still))
    lights = at_times(place, TIMES)
    weathers = in_weathers(place, sorted(set(words.WEATHERS.values()) - {"clear"}))
    seasons = in_seasons(place, sorted(set(words.SEASONS.values())))
    variants = {**lights, **weathers, **seasons}
    if quick:
        variants = {name: variants[name] for name in list(variants)[::5]}
    for name, prompt in variants.items():
        file = f"{stem}-{name}"
        still = Still(file, prompt, SEED, (SECONDS / 2,), family)
        exhibits.append(Exhibit(file, plain(name).capitalize(), "picture", prompt, still, prompt))
    missing = "" if place_of(family) else "No word of the lexicon names this family yet, so there is no clip."
    return Wall(f"scenes-{family}", plain(family).capitalize(), tuple(exhibits), missing, _COLUMNS)


def _subjects(quick: bool) -> Room:
    homes: defaultdict[str, list[str]] = defaultdict(list)
    for kind, figure in FIGURES.items():
        homes[figure.home].append(kind)
    order = [home for home in _HOMES if home in homes] + sorted(homes.keys() - _HOMES.keys())
    walls = []
    for home in order:
        kinds = homes[home][:_QUICK] if quick else homes[home]
        walls.append(_home(home, kinds))
        moving = [kind for kind in homes[home] if FIGURES[kind].speed > 0][: 1 if quick else _MOVING]
        if moving:
            walls.append(_motions(home, moving))
    return Room(
        "subjects",
        "Subjects",
        f"Every kind that a prompt can cast, {' and '.join(f'by {time}' for time in PLATES)}, each as large "
        "as its plate. In a picture they have their own size, stand in the scene's light and move as their "
        "kind moves.",
        tuple(walls),
    )


def _home(home: str, kinds: Sequence[str]) -> Wall:
    exhibits = []
    for kind in kinds:
        name = f"subjects/{kind}"
        alt = f"{plain(kind)}, by day and by night"
        exhibits.append(Exhibit(name, plain(kind), "picture", alt, Specimen(name, kind)))
    return Wall(f"subjects-{home}", _HOMES.get(home, plain(home).capitalize()), tuple(exhibits), "", 6)


def _motions(home: str, kinds: Sequence[str]) -> Wall:
    exhibits = []
    for kind in kinds:
        for action in _ACTIONS.get(home, (action_of(kind),)):
            name = f"subjects/motion-{kind}-{action}"
            title = f"{plain(kind)}: {action}"
            work = Motion(name, kind, action)
            exhibits.append(Exhibit(name, title, "strip", f"{title}, six moments", work))
    title = f"{_HOMES.get(home, plain(home).capitalize())}, in motion"
    return Wall(f"motion-{home}", title, tuple(exhibits))


def _styles(quick: bool) -> Room:
    walls = []
    for style in STYLES:
        exhibits = []
        for title, base in list(_STYLED.items())[: 1 if quick else None]:
            text = word_for(words.STYLES, style, f"{base}, {{}}", "style")
            name = f"styles/{style}-{title.lower()}"
            still = Still(name, text, SEED, (SECONDS / 2,), "", style)
            exhibits.append(Exhibit(name, title, "picture", text, still, text))
        walls.append(Wall(f"styles-{style}", plain(style).capitalize(), tuple(exhibits), "", _COLUMNS))
    lead = "The same four prompts with the same seeds in every style: place and light stay, the hand changes."
    return Room("styles", "Styles", lead, tuple(walls))


def _camera(quick: bool) -> Room:
    moves = list(dict.fromkeys(words.MOVES.values()))
    exhibits = []
    for move in moves[:_QUICK] if quick else moves:
        for direction in _DIRECTIONS.get(move, ("",)):
            asked = f"{move} {direction}".strip()
            text = _MOVED.format(asked)
            name = f"camera/{asked.replace(' ', '-')}"
            still = Still(name, text, SEED, (0.0, SECONDS / 2, SECONDS - 0.1), size=(480, 270))
            alt = f"start, middle and end of a shot: {asked}"
            exhibits.append(Exhibit(name, asked.capitalize(), "strip", alt, still, text))
    framings = [_framing(framing) for framing in dict.fromkeys(words.FRAMINGS.values()) if not quick]
    walls = [Wall("camera-moves", "Moves", tuple(exhibits), "Start, middle and end of four seconds.")]
    if framings:
        walls.append(Wall("camera-framings", "Framings", tuple(framings), "One place, nearer and nearer."))
    lead = "The camera follows the words: a pan to the left moves the picture to the right."
    return Room("camera", "Camera", lead, tuple(walls))


def _framing(framing: str) -> Exhibit:
    found = [word for word, each in words.FRAMINGS.items() if each == framing]
    text = _FRAMED.format(plain(found[0] if found else framing))
    name = f"camera/framing-{framing}"
    still = Still(name, text, SEED, (SECONDS / 2,))
    return Exhibit(name, framing.capitalize(), "picture", text, still, text)


def _moods(quick: bool) -> Room:
    seconds = 8 if quick else 20
    moods, layers = (list(table)[: _QUICK if quick else None] for table in (MOODS, LAYERS))
    pieces = []
    for mood in moods:
        name = f"moods/{mood}"
        brief = MusicBrief(mood, round(sum(MOODS[mood].tempi) / 2), ())
        asked = f"{mood}, {brief.tempo} beats a minute, instruments left open"
        pieces.append(
            Exhibit(
                name, mood.capitalize(), "sound", f"Music: {mood}", Piece(name, brief, seconds, SEED), asked
            )
        )
    places = []
    for layer in layers:
        name = f"moods/ambience-{layer}"
        work = Place(name, layer, seconds, SEED)
        title = plain(layer).capitalize()
        places.append(Exhibit(name, title, "sound", f"The sound of {plain(layer)}", work))
    lead = (
        "One piece in each mood, composed and played by the station, with the picture of its sound: time "
        "runs to the right, pitch upwards. Under music, ambience is far softer than here."
    )
    return Room(
        "moods",
        "Moods",
        lead,
        (
            Wall("moods-music", "Music", tuple(pieces)),
            Wall("moods-ambience", "Ambience", tuple(places)),
        ),
    )


def _graphics(quick: bool) -> Room:
    clips = []
    for number, card in enumerate(list(CARDS)[:1] if quick else CARDS):
        brand, name = _BRANDS[number % len(_BRANDS)], f"graphics/{card}"
        clips.append(_clip(name, plain(card).capitalize(), brand, Card(name, card, brand)))
    name = "graphics/lower-third"
    if not quick:
        clips.append(_clip(name, "Lower third", _BRANDS[0], Titled(name, _BRANDS[0])))
    logos = []
    for brand in _BRANDS:
        name = f"graphics/mark-{brand.name.lower().replace(' ', '-')}"
        logos.append(Exhibit(name, brand.name, "picture", f"The mark of {brand.name}", Logo(name, brand)))
    labels = []
    for number, media in enumerate(Media):
        name = f"graphics/label-{number + 1}"
        title = label_of(media)
        labels.append(
            Exhibit(name, title, "picture", f"The label {title}", Label(name, media, _BRANDS[number]))
        )
    note = "A mark follows from its channel's name and colour; nobody has to draw one."
    walls = [
        *clips,
        Wall("graphics-marks", "Marks", tuple(logos), note),
        Wall("graphics-labels", "Labels", tuple(labels), "Every clip says how its pictures came about."),
    ]
    lead = "What the station shows of itself, in the colour of each channel. Every card carries the label."
    return Room("graphics", "Station graphics", lead, tuple(walls))


def _clip(name: str, title: str, brand: Branding, work: Card | Titled) -> Wall:
    exhibit = Exhibit(name, title, "film", f"{title} of {brand.name}", work, f"{title} of {brand.name}")
    return Wall(f"graphics-{name.rpartition('/')[2]}", title, (exhibit,))


ROOMS: dict[str, Callable[[bool], Room]] = {
    "scenes": _scenes,
    "subjects": _subjects,
    "styles": _styles,
    "camera": _camera,
    "moods": _moods,
    "graphics": _graphics,
}
