"""`waflows endpoint-key`: manage the key pair and the app secret used to call data endpoints."""

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
_NO_KEY = "The channel has no endpoint key; create one with `waflows endpoint-key generate`."
_REPLACED = "Endpoints with the current private key will answer 421 until they have the new one."

_passphrase = click.option(
    "--passphrase-file",
    metavar="FILE",
    help="File with the private key's passphrase, - for standard input.",
)
_replace = click.option("--replace", is_flag=True, help="Replace the current key.")


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
    """Adds the options for where and how a new private key is written."""

    file: Path
    passphrase_file: str | None
    pkcs1: bool


@click.group(cls=Group)
def command() -> None:
    """Manage the key pair and the app secret that a channel uses to call data endpoints.

    The private key belongs to the endpoint: generate and rotate create it on this machine and send
    only the public half. Every command takes --url, --account, --channel and --key, or the
    variables WAFLOWS_URL, WAFLOWS_ACCOUNT, WAFLOWS_CHANNEL and WAFLOWS_KEY.
    """


@command.command()
@_new_pair_options
def generate(
    private_key: Path, pkcs1: bool, passphrase_file: str | None, as_json: bool, **where: str
) -> None:
    """Create a key pair: write the private key to a file, give the public key to the channel.

    With --passphrase-file the private key is encrypted. The first key of a channel comes with an
    app secret, which is shown only once.

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
    """Replace the channel's key pair with a new one.

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
    help=(
        "Send the whole private key, to be stored sealed on the server, instead of its public half."
    ),
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
    """Upload the key in FILE (- for standard input) to the channel: either half, in any PEM form.

    If FILE holds a private key, only its public half is sent.

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
    """Show the channel's public key and its details."""
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
    """Write the channel's public key to FILE as PEM, as WhatsApp expects it; - prints it."""
    with connected(**where) as connection:
        found = connection.endpoint_keys()
    if found.key is None:
        raise OperatorError(_NO_KEY)
    if file == "-":
        click.echo(found.key.public_key, nl=False)
    else:
        Path(file).write_text(found.key.public_key, "ascii")


@command.command("app-secret")
@click.option("--new", is_flag=True, help="Create a new app secret and show it once.")
@click.option(
    "--from-file", metavar="FILE", help="Set the app secret in FILE (- for standard input)."
)
@connection_options
@json_option
def app_secret(new: bool, from_file: str | None, as_json: bool, **where: str) -> None:
    """Set the app secret that signs requests to endpoints, or show when it was set.

    The previous secret stops signing at once, so let endpoints accept both before you change it.

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
    # A secret read from a file is not printed again.
    shown = made if new else "***"
    show_one({"appSecret": shown}, {"app secret": shown}, as_json=as_json)


@command.command()
@yes_option
@connection_options
def remove(yes: bool, **where: str) -> None:
    """Delete the channel's key pair: its flows can no longer call their endpoints."""
    confirm(
        yes,
        lambda: (
            "The channel's flows will no longer be able to call their endpoints. Delete the key?"
        ),
    )
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
    """Write a private key that is stored on the server to FILE, for its endpoint.

    For operators: it reads the database and the secrets key on the server's machine. The API never
    returns a private key. FILE is readable by its owner only.
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
    help=(
        "Private key of your endpoint, - for standard input (default: a new one, which is printed)."
    ),
)
@_passphrase
@click.option(
    "--app-secret-file",
    metavar="FILE",
    help=(
        "File with the app secret that signs the request (default: a random one, which is printed)."
    ),
)
@click.option(
    "--request",
    metavar="JSON",
    default='{"version":"3.0","action":"ping"}',
    show_default=True,
    help="The plaintext request.",
)
@click.option(
    "--answer",
    metavar="JSON",
    default='{"data":{"status":"active"}}',
    show_default=True,
    help="The endpoint's plaintext answer.",
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
    """Print a test vector: a request exactly as it is sent, and the correct answer to it.

    For endpoints in any language, offline: every step of decrypting the request and encrypting the
    answer, to compare with your own. Each call uses a new AES key and IV. A private key or an app
    secret that you pass in is not printed.

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
    "privateKey": "Private key, for this test only",
    "appSecret": "App secret, for this test only",
    "body": "Body of the request, sent by POST with Content-Type: application/json",
    "signature": "X-Hub-Signature-256 of this body with the app secret",
    "aesKey": "AES key in hex: encrypted_aes_key, decrypted by RSA-OAEP (SHA-256, MGF1 SHA-256)",
    "iv": "IV in hex: initial_vector",
    "request": "Plaintext request: encrypted_flow_data, decrypted by AES-128-GCM",
    "answer": "Plaintext answer",
    "answerIv": "IV of the answer in hex: every bit of the IV flipped",
    "answerTag": "Tag of the answer in hex, the last 16 bytes of the encrypted ones",
    "answerBody": "Correct body of the answer, status 200, Content-Type: text/plain",
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
        # The channel did not take its public half.
        with contextlib.suppress(OSError):
            file.unlink()
        raise
    _show_installed(installed, file, as_json)


def _write_private(
    file: Path, private: RSAPrivateKey, passphrase: str | None, *, pkcs1: bool = False
) -> None:
    """Writes a private key, readable by its owner only; never overwrites a file."""
    from waflows.security import key_pairs

    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise OperatorError(
            f"{file} already exists and may be the only copy of a private key; choose another file."
        ) from None
    except OSError as error:
        raise OperatorError(f"Cannot write {file}: {error.strerror}.") from None
    with os.fdopen(descriptor, "w", encoding="ascii") as opened_file:
        opened_file.write(key_pairs.private_pem(private, passphrase, pkcs1=pkcs1))


def _is_private(text: str) -> bool:
    from waflows.security import pem

    return pem.find(text, "PUBLIC KEY").label.endswith("PRIVATE KEY")


def _opened(text: str, passphrase_file: str | None) -> tuple[RSAPrivateKey, str | None]:
    """Reads a private key and its passphrase, prompting for the latter on a terminal."""
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
        lines["private key"] = f"{file}, for the endpoint only"
    if installed.app_secret:
        lines["app secret"] = f"{installed.app_secret} (shown only once)"
    show_one(installed, lines, as_json=False)


def _lines(key: EndpointKey) -> dict[str, str]:
    return {
        "fingerprint": key.fingerprint,
        "size": f"{key.bits} bits",
        "uploaded as": key.form,
        "private key": "stored sealed on the server" if key.holds_private_key else "",
        "created": f"{key.created_at:%Y-%m-%d %H:%M}",
    }
