"""Shooting: how a clip comes by its take, without paying twice and without keeping a bad one unseen."""

import dataclasses
import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from webtv.core.errors import Category, WebTVError
from webtv.core.events import Event, EventSink, LogSink, Severity
from webtv.engine.orders import derive_seed
from webtv.engine.stages import Stages
from webtv.engine.takes import HeldTake, Takes, hold, take_key
from webtv.studio.capability import capability_of
from webtv.studio.ports import Score, ShotRequest, TakeScorer


@dataclass(frozen=True, slots=True)
class Chosen:
    """The take that a clip is made of.

    Attributes:
        take: its frames.
        request: what it was made for, with its own seed.
        number: which of the takes it is, from 1.
        judgement: JSON-compatible: how the takes fared and why this one; empty if nobody looked.
        keys: of all kept takes of this clip, to be dropped when the clip is in the library.
    """

    take: HeldTake
    request: ShotRequest
    number: int = 1
    judgement: Mapping[str, Any] = field(default_factory=dict)
    keys: tuple[str, ...] = ()


def take_seed(seed: int, number: int) -> int:
    """The seed of a clip's first, second, ... take."""
    return seed if number == 1 else derive_seed(seed, "take", number)


class Shooting:
    """Has takes made, kept and judged for the clips of one channel.

    Args:
        stages: the adapters.
        options: of the shot stage, as the order says.
        kept: where takes are kept that took a device or money; without it they are only held.
        folder: on a disk with room, for large takes that are held.
        events: hears of takes that are made again or could not be judged.
        channel: slug, for those events.
    """

    def __init__(
        self,
        stages: Stages,
        options: Mapping[str, Any],
        *,
        folder: Path,
        kept: Takes | None = None,
        events: EventSink | None = None,
        channel: str | None = None,
    ) -> None:
        self._stages = stages
        self._options = options
        self._folder = folder
        self._tell = events or LogSink()
        self._channel = channel
        name = str(options.get("use", ""))
        self._kept = kept if capability_of(stages.shot, "shot", name).apart else None

    @property
    def streams(self) -> bool:
        """Whether nothing needs a whole take before the next stage begins."""
        return self._kept is None and not self._judged

    @property
    def _judged(self) -> bool:
        return self._stages.judge is not None and self._stages.judge.threshold > 0

    def key(self, request: ShotRequest) -> str:
        """Under which the take of a request would be kept."""
        return take_key(self._options, request, self._stages.shot.credit(request))

    def is_kept(self, request: ShotRequest) -> bool:
        """Whether the first take of a request was made and is still there."""
        return self._kept is not None and self.key(request) in self._kept

    async def best(self, request: ShotRequest) -> Chosen:
        """The first take that is good enough, or the best of as many as the channel allows.

        Raises:
            WebTVError: the shot maker's; takes that were made before are kept. If one of them can be used,
                only trouble that may pass soon is raised.
            ResourceError: there is no room for a take.
        """
        judge = self._stages.judge if self._judged else None
        tried: list[tuple[Score | None, Chosen]] = []
        failed: list[dict[str, Any]] = []
        for number in range(1, (judge.takes if judge else 1) + 1):
            asked = dataclasses.replace(request, seed=take_seed(request.seed, number))
            try:
                chosen = Chosen(await self._take(asked), asked, number)
            except WebTVError as error:
                if not tried or _may_pass(error):
                    raise
                self._tell_failed(error, number)
                failed.append({"take": number, "seed": asked.seed, "score": None, "why": error.message})
                break
            score = await self._score(chosen) if judge else None
            tried.append((score, chosen))
            if judge is None or score is None or score.value >= judge.threshold:
                break
            if number < judge.takes:
                self._complain(f"take {number} is made again with another seed", score, number)
        # A take that nobody could judge is the last one; of equal scores the earlier wins.
        score, best = tried[-1] if tried[-1][0] is None else max(tried, key=_value)
        if judge and score and score.value < judge.threshold:
            self._complain(f"take {best.number} is the best of {len(tried)} and is used", score, best.number)
        keys = tuple(self.key(chosen.request) for _, chosen in tried) if self._kept else ()
        judgement = self._judgement(tried, best, failed)
        return dataclasses.replace(best, judgement=judgement, keys=keys)

    async def drop(self, chosen: Chosen) -> None:
        """Forget takes of which no clip will ever be made."""
        if self._kept is not None:
            await self._kept.drop(chosen.keys)

    async def _take(self, request: ShotRequest) -> HeldTake:
        if self._kept is None:
            return await hold(self._stages.shot.shoot(request), request.seconds, self._folder)
        key = self.key(request)
        take = await self._kept.find(key)
        if take is None:
            await self._kept.expect(request)
            take = await self._kept.keep(key, self._stages.shot.shoot(request), request.seconds)
        await self._settle(request)
        return take

    async def _settle(self, request: ShotRequest) -> None:
        """Tell an adapter that keeps tickets of what it ordered that this take is safe: its ticket may go.

        Told again of a take that was found: whoever kept it may have died before this.
        """
        settle = getattr(self._stages.shot, "settle", None)
        if settle is None:
            return
        try:
            said = settle(request)
            if inspect.isawaitable(said):
                await said
        except (WebTVError, OSError) as error:
            self._tell(
                Event(
                    "engine.take.unsettled",
                    f"The ticket of a take that is kept could not be dropped: {error}",
                    Severity.WARNING,
                    error.remedy if isinstance(error, WebTVError) else "look at the disk",
                    self._channel,
                    {"seed": request.seed},
                )
            )

    async def _score(self, chosen: Chosen) -> Score | None:
        assert self._stages.judge is not None
        take, prompt = chosen.take, chosen.request.prompt
        try:
            return await self._stages.judge.scorer.score(take.frames, take.fps, prompt)
        except WebTVError as error:
            # The take is paid for and may be good: nobody having looked is no reason to throw it away.
            self._tell(
                Event(
                    "engine.take.unjudged",
                    f"A take is used that nobody could judge: {error.message}",
                    Severity.WARNING,
                    error.remedy or "see the scorer of this channel",
                    self._channel,
                    {"take": chosen.number, "seed": chosen.request.seed},
                )
            )
            return None

    def _complain(self, what: str, score: Score, number: int) -> None:
        judge = self._stages.judge
        assert judge is not None
        self._tell(
            Event(
                "engine.take.weak",
                f"A take scores {score.value:.2f}, below {judge.threshold:g}"
                f" ({score.reason or 'it does not show what was asked for'}); {what}",
                Severity.WARNING,
                "if most takes are weak, use another model or lower studio.score.threshold",
                self._channel,
                {"take": number, "score": score.value, "parts": dict(score.parts)},
            )
        )

    def _tell_failed(self, error: WebTVError, number: int) -> None:
        self._tell(
            Event(
                "engine.take.failed",
                f"Take {number} could not be made, so the best before it is used: {error.message}",
                Severity.WARNING,
                error.remedy or "see the adapter of this channel's shots",
                self._channel,
                {"take": number},
            )
        )

    def _judgement(
        self, tried: list[tuple[Score | None, Chosen]], best: Chosen, failed: Sequence[Mapping[str, Any]]
    ) -> dict[str, Any]:
        if not self._judged:
            return {}
        assert self._stages.judge is not None
        return {
            "threshold": self._stages.judge.threshold,
            "used": best.number,
            **_scorer(self._stages.judge.scorer),
            "takes": [
                {"take": chosen.number, "seed": chosen.request.seed, **_told(score)}
                for score, chosen in tried
            ]
            + [dict(one) for one in failed],
        }


def _may_pass(error: WebTVError) -> bool:
    """Whether waiting a little is worth more than a take that is there and could be better."""
    return error.category in (Category.TRANSIENT, Category.RESOURCE)


def _value(one: tuple[Score | None, Chosen]) -> float:
    return one[0].value if one[0] else -1.0


def _told(score: Score | None) -> dict[str, Any]:
    if score is None:
        return {"score": None, "why": "nobody could judge it"}
    parts = {name: round(float(part), 4) for name, part in score.parts.items()}
    return {"score": round(float(score.value), 4), "parts": parts, "why": score.reason}


def _scorer(scorer: TakeScorer) -> dict[str, Any]:
    said = capability_of(scorer, "score", "")
    return {"scorer": said.adapter, **({"weights": list(said.weights)} if said.weights else {})}
