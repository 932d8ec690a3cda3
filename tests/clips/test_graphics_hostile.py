"""Cards and marks take any text: nothing in a name, a title or a line makes them fail or leave the frame."""

import random

import numpy as np
import pytest

from webtv.clips.card import bumper_frames, ident_frames, next_frames, slate_frames
from webtv.clips.graphics import Graphics
from webtv.clips.marking import LabelMarker
from webtv.core.format import house_format
from webtv.studio.ports import Media

SCRIPTS = (
    *(
        "plain words",
        "живой журнал",
        "שלום עולם",
        "مرحبا بالعالم",
        "こんにちは世界",
        "한국어",
        "देवनागरी",
        "𝔘𝔫𝔦",
    ),
    *(
        "🦊🌲",
        "\0\1\x1b[0m",
        "\u202e\u200f\u200b",
        "e\u0301",
        "<b>&amp;%s{}",
        "\n\r\t\v",
        "—“”…",
        "\U0010ffff",
    ),
    "\ud800",
)
FORM = house_format("576p24@1")


def text(chance: random.Random, length: int) -> str:
    if chance.random() < 0.3:
        return chance.choice("Wi漢") * length
    found = ""
    while len(found) < length:
        found += chance.choice(SCRIPTS) + chance.choice(("", " "))
    return found[:length]


@pytest.mark.parametrize("seed", range(12))
def test_a_label_with_its_lower_third_is_drawn_whatever_the_texts_are(seed: int) -> None:
    chance = random.Random(seed)
    name, title, line = (text(chance, chance.choice((0, 1, 17, 120, 500))) for _ in range(3))
    accent = chance.choice(("#ffffff", "#000000", "#ff0000", "#010101"))
    marker = LabelMarker(
        Media.ALGORITHMIC, FORM, branding=name, accent=accent, frames=96, graphics=Graphics(title, line, name)
    )
    black = np.zeros((1, FORM.height, FORM.width, 3), np.uint8)
    margin = FORM.height // 20
    for number in (0, 19, 24, 48, 84, 95, 200):
        marked = marker.mark_frames(black, number)
        assert marked.any(), "the label is always there"
        edges = (marked[:, :margin], marked[:, -margin:], marked[:, :, :margin], marked[:, :, -margin:])
        assert not any((edge > 90).any() for edge in edges), "what is to be read keeps its distance"


@pytest.mark.parametrize("name", ["\ud800", "", "\0\n\u202e", "漢" * 60])
def test_cards_are_drawn_for_any_name(name: str) -> None:
    cards = (
        slate_frames(FORM, name, name, "#000000", 2),
        ident_frames(FORM, name, "#ffffff", 2**63 - 1, 2),
        bumper_frames(FORM, name, "#000000", 0, 2),
        next_frames(FORM, name, "#ffffff", 1, word=name, title=name, line=name, seconds=2),
    )
    for card in cards:
        first = next(card)
        assert first.shape[1:] == (FORM.height, FORM.width, 3)
        assert first[-1].std() > 1
