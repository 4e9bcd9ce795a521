"""The examples of docs/playing.md do what the page says."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from harness.servers import run
from unit.runtime.playing import ask, body, document, footer, group, screen, text_input, to

_PAGE = (Path(__file__).parents[3] / "docs" / "playing.md").read_text("utf-8")
_PYTHON = re.findall(r"(?ms)^```python\n(.*?)^```", _PAGE)
_SCRIPT = re.findall(r"(?ms)^```yaml\n(.*?)^```", _PAGE)

_LABELS = {"start-date": "Stay", "end-date": "Until"}
_BOOKING = document(
    screen(
        "DETAILS",
        text_input("name", required=True),
        text_input("email", **{"input-type": "email"}),
        group("Dropdown", "room", "single", "double", label="Room", required=True),
        group("CheckboxGroup", "extras", "breakfast", "parking", label="Extras"),
        {"type": "DatePicker", "name": "arrival", "label": "Arrival"},
        {"type": "CalendarPicker", "name": "stay", "label": _LABELS, "mode": "range"},
        {"type": "OptIn", "name": "terms", "label": "I agree"},
        footer(label="Continue", **{"on-click-action": to("PHOTOS")}),
        {"type": "PhotoPicker", "name": "photos", "label": "Photos"},
        title="Your details",
    ),
    screen(
        "PHOTOS",
        body("Total 160"),
        body("`'Thank you, ' ${screen.DETAILS.form.name}`"),
        footer(
            {name: f"${{screen.DETAILS.form.{name}}}" for name in ("name", "room")}, label="Book"
        ),
        terminal=True,
    ),
)
_DATES = document(
    screen(
        "DATES",
        {"type": "Dropdown", "name": "room", "label": "Room", "data-source": "${data.rooms}"},
        footer(label="Book", **{"on-click-action": ask({"room": "${form.room}"})}),
        data={"rooms": {"type": "array"}},
        terminal=True,
    ),
    data_api_version="4.0",
    routing_model={"DATES": []},
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "booking.json").write_text(json.dumps(_BOOKING))
    (tmp_path / "dates.json").write_text(json.dumps(_DATES))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("example", _PYTHON, ids=range(len(_PYTHON)))
@pytest.mark.usefixtures("folder")
def test_a_python_example_runs(example: str) -> None:
    names: dict[str, Any] = {}
    exec(example, names)
    for name, value in names.items():
        if name.startswith("test_"):
            value()


def test_the_script_of_answers_plays_to_the_end(folder: Path) -> None:
    (script,) = _SCRIPT
    (folder / "answers.yaml").write_text(script)
    done = run("play", "booking.json", "--answers", "answers.yaml")

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["room"] == "double"


def test_every_verb_and_option_stands_on_the_page() -> None:
    from waflows.cli.play import command
    from waflows.cli.play_answers import VERBS

    for option in command.params:
        assert option.opts[0] in _PAGE or option.opts[0] in {"file", "--json"}, option.opts
    for verb in VERBS:
        assert f"`{verb}`" in _PAGE, verb
