"""`waflows types`: models that type checkers accept."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from harness.gallery import GALLERY
from harness.servers import run

ENDPOINT = Path(__file__).parents[3] / "examples" / "endpoints" / "flow.json"
USE = """

answer: PickDayAnswer = {"screen": "PICK_DAY", "data": {"days": [{"id": "a", "title": "A"}]}}


def chosen(request: PickDayRequest) -> str:
    return request["data"]["day"]
"""


def types(file: Path, language: str) -> str:
    done = run("types", str(file), "--lang", language)
    assert done.returncode == 0, done.stderr
    return str(done.stdout)


def mypy(file: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file=", str(file)]
    return subprocess.run(command, capture_output=True, text=True, cwd=file.parent, check=False)


def test_python_models_pass_a_strict_type_checker_and_refuse_a_wrong_answer(tmp_path: Path) -> None:
    flow = tmp_path / "gallery.json"
    flow.write_text(GALLERY, encoding="utf-8")
    everything, right, wrong = (tmp_path / name for name in ("a.py", "b.py", "c.py"))
    everything.write_text(types(flow, "python"), encoding="utf-8")
    right.write_text(types(ENDPOINT, "python") + USE, encoding="utf-8")
    wrong.write_text(right.read_text("utf-8").replace('"title": "A"', '"title": 1'), "utf-8")

    assert mypy(everything).returncode == 0, mypy(everything).stdout
    assert mypy(right).returncode == 0, mypy(right).stdout
    assert 'item "title" has type "str"' in mypy(wrong).stdout
    exec(compile(everything.read_text("utf-8"), "a.py", "exec"), {"__name__": "a"})


def test_typescript_models_are_interfaces_named_after_the_screens() -> None:
    text = types(ENDPOINT, "typescript")

    assert 'export interface PickDayPayload {\n  "day": string;\n}' in text
    assert "export type EndpointAnswer = PickDayAnswer | SuccessAnswer;" in text
    assert text.count("{") == text.count("}")


def test_a_file_that_is_not_flow_json_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "list.json"
    file.write_text(json.dumps([]), encoding="utf-8")

    done = run("types", str(file), "--lang", "python")

    assert done.returncode == 1
    assert "is not Flow JSON" in done.stderr
