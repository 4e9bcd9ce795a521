"""Sending over HTTP: what is sent, what is refused with which code, and what is asked for later."""

from __future__ import annotations

import re
import uuid
from typing import Any

import httpx2
import pytest
from harness.flow_json import VALID
from harness.messages import (
    PERSON,
    flow_message,
    flow_with_data,
    hear,
    template,
    template_message,
    text_message,
)
from harness.servers import Tenant, client, opened

from waflows.security import flow_tokens
from waflows.services.accounts import accounts, sub_accounts
from waflows.services.messages import conversations as messaging
from waflows.storage import messages as store

_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d\dZ")


@pytest.fixture
def spoken(server: Tenant) -> Tenant:
    """A tenant to whom a person has just written."""
    hear(server)
    return server


def _send(tenant: Tenant, body: dict[str, Any]) -> httpx2.Response:
    return tenant.http.post(tenant.messages, json=body)


def _sent(tenant: Tenant, body: dict[str, Any]) -> str:
    response = _send(tenant, body)
    assert response.status_code == 200, response.text
    umid: str = response.json()["umid"]
    return umid


def _refusal(response: httpx2.Response) -> tuple[int, int, str]:
    body = response.json()
    return response.status_code, body["code"], body["message"]


def _assert_refused(
    response: httpx2.Response, case: str, status: int, code: int, beginning: str
) -> None:
    refused = _refusal(response)
    assert refused[:2] == (status, code), case
    assert refused[2].startswith(beginning), case


def _opened(tenant: Tenant, umid: str) -> messaging.OpenedFlow:
    with opened(tenant.database_url) as db:
        return db.read_now(messaging.opened_flow, tenant.account_id, umid)


# --- what is sent


def test_a_flow_is_queued_for_a_person_who_wrote(spoken: Tenant) -> None:
    flow = spoken.create("Feedback", flowJson=VALID, publish=True)

    response = _send(spoken, flow_message(flow) | {"clientMessageId": "abc-123"})

    answer = response.json()
    assert response.status_code == 200
    assert list(answer) == ["umid", "user", "status", "clientMessageId"]
    assert str(uuid.UUID(answer["umid"])) == answer["umid"]
    assert answer["user"] == {"msisdn": PERSON}
    assert answer["clientMessageId"] == "abc-123"
    assert answer["status"]["state"] == "queued"
    assert _TIMESTAMP.fullmatch(answer["status"]["timestamp"])
    ready = _opened(spoken, answer["umid"])
    assert (ready.flow_id, ready.revision, ready.text) == (flow, 1, VALID)
    assert (ready.action, ready.screen, ready.data) == ("navigate", "ONLY", {})


@pytest.mark.parametrize("kind", ["text", "Text", "TEXT"])
def test_a_text_is_sent_whatever_the_case_of_its_type(spoken: Tenant, kind: str) -> None:
    _sent(spoken, text_message(type=kind))


def test_the_spellings_of_the_guide_are_taken(spoken: Tenant) -> None:
    flow = spoken.create("Rooms", flowJson=flow_with_data(), publish=True)
    payload = {"screen": "WELCOME", "data": {"guest": "Ines", "nights": 3}}

    umid = _sent(spoken, flow_message(flow, flowActionData=payload) | {"type": "Interactive"})

    ready = _opened(spoken, umid)
    assert (ready.screen, ready.data) == ("WELCOME", payload["data"])


def test_the_number_comes_back_as_e164(spoken: Tenant) -> None:
    body = text_message(user={"msisdn": "65 8123-4567", "channelUserId": "SG.1"})

    assert _send(spoken, body).json()["user"] == {"msisdn": PERSON}


def test_a_draft_is_sent_with_mode_draft(spoken: Tenant) -> None:
    flow = spoken.create("Draft", flowJson=VALID)

    _sent(spoken, flow_message(flow, mode="draft", flowMessageVersion="3"))


def test_a_message_may_quote_another_of_its_conversation(spoken: Tenant) -> None:
    quoted = _sent(spoken, text_message())

    umid = _sent(spoken, text_message("And this.", context={"umid": quoted}))

    with opened(spoken.database_url) as db:
        message = db.read_now(store.find, spoken.account_id, umid)
    assert message is not None
    assert message.reply_to == quoted


def test_a_header_and_a_footer_are_kept_for_the_chat(spoken: Tenant) -> None:
    flow = spoken.create("Feedback", flowJson=VALID, publish=True)
    body = flow_message(flow)
    body["content"]["interactive"] |= {
        "header": {"type": "image", "image": {"link": "https://example.org/cat.png"}},
        "footer": {"text": "Thank you"},
    }

    umid = _sent(spoken, body)

    with opened(spoken.database_url) as db:
        message = db.read_now(store.find, spoken.account_id, umid)
    assert message is not None
    bubble = message.bubble
    assert (bubble.body, bubble.footer, bubble.button) == (
        "How was your visit?",
        "Thank you",
        "Tell us",
    )
    assert bubble.header == store.Header("image", link="https://example.org/cat.png")


def test_an_issued_flow_token_says_what_it_was_issued_for(spoken: Tenant) -> None:
    flow = spoken.create("Feedback", flowJson=VALID, publish=True)

    umid = _sent(spoken, flow_message(flow))

    with opened(spoken.database_url) as db:
        secret = db.run_now(accounts.instance_secret)
    claim = flow_tokens.read(secret, spoken.account_id, _opened(spoken, umid).flow_token)
    assert claim == flow_tokens.FlowTokenClaim(flow, 1, umid, PERSON)


def test_a_flow_token_of_the_clients_own_is_kept_as_it_is(spoken: Tenant) -> None:
    flow = spoken.create("Feedback", flowJson=VALID, publish=True)

    umid = _sent(spoken, flow_message(flow, flowToken="wft1_mine é 🙂"))

    assert _opened(spoken, umid).flow_token == "wft1_mine é 🙂"


def test_a_flow_token_is_read_back_by_the_account_it_was_issued_to(
    spoken: Tenant, other: Tenant
) -> None:
    flow = spoken.create("Feedback", flowJson=VALID, publish=True)
    umid = _sent(spoken, flow_message(flow))
    token = _opened(spoken, umid).flow_token
    path = f"/api/v1/accounts/{spoken.account_id}/flowTokens:read"

    def read(text: str, tenant: Tenant = spoken) -> dict[str, Any]:
        address = path.replace(spoken.account_id, tenant.account_id)
        answer: dict[str, Any] = tenant.http.post(address, json={"flowToken": text}).json()
        return answer

    genuine = {
        "state": "genuine",
        "flowId": flow,
        "revision": 1,
        "umid": umid,
        "subAccountId": spoken.sub_account_id,
        "channelId": spoken.channel_id,
        "user": {"msisdn": PERSON},
    }
    altered = token[:-1] + ("A" if token[-1] != "A" else "B")
    assert read(token) == genuine
    assert read(altered) == read(token, other) == {"state": "forged"}
    assert read("mine") == {"state": "foreign"}
    with client(spoken.url, spoken.new_key(masked=True)) as masked:
        shown = masked.post(path, json={"flowToken": token}).json()
    assert shown == genuine | {"user": {"msisdn": "+658123xxxx"}}
    elsewhere = spoken.new_key(channel_ids=[spoken.new_channel()])
    with client(spoken.url, elsewhere) as limited:
        assert _refusal(limited.post(path, json={"flowToken": token}))[:2] == (404, 1300)


# --- sending again


def test_the_same_request_under_the_same_client_message_id_sends_once(spoken: Tenant) -> None:
    body = text_message(clientMessageId="order-17")

    first, second = _send(spoken, body), _send(spoken, body)

    assert first.json() == second.json()
    with opened(spoken.database_url) as db:
        chat = db.read_now(messaging.chat, spoken.account_id, spoken.channel_id, PERSON)
    assert [message.direction for message in chat] == ["inbound", "outbound"]


@pytest.mark.parametrize(
    "change",
    [
        {"content": {"text": "Something else"}},
        {"user": {"msisdn": "+6581234568"}},
        {"clientMessageId": "order-18"},
        {"clientMessageId": None},
    ],
    ids=["content", "person", "id", "no id"],
)
def test_another_request_is_another_message(spoken: Tenant, change: dict[str, Any]) -> None:
    hear(spoken, msisdn="+6581234568")
    body = text_message(clientMessageId="order-17")

    assert _sent(spoken, body) != _sent(spoken, body | change)


def test_a_client_message_id_is_known_to_its_own_sub_account_only(spoken: Tenant) -> None:
    body = text_message(clientMessageId="order-17")
    with opened(spoken.database_url) as db:
        db.run_now(sub_accounts.create_sub_account, spoken.account_id, "second", spoken.channel_id)

    other = spoken.http.post("/api/v1/subaccounts/second/messages", json=body)

    assert other.json()["umid"] != _sent(spoken, body)


# --- what is refused, with which code


def _with_user(**user: Any) -> dict[str, Any]:
    return text_message(user=user)


_DIRECT = {"text": "x", "whatsApp": {"directSend": {"category": "utility"}}}
# For each case the body, and the status, code and beginning of the message it is answered with.
_REFUSED: dict[str, tuple[dict[str, Any], int, int, str]] = {
    "no user": ({"type": "text", "content": {"text": "x"}}, 400, 3001, "user is required"),
    "user of another kind": (text_message(user="Ines"), 400, 3001, "user must be a JSON object"),
    "no number": (_with_user(channelUserId="SG.1"), 400, 3002, "user.msisdn is required"),
    "no E.164": (_with_user(msisdn="0812345678"), 400, 1002, "user.msisdn is not an E.164 number"),
    "national": (_with_user(msisdn="81234567", country="SG"), 400, 1002, "user.msisdn must be an"),
    "no content": ({"user": {"msisdn": PERSON}, "type": "text"}, 400, 3004, "content is required"),
    "no type": ({"user": {"msisdn": PERSON}, "content": {}}, 400, 3010, "type is required"),
    "unknown type": (text_message(type="telegram"), 400, 3010, "type must be one of"),
    "type of another kind": (text_message(type=5), 400, 3010, "type must be a string"),
    "image": (text_message(type="image"), 501, 2001, "Messages of type image"),
    "carousel": (text_message(type="CAROUSEL"), 501, 2001, "Messages of type carousel"),
    "no text": (text_message(content={}), 400, 3005, "content.text is required"),
    "empty text": (text_message(" "), 400, 3005, "content.text must not be empty"),
    "long text": (text_message("x" * 4097), 400, 3006, "content.text is 4097 characters"),
    "no interactive": (text_message(type="interactive"), 400, 3004, "content.interactive is"),
    "no template": (text_message(type="template"), 400, 3030, "content.template is required"),
    "long client id": (text_message(clientMessageId="x" * 51), 400, 3009, "clientMessageId is 51"),
    "odd client id": (text_message(clientMessageId="a\nb"), 400, 1000, "clientMessageId must be"),
    "scheduled": (text_message(scheduled="2999-01-01T00:00:00Z"), 501, 2001, "Scheduled messages"),
    "no time": (text_message(scheduled="tomorrow"), 400, 1000, "scheduled must be a time"),
    "expired": (text_message(expiry="2020-01-01T00:00:00Z"), 400, 1006, "expiry must be in"),
    "callback": (text_message(dlrCallbackUrl="https://x.org"), 501, 2001, "dlrCallbackUrl is not"),
    "direct": (text_message(content=_DIRECT), 501, 2001, "Direct Send is not supported"),
    "fallback": (text_message(channels=[{"channel": "SMS"}]), 400, 3022, "channels may name"),
    "quote": (text_message(context={"umid": str(uuid.uuid4())}), 400, 1000, "context.umid must"),
    "misspelled": (text_message(client_message_id="x"), 400, 1000, "Unknown field 'client_mess"),
    "misspelled within": (_with_user(MSISDN=PERSON), 400, 1000, "Unknown field 'MSISDN'"),
}  # fmt: skip


def test_a_message_that_is_not_valid_is_refused_with_its_code(spoken: Tenant) -> None:
    for case, (body, status, code, beginning) in _REFUSED.items():
        _assert_refused(_send(spoken, body), case, status, code, beginning)


def test_what_may_be_said_of_channels_and_times_is_taken(spoken: Tenant) -> None:
    _sent(
        spoken,
        text_message(
            channels=[{"channel": "WhatsApp"}],
            scheduled="2020-01-01T00:00:00",
            expiry="2999-01-01T00:00:00+08:00",
        ),
    )


_INTERACTIVE: dict[str, tuple[dict[str, Any], int, int, str]] = {
    "another type": ({"type": "list"}, 501, 2001, "Interactive messages of type list"),
    "unknown type": ({"type": "dance"}, 400, 3010, "content.interactive.type must be flow"),
    "no action": ({"action": {}}, 400, 1000, "content.interactive.action.parameters.flowId is"),
    "no body": ({"body": None}, 400, 3005, "content.interactive.body.text is required"),
    "long body": ({"body": {"text": "x" * 1025}}, 400, 1010, "content.interactive.body.text is"),
    "long footer": ({"footer": {"text": "x" * 61}}, 400, 1010, "content.interactive.footer.text"),
    "long header": ({"header": {"text": "x" * 61}}, 400, 1010, "content.interactive.header.text"),
    "odd header": ({"header": {"type": "song"}}, 400, 1000, "content.interactive.header.type"),
    "no picture": ({"header": {"type": "image"}}, 400, 3007, "content.interactive.header.image"),
    "bad picture": (
        {"header": {"type": "image", "image": {"link": "file:///etc/passwd"}}},
        400, 3008, "content.interactive.header.image.link must be",
    ),
}  # fmt: skip


def test_an_interactive_message_that_is_not_valid_is_refused(spoken: Tenant) -> None:
    flow = spoken.create("Feedback", flowJson=VALID, publish=True)
    for case, (change, status, code, beginning) in _INTERACTIVE.items():
        body = flow_message(flow)
        body["content"]["interactive"] |= change
        _assert_refused(_send(spoken, body), case, status, code, beginning)


_UNFIT = "The data does not fit the data model of screen WELCOME"
_PARAMETERS: dict[str, tuple[dict[str, Any], int, str]] = {
    "no button": ({"flowCta": ""}, 3005, "content.interactive.action.parameters.flowCta is"),
    "long button": ({"flowCta": "x" * 31}, 1010, "content.interactive.action.parameters.flowCta"),
    "version": ({"flowMessageVersion": "2"}, 1000, "flowMessageVersion must be"),
    "mode": ({"mode": "live"}, 1000, "mode must be one of published, draft"),
    "action": ({"flowAction": "jump"}, 1000, "flowAction must be one of navigate, data_exchange"),
    "token": ({"flowToken": "a" * 4097}, 1000, "flowToken must be at most"),
    "draft mode": ({"mode": "draft"}, 1000, "Flow must be in DRAFT status"),
    "no endpoint": ({"flowAction": "data_exchange"}, 1000, 'flowAction "data_exchange" needs'),
    "both payloads": (
        {"flowActionPayload": {"screen": "WELCOME"}, "flowActionData": {"screen": "WELCOME"}},
        1000, "Send flowActionPayload or flowActionData, not both",
    ),
    "not an entry screen": (
        {"flowActionPayload": {"screen": "LAST"}},
        1000, "screen 'LAST' is not an entry screen of flow",
    ),
    "no data": (
        {},
        1000, f"{_UNFIT}: data.guest is missing; data.nights is missing.",
    ),
    "empty data": ({"flowActionPayload": {"data": {}}}, 1000, "data must be an object that is not"),
    "wrong data": (
        {"flowActionPayload": {"data": {"guest": 1, "nights": 2, "x": 3}}},
        1000, f"{_UNFIT}: data.guest must be of type string, not number; data.x is not declared",
    ),
    "Meta's spelling": ({"flow_token": "t"}, 1000, "Unknown field 'flow_token'; the field is"),
}  # fmt: skip


def test_what_a_flow_cannot_be_opened_with_is_refused(spoken: Tenant) -> None:
    flow = spoken.create("Rooms", flowJson=flow_with_data(), publish=True)
    for case, (change, code, beginning) in _PARAMETERS.items():
        _assert_refused(_send(spoken, flow_message(flow, **change)), case, 400, code, beginning)


def test_any_entry_screen_may_be_first(spoken: Tenant) -> None:
    flow = spoken.create("Rooms", flowJson=flow_with_data(), publish=True)
    data = {"guest": "Ines", "nights": 3}

    first = _sent(spoken, flow_message(flow, flowActionPayload={"data": data}))
    named = {"screen": "FIRST_ENTRY_SCREEN", "data": data}
    default = _sent(spoken, flow_message(flow, flowActionPayload=named))
    other = _sent(spoken, flow_message(flow, flowActionPayload={"screen": "SHORT"}))

    assert [_opened(spoken, umid).screen for umid in (first, default, other)] == [
        "WELCOME",
        "WELCOME",
        "SHORT",
    ]


def test_an_endpoint_says_itself_what_is_first(spoken: Tenant) -> None:
    flow = spoken.create("Rooms", flowJson=flow_with_data(endpoint=True))
    exchange = {"flowAction": "data_exchange", "mode": "draft"}

    umid = _sent(spoken, flow_message(flow, **exchange))
    payload = {"flowActionPayload": {"screen": "WELCOME"}}
    refused = _refusal(_send(spoken, flow_message(flow, **exchange, **payload)))

    assert _opened(spoken, umid).action == "data_exchange"
    assert refused[:2] == (400, 1000)
    assert refused[2].startswith("A screen and data go with flowAction")


@pytest.mark.parametrize("state", ["DRAFT", "DEPRECATED"])
def test_a_flow_that_is_not_published_is_not_sent(spoken: Tenant, state: str) -> None:
    flow = spoken.create("Feedback", flowJson=VALID, publish=state == "DEPRECATED")
    if state == "DEPRECATED":
        spoken.http.post(f"{spoken.flows}/{flow}/deprecate")

    refused = _refusal(_send(spoken, flow_message(flow)))

    assert refused[:2] == (400, 1000)
    assert refused[2].startswith(f"Flow is not published: flow {flow} is {state}")


@pytest.mark.parametrize("text", [None, '{"version": "7.3", "screens": []}'])
def test_a_draft_that_no_phone_would_open_is_not_sent(spoken: Tenant, text: str | None) -> None:
    flow = spoken.create("Draft", **({"flowJson": text} if text else {}))

    refused = _refusal(_send(spoken, flow_message(flow, mode="draft")))

    assert refused[:2] == (400, 1000)
    assert flow in refused[2]


def test_a_flow_of_another_channel_is_not_found(spoken: Tenant, other: Tenant) -> None:
    elsewhere = spoken.flows.replace(spoken.channel_id, spoken.new_channel())
    body = {"name": "Flow", "categories": ["OTHER"], "flowJson": VALID, "publish": True}
    own = spoken.http.post(elsewhere, json=body).json()["id"]
    foreign = other.create("Feedback", flowJson=VALID, publish=True)

    for flow in (own, foreign, "1234567890123456", "0\n", "no-number"):
        refused = _refusal(_send(spoken, flow_message(flow)))
        assert refused[:2] == (404, 1300)
        assert refused[2].startswith("Flow not found")


# --- the service window


def test_before_a_person_wrote_only_a_template_is_sent(server: Tenant) -> None:
    flow = server.create("Feedback", flowJson=VALID, publish=True)
    server.http.post(server.templates, json=template("notice"))

    for body in (text_message(), flow_message(flow)):
        refused = _refusal(_send(server, body))
        assert refused[:2] == (400, 1000)
        assert refused[2].startswith("Outside service window")
    _sent(server, template_message("notice"))


@pytest.mark.parametrize(("hours", "open_"), [(23.99, True), (24, False), (48, False)])
def test_24_hours_after_a_person_wrote_the_window_closes(
    spoken: Tenant, hours: float, open_: bool
) -> None:
    with opened(spoken.database_url) as db:
        _wrote_hours_ago(db, spoken, hours)

    response = _send(spoken, text_message())

    assert (response.status_code == 200) is open_
    if not open_:
        assert response.json()["message"].startswith("Outside service window")
        hear(spoken)
        _sent(spoken, text_message())


def _wrote_hours_ago(db: Any, tenant: Tenant, hours: float) -> None:
    conversations = db.read_now(store.conversations_of, tenant.account_id, tenant.channel_id)
    (conversation,) = (each for each in conversations if each.msisdn == PERSON)
    at = conversation.last_inbound_at - int(hours * 3600 * 1000)
    db.run_now(store.note_inbound, conversation, at, "")


def test_what_a_business_sends_opens_no_window(server: Tenant) -> None:
    server.http.post(server.templates, json=template("notice"))
    _sent(server, template_message("notice"))

    assert _send(server, text_message()).status_code == 400


# --- how far a message came


def test_a_message_is_shown_with_its_content_covered(spoken: Tenant) -> None:
    umid = _sent(spoken, text_message(clientMessageId="order-17"))
    with opened(spoken.database_url) as db:
        db.run_now(messaging.set_receipt, spoken.account_id, umid, "delivered")

    for spelling in (umid, umid.upper()):
        [shown] = spoken.http.get(f"{spoken.messages}/{spelling}").json()["data"]

    times = shown.pop("createdAt"), shown["status"].pop("timestamp")
    assert all(_TIMESTAMP.fullmatch(time) for time in times)
    assert shown == {
        "umid": umid,
        "subAccountId": spoken.sub_account_id,
        "channel": "WhatsApp",
        "channelId": spoken.channel_id,
        "direction": "outbound",
        "status": {"state": "delivered"},
        "user": {"msisdn": "+658123xxxx"},
        "contentType": "Text",
        "content": "**MASKED**",
        "clientMessageId": "order-17",
        "step": 1,
    }


def test_a_message_that_is_not_there_is_not_found(spoken: Tenant) -> None:
    unknown = spoken.http.get(f"{spoken.messages}/{uuid.uuid4()}")
    malformed = spoken.http.get(f"{spoken.messages}/17")

    assert _refusal(unknown)[:2] == (404, 1300)
    assert _refusal(malformed)[:2] == (400, 1000)


# --- who may send


def test_a_key_limited_to_sub_accounts_reaches_no_other(spoken: Tenant) -> None:
    with opened(spoken.database_url) as db:
        channel = db.run_now(accounts.create_channel, spoken.account_id, "Another").id
        db.run_now(sub_accounts.create_sub_account, spoken.account_id, "second", channel)
    umid = _sent(spoken, text_message())
    with client(spoken.url, spoken.new_key(sub_account_ids=["second"])) as limited:
        taken = limited.post(spoken.messages, json=text_message())
        missing = limited.post("/api/v1/subaccounts/third/messages", json=text_message())
        seen = limited.get(f"{spoken.messages}/{umid}")
        own = limited.post("/api/v1/subaccounts/second/messages", json=text_message())
        flows = limited.get(spoken.flows)

    for refused in (taken, missing, seen):
        assert _refusal(refused)[:2] == (401, 1001)
    assert _refusal(own)[2].startswith("Outside service window")
    assert _refusal(flows)[:2] == (403, 1201)


def test_a_key_limited_to_a_channel_sends_through_no_other(spoken: Tenant) -> None:
    key = spoken.new_key(channel_ids=[spoken.new_channel()])
    with client(spoken.url, key) as limited:
        assert _refusal(limited.post(spoken.messages, json=text_message()))[:2] == (401, 1001)


def test_a_sub_account_sees_its_own_messages_only(spoken: Tenant) -> None:
    with opened(spoken.database_url) as db:
        db.run_now(sub_accounts.create_sub_account, spoken.account_id, "second", spoken.channel_id)
    umid = _sent(spoken, text_message())

    seen = spoken.http.get(f"/api/v1/subaccounts/second/messages/{umid}")

    assert _refusal(seen)[:2] == (404, 1300)


def test_sending_is_not_held_to_the_limit_of_flow_configuration(spoken: Tenant) -> None:
    for _ in range(3):
        _sent(spoken, text_message())
    with opened(spoken.database_url) as db:
        used = db.read_now(
            lambda tx: tx.all(
                "SELECT used FROM rate_limits WHERE account_id = ?", spoken.account_id
            )
        )
    assert used == []
