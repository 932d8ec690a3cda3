"""The small gallery: contact sheets and one page for the documentation, made by the same works."""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from webtv.core.errors import ConfigError
from webtv.core.files import write_atomically
from webtv.gallery.hanging import exhibits_of, hang
from webtv.gallery.images import load, save, sheet
from webtv.gallery.opening import Opened
from webtv.gallery.plan import plan
from webtv.gallery.work import Exhibit, Made, Room
from webtv.studio.ports import Picture

_LIGHTS = ("day", "golden", "night", "rain")
_QUALITY = 72


def write_docs(docs: Path, tell: Callable[[str], None]) -> Opened:
    """Write ``gallery.md`` and its contact sheets.

    Args:
        docs: the folder of the documentation.
        tell: hears of progress, a line at a time.

    Raises:
        ConfigError: there is no such folder.
        OSError: the disk says so.
    """
    began = time.monotonic()
    if not docs.is_dir():
        raise ConfigError("there is no such folder", place=str(docs), remedy="name the folder of the docs")
    rooms = {room.key: room for room in plan(("scenes", "subjects", "styles", "camera", "moods", "graphics"))}
    chosen = {key: _chosen(room) for key, room in rooms.items()}
    exhibits = [exhibit for each in chosen.values() for exhibit in each]
    with tempfile.TemporaryDirectory(prefix="webtv-gallery-") as scratch:
        folder = Path(scratch)
        made = hang(exhibits, folder, tell)

        def pictures(key: str, which: int = 0) -> list[Picture]:
            return [load(folder / file) for each in chosen[key] for file in _shown(made[each.name], which)]

        sheets = {
            "scenes": sheet(pictures("scenes"), len(_LIGHTS), 960, 4),
            "subjects": sheet([_by_day(each) for each in pictures("subjects")], 14, 1200, 4),
            "styles": sheet(pictures("styles"), 4, 960, 4),
            "camera": sheet(pictures("camera"), 2, 1200, 8),
            "moods": sheet(pictures("moods", 1), 3, 1080, 6),
            "graphics": sheet(pictures("graphics", 2), 1, 960, 6),
        }
    (docs / "gallery").mkdir(exist_ok=True)
    for key, picture in sheets.items():
        save(docs / "gallery" / f"{key}.webp", picture, _QUALITY)
    page = docs / "gallery.md"
    write_atomically(page, _page(rooms, chosen).encode(), durable=False)
    refused = tuple(name for name, each in made.items() if each.refused)
    return Opened(page, len(exhibits), refused, time.monotonic() - began)


def _chosen(room: Room) -> list[Exhibit]:
    every = exhibits_of([room])
    if room.key == "scenes":
        return [
            exhibit
            for wall in room.walls
            for light in _LIGHTS
            for exhibit in wall.exhibits
            if exhibit.name.endswith(f"-{light}")
        ]
    if room.key == "subjects":
        return [exhibit for exhibit in every if exhibit.medium == "picture"]
    if room.key == "camera":
        return [exhibit for exhibit in every if exhibit.medium == "strip"]
    if room.key == "graphics":
        return [exhibit for exhibit in every if exhibit.medium == "film"]
    return every


def _shown(made: Made, which: int) -> tuple[str, ...]:
    return made.files[which : which + 1]


def _by_day(picture: Picture) -> Picture:
    return picture[:, : picture.shape[1] // 2]


def _page(rooms: dict[str, Room], chosen: dict[str, list[Exhibit]]) -> str:
    families = [wall.title.lower() for wall in rooms["scenes"].walls]
    styles = [wall.title.lower() for wall in rooms["styles"].walls]
    moods, ambiences = ([each.title.lower() for each in wall.exhibits] for wall in rooms["moods"].walls)
    prompts = [each.asked.rpartition(", ")[0] for each in rooms["styles"].walls[0].exhibits]
    cards = [each.title.lower() for each in chosen["graphics"]]
    return f"""# Gallery

What the embedded studio can draw, play and show. Everything is algorithmic: no camera, no model, no samples.
This page and its sheets are written by `webtv gallery --docs docs`; the large one, with clips, players, and
the prompt and what was understood beside each picture, by

```
webtv gallery -o DIR [--only scenes,subjects,styles,camera,moods,graphics] [--quick]
```

and then `DIR/index.html`, which needs no server. Seeds are fixed: the same version makes the same pictures.

## Scenes

{len(families)} families, each at midday, at golden hour, at night and in the rain. From top to bottom:
{", ".join(families)}.

![Contact sheet of all scene families](gallery/scenes.webp)

## Subjects

{len(chosen["subjects"])} kinds, each as large as its plate. In a picture they have their own size, stand in
the scene's light and move as their kind moves.

![Contact sheet of all subjects](gallery/subjects.webp)

## Styles

From top to bottom: {", ".join(styles)}. One prompt a column, the same seed in all of them:

{chr(10).join(f"- {text}" for text in prompts)}

![Contact sheet of all styles](gallery/styles.webp)

## Camera

Start, middle and end of four seconds: {", ".join(each.title.lower() for each in chosen["camera"])}.

![Contact sheet of the camera's moves](gallery/camera.webp)

## Moods

{len(moods)} moods ({", ".join(moods)}) and {len(ambiences)} ambiences ({", ".join(ambiences)}), in this
order. Time runs to the right, pitch upwards.

![Spectrograms of all moods and ambiences](gallery/moods.webp)

## Station graphics

Four moments of each: {", ".join(cards)}.

![Contact sheet of the station's graphics](gallery/graphics.webp)

## Credits

Lettering is Rubik (SIL Open Font Licence 1.1). Where subjects are drawn after Noto Emoji by Google (Apache
Licence 2.0), its licence lies beside them.
"""
