"""Flow JSON of many kinds and authors goes in over HTTP and comes back byte for byte."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from harness.corpus import CORPUS, own_documents, rows
from harness.servers import Process, Tenant, client, opened, run

from waflows.services.flows import lifecycle
from waflows.services.flows.lifecycle import Content
from waflows.storage.database import Transaction

_PLACE = re.compile(r"at line (\d+), column (\d+)\.$")


class Stored:
    """A tenant whose channel holds every document; `texts` by flow id, oldest first."""

    def __init__(self, tenant: Tenant) -> None:
        self.tenant = tenant
        self.http = tenant.http
        self.answers: list[httpx2.Response] = []
        self.texts: dict[str, bytes] = {}
        for number, text in enumerate(_documents()):
            body = {
                "name": f"Document {number}",
                "categories": ["OTHER"],
                "flowJson": text.decode("utf-8"),
            }
            answer = tenant.http.post(tenant.flows, json=body)
            self.answers.append(answer)
            self.texts[answer.json()["id"]] = text


def _documents() -> list[bytes]:
    theirs = [(CORPUS / row["file"]).read_bytes() for row in rows()]
    return list(dict.fromkeys([*own_documents(), *theirs]))


@pytest.fixture(scope="module")
def stored(running: tuple[Process, str]) -> Iterator[Stored]:
    """The documents, created once for each engine; tests only read it."""
    tenant = Tenant(*running, name="Corpus")
    yield Stored(tenant)
    tenant.http.close()


def test_every_document_is_created_as_a_draft_valid_or_not(stored: Stored) -> None:
    assert len(stored.texts) == len(_documents()) > 100
    for answer in stored.answers:
        assert answer.status_code == 200
        assert answer.json()["success"] is True
    listed = stored.http.get(stored.tenant.flows, params={"limit": 1000}).json()["flows"]
    assert {flow["status"] for flow in listed} == {"DRAFT"}


@pytest.mark.parametrize("limit", [1, 7, 50, 100, 1000])
def test_every_document_is_listed_once_newest_first(stored: Stored, limit: int) -> None:
    pages = list(_pages(stored.http, stored.tenant.flows, limit))

    assert [flow["id"] for page in pages for flow in page] == list(reversed(stored.texts))
    assert [len(page) for page in pages[:-1]] == [limit] * (len(pages) - 1)
    assert 1 <= len(pages[-1]) <= limit


def test_flow_json_url_gives_each_document_back_byte_for_byte(stored: Stored) -> None:
    with client(stored.tenant.url) as without_key:
        for flow_id, text in stored.texts.items():
            url = stored.http.get(f"{stored.tenant.flows}/{flow_id}").json()["flowJsonUrl"]
            answer = without_key.get(url)
            assert (answer.status_code, answer.content) == (200, text)
            assert answer.headers["content-type"] == "application/json"


def test_the_revision_route_gives_each_document_back_byte_for_byte(stored: Stored) -> None:
    for flow_id, text in stored.texts.items():
        answer = stored.http.get(f"{stored.tenant.flows}/{flow_id}/revisions/1")
        assert (answer.status_code, answer.content) == (200, text)


def test_the_guide_dialect_gives_each_document_back_byte_for_byte(stored: Stored) -> None:
    for flow_id, text in stored.texts.items():
        answer = stored.http.get(f"{stored.tenant.guide_flows}/{flow_id}")
        assert answer.json()["flowJson"].encode("utf-8") == text


def test_export_writes_each_document_byte_for_byte(stored: Stored, tmp_path: Path) -> None:
    tenant = stored.tenant
    done = run(
        "flows", "export", "--all", str(tmp_path / "exported"), "--json",
        env={
            "WAFLOWS_URL": tenant.url,
            "WAFLOWS_ACCOUNT": tenant.account_id,
            "WAFLOWS_CHANNEL": tenant.channel_id,
            "WAFLOWS_KEY": tenant.api_key,
        },
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    written = [json.loads(line) for line in done.stdout.splitlines()]
    assert {row["id"]: Path(row["file"]).read_bytes() for row in written} == stored.texts


def test_each_document_cut_short_is_refused_with_the_place(server: Tenant) -> None:
    for number, document in enumerate(_documents()):
        text = document.decode("utf-8").removeprefix("\ufeff").rstrip()[:-1]
        answer = _create(server, f"Cut {number}", text)
        assert (answer.status_code, answer.json()["code"]) == (400, 1000)
        line, column = _place(answer.json()["message"])
        lines = text.split("\n")
        assert 1 <= line <= len(lines)
        assert 1 <= column <= len(lines[line - 1]) + 1
    assert server.http.get(server.flows).json() == {"flows": []}


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("", 1, 1),
        ("   ", 1, 4),
        ("not JSON", 1, 1),
        ('{"version": "7.3"', 1, 18),
        ('{"version": "7.3",}', 1, 18),
        ('{\n  "version": "7.3"\n  "screens": []\n}', 3, 3),
        ("{\r\n  'version': 1\r\n}", 2, 3),
        ('{"a": "\t"}', 1, 8),
        ('{"a": "\\x"}', 1, 8),
        ('{"a": "NaN Infinity \\" NaN",\n  "b": NaN}', 2, 8),
        ('{"a": [1, -Infinity]}', 1, 11),
        ("{} {}", 1, 4),
        ('\ufeff{"a": 1,\n}', 1, 8),
        ('{"ä": "😀", oops}', 1, 12),
        ("01", 1, 2),
    ],
)
def test_what_is_not_json_text_is_refused_with_line_and_column(
    server: Tenant, text: str, line: int, column: int
) -> None:
    answer = _create(server, "Refused", text)

    assert answer.status_code == 400
    error = answer.json()
    assert error["code"] == 1000
    assert error["message"].startswith("Invalid flowJson: it is not JSON text: ")
    assert _place(error["message"]) == (line, column)
    assert server.http.get(server.flows).json() == {"flows": []}


@pytest.mark.parametrize(
    "text",
    [
        "{}", "[]", "null", '"text"', "1", " {}\r\n", "\ufeff{}",
        '{"a": 1, "a": 2}', "1" * 5000, "1e999", '"\\ud800"', '{"": "\\u0000"}',
        "[" * 500 + "]" * 500, '"😀\u2028\x7f"',
    ],
)  # fmt: skip
def test_any_json_text_is_kept_byte_for_byte_and_can_be_previewed(
    server: Tenant, text: str
) -> None:
    flow_id = server.create("Odd", flowJson=text)

    kept = server.http.get(f"{server.flows}/{flow_id}/revisions/1").content
    preview = server.http.get(f"{server.flows}/{flow_id}/preview").json()

    assert kept == text.encode("utf-8")
    assert server.http.get(preview["preview_url"]).status_code == 200


def test_10001_flows_are_read_to_the_end_while_others_come_and_go(server: Tenant) -> None:
    made = _make_many(server, 10_001)
    doomed, lasting = made[::10], [flow_id for n, flow_id in enumerate(made) if n % 10]
    churn = Churn(server, doomed)

    with churn:
        walks = [_walk(server, limit, churn) for limit in (100, 1000)]

    order = {flow_id: n for n, flow_id in enumerate(made)}
    for met in walks:
        assert len(met) == len(set(met))
        assert set(lasting) - set(met) == set()
        known = [order[flow_id] for flow_id in met if flow_id in order]
        assert known == sorted(known, reverse=True)
    left = int(server.http.get(server.flows).headers["x-total-count"])
    assert left == len(made) + churn.created - churn.deleted


def _walk(tenant: Tenant, limit: int, churn: Churn) -> list[str]:
    """Every flow id of the channel, with changes between any two pages."""
    met: list[str] = []
    for page in _pages(tenant.http, tenant.flows, limit):
        met += [flow["id"] for flow in page]
        churn.wait_for_more()
    return met


class Churn:
    """Clients that create flows and delete others, for as long as the block lasts."""

    def __init__(self, tenant: Tenant, doomed: list[str]) -> None:
        self._tenant = tenant
        self._shares = [doomed[::2], doomed[1::2]]
        self._rounds = threading.Semaphore(0)
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._work, args=(number,)) for number in range(2)]
        self._failure: BaseException | None = None
        self.created = 0
        self.deleted = 0

    def __enter__(self) -> None:
        for thread in self._threads:
            thread.start()

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()
        if self._failure is not None:
            raise self._failure

    def wait_for_more(self) -> None:
        """Returns when flows have come and gone since it last returned."""
        assert self._rounds.acquire(timeout=30), self._failure

    def _work(self, number: int) -> None:
        try:
            with client(self._tenant.url, self._tenant.api_key) as http:
                for round_, flow_id in enumerate(self._shares[number]):
                    if self._over.is_set():
                        return
                    self._once(http, f"New {number} {round_}", flow_id)
        except BaseException as failure:
            self._failure = failure

    def _once(self, http: httpx2.Client, name: str, doomed: str) -> None:
        flows_ = self._tenant.flows
        made = http.post(flows_, json={"name": name, "categories": ["OTHER"]})
        assert made.status_code == 200, made.text
        gone = http.delete(f"{flows_}/{doomed}")
        assert gone.status_code == 200, gone.text
        with self._lock:
            self.created += 1
            self.deleted += 1
        self._rounds.release()


def _make_many(tenant: Tenant, count: int) -> list[str]:
    """Flows in great number, made as the server makes them but for their way over HTTP."""
    made: list[str] = []
    with opened(tenant.database_url) as db:
        while len(made) < count:
            # In one great transaction PostgreSQL would keep every version of the channel's row,
            # and pass by all of them for each flow.
            names = [f"Flow {n}" for n in range(len(made), min(len(made) + 250, count))]
            made += db.run_now(_make, tenant.account_id, tenant.channel_id, names)
    return made


def _make(tx: Transaction, account_id: str, channel_id: str, names: list[str]) -> list[str]:
    contents = [Content(name=name, categories=["OTHER"]) for name in names]
    return [lifecycle.create(tx, account_id, channel_id, content).id for content in contents]


def _pages(http: httpx2.Client, path: str, limit: int) -> Iterator[list[dict[str, Any]]]:
    """The pages of a list, along its Link headers."""
    answer = http.get(path, params={"limit": limit})
    while True:
        assert answer.status_code == 200, answer.text
        yield answer.json()["flows"]
        if "next" not in answer.links:
            return
        answer = http.get(answer.links["next"]["url"])


def _create(tenant: Tenant, name: str, flow_json: str) -> httpx2.Response:
    return tenant.http.post(
        tenant.flows, json={"name": name, "categories": ["OTHER"], "flowJson": flow_json}
    )


def _place(message: str) -> tuple[int, int]:
    found = _PLACE.search(message)
    assert found, message
    return int(found[1]), int(found[2])
