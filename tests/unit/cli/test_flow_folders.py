"""Which JSON is Flow JSON, or means to be."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waflows.cli.flow_folders import flows_below, is_flow
from waflows.flowjson.spec.objects import MAX_BYTES

FLOW = b'{"version": "7.1", "screens": []}'


@pytest.mark.parametrize(
    "text",
    [
        FLOW,
        b"\xef\xbb\xbf" + FLOW,
        FLOW.decode().encode("utf-16"),
        b'{"screens": 7}',
        b'{"version": "7.1", "routing_model": {}}',
        b'{"data_api_version": "3.0"}',
        # Broken in ways that authors break things.
        FLOW[:-1],
        b'{"version": "7.1", "screens": [],}',
        b'{"screens": [{"id": "A", "layout": {',
        b'{"version": "7.1", "screens": ["caf\xe9"]}',
        b'{"version": "7.1", "screens": ' + b"[" * 100_000,
    ],
    ids=lambda text: repr(text[:40]),
)
def test_flow_json_is_known_however_faulty(text: bytes) -> None:
    assert is_flow(text)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{}",
        b'{"version": "1.0.0", "name": "screens"}',
        b'{"theme": {"screens": {"sm": "640px"}}}',
        b'[{"version": "7.1", "screens": []}]',
        b'{"flowJson": "{\\"version\\": \\"7.1\\", \\"screens\\": []}"}',
        b'{ // with comments\n "compilerOptions": {"layout": 1} }',
        b'{"screens": {,}}',
    ],
    ids=repr,
)
def test_other_json_is_left_alone(text: bytes) -> None:
    assert not is_flow(text)


@given(st.binary() | st.text().map(lambda text: FLOW[:-1] + text.encode("utf-8", "replace")))
def test_any_bytes_are_one_or_the_other(text: bytes) -> None:
    assert is_flow(text) in {True, False}


def test_a_file_too_large_for_flow_json_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "fits.json").write_bytes(FLOW.ljust(MAX_BYTES))
    (tmp_path / "large.json").write_bytes(FLOW.ljust(MAX_BYTES + 1))

    assert list(flows_below(tmp_path)) == [tmp_path / "fits.json"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_not_passed_over(tmp_path: Path) -> None:
    (tmp_path / "secret.json").write_bytes(FLOW)
    (tmp_path / "secret.json").chmod(0)

    assert list(flows_below(tmp_path)) == [tmp_path / "secret.json"]


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        flows_below(tmp_path / "gone")
