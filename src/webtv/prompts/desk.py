"""The script desk: whoever writes, what leaves it is fresh, safe and of the right shape.

A fallback goes through the same filter as what it replaces, and says so as an event.
"""

from webtv.core.errors import QualityError, SafetyError, WebTVError
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


class ScriptDesk:
    """Composes writers, memory and safety.

    Args:
        primary: who writes first, e.g. a language model; None to let the fallback write everything.
        fallback: who always can, the grammar.
        safety: the one filter.
        memory: what was written lately.
        events: where fallbacks and refusals are told.
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
        tries: int = 16,
    ) -> None:
        self._primary = primary
        self._fallback = fallback
        self._safety = safety
        self._memory = memory
        self._events = events
        self._tries = tries

    async def write(self, slug: str, channel: Channel, seed: int) -> SequencePlan:
        """Write, judge and remember one sequence.

        Raises:
            SafetyError: everything that could be written for the channel is refused.
            WebTVError: the fallback itself failed, by category.
        """
        plan = await self._by_primary(slug, channel, seed) if self._primary else None
        if plan is None:
            plan = await self._by_fallback(slug, channel, seed)
        self._memory.remember(slug, plan)
        return plan

    async def _by_primary(self, slug: str, channel: Channel, seed: int) -> SequencePlan | None:
        writer = self._primary
        assert writer is not None
        trouble: WebTVError | None = None
        for attempt in range(_PRIMARY_TRIES):
            try:
                plan = await writer.write(self._brief(slug, channel, _seed(seed, attempt)))
                self._accept(slug, channel, plan)
            except (SafetyError, _TooAlike) as error:
                trouble = error  # another try may well be fine
            except WebTVError as error:
                trouble = error
                break
            else:
                return plan
        assert trouble is not None
        self._events(
            Event(
                kind="prompts.writer.fell_back",
                message=f"{writer.name} could not write for {channel.name}: {trouble.message}. "
                f"{self._fallback.name} writes instead",
                severity=Severity.WARNING,
                remedy=trouble.remedy,
                channel=slug,
                data={"from": writer.name, "to": self._fallback.name, "reason": str(trouble.category)},
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


class _TooAlike(QualityError):
    """A plan repeats what was written lately."""


def _seed(seed: int, attempt: int) -> int:
    """The seed of a further try; the first is the seed itself."""
    return (seed + attempt * _STRIDE) % _SEEDS
