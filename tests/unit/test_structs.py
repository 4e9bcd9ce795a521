"""A Struct with many fields is keyword-only, so that a new field cannot shift positional values."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2] / "src" / "waflows"
MOST_POSITIONAL_FIELDS = 5


def structs(tree: ast.Module) -> Iterator[ast.ClassDef]:
    """The classes that derive from msgspec.Struct or from another Struct of the same module."""
    names = {"Struct"}
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and names & {_name(base) for base in node.bases}:
            names.add(node.name)
            yield node


def positional_fields(node: ast.ClassDef) -> int:
    """How many fields a class takes by position; 0 for a keyword-only one."""
    options = {keyword.arg: keyword.value for keyword in node.keywords}
    kw_only = options.get("kw_only")
    if isinstance(kw_only, ast.Constant) and kw_only.value is True:
        return 0
    return sum(
        isinstance(part, ast.AnnAssign) and _name(part.annotation) != "ClassVar"
        for part in node.body
    )


def too_long(text: str) -> list[str]:
    """The Structs in a module that take more fields by position than allowed."""
    return [
        f"{node.name} has {positional_fields(node)} fields: add kw_only=True"
        for node in structs(ast.parse(text))
        if positional_fields(node) > MOST_POSITIONAL_FIELDS
    ]


def _name(node: ast.expr) -> str:
    if isinstance(node, ast.Subscript):
        return _name(node.value)
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def test_a_long_struct_that_takes_its_fields_by_position_is_found() -> None:
    fields = "".join(f"    f{number}: int\n" for number in range(MOST_POSITIONAL_FIELDS + 1))
    assert too_long(f"class Long(msgspec.Struct, frozen=True):\n{fields}")
    assert too_long(f"class Base(Struct):\n    a: int\nclass Long(Base, kw_only=False):\n{fields}")
    assert too_long(f"class Long(msgspec.Struct, kw_only=True):\n{fields}") == []
    assert too_long(f"class Other:\n{fields}") == []


def test_no_struct_takes_more_than_five_fields_by_position() -> None:
    found = [
        f"{path.relative_to(SOURCE)}: {problem}"
        for path in sorted(SOURCE.rglob("*.py"))
        for problem in too_long(path.read_text("utf-8"))
    ]

    assert found == []
