"""Load a data endpoint written in Python, for `play` and `preview`.

It is a function from a request to an answer, or an `Endpoint` of the kit, which answers in plain
text here. An exception in it becomes one sentence with the place in the author's file.
"""

from __future__ import annotations

import asyncio
import importlib.util
import threading
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

from waflows.errors import OperatorError, WaflowsError
from waflows.runtime import Failed
from waflows.testing.phone import Endpoint

if TYPE_CHECKING:
    from waflows.endpoint import Endpoint as KitEndpoint


class EndpointRaised(WaflowsError):
    """The code of the data endpoint raised an exception."""


def endpoint_function(place: str) -> Endpoint:
    """Loads what `FILE.py:NAME` names; raises OperatorError if it is not a data endpoint."""
    file, _, name = place.rpartition(":")
    path = Path(file or place)
    wanted = name if file else "endpoint"
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None or not path.is_file():
        raise OperatorError(f"--endpoint: Python file {path} does not exist.")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        raise OperatorError(
            f"--endpoint: {path} cannot be imported. {describe(error, path)}"
        ) from None
    from waflows.endpoint import Endpoint as KitEndpoint

    found = getattr(module, wanted, None)
    if isinstance(found, KitEndpoint):
        return _Guarded(_in_plain_text(found), path)
    if not callable(found):
        raise OperatorError(f"--endpoint: {path} has no function {wanted}, and no Endpoint either.")
    return _Guarded(found, path)


def describe(error: BaseException, path: Path) -> str:
    """An exception as one sentence, with the last line of the author's file that led to it."""
    what = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    if isinstance(error, SyntaxError) and error.lineno is not None:
        return f"{type(error).__name__}: {error.msg} ({error.filename}, line {error.lineno})."
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if Path(frame.filename).resolve() == path.resolve()]
    for frame in reversed(own or frames):
        return f"{what} ({frame.filename}, line {frame.lineno})."
    return f"{what}."


class _Guarded:
    """An endpoint whose exceptions name its author's file and line."""

    def __init__(self, function: Endpoint, path: Path) -> None:
        self._function = function
        self._path = path

    def __call__(self, request: dict[str, Any]) -> dict[str, Any] | Failed:
        try:
            return self._function(request)
        except (Exception, SystemExit) as error:
            raise EndpointRaised(f"The endpoint raised {describe(error, self._path)}") from None


def _in_plain_text(endpoint: KitEndpoint) -> Endpoint:
    """A function that asks an endpoint of the kit as a phone does, without encryption."""
    from waflows.endpoint import FlowTokenDead, Refused

    # One loop for all requests, since what the author opened on it must stay usable.
    loop = asyncio.new_event_loop()
    turn = threading.Lock()

    def ask(request: dict[str, Any]) -> dict[str, Any] | Failed:
        try:
            with turn:
                return loop.run_until_complete(endpoint.answer(request))
        except FlowTokenDead as dead:
            return Failed("flow_token", dead.message, final=True)
        except Refused as refused:
            if refused.__cause__ is not None:
                raise refused.__cause__ from None
            return Failed("unexpected_http_status_code", f"{refused.status}: {refused}")

    return ask
