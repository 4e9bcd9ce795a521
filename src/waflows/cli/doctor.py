"""`waflows doctor`: find the step at which a data endpoint fails, and how to fix it."""

from __future__ import annotations

import asyncio
import json
import secrets
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from waflows.cli.connection import complete_flow, connected_for_long, connection_options, flow_id
from waflows.cli.output import json_option, print_json, visible
from waflows.errors import OperatorError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

    from waflows.client import Examination
    from waflows.upstream.doctor import OpenedBy, Trial

_MARKS = {"passed": "✓", "warned": "!", "failed": "✗", "skipped": "·"}
_COLOURS = {"passed": "green", "warned": "yellow", "failed": "red"}
_CALLS = {
    "data_exchange": "data_exchange of the screen",
    "error": "error notification",
    "undecryptable": "a request that cannot be decrypted",
    "forged": "a request with a wrong signature",
}
"""Labels of the calls on a terminal; other calls are labelled by their action."""


@click.command()
@click.argument("target", metavar="FLOW|URL", shell_complete=complete_flow)
@click.option(
    "--public-key",
    metavar="FILE",
    help="For a URL: the public key that matches the endpoint's private key.",
)
@click.option(
    "--app-secret-file",
    metavar="FILE",
    help="For a URL: file with the app secret that signs requests.",
)
@click.option("--flow-token", help="The flow token to send (default: a random one).")
@click.option(
    "--opened-by",
    type=click.Choice(["navigate", "data_exchange"]),
    help="The flow_action of its messages: data_exchange requires INIT, navigate does not.",
)
@click.option(
    "--screen",
    metavar="ID",
    help="Also send a data_exchange from this screen; the endpoint acts on it.",
)
@click.option(
    "--payload", metavar="JSON", help="With --screen: the data that the screen sends, as JSON."
)
@click.option(
    "--data-api-version",
    type=click.Choice(["3.0", "4.0"]),
    default="3.0",
    show_default=True,
    help="For a URL: the data_api_version to send.",
)
@connection_options
@json_option
def command(
    target: str,
    public_key: str | None,
    app_secret_file: str | None,
    flow_token: str | None,
    opened_by: OpenedBy | None,
    screen: str | None,
    payload: str | None,
    data_api_version: str,
    as_json: bool,
    **where: str,
) -> None:
    """Diagnose a data endpoint.

    Calls the endpoint as a phone would: a health check, the first screen, an error notification,
    and two requests that it should reject. Reports the step that fails (DNS, TLS, HTTP, signature,
    RSA, Base64, AES, JSON, shape) and how to fix it. If the endpoint cannot decrypt, it is called
    again with commonly confused parameters to find the one it uses. A FLOW, given by id or exact
    name, is tested from the server with its channel's keys; a URL is tested from this machine and
    may be on it. Exits with 1 if a step fails; steps marked ! pass with a warning.

    Examples: waflows doctor "Table booking"

    waflows doctor http://127.0.0.1:9000/flow --public-key public.pem --app-secret-file secret.txt
    """
    is_url = target.lower().startswith(("http://", "https://"))
    url_without_secret = is_url and app_secret_file is None
    if payload is not None and screen is None:
        raise OperatorError("--payload is the data a screen sends: name the screen with --screen.")
    data = _payload(payload)
    if is_url:
        from waflows.upstream.doctor import Trial

        token = flow_token or f"doctor-{secrets.token_hex(8)}"
        trial = Trial(token, (), opened_by, screen, data)
        found = _examine_url(target, public_key, app_secret_file, trial, data_api_version)
    else:
        if public_key or app_secret_file:
            raise OperatorError(
                "--public-key and --app-secret-file are for a URL; a flow uses its channel's."
            )
        with connected_for_long(**where) as connection:
            flow = flow_id(connection, target)
            found = connection.examine_endpoint(
                flow, flow_token=flow_token, opened_by=opened_by, screen=screen, data=data
            )
    if as_json or not sys.stdout.isatty():
        print_json(found)
    else:
        _draw(found)
    if found.failing_step == "signature" and url_without_secret:
        click.echo(
            "The request was sent without an app secret: pass it with --app-secret-file.", err=True
        )
    sys.exit(0 if found.healthy else 1)


def _examine_url(
    url: str,
    key_file: str | None,
    secret_file: str | None,
    trial: Trial,
    version: str,
) -> Examination:
    import msgspec

    from waflows import client
    from waflows.security import key_pairs
    from waflows.services.endpoint.examinations import show_report
    from waflows.upstream import doctor
    from waflows.upstream.egress import Egress
    from waflows.upstream.endpoint import DataEndpoint

    if key_file is None:
        raise OperatorError(
            "A URL is examined with --public-key FILE, the public half of the key the endpoint"
            " holds: openssl pkey -in private.pem -pubout -out public.pem"
        )
    key = key_pairs.read_public_key(_text(key_file))
    secret = _text(secret_file).strip() if secret_file else ""

    async def read_key() -> RSAPublicKey:
        return key

    async def examine() -> doctor.Report:
        async with Egress(allow_loopback=True) as egress:
            endpoint = DataEndpoint(
                egress, url, read_key, secret, version=version, sign_tokens=version == "4.0"
            )
            return await doctor.examine(endpoint, trial)

    report = asyncio.run(examine())
    answer = msgspec.to_builtins(show_report(report, key_pairs.fingerprint(key)))
    return msgspec.convert(answer, client.Examination)


def _payload(text: str | None) -> dict[str, Any]:
    if text is None:
        return {}
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise OperatorError(f"--payload is not JSON: {error}.") from None
    if not isinstance(value, dict):
        raise OperatorError('--payload is not a JSON object such as {"day": "mon"}.')
    return value


def _text(file: str) -> str:
    try:
        return Path(file).read_text("utf-8-sig")
    except OSError as error:
        raise OperatorError(f"Cannot read {file}: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise OperatorError(f"{file} is not text.") from None


def _draw(found: Examination) -> None:
    """Prints every step, and how to fix the one that fails."""
    click.echo(visible(found.url or "(no endPointUri)"))
    if found.fingerprint:
        click.echo(f"public key {found.fingerprint}")
    call = ""
    for check in found.checks:
        if check.call != call:
            call = check.call
            click.echo(f"\n{_CALLS.get(call, call)}")
        mark = click.style(_MARKS.get(check.state, "?"), fg=_COLOURS.get(check.state))
        text = f"{check.step:<10} {visible(check.message)}".rstrip()
        click.echo(f"  {mark} " + click.wrap_text(text, 88, "", " " * 15))
        if check.cure:
            click.echo(click.wrap_text(check.cure, 88, "    → ", "      "))
        for language, code in check.code.items():
            click.echo(f"      {language:<7} {code}")
    click.echo()
    if found.healthy:
        click.secho("The endpoint works.", fg="green")
        if any(check.state == "warned" for check in found.checks):
            click.echo("Steps marked ! pass with a warning.")
    else:
        click.secho(f"The endpoint fails at: {found.failing_step}.", fg="red")
