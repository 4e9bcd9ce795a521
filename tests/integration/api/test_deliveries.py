"""The log of deliveries, the dead ones, and sending again, over HTTP."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from aiohttp import web
from harness.receivers import Receiver, receiver
from harness.servers import Tenant, client, opened

from waflows.services import clock
from waflows.services.webhooks import subscriptions
from waflows.storage import outbox
from waflows.storage.database import Transaction
from waflows.storage.outbox import Attempt, DeliveryState


@pytest.fixture
def target() -> Iterator[Receiver]:
    with receiver() as one:
        yield one


def _path(tenant: Tenant, more: str = "") -> str:
    return f"/api/v1/accounts/{tenant.account_id}{more}"


def _configure(tenant: Tenant, url: str, **more: Any) -> None:
    item = {"subAccountId": "*", "type": "MSG", "url": url, **more}
    assert tenant.http.post(_path(tenant, "/webhooks"), json=[item]).status_code == 200


def _dead(tenant: Tenant, count: int) -> list[str]:
    """Deliveries that were given up, the oldest first."""

    def write(tx: Transaction) -> list[str]:
        webhook = subscriptions.get_webhook(tx, tenant.account_id, "*", "MSG")
        ids = []
        for number in range(count):
            now = clock.now_ms()
            event_id = subscriptions.time_ordered_id(now)
            new = subscriptions.new_delivery(webhook, event_id, "351910000001", {"n": number}, now)
            attempt = Attempt(now, 12, 500, "The webhook answered 500.", "351910000001 unknown")
            given_up = {
                **{name: getattr(new, name) for name in new.__struct_fields__},
                "id": subscriptions.time_ordered_id(now + number),
                "state": DeliveryState.DEAD,
                "attempts": [attempt],
                "attempt_count": 1,
                "settled_at": now,
            }
            outbox.put(tx, outbox.Delivery(**given_up))
            ids.append(given_up["id"])
        return ids

    with opened(tenant.database_url) as db:
        return db.run_now(write)


def _wait_for(tenant: Tenant, target: Receiver, delivery_id: str, state: str) -> dict[str, Any]:
    shown: dict[str, Any] = {}

    def there() -> bool:
        nonlocal shown
        shown = tenant.http.get(_path(tenant, f"/deliveries/{delivery_id}")).json()
        return bool(shown["state"] == state)

    target.wait_until(there)
    return shown


def test_a_test_event_takes_the_way_of_every_event_and_can_be_looked_up(
    server: Tenant, target: Receiver
) -> None:
    _configure(server, target.url)
    sent = server.http.post(_path(server, "/webhooks/*/MSG/test"))
    assert (sent.status_code, sent.json()["state"]) == (200, "pending")
    shown = _wait_for(server, target, sent.json()["id"], "delivered")
    [request] = target.requests
    assert request.event_id == shown["eventId"] == sent.json()["eventId"]
    assert request.json == shown["body"]
    assert request.json["eventType"] == "webhook_test"
    assert [(one["status"], "error" in one) for one in shown["history"]] == [(200, False)]
    listed = server.http.get(_path(server, "/deliveries")).json()["deliveries"]
    assert [(one["id"], one["attempts"]) for one in listed] == [(shown["id"], 1)]
    assert "nextAttemptAt" not in listed[0]


def test_a_failed_try_is_shown_with_its_reason_and_the_next_time(
    server: Tenant, target: Receiver
) -> None:
    _configure(server, f"{target.url}/secret-path", httpAuthorization="Bearer t0ken")
    target.answer = lambda _: web.Response(status=503, text="down\x1b[2J for\nnow")
    sent = server.http.post(_path(server, "/webhooks/*/MSG/test")).json()
    shown: dict[str, Any] = {}

    def tried() -> bool:
        nonlocal shown
        response = server.http.get(_path(server, f"/deliveries/{sent['id']}"))
        shown = response.json()
        assert "t0ken" not in response.text
        return bool(shown["attempts"])

    target.wait_until(tried)
    assert shown["state"] == "pending"
    assert shown["nextAttemptAt"] >= shown["createdAt"]
    assert shown["lastAttempt"]["error"] == "The webhook answered 503."
    assert shown["lastAttempt"]["answer"] == "down [2J for now"


def test_a_dead_delivery_is_sent_again_under_its_id(server: Tenant, target: Receiver) -> None:
    _configure(server, target.url)
    [delivery_id] = _dead(server, 1)
    replay = _path(server, f"/deliveries/{delivery_id}/replay")
    queued = server.http.post(replay)
    assert (queued.status_code, queued.json()["state"]) == (200, "pending")
    shown = _wait_for(server, target, delivery_id, "delivered")
    assert [one.event_id for one in target.requests] == [shown["eventId"]]
    assert [one["status"] for one in shown["history"]] == [500, 200]

    again = server.http.post(replay)
    assert again.status_code == 200, "what has arrived may be sent again too"
    target.wait_for(2)


def test_a_null_character_in_the_name_of_a_sub_account_is_refused(server: Tenant) -> None:
    body = {"subAccountId": "\0", "type": "MSG"}
    refused = server.http.post(_path(server, "/deliveries:replay"), json=body)
    assert (refused.status_code, refused.json()["code"]) == (400, 1000)
    assert refused.json()["message"] == "subAccountId must not have a null character in it."


def test_every_dead_delivery_of_a_webhook_is_sent_again_in_order(
    server: Tenant, target: Receiver
) -> None:
    _configure(server, target.url)
    _dead(server, 230)
    body = {"subAccountId": "*", "type": "MSG"}
    done = server.http.post(_path(server, "/deliveries:replay"), json=body)
    assert done.json() == {"replayed": 230}
    requests = target.wait_for(230)
    assert [one.json["n"] for one in requests] == list(range(230))
    assert server.http.post(_path(server, "/deliveries:replay"), json=body).json() == {
        "replayed": 0
    }


def test_what_waits_or_has_nowhere_to_go_is_not_sent_again(
    server: Tenant, target: Receiver
) -> None:
    _configure(server, target.url)
    [delivery_id] = _dead(server, 1)
    replay = _path(server, f"/deliveries/{delivery_id}/replay")
    _configure(server, target.url, enabled=False)
    refused = server.http.post(replay)
    assert (refused.status_code, refused.json()["message"]) == (
        400,
        "The webhook is disabled; enable it first.",
    )
    server.http.request("DELETE", _path(server, "/webhooks"), json=[
        {"subAccountId": "*", "type": "MSG"}
    ])  # fmt: skip
    assert server.http.post(replay).status_code == 404

    hanging = "http://127.0.0.1:9/"
    _configure(server, hanging)
    assert server.http.post(replay).status_code == 200
    waiting = server.http.post(replay)
    assert waiting.json()["message"] == "The delivery is waiting to be sent already."


def test_a_list_of_deliveries_is_narrowed_and_walked_page_by_page(
    server: Tenant, target: Receiver
) -> None:
    _configure(server, target.url)
    ids = _dead(server, 7)
    path = _path(server, "/deliveries")
    page = server.http.get(path, params={"limit": 3, "state": "dead"})
    walked = [one["id"] for one in page.json()["deliveries"]]
    while "link" in page.headers:
        page = server.http.get(page.headers["link"].partition(">")[0].removeprefix("<"))
        walked += [one["id"] for one in page.json()["deliveries"]]
    assert walked == ids[::-1]
    for query, count in (
        ({"state": "delivered"}, 0),
        ({"type": "CADR"}, 0),
        ({"type": "MSG", "subAccountId": "*"}, 7),
        ({"subAccountId": "other"}, 0),
    ):
        assert len(server.http.get(path, params=query).json()["deliveries"]) == count, query
    wrong = server.http.get(path, params={"state": "lost"})
    assert wrong.status_code == 400
    assert "one of pending, delivered, dead" in wrong.json()["message"]


def _nobody(tenant: Tenant, delivery_id: str) -> list[tuple[str, str, Any]]:
    return [
        ("GET", f"/deliveries/{delivery_id}", None),
        ("POST", f"/deliveries/{delivery_id}/replay", None),
        ("POST", "/deliveries:replay", {"subAccountId": "*", "type": "MSG"}),
        ("GET", "/deliveries?subAccountId=*", None),
        ("POST", "/webhooks/*/MSG/test", None),
    ]


def _channel_key(tenant: Tenant) -> str:
    return tenant.new_key(channel_ids=[tenant.channel_id])


def _sub_account_key(tenant: Tenant) -> str:
    return tenant.new_key(sub_account_ids=[tenant.sub_account_id])


@pytest.mark.parametrize("make_key", [_channel_key, _sub_account_key])
def test_a_limited_key_sees_and_moves_no_delivery_beyond_its_reach(
    server: Tenant, make_key: Callable[[Tenant], str]
) -> None:
    _configure(server, "http://127.0.0.1:9/")
    [delivery_id] = _dead(server, 1)
    with client(server.url, make_key(server)) as limited:
        assert limited.get(_path(server, "/deliveries")).json() == {"deliveries": []}
        for method, more, body in _nobody(server, delivery_id):
            refused = limited.request(method, _path(server, more), json=body)
            assert refused.status_code in {403, 404}, more
    shown = server.http.get(_path(server, f"/deliveries/{delivery_id}")).json()
    assert shown["state"] == "dead"


def test_a_key_of_a_sub_account_has_the_webhooks_of_that_one(server: Tenant) -> None:
    hook = {"subAccountId": server.sub_account_id, "type": "MSG", "url": "http://127.0.0.1:9/"}
    _configure(server, "http://127.0.0.1:9/")
    with client(server.url, _sub_account_key(server)) as limited:
        path = _path(server, "/webhooks")
        assert limited.post(path, json=[hook]).status_code == 200
        assert [one["subAccountId"] for one in limited.get(path).json()] == [server.sub_account_id]
        assert limited.post(path, json=[{**hook, "subAccountId": "*"}]).status_code == 403
        sent = limited.post(f"{path}/{server.sub_account_id}/MSG/test")
        assert limited.get(_path(server, f"/deliveries/{sent.json()['id']}")).status_code == 200


def test_a_key_that_masks_is_not_shown_what_was_sent(server: Tenant) -> None:
    _configure(server, "http://127.0.0.1:9/")
    [delivery_id] = _dead(server, 1)
    with client(server.url, server.new_key(masked=True)) as masked:
        response = masked.get(_path(server, f"/deliveries/{delivery_id}"))
        assert response.status_code == 200
        assert "body" not in response.json()
        assert "351910000001" not in response.text


def test_metrics_tell_how_much_waits_and_what_became_of_tries(
    server: Tenant, target: Receiver
) -> None:
    _configure(server, target.url)
    sent = server.http.post(_path(server, "/webhooks/*/MSG/test")).json()
    _wait_for(server, target, sent["id"], "delivered")
    shown = server.http.get("/metrics").text
    assert 'waflows_webhook_attempts_total{outcome="delivered"}' in shown
    assert "waflows_webhook_pending " in shown
    assert "waflows_webhook_oldest_seconds " in shown
