"""Files on their way to a player: read whole, with validators and ranges.

A live playlist is replaced while it is read and segments vanish as the window moves on, so a file is
opened once and what was read is what is sent; length and validator always belong together.
"""

import asyncio
import os
import re
from dataclasses import dataclass
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

LIVE_NAME = re.compile(r"[A-Za-z0-9-][A-Za-z0-9_-]{0,99}\.(m3u8|m4s|mp4|ts|aac|vtt)")
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")
_TYPES = {
    ".m3u8": "application/vnd.apple.mpegurl",
    ".m4s": "video/mp4",
    ".mp4": "video/mp4",
    ".ts": "video/mp2t",
    ".aac": "audio/aac",
    ".vtt": "text/vtt; charset=utf-8",
    ".jpg": "image/jpeg",
}
FOREVER = "public, max-age=31536000, immutable"
_SEGMENT = "public, max-age=3600, immutable"  # longer than any live window; caches need not keep more
_LIVE_CACHE = {
    ".m3u8": "no-store",
    ".mp4": "public, no-cache",  # an init segment keeps its name when the format changes
    ".vtt": "public, no-cache",
}


@dataclass(frozen=True, slots=True)
class _Content:
    body: bytes
    etag: str


def _read(path: Path) -> _Content | None:
    try:
        with path.open("rb") as file:
            body = file.read()
            stat = os.fstat(file.fileno())
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        return None
    return _Content(body, f'"{stat.st_ino:x}-{stat.st_mtime_ns:x}-{len(body):x}"')


def live_cache(name: str) -> str:
    """How long a live file may be kept: segments never change, playlists do all the time."""
    return _LIVE_CACHE.get(Path(name).suffix, _SEGMENT)


async def send_file(request: Request, path: Path, cache: str) -> Response | None:
    """Answer with a file; None if it is not there.

    Args:
        request: its If-None-Match, If-Range and Range headers are obeyed.
        path: the file; its name must have been judged before.
        cache: value of Cache-Control.
    """
    content = await asyncio.to_thread(_read, path)
    if content is None:
        return None
    headers = {"Cache-Control": cache, "ETag": content.etag, "Accept-Ranges": "bytes"}
    media_type = _TYPES[path.suffix]
    known = request.headers.get("if-none-match", "")
    if content.etag in {tag.strip().removeprefix("W/") for tag in known.split(",")}:
        return Response(status_code=304, headers=headers)
    wanted = request.headers.get("range")
    if wanted and request.headers.get("if-range", content.etag) == content.etag:
        span = _span(wanted, len(content.body))
        if span is not None:
            first, last = span
            if first > last:
                headers["Content-Range"] = f"bytes */{len(content.body)}"
                return Response(status_code=416, headers=headers)
            headers["Content-Range"] = f"bytes {first}-{last}/{len(content.body)}"
            return Response(content.body[first : last + 1], 206, headers, media_type)
    return Response(content.body, 200, headers, media_type)


def _span(header: str, size: int) -> tuple[int, int] | None:
    """First and last byte of a single range; first > last if it lies outside; None if it is to be ignored."""
    match = _RANGE.fullmatch(header.strip())
    if not match or not (match[1] or match[2]):
        return None
    if not match[1]:
        tail = int(match[2])
        return (max(0, size - tail), size - 1) if tail else (1, 0)
    first = int(match[1])
    if match[2] and int(match[2]) < first:
        return None
    return (first, min(int(match[2] or size), size - 1)) if first < size else (1, 0)
