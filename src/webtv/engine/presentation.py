"""Presentation: where a channel's cards stand between its sequences.

A card that tells what comes next stands directly before its sequence and carries its id, so that whatever
moves one moves both. What is not ready when its place is locked is simply not aired; nothing waits for it.
How long it has been since the last card of a kind is read from the playlist, which outlives the process.
"""

from collections.abc import Sequence
from pathlib import Path

from webtv.clips.clip import Kind
from webtv.engine.idents import Card, Deck
from webtv.engine.orders import CardKind, IdentOrder, card_order, next_order
from webtv.library.catalogue import Catalogue
from webtv.library.storage import BED, CLIP, Storage
from webtv.playlist.edits import Run, runs
from webtv.playlist.entry import Entry
from webtv.themes.channel import Channel

_LEAD = 45.0  # seconds before its place comes: what is asked for later would not be ready
_ORDER = (CardKind.NEXT, CardKind.IDENT, CardKind.BUMPER)  # which comes first where several are due


class Presenter:
    """Puts the cards of one channel where they belong.

    Args:
        slug: the channel.
        data: the station's data folder.
        deck: has its cards, and takes wishes.
        catalogue: knows what sequences are about.
        storage: tells where files are.
    """

    def __init__(self, slug: str, data: Path, *, deck: Deck, catalogue: Catalogue, storage: Storage) -> None:
        self.deck = deck
        self._slug = slug
        self._data = data
        self._catalogue = catalogue
        self._storage = storage
        self._orders: dict[str, IdentOrder] = {}
        self._sounds: dict[str, str | None] = {}

    async def present(
        self, channel: Channel, before: Sequence[Entry], waiting: Sequence[Entry], ahead: int
    ) -> list[Entry]:
        """What waits, with its cards.

        Args:
            channel: says how often which card airs.
            before: all that is listed before what waits, as far back as anybody knows, cards included.
            waiting: without cards, see :func:`without_cards`.
            ahead: frames that air before it.

        Returns:
            The same entries with cards between them; those have no number yet.

        Raises:
            WebTVError: the database does not answer.
        """
        spacing = _spacing(channel)
        since = self._since(before)
        result: list[Entry] = []
        latest = before[-1] if before else None
        for run in runs(waiting):
            card = None
            if run[0].pos == 1 and latest is not None and not is_card(latest):
                due = [kind for kind in _ORDER if 0 < spacing[kind] <= since[kind]]
                lead = ahead / channel.house_format.fps
                card = await self._card(channel, run, latest, due, since, lead)
            for entry in (*((card,) if card else ()), *run):
                result.append(entry)
                ahead += entry.frames
            for kind in since:
                since[kind] += sum(entry.frames for entry in run)
            latest = run[-1]
        self._orders = {entry.seq: self._orders[entry.seq] for entry in waiting if entry.seq in self._orders}
        return result

    async def _card(
        self,
        channel: Channel,
        run: Run,
        latest: Entry,
        due: Sequence[CardKind],
        since: dict[CardKind, int],
        lead: float,
    ) -> Entry | None:
        for kind in due:
            if kind is CardKind.NEXT and run[0].seq in ("", latest.seq):
                continue  # a young station repeats one end to end
            order = await self._order(channel, kind, run[0].seq)
            if order is None:
                continue
            card = self.deck.find(order)
            if card is not None and not card.frames:
                continue  # remembered by an earlier version, which listed none
            if card is None and lead < _LEAD:
                continue
            since[kind] = 0  # it has its place, there already or not
            if card is not None:
                return await self._entry(card, order, run[0].seq)
            self.deck.want(order)
            return None
        return None

    async def _order(self, channel: Channel, kind: CardKind, seq: str) -> IdentOrder | None:
        if kind is not CardKind.NEXT:
            return card_order(self._slug, channel, kind)
        known = self._orders.get(seq)
        if known is None or (known.name, known.accent) != (channel.name, channel.branding.accent):
            record = await self._catalogue.sequence(seq)
            if record is None:
                return None
            known = self._orders[seq] = next_order(self._slug, channel, record.plan)
        return known

    async def _entry(self, card: Card, order: IdentOrder, seq: str) -> Entry:
        if card.clip not in self._sounds:
            clip = await self._catalogue.clip(card.clip)
            self._sounds[card.clip] = clip.provenance.get("sound") if clip else None
        sound = self._sounds[card.clip]
        title = f"{order.word}: {order.title}" if card.kind is CardKind.NEXT else order.name
        return Entry(
            n=0,
            clip=card.clip,
            kind=Kind.IDENT,
            seq=seq if card.kind is CardKind.NEXT else "",
            pos=1,
            of=1,
            bed=self._relative(sound, BED) if sound else None,
            bed_at=0,
            frames=card.frames,
            title=title,
            file=self._relative(card.file, CLIP),
        )

    def _relative(self, sha: str, ext: str) -> str:
        return f"../{self._storage.path(sha, ext).relative_to(self._data).as_posix()}"

    def _since(self, before: Sequence[Entry]) -> dict[CardKind, int]:
        """Frames since the last card of each kind; since the beginning where there was none."""
        total = 0
        found: dict[CardKind, int] = {}
        for entry in reversed(before):
            if is_card(entry):
                for kind in self._kinds(entry):
                    found.setdefault(kind, total)
                if len(found) == len(CardKind):
                    break
            else:
                total += entry.frames
        return {kind: found.get(kind, total) for kind in CardKind}

    def _kinds(self, entry: Entry) -> tuple[CardKind, ...]:
        if entry.seq:
            return (CardKind.NEXT,)
        kind = self.deck.kind_of(entry.clip)
        # One that nobody remembers is either: another one of neither kind shall follow it soon.
        return (kind,) if kind else (CardKind.IDENT, CardKind.BUMPER)


def is_card(entry: Entry) -> bool:
    """Whether an entry stands between programmes and is none."""
    return entry.kind is Kind.IDENT


def without_cards(entries: Sequence[Entry]) -> list[Entry]:
    """The programmes alone."""
    return [entry for entry in entries if not is_card(entry)]


def _spacing(channel: Channel) -> dict[CardKind, int]:
    branding, fps = channel.branding, channel.house_format.fps
    seconds = {
        CardKind.NEXT: branding.next,
        CardKind.IDENT: branding.ident,
        CardKind.BUMPER: branding.bumper,
    }
    return {kind: round(value * fps) for kind, value in seconds.items()}
