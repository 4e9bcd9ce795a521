"""Queries on message templates."""

from __future__ import annotations

from typing import Literal

import msgspec

from waflows.storage.database import Transaction
from waflows.storage.rows import Rows


class Button(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A button of a template; which fields it has depends on its type."""

    type: Literal["PHONE_NUMBER", "URL", "QUICK_REPLY", "FLOW"]
    text: str
    phone_number: str = ""
    country: str = ""
    url: str = ""
    example: list[str] = []
    flow_id: str = ""
    flow_action: Literal["navigate", "data_exchange"] | None = None
    navigate_screen: str = ""


class Component(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A part of a template; `format` is that of a HEADER."""

    type: Literal["HEADER", "BODY", "FOOTER", "BUTTONS"]
    format: Literal["Text", "Image", "Video", "Document"] | None = None
    text: str = ""
    buttons: list[Button] = []
    examples: list[str] = []


class Template(msgspec.Struct, frozen=True, kw_only=True):
    """A message template of a channel, in one language. Times are milliseconds since the epoch.

    `flow_id` is the flow of its FLOW button, if any.
    """

    account_id: str
    channel_id: str
    name: str
    language: str
    category: str
    components: list[Component]
    status: str
    flow_id: str | None
    created_at: int
    updated_at: int

    def component(self, kind: str) -> Component | None:
        """The component of a type; a template has at most one of each."""
        return next((each for each in self.components if each.type == kind), None)


_ROWS = Rows("templates", Template)


def insert(tx: Transaction, template: Template) -> bool:
    """Adds a template; False when the channel has it in this language."""
    return bool(tx.execute(f"{_ROWS.insert()} ON CONFLICT DO NOTHING", *_ROWS.values(template)))


def of_channel(tx: Transaction, account_id: str, channel_id: str) -> list[Template]:
    """The templates of a channel, oldest first."""
    rows = tx.all(
        f"{_ROWS.select} WHERE account_id = ? AND channel_id = ?"
        " ORDER BY created_at, name, language",
        account_id,
        channel_id,
    )
    return _ROWS.all(rows)


def find(
    tx: Transaction, account_id: str, channel_id: str, name: str, language: str
) -> Template | None:
    """A template of the channel in one language."""
    row = tx.one(
        f"{_ROWS.select} WHERE account_id = ? AND channel_id = ? AND name = ? AND language = ?",
        account_id,
        channel_id,
        name,
        language,
    )
    return _ROWS.find(row)


def delete(tx: Transaction, account_id: str, channel_id: str, name: str) -> int:
    """Removes a template in every language; how many there were."""
    return tx.execute(
        "DELETE FROM templates WHERE account_id = ? AND channel_id = ? AND name = ?",
        account_id,
        channel_id,
        name,
    )


def names_with_flow(tx: Transaction, account_id: str, flow_id: str) -> list[str]:
    """The names of the templates whose button opens a flow."""
    rows = tx.all(
        "SELECT DISTINCT name FROM templates WHERE account_id = ? AND flow_id = ? ORDER BY name",
        account_id,
        flow_id,
    )
    return [row[0] for row in rows]
