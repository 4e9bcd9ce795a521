"""What each operation sends, and how it reads what comes back."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from waflows.client import (
    Category,
    InvalidCall,
    NoFlowJson,
    Status,
    UnexpectedAnswer,
    ValidationError,
)
from waflows.client.exchange import Answer, Exchange, Request
from waflows.client.operations import Operations

URL = "https://chatapps.8x8.com"
ACCOUNT = "b7d1ad07-1b5a-4b72-9b6c-0a4f2c2d5c11"
FLOWS = f"{URL}/api/v1/accounts/{ACCOUNT}/channels/ch/flows"
KEY = "wf_live_abcdef0123456789"


def operations(url: str = URL, channel: str | None = "ch") -> Operations:
    return Operations(url, ACCOUNT, KEY, channel, retries=0)


def play(exchange: Exchange[Any], *answers: Any, **headers: str) -> tuple[Any, list[Request]]:
    """Carries an exchange out with these answers: its result, and the requests it made."""
    requests: list[Request] = []
    outcome: Answer | None = None
    while True:
        try:
            step = exchange.send(outcome)
        except StopIteration as end:
            return end.value, requests
        assert isinstance(step, Request)
        body = answers[len(requests)]
        requests.append(step)
        text = body if isinstance(body, bytes) else json.dumps(body).encode()
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        outcome = Answer(200, names, text)


def sent(request: Request) -> Any:
    return json.loads(request.body or b"null")


def test_a_list_without_options_asks_for_nothing_beyond_the_contract() -> None:
    page, [request] = play(operations().page(None, None, None, None, None), {"flows": []})

    assert request == Request("GET", FLOWS)
    assert (page.flows, page.total, page.next) == ([], None, None)


def test_a_page_carries_the_total_and_where_the_next_one_starts() -> None:
    page, [request] = play(
        operations().page(2, "abc", "DRAFT", "a & b", None),
        {"flows": [{"id": "1", "name": "One", "status": "DRAFT"}]},
        x_total_count="3",
        link='<http://inner:80/x>; rel="prev", <http://inner:80/x?limit=2&after=d%3De>; rel="next"',
    )

    assert parse_qs(urlsplit(request.url).query) == {
        "limit": ["2"],
        "after": ["abc"],
        "status": ["DRAFT"],
        "name": ["a & b"],
    }
    assert [(flow.id, flow.name, flow.status) for flow in page.flows] == [("1", "One", "DRAFT")]
    assert (page.total, page.next) == (3, "d=e")


def test_a_next_page_that_is_the_same_again_is_refused_rather_than_read_for_ever() -> None:
    with pytest.raises(UnexpectedAnswer, match="same page again"):
        play(
            operations().page(1, "abc", None, None, None),
            {"flows": []},
            x_total_count="9",
            link=f'<{FLOWS}?after=abc>; rel="next"',
        )


def test_filters_are_applied_here_when_the_server_does_not_know_them() -> None:
    flows = [
        {"id": "1", "name": "Straße 1", "status": "DRAFT"},
        {"id": "2", "name": "Strasse 2", "status": "PUBLISHED"},
        {"id": "3", "name": "Weg", "status": "DRAFT"},
    ]

    by_status, _ = play(operations().page(None, None, "DRAFT", None, None), {"flows": flows})
    by_name, _ = play(operations().page(None, None, None, "STRASSE", None), {"flows": flows})
    trusted, _ = play(
        operations().page(None, None, "DRAFT", None, None), {"flows": flows}, x_total_count="3"
    )

    assert [flow.id for flow in by_status.flows] == ["1", "3"]
    assert [flow.id for flow in by_name.flows] == ["1", "2"]
    assert len(trusted.flows) == 3


def test_a_list_that_may_have_been_cut_off_is_known_as_such() -> None:
    two = {"flows": [{"id": str(number), "name": "N", "status": "DRAFT"} for number in range(2)]}
    hundred = {"flows": two["flows"] * 50}

    def cut_off(limit: int | None, answer: Any, **headers: str) -> bool:
        page, _ = play(operations().page(limit, None, "DRAFT", None, None), answer, **headers)
        return bool(page.cut_off)

    assert cut_off(2, two)
    assert cut_off(None, hundred)
    assert not cut_off(3, two)
    assert not cut_off(None, two)
    assert not cut_off(2, two, x_total_count="2")


def test_create_sends_what_was_given_in_the_contracts_spelling() -> None:
    saved, [request] = play(
        operations().create("N", [Category.SURVEY], b'\xef\xbb\xbf{"a":"\xc3\xa9"}', "7",
                            "https://e.org", True, None),
        {"id": "9", "success": True},
    )  # fmt: skip

    assert (request.method, request.url) == ("POST", FLOWS)
    assert sent(request) == {
        "name": "N",
        "categories": ["SURVEY"],
        "flowJson": '\ufeff{"a":"é"}',
        "cloneFlowId": "7",
        "endPointUri": "https://e.org",
        "publish": True,
    }
    assert (saved.id, saved.success, saved.validation_errors) == ("9", True, [])


def test_what_is_not_given_is_not_sent() -> None:
    _, [create] = play(
        operations().create("N", ["OTHER"], None, None, None, False, None), {"id": "9"}
    )
    _, [update] = play(
        operations().update("9", None, None, None, None, None, "app", False, None), {"id": "9"}
    )

    assert sent(create) == {"name": "N", "categories": ["OTHER"]}
    assert (update.method, update.url) == ("PUT", f"{FLOWS}/9")
    assert sent(update) == {"applicationId": "app"}


def test_validation_errors_are_read_whole() -> None:
    place = {"lineStart": 1, "lineEnd": 2, "columnStart": 3, "columnEnd": 4}
    fault = {
        "error": "INVALID_PROPERTY_VALUE",
        "errorType": "FLOW_JSON_ERROR",
        "message": "Invalid value found for property 'type'.",
        **place,
        "pointers": [{**place, "path": "screens[0].layout.children[0].type"}],
    }

    saved, _ = play(
        operations().update("9", "N", None, None, None, None, None, False, None),
        {"id": "9", "success": True, "validationErrors": [fault]},
    )

    [error] = saved.validation_errors
    assert isinstance(error, ValidationError)
    assert (error.error, error.error_type) == ("INVALID_PROPERTY_VALUE", "FLOW_JSON_ERROR")
    assert (error.line_start, error.column_end) == (1, 4)
    assert error.pointers[0].path == "screens[0].layout.children[0].type"
    assert json.loads(msgspec.json.encode(saved)) == {
        "id": "9",
        "success": True,
        "validationErrors": [fault],
    }


def test_a_flow_is_read_and_more_of_it_when_asked_for() -> None:
    plain, [request] = play(
        operations().get("9", (), None),
        {"flowId": "9", "flowJsonUrl": "https://x/y", "name": "N", "status": "DRAFT",
         "categories": ["OTHER"]},
    )  # fmt: skip
    more, [asking] = play(
        operations().get("9", ["endPointUri", "createdAt"], None),
        {"flowId": "9", "name": "N", "status": "DRAFT", "endPointUri": "https://e",
         "createdAt": "2026-03-01T09:30:00Z"},
    )  # fmt: skip

    assert request.url == f"{FLOWS}/9"
    assert (plain.id, plain.flow_json_url, plain.categories) == ("9", "https://x/y", ["OTHER"])
    assert asking.url == f"{FLOWS}/9?fields=endPointUri%2CcreatedAt"
    assert more.endpoint_uri == "https://e"
    assert more.created_at == datetime(2026, 3, 1, 9, 30, tzinfo=UTC)


def test_words_and_fields_of_a_later_date_are_read_all_the_same() -> None:
    flow, _ = play(
        operations().get("9", (), None),
        {"flowId": "9", "name": "N", "status": "THROTTLED", "categories": ["OTHER", "NEW"],
         "health": {"score": 3}, "validationErrors": None, "flowJsonUrl": None},
    )  # fmt: skip

    assert flow.status == "THROTTLED"
    assert flow.categories == ["OTHER", "NEW"]
    assert flow.validation_errors == []
    assert flow.flow_json_url is None


def test_known_words_compare_equal_to_their_names() -> None:
    page, _ = play(
        operations().page(None, None, None, None, None),
        {"flows": [{"id": "1", "name": "One", "status": "PUBLISHED"}]},
    )

    assert page.flows[0].status == Status.PUBLISHED


@pytest.mark.parametrize("moment", ["2025-12-13T05:49:59+0000", "2025-12-13T05:49:59Z"])
def test_a_preview_link_is_read_with_its_expiry_in_both_spellings(moment: str) -> None:
    answer = {"id": "9", "preview_url": "https://p", "expires_at": moment}

    link, [request] = play(operations().preview("9", True, None), answer)

    assert request.url == f"{FLOWS}/9/preview?refresh=true"
    assert link.url == "https://p"
    assert link.expires_at == datetime(2025, 12, 13, 5, 49, 59, tzinfo=UTC)
    assert set(json.loads(msgspec.json.encode(link))) == {"id", "preview_url", "expires_at"}


def test_publish_deprecate_and_delete_take_an_empty_answer() -> None:
    for exchange, method, end in (
        (operations().publish("9", None), "POST", "/9/publish"),
        (operations().deprecate("9", None), "POST", "/9/deprecate"),
        (operations().delete("9", None), "DELETE", "/9"),
    ):
        result, [request] = play(exchange, b"")
        assert result is None
        assert request == Request(method, FLOWS + end)


def test_a_download_does_not_take_the_key_along() -> None:
    details = {"flowId": "9", "flowJsonUrl": "https://cdn.example.org/f?t=1", "name": "N",
               "status": "DRAFT"}  # fmt: skip

    text, [get, download] = play(operations().download("9", None), details, b'{ "a": 1 }\r\n')

    assert text == b'{ "a": 1 }\r\n'
    assert get.with_key
    assert download == Request("GET", "https://cdn.example.org/f?t=1", with_key=False)


def test_a_flow_without_flow_json_cannot_be_downloaded() -> None:
    with pytest.raises(NoFlowJson, match="Flow 9 has no Flow JSON"):
        play(operations().download("9", None), {"flowId": "9", "name": "N", "status": "DRAFT"})


@pytest.mark.parametrize("link", ["file:///etc/passwd", "ftp://e.org/x", "flow.json"])
def test_a_download_link_that_is_not_of_the_web_is_not_followed(link: str) -> None:
    details = {"flowId": "9", "name": "N", "status": "DRAFT", "flowJsonUrl": link}

    with pytest.raises(UnexpectedAnswer, match="flowJsonUrl"):
        play(operations().download("9", None), details)


def test_revisions_are_read_and_fetched() -> None:
    answer = {"revisions": [{"revision": 2, "bytes": 5, "sha256": "ab",
                             "createdAt": "2026-03-01T09:30:00Z"}]}  # fmt: skip

    [revision], [listing] = play(operations().revisions("9", None), answer)
    text, [fetch] = play(operations().revision("9", 2, None), b"{}\n")

    assert (revision.revision, revision.bytes, revision.sha256) == (2, 5, "ab")
    assert listing.url == f"{FLOWS}/9/revisions"
    assert (text, fetch.url) == (b"{}\n", f"{FLOWS}/9/revisions/2")


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>Sign in</html>", b"{}", b'{"flows":{}}', b'{"flows":[{"id":1}]}', b"\xff\xfe",
     b'{"flows":[', b"[" * 100_000],
)  # fmt: skip
def test_an_answer_of_the_wrong_shape_is_an_unexpected_answer(body: bytes) -> None:
    with pytest.raises(UnexpectedAnswer, match="cannot be read") as caught:
        play(operations().page(None, None, None, None, None), body)

    assert caught.value.status == 200


def test_an_unreadable_answer_that_repeats_the_key_does_not_spread_it() -> None:
    with pytest.raises(UnexpectedAnswer) as caught:
        play(operations().page(None, None, None, None, None), f"Bearer {KEY}".encode())

    assert KEY not in str(caught.value)


def test_a_channel_named_in_the_call_counts_before_the_clients() -> None:
    _, [request] = play(operations().page(None, None, None, None, "other"), {"flows": []})

    assert "/channels/other/flows" in request.url


def test_a_call_without_any_channel_is_refused_before_anything_is_sent() -> None:
    with pytest.raises(InvalidCall, match="channel"):
        play(operations(channel=None).page(None, None, None, None, None))


@given(st.text(min_size=1))
def test_no_flow_id_leads_to_another_address(flow_id: str) -> None:
    exchange = operations().delete(flow_id, None)
    try:
        request = next(exchange)
    except InvalidCall:
        return
    assert isinstance(request, Request)
    parts = urlsplit(request.url)
    assert (parts.query, parts.fragment) == ("", "")
    *before, last = parts.path.split("/")
    assert "/".join(before) == urlsplit(FLOWS).path
    assert unquote(last) == flow_id


@pytest.mark.parametrize("flow_id", ["", ".", "..", None, 5, "\udcff"])
def test_what_cannot_be_a_flow_id_is_refused_before_anything_is_sent(flow_id: Any) -> None:
    with pytest.raises(InvalidCall, match="is no flow id"):
        play(operations().delete(flow_id, None))


@pytest.mark.parametrize("url", ["http://127.0.0.1:8088/", "https://e.org/prefix//"])
def test_a_slash_at_the_end_of_the_url_makes_no_difference(url: str) -> None:
    _, [request] = play(operations(url).page(None, None, None, None, None), {"flows": []})

    assert request.url == f"{url.rstrip('/')}/api/v1/accounts/{ACCOUNT}/channels/ch/flows"


@pytest.mark.parametrize(
    "url",
    ["", "localhost:8088", "ftp://e.org", "https://", "http://e.org:port", "http://e org",
     "https://user:word@e.org", "https://e.org?x=1", "https://e.org#x", "http://e.org\r\nX: y"],
)  # fmt: skip
def test_a_url_that_cannot_be_right_is_refused(url: str) -> None:
    with pytest.raises(InvalidCall, match="URL"):
        operations(url)


@pytest.mark.parametrize("key", ["", " ", "a b", "key\n", "schlüssel", "a\r\nX-Evil: 1"])
def test_a_key_that_cannot_be_right_is_refused_and_not_repeated(key: str) -> None:
    with pytest.raises(InvalidCall, match="API key must be") as caught:
        Operations(URL, ACCOUNT, key, "ch", retries=0)

    if key.strip():
        assert key not in f"{caught.value}{caught.value.args}"


def test_a_single_word_in_place_of_a_list_is_refused() -> None:
    with pytest.raises(InvalidCall, match="OTHER"):
        play(operations().create("N", "OTHER", None, None, None, False, None))


def test_text_that_cannot_be_written_in_utf8_is_refused() -> None:
    with pytest.raises(InvalidCall, match=r"'\\udcff' is not text"):
        play(operations().create("\udcff", ["OTHER"], None, None, None, False, None))
    with pytest.raises(InvalidCall, match=r"'\\udcff' is not text"):
        play(operations().page(None, None, None, "\udcff", None))


def test_bytes_that_are_not_utf8_are_refused_with_their_place() -> None:
    with pytest.raises(InvalidCall, match="byte 0xff at offset 2"):
        play(operations().create("N", ["OTHER"], b"{}\xff", None, None, False, None))
