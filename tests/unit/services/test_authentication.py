"""Recognising a key takes the same work whatever is wrong with it."""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any, NamedTuple

import pytest

from waflows.errors import NotAuthenticated
from waflows.http.authentication import KeyMemory
from waflows.services import clock
from waflows.services.accounts import accounts
from waflows.storage import migrate
from waflows.storage.database import Database
from waflows.storage.opening import open_database

# The calls that cost something: digests, comparisons, questions to the database.
_COSTLY = {"hexdigest", "compare_digest", "execute", "fetchone", "fetchall"}


_DAY_MS = 24 * 3600 * 1000


class _Keys(NamedTuple):
    db: Database
    secret: bytes
    good: str
    bad: dict[str, str]


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Iterator[_Keys]:
    """A good key, and one of each kind that is not."""
    db = open_database(f"sqlite:///{tmp_path_factory.mktemp('keys') / 'waflows.db'}")
    migrate.upgrade(db)
    secret = db.run_now(accounts.instance_secret)
    account = db.run_now(accounts.create_account, "Tests").id
    good = db.run_now(accounts.create_key, account, "good").text
    revoked = db.run_now(accounts.create_key, account, "revoked")
    db.run_now(accounts.revoke_key, account, revoked.key.id)
    expires_at = clock.now_ms() + _DAY_MS
    expired = db.run_now(accounts.create_key, account, "expired", expires_at=expires_at)
    clock.advance(2 * _DAY_MS)
    bad = {
        "missing": "",
        "malformed": "no-key-at-all",
        "unknown": f"wf_{'zz' * 6}_{good[-43:]}",
        "wrong secret": good[:-43] + "A" * 43,
        "expired": expired.text,
        "revoked": revoked.text,
    }
    yield _Keys(db, secret, good, bad)
    clock.reset()
    db.close()


def _work(call: Callable[[], Any]) -> tuple[Counter[str], list[str]]:
    """The costly calls that something makes, and the SQL among them."""
    calls: Counter[str] = Counter()
    statements: list[str] = []

    def watch(frame: FrameType, event: str, argument: Any) -> None:
        if event == "c_call" and argument.__name__ in _COSTLY:
            calls[argument.__name__] += 1
        if event == "call" and frame.f_code.co_name == "one":
            statements.append(frame.f_locals["sql"])

    sys.setprofile(watch)
    try:
        call()
    finally:
        sys.setprofile(None)
    return calls, statements


def test_every_bad_key_costs_the_same_as_a_good_one(keys: _Keys) -> None:
    def recognise(presented: str) -> None:
        try:
            keys.db.read_now(accounts.authenticate, keys.secret, presented)
        except NotAuthenticated:
            refused.append(presented)

    refused: list[str] = []
    recognise(keys.good)
    expected = _work(lambda: recognise(keys.good))
    assert expected[0]["hexdigest"] == expected[0]["compare_digest"] == len(expected[1]) == 1
    for wrong, presented in keys.bad.items():
        assert _work(lambda presented=presented: recognise(presented)) == expected, wrong  # type: ignore[misc]
    assert refused == list(keys.bad.values())


def test_remembering_good_keys_makes_no_difference_between_bad_ones(keys: _Keys) -> None:
    memory = KeyMemory(keys.db, keys.secret)

    async def ask(presented: str) -> None:
        header = f"Bearer {presented}".encode() if presented else None
        try:
            await memory.principal(header)
        except NotAuthenticated:
            refused.append(presented)

    refused: list[str] = []
    works = {}
    for _ in range(2):
        asyncio.run(ask(keys.good))
        for wrong, presented in keys.bad.items():
            works[wrong] = _work(lambda presented=presented: asyncio.run(ask(presented)))  # type: ignore[misc]
        assert len({tuple(sorted(calls.items())) for calls, _ in works.values()}) == 1, works
        assert len({tuple(statements) for _, statements in works.values()}) == 1
    assert refused == list(keys.bad.values()) * 2


def test_a_remembered_key_that_expires_is_refused_like_any_other(keys: _Keys) -> None:
    memory = KeyMemory(keys.db, keys.secret)
    principal = asyncio.run(memory.principal(f"Bearer {keys.good}".encode()))
    expires_at = clock.now_ms() + _DAY_MS
    expiring = keys.db.run_now(
        accounts.create_key, principal.account_id, "short", expires_at=expires_at
    )
    header = f"Bearer {expiring.text}".encode()
    assert asyncio.run(memory.principal(header)).expires_at == expires_at
    clock.advance(_DAY_MS)

    def ask(value: bytes | None) -> None:
        with pytest.raises(NotAuthenticated):
            asyncio.run(memory.principal(value))

    assert _work(lambda: ask(header)) == _work(lambda: ask(None))


def test_a_remembered_key_is_forgotten_with_any_change(keys: _Keys) -> None:
    memory = KeyMemory(keys.db, keys.secret)
    account = asyncio.run(memory.principal(f"Bearer {keys.good}".encode())).account_id
    made = keys.db.run_now(accounts.create_key, account, "to be revoked")
    header = f"Bearer {made.text}".encode()
    for _ in range(2):
        assert asyncio.run(memory.principal(header)).key_id == made.key.id
    keys.db.run_now(accounts.revoke_key, account, made.key.id)
    with pytest.raises(NotAuthenticated):
        asyncio.run(memory.principal(header))
