"""Sixty days at clip level, and half an hour of real packets around every place where clocks wrap."""

import gc
import itertools
import json
import logging
import random
import re
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from air_house import AVCC, FORM, GOP, House, fill, read_back
from endless_house import DAY, WRAPS, Audit, Station, air, real_line
from sound_house import GOP_SAMPLES, clicks, decoded

from webtv.air.fmp4 import init_segment, media_segment
from webtv.air.passthrough import Passthrough
from webtv.air.slice import StreamHeader
from webtv.air.sounds import SOUNDS
from webtv.air.timeline import Timeline
from webtv.clips.clip import Kind
from webtv.core.format import AAC_FRAME, FORMAT_NAMES, GOP_SECONDS, SAMPLE_RATE, house_format

pytestmark = pytest.mark.long

DAYS = 60
SLICES = DAY // GOP_SECONDS
FLAT = 32 << 10  # bytes by which a day may leave Python's memory larger: what leaks per clip leaks more
GROWTH = 8 << 20  # bytes by which the process may grow from the fifth day on
HALF_HOUR = 1800


def a_day(station: Station, timeline: Timeline, audit: Audit, day: int) -> Timeline:
    """Fed by the hour but for a dry spell; a clip is blocked while it airs; killed at the end."""
    for hour in range(24):
        if not 2 <= (hour + day) % 24 < 5:
            station.feed(3700.0)
        air(station, timeline, audit, SLICES // 24, every=46)
        station.playlist.rotate(timeline.cursor().n, day * DAY + hour * 3600.0)
        if timeline.entry and hour % 8 == 3:
            (station.folder / "blocked").write_text(f"{timeline.entry.clip}\n")
    audit.start = timeline.start
    return station.killed(timeline)


def memory() -> int:
    """Bytes that this process has."""
    gc.collect()
    (kilobytes,) = re.findall(r"^VmRSS:\s+(\d+) kB", Path("/proc/self/status").read_text(), re.MULTILINE)
    return int(kilobytes) * 1024


def test_sixty_days_at_clip_level(tmp_path: Path) -> None:
    noise = random.Random(60)
    form = house_format(noise.choice(FORMAT_NAMES))
    station = Station(tmp_path, form, Passthrough, noise)
    timeline = station.begin()
    audit = Audit.of(form, timeline)
    sizes: list[int] = []
    resident = grown = 0
    for day in range(DAYS):
        if day == 5:
            resident = memory()
        if day == DAYS - 8:  # by now every book is as long as it gets
            gc.collect()
            grown = memory() - resident
            tracemalloc.start()
        timeline = a_day(station, timeline, audit, day)
        # No drift at all: so many days are so many frames, and as many samples to the AAC frame.
        assert audit.frame == (day + 1) * DAY * form.fps
        assert 0 <= audit.sound * AAC_FRAME - (day + 1) * DAY * SAMPLE_RATE < AAC_FRAME
        if tracemalloc.is_tracing():
            gc.collect()
            sizes.append(tracemalloc.get_traced_memory()[0])
    tracemalloc.stop()
    assert audit.slices == DAYS * SLICES
    assert audit.worst < AAC_FRAME
    assert station.kinds[Kind.NEW] > 0.7 * station.airings > 0
    assert station.kinds[Kind.RERUN] > 0
    # Growth is what is still there a day later, and the day after that.
    days = np.diff(sizes[2:])
    assert float(np.median(days)) < FLAT, sizes
    assert grown < GROWTH
    figures = {
        "format": form.name,
        "slices": audit.slices,
        "clips": station.airings,
        "video_frames": audit.frame,
        "aac_frames": audit.sound,
        "worst_skew_samples": audit.worst,
        "traced_bytes_by_day": sizes,
        "resident_growth_bytes": grown,
    }
    logging.getLogger(__name__).info("sixty days: %s", json.dumps(figures))  # pytest -o log_cli_level=INFO


@pytest.mark.parametrize("sound", SOUNDS)
@pytest.mark.parametrize("seconds", WRAPS.values(), ids=WRAPS)
def test_half_an_hour_of_real_packets_around_a_wrap(house: House, sound: str, seconds: float) -> None:
    fill(house, 12)
    wrap = int(seconds / GOP_SECONDS)  # the GOP in which it happens
    first = wrap - HALF_HOUR // 2 // GOP_SECONDS
    program, timeline = real_line(house, first * GOP, sound)
    header = StreamHeader(FORM, AVCC, timeline.asc)
    init = init_segment(header)
    audit = Audit.of(FORM, timeline)
    joins: list[int] = []
    near: list[bytes] = []
    for gop in range(first, first + HALF_HOUR // GOP_SECONDS):
        piece = timeline.advance()
        audit.take(piece)
        program.prefetch()
        decode = abs(gop - wrap) <= 3
        stream = read_back(init + media_segment(piece, header), decode=decode)
        step = FORM.ticks_per_frame
        assert stream.video.dts == [frame * step for frame in range(piece.frame, piece.frame + GOP)]
        assert stream.video.pts == stream.video.dts
        last = piece.audio_frame + len(piece.audio)
        assert stream.audio.dts == [frame * AAC_FRAME for frame in range(piece.audio_frame, last)]
        if decode:
            assert stream.pictures == GOP
        if abs(gop - wrap) <= 15:
            near += piece.audio
            if piece.joins:
                joins.append(gop)
    assert audit.frame == (first + HALF_HOUR // GOP_SECONDS) * GOP
    assert first < wrap < first + HALF_HOUR // GOP_SECONDS
    heard = decoded(near)
    begin = -(-(wrap - 15) * GOP_SAMPLES // AAC_FRAME) * AAC_FRAME
    assert len(joins) > 3
    for gop in (*joins, wrap):
        at = gop * GOP_SAMPLES - begin
        if SAMPLE_RATE < at < len(heard) - SAMPLE_RATE:
            assert not clicks(heard, at, 3 * AAC_FRAME), gop
    second = round(seconds * SAMPLE_RATE) - begin
    assert not clicks(heard, second, 3 * AAC_FRAME)


def test_the_audit_can_fail(tmp_path: Path) -> None:
    """A lost frame of sound, a lost picture, a clip's sound in the wrong place: each is seen."""
    form = house_format("720p25@1")
    station = Station(tmp_path, form, Passthrough, random.Random(1))
    station.feed(600.0)
    timeline = station.begin()
    broken: list[Callable[[Audit], None]] = [
        lambda audit: setattr(audit, "sound", audit.sound + 1),
        lambda audit: setattr(audit, "frame", audit.frame - 1),
        lambda audit: setattr(audit, "start", audit.start + 1),
    ]
    for spoil, _ in itertools.product(broken, range(2)):
        audit = Audit.of(form, timeline)
        audit.start = timeline.start
        air(station, timeline, audit, 3)
        spoil(audit)
        while timeline.entry and timeline.frame - timeline.start == timeline.entry.frames:
            air(station, timeline, audit, 1)
        with pytest.raises(AssertionError):
            air(station, timeline, audit, 1)
