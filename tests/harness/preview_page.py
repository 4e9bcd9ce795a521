"""The preview page in a browser, worked as a person works it."""

from __future__ import annotations

import time
from typing import Any

from playwright.sync_api import Locator, Page

_SECONDS = 10.0


class PreviewPage:
    """A page that plays a flow.

    The page's policy forbids evaluating text, so waiting is done from here.
    """

    def __init__(self, page: Page) -> None:
        self.page = page

    def open(self, url: str) -> None:
        """Goes to a preview link and waits until the flow is shown."""
        self.page.goto(url)
        self.until("Boolean(window.waflowsPreview && window.waflowsPreview.screen)")
        self.settle()

    def until(self, what: str) -> None:
        """Waits until an expression is true in the page."""
        deadline = time.monotonic() + _SECONDS
        while not self.page.evaluate(what):
            assert time.monotonic() < deadline, f"never true: {what}"
            time.sleep(0.01)

    def settle(self) -> None:
        """Waits until nothing is asked of the server any more."""
        self.page.evaluate("window.waflowsPreview.idle()")

    def send(self, event: dict[str, Any]) -> None:
        """Lets an event happen, as the machine knows it, and waits for what comes of it."""
        self.page.evaluate("event => window.waflowsPreview.send(event)", event)
        self.settle()

    @property
    def drawn(self) -> str:
        """What the phone shows, read back from the page as text."""
        text: str = self.page.evaluate("window.waflowsPreview.drawn()")
        return text

    @property
    def state(self) -> Any:
        """Where the flow stands."""
        return self.page.evaluate("window.waflowsPreview.state")

    @property
    def screen(self) -> str:
        """The id of the screen shown."""
        shown: str = self.page.evaluate("window.waflowsPreview.screen?.screen ?? ''")
        return shown

    def expect_screen(self, name: str) -> None:
        """Waits for a screen."""
        self.until(f"window.waflowsPreview.screen?.screen === {name!r}")
        self.settle()

    def button(self, name: str) -> Locator:
        """A button of the phone or of the bar."""
        return self.page.get_by_role("button", name=name, exact=True)

    def field(self, label: str) -> Locator:
        """An input of the phone."""
        return self.page.get_by_label(label, exact=True)
