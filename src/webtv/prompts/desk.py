"""The script desk: whoever writes, what leaves it is fresh, safe and of the right shape.

A fallback goes through the same filter as what it replaces, and says so as an event.
"""

from datetime import UTC, datetime

from webtv.core.clock import Clock
from webtv.core.errors import Category, QualityError, RateLimited, SafetyError, WebTVError
from webtv.core.events import Event, EventSink, Severity
from webtv.prompts.memory import Memory
from webtv.prompts.rules import broken_rules
from webtv.prompts.safety import SafetyFilter
from webtv.prompts.sequence import SequencePlan
from webtv.prompts.writer import Brief, Writer
from webtv.themes.channel import Channel

_SEEDS = 1 << 63
_PRIMARY_TRIES = 2
_STRIDE = (
    0x5851F42D4C957F2D  # odd and large: the seeds of further tries lie far from those of other sequences
)

_AWAY = frozenset(
    {Category.TRANSIENT, Category.RATE_LIMIT, Category.RESOURCE, Category.CONFIG, Category.COMPONENT}
)
_REST = 30.0  # seconds for which a primary that is away is not asked; doubles each time
_REST_AT_MOST = 900.0


class ScriptDesk:
    """Composes writers, memory and safety.

    Args:
        primary: who writes first, e.g. a language model; None to let the fallback write everything.
        fallback: who always can, the grammar.
        safety: the one filter.
        memory: what was written lately.
        events: where fallbacks and refusals are told.
        clock: measures for how long a primary that does not answer is not asked.
        tries: how often the fallback may try before its best is taken, or its refusal raised.
    """

    def __init__(
        self,
        primary: Writer | None,
        fallback: Writer,
        *,
        safety: SafetyFilter,
        memory: Memory,
        events: EventSink,
        clock: Clock,
        tries: int = 16,
    ) -> None:
        self._primary = primary
        self._fallback = fallback
        self._safety = safety
        self._memory = memory
        self._events = events
        self._tries = tries
        self._pause = _Pause(clock)

    async def write(self, slug: str, channel: Channel, seed: int) -> SequencePlan:
        """Write, judge and remember one sequence.

        Raises:
            SafetyError: everything that could be written for the channel is refused.
            WebTVError: the fallback itself failed, by category.
        """
        plan = None
        if self._primary is not None and self._pause.may_ask():
            try:
                plan = await self._by_primary(slug, channel, seed)
            finally:
                self._pause.asked()
        if plan is None:
            plan = await self._by_fallback(slug, channel, seed)
        self._memory.remember(slug, plan)
        return plan

    async def _by_primary(self, slug: str, channel: Channel, seed: int) -> SequencePlan | None:
        writer = self._primary
        assert writer is not None
        trouble: WebTVError | None = None
        until = ""
        began = self._pause.now()
        for attempt in range(_PRIMARY_TRIES):
            try:
                plan = await writer.write(self._brief(slug, channel, _seed(seed, attempt)))
                self._pause.end()
                self._accept(slug, channel, plan)
            except (SafetyError, _TooAlike) as error:
                trouble = error  # another try may well be fine
            except WebTVError as error:
                trouble = error
                if error.category in _AWAY:
                    until = self._pause.begin(began, error)
                break
            else:
                return plan
        assert trouble is not None
        self._events(
            Event(
                kind="prompts.writer.fell_back",
                message=f"{writer.name} could not write for {channel.name}: {trouble.message}. "
                f"{self._fallback.name} writes instead{f' until {until}' if until else ''}",
                severity=Severity.WARNING,
                remedy=trouble.remedy,
                channel=slug,
                data={
                    "from": writer.name,
                    "to": self._fallback.name,
                    "reason": str(trouble.category),
                    **({"until": until} if until else {}),
                },
            )
        )
        return None

    async def _by_fallback(self, slug: str, channel: Channel, seed: int) -> SequencePlan:
        refusal: SafetyError | None = None
        best: tuple[float, SequencePlan] | None = None
        for attempt in range(self._tries):
            plan = await self._fallback.write(self._brief(slug, channel, _seed(seed, attempt)))
            try:
                self._judge(channel, plan)
            except SafetyError as error:
                refusal = error
                continue
            likeness = self._memory.likeness(slug, plan)
            if likeness is None:
                return plan
            if best is None or likeness.score < best[0]:
                best = (likeness.score, plan)
        if best is not None:
            self._events(
                Event(
                    kind="prompts.memory.repeated",
                    message=f"{channel.name} repeats itself: nothing newer came of {self._tries} tries",
                    remedy="name more subjects and places in the channel's theme",
                    channel=slug,
                    data={"likeness": round(best[0], 3)},
                )
            )
            return best[1]
        assert refusal is not None
        self._events(
            Event(
                kind="prompts.safety.refused",
                message=f"nothing that {channel.name} asks for may be shown: {refusal.message}",
                severity=Severity.ERROR,
                remedy=refusal.remedy,
                channel=slug,
            )
        )
        raise refusal

    def _brief(self, slug: str, channel: Channel, seed: int) -> Brief:
        return Brief(slug=slug, channel=channel, seed=seed, recent=self._memory.recent(slug))

    def _accept(self, slug: str, channel: Channel, plan: SequencePlan) -> None:
        if wrong := broken_rules(plan, channel):
            raise QualityError(wrong[0], place=plan.writer)
        self._judge(channel, plan)
        if likeness := self._memory.likeness(slug, plan):
            raise _TooAlike(
                f"it repeats what was written before (likeness {likeness.score:.2f})", place=plan.writer
            )

    def _judge(self, channel: Channel, plan: SequencePlan) -> None:
        verdict = self._safety.judge_plan(plan, channel.rating)
        if not verdict.allowed:
            raise SafetyError(
                f"the safety filter refused {', '.join(map(str, verdict.reasons[:3]))}",
                place=plan.writer,
                remedy="reword the channel's theme and style; names can be allowed in WEBTV_ALLOWED_NAMES",
            )


class _Pause:
    """For how long a primary that is away is not asked: else each sequence would wait for it anew.

    After a pause one sequence tries, while the others go on without.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._failures = 0
        self._began = self._until = clock.monotonic()
        self._trying = False

    def now(self) -> float:
        return self._clock.monotonic()

    def may_ask(self) -> bool:
        if not self._failures:
            return True
        if self._trying or self.now() < self._until:
            return False
        self._trying = True
        return True

    def asked(self) -> None:
        self._trying = False

    def begin(self, asked_at: float, error: WebTVError) -> str:
        """Pause, longer each time; returns until when, for people."""
        now = self.now()
        if not self._failures or asked_at > self._began:  # else it was asked before we knew: no news
            seconds = min(_REST_AT_MOST, _REST * 2.0 ** min(self._failures, 10))
            if isinstance(error, RateLimited):
                seconds = max(seconds, error.retry_after)
            self._failures += 1
            self._began, self._until = now, now + seconds
        ends = self._clock.time() + max(0.0, self._until - now)
        return datetime.fromtimestamp(ends, UTC).strftime("%H:%M:%S UTC")

    def end(self) -> None:
        self._failures = 0


class _TooAlike(QualityError):
    """A plan repeats what was written lately."""


def _seed(seed: int, attempt: int) -> int:
    """The seed of a further try; the first is the seed itself."""
    return (seed + attempt * _STRIDE) % _SEEDS
