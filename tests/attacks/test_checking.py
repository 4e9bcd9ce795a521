"""Flow JSON written to be expensive, sent by one tenant over and over while another one writes."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from harness.attack import Asked, Target, attacked, watched
from harness.databases import new_sqlite
from harness.hostile_flows import SHAPES, written
from harness.servers import client

TIMES = 60
"""A write of the neighbour takes a few milliseconds; the checks it waited for took seconds."""
SCREENS = '{"screens":[' + ",".join(["{}"] * 100_000) + "]}"
MORE_THAN_THERE_MAY_BE = '{"screens":[' + ",".join(["{}"] * 400_000) + "]}"
REFUSED = "of this account are already waiting"


def writes(target: Target) -> Asked:
    """The neighbour renames a flow over and over."""
    tenant = target.neighbour
    flow = tenant.create("Renamed")
    return Asked("PUT", f"{tenant.flows}/{flow}", json.dumps({"categories": ["OTHER"]}))


def validate(target: Target, key: str, text: str) -> tuple[int, str]:
    with client(target.url, key) as http:
        response = http.post(
            f"{target.attacker.flows}:validate", json={"flowJson": text}, timeout=120
        )
    return response.status_code, response.text


def flood(target: Target, key: str, texts: list[str], at_once: int) -> list[tuple[int, str]]:
    with ThreadPoolExecutor(at_once) as pool:
        return list(pool.map(lambda text: validate(target, key, text), texts))


def test_six_checks_of_very_many_screens_at_once(database_url: str, folder: Path) -> None:
    with attacked(folder, database_url) as target:
        key = target.attacker.new_key(read_only=True)
        texts = [MORE_THAN_THERE_MAY_BE] * 6 + [SCREENS] * 6
        with watched(target, writes(target)) as watch:
            with watch.attack():
                answers = flood(target, key, texts, 6)
            watch.assert_undisturbed(TIMES)
        print(watch.figures())
    for status, text in answers:
        if status == 200:
            found = json.loads(text)
            assert not found["valid"]
            told = {each["error"] for each in found["validationErrors"]}
            assert not found["complete"] or told == {"WAFLOWS_TOO_MANY_VALUES"}
        else:
            assert status == 429
            assert REFUSED in text


def test_more_checks_at_once_than_an_account_may_have_are_refused(folder: Path) -> None:
    with attacked(folder, new_sqlite(folder)) as target:
        key = target.attacker.new_key(read_only=True)
        with watched(target, writes(target)) as watch:
            with watch.attack():
                answers = flood(target, key, [SCREENS] * 14, 14)
            watch.assert_undisturbed(TIMES)
    assert {status for status, _ in answers} == {200, 429}
    assert all(REFUSED in text for status, text in answers if status == 429)


def test_checks_of_middling_size_share_one_thread(folder: Path) -> None:
    with attacked(folder, new_sqlite(folder)) as target:
        key = target.attacker.new_key(read_only=True)
        texts = [written(shape, 60_000) for shape in SHAPES.values()]
        with watched(target, writes(target)) as watch:
            with watch.attack():
                answers = flood(target, key, texts, 6)
            watch.assert_undisturbed(TIMES)
    assert {status for status, _ in answers} <= {200, 429}


@pytest.mark.soak
def test_every_expensive_shape_of_up_to_10_mb(database_url: str, folder: Path) -> None:
    with attacked(folder, database_url) as target:
        key = target.attacker.new_key(read_only=True)
        texts = [
            written(shape, size) for shape in SHAPES.values() for size in (1_200_000, 5_000_000)
        ]
        with watched(target, writes(target)) as watch:
            with watch.attack():
                answers = flood(target, key, texts, 6)
            watch.assert_undisturbed(TIMES)
        print(watch.figures())
    assert {status for status, _ in answers} <= {200, 413, 429}


def test_an_author_with_the_default_limit_checks_large_texts_and_then_waits(folder: Path) -> None:
    with attacked(folder, new_sqlite(folder), WAFLOWS_RATE_LIMIT="100") as target:
        key = target.attacker.new_key(read_only=True)
        texts = ["{}" + " " * 9_000_000] * 3
        answers = [validate(target, key, text) for text in texts]
    assert [status for status, _ in answers] == [200, 200, 429]
    assert "of which one of this size counts as 35" in answers[2][1]
