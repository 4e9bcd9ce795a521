"""The names of exported files."""

from __future__ import annotations

from pathlib import PurePosixPath, PureWindowsPath

from hypothesis import given
from hypothesis import strategies as st

from waflows.cli.flow_files import names
from waflows.client import FlowSummary


def named(*flow_names: str) -> list[str]:
    flows = [
        FlowSummary(id=str(number), name=name, status="DRAFT")
        for number, name in enumerate(flow_names, start=1)
    ]
    files = names(flows)
    return [files[flow.id] for flow in flows]


def test_a_file_is_named_after_its_flow() -> None:
    assert named("Loan Collection", "Größe 🙂", "v1.2") == [
        "Loan Collection.json",
        "Größe 🙂.json",
        "v1.2.json",
    ]


def test_a_name_that_is_no_file_name_is_made_one_and_gets_the_id() -> None:
    assert named("a/b", "..", ".hidden", "C:\\x", "end. ", "2025-10-08T15:17:51") == [
        "a_b 1.json",
        "2.json",
        "hidden 3.json",
        "C__x 4.json",
        "end 5.json",
        "2025-10-08T15_17_51 6.json",
    ]


def test_names_that_some_file_systems_take_for_the_same_get_their_ids() -> None:
    assert named("Flow", "flow", "Other") == ["Flow 1.json", "flow 2.json", "Other.json"]
    assert named("\u00e9", "e\u0301") == ["\u00e9 1.json", "e\u0301 2.json"]


def test_a_name_that_looks_like_another_with_its_id_gets_its_own_too() -> None:
    assert named("x", "X", "x 1") == ["x 1.json", "X 2.json", "x 1 3.json"]


def test_a_long_name_is_cut() -> None:
    [file] = named("🙂" * 200)

    assert file == "🙂" * 50 + " 1.json"


text = st.text(st.characters(codec="utf-8"), max_size=220)


@given(st.lists(text | st.sampled_from(["a", "A", "a 1", "a 2", "a/", "é", "e\u0301"])))
def test_all_files_have_names_of_their_own_in_the_same_folder(flow_names: list[str]) -> None:
    files = named(*flow_names)

    assert len({file.casefold() for file in files}) == len(files)
    for file in files:
        assert PurePosixPath(file).name == PureWindowsPath(file).name == file
        assert len(file.encode()) <= 255
        assert not file.startswith(".")
