"""How soon every worker of several servers acts on what another process has committed."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

import httpx2

from harness.servers import Process, Tenant, client, opened
from waflows.services.accounts import accounts
from waflows.services.flows import lifecycle
from waflows.services.flows.lifecycle import Content

_MOST_CONNECTIONS = 500
_LOOK_SECONDS = 4.0
_QUIET_SECONDS = 0.3
_NOT_STALE = {401, 503}


class Seen(NamedTuple):
    """What came of one change.

    `late` is how long after the commit the last request was sent that was still answered as before,
    0 when there was none; `asked` counts the requests.
    """

    change: str
    late: float
    asked: int


class Observer:
    """Changes a tenant's data beside its servers, and asks all their workers at once what they see.

    One connection leads to each worker that could be found.
    """

    def __init__(self, tenant: Tenant, direct: str, workers: list[httpx2.Client]) -> None:
        self._tenant = tenant
        self._direct = direct
        self._workers = workers
        self._count = 0

    @property
    def workers(self) -> int:
        """How many workers are asked."""
        return len(self._workers)

    def revoke_a_key(self) -> Seen:
        """Has every worker accept a key, revokes it, and asks on."""
        tenant = self._tenant
        with opened(self._direct) as db:
            made = db.run_now(accounts.create_key, tenant.account_id, "for a moment")
            headers = {"Authorization": f"Bearer {made.text}"}
            for _ in range(3):
                for worker in self._workers:
                    _status(worker, tenant.flows, headers)
            db.run_now(accounts.revoke_key, tenant.account_id, made.key.id)
        committed = time.monotonic()

        def is_stale(worker: httpx2.Client) -> bool:
            return _status(worker, tenant.flows, headers) not in _NOT_STALE

        return self._watch("revoked key", committed, is_stale)

    def create_a_flow(self) -> Seen:
        """Has every worker list the channel, adds a flow to it, and asks on."""
        tenant = self._tenant
        headers = {"Authorization": f"Bearer {tenant.api_key}"}
        self._count += 1
        with opened(self._direct) as db:
            for _ in range(3):
                for worker in self._workers:
                    _status(worker, tenant.flows, headers)
            made = db.run_now(
                lifecycle.create,
                tenant.account_id,
                tenant.channel_id,
                Content(name=f"Flow {self._count}", categories=["OTHER"]),
            )
        committed = time.monotonic()

        def is_stale(worker: httpx2.Client) -> bool:
            try:
                answer = worker.get(tenant.flows, headers=headers)
            except httpx2.TransportError:
                return False
            if answer.status_code == 503:
                return False
            assert answer.status_code == 200, answer.text
            return made.id not in [flow["id"] for flow in answer.json()["flows"]]

        return self._watch("list", committed, is_stale)

    def _watch(
        self, change: str, committed: float, is_stale: Callable[[httpx2.Client], bool]
    ) -> Seen:
        late, asked, fresh_since = 0.0, 0, time.monotonic()
        while time.monotonic() - committed < _LOOK_SECONDS:
            for worker in self._workers:
                sent = time.monotonic()
                asked += 1
                if is_stale(worker):
                    late = max(late, sent - committed)
                    fresh_since = time.monotonic()
            if time.monotonic() - fresh_since > _QUIET_SECONDS:
                break
        return Seen(change, late, asked)


@contextmanager
def observing(tenant: Tenant, direct: str, servers: list[Process], each: int) -> Iterator[Observer]:
    """An observer of servers with so many workers each."""
    with contextlib.ExitStack() as stack:
        workers: list[httpx2.Client] = []
        for server in servers:
            found: dict[str, httpx2.Client] = {}
            # A busy machine may give one worker most of the connections for a while.
            for _ in range(_MOST_CONNECTIONS):
                http = stack.enter_context(client(server.url))
                answer = http.get("/healthz")
                found.setdefault(answer.headers["x-request-id"].rpartition("-")[0], http)
                if len(found) == each:
                    break
                time.sleep(0.01)
            workers += found.values()
        yield Observer(tenant, direct, workers)


def _status(worker: httpx2.Client, path: str, headers: dict[str, str]) -> int:
    """The status of an answer; 503 stands for none, as while a pooler is gone."""
    try:
        return worker.get(path, headers=headers).status_code
    except httpx2.TransportError:
        return 503
