"""No click at any join, mixed or passed through: what players hear is decoded and looked at."""

import io
import itertools
import json
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
import pytest
from sound_house import (
    FORM,
    GOP_SAMPLES,
    Bed,
    Script,
    a_source,
    an_entry,
    clicks,
    decoded,
    flac,
    flac_bytes,
    level,
    mastered,
    music,
    noise,
    plain_frames,
    played,
    tone,
)

from webtv.air.clipsource import Packets, read_clip
from webtv.air.config import AirConfig, ChannelConfig, load_config
from webtv.air.cursor import Cursor
from webtv.air.mixer import Mixer
from webtv.air.passthrough import SILENT_FRAME, Passthrough
from webtv.air.slice import ASC, Slice, SoundPath, Source
from webtv.air.sounds import SOUNDS
from webtv.air.soundtrack import Soundtrack
from webtv.air.timeline import Timeline
from webtv.clips.bed import BedReader
from webtv.clips.encoder import committed_avcc, encode_mp4
from webtv.core.errors import ConfigError, InputError, QualityError
from webtv.core.format import AAC_FRAME, CROSSFADE, SAMPLE_RATE
from webtv.studio.ports import Sound
from webtv.themes.channel import Audio

KINDS = ("sine", "low", "noise", "music")


def sound_of(kind: str, seconds: float) -> Sound:
    """The same sound every time it is asked for, so that copies of it are aligned."""
    match kind:
        case "sine":
            return tone(seconds, 440.0)
        case "low":
            return tone(seconds, 55.0, 0.9)
        case "noise":
            return noise(seconds, 1)
        case _:
            return music(seconds)


@pytest.fixture(scope="module", params=["sine", "noise", "music"])
def clip(request: pytest.FixtureRequest) -> Packets:
    """A clip of two GOPs that is loud from end to end."""
    return mastered(sound_of(request.param, 4))


def timeline(script: Script, path: type[SoundPath], cursor: Cursor | None = None) -> Timeline:
    frame = cursor.frame if cursor else 0
    return Timeline(
        FORM, script.program, epoch=0.0, frame=frame, cursor=cursor, log=lambda _: None, sound=path
    )


def sound_of_slices(pieces: list[Slice]) -> Sound:
    return decoded(unit for piece in pieces for unit in piece.audio)


# --- the measure ------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS[:2])  # the others hide it
def test_the_measure_hears_clips_that_are_copied_as_encoders_leave_them(kind: str) -> None:
    frames = plain_frames(sound_of(kind, 4))
    assert clicks(decoded(frames + frames), len(frames) * AAC_FRAME)


@pytest.mark.parametrize("kind", KINDS[:2])
def test_the_measure_hears_beds_that_change_without_a_crossfade(kind: str) -> None:
    one, two = sound_of(kind, 4), tone(4, 610.0, 0.4)
    track = Bed(np.concatenate([one[: 2 * SAMPLE_RATE - 30], two[7 : 2 * SAMPLE_RATE]]))
    frames = played(Mixer(0), [(0, a_source(2, track=track))], 2)
    assert clicks(decoded(frames), 2 * SAMPLE_RATE - 30)
    assert not clicks(decoded(frames), SAMPLE_RATE * 3 // 2)


# --- passed through ---------------------------------------------------------------------------------


def test_clips_that_are_copied_join_without_a_click(clip: Packets) -> None:
    whole = a_source(2, sound=clip.sound)
    plan: list[tuple[int, Source]] = [(at, whole) for at in (0, 2, 4, 6, 8)]
    frames = played(Passthrough(0), plan, 10)
    sound = decoded(frames)
    assert len(frames) == -(-10 * GOP_SAMPLES // AAC_FRAME)
    for gop in (2, 4, 6, 8):
        assert not clicks(sound, gop * GOP_SAMPLES, 3 * AAC_FRAME), gop
    # All of it was copied, and nothing but a silent frame put between where one is left over.
    assert [f for f in frames if f != SILENT_FRAME] == [f for f in clip.sound if f != SILENT_FRAME] * 5
    assert 0 < len(frames) - 5 * len(clip.sound) <= 5


def test_joins_with_silence_cuts_and_late_entries_do_not_click(clip: Packets) -> None:
    whole, silent = a_source(2, sound=clip.sound), a_source(2)
    plan = [(0, whole), (1, silent), (2, whole), (3, whole), (4, a_source(2, sound=clip.sound, start=1))]
    sound = decoded(played(Passthrough(0), plan, 6))
    for gop, what in enumerate(
        ("", "cut for silence", "after silence", "cut for a clip", "entered late", "")
    ):
        if what:
            assert not clicks(sound, gop * GOP_SAMPLES, 3 * AAC_FRAME), what
    assert level(sound[GOP_SAMPLES + 3 * AAC_FRAME : 2 * GOP_SAMPLES - AAC_FRAME]) < 1e-6
    assert level(sound[5 * GOP_SAMPLES - SAMPLE_RATE : 5 * GOP_SAMPLES]) > 0.01


@pytest.mark.parametrize("recut", [False, True])
@pytest.mark.parametrize("path", SOUNDS.values(), ids=SOUNDS)
def test_a_block_does_not_click(path: type[SoundPath], recut: bool) -> None:
    packets = [mastered(sound_of(kind, 4)).sound for kind in ("sine", "music")]
    beds = [Bed(sound_of("music", 8)), Bed(tone(8, 300.0))]
    script = Script(
        itertools.chain(
            [a_source(2, sound=packets[0], track=beds[0], clip="bad")],
            (a_source(2, sound=packets[n % 2], track=beds[1], clip=f"good{n}") for n in (1, 2, 3)),
        )
    )
    line = timeline(script, path)
    pieces = [line.advance()]
    script.blocked.add("bad")
    if recut:  # it became known after the slice was made
        pieces[0] = line.recut(pieces[0])
    pieces += [line.advance() for _ in range(4)]
    sound = sound_of_slices(pieces)
    assert pieces[1].entry.clip == "good1"
    for gop in range(1, 5):
        assert not clicks(sound, gop * GOP_SAMPLES, 3 * AAC_FRAME), gop


def test_a_killed_process_leaves_no_trace_in_sound_that_is_copied(clip: Packets) -> None:
    def sources() -> Iterator[Source]:
        return (a_source(2, sound=clip.sound) for _ in itertools.count())

    line = timeline(Script(sources()), Passthrough)
    straight = [line.advance() for _ in range(5)]
    line = timeline(Script(sources()), Passthrough)
    broken = [line.advance() for _ in range(3)]
    rest = a_source(2, sound=clip.sound, start=1)
    line = timeline(Script(sources(), rest), Passthrough, line.cursor())
    broken += [line.advance() for _ in range(2)]
    assert [(p.audio_frame, p.audio) for p in broken] == [(p.audio_frame, p.audio) for p in straight]


@pytest.mark.parametrize(("before", "after"), [(Mixer, Passthrough), (Passthrough, Mixer)])
def test_the_way_of_making_sound_may_change_between_two_processes(
    clip: Packets, before: type[SoundPath], after: type[SoundPath]
) -> None:
    bed = Bed(sound_of("music", 8))

    def sources() -> Iterator[Source]:
        return (a_source(2, sound=clip.sound, track=bed) for _ in itertools.count())

    line = timeline(Script(sources()), before)
    pieces = [line.advance() for _ in range(3)]
    rest = a_source(2, sound=clip.sound, track=bed, start=1)
    line = timeline(Script(sources(), rest), after, line.cursor())
    pieces += [line.advance() for _ in range(3)]
    assert not clicks(sound_of_slices(pieces), 3 * GOP_SAMPLES, 3 * AAC_FRAME)


def test_copied_sound_is_in_step_with_its_pictures() -> None:
    """A sound in every second, decoded where it was put, late by less than a frame."""
    ticks = np.zeros((4 * SAMPLE_RATE, 2), np.float32)
    for second in (1, 2, 3):
        ticks[second * SAMPLE_RATE : second * SAMPLE_RATE + 4000] = tone(4000 / SAMPLE_RATE, 1000.0)
    source = a_source(2, sound=mastered(ticks).sound)
    plan: list[tuple[int, Source]] = [(2 * n, source) for n in range(6)]
    sound = decoded(played(Passthrough(0), plan, 12))[:, 0]
    for clip in range(6):
        for second in (1, 2, 3):
            put = clip * 2 * GOP_SAMPLES + second * SAMPLE_RATE
            heard = put - 3000 + int(np.flatnonzero(np.abs(sound[put - 3000 : put + 5000]) > 0.2)[0])
            assert -16 <= heard - put < AAC_FRAME + 16


def test_silence_is_one_frame_that_everybody_decodes_to_nothing() -> None:
    made = played(Mixer(0), [(0, a_source(1))], 1)
    assert set(made) == {SILENT_FRAME}
    assert not decoded([SILENT_FRAME] * 20).any()


def test_both_ways_have_the_header_that_clips_have(clip: Packets) -> None:
    assert Mixer(0).asc == Passthrough(0).asc == ASC
    assert {name: make(0).audio for name, make in SOUNDS.items()} == {name: name for name in SOUNDS}
    assert len(clip.sound) == 4 * SAMPLE_RATE // AAC_FRAME
    assert max(len(clip.sound[0]), len(clip.sound[-1])) <= 32 < min(map(len, clip.sound[4:-4]))


def mp4_with_sound(rate: int, layout: str) -> bytes:
    """A clip of the house format but for its sound; an empty layout leaves it out."""
    whole = io.BytesIO()
    black = np.zeros((FORM.gop, FORM.height, FORM.width, 3), np.uint8)
    encode_mp4([black], tone(2, 440.0), FORM, whole)
    target = io.BytesIO()
    with av.open(whole, "r", format="mp4") as given, av.open(target, "w", format="mp4") as taken:
        video = taken.add_stream_from_template(given.streams.video[0])
        sound = taken.add_stream("aac", rate, layout=layout) if layout else None
        for packet in given.demux(video=0):
            if packet.size:
                packet.stream = video
                taken.mux(packet)
        if sound is not None:
            frame = av.AudioFrame.from_ndarray(np.zeros((sound.channels, rate), np.float32), "fltp", layout)
            frame.sample_rate = rate
            taken.mux(sound.encode(frame))
            taken.mux(sound.encode(None))
    return target.getvalue()


def test_clips_are_held_to_their_sound_only_where_it_airs() -> None:
    avcc = committed_avcc()[FORM.name]
    for rate, layout in ((44_100, "stereo"), (48_000, "mono")):
        data = mp4_with_sound(rate, layout)
        with pytest.raises(QualityError, match="AAC-LC at 48 kHz"):
            read_clip(data, FORM, avcc, "clip.mp4", sound=True)
        assert read_clip(data, FORM, avcc, "clip.mp4").sound == ()
    assert read_clip(mp4_with_sound(0, ""), FORM, avcc, "clip.mp4", sound=True).sound == ()


def test_the_configuration_tells_how_sound_is_made(tmp_path: Path) -> None:
    made = [ChannelConfig(name, "Tide", "#7fb3d0", FORM.name, audio=name) for name in SOUNDS]
    AirConfig(tuple(made)).save(tmp_path / "air.json")
    assert load_config(tmp_path / "air.json").channels == tuple(made)
    assert [audio.value for audio in Audio] == list(SOUNDS)
    data = json.loads((tmp_path / "air.json").read_text())
    del data["channels"][1]["audio"]  # as an earlier version wrote it
    (tmp_path / "air.json").write_text(json.dumps(data))
    assert load_config(tmp_path / "air.json").channels[1].audio == "mixed"
    data["channels"][0]["audio"] = "loud"
    (tmp_path / "air.json").write_text(json.dumps(data))
    with pytest.raises(ConfigError, match="'loud' is no way"):
        load_config(tmp_path / "air.json")


# --- mixed ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_beds_join_without_a_click(kind: str) -> None:
    one, two = Bed(sound_of(kind, 20)), Bed(tone(20, 610.0, 0.3))
    plan = [
        (0, a_source(1, track=one)),
        (1, a_source(1, track=one, bed_at=GOP_SAMPLES)),  # the same bed goes on
        (2, a_source(1, track=two)),  # another one
        (3, a_source(1)),  # silence
        (4, a_source(1, track=one)),  # out of silence
        (5, a_source(1, track=one, bed_at=3 * GOP_SAMPLES + 77)),  # the same bed, elsewhere
    ]
    sound = decoded(played(Mixer(0), plan, 7))
    for gop in range(1, 6):
        for at in (gop * GOP_SAMPLES, gop * GOP_SAMPLES + CROSSFADE):
            assert not clicks(sound, at), (gop, at)
    straight = decoded(played(Mixer(0), plan[:1], 2))
    joined = sound[CROSSFADE : 2 * GOP_SAMPLES - AAC_FRAME]
    assert np.array_equal(joined, straight[CROSSFADE : 2 * GOP_SAMPLES - AAC_FRAME])


@pytest.mark.parametrize("seconds", [2.6, 4.0, 5.0, 30.0], ids=str)
@pytest.mark.parametrize("kind", KINDS[:3])
def test_beds_may_be_shorter_or_longer_than_their_clips(kind: str, seconds: float) -> None:
    complaints: list[str] = []
    bed = Soundtrack(flac(sound_of(kind, seconds)), complaints.append)
    plan: list[tuple[int, Source]] = [
        (0, a_source(2, track=bed)),
        (2, a_source(2, track=Bed(tone(9, 300.0)))),
    ]
    sound = decoded(played(Mixer(0), plan, 4))
    end = round(seconds * SAMPLE_RATE)
    for at in {2 * GOP_SAMPLES, 2 * GOP_SAMPLES + CROSSFADE, end - 480, end}:
        if at < len(sound):
            assert not clicks(sound, at), at
    assert level(sound[CROSSFADE : min(end, 2 * GOP_SAMPLES) - 4 * AAC_FRAME]) > 0.05
    assert complaints == []


def test_a_bed_in_memory_needs_no_disk_and_a_damaged_one_is_told_once() -> None:
    bed = noise(8, 3)
    complaints: list[str] = []
    whole = Soundtrack(flac(bed), complaints.append)
    assert np.abs(whole.read(1000, 5000) - bed[1000:6000]).max() < 1e-4
    assert not whole.read(len(bed), 10).any()
    assert not whole.read(-20, 20).any()
    data = bytearray(flac_bytes(bed))
    data[len(data) // 2 : len(data) // 2 + len(data) // 10] = bytes(len(data) // 10)
    broken = Soundtrack(BedReader(Path("nowhere.flac"), bytes(data)), complaints.append)
    assert broken.read(0, 5000).any()
    for at in range(0, len(bed), GOP_SAMPLES):
        assert broken.read(at, GOP_SAMPLES).shape == (GOP_SAMPLES, 2)
    assert len(complaints) == 1
    assert "nowhere.flac" in complaints[0]
    with pytest.raises(InputError, match="FLAC"):
        BedReader(Path("nowhere.flac"), b"no sound")


@pytest.mark.parametrize("kind", KINDS)
def test_a_killed_process_leaves_no_click_in_sound_that_is_mixed(kind: str) -> None:
    bed = Bed(sound_of(kind, 20))

    def sources() -> Iterator[Source]:
        return (a_source(5, track=bed) for _ in itertools.count())

    line = timeline(Script(sources()), Mixer)
    pieces = [line.advance() for _ in range(2)]
    for gops in (2, 3):
        rest = a_source(5, track=bed, start=gops)
        line = timeline(Script(sources(), rest), Mixer, line.cursor())
        pieces.append(line.advance())
    sound = sound_of_slices(pieces)
    for gop in (2, 3):
        assert not clicks(sound, gop * GOP_SAMPLES)
    numbers = [n for piece in pieces for n in range(piece.audio_frame, piece.audio_frame + len(piece.audio))]
    assert numbers == list(range(len(numbers)))


def test_a_crossfade_of_two_beds_keeps_their_power() -> None:
    plan: list[tuple[int, Source]] = [
        (0, a_source(2, track=Bed(noise(6, 1)))),
        (2, a_source(2, track=Bed(noise(6, 2)))),
    ]
    sound = decoded(played(Mixer(0), plan, 4))
    steady = level(sound[CROSSFADE * 2 : 2 * GOP_SAMPLES])
    tenth = CROSSFADE // 10
    for at in range(2 * GOP_SAMPLES, 2 * GOP_SAMPLES + CROSSFADE, tenth):
        decibels = 20 * np.log10(level(sound[at : at + tenth]) / steady)
        assert abs(decibels) < 0.3, at  # crossed linearly it would lack 3 dB in the middle


def test_entries_tell_where_their_own_sound_stands() -> None:
    source = a_source(3, sound=[b"x"], start=1)
    assert (source.sound, source.sound_at) == ((b"x",), GOP_SAMPLES)
    assert source.next_gop()
    assert source.sound_at == source.track_at == 2 * GOP_SAMPLES
    assert source.entry == an_entry(3)
