"""An endless timeline on virtual time: hours at clip level, random lives, and where others wrap."""

import itertools
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from air_house import AVCC, FORM, GOP, House, fill, read_back
from endless_house import WRAPS, Audit, Station, air, numbered_sound, pictures, real_line
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sound_house import GOP_SAMPLES, Bed, Script, a_source, clicks, level, music, noise, played

from webtv.air.clipsource import ClipSource
from webtv.air.cursor import Cursor
from webtv.air.fmp4 import init_segment, media_segment
from webtv.air.mixer import Mixer
from webtv.air.passthrough import SILENT_FRAME, Passthrough
from webtv.air.slice import Slice, SoundPath, Source, StreamHeader
from webtv.air.sounds import SOUNDS
from webtv.air.timeline import Timeline
from webtv.clips.clip import Kind
from webtv.core.format import AAC_FRAME, FORMAT_NAMES, GOP_SECONDS, SAMPLE_RATE, HouseFormat, house_format

HOURS = 3


def test_hours_at_clip_level_with_kills_dry_spells_and_blocks(tmp_path: Path) -> None:
    form = house_format("720p24@1")
    station = Station(tmp_path, form, Passthrough, random.Random(2))
    timeline = station.begin()
    audit = Audit.of(form, timeline)
    hour = 3600 // GOP_SECONDS
    for half in range(2 * HOURS):
        if half % 3 != 2:
            station.feed(1500.0)
        air(station, timeline, audit, hour // 4)
        if timeline.entry and half % 2:
            (tmp_path / "blocked").write_text(f"{timeline.entry.clip}\n")
            station.program.prefetch()
        air(station, timeline, audit, hour // 4)
        start = timeline.start
        timeline = station.killed(timeline)
        audit.start = start
    # Counted, nothing drifts: three hours are three hours, to the sample.
    assert audit.frame == HOURS * 3600 * form.fps
    assert audit.sound == -(-HOURS * 3600 * SAMPLE_RATE // AAC_FRAME)
    assert audit.worst < AAC_FRAME
    assert audit.copied > 0.95 * audit.sound
    assert set(station.kinds) >= {Kind.NEW, Kind.RERUN}
    assert audit.frame - form.gop * 15 <= station.ends <= audit.frame


# --- random lives -----------------------------------------------------------------------------------

FORMS = st.sampled_from([house_format(name) for name in FORMAT_NAMES])
STARTS = st.one_of(st.integers(0, 50), st.integers(0, 2**34))  # GOPs; the latter are a thousand years


@st.composite
def clips(draw: st.DrawFn) -> tuple[int, int, int, int]:
    """GOPs, samples of the bed, where the bed begins, AAC frames that the clip has."""
    gops = draw(st.integers(1, 5))
    whole = gops * GOP_SAMPLES // AAC_FRAME
    frames = draw(st.one_of(st.just(whole), st.just(0), st.integers(0, whole + 3)))
    return gops, draw(st.integers(0, 5 * SAMPLE_RATE)), draw(st.integers(0, 3 * SAMPLE_RATE)), frames


LIVES = st.lists(
    st.one_of(
        st.just("air"), st.just("air"), st.sampled_from(["block", "recut", "kill"]), st.integers(1, 5000)
    ),
    min_size=1,
    max_size=14,
)


class Life:
    """A timeline to which things happen, and where each of its clips began."""

    def __init__(
        self, form: HouseFormat, start: int, plan: list[tuple[int, int, int, int]], path: type[SoundPath]
    ) -> None:
        self.form, self.path = form, path
        self.starts: dict[str, int] = {}
        self.script = Script(self._sources(plan))
        self.timeline = self._timeline(start * form.gop, None)
        self.audit = Audit.of(form, self.timeline)
        self.pieces: list[Slice] = []

    def _sources(self, plan: list[tuple[int, int, int, int]]) -> Iterator[Source]:
        for number, (gops, samples, at, frames) in enumerate(itertools.cycle(plan)):
            tagged = [b"%d:%d" % (number, k) for k in range(frames)]
            self.current = a_source(
                gops,
                track=Bed(BED[:samples]) if samples else None,
                bed_at=at,
                sound=tagged,
                form=self.form,
                clip=str(number),
            )
            yield self.current

    def _timeline(self, frame: int, cursor: Cursor | None) -> Timeline:
        return Timeline(
            self.form,
            self.script.program,
            epoch=0.0,
            frame=frame,
            cursor=cursor,
            log=lambda _: None,
            sound=self.path,
        )

    def live(self, event: str | int) -> None:
        if isinstance(event, int):  # time was lost
            self.timeline.skip(event * self.form.gop)
            self.audit = Audit.of(self.form, self.timeline)
        elif event == "kill":
            cursor, entry = self.timeline.cursor(), self.timeline.entry
            if entry is not None:
                gops, aired = entry.frames // self.form.gop, cursor.entry_aired // self.form.gop
                self.script.resumed = ClipSource(
                    entry,
                    pictures(gops, self.form.gop),
                    self.current.track,
                    GOP_SAMPLES,
                    aired,
                    self.current.sound,
                )
            self.timeline = self._timeline(cursor.frame, cursor)
        elif event == "block" and self.timeline.entry:
            self.script.blocked.add(self.timeline.entry.clip)
        piece = self._note(self.timeline.advance())
        if event == "recut":
            piece = self._note(self.timeline.recut(piece))
        self.audit.take(piece)
        self.pieces.append(piece)

    def _note(self, piece: Slice) -> Slice:
        if piece.joins:
            self.starts[piece.entry.clip] = piece.frame
        return piece


BED = noise(5, 4)


def check_times(life: Life, events: list[str | int]) -> None:
    lost = [0]
    for event in events:
        before = life.timeline.frame
        life.live(event)
        lost.append(life.pieces[-1].frame - before)
        assert lost[-1] == (event * life.form.gop if isinstance(event, int) else 0)
    # What outputs write: decode times of both tracks, each later than the one before.
    ticks = life.form.ticks_per_frame
    video = [(p.frame + n) * ticks for p in life.pieces for n in range(len(p.video))]
    sound = [(p.audio_frame + n) * AAC_FRAME for p in life.pieces for n in range(len(p.audio))]
    for times in (video, sound):
        assert all(b > a for a, b in itertools.pairwise(times))


@given(FORMS, STARTS, st.lists(clips(), min_size=1, max_size=6), LIVES)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_happens_sound_that_is_copied_stays_with_its_pictures(
    form: HouseFormat, start: int, plan: list[tuple[int, int, int, int]], events: list[str | int]
) -> None:
    life = Life(form, start, plan, Passthrough)
    check_times(life, events)
    before: tuple[str, int] = "", -1
    for piece in life.pieces:
        for at, frame in enumerate(piece.audio, piece.audio_frame):
            if frame == SILENT_FRAME:
                before = "", -1
                continue
            clip, _, number = frame.decode().partition(":")
            late = (at - int(number)) * AAC_FRAME - life.starts[clip] * form.samples_per_frame
            assert 0 <= late < AAC_FRAME
            # Frames of two tracks, or of two places of one, never meet but where a track begins.
            assert before == (clip, int(number) - 1) or int(number) == 0 or before == ("", -1)
            before = clip, int(number)


@given(FORMS, STARTS, st.lists(clips(), min_size=1, max_size=6), LIVES.filter(lambda events: len(events) < 7))
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_happens_sound_that_is_mixed_stays_on_its_grid(
    form: HouseFormat, start: int, plan: list[tuple[int, int, int, int]], events: list[str | int]
) -> None:
    life = Life(form, start, plan, Mixer)
    check_times(life, events)
    assert all(all(piece.audio) for piece in life.pieces)


# --- where others wrap ------------------------------------------------------------------------------


@pytest.mark.parametrize("seconds", WRAPS.values(), ids=WRAPS)
def test_sound_is_the_same_at_any_time(seconds: float) -> None:
    """Mixed and copied, before and after every wrap: the bytes do not depend on the position."""
    whole = int(seconds / GOP_SECONDS) // 4 * 4  # AAC frames and GOPs meet every eight seconds
    assert whole * GOP_SECONDS <= seconds < (whole + 5) * GOP_SECONDS
    source = a_source(4, sound=numbered_sound(4), track=Bed(music(12)))
    made: list[list[bytes]] = []
    for path, begin in itertools.product(SOUNDS.values(), (0, whole)):
        sound = path(begin * GOP_SAMPLES)
        assert sound.next_frame * AAC_FRAME == begin * GOP_SAMPLES
        plan = [(begin, source), (begin + 2, a_source(4)), (begin + 3, source)]
        made.append(played(sound, plan, begin + 5))
    assert made[0] == made[1]
    assert made[2] == made[3]


@pytest.mark.parametrize("sound", SOUNDS)
@pytest.mark.parametrize("seconds", WRAPS.values(), ids=WRAPS)
def test_real_packets_pass_a_wrap(house: House, sound: str, seconds: float) -> None:
    """Five GOPs around it, decoded; ``tests/long`` does half an hour."""
    fill(house, 2)
    first = int(seconds / GOP_SECONDS) // 4 * 4
    program, timeline = real_line(house, first * GOP, sound)
    header = StreamHeader(FORM, AVCC, timeline.asc)
    audit = Audit.of(FORM, timeline)
    data = init_segment(header)
    joins: list[int] = []
    for gop in range(5):
        piece = timeline.advance()
        audit.take(piece)
        data += media_segment(piece, header)
        joins += [gop] if piece.joins else []
        program.prefetch()
    stream = read_back(data)
    assert stream.video.dts[0] < seconds * 90_000 < stream.video.dts[-1] + FORM.ticks_per_frame
    assert stream.video.dts[0] == first * GOP * FORM.ticks_per_frame
    assert stream.audio.dts[0] == first * GOP_SAMPLES
    assert stream.steps("video") == {FORM.ticks_per_frame}
    assert stream.steps("audio") == {AAC_FRAME}
    assert stream.pictures == 5 * GOP
    assert level(stream.sound[SAMPLE_RATE:]) > 0.05
    assert len(joins) >= 3
    for gop in joins[1:]:
        assert not clicks(stream.sound, gop * GOP_SAMPLES, 3 * AAC_FRAME)
