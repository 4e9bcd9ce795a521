"""The texts of the product are in present-day English: no archaic turns in code, pages or docs.

The glossary in docs/contributing.md names the words to use instead.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
IDIOMS = {
    r"(?<!there )\bis no (?!longer|more|less|fewer|later|earlier)[a-z]": "is not a …",
    r"\btold\b(?! apart)": "informed, shown, distinguished",
    r"\bmend(s|ed|ing)?\b": "fix",
    r"\bbe it\b": "whether",
    r"\bbec(omes?|ame) of\b": "the result of",
    r"\bnone that\b": "no … that",
    r"\bfor ever\b": "indefinitely, permanently",
    r"\bknown by\b": "identified by",
    r"\bwhose it (is|was)\b": "its owner",
}
_FOLDERS = {
    "src/waflows": {".py", ".html", ".sql"},
    "web/src": {".js", ".css"},
    "docs": {".md", ".py"},
    "examples": {".py", ".js", ".go", ".md"},
}
# The wording of others: Meta's messages, and the text of a licence.
_EXEMPT = {ROOT / "docs" / "decisions.md"}


def texts() -> Iterator[Path]:
    """Every file with words of ours."""
    yield from ROOT.glob("*.md")
    for folder, endings in _FOLDERS.items():
        for path in (ROOT / folder).rglob("*"):
            is_built = {"static", "node_modules"} & set(path.parts)
            if path.suffix in endings and not is_built and path not in _EXEMPT:
                yield path


def found_in(text: str) -> list[str]:
    """The archaic turns in a text, with the number of their line."""
    return [
        f"{number}: {match[0]!r} (better: {better}) in: {line.strip()[:120]}"
        for number, line in enumerate(text.splitlines(), 1)
        for idiom, better in IDIOMS.items()
        if (match := re.search(idiom, line, re.IGNORECASE))
    ]


@pytest.mark.parametrize(
    "sentence",
    [
        "user.msisdn is no E.164 number",
        "The caller is told why.",
        "What is to mend stands first.",
        "See what became of it.",
        "Kept for ever.",
        "The account whose it is.",
    ],
)
def test_an_archaic_turn_is_found(sentence: str) -> None:
    assert found_in(sentence)


@pytest.mark.parametrize(
    "sentence",
    ["There is no flow with this id.", "The link is no longer valid.", "an untold number", "amend"],
)
def test_plain_english_is_not_reported(sentence: str) -> None:
    assert found_in(sentence) == []


def test_no_text_of_the_product_has_an_archaic_turn() -> None:
    found = {
        str(path.relative_to(ROOT)): turns
        for path in texts()
        if (turns := found_in(path.read_text("utf-8")))
    }

    assert found == {}
