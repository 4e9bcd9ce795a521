"""The limit of writes a minute: for each key, true across processes, with an honest wait."""

from __future__ import annotations

import contextlib
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2
import pytest
from harness.databases import new_sqlite
from harness.servers import Process, Tenant, client, opened, production_server

from waflows.errors import RateLimited
from waflows.services.accounts import accounts, rate_limits
from waflows.storage import rate_limits as store
from waflows.storage.database import Database, Transaction

_LIMIT = 10


@pytest.fixture(scope="module")
def limited(
    engine: str, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[tuple[Process, str]]:
    """A server of two processes that lets each key write ten times a minute."""
    folder = tmp_path_factory.mktemp(f"limited-{engine}")
    url = new_sqlite(folder)
    if engine == "postgres":
        url = request.getfixturevalue("postgres").new_database()
    arguments = ("--workers", "2", "--rate-limit", str(_LIMIT))
    with production_server(folder, url, *arguments) as process:
        yield process, url


@pytest.fixture
def tenant(limited: tuple[Process, str]) -> Iterator[Tenant]:
    """A tenant of that server who has written nothing so far."""
    tenant = Tenant(*limited)
    yield tenant
    tenant.http.close()


def _write(tenant: Tenant, api_key: str) -> httpx2.Response:
    """One write, over a connection of its own so that any of the processes may answer."""
    with client(tenant.url, api_key) as http:
        return http.delete(f"{tenant.flows}/1234567890123456")


def _check_is_limited(response: httpx2.Response) -> int:
    """That an answer is a proper 429; how many seconds it says to wait."""
    assert response.status_code == 429
    envelope = response.json()
    assert envelope["code"] == 429
    assert str(_LIMIT) in envelope["message"]
    seconds = response.headers["retry-after"]
    assert f"{seconds} s" in envelope["message"]
    return int(seconds)


def _pretend_to_wait(tenant: Tenant, milliseconds: int) -> None:
    """Moves what was counted for a tenant into the past: the same as waiting, but quicker."""

    def age(tx: Transaction) -> None:
        tx.execute(
            "UPDATE rate_limits SET window_start = window_start - ? WHERE account_id = ?",
            milliseconds,
            tenant.account_id,
        )

    with opened(tenant.database_url) as db:
        db.run_now(age)


def test_two_processes_together_let_through_no_more_than_the_limit(tenant: Tenant) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: _write(tenant, tenant.api_key), range(3 * _LIMIT)))

    assert Counter(answer.status_code for answer in answers) == {404: _LIMIT, 429: 2 * _LIMIT}
    for answer in answers:
        if answer.status_code == 429:
            assert 1 <= _check_is_limited(answer) <= 2 * 60


def test_after_the_time_it_is_told_to_wait_a_client_gets_through(tenant: Tenant) -> None:
    for _ in range(_LIMIT):
        assert _write(tenant, tenant.api_key).status_code == 404
    for _ in range(3):
        seconds = _check_is_limited(_write(tenant, tenant.api_key))
        _pretend_to_wait(tenant, (seconds - 1) * 1000 - 500)
        _check_is_limited(_write(tenant, tenant.api_key))
        _pretend_to_wait(tenant, 1500)
        assert _write(tenant, tenant.api_key).status_code == 404


@pytest.mark.soak
def test_after_really_waiting_a_client_gets_through(tenant: Tenant) -> None:
    for _ in range(_LIMIT):
        assert _write(tenant, tenant.api_key).status_code == 404
    seconds = _check_is_limited(_write(tenant, tenant.api_key))
    time.sleep(seconds)
    assert _write(tenant, tenant.api_key).status_code == 404
    print(f"waited {seconds} s as told, then got through")


def test_a_refused_write_does_nothing_and_does_not_count(tenant: Tenant) -> None:
    for number in range(_LIMIT):
        tenant.create(f"Flow {number}")
    body = {"name": "One too many", "categories": ["OTHER"]}
    for _ in range(5):
        _check_is_limited(tenant.http.post(tenant.flows, json=body))
    assert tenant.http.get(tenant.flows).headers["x-total-count"] == str(_LIMIT)
    # All that was counted is two minutes old, and the refused tries count for nothing.
    _pretend_to_wait(tenant, 120_000)
    assert tenant.http.post(tenant.flows, json=body).status_code == 200


def test_a_key_that_has_written_too_much_still_reads(tenant: Tenant) -> None:
    for _ in range(_LIMIT + 1):
        last = _write(tenant, tenant.api_key)
    _check_is_limited(last)
    for _ in range(3 * _LIMIT):
        assert tenant.http.get(tenant.flows).status_code == 200
    assert tenant.http.get(f"{tenant.flows}/1234567890123456").status_code == 404


def test_each_key_has_a_limit_of_its_own(tenant: Tenant, limited: tuple[Process, str]) -> None:
    for _ in range(_LIMIT + 1):
        last = _write(tenant, tenant.api_key)
    _check_is_limited(last)
    assert _write(tenant, tenant.new_key()).status_code == 404
    neighbour = Tenant(*limited)
    assert _write(neighbour, neighbour.api_key).status_code == 404
    neighbour.http.close()


def test_whoever_has_no_good_key_uses_up_nobodys_limit(tenant: Tenant) -> None:
    wrong = tenant.api_key[:-43] + "B" * 43
    for _ in range(_LIMIT + 5):
        assert _write(tenant, wrong).status_code == 401
    assert _write(tenant, tenant.api_key).status_code == 404


def test_a_server_starts_with_100_writes_a_minute_and_any_number_of_reads(
    folder: Path,
) -> None:
    url = new_sqlite(folder)
    with production_server(folder, url, "--workers", "1") as process:
        tenant = Tenant(process, url)
        flow = f"{tenant.flows}/1234567890123456"
        statuses = [tenant.http.delete(flow).status_code for _ in range(101)]
        assert statuses == [404] * 100 + [429]
        assert {tenant.http.get(flow).status_code for _ in range(120)} == {404}
        tenant.http.close()


def test_a_development_server_starts_without_a_limit(server: Tenant) -> None:
    flow = f"{server.flows}/1234567890123456"
    assert {server.http.delete(flow).status_code for _ in range(120)} == {404}


def test_reads_are_limited_when_asked_for_even_those_answered_from_memory(
    folder: Path,
) -> None:
    url = new_sqlite(folder)
    arguments = ("--workers", "1", "--rate-limit-reads", "5", "--rate-limit", "0")
    with production_server(folder, url, *arguments) as process:
        tenant = Tenant(process, url)
        statuses = [tenant.http.get(tenant.flows).status_code for _ in range(7)]
        assert statuses == [200] * 5 + [429] * 2
        assert tenant.http.delete(f"{tenant.flows}/1234567890123456").status_code == 404
        tenant.http.close()


def _key(db: Database) -> tuple[str, str]:
    account = db.run_now(accounts.create_account, "Tests").id
    return account, db.run_now(accounts.create_key, account, "key").key.id


def test_a_process_that_asked_the_time_earlier_is_not_refused_for_it(db: Database) -> None:
    key = _key(db)
    now = 1_800_000_000_000
    for earlier in (0, 3, 1, 900, 59_000):
        db.run_now(rate_limits.take, *key, "write", _LIMIT, now - earlier)
    usage = db.run_now(store.lock, *key, "write", now)
    assert usage == store.Usage(now, 5, 0)


def test_a_clock_that_was_put_back_locks_no_key_out(db: Database) -> None:
    key = _key(db)
    now = 1_800_000_000_000
    for _ in range(_LIMIT):
        db.run_now(rate_limits.take, *key, "write", _LIMIT, now)
    with pytest.raises(RateLimited):
        db.run_now(rate_limits.take, *key, "write", _LIMIT, now)
    a_day = 24 * 3600 * 1000
    db.run_now(rate_limits.take, *key, "write", _LIMIT, now - a_day)


def test_processes_that_count_at_once_count_each_use_once(db: Database, database_url: str) -> None:
    key = _key(db)
    now = 1_800_000_000_000

    def use(_: int) -> int:
        with opened(database_url) as own:
            got_through = 0
            for _ in range(20):
                with contextlib.suppress(RateLimited):
                    own.run_now(rate_limits.take, *key, "write", 50, now)
                    got_through += 1
            return got_through

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(use, range(4))) == 50


def test_a_use_that_costs_more_waits_until_all_of_it_fits(db: Database) -> None:
    key = _key(db)
    now = 1_800_000_000_000
    db.run_now(rate_limits.take, *key, "write", _LIMIT, now, cost=4)
    db.run_now(rate_limits.take, *key, "write", _LIMIT, now, cost=4)
    with pytest.raises(RateLimited, match="of which one of this size counts as 4") as refused:
        db.run_now(rate_limits.take, *key, "write", _LIMIT, now, cost=4)
    db.run_now(rate_limits.take, *key, "write", _LIMIT, now, cost=2)
    at = now + refused.value.retry_after * 1000
    with pytest.raises(RateLimited):
        db.run_now(rate_limits.take, *key, "write", _LIMIT, at - 20_000, cost=4)


@pytest.mark.parametrize("cost", [_LIMIT, _LIMIT + 1, 1000])
def test_a_use_that_costs_more_than_the_limit_takes_a_whole_minute(db: Database, cost: int) -> None:
    key = _key(db)
    now = 1_800_000_000_000
    db.run_now(rate_limits.take, *key, "write", _LIMIT, now, cost=cost)
    with pytest.raises(RateLimited):
        db.run_now(rate_limits.take, *key, "write", _LIMIT, now + 59_000)
    db.run_now(rate_limits.take, *key, "write", _LIMIT, now + 120_000, cost=cost)


@pytest.mark.parametrize(
    ("size", "cost"),
    [(0, 1), (1, 1), (256 * 1024, 1), (256 * 1024 + 1, 2), (10 * 1024 * 1024, 40), (None, 16)],
)
def test_what_a_flow_json_costs_follows_its_size(size: int | None, cost: int) -> None:
    assert rate_limits.cost(size) == cost


def test_a_large_flow_json_counts_as_several_writes(tenant: Tenant) -> None:
    large = {"flowJson": " " * (_LIMIT * rate_limits.BYTES_OF_ONE - 1000)}
    assert tenant.http.post(f"{tenant.flows}:validate", json=large).status_code == 200
    response = _write(tenant, tenant.api_key)
    _check_is_limited(response)


def test_ordinary_flow_json_counts_as_one_write_each(tenant: Tenant) -> None:
    small = {"flowJson": "{}" + " " * 200_000}
    found = [
        tenant.http.post(f"{tenant.flows}:validate", json=small).status_code
        for _ in range(_LIMIT + 1)
    ]
    assert found == [200] * _LIMIT + [429]
