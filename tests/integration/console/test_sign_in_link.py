"""The link that `waflows dev` prints to sign a browser in."""

from __future__ import annotations

import re
from pathlib import Path

import httpx2
from harness.console import SIGN_IN, post
from harness.servers import announced_dev_server, client, dev_server, production_server

FLOWS = "/console/flows"
PATH = "/console/sign-in/link"


def token_in(shown: str) -> str:
    """The token of the link that was printed."""
    link = re.search(
        rf"^  http://127\.0\.0\.1:\d+{PATH}\?token=([A-Za-z0-9_-]{{43}})$", shown, re.MULTILINE
    )
    assert link is not None, shown
    return link[1]


def field_of(page: httpx2.Response) -> str:
    """The token as the page holds it."""
    found = re.search(r'name="token" value="([^"]*)"', page.text)
    assert found is not None, page.text
    return found[1]


def test_the_link_signs_one_browser_in_once_with_the_development_key(tmp_path: Path) -> None:
    with announced_dev_server(tmp_path) as (process, shown):
        token = token_in(shown)
        with client(process.url) as http:
            page = http.get(PATH, params={"token": token})
            used = post(http, PATH, {"token": field_of(page)})
            assert (used.status_code, used.headers["location"]) == (303, FLOWS)
            assert "SameSite=Strict" in used.headers["set-cookie"]
            key = re.search(r"API key +(wf_\S+)", shown)
            assert key is not None
            assert f"key …{key[1][-6:]}" in http.get(FLOWS).text
        with client(process.url) as other:
            again = post(other, PATH, {"token": token})
            assert again.status_code == 401
            assert "expired or was already used" in again.text
            assert "set-cookie" not in again.headers
            assert other.get(FLOWS).status_code == 303


def test_looking_at_the_page_does_not_use_the_link_up(tmp_path: Path) -> None:
    with announced_dev_server(tmp_path) as (process, shown), client(process.url) as http:
        token = token_in(shown)
        for _ in range(2):
            assert http.get(PATH, params={"token": token}).status_code == 200
            assert http.head(PATH, params={"token": token}).status_code == 200
        assert post(http, PATH, {"token": token}).status_code == 303


def test_a_wrong_token_signs_nobody_in_and_leaves_the_link_usable(tmp_path: Path) -> None:
    with announced_dev_server(tmp_path) as (process, shown), client(process.url) as http:
        token = token_in(shown)
        for wrong in ("", "x", token[:-1], f"{token}A", "é" * 43):
            answer = post(http, PATH, {"token": wrong})
            assert answer.status_code == 401
            assert "set-cookie" not in answer.headers
        assert post(http, PATH, {"token": token}).status_code == 303


def test_guessing_tokens_is_limited(tmp_path: Path) -> None:
    with announced_dev_server(tmp_path) as (process, _), client(process.url) as http:
        answers = [post(http, PATH, {"token": "guess"}).status_code for _ in range(11)]
        assert answers == [401] * 10 + [429]


def test_the_link_expires_after_ten_minutes(tmp_path: Path) -> None:
    with announced_dev_server(tmp_path) as (process, shown), client(process.url) as http:
        key = re.search(r"API key +(wf_\S+)", shown)
        assert key is not None
        moved = http.post(
            "/dev/clock",
            json={"advanceSeconds": 601},
            headers={"Authorization": f"Bearer {key[1]}"},
        )
        assert moved.status_code == 200, moved.text
        late = post(http, PATH, {"token": token_in(shown)})
        assert late.status_code == 401
        assert "expired or was already used" in late.text


def test_the_link_works_by_names_of_this_machine_only(tmp_path: Path) -> None:
    with announced_dev_server(tmp_path, "--host", "0.0.0.0") as (process, shown):
        token = token_in(shown)
        port = process.url.rsplit(":", 1)[1]
        with client(process.url) as http:
            for host in (f"192.0.2.7:{port}", f"[2001:db8::7]:{port}"):
                headers = {"Host": host, "Origin": f"http://{host}"}
                page = http.get(PATH, params={"token": token}, headers=headers)
                form = http.post(PATH, data={"token": token}, headers=headers)
                assert (page.status_code, form.status_code) == (403, 403)
                assert token not in page.text + form.text
            for host in (f"127.0.0.2:{port}", f"flows.localhost:{port}"):
                assert http.get(PATH, headers={"Host": host}).status_code == 200
            headers = {"Host": f"localhost:{port}", "Origin": f"http://localhost:{port}"}
            assert http.post(PATH, data={"token": token}, headers=headers).status_code == 303


def test_another_site_cannot_use_the_link(tmp_path: Path) -> None:
    with announced_dev_server(tmp_path) as (process, shown), client(process.url) as http:
        token = token_in(shown)
        for headers in ({}, {"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
            answer = http.post(PATH, data={"token": token}, headers=headers)
            assert answer.status_code == 403
        assert post(http, PATH, {"token": token}).status_code == 303


def test_neither_the_log_nor_the_stored_errors_hold_the_token(tmp_path: Path) -> None:
    with announced_dev_server(tmp_path, "--log-level", "debug") as (process, shown):
        token = token_in(shown)
        with client(process.url) as http:
            http.get(PATH, params={"token": token})
            http.post(PATH, data={"token": token}, headers={"Origin": "http://evil.example"})
            http.get(f"{PATH}/", params={"token": token})
            http.put(PATH, params={"token": token})
            post(http, PATH, {"token": token})
            post(http, PATH, {"token": token})
    for file in tmp_path.iterdir():
        assert token.encode() not in file.read_bytes(), file.name


def test_a_server_for_scripts_and_one_with_a_public_address_print_no_link(tmp_path: Path) -> None:
    with dev_server(tmp_path) as (_, facts), client(facts["url"]) as http:
        assert http.get(PATH).status_code == 404
    public = announced_dev_server(tmp_path, "--public-url", "https://flows.example.org")
    with public as (_, shown):
        assert "https://flows.example.org/console" in shown
        assert PATH not in shown


def test_a_production_server_has_no_sign_in_link(tmp_path: Path) -> None:
    with (
        production_server(tmp_path, f"sqlite:///{tmp_path / 'waflows.db'}") as process,
        client(process.url) as http,
    ):
        assert http.get(SIGN_IN).status_code == 200
        assert http.get(PATH).status_code == 404
        assert post(http, PATH, {"token": "x"}).status_code == 404
