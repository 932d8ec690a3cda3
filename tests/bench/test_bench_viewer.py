"""The viewer's benchmark once, on a tiny workload."""

import json
from pathlib import Path

import pytest

from webtv.bench import viewer
from webtv.bench.machine import ffmpeg_binary
from webtv.core.clock import SystemClock


@pytest.mark.e2e
async def test_a_visit_over_a_slow_line_ends_with_a_picture(tmp_path: Path) -> None:
    report = await viewer.measure_viewer(
        ffmpeg_binary(None), tmp_path, SystemClock(), viewer.QUICK, quick=True
    )
    told = json.loads(json.dumps(report.to_json(), allow_nan=False))
    # The page alone takes a round trip, and nothing can be seen before the stream's first bytes took another.
    least = 2 * viewer.ROUND_TRIP_MS / 1000
    assert least < told["first_frame_p50_s"] <= told["first_frame_p95_s"] <= told["first_frame_worst_s"]
    assert told["visits"] == viewer.QUICK.visits
    assert told["bit_rate"] > viewer.BITS_PER_SECOND
