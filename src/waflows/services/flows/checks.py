"""Whether a database is consistent: the engine's own checks, counters, and sealed secrets."""

from __future__ import annotations

from typing import Literal

import msgspec

from waflows.security.vault import SealBroken, Vault
from waflows.services.accounts import sealing
from waflows.services.endpoint import endpoint_keys
from waflows.services.webhooks import subscriptions
from waflows.storage import accounts as account_store
from waflows.storage import checking
from waflows.storage.database import Database, Transaction


class Check(msgspec.Struct, frozen=True):
    """The result of one check. `details` say what is wrong, or why it was skipped."""

    name: str
    state: Literal["ok", "failed", "skipped"]
    details: list[str] = []


def examine(database: Database, vault: Vault | None) -> list[Check]:
    """Checks everything; changes nothing. Without a vault, sealed secrets are a failure."""
    schema = _check("schema", checking.faults_of_schema(database))
    storage = _check("storage", checking.faults_of_storage(database))
    if schema.state == "failed":
        left = ["the schema is not that of this version"]
        rest = [Check(name, "skipped", left) for name in ("references", "counters", "seals")]
        return [schema, storage, *rest]
    found = [
        schema,
        storage,
        _check("references", checking.faults_of_references(database)),
        _check("counters", checking.faults_of_counters(database)),
        _seals(database, vault),
    ]
    if database.engine == "postgres":
        problems = checking.faults_of_indexes(database)
        found.insert(2, _check("indexes", problems) if problems is not None else _NO_AMCHECK)
    return found


_NO_AMCHECK = Check(
    "indexes", "skipped", ["the extension amcheck is not installed (CREATE EXTENSION amcheck)"]
)


def list_lost_secrets(tx: Transaction, vault: Vault | None) -> list[str]:
    """What the stored secrets are that this vault cannot open; all of them without a vault."""
    return [
        purpose
        for purpose, text in _sealed(tx)
        if vault is None or not _opens(vault, purpose, text)
    ]


def _check(name: str, problems: list[str]) -> Check:
    return Check(name, "failed" if problems else "ok", problems)


def _seals(database: Database, vault: Vault | None) -> Check:
    try:
        return database.read_now(_look_at_seals, vault)
    except Exception as error:  # a damaged table cannot be read
        return Check("seals", "failed", [" ".join(str(error).split())])


def _look_at_seals(tx: Transaction, vault: Vault | None) -> Check:
    sealed = _sealed(tx)
    if vault is None:
        if not sealed and not sealing.has_witness(tx):
            return Check("seals", "skipped", ["there is no secrets key yet, and nothing is sealed"])
        return Check("seals", "failed", ["there is no secrets key to open them with"])
    if sealing.has_witness(tx) and not sealing.recognises(tx, vault):
        return Check("seals", "failed", ["the database was first used with another secrets key"])
    return _check(
        "seals",
        [f"the {p} cannot be decrypted" for p, text in sealed if not _opens(vault, p, text)],
    )


def _sealed(tx: Transaction) -> list[tuple[str, str]]:
    """The purpose and the sealed text of every stored secret."""
    return [
        each
        for account in account_store.all_accounts(tx)
        for each in (*endpoint_keys.sealed(tx, account.id), *subscriptions.sealed(tx, account.id))
    ]


def _opens(vault: Vault, purpose: str, text: str) -> bool:
    try:
        vault.unseal(purpose, text)
    except SealBroken:
        return False
    return True
