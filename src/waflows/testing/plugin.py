"""The pytest plugin: a fixture `flow` that opens a Flow JSON file beside the test."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from waflows.testing.phone import Phone


@pytest.fixture
def flow(request: pytest.FixtureRequest) -> Callable[..., Phone]:
    """Opens a file as a Phone: `flow("booking.json", endpoint=…, screen=…, data=…)`.

    A relative path is looked for beside the test's file, then in pytest's root folder.
    """
    from waflows.testing.phone import Phone

    def opened(file: str | Path, **options: Any) -> Phone:
        path = Path(file)
        tried = [folder / path for folder in (request.path.parent, request.config.rootpath)]
        found = next((each for each in tried if each.is_file()), None)
        if found is None:
            looked = " nor ".join(map(str, tried))
            raise FileNotFoundError(f"There is neither {looked}.")
        return Phone(found, **options)

    return opened
