"""The preview page for a local file: a small server of its own, without a database.

It plays the file's current content and notifies the page when the file changes. It listens on
loopback only and answers only to loopback names, so that a page from elsewhere cannot read the file
through a name that resolves to this machine.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from waflows import runtime
from waflows.console.html import page, policy
from waflows.console.pages import read_static
from waflows.errors import WaflowsError
from waflows.flowjson import lint
from waflows.http import limits, reading
from waflows.http.route import Reply
from waflows.runtime import Answered, Failed
from waflows.services.flows import playing, texts
from waflows.services.flows.playing import NotPlayable, Played, Player
from waflows.services.flows.previews import About, PageMessage, describe

LOOK_SECONDS = 0.2
"""The time between two checks of the file."""
_ALIVE_SECONDS = 15.0
_NOBODY = ""
"""There are no accounts here: one person started the preview."""
_LOOPBACK = re.compile(r"(localhost|127\.0\.0\.1|\[::1\])(:[0-9]{1,5})?")
_MOST_BODY_BYTES = 3 * texts.FLOW_JSON_BYTES

Endpoint = Callable[[dict[str, Any]], "dict[str, Any] | Failed"]


class LocalPreview:
    """One file with its current content, and the pages that show it."""

    def __init__(self, file: Path, endpoint: Endpoint | None = None) -> None:
        self.file = file
        self.endpoint = endpoint
        self.player = Player()
        self.version = 0
        self.text: bytes | None = None
        self._about_now: tuple[int, About] | None = None
        self._changed = asyncio.Condition()

    def app(self) -> Starlette:
        """The server as an ASGI application."""
        routes = [
            Route("/", self._guarded(self._page)),
            Route("/about", self._guarded(self._about)),
            Route("/events", self._guarded(self._play), methods=["POST"]),
            Route("/changes", self._guarded(self._changes)),
            Route("/static/{file}", self._guarded(self._static)),
        ]
        return Starlette(
            routes=routes,
            lifespan=self._lifespan,
            exception_handlers={WaflowsError: _refused, HTTPException: _refused},
        )

    @contextlib.asynccontextmanager
    async def _lifespan(self, _: Starlette) -> AsyncIterator[None]:
        self.text = await asyncio.to_thread(_read, self.file)
        watching = asyncio.create_task(self._watch())
        yield
        watching.cancel()
        self.player.close()

    async def _watch(self) -> None:
        """Watches the content, whether the file is overwritten or replaced by a rename."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            text = await asyncio.to_thread(_read, self.file)
            if text != self.text:
                async with self._changed:
                    self.text = text
                    self.version += 1
                    self._changed.notify_all()

    # --- what the page requests

    async def _page(self, _: Request) -> Response:
        return _response(page("preview.html", policy(), name=self.file.name, watch="/changes"))

    async def _about(self, _: Request) -> Response:
        version = self.version
        if self._about_now is None or self._about_now[0] != version:
            self._about_now = (version, await self._look(version))
        return _json(self._about_now[1])

    async def _look(self, version: int) -> About:
        """Describes the file: its screens if it can be played, and its findings."""
        text = self.text
        if text is None:
            return About(name=self.file.name, problem=_missing(self.file))
        report = await asyncio.to_thread(lint, text)
        document: runtime.Flow | None = None
        problem = ""
        try:
            document = await self._document()
        except NotPlayable as error:
            problem = error.message
        described = describe(document, list(report.diagnostics))
        return About(name=self.file.name, revision=version, problem=problem, **described)

    async def _play(self, request: Request) -> Response:
        body = await _body(request)
        document = await self._document()
        return _json(await self._played(document, body))

    async def _played(self, document: runtime.Flow, body: PageMessage) -> Played:
        event: Any = body.event
        if body.made_up is not None:
            event = playing.made_up(document, body.made_up, body.state)
        elif event is None and body.state is not None and body.live:
            waiting = await self.player.run(_NOBODY, playing.state_of, body.state)
            event = None if waiting.request is None else await self._ask(waiting.request)
        return await self.player.play(_NOBODY, document, body.state, event)

    async def _ask(self, request: runtime.EndpointRequest) -> Answered | Failed:
        if self.endpoint is None:
            return Failed("cannot_be_served", "`waflows preview` was started without --endpoint.")
        try:
            answer = await asyncio.to_thread(self.endpoint, msgspec.to_builtins(request))
        except (Exception, SystemExit) as error:
            # A function that calls sys.exit must not end the preview.
            what = error.message if isinstance(error, WaflowsError) else f"It raised {error!r}."
            return Failed("cannot_be_served", what)
        return answer if isinstance(answer, Failed) else Answered(answer)

    async def _changes(self, _: Request) -> Response:
        headers = {"Cache-Control": "no-store"}
        return StreamingResponse(self._stream(), media_type="text/event-stream", headers=headers)

    async def _stream(self) -> AsyncIterator[str]:
        """Sends an event for each change, and keep-alives that reveal closed connections."""
        seen = self.version
        yield ": watching\n\n"
        while True:
            try:
                async with asyncio.timeout(_ALIVE_SECONDS), self._changed:
                    await self._changed.wait_for(lambda: self.version != seen)  # noqa: B023
            except TimeoutError:
                yield ": alive\n\n"
                continue
            seen = self.version
            yield f"event: changed\ndata: {seen}\n\n"

    async def _static(self, request: Request) -> Response:
        return _response(read_static(request.path_params["file"]))

    async def _document(self) -> runtime.Flow:
        text = self.text
        if text is None:
            raise NotPlayable(_missing(self.file))

        async def read() -> bytes:
            return text

        return await self.player.document(_NOBODY, self.version, read)

    def _guarded(
        self, handler: Callable[[Request], Awaitable[Response]]
    ) -> Callable[[Request], Awaitable[Response]]:
        async def guarded(request: Request) -> Response:
            if not _LOOPBACK.fullmatch(request.headers.get("host", "")):
                raise HTTPException(403, "This server answers only at localhost.")
            return await handler(request)

        return guarded


async def _body(request: Request) -> PageMessage:
    # A page of another origin can send this type only after a preflight, which is refused.
    if request.headers.get("content-type", "").partition(";")[0] != "application/json":
        raise HTTPException(415, "The request body must be JSON.")
    parts, size = [], 0
    async for part in request.stream():
        parts.append(part)
        size += len(part)
        if size > _MOST_BODY_BYTES:
            raise HTTPException(413, "The request body is too large.")
    return await asyncio.to_thread(_decoded, b"".join(parts))


def _decoded(body: bytes) -> PageMessage:
    limits.check_json(body, limits.PLAYED_STATE)
    return reading.read_body(PageMessage, body)


def _read(file: Path) -> bytes | None:
    try:
        return file.read_bytes()
    except OSError:
        return None


def _missing(file: Path) -> str:
    return f"{file.name} cannot be read at the moment."


def _refused(_: Request, error: Exception) -> Response:
    if isinstance(error, HTTPException):
        return _json({"message": error.detail}, error.status_code)
    return _json({"message": str(error)}, 400)


def _json(value: Any, status: int = 200) -> Response:
    headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    return Response(msgspec.json.encode(value), status, headers, "application/json")


def _response(reply: Reply) -> Response:
    body = reply.body if isinstance(reply.body, bytes) else b""
    return Response(body, reply.status, reply.headers, reply.content_type)
