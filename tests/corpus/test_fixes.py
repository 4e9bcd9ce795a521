"""Fixing documents that people have published: nothing gets worse, and sound ones stay."""

import pytest
from harness.corpus import CORPUS, needs_the_corpus, rows

from waflows.flowjson import fixes, lint

pytestmark = needs_the_corpus


def errors(text: str) -> int:
    return sum(found.severity == "error" for found in lint(text).diagnostics)


@pytest.mark.parametrize("row", rows(), ids=lambda row: row["file"])
@pytest.mark.parametrize("unsafe", [False, True])
def test_a_published_document_never_gets_more_errors(row: dict[str, str], unsafe: bool) -> None:
    text = (CORPUS / row["file"]).read_bytes().decode("utf-8")

    fixed = fixes.fix(text, unsafe=unsafe)

    assert errors(fixed.text) <= errors(text)
    assert fixes.fix(fixed.text, unsafe=unsafe) == fixes.Fixed(fixed.text, 0)
    if not lint(text).diagnostics:
        assert fixed.text == text
