"""Typed models over many documents: always Python that runs, and always the same."""

from __future__ import annotations

from harness.corpus import own_documents

from waflows.flowjson import parse, typed


def test_the_python_models_of_every_document_run_and_do_not_change() -> None:
    flows = [flow for document in own_documents() if (flow := parse(document).flow) is not None]

    assert len(flows) > 100
    for flow in flows:
        text = typed.source(flow, "python")
        assert typed.source(flow, "python") == text
        exec(compile(text, "models.py", "exec"), {"__name__": "models"})
