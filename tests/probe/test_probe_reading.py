"""A reading fed with a really encoded programme, packet by packet, on a clock that stands where it is put."""

import io
from collections.abc import Callable
from pathlib import Path

import av
import pytest
from probe_stage import FPS, film, flv_parts

from webtv.air.output import OutputKind
from webtv.probe.decoder import OPEN_OPTIONS, Decoder
from webtv.probe.reading import Reading
from webtv.probe.report import Report
from webtv.testing.clock import VirtualClock

Arrive = Callable[[float], float]


@pytest.fixture(scope="module")
def programme(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Twelve seconds: 4 of moving pictures with a tone, 4 of black with one, 4 of a still in silence."""
    path = tmp_path_factory.mktemp("film") / "programme.flv"
    scenes = [(4, "moving", "tone"), (4, "black", "tone"), (4, "still", "silence")]
    return film(path, scenes).read_bytes()


class Player:
    """Plays FLV bytes into a reading as if each packet came when it is due."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.reading = Reading(OutputKind.FLV, self.clock)
        self._decoder = Decoder(self.reading)

    def play(self, data: bytes, arrive: Arrive = lambda at: at) -> Report:
        """One session; ``arrive`` tells when what is due at a second comes."""
        begun = self.clock.monotonic()
        self.reading.session()
        with av.open(io.BytesIO(data), "r", format="flv", options=OPEN_OPTIONS) as container:
            tracks = self._decoder.tracks(container)
            for packet in container.demux():
                if packet.dts is None:
                    continue
                track = tracks[packet.stream_index]
                due = begun + arrive(packet.dts * track.base)
                self.clock.forward(max(0.0, due - self.clock.monotonic()))
                self._decoder.take(packet, track, self.clock.monotonic())
        return self.reading.report()


def without(data: bytes, gone: Callable[[int, bytes], bool]) -> bytes:
    """The FLV without some of its tags."""
    head, tags = flv_parts(data)
    return head + b"".join(tag for stamp, tag in tags if not gone(stamp, tag))


def restamped(data: bytes, change: Callable[[int, int], int]) -> bytes:
    """The FLV with other timestamps; ``change`` gets the kind of a tag (8 sound, 9 video) and its stamp."""
    head, tags = flv_parts(data)
    for stamp, tag in tags:
        new = change(tag[0], stamp)
        head += tag[:4] + (new & 0xFFFFFF).to_bytes(3, "big") + bytes([new >> 24]) + tag[8:]
    return head


def test_a_good_programme_is_measured_exactly(programme: bytes) -> None:
    report = Player().play(programme)
    assert (report.regressions, report.jumps, report.undecodable, report.gaps) == (0, 0, 0, 0)
    assert report.longest_gap_ms == pytest.approx(0, abs=25), "the sound's frames are as long as that"
    assert report.media_seconds == pytest.approx(12, abs=0.01)
    assert report.worst_skew_ms is not None
    assert abs(report.worst_skew_ms) <= 2 * 1024 / 48
    assert report.black_seconds == pytest.approx(4, abs=0.01)
    assert report.frozen_seconds == pytest.approx(4, abs=0.01), (
        "the black, and the still until its last keyframe"
    )
    assert report.silent_seconds == pytest.approx(4, abs=0.1)
    assert report.sessions == 1
    assert report.notes == ()


def test_a_stall_of_the_sender_is_a_gap_of_its_length(programme: bytes) -> None:
    report = Player().play(programme, lambda at: at + (1.5 if at >= 6 else 0))
    assert report.gaps == 1
    assert report.longest_gap_ms == pytest.approx(1500, abs=50)
    assert report.gap_seconds == pytest.approx(1.5, abs=0.05)


def test_a_gap_is_told_while_it_lasts(programme: bytes) -> None:
    player = Player()
    player.play(programme)
    player.clock.forward(3.0)
    report = player.reading.report()
    assert report.gap_ms == pytest.approx(3000, abs=100)
    assert report.up
    player.clock.forward(3.0)
    assert not player.reading.report().up


def test_pictures_that_are_lost_leave_a_hole_and_a_gap(programme: bytes) -> None:
    report = Player().play(without(programme, lambda stamp, tag: tag[0] == 9 and 4500 <= stamp < 5500))
    assert report.jumps == 1
    assert report.jumped_seconds == pytest.approx(1.0, abs=0.01)
    assert report.longest_gap_ms == pytest.approx(1000, abs=50)


def test_one_lost_frame_of_sound_is_seen(programme: bytes) -> None:
    report = Player().play(without(programme, lambda stamp, tag: tag[0] == 8 and 5000 <= stamp < 5021))
    assert report.jumps == 1


def test_a_timestamp_that_goes_back_is_a_regression(programme: bytes) -> None:
    report = Player().play(
        restamped(programme, lambda kind, at: at - 100 if kind == 9 and 5000 <= at < 5042 else at)
    )
    assert report.regressions >= 1
    assert any("went back" in note for note in report.notes)


def test_sound_that_runs_away_from_the_picture_is_skew(programme: bytes) -> None:
    """The sound of ten seconds stretched over eleven: every step is small, the end is a second off."""
    report = Player().play(restamped(programme, lambda kind, at: at * 11 // 10 if kind == 8 else at))
    assert report.jumps == 0
    assert report.worst_skew_ms == pytest.approx(1000, abs=50)


def test_a_second_session_begins_anew_and_the_time_between_is_a_gap(programme: bytes) -> None:
    player = Player()
    player.play(programme)
    player.reading.failed("ended", player.clock.monotonic())
    player.clock.forward(2.0)
    report = player.play(programme)
    assert (report.sessions, report.reconnects, report.regressions, report.jumps) == (2, 1, 0, 0)
    assert report.errors == {"ended": 1}
    assert report.longest_gap_ms == pytest.approx(2000, abs=60)


def test_clearing_forgets_what_was_and_keeps_the_connection(programme: bytes) -> None:
    player = Player()
    player.play(programme)
    player.reading.clear()
    report = player.reading.report()
    assert (report.media_seconds, report.black_seconds, report.silent_seconds, report.sessions) == (
        0,
        0,
        0,
        0,
    )
    assert report.up


def test_garbage_in_a_packet_is_counted_and_survived(programme: bytes) -> None:
    head, tags = flv_parts(programme)
    spoilt = head + b"".join(
        tag[:24] + b"\xff" * (len(tag) - 28) + tag[-4:]
        if tag[0] == 9 and tag[11] >> 4 == 1 and len(tag) > 100
        else tag
        for _, tag in tags
    )
    report = Player().play(spoilt)
    assert report.media_seconds == pytest.approx(12, abs=1 / FPS)
    assert report.undecodable >= 1


def test_figures_go_to_json_without_losing_one(programme: bytes, tmp_path: Path) -> None:
    report = Player().play(programme)
    told = report.to_json()
    assert set(told) == set(Report.__dataclass_fields__)
    assert told["output"] == "flv"
