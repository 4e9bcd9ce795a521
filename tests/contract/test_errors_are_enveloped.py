"""Whatever is wrong with a request, the answer is the envelope and its errorId leads to it."""

from __future__ import annotations

import json
import re
import uuid
from concurrent.futures import ThreadPoolExecutor

import msgspec
import pytest
from contract.raw_http import Connection, ask, request
from contract.refusals import bearer, enveloped, kept
from harness.flow_json import VALID
from harness.servers import Tenant, client, opened, run

from waflows.app import ALL_ROUTES

_GOOD = {"name": "Good", "categories": ["OTHER"]}


# --- addresses and methods ----------------------------------------------------


@pytest.mark.parametrize(
    "path",
    ["/nowhere", "/api", "/api/v1", "/favicon.ico", "/healthz/", "//healthz",
     "/HEALTHZ", "/healthz%0A", "/healthz%00", "/%2e%2e/healthz", "/a/../healthz", "/%",
     "/%zz", "/%ff%fe", "/%F0%9F%98%80", "/a;b=c", "/api/v1/accounts/x/channels/y/flows/z/w/v",
     "/api/v2/accounts", "/config/v1/channels/whatsapp", "/static", "/" + "a" * 8000],
)  # fmt: skip
def test_an_unknown_address_is_404_1300_with_a_key_and_without(server: Tenant, path: str) -> None:
    for headers in ([], [bearer(server)]):
        for method in ("GET", "POST", "DELETE"):
            answer = ask(server.url, request(method, path or "/", *headers))
            enveloped(answer, 404, 1300)


@pytest.mark.parametrize(
    "ending",
    ["/", "//", "/%00", "/%2F", "/%20", "/..", "/%2e%2e", "/%C3%A9", "/%ff", "/1%0A",
     "/" + "9" * 99, "%0A", "%00", "/0/publish/", "/0/preview%0A", "/0/nothing", "/0/revisions/0",
     "/0/revisions/99999999999", "/0/revisions/%D9%A3"],
)  # fmt: skip
def test_an_odd_address_below_the_flows_is_404_1300(server: Tenant, ending: str) -> None:
    for flows in (server.flows, server.guide_flows):
        answer = ask(server.url, request("GET", f"{flows}{ending}", bearer(server)))
        enveloped(answer, 404, 1300)


@pytest.mark.parametrize("slash", ["%2F", "%2f"])
def test_an_encoded_slash_separates_nothing(server: Tenant, slash: str) -> None:
    flow_id = server.create("Untouched", flowJson=VALID)

    path = f"{server.flows}/{flow_id}{slash}publish"
    enveloped(ask(server.url, request("POST", path, bearer(server))), 404, 1300)

    assert server.status_of(flow_id) == "DRAFT"


@pytest.mark.parametrize("channel", ["%00", "%20", "%ff", "%C3%A9", "x" * 500, "%0A", "'", "%25"])
def test_an_odd_channel_is_404_1300(server: Tenant, channel: str) -> None:
    for path in (server.flows, server.guide_flows):
        odd = path.replace(server.channel_id, channel)
        enveloped(ask(server.url, request("GET", odd, bearer(server))), 404, 1300)


def test_every_spelling_of_an_account_id_names_the_account(server: Tenant) -> None:
    plain = server.account_id.replace("-", "")
    hyphens = [8, 12, 16, 20]
    spellings = [server.account_id, server.account_id.upper(), plain, plain.upper()]
    for chosen in range(16):
        text = plain
        for bit, place in reversed(list(enumerate(hyphens))):
            text = f"{text[:place]}-{text[place:]}" if chosen >> bit & 1 else text
        spellings += [text, text.swapcase()]
    flow_id = server.create("There")

    for spelling in [*spellings, server.account_id.replace("-", "%2D")]:
        path = server.flows.replace(server.account_id, spelling)
        listed = server.http.get(path)
        assert listed.json()["flows"][0]["id"] == flow_id, spelling
        assert server.http.get(f"{path}/{flow_id}").status_code == 200


@pytest.mark.parametrize(
    "spelling",
    ["x", "0", "{}", "%00", "%0A", "a" * 31, "g" * 32, "a" * 33, "a" * 36, "%C3%A9" * 32, "null",
     "urn:uuid:{plain}", "{{{whole}}}", "{whole}-", "-{whole}", "{whole}%0A", "{whole}%20",
     "{spread}", "%D9%A1" * 32],
)  # fmt: skip
def test_what_is_no_account_id_is_400_1008(server: Tenant, spelling: str) -> None:
    text = spelling
    if "{" in spelling and spelling != "{}":
        text = spelling.format(
            whole=server.account_id,
            plain=server.account_id.replace("-", ""),
            spread="-".join(server.account_id.replace("-", "")),
        )
    path = server.flows.replace(server.account_id, text)

    answer = ask(server.url, request("GET", path, bearer(server)))

    assert "accountId must be" in enveloped(answer, 400, 1008)["message"]


_PAGE = "text/html; charset=utf-8"
_ADDRESSES = sorted({route.path for route in ALL_ROUTES})


@pytest.mark.parametrize("path", _ADDRESSES)
def test_a_wrong_method_is_405_and_says_which_are_right(server: Tenant, path: str) -> None:
    answered = {route.method for route in ALL_ROUTES if route.path == path}
    answered |= {"HEAD"} if "GET" in answered else set()
    filled = re.sub(r"\{\w+\}", "1", path)

    methods = {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "QUERY"}
    for method in sorted(methods - answered):
        for headers in ([], [bearer(server)]):
            answer = ask(server.url, request(method, filled, *headers))
            if path.startswith("/console"):
                # Whoever uses the console is told by a page.
                assert (answer.status, answer.headers["content-type"]) == (405, _PAGE)
            else:
                enveloped(answer, 405, 405)
            assert set(answer.headers["allow"].split(", ")) == answered


def test_head_answers_as_get_does_without_the_body(server: Tenant) -> None:
    flow_id = server.create("There", flowJson=VALID)

    for path in (
        server.flows, f"{server.flows}/{flow_id}", f"{server.flows}/1", "/nowhere", "/healthz",
        f"{server.flows}?limit=0",
    ):  # fmt: skip
        got, headed = server.http.get(path), server.http.head(path)
        assert headed.status_code == got.status_code
        assert headed.content == b""
        for name in ("content-type", "content-length", "etag", "x-total-count"):
            assert headed.headers.get(name) == got.headers.get(name), (path, name)


# --- who may ------------------------------------------------------------------


@pytest.mark.parametrize(
    "authorization",
    [None, "", "Bearer", "Bearer ", "Bearer nonsense", "Basic dXNlcjpwYXNz", "bearer\tx",
     "x" * 9000, "Bearer é", "Bearer null"],
)  # fmt: skip
def test_a_missing_or_wrong_key_is_401_1200(server: Tenant, authorization: str | None) -> None:
    given = [] if authorization is None else [f"Authorization: {authorization}"]

    answer = ask(server.url, request("GET", server.flows, *given))

    enveloped(answer, 401, 1200)
    assert answer.headers["www-authenticate"] == "Bearer"


def test_of_two_keys_the_first_counts_and_the_second_gains_nothing(server: Tenant) -> None:
    good, bad = bearer(server), "Authorization: Bearer nonsense"

    with Connection(server.url) as connection:
        for _ in range(3):
            connection.send(request("GET", server.flows, good, bad))
            assert connection.answer().status == 200
            connection.send(request("GET", server.flows, bad))
            enveloped(connection.answer(), 401, 1200)
            connection.send(request("GET", server.flows, bad, good))
            enveloped(connection.answer(), 401, 1200)


def test_another_account_is_401_1001_and_its_channel_404_1300(
    server: Tenant, other: Tenant
) -> None:
    enveloped(server.http.get(other.flows), 401, 1001)
    within = server.flows.replace(server.channel_id, other.channel_id)
    enveloped(server.http.get(within), 404, 1300)


def test_a_key_that_may_only_read_is_403_1201_when_it_writes(server: Tenant) -> None:
    with client(server.url, server.new_key(read_only=True)) as reader:
        enveloped(reader.post(server.flows, json=_GOOD), 403, 1201)
        assert reader.get(server.flows).status_code == 200


# --- looking errors up --------------------------------------------------------


def test_each_errorid_is_fresh_in_the_log_and_leads_to_what_happened(server: Tenant) -> None:
    path = f"{server.flows}?limit=many&token=secret"

    error = enveloped(server.http.get(path, headers={"User-Agent": "tests"}), 400, 1000)

    line = server.process.log_line(error_id=error["errorId"])
    assert (line["status"], line["code"], line["account"]) == (400, 1000, server.account_id)
    found = server.http.get(f"/api/v1/accounts/{server.account_id}/errors/{error['errorId']}")
    record = found.json()
    assert record["message"] == error["message"]
    assert record["timestamp"] == error["timestamp"]
    assert (record["method"], record["path"]) == ("GET", server.flows)
    assert record["query"] == "limit=many&token=%2A%2A%2A"
    assert record["userAgent"] == "tests"
    assert record["keyLastSix"] == server.api_key[-6:]
    assert record["requestId"] == line["request_id"]
    assert server.api_key not in found.text


def test_no_two_errors_share_an_id(server: Tenant) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: server.http.get(f"{server.flows}/1"), range(100)))

    ids = {enveloped(answer, 404, 1300)["errorId"] for answer in answers}
    assert len(ids) == 100
    assert {uuid.UUID(error_id).version for error_id in ids} == {4}


def test_an_error_is_shown_to_its_own_account_alone(server: Tenant, other: Tenant) -> None:
    error_id = enveloped(server.http.get(f"{server.flows}/1"), 404, 1300)["errorId"]

    for spelling in (error_id, error_id.upper()):
        found = server.http.get(f"/api/v1/accounts/{server.account_id}/errors/{spelling}")
        assert found.json()["errorId"] == error_id
    theirs = other.http.get(f"/api/v1/accounts/{other.account_id}/errors/{error_id}")
    enveloped(theirs, 404, 1300)
    unknown = server.http.get(f"/api/v1/accounts/{server.account_id}/errors/{uuid.uuid4()}")
    enveloped(unknown, 404, 1300)
    malformed = server.http.get(f"/api/v1/accounts/{server.account_id}/errors/1")
    enveloped(malformed, 400, 1008)


def test_errors_show_finds_an_error_of_no_account_too(server: Tenant) -> None:
    unauthenticated = enveloped(ask(server.url, request("GET", server.flows)), 401, 1200)
    malformed = enveloped(
        ask(server.url, b"GET / HTTP/1.1\r\nHost: x\r\nnonsense\r\n\r\n"), 400, 1000
    )

    for error, status in [(unauthenticated, 401), (malformed, 400)]:
        done = run(
            "errors", "show", error["errorId"], "--json", "--database-url", server.database_url
        )
        assert done.returncode == 0, done.stderr
        record = json.loads(done.stdout)
        assert (record["status"], record["message"]) == (status, error["message"])


def test_a_fault_of_the_server_is_500_2000_and_its_traceback_is_kept(victim: Tenant) -> None:
    flow_id = victim.create("Doomed", flowJson=VALID)
    with opened(victim.database_url) as db:
        db.run_now(lambda tx: tx.execute("DROP TABLE flow_revisions"))

    for dialect in (victim.flows, victim.guide_flows):
        answer = victim.http.put(f"{dialect}/{flow_id}", json={"flowJson": "{}"})
        error = enveloped(answer, 500, 2000)
        assert "flow_revisions" not in answer.text
        record = kept(victim, error["errorId"])
        assert "flow_revisions" in record.traceback
        assert "flow_revisions" in record.cause
        line = victim.process.log_line(error_id=error["errorId"], event="request")
        assert (line["level"], line["status"]) == ("error", 500)


def test_of_a_very_long_address_little_is_repeated_and_kept(server: Tenant) -> None:
    long = "/nowhere/" + "a" * 10_000 + "?" + "b" * 10_000

    answer = ask(server.url, request("GET", long, f"User-Agent: {'c' * 10_000}"))

    error = enveloped(answer, 404, 1300)
    assert error["message"].startswith("There is nothing at /nowhere/aaa")
    record = kept(server, error["errorId"])
    assert record.path.startswith("/nowhere/aaa")
    assert len(json.dumps(msgspec.to_builtins(record))) < 5_000
