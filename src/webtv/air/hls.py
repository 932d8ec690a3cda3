"""Live HLS as files: fMP4 segments of one GOP each and a media playlist that slides over them.

Any web server can serve the folder with everything else dead. The state lives in the files themselves, so
media sequence numbers go on after a restart; a discontinuity is marked only where time was lost. A segment's
name tells its clip, so whoever comes later can still take a clip out of the window.
"""

import contextlib
import errno
from collections import deque
from collections.abc import Callable, Iterable
from collections.abc import Set as AbstractSet
from dataclasses import replace
from pathlib import Path

from webtv.air.clipsource import Gop
from webtv.air.fileoutput import FileOutput, stand_in
from webtv.air.fmp4 import chunk_plan, init_segment, media_segment
from webtv.air.hlsindex import INDEX, WITHDRAWN, Index, Segment, parse_name, segment_name, tag_of
from webtv.air.output import OutputKind
from webtv.air.slice import Slice, StreamHeader
from webtv.core.clock import Clock
from webtv.core.events import EventSink
from webtv.core.files import write_atomically
from webtv.core.format import GOP_SECONDS
from webtv.playlist.asrun import utc_text

_INIT = "init.mp4"
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT})


class HlsOutput(FileOutput):
    """One channel's live folder as an output.

    Args:
        folder: ``DATA/hls/{channel}``.
        header: what stands in the initialisation segment.
        epoch: UTC second of frame 0 of the timeline.
        window: seconds that viewers can seek back to.
        slug: the channel.
        slate: makes the GOPs that stand in for what is withdrawn; may block.
        silence: one silent AAC frame.
        clock: a segment is published when its first frame is due.
        events: hears of troubles with the disk, and of their end.
    """

    def __init__(
        self,
        folder: Path,
        header: StreamHeader,
        epoch: float,
        window: float,
        *,
        slug: str,
        slate: Callable[[], list[Gop]],
        silence: bytes,
        clock: Clock,
        events: EventSink,
    ) -> None:
        self._live = HlsWriter(folder, header, epoch, window, slate=slate, silence=silence)
        super().__init__(self._live, name="hls", kind=OutputKind.HLS, slug=slug, clock=clock, events=events)

    def keep(self, window: float) -> None:
        """Let viewers seek back so many seconds from now on; the playlist grows or shrinks to it."""
        self._live.keep(window)


class HlsWriter:
    """Writes one channel's live folder; a :class:`webtv.air.fileoutput.FileWriter`.

    The folder is opened with the first segment, or when something must be taken out of it.

    Args:
        folder: ``DATA/hls/{channel}``.
        header: what stands in the initialisation segment.
        epoch: UTC second of frame 0 of the timeline.
        window: seconds that viewers can seek back to.
        slate: makes the GOPs that stand in for what is withdrawn; may block.
        silence: one silent AAC frame.
    """

    def __init__(
        self,
        folder: Path,
        header: StreamHeader,
        epoch: float,
        window: float,
        *,
        slate: Callable[[], list[Gop]],
        silence: bytes,
    ) -> None:
        self.blocked: AbstractSet[str] = frozenset()
        self._folder = folder
        self._header = header
        self._epoch = epoch
        self.keep(window)
        self._slate = slate
        self._silence = silence
        self._index = Index()
        self._behind: deque[str] = deque()  # names that have left the playlist and stay for players that lag
        self._open = False

    def keep(self, window: float) -> None:
        """Let viewers seek back so many seconds from now on; the playlist grows or shrinks to it."""
        self._length = max(6, int(window / GOP_SECONDS))

    def write(self, piece: Slice) -> int:
        """Add one slice as a segment and slide the window.

        Raises:
            OSError: the disk does not take it; the playlist still names only whole segments.
        """
        gop = piece.frame // self._header.format.gop
        if not self._open:
            self._begin(gop)
        blocked, index = self.blocked, self._index
        last = index.segments[-1] if index.segments else None
        # Killed between this segment and its cursor, the last process wrote the same one.
        again = last is not None and last.gop == gop
        lost = last is not None and gop != last.gop + 1
        tag = tag_of(piece.entry.clip)
        if piece.entry.clip in blocked:
            piece, tag = self._stand_in(gop), WITHDRAWN
        segment = Segment(
            gop,
            segment_name(self._epoch, tag, gop),
            utc_text(self._epoch + gop * GOP_SECONDS),
            last.discontinuity if last and again else lost,
        )
        data = self._segment(piece)
        self._put(segment.name, data)
        if last and again:
            index.segments.pop()
            if last.name != segment.name:
                self._behind.append(last.name)
        index.segments.append(segment)
        while len(index.segments) > self._length:
            self._behind.append(index.drop_first().name)
        if segment.name in self._behind:
            self._behind.remove(segment.name)
        self._publish()
        # RFC 8216 6.2.2: a segment stays for its own length and that of a whole playlist.
        while len(self._behind) > self._length + 1:
            self._remove(self._behind.popleft())
        return len(data)

    def withdraw(self) -> None:
        """Put the slate in place of every segment of a blocked clip, under another name, and delete it.

        Numbers, times and lengths stay as they are.

        Raises:
            OSError: the disk does not take the slate; what is blocked is deleted all the same.
        """
        tags = {tag_of(clip) for clip in self.blocked}
        if not self._open:
            if not (self._folder / INDEX).exists():
                return
            self._begin(None)
        if not self._open:  # of another format or version: nothing can stand in, and the next segment sweeps
            for path in self._folder.iterdir():
                if _tag(path.name) in tags:
                    self._remove(path.name)
            return
        segments = self._index.segments
        gone = [name for name in self._behind if _tag(name) in tags]
        hit = [n for n, segment in enumerate(segments) if _tag(segment.name) in tags]
        if not (gone or hit):
            return
        old = [segments[n].name for n in hit]
        for name in gone:
            self._behind.remove(name)
            self._remove(name)
        try:
            for n in hit:
                gop = segments[n].gop
                # The epoch of its own name: another process may have had another one.
                name = segments[n].name.partition("_")[0] + f"_{WITHDRAWN}-{gop}.m4s"
                self._put(name, self._segment(self._stand_in(gop)))
                segments[n] = replace(segments[n], name=name)
            self._publish()
        finally:
            for name in old:
                self._remove(name)

    def close(self) -> None:
        """Leave the folder as it is: the next process goes on from it."""

    def _segment(self, piece: Slice) -> bytes:
        return media_segment(piece, self._header, chunks=chunk_plan(self._header.format))

    def _stand_in(self, gop: int) -> Slice:
        slate = self._slate()
        return stand_in(gop, slate[gop % len(slate)], self._silence, self._header.format)

    def _publish(self) -> None:
        self._put(INDEX, self._index.text(_INIT).encode())

    def _put(self, name: str, data: bytes) -> None:
        """Write a file; on a full disk what has left the playlist makes room for it."""
        while True:
            try:
                write_atomically(self._folder / name, data, durable=False)
            except OSError as error:
                if error.errno not in _NO_ROOM or not self._behind:
                    raise
                self._remove(self._behind.popleft())
            else:
                return

    def _remove(self, name: str) -> None:
        with contextlib.suppress(FileNotFoundError):
            (self._folder / name).unlink()

    def _begin(self, gop: int | None) -> None:
        """Open the folder: go on where the last process stopped, or begin.

        Args:
            gop: number of the GOP with which it begins if there is nothing to go on from; None leaves the
                folder as it is then.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        init = init_segment(self._header)
        path = self._folder / _INIT
        left = Index.read(self._folder)
        usable = left is not None and left.usable and path.exists() and path.read_bytes() == init
        if gop is None and not usable:
            return
        if left is not None and usable:
            self._index, left.ended = left, False
        elif gop is not None:
            # What the folder holds cannot follow this header. Counts never go back, so where they cannot be
            # read the number of the GOP is a good one to begin with.
            self._index = Index(gop, 0) if left is None else left.successor(gop)
            (self._folder / INDEX).unlink(missing_ok=True)
            write_atomically(path, init, durable=False)
        self._sweep()
        self._open = True

    def _sweep(self) -> None:
        """Remove what a killed process left behind; segments that have just left the playlist stay."""
        segments = self._index.segments
        listed = {segment.name for segment in segments}
        first = segments[0].gop if segments else 0
        behind: list[tuple[int, str]] = []
        for path in self._folder.iterdir():
            name = parse_name(path.name)
            if name and path.name not in listed and first - self._length <= name.gop < first:
                behind.append((name.gop, path.name))
            elif path.name.startswith(".") or (name and path.name not in listed):
                path.unlink(missing_ok=True)
        self._behind = deque(name for _, name in sorted(behind))


def _tag(name: str) -> str:
    parsed = parse_name(name)
    return parsed.tag if parsed else ""


def retire_channels(root: Path, wanted: Iterable[str], blocked: AbstractSet[str], now: float) -> list[str]:
    """End the live folders of channels that are not on air any more, and delete them when nobody plays them.

    A playlist gets EXT-X-ENDLIST, so that players stop instead of asking for ever; a channel that comes back
    goes on from it. When that is as long ago as players can need, or at once if it shows a blocked clip, the
    folder goes. Blocks; call it now and then, it does nothing twice. What a disk refuses waits for the next
    call.

    Args:
        root: ``DATA/hls``.
        wanted: channels that are on air or about to be.
        blocked: clips that must not be seen.
        now: seconds since 1970 UTC.

    Returns:
        Channels whose folders were deleted.
    """
    tags, keep = {tag_of(clip) for clip in blocked}, set(wanted)
    gone: list[str] = []
    with contextlib.suppress(FileNotFoundError):
        for folder in list(root.iterdir()):
            if folder.name in keep or folder.is_symlink() or not folder.is_dir():
                continue
            with contextlib.suppress(OSError):
                if _retire(folder, tags, now):
                    gone.append(folder.name)
    return gone


def _retire(folder: Path, tags: AbstractSet[str], now: float) -> bool:
    """End a folder or, when it is time, delete it; True if it is gone."""
    index = Index.read(folder)
    names = [path.name for path in folder.iterdir()]
    if index is not None and not any(_tag(name) in tags for name in names):
        if not index.ended:
            index.ended = True
            write_atomically(folder / INDEX, index.text(_INIT).encode(), durable=False)
            return False
        if now - (folder / INDEX).stat().st_mtime < 2 * len(index.segments) * GOP_SECONDS:
            return False
    for name in names:
        if name in (INDEX, _INIT) or name.startswith(".") or parse_name(name):
            (folder / name).unlink(missing_ok=True)
    try:
        folder.rmdir()
    except OSError:  # somebody keeps other files in it
        return False
    return True
