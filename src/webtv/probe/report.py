"""What a subscription found, as plain figures."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any


@dataclass(frozen=True, slots=True)
class Report:
    """Figures of one channel on one output since the subscription began or was last cleared.

    Attributes:
        output: ``hls``, ``flv`` or ``rtmp``.
        up: media has come in the latest five seconds.
        seconds: how long was measured.
        media_seconds: how much media came, by its timestamps.
        gap_ms: longest lateness of the latest one to two minutes: what a player without a buffer would have
            stalled. One that goes on now counts. HLS is polled: up to 100 ms are the probe's own.
        longest_gap_ms: the longest of all.
        gaps: how many were longer than 250 ms.
        gap_seconds: all of those together.
        regressions: decoding times that stood still or went back, or lay behind their presentation time.
        jumps: timestamps that left a hole of half a frame or more.
        jumped_seconds: all holes together.
        skew_ms: end of the sound less end of the picture, at the latest keyframe; None before the first.
        worst_skew_ms: the one farthest from zero.
        lag_ms: wall clock less the time at which the stream says its media airs (EXT-X-PROGRAM-DATE-TIME of a
            segment when it comes, FLV's epoch and timestamp); None where the stream does not say.
        drift_ms_per_day: slope of the lag; None before ten minutes.
        date_jumps: EXT-X-PROGRAM-DATE-TIMEs that do not follow from the one before.
        black_seconds: shown, told from keyframes; None, like the next two, where nothing was decoded.
        frozen_seconds: shown without any change, told from keyframes.
        silent_seconds: in runs of at least a second.
        sessions: how often it was connected or found the stream again.
        reconnects: those of them after a loss.
        discontinuities: marked with EXT-X-DISCONTINUITY.
        sequence_regressions: how often the media sequence went back.
        missed_segments: that left the playlist before they were taken.
        playlist_late_ms: longest time by which a playlist was not replaced though a segment was due.
        undecodable: packets that a decoder refused.
        errors: failures by kind: ``refused``, ``timeout``, ``status_404``, ``garbage``, ``ended``, ``lost``.
        notes: the latest irregularities in words, oldest first; never an address.
    """

    output: str
    up: bool = False
    seconds: float = 0.0
    media_seconds: float = 0.0
    gap_ms: float = 0.0
    longest_gap_ms: float = 0.0
    gaps: int = 0
    gap_seconds: float = 0.0
    regressions: int = 0
    jumps: int = 0
    jumped_seconds: float = 0.0
    skew_ms: float | None = None
    worst_skew_ms: float | None = None
    lag_ms: float | None = None
    drift_ms_per_day: float | None = None
    date_jumps: int = 0
    black_seconds: float | None = None
    frozen_seconds: float | None = None
    silent_seconds: float | None = None
    sessions: int = 0
    reconnects: int = 0
    discontinuities: int = 0
    sequence_regressions: int = 0
    missed_segments: int = 0
    playlist_late_ms: float = 0.0
    undecodable: int = 0
    errors: Mapping[str, int] | None = None
    notes: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """A plain dictionary, floats rounded to what they are worth."""
        found = {field.name: getattr(self, field.name) for field in fields(self)}
        found["errors"] = dict(self.errors or {})
        found["notes"] = list(self.notes)
        return {key: round(value, 3) if isinstance(value, float) else value for key, value in found.items()}
