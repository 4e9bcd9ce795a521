"""Signing in to the console, and what a session is good for."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import time
from pathlib import Path

import httpx2
import pytest
from harness.console import SIGN_IN, post, signed_in
from harness.servers import Tenant, client, dev_server, opened

from waflows.console.session_cookie import HOST_ONLY
from waflows.console.session_cookie import PLAIN as COOKIE
from waflows.security import sessions
from waflows.security.sessions import Session
from waflows.services.accounts import accounts
from waflows.services.accounts.sign_ins import MOST_SESSIONS

pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
FLOWS = "/console/flows"


def cookie_of(response: httpx2.Response) -> str:
    return response.headers["set-cookie"]


def test_a_key_opens_a_session_whose_cookie_holds_no_key(server: Tenant) -> None:
    with client(server.url) as http:
        response = post(http, SIGN_IN, {"key": server.api_key})

        cookie = cookie_of(response)
        assert (response.status_code, response.headers["location"]) == (303, FLOWS)
        assert server.api_key.split("_", 2)[2] not in cookie
        for attribute in ("HttpOnly", "SameSite=Strict", "Path=/console", "Max-Age=43200"):
            assert attribute in cookie
        assert http.get(FLOWS).status_code == 200


def test_blanks_around_a_pasted_key_do_not_matter(server: Tenant) -> None:
    with client(server.url) as http:
        assert post(http, SIGN_IN, {"key": f" {server.api_key}\n"}).status_code == 303


def test_a_wrong_key_an_ended_one_and_no_key_are_refused_alike(server: Tenant) -> None:
    with opened(server.database_url) as db:
        ended = db.run_now(accounts.create_key, server.account_id, "ended")
        db.run_now(accounts.revoke_key, server.account_id, ended.key.id)
    pages = set()
    with client(server.url) as http:
        for key in ("", "wf_nonsense", server.api_key[:-1] + "!", ended.text):
            response = post(http, SIGN_IN, {"key": key})
            assert response.status_code == 401
            assert "set-cookie" not in response.headers
            pages.add(re.sub(r"<code>[0-9a-f-]{36}</code>", "", response.text))
    assert len(pages) == 1


def test_failed_attempts_are_limited_and_a_good_key_still_gets_in(
    engine: str, tmp_path: Path
) -> None:
    with dev_server(tmp_path) as (_, facts), client(facts["url"]) as http:
        answers = [post(http, SIGN_IN, {"key": "wrong"}) for _ in range(11)]
        assert [answer.status_code for answer in answers] == [401] * 10 + [429]
        assert int(answers[-1].headers["retry-after"]) > 0
        assert post(http, SIGN_IN, {"key": facts["apiKey"]}).status_code == 303


def test_without_a_session_a_page_leads_to_the_sign_in_and_from_there_on(server: Tenant) -> None:
    with client(server.url) as http:
        away = http.get(f"{FLOWS}?q=two+words&status=DRAFT")
        assert away.status_code == 303
        page = http.get(away.headers["location"])
        wanted = re.search(r'name="next" value="([^"]*)"', page.text)
        assert wanted is not None
        back = post(http, SIGN_IN, {"key": server.api_key, "next": wanted[1].replace("&amp;", "&")})
        assert back.headers["location"] == f"{FLOWS}?q=two+words&status=DRAFT"


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/", "//evil.example/console", "/consoles", "/console\\x"]
)
def test_the_sign_in_leads_nowhere_but_into_the_console(server: Tenant, elsewhere: str) -> None:
    with client(server.url) as http:
        response = post(http, SIGN_IN, {"key": server.api_key, "next": elsewhere})
        assert response.headers["location"] == FLOWS


def test_a_revoked_key_ends_its_sessions_at_once(server: Tenant) -> None:
    with opened(server.database_url) as db:
        made = db.run_now(accounts.create_key, server.account_id, "short-lived")
        with signed_in(server.url, made.text) as http:
            assert http.get(FLOWS).status_code == 200
            db.run_now(accounts.revoke_key, server.account_id, made.key.id)
            assert http.get(FLOWS).status_code == 303


def test_signing_out_ends_the_session_wherever_its_cookie_was_copied(server: Tenant) -> None:
    with signed_in(server.url, server.api_key) as http, client(server.url) as thief:
        copied = {"Cookie": f"{COOKIE}={http.cookies[COOKIE]}"}
        assert thief.get(FLOWS, headers=copied).status_code == 200
        response = post(http, "/console/sign-out")
        assert "Max-Age=0" in cookie_of(response)
        assert http.get(FLOWS).status_code == 303
        assert thief.get(FLOWS, headers=copied).status_code == 303
        assert post(http, "/console/sign-out").status_code == 303


def test_signing_out_in_one_browser_leaves_the_others_signed_in_unless_it_is_everywhere(
    server: Tenant,
) -> None:
    another = server.new_key()
    with (
        signed_in(server.url, server.api_key) as first,
        signed_in(server.url, server.api_key) as second,
        signed_in(server.url, another) as stranger,
    ):
        post(first, "/console/sign-out")
        assert second.get(FLOWS).status_code == 200
        post(first, SIGN_IN, {"key": server.api_key})
        assert first.get(FLOWS).status_code == 200
        everywhere = post(second, "/console/sign-out-everywhere")
        assert "Max-Age=0" in cookie_of(everywhere)
        for http in (first, second):
            assert http.get(FLOWS).status_code == 303
        assert stranger.get(FLOWS).status_code == 200


def test_signing_in_again_ends_the_session_that_the_browser_was_in(server: Tenant) -> None:
    with signed_in(server.url, server.api_key) as http, client(server.url) as thief:
        copied = {"Cookie": f"{COOKIE}={http.cookies[COOKIE]}"}
        assert thief.get(FLOWS, headers=copied).status_code == 200
        post(http, SIGN_IN, {"key": server.api_key})
        assert http.get(FLOWS).status_code == 200
        assert thief.get(FLOWS, headers=copied).status_code == 303


def test_a_key_has_so_many_sessions_and_the_oldest_ends_first(server: Tenant) -> None:
    with signed_in(server.url, server.api_key) as first:
        with client(server.url) as http:
            for _ in range(MOST_SESSIONS - 1):
                http.cookies.clear()
                post(http, SIGN_IN, {"key": server.api_key})
            assert first.get(FLOWS).status_code == 200
            http.cookies.clear()
            post(http, SIGN_IN, {"key": server.api_key})
            assert http.get(FLOWS).status_code == 200
        assert first.get(FLOWS).status_code == 303


def test_a_cookie_of_an_earlier_release_leads_to_the_sign_in(server: Tenant) -> None:
    with opened(server.database_url) as db:
        secret = db.run_now(accounts.instance_secret)
    stated = f"{server.account_id}.{server.api_key.split('_')[1]}.{int(time.time()) + 3600}"
    raw = hmac.digest(secret, f"console session\n{stated}".encode(), hashlib.sha256)
    old = f"{stated}.{base64.urlsafe_b64encode(raw).rstrip(b'=').decode()}"
    with client(server.url) as http:
        response = http.get(FLOWS, headers={"Cookie": f"{COOKIE}={old}"})
        assert (response.status_code, response.headers["location"]) == (303, SIGN_IN)
        http.cookies.set(COOKIE, old)
        assert post(http, SIGN_IN, {"key": server.api_key}).status_code == 303


def _not_genuine(server: Tenant) -> list[str]:
    with signed_in(server.url, server.api_key) as http:
        genuine = http.cookies[COOKIE]
    account, id_, end, _ = genuine.split(".")
    good = Session(account, id_, int(end))
    with opened(server.database_url) as db:
        secret = db.run_now(accounts.instance_secret)
    over = sessions.sign(secret, Session(account, id_, int(time.time()) - 1))
    unknown = sessions.sign(secret, Session(account, sessions.make_id(), good.expires_at))
    longer = genuine.replace(end, str(good.expires_at + 1))
    return [
        over,
        unknown,
        longer,
        genuine[:-1],
        genuine + "x",
        sessions.sign(b"other", good),
        "",
        "....",
    ]


def test_a_cookie_that_was_altered_made_elsewhere_or_is_over_opens_nothing(server: Tenant) -> None:
    for cookie in _not_genuine(server):
        with client(server.url) as http:
            response = http.get(FLOWS, headers={"Cookie": f"{COOKIE}={cookie}"})
            assert response.status_code == 303, cookie


def test_a_session_is_no_key_for_the_api_and_a_key_no_session_for_the_console(
    server: Tenant,
) -> None:
    with signed_in(server.url, server.api_key) as http:
        cookie = {"Cookie": f"{COOKIE}={http.cookies[COOKIE]}"}
    with client(server.url) as http:
        assert http.get(server.flows, headers=cookie).status_code == 401
        assert server.http.get(FLOWS).status_code == 303


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "null"},
        {"Origin": "https://evil.example"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "own"},
        {"Sec-Fetch-Site": "same-site", "Origin": "own"},
        {"Sec-Fetch-Site": "none"},
    ],
    ids=["nothing", "null", "elsewhere", "cross-site", "same-site", "no page"],
)
def test_a_form_sent_from_elsewhere_does_nothing(server: Tenant, headers: dict[str, str]) -> None:
    sent = {name: server.url if text == "own" else text for name, text in headers.items()}
    with client(server.url) as http:
        for path in (SIGN_IN, "/console/sign-out", "/console/sign-out-everywhere"):
            response = http.post(path, data={"key": server.api_key}, headers=sent)
            assert response.status_code == 403
            assert "set-cookie" not in response.headers


def test_over_https_the_cookie_is_bound_to_the_host_and_a_plain_one_is_not_taken(
    server: Tenant,
) -> None:
    origin = server.url.replace("http:", "https:")
    proxied = {"Origin": origin, "X-Forwarded-Proto": "https"}
    with client(server.url) as http:
        response = http.post(SIGN_IN, data={"key": server.api_key}, headers=proxied)
    assert response.status_code == 303
    name, _, rest = cookie_of(response).partition("=")
    value, _, attributes = rest.partition("; ")
    assert name == HOST_ONLY == "__Host-waflows_console"
    assert set(attributes.split("; ")) == {
        "Path=/", "Secure", "Max-Age=43200", "HttpOnly", "SameSite=Strict",
    }  # fmt: skip
    with client(server.url) as http:
        for called, status in ((HOST_ONLY, 200), (COOKIE, 303)):
            cookie = {"Cookie": f"{called}={value}"}
            assert http.get(FLOWS, headers=proxied | cookie).status_code == status
        # And over plain HTTP the host's cookie is none.
        plain = http.get(FLOWS, headers={"Cookie": f"{HOST_ONLY}={value}"})
        assert plain.status_code == 303


def test_pages_may_load_nothing_from_elsewhere_and_run_no_script_of_their_own(
    server: Tenant,
) -> None:
    with signed_in(server.url, server.api_key) as http:
        for page in (SIGN_IN, FLOWS):
            policy = http.get(page).headers["content-security-policy"]
            assert "unsafe" not in policy
            assert "default-src 'none'" in policy
            assert "frame-ancestors 'none'" in policy
            assert http.get(page).headers["cache-control"] == "no-store"


def test_an_address_of_the_console_that_is_none_answers_with_a_page(server: Tenant) -> None:
    with client(server.url) as http:
        response = http.get("/console/nowhere")
    assert response.status_code == 404
    assert response.headers["content-type"].startswith("text/html")
    assert "There is nothing at /console/nowhere" in response.text


def test_a_script_of_the_console_is_told_of_errors_in_the_envelope(server: Tenant) -> None:
    with client(server.url) as http:
        headers = {"Accept": "application/json", "Origin": server.url}
        response = http.post("/console/check", json={"flowJson": "{}"}, headers=headers)
    assert (response.status_code, response.json()["code"]) == (401, 1200)
