"""What may pass as a take, and how it is played."""

from pathlib import Path

import contract
import numpy as np
import pytest
from films import film, pictures, saved

from webtv.core.errors import QualityError
from webtv.studio.ports import ShotRequest
from webtv.studio.remote.playing import play, timing
from webtv.studio.remote.screening import container_of, screen


def playlist() -> bytes:
    return b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n"


def concat() -> bytes:
    return b"ffconcat version 1.0\nfile '/etc/passwd'\n"


def still() -> bytes:
    return film(pictures(moves=False))


def black() -> bytes:
    return film(np.zeros((24, 90, 160, 3), np.uint8))


def freezes() -> bytes:
    moving = pictures(seconds=1)
    return film(np.concatenate([moving, np.repeat(moving[-1:], 24, axis=0)]))


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "no MP4, WebM or AVI"),
        (b"<html>Sorry</html>", "no MP4, WebM or AVI"),
        (playlist(), "no MP4, WebM or AVI"),
        (concat(), "no MP4, WebM or AVI"),
        (b"\x00\x00\x00\x18ftypmp42" + playlist(), "cannot be opened|damaged|0 video"),
        (film()[:-200], "cannot be opened|damaged"),
        (film()[:600], "cannot be opened|damaged"),
        (film(codec="ffv1", container="matroska"), "codec ffv1 is not taken"),
        (film(streams=2), "2 video streams"),
        (film(np.full((12, 16, 16, 3), 90, np.uint8)), "16 x 16 pixels"),
        (black(), "black for 2.0 s"),
        (still(), "stands still"),
        (freezes(), "stands still for 2"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_take_is_refused_with_the_reason(data: bytes, said: str, tmp_path: Path) -> None:
    with pytest.raises(QualityError, match=said) as caught:
        screen(saved(tmp_path, data), "clips").expect_to_show("clips")
    assert caught.value.place == "clips"


@pytest.mark.parametrize(
    ("container", "codec", "name"),
    [
        ("mp4", "libx264", "mov"),
        ("webm", "libvpx", "matroska"),
        ("avi", "mpeg4", "avi"),
        ("mp4", "mpeg4", "mov"),
    ],
)
def test_what_video_models_write_is_taken(container: str, codec: str, name: str, tmp_path: Path) -> None:
    received = screen(saved(tmp_path, film(container=container, codec=codec)))
    assert received.container == name
    assert (received.width, received.height, len(received.times)) == (160, 90, 24)
    assert received.seconds == pytest.approx(2.0, abs=0.01)
    assert received.fps == pytest.approx(12, abs=0.1)


def test_containers_are_told_by_their_first_bytes() -> None:
    assert container_of(film()[:16]) == "mov"
    assert container_of(b"\x1a\x45\xdf\xa3" + bytes(12)) == "matroska"
    assert container_of(b"RIFF" + bytes(4) + b"WAVE") == ""


def played(path: Path, request: ShotRequest, slowest: float = 1.5) -> tuple[np.ndarray, int]:
    received = screen(path)
    plan = timing(received, request, slowest)
    chunks = list(play(path, received.container, (request.width, request.height), plan))
    at = 0
    for chunk in chunks:
        assert chunk.start_frame == at
        at += len(chunk.frames)
    return np.concatenate([chunk.frames for chunk in chunks]), plan.fps


def test_a_take_shows_the_films_frames_at_its_own_rate(tmp_path: Path) -> None:
    shown = pictures(seconds=2.0, fps=12)
    frames, fps = played(saved(tmp_path, film(shown)), contract.shot_request())
    assert fps == 12
    assert frames.shape == shown.shape
    assert np.abs(frames.astype(int) - shown).mean() < 6, "x264 loses a little"


def test_a_longer_film_is_cut_and_a_faster_one_thinned(tmp_path: Path) -> None:
    frames, fps = played(saved(tmp_path, film(pictures(4, 12))), contract.shot_request(seconds=2.0))
    assert (len(frames), fps) == (24, 12)
    shown = pictures(2, 48)
    frames, fps = played(saved(tmp_path, film(shown, fps=48)), contract.shot_request(fps=24))
    assert (len(frames), fps) == (48, 24)
    assert np.abs(frames[10].astype(int) - shown[20]).mean() < 6


def test_a_changing_frame_rate_becomes_a_steady_one(tmp_path: Path) -> None:
    shown = pictures(2, 12)
    times = [round(1000 * i / 16) if i < 12 else 750 + round(1000 * (i - 12) * 1.25 / 12) for i in range(24)]
    frames, fps = played(saved(tmp_path, film(shown, times=times)), contract.shot_request())
    assert fps in (12, 13)
    assert len(frames) == 2 * fps
    halfway = frames[round(0.75 * fps)].astype(int)
    assert np.abs(halfway - shown[12]).mean() < np.abs(halfway - shown[9]).mean()


def test_a_film_of_other_shape_is_cropped_and_made_smaller_never_larger(tmp_path: Path) -> None:
    square = saved(tmp_path, film(pictures(width=576, height=576)))
    frames, _ = played(square, contract.shot_request())
    assert frames.shape[1:] == (180, 320, 3)
    small, _ = played(saved(tmp_path, film(pictures(width=96, height=90))), contract.shot_request())
    assert small.shape[1:] == (54, 96, 3)


def test_a_film_that_is_too_short_plays_slower_within_bounds(tmp_path: Path) -> None:
    path = saved(tmp_path, film(pictures(2, 12)))
    frames, fps = played(path, contract.shot_request(seconds=2.4))
    assert (len(frames), fps) == (24, 10)
    with pytest.raises(QualityError, match=r"lasts 2\.0 s where 4 s were asked for"):
        played(path, contract.shot_request(seconds=4.0))
    frames, fps = played(path, contract.shot_request(seconds=4.0), slowest=2)
    assert (len(frames), fps) == (24, 6)
