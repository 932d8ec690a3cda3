"""The page: rooms and what came of their works, as HTML that needs nothing but its own folder."""

import shutil
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from webtv.core.files import write_atomically
from webtv.gallery.work import Made, Room

_OWN = ("gallery.css", "gallery.js")
_FONTS = ("rubik-latin.woff2", "rubik-latin-ext.woff2", "rubik.LICENSE.txt")
_NOTO = ("studio", "procedural", "figures", "noto")

_environment = Environment(
    loader=PackageLoader("webtv.gallery", "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def write_page(
    folder: Path,
    rooms: Sequence[Room],
    made: Mapping[str, Made],
    sheets: Mapping[str, str],
    cover: str,
    *,
    quick: bool = False,
) -> set[str]:
    """Write ``index.html`` and what it is shown with.

    Args:
        folder: that holds what was made.
        rooms: in order.
        made: what came of each exhibit, by its name.
        sheets: the contact sheet of each wall that has one, by its key.
        cover: the picture at the entrance, or nothing.
        quick: whether this is only a part of everything; the page says so.

    Returns:
        The files that were written, relative to the folder.

    Raises:
        OSError: the disk says so.
    """
    written = set()
    static, fonts = files("webtv.gallery") / "static", files("webtv.viewers") / "static" / "vendor"
    for source, name in [(static, name) for name in _OWN] + [(fonts, name) for name in _FONTS]:
        file = name if source is static else f"fonts/{name}"
        (folder / file).parent.mkdir(exist_ok=True)
        with (source / name).open("rb") as theirs, (folder / file).open("wb") as ours:
            shutil.copyfileobj(theirs, ours)
        written.add(file)
    html = _environment.get_template("index.html").render(
        rooms=rooms,
        made=made,
        sheets=sheets,
        cover=cover,
        quick=quick,
        noto=noto_licence(),
        counts=counts(rooms),
    )
    write_atomically(folder / "index.html", html.encode(), durable=False)
    return written | {"index.html"}


def noto_licence() -> bool:
    """Whether subjects come from Noto Emoji: its licence then lies beside them."""
    place = files("webtv").joinpath(*_NOTO)
    return place.is_dir() and any("LICENSE" in each.name.upper() for each in place.iterdir())


def counts(rooms: Sequence[Room]) -> dict[str, int]:
    """How many exhibits hang in each room."""
    return {room.key: sum(len(wall.exhibits) for wall in room.walls) for room in rooms}
