"""Takes the pictures of the README from a running console: `make screenshots`.

Needs Chromium, and pngquant to keep the files small (Debian: `apt install chromium pngquant`).
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import Page, sync_playwright

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "images"
_BROWSERS = ("chromium", "chromium-browser", "google-chrome")
_FLOW = "Bicycle repair booking"


def main() -> None:
    """Takes the picture in both colour schemes."""
    browser = next(filter(None, map(shutil.which, _BROWSERS)), None)
    if browser is None:
        sys.exit("Needs Chromium or Chrome on the PATH.")
    FOLDER.mkdir(exist_ok=True)
    schemes: list[Literal["light", "dark"]] = ["light", "dark"]
    with _server() as facts, sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox"])
        for scheme in schemes:
            context = chromium.new_context(
                viewport={"width": 1440, "height": 900},
                color_scheme=scheme,
                reduced_motion="reduce",
            )
            page = context.new_page()
            _open_editor(page, facts)
            file = FOLDER / f"console-{scheme}.png"
            page.screenshot(path=file)
            _shrink(file)
            context.close()
        chromium.close()


@contextmanager
def _server() -> Iterator[dict[str, Any]]:
    """A development server with its sample flows; what it printed."""
    with tempfile.TemporaryDirectory() as folder:
        process = subprocess.Popen(
            [sys.executable, "-m", "waflows", "dev", "--port", "0", "--json", "--data", folder],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        try:
            assert process.stdout is not None
            yield json.loads(process.stdout.readline())
        finally:
            process.terminate()
            process.wait(timeout=40)


def _open_editor(page: Page, facts: dict[str, Any]) -> None:
    """The editor of a sample flow, with the flow in the phone beside it."""
    page.goto(f"{facts['url']}/console")
    page.fill("input[name=key]", facts["apiKey"])
    page.press("input[name=key]", "Enter")
    page.get_by_role("link", name=_FLOW).first.click()
    page.wait_for_selector(".cm-content")
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(1500)


def _shrink(file: Path) -> None:
    """Reduces a picture to a palette, where pngquant is installed."""
    if tool := shutil.which("pngquant"):
        subprocess.run([tool, "--force", "--strip", "--output", str(file), str(file)], check=True)


if __name__ == "__main__":
    main()
