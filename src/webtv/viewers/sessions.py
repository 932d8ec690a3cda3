"""The viewer's session: a random id from the server, so that people are counted and not their addresses.

The id is signed, so that nobody makes up sessions of their own.
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Callable
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

from webtv.core.errors import ConfigError
from webtv.core.files import write_atomically

COOKIE = "webtv_viewer"
_COOKIE = re.compile(r"([A-Za-z0-9_-]{22,64})\.([0-9a-f]{64})")
_KEY_BYTES = 32

NewSession = Callable[[], str]


def random_session() -> str:
    """A new id of 144 random bits."""
    return secrets.token_urlsafe(18)


def session_key(path: Path) -> bytes:
    """The station's key for signing sessions; made once, readable by its owner only.

    Raises:
        ConfigError: the file can be neither read nor written.
    """
    try:
        key = path.read_bytes() if path.exists() else b""
        if len(key) != _KEY_BYTES:
            key = secrets.token_bytes(_KEY_BYTES)
            write_atomically(path, key, mode=0o600)
    except OSError as error:
        raise ConfigError(
            f"the key of the viewers' sessions is out of reach ({error.strerror})",
            place=str(path),
            remedy="let the station's account read and write it, or delete it",
        ) from error
    return key


class Sessions:
    """Gives sessions and knows them again.

    Args:
        key: signs the ids; another key makes all earlier cookies worthless.
        new: makes a random id of 22 to 64 letters, digits, ``_`` and ``-``.
    """

    def __init__(self, key: bytes, new: NewSession = random_session) -> None:
        self._key = key
        self._new = new

    def of(self, request: Request) -> str | None:
        """The id that the viewer brought back, or None; a forged one is none."""
        match = _COOKIE.fullmatch(request.cookies.get(COOKIE, ""))
        if match is None or not hmac.compare_digest(match[2], self._signature(match[1])):
            return None
        return match[1]

    def give(self, request: Request, response: Response) -> None:
        """Give the viewer an id unless there is one; it ends with the browser's session."""
        if self.of(request) is not None:
            return
        session = self._new()
        response.set_cookie(
            COOKIE,
            f"{session}.{self._signature(session)}",
            httponly=True,
            samesite="lax",
            secure=request.url.scheme == "https",
            path="/",
        )

    def _signature(self, session: str) -> str:
        return hmac.new(self._key, session.encode(), hashlib.sha256).hexdigest()
