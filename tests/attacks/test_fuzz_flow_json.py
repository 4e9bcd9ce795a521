"""Documents nobody would write: each is checked and played, or refused, and quickly."""

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random

import msgspec
import pytest
from harness.misplaced import check_and_play
from harness.mutations import Mutator
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from waflows import runtime
from waflows.flowjson import lint
from waflows.runtime import Open, State
from waflows.testing.autoplay import explore

MOST_SECONDS = 1.0
"""Of processor time, for a check or for a step of the player."""
_SOAK_SECONDS = float(os.environ.get("WAFLOWS_FUZZ_SECONDS", "300"))
_MOST_TEXT = 1_000_000


@pytest.fixture(scope="module")
def mutator() -> Mutator:
    return Mutator()


@settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, 2**32))
def test_a_document_changed_at_random_is_survived(mutator: Mutator, seed: int) -> None:
    check_and_play(mutator.document(Random(seed)))


@pytest.mark.soak
def test_for_five_minutes_no_document_raises_or_takes_longer_than_a_second(
    mutator: Mutator,
) -> None:
    first = int(os.environ.get("WAFLOWS_FUZZ_SEED", str(time.time_ns() % 2**32)))
    end = time.monotonic() + _SOAK_SECONDS
    seed = first
    found: dict[str, str] = {}
    while time.monotonic() < end and len(found) < 20:
        text = mutator.document(Random(seed))
        if len(text) <= _MOST_TEXT:
            try:
                _timed(text)
            except Exception as error:
                trace = error.__traceback__
                while trace is not None and trace.tb_next is not None:
                    trace = trace.tb_next
                place = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else ""
                found.setdefault(f"{error!r:.200} {place}", f"seed {seed}: {text[:300]}")
        seed += 1
    print(f"\n{seed - first:,} documents from seed {first}")
    assert not found, json.dumps(found, indent=2)


def _timed(text: str) -> None:
    with _quick("lint"):
        msgspec.json.encode(lint(text))
    try:
        with _quick("load"):
            flow = runtime.load(text)
    except runtime.Unplayable:
        return
    with _quick("open"):
        runtime.step(flow, State(), Open())
    with _quick("explore", times=12):
        explore(flow, most_steps=12)


@contextmanager
def _quick(what: str, times: int = 1) -> Iterator[None]:
    started = time.process_time()
    yield
    took = time.process_time() - started
    assert took < times * MOST_SECONDS, f"{what} took {took:.1f} s"
