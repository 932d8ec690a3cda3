"""The gallery: its plan names everything there is, its page needs nothing but its own folder."""

import hashlib
import os
import re
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import av
import numpy as np
import pytest

from webtv.core.errors import ConfigError, ConflictError, InputError
from webtv.gallery.films import Film
from webtv.gallery.graphics import CARDS, Card
from webtv.gallery.hanging import CATALOGUE, carry_out, exhibits_of, take_over
from webtv.gallery.images import load, sheet
from webtv.gallery.opening import Opened, open_gallery
from webtv.gallery.plan import ROOMS, plan
from webtv.gallery.prompts import meaning_of, named
from webtv.gallery.run import run_gallery
from webtv.gallery.sounds import Piece, Place
from webtv.gallery.specimens import Motion, Specimen
from webtv.gallery.stills import Still
from webtv.gallery.work import Made, Room
from webtv.studio.procedural.figures import FIGURES
from webtv.studio.procedural.light import TIMES
from webtv.studio.procedural.music.ambience import LAYERS
from webtv.studio.procedural.music.moods import MOODS
from webtv.studio.procedural.scenes import SCENES
from webtv.studio.procedural.styles import STYLES

VOID = {"meta", "link", "img", "br", "input"}


class Reader(HTMLParser):
    """Reads a page and holds it to balanced tags."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.tags: Counter[str] = Counter()
        self.bare: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.tags[tag] += 1
        if tag not in VOID:
            self.open.append(tag)
        if given.get("id"):
            self.ids.append(str(given["id"]))
        self.links += [str(given[name]) for name in ("src", "href", "poster") if given.get(name)]
        if (tag == "img" and "alt" not in given) or (
            tag in {"video", "audio"} and not given.get("aria-label")
        ):
            self.bare.append(str(given))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def few(only: tuple[str, ...] = tuple(ROOMS)) -> list[Room]:
    """One wall of each room with its first exhibits: a family, a home, a style, a mood, a card."""
    return [
        replace(room, walls=(replace(room.walls[0], exhibits=room.walls[0].exhibits[:2]),))
        for room in plan(only, quick=True)
    ]


def silent(line: str) -> None:
    """Nobody listens."""


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Opened:
    return open_gallery(tmp_path_factory.mktemp("gallery") / "page", (), silent, quick=True, rooms=few())


@pytest.fixture(scope="module")
def page(opened: Opened) -> Reader:
    reader = Reader()
    reader.feed(opened.page.read_text(encoding="utf-8"))
    reader.close()
    assert reader.open == []
    return reader


def works(*rooms: str) -> list[object]:
    return [exhibit.work for exhibit in exhibits_of(plan(rooms))]


def test_the_plan_shows_every_family_in_all_lights() -> None:
    walls = {wall.key: wall for room in plan(("scenes",)) for wall in room.walls}
    assert list(walls) == [f"scenes-{family}" for family in SCENES]
    for family in SCENES:
        shown = [exhibit.work for exhibit in walls[f"scenes-{family}"].exhibits]
        stills = [work for work in shown if isinstance(work, Still)]
        read = [meaning_of(work.text, work.seed, work.family) for work in stills]
        assert {spec.family for spec in read} == {family}
        assert {spec.time for spec in read} >= set(TIMES)
        alone = meaning_of(named(family), 7)  # icebergs stay in winter, whatever else is said
        if alone.weather == "clear":
            assert {spec.weather for spec in read} >= {"rain", "storm", "snow", "fog", "cloudy"}
        if alone.season == "summer":
            assert {spec.season for spec in read} >= {"spring", "autumn", "winter"}
        moments = [work for work in stills if "-moment-" in work.name]
        assert len({work.moments for work in moments}) == 4
        assert len({(work.text, work.seed) for work in moments}) == 1


def test_every_family_has_a_clip_whose_prompt_means_it() -> None:
    films = {work.name: work for work in works("scenes") if isinstance(work, Film)}
    assert set(films) == {f"scenes/{family}" for family in SCENES}
    for family in SCENES:
        assert meaning_of(films[f"scenes/{family}"].text, 7).family == family


def test_the_plan_shows_every_kind_and_some_of_each_home_in_motion() -> None:
    shown = works("subjects")
    assert {work.kind for work in shown if isinstance(work, Specimen)} == set(FIGURES)
    moving = {FIGURES[work.kind].home for work in shown if isinstance(work, Motion)}
    assert moving == {figure.home for figure in FIGURES.values() if figure.speed > 0}


def test_the_plan_shows_the_same_prompts_in_every_style() -> None:
    stills = [work for work in works("styles") if isinstance(work, Still)]
    read = [meaning_of(work.text, work.seed, work.family, work.style) for work in stills]
    by_style = Counter(spec.style for spec in read)
    assert by_style == dict.fromkeys(STYLES, 4)
    for number in range(4):
        same = [spec for at, spec in enumerate(read) if at % 4 == number]
        assert len({(spec.family, spec.time, spec.cast) for spec in same}) == 1, "only the style differs"


def test_the_plan_shows_every_mood_every_ambience_and_every_card() -> None:
    shown = works("moods", "graphics")
    assert [work.brief.mood for work in shown if isinstance(work, Piece)] == list(MOODS)
    assert [work.layer for work in shown if isinstance(work, Place)] == list(LAYERS)
    assert [work.card for work in shown if isinstance(work, Card)] == list(CARDS)


def test_camera_words_mean_what_the_strips_are_called() -> None:
    for exhibit in exhibits_of(plan(("camera",))):
        work = exhibit.work
        assert isinstance(work, Still)
        camera = meaning_of(work.text, work.seed).camera
        if exhibit.medium == "picture":
            assert camera.framing == exhibit.title.lower()
        else:
            move, _, way = exhibit.title.lower().partition(" ")
            assert camera.move == move
            assert camera.direction == {"left": -1, "down": -1, "out": -1}.get(way, 1)


def test_names_of_files_and_anchors_are_unique_and_fit_for_addresses() -> None:
    rooms = plan()
    names = [exhibit.name for exhibit in exhibits_of(rooms)]
    anchors = [room.key for room in rooms] + [wall.key for room in rooms for wall in room.walls]
    assert len(set(names)) == len(names)
    assert len(set(anchors)) == len(anchors)
    assert all(re.fullmatch(r"[a-z0-9/_-]+", name) for name in [*names, *anchors])


def test_a_quick_plan_is_a_part_of_the_whole() -> None:
    whole, quick = ({e.name for e in exhibits_of(plan(quick=each))} for each in (False, True))
    assert quick < whole
    assert len(quick) < 90


def test_the_page_is_whole_and_asks_nobody_else(opened: Opened, page: Reader) -> None:
    assert opened.refused == ()
    assert page.bare == []
    assert len(set(page.ids)) == len(page.ids)
    folder = opened.page.parent
    css = (folder / "gallery.css").read_text(encoding="utf-8")
    used = {link for link in [*page.links, *re.findall(r'url\("([^"]+)"\)', css)] if link != "data:,"}
    for link in used:
        assert not re.match(r"[a-z]+:|//|/", link), f"{link} leads out of the folder"
        if link.startswith("#"):
            assert link[1:] in page.ids
        else:
            assert (folder / link).is_file()
    there = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert there <= used | {"index.html", CATALOGUE}, "nothing lies about that the page does not show"
    assert "http" not in (folder / "gallery.js").read_text(encoding="utf-8")


def test_the_page_shows_what_was_asked_and_what_was_understood(opened: Opened, page: Reader) -> None:
    html = opened.page.read_text(encoding="utf-8")
    still = next(e.work for e in exhibits_of(few(("styles",))))
    assert isinstance(still, Still)
    assert still.text in html
    assert "coast · sunset" in html
    assert "webtv make" in html
    assert "Algorithmic" in html
    assert page.tags["h1"] == 1
    assert page.tags["h2"] == len(ROOMS) + 1


def test_pictures_can_be_read_and_clips_and_sounds_play(opened: Opened) -> None:
    folder = opened.page.parent
    pictures = [path for path in folder.rglob("*") if path.suffix in {".webp", ".png"}]
    assert len(pictures) > 10
    for path in pictures:
        assert load(path).std() > 3, path.name
    films = sorted(folder.rglob("*.mp4"))
    assert len(films) == 2
    for path in films:
        with av.open(str(path)) as container:
            frames = [frame.to_ndarray(format="gray") for frame in container.decode(video=0)]
        assert len(frames) >= 48
        assert np.abs(frames[0].astype(int) - frames[len(frames) // 2]).mean() > 0.5, "it moves"
    for path in folder.rglob("*.m4a"):
        with av.open(str(path)) as container:
            blocks = [frame.to_ndarray() for frame in container.decode(audio=0)]
        sound = np.concatenate(blocks, axis=1)
        assert sound.shape[1] > 7 * 48_000
        assert np.sqrt((sound**2).mean()) > 0.01


def test_another_gallery_takes_the_place_of_an_earlier_one(opened: Opened, tmp_path: Path) -> None:
    folder = tmp_path / "gallery"
    rooms = few(("camera",))
    open_gallery(folder, (), silent, rooms=rooms)
    first = {path: path.read_bytes() for path in folder.rglob("*.webp")}
    open_gallery(folder, (), silent, rooms=few(("subjects",)))
    assert not any(path.exists() for path in first)
    open_gallery(folder, (), silent, rooms=rooms)
    assert {path: path.read_bytes() for path in folder.rglob("*.webp")} == first


def test_sheets_are_the_same_bytes_in_another_process_with_other_hashes(tmp_path: Path) -> None:
    script = (
        "import sys, hashlib; from pathlib import Path\n"
        "from webtv.gallery.plan import plan\n"
        "from webtv.gallery.hanging import exhibits_of\n"
        "from webtv.gallery.opening import hang_sheet\n"
        "folder = Path(sys.argv[1]); found = hashlib.sha256()\n"
        "for room in plan(('scenes', 'subjects'), quick=True):\n"
        "    wall = room.walls[0]\n"
        "    kept = [e for e in wall.exhibits if e.medium == 'picture'][-3:]\n"
        "    made = {e.name: e.work.make(folder) for e in kept}\n"
        "    nothing = type(made[kept[0].name])(())\n"
        "    made |= {e.name: nothing for e in wall.exhibits if e not in kept}\n"
        "    found.update((folder / hang_sheet(wall, made, folder)).read_bytes())\n"
        "print(found.hexdigest())\n"
    )
    told = {
        subprocess.run(
            [sys.executable, "-c", script, str(tmp_path / seed)],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
            timeout=120,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(told) == 1
    assert len(told.pop().strip()) == hashlib.sha256().digest_size * 2


def test_a_folder_with_other_things_is_left_alone(tmp_path: Path) -> None:
    mine = tmp_path / "letters.txt"
    mine.write_text("mine", encoding="utf-8")
    with pytest.raises(ConflictError, match="something else"):
        take_over(tmp_path)
    (tmp_path / CATALOGUE).write_text('{"sign": "somebody else", "files": ["letters.txt"]}', encoding="utf-8")
    with pytest.raises(ConflictError, match="something else"):
        take_over(tmp_path)
    assert mine.read_text(encoding="utf-8") == "mine"


def test_a_catalogue_cannot_name_files_outside_its_folder(tmp_path: Path) -> None:
    mine, folder = tmp_path / "mine.txt", tmp_path / "gallery"
    mine.write_text("mine", encoding="utf-8")
    folder.mkdir()
    (folder / CATALOGUE).write_text('{"sign": "webtv gallery", "files": ["../mine.txt"]}', encoding="utf-8")
    take_over(folder)
    assert mine.exists()


def test_a_file_in_the_place_of_the_folder_is_told(tmp_path: Path) -> None:
    file = tmp_path / "gallery"
    file.write_text("a file", encoding="utf-8")
    with pytest.raises(ConflictError, match="no folder"):
        take_over(file)


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be written"):
        take_over(tmp_path / ("a" * 300))


@pytest.mark.parametrize("only", [["scenes", "sceens"], ["all"], []])
def test_an_unknown_room_is_refused_before_anything_is_made(only: list[str], tmp_path: Path) -> None:
    with pytest.raises(InputError, match="room") as caught:
        run_gallery(tmp_path / "gallery", only)
    assert caught.value.place == "--only"
    assert not (tmp_path / "gallery").exists()


def test_a_refusal_hangs_as_a_note_with_its_reason(tmp_path: Path) -> None:
    def refuse(folder: Path) -> Made:
        raise InputError("no such thing", remedy="ask for another")

    made = carry_out(refuse, tmp_path)
    assert made.files == ()
    assert "no such thing" in made.refused


def test_a_sheet_keeps_the_order_and_the_shape_of_its_pictures() -> None:
    colours = [(250, 0, 0), (0, 250, 0), (0, 0, 250)]
    pictures = [np.full((90, 160, 3), colour, np.uint8) for colour in colours]
    whole = sheet(pictures, 2, 326, gap=2)
    assert whole.shape == (2 + 2 * 92, 326, 3)
    assert [tuple(whole[y, x]) for y, x in ((45, 80), (45, 240), (140, 80))] == colours
    assert tuple(whole[140, 240]) == tuple(whole[0, 0]), "where there is no picture, there is none"
