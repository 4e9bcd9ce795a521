"""The package declares what it imports, and imports what it declares."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

_ROOT = Path(__file__).resolve().parents[2]
_PROJECT = tomllib.loads((_ROOT / "pyproject.toml").read_text("utf-8"))["project"]
_REQUIREMENT = re.compile(r"[A-Za-z0-9._-]+")
# The testing kit is imported by pytest, or by code that tests with it.
_PROVIDED = {"pytest"}
# httptools and uvloop are chosen by name in a setting of uvicorn; msgspec.yaml needs pyyaml.
_NEVER_IMPORTED = {"httptools", "pyyaml", "uvloop"}


def _name(distribution: str) -> str:
    """The normal form of a distribution's name."""
    return re.sub(r"[-_.]+", "-", distribution).lower()


def _declared() -> set[str]:
    lines = [*_PROJECT["dependencies"], *_PROJECT["optional-dependencies"]["postgres"]]
    names = [_REQUIREMENT.match(line) for line in lines]
    return {_name(found.group()) for found in names if found is not None}


def _imported(file: Path) -> Iterator[str]:
    """The modules from elsewhere that a file imports, by the first part of their names."""
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names = [node.module or ""]
        else:
            continue
        for name in names:
            top = name.split(".")[0]
            if top != "waflows" and top not in sys.stdlib_module_names:
                yield top


def _all_imported() -> set[str]:
    files = (_ROOT / "src" / "waflows").rglob("*.py")
    return {module for file in files for module in _imported(file)}


@pytest.mark.parametrize("module", sorted(_all_imported() - _PROVIDED))
def test_what_the_package_imports_is_declared(module: str) -> None:
    distributions = {_name(each) for each in packages_distributions()[module]}

    assert distributions & _declared(), f"{module} is not in the dependencies of pyproject.toml"


def test_what_is_declared_is_imported() -> None:
    providers = packages_distributions()
    used = {_name(each) for module in _all_imported() for each in providers[module]}

    assert _declared() - used - _NEVER_IMPORTED == set()


def test_each_lock_file_pins_every_dependency() -> None:
    for lock in _ROOT.glob("requirements*.lock"):
        if lock.name == "requirements-node.lock":
            continue
        pinned = {
            _name(line.split("==")[0])
            for line in lock.read_text("utf-8").splitlines()
            if "==" in line and not line.startswith((" ", "#"))
        }
        assert {each.split("[")[0] for each in _declared()} - pinned == set(), lock.name


@pytest.mark.parametrize("lock", sorted(_ROOT.glob("requirements*.lock")), ids=lambda p: p.name)
def test_a_lock_file_names_no_registry(lock: Path) -> None:
    assert "://" not in lock.read_text("utf-8")


def test_the_lock_file_of_the_pages_names_no_registry() -> None:
    assert '"resolved"' not in (_ROOT / "web" / "package-lock.json").read_text("utf-8")
