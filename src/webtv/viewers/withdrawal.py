"""Clips that an operator withdrew (``DATA/blocked``), and the posters that go with them."""

from pathlib import Path

from webtv.air.blocked import BlockList
from webtv.library.catalogue import Catalogue


class _Ids(BlockList):
    @property
    def all(self) -> frozenset[str]:
        return self._ids


class Withdrawals:
    """Knows what must not be shown; call :meth:`refresh` before asking.

    Args:
        path: the file with the ids.
        catalogue: knows which poster a clip has.
    """

    def __init__(self, path: Path, catalogue: Catalogue) -> None:
        self._list = _Ids(path)
        self._catalogue = catalogue
        self._known: frozenset[str] = frozenset()
        self._posters: dict[str, str] = {}

    async def refresh(self) -> None:
        """Follow the file; the catalogue is asked only about ids that are new in it."""
        self._list.refresh()
        blocked = self._list.all
        if blocked == self._known:
            return
        posters = {clip: poster for clip, poster in self._posters.items() if clip in blocked}
        for clip_id in blocked - self._known:
            clip = await self._catalogue.clip(clip_id)
            if clip is not None:
                posters[clip_id] = clip.poster
        self._posters, self._known = posters, blocked

    def __contains__(self, clip: str) -> bool:
        return clip in self._list

    def hides(self, poster: str) -> bool:
        """Whether a poster, by its SHA-256, belongs to a withdrawn clip."""
        return poster in self._posters.values()
