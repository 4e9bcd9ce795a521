"""At the limit of what an account may have, any number of requests at once get what is left."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from harness.attack import Target, attacked, watched
from harness.contents import faults
from harness.servers import Tenant, client, opened

_AT_ONCE = 50


def _all_at_once(target: Target, requests: list[tuple[str, str, Any]]) -> list[Any]:
    """The answers to many requests of the attacker, each on a connection of its own."""

    def ask(request: tuple[str, str, Any]) -> Any:
        method, path, body = request
        with client(target.url, target.attacker.api_key) as http:
            return http.request(method, path, json=body)

    with ThreadPoolExecutor(_AT_ONCE) as threads:
        return list(threads.map(ask, requests))


def _assert_refused(answers: list[Any], made: int, what: str) -> None:
    assert [answer.status_code for answer in answers].count(200) == made
    for answer in answers:
        if answer.status_code != 200:
            assert (answer.status_code, answer.json()["code"]) == (400, 1010), answer.text
            assert f"This account may have {made} {what}" in answer.json()["message"]


def _usage(tenant: Tenant) -> Any:
    return tenant.http.get(f"/api/v1/accounts/{tenant.account_id}/usage").json()


def test_of_many_flows_and_templates_at_once_exactly_as_many_are_made_as_there_is_room(
    database_url: str, folder: Path
) -> None:
    with attacked(
        folder,
        database_url,
        WAFLOWS_WORKERS="2",
        WAFLOWS_ACCOUNT_FLOWS="20",
        WAFLOWS_ACCOUNT_TEMPLATES="7",
    ) as target:
        tenant = target.attacker
        channels = [tenant.channel_id, *(tenant.new_channel() for _ in range(4))]
        base = f"/api/v1/accounts/{tenant.account_id}/channels"
        creations = [
            (
                "POST",
                f"{base}/{channels[number % 5]}/flows",
                {"name": f"Flow {number}", "categories": ["OTHER"], "flowJson": "[1]"},
            )
            for number in range(_AT_ONCE)
        ]
        templates = [
            (
                "POST",
                tenant.templates,
                {
                    "name": f"template_{number}",
                    "language": "en",
                    "category": "UTILITY",
                    "components": [{"type": "BODY", "text": "Hello"}],
                },
            )
            for number in range(_AT_ONCE)
        ]
        with watched(target) as watch:
            with watch.attack():
                _assert_refused(_all_at_once(target, creations), 20, "flows")
                _assert_refused(_all_at_once(target, templates), 7, "templates")
            watch.assert_undisturbed(times=400)

        usage = _usage(tenant)
        assert usage["usage"] == {
            "flows": 20,
            "storedBytes": 60,
            "templates": 7,
            "phones": 0,
            "webhooks": 0,
        }
        assert usage["limits"]["flows"] == 20
        assert _usage(target.neighbour)["usage"]["flows"] == 1
        with opened(database_url) as db:
            assert faults(db) == {}


def test_of_many_texts_at_once_only_so_many_are_kept_as_fit(
    database_url: str, folder: Path
) -> None:
    with attacked(folder, database_url, WAFLOWS_ACCOUNT_BYTES="10000") as target:
        tenant = target.attacker
        ids = [tenant.create(f"Flow {number}") for number in range(10)]
        text = json.dumps("x" * 998)
        answers = _all_at_once(
            target,
            [
                ("PUT", f"{tenant.flows}/{ids[number % 10]}", {"flowJson": text.replace("x", c)})
                for number, c in enumerate("abcdefghijklmnopqrstuvwxyz" * 2)
            ],
        )
        kept = [answer.status_code for answer in answers].count(200)
        assert kept == 10
        assert _usage(tenant)["usage"]["storedBytes"] == 10_000
        with opened(database_url) as db:
            assert faults(db) == {}
