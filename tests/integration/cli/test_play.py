"""`waflows play`: by a script of answers, on a terminal, and in every way."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from harness.servers import run
from harness.terminal import on_terminal
from unit.runtime.playing import ask, document, footer, group, screen, text_input, to

FLOW = document(
    screen(
        "DETAILS",
        text_input("name", label="Name", required=True),
        group("CheckboxGroup", "extras", "bed", "park", label="Extras"),
        {"type": "OptIn", "name": "terms", "label": "I agree"},
        {"type": "DatePicker", "name": "day", "label": "Day"},
        {"type": "DocumentPicker", "name": "files", "label": "Files"},
        footer(label="Continue", **{"on-click-action": to("CONFIRM")}),
    ),
    screen(
        "CONFIRM",
        footer(
            {
                name: f"${{screen.DETAILS.form.{name}}}"
                for name in ("name", "extras", "terms", "day", "files")
            },
            label="Send",
        ),
        terminal=True,
    ),
)
ANSWERS = """\
- expect: Details
- fill: {Name: Ines}
- choose: {Extras: [Bed, Park]}
- unchoose: {Extras: Bed}
- check: I agree
- pick: {Day: 2030-05-04}
- upload: {Files: plan.pdf}
- tap: Continue
- back
- see: Ines
- tap: [Continue, Send]
"""


@pytest.fixture
def flow(tmp_path: Path) -> Path:
    file = tmp_path / "flow.json"
    file.write_text(json.dumps(FLOW))
    return file


def played(file: Path, answers: str, *options: str) -> Any:
    """Plays by a script; the answers are written beside the flow."""
    script = file.with_name("answers.yaml")
    script.write_text(answers)
    return run("play", str(file), "--answers", str(script), *options)


def test_a_script_of_answers_plays_to_the_response(flow: Path) -> None:
    done = played(flow, ANSWERS, "--flow-token", "t-1")

    assert (done.returncode, done.stderr) == (0, "")
    response = json.loads(done.stdout)
    assert response.pop("files")[0]["file_name"] == "plan.pdf"
    assert response == {
        "name": "Ines",
        "extras": ["park"],
        "terms": True,
        "day": "2030-05-04",
        "flow_token": "t-1",
    }


def test_a_script_may_be_json(flow: Path) -> None:
    done = played(flow, '[{"fill": {"Name": "Ines"}}, {"tap": ["Continue", "Send"]}]')

    assert json.loads(done.stdout)["name"] == "Ines"


def test_a_step_that_fails_says_which_and_shows_the_screen(flow: Path) -> None:
    done = played(flow, "- fill: {Name: ''}\n- tap: Continue\n")

    assert (done.returncode, done.stdout) == (1, "")
    assert "Step 2, tap: " in done.stderr
    assert "'Name' is required." in done.stderr
    assert "│ Details  [DETAILS]  1/2" in done.stderr


def test_a_script_that_ends_too_early_is_refused_with_the_screen(flow: Path) -> None:
    done = played(flow, "- fill: {Name: Ines}\n")

    assert done.returncode == 1
    assert "was not completed; it ended on" in done.stderr
    assert "Name: [Ines]" in done.stderr


@pytest.mark.parametrize(
    ("answers", "says"),
    [
        ("tap: Continue", "must be a list of steps"),
        ("- [", "is not YAML"),
        ("- press: Continue", "step 1: unknown verb 'press'; use one of fill, choose"),
        ("- tap: Go\n- {tap: a, fill: b}", "step 2: a step must be one verb"),
        ("- fill: Ines", "step 1, fill: expected labels and values"),
        ("- fill: {Name: no}", "False is not a string; put it in quotes"),
        ("- pick: {Day: [2030-01-01, 2030-01-02, 2030-01-03]}", "start and end"),
        ("- answer: CONFIRM", "expected `screen` and `data`"),
        ("- back: twice", "takes no value"),
    ],
)
def test_a_script_that_is_wrong_is_refused_before_anything_is_played(
    flow: Path, answers: str, says: str
) -> None:
    done = played(flow, answers)

    assert done.returncode == 2
    assert says in done.stderr
    assert "│" not in done.stderr


@pytest.fixture
def asking(tmp_path: Path) -> Path:
    file = tmp_path / "asking.json"
    value = document(
        screen(
            "HOME",
            text_input("name"),
            footer(**{"on-click-action": ask({"n": "${form.name}"})}),
            terminal=True,
        ),
        data_api_version="4.0",
        routing_model={"HOME": []},
    )
    file.write_text(json.dumps(value))
    return file


SUCCESS = (
    "{screen: SUCCESS, data: {extension_message_response: {params: {flow_token: t, ok: yes}}}}"
)


def test_answers_of_the_endpoint_stand_in_the_script(asking: Path) -> None:
    steps = "- answer: {screen: HOME, data: {}}\n- fill: {name: Ines}\n- tap: Go\n- answer: "

    assert json.loads(played(asking, steps + SUCCESS).stdout) == {"flow_token": "t", "ok": True}
    early = played(asking, "- answer: {screen: HOME, data: {}}\n- tap: Go")
    assert early.returncode == 2
    assert "no `answer` left" in early.stderr


def test_a_python_function_may_be_the_endpoint(asking: Path) -> None:
    code = asking.with_name("mine.py")
    code.write_text(
        "def answer(request):\n"
        "    if request['action'] == 'INIT':\n"
        "        return {'screen': 'HOME', 'data': {}}\n"
        "    params = {'flow_token': request['flow_token'], **request['data']}\n"
        "    return {'screen': 'SUCCESS',\n"
        "            'data': {'extension_message_response': {'params': params}}}\n"
    )
    steps = "- fill: {name: Ines}\n- tap: Go"
    done = played(asking, steps, "--endpoint", f"{code}:answer")

    assert json.loads(done.stdout) == {"flow_token": "unused", "n": "Ines"}
    assert "no function other" in played(asking, steps, "--endpoint", f"{code}:other").stderr
    assert "does not exist" in played(asking, steps, "--endpoint", "moon.py:answer").stderr


KIT = """\
from waflows.endpoint import Completion, Endpoint, FlowTokenDead, NextScreen
from waflows.security import key_pairs

endpoint = Endpoint(key_pairs.private_pem(key_pairs.generate()), app_secret=None)


@endpoint.init
async def start(request):
    return NextScreen("HOME", {})


@endpoint.data_exchange("HOME")
def finish(request):
    if request.data["n"] == "nobody":
        raise FlowTokenDead("This offer has ended.")
    return Completion({"n": request.data["n"], "length": 10 // len(request.data["n"])})
"""


def test_an_endpoint_object_of_the_kit_may_be_the_endpoint(asking: Path) -> None:
    code = asking.with_name("kit.py")
    code.write_text(KIT)

    def answered(name: str) -> Any:
        steps = f"- fill: {{name: '{name}'}}\n- tap: Go"
        return played(asking, steps, "--endpoint", f"{code}:endpoint", "--flow-token", "t-1")

    assert json.loads(answered("Ines").stdout) == {"flow_token": "t-1", "n": "Ines", "length": 2}
    assert "This offer has ended." in answered("nobody").stderr


def test_an_exception_in_the_endpoint_is_one_sentence_with_its_file_and_line(asking: Path) -> None:
    code = asking.with_name("kit.py")
    code.write_text(KIT)
    line = KIT.splitlines().index(next(each for each in KIT.splitlines() if "//" in each)) + 1
    done = played(asking, "- tap: Go", "--endpoint", f"{code}:endpoint")
    assert done.returncode == 1
    assert "raised ZeroDivisionError" in done.stderr
    assert f"({code}, line {line})." in done.stderr
    assert "Traceback" not in done.stderr

    code.write_text("def answer(request):\n    return request['moon']\n")
    done = played(asking, "- tap: Go", "--endpoint", f"{code}:answer")
    assert f"The endpoint raised KeyError: 'moon' ({code}, line 2)." in done.stderr

    code.write_text("import moon\n")
    done = played(asking, "- tap: Go", "--endpoint", f"{code}:answer")
    assert f"No module named 'moon' ({code}, line 1)." in done.stderr

    code.write_text("def answer(request:\n")
    done = played(asking, "- tap: Go", "--endpoint", f"{code}:answer")
    assert "SyntaxError" in done.stderr
    assert f"({code}, line 1)." in done.stderr


def test_every_way_honours_the_screen_the_token_and_the_day_of_the_message(flow: Path) -> None:
    def ways(*options: str) -> Any:
        return run("play", str(flow), "--every-way", *options)

    found = json.loads(ways("--screen", "CONFIRM", "--flow-token", "t-1").stdout)
    assert (found["reached"], found["unreached"]) == (["CONFIRM"], ["DETAILS"])
    assert {each["response"]["flow_token"] for each in found["endings"]} == {"t-1"}
    found = json.loads(ways("--today", "2031-02-03").stdout)
    assert found["endings"][0]["events"][0]["today"] == "2031-02-03"

    missing = ways("--screen", "MOON")
    assert missing.returncode == 2
    assert "has no screen MOON" in missing.stderr


def test_a_message_may_bring_screen_and_data(flow: Path) -> None:
    value = {**FLOW, "screens": [{**FLOW["screens"][1], "title": "${data.title}"}]}
    flow.write_text(json.dumps(value))
    done = played(flow, "- expect: Hello", "--screen", "CONFIRM", "--data", '{"title": "Hello"}')

    assert "it ended on\n\nHello  [CONFIRM]" in done.stderr
    assert "--data must be a JSON object" in played(flow, "[]", "--data", "[").stderr


def test_a_document_that_cannot_be_played_is_refused(flow: Path) -> None:
    flow.write_text("{")

    assert "cannot be played. The document is not JSON." in run("play", str(flow)).stderr
    assert "No such file" in run("play", "moon.json").stderr


def test_without_a_terminal_a_script_is_asked_for(flow: Path) -> None:
    done = run("play", str(flow))

    assert done.returncode == 2
    assert "pass a script with --answers" in done.stderr


def test_on_a_terminal_a_flow_is_played_by_number(flow: Path) -> None:
    # Name, its text; Extras, both; the opt-in; Day, its date; Files, a name; then the defaults.
    answers = ["1", "Ines", "2", "1,2", "3", "4", "2030-05-04", "5", "plan.pdf", "99", "6", "1"]
    seen = on_terminal("play", str(flow), answer="\n".join(answers))

    assert seen.status == 0, seen.text
    assert "Details  [DETAILS]  1/2" in seen.text
    assert "'99' is not one of the choices." in seen.text
    response = json.loads(seen.text[seen.text.rindex("\n{") :])
    assert response["extras"] == ["bed", "park"]
    assert (response["name"], response["terms"], response["day"]) == ("Ines", True, "2030-05-04")


def test_a_person_may_give_up(flow: Path) -> None:
    seen = on_terminal("play", str(flow), answer="q")

    assert seen.status == 1
    assert "was not completed" in seen.text


def test_every_way_is_tried_and_reported(flow: Path) -> None:
    done = run("play", str(flow), "--every-way")
    found = json.loads(done.stdout)
    assert (found["reached"], found["unreached"]) == (["DETAILS", "CONFIRM"], [])
    assert found["endings"][0]["response"]["name"]

    seen = on_terminal("play", str(flow), "--every-way")
    assert seen.text == "screens reached: 2 of 2\nways to the end: 1\n"

    flow.write_text(json.dumps(document(screen("HOME", text_input("name")))))
    failed = run("play", str(flow), "--every-way")
    assert (failed.returncode, "No path leads to the end of the flow." in failed.stderr) == (
        1,
        True,
    )
