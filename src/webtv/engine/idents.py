"""Channel idents: made once for each name, colour and format, and known again after a restart."""

from collections.abc import Mapping
from typing import Any

from webtv.engine.jobs import Job, JobState, NewJob, content_key
from webtv.engine.ledger import Ledger
from webtv.engine.orders import IDENT, IdentOrder, derive_seed
from webtv.library.notes import Notes
from webtv.library.storage import CLIP, Storage
from webtv.themes.channel import Channel

_PRIORITY = 8  # four seconds of work: before the clips, which would never let it in while buffers fill
_KEPT = 8  # looks per channel that are remembered


class Idents:
    """Which ident each channel has. The ledger forgets jobs after days; notes keep what came of these.

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
        self._known: dict[str, str] = {}  # what each channel's ident was made from, by slug
        self._asked: dict[str, tuple[str, str]] = {}  # what it is to be made from, and the job, by slug

    async def restore(self, channels: Mapping[str, Channel]) -> None:
        """Remember what was made in earlier runs; forget channels that are gone."""
        for slug in self.files.keys() - channels.keys():
            del self.files[slug]
            self._known.pop(slug, None)
        for slug, channel in channels.items():
            await self._recall(slug, content_key(IDENT, _order(slug, channel).to_json()))

    async def have_made(self, slug: str, channel: Channel) -> None:
        """Have a channel's ident made unless that was done; call it again until it is there."""
        order = _order(slug, channel)
        key = content_key(IDENT, order.to_json())
        if await self._recall(slug, key):
            return
        job = await self._ask(slug, order, key)
        if job.state is JobState.DONE:
            await self._keep(slug, key, job)

    async def _ask(self, slug: str, order: IdentOrder, key: str) -> Job:
        """The job that makes it; one that failed stays failed until the ledger has forgotten it."""
        known, number = self._asked.get(slug, ("", ""))
        job = await self._ledger.get(number) if known == key else None
        if job is None:
            new = NewJob(IDENT, slug, order.to_json(), "", _PRIORITY, key=key)
            (job,) = await self._ledger.enqueue([new])
            self._asked[slug] = (key, job.id)
        return job

    async def _recall(self, slug: str, key: str) -> bool:
        if self._known.get(slug) == key:
            return True
        made: dict[str, Any] = await self._notes.get(f"idents:{slug}", {})
        file = made.get(key)
        if not file or not self._storage.path(str(file), CLIP).is_file():
            return False
        self.files[slug], self._known[slug] = str(file), key
        return True

    async def _keep(self, slug: str, key: str, job: Job) -> None:
        file = str((job.result or {}).get("file", ""))
        if not file or not self._storage.path(file, CLIP).is_file():
            return
        made: dict[str, Any] = await self._notes.get(f"idents:{slug}", {})
        kept = dict(list({**made, key: file}.items())[-_KEPT:])
        await self._notes.put(f"idents:{slug}", kept)
        self.files[slug], self._known[slug] = file, key


def _order(slug: str, channel: Channel) -> IdentOrder:
    return IdentOrder(channel.name, channel.branding.accent, channel.format, derive_seed(slug, "ident"))
