"""Names that resolve slowly delay no others."""

from __future__ import annotations

import asyncio
import socket
import threading
from typing import Any

import pytest

from waflows.upstream.calls import CallFailed
from waflows.upstream.egress import Egress
from waflows.upstream.resolver import SystemResolver


def test_names_whose_servers_never_answer_delay_no_other_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    resolve, given_up = socket.getaddrinfo, threading.Event()

    def stubborn(host: str, *more: Any) -> Any:
        if host.endswith(".slow.test"):
            given_up.wait(30)
            raise socket.gaierror(socket.EAI_AGAIN, "no answer")
        return resolve(host, *more)

    monkeypatch.setattr(socket, "getaddrinfo", stubborn)

    async def fail(egress: Egress, number: int) -> None:
        with pytest.raises(CallFailed, match="did not resolve within"):
            await egress.check(f"http://n{number}.slow.test/", 0.2)

    async def scenario() -> None:
        async with Egress(allow_loopback=True, resolver=SystemResolver()) as egress:
            await asyncio.gather(*(fail(egress, number) for number in range(128)))
            await egress.check("http://localhost/")
            given_up.set()

    try:
        asyncio.run(scenario())
    finally:
        given_up.set()
