"""`waflows preview FILE`: the page follows the file as it is written."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from harness.gallery import footer, screen
from harness.preview_page import PreviewPage
from harness.servers import COMMAND, environment, run
from playwright.sync_api import Browser, expect

from e2e.conftest import Watched


def flow(heading: str, *screens: dict[str, Any], label: str = "Name") -> str:
    """A flow of two screens, the first with a heading and an input."""
    end = {
        "type": "Footer",
        "label": "Send",
        "on-click-action": {"name": "complete", "payload": {}},
    }
    first = screen(
        "FIRST",
        "First",
        [
            {"type": "TextHeading", "text": heading},
            {"type": "TextInput", "name": "name", "label": label, "required": True},
            footer("On", "LAST"),
        ],
    )
    last = screen("LAST", "Last", [{"type": "TextBody", "text": heading}, end], terminal=True)
    document = {"version": "7.3", "screens": [*(screens or (first,)), last]}
    return json.dumps(document, indent=2)


@contextmanager
def previewing(file: Path, *options: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """The address of a file's preview, while it runs."""
    popen = subprocess.Popen(
        [*COMMAND, "preview", str(file), "--no-open", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(PYTHONUNBUFFERED="1"),
    )
    try:
        assert popen.stdout is not None
        found = re.search(r"http://\S+", popen.stdout.readline())
        assert found is not None
        yield found[0], popen
    finally:
        popen.kill()
        popen.communicate()


@pytest.fixture
def watched(browser: Browser) -> Iterator[Watched]:
    """One page."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    context.set_default_timeout(8000)
    yield Watched(context.new_page())
    context.close()


def test_the_page_follows_the_file_and_keeps_the_place(watched: Watched, tmp_path: Path) -> None:
    file = tmp_path / "flow.json"
    file.write_text(flow("One"))
    with previewing(file) as (url, _):
        preview = PreviewPage(watched.page)
        preview.open(url)
        preview.field("Name").fill("Ines")
        preview.settle()
        preview.button("On").click()
        preview.expect_screen("LAST")

        file.write_text(flow("Two"))

        expect(watched.page.locator(".phone").get_by_text("Two")).to_be_visible()
        assert preview.screen == "LAST"
        assert preview.state["pages"]["FIRST"]["form"] == {"name": "Ines"}
        assert watched.problems == []
        assert watched.outside(url) == []


def test_faults_stand_over_the_phone_until_they_are_mended(
    watched: Watched, tmp_path: Path
) -> None:
    file = tmp_path / "flow.json"
    file.write_text(flow("One"))
    with previewing(file) as (url, _):
        preview = PreviewPage(watched.page)
        preview.open(url)
        faults = watched.page.locator(".faults-over")
        expect(faults).to_be_hidden()

        file.write_text(flow("Two").replace("TextHeading", "TextHeadin"))
        expect(faults).to_contain_text("TextHeadin")
        expect(faults.locator("code").first).to_have_text(re.compile(r"\d+:\d+"))
        expect(faults).not_to_contain_text("null")
        watched.screenshot("preview-file-faults")

        file.write_text(flow("Three")[:-30])
        expect(watched.page.get_by_text("The document is not JSON.")).to_be_visible()
        expect(faults).to_be_visible()
        watched.screenshot("preview-file-no-json")

        file.write_text(flow("Four"))
        expect(faults).to_be_hidden()
        expect(watched.page.get_by_role("heading", name="Four")).to_be_visible()


def test_what_is_typed_while_the_file_is_broken_is_there_once_it_is_mended(
    watched: Watched, tmp_path: Path
) -> None:
    file = tmp_path / "flow.json"
    file.write_text(flow("One"))
    with previewing(file) as (url, _):
        preview = PreviewPage(watched.page)
        preview.open(url)
        preview.field("Name").fill("hel")
        preview.settle()
        file.write_text("{")
        expect(watched.page.locator(".faults-over")).to_be_visible()
        preview.button("Hide").click()
        preview.field("Name").press("End")
        preview.field("Name").press_sequentially("xy")
        expect(watched.page.locator(".trouble")).to_be_visible()

        file.write_text(flow("Two"))

        expect(watched.page.get_by_role("heading", name="Two")).to_be_visible()
        expect(watched.page.locator(".trouble")).to_be_hidden()
        preview.settle()
        expect(preview.field("Name")).to_have_value("helxy")
        assert preview.state["pages"]["FIRST"]["form"] == {"name": "helxy"}


def test_all_faults_of_a_file_are_counted_and_those_not_shown_are_told(
    watched: Watched, tmp_path: Path
) -> None:
    file = tmp_path / "flow.json"
    many = [{"type": "TextHeading"} for _ in range(240)]
    file.write_text(flow("One", screen("FIRST", "First", [*many, footer("On", "LAST")])))
    with previewing(file) as (url, _):
        watched.page.goto(url)
        faults = watched.page.locator(".faults-over")
        expect(faults).to_be_visible()
        about = json.loads(urllib.request.urlopen(f"{url}about", timeout=5).read())

        assert about["errors"] >= 240
        expect(faults.get_by_role("heading")).to_contain_text(f"{about['errors']} errors")
        expect(faults).to_contain_text(f"and {about['errors'] - 50} more")


def test_a_screen_that_is_gone_starts_the_flow_anew_and_says_so(
    watched: Watched, tmp_path: Path
) -> None:
    file = tmp_path / "flow.json"
    file.write_text(flow("One"))
    with previewing(file) as (url, _):
        preview = PreviewPage(watched.page)
        preview.open(url)
        other = screen("OTHER", "Other", [footer("On", "LAST")])

        file.write_text(flow("Two", other))

        preview.expect_screen("OTHER")
        expect(watched.page.get_by_text("The screen FIRST no longer exists")).to_be_visible()


def test_a_file_that_was_broken_at_the_start_is_shown_once_it_is_not(
    watched: Watched, tmp_path: Path
) -> None:
    file = tmp_path / "flow.json"
    file.write_text("{")
    with previewing(file) as (url, _):
        watched.page.goto(url)
        expect(watched.page.locator(".faults-over")).to_be_visible()
        file.write_text(flow("One"))
        expect(watched.page.get_by_role("heading", name="One")).to_be_visible()


def test_a_python_function_can_be_the_endpoint(watched: Watched, tmp_path: Path) -> None:
    file = tmp_path / "flow.json"
    document = json.loads(flow("One"))
    document |= {"data_api_version": "3.0", "routing_model": {"FIRST": ["LAST"], "LAST": []}}
    children = document["screens"][0]["layout"]["children"]
    children[2]["on-click-action"] = {"name": "data_exchange", "payload": {"n": "${form.name}"}}
    last = document["screens"][1]
    last["data"] = {"greeting": {"type": "string", "__example__": "Hello"}}
    last["layout"]["children"][0]["text"] = "${data.greeting}"
    file.write_text(json.dumps(document))
    script = tmp_path / "shop.py"
    script.write_text(
        "def answer(request):\n"
        "    greeting = 'Good day, ' + request['data']['n']\n"
        "    return {'screen': 'LAST', 'data': {'greeting': greeting}}\n"
    )
    with previewing(file, "--endpoint", f"{script}:answer") as (url, _):
        preview = PreviewPage(watched.page)
        preview.open(url)
        preview.field("Name").fill("Ines")
        preview.settle()
        preview.button("On").click()
        expect(watched.page.locator(".phone").get_by_text("Good day, Ines")).to_be_visible()

    script.write_text("def answer(request):\n    raise SystemExit(3)\n")
    with previewing(file, "--endpoint", f"{script}:answer") as (url, _):
        preview = PreviewPage(watched.page)
        preview.open(url)
        preview.field("Name").fill("Ines")
        preview.settle()
        preview.button("On").click()
        preview.until("Boolean(window.waflowsPreview.screen?.snackbar)")


def test_it_answers_to_no_name_but_localhost_and_to_no_form_of_another_page(
    tmp_path: Path,
) -> None:
    file = tmp_path / "flow.json"
    file.write_text(flow("One"))
    with previewing(file) as (url, popen):

        def status(path: str, **headers: str) -> int:
            body = b'{"event": {"event": "open"}}' if path == "events" else None
            request = urllib.request.Request(url + path, data=body, headers=headers)
            try:
                with urllib.request.urlopen(request, timeout=5) as response:
                    code: int = response.status
                    return code
            except urllib.error.HTTPError as error:
                return error.code

        assert status("about") == 200
        assert status("about", Host="evil.example") == 403
        assert status("events", **{"Content-Type": "application/json"}) == 200
        assert status("events", **{"Content-Type": "text/plain"}) == 415
        assert status("static/..%2fpages.py") == 404

        popen.send_signal(signal.SIGINT)
        _, errors = popen.communicate(timeout=10)
        assert "Traceback" not in errors


def test_it_listens_on_loopback_only_and_needs_a_file(tmp_path: Path) -> None:
    file = tmp_path / "flow.json"
    file.write_text(flow("One"))
    open_to_all = run("preview", str(file), "--host", "0.0.0.0", "--no-open")
    assert open_to_all.returncode == 2
    assert "--host must be one of 127.0.0.1" in open_to_all.stderr
    missing = run("preview", str(tmp_path / "none.json"), "--no-open")
    assert missing.returncode == 1
    assert "does not exist" in missing.stderr
