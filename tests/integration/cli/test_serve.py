"""`waflows serve`: the production server, its settings and its end."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import psutil
import pytest
from harness.servers import Tenant, client, production_server, run


def test_it_refuses_to_start_on_a_database_without_the_schema(database_url: str) -> None:
    refused = run("serve", "--port", "0", "--database-url", database_url)

    assert refused.returncode == 2
    assert "run `waflows db upgrade` first" in refused.stderr


@pytest.mark.parametrize(
    ("arguments", "variables", "words"),
    [
        (["--port", "eighty"], {}, "Invalid setting port on the command line"),
        ([], {"WAFLOWS_WORKERS": "many"}, "Invalid setting workers in the environment"),
        ([], {"WAFLOWS_PROT": "80"}, "Did you mean 'port'?"),
        (["--database-url", "mysql://h/d"], {}, "Invalid setting database_url on the command line"),
        (["--config", "no-such-file.toml"], {}, "Cannot read the settings file no-such-file.toml"),
    ],
)
def test_it_refuses_to_start_on_a_bad_setting_with_a_sentence_that_says_which(
    arguments: list[str], variables: dict[str, str], words: str
) -> None:
    refused = run("serve", *arguments, env=variables)

    assert refused.returncode == 2
    assert words in refused.stderr
    assert "Traceback" not in refused.stderr


def test_several_workers_serve_without_sample_data_and_count_their_requests_together(
    database_url: str, tmp_path: Path
) -> None:
    with production_server(tmp_path, database_url, "--workers", "2") as process:
        tenant = Tenant(process, database_url)
        assert tenant.http.get(tenant.flows).json() == {"flows": []}
        for _ in range(20):
            with client(process.url, tenant.api_key) as fresh:
                assert fresh.get(tenant.flows).status_code == 200
        route = "/api/v1/accounts/{accountId}/channels/{channelId}/flows"
        counted = f'waflows_requests_total{{method="GET",route="{route}",status="200"}} 21.0'
        # A worker passes on what it counted a moment later.
        deadline = time.monotonic() + 30
        while counted not in (metrics := tenant.http.get("/metrics").text):
            assert time.monotonic() < deadline, metrics
        assert process.stop() in {0, -15}


def test_it_limits_writes_to_a_hundred_a_minute_unless_told_otherwise(
    database_url: str, tmp_path: Path
) -> None:
    with production_server(tmp_path, database_url, "--workers", "2") as process:
        tenant = Tenant(process, database_url)
        answers = [
            tenant.http.post(tenant.flows, json={"name": f"n{count}", "categories": ["OTHER"]})
            for count in range(103)
        ]

    assert [answer.status_code for answer in answers] == [200] * 100 + [429] * 3
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 61
    assert answers[-1].json()["code"] == 429


def test_settings_come_from_a_file_too(tmp_path: Path) -> None:
    file = tmp_path / "waflows.toml"
    file.write_text('public_url = "https://flows.example.org/"\nworkers = 1\n', "utf-8")
    url = f"sqlite:///{tmp_path / 'waflows.db'}"
    # The log names the public address, so this server is reached by the port it was given.
    with production_server(tmp_path, url, "--workers", "1") as process:
        tenant = Tenant(process, url)
        flow = tenant.create("Linked", flowJson="{}")
        own = tenant.http.get(f"{tenant.flows}/{flow}").json()["flowJsonUrl"]
    assert own.startswith(process.url)

    shown = run("serve", "--config", str(file), "--port", "70000")
    assert "Invalid setting port on the command line" in shown.stderr


def test_workers_end_when_their_supervisor_is_killed_and_leave_the_port_free(
    database_url: str, tmp_path: Path
) -> None:
    with production_server(tmp_path, database_url, "--workers", "2") as process:
        workers = psutil.Process(process.popen.pid).children(recursive=True)
        process.popen.kill()
        process.popen.wait()
        gone, alive = psutil.wait_procs(workers, timeout=20)
        assert alive == []
        assert len(gone) >= 2
        port = process.url.rsplit(":", 1)[1]
        again = ["--workers", "1", "--port", port]
        (tmp_path / "again").mkdir()
        with production_server(tmp_path / "again", database_url, *again) as restarted:
            assert restarted.url == process.url


KUBERNETES = {
    "WAFLOWS_SERVICE_HOST": "10.96.0.7",
    "WAFLOWS_SERVICE_PORT": "8088",
    "WAFLOWS_SERVICE_PORT_HTTP": "8088",
    "WAFLOWS_PORT": "tcp://10.96.0.7:8088",
    "WAFLOWS_PORT_8088_TCP": "tcp://10.96.0.7:8088",
    "WAFLOWS_PORT_8088_TCP_PROTO": "tcp",
    "WAFLOWS_PORT_8088_TCP_PORT": "8088",
    "WAFLOWS_PORT_8088_TCP_ADDR": "10.96.0.7",
    "WAFLOWS_DB_SERVICE_HOST": "10.96.0.8",
    "WAFLOWS_DB_PORT": "tcp://10.96.0.8:5432",
}
"""What Kubernetes adds to the environment of a pod beside Services `waflows` and `waflows-db`."""


def test_variables_that_kubernetes_makes_for_a_service_of_its_name_are_ignored_and_logged_once(
    tmp_path: Path,
) -> None:
    url = f"sqlite:///{tmp_path / 'waflows.db'}"
    with production_server(tmp_path, url, "--workers", "2", **KUBERNETES) as process:
        line = process.log_line(event="variables of a Kubernetes Service ignored")
        assert line["variables"] == sorted(KUBERNETES)
        events = [each["event"] for each in process.log_lines() if "event" in each]
    assert events.count("variables of a Kubernetes Service ignored") == 1


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("WAFLOWS_PORT", "tcp"),
        ("WAFLOWS_PORTS", "tcp://10.96.0.7:8088"),
        ("WAFLOWS_SERVICE", "10.96.0.7"),
        ("WAFLOWS_SERVICEHOST", "10.96.0.7"),
        ("WAFLOWS_DATABASE_PORT", "5432"),
        ("WAFLOWS_PORT_HTTP", "8088"),
    ],
)
def test_a_variable_that_only_resembles_one_of_kubernetes_is_still_refused(
    variable: str, value: str
) -> None:
    refused = run("serve", env={variable: value})

    assert refused.returncode == 2
    assert "setting" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_worker_that_is_killed_is_replaced_and_its_death_is_logged_with_the_signal(
    tmp_path: Path,
) -> None:
    url = f"sqlite:///{tmp_path / 'waflows.db'}"
    with production_server(tmp_path, url, "--workers", "2") as process:
        victim, survivor = process.workers
        os.kill(victim.pid, signal.SIGKILL)

        line = process.log_line(15, event="worker died")
        assert (line["level"], line["pid"], line["signal"]) == ("error", victim.pid, "SIGKILL")
        assert "ended by SIGKILL" in line["reason"]
        replaced = {worker.pid for worker in process.workers}
        assert replaced == {survivor.pid, line["replaced_by"]}


def test_a_worker_that_does_not_answer_is_replaced_and_the_log_says_so(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'waflows.db'}"
    with production_server(tmp_path, url, "--workers", "2") as process:
        victim, _ = process.workers
        os.kill(victim.pid, signal.SIGSTOP)

        line = process.log_line(30, event="worker died")
        assert line["pid"] == victim.pid
        assert "did not respond for" in line["reason"]
