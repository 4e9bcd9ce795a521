"""Load a data endpoint written as a Python function, for `play` and `preview`."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

from waflows.errors import OperatorError
from waflows.testing.phone import Endpoint


def endpoint_function(place: str) -> Endpoint:
    """Loads the function named by `FILE.py:FUNCTION`; raises OperatorError if it does not exist."""
    file, _, name = place.rpartition(":")
    path = Path(file or place)
    wanted = name if file else "endpoint"
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None or not path.is_file():
        raise OperatorError(f"--endpoint: Python file {path} does not exist.")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    function: Callable[[dict[str, Any]], Any] | None = getattr(module, wanted, None)
    if not callable(function):
        raise OperatorError(f"--endpoint: {path} has no function {wanted}.")
    return function
