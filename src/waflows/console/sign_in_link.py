"""The sign-in link that `waflows dev` prints: a page that sends the link's token back at once.

Opening the page does not use the link up: programs that fetch addresses ahead of the user would
otherwise do so, and a session cookie that is limited to this site is only kept reliably when the
request that sets it comes from a page of this site. Only `waflows dev` has these routes.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import msgspec

from waflows.console import shell, signing_in
from waflows.errors import Forbidden, NotAuthenticated
from waflows.http import limits
from waflows.http.route import Call, NoQuery, Reply, Route, Scope
from waflows.http.routing import RouteGroup
from waflows.services.accounts import accounts
from waflows.services.accounts.sign_in_links import SignInLink
from waflows.urls import is_loopback_host

PATH = "/console/sign-in/link"


class LinkToken(msgspec.Struct, frozen=True):
    """The token of a sign-in link."""

    token: str = ""


async def show(call: Call[LinkToken, None]) -> Reply:
    """A page that sends the token, by itself where scripts run and by a button elsewhere."""
    _link_for(call)
    return shell.plain("sign_in_link.html", token=call.query.token)


async def follow(call: Call[NoQuery, LinkToken]) -> Reply:
    """Uses the link up and starts a session with its API key."""
    link = _link_for(call)
    state = call.state
    try:
        api_key = link.redeem(call.body.token)
        principal = await state.db.read(accounts.authenticate, state.secret, api_key)
    except NotAuthenticated as error:
        raise await signing_in.count_and_refuse(call, error, shell.HOME) from None
    return await signing_in.start_session(call, principal, shell.HOME)


def _link_for(call: Call[Any, Any]) -> SignInLink:
    """The link of this server; raises Forbidden for a request from another machine."""
    host = urlsplit(call.base_url).hostname or ""
    if not (is_loopback_host(call.client) and is_loopback_host(host)):
        raise Forbidden("A sign-in link works only on the machine that runs the server.")
    link = call.state.sign_in_link
    assert link is not None, "these routes exist only with a link"
    return link


_group = RouteGroup(PATH, tag="Console", prefix="console", scope=Scope.PUBLIC, documented=False)
ROUTES: list[Route] = [
    _group.get("", show, "Open a sign-in link", name="consoleSignInLinkPage", query=LinkToken),
    _group.post(
        "",
        follow,
        "Sign in with a sign-in link",
        name="consoleSignInLink",
        body=LinkToken,
        max_body=limits.SIGN_IN,
    ),
]
