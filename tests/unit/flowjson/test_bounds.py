"""What checking a document may cost, whoever wrote it."""

import json
import time

import pytest
from harness.hostile_flows import CLEAN, SHAPES, written

from waflows.flowjson import lint, source
from waflows.flowjson.diagnostics import MOST_FAULTS, MOST_PLACES
from waflows.flowjson.spec.objects import MAX_BYTES, MAX_VALUES

SIZE = 400_000
LARGEST_CLEAN = 3_000_000
TIMES = 8
"""Costs are measured at some 2.5 times a clean document at most; the rest is for a busy machine."""


def cost(text: str, checks: int = 1) -> float:
    """The processor time of the quickest of some checks."""
    took = []
    for _ in range(checks):
        started = time.process_time()
        lint(text)
        took.append(time.process_time() - started)
    return min(took)


def assert_costs_little_more(text: str, clean: str, cost_of_clean: float) -> None:
    if cost(text) < TIMES * cost_of_clean:
        return
    # Other work on the machine may have slowed down the one check: now several of both, side by
    # side.
    assert cost(text, checks=4) < TIMES * cost(clean, checks=4)


def flow_of(screens: list[str]) -> str:
    return f'{{"version":"7.1","screens":[{",".join(screens)}]}}'


@pytest.fixture(scope="module")
def clean() -> float:
    return cost(written(CLEAN, SIZE), checks=3)


@pytest.fixture(scope="module")
def largest() -> float:
    return cost(written(CLEAN, LARGEST_CLEAN), checks=3)


@pytest.mark.parametrize("name", SHAPES)
def test_no_shape_costs_much_more_than_a_clean_document_of_its_size(
    name: str, clean: float
) -> None:
    assert_costs_little_more(written(SHAPES[name], SIZE), written(CLEAN, SIZE), clean)


@pytest.mark.soak
@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("size", [2_500_000, MAX_BYTES])
def test_no_shape_of_up_to_10_mb_costs_more_than_the_largest_clean_document(
    name: str, size: int, largest: float
) -> None:
    text, clean = written(SHAPES[name], size), written(CLEAN, LARGEST_CLEAN)
    assert_costs_little_more(text, clean, largest)


def test_the_faults_of_the_first_screens_are_the_ones_reported() -> None:
    screen = '{"id":"S","layout":{"type":"SingleColumnLayout","children":[{"type":"TextBody"}]}}'
    report = lint(flow_of([screen] * 2 * MOST_FAULTS))
    assert not report.complete
    assert len(report.diagnostics) == MOST_FAULTS
    reached = {int(each.path.split("]")[0].removeprefix("screens[")) for each in report.diagnostics}
    assert reached == set(range(max(reached) + 1))


def test_a_fault_points_at_the_first_of_very_many_places() -> None:
    report = lint(flow_of(['{"id":"A"}'] * 300))
    found = [each for each in report.diagnostics if each.rule == "dup-screen-ids"]
    assert [len(each.pointers) for each in found] == [MOST_PLACES]
    assert found[0].path == "screens[0].id"


def test_more_values_than_the_limit_are_counted_not_read() -> None:
    for text in ("[" + "[],[]," * (MAX_VALUES // 2) + "[]]", '{"a":[' + "1," * MAX_VALUES + "1]}"):
        report = lint(text)
        assert [each.rule for each in report.diagnostics] == ["too-many-values"]
        assert source.read(text).value is None


def test_strings_that_never_end_are_counted_as_quickly_as_others() -> None:
    text = "," * (MAX_VALUES + 1)
    sound = f'["{text}"]'
    endless = '"' + '\\"' * 20_000 + text
    assert seconds_to_count(endless) < 50 * seconds_to_count(sound)


def seconds_to_count(text: str) -> float:
    started = time.process_time()
    source.too_many(text)
    return time.process_time() - started + 0.01


def test_commas_and_brackets_in_texts_are_no_values() -> None:
    text = json.dumps({"version": "7.1", "screens": [], "note": ",[{" * MAX_VALUES})
    assert "too-many-values" not in {each.rule for each in lint(text).diagnostics}


def test_all_expressions_of_a_document_together_have_a_limit() -> None:
    report = lint(written(SHAPES["sums between backticks"], 1_000_000))
    assert any("together" in each.message for each in report.diagnostics)
