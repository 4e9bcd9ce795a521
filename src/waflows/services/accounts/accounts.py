"""Accounts, their channels and API keys, and authentication by API key."""

from __future__ import annotations

import re
import secrets
import uuid

import msgspec

from waflows.errors import InvalidId, InvalidParameter, NotAuthenticated, NotFound
from waflows.security import keys
from waflows.services import clock
from waflows.services.names import is_printable
from waflows.storage import accounts as store
from waflows.storage import sub_accounts as sub_account_store
from waflows.storage.accounts import Account, ApiKey, Channel
from waflows.storage.database import Transaction

ACCOUNT_ID_PATTERN = r"^[0-9A-Fa-f]{8}[-]?(?:[0-9A-Fa-f]{4}[-]?){3}[0-9A-Fa-f]{12}$"
_ACCOUNT_ID = re.compile(ACCOUNT_ID_PATTERN.replace("$", r"\Z"))
_CHANNEL_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_NAME_LENGTH = 200
_SECRET = "secret"  # noqa: S105 - the name of the value, not the value
_PROBE = "probe"


class Principal(msgspec.Struct, frozen=True, kw_only=True):
    """The account a request speaks for and what its key allows.

    None means every channel and every sub-account. To a `masked` key answers and phone numbers
    are shown with their characters covered. `session_id` is that of the console's session by which
    the key is spoken for, if it is not shown itself.
    """

    account_id: str
    key_id: str
    last_six: str
    read_only: bool
    channel_ids: frozenset[str] | None
    expires_at: int | None
    sub_account_ids: frozenset[str] | None = None
    masked: bool = False
    session_id: str | None = None

    def may_use(self, channel_id: str) -> bool:
        """Whether the key reaches a channel, which may or may not exist."""
        return self.channel_ids is None or channel_id in self.channel_ids

    @property
    def may_change_flows(self) -> bool:
        """Whether the key may change what the sub-accounts of its channels share."""
        return not self.read_only and self.sub_account_ids is None

    @property
    def may_choose_flow_tokens(self) -> bool:
        """Whether the key may choose the flow token that an endpoint is called with.

        The token may be that of any user of the channel.
        """
        return self.may_change_flows and not self.masked

    @property
    def sees_whole_chats(self) -> bool:
        """Whether the key may read whole chats, as a simulated phone shows them."""
        return not self.masked and self.sub_account_ids is None


class CreatedKey(msgspec.Struct, frozen=True):
    """A new key; `text` is shown this once and kept nowhere."""

    key: ApiKey
    text: str


def canonical_account_id(text: str) -> str:
    """Returns an account id in the form it is stored in; hyphens and case do not matter.

    Raises InvalidId when the text is not an account id.
    """
    if not _ACCOUNT_ID.fullmatch(text):
        raise InvalidId(
            "accountId must be 32 hexadecimal digits, with or without hyphens,"
            " such as 6f1c3d2a-8f1e-4b7a-9c55-0d6f3a2b1c4e."
        )
    return str(uuid.UUID(text.replace("-", "")))


def instance_secret(tx: Transaction) -> bytes:
    """The secret of this installation, made on first use, which signs links and hashes keys."""
    if store.instance_value(tx, _SECRET) is None:
        store.set_instance_value(tx, _SECRET, secrets.token_hex(32))
    value = store.instance_value(tx, _SECRET)
    assert value is not None, "it was just set"
    return bytes.fromhex(value)


def create_account(tx: Transaction, name: str, account_id: str | None = None) -> Account:
    """Opens an account; an id may be given, to match one at 8x8."""
    wanted = canonical_account_id(account_id) if account_id else str(uuid.uuid4())
    account = Account(wanted, _name("account", name), clock.now_ms())
    if not store.insert_account(tx, account):
        raise InvalidId(f"Account {wanted} already exists; leave the id out to create a new one.")
    return account


def list_accounts(tx: Transaction) -> list[Account]:
    """Every account, oldest first."""
    return store.all_accounts(tx)


def get_account(tx: Transaction, account_id: str) -> Account:
    """One account; raises NotFound."""
    account = store.find_account(tx, canonical_account_id(account_id))
    if account is None:
        raise NotFound(f"There is no account {account_id}.")
    return account


def create_channel(
    tx: Transaction, account_id: str, name: str, channel_id: str | None = None
) -> Channel:
    """Adds a channel to an account; an id may be given, to match one at 8x8."""
    account = get_account(tx, account_id)
    wanted = channel_id or str(uuid.uuid4())
    if not _CHANNEL_ID.fullmatch(wanted):
        raise InvalidId(
            f"Channel id {wanted!r} is not usable: up to 64 letters, digits, dots,"
            " hyphens and underscores."
        )
    channel = Channel(account.id, wanted, _name("channel", name), clock.now_ms(), 0)
    if not store.insert_channel(tx, channel):
        raise InvalidId(f"The account already has a channel {wanted}.")
    return channel


def list_channels(tx: Transaction, account_id: str) -> list[Channel]:
    """The channels of an account, oldest first."""
    return store.channels_of(tx, get_account(tx, account_id).id)


def get_channel(tx: Transaction, account_id: str, channel_id: str) -> Channel:
    """One channel of an account; raises NotFound."""
    channel = store.find_channel(tx, get_account(tx, account_id).id, channel_id)
    if channel is None:
        raise NotFound(f"The account has no channel {channel_id}.")
    return channel


def create_key(
    tx: Transaction,
    account_id: str,
    name: str,
    *,
    read_only: bool = False,
    channel_ids: list[str] | None = None,
    sub_account_ids: list[str] | None = None,
    masked: bool = False,
    expires_at: int | None = None,
) -> CreatedKey:
    """Issues an API key. Any number may be live at once, so that one can replace another.

    `channel_ids` None means every channel, unless the key is limited to sub-accounts: then it
    means their channels. `expires_at` is in milliseconds since the epoch. Raises NotFound for an
    unknown channel or sub-account, InvalidParameter for none at all and for an expiry in the past.
    """
    account = get_account(tx, account_id)
    if channel_ids is not None and not channel_ids:
        raise InvalidParameter("A key limited to channels must be limited to at least one.")
    for channel_id in channel_ids or []:
        get_channel(tx, account.id, channel_id)
    if sub_account_ids is not None:
        found = _channels_of_sub_accounts(tx, account.id, sub_account_ids)
        channel_ids = found if channel_ids is None else channel_ids
    now = clock.now_ms()
    if expires_at is not None and expires_at <= now:
        raise InvalidParameter("A key cannot expire in the past.")
    made = keys.make()
    key = ApiKey(
        account_id=account.id,
        id=made.id,
        name=_name("key", name),
        last_six=made.last_six,
        read_only=read_only,
        channel_ids=channel_ids,
        created_at=now,
        expires_at=expires_at,
        revoked_at=None,
        sub_account_ids=sub_account_ids,
        masked=masked,
    )
    store.insert_key(tx, key, keys.digest(instance_secret(tx), made.text))
    return CreatedKey(key, made.text)


def list_keys(tx: Transaction, account_id: str) -> list[ApiKey]:
    """The keys of an account, oldest first, revoked and expired ones too."""
    return store.keys_of(tx, get_account(tx, account_id).id)


def get_key(tx: Transaction, account_id: str, key_id: str) -> ApiKey:
    """One key of an account; raises NotFound."""
    key = store.find_key(tx, get_account(tx, account_id).id, key_id)
    if key is None:
        raise NotFound(f"The account has no key {key_id}; `waflows key list` shows its keys.")
    return key


def revoke_key(tx: Transaction, account_id: str, key_id: str) -> ApiKey:
    """Revokes a key, immediately and in every process; revoking it again changes nothing."""
    key = get_key(tx, account_id, key_id)
    store.set_revoked(tx, key.account_id, key.id, clock.now_ms())
    return get_key(tx, account_id, key_id)


def authenticate(tx: Transaction, secret: bytes, presented: str) -> Principal:
    """Returns the principal of a presented key.

    Raises NotAuthenticated, after the same work and with the same words, whether the key is
    missing, malformed, unknown, expired or revoked.
    """
    found = store.key_by_id(tx, keys.id_of(presented) or "")
    key, digest = found or (None, None)
    genuine = keys.matches(secret, presented, digest)
    if key is None or not genuine:
        raise NotAuthenticated
    return _live(key)


def holder_of(tx: Transaction, account_id: str, key_id: str) -> Principal:
    """Returns the principal of a known key; raises NotAuthenticated when it is no longer valid."""
    key = store.find_key(tx, account_id, key_id)
    if key is None:
        raise NotAuthenticated
    return _live(key)


def _live(key: ApiKey) -> Principal:
    if key.revoked_at is not None:
        raise NotAuthenticated
    if key.expires_at is not None and key.expires_at <= clock.now_ms():
        raise NotAuthenticated
    return Principal(
        account_id=key.account_id,
        key_id=key.id,
        last_six=key.last_six,
        read_only=key.read_only,
        channel_ids=_set(key.channel_ids),
        expires_at=key.expires_at,
        sub_account_ids=_set(key.sub_account_ids),
        masked=key.masked,
    )


def _set(ids: list[str] | None) -> frozenset[str] | None:
    return None if ids is None else frozenset(ids)


def _channels_of_sub_accounts(tx: Transaction, account_id: str, ids: list[str]) -> list[str]:
    if not ids:
        raise InvalidParameter("A key limited to sub-accounts must be limited to at least one.")
    channels: dict[str, None] = {}
    for sub_account_id in ids:
        found = sub_account_store.find(tx, account_id, sub_account_id)
        if found is None:
            raise NotFound(f"The account has no sub-account {sub_account_id}.")
        channels[found.channel_id] = None
    return list(channels)


def _name(what: str, name: str) -> str:
    if len(name) > _NAME_LENGTH or not is_printable(name):
        raise InvalidParameter(f"The {what} name must be 1 to {_NAME_LENGTH} printable characters.")
    return name


def ping(tx: Transaction) -> None:
    """Makes a minimal query to check that the database answers."""
    store.instance_value(tx, _SECRET)


def prove_writable(tx: Transaction) -> None:
    """Makes a minimal write to check that the database accepts writes."""
    store.replace_instance_value(tx, _PROBE, str(clock.now_ms()))
