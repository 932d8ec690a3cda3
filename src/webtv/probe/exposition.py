"""The probe's and the head-end's figures as Prometheus metrics, in base units. Never an address or a key."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

FRESH = 60.0  # seconds after which what the probe wrote tells nothing about now

# Name of the metric, help, key of the report, what its unit is worth in base units.
_GAUGES = (
    ("up", "1 if media came in the latest five seconds.", "up", 1.0),
    ("gap_seconds", "Longest lateness of the latest one to two minutes.", "gap_ms", 1e-3),
    ("longest_gap_seconds", "Longest lateness since the probe began.", "longest_gap_ms", 1e-3),
    ("skew_seconds", "End of the sound less end of the picture.", "skew_ms", 1e-3),
    ("worst_skew_seconds", "The skew farthest from zero since the probe began.", "worst_skew_ms", 1e-3),
    ("lag_seconds", "Wall clock less the time that the stream tells.", "lag_ms", 1e-3),
    ("drift_seconds_per_day", "Slope of the lag.", "drift_ms_per_day", 1e-3),
    ("playlist_late_seconds", "Longest time by which a playlist was overdue.", "playlist_late_ms", 1e-3),
)
_COUNTERS = (
    ("watched_seconds", "Time measured.", "seconds"),
    ("media_seconds", "Media that came.", "media_seconds"),
    ("gaps", "Gaps of more than 250 ms.", "gaps"),
    ("stalled_seconds", "What a player without a buffer would have stalled.", "gap_seconds"),
    ("timestamp_regressions", "Decoding times that did not grow.", "regressions"),
    ("timestamp_jumps", "Timestamps that left a hole.", "jumps"),
    ("timestamp_jumped_seconds", "All holes together.", "jumped_seconds"),
    ("date_jumps", "Dates of segments that did not follow.", "date_jumps"),
    ("black_seconds", "Black pictures.", "black_seconds"),
    ("frozen_seconds", "Pictures that stood still.", "frozen_seconds"),
    ("silent_seconds", "Silence of a second or more.", "silent_seconds"),
    ("sessions", "Connections that brought media.", "sessions"),
    ("reconnects", "Connections after a loss.", "reconnects"),
    ("discontinuities", "Marked discontinuities.", "discontinuities"),
    ("sequence_regressions", "Media sequences that went back.", "sequence_regressions"),
    ("missed_segments", "Segments that could not be taken.", "missed_segments"),
    ("undecodable_packets", "Packets that a decoder refused.", "undecodable"),
)
_OUTPUT = ("channel", "output")
_STATES = ("connecting", "live", "waiting")


class AirMetrics(Collector):
    """Collects what was last told with :meth:`tell`."""

    def __init__(self) -> None:
        self._status: Mapping[str, Any] | None = None
        self._findings: Mapping[str, Any] | None = None
        self._now = 0.0

    def tell(self, status: Mapping[str, Any] | None, findings: Mapping[str, Any] | None, now: float) -> None:
        """What is known at this scrape.

        Args:
            status: the head-end's status, or None if it does not answer.
            findings: what the probe wrote, or None.
            now: UTC second.
        """
        self._status, self._findings, self._now = status, findings, now

    def collect(self) -> Iterator[Metric]:
        """All metrics of both."""
        yield GaugeMetricFamily(
            "webtv_air_up", "1 if the head-end answers.", value=float(self._status is not None)
        )
        if self._status is not None:
            yield from _air(self._status.get("channels", ()))
            yield _events(self._status.get("events", ()))
        if self._findings is not None:
            utc = float(self._findings.get("utc", 0.0))
            yield GaugeMetricFamily(
                "webtv_probe_timestamp_seconds",
                "When the probe last wrote its figures; they are left out once they are a minute old.",
                value=utc,
            )
            if abs(self._now - utc) <= FRESH:
                yield from _probe(self._findings)


def _air(channels: Iterable[Mapping[str, Any]]) -> Iterator[Metric]:
    late = GaugeMetricFamily(
        "webtv_air_late_seconds", "Worst lateness of the latest minute.", labels=["channel"]
    )
    lost = CounterMetricFamily(
        "webtv_air_lost_seconds", "Time in which nothing was on air.", labels=["channel"]
    )
    stray = GaugeMetricFamily(
        "webtv_air_stray_seconds", "Wall clock less timeline, by how much it was set.", labels=["channel"]
    )
    state = GaugeMetricFamily(
        "webtv_air_output_state", "1 for the state an output is in.", labels=[*_OUTPUT, "state"]
    )
    counters = {
        key: CounterMetricFamily(f"webtv_air_output_{key}", text, labels=_OUTPUT)
        for key, text in (
            ("sessions", "How often an output went live."),
            ("dropped_gops", "GOPs that an output could not take in time."),
            ("sent_bytes", "Bytes that left."),
        )
    }
    readers = GaugeMetricFamily(
        "webtv_air_output_readers", "Who is connected, the probe included.", labels=_OUTPUT
    )
    for channel in channels:
        slug = str(channel["slug"])
        late.add_metric([slug], float(channel.get("late_ms", 0.0)) / 1000)
        lost.add_metric([slug], float(channel.get("lost_seconds", 0.0)))
        stray.add_metric([slug], float(channel.get("stray_seconds", 0.0)))
        for output in channel.get("outputs", ()):
            labels = [slug, str(output["name"])]
            for name in _STATES:
                state.add_metric([*labels, name], float(output.get("state") == name))
            for key, counter in counters.items():
                counter.add_metric(labels, float(output.get(key, 0)))
            if "readers" in output:
                readers.add_metric(labels, float(output["readers"]))
    yield from (late, lost, stray, state, *counters.values(), readers)


def _events(counts: Iterable[Mapping[str, Any]]) -> Metric:
    found = CounterMetricFamily(
        "webtv_air_events", "What the head-end has told since it began.", labels=["channel", "kind"]
    )
    for item in counts:
        found.add_metric([str(item["channel"]), str(item["kind"])], float(item["count"]))
    return found


def _probe(findings: Mapping[str, Any]) -> Iterator[Metric]:
    channels: Mapping[str, Any] = findings.get("channels", {})
    reports = [
        ([slug, kind], report)
        for slug, found in channels.items()
        for kind, report in found.get("outputs", {}).items()
    ]
    for name, text, key, worth in _GAUGES:
        gauge = GaugeMetricFamily(f"webtv_probe_{name}", text, labels=_OUTPUT)
        for labels, report in reports:
            if report.get(key) is not None:
                gauge.add_metric(labels, float(report[key]) * worth)
        yield gauge
    for name, text, key in _COUNTERS:
        counter = CounterMetricFamily(f"webtv_probe_{name}", text, labels=_OUTPUT)
        for labels, report in reports:
            if report.get(key) is not None:
                counter.add_metric(labels, float(report[key]))
        yield counter
    errors = CounterMetricFamily(
        "webtv_probe_errors", "Failures that a viewer would have met.", labels=[*_OUTPUT, "kind"]
    )
    for labels, report in reports:
        for kind, count in report.get("errors", {}).items():
            errors.add_metric([*labels, str(kind)], float(count))
    yield errors
    aired = CounterMetricFamily(
        "webtv_probe_aired_seconds", "What kind of programme aired, in seconds.", labels=["channel", "kind"]
    )
    for slug, found in channels.items():
        for kind, seconds in found.get("aired_seconds", {}).items():
            aired.add_metric([slug, str(kind)], float(seconds))
    yield aired
