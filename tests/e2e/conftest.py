"""A real browser, Debian's Chromium, that tells of every request and every script error."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, sync_playwright

SCREENSHOTS = Path(__file__).resolve().parents[2] / "dist" / "screenshots"
_CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


class Watched:
    """A page, what it asked for and what went wrong in it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.requests: list[str] = []
        self.problems: list[str] = []
        page.on("request", self._note_request)
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on("console", self._note_message)

    def outside(self, url: str) -> list[str]:
        """The requests that went anywhere but to the server."""
        return [r for r in self.requests if not r.startswith((url, "data:", "blob:"))]

    def screenshot(self, name: str) -> None:
        """Keeps a picture of the page for a person to look at, in dist/screenshots."""
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=SCREENSHOTS / f"{name}.png")

    def _note_request(self, request: Request) -> None:
        self.requests.append(request.url)

    def _note_message(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.problems.append(message.text)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for a module: while Playwright runs, its thread can run no other event loop."""
    if _CHROMIUM is None:
        pytest.skip("needs Chromium: `apt install chromium`, or any Chrome on the PATH")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_CHROMIUM, args=_FLAGS)
        yield browser
        browser.close()


@pytest.fixture(params=[1280, 360], ids=["wide", "narrow"])
def watched(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Watched]:
    """A page of each width."""
    context = browser.new_context(viewport={"width": request.param, "height": 800})
    yield Watched(context.new_page())
    context.close()
