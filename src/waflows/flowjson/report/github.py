"""The report for GitHub Actions: one workflow command for each finding, shown beside the line."""

from __future__ import annotations

from waflows.flowjson.diagnostics import Diagnostic
from waflows.flowjson.report import Checked, Run, Unusable, cut_short


def github(run: Run) -> str:
    """Annotations, one a line."""
    lines = [_fault(each, found) for each in run.checked for found in each.diagnostics]
    lines += [_cut_short(each) for each in run.incomplete]
    lines += [_unusable(each) for each in run.unusable]
    return "".join(f"{line}\n" for line in lines)


def _fault(checked: Checked, found: Diagnostic) -> str:
    place: dict[str, object] = {
        "file": checked.place,
        "line": found.line_start,
        "endLine": found.line_end,
    }
    # GitHub refuses columns of an annotation over several lines.
    if found.line_start == found.line_end:
        place |= {"col": found.column_start, "endColumn": found.column_end}
    place["title"] = f"{found.code} ({found.rule})"
    message = f"{found.message}\nhelp: {found.help}"
    return _command(found.severity, place, message)


def _cut_short(each: Checked) -> str:
    return _command("warning", {"file": each.place, "title": "Not all findings"}, cut_short(each))


def _unusable(each: Unusable) -> str:
    return _command("error", {"file": each.place, "title": "Not checked"}, each.reason)


def _command(name: str, properties: dict[str, object], message: str) -> str:
    listed = ",".join(f"{key}={_property(str(value))}" for key, value in properties.items())
    return f"::{name} {listed}::{_data(message)}"


def _data(text: str) -> str:
    """Text after the `::`, where a line break would end the command and begin another."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
