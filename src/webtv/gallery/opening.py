"""Opening: a gallery is planned, made and shown in a folder of its own."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from webtv.gallery.hanging import exhibits_of, hang, take_over, write_catalogue
from webtv.gallery.images import load, save, sheet
from webtv.gallery.page import write_page
from webtv.gallery.plan import plan
from webtv.gallery.work import Exhibit, Made, Room, Wall

COVER = "sheets/cover.webp"
_SHEET_WIDTH = 1600


@dataclass(frozen=True, slots=True)
class Opened:
    """A gallery that can be visited.

    Attributes:
        page: to open in a browser.
        exhibits: how many hang.
        refused: names of those that could not be made.
        seconds: that it took.
    """

    page: Path
    exhibits: int
    refused: tuple[str, ...]
    seconds: float

    def __str__(self) -> str:
        told = f"{self.page}: {self.exhibits} exhibits, made in {self.seconds:.0f} s"
        return f"{told}; refused: {', '.join(self.refused)}" if self.refused else told


def open_gallery(
    folder: Path,
    only: Sequence[str],
    tell: Callable[[str], None],
    *,
    quick: bool = False,
    rooms: Sequence[Room] | None = None,
) -> Opened:
    """Make a gallery in a folder.

    Args:
        folder: new, empty, or an earlier gallery.
        only: keys of rooms; all by default.
        tell: hears of progress, a line at a time.
        quick: a few exhibits of each kind.
        rooms: what to show, if it is not what the plan says.

    Raises:
        InputError: there is no such room.
        ConflictError: the folder holds something else.
        ConfigError: the folder cannot be written.
        OSError: the disk says so.
    """
    began = time.monotonic()
    rooms = plan(only, quick=quick) if rooms is None else rooms
    take_over(folder)
    exhibits = exhibits_of(rooms)
    made = hang(exhibits, folder, tell)
    files = {file for each in made.values() for file in each.files}
    write_catalogue(folder, sorted(files))  # what is interrupted now can still be taken over
    sheets = {
        wall.key: file for room in rooms for wall in room.walls if (file := hang_sheet(wall, made, folder))
    }
    cover = hang_cover(exhibits, made, folder)
    files |= {*sheets.values(), cover} - {""}
    files |= write_page(folder, rooms, made, sheets, cover, quick=quick)
    write_catalogue(folder, sorted(files))
    refused = tuple(name for name, each in made.items() if each.refused)
    return Opened(folder / "index.html", len(exhibits), refused, time.monotonic() - began)


def hang_cover(exhibits: Sequence[Exhibit], made: Mapping[str, Made], folder: Path) -> str:
    """Write the picture at the entrance: a moment of every family; nothing where there are no scenes."""
    names = [exhibit.name for exhibit in exhibits if exhibit.name.endswith("-moment-2")]
    pictures = [load(folder / made[name].files[0]) for name in names if made[name].files]
    if not pictures:
        return ""
    columns = max(2, round(len(pictures) ** 0.5 * 1.1))
    whole = pictures[: len(pictures) // columns * columns] or pictures
    save(folder / COVER, sheet(whole, columns, _SHEET_WIDTH, gap=0), quality=70)
    return COVER


def hang_sheet(wall: Wall, made: Mapping[str, Made], folder: Path) -> str:
    """Write a wall's contact sheet; returns its file, or nothing if the wall has none."""
    names = [exhibit.name for exhibit in wall.exhibits if exhibit.medium == "picture"]
    pictures = [load(folder / made[name].files[0]) for name in names if made[name].files]
    if not wall.columns or not pictures:
        return ""
    file = f"sheets/{wall.key}.webp"
    save(folder / file, sheet(pictures, wall.columns, _SHEET_WIDTH), quality=80)
    return file
