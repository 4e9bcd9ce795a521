"""An endpoint is asked before its flow is published: when, how often, and under which key."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from harness.endpoints import run, serving
from harness.faulty_endpoint import FaultyEndpoint
from harness.flow_json import VALID

from waflows.errors import NotPublishable
from waflows.security import key_pairs
from waflows.security.vault import Vault, make_key
from waflows.services import clock
from waflows.services.accounts import accounts
from waflows.services.endpoint import endpoint_keys
from waflows.services.endpoint.endpoint_calls import Outside
from waflows.services.flows import endpoint_health, lifecycle, texts
from waflows.services.flows.lifecycle import Content
from waflows.services.flows.publishing import FRESH_MS, Examined
from waflows.storage.database import Database, Transaction
from waflows.storage.flows import Flow, Status
from waflows.upstream.egress import Egress

_KEY = rsa.generate_private_key(65537, 2048)
_OTHER_KEY = rsa.generate_private_key(65537, 2048)
_SECRET = "app-secret"
_VAULT = Vault(make_key())
_TEXT = texts.check_now(
    json.dumps(json.loads(VALID) | {"data_api_version": "3.0", "routing_model": {"ONLY": []}})
)


class Meddling:
    """An endpoint during whose first request something else happens."""

    def __init__(self, behind: FaultyEndpoint, meddle: Callable[[], Any]) -> None:
        self._behind = behind
        self._meddle: Callable[[], Any] | None = meddle

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and self._meddle is not None:
            meddle, self._meddle = self._meddle, None
            meddle()
        await self._behind.app(scope, receive, send)


@pytest.fixture
def right_clock() -> Iterator[None]:
    """A clock that may be moved, and is set right afterwards."""
    yield
    clock.reset()


def _install(db: Database, channel: tuple[str, str], key: rsa.RSAPrivateKey) -> None:
    pair = endpoint_keys.read_public(key_pairs.public_pem(key.public_key()))
    db.run_now(endpoint_keys.install, _VAULT, *channel, pair, replace=True, app_secret=_SECRET)


def _channel(db: Database) -> tuple[str, str]:
    account = db.run_now(accounts.create_account, "Tests")
    channel = db.run_now(accounts.create_channel, account.id, "Channel")
    _install(db, (account.id, channel.id), _KEY)
    return account.id, channel.id


def _draft(db: Database, channel: tuple[str, str], name: str, uri: str) -> Flow:
    content = Content(name=name, categories=["OTHER"], flow_json=_TEXT, endpoint_uri=uri)
    return db.run_now(lifecycle.create, *channel, content)


def _publish(db: Database, flow: Flow) -> Flow:
    return _checked(db, lifecycle.publish, flow.account_id, flow.channel_id, flow.id)


def _checked(db: Database, publish: Callable[..., Flow], *args: Any) -> Flow:
    async def published() -> Flow:
        async with Egress(allow_loopback=True) as egress:
            return await endpoint_health.checked(Outside(db, _VAULT, egress), publish, *args)

    return run(published())


def _as_stored_before(db: Database, flow: Flow, *columns: str) -> None:
    """Takes away from a flow's revisions what earlier versions did not store."""
    empty = ", ".join(f"{column} = NULL" for column in columns)
    db.run_now(
        lambda tx: tx.execute(
            f"UPDATE flow_revisions SET {empty} WHERE account_id = ? AND flow_id = ?",
            flow.account_id,
            flow.id,
        )
    )


@pytest.mark.usefixtures("right_clock")
def test_a_passed_check_is_believed_for_ten_minutes_and_then_made_anew(db: Database) -> None:
    endpoint = FaultyEndpoint(_KEY, _SECRET)
    channel = _channel(db)
    with serving(endpoint.app) as url:
        drafts = [_draft(db, channel, f"Flow {number}", url) for number in range(3)]
        asked = []
        for draft, wait in zip(drafts, (0, FRESH_MS - 60_000, 120_000), strict=True):
            clock.advance(wait)
            assert _publish(db, draft).status is Status.PUBLISHED
            asked.append(len(endpoint.requests))

    assert asked == [1, 1, 2]


def test_an_endpoint_is_asked_again_when_its_key_is_replaced_meanwhile(db: Database) -> None:
    endpoint = FaultyEndpoint(_KEY, _SECRET)
    channel = _channel(db)
    app = Meddling(endpoint, lambda: _install(db, channel, _OTHER_KEY))
    with serving(app) as url:
        draft = _draft(db, channel, "Flow", url)
        with pytest.raises(NotPublishable, match="does not pass the health check"):
            _publish(db, draft)

    assert len(endpoint.requests) == 1, "the first check, under the key of that time, passed"
    assert endpoint.undecryptable > 0
    assert db.read_now(lifecycle.get, *channel, draft.id).status is Status.DRAFT


def test_an_endpoint_is_asked_again_when_the_flow_moves_to_another_meanwhile(
    db: Database,
) -> None:
    endpoint, elsewhere = FaultyEndpoint(_KEY, _SECRET), FaultyEndpoint(_KEY, _SECRET)
    channel = _channel(db)
    moved: list[Flow] = []
    with serving(elsewhere.app) as second:
        change = Content(endpoint_uri=second)
        app = Meddling(
            endpoint,
            lambda: moved.append(db.run_now(lifecycle.update, *channel, draft.id, change)),
        )
        with serving(app) as first:
            draft = _draft(db, channel, "Flow", first)
            published = _publish(db, draft)

    assert published.endpoint_uri == second
    assert (len(endpoint.requests), len(elsewhere.requests)) == (1, 1)


def test_no_endpoint_is_asked_for_a_flow_that_has_none(db: Database) -> None:
    endpoint = FaultyEndpoint(_KEY, _SECRET)
    channel = _channel(db)
    with serving(endpoint.app) as url:
        content = Content(
            name="Flow",
            categories=["OTHER"],
            flow_json=texts.check_now(VALID),
            endpoint_uri=url,
        )
        draft = db.run_now(lifecycle.create, *channel, content)
        assert _publish(db, draft).status is Status.PUBLISHED

    assert endpoint.requests == []


@pytest.mark.parametrize("columns", [("has_endpoint",), ("has_endpoint", "json_version", "faults")])
def test_a_flow_json_that_an_earlier_version_stored_is_looked_at_when_it_is_published(
    db: Database, columns: tuple[str, ...]
) -> None:
    endpoint = FaultyEndpoint(_KEY, _SECRET)
    channel = _channel(db)
    plain = Content(name="Plain", categories=["OTHER"], flow_json=texts.check_now(VALID))
    faulty = Content(name="Faulty", categories=["OTHER"], flow_json=texts.check_now("{}"))
    with serving(endpoint.app) as url:
        asking = _draft(db, channel, "Asking", url)
        others = [db.run_now(lifecycle.create, *channel, content) for content in (plain, faulty)]
        for flow in (asking, *others):
            _as_stored_before(db, flow, *columns)

        copy = Content(name="Copy", categories=["OTHER"], clone_flow_id=asking.id, publish=True)
        assert _checked(db, _create, channel, copy).status is Status.PUBLISHED
        assert _publish(db, asking).status is Status.PUBLISHED
        assert _publish(db, others[0]).status is Status.PUBLISHED
        with pytest.raises(NotPublishable, match="its Flow JSON has 2 validation errors"):
            _publish(db, others[1])
    assert len(endpoint.requests) == 1


def test_the_same_text_sent_again_completes_what_an_earlier_version_stored(db: Database) -> None:
    channel = _channel(db)
    same = Content(flow_json=texts.check_now(VALID))
    content = Content(name="Plain", categories=["OTHER"], flow_json=same.flow_json)
    flow = db.run_now(lifecycle.create, *channel, content)
    _as_stored_before(db, flow, "has_endpoint")

    assert db.run_now(lifecycle.update, *channel, flow.id, same).revision == flow.revision
    assert db.run_now(lifecycle.publish, *channel, flow.id).status is Status.PUBLISHED


def _create(
    tx: Transaction, channel: tuple[str, str], content: Content, examined: Examined | None
) -> Flow:
    return lifecycle.create(tx, *channel, content, None, examined)
