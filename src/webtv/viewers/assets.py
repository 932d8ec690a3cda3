"""The files that pages are made of: read once, compressed once, addressed by the digest of them all."""

import gzip
import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "static"
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".json": "application/manifest+json",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".woff2": "font/woff2",
}


@dataclass(frozen=True, slots=True)
class Asset:
    """One static file.

    Attributes:
        body: its bytes.
        zipped: the same, compressed; None where that gains nothing.
        media_type: its MIME type.
        etag: validator.
    """

    body: bytes
    zipped: bytes | None
    media_type: str
    etag: str


@cache
def assets() -> dict[str, Asset]:
    """All static files by their path below ``static/``; a file of an unknown type is not served."""
    found: dict[str, Asset] = {}
    for path in sorted(FOLDER.rglob("*")):
        media_type = _TYPES.get(path.suffix)
        if media_type is None or not path.is_file():
            continue
        body = path.read_bytes()
        zipped = gzip.compress(body, 9, mtime=0) if path.suffix != ".woff2" and len(body) > 500 else None
        etag = f'W/"{hashlib.sha256(body).hexdigest()[:20]}"'
        found[path.relative_to(FOLDER).as_posix()] = Asset(body, zipped, media_type, etag)
    return found


@cache
def version() -> str:
    """Digest of all static files; it stands in their addresses, so that browsers may keep them for ever."""
    whole = hashlib.sha256()
    for name, asset in assets().items():
        whole.update(f"{name}\0{asset.etag}\0".encode())
    return whole.hexdigest()[:12]


def address(name: str) -> str:
    """The address of a static file.

    Raises:
        KeyError: there is no such file.
    """
    assets()[name]
    return f"/static/{version()}/{name}"
