"""One machine: the same events give the same screens without a browser and in it.

The browser's side is read back from what stands on the page, not from what the server sent.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import msgspec
import pytest
from harness.corpus import CORPUS, needs_the_corpus
from harness.gallery import GALLERY
from harness.preview_page import PreviewPage
from harness.servers import Tenant
from playwright.sync_api import Browser

from e2e.conftest import Watched
from waflows import runtime, samples
from waflows.runtime import Event, State
from waflows.testing import explore

pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)

_FLOWS = CORPUS / "flows"
_OWN = {each.name: each.flow_json for each in samples.all_samples()} | {"every component": GALLERY}
# Every n-th document in the usual run, all of them in the long form.
_FILES = [str(f.relative_to(_FLOWS)) for f in sorted(_FLOWS.rglob("*.json"))]
_SOME = _FILES[::9]
_MOST_EVENTS = 60


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Watched]:
    """One page for all flows: it is the machine that is compared, not a fresh page."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    yield Watched(context.new_page())
    context.close()


def _ways(flow: runtime.Flow) -> list[tuple[Event, ...]]:
    """A way to an end, the longest of those found, and one into a wall where there is one."""
    found = explore(flow, most_steps=1500)
    endings = sorted(found.endings, key=lambda ending: len(ending.events))
    ways = [ending.events for ending in (*endings[:1], *endings[1:][-1:])]
    ways += [dead.events for dead in found.dead_ends[:1]]
    if not ways:
        ways = [(runtime.Open(),)]
    # What a person does by mistake must look the same as well.
    ways = [(*way, runtime.Tap("0"), runtime.Back()) for way in ways]
    return [way[:_MOST_EVENTS] for way in ways]


def _same_screens(watched: Watched, server: Tenant, name: str, text: str) -> int:
    flow = runtime.load(text)
    created = server.create(name[:100], flowJson=text)
    link = server.http.get(f"{server.flows}/{created}/preview").json()["preview_url"]
    preview = PreviewPage(watched.page)
    preview.open(link)
    compared = 0
    for way in _ways(flow):
        state = State()
        for event in way:
            step = runtime.step(flow, state, event)
            state = step.state
            sent = json.loads(msgspec.json.encode(event))
            if isinstance(event, runtime.Open):
                watched.page.evaluate("event => window.waflowsPreview.start(event)", sent)
                preview.settle()
            elif isinstance(event, runtime.Answered):
                # The page sends nothing while it waits but what stands for the endpoint's answer.
                watched.page.evaluate("event => window.waflowsPreview.answer({event})", sent)
                preview.settle()
            else:
                preview.send(sent)
            assert preview.drawn == runtime.draw(step.screen), f"{name}: after {event!r}"
            compared += 1
    assert watched.problems == []
    watched.problems.clear()
    return compared


@pytest.mark.parametrize("name", _OWN)
def test_a_flow_of_ours_looks_the_same_headless_and_in_the_browser(
    page: Watched, server: Tenant, name: str
) -> None:
    assert _same_screens(page, server, name, _OWN[name]) > 3


@needs_the_corpus
@pytest.mark.parametrize(
    "file",
    [
        f if f in _SOME else pytest.param(f, marks=pytest.mark.soak)
        for f in _FILES
    ],
)  # fmt: skip
def test_a_document_of_the_corpus_looks_the_same_headless_and_in_the_browser(
    page: Watched, server: Tenant, file: str
) -> None:
    text = (_FLOWS / file).read_text("utf-8")
    try:
        runtime.load(text)
    except runtime.Unplayable as refusal:
        pytest.skip(str(refusal))
    assert _same_screens(page, server, file, text)
