"""`waflows_server`: a flow is sent, the user played, and the webhook received."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from pathlib import Path

import httpx2
import pytest
from harness.phones import GESTURES

from waflows.testing import Loop, LoopError
from waflows.testing.receiver import Receiver

pytest_plugins = ["pytester"]

FEEDBACK = json.dumps(
    {
        "version": "7.1",
        "screens": [
            {
                "id": "FEEDBACK",
                "title": "Feedback",
                "terminal": True,
                "layout": {
                    "type": "SingleColumnLayout",
                    "children": [
                        {"type": "TextInput", "name": "name", "label": "Name", "required": True},
                        {
                            "type": "Footer",
                            "label": "Send",
                            "on-click-action": {
                                "name": "complete",
                                "payload": {"name": "${form.name}"},
                            },
                        },
                    ],
                },
            }
        ],
    }
)


def test_a_flow_goes_the_whole_loop(waflows_server: Loop) -> None:
    loop = waflows_server
    flow = json.loads(FEEDBACK)
    [screen] = flow["screens"]
    screen["data"] = {"shop": {"type": "string", "__example__": "Porto"}}
    screen["layout"]["children"].insert(0, {"type": "TextBody", "text": "${data.shop}"})
    umid = loop.send(flow, to="+12025550145", data={"shop": "Braga"})

    loop.phone.fill("Name", "Ines")
    assert "Braga" in loop.phone.text
    loop.phone.tap("Send")

    webhook = loop.webhook()
    assert webhook.response["name"] == loop.phone.response["name"] == "Ines"
    assert webhook.payload["replyToUmid"] == umid
    assert webhook.payload["user"]["msisdn"] == "+12025550145"
    [kept] = loop.client.submissions()
    assert (kept.message_umid, kept.fields) == (umid, {"name": "Ines"})


def test_receipts_come_in_order(waflows_server: Loop) -> None:
    waflows_server.send(FEEDBACK)
    waflows_server.phone.look()

    receipts = [waflows_server.webhook("outbound_message_status_changed") for _ in range(3)]
    states = [each.payload["status"]["state"] for each in receipts]
    assert states == ["sent", "delivered", "read"]


def test_a_flow_can_be_a_file_beside_the_test_a_document_or_an_id(
    waflows_server: Loop, tmp_path: Path
) -> None:
    loop = waflows_server
    loop.folder = tmp_path
    (tmp_path / "feedback.json").write_text(FEEDBACK, "utf-8")
    flow_id = loop.publish(Path("feedback.json"))

    for flow in (flow_id, "feedback.json", json.loads(FEEDBACK)):
        loop.send(flow)
        loop.phone.fill("Name", "Ines").submit()
        assert loop.webhook().response["name"] == "Ines"


def test_many_users_answer_and_each_webhook_is_given_once(waflows_server: Loop) -> None:
    loop = waflows_server
    flow_id = loop.publish(FEEDBACK)
    numbers = [f"+1202555010{digit}" for digit in range(3)]
    for number in numbers:
        loop.send(flow_id, to=number)
    for number in reversed(numbers):
        loop.phone_of(number).fill("Name", number).submit()

    told = [loop.webhook().response["name"] for _ in numbers]
    assert sorted(told) == numbers
    with pytest.raises(LoopError, match=r"came within 0\.1 s. There came: "):
        loop.webhook(timeout=0.1)


def test_what_cannot_be_done_is_told_with_the_screen(waflows_server: Loop) -> None:
    waflows_server.send(GESTURES)

    with pytest.raises(LoopError, match=r"no text field 'Nmae'(.|\n)*Your visit"):
        waflows_server.phone.fill("Nmae", "Ines")
    with pytest.raises(LoopError, match=r"'Name' is required"):
        waflows_server.phone.tap("Continue")
    with pytest.raises(LoopError, match="not finished"):
        _ = waflows_server.phone.response


def test_faults_of_a_flow_are_told_when_it_is_sent(waflows_server: Loop) -> None:
    with pytest.raises(LoopError, match="The Flow JSON has errors:\n  line 1: "):
        waflows_server.send('{"version": "7.1"}')


def test_each_test_has_an_account_of_its_own(waflows_server: Loop) -> None:
    assert list(waflows_server.client.flows()) == []
    assert waflows_server.receiver.received == []


def test_the_receiver_refuses_what_is_not_signed_and_keeps_an_event_once() -> None:
    receiver = Receiver()
    key = b"a key of thirty-two bytes, no less"
    receiver.secrets.append("whsec_" + base64.b64encode(key).decode())
    at, body = str(int(time.time())), b'{"eventType": "x"}'
    mac = hmac.new(key, f"e1.{at}.".encode() + body, hashlib.sha256).digest()
    headers = {
        "webhook-id": "e1",
        "webhook-timestamp": at,
        "webhook-signature": "v1,AAAA v1," + base64.b64encode(mac).decode(),
    }
    try:
        with httpx2.Client(trust_env=False) as http:
            for _ in range(2):
                assert http.post(receiver.url, content=body, headers=headers).status_code == 200
            forged = http.post(receiver.url, content=body + b" ", headers=headers)
            bare = http.post(receiver.url, content=body)
        assert (forged.status_code, bare.status_code) == (401, 401)
        assert [each.event_type for each in receiver.received] == ["x"]
        assert len(receiver.refused) == 2
    finally:
        receiver.close()


def test_the_fixture_works_in_a_project_of_its_own_and_under_xdist(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Other plugins that happen to be installed take seconds to load, three times.
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    pytester.path.joinpath("feedback.json").write_text(FEEDBACK, "utf-8")
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.parametrize("name", ["Ines", "Rui"])
        def test_a_visitor_is_heard(waflows_server, name):
            waflows_server.send("feedback.json", to="+12025550123", button="Tell us")
            waflows_server.phone.fill("Name", name).tap("Send")
            webhook = waflows_server.webhook()
            assert webhook.response["name"] == name
        """
    )
    plugins = ("-p", "xdist", "-p", "waflows.testing.plugin")
    result = pytester.runpytest_subprocess(*plugins, "-n", "2")
    result.assert_outcomes(passed=2)
