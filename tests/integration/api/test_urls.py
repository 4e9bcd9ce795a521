"""One text is an address everywhere or nowhere: every field of the API that takes a URL agrees."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import httpx2
import pytest
from harness.phones import ONE_SCREEN, SOMEBODY, done, phone_path
from harness.servers import Tenant

pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)

# Addresses instead of names, so that nothing is looked up.
URLS = {
    "https://1.1.1.1": True,
    "HTTPS://1.1.1.1:8443/a;b=1,2?x=%20&y=(1)#part": True,
    "https://[2606:4700:4700::1111]/": True,
    "1.1.1.1/x": False,
    "ftp://1.1.1.1/": False,
    "https:///x": False,
    "https://user:pass@1.1.1.1/": False,
    "https://1.1.1.1:99999/": False,
    "https://1.1.1.1/a b": False,
    "https://1.1.1.1/\u00e4": False,
    "https://1.1.1.1/%zz": False,
    "https://[::1": False,
}
_names = itertools.count()


def _endpoint(tenant: Tenant, url: str) -> httpx2.Response:
    body = {"name": f"flow {next(_names)}", "categories": ["OTHER"], "endPointUri": url}
    return tenant.http.post(tenant.flows, json=body)


def _webhook(tenant: Tenant, url: str) -> httpx2.Response:
    path = f"/api/v1/accounts/{tenant.account_id}/webhooks"
    return tenant.http.post(path, json=[{"subAccountId": "*", "type": "MSG", "url": url}])


def _token_endpoint(tenant: Tenant, url: str) -> httpx2.Response:
    oauth = {
        "url": url,
        "clientId": "id",
        "clientSecret": "secret",
        "credentialsLocation": "body",
    }
    hook = {"subAccountId": "*", "type": "MSG", "url": "https://1.1.1.1/", "oauth": oauth}
    return tenant.http.post(f"/api/v1/accounts/{tenant.account_id}/webhooks", json=[hook])


def _button(tenant: Tenant, url: str) -> httpx2.Response:
    body = {
        "name": f"button_{next(_names)}",
        "language": "en",
        "category": "UTILITY",
        "components": [
            {"type": "BODY", "text": "Hello"},
            {"type": "BUTTONS", "buttons": [{"type": "URL", "text": "Go", "url": url}]},
        ],
    }
    return tenant.http.post(tenant.templates, json=body)


def _header(tenant: Tenant, url: str) -> httpx2.Response:
    done(tenant.http.post(f"{phone_path(tenant, SOMEBODY)}/say", json={"text": "Hello"}))
    flow = tenant.create(f"flow {next(_names)}", flowJson=ONE_SCREEN, publish=True)
    interactive = {
        "type": "flow",
        "header": {"type": "image", "image": {"link": url}},
        "body": {"text": "Hello"},
        "action": {"parameters": {"flowId": flow, "flowCta": "Go", "flowMessageVersion": "3"}},
    }
    body = {
        "user": {"msisdn": SOMEBODY},
        "type": "interactive",
        "content": {"interactive": interactive},
    }
    return tenant.http.post(tenant.messages, json=body)


PLACES: dict[str, Callable[[Tenant, str], httpx2.Response]] = {
    "endPointUri": _endpoint,
    "webhook url": _webhook,
    "oauth url": _token_endpoint,
    "button url": _button,
    "header link": _header,
}


@pytest.mark.parametrize("place", PLACES)
def test_every_field_that_takes_a_url_takes_the_same_ones(server: Tenant, place: str) -> None:
    for url, good in URLS.items():
        response = PLACES[place](server, url)
        assert (response.status_code < 400) is good, (url, response.text)
        assert good or response.status_code == 400, (url, response.text)
