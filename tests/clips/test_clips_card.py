"""Slate and ident: gentle, seamless, never black, and encoded in memory as the head-end does."""

import io

import cv2
import numpy as np
import pytest
from footage import SMALL

from webtv.clips.card import ident_frames, slate_frames
from webtv.clips.checks import ClipChecker, small_picture
from webtv.clips.encoder import encode_mp4
from webtv.clips.proof import prove_file
from webtv.studio.ports import Frames

LINE = "The first programme is being made"


def slate() -> Frames:
    return np.concatenate(list(slate_frames(SMALL, "Slow Forest", LINE, "#7fb38a")))


def ident() -> Frames:
    return np.concatenate(list(ident_frames(SMALL, "Slow Forest", "#8fb8de", 3)))


@pytest.fixture(scope="module", params=["slate", "ident"])
def card(request: pytest.FixtureRequest) -> Frames:
    return slate() if request.param == "slate" else ident()


def test_cards_pass_every_check(card: Frames) -> None:
    checker = ClipChecker(SMALL)
    for picture in card:
        checker.add(small_picture(picture))
    assert checker.report().reasons == ()
    assert checker.report().figures["flash_swings"] <= 2


def test_cards_loop_without_a_seam(card: Frames) -> None:
    assert card.shape == (96, SMALL.height, SMALL.width, 3)
    soft = [small_picture(picture).astype(float) for picture in card]
    steps = [np.abs(soft[n] - soft[n - 1]).max() for n in range(len(soft))]  # 0 - 1 is the seam
    assert steps[0] <= 1.5 * np.median(steps) + 1


def test_the_same_card_is_the_same_and_a_seed_is_another() -> None:
    def opening(seed: int) -> Frames:
        return next(ident_frames(SMALL, "Slow Forest", "#8fb8de", seed))

    assert np.array_equal(opening(3), opening(3))
    assert not np.array_equal(opening(3), opening(4))


def test_dark_gradients_are_dithered() -> None:
    frame = next(slate_frames(SMALL, "Slow Forest", LINE, "#7fb38a"))[10].astype(np.float32)
    dark = frame[400:560, 100:900]
    rough = np.abs(np.diff(dark, axis=1)).mean()
    smooth = cv2.blur(dark, (31, 31))[20:-20, 20:-20]
    # Neighbours differ, although the average over a patch moves by far less than a code value.
    assert rough > 0.2
    assert np.abs(np.diff(smooth, axis=1)).mean() < 0.1


@pytest.mark.parametrize("name", ["W" * 60, "The Observatory of Distant Weather", "Ж", "🦊"])
def test_any_name_fits(name: str) -> None:
    frame = next(slate_frames(SMALL, name, LINE * 3, "#000000"))[0].astype(int)
    bare = next(slate_frames(SMALL, " ", " ", "#000000"))[0].astype(int)
    lettering = np.abs(frame - bare).max(axis=2) > 100
    assert lettering.any()
    assert not lettering[:, -40:].any()


def test_a_slate_is_made_in_memory() -> None:
    target = io.BytesIO()
    encode_mp4(
        slate_frames(SMALL, "Slow Forest", LINE, "#7fb38a", seconds=2),
        np.zeros((48 * SMALL.samples_per_frame, 2), np.float32),
        SMALL,
        target,
    )
    assert prove_file(io.BytesIO(target.getvalue()), SMALL, 48).reasons == ()
