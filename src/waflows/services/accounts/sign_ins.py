"""Signing in to the console and out of it.

A session is a row, so that ending it ends it in every browser and every copy of its cookie. It
lives for hours, no longer than its key, and a key has a bounded number of them.
"""

from __future__ import annotations

import hashlib
import ipaddress

import msgspec

from waflows.errors import NotAuthenticated, RateLimited
from waflows.security import sessions
from waflows.security.sessions import Session
from waflows.services import clock
from waflows.services.accounts import accounts, rate_limits
from waflows.services.accounts.accounts import Principal
from waflows.storage import sessions as store
from waflows.storage.database import Transaction

SESSION_SECONDS = 12 * 3600
MOST_SESSIONS = 100
"""Of a key; one more ends the oldest."""
_FAILURES_A_MINUTE = 10
_COUNTERS = 4096
"""Addresses share so many counters, so that a flood of addresses cannot fill the table."""


def begin(tx: Transaction, principal: Principal) -> Session:
    """Starts a session of an authenticated key; the oldest beyond the limit end."""
    now = clock.now_ms()
    end = now + SESSION_SECONDS * 1000
    if principal.expires_at is not None:
        end = min(end, principal.expires_at)
    session = Session(principal.account_id, sessions.make_id(), end // 1000)
    store.delete_expired(tx, now)
    store.insert(tx, session.account_id, session.id, principal.key_id, now, end)
    store.delete_oldest(tx, principal.account_id, principal.key_id, MOST_SESSIONS)
    return session


def holder_of(tx: Transaction, session: Session) -> Principal:
    """Returns the principal of a session; raises NotAuthenticated when it or its key has ended."""
    key_id = store.key_of(tx, session.account_id, session.id, clock.now_ms())
    if key_id is None:
        raise NotAuthenticated("You are not signed in, or your session has ended.")
    principal = accounts.holder_of(tx, session.account_id, key_id)
    return msgspec.structs.replace(principal, session_id=session.id)


def end(tx: Transaction, principal: Principal) -> None:
    """Ends the session that a request came with, in every browser that has its cookie."""
    if principal.session_id is not None:
        store.delete(tx, principal.account_id, principal.session_id)


def end_all(tx: Transaction, principal: Principal) -> None:
    """Ends every session of the caller's key."""
    store.delete_of_key(tx, principal.account_id, principal.key_id)


def count_failure(tx: Transaction, client: str) -> None:
    """Counts a failed attempt to sign in from an address; raises RateLimited for too many."""
    now = clock.now_ms()
    try:
        rate_limits.take(tx, "", _counter(client), "sign-in", _FAILURES_A_MINUTE, now)
    except RateLimited as limited:
        raise RateLimited(
            "Too many failed attempts to sign in from your address; try again in"
            f" {limited.retry_after} s.",
            limited.retry_after,
        ) from None


def _counter(client: str) -> str:
    """The counter of an address; for IPv6 of its network, as one person has a whole network."""
    try:
        address = ipaddress.ip_address(client)
        if address.version == 6:
            client = str(ipaddress.ip_network(f"{address}/64", strict=False))
    except ValueError:
        pass
    digest = hashlib.blake2b(client.encode(), digest_size=8).digest()
    return str(int.from_bytes(digest) % _COUNTERS)
