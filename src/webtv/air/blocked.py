"""``DATA/blocked``: ids of clips that must not air, one a line. Anybody who may write the file may block."""

from pathlib import Path


class BlockList:
    """Follows the file; an absent one blocks nothing.

    Args:
        path: the file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: tuple[int, ...] | None = None
        self._ids: frozenset[str] = frozenset()

    @property
    def ids(self) -> frozenset[str]:
        """What must not air."""
        return self._ids

    def refresh(self) -> None:
        """Read the file if it changed; an unreadable one leaves the list as it was."""
        try:
            stat = self._path.stat()
            seen = (stat.st_ino, stat.st_mtime_ns, stat.st_size)
            if seen != self._seen:
                lines = self._path.read_text(encoding="utf-8", errors="replace").splitlines()
                self._ids = frozenset(line.split("#")[0].strip() for line in lines) - {""}
                self._seen = seen
        except FileNotFoundError:
            self._ids, self._seen = frozenset(), None
        except OSError:
            return

    def __contains__(self, clip: str) -> bool:
        return clip in self._ids
