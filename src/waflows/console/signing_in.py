"""Signing in to the console with an API key, and signing out.

A key has 256 random bits, so it cannot be guessed; failed attempts are limited only to reduce
noise. A valid key always works, or anyone could lock others out.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from waflows.console import session_cookie, shell
from waflows.console.resource import SIGN_IN, OnPage
from waflows.errors import NotAuthenticated, RateLimited, WaflowsError
from waflows.http import limits
from waflows.http.refusals import Refusal
from waflows.http.route import Call, NoQuery, Reply, Route, Scope
from waflows.http.routing import RouteGroup
from waflows.security import sessions
from waflows.services.accounts import accounts, sign_ins
from waflows.services.accounts.accounts import Principal
from waflows.services.accounts.sign_ins import SESSION_SECONDS

_OWN_PAGE = re.compile(r"/console(/[A-Za-z0-9._~/-]*)?(\?[A-Za-z0-9._~%=&+-]*)?")


class SignInQuery(msgspec.Struct, frozen=True):
    """The page to show after signing in."""

    next: str = shell.HOME


class SignInForm(msgspec.Struct, frozen=True):
    """A key to sign in with, and the page to show afterwards."""

    key: str
    next: str = shell.HOME


async def sign_in_page(call: Call[SignInQuery, None]) -> Reply:
    """Shows the form that asks for a key."""
    return _form(call, call.query.next)


async def sign_in(call: Call[NoQuery, SignInForm]) -> Reply:
    """Starts a session for a valid key."""
    state = call.state
    presented = call.body.key.strip()
    try:
        principal = await state.db.read(accounts.authenticate, state.secret, presented)
    except NotAuthenticated:
        error = NotAuthenticated("This is not a valid API key.")
        raise await count_and_refuse(call, error, call.body.next) from None
    return await start_session(call, principal, call.body.next)


async def sign_out(call: Call[NoQuery, None]) -> Reply:
    """Ends the session, in every copy of its cookie."""
    if call.caller is not None:
        await call.state.db.run(sign_ins.end, call.caller)
    return _with_cookie(shell.see(SIGN_IN), call, "", 0)


async def sign_out_everywhere(call: Call[NoQuery, None]) -> Reply:
    """Ends every session of the key."""
    if call.caller is not None:
        await call.state.db.run(sign_ins.end_all, call.caller)
    return _with_cookie(shell.see(SIGN_IN), call, "", 0)


async def entrance(call: Call[NoQuery, None]) -> Reply:
    """Redirects to the list of flows."""
    return shell.see(shell.HOME)


async def start_session(call: Call[Any, Any], principal: Principal, next_: str) -> Reply:
    """Starts a session, which replaces the browser's current one, and leads on to a page."""
    state = call.state
    if call.caller is not None:
        await state.db.run(sign_ins.end, call.caller)
    session = await state.db.run(sign_ins.begin, principal)
    cookie = sessions.sign(state.secret, session)
    return _with_cookie(shell.see(_own_page(next_)), call, cookie, SESSION_SECONDS)


async def count_and_refuse(call: Call[Any, Any], error: WaflowsError, next_: str) -> OnPage:
    """Counts a failed attempt; the error to raise, which is another one after too many."""
    try:
        await call.state.db.run_soft(sign_ins.count_failure, call.client)
    except RateLimited as limited:
        error = limited
    return OnPage(error, lambda refusal: _form(call, next_, refusal))


def _form(call: Call[Any, Any], next_: str, refusal: Refusal | None = None) -> Reply:
    return shell.plain(
        "sign_in.html",
        next=_own_page(next_),
        development=call.state.development,
        refusal=refusal,
    )


def _own_page(wanted: str) -> str:
    """Returns a page of the console to continue to, never an address elsewhere."""
    return wanted if _OWN_PAGE.fullmatch(wanted) else shell.HOME


def _with_cookie(reply: Reply, call: Call[Any, Any], value: str, seconds: int) -> Reply:
    cookie = session_cookie.written(call.base_url, value, seconds)
    return msgspec.structs.replace(reply, headers=reply.headers | {"Set-Cookie": cookie})


_console = RouteGroup(
    "/console", tag="Console", prefix="console", scope=Scope.PUBLIC, documented=False
)
ROUTES: list[Route] = [
    _console.get("", entrance, "Lead to the flows", name="console"),
    _console.get("/sign-in", sign_in_page, "Ask for an API key", query=SignInQuery),
    _console.post(
        "/sign-in", sign_in, "Sign in with an API key", body=SignInForm, max_body=limits.SIGN_IN
    ),
    _console.post("/sign-out", sign_out, "Sign out"),
    _console.post("/sign-out-everywhere", sign_out_everywhere, "Sign out in every browser"),
]
