"""Counting answered requests."""

from __future__ import annotations

import bisect

from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import REGISTRY, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from waflows.telemetry import metrics
from waflows.telemetry.logs import AccessLine


def _line(milliseconds: float, *, status: int = 200, from_memory: bool = False) -> AccessLine:
    return AccessLine(
        time="",
        level="info",
        request_id="",
        method="GET",
        route="/counted",
        path="/counted",
        status=status,
        duration_ms=milliseconds,
        account="",
        key="",
        from_memory=from_memory,
    )


def _samples() -> dict[tuple[str, ...], float]:
    return {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(generate_latest(REGISTRY).decode())
        for sample in family.samples
    }


@given(st.lists(st.floats(0, 20_000), min_size=1, max_size=30))
def test_every_duration_counts_in_its_bucket_and_in_the_sum(milliseconds: list[float]) -> None:
    name = "waflows_request_seconds"
    before = _samples()
    metrics.count([_line(each) for each in milliseconds])
    after = _samples()

    bounds = [float(key[1]) for key in after if key[0] == f"{name}_bucket" and key[2] == "/counted"]
    ordered = sorted(each / 1000 for each in milliseconds)
    for bound in bounds:
        [key] = [
            key
            for key in after
            if key[0] == f"{name}_bucket" and key[2] == "/counted" and float(key[1]) == bound
        ]
        assert after[key] - before.get(key, 0) == bisect.bisect_right(ordered, bound)
    counted = after[f"{name}_count", "/counted"] - before.get((f"{name}_count", "/counted"), 0)
    assert counted == len(milliseconds)
    summed = after[f"{name}_sum", "/counted"] - before.get((f"{name}_sum", "/counted"), 0)
    assert abs(summed - sum(ordered)) < 1e-3


def test_requests_are_counted_by_status_and_lists_from_memory_by_themselves() -> None:
    before = _samples()
    metrics.count([_line(1, from_memory=True), _line(1), _line(1, status=404)])
    after = _samples()

    def more(*key: str) -> float:
        return after[key] - before.get(key, 0)

    assert more("waflows_requests_total", "/counted", "200", "GET") == 2
    assert more("waflows_requests_total", "/counted", "404", "GET") == 1
    assert more("waflows_lists_from_memory_total") == 1
