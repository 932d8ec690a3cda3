"""The child of its own in which a language model writes for the control plane."""

import asyncio
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Final, Self

from webtv.core.clock import Clock
from webtv.core.completion import to_its_end
from webtv.core.errors import InternalError, TransientError, WebTVError
from webtv.core.events import Event, EventSink
from webtv.prompts.answer import LONGEST_ANSWER, Reply
from webtv.prompts.local_model import Question
from webtv.studio.hosting.adapters import hosted
from webtv.studio.hosting.pool import ModelPool
from webtv.studio.writing import PLACE, LanguageModel

IDLE: Final = 300.0  # seconds without a question after which the memory is of more use to others


class Scribe:
    """Puts questions to a language model in a child, which ends when nobody has asked it for a while.

    It is the control plane's, whose other work must go on whatever the model does. The models' studio has
    children of its own; a card that both share is all theirs while nobody writes. An asynchronous context
    manager: leaving the block ends the child.

    Args:
        pool: makes a pool for the one child.
        model: the adapter, built here; its weights are never loaded here.
        options: of which a child builds the same, ``use`` included.
        clock: for the idle time.
        events: hears when the child ends for want of questions; of everything else the pool tells.
        idle: seconds without a question after which it ends.
    """

    def __init__(
        self,
        pool: Callable[[], ModelPool],
        model: LanguageModel,
        options: Mapping[str, Any],
        *,
        clock: Clock,
        events: EventSink,
        idle: float = IDLE,
    ) -> None:
        self._new_pool = pool
        self._model = model
        self._options = dict(options)
        self._clock = clock
        self._events = events
        self._idle = idle
        self._asking = 0
        self._left = False
        self._asked = 0.0
        self._pool: asyncio.Future[ModelPool] | None = None
        self._keeper: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._left = True
        if self._keeper is not None:
            self._keeper.cancel()
            await to_its_end(_over(self._keeper))
        self._close(self._pool)  # had its keeper not begun yet

    async def ask(self, question: Question) -> Reply:
        """Have the child answer; it is started if there is none. Cancelling has it give up.

        Raises:
            WebTVError: as :meth:`LanguageModel.ask`; ResourceError, TransientError or InternalError if the
                child dies, hangs or says what makes no sense; RateLimited if it did so repeatedly.
        """
        self._asking += 1
        try:
            child = hosted(await self._open(), "write", self._options, self._model)
            return _reply(await child.call("answer", {"question": question.to_json()}))
        finally:
            self._asking -= 1
            self._asked = self._clock.monotonic()

    async def _open(self) -> ModelPool:
        if self._left:
            raise _ended()
        if self._pool is None:
            self._pool = asyncio.get_running_loop().create_future()
            self._keeper = asyncio.create_task(self._keep(self._pool, self._keeper), name="scribe")
        return await asyncio.shield(self._pool)

    async def _keep(self, opened: asyncio.Future[ModelPool], before: asyncio.Task[None] | None) -> None:
        """Have a pool while somebody asks, and for some time after that."""
        try:
            if before is not None:
                await to_its_end(_over(before))  # the memory of its child is free then
            async with self._new_pool() as pool:
                opened.set_result(pool)
                while (rest := self._rest()) > 0:
                    await self._clock.sleep(rest)
                self._pool = None  # whoever asks from now on gets another one
            self._say()
        except WebTVError as error:  # this system cannot have children
            self._close(opened, error)
        finally:
            self._close(opened)

    def _close(self, opened: asyncio.Future[ModelPool] | None, why: WebTVError | None = None) -> None:
        """Nobody asks this pool any more; whoever waits for it hears so."""
        if opened is not None and not opened.done():
            opened.set_exception(why or _ended())
            opened.exception()  # nobody may be waiting
        if self._pool is opened:
            self._pool = None

    def _rest(self) -> float:
        """Seconds for which the child stays at least."""
        return self._idle if self._asking else self._asked + self._idle - self._clock.monotonic()

    def _say(self) -> None:
        said = f"{PLACE}: nobody asked it for {self._idle:g} s; its memory is free"
        details = {"stage": "write", "adapter": "local"}
        self._events(Event("studio.model.recycled", said, data=details))


def _ended() -> WebTVError:
    return TransientError("the writer was ended", place=PLACE, remedy="try again later")


async def _over(task: "asyncio.Task[None]") -> None:
    await asyncio.wait({task})


def _reply(value: Any) -> Reply:
    """What a child answered, judged.

    Raises:
        InternalError: it is no answer.
    """
    text, cut = (value.get("text"), value.get("cut")) if isinstance(value, dict) else (None, None)
    if not isinstance(text, str) or not isinstance(cut, bool) or len(text) > LONGEST_ANSWER:
        raise InternalError("the child's answer makes no sense", place=PLACE, remedy="report it")
    return Reply(text, cut)
