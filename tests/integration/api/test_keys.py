"""API keys: shown once, kept hashed, limited, ended; and refused alike whatever is wrong."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import httpx2
import pytest
from harness.contents import everything
from harness.databases import new_sqlite
from harness.servers import Process, Tenant, client, opened, production_server, run

from waflows.errors import InvalidParameter, NotFound
from waflows.services.accounts import accounts
from waflows.storage.accounts import ApiKey

_PATIENCE = 20.0
_FORM = re.compile(r"wf_([a-z0-9]{12})_([A-Za-z0-9_-]{43})")


def _run(tenant: Tenant, *arguments: str) -> str:
    """What a `waflows key` command prints, in a pipe: JSON."""
    environment = {
        "WAFLOWS_DATABASE_URL": tenant.database_url,
        "WAFLOWS_ACCOUNT": tenant.account_id,
    }
    done = run("key", *arguments, env=environment)
    assert done.returncode == 0, done.stderr
    return str(done.stdout + done.stderr)


def _id_of(key: str) -> str:
    match = _FORM.fullmatch(key)
    assert match is not None
    return match[1]


def _revoke(tenant: Tenant, key: str) -> ApiKey:
    with opened(tenant.database_url) as db:
        return db.run_now(accounts.revoke_key, tenant.account_id, _id_of(key))


def _status(url: str, tenant: Tenant, key: str) -> int:
    with client(url, key) as http:
        return http.get(tenant.flows).status_code


def _with_other_secret(key: str) -> str:
    return key[:-43] + ("B" * 43 if key[-43:] != "B" * 43 else "C" * 43)


def test_a_key_is_shown_once_and_then_by_its_last_six_characters(server: Tenant) -> None:
    channel = ("--channel", server.channel_id)
    made = json.loads(_run(server, "create", "deploy", "--read-only", *channel, "--json"))
    key = made["apiKey"]
    assert made["id"] == _id_of(key)

    later = [_run(server, *command) for command in (["list"], ["revoke", made["id"]])]
    [shown] = [entry for entry in json.loads(later[0]) if entry["id"] == made["id"]]
    assert shown["lastSix"] == key[-6:]
    assert (shown["name"], shown["readOnly"]) == ("deploy", True)
    assert shown["channelIds"] == [server.channel_id]
    assert json.loads(later[1])["revokedAt"]
    for printed in later:
        assert key[-43:] not in printed
        assert key[-43:-6] not in printed


def test_a_key_stands_nowhere_in_the_database_or_the_log(server: Tenant) -> None:
    keys = [server.new_key(), server.new_key(read_only=True), server.new_key()]
    _revoke(server, keys[2])
    for key in [*keys, *map(_with_other_secret, keys)]:
        with client(server.url, key) as http:
            http.get(server.flows)
            http.post(server.flows, json={"name": f"Made with {key[-6:]}", "categories": []})
            http.post(server.flows, content=b"{", headers={"content-type": "text/plain"})
            answer = http.get(f"{server.flows}/none")
            assert key not in answer.text
    error_id = server.http.get(f"{server.flows}/none").json()["errorId"]
    assert server.http.get(f"/api/v1/accounts/{server.account_id}/errors/{error_id}")

    with opened(server.database_url) as db:
        stored = repr(everything(db))
    if server.database_url.startswith("sqlite"):
        path = Path(server.database_url.removeprefix("sqlite:///"))
        for file in path.parent.glob(f"{path.name}*"):
            stored += file.read_bytes().decode("latin-1")
    server.process.log_line(path=f"{server.flows}/none", status=404)
    log = server.process.log.read_text("utf-8")
    for key in keys:
        assert _id_of(key) in stored, "this is where it would stand"
        for part in (key, key[-43:], key[-43:-6]):
            assert part not in stored
            assert part not in log
    for key in keys[:2]:
        assert f'"key":"{key[-6:]}"' in log, "the log names a key by its last six"


def _bad_keys(tenant: Tenant) -> dict[str, str | None]:
    """Authorization headers that no key stands behind, by what is wrong with each."""
    revoked = tenant.new_key()
    _revoke(tenant, revoked)
    expires_at = int(time.time() * 1000) + 2000
    expiring = tenant.new_key(expires_at=expires_at)
    time.sleep(max(0.0, expires_at / 1000 - time.time()) + 0.01)
    good = tenant.api_key
    unknown = f"wf_{'a1' * 6}_{good[-43:]}"
    return {
        "missing": None,
        "empty": "",
        "a scheme alone": "Bearer",
        "another scheme": f"Basic {good}",
        "no scheme": good,
        "malformed": "Bearer no-key-at-all",
        "cut short": f"Bearer {good[:-1]}",
        "too long": f"Bearer {good}A",
        "other case": f"Bearer {good.swapcase()}",
        "with a blank": f"Bearer {good[:20]} {good[20:]}",
        "twice": f"Bearer {good}, Bearer {good}",
        "not ASCII": "Bearer wf_\xe9\xe9\xe9",
        "very long": "Bearer " + "wf_" * 2000,
        "an unknown id": f"Bearer {unknown}",
        "another secret": f"Bearer {_with_other_secret(good)}",
        "the secret of another key": f"Bearer {good[:-43]}{revoked[-43:]}",
        "expired": f"Bearer {expiring}",
        "revoked": f"Bearer {revoked}",
    }


def _face(response: httpx2.Response) -> dict[str, Any]:
    envelope = response.json()
    del envelope["errorId"], envelope["timestamp"]
    own = {"date", "x-request-id"}
    headers = {name: value for name, value in response.headers.items() if name not in own}
    return {"status": response.status_code, "headers": headers, "envelope": envelope}


def test_whatever_is_wrong_with_a_key_the_answer_is_the_same(server: Tenant) -> None:
    faces = {}
    with client(server.url) as http:
        for wrong, value in _bad_keys(server).items():
            headers = {} if value is None else {b"Authorization": value.encode("latin-1")}
            for path in (server.flows, server.guide_flows):
                response = http.get(path, headers=headers)
                assert response.status_code == 401, wrong
                faces[wrong, path] = _face(response)
    assert all(face == faces["missing", server.flows] for face in faces.values())
    [face] = {json.dumps(face, sort_keys=True): face for face in faces.values()}.values()
    assert face["envelope"]["code"] == 1200
    assert face["headers"]["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "Bearer  "])
def test_the_scheme_is_read_in_any_case(server: Tenant, scheme: str) -> None:
    headers = {"Authorization": f"{scheme} {server.api_key}"}
    with client(server.url) as http:
        assert http.get(server.flows, headers=headers).status_code == 200


def test_a_key_of_one_account_is_no_key_of_another(server: Tenant, other: Tenant) -> None:
    path = f"/api/v1/accounts/{other.account_id}/channels/{other.channel_id}/flows"
    assert other.http.get(path).status_code == 200
    for method in ("GET", "POST"):
        refused = server.http.request(method, path, json={})
        assert (refused.status_code, refused.json()["code"]) == (401, 1001)


def test_two_keys_live_side_by_side_while_one_replaces_the_other(server: Tenant) -> None:
    old, new = server.new_key(), server.new_key()
    assert [_status(server.url, server, key) for key in (old, new)] == [200, 200]
    _revoke(server, old)

    assert _eventually(lambda: _status(server.url, server, old) == 401)
    assert _status(server.url, server, new) == 200
    assert server.http.get(server.flows).status_code == 200


def test_revoking_twice_keeps_the_first_moment(server: Tenant) -> None:
    key = server.new_key()
    first = _revoke(server, key)
    assert first.revoked_at is not None
    assert _revoke(server, key) == first


def test_a_key_of_another_account_cannot_be_revoked(server: Tenant, other: Tenant) -> None:
    with pytest.raises(NotFound):
        _revoke(server, other.api_key)
    assert other.http.get(other.flows).status_code == 200


def test_a_key_ends_at_its_expiry_even_while_it_is_in_use(server: Tenant) -> None:
    expires_at = int(time.time() * 1000) + 1500
    seen: set[str] = set()
    with client(server.url, server.new_key(expires_at=expires_at)) as http:
        while not (seen and time.time() * 1000 > expires_at + 200):
            begun = time.time() * 1000
            # The list is answered from memory, the details are not.
            statuses = {
                http.get(server.flows).status_code,
                http.get(f"{server.flows}/1234567890123456").status_code,
            }
            if time.time() * 1000 < expires_at:
                assert statuses == {200, 404}
                seen.add("live")
            elif begun > expires_at:
                assert statuses == {401}
                seen.add("expired")
    assert "expired" in seen


def test_a_key_cannot_expire_in_the_past_or_be_limited_to_nothing(server: Tenant) -> None:
    with pytest.raises(InvalidParameter, match="past"):
        server.new_key(expires_at=int(time.time() * 1000) - 1)
    with pytest.raises(InvalidParameter, match="at least one"):
        server.new_key(channel_ids=[])
    with pytest.raises(NotFound, match="nowhere"):
        server.new_key(channel_ids=[server.channel_id, "nowhere"])


@pytest.fixture(scope="module")
def pair(
    engine: str, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[tuple[list[Process], str]]:
    """Two servers that were started apart from each other, over one database."""
    folders = [tmp_path_factory.mktemp(f"pair-{engine}") for _ in range(2)]
    url = new_sqlite(folders[0])
    if engine == "postgres":
        url = request.getfixturevalue("postgres").new_database()
    with contextlib.ExitStack() as stack:
        servers = [
            stack.enter_context(
                production_server(folder, url, "--workers", "1", "--rate-limit", "0")
            )
            for folder in folders
        ]
        yield servers, url


def _eventually(true: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        if true():
            return True
        time.sleep(0.01)
    return False


def test_a_revoked_key_is_refused_at_once_in_every_process(
    pair: tuple[list[Process], str], engine: str
) -> None:
    servers, url = pair
    tenant = Tenant(servers[0], url)
    with contextlib.ExitStack() as stack:
        for _ in range(5):
            key = tenant.new_key()
            https = [stack.enter_context(client(server.url, key)) for server in servers]
            for http in https * 3:
                assert http.get(tenant.flows).status_code == 200
            _revoke(tenant, key)
            for http in https:
                if engine == "postgres":
                    # The notification is on its way; nothing may come after it.
                    assert _eventually(lambda http=http: http.get(tenant.flows).status_code == 401)  # type: ignore[misc]
                assert http.get(tenant.flows).status_code == 401
                assert http.get(f"{tenant.flows}?limit=1").status_code == 401
                assert http.post(tenant.flows, json={}).status_code == 401
    tenant.http.close()


def test_a_key_made_by_another_process_is_good_at_once(pair: tuple[list[Process], str]) -> None:
    servers, url = pair
    tenant = Tenant(servers[0], url)
    key = tenant.new_key()
    assert [_status(server.url, tenant, key) for server in servers] == [200, 200]
    tenant.http.close()


def test_a_key_revoked_under_load_does_nothing_after_that(
    pair: tuple[list[Process], str], engine: str
) -> None:
    servers, url = pair
    tenant = Tenant(servers[0], url)
    key = tenant.new_key()
    revoked_at: list[float] = []
    made: list[tuple[float, float, int]] = []

    async def write(http: aiohttp.ClientSession, number: int) -> None:
        address = f"{servers[number % 2].url}{tenant.flows}"
        for count in range(10_000):
            body = {"name": f"{number}-{count}", "categories": ["OTHER"]}
            begun = time.monotonic()
            async with http.post(address, json=body) as response:
                made.append((begun, time.monotonic(), response.status))
                assert response.status in {200, 401}, await response.text()
                if response.status == 401:
                    return

    async def load() -> None:
        headers = {"Authorization": f"Bearer {key}"}
        async with aiohttp.ClientSession(headers=headers) as http:
            writers = [asyncio.create_task(write(http, number)) for number in range(8)]
            await asyncio.sleep(0.3)
            await asyncio.to_thread(_revoke, tenant, key)
            revoked_at.append(time.monotonic())
            await asyncio.gather(*writers)

    asyncio.run(load())

    written = [entry for entry in made if entry[2] == 200]
    assert written
    if engine == "sqlite":
        assert all(begun < revoked_at[0] for begun, _, _ in written)
    listed = tenant.http.get(tenant.flows)
    assert listed.headers["x-total-count"] == str(len(written)), "each was done or refused"
    tenant.http.close()
