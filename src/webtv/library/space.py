"""Room for new content: when there is none, generation stops and says so; the air goes on."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from webtv.core.events import Event, EventSink, Severity
from webtv.library.catalogue import Catalogue
from webtv.library.eviction import Eviction
from webtv.library.storage import Storage

GB = 1_000_000_000
_SLACK = 0.05


class RoomState(StrEnum):
    """Whether new content has a place."""

    OK = "ok"
    OVER_BUDGET = "over_budget"
    DISK_FULL = "disk_full"


@dataclass(frozen=True, slots=True)
class Room:
    """How much room there is, all in bytes.

    Attributes:
        state: the verdict.
        used: clips, posters and beds.
        budget: what they may use.
        free: room on the disk.
        min_free: room on the disk that must stay.
    """

    state: RoomState
    used: int
    budget: int
    free: int
    min_free: int

    @property
    def may_generate(self) -> bool:
        """Whether the studio may go on."""
        return self.state is RoomState.OK


def room_state(used: int, free: int, *, budget: int, min_free: int) -> Room:
    """Judge the room there is; a pure function of bytes."""
    if free < min_free:
        state = RoomState.DISK_FULL
    elif used >= budget:
        state = RoomState.OVER_BUDGET
    else:
        state = RoomState.OK
    return Room(state, used, budget, free, min_free)


class Space:
    """Watches the room and evicts when it gets short.

    Args:
        catalogue: tells what is used.
        storage: tells what is free.
        eviction: makes room.
        events: hears when room runs out, comes back, and what was evicted.
        budget: bytes that clips, posters and beds may use.
        min_free: bytes that must stay free on the disk.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        storage: Storage,
        eviction: Eviction,
        events: EventSink,
        *,
        budget: int,
        min_free: int,
    ) -> None:
        self._catalogue = catalogue
        self._storage = storage
        self._eviction = eviction
        self._events = events
        self._budget = budget
        self._min_free = min_free
        self._last = RoomState.OK

    async def check(self, protected_clips: Collection[str]) -> Room:
        """Measure, evict a little more than needed if it must be, and return what room there is then.

        Args:
            protected_clips: ids of clips that must stay: everything in a playlist ahead of a cursor.
        """
        room = await self._measure()
        if not room.may_generate:
            slack = int(self._budget * _SLACK)
            over = room.used - self._budget + slack
            missing = room.min_free - room.free + slack if room.free < room.min_free else 0
            gone = await self._eviction.make_room(max(over, missing), protected_clips)
            if gone.sequences:
                self._events(
                    Event(
                        "library.sequences.evicted",
                        f"{gone.sequences} old sequences made room ({gone.bytes / GB:.2f} GB)",
                        data={"sequences": gone.sequences, "bytes": gone.bytes},
                    )
                )
                room = await self._measure()
        self._tell(room)
        return room

    async def _measure(self) -> Room:
        used = (await self._catalogue.totals()).bytes
        return room_state(used, self._storage.free(), budget=self._budget, min_free=self._min_free)

    def _tell(self, room: Room) -> None:
        if room.state is self._last:
            return
        self._last = room.state
        data = {"state": room.state.value, "used": room.used, "free": room.free}
        if room.state is RoomState.OK:
            self._events(Event("library.room.returned", "There is room for new content again", data=data))
        elif room.state is RoomState.DISK_FULL:
            self._events(
                Event(
                    "library.room.ended",
                    f"Generation rests: the disk has {room.free / GB:.2f} GB left, "
                    f"{room.min_free / GB:.2f} GB must stay free",
                    Severity.ERROR,
                    remedy="free some space on the disk, or lower WEBTV_LIBRARY_GB",
                    data=data,
                )
            )
        else:
            self._events(
                Event(
                    "library.room.ended",
                    f"Generation rests: the library uses {room.used / GB:.2f} GB of "
                    f"{room.budget / GB:.2f} GB and all of it is new or about to air",
                    Severity.WARNING,
                    remedy="raise WEBTV_LIBRARY_GB",
                    data=data,
                )
            )
