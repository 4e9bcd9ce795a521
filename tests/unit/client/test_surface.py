"""What the two clients have in common, and what they keep to themselves."""

from __future__ import annotations

import inspect
import subprocess
import sys
from typing import Any

import pytest

from waflows import client
from waflows.client import AsyncClient, Client, InvalidCall
from waflows.client.phones import AsyncPhone, Phone
from waflows.client.webhooks import AsyncWebhooks, Webhooks

KEY = "wf_live_abcdef0123456789"
WHERE = ("http://127.0.0.1:1", "account", KEY, "channel")


def public(cls: type) -> dict[str, Any]:
    return {
        name: member
        for name, member in vars(cls).items()
        if inspect.isfunction(member) and (not name.startswith("_") or name == "__init__")
    }


def test_both_clients_offer_the_same_operations_alike() -> None:
    sync, asynchronous = public(Client), public(AsyncClient)

    assert sync.keys() - {"close"} == asynchronous.keys() - {"aclose"}
    for name in sync.keys() - {"close"}:
        one = inspect.signature(sync[name])
        other = inspect.signature(asynchronous[name])
        assert one.parameters == other.parameters, name
        waited_for = str(other.return_annotation).removeprefix("Async")
        assert one.return_annotation == waited_for, name
        assert sync[name].__doc__ == asynchronous[name].__doc__, name


def test_both_phones_make_the_same_gestures() -> None:
    sync, asynchronous = public(Phone), public(AsyncPhone)

    assert sync.keys() == asynchronous.keys()
    for name in sync.keys() - {"__init__"}:
        assert inspect.signature(sync[name]) == inspect.signature(asynchronous[name]), name
        assert sync[name].__doc__ == asynchronous[name].__doc__, name


def test_webhooks_are_asked_the_same_either_way() -> None:
    sync, asynchronous = public(Webhooks), public(AsyncWebhooks)

    assert sync.keys() == asynchronous.keys()
    for name in sync.keys() - {"__init__"}:
        assert inspect.signature(sync[name]) == inspect.signature(asynchronous[name]), name
        assert sync[name].__doc__ == asynchronous[name].__doc__, name


def test_the_front_door_opens_to_every_name_it_lists() -> None:
    for name in client.__all__:
        assert getattr(client, name)
    with pytest.raises(AttributeError, match="nothing_such"):
        getattr(client, "nothing_such")  # noqa: B009


def test_the_key_is_not_in_what_a_client_says_of_itself() -> None:
    with Client(*WHERE) as sync:
        assert repr(sync) == "Client('http://127.0.0.1:1', account='account', channel='channel')"
        assert KEY not in str(vars(sync))
    assert KEY not in repr(AsyncClient(*WHERE))


def test_a_client_that_cannot_work_is_refused_when_it_is_made() -> None:
    with pytest.raises(InvalidCall):
        Client("not a url", "account", KEY)


def test_the_http_library_is_imported_with_the_first_client_only() -> None:
    program = (
        "import sys, waflows.client as c; assert 'httpx2' not in sys.modules;"
        " c.Client; assert 'httpx2' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_the_client_imports_nothing_else_of_waflows() -> None:
    program = (
        "import sys, waflows.client.sync, waflows.client.aio;"
        "print(*sorted({n for n in sys.modules if n.startswith('waflows.')"
        " and not n.startswith('waflows.client')}))"
    )
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)
    assert done.stdout.split() == []
