"""Authenticate callers by API key or session, and check what their keys allow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Concatenate, ParamSpec

from waflows.errors import Forbidden, WrongAccount
from waflows.security import keys as security
from waflows.security.sessions import Session
from waflows.services import clock
from waflows.services.accounts import accounts, sign_ins
from waflows.services.accounts.accounts import Principal
from waflows.storage.database import Database, Transaction

P = ParamSpec("P")

_SCHEME = b"bearer "
_MOST_REMEMBERED = 4096


class _Memory:
    """A cache of authenticated callers, valid while the database does not change.

    Failures are not cached, so every wrong key takes the same path.
    """

    def __init__(self, db: Database) -> None:
        self._db = db
        self._stamp: int | None = None
        self._known: dict[str, Principal] = {}

    async def _recall(
        self,
        name: str,
        check: Callable[Concatenate[Transaction, P], Principal],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> Principal:
        stamp = self._db.stamp()
        if stamp is None or stamp != self._stamp:
            self._known.clear()
            self._stamp = stamp
        known = self._known.get(name)
        if known is not None and not _has_expired(known):
            return known
        principal = await self._db.read(check, *args, **kwargs)
        if stamp is not None and stamp == self._stamp and len(self._known) < _MOST_REMEMBERED:
            self._known[name] = principal
        return principal


class KeyMemory(_Memory):
    """API keys that are known to be valid, cached by their digest; keys are never kept."""

    def __init__(self, db: Database, secret: bytes) -> None:
        super().__init__(db)
        self._secret = secret

    async def principal(self, authorization: bytes | None) -> Principal:
        """Returns the principal of an Authorization header; raises NotAuthenticated."""
        presented = _bearer(authorization)
        digest = security.digest(self._secret, presented)
        return await self._recall(digest, accounts.authenticate, self._secret, presented)


class SessionMemory(_Memory):
    """Console sessions that are known to be valid."""

    async def principal(self, session: Session) -> Principal:
        """Returns the principal of a genuine session; raises NotAuthenticated if it has ended."""
        return await self._recall(session.id, sign_ins.holder_of, session)


def check_account(principal: Principal, account_id: str) -> None:
    """Raises InvalidId for a malformed account id, WrongAccount for any but the key's own."""
    if accounts.canonical_account_id(account_id) != principal.account_id:
        raise WrongAccount(f"Account {account_id} does not belong to this API key.")


def check_channel(principal: Principal, channel_id: str) -> None:
    """Raises Forbidden if the key is limited to other channels, whether or not this one exists."""
    if not principal.may_use(channel_id):
        raise Forbidden(f"This API key may not use channel {channel_id}.")


def check_write(principal: Principal) -> None:
    """Raises Forbidden if the key is read-only."""
    if principal.read_only:
        raise Forbidden("This API key is read-only; use one that may write.")


def check_whole_channel(principal: Principal) -> None:
    """Raises Forbidden if the key is limited to some sub-accounts of a channel."""
    if principal.sub_account_ids is not None:
        raise Forbidden(
            "This API key is limited to sub-accounts; this operation concerns the whole channel and"
            " needs a key without that limit."
        )


def check_uncovered(principal: Principal) -> None:
    """Raises Forbidden if the key is masked."""
    if principal.masked:
        raise Forbidden(
            "This API key is masked; this operation shows phone numbers and answers, or where they"
            " are sent, and needs a key that is not masked."
        )


def _has_expired(principal: Principal) -> bool:
    return principal.expires_at is not None and principal.expires_at <= clock.now_ms()


def _bearer(authorization: bytes | None) -> str:
    value = authorization or b""
    if value[: len(_SCHEME)].lower() != _SCHEME:
        return ""
    return value[len(_SCHEME) :].strip().decode("latin-1")
