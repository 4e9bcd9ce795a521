"""axe-core on a page: what would keep people with a screen reader or a keyboard out."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

_AXE = Path(__file__).resolve().parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
_COUNTS = {"serious", "critical"}


def findings(page: Page) -> list[str]:
    """The serious and critical findings on a page as it stands, each with where it is."""
    page.evaluate(_source())
    result: dict[str, Any] = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{violation['id']} ({violation['impact']}): {node['html'][:300]}: {node['failureSummary']}"
        for violation in result["violations"]
        if violation["impact"] in _COUNTS
        for node in violation["nodes"]
    ]


@functools.cache
def _source() -> str:
    assert _AXE.is_file(), "axe-core is missing: run `npm ci` in web/"
    return _AXE.read_text("utf-8")
