"""The error of a test whose flow does not do what it expects."""

from __future__ import annotations

from typing import NoReturn

from waflows.runtime import draw
from waflows.runtime.widgets import View


class FlowExpectationError(AssertionError):
    """A flow did not do what a test expected; the message ends with the screen as text."""


def fail(view: View, message: str) -> NoReturn:
    """Raises the error with the screen below the message."""
    drawn = "\n".join(f"  │ {line}" for line in draw(view).splitlines())
    raise FlowExpectationError(f"{message}\n\nThe screen:\n{drawn}")
