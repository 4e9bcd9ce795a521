"""A report of a document with more findings than it holds says so, in every format."""

import json

from waflows.flowjson import RULES, lint
from waflows.flowjson.report import Checked, Run
from waflows.flowjson.report.github import github
from waflows.flowjson.report.human import human
from waflows.flowjson.report.json import json as as_json
from waflows.flowjson.report.sarif import sarif

TEXT = f'{{"version": "7.1", "screens": [{",".join(["{}"] * 1000)}]}}'


def run(text: str) -> Run:
    report = lint(text)
    return Run(
        (
            Checked(
                name="a.json",
                place="a.json",
                text=text,
                version="7.1",
                diagnostics=report.diagnostics,
                complete=report.complete,
            ),
        )
    )


def test_for_people() -> None:
    assert "a.json has more findings than these 1,000; the search ended" in human(run(TEXT))
    assert "more findings" not in human(run('{"version": "7.1", "screens": [{}]}'))


def test_for_programs() -> None:
    assert json.loads(as_json(run(TEXT)))["files"][0]["complete"] is False


def test_for_github() -> None:
    assert "::warning file=a.json,title=Not all findings::a.json has more" in github(run(TEXT))


def test_for_code_scanning() -> None:
    log = json.loads(sarif(run(TEXT), RULES, "0"))
    (notice,) = log["runs"][0]["invocations"][0]["toolExecutionNotifications"]
    assert notice["level"] == "warning"
    assert notice["message"]["text"].startswith("a.json has more findings")
