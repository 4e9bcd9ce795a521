"""Signing in to the console, and what a session is good for."""

from __future__ import annotations

import re
import time
from pathlib import Path

import httpx2
import pytest
from harness.console import SIGN_IN, post, signed_in
from harness.servers import Tenant, client, dev_server, opened

from waflows.console.address import COOKIE
from waflows.security import sessions
from waflows.security.sessions import Session
from waflows.services import accounts

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


def test_signing_out_takes_the_cookie_away(server: Tenant) -> None:
    with signed_in(server.url, server.api_key) as http:
        response = post(http, "/console/sign-out")
        assert "Max-Age=0" in cookie_of(response)
        assert http.get(FLOWS).status_code == 303


def _not_genuine(server: Tenant) -> list[str]:
    key_id = server.api_key.split("_")[1]
    good = Session(server.account_id, key_id, int(time.time()) + 3600)
    with opened(server.database_url) as db:
        secret = db.run_now(accounts.instance_secret)
    genuine = sessions.sign(secret, good)
    over = sessions.sign(secret, Session(good.account_id, good.key_id, int(time.time()) - 1))
    longer = genuine.replace(str(good.expires_at), str(good.expires_at + 1))
    return [over, longer, genuine[:-1], genuine + "x", sessions.sign(b"other", good), "", "...."]


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
        for path in (SIGN_IN, "/console/sign-out"):
            response = http.post(path, data={"key": server.api_key}, headers=sent)
            assert response.status_code == 403
            assert "set-cookie" not in response.headers


def test_the_cookie_is_for_https_alone_where_the_server_is_reached_by_it(server: Tenant) -> None:
    with client(server.url) as http:
        origin = server.url.replace("http:", "https:")
        proxied = {"Origin": origin, "X-Forwarded-Proto": "https"}
        response = http.post(SIGN_IN, data={"key": server.api_key}, headers=proxied)
    assert response.status_code == 303
    assert cookie_of(response).endswith("; Secure")


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
