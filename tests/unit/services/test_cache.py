"""What services remember between units of work, which run on several threads at once."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waflows.services.cache import BoundedCache
from waflows.services.messages import flow_openings
from waflows.storage.database import Transaction
from waflows.storage.flows import Flow, Status

_FLOW_JSON = (
    '{"version":"7.2","screens":[{"id":"ONE","terminal":true,"title":"One","layout":'
    '{"type":"SingleColumnLayout","children":[{"type":"Footer","label":"Done",'
    '"on-click-action":{"name":"complete","payload":{}}}]}}]}'
)


@pytest.fixture
def restless_threads() -> Iterator[None]:
    """Threads take turns after almost every step, which shows in a second what rarely happens."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


class _OneText:
    """A transaction in which every flow has the same Flow JSON."""

    def one(self, sql: str, *parameters: object) -> tuple[str, int, None]:
        return _FLOW_JSON, len(_FLOW_JSON), None


def _flow(number: int) -> Flow:
    values: dict[str, Any] = dict.fromkeys(Flow.__struct_fields__)
    return Flow(
        **values
        | {"account_id": "account", "id": str(number), "revision": 1}
        | {"status": Status.DRAFT}
    )


@pytest.mark.usefixtures("restless_threads")
def test_flows_may_be_opened_from_several_database_threads_at_once() -> None:
    tx: Transaction = _OneText()  # type: ignore[assignment]  # only asked for one text

    def open_many(seed: int) -> None:
        numbers = list(range(400))
        random.Random(seed).shuffle(numbers)
        for number in numbers * 3:
            flow_openings.check_entrance(tx, _flow(number), "navigate", "ONE")

    with ThreadPoolExecutor(8) as pool:
        for done in [pool.submit(open_many, seed) for seed in range(8)]:
            done.result()


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 9)), max_size=60))
def test_the_values_used_last_are_kept_and_never_more_than_the_bound(
    steps: list[tuple[bool, int]],
) -> None:
    cache: BoundedCache[int, int] = BoundedCache(4)
    recent: list[int] = []
    for put, key in steps:
        if put:
            cache.put(key, key * 10)
        assert cache.get(key) == (key * 10 if put or key in recent else None)
        if put or key in recent:
            recent = [*[one for one in recent if one != key][-3:], key]
        assert len(cache) == len(recent)
