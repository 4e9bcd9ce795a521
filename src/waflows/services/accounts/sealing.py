"""The vault of this installation: finds its key and checks that it is the right one.

The key is the setting `secrets_key`, or else the file `secrets.key` in the data folder, made at the
first start. A database remembers by a sealed word which key it was first used with, so that a
server with another key does not start, instead of failing at each secret later.
"""

from __future__ import annotations

import base64
from pathlib import Path

from waflows.errors import OperatorError
from waflows.security.vault import KEY_BYTES, SealBroken, Vault, make_key
from waflows.settings import Settings
from waflows.storage import accounts as store
from waflows.storage import secrets_file
from waflows.storage.database import Database, Transaction

_FILE = "secrets.key"
_WITNESS = "vault"
_WORD = b"waflows"


def open_vault(db: Database, settings: Settings) -> Vault:
    """The vault under the key of these settings, for secrets of this database.

    Raises OperatorError when there is no usable key, or another one than the database knows.
    """
    path = Path(settings.data).expanduser() / _FILE
    if not settings.secrets_key:
        _check_not_lost(db, path)
    text = settings.secrets_key or secrets_file.read_or_make(path, _encoded(make_key()))
    place = "The setting secrets_key" if settings.secrets_key else str(path)
    vault = Vault(_key(text, place))
    if not db.run_now(_is_known, vault):
        raise OperatorError(
            f"{place} is not the secrets key this database was first used with, so its stored"
            " secrets (private keys, webhook credentials) do not open. Give the key of that"
            f" time: set WAFLOWS_SECRETS_KEY to what {_FILE} held in the data folder then. If it is"
            " lost, `waflows db accept-secrets-key` goes on without those secrets."
        )
    return vault


def find_vault(settings: Settings) -> Vault | None:
    """The vault under the key of these settings as it stands, without making one or noting it.

    None where there is no key yet. Raises OperatorError for one that cannot be used.
    """
    path = Path(settings.data).expanduser() / _FILE
    text = settings.secrets_key or secrets_file.read(path)
    place = "The setting secrets_key" if settings.secrets_key else str(path)
    return None if text is None else Vault(_key(text, place))


def has_witness(tx: Transaction) -> bool:
    """Whether the database has recorded a key."""
    return store.instance_value(tx, _WITNESS) is not None


def recognises(tx: Transaction, vault: Vault) -> bool:
    """Whether the database was first used with the key of this vault."""
    sealed = store.instance_value(tx, _WITNESS)
    try:
        return sealed is not None and vault.unseal(_WITNESS, sealed) == _WORD
    except SealBroken:
        return False


def forget_witness(tx: Transaction) -> None:
    """Accepts another key at the next start; values sealed with the old one stay unreadable."""
    store.forget_instance_value(tx, _WITNESS)


def _check_not_lost(db: Database, path: Path) -> None:
    """Raises OperatorError when there is no key file although the database was used with one."""
    if db.read_now(has_witness) and secrets_file.read(path) is None:
        raise OperatorError(
            f"{path} is missing, but this database was used with a secrets key, and its stored"
            " secrets (private keys, webhook credentials) do not open without it. Restore the file"
            " from a backup, set WAFLOWS_SECRETS_KEY to what it held, or point `data` to the folder"
            " that has it. If the key is lost, `waflows db accept-secrets-key` lists those secrets"
            " and lets the next start create a new key."
        )


def _key(text: str, place: str) -> bytes:
    try:
        key = base64.b64decode(text, validate=True)
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise OperatorError(
            f"{place} is not a secrets key: expected the Base64 text of {KEY_BYTES} random bytes,"
            f" such as `openssl rand -base64 {KEY_BYTES}` prints."
        )
    return key


def _encoded(key: bytes) -> str:
    return base64.b64encode(key).decode()


def _is_known(tx: Transaction, vault: Vault) -> bool:
    """Whether the database was first used with this key; the first key is recorded."""
    if not has_witness(tx):
        store.set_instance_value(tx, _WITNESS, vault.seal(_WITNESS, _WORD))
    return recognises(tx, vault)
