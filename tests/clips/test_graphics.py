"""Station graphics: in safe areas, readable on any ground, animated in and out, in every format."""

import dataclasses
import functools
import itertools
from collections.abc import Callable, Iterator

import cv2
import numpy as np
import pytest

from webtv.clips.card import bumper_frames, ident_frames, next_frames
from webtv.clips.checks import ClipChecker, small_picture
from webtv.clips.graphics import Graphics, next_word
from webtv.clips.lettering import legible, shortened, text_width
from webtv.clips.lower_third import LowerThird
from webtv.clips.mark import Mark
from webtv.clips.marking import LabelMarker, draw_label
from webtv.clips.typography import (
    LABEL,
    NIGHT,
    READABLE,
    Grid,
    contrast,
    luminance,
    readable,
    set_lines,
)
from webtv.core.format import FORMAT_NAMES, HouseFormat, house_format
from webtv.studio.ports import Frames, Media

FORMATS = {
    "wide": HouseFormat("wide", 1280, 720, 12, 1),
    "large": HouseFormat("large", 1920, 1080, 12, 1),
    "small": HouseFormat("small", 1024, 576, 12, 1),
    "upright": HouseFormat("upright", 720, 1280, 12, 1),
    "square": HouseFormat("square", 720, 720, 12, 1),
    "old": HouseFormat("old", 960, 720, 12, 1),
}
ACCENTS = ["#8fb8de", "#e7b84b", "#f8f8a0", "#ffffff", "#000000", "#ff2020", "#101060"]
TITLE, LINE = "Two Snow-White Owls at Dawn", "In a mossy beech forest in early autumn"
LONG = "The last of the very small hedgehogs that crossed the river and came home before the winter " * 3

Card = Callable[[HouseFormat, str], Iterator[Frames]]


def ident(form: HouseFormat, accent: str) -> Iterator[Frames]:
    return ident_frames(form, "Meadow Tales", accent, 3)


def bumper(form: HouseFormat, accent: str) -> Iterator[Frames]:
    return bumper_frames(form, "Meadow Tales", accent, 3)


def coming(form: HouseFormat, accent: str) -> Iterator[Frames]:
    return next_frames(form, "Meadow Tales", accent, 3, word="Next", title=TITLE, line=LINE)


CARDS: dict[str, Card] = {"ident": ident, "bumper": bumper, "next": coming}


def played(card: Card, form: HouseFormat, accent: str = "#8fb8de") -> Frames:
    return np.concatenate(list(card(form, accent)))


@functools.lru_cache(maxsize=8)
def marker_of(form: HouseFormat, frames: int, **texts: str) -> LabelMarker:
    shown = Graphics(**{"title": TITLE, "line": LINE, "mark": "Meadow Tales", **texts})
    return LabelMarker(
        Media.ALGORITHMIC, form, branding="Meadow Tales", accent="#e7b84b", frames=frames, graphics=shown
    )


def marked(form: HouseFormat, ground: int = 255, number: int = 24, frames: int = 72, **texts: str) -> Frames:
    plain = np.full((1, form.height, form.width, 3), ground, np.uint8)
    return marker_of(form, frames, **texts).mark_frames(plain, number)[0].copy()


def light_of(picture: Frames) -> np.ndarray:
    code = np.asarray(picture, np.float64) / 255
    linear = np.where(code <= 0.04045, code / 12.92, ((code + 0.055) / 1.055) ** 2.4)
    return linear @ np.array([0.2126, 0.7152, 0.0722])


def least_contrast(picture: Frames, box: tuple[int, int, int, int], brightest: float = 0.62) -> float:
    """What is written in a box against the brightest ground close around it, WCAG's ratio."""
    top, left, bottom, right = box
    light = light_of(picture[top:bottom, left:right])
    ink = light >= brightest
    assert ink.mean() > 0.005, "nothing is written there"
    near = cv2.dilate(ink.astype(np.uint8), np.ones((13, 13), np.uint8)) > 0
    edge = cv2.dilate(ink.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    ground = light[near & ~edge]
    return (float(np.median(light[ink])) + 0.05) / (float(np.quantile(ground, 0.99)) + 0.05)


def changed(one: Frames, other: Frames, least: int = 40) -> tuple[int, int, int, int]:
    """Top, left, bottom and right of what differs between two pictures."""
    ys, xs = np.nonzero(np.abs(one.astype(int) - other.astype(int)).max(axis=2) >= least)
    return int(ys.min()), int(xs.min()), int(ys.max()) + 1, int(xs.max()) + 1


def within(box: tuple[int, int, int, int], form: HouseFormat) -> bool:
    margin = Grid(form).margin
    return (
        box[0] >= margin - 2  # the measure itself is a pixel or two wide
        and box[1] >= margin - 2
        and box[2] <= form.height - margin + 2
        and box[3] <= form.width - margin + 2
    )


@pytest.mark.parametrize("name", FORMATS)
def test_what_is_laid_over_a_clip_stays_in_the_safe_area(name: str):
    form = FORMATS[name]
    for ground, title in itertools.product((255, 30), (TITLE, LONG)):
        plain = np.full((form.height, form.width, 3), ground, np.uint8)
        text = marked(form, ground, title=title)
        # Only the fade behind a title, on which nothing stands, may go on towards the right edge.
        top, left, bottom, _ = changed(text, plain, least=70)
        assert within((top, left, bottom, form.width // 2), form)
        if ground == 30:
            assert within(changed(text, plain, least=140), form)
    lower = LowerThird(form, 72, title=LONG, line=LINE, accent="#e7b84b")
    assert lower.box[2] < draw_label("Algorithmic", "", "#e7b84b", Grid(form)).box[0]


@pytest.mark.parametrize(("name", "card"), list(itertools.product(("upright", "square", "old"), CARDS)))
def test_what_is_read_on_a_card_stays_in_the_safe_area(name: str, card: str):
    form = FORMATS[name]
    film = played(CARDS[card], form)
    middle = film[len(film) // 2]
    sharp = np.abs(cv2.Laplacian(cv2.cvtColor(middle, cv2.COLOR_RGB2GRAY), cv2.CV_32F)) > 60
    ys, xs = np.nonzero(sharp)
    assert within((ys.min(), xs.min(), ys.max() + 1, xs.max() + 1), form)


@pytest.mark.parametrize("ground", [255, 128, 0])
def test_label_and_lower_third_can_be_read_on_any_ground(ground: int):
    form = FORMATS["wide"]
    picture = marked(form, ground)
    label = draw_label("Algorithmic", "Meadow Tales", "#e7b84b", Grid(form)).box
    assert least_contrast(picture, label) >= READABLE
    box = LowerThird(form, 72, title=TITLE, line=LINE, accent="#e7b84b").box
    fade = Grid(form).px(120)
    assert least_contrast(picture, (box[0], box[1] + 20, box[2], box[3] - fade)) >= READABLE


@pytest.mark.parametrize("accent", ACCENTS)
@pytest.mark.parametrize("name", ["wide", "upright"])
def test_cards_can_be_read_in_every_colour(accent: str, name: str):
    form = dataclasses.replace(FORMATS[name], fps=5)
    for card in (ident, coming):
        film = played(card, form, accent)
        for at in (0.4, 0.6):
            picture = film[round(at * len(film))]
            margin = Grid(form).margin
            whole = (margin, margin, form.height - margin, form.width - margin)
            assert least_contrast(picture, whole, brightest=0.8) >= READABLE
    assert contrast(readable(accent), NIGHT) >= READABLE


@pytest.mark.parametrize("card", CARDS)
def test_cards_begin_and_end_without_lettering_and_never_flash(card: str):
    form = FORMATS["wide"]
    film = played(CARDS[card], form, "#ffffff")
    assert len(film) % form.gop == 0
    crisp = [
        float(np.abs(cv2.Laplacian(cv2.cvtColor(each, cv2.COLOR_RGB2GRAY), cv2.CV_32F)).max())
        for each in film
    ]
    assert max(crisp[0], crisp[-1]) < 40
    assert max(crisp) > 200
    checker = ClipChecker(form)
    for picture in film:
        checker.add(small_picture(picture))
    assert checker.report().reasons == ()
    # The light before the first cut is the light after the last: nothing jumps where cards meet.
    edges = film[0].astype(int).mean() - film[-1].astype(int).mean()
    assert abs(edges) < 3


@pytest.mark.parametrize("card", CARDS)
def test_a_card_is_the_same_twice_and_another_name_has_another_mark(card: str):
    form = FORMATS["square"]
    assert np.array_equal(played(CARDS[card], form), played(CARDS[card], form))
    marks = {Mark.of(name, "#8fb8de") for name in ("Tideline", "Meadow Tales", "Night Line", "Foxes")}
    assert len(marks) == 4
    assert Mark.of("Night Line", "#8fb8de") == Mark.of("night  line", "#8fb8de")


def test_the_lower_third_comes_stays_and_leaves():
    form = house_format("720p24@1")
    bare = marked(form, 90, 0, 144)
    seen = [n for n in range(0, 144, 6) if not np.array_equal(marked(form, 90, n, 144), bare)]
    assert seen[0] / form.fps == pytest.approx(0.8, abs=0.4)
    assert (seen[-1] - seen[0]) / form.fps == pytest.approx(4.6, abs=0.4)
    assert np.array_equal(marked(form, 90, 143, 144), bare)
    short = LowerThird(form, 70, title=TITLE, line=LINE, accent="#8fb8de")
    assert not any(short.is_seen(number) for number in range(70))
    last = LowerThird(form, 96, title=TITLE, line=LINE, accent="#8fb8de")
    assert 0 < 96 - last.ends < form.fps


def test_the_lower_third_does_not_flash_over_white():
    form = FORMATS["wide"]
    frames = [marked(form, 255, number) for number in range(8, 26)]
    checker = ClipChecker(form)
    for picture in frames:
        checker.add(small_picture(picture))
    assert checker.report().figures["flash_swings"] <= 2


def test_the_label_is_legible_on_a_small_screen():
    for name in FORMAT_NAMES:
        form = house_format(name)
        type_size = Grid(form).px(LABEL) * 375 / form.width
        assert type_size >= 10.9
        top, left, bottom, right = draw_label("AI-generated", "", "#8fb8de", Grid(form)).box
        assert (bottom - top) * 375 / form.width >= 15
        assert (top, left) > (form.height / 2, 0)
        assert right < form.width / 2


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Foxes 🦊 at   the thaw\n", "Foxes at the thaw"),
        ("Le cœur de l’hiver – Ωδή", "Le cœur de l’hiver – Ωδή"),
        ("Cafe\u0301", "Café"),
        ("海辺の朝", "海辺の朝"),
        ("שלום עולם", "םלוע םולש"),
        ("Part 2: שלום", "Part 2: םולש"),
        ("مرحبا", ""),
        ("हिन्दी", ""),
        ("🦊🦊", ""),
        ("", ""),
        ("half \ud800", "half"),
        ("really?", "really?"),
    ],
)
def test_only_what_can_be_drawn_is_drawn(text: str, shown: str):
    assert legible(text) == shown


@pytest.mark.parametrize("title", ["", "🦊", "مرحبا بالعالم"])
def test_without_a_title_that_can_be_drawn_there_is_no_lower_third(title: str):
    form = FORMATS["wide"]
    lower = LowerThird(form, 72, title=title, line=LINE, accent="#8fb8de")
    assert not any(lower.is_seen(number) for number in range(72))
    assert np.array_equal(marked(form, title=title), marked(form, title="", line=""))
    film = np.concatenate(list(next_frames(form, "🦊", "#8fb8de", 1, word="Next", title=title, line="")))
    assert film.shape[0] == 48


def test_long_texts_are_broken_then_smaller_then_cut_between_words():
    grid = Grid(FORMATS["wide"])
    lines = set_lines("A fairly long title of a sequence", grid, 50, 600, 500, most=2)
    assert len(lines.texts) == 2
    assert lines.width <= 500
    lines = set_lines(LONG, grid, 50, 600, 500, most=2)
    assert lines.texts[-1].endswith("…")
    assert lines.width <= 500
    wide = set_lines("海辺の朝、かもめが港の上を飛ぶ", grid, 50, 600, 400, most=2)
    assert (len(wide.texts), "".join(wide.texts)) == (2, "海辺の朝、かもめが港の上を飛ぶ")
    cut = shortened("hedgehogs that crossed the river", 50, 600, 500)
    assert cut.removesuffix("…") in ("hedgehogs that", "hedgehogs that crossed", "hedgehogs")
    assert text_width(cut, 50, 600) <= 500


def test_graphics_are_off_unless_asked_for():
    form = FORMATS["wide"]
    plain = np.full((1, form.height, form.width, 3), 128, np.uint8)
    marker = LabelMarker(Media.TRAINED, form, accent="#8fb8de", frames=72)
    difference = changed(marker.mark_frames(plain, 24)[0], plain[0], least=8)
    assert difference[0] > form.height * 0.8
    assert Graphics.from_json(Graphics("a", "", "b").to_json()) == Graphics("a", "", "b")
    assert (next_word("de-AT"), next_word("xx")) == ("Gleich", "Next")
    assert luminance((255, 255, 255)) == pytest.approx(1)
