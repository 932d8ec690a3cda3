"""Cards as takes: what an order for an ident, a bumper or a "next" card looks like in motion."""

import asyncio
from collections.abc import AsyncGenerator, Iterator

from webtv.clips.card import CARD_SECONDS, bumper_frames, ident_frames, next_frames
from webtv.core.format import house_format
from webtv.engine.orders import CardKind, IdentOrder
from webtv.studio.ports import Chunk, Frames


def card_frames(order: IdentOrder) -> int:
    """Length of a card in frames, whole GOPs."""
    return CARD_SECONDS[order.card] * house_format(order.format).fps


def draw_card(order: IdentOrder) -> Iterator[Frames]:
    """The pictures of a card: uint8[T, H, W, 3] of its format's size."""
    form = house_format(order.format)
    if order.card == CardKind.NEXT:
        return next_frames(
            form,
            order.name,
            order.accent,
            order.seed,
            word=order.word,
            title=order.title,
            line=order.line,
        )
    draw = bumper_frames if order.card == CardKind.BUMPER else ident_frames
    return draw(form, order.name, order.accent, order.seed)


async def play_card(order: IdentOrder) -> AsyncGenerator[Chunk]:
    """The card as a take; each piece is drawn in a thread."""
    pictures, done = draw_card(order), 0
    while (part := await asyncio.to_thread(next, pictures, None)) is not None:
        yield Chunk(part, done, house_format(order.format).fps)
        done += len(part)
