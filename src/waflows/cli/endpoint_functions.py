"""A data endpoint as a Python function in a file, as `play` and `preview` take it."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

from waflows.errors import OperatorError
from waflows.testing.phone import Endpoint


def endpoint_function(place: str) -> Endpoint:
    """The function that `FILE.py:FUNCTION` names; raises OperatorError when there is none."""
    file, _, name = place.rpartition(":")
    path = Path(file or place)
    wanted = name if file else "endpoint"
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None or not path.is_file():
        raise OperatorError(f"--endpoint: there is no Python file {path}.")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    function: Callable[[dict[str, Any]], Any] | None = getattr(module, wanted, None)
    if not callable(function):
        raise OperatorError(f"--endpoint: {path} has no function {wanted}.")
    return function
