"""The simulated phone over HTTP: what it shows, what is done on it, and what that leads to."""

from __future__ import annotations

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2
import pytest
from harness.contents import rows_of
from harness.phones import GESTURES, SOMEBODY, done, flow_message, phone_path, sent
from harness.servers import Tenant, client, opened

from waflows.services.submissions import submissions
from waflows.storage.submissions import Selection


class Phone:
    """A phone of a tenant's channel, over HTTP."""

    def __init__(self, tenant: Tenant, msisdn: str = SOMEBODY) -> None:
        self._http = tenant.http
        self._path = phone_path(tenant, msisdn)

    def get(self, what: str) -> httpx2.Response:
        return self._http.get(f"{self._path}/{what}")

    def post(self, what: str, **body: Any) -> httpx2.Response:
        bodyless = what in {"look", "submit", "back", "close"}
        return self._http.post(f"{self._path}/{what}", json=None if bodyless else body)

    def do(self, what: str, **body: Any) -> Any:
        return done(self.post(what, **body))

    def chat(self) -> list[Any]:
        found: list[Any] = done(self.get("messages"))["messages"]
        return found


@pytest.fixture
def phone(server: Tenant) -> Phone:
    return Phone(server)


def refused(response: httpx2.Response, *, status: int = 400) -> str:
    assert response.status_code == status, response.text
    message: str = response.json()["message"]
    return message


def test_a_flow_is_played_by_label_from_its_message_to_its_answer(
    server: Tenant, phone: Phone
) -> None:
    umid = sent(server)

    opened_ = phone.do("open")
    assert (opened_["messageUmid"], opened_["screen"], opened_["phase"]) == (
        umid,
        "DETAILS",
        "open",
    )
    phone.do("fill", label="Name", value="Ines")
    phone.do("choose", label="Extras", items=["Bed", "parking"])
    phone.do("unchoose", label="Extras", items=["Bed"])
    phone.do("check", label="Send me news")
    phone.do("uncheck", label="Send me news")
    phone.do("pick", label="Arrival", date="2030-05-04")
    assert "Name: [Ines]" in done(phone.get("screen"))["text"]
    assert phone.do("tap", label="Continue")["title"] == "Your papers"
    phone.do("upload", label="Papers", files=["passport.pdf"])
    finished = phone.do("submit")

    response = finished["response"]
    assert finished["phase"] == "completed"
    assert (response["name"], response["extras"], response["day"]) == (
        "Ines",
        ["parking"],
        "2030-05-04",
    )
    assert response["papers"][0]["file_name"] == "passport.pdf"
    asked, answer = phone.chat()[-2:]
    assert asked["flow"]["answerUmid"] == answer["umid"] == finished["answerUmid"]
    assert (answer["direction"], answer["replyToUmid"]) == ("inbound", umid)
    assert json.loads(answer["responseJson"]) == response


def test_the_answer_is_kept_as_a_submission(server: Tenant, phone: Phone) -> None:
    umid = sent(server)
    _finish(phone)

    with opened(server.database_url) as db:
        page = db.read_now(submissions.list_page, server.account_id, Selection(), None, 10)
    [kept] = page.submissions
    assert (kept.message_umid, kept.msisdn, kept.fields["name"]) == (umid, SOMEBODY, "Ines")


def test_a_message_is_delivered_at_once_and_read_when_the_chat_is_looked_at(
    server: Tenant, phone: Phone
) -> None:
    sent(server)

    assert phone.chat()[-1]["state"] == "delivered"
    assert phone.chat()[-1]["state"] == "delivered", "listing the chat is not looking at it"
    assert phone.do("look")["messages"][-1]["state"] == "read"


@pytest.mark.parametrize("gesture", ["say", "open"])
def test_writing_and_opening_read_what_came_before(
    server: Tenant, phone: Phone, gesture: str
) -> None:
    umid = sent(server)
    phone.do(gesture, **({"text": "Yes?"} if gesture == "say" else {}))

    states = {each["umid"]: each["state"] for each in phone.chat()}
    assert states[umid] == "read"


def test_what_the_screen_does_not_have_is_told_with_what_it_has(
    server: Tenant, phone: Phone
) -> None:
    sent(server)
    phone.do("open")

    message = refused(phone.post("fill", label="Surname", value="x"))
    assert message == ("The screen has no text field 'Surname'; it has 'Name'.")
    assert "has no item 'Pool'; it has 'Bed', 'Parking'." in refused(
        phone.post("choose", label="Extras", items=["Pool"])
    )
    assert "called 'Buy' to tap" in refused(phone.post("tap", label="Buy"))


def test_gestures_of_one_request_are_done_wholly_or_not_at_all(
    server: Tenant, phone: Phone
) -> None:
    sent(server)
    phone.do("open")
    before = done(phone.get("screen"))

    refused(phone.post("choose", label="Extras", items=["Bed", "Pool"]))

    assert done(phone.get("screen")) == before


def test_a_button_that_waits_for_something_is_refused_with_the_reason(
    server: Tenant, phone: Phone
) -> None:
    sent(server)
    phone.do("open")

    assert refused(phone.post("submit")) == "The button is disabled. 'Name' is required."


def test_back_on_the_first_screen_closes_the_flow_and_it_can_be_opened_again(
    server: Tenant, phone: Phone
) -> None:
    sent(server)
    phone.do("open")
    phone.do("fill", label="Name", value="Ines")
    assert phone.do("tap", label="Continue")["screen"] == "PHOTOS"
    assert phone.do("back")["screen"] == "DETAILS"
    assert phone.do("back")["phase"] == "closed"

    assert "The flow is closed" in refused(phone.post("fill", label="Name", value="Rui"))
    assert "Name: []" in phone.do("open")["text"]
    assert phone.do("close")["phase"] == "closed"
    assert phone.chat()[-1]["direction"] == "outbound", "closing answers nothing"


def test_a_finished_flow_is_not_opened_again(server: Tenant, phone: Phone) -> None:
    umid = sent(server)
    _finish(phone)

    assert "was already completed" in refused(phone.post("open", umid=umid))
    assert "no message with a flow to open" in refused(phone.post("open"), status=404)
    assert "The flow is completed" in refused(phone.post("fill", label="Name", value="Rui"))


def test_the_newest_unfinished_message_is_opened_unless_one_is_named(
    server: Tenant, phone: Phone
) -> None:
    first, second = sent(server), sent(server)

    assert phone.do("open")["messageUmid"] == second
    assert phone.do("open", umid=first)["messageUmid"] == first
    phone.do("fill", label="Name", value="Ines")
    phone.do("submit")
    phone.do("submit")
    assert phone.do("open")["messageUmid"] == second


@pytest.mark.parametrize("what", ["screen", "submit", "open"])
def test_a_phone_without_a_flow_says_so(phone: Phone, what: str) -> None:
    response = phone.get(what) if what == "screen" else phone.post(what)

    assert "flow" in refused(response, status=404)


def test_a_message_of_another_user_is_not_opened(server: Tenant, phone: Phone) -> None:
    umid = sent(server)

    other = Phone(server, "+12025550199")
    assert "the chat has no message" in refused(other.post("open", umid=umid), status=404)


@pytest.mark.parametrize("number", ["nobody", "+12", "12025550123x", "%2B0123456789"])
def test_a_number_that_is_none_is_refused(server: Tenant, number: str) -> None:
    response = server.http.get(f"{phone_path(server, number)}/messages")

    assert "E.164" in refused(response)


@pytest.mark.parametrize(
    "name", ["x" * 101, "two\nlines", "a\1b"], ids=["long", "lines", "control"]
)
def test_a_name_that_cannot_be_shown_is_refused(phone: Phone, name: str) -> None:
    message = refused(phone.post("say", text="Hello", name=name))

    assert message == "name must be at most 100 printable characters."
    assert phone.chat() == []


def test_an_endpoint_that_cannot_be_reached_is_told_on_the_screen(
    server: Tenant, phone: Phone
) -> None:
    flow = json.loads(GESTURES)
    flow |= {"data_api_version": "3.0", "routing_model": {"DETAILS": ["PHOTOS"], "PHOTOS": []}}
    footer = flow["screens"][0]["layout"]["children"][-1]
    footer["on-click-action"] = {"name": "data_exchange", "payload": {"name": "${form.name}"}}
    phone.do("say", text="Hello")
    made = server.create("Draft", flowJson=json.dumps(flow), endPointUri="http://127.0.0.1:9/")
    body = flow_message(server, made)
    body["content"]["interactive"]["action"]["parameters"]["mode"] = "draft"
    done(server.http.post(server.messages, json=body))
    phone.do("open")
    phone.do("fill", label="Name", value="Ines")

    tapped = phone.do("tap", label="Continue")

    assert (tapped["screen"], tapped["phase"]) == ("DETAILS", "open")
    assert tapped["view"]["snackbar"]
    assert "Name: [Ines]" in tapped["text"]


def test_a_number_is_the_same_with_and_without_its_plus_sign(server: Tenant) -> None:
    sent(server)

    for number in ("+12025550123", "12025550123", "%2B12025550123"):
        assert len(Phone(server, number).chat()) == 2, number


def test_of_two_steps_at_once_one_is_kept_or_both_in_a_row(server: Tenant, phone: Phone) -> None:
    sent(server)
    phone.do("open")
    phone.do("fill", label="Name", value="Ines")
    phone.do("submit")

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: phone.post("submit"), range(4)))

    good = [each.json() for each in answers if each.status_code == 200]
    assert len(good) == 1
    for each in answers:
        if each.status_code == 409:
            assert "has changed since" in refused(each, status=409)
        elif each.status_code != 200:
            assert "completed" in refused(each)
    assert [each["direction"] for each in phone.chat()].count("inbound") == 2


def test_what_a_person_typed_is_forgotten_with_the_person(server: Tenant, phone: Phone) -> None:
    sent(server)
    phone.do("open")
    phone.do("fill", label="Name", value="Ines Somebody")

    forgotten = server.http.delete(
        f"/api/v1/accounts/{server.account_id}/submissions", params={"msisdn": SOMEBODY}
    )

    assert forgotten.status_code == 200
    assert "open one first" in refused(phone.get("screen"), status=404)
    with opened(server.database_url) as db:
        assert "Ines Somebody" not in repr(rows_of(db, server.account_id))


def test_a_flow_of_many_megabytes_is_played_while_others_are_served(
    server: Tenant, phone: Phone
) -> None:
    document = json.loads(GESTURES)
    document["screens"][0]["layout"]["children"].insert(0, {"type": "TextBody", "text": "x" * 4000})
    text = json.dumps(document) + " " * 5_000_000
    sent(server, text)

    async def play_and_ask() -> list[int]:
        async with httpx2.AsyncClient(base_url=server.url, trust_env=False) as http:
            opening = asyncio.create_task(asyncio.to_thread(phone.do, "open"))
            statuses = []
            while not opening.done():
                statuses.append((await http.get("/healthz")).status_code)
            await opening
            return statuses

    assert set(asyncio.run(play_and_ask())) <= {200}
    assert phone.do("fill", label="Name", value="Ines")["phase"] == "open"


def test_more_files_or_items_than_any_component_takes_are_refused_before_any_is_made(
    server: Tenant, phone: Phone
) -> None:
    sent(server)
    phone.do("open")
    for gesture, body, said in (
        ("upload", {"label": "Photos", "files": ["a.png"] * 31}, "files must be a list of at most"),
        ("choose", {"label": "Topics", "items": ["a"] * 201}, "items must be a list of at most"),
    ):
        answer = server.http.post(f"{phone_path(server)}/{gesture}", json=body)
        assert refused(answer, status=400).startswith(said)


def _finish(phone: Phone) -> None:
    phone.do("open")
    phone.do("fill", label="Name", value="Ines")
    phone.do("submit")
    phone.do("submit")


def test_what_happens_to_one_user_at_once_is_done_one_after_the_other(
    server: Tenant, phone: Phone
) -> None:
    sent(server)
    flow = server.create("Again", flowJson=GESTURES, publish=True)

    def send(number: int) -> httpx2.Response:
        with client(server.url, server.api_key) as http:
            if number % 3 == 0:
                return http.post(server.messages, json=flow_message(server, flow))
            what = {1: ("say", {"text": "And?"}), 2: ("open", {})}[number % 3]
            return http.post(f"{phone_path(server)}/{what[0]}", json=what[1])

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(send, range(18)))

    assert {each.status_code for each in answers} == {200}
    chat = phone.chat()
    assert len(chat) == 2 + 12
    phone.do("look")
    assert {each["state"] for each in phone.chat() if each["direction"] == "outbound"} == {"read"}
