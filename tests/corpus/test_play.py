"""The automatic player on flows as their authors wrote them.

Every document that looks valid and needs no endpoint is played from its start to completion; those
that call an endpoint are played with made-up answers. The screens reached are printed.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import msgspec
import pytest
from harness.corpus import CORPUS, needs_the_corpus, rows

from waflows import runtime
from waflows.flowjson import source
from waflows.runtime import State
from waflows.testing import Exploration, explore

pytestmark = needs_the_corpus


def _read(file: str) -> Any:
    return source.read((CORPUS / file).read_bytes()).value


def _needs_endpoint(value: Any) -> bool:
    pending = [value]
    while pending:
        each = pending.pop()
        if isinstance(each, dict):
            if each.get("name") == "data_exchange":
                return True
            pending += each.values()
        elif isinstance(each, list):
            pending += each
    return False


_FILES = [row["file"] for row in rows()]
_VALID = [row["file"] for row in rows() if row["looks_valid"] == "yes"]
_STANDING_ALONE = [file for file in _VALID if not _needs_endpoint(_read(file))]


@cache
def _explored(file: str) -> Exploration:
    return explore(runtime.load((CORPUS / file).read_bytes()))


def _completions(file: str) -> Iterator[tuple[str, set[str]]]:
    """The screens with a `complete` action, and the keys its payload names."""
    for screen in runtime.load((CORPUS / file).read_bytes()).screens.values():
        for component in screen.every():
            action = component.value.get("on-click-action")
            if isinstance(action, dict) and action.get("name") == "complete":
                yield screen.id, set(action.get("payload") or {})


@pytest.mark.parametrize("file", _STANDING_ALONE)
def test_a_flow_that_needs_no_endpoint_is_played_to_its_end(file: str) -> None:
    found = _explored(file)
    named = list(_completions(file))

    assert found.endings, found.report()
    assert not found.dead_ends, found.report()
    assert not found.cut_short
    for ending in found.endings:
        assert (ending.screen, set(ending.names)) in named
        assert set(ending.response) == {*ending.names, "flow_token"}
    for screen, _ in named:
        reached = screen in found.reached
        assert not reached or any(ending.screen == screen for ending in found.endings)


@pytest.mark.parametrize("file", _VALID)
def test_an_ending_is_reached_again_by_its_events(file: str) -> None:
    flow = runtime.load((CORPUS / file).read_bytes())
    for ending in _explored(file).endings[:3]:
        state = State()
        for event in ending.events:
            step = runtime.step(flow, state, event)
            assert not step.refused
            state = msgspec.json.decode(msgspec.json.encode(step.state), type=State)

        assert state.response == ending.response


@pytest.mark.parametrize("file", _FILES)
def test_every_document_however_faulty_is_played_without_an_exception(file: str) -> None:
    try:
        found = _explored(file)
    except runtime.Unplayable as refusal:
        pytest.skip(str(refusal))
    assert found.steps


def test_nearly_every_screen_of_the_valid_flows_is_reached(
    capsys: pytest.CaptureFixture[str],
) -> None:
    reached = total = hidden = components = 0
    lines = []
    for file in _VALID:
        found = _explored(file)
        flow = runtime.load((CORPUS / file).read_bytes())
        reached += len(found.reached)
        total += len(flow.screens)
        hidden += len(found.hidden)
        components += sum(
            not component.branches
            for screen in flow.screens.values()
            for component in screen.every()
        )
        if found.unreached or found.hidden:
            lines.append(f"  {file}: not reached {found.unreached}, not shown {found.hidden}")
    with capsys.disabled():
        print(f"\n{len(_VALID)} flows: {reached} of {total} screens reached, "
              f"{components - hidden} of {components} components shown")  # fmt: skip
        print("\n".join(lines))

    assert reached >= 0.97 * total
    assert components - hidden >= 0.97 * components
