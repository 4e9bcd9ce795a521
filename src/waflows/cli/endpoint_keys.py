"""`waflows endpoint-key`: the key pair and the app secret that endpoints are called with."""

from __future__ import annotations

import contextlib
import os
import secrets
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import click
import msgspec

from waflows.cli.confirm import confirm, yes_option
from waflows.cli.connection import connected, connection_options
from waflows.cli.groups import Group
from waflows.cli.operator import account_option, database_options, opened
from waflows.cli.output import json_option, print_json, show_one
from waflows.errors import OperatorError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    from waflows.client import EndpointKey, InstalledKey

F = TypeVar("F", bound=Callable[..., Any])

_LONGEST_FILE = 64 * 1024
_NO_KEY = "The channel has no endpoint key; `waflows endpoint-key generate` makes one."
_REPLACED = (
    "Endpoints that hold the private half of the present key answer 421 until they have the new"
    " one."
)

_passphrase = click.option(
    "--passphrase-file",
    metavar="FILE",
    help="File with the private key's passphrase, - for standard input.",
)
_replace = click.option(
    "--replace", is_flag=True, help="Put it in the place of the key that is there."
)


def _pkcs1_option(command: F) -> F:
    return click.option(
        "--pkcs1",
        is_flag=True,
        help="Write the private key as PKCS#1 (BEGIN RSA PRIVATE KEY), for libraries that need it.",
    )(command)


def _new_pair_options(command: F) -> F:
    out = click.option(
        "--private-key",
        metavar="FILE",
        type=click.Path(path_type=Path, dir_okay=False),
        default=Path("private.pem"),
        show_default=True,
        help="Where to write the private key, for the endpoint.",
    )
    return out(_pkcs1_option(_passphrase(connection_options(json_option(command)))))


class Form(NamedTuple):
    """Where and how a new private key is written."""

    file: Path
    passphrase_file: str | None
    pkcs1: bool


@click.group(cls=Group)
def command() -> None:
    """Manage the key pair and the app secret a channel calls data endpoints with.

    The private key belongs to the endpoint: generate and rotate make it here and send the public
    half only. Every command takes --url, --account, --channel and --key, or the variables
    WAFLOWS_URL, WAFLOWS_ACCOUNT, WAFLOWS_CHANNEL and WAFLOWS_KEY.
    """


@command.command()
@_new_pair_options
def generate(
    private_key: Path, pkcs1: bool, passphrase_file: str | None, as_json: bool, **where: str
) -> None:
    """Make a key pair: the private key to a file here, the public one to the channel.

    With --passphrase-file the private key is encrypted. The first key of a channel comes with an
    app secret, which is shown this once.

    Example: waflows endpoint-key generate --private-key private.pem
    """
    form = Form(private_key, passphrase_file, pkcs1)
    _new_pair(form, as_json, where, replace=False)


@command.command()
@_new_pair_options
@yes_option
def rotate(
    private_key: Path,
    pkcs1: bool,
    passphrase_file: str | None,
    as_json: bool,
    yes: bool,
    **where: str,
) -> None:
    """Make a key pair in the place of the one that is there.

    Example: waflows endpoint-key rotate --private-key private-2.pem
    """
    confirm(yes, lambda: f"{_REPLACED} Replace the key?")
    form = Form(private_key, passphrase_file, pkcs1)
    _new_pair(form, as_json, where, replace=True)


@command.command()
@click.argument("file")
@_passphrase
@click.option(
    "--keep-private",
    is_flag=True,
    help="Send a private key whole, to be kept sealed at the server; else its public half only.",
)
@_replace
@connection_options
@json_option
def upload(
    file: str,
    passphrase_file: str | None,
    keep_private: bool,
    replace: bool,
    as_json: bool,
    **where: str,
) -> None:
    """Give the channel the key in FILE, - for standard input: either half, in any PEM form.

    Of a private key the public half is taken here, and only that is sent.

    Example: waflows endpoint-key upload public.pem
    """
    text = _read(file)
    body: dict[str, Any] = {"replace": replace}
    if not _is_private(text):
        body["public_key"] = text
    else:
        private, passphrase = _opened(text, passphrase_file)
        if keep_private:
            body |= {"private_key": text, "passphrase": passphrase}
        else:
            from waflows.security import key_pairs

            body["public_key"] = key_pairs.public_pem(private.public_key())
    with connected(**where) as connection:
        installed = connection.install_endpoint_key(**body)
    _show_installed(installed, None, as_json)


@command.command()
@connection_options
@json_option
def show(as_json: bool, **where: str) -> None:
    """Show the channel's key pair, never its private half."""
    with connected(**where) as connection:
        found = connection.endpoint_keys()
    if as_json or not sys.stdout.isatty():
        print_json(found)
        return
    if found.key is None:
        click.echo(_NO_KEY, err=True)
        return
    secret = f"{found.app_secret_set_at:%Y-%m-%d %H:%M}" if found.app_secret_set_at else "none"
    earlier = [f"{key.fingerprint[:16]}… until {key.replaced_at:%Y-%m-%d}" for key in found.earlier]
    lines = {**_lines(found.key), "app secret": f"set {secret}", "earlier": ", ".join(earlier)}
    show_one(found, {name: text for name, text in lines.items() if text}, as_json=False)


@command.command("export-public")
@click.argument("file", default="-")
@connection_options
def export_public(file: str, **where: str) -> None:
    """Write the channel's public key to FILE as PEM, the form WhatsApp takes; - prints it."""
    with connected(**where) as connection:
        found = connection.endpoint_keys()
    if found.key is None:
        raise OperatorError(_NO_KEY)
    if file == "-":
        click.echo(found.key.public_key, nl=False)
    else:
        Path(file).write_text(found.key.public_key, "ascii")


@command.command("app-secret")
@click.option("--new", is_flag=True, help="Make a fresh one and show it this once.")
@click.option("--from-file", metavar="FILE", help="Set what is in FILE, - for standard input.")
@connection_options
@json_option
def app_secret(new: bool, from_file: str | None, as_json: bool, **where: str) -> None:
    """Set the app secret that signs requests to endpoints, or show when it was set.

    The one before signs no more, so let endpoints accept both before you change it.

    Example: waflows endpoint-key app-secret --new
    """
    if new and from_file is not None:
        raise OperatorError("Give --new or --from-file, not both.")
    with connected(**where) as connection:
        if not new and from_file is None:
            set_at = connection.endpoint_keys().app_secret_set_at
            shown = f"set {set_at:%Y-%m-%d %H:%M}" if set_at else "none"
            show_one({"appSecretSetAt": set_at}, {"app secret": shown}, as_json=as_json)
            return
        given = None if from_file is None else _read(from_file).strip()
        made = connection.set_app_secret(given)
    # One that was given is known already.
    shown = made if new else "***"
    show_one({"appSecret": shown}, {"app secret": shown}, as_json=as_json)


@command.command()
@yes_option
@connection_options
def remove(yes: bool, **where: str) -> None:
    """Take the channel's key pair away: its flows reach no endpoint any more."""
    confirm(yes, lambda: "The channel's flows will reach no endpoint any more. Remove the key?")
    with connected(**where) as connection:
        connection.remove_endpoint_key()


@command.command("export-private")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.argument("channel", metavar="CHANNEL")
@account_option
@_passphrase
@database_options
def export_private(
    file: Path,
    channel: str,
    account_id: str,
    passphrase_file: str | None,
    data: str | None,
    database_url: str | None,
    config: str | None,
) -> None:
    """Write a private key that is kept at the server to FILE, for its endpoint.

    For operators: it reads the database and the secrets key on the server's own machine. No
    private key ever leaves over the network. FILE is readable by its owner only.
    """
    from waflows import settings
    from waflows.services.accounts import sealing
    from waflows.services.endpoint import endpoint_keys

    chosen = settings.load({"data": data, "database_url": database_url}, os.environ, config)
    with opened(data, database_url, config) as db:
        vault = sealing.open_vault(db, chosen)
        private = db.read_now(endpoint_keys.private_key, vault, account_id, channel)
    _write_private(file, private, _passphrase_in(passphrase_file))


@command.command()
@click.option(
    "--private-key",
    metavar="FILE",
    help="The private key of your endpoint, - for standard input; default: a new one, shown.",
)
@_passphrase
@click.option(
    "--app-secret-file",
    metavar="FILE",
    help="File with the app secret that signs the request; default: a made-up one, shown.",
)
@click.option(
    "--request",
    metavar="JSON",
    default='{"version":"3.0","action":"ping"}',
    show_default=True,
    help="The request in the clear.",
)
@click.option(
    "--answer",
    metavar="JSON",
    default='{"data":{"status":"active"}}',
    show_default=True,
    help="The endpoint's answer in the clear.",
)
@_pkcs1_option
@json_option
def vector(
    private_key: str | None,
    passphrase_file: str | None,
    app_secret_file: str | None,
    request: str,
    answer: str,
    pkcs1: bool,
    as_json: bool,
) -> None:
    """Print a test vector: a request byte for byte as it is sent, and the right answer to it.

    For endpoints in any language, offline: each step of the decryption of the request and of the
    encryption of the answer, to compare yours with. Each call draws a new AES key and IV. A private
    key or an app secret that you give is used and not printed.

    Example: waflows endpoint-key vector --json > vector.json
    """
    from waflows.security import endpoint_vectors, key_pairs

    _require_json("--request", request)
    _require_json("--answer", answer)
    if private_key is None:
        pair = key_pairs.generate()
        shown_key = key_pairs.private_pem(pair, pkcs1=pkcs1)
    else:
        pair, _ = _opened(_read(private_key), passphrase_file)
        shown_key = None
    secret = secrets.token_hex(16) if app_secret_file is None else _read(app_secret_file).strip()
    made = endpoint_vectors.make(pair, secret, request.encode(), answer.encode())
    facts: dict[str, str] = {"publicKey": key_pairs.public_pem(pair.public_key())}
    if shown_key is not None:
        facts["privateKey"] = shown_key
    if app_secret_file is None:
        facts["appSecret"] = secret
    facts |= msgspec.to_builtins(made)
    if as_json or not sys.stdout.isatty():
        print_json(facts)
        return
    for name, value in facts.items():
        click.echo(f"{_VECTOR_LABELS[name]}:\n{value.rstrip()}\n")


_VECTOR_LABELS = {
    "publicKey": "Public key",
    "privateKey": "Private key, for this test alone",
    "appSecret": "App secret, for this test alone",
    "body": "Body of the request, as it is sent by POST with Content-Type: application/json",
    "signature": "X-Hub-Signature-256 of this body under the app secret",
    "aesKey": "AES key in hex: encrypted_aes_key, decrypted by RSA-OAEP (SHA-256, MGF1 SHA-256)",
    "iv": "IV in hex: initial_vector",
    "request": "Request in the clear: encrypted_flow_data, decrypted by AES-128-GCM",
    "answer": "Answer in the clear",
    "answerIv": "IV of the answer in hex: every bit of the IV flipped",
    "answerTag": "Tag of the answer in hex, the last 16 bytes of the encrypted ones",
    "answerBody": "Right body of the answer, status 200, Content-Type: text/plain",
}


def _require_json(option: str, text: str) -> None:
    try:
        msgspec.json.decode(text, type=dict[str, Any])
    except (msgspec.MsgspecError, RecursionError) as error:
        raise OperatorError(f"{option} is not a JSON object: {error}.") from None


def _new_pair(form: Form, as_json: bool, where: dict[str, str], *, replace: bool) -> None:
    from waflows.security import key_pairs

    passphrase = _passphrase_in(form.passphrase_file)
    private, file = key_pairs.generate(), form.file
    _write_private(file, private, passphrase, pkcs1=form.pkcs1)
    try:
        with connected(**where) as connection:
            installed = connection.install_endpoint_key(
                public_key=key_pairs.public_pem(private.public_key()), replace=replace
            )
    except BaseException:
        # The channel does not have its other half.
        with contextlib.suppress(OSError):
            file.unlink()
        raise
    _show_installed(installed, file, as_json)


def _write_private(
    file: Path, private: RSAPrivateKey, passphrase: str | None, *, pkcs1: bool = False
) -> None:
    """Writes a private key for its owner only, and never over a file that is there."""
    from waflows.security import key_pairs

    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise OperatorError(
            f"{file} exists already, and may be the only copy of a private key; name another file."
        ) from None
    except OSError as error:
        raise OperatorError(f"Cannot write {file}: {error.strerror}.") from None
    with os.fdopen(descriptor, "w", encoding="ascii") as opened_file:
        opened_file.write(key_pairs.private_pem(private, passphrase, pkcs1=pkcs1))


def _is_private(text: str) -> bool:
    from waflows.security import pem

    return pem.find(text, "PUBLIC KEY").label.endswith("PRIVATE KEY")


def _opened(text: str, passphrase_file: str | None) -> tuple[RSAPrivateKey, str | None]:
    """A private key and its passphrase, which is asked for where there is somebody to ask."""
    from waflows.security import key_pairs

    passphrase = _passphrase_in(passphrase_file)
    try:
        return key_pairs.read_private_key(text, passphrase), passphrase
    except key_pairs.UnusableKey:
        if passphrase is not None or not key_pairs.is_encrypted(text) or not sys.stdin.isatty():
            raise
    passphrase = click.prompt("Passphrase of the private key", hide_input=True, err=True)
    return key_pairs.read_private_key(text, passphrase), passphrase


def _passphrase_in(file: str | None) -> str | None:
    if file is None:
        return None
    passphrase = _read(file).rstrip("\r\n")
    if not passphrase:
        raise OperatorError("The passphrase is empty.")
    return passphrase


def _read(file: str) -> str:
    try:
        raw = sys.stdin.buffer.read(_LONGEST_FILE) if file == "-" else _read_bytes(Path(file))
        return raw.decode("utf-8-sig")
    except OSError as error:
        raise OperatorError(f"Cannot read {file}: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise OperatorError(
            f"{file} is not text. If it is a key in DER form, turn it into PEM:"
            " openssl pkey -inform DER -in key.der -out key.pem"
        ) from None


def _read_bytes(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_LONGEST_FILE)


def _show_installed(installed: InstalledKey, file: Path | None, as_json: bool) -> None:
    if as_json or not sys.stdout.isatty():
        facts = {"privateKeyFile": str(file)} if file else {}
        from waflows.cli.output import as_builtins

        print_json({**as_builtins(installed), **facts})
        return
    lines = _lines(installed.key)
    if file is not None:
        lines["private key"] = f"{file}, for the endpoint alone"
    if installed.app_secret:
        lines["app secret"] = f"{installed.app_secret} (shown this once)"
    show_one(installed, lines, as_json=False)


def _lines(key: EndpointKey) -> dict[str, str]:
    return {
        "fingerprint": key.fingerprint,
        "size": f"{key.bits} bits",
        "came as": key.form,
        "private key": "kept sealed at the server" if key.holds_private_key else "",
        "created": f"{key.created_at:%Y-%m-%d %H:%M}",
    }
