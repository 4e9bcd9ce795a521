"""The preview page in a browser: it plays flows, shows what they do, and stays what it is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from harness import axe
from harness.flow_json import valid_flow
from harness.gallery import FLOW, GALLERY, footer, screen
from harness.preview_page import PreviewPage
from harness.servers import Tenant
from playwright.sync_api import Browser, expect

from e2e.conftest import Watched

pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


class Preview(PreviewPage):
    """A page of a browser and the server it plays flows of."""

    def __init__(self, watched: Watched, server: Tenant) -> None:
        super().__init__(watched.page)
        self.watched = watched
        self.server = server

    def play(self, flow_json: str, **query: str) -> str:
        """Opens the preview of a new flow; the flow's id."""
        flow = self.server.create("A <b>flow</b>", flowJson=flow_json)
        self.open(self.link(flow, **query))
        return flow

    def link(self, flow: str, **query: str) -> str:
        """The preview link of a flow with query parameters added."""
        answer = self.server.http.get(f"{self.server.flows}/{flow}/preview").json()
        more = "".join(f"&{name}={quote(value, safe='')}" for name, value in query.items())
        url: str = answer["preview_url"]
        return url + more


@pytest.fixture
def preview(browser: Browser, server: Tenant) -> Iterator[Preview]:
    """A page, wide; at its end it must have stayed on the server and made no error."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    context.set_default_timeout(8000)
    shown = Preview(Watched(context.new_page()), server)
    yield shown
    assert shown.watched.outside(server.url) == []
    assert shown.watched.problems == []
    context.close()


def test_a_flow_is_played_by_hand_to_its_response(preview: Preview) -> None:
    preview.play(GALLERY)
    page = preview.page
    preview.button("Continue").click()
    preview.expect_screen("FIELDS")
    preview.field("Your name").fill("Ines")
    preview.field("I accept the terms").check()
    preview.button("Next").click()
    preview.expect_screen("CHOICES")
    page.get_by_role("radio", name="Afternoon").check()
    page.get_by_role("button", name="Place").click()
    page.get_by_role("option", name="Place 3", exact=False).first.click()
    page.get_by_role("button", name="Music").click()
    page.get_by_role("button", name="Arrival").click()
    page.get_by_role("combobox", name="Year").select_option("2026")
    page.get_by_role("combobox", name="Month").select_option("March")
    page.get_by_role("gridcell", name="10 March 2026").click()
    page.get_by_role("gridcell", name="14 March 2026").click()
    page.get_by_role("button", name="Done").click()
    preview.settle()
    preview.button("Next").click()
    preview.expect_screen("LIST")
    page.get_by_role("button", name="Large").click()
    preview.expect_screen("DOCS")
    page.locator("input[type=file]").set_input_files(
        {"name": "plan.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.4"}
    )
    expect(page.locator(".files .name")).to_have_text("plan.pdf")
    preview.settle()
    preview.button("Send").click()
    preview.until("window.waflowsPreview.screen?.phase === 'completed'")

    expect(page.get_by_role("heading", name="Response sent")).to_be_visible()
    response = json.loads(page.locator("#section-response + *, .card pre").first.inner_text())
    assert response["name"] == "Ines"
    assert response["docs"][0]["file_name"] == "plan.pdf"
    form = preview.state["pages"]["CHOICES"]["form"]
    assert form["stay"] == {"start-date": "2026-03-10", "end-date": "2026-03-14"}
    preview.watched.screenshot("preview-completed")


def test_what_is_wrong_is_said_where_it_is_and_keeps_the_screen(preview: Preview) -> None:
    preview.play(
        json.dumps(
            {
                "version": "7.3",
                "screens": [
                    screen(
                        "ONLY",
                        "Only",
                        [
                            {"type": "TextInput", "name": "mail", "label": "Mail", "required": True,
                             "input-type": "email"},
                            {"type": "Footer", "label": "Send",
                             "on-click-action": {"name": "complete", "payload": {}}},
                        ],
                        terminal=True,
                    )
                ],
            }
        )
    )  # fmt: skip
    expect(preview.button("Send")).to_have_attribute("aria-disabled", "true")
    expect(preview.button("Send")).to_have_accessible_description("'Mail' is required.")
    preview.field("Mail").fill("nobody")
    preview.settle()
    preview.button("Send").click()
    preview.settle()

    expect(preview.field("Mail")).to_have_attribute("aria-invalid", "true")
    expect(preview.field("Mail")).to_have_accessible_description("Enter a valid email address.")
    expect(preview.field("Mail")).to_be_focused()
    assert preview.screen == "ONLY"
    preview.watched.screenshot("preview-error")
    preview.field("Mail").fill("nobody@example.org")
    preview.settle()
    preview.button("Send").click()
    preview.until("window.waflowsPreview.screen?.phase === 'completed'")


def test_typing_keeps_focus_and_caret_while_the_screen_changes(preview: Preview) -> None:
    children: list[dict[str, Any]] = [
        {"type": "TextInput", "name": "word", "label": "Word", "required": True},
        {"type": "TextBody", "text": "`'You wrote ' ${form.word}`"},
        {"type": "If", "condition": "(${form.word} == 'abXc')",
         "then": [{"type": "TextBody", "text": "Found"}]},
        footer("On", "NEXT"),
    ]  # fmt: skip
    end = {"type": "Footer", "label": "E", "on-click-action": {"name": "complete", "payload": {}}}
    screens = [screen("FIRST", "First", children), screen("NEXT", "Next", [end], terminal=True)]
    preview.play(json.dumps({"version": "7.3", "screens": screens}))
    preview.field("Word").focus()
    preview.page.keyboard.type("abc")
    preview.page.keyboard.press("ArrowLeft")
    preview.page.keyboard.type("X")
    preview.settle()

    assert preview.field("Word").input_value() == "abXc"
    expect(preview.field("Word")).to_be_focused()
    assert preview.field("Word").evaluate("field => field.selectionStart") == 3
    expect(preview.page.get_by_text("You wrote abXc")).to_be_visible()
    expect(preview.page.get_by_text("Found")).to_be_visible()


def test_markdown_may_be_bold_italic_and_struck_at_once(preview: Preview) -> None:
    lines = ["~~***all three***~~", "**bold *both***", "**2*3**", "***both* bold**", "******"]
    children = [{"type": "RichText", "text": lines}, footer("On", "NEXT")]
    end = {"type": "Footer", "label": "E", "on-click-action": {"name": "complete", "payload": {}}}
    screens = [screen("FIRST", "First", children), screen("NEXT", "Next", [end], terminal=True)]
    preview.play(json.dumps({"version": "7.3", "screens": screens}))

    drawn = preview.page.locator(".phone p.body").evaluate_all("all => all.map(p => p.innerHTML)")

    assert drawn == [
        "<s><strong><em>all three</em></strong></s>",
        "<strong>bold <em>both</em></strong>",
        "<strong>2*3</strong>",
        "<strong><em>both</em> bold</strong>",
        "******",
    ]


def test_focus_follows_the_screen_and_back_brings_what_was_entered(preview: Preview) -> None:
    preview.play(GALLERY)
    preview.button("Continue").click()
    preview.expect_screen("FIELDS")
    expect(preview.page.get_by_role("heading", name="Fields")).to_be_focused()
    preview.field("Your name").fill("Ines")
    preview.settle()
    preview.button("Back").click()
    preview.expect_screen("WORDS")
    preview.button("Continue").click()
    preview.expect_screen("FIELDS")
    expect(preview.field("Your name")).to_have_value("Ines")


def test_restart_jump_look_and_width_do_what_they_say(preview: Preview) -> None:
    preview.play(GALLERY)
    page = preview.page
    page.get_by_role("combobox", name="Screen").select_option("LIST")
    preview.expect_screen("LIST")
    preview.button("Restart").click()
    preview.expect_screen("WORDS")
    page.get_by_role("combobox", name="Look").select_option("dark")
    assert page.locator(".phone").evaluate("p => getComputedStyle(p).colorScheme") == "dark"
    page.get_by_role("combobox", name="Width").select_option("320")
    assert page.locator(".phone").bounding_box()["width"] == 320  # type: ignore[index]


def test_the_page_follows_the_systems_look(preview: Preview) -> None:
    preview.page.emulate_media(color_scheme="dark")
    preview.play(GALLERY)
    assert preview.page.locator(".phone").get_attribute("data-theme") == "dark"
    preview.page.emulate_media(color_scheme="light")
    expect(preview.page.locator(".phone")).to_have_attribute("data-theme", "light")


def test_leaving_a_form_with_something_in_it_is_asked_first(preview: Preview) -> None:
    preview.play(GALLERY)
    preview.page.get_by_role("combobox", name="Screen").select_option("FIELDS")
    preview.expect_screen("FIELDS")
    preview.field("Your name").fill("Ines")
    preview.settle()
    preview.button("Close").click()
    expect(preview.page.get_by_role("dialog", name="Close this form?")).to_be_visible()
    preview.watched.screenshot("preview-closing")
    preview.page.keyboard.press("Escape")
    assert preview.screen == "FIELDS"
    preview.button("Close").first.click()
    preview.page.get_by_role("dialog").get_by_role("button", name="Close").click()
    preview.until("window.waflowsPreview.screen?.phase === 'closed'")
    expect(preview.page.get_by_role("heading", name="Flow closed")).to_be_visible()


def test_a_link_is_opened_only_after_asking_and_only_where_that_is_safe(preview: Preview) -> None:
    links = [
        {"type": "EmbeddedLink", "text": name, "on-click-action": {"name": "open_url", "url": url}}
        for name, url in (("Good", "https://example.org/a?b"), ("Bad", "javascript:window.hit=1"))
    ]
    end = {"type": "Footer", "label": "E", "on-click-action": {"name": "complete", "payload": {}}}
    only = screen("ONLY", "Only", [*links, end], terminal=True)
    preview.play(json.dumps({"version": "7.3", "screens": [only]}))
    preview.button("Good").click()
    opener = preview.page.get_by_role("dialog").get_by_role("link", name="Open")
    expect(opener).to_have_attribute("href", "https://example.org/a?b")
    expect(opener).to_have_attribute("rel", "noopener noreferrer")
    preview.page.keyboard.press("Escape")
    preview.button("Bad").click()
    expect(preview.page.locator(".toast")).to_have_text(
        "'javascript:window.hit=1' is not a web address."
    )
    assert preview.page.get_by_role("dialog").count() == 0


QUERY_FLOW = json.dumps(
    {
        "version": "7.3",
        "data_api_version": "4.0",
        "routing_model": {"FIRST": ["LAST"], "LAST": []},
        "screens": [
            screen("FIRST", "First", [
                {"type": "TextBody", "text": "${data.word}"},
                {"type": "Footer", "label": "Ask",
                 "on-click-action": {"name": "data_exchange", "payload": {"a": 1}}},
            ], data={"word": {"type": "string", "__example__": "example"}}),
            screen("LAST", "Last", [
                {"type": "TextBody", "text": "${data.word}"},
                {"type": "Footer", "label": "End",
                 "on-click-action": {"name": "complete", "payload": {}}},
            ], data={"word": {"type": "string", "__example__": "made up"}}, terminal=True),
        ],
    }
)  # fmt: skip


def test_the_documented_parameters_open_the_flow_as_a_message_would(preview: Preview) -> None:
    payload = json.dumps({"screen": "FIRST", "data": {"word": "from the message"}})
    flow = preview.play(
        QUERY_FLOW,
        interactive="true",
        flow_token="preview-7",
        flow_action="navigate",
        flow_action_payload=payload,
        phone_number="+14155550123",
        debug="true",
    )
    assert preview.screen == "FIRST"
    expect(preview.page.locator(".phone").get_by_text("from the message")).to_be_visible()
    assert preview.state["flow_token"] == "preview-7"
    expect(preview.page.get_by_role("complementary")).to_be_visible()
    assert preview.page.locator(".notices p").all_inner_texts() == []

    preview.open(preview.link(flow, interactive="true", flow_token="preview-t", debug="false"))
    expect(preview.page.get_by_role("complementary")).to_be_hidden()


def test_a_parameter_that_cannot_be_followed_is_told(preview: Preview) -> None:
    preview.play(
        QUERY_FLOW,
        interactive="yes",
        flow_action="navigate",
        flow_action_payload='{"screen": "NOWHERE"}',
        phone_number="me",
    )
    told = preview.page.locator(".notices").inner_text()
    assert "interactive must be true or false" in told
    assert "a screen that does not exist: “NOWHERE”" in told
    assert "phone_number must be a phone number" in told


def test_an_endpoint_is_not_called_unless_asked_for_and_its_answer_can_be_made_up(
    preview: Preview,
) -> None:
    preview.play(QUERY_FLOW)
    preview.button("Ask").click()
    preview.until("window.waflowsPreview.screen?.phase === 'waiting'")
    preview.watched.screenshot("preview-endpoint")
    preview.page.get_by_role("button", name="Screen LAST").click()
    preview.expect_screen("LAST")
    expect(preview.page.locator(".phone").get_by_text("made up")).to_be_visible()
    actions = preview.page.locator(".log strong").all_inner_texts()
    assert actions == ["open", "data_exchange", "request", "answer"]


def test_an_endpoint_that_cannot_be_reached_leaves_the_screen_and_says_so(
    preview: Preview,
) -> None:
    preview.play(QUERY_FLOW, interactive="true", flow_token="preview-t")
    preview.button("Ask").click()
    preview.until("Boolean(window.waflowsPreview.screen?.snackbar)")
    expect(preview.page.get_by_text("Something went wrong.")).to_be_visible()
    assert preview.screen == "FIRST"
    preview.watched.screenshot("preview-snackbar")


def test_faults_stand_beside_the_phone_with_their_place(preview: Preview) -> None:
    preview.play(valid_flow("Hello").replace("TextBody", "TextBodi"))
    faults = preview.page.locator("li.fault")
    expect(faults.first).to_contain_text("error 1:")
    expect(preview.page.locator(".stage").get_by_role("region", name="Findings")).to_be_hidden()


def test_a_flow_that_cannot_be_played_says_why(preview: Preview) -> None:
    flow = preview.server.create("Empty")
    preview.page.goto(preview.link(flow))
    expect(preview.page.get_by_text("The flow has no Flow JSON yet.")).to_be_visible()


SCRIPT = "<img src=x onerror='window.hit=1'><script>window.hit=1</script>"


def test_script_in_every_text_stays_text(preview: Preview) -> None:
    hostile = json.loads(json.dumps(FLOW))
    preview.play(json.dumps(_with_script(hostile)))
    for each in hostile["screens"]:
        preview.page.get_by_role("combobox", name="Screen").select_option(each["id"])
        preview.expect_screen(each["id"])
        for button in preview.page.locator(".phone .opener").all():
            button.click()
            preview.page.keyboard.press("Escape")
    assert preview.page.evaluate("window.hit") is None
    assert preview.page.locator(".phone script, .phone [onerror]").count() == 0
    assert preview.page.locator(".panel script, .panel img").count() == 0


def _with_script(value: Any, key: str = "") -> Any:
    """A document with markup in whatever is a text for people."""
    if isinstance(value, dict):
        return {name: _with_script(each, name) for name, each in value.items()}
    if isinstance(value, list):
        return [_with_script(each, key) for each in value]
    shown = {"text", "label", "title", "description", "metadata", "helper-text", "badge", "tags",
             "alt-text", "left-caption", "right-caption", "center-caption", "src", "image",
             "start-date", "end-date", "init-value"}  # fmt: skip
    return SCRIPT + value if key in shown and isinstance(value, str) else value


@pytest.mark.parametrize(
    ("width", "look"),
    [
        (1440, "light"),
        (360, "dark"),
        pytest.param(1440, "dark", marks=pytest.mark.soak),
        pytest.param(360, "light", marks=pytest.mark.soak),
    ],
)
def test_no_screen_keeps_anybody_out_or_is_wider_than_the_window(
    preview: Preview, width: int, look: str
) -> None:
    preview.page.set_viewport_size({"width": width, "height": 900})
    preview.page.emulate_media(color_scheme=look)  # type: ignore[arg-type]
    preview.play(GALLERY)
    for each in FLOW["screens"]:
        preview.page.get_by_role("combobox", name="Screen").select_option(each["id"])
        preview.expect_screen(each["id"])
        assert axe.findings(preview.page) == [], each["id"]
        overflow = preview.page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert overflow == 0, each["id"]
        preview.watched.screenshot(f"preview-{each['id'].lower()}-{width}-{look}")
    preview.page.get_by_role("combobox", name="Screen").select_option("CHOICES")
    preview.expect_screen("CHOICES")
    for name in ("Place", "Arrival"):
        preview.page.get_by_role("button", name=name).click()
        assert axe.findings(preview.page) == [], name
        preview.watched.screenshot(f"preview-{name.lower()}-{width}-{look}")
        preview.page.keyboard.press("Escape")


def test_a_dropdown_and_a_calendar_are_worked_by_keyboard_alone(preview: Preview) -> None:
    preview.play(GALLERY)
    preview.page.get_by_role("combobox", name="Screen").select_option("CHOICES")
    preview.expect_screen("CHOICES")
    keyboard = preview.page.keyboard
    place = preview.page.get_by_role("button", name="Place")
    place.focus()
    keyboard.press("Enter")
    keyboard.press("ArrowDown")
    keyboard.press("Enter")
    preview.settle()
    expect(place).to_be_focused()
    assert preview.state["pages"]["CHOICES"]["form"]["drop"] == "1"
    preview.page.get_by_role("button", name="Arrival").focus()
    keyboard.press("Enter")
    before = preview.page.locator("[role=gridcell][tabindex='0']").get_attribute("data-date")
    keyboard.press("PageDown")
    after = preview.page.locator("[role=gridcell][tabindex='0']").get_attribute("data-date")
    assert before is not None
    assert after is not None
    assert before < after
