"""One address of the console: a cookie identifies the caller, and errors are pages.

The cookie is valid for the console only, and API keys in headers for the API only. A request that
may change something must come from a page of this server.
"""

from __future__ import annotations

import contextlib
import functools
import time
from collections.abc import Callable
from urllib.parse import quote, urlsplit

import msgspec
from starlette.datastructures import Headers
from starlette.responses import RedirectResponse, Response
from starlette.types import Scope as AsgiScope

from waflows.console import session_cookie, shell
from waflows.console.forms import MEDIA_TYPE, read_form
from waflows.console.html import page, policy
from waflows.errors import Forbidden, NotAuthenticated, NotFound, WaflowsError
from waflows.http.refusals import Refusal
from waflows.http.resource import (
    BodyReader,
    Resource,
    base_url,
    check_powers,
    cost_of,
    note,
    response_of,
)
from waflows.http.route import Reply, Route, Scope
from waflows.http.state import Exchange, ServerState
from waflows.security import sessions
from waflows.services.accounts.accounts import Principal

SIGN_IN = "/console/sign-in"
_SAFE = {"GET", "HEAD"}
_JSON = "application/json"


class OnPage(Exception):
    """An error to show on the page where it happened, with the user's input kept.

    `draw` renders that page with the error.
    """

    def __init__(self, error: WaflowsError, draw: Callable[[Refusal], Reply]) -> None:
        super().__init__(str(error))
        self.error = error
        self.draw = draw


class ConsoleResource(Resource):
    """The console's routes that share one path."""

    async def caller(
        self, route: Route, scope: AsgiScope, headers: Headers, exchange: Exchange
    ) -> Principal | None:
        """Returns who is signed in, checked against what the route needs.

        For a public form, that is whoever is signed in, if anyone is.
        """
        own = base_url(self.state, scope, headers)
        if scope["method"] not in _SAFE:
            _check_same_origin(headers, own)
        if route.scope is Scope.PUBLIC:
            if scope["method"] in _SAFE:
                return None
            with contextlib.suppress(NotAuthenticated):
                return await self._signed_in(headers, own)
            return None
        principal = await self._signed_in(headers, own)
        exchange.account_id = principal.account_id
        exchange.key = principal.last_six
        writes = route.scope is Scope.WRITE and route.method not in _SAFE
        await self.limit(principal, "write" if writes else "read", cost_of(route, headers))
        check_powers(principal, route)
        if any("\0" in value for value in scope["path_params"].values()):
            raise NotFound("No name contains a null character.")
        return principal

    def body_reader(self, route: Route, headers: Headers) -> BodyReader:
        """Returns what decodes a form, or JSON from the console's own scripts."""
        if headers.get("content-type", "").split(";")[0].strip().lower() == MEDIA_TYPE:
            return functools.partial(read_form, limit=route.max_body)
        return super().body_reader(route, headers)

    def refused(self, error: Exception, exchange: Exchange, scope: AsgiScope) -> Response:
        """Returns an error as a page, or as the API's envelope for the console's own scripts."""
        return refused(error, self.state, exchange, scope)

    async def _signed_in(self, headers: Headers, own: str) -> Principal:
        cookie = session_cookie.read(headers.get("cookie", ""), own)
        session = sessions.read(self.state.secret, cookie, time.time())
        if session is None:
            raise NotAuthenticated("You are not signed in, or your session has ended.")
        return await self.state.sessions.principal(session)


class PageResource(Resource):
    """A page for anyone who has its address; a browser gets errors as pages too."""

    def refused(self, error: Exception, exchange: Exchange, scope: AsgiScope) -> Response:
        """Returns an error as a page, or as the API's envelope if no page was requested."""
        if "text/html" not in Headers(scope=scope).get("accept", ""):
            return super().refused(error, exchange, scope)
        refusal = note(error, "reference", self.state, exchange, scope)
        return response_of(
            page(
                "dead_link.html",
                policy(ancestors="*"),
                status=refusal.status,
                headers=refusal.headers,
                refusal=refusal,
            )
        )


def refused(error: Exception, state: ServerState, exchange: Exchange, scope: AsgiScope) -> Response:
    """`ConsoleResource.refused`, also for addresses below the console that do not exist."""
    as_json = Headers(scope=scope).get("accept", "").startswith(_JSON)
    if isinstance(error, NotAuthenticated) and not as_json and scope["method"] in _SAFE:
        return RedirectResponse(_sign_in_for(scope), 303, {"Cache-Control": "no-store"})
    cause = error.error if isinstance(error, OnPage) else error
    refusal = note(cause, "reference", state, exchange, scope)
    if as_json:
        envelope = msgspec.json.encode(refusal.envelope)
        return Response(envelope, refusal.status, refusal.headers, _JSON)
    if isinstance(error, OnPage):
        reply = error.draw(refusal)
    else:
        reply = shell.error_page(refusal, state.settings, signed_in=bool(exchange.account_id))
    return response_of(
        msgspec.structs.replace(
            reply, status=refusal.status, headers=refusal.headers | reply.headers
        )
    )


def _check_same_origin(headers: Headers, own: str) -> None:
    """Raises Forbidden unless the browser says that a page of this server sent the request.

    Browsers that do not send Sec-Fetch-Site, as over plain HTTP, send Origin.
    """
    site = headers.get("sec-fetch-site")
    if site is None:
        origin, host = headers.get("origin", ""), headers.get("host", "")
        parts = urlsplit(own)
        same = origin == f"{parts.scheme}://{parts.netloc}" or urlsplit(origin).netloc == host
        if origin and origin != "null" and same:
            return
    elif site == "same-origin":
        return
    raise Forbidden("This request did not come from a page of this console, so nothing was done.")


def _sign_in_for(scope: AsgiScope) -> str:
    """Returns the address of the sign-in page that then leads to the requested page."""
    wanted = scope["path"]
    if query := scope["query_string"].decode("latin-1"):
        wanted = f"{wanted}?{query}"
    return SIGN_IN if wanted == shell.HOME else f"{SIGN_IN}?next={quote(wanted, safe='/')}"
