"""The documentation says what the code does."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

_ROOT = Path(__file__).resolve().parents[1]
_RENDER = runpy.run_path(str(_ROOT / "docs" / "render.py"))
_PAGES = sorted([*(_ROOT / "docs").glob("*.md"), *_ROOT.glob("*.md")])
_LINK = re.compile(r"\]\((?!https?://|data:|#)([^)#]+)(?:#[^)]*)?\)")


@pytest.mark.parametrize("name", _RENDER["PAGES"])
def test_a_rendered_page_is_what_the_code_renders_now(name: str) -> None:
    kept = (_ROOT / "docs" / name).read_text("utf-8")

    assert kept == _RENDER["PAGES"][name](), "run `make docs`"


@pytest.mark.parametrize("page", _PAGES, ids=lambda page: page.name)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    text = re.sub(r"`[^`\n]+`", "", page.read_text("utf-8"))
    for target in _LINK.findall(text):
        assert (page.parent / target).exists(), target


def test_every_page_stands_in_the_index() -> None:
    index = (_ROOT / "docs" / "README.md").read_text("utf-8")

    for page in (_ROOT / "docs").glob("*.md"):
        assert page.name == "README.md" or f"({page.name})" in index, page.name
