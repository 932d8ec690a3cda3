"""Servers with OpenAI's chat API, as vLLM, Ollama and llama.cpp are: real ones on loopback, scripted.

Shapes are those of vLLM's `ErrorResponse` and `ChatCompletionResponse`, of Ollama's `openai/openai.go` and of
llama.cpp's `format_error_response`; each refuses keys, models and forms in its own words.
"""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

_REASONS = {200: "OK", 400: "Bad Request", 401: "Unauthorized", 404: "Not Found", 429: "Too Many Requests"}


@dataclass(frozen=True)
class Answer:
    """One response; `body` as JSON unless it is bytes.

    Attributes:
        body: what is sent.
        status: its status.
        headers: beside the usual ones.
        kind: content type.
        length: content length that is promised; the true one by default.
    """

    body: Any
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    kind: str = "application/json"
    length: int | None = None

    def head(self) -> bytes:
        """Status line and headers."""
        length = len(self.payload()) if self.length is None else self.length
        lines = {"Content-Type": self.kind, "Content-Length": str(length), "Connection": "close"}
        told = "".join(f"{name}: {value}\r\n" for name, value in (lines | self.headers).items())
        return f"HTTP/1.1 {self.status} {_REASONS.get(self.status, 'Error')}\r\n{told}\r\n".encode()

    def payload(self) -> bytes:
        """The body's bytes."""
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


@dataclass(frozen=True)
class Endless:
    """A response whose body never ends: a stretch again and again, with a pause in between."""

    answer: Answer
    stretch: bytes
    pause: Callable[[], AsyncIterator[None]] | None = None


Reply = Answer | Endless | str


class ModelServer:
    """A chat server; its replies are given in order, the last one for ever. Use as an async context manager.

    Args:
        replies: texts that its model writes, or whole responses.
        models: that it serves; the first one by the name `m`.
        key: that it wants, if any.
        loading: requests that come while the model is still being loaded.
        refuses: forms that it does not grant, by type.
    """

    finish = "stop"

    def __init__(
        self,
        *replies: Reply,
        models: tuple[str, ...] = ("m",),
        key: str = "",
        loading: int = 0,
        refuses: tuple[str, ...] = (),
    ) -> None:
        self._replies = list(replies)
        self._models = models
        self._key = key
        self._loading = loading
        self._refuses = refuses
        self.asked: list[dict[str, Any]] = []
        self.sent = 0  # bytes of endless bodies
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[Any]] = set()

    @property
    def url(self) -> str:
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/v1"

    @property
    def forms(self) -> list[str]:
        """The form that each request asked for."""
        return [(asked.get("response_format") or {"type": "plain"})["type"] for asked in self.asked]

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # What differs from server to server.

    def error(self, status: int, message: str, kind: str = "") -> Answer:
        """A refusal in this server's words."""
        raise NotImplementedError

    def unauthorised(self) -> Answer:
        raise NotImplementedError

    def unknown_model(self, model: str) -> Answer | None:
        raise NotImplementedError

    def refused_form(self, kind: str) -> Answer:
        raise NotImplementedError

    def completion(self, text: str | None, finish: str = "stop", **message: Any) -> Answer:
        """A chat completion in this server's shape."""
        raise NotImplementedError

    # What does not.

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                line, *rest = head.split("\r\n")
                headers = {name.lower(): value.strip() for name, _, value in (h.partition(":") for h in rest)}
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                await self._send(writer, self._answer(line, headers, body))
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _send(self, writer: asyncio.StreamWriter, reply: Answer | Endless) -> None:
        answer = reply.answer if isinstance(reply, Endless) else reply
        writer.write(answer.head() + answer.payload())
        await writer.drain()
        if isinstance(reply, Endless):
            pause = reply.pause() if reply.pause else None
            while True:
                writer.write(reply.stretch)
                await writer.drain()
                self.sent += len(reply.stretch)
                if pause is not None:
                    await anext(pause)

    def _answer(self, line: str, headers: dict[str, str], body: bytes) -> Answer | Endless:
        method, path, _ = line.split(" ")
        if self._key and headers.get("authorization") != f"Bearer {self._key}":
            if path.endswith("/chat/completions"):
                self.asked.append(json.loads(body))
            return self.unauthorised()
        if (method, path) == ("GET", "/v1/models"):
            data = [{"id": name, "object": "model", "created": 0, "owned_by": "o"} for name in self._models]
            return Answer({"object": "list", "data": data})
        if (method, path) != ("POST", "/v1/chat/completions"):
            return Answer(b"404 page not found", 404, kind="text/plain")
        asked = json.loads(body)
        self.asked.append(asked)
        if self._loading:
            self._loading -= 1
            return self.error(503, "Loading model", "unavailable_error")
        if asked["model"] not in self._models and (unknown := self.unknown_model(asked["model"])):
            return unknown
        if (form := self.forms[-1]) in self._refuses:
            return self.refused_form(form)
        if form == "json_schema":
            schema = json.dumps(asked["response_format"]["json_schema"]["schema"])
            assert "$ref" not in schema, "not every grammar resolves references"
        reply = self._replies.pop(0) if len(self._replies) > 1 else self._replies[0]
        return self.completion(reply) if isinstance(reply, str) else reply


class Vllm(ModelServer):
    """As vLLM answers."""

    def error(self, status: int, message: str, kind: str = "BadRequestError") -> Answer:
        return Answer({"error": {"message": message, "type": kind, "param": None, "code": status}}, status)

    def unauthorised(self) -> Answer:
        return Answer({"error": "Unauthorized"}, 401)

    def unknown_model(self, model: str) -> Answer:
        return self.error(404, f"The model `{model}` does not exist.", "NotFoundError")

    def refused_form(self, kind: str) -> Answer:
        return self.error(400, f"The provided {kind} contains features not supported by the backend.")

    def completion(self, text: str | None, finish: str = "stop", **message: Any) -> Answer:
        said = {"role": "assistant", "content": text, "refusal": None, "annotations": None, "audio": None}
        said |= {"function_call": None, "tool_calls": [], "reasoning": None} | message
        choice = {"index": 0, "message": said, "logprobs": None, "finish_reason": finish, "stop_reason": None}
        return Answer(
            {
                "id": "chatcmpl-4ff2",
                "object": "chat.completion",
                "created": 1,
                "model": "m",
                "choices": [choice],
                "service_tier": None,
                "system_fingerprint": None,
                "usage": {"prompt_tokens": 9, "total_tokens": 12, "completion_tokens": 3},
                "prompt_logprobs": None,
                "kv_transfer_params": None,
            }
        )


class Ollama(ModelServer):
    """As Ollama answers on its `/v1`."""

    def error(self, status: int, message: str, kind: str = "api_error") -> Answer:
        return Answer({"error": {"message": message, "type": kind, "param": None, "code": None}}, status)

    def unauthorised(self) -> Answer:
        return Answer({"error": "unauthorized"}, 401)

    def unknown_model(self, model: str) -> Answer | None:
        if f"{model}:latest" in self._models:
            return None
        return self.error(404, f'model "{model}" not found, try pulling it first', "not_found_error")

    def refused_form(self, kind: str) -> Answer:
        return self.error(500, "invalid JSON schema in format")

    def completion(self, text: str | None, finish: str = "stop", **message: Any) -> Answer:
        said = {"role": "assistant", "content": text or ""} | message
        choice = {"index": 0, "message": said, "finish_reason": finish}
        return Answer(
            {
                "id": "chatcmpl-471",
                "object": "chat.completion",
                "created": 1,
                "model": "m",
                "system_fingerprint": "fp_ollama",
                "choices": [choice],
                "usage": {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12},
            }
        )


class LlamaCpp(ModelServer):
    """As llama.cpp's server answers: it serves one model, by whatever name it is asked for."""

    def error(self, status: int, message: str, kind: str = "invalid_request_error", **more: Any) -> Answer:
        told = {"code": status, "message": message, "type": kind} | more
        return Answer({"error": told}, status, kind="application/json; charset=utf-8")

    def unauthorised(self) -> Answer:
        return self.error(401, "Invalid API Key", "authentication_error")

    def unknown_model(self, model: str) -> None:
        return None

    def refused_form(self, kind: str) -> Answer:
        return self.error(501, f"this server does not support {kind}", "not_supported_error")

    def completion(self, text: str | None, finish: str = "stop", **message: Any) -> Answer:
        said = {"role": "assistant", "content": text} | message
        return Answer(
            {
                "choices": [{"finish_reason": finish, "index": 0, "message": said}],
                "created": 1,
                "model": "m.gguf",
                "system_fingerprint": "b8681",
                "object": "chat.completion",
                "usage": {"completion_tokens": 3, "prompt_tokens": 9, "total_tokens": 12},
                "id": "chatcmpl-cOZ",
                "timings": {"prompt_n": 9, "predicted_n": 3, "predicted_per_second": 30.0},
            },
            kind="application/json; charset=utf-8",
        )


SERVERS = (Vllm, Ollama, LlamaCpp)
