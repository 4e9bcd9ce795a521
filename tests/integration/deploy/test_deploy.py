"""The files under deploy/: each is checked by the program that reads it, and against the code."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from harness.servers import Tenant, production_server
from prometheus_client import REGISTRY

from waflows import settings
from waflows.telemetry import metrics

ROOT = Path(__file__).parents[3]
DEPLOY = ROOT / "deploy"
_FILES = sorted(path for path in DEPLOY.rglob("*") if path.is_file())


def _program(name: str, package: str) -> str:
    found = shutil.which(name)
    if found is None:
        reason = f"no {name} here: install it (Debian: apt-get install {package})"
        assert not os.environ.get("CI"), reason
        pytest.skip(reason)
    return found


@pytest.mark.parametrize("path", _FILES, ids=lambda path: str(path.relative_to(DEPLOY)))
def test_every_setting_that_is_named_exists(path: Path) -> None:
    named = set(re.findall(r"\bWAFLOWS_([A-Z][A-Z_]*)\b", path.read_text("utf-8")))

    assert {name.lower() for name in named} <= set(settings.FIELDS)


def test_systemd_accepts_the_units(tmp_path: Path) -> None:
    analyse = _program("systemd-analyze", "systemd")
    for unit in (DEPLOY / "systemd").iterdir():
        # The check wants the program to exist.
        text = unit.read_text("utf-8").replace("/opt/waflows/bin/waflows", "/bin/true")
        (tmp_path / unit.name).write_text(text, "utf-8")
    units = sorted(str(unit) for unit in tmp_path.iterdir())
    found = subprocess.run(
        [analyse, "verify", "--man=no", *units], capture_output=True, text=True, check=False
    )

    complaints = [line for line in found.stderr.splitlines() if "waflows" in line]
    assert complaints == []


def test_the_service_has_time_to_drain() -> None:
    unit = (DEPLOY / "systemd" / "waflows.service").read_text("utf-8")
    default = settings.Settings()

    stop = re.search(r"^TimeoutStopSec=(\d+)$", unit, re.MULTILINE)
    assert stop is not None
    assert int(stop[1]) > default.shutdown_delay + default.shutdown_seconds


def test_prometheus_accepts_the_rules() -> None:
    promtool = _program("promtool", "prometheus")
    rules = DEPLOY / "prometheus" / "waflows.rules.yaml"
    found = subprocess.run(
        [promtool, "check", "rules", str(rules)], capture_output=True, text=True, check=False
    )

    assert found.returncode == 0, found.stdout + found.stderr


def test_every_metric_in_the_rules_is_one_that_the_server_has() -> None:
    rules = yaml.safe_load((DEPLOY / "prometheus" / "waflows.rules.yaml").read_text("utf-8"))
    expressions = " ".join(rule["expr"] for group in rules["groups"] for rule in group["rules"])
    named = set(re.findall(r"\bwaflows_\w+", expressions))

    # Among several workers a metric shows only after its first use, so this asks the registry.
    samples = set(re.findall(r"^# TYPE (\S+) gauge$", metrics.backlog(0, 0).decode(), re.MULTILINE))
    for family in REGISTRY.collect():
        samples.add(f"{family.name}_total" if family.type == "counter" else family.name)
        if family.type == "histogram":
            samples |= {f"{family.name}_bucket", f"{family.name}_sum", f"{family.name}_count"}
    assert named
    assert named <= samples


def _kubernetes() -> dict[str, Any]:
    text = (DEPLOY / "kubernetes" / "waflows.yaml").read_text("utf-8")
    return {document["kind"]: document for document in yaml.safe_load_all(text)}


def test_the_pods_are_selected_by_labels_they_have_and_have_time_to_drain() -> None:
    documents = _kubernetes()
    deployment = documents["Deployment"]["spec"]
    labels = deployment["template"]["metadata"]["labels"]
    pod = deployment["template"]["spec"]
    (container,) = pod["containers"]
    values = {each["name"]: each.get("value") for each in container["env"]}

    selectors = (
        deployment["selector"]["matchLabels"],
        documents["Service"]["spec"]["selector"],
        documents["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"],
    )
    for selector in selectors:
        assert selector.items() <= labels.items()
        upgrade = documents["Job"]["spec"]["template"]["metadata"]["labels"]
        assert not selector.items() <= upgrade.items()
    drain = int(values["WAFLOWS_SHUTDOWN_DELAY"]) + int(values["WAFLOWS_SHUTDOWN_SECONDS"])
    assert pod["terminationGracePeriodSeconds"] > drain


def test_the_probes_ask_what_the_server_answers(tmp_path: Path) -> None:
    (container,) = _kubernetes()["Deployment"]["spec"]["template"]["spec"]["containers"]
    paths = {
        container[probe]["httpGet"]["path"]
        for probe in ("startupProbe", "readinessProbe", "livenessProbe")
    }
    url = f"sqlite:///{tmp_path / 'waflows.db'}"
    with production_server(tmp_path, url, "--workers", "1") as process:
        http = Tenant(process, url).http
        assert {http.get(path).status_code for path in paths} == {200}


def test_compose_starts_the_server_after_the_database_and_its_upgrade() -> None:
    compose = yaml.safe_load((DEPLOY / "container" / "compose.yaml").read_text("utf-8"))
    services = compose["services"]

    assert services["waflows"]["depends_on"] == {
        "upgrade": {"condition": "service_completed_successfully"}
    }
    assert services["upgrade"]["depends_on"] == {"database": {"condition": "service_healthy"}}
    build = services["waflows"]["build"]
    context = (DEPLOY / "container" / build["context"]).resolve()
    assert (context, (context / build["dockerfile"]).is_file()) == (ROOT, True)


@pytest.mark.soak
def test_the_commands_of_the_containerfile_install_a_server_that_starts(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    archive = subprocess.run(
        ["git", "archive", "HEAD"], cwd=ROOT, capture_output=True, check=True
    ).stdout
    subprocess.run(["tar", "-x"], cwd=source, input=archive, check=True)
    prefix = tmp_path / "prefix"
    text = (DEPLOY / "container" / "Containerfile").read_text("utf-8")
    _, building, _ = text.split("\nFROM ")
    commands = re.findall(r"^RUN (.*)$", building, re.MULTILINE)
    assert len(commands) == 5
    variables = {
        "PATH": f"{Path(sys.base_prefix) / 'bin'}:{os.environ['PATH']}",
        # Where pip and npm are told which package index this machine can reach.
        "HOME": os.environ["HOME"],
        "PREFIX": str(prefix),
    }
    network = {
        name: value
        for name, value in os.environ.items()
        if name.lower().startswith(("pip_", "npm_config_"))
    }
    for command in commands:
        subprocess.run(["sh", "-ec", command], cwd=source, env=variables | network, check=True)

    url = f"sqlite:///{tmp_path / 'waflows.db'}"
    found = subprocess.run(
        [str(prefix / "bin" / "waflows"), "db", "upgrade", "--database-url", url],
        env={"HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "Applied 0001" in found.stdout
