"""Black, frozen and silent time on pictures and sound that are made by hand."""

import numpy as np
import pytest
from numpy.typing import NDArray

from webtv.probe.content import Pictures, Sounds

BLACK = np.full((12, 20), 16, np.uint8)
GREY = np.full((12, 20), 90, np.uint8)
SHAPES = np.arange(240, dtype=np.uint8).reshape(12, 20)


def shown(*pictures: tuple[NDArray[np.uint8], float], between: int = 0) -> Pictures:
    found = Pictures()
    for luma, at in pictures:
        found.add(luma, at, between)
    return found


def test_black_lasts_until_the_next_picture() -> None:
    found = shown((SHAPES, 0), (BLACK, 2), (BLACK, 4), (GREY, 6))
    assert found.black == 4
    assert found.frozen == 2


def test_a_title_on_black_is_not_black() -> None:
    title = BLACK.copy()
    title[5, 5:15] = 200
    assert shown((title, 0), (SHAPES, 2)).black == 0


def test_what_moves_between_two_equal_keyframes_is_not_frozen() -> None:
    assert shown((SHAPES, 0), (SHAPES, 2), between=100).frozen == 2
    assert shown((SHAPES, 0), (SHAPES, 2), between=100_000).frozen == 0


def test_a_slow_move_is_not_frozen() -> None:
    assert shown((SHAPES, 0), (np.roll(SHAPES, 1), 2)).frozen == 0


def test_nobody_knows_what_was_shown_where_the_stream_was_torn() -> None:
    found = shown((BLACK, 0), (BLACK, 100), (BLACK, 50))
    assert (found.black, found.frozen) == (0, 0)
    found.forget()
    found.add(BLACK, 52)
    assert found.black == 0


def tone(seconds: float, level: float) -> NDArray[np.float32]:
    wave = level * np.sin(2 * np.pi * 440 * np.arange(round(seconds * 48_000)) / 48_000)
    return np.stack([wave, wave]).astype(np.float32)


def heard(*pieces: NDArray[np.float32]) -> float:
    sounds = Sounds()
    for piece in pieces:
        for at in range(0, piece.shape[1], 1024):
            sounds.add(piece[:, at : at + 1024], 48_000)
    return sounds.silent


def test_silence_counts_from_its_beginning_once_it_has_lasted_a_second() -> None:
    assert heard(tone(1, 0.1), tone(3, 0.0), tone(1, 0.1)) == pytest.approx(3.0, abs=0.03)
    assert heard(tone(1, 0.1), tone(0.9, 0.0), tone(1, 0.1)) == 0


def test_quiet_is_not_silent() -> None:
    assert heard(tone(3, 0.002)) == 0
    assert heard(tone(3, 0.0005)) == pytest.approx(3.0)
