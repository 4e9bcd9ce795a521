"""For tests of flows: walk one as a person would, or have every way through it tried.

    phone = Phone(Path("booking.json"))
    phone.fill("Name", "Ines")
    phone.choose("Room", "Double")
    phone.tap("Continue")
    phone.expect_screen("Confirm")
    phone.tap("Book")
    assert phone.response["room"] == "double"

`Phone` is the walk by label and `explore` the automatic player. `Loop` is a whole server: a flow is
sent, the user played, and the webhook received. `plugin` has the pytest fixtures for both.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from waflows.testing.autoplay import Ending, Exploration, explore
    from waflows.testing.expectations import FlowExpectationError
    from waflows.testing.loop import Loop, LoopError
    from waflows.testing.phone import Phone

__all__ = ["Ending", "Exploration", "FlowExpectationError", "Loop", "LoopError", "Phone", "explore"]

# Every pytest run imports this package for the plugin; the machine only where a test plays.
_HOMES = {
    "Ending": "autoplay",
    "Exploration": "autoplay",
    "FlowExpectationError": "expectations",
    "Loop": "loop",
    "LoopError": "loop",
    "Phone": "phone",
    "explore": "autoplay",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
