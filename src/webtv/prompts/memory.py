"""What was written lately, by channel, so that nobody writes it again.

Bounded, in memory; the engine keeps the lasting copy and hands it in at the start.
"""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from webtv.prompts.sequence import SequencePlan
from webtv.prompts.wording import tokens

Written = tuple[str, Sequence[str]]

_MOST_WORDS = 20_000
_KEEP_SEQUENCES = 64


@dataclass(frozen=True, slots=True)
class Likeness:
    """Why a plan is too close to what was written: the earlier text and how alike they are, 0 to 1."""

    earlier: str
    score: float


@dataclass(slots=True)
class _Shelf:
    prompts: deque[tuple[str, int]]  # a text and its words as bits, so that a comparison takes no time
    titles: deque[str]
    sequences: deque[Written]
    bits: dict[str, int] = field(default_factory=dict)

    def words(self, text: str) -> int:
        return sum(1 << self.bits.setdefault(word, len(self.bits)) for word in tokens(text))

    def trim(self) -> None:
        if len(self.bits) > _MOST_WORDS:
            self.bits.clear()
            kept = [(text, self.words(text)) for text, _ in self.prompts]
            self.prompts.clear()
            self.prompts.extend(kept)


class Memory:
    """Remembers titles and prompts of each channel.

    Args:
        recents: for each slug, (title, prompt texts) of its latest sequences, newest last.
        prompts: how many prompts of a channel are compared with.
        titles: how many titles of a channel may not come again.
        limit: token Jaccard above which two prompts are the same one told twice.
    """

    def __init__(
        self,
        recents: Mapping[str, Iterable[Written]] | None = None,
        *,
        prompts: int = 1000,
        titles: int = 40,
        limit: float = 0.8,
    ) -> None:
        self._keep_prompts = prompts
        self._keep_titles = titles
        self._limit = limit
        self._shelves: dict[str, _Shelf] = {}
        for slug, sequences in (recents or {}).items():
            for title, texts in sequences:
                self._put(slug, title, texts)

    def recent(self, slug: str, sequences: int = 12) -> tuple[str, ...]:
        """Titles and prompt texts of a channel's latest sequences, newest last, as a brief wants them."""
        shelf = self._shelves.get(slug)
        latest = list(shelf.sequences)[-sequences:] if shelf else []
        return tuple(text for title, texts in latest for text in (title, *texts))

    def likeness(self, slug: str, plan: SequencePlan) -> Likeness | None:
        """The first prompt or title, of the channel or the plan itself, that the plan comes too close to."""
        shelf = self._shelf(slug)
        if plan.title.casefold() in shelf.titles:
            return Likeness(plan.title, 1.0)
        own: list[tuple[str, int]] = []
        for shot in plan.shots:
            words = shelf.words(shot.text)
            for earlier, theirs in (*own, *shelf.prompts):
                shared, all_words = (words & theirs).bit_count(), (words | theirs).bit_count()
                if shared > self._limit * all_words:
                    return Likeness(earlier, shared / all_words)
            own.append((shot.text, words))
        return None

    def remember(self, slug: str, plan: SequencePlan) -> None:
        """Keep a plan that was accepted."""
        self._put(slug, plan.title, tuple(shot.text for shot in plan.shots))

    def _put(self, slug: str, title: str, texts: Sequence[str]) -> None:
        shelf = self._shelf(slug)
        shelf.titles.append(title.casefold())
        shelf.prompts.extend((text, shelf.words(text)) for text in texts)
        shelf.sequences.append((title, tuple(texts)))
        shelf.trim()

    def _shelf(self, slug: str) -> _Shelf:
        if slug not in self._shelves:
            self._shelves[slug] = _Shelf(
                deque(maxlen=self._keep_prompts),
                deque(maxlen=self._keep_titles),
                deque(maxlen=_KEEP_SEQUENCES),
            )
        return self._shelves[slug]
