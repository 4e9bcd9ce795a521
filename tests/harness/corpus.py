"""Flow JSON to run tests over: documents of other authors, where they are, and our own.

Documents of other authors are not kept in this repository. They are read from `../shared/corpus`,
and the tests that need them are skipped where that folder is missing.
"""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from harness.gallery import GALLERY
from waflows import samples
from waflows.flowjson import RULES

CORPUS = Path(__file__).resolve().parents[2].parent / "shared" / "corpus"
_INDEX = CORPUS / "INDEX.tsv"
_EXAMPLES = Path(__file__).resolve().parents[1] / "examples"

needs_the_corpus = pytest.mark.skipif(
    not _INDEX.is_file(),
    reason="Flow JSON of other authors is not in this repository: it is read from ../shared/corpus",
)


def rows() -> list[dict[str, str]]:
    """The index of the documents of other authors; empty where they are not."""
    if not _INDEX.is_file():
        return []
    with _INDEX.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines, delimiter="\t"))


def own_documents() -> list[bytes]:
    """Our samples, a flow with every component, and the examples of the rules."""
    texts = [each.flow_json for each in samples.all_samples()]
    texts.append(GALLERY)
    texts += [each.text for rule in RULES.values() for each in (*rule.passing, *rule.failing)]
    files = [file.read_bytes() for file in sorted(_EXAMPLES.rglob("*.json"))]
    encoded = [text.encode("utf-8") for text in texts] + files
    return list(dict.fromkeys(document for document in encoded if _is_json(document)))


def _is_json(document: bytes) -> bool:
    try:
        json.loads(document.decode("utf-8-sig"))
    except ValueError:
        return False
    return True
