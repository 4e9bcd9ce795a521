"""The fact tables of the tests hold facts, and say what their documents say."""

from __future__ import annotations

import json
import runpy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

_DATA = Path(__file__).resolve().parents[1] / "data"
_CUT = runpy.run_path(str(_DATA / "cut.py"))
_PROSE = {"description", "summary", "title", "example", "examples", "notes", "note", "tags"}


@pytest.mark.parametrize("name", _CUT["TABLES"])
@pytest.mark.skipif(
    not _CUT["BESIDE"].is_dir(),
    reason="the documents they are cut from are not in this repository, but in ../shared",
)
def test_a_table_is_what_its_document_gives_now(name: str) -> None:
    kept = (_DATA / name).read_text("utf-8")

    assert kept == _CUT["table_text"](name, _CUT["BESIDE"]), "run `make facts`"


def _texts(node: Any, *path: str) -> Iterator[tuple[tuple[str, ...], str]]:
    if isinstance(node, dict):
        for key, value in node.items():
            yield from _texts(value, *path, key)
    elif isinstance(node, list):
        for value in node:
            yield from _texts(value, *path)
    elif isinstance(node, str):
        yield path, node


def test_the_structure_of_the_api_has_no_sentence_in_it() -> None:
    document = json.loads((_DATA / "8x8-openapi.json").read_text("utf-8"))
    del document["info"]

    for path, text in _texts(document):
        # A property may be called `title` or `description`; a text of that name is prose.
        assert path[-1] not in _PROSE or text == "", (path, text)
        assert " " not in text or path[-1] in {"enum", "pattern"}, (path, text)


def test_the_table_of_components_has_no_sentence_in_it() -> None:
    table = json.loads((_DATA / "flow-json-components.json").read_text("utf-8"))

    for path, text in _texts(table):
        assert " " not in text, (path, text)


def test_the_table_of_errors_has_codes_templates_and_flows_only() -> None:
    for error in json.loads((_DATA / "flow-json-errors.json").read_text("utf-8")):
        assert set(error) <= {
            "id", "code", "message_templates", "minimal_trigger", "minimal_trigger_text",
        }  # fmt: skip
