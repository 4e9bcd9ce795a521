"""However an address of a database is misspelled, its password is printed and logged nowhere."""

from __future__ import annotations

import os
from pathlib import Path
from unittest import mock

import pytest
from harness.servers import run
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from waflows.cli import main

LEFT, RIGHT = "kirsch", "baumrinde"
"""Both ends of each password; neither may be seen."""

PLACES = ("option", "variable", "file")
FORMS = (
    "postgresql://user:{}@127.0.0.1:1/db",
    "postgresql://user:{}@127.0.0.1:port/db",
    "postgresql://user:{}@127.0.0.1:99999/db",
    "postgresql://user:{}@[127.0.0.1/db",
    "postgresql://user:{}@127.0.0.1:1/db?sslmode=odd",
    "postgresql://user:{}@127.0.0.1:1/db?nothing",
    "postgresql://127.0.0.1:1/db?user=u&password={}",
    "postgresql://127.0.0.1:1/db?user=u&pasword={}",
    "postgresql://user:{}",
    "postgresql:/user:{}@127.0.0.1/db",
    "postgresql:user:{}@127.0.0.1/db",
    "postgresql+psycopg://user:{}@127.0.0.1:1/db",
    "mysql://user:{}@127.0.0.1/db",
    "sqlite://user:{}@127.0.0.1/db",
    "//user:{}@127.0.0.1/db",
    "host=127.0.0.1 port=1 user=u password={}",
)
_passwords = st.text(
    st.sampled_from("@/:?#%[]&= \\\n\t\u00e4'\"")
    | st.characters(codec="utf-8", max_codepoint=0xFFFF),
    max_size=6,
).map(lambda text: f"{LEFT}{text.replace(chr(0), '')}{RIGHT}")


@pytest.mark.parametrize("place", PLACES)
@given(form=st.sampled_from(FORMS), password=_passwords)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_misspelling_makes_a_command_print_the_password(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], place: str, form: str, password: str
) -> None:
    url = form.format(password)
    arguments, variables = ["db", "upgrade"], {}
    if place == "option":
        arguments += ["--database-url", url]
    elif place == "variable":
        variables = {"WAFLOWS_DATABASE_URL": url}
    else:
        file = tmp_path / "waflows.toml"
        file.write_text(f"database_url = {_quoted(url)}\n", "utf-8")
        arguments += ["--config", str(file)]

    with mock.patch.dict(os.environ, variables), pytest.raises(SystemExit) as ended:
        main(arguments)

    shown = "".join(capfd.readouterr())
    assert ended.value.code in {1, 2}
    assert shown.startswith("Error: ")
    assert shown.count("\n") == 1
    for part in (LEFT, RIGHT):
        assert part not in shown


@pytest.mark.parametrize(
    "form",
    [
        FORMS[0],
        FORMS[1],
        FORMS[4],
        FORMS[7],
        "postgresql://user:x@y{}@127.0.0.1/db",
        "postgresql://user:%{}@h/db",
    ],
)
def test_a_server_that_cannot_start_says_why_in_one_sentence_without_the_password(
    form: str,
) -> None:
    ended = run("serve", "--port", "0", env={"WAFLOWS_DATABASE_URL": form.format(LEFT + RIGHT)})

    assert ended.returncode in {1, 2}
    assert LEFT not in ended.stdout + ended.stderr
    assert "Traceback" not in ended.stderr
    assert ended.stderr.startswith("Error: ")


def _quoted(text: str) -> str:
    """A TOML string; every character that may not stand in one is escaped."""
    return '"' + "".join(f"\\U{ord(character):08x}" for character in text) + '"'


@pytest.mark.parametrize("form", [FORMS[1], FORMS[2], FORMS[7], FORMS[12]])
def test_the_address_to_listen_at_is_judged_alike(form: str) -> None:
    variables = {
        "WAFLOWS_DATABASE_URL": "postgresql://127.0.0.1:1/db",
        "WAFLOWS_LISTEN_URL": form.format(LEFT + RIGHT),
    }
    ended = run("serve", "--port", "0", env=variables)

    assert ended.returncode == 2
    assert LEFT not in ended.stdout + ended.stderr
    assert ended.stderr.startswith("Error: ")
    assert ended.stderr.count("\n") == 1
