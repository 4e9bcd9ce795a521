"""The console as a browser shows it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from harness.axe import findings
from harness.flow_json import VALID
from harness.servers import Tenant
from playwright.sync_api import Browser, Locator, Page, expect

from e2e.conftest import Watched
from waflows import samples

pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
HOSTILE = "<script>window.hit = 1</script><img src=x onerror=window.hit=2>\"'{{ 7*7 }}"


@pytest.fixture
def watched(browser: Browser) -> Iterator[Watched]:
    """A wide page; what a page looks like elsewhere is shown by the tour below."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.set_default_timeout(10_000)
    yield Watched(page)
    context.close()


def sign_in(page: Page, server: Tenant, api_key: str = "") -> None:
    """Signs in by the form."""
    page.goto(f"{server.url}/console")
    page.get_by_label("API key").fill(api_key or server.api_key)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Flows")


def check(watched: Watched, server: Tenant, name: str, *, excused: str = "") -> None:
    """Holds of every page: fits its window, is usable by all, asks nobody else; and a picture.

    `excused` is part of a message that the browser itself writes about an answer it was given.
    """
    page = watched.page
    width = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert width <= 0, f"{name} is {width} pixels too wide"
    watched.screenshot(f"console-{name}")
    assert findings(page) == [], name
    assert watched.outside(server.url) == []
    assert [text for text in watched.problems if not excused or excused not in text] == []


def editor(page: Page) -> Locator:
    """The code editor, when it is there."""
    content = page.locator(".cm-content")
    expect(content).to_be_visible()
    return content


def put(page: Page, text: str) -> None:
    """Puts a text in place of the editor's whole text, as pasting does."""
    editor(page).click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(text)


def saved_text(server: Tenant, flow: str, revision: int) -> str:
    """The text of one revision."""
    return server.http.get(f"{server.flows}/{flow}/revisions/{revision}").text


def flow_id(page: Page) -> str:
    """The flow whose page this is."""
    found = re.search(r"/console/flows/(\d+)", page.url)
    assert found is not None, page.url
    return found[1]


def test_a_key_signs_in_and_a_wrong_one_is_told(watched: Watched, server: Tenant) -> None:
    page = watched.page
    page.goto(f"{server.url}/console/flows")
    page.get_by_label("API key").fill("wf_wrong")
    page.get_by_label("API key").press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("This is not a valid API key.")
    check(watched, server, "sign-in-wrong", excused="401")

    sign_in(page, server)
    expect(page.get_by_text("No flows yet.")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_label("API key")).to_be_visible()
    page.go_back()
    page.reload()
    expect(page.get_by_label("API key")).to_be_visible()


def test_flows_are_searched_filtered_and_paged(watched: Watched, server: Tenant) -> None:
    for number in range(27):
        server.create(f"Booking {number:02}")
    server.create("Feedback", flowJson=VALID, publish=True)
    page = watched.page
    sign_in(page, server)
    rows = page.locator("tbody tr")
    expect(page.get_by_role("heading", level=1)).to_have_text("Flows 28")
    expect(rows).to_have_count(25)
    page.get_by_role("link", name="Older").click()
    expect(rows).to_have_count(3)

    page.get_by_label("Name").fill("booking 1")
    page.get_by_label("Name").press("Enter")
    expect(rows).to_have_count(10)
    page.get_by_label("Name").fill("")
    page.get_by_label("Status").select_option("Published")
    page.get_by_role("button", name="Show").click()
    expect(rows).to_have_count(1)
    page.get_by_label("Name").fill("nothing like it")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_text("No matching flows.")).to_be_visible()


def test_a_flow_is_made_from_a_sample_mended_saved_and_published(
    watched: Watched, server: Tenant
) -> None:
    page = watched.page
    sign_in(page, server)
    page.get_by_role("link", name="Create a flow").click()
    page.get_by_label("Name").fill("Visit")
    page.get_by_label("Sample: Visitor feedback").check()
    page.get_by_role("button", name="Create draft").click()
    expect(page.get_by_role("alert")).to_contain_text("Choose at least one category.")
    expect(page.get_by_label("Sample: Visitor feedback")).to_be_checked()
    page.get_by_label("Survey").check()
    page.get_by_role("button", name="Create draft").click()
    expect(page.get_by_text("The flow was created.")).to_be_visible()
    flow = flow_id(page)

    sample = next(each.flow_json for each in samples.all_samples() if each.name.startswith("Vis"))
    broken = sample.replace('"TextHeading"', '"TextHeeding"')
    put(page, broken)
    fault = page.locator("#faults button")
    expect(fault).to_have_count(1)
    expect(fault).to_contain_text("Did you mean 'TextHeading'?")
    expect(page.locator(".cm-lintRange-error")).to_have_text('"TextHeeding"')
    check(watched, server, "fault", excused="400")
    fault.click()
    page.keyboard.press("End")
    expect(page.locator(".cm-activeLine")).to_contain_text("TextHeeding")

    page.keyboard.press("Control+s")
    expect(page.locator("#save-state")).to_contain_text("not ready to publish")
    page.get_by_role("button", name="Publish…").click()
    expect(page.get_by_text("This flow cannot be published yet:")).to_be_visible()
    expect(page.get_by_role("alert")).to_contain_text("INVALID_PROPERTY_VALUE at line 10")
    expect(page.get_by_role("button", name="Publish for good")).to_have_count(0)
    check(watched, server, "unmet", excused="400")
    assert saved_text(server, flow, 2) == broken

    page.get_by_role("link", name="Back to the flow").click()
    put(page, sample)
    expect(page.locator("#faults-count")).to_have_text("none")
    page.get_by_role("button", name="Publish…").click()
    expect(page.get_by_text("Publishing is final")).to_be_visible()
    page.get_by_role("button", name="Publish for good").click()
    expect(page.get_by_text("The flow is published.")).to_be_visible()
    expect(page.get_by_role("button", name="Save draft")).to_have_count(0)
    assert server.status_of(flow) == "PUBLISHED"
    assert saved_text(server, flow, 3) == sample


def test_a_published_flow_is_cloned_and_deprecated_and_a_draft_deleted(
    watched: Watched, server: Tenant
) -> None:
    flow = server.create("Feedback", flowJson=VALID, publish=True)
    page = watched.page
    sign_in(page, server)
    page.get_by_label("Actions for Feedback").click()
    page.get_by_role("link", name="Clone").click()
    expect(page.get_by_label("Name")).to_have_value("Copy of Feedback")
    page.get_by_role("button", name="Create draft").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Copy of Feedback")
    clone = flow_id(page)
    assert saved_text(server, clone, 1) == VALID

    page.get_by_label("Actions for Copy of Feedback").click()
    page.get_by_role("link", name="Delete…").click()
    page.get_by_role("button", name="Delete permanently").click()
    expect(page.get_by_text("The draft was deleted.")).to_be_visible()
    assert server.http.get(f"{server.flows}/{clone}").status_code == 404

    page.get_by_label("Actions for Feedback").click()
    page.get_by_role("link", name="Deprecate…").click()
    page.get_by_role("button", name="Deprecate for good").click()
    expect(page.get_by_text("The flow is deprecated.")).to_be_visible()
    assert server.status_of(flow) == "DEPRECATED"
    assert watched.problems == []


def test_a_flow_is_exported_byte_for_byte(watched: Watched, server: Tenant) -> None:
    text = samples.blank().replace("\n", "\r\n") + "\n\n"
    server.create("Harbour Café", flowJson=text)
    page = watched.page
    sign_in(page, server)
    page.get_by_label("Actions for Harbour Café").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Export JSON").click()
    assert download.value.suggested_filename.startswith("harbour-caf")
    assert Path(download.value.path()).read_bytes() == text.encode()


def test_line_breaks_stay_as_they_were(watched: Watched, server: Tenant) -> None:
    text = samples.blank().replace("\n", "\r\n")
    flow = server.create("Flow", flowJson=text)
    page = watched.page
    sign_in(page, server)
    page.goto(f"{server.url}/console/flows/{flow}")
    editor(page).click()
    page.keyboard.press("Control+End")
    page.keyboard.insert_text("\n")
    page.keyboard.press("Control+s")
    expect(page.locator("#save-state")).to_contain_text("Saved as revision 2")
    assert saved_text(server, flow, 2) == text + "\r\n"


def test_what_somebody_else_saved_meanwhile_is_told_and_not_overwritten(
    watched: Watched, server: Tenant
) -> None:
    flow = server.create("Flow", flowJson=VALID)
    page = watched.page
    sign_in(page, server)
    page.goto(f"{server.url}/console/flows/{flow}")
    theirs = VALID + "\n"
    assert server.http.put(f"{server.flows}/{flow}", json={"flowJson": theirs}).status_code == 200

    put(page, VALID + " ")
    page.keyboard.press("Control+s")
    expect(page.get_by_role("alert")).to_contain_text("Somebody else has saved revision 2")
    expect(page.get_by_role("alert")).to_contain_text("Error")
    expect(page.locator("#save-state")).to_have_text("Not saved")
    assert len(server.http.get(f"{server.flows}/{flow}/revisions").json()["revisions"]) == 2
    expect(editor(page)).to_contain_text("version")


def test_a_text_that_could_not_be_saved_stays_in_the_editor(
    watched: Watched, server: Tenant
) -> None:
    flow = server.create("Flow", flowJson=VALID)
    page = watched.page
    sign_in(page, server)
    page.goto(f"{server.url}/console/flows/{flow}")
    put(page, '{"version": ')
    page.get_by_role("button", name="Save draft").click()
    expect(page.get_by_role("alert")).to_contain_text("it is not JSON text")
    expect(editor(page)).to_have_text('{"version":')
    page.route("**/console/flows/*", lambda route: route.abort())
    page.keyboard.press("Control+s")
    expect(page.get_by_role("alert")).to_contain_text("the server cannot be reached")
    expect(editor(page)).to_have_text('{"version":')


def test_a_session_that_ends_while_one_writes_loses_nothing(
    watched: Watched, server: Tenant
) -> None:
    flow = server.create("Flow", flowJson=VALID)
    page = watched.page
    sign_in(page, server)
    page.goto(f"{server.url}/console/flows/{flow}")
    put(page, text := VALID + " ")
    page.context.clear_cookies()
    page.keyboard.press("Control+s")
    expect(page.get_by_role("alert")).to_contain_text(
        "You are not signed in, or your session has ended."
    )
    with page.expect_popup() as popup:
        page.get_by_role("link", name="Sign in in another tab").click()
    popup.value.get_by_label("API key").fill(server.api_key)
    popup.value.get_by_role("button", name="Sign in").click()
    expect(popup.value.get_by_role("heading", level=1)).to_contain_text("Flows")
    page.keyboard.press("Control+s")
    expect(page.locator("#save-state")).to_contain_text("Saved as revision 2")
    assert saved_text(server, flow, 2) == text


def test_the_history_is_compared_and_restored(watched: Watched, server: Tenant) -> None:
    flow = server.create("Flow", flowJson=VALID)
    texts = [VALID.replace("7.3", version) for version in ("7.2", "7.1")]
    for text in texts:
        server.http.put(f"{server.flows}/{flow}", json={"flowJson": text})
    page = watched.page
    sign_in(page, server)
    page.goto(f"{server.url}/console/flows/{flow}/history")
    expect(page.locator(".diff .removed")).to_contain_text("7.2")
    expect(page.locator(".diff .added")).to_contain_text("7.1")
    page.get_by_label("Compare from revision 1").check()
    page.get_by_role("button", name="Compare").click()
    expect(page.locator(".diff .removed")).to_contain_text("7.3")
    expect(page.locator(".diff .added")).to_contain_text("7.1")
    page.get_by_role("button", name="Restore revision 1").click()
    expect(page.get_by_text("The earlier text is the draft's text again.")).to_be_visible()
    assert saved_text(server, flow, 4) == VALID
    assert saved_text(server, flow, 3) == texts[1]


def test_an_error_is_looked_up_by_its_id(watched: Watched, server: Tenant) -> None:
    error = server.http.get(f"{server.flows}/1").json()
    page = watched.page
    sign_in(page, server)
    page.get_by_role("link", name="Errors").click()
    page.get_by_label("errorId").fill(error["errorId"])
    page.get_by_role("button", name="Look up").click()
    expect(page.locator(".facts-list")).to_contain_text(error["message"])
    expect(page.locator(".facts-list")).to_contain_text(f"GET {server.flows}/1")
    page.get_by_label("errorId").fill("nonsense")
    page.get_by_label("errorId").press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("must be a UUID")


def test_the_editor_proposes_what_may_stand_where(watched: Watched, server: Tenant) -> None:
    flow = server.create("Flow", flowJson=samples.blank())
    page = watched.page
    sign_in(page, server)
    page.goto(f"{server.url}/console/flows/{flow}")
    editor(page).click()
    page.keyboard.press("Control+Home")
    for _ in range(10):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("End")
    page.keyboard.press("Enter")
    proposals = page.locator(".cm-tooltip-autocomplete li")

    def choose(typed: str, *offered: str) -> None:
        page.keyboard.type(typed)
        for label in offered:
            expect(proposals.filter(has_text=label).first).to_be_visible()
        # What has only just appeared is not taken yet, lest a fast typist takes it unseen.
        page.wait_for_timeout(120)
        page.keyboard.press("Enter")

    choose('{"', "type")
    choose("TextI", "TextInput")
    choose(', "na', "name")
    page.keyboard.type('who", ')
    choose('"label', "label")
    page.keyboard.type('Your name", ')
    choose('"requ', "required")
    page.keyboard.press("End")
    page.keyboard.press("ArrowLeft")
    choose(', "input-t', "input-type")
    choose("em", "email")
    page.keyboard.press("End")
    page.keyboard.type(",")
    # Nothing uses what the new input takes.
    expect(page.locator("#faults-count")).to_have_text("1 warning")
    page.keyboard.press("Control+s")
    expect(page.locator("#save-state")).to_contain_text("Saved as revision 2")
    screen = json.loads(saved_text(server, flow, 2))["screens"][0]
    assert screen["layout"]["children"][0] == {
        "type": "TextInput",
        "name": "who",
        "label": "Your name",
        "required": True,
        "input-type": "email",
    }


def test_a_text_on_one_line_is_laid_out_token_by_token(watched: Watched, server: Tenant) -> None:
    flow = server.create("Flow", flowJson=(text := '{"version":"7.3","n":1.50e400,"n":2,"s":[]}'))
    page = watched.page
    sign_in(page, server)
    page.goto(f"{server.url}/console/flows/{flow}")
    page.get_by_role("button", name="Tidy").click()
    expect(page.locator(".cm-line")).to_have_count(7)
    page.keyboard.press("Control+s")
    expect(page.locator("#save-state")).to_contain_text("Saved as revision 2")
    assert re.sub(r"\s", "", saved_text(server, flow, 2)) == text
    put(page, "{")
    page.get_by_role("button", name="Tidy").click()
    expect(page.get_by_role("alert")).to_contain_text("Only valid JSON can be formatted")


def test_the_preview_follows_the_text_and_keeps_its_place(watched: Watched, server: Tenant) -> None:
    sample = next(each.flow_json for each in samples.all_samples() if each.name.startswith("Vis"))
    flow = server.create("Visit", flowJson=sample)
    page = watched.page
    sign_in(page, server)
    page.goto(f"{server.url}/console/flows/{flow}")
    phone = page.locator("#preview-phone")
    expect(phone.get_by_role("heading", name="Your visit", exact=True)).to_be_visible()
    phone.get_by_text("Great").click()
    phone.get_by_role("button", name="Continue").click()
    expect(phone.get_by_role("heading", name="Anything else?")).to_be_visible()
    phone.get_by_label("Comment").fill("All fine")

    put(page, sample.replace("A sentence or two", "Just a word or two"))
    expect(phone.get_by_text("Just a word or two")).to_be_visible()
    expect(phone.get_by_label("Comment")).to_have_value("All fine")
    check(watched, server, "playing")
    put(page, "{")
    expect(page.locator("#preview-state")).to_contain_text("The flow cannot be played.")
    expect(phone.get_by_text("Just a word or two")).to_be_visible()
    phone.get_by_role("button", name="Send").click()
    expect(phone.get_by_text("Response sent")).to_be_visible()

    put(page, sample)
    page.get_by_role("button", name="Run").click()
    expect(phone.get_by_role("heading", name="Your visit", exact=True)).to_be_visible()
    page.get_by_label("Screen").select_option("COMMENT")
    expect(phone.get_by_role("heading", name="Anything else?")).to_be_visible()
    page.get_by_role("button", name="Restart").click()
    expect(phone.get_by_role("heading", name="Your visit", exact=True)).to_be_visible()
    expect(page.get_by_label("Screen")).to_have_value("RATING")
    assert len(server.http.get(f"{server.flows}/{flow}/revisions").json()["revisions"]) == 1


def test_names_and_texts_from_people_stay_texts(watched: Watched, server: Tenant) -> None:
    hostile = VALID.replace("Hello", json.dumps(HOSTILE)[1:-1]) + f"</textarea>{HOSTILE}"
    flow = server.create(HOSTILE, flowJson=json.dumps({"version": hostile}))
    page = watched.page
    sign_in(page, server)
    expect(page.get_by_role("link", name=HOSTILE)).to_be_visible()
    for path in ("", "/settings", "/history", "/publish", "/delete"):
        page.goto(f"{server.url}/console/flows/{flow}{path}")
        expect(page.get_by_role("heading", level=1)).to_contain_text("{{ 7*7 }}")
    page.goto(f"{server.url}/console/flows?q={HOSTILE[:40]}")
    page.goto(f"{server.url}/console/errors?id=%3Cscript%3E")
    page.goto(f"{server.url}/console/flows/new?clone={flow}")
    assert page.evaluate("window.hit") is None
    assert [text for text in watched.problems if "400" not in text] == []


def test_a_key_that_may_only_read_sees_no_way_to_write(watched: Watched, server: Tenant) -> None:
    flow = server.create("Flow", flowJson=VALID)
    page = watched.page
    sign_in(page, server, server.new_key(read_only=True))
    expect(page.get_by_text("read-only")).to_be_visible()
    expect(page.get_by_role("link", name="New flow")).to_have_count(0)
    page.goto(f"{server.url}/console/flows/{flow}")
    expect(page.get_by_role("button", name="Save draft")).to_have_count(0)
    editor(page).click()
    page.keyboard.type("x")
    expect(editor(page)).not_to_contain_text("x{")
    page.goto(f"{server.url}/console/flows/{flow}/publish")
    expect(page.get_by_role("heading", name="Not allowed")).to_be_visible()


def test_a_flow_of_another_account_is_not_here(
    watched: Watched, server: Tenant, other: Tenant
) -> None:
    flow = other.create("Theirs", flowJson=VALID)
    page = watched.page
    sign_in(page, server)
    page.goto(f"{server.url}/console/flows/{flow}")
    expect(page.get_by_role("heading", name="Not found")).to_be_visible()
    expect(page.get_by_role("alert")).to_contain_text("Error")
    check(watched, server, "not-here", excused="404")


def test_everything_can_be_done_with_the_keyboard_alone(watched: Watched, server: Tenant) -> None:
    page = watched.page
    keys = page.keyboard

    def reach(wanted: Callable[[], bool]) -> None:
        """Presses Tab until the focus is where it is wanted; every stop must be visible."""
        for _ in range(60):
            keys.press("Tab")
            if wanted():
                return
            box = page.evaluate("document.activeElement.getBoundingClientRect().width")
            assert box > 0, page.evaluate("document.activeElement.outerHTML")
        raise AssertionError("Tab never got there")

    def on(text: str) -> Callable[[], bool]:
        script = "document.activeElement.textContent.trim() || document.activeElement.name"
        return lambda: str(page.evaluate(script)) == text

    def in_field(name: str, value: str = "") -> Callable[[], bool]:
        script = "[document.activeElement.name, document.activeElement.value]"
        return lambda: page.evaluate(script)[0 if not value else 1] == (value or name)

    page.goto(f"{server.url}/console")
    keys.insert_text(server.api_key)
    keys.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Flows")
    keys.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    reach(on("New flow"))
    keys.press("Enter")
    expect(page.get_by_role("heading", name="New flow")).to_be_visible()
    reach(in_field("name"))
    keys.type("By keyboard")
    reach(in_field("categories", "OTHER"))
    keys.press("Space")
    reach(on("Create draft"))
    keys.press("Enter")
    expect(page.get_by_text("The flow was created.")).to_be_visible()
    reach(lambda: bool(page.evaluate("document.activeElement.classList.contains('cm-content')")))
    keys.press("Control+End")
    keys.press("Enter")
    # Tab leaves the editor again: it is no trap.
    keys.press("Tab")
    assert not page.evaluate("document.activeElement.classList.contains('cm-content')")
    for _ in range(8):
        keys.press("Shift+Tab")
        if on("Publish…")():
            break
    keys.press("Enter")
    expect(page.get_by_text("Publishing is final")).to_be_visible()
    reach(on("Publish for good"))
    keys.press("Enter")
    expect(page.get_by_text("The flow is published.")).to_be_visible()
    reach(lambda: page.evaluate("document.activeElement.tagName") == "SUMMARY")
    keys.press("Enter")
    reach(on("Deprecate…"))
    keys.press("Escape")
    assert page.evaluate("document.activeElement.tagName") == "SUMMARY"
    keys.press("Enter")
    reach(on("Deprecate…"))
    keys.press("Enter")
    expect(page.get_by_text("Deprecating is final")).to_be_visible()
    reach(on("Deprecate for good"))
    keys.press("Enter")
    expect(page.get_by_text("The flow is deprecated.")).to_be_visible()
    assert watched.problems == []


def test_pages_work_without_a_script(browser: Browser, server: Tenant) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    sign_in(page, server)
    page.get_by_role("link", name="New flow").click()
    page.get_by_label("Name").fill("Plain")
    page.get_by_label("Other").check()
    page.get_by_role("button", name="Create draft").click()
    field = page.locator("textarea")
    expect(field).to_have_value(samples.blank())
    field.fill("{")
    page.get_by_role("button", name="Save draft").click()
    expect(page.get_by_role("alert")).to_contain_text("it is not JSON text")
    expect(page.locator("textarea")).to_have_value("{")
    page.locator("textarea").fill(samples.blank().replace("Hello", "Good day"))
    page.get_by_role("button", name="Publish…").click()
    page.get_by_role("button", name="Publish for good").click()
    expect(page.get_by_text("The flow is published.")).to_be_visible()
    context.close()


@pytest.mark.parametrize(
    ("width", "scheme"),
    [(1440, "light"), (360, "dark")],
    ids=["wide-light", "narrow-dark"],
)
def test_every_page_fits_its_window_and_can_be_used_by_all(
    browser: Browser, server: Tenant, width: int, scheme: Any
) -> None:
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    watched = Watched(context.new_page())
    page = watched.page
    suffix = f"{width}-{scheme}"
    error = server.http.get(f"{server.flows}/1").json()["errorId"]
    page.goto(f"{server.url}/console")
    check(watched, server, f"sign-in-{suffix}")
    sign_in(page, server)
    check(watched, server, f"empty-{suffix}")
    long_name = "Sign-up for the Saturday workshop on bicycle repair, with a very long name" * 2
    draft = server.create(long_name, flowJson=VALID)
    server.http.put(
        f"{server.flows}/{draft}", json={"flowJson": VALID.replace("7.3", "7.2") + "\n\n"}
    )
    faulty = server.create("Faulty", flowJson='{"version": "7.3", "screens": [{"id": 1}]}')
    for number in range(26):
        server.create(f"Booking {number}")
    published = server.create("Feedback", flowJson=VALID, publish=True)
    fetching = server.create("Fetching", flowJson=VALID, endPointUri="https://example.org/flow")
    pages = {
        "flows": "",
        "flows-2": "?page=2",
        "no-match": "?q=nothing",
        "new": "/new",
        "clone": f"/new?clone={draft}",
        "editor": f"/{draft}",
        "faulty": f"/{faulty}",
        "shown": f"/{published}",
        "settings": f"/{draft}/settings",
        "settings-shown": f"/{published}/settings",
        "settings-endpoint": f"/{fetching}/settings",
        "history": f"/{draft}/history",
        "publish": f"/{draft}/publish",
        "delete": f"/{draft}/delete",
        "deprecate": f"/{published}/deprecate",
    }
    for name, path in pages.items():
        page.goto(f"{server.url}/console/flows{path}")
        if name in {"editor", "faulty", "shown"}:
            editor(page)
            page.wait_for_function("document.querySelector('#faults-count').textContent")
        check(watched, server, f"{name}-{suffix}")
    page.goto(f"{server.url}/console/flows")
    page.get_by_label("Actions for Feedback").click()
    check(watched, server, f"menu-{suffix}")
    page.goto(f"{server.url}/console/errors?id={error}")
    check(watched, server, f"error-{suffix}")
    context.close()
