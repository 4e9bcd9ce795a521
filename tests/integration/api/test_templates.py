"""Message templates over HTTP: registering, listing, removing, and sending what they say."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest
from harness.flow_json import VALID
from harness.messages import (
    flow_button,
    flow_with_data,
    template,
    template_message,
)
from harness.servers import Tenant, opened

from waflows.services.messages import conversations
from waflows.storage import messages as store


def _register(tenant: Tenant, body: dict[str, Any]) -> httpx2.Response:
    return tenant.http.post(tenant.templates, json=body)


def _listed(tenant: Tenant) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = tenant.http.get(tenant.templates).json()["templates"]
    return found


def _send(tenant: Tenant, body: dict[str, Any]) -> httpx2.Response:
    return tenant.http.post(tenant.messages, json=body)


def _sent(tenant: Tenant, body: dict[str, Any]) -> store.Message:
    response = _send(tenant, body)
    assert response.status_code == 200, response.text
    with opened(tenant.database_url) as db:
        message = db.read_now(store.find, tenant.account_id, response.json()["umid"])
    assert message is not None
    return message


def _assert_refused(
    response: httpx2.Response, case: str, status: int, code: int, beginning: str
) -> None:
    body = response.json()
    assert (response.status_code, body["code"]) == (status, code), (case, body)
    assert body["message"].startswith(beginning), (case, body)


def _texts(*texts: str, kind: str = "body") -> dict[str, Any]:
    return {"type": kind, "parameters": [{"type": "text", "text": text} for text in texts]}


def _flow_parameter(index: Any = 0, **more: Any) -> dict[str, Any]:
    return {
        "type": "button",
        "subType": "flow",
        "index": index,
        "parameters": [{"type": "action", **more}],
    }


# --- registering


def test_a_template_with_a_flow_button_is_registered_and_listed(server: Tenant) -> None:
    flow = server.create("Feedback", flowJson=VALID, publish=True)
    body = template("visit", flow_button(flow, flowAction="navigate", navigateScreen="ONLY"))
    body["components"] += [
        {"type": "header", "format": "TEXT", "text": "Hi {{1}}", "examples": ["Ines"]},
        {"type": "Footer", "text": "Harbour Café"},
    ]

    registered = _register(server, body)

    assert (registered.status_code, registered.json()) == (200, {})
    [shown] = _listed(server)
    assert shown.pop("createdAt") == shown.pop("updatedAt")
    assert shown == {
        "channelId": server.channel_id,
        "channelName": "Channel",
        "templateName": "visit",
        "language": "en",
        "languageName": "English",
        "components": [
            {"type": "BODY", "text": "We are open."},
            {
                "type": "BUTTONS",
                "buttons": [
                    {
                        "type": "FLOW",
                        "text": "Tell us",
                        "flowId": flow,
                        "flowAction": "navigate",
                        "navigateScreen": "ONLY",
                    }
                ],
            },
            {
                "type": "HEADER",
                "format": "Text",
                "text": "Hi {{1}}",
                "example": {"headerText": ["Ines"]},
            },
            {"type": "FOOTER", "text": "Harbour Café"},
        ],
        "category": "UTILITY",
        "categoryName": "Utility",
        "status": "APPROVED",
        "statusName": "Approved",
    }


def test_a_name_is_taken_once_for_each_language(server: Tenant) -> None:
    assert _register(server, template("notice")).status_code == 200

    again = _register(server, template("notice"))
    other = _register(server, template("notice", language="pt_BR"))

    _assert_refused(again, "again", 400, 1000, "The channel already has a template notice in en")
    assert other.status_code == 200
    assert [each["language"] for each in _listed(server)] == ["en", "pt_BR"]


def test_a_removed_template_is_gone_in_every_language_and_its_name_is_free(server: Tenant) -> None:
    for language in ("en", "pt_BR"):
        _register(server, template("notice", language=language))

    removed = server.http.delete(f"{server.templates}/notice")

    assert (removed.status_code, removed.json()) == (200, {})
    assert _listed(server) == []
    again = server.http.delete(f"{server.templates}/notice")
    _assert_refused(again, "again", 404, 1300, "Template not found")
    _assert_refused(_send(server, template_message("notice")), "send", 400, 3038, "Template not")
    assert _register(server, template("notice")).status_code == 200


_BODY = {"type": "BODY", "text": "We are open."}


def _with(*components: dict[str, Any]) -> dict[str, Any]:
    return template("notice", components=list(components))


def _with_button(**button: Any) -> dict[str, Any]:
    return template("notice", {"type": "URL", "text": "Go", "url": "https://x.org"} | button)


_NOT_REGISTERED: dict[str, tuple[dict[str, Any], int, int, str]] = {
    "no language": ({"name": "a", "category": "UTILITY", "components": []}, 400, 3036, "language"),
    "empty language": (template("a", language=""), 400, 3036, "The language of a template is"),
    "odd language": (template("a", language="xx"), 400, 3037, "Language 'xx' is not"),
    "empty name": (template(""), 400, 3031, "The name of a template must be 1 to 200"),
    "long name": (template("a" * 201), 400, 3031, "The name of a template must be 1 to 200"),
    "odd name": (template("a b"), 400, 3032, "The name of a template must be letters"),
    "category": (template("a", category="NEWS"), 400, 1000, "category must be one of"),
    "nothing": (_with(), 400, 3030, "components must include a BODY"),
    "no components": (template("a", components=None), 400, 3030, "components must be a list"),
    "no body": (_with({"type": "FOOTER", "text": "x"}), 400, 3034, "A template has one BODY"),
    "two bodies": (_with(_BODY, _BODY), 400, 3034, "A template has one BODY"),
    "unknown component": (_with({"type": "TAIL"}), 400, 3039, "A component's type must be"),
    "carousel": (_with(_BODY, {"type": "carousel"}), 501, 2001, "Template components of type"),
    "empty body": (_with({"type": "BODY", "text": " "}), 400, 3005, "The text of the BODY is"),
    "long body": (template("a", body="x" * 1025), 400, 1010, "The text of the BODY is 1025"),
    "a gap": (template("a", body="{{1}} {{3}}"), 400, 1000, "The placeholders of the BODY"),
    "long header": (_with(_BODY, {"type": "HEADER", "text": "x" * 61}), 400, 1010, "The text of"),
    "odd header": (_with(_BODY, {"type": "HEADER", "format": "Song"}), 400, 1000, "format must"),
    "gif": (_with(_BODY, {"type": "HEADER", "format": "gif"}), 501, 2001, "Headers of format Gif"),
    "footer": (_with(_BODY, {"type": "FOOTER", "text": "{{1}}"}), 400, 1000, "The FOOTER may have"),
    "no buttons": (_with(_BODY, {"type": "BUTTONS"}), 400, 1010, "BUTTONS must have 1 to 10"),
    "button text": (_with_button(text="x" * 26), 400, 1010, "The text of a button is 26"),
    "no button text": (_with_button(text=""), 400, 3005, "The text of a button is required"),
    "button url": (_with_button(url="x"), 400, 1000, "A URL button needs url"),
    "phone": (_with_button(type="PHONE_NUMBER"), 400, 1000, "A PHONE_NUMBER button needs"),
    "button type": (_with_button(type="PRINT"), 400, 1000, "A button's type must be one of"),
    "otp": (_with_button(type="OTP"), 501, 2001, "Buttons of type OTP are not supported"),
    "no flow": (_with_button(type="FLOW"), 400, 1000, "A FLOW button needs flowId"),
    "unknown flow": (_with_button(type="FLOW", flowId="1"), 400, 1008, "flowId '1' is not the id"),
    "odd flow": (_with_button(type="FLOW", flowId="a/b"), 400, 1008, "flowId 'a"),
    "null flow": (_with_button(type="FLOW", flowId="a\0"), 400, 1000, "components[1].buttons"),
    "flow action": (_with_button(flowAction="x"), 400, 1000, "flowAction must be one of"),
}  # fmt: skip


def test_a_template_that_is_not_valid_is_refused_with_its_code(server: Tenant) -> None:
    for case, (body, status, code, beginning) in _NOT_REGISTERED.items():
        _assert_refused(_register(server, body), case, status, code, beginning)
    assert _listed(server) == []


def test_a_flow_button_needs_a_flow_of_the_channel_and_a_way_into_it(
    server: Tenant, other: Tenant
) -> None:
    foreign = other.create("Feedback", flowJson=VALID, publish=True)
    own = server.create("Rooms", flowJson=flow_with_data(), publish=True)
    gone = server.create("Gone", flowJson=VALID, publish=True)
    server.http.post(f"{server.flows}/{gone}/deprecate")
    cases = {
        "foreign": (flow_button(foreign), 1008, f"flowId '{foreign}' is not the id of a flow"),
        "deprecated": (flow_button(gone), 1008, f"Flow {gone} is DEPRECATED"),
        "screen": (flow_button(own, navigateScreen="LAST"), 1000, "screen 'LAST' is not an entry"),
        "exchange": (flow_button(own, flowAction="data_exchange"), 1000, "flowAction"),
        "two": (flow_button(own), 3034, "A template has one FLOW button at most"),
    }
    for case, (button, code, beginning) in cases.items():
        buttons = [button, button] if case == "two" else [button]
        _assert_refused(_register(server, template("a", *buttons)), case, 400, code, beginning)


# --- sending


def test_a_template_is_sent_with_its_placeholders_filled_in(server: Tenant) -> None:
    flow = server.create("Rooms", flowJson=flow_with_data(), publish=True)
    body = template(
        "visit",
        {"type": "QUICK_REPLY", "text": "Later"},
        flow_button(flow),
        body="{{1}}, room {{2}} is ready. Bye {{1}}!",
    )
    body["components"] += [{"type": "HEADER", "text": "For {{1}}"}, {"type": "FOOTER", "text": "."}]
    _register(server, body)
    data = {"guest": "Ines", "nights": 2}

    message = _sent(
        server,
        template_message(
            "visit",
            _texts("Ines", kind="Header"),
            _texts("Ines", "7 {{1}}"),
            _flow_parameter("1", flowToken="mine", flowActionData={"data": data}),
        ),
    )

    bubble = message.bubble
    assert (message.kind, bubble.template) == ("template", "visit")
    assert bubble.header == store.Header("text", "For Ines")
    assert bubble.body == "Ines, room 7 {{1}} is ready. Bye Ines!"
    assert (bubble.footer, bubble.button) == (".", "Tell us")
    assert message.flow == store.SentFlow(
        id=flow, revision=1, token="mine", action="navigate", screen="WELCOME", data=data
    )


def test_a_flow_button_without_parameters_gets_a_token_and_the_templates_screen(
    server: Tenant,
) -> None:
    flow = server.create("Rooms", flowJson=flow_with_data(), publish=True)
    _register(server, template("visit", flow_button(flow, navigateScreen="SHORT")))

    for components in ([], [_flow_parameter()]):
        message = _sent(server, template_message("visit", *components))
        with opened(server.database_url) as db:
            ready = db.read_now(conversations.opened_flow, server.account_id, message.umid)
        assert ready.screen == "SHORT"
        assert ready.flow_token.startswith("wft1_")


def test_a_header_that_is_a_picture_needs_one(server: Tenant) -> None:
    _register(server, _with(_BODY, {"type": "HEADER", "format": "IMAGE"}))

    def header(kind: str, **more: Any) -> dict[str, Any]:
        return {"type": "header", "parameters": [{"type": kind, **more}]}

    link = "https://example.org/cat.png"
    message = _sent(server, template_message("notice", header("image", url=link)))
    assert message.bubble.header == store.Header("image", link=link)
    cases = {
        "missing": ([], 3040, "The template's header needs a parameter of type image"),
        "video": (
            [header("video", url=link)],
            3042,
            "The template's header takes one",
        ),
        "no url": ([header("image")], 3007, "The header parameter.image.link is required"),
        "bad url": ([header("image", url="cat.png")], 3008, "The header parameter.image.link must"),
    }
    for case, (components, code, beginning) in cases.items():
        body = template_message("notice", *components)
        _assert_refused(_send(server, body), case, 400, code, beginning)


def test_parameters_that_do_not_fit_the_template_are_refused_with_their_code(
    server: Tenant,
) -> None:
    flow = server.create("Feedback", flowJson=VALID, publish=True)
    _register(server, template("plain", body="Hello {{1}}"))
    _register(server, template("visit", flow_button(flow)))
    hello = _texts("Ines")
    no_text = {"type": "body", "parameters": [{"type": "payload", "payload": "x"}]}
    action = _flow_parameter()
    cases: dict[str, tuple[str, list[dict[str, Any]], int, int, str]] = {
        "no name": ("", [], 400, 3030, "content.template.name is required"),
        "odd name": ("a b", [], 400, 3032, "The name of a template must be letters"),
        "unknown": ("nowhere", [], 400, 3038, "Template not found"),
        "none": ("plain", [], 400, 3040, "The template's body has placeholders for 1"),
        "many": ("plain", [_texts("a", "b")], 400, 3033, "The template's body has placeholders"),
        "unwanted": ("visit", [hello], 400, 3033, "The template's body has placeholders"),
        "kind": ("plain", [no_text], 400, 3042, "A placeholder takes a parameter of type text"),
        "long": ("plain", [_texts("x" * 1025)], 400, 3043, "A parameter of the body may have"),
        "twice": ("plain", [hello, hello], 400, 3034, "There is more than one body component"),
        "footer": ("plain", [_texts("a", kind="footer")], 400, 3033, "The footer of a template"),
        "component": ("plain", [_texts("a", kind="tail")], 400, 3039, "A component's type must"),
        "carousel": ("plain", [{"type": "carousel"}], 501, 2001, "Template components of type"),
        "no button": ("plain", [hello, action], 400, 3049, "Template plain has no flow button"),
        "index": ("visit", [_flow_parameter(1)], 400, 3053, "The flow button of template visit"),
        "odd index": ("visit", [_flow_parameter("x")], 400, 3053, "index must be a number"),
        "sub-type": ("visit", [action | {"subType": "Song"}], 400, 3052, "The subType of a"),
        "no sub-type": ("visit", [action | {"subType": None}], 400, 3052, "The subType of a"),
        "url": ("visit", [action | {"subType": "url"}], 501, 2001, "Parameters for a url button"),
        "no action": ("visit", [action | {"parameters": []}], 400, 3040, "A flow button needs"),
        "two": ("visit", [action | {"parameters": [{}, {}]}], 400, 3033, "A flow button takes"),
        "text": ("visit", [_texts("a") | {"type": "button", "subType": "flow"}], 400, 3042, "A fl"),
        "data": (
            "visit", [_flow_parameter(flowActionData={"data": {"x": 1}})],
            400, 1000, "The data does not fit the data model of screen ONLY: data.x is not",
        ),
    }  # fmt: skip

    for case, (name, components, status, code, beginning) in cases.items():
        body = template_message(name, *components)
        _assert_refused(_send(server, body), case, status, code, beginning)
    for language, code in (("", 3036), ("xx", 3037), ("fr", 3038)):
        response = _send(server, template_message("plain", hello, language=language))
        assert response.json()["code"] == code, language


# --- templates and the life of their flow


def test_a_draft_on_a_template_is_neither_deleted_nor_sent(server: Tenant) -> None:
    flow = server.create("Feedback", flowJson=VALID)
    for name in ("visit", "again"):
        _register(server, template(name, flow_button(flow)))

    deleted = server.http.delete(f"{server.flows}/{flow}")
    by_guide = server.http.delete(f"{server.guide_flows}/{flow}")
    sent = _send(server, template_message("visit"))

    told = f"Flow {flow} cannot be deleted while a template has it on a button. Delete first:"
    _assert_refused(deleted, "reference", 400, 1000, f"{told} again, visit.")
    _assert_refused(by_guide, "guide", 409, 1000, f"{told} again, visit.")
    _assert_refused(sent, "sent", 400, 1000, "Flow is not published")
    for name in ("visit", "again"):
        server.http.delete(f"{server.templates}/{name}")
    assert server.http.delete(f"{server.flows}/{flow}").status_code == 200


def test_a_deprecated_flow_is_not_sent_by_its_template(server: Tenant) -> None:
    flow = server.create("Feedback", flowJson=VALID, publish=True)
    _register(server, template("visit", flow_button(flow)))
    assert server.http.post(f"{server.flows}/{flow}/deprecate").status_code == 200

    refused = _send(server, template_message("visit"))

    _assert_refused(refused, "sent", 400, 1000, f"Flow is not published: flow {flow} is DEPRECATED")


@pytest.mark.parametrize("owner", ["another channel", "another tenant"])
def test_a_template_is_sent_through_its_own_channel_only(
    server: Tenant, other: Tenant, owner: str
) -> None:
    if owner == "another tenant":
        _register(other, template("notice"))
    else:
        elsewhere = server.templates.replace(server.channel_id, server.new_channel())
        server.http.post(elsewhere, json=template("notice"))

    _assert_refused(_send(server, template_message("notice")), owner, 400, 3038, "Template not")
