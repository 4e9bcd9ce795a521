"""For tests of flows: walk one as a person would, or have every way through it tried.

    phone = Phone(Path("booking.json"))
    phone.fill("Name", "Ines")
    phone.choose("Room", "Double")
    phone.tap("Continue")
    phone.expect_screen("Confirm")
    phone.tap("Book")
    assert phone.response["room"] == "double"

`Phone` is the walk by label, `explore` the automatic player, `plugin` the pytest fixture `flow`.
"""

from __future__ import annotations

from waflows.testing.autoplay import Ending, Exploration, explore
from waflows.testing.phone import Phone
from waflows.testing.places import FlowExpectationError

__all__ = ["Ending", "Exploration", "FlowExpectationError", "Phone", "explore"]
