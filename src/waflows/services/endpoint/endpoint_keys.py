"""A channel's key pair and app secret: what it calls data endpoints with.

Requests are encrypted with the public key and signed with the app secret. The private key belongs
to the endpoint; it is stored here, sealed, only if it was generated or uploaded here. A replaced
key pair is no longer used: responses are encrypted with the key of their request, so nothing in
flight needs the old pair, and its private half is deleted at once.
"""

from __future__ import annotations

import re
import secrets

import msgspec
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

from waflows.errors import Conflict, InvalidParameter, NotFound
from waflows.security import key_pairs, pem
from waflows.security.vault import SealBroken, Vault
from waflows.services import clock
from waflows.storage import accounts
from waflows.storage import endpoint_keys as store
from waflows.storage.database import Transaction
from waflows.storage.endpoint_keys import EndpointCheck, EndpointKey

_APP_SECRET = re.compile(r"[!-~]{8,256}")


class Pair(msgspec.Struct, frozen=True):
    """A key pair to install; without a private half if only the public one was given."""

    public: RSAPublicKey
    private: RSAPrivateKey | None
    form: str

    def __repr__(self) -> str:
        """Nothing of the key."""
        return f"Pair({self.form!r}, …)"


class Installed(msgspec.Struct, frozen=True):
    """An installed key pair; `app_secret` is set if it was generated with it."""

    key: EndpointKey
    app_secret: str | None

    def __repr__(self) -> str:
        """Nothing of the secret."""
        return f"Installed({self.key!r}, …)"


class Credentials(msgspec.Struct, frozen=True):
    """What a channel's calls are encrypted and signed with; the key is None if it has none."""

    public_key: RSAPublicKey | None
    fingerprint: str
    app_secret: str

    def __repr__(self) -> str:
        """Nothing of the secret."""
        return f"Credentials({self.fingerprint!r}, …)"


class ChannelKeys(msgspec.Struct, frozen=True):
    """A channel's key pair in use, those before it, newest first, and its app secret's age."""

    in_use: EndpointKey | None
    earlier: list[EndpointKey]
    app_secret_set_at: int | None


class Standing(msgspec.Struct, frozen=True):
    """The key in use and the last health check; None for what does not exist."""

    key: EndpointKey | None
    check: EndpointCheck | None


def make_pair() -> Pair:
    """Generates a key pair; takes some tenths of a second."""
    private = key_pairs.generate()
    return Pair(private.public_key(), private, "generated")


def read_private(text: str, passphrase: str | None) -> Pair:
    """A key pair from the text of its private half. Raises UnusableKey."""
    private = key_pairs.read_private_key(text, passphrase)
    pkcs1 = pem.find(text, "PRIVATE KEY").label == "RSA PRIVATE KEY"
    form = "private key, PKCS#1" if pkcs1 else "private key, PKCS#8"
    if key_pairs.is_encrypted(text):
        form += ", encrypted"
    return Pair(private.public_key(), private, form)


def read_public(text: str) -> Pair:
    """The public half of a key pair whose private half stays elsewhere. Raises UnusableKey."""
    return Pair(key_pairs.read_public_key(text), None, "public key")


def read_or_make_pair(
    public_key: str | None, private_key: str | None, passphrase: str | None
) -> Pair:
    """A key pair from the text of either half, or a new one; may take tenths of a second.

    Raises InvalidParameter for both halves or a passphrase without a private one, UnusableKey.
    """
    if public_key is not None and private_key is not None:
        raise InvalidParameter("Send publicKey or privateKey, not both: one half gives the other.")
    if passphrase is not None and private_key is None:
        raise InvalidParameter("passphrase belongs to privateKey; send both or neither.")
    if public_key is not None:
        return read_public(public_key)
    if private_key is not None:
        return read_private(private_key, passphrase)
    return make_pair()


def list_keys(tx: Transaction, account_id: str, channel_id: str) -> list[EndpointKey]:
    """The key pairs of a channel, the one in use first if there is one; raises NotFound."""
    _require_channel(tx, account_id, channel_id)
    return store.keys_of(tx, account_id, channel_id)


def overview(tx: Transaction, account_id: str, channel_id: str) -> ChannelKeys:
    """What a channel calls endpoints with, and the key pairs it had before; raises NotFound."""
    keys = list_keys(tx, account_id, channel_id)
    return ChannelKeys(
        next((key for key in keys if key.replaced_at is None), None),
        [key for key in keys if key.replaced_at is not None],
        app_secret_set_at(tx, account_id, channel_id),
    )


def in_use(tx: Transaction, account_id: str, channel_id: str) -> EndpointKey | None:
    """The key pair a channel calls with."""
    newest = next(iter(store.keys_of(tx, account_id, channel_id)), None)
    return newest if newest is not None and newest.replaced_at is None else None


def standing(tx: Transaction, account_id: str, channel_id: str, uri: str | None) -> Standing:
    """The key a channel calls an endpoint with, and the endpoint's last health check."""
    check = None if uri is None else store.find_check(tx, account_id, channel_id, uri)
    return Standing(in_use(tx, account_id, channel_id), check)


def install(
    tx: Transaction,
    vault: Vault,
    account_id: str,
    channel_id: str,
    pair: Pair,
    *,
    replace: bool = False,
    app_secret: str | None = None,
) -> Installed:
    """Gives a channel its key pair, and an app secret if it has none or one is given.

    Endpoints that have the private half of the previous key respond with 421 from now on, so a key
    is replaced only with `replace`. Raises NotFound, Conflict, InvalidParameter (app secret).
    """
    _lock(tx, account_id, channel_id)
    keys = store.keys_of(tx, account_id, channel_id)
    now = clock.now_ms()
    if keys and keys[0].replaced_at is None:
        if not replace:
            raise Conflict(
                "The channel has an endpoint key already, with the fingerprint"
                f" {keys[0].fingerprint}; send replace: true to replace it."
            )
        store.set_replaced(tx, account_id, channel_id, keys[0].number, now)
    key = EndpointKey(
        number=keys[0].number + 1 if keys else 1,
        fingerprint=key_pairs.fingerprint(pair.public),
        form=pair.form,
        public_key=key_pairs.public_pem(pair.public),
        holds_private_key=pair.private is not None,
        created_at=now,
        replaced_at=None,
    )
    sealed = None
    if pair.private is not None:
        purpose = _private_purpose(account_id, channel_id, key.number)
        sealed = vault.seal(purpose, key_pairs.private_der(pair.private))
    store.insert_key(tx, account_id, channel_id, key, sealed)
    store.forget_checks(tx, account_id, channel_id)
    made = None
    if app_secret is not None:
        set_app_secret(tx, vault, account_id, channel_id, app_secret)
    elif store.sealed_app_secret(tx, account_id, channel_id) is None:
        made = set_app_secret(tx, vault, account_id, channel_id)
    return Installed(key, made)


def remove(tx: Transaction, account_id: str, channel_id: str) -> None:
    """Removes a channel's key pair, so that its flows reach no endpoint; raises NotFound."""
    _lock(tx, account_id, channel_id)
    key = in_use(tx, account_id, channel_id)
    if key is not None:
        store.set_replaced(tx, account_id, channel_id, key.number, clock.now_ms())
    store.forget_checks(tx, account_id, channel_id)


def set_app_secret(
    tx: Transaction, vault: Vault, account_id: str, channel_id: str, secret: str | None = None
) -> str:
    """Sets the app secret that signs a channel's requests; generates one unless it is given.

    The previous one no longer signs; endpoints should accept both during the change. Raises
    NotFound, InvalidParameter.
    """
    if secret is not None and not _APP_SECRET.fullmatch(secret):
        raise InvalidParameter(
            "The app secret must be 8 to 256 printable ASCII characters, without blanks."
        )
    _lock(tx, account_id, channel_id)
    chosen = secret or secrets.token_hex(16)
    sealed = vault.seal(_app_secret_purpose(account_id, channel_id), chosen.encode())
    store.set_app_secret(tx, account_id, channel_id, sealed, clock.now_ms())
    store.forget_checks(tx, account_id, channel_id)
    return chosen


def app_secret_set_at(tx: Transaction, account_id: str, channel_id: str) -> int | None:
    """When the channel's app secret was set; None when it has none."""
    kept = store.sealed_app_secret(tx, account_id, channel_id)
    return kept[1] if kept else None


def credentials(tx: Transaction, vault: Vault, account_id: str, channel_id: str) -> Credentials:
    """What the channel calls endpoints with. Raises Conflict for an undecryptable secret."""
    key = in_use(tx, account_id, channel_id)
    kept = store.sealed_app_secret(tx, account_id, channel_id)
    secret = b""
    if kept is not None:
        secret = _unsealed(vault, _app_secret_purpose(account_id, channel_id), kept[0])
    if key is None:
        return Credentials(None, "", secret.decode())
    public_key = key_pairs.read_public_key(key.public_key)
    return Credentials(public_key, key.fingerprint, secret.decode())


def private_key(tx: Transaction, vault: Vault, account_id: str, channel_id: str) -> RSAPrivateKey:
    """The private half of the channel's key pair, for its owner. Raises NotFound, Conflict."""
    _require_channel(tx, account_id, channel_id)
    key = in_use(tx, account_id, channel_id)
    if key is None:
        raise NotFound("The channel has no endpoint key.")
    sealed = store.sealed_private_key(tx, account_id, channel_id, key.number)
    if sealed is None:
        raise NotFound(
            "The private half of this channel's key is not stored: only its public half was given."
        )
    purpose = _private_purpose(account_id, channel_id, key.number)
    return key_pairs.read_private_der(_unsealed(vault, purpose, sealed))


def sealed(tx: Transaction, account_id: str) -> list[tuple[str, str]]:
    """Every sealed secret of an account's channels, with the purpose it was sealed for."""
    return [
        (_private_purpose(account_id, channel_id, number), text)
        for channel_id, number, text in store.sealed_private_keys(tx, account_id)
    ] + [
        (_app_secret_purpose(account_id, channel_id), text)
        for channel_id, text in store.sealed_app_secrets(tx, account_id)
    ]


def _unsealed(vault: Vault, purpose: str, sealed: str) -> bytes:
    try:
        return vault.unseal(purpose, sealed)
    except SealBroken:
        raise Conflict(
            "A secret of this channel was sealed with a key that the server no longer has: set the"
            " app secret, or the endpoint key, again."
        ) from None


def _require_channel(tx: Transaction, account_id: str, channel_id: str) -> None:
    if accounts.find_channel(tx, account_id, channel_id) is None:
        raise _no_channel(channel_id)


def _lock(tx: Transaction, account_id: str, channel_id: str) -> None:
    if not accounts.lock_channel(tx, account_id, channel_id):
        raise _no_channel(channel_id)


def _no_channel(channel_id: str) -> NotFound:
    return NotFound(f"Channel not found: the account has no channel {channel_id}.")


def _private_purpose(account_id: str, channel_id: str, number: int) -> str:
    return f"private key {number} of channel {channel_id} of account {account_id}"


def _app_secret_purpose(account_id: str, channel_id: str) -> str:
    return f"app secret of channel {channel_id} of account {account_id}"
