"""waflows as its users run it: a process of its own, reached over HTTP on loopback."""

from __future__ import annotations

import base64
import json
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx2
import psutil

from harness.databases import upgrade
from waflows.services.accounts import accounts, sub_accounts
from waflows.storage.database import Database
from waflows.storage.opening import open_database

_READY_SECONDS = 90.0
COMMAND = [sys.executable, "-m", "waflows"]
# One for all, so that any server of a test can take over the database of any other.
SECRETS_KEY = base64.b64encode(bytes(range(32))).decode()


class Process:
    """A running server process and where its log goes."""

    def __init__(self, popen: subprocess.Popen[bytes], url: str, log: Path) -> None:
        self.popen = popen
        self.url = url
        self.log = log

    def log_lines(self) -> list[dict[str, Any]]:
        """What was logged so far."""
        # The last line may be half written; the rest of it is only a moment away. What else
        # `splitlines` takes for the end of a line may stand within one.
        *lines, _ = self.log.read_bytes().split(b"\n")
        return [json.loads(line) for line in lines if line.startswith(b"{")]

    def log_line(self, wait: float = 5.0, **wanted: Any) -> dict[str, Any]:
        """The first log line with these fields; waits for it a while."""
        deadline = time.monotonic() + wait
        while True:
            for line in self.log_lines():
                if wanted.items() <= line.items():
                    return line
            assert time.monotonic() < deadline, f"no log line with {wanted} in {self.log_lines()}"
            time.sleep(0.02)

    @property
    def workers(self) -> list[psutil.Process]:
        """The worker processes of `waflows serve`, which do the work."""
        children = psutil.Process(self.popen.pid).children()
        return [child for child in children if _is_worker(child)]

    def kill(self) -> None:
        """Ends the process, and those it started, as a power cut would."""
        workers = psutil.Process(self.popen.pid).children(recursive=True)
        self.popen.kill()
        for worker in workers:
            with suppress(psutil.NoSuchProcess):
                worker.kill()
        psutil.wait_procs(workers, timeout=10)
        self.popen.wait()

    def stop(self) -> int:
        """Asks the process to end; its exit status."""
        self.popen.send_signal(signal.SIGTERM)
        return self.popen.wait(timeout=40)


def _is_worker(child: psutil.Process) -> bool:
    try:
        return "spawn_main" in " ".join(child.cmdline())
    except (psutil.NoSuchProcess, psutil.ZombieProcess):
        return False


class Account:
    """An account with a channel, a sub-account and a key of its own, served at a URL."""

    def __init__(self, url: str, database_url: str, name: str = "Tests") -> None:
        self.url = url
        self.database_url = database_url
        with opened(database_url) as db:
            self.account_id = db.run_now(accounts.create_account, name).id
            self.channel_id = db.run_now(accounts.create_channel, self.account_id, "Channel").id
            self.sub_account_id = f"sub-{secrets.token_hex(4)}"
            db.run_now(
                sub_accounts.create_sub_account,
                self.account_id,
                self.sub_account_id,
                self.channel_id,
            )
            self.api_key = db.run_now(accounts.create_key, self.account_id, "key").text
        self.http = client(self.url, self.api_key)

    @property
    def variables(self) -> dict[str, str]:
        """What tells the commands where the server is and who asks."""
        return {
            "WAFLOWS_URL": self.url,
            "WAFLOWS_ACCOUNT": self.account_id,
            "WAFLOWS_CHANNEL": self.channel_id,
            "WAFLOWS_KEY": self.api_key,
        }

    @property
    def flows(self) -> str:
        """Path of the channel's flows."""
        return f"/api/v1/accounts/{self.account_id}/channels/{self.channel_id}/flows"

    @property
    def guide_flows(self) -> str:
        """Path of the channel's flows in the guide dialect."""
        return f"/config/v1/channels/whatsapp/{self.channel_id}/flows"

    @property
    def messages(self) -> str:
        """Path of the sub-account's messages."""
        return f"/api/v1/subaccounts/{self.sub_account_id}/messages"

    @property
    def templates(self) -> str:
        """Path of the channel's templates."""
        return f"/api/v1/accounts/{self.account_id}/channels/{self.channel_id}/templates"

    def new_channel(self) -> str:
        """Another channel of the account."""
        with opened(self.database_url) as db:
            return db.run_now(accounts.create_channel, self.account_id, "Another").id

    def new_key(self, **limits: Any) -> str:
        """Another key of the account."""
        with opened(self.database_url) as db:
            return db.run_now(accounts.create_key, self.account_id, "another", **limits).text

    def create(self, name: str, **more: Any) -> str:
        """A new flow; its id."""
        body = {"name": name, "categories": ["OTHER"], **more}
        response = self.http.post(self.flows, json=body)
        assert response.status_code == 200, response.text
        flow_id: str = response.json()["id"]
        return flow_id

    def status_of(self, flow_id: str) -> str:
        """The status of a flow, as its details say."""
        status: str = self.http.get(f"{self.flows}/{flow_id}").json()["status"]
        return status


class Tenant(Account):
    """An account on a server whose process and log the test can see."""

    def __init__(self, process: Process, database_url: str, name: str = "Tests") -> None:
        super().__init__(process.url, database_url, name)
        self.process = process


def client(url: str, api_key: str | None = None) -> httpx2.Client:
    """An HTTP client for a server, with a key or without."""
    headers = {} if api_key is None else {"Authorization": f"Bearer {api_key}"}
    # Without TLS there is nothing to verify, and reading the certificates takes 25 ms.
    return httpx2.Client(base_url=url, headers=headers, timeout=30, trust_env=False, verify=False)


@contextmanager
def opened(database_url: str) -> Iterator[Database]:
    """A database, opened and closed again."""
    db = open_database(database_url)
    try:
        yield db
    finally:
        db.close()


def environment(**variables: str) -> dict[str, str]:
    """The environment without waflows' own variables but the key of all tests, and some set."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("WAFLOWS_")}
    return kept | {"WAFLOWS_SECRETS_KEY": SECRETS_KEY} | variables


def run(*arguments: str, env: Mapping[str, str] | None = None, **more: Any) -> Any:
    """Runs a waflows command to its end."""
    return subprocess.run(
        [*COMMAND, *arguments],
        env=environment(**(env or {})),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        **more,
    )


@contextmanager
def dev_server(folder: Path, *arguments: str, **variables: str) -> Iterator[tuple[Process, Any]]:
    """`waflows dev` on a free port, and what it printed when it was ready."""
    log = folder / "server.log"
    with log.open("ab") as errors:
        popen = subprocess.Popen(
            [*COMMAND, "dev", "--port", "0", "--json", "--data", str(folder), *arguments],
            stdout=subprocess.PIPE,
            stderr=errors,
            env=environment(**variables),
        )
    try:
        assert popen.stdout is not None
        first = popen.stdout.readline()
        assert first, log.read_text("utf-8")
        facts = json.loads(first)
        yield Process(popen, facts["url"], log), facts
    finally:
        _end(popen)


@contextmanager
def announced_dev_server(folder: Path, *arguments: str) -> Iterator[tuple[Process, str]]:
    """`waflows dev` as a person starts it, and what it prints."""
    log = folder / "server.log"
    with log.open("ab") as errors:
        popen = subprocess.Popen(
            [*COMMAND, "dev", "--port", "0", "--data", str(folder), *arguments],
            stdout=subprocess.PIPE,
            stderr=errors,
            env=environment(COLUMNS="80"),
        )
    try:
        assert popen.stdout is not None
        shown = ""
        while "Stop with Ctrl-C" not in shown:
            line = popen.stdout.readline().decode()
            assert line, shown + log.read_text("utf-8")
            shown += line
        url = shown.split("waflows is ready at ")[1].split()[0]
        yield Process(popen, url, log), shown
    finally:
        _end(popen)


@contextmanager
def production_server(
    folder: Path,
    database_url: str,
    *arguments: str,
    command: Sequence[str] = COMMAND,
    **variables: str,
) -> Iterator[Process]:
    """`waflows serve` on a free port, over a database that is upgraded first."""
    upgrade(database_url)
    log = folder / "server.log"
    with log.open("ab") as errors:
        popen = subprocess.Popen(
            [*command, "serve", "--port", "0", "--database-url", database_url, *arguments],
            stderr=errors,
            env=environment(**variables),
        )
    try:
        yield Process(popen, _address(popen, log), log)
    finally:
        # Tests leave connections open, for which a server that drains would wait.
        _end(popen, signal.SIGINT)


def _address(popen: subprocess.Popen[bytes], log: Path) -> str:
    """Where a server serves, once it answers there."""
    deadline = time.monotonic() + _READY_SECONDS
    url = ""
    while time.monotonic() < deadline:
        assert popen.poll() is None, log.read_text("utf-8")
        for line in log.read_text("utf-8").splitlines():
            if '"serving"' in line:
                url = json.loads(line)["url"]
        try:
            if url and httpx2.get(f"{url}/readyz", trust_env=False).status_code == 200:
                return url
        except httpx2.TransportError:
            pass
        time.sleep(0.05)
    raise AssertionError(f"not ready in {_READY_SECONDS} s: {log.read_text('utf-8')}")


def _end(popen: subprocess.Popen[bytes], by: int = signal.SIGTERM) -> None:
    """Ends a process and those it started, should they still run."""
    if popen.poll() is None:
        popen.send_signal(by)
        try:
            popen.wait(timeout=10)
        except subprocess.TimeoutExpired:
            popen.kill()
            popen.wait()
    if popen.stdout is not None:
        popen.stdout.close()
