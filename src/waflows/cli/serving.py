"""Running uvicorn, as `dev` and `serve` both do."""

from __future__ import annotations

from typing import Any

import uvicorn

from waflows.settings import Settings

# By name: a process that only supervises workers does not need the whole server.
HTTP_PROTOCOL = "waflows.http.protocol:EnvelopeProtocol"
_HEALTHCHECK_SECONDS = 10


def uvicorn_config(app: Any, settings: Settings, **more: Any) -> uvicorn.Config:
    """How waflows runs uvicorn: no log lines of its own, errors in the envelope."""
    return uvicorn.Config(
        app,
        loop="auto",
        http=HTTP_PROTOCOL,
        ws="none",
        interface="asgi3",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=True,
        forwarded_allow_ips=settings.forwarded_allow_ips,
        # Starting a process takes long on a machine that is busy with something else.
        timeout_worker_healthcheck=_HEALTHCHECK_SECONDS,
        timeout_graceful_shutdown=settings.shutdown_seconds,
        **more,
    )
