"""Tickets are there after a crash, or not at all."""

import os
from pathlib import Path

import pytest

from webtv.core.errors import ConfigError, ResourceError
from webtv.studio.remote.tickets import FileTickets, MemoryTickets, Order, Ticket, Tickets

KEY, OTHER = "ab" * 32, "cd" * 32


@pytest.fixture(params=["memory", "files"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Tickets:
    return MemoryTickets() if request.param == "memory" else FileTickets(tmp_path / "deep" / "tickets")


def test_a_store_keeps_replaces_and_drops(store: Tickets) -> None:
    assert store.get(KEY) is None
    store.drop(KEY)
    store.put(KEY, "one")
    store.put(KEY, "zwölf")
    store.put(OTHER, "other")
    assert (store.get(KEY), store.get(OTHER)) == ("zwölf", "other")
    store.drop(KEY)
    assert (store.get(KEY), store.get(OTHER)) == (None, "other")


def test_an_order_goes_on_where_it_was_left(store: Tickets) -> None:
    order = Order(store, KEY)
    assert order.ticket is None
    order.place("https://a.example", "nonce", 5.0)
    order.known("job")
    assert Order(store, KEY).ticket == Ticket("https://a.example", "nonce", 5.0, "job")
    order.ready("https://a.example/v")
    assert Order(store, KEY).ticket == Ticket("https://a.example", "nonce", 5.0, "job", "https://a.example/v")
    order.forget()
    assert Order(store, KEY).ticket is None


@pytest.mark.parametrize(
    "damage", ["", "{", "[]", '{"address": "a"}', '{"address": 1, "nonce": "n", "at": 0}', '{"extra": 1}']
)
def test_a_damaged_ticket_counts_as_none(store: Tickets, damage: str) -> None:
    store.put(KEY, damage)
    assert Order(store, KEY).ticket is None
    assert store.get(KEY) is None


def test_old_tickets_go(tmp_path: Path) -> None:
    store = FileTickets(tmp_path)
    store.put(KEY, "old")
    os.utime(tmp_path / f"{KEY}.json", (0, 0))
    store.put(OTHER, "new")
    assert store.get(KEY) is None
    assert store.get(OTHER) == "new"


def test_a_key_cannot_leave_the_folder(tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        FileTickets(tmp_path).put("../../etc/passwd", "x")


def test_what_cannot_be_kept_is_not_ordered(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ResourceError, match="nothing is ordered"):
        FileTickets(tmp_path / "file").put(KEY, "x")
