"""`waflows preview`: preview a flow from a file in a browser, reloaded on every change."""

from __future__ import annotations

import asyncio
import webbrowser
from pathlib import Path
from urllib.parse import urlencode

import click
import uvicorn

from waflows.cli.endpoint_functions import endpoint_function
from waflows.cli.flow_files import UnusableFile
from waflows.cli.listening import address_of, listen
from waflows.console.local_preview import LocalPreview
from waflows.errors import OperatorError
from waflows.settings import Settings

_HOSTS = {"127.0.0.1", "localhost", "::1"}
_END_SECONDS = 1


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    help="Port to listen on; 0 picks a free one.",
)
@click.option("--host", default="127.0.0.1", help="Loopback address to listen on.")
@click.option("--no-open", is_flag=True, help="Only print the address; do not open a browser.")
@click.option(
    "--endpoint",
    metavar="FILE.py:NAME",
    help="Python function or Endpoint object that answers the flow's endpoint requests.",
)
def command(file: Path, port: int, host: str, no_open: bool, endpoint: str | None) -> None:
    """Preview the flow in FILE in a browser, reloading whenever the file is saved.

    The page shows the flow in a phone, with its data and actions beside it. A reload keeps the
    current screen and the values entered; problems are shown above the phone, with line and column.
    Only this machine can open the page. Stop it with Ctrl-C.

    Example: waflows preview booking.json
    """
    if host not in _HOSTS:
        raise OperatorError(f"--host must be one of {', '.join(sorted(_HOSTS))}, not {host!r}.")
    if not file.is_file():
        raise UnusableFile(f"File {file} does not exist.")
    answering = endpoint_function(endpoint) if endpoint else None
    settings = Settings(host="127.0.0.1" if host == "localhost" else host, port=port)
    listening = listen(settings)
    listening.listen()
    query = {"interactive": "true", "debug": "true", "flow_token": "preview"} if answering else {}
    address = f"{address_of(listening, settings)}/" + (f"?{urlencode(query)}" if query else "")

    async def serve() -> None:
        app = LocalPreview(file, answering).app()
        config = uvicorn.Config(
            app,
            log_level="warning",
            access_log=False,
            ws="none",
            server_header=False,
            timeout_graceful_shutdown=_END_SECONDS,
        )
        await uvicorn.Server(config).serve(sockets=[listening])

    click.echo(f"Preview of {file} at {address}\nStop with Ctrl-C.")
    if not no_open:
        # The socket already listens, so the browser's first request waits for the server.
        webbrowser.open(address)
    asyncio.run(serve())
