"""A receiver, and an account with nothing configured."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from harness.receivers import Receiver, receiver

from waflows.services import clock
from waflows.services.accounts import accounts
from waflows.storage.database import Database


@pytest.fixture
def target() -> Iterator[Receiver]:
    with receiver() as one:
        yield one


@pytest.fixture
def account(db: Database) -> str:
    return db.run_now(accounts.create_account, "Tests").id


@pytest.fixture
def movable_clock() -> Iterator[None]:
    yield
    clock.reset()
