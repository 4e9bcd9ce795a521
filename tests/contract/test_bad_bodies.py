"""A request body that cannot be used is refused with what is wrong with it and nothing is made."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from contract.raw_http import Connection, ask, request
from contract.refusals import enveloped
from harness.servers import Tenant, client, dev_server

_GOOD = {"name": "Good", "categories": ["OTHER"]}
_FIELDS = ["name", "categories", "publish", "flowJson", "cloneFlowId", "endPointUri"]
_FIELDS += ["applicationId"]

_BAD_BODIES = {
    "truncated": (b'{"name": "Cut", "categories": ["OTHER"]', "at line 1, column 40"),
    "cut in a string": (b'{"name": "Cu', "at line 1, column 10"),
    "cut in a character": ('{"name": "ä'.encode()[:-1], "UTF-8 text, which it is not from byte 10"),
    "not UTF-8": (b'{"name": "\xff", "categories": ["OTHER"]}', "not from byte 10"),
    "not UTF-8 in a name": (b'{"name": "A", "categories": ["OTHER"], "\xff": 1}', "from byte 40"),
    "UTF-16": (json.dumps(_GOOD).encode("utf-16"), "UTF-8 text"),
    "byte order mark": (b"\xef\xbb\xbf" + json.dumps(_GOOD).encode(), "byte order mark"),
    "NaN": (b'{"name": NaN, "categories": ["OTHER"]}', "not valid JSON"),
    "half a pair": (b'{"name": "\\ud800", "categories": ["OTHER"]}', "half of a surrogate pair"),
    "comma": (
        b'{"name": "A", "categories": ["OTHER"],}',
        "trailing comma before end of object at line 1, column 38",
    ),
    "two values": (
        b'{"name": "A", "categories": ["OTHER"], "flowJson": "{}"} {}',
        "at line 1, column 58",
    ),
    "line": (b'{\n  "name": "A"\n  "categories": []\n}', "at line 3, column 3"),
    "form": (b"name=A&categories=OTHER", "at line 1, column 1"),
    "list": (b"[]", "must be a JSON object, not a list"),
    "string": (b'"name"', "must be a JSON object, not a string"),
    "number": (b"1", "must be a JSON object, not an integer"),
    "null": (b"null", "must be a JSON object, not null"),
    "deep": (b'{"a": ' + b"[" * 50_000 + b"]" * 50_000 + b"}", "nested too deeply"),
    "deep and cut": (b'{"a": ' + b'{"a":' * 50_000, "nested too deeply"),
}


@pytest.mark.parametrize(
    ("body", "of_update"),
    [(b"", "The body must have at least one of name, "), (b" \r\n ", "it is empty")],
    ids=["empty", "blank"],
)
def test_a_body_that_is_not_there_is_400_1000_where_a_field_is_needed(
    server: Tenant, body: bytes, of_update: str
) -> None:
    flow = f"{server.flows}/{server.create('Unharmed')}"

    for method, path, mentioned in [
        ("POST", server.flows, "it is empty"),
        ("PUT", flow, of_update),
    ]:
        answer = server.http.request(method, path, content=body)
        assert mentioned in enveloped(answer, 400, 1000)["message"]


@pytest.mark.parametrize("fault", _BAD_BODIES)
def test_a_body_that_is_no_json_object_is_400_1000_and_says_why(server: Tenant, fault: str) -> None:
    body, mentioned = _BAD_BODIES[fault]
    flow_id = server.create("Unharmed")
    headers = {"Content-Type": "application/json"}

    for method, path in [
        ("POST", server.flows),
        ("PUT", f"{server.flows}/{flow_id}"),
        ("POST", server.guide_flows),
        ("PUT", f"{server.guide_flows}/{flow_id}"),
    ]:
        answer = server.http.request(method, path, content=body, headers=headers)
        assert mentioned in enveloped(answer, 400, 1000)["message"]

    assert [flow["name"] for flow in server.http.get(server.flows).json()["flows"]] == ["Unharmed"]


def test_a_field_of_the_wrong_type_is_named_with_what_it_must_be(server: Tenant) -> None:
    flow_id = server.create("Unharmed")
    kinds = {
        "name": "a string", "categories": "a list", "publish": "true or false",
        "flowJson": "a string", "cloneFlowId": "a string", "endPointUri": "a string",
        "applicationId": "a string",
    }  # fmt: skip
    values: list[Any] = [1, 1.5, True, "text", [], {}, [1], {"a": 1}]
    fits: dict[str, list[Any]] = {"a string": ["text"], "true or false": [True], "a list": [[]]}
    assert list(kinds) == _FIELDS

    for field, kind in kinds.items():
        for value in values:
            if value in fits[kind] and type(value) in map(type, fits[kind]):
                continue
            for method, path in [("POST", server.flows), ("PUT", f"{server.flows}/{flow_id}")]:
                answer = server.http.request(method, path, json=_GOOD | {field: value})
                message = enveloped(answer, 400, 1000)["message"]
                assert re.match(rf"{field}(\[0\])? must be ", message), (field, value, message)
                assert kind in message or "each item one of" in message or "[0]" in message


def test_a_wrong_item_of_a_list_is_named_with_what_it_may_be(server: Tenant) -> None:
    answer = server.http.post(server.flows, json=_GOOD | {"categories": ["OTHER", "other"]})

    message = enveloped(answer, 400, 1000)["message"]
    assert message.startswith("categories[1] must be one of SIGN_UP, ")
    assert message.endswith("not 'other'.")


@pytest.mark.parametrize("field", ["name", "categories"])
def test_a_required_field_that_is_missing_or_null_is_named(server: Tenant, field: str) -> None:
    without = {name: value for name, value in _GOOD.items() if name != field}

    for body in (without, without | {field: None}):
        message = enveloped(server.http.post(server.flows, json=body), 400, 1000)["message"]
        assert message.startswith(field)


@pytest.mark.parametrize(
    ("sent", "meant"),
    [("endpointUri", "endPointUri"), ("flow_json", "flowJson"), ("Name", "name")],
)
def test_a_misspelled_field_is_refused_with_the_right_spelling(
    server: Tenant, sent: str, meant: str
) -> None:
    answer = server.http.post(server.flows, json=_GOOD | {sent: "https://example.org"})

    message = enveloped(answer, 400, 1000)["message"]
    assert sent in message
    assert meant in message


def test_of_a_field_given_twice_the_last_counts(server: Tenant) -> None:
    body = b'{"name": "First", "name": "Last", "categories": ["OTHER"]}'

    answer = server.http.post(
        server.flows, content=body, headers={"Content-Type": "application/json"}
    )

    assert answer.status_code == 200
    assert server.http.get(server.flows).json()["flows"][0]["name"] == "Last"


@pytest.mark.parametrize(
    ("body", "code", "mentioned"),
    [
        ({"name": ""}, 1010, "name must be 1 to 200 characters long, not 0"),
        ({"name": "a" * 201}, 1010, "not 201"),
        ({"name": "  "}, 1000, "name must be printable text"),
        ({"name": "a\nb"}, 1000, "name must be printable text"),
        ({"name": "a\u0000b"}, 1000, "name must not have a null character in it."),
        ({"categories": []}, 1010, "at least one category"),
        ({"endPointUri": "example.org"}, 1000, "endPointUri must be an absolute http"),
        ({"endPointUri": "https://exämple.org/"}, 1000, "ASCII form, xn--"),
        ({"applicationId": ""}, 1000, "applicationId must be 1 to 64"),
        ({"cloneFlowId": "1"}, 1008, "cloneFlowId '1'"),
        ({"cloneFlowId": "\u0000"}, 1000, "cloneFlowId must not have a null character"),
        ({"publish": True}, 1000, "it has no Flow JSON"),
        ({"flowJson": "\u0000"}, 1000, "flowJson must not have a null character"),
        ({"flowJson": "{", "publish": True}, 1000, "Invalid flowJson"),
    ],
)
def test_a_value_out_of_its_limits_is_refused_and_nothing_is_made(
    server: Tenant, body: dict[str, Any], code: int, mentioned: str
) -> None:
    answer = server.http.post(server.flows, json=_GOOD | body)

    assert mentioned in enveloped(answer, 400, code)["message"]
    assert server.http.get(server.flows).json() == {"flows": []}


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "",
     "application/json; charset=utf-16", "application/xml", "json"],
)  # fmt: skip
def test_a_body_of_another_media_type_is_415(server: Tenant, content_type: str) -> None:
    answer = server.http.post(
        server.flows, content=json.dumps(_GOOD), headers={"Content-Type": content_type}
    )

    enveloped(answer, 415, 415)
    assert server.http.get(server.flows).json() == {"flows": []}


@pytest.mark.parametrize(
    "content_type",
    ["application/json", "APPLICATION/JSON", "application/json;charset=UTF-8",
     'application/json; charset="utf-8"', "application/problem+json"],
)  # fmt: skip
def test_json_under_any_of_its_names_is_taken(server: Tenant, content_type: str) -> None:
    answer = server.http.post(
        server.flows, content=json.dumps(_GOOD), headers={"Content-Type": content_type}
    )

    assert answer.status_code == 200


def test_a_compressed_body_is_415(server: Tenant) -> None:
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}

    enveloped(server.http.post(server.flows, content=b"\x1f\x8b", headers=headers), 415, 415)


@pytest.fixture(scope="module")
def narrow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tenant]:
    """A tenant of a server that takes bodies of 100,000 bytes, and three writes a minute."""
    folder = tmp_path_factory.mktemp("narrow")
    with dev_server(
        folder, "--rate-limit", "3", WAFLOWS_MAX_BODY_BYTES="100000"
    ) as (process, _):  # fmt: skip
        yield Tenant(process, f"sqlite:///{folder / 'waflows.db'}")


def test_a_body_announced_too_large_is_413_before_it_is_sent(narrow: Tenant) -> None:
    head = request(
        "POST", narrow.flows, f"Authorization: Bearer {narrow.new_key()}",
        "Content-Type: application/json", "Content-Length: 100001", "Expect: 100-continue",
    )  # fmt: skip

    enveloped(ask(narrow.url, head), 413, 413)


def test_a_body_that_grows_too_large_in_chunks_is_413_and_the_connection_goes_on(
    narrow: Tenant,
) -> None:
    key = f"Authorization: Bearer {narrow.new_key()}"
    with Connection(narrow.url) as connection:
        connection.send(
            request("POST", narrow.flows, key, "Content-Type: application/json",
                    "Transfer-Encoding: chunked"),
            *[b"2710\r\n" + b" " * 10_000 + b"\r\n"] * 11,
            b"0\r\n\r\n",
        )  # fmt: skip
        enveloped(connection.answer(), 413, 413)
        connection.send(request("GET", narrow.flows, key))
        assert connection.answer().json() == {"flows": []}


def test_more_writes_than_allowed_are_429_with_the_seconds_to_wait(narrow: Tenant) -> None:
    with client(narrow.url, narrow.new_key()) as http:
        answers = [http.delete(f"{narrow.flows}/1") for _ in range(5)]

    assert [answer.status_code for answer in answers] == [404, 404, 404, 429, 429]
    enveloped(answers[-1], 429, 429)
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 120


def test_a_huge_bad_body_is_refused_without_holding_up_others(server: Tenant) -> None:
    huge = 10 * 1024 * 1024
    bodies = [
        b'{"name": "' + b"[" * huge,
        b'{"name": "n", "categories": ["OTHER"], "endPointUri": "https://' + b"e" * huge + b'"}',
    ]
    for body in bodies:
        response = server.http.post(
            server.flows, content=body, headers={"Content-Type": "application/json"}
        )
        assert response.status_code == 400
        assert response.json()["code"] == 1000
        assert len(response.content) < 5000
