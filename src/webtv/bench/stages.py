"""The picture stages with a stop-watch on each; what they do is unchanged."""

import time
from collections import defaultdict
from collections.abc import AsyncIterator

from webtv.engine.production import Stages
from webtv.studio.ports import Chunk, Credit, Interpolator, ShotMaker, ShotRequest, Take, Upscaler

Times = defaultdict[str, float]


class TimedStages:
    """Stages that add their CPU time to a table.

    Stages pull from each other, one at a time, so the time within a stage's iterator minus the time
    within the one before it is its own. Threads count, because the process's CPU time is read.

    Args:
        stages: the real ones.
        within: takes CPU seconds within each stage and all before it, by its name.
    """

    def __init__(self, stages: Stages, within: Times) -> None:
        self.stages = Stages(
            shot=_Shot(stages.shot, within),
            interpolate=_Interpolate(stages.interpolate, within),
            upscale=_Upscale(stages.upscale, within),
            ahead=False,  # what is mastered meanwhile would count as theirs
        )


def own_times(within: Times, total: float) -> dict[str, float]:
    """CPU seconds of each stage alone, from the nested ones.

    Args:
        within: see :class:`TimedStages`.
        total: CPU seconds of the whole clip; what no stage took is mastering's.
    """
    return {
        "shot": within["shot"],
        "interpolate": within["interpolate"] - within["shot"],
        "upscale": within["upscale"] - within["interpolate"],
        "master": total - within["upscale"],
    }


async def _timed(take: Take, stage: str, within: Times) -> AsyncIterator[Chunk]:
    try:
        while True:
            began = time.process_time()
            try:
                chunk = await anext(take)
            except StopAsyncIteration:
                return
            finally:
                within[stage] += time.process_time() - began
            yield chunk
    finally:
        if hasattr(take, "aclose"):
            await take.aclose()


class _Shot:
    def __init__(self, maker: ShotMaker, within: Times) -> None:
        self._maker = maker
        self._within = within

    def shoot(self, request: ShotRequest) -> Take:
        return _timed(self._maker.shoot(request), "shot", self._within)

    def credit(self, request: ShotRequest) -> Credit:
        return self._maker.credit(request)


class _Interpolate:
    def __init__(self, interpolator: Interpolator, within: Times) -> None:
        self._interpolator = interpolator
        self._within = within

    def interpolate(self, take: Take, fps: int) -> Take:
        return _timed(self._interpolator.interpolate(take, fps), "interpolate", self._within)


class _Upscale:
    def __init__(self, upscaler: Upscaler, within: Times) -> None:
        self._upscaler = upscaler
        self._within = within

    def upscale(self, take: Take, width: int, height: int, request: ShotRequest | None = None) -> Take:
        return _timed(self._upscaler.upscale(take, width, height, request), "upscale", self._within)
