"""A model hub on loopback that answers as the real one does: listing, metadata by HEAD, files in ranges."""

import hashlib
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit


@dataclass
class Repository:
    """One model.

    Attributes:
        commits: files by commit; ``main`` is the last one.
        gated: whether it is given to those who agreed only.
    """

    commits: dict[str, dict[str, bytes]]
    gated: bool = False

    def at(self, revision: str) -> tuple[str, dict[str, bytes]] | None:
        if revision == "main":
            return list(self.commits.items())[-1]
        return (revision, self.commits[revision]) if revision in self.commits else None


@dataclass
class Hub:
    """What the server has and what it was asked.

    Attributes:
        models: by id.
        asked: method and path of every request.
        broken: paths whose connection is cut in the middle, so many more times.
        down: whether everything is answered with 503.
    """

    models: dict[str, Repository] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    broken: dict[str, int] = field(default_factory=dict)
    down: bool = False
    address: str = ""

    def fetched(self) -> list[str]:
        """Names of the files that were asked for."""
        return [
            path.partition("/resolve/")[2].partition("/")[2]
            for how, path in self.asked
            if how == "GET" and "/resolve/" in path
        ]


@contextmanager
def hub() -> Iterator[Hub]:
    """Run one while the block lasts."""
    state = Hub()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: Any) -> None:
            pass

        def do_HEAD(self) -> None:
            self._answer(body=False)

        def do_GET(self) -> None:
            self._answer(body=True)

        def _send(self, status: int, data: bytes, headers: dict[str, str], *, body: bool) -> None:
            self.send_response(status)
            for name, value in {"Content-Length": str(len(data)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            if body:
                self.wfile.write(data)

        def _refuse(self, status: int, code: str, *, body: bool) -> None:
            self._send(
                status,
                b'{"error":"no"}',
                {"X-Error-Code": code, "Content-Type": "application/json"},
                body=body,
            )

        def _answer(self, *, body: bool) -> None:
            path = unquote(urlsplit(self.path).path)
            state.asked.append((self.command, path))
            if state.down:
                self._refuse(503, "", body=body)
                return
            if match := re.fullmatch(r"/api/models/([^/]+/[^/]+)(?:/revision/(.+))?", path):
                self._list(match[1], match[2] or "main", body=body)
            elif match := re.fullmatch(r"/([^/]+/[^/]+)/resolve/([^/]+)/(.+)", path):
                self._file(match[1], match[2], match[3], body=body)
            else:
                self._refuse(404, "", body=body)

        def _found(self, model: str, revision: str, *, body: bool) -> tuple[str, dict[str, bytes]] | None:
            repository = state.models.get(model)
            if repository is None:
                self._refuse(404, "RepoNotFound", body=body)
                return None
            if repository.gated:
                self._refuse(403, "GatedRepo", body=body)
                return None
            found = repository.at(revision)
            if found is None:
                self._refuse(404, "RevisionNotFound", body=body)
            return found

        def _list(self, model: str, revision: str, *, body: bool) -> None:
            if found := self._found(model, revision, body=body):
                commit, files = found
                siblings = [{"rfilename": name, "size": len(data)} for name, data in files.items()]
                answer = {"id": model, "sha": commit, "siblings": siblings, "tags": [], "private": False}
                self._send(200, json.dumps(answer).encode(), {"Content-Type": "application/json"}, body=body)

        def _file(self, model: str, revision: str, name: str, *, body: bool) -> None:
            if not (found := self._found(model, revision, body=body)):
                return
            commit, files = found
            data = files[name]
            headers = {
                "ETag": f'"{hashlib.sha1(data, usedforsecurity=False).hexdigest()}"',
                "X-Repo-Commit": commit,
                "Accept-Ranges": "bytes",
                "Content-Type": "application/octet-stream",
            }
            start = 0
            if asked := re.fullmatch(r"bytes=(\d+)-.*", self.headers.get("Range", "")):
                start = int(asked[1])
                headers["Content-Range"] = f"bytes {start}-{len(data) - 1}/{len(data)}"
            if body and state.broken.get(name, 0) > 0:
                state.broken[name] -= 1
                self.send_response(200)
                for key, value in {"Content-Length": str(len(data)), **headers}.items():
                    self.send_header(key, value)
                self.end_headers()
                self.wfile.write(data[: len(data) // 2])
                self.close_connection = True
                return
            self._send(206 if start else 200, data[start:], headers, body=body)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    state.address = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
