"""The pytest plugin: `flow` plays a Flow JSON file, `waflows_server` goes the whole loop."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from waflows.testing.loop import Loop
    from waflows.testing.phone import Phone
    from waflows.testing.server import Server


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


@pytest.fixture(scope="session")
def waflows_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A waflows server for all tests of this process, on a free port with a fresh database."""
    from waflows.testing.server import running_server

    with running_server(tmp_path_factory.mktemp("waflows")) as server:
        yield server


@pytest.fixture
def waflows_server(waflows_process: Server, request: pytest.FixtureRequest) -> Iterator[Loop]:
    """An account of the test's own on a running server, with a webhook receiver.

    It sends a flow, plays the user and gives the webhook that came; see `waflows.testing.loop`.
    """
    from waflows.testing.loop import Loop

    loop = Loop(waflows_process, request.path.parent)
    yield loop
    loop.close()
