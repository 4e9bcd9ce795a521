"""Settings: where each value comes from, and what is said of a bad one."""

from __future__ import annotations

from pathlib import Path

import pytest

from waflows import settings
from waflows.errors import OperatorError
from waflows.storage.opening import open_database


def test_a_flag_counts_before_the_environment_and_that_before_the_file(tmp_path: Path) -> None:
    file = tmp_path / "waflows.toml"
    file.write_text("port = 1\nworkers = 3\nrate_limit = 7\n", "utf-8")
    environment = {"WAFLOWS_PORT": "2", "WAFLOWS_WORKERS": "4", "WAFLOWS_CONFIG": str(file)}

    loaded = settings.load({"port": "9", "workers": None}, environment)

    assert (loaded.port, loaded.workers, loaded.rate_limit) == (9, 4, 7)


def test_without_anything_given_the_defaults_hold() -> None:
    loaded = settings.load({}, {})

    assert loaded.rate_limit == 100
    assert loaded.url_of_database.startswith("sqlite:///")
    assert loaded.host == "127.0.0.1"


@pytest.mark.parametrize(
    ("flags", "environment", "sentence"),
    [
        ({"port": "eighty"}, {}, "Invalid setting port on the command line: "),
        ({"port": "70000"}, {}, "expected a whole number from 0 to 65535, not '70000'."),
        ({}, {"WAFLOWS_WORKERS": "0"}, "Invalid setting workers in the environment: "),
        (
            {},
            {"WAFLOWS_PROT": "1"},
            "Unknown setting WAFLOWS_PROT in the environment. Did you mean 'port'?",
        ),
        ({"simulated_phone": "maybe"}, {}, "expected true or false, not 'maybe'."),
        ({"shutdown_delay": "-1"}, {}, "expected a whole number of at least 0, not '-1'."),
        ({"log_format": "xml"}, {}, "expected one of auto, console, json, not 'xml'."),
        ({"public_url": "flows.example.org"}, {}, "expected a URL such as"),
        ({"database_url": "mysql://u:geheim@h/d"}, {}, "expected postgresql://user:password@host"),
    ],
)
def test_a_bad_setting_is_refused_with_a_sentence_that_names_it_and_its_place(
    flags: dict[str, str], environment: dict[str, str], sentence: str
) -> None:
    with pytest.raises(OperatorError) as refusal:
        settings.load(flags, environment)

    assert sentence in refusal.value.message
    assert "geheim" not in refusal.value.message


def test_a_settings_file_that_is_missing_or_broken_is_refused_by_name(tmp_path: Path) -> None:
    broken = tmp_path / "broken.toml"
    broken.write_text("port =", "utf-8")
    unknown = tmp_path / "unknown.toml"
    unknown.write_text("colour = 1", "utf-8")

    for path, words in [
        (tmp_path / "none.toml", "Cannot read the settings file"),
        (broken, "is not valid TOML"),
        (unknown, "Unknown setting 'colour'"),
    ]:
        with pytest.raises(OperatorError, match=words) as refusal:
            settings.load({}, {}, str(path))
        assert str(path) in refusal.value.message


def test_what_the_command_line_reads_for_its_own_use_is_no_unknown_setting() -> None:
    own = {"WAFLOWS_URL": "u", "WAFLOWS_KEY": "k", "WAFLOWS_ACCOUNT": "a", "WAFLOWS_CHANNEL": "c"}

    assert settings.load({}, own) == settings.load({}, {})


def test_a_url_to_listen_at_is_postgresql_and_is_never_shown() -> None:
    with pytest.raises(OperatorError) as refused:
        settings.load({}, {"WAFLOWS_LISTEN_URL": "mysql://waflows:hush@db/waflows"})
    assert "listen_url" in str(refused.value)
    assert "hush" not in str(refused.value)


def test_a_url_to_listen_at_does_not_go_with_sqlite() -> None:
    with pytest.raises(OperatorError, match="listen_url"):
        open_database("sqlite:///waflows.db", "postgresql://db/waflows")
