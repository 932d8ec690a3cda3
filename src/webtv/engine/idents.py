"""Cards of channels: each is made once for all that it shows, and known again after a restart.

A channel's ident is made as soon as it has something on air. Bumpers and cards that tell what comes next are
made when somebody wants one: :class:`Deck` is where continuity asks for them and finds them.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from webtv.engine.jobs import Job, JobState, NewJob, content_key
from webtv.engine.ledger import Ledger
from webtv.engine.orders import IDENT, CardKind, IdentOrder, card_order
from webtv.library.notes import Notes
from webtv.library.storage import CLIP, Storage
from webtv.themes.channel import Channel

_PRIORITY = 8  # seconds of work: before the clips, which would never let it in while buffers fill
_KEPT = 64  # cards per channel that are remembered
_AGAIN = 8  # times that a card is made anew because its file is gone


@dataclass(frozen=True, slots=True)
class Card:
    """A card that was made.

    Attributes:
        kind: what it is for.
        clip: id of its clip; empty if it was made before that was remembered.
        file: SHA-256 of its file.
        frames: its length.
    """

    kind: CardKind
    clip: str
    file: str
    frames: int


class Deck:
    """The cards of one channel.

    Args:
        storage: tells whether their files are still there.

    Attributes:
        version: counts up whenever there is a card more.
        wanted: orders that somebody waits for, by content key.
    """

    def __init__(self, storage: Storage) -> None:
        self.version = 0
        self.wanted: dict[str, IdentOrder] = {}
        self._storage = storage
        self._cards: dict[str, Card] = {}

    def find(self, order: IdentOrder) -> Card | None:
        """The card that an order asks for, if it is made and its file is there."""
        return self.at(card_key(order))

    def at(self, key: str) -> Card | None:
        """The card under a content key, likewise."""
        card = self._cards.get(key)
        if card is None or not self._storage.path(card.file, CLIP).is_file():
            return None
        return card

    def want(self, order: IdentOrder) -> None:
        """Ask for a card; it is made when there is time."""
        self.wanted.setdefault(card_key(order), order)

    def kind_of(self, clip: str) -> CardKind | None:
        """What a clip is, if it is one of these cards."""
        return next((card.kind for card in self._cards.values() if card.clip == clip), None)

    def add(self, key: str, card: Card) -> None:
        """A card was made."""
        self.wanted.pop(key, None)
        if self._cards.get(key) != card:
            self._cards.pop(key, None)
            self._cards[key] = card
            self.version += 1

    def to_json(self) -> dict[str, Any]:
        """The latest of them, for the notes."""
        return {key: asdict(card) for key, card in list(self._cards.items())[-_KEPT:]}

    def recall(self, data: Mapping[str, Any]) -> None:
        """Take in what :meth:`to_json` gave; what an earlier version wrote are idents."""
        for key, told in data.items():
            if isinstance(told, str):
                told = {"kind": CardKind.IDENT, "clip": "", "file": told, "frames": 0}
            self.add(key, Card(**{**told, "kind": CardKind(told["kind"])}))


class Idents:
    """Has cards made. The ledger forgets jobs after days; notes keep what came of these.

    Args:
        ledger: takes the jobs.
        notes: remember the files.
        storage: tells whether they are still there.

    Attributes:
        files: SHA-256 of the ident of each channel that has one, by slug.
    """

    def __init__(self, ledger: Ledger, notes: Notes, storage: Storage) -> None:
        self.files: dict[str, str] = {}
        self._ledger = ledger
        self._notes = notes
        self._storage = storage
        self._decks: dict[str, Deck] = {}
        self._recalled: set[str] = set()
        self._asked: dict[tuple[str, str], str] = {}  # the job, by slug and content key

    def deck(self, slug: str) -> Deck:
        """The cards of a channel."""
        return self._decks.setdefault(slug, Deck(self._storage))

    async def restore(self, channels: Mapping[str, Channel]) -> None:
        """Remember what was made in earlier runs; forget channels that are gone."""
        for slug in self._decks.keys() - channels.keys():
            del self._decks[slug]
            self.files.pop(slug, None)
            self._recalled.discard(slug)
            self._asked = {key: job for key, job in self._asked.items() if key[0] != slug}
        for slug, channel in channels.items():
            await self._recall(slug)
            self._show(slug, card_order(slug, channel, CardKind.IDENT))

    async def have_made(self, slug: str, channel: Channel) -> None:
        """Have a channel's ident made, and what is wanted besides; call it again until it is there.

        Raises:
            WebTVError: the database does not answer.
        """
        await self._recall(slug)
        ident = card_order(slug, channel, CardKind.IDENT)
        await self._make(slug, ident)
        self._show(slug, ident)
        for order in list(self.deck(slug).wanted.values()):
            await self._make(slug, order)

    def _show(self, slug: str, ident: IdentOrder) -> None:
        if card := self.deck(slug).find(ident):
            self.files[slug] = card.file

    async def _make(self, slug: str, order: IdentOrder) -> None:
        deck, key = self.deck(slug), card_key(order)
        if deck.at(key) is not None:
            deck.wanted.pop(key, None)
            return
        job = await self._ask(slug, order, key)
        if job.state is JobState.FAILED:
            deck.wanted.pop(key, None)  # it stays failed until the ledger has forgotten it
        if job.state is not JobState.DONE or not self._is_there(job):
            return
        result = job.result or {}
        kind, frames = CardKind(order.card), int(result.get("frames", 0))
        deck.add(key, Card(kind, str(result.get("clip") or job.id), str(result["file"]), frames))
        self._asked.pop((slug, key), None)
        await self._notes.put(f"idents:{slug}", deck.to_json())

    async def _ask(self, slug: str, order: IdentOrder, key: str) -> Job:
        """The job that makes it; one whose file is gone since is followed by another one."""
        number = self._asked.get((slug, key), "")
        job = await self._ledger.get(number) if number else None
        for _ in range(_AGAIN):
            if job is not None and (job.state is not JobState.DONE or self._is_there(job)):
                break
            unique = f"{key}:{job.id}" if job is not None else key
            (job,) = await self._ledger.enqueue(
                [NewJob(IDENT, slug, order.to_json(), "", _PRIORITY, key=unique)]
            )
            self._asked[slug, key] = job.id
        assert job is not None
        return job

    def _is_there(self, job: Job) -> bool:
        file = str((job.result or {}).get("file", ""))
        return bool(file) and self._storage.path(file, CLIP).is_file()

    async def _recall(self, slug: str) -> None:
        if slug not in self._recalled:
            self.deck(slug).recall(await self._notes.get(f"idents:{slug}", {}))
            self._recalled.add(slug)


def card_key(order: IdentOrder) -> str:
    """What tells one card from another: all that it shows."""
    return content_key(IDENT, order.to_json())
