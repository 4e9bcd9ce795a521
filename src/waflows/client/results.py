"""The server's responses as values.

Decoding is lenient: unknown fields are ignored, null counts as absent, and a status or category is
a plain string, so that values added by 8x8 later do not break existing programs. `Status` and
`Category` list the values known today; they are strings, so `flow.status == Status.DRAFT` works.
"""

from __future__ import annotations

import enum
from datetime import datetime
from typing import Any

import msgspec
from msgspec import field

EXTRA_FIELDS = ("endPointUri", "applicationId", "revision", "createdAt", "updatedAt")
"""Fields of a flow that waflows adds to 8x8's, as the API spells them."""


class Status(enum.StrEnum):
    """The status of a flow."""

    DRAFT = "DRAFT"
    PUBLISHED = "PUBLISHED"
    DEPRECATED = "DEPRECATED"


class Category(enum.StrEnum):
    """The category of a flow."""

    SIGN_UP = "SIGN_UP"
    SIGN_IN = "SIGN_IN"
    APPOINTMENT_BOOKING = "APPOINTMENT_BOOKING"
    LEAD_GENERATION = "LEAD_GENERATION"
    CONTACT_US = "CONTACT_US"
    CUSTOMER_SUPPORT = "CUSTOMER_SUPPORT"
    SURVEY = "SURVEY"
    OTHER = "OTHER"


class Result(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Encoded as JSON, a result has the fields that the server sent: absent ones stay absent."""


class FlowSummary(Result, frozen=True, kw_only=True):
    """A flow in a list. `status` is one of `Status`, or a value added later."""

    id: str
    name: str
    status: str


class Page(Result, frozen=True, kw_only=True):
    """A page of a channel's list, newest flow first.

    `total` counts the flows of all pages; pass `next` as `after` to get the next page. Both are
    None at 8x8, which has no paging; `next` is also None on the last page. `cut_off` is True if
    the list has as many flows as requested and the server does not say whether there are more.
    """

    flows: list[FlowSummary]
    total: int | None = None
    next: str | None = None
    cut_off: bool = False


class Pointer(Result, frozen=True, kw_only=True):
    """A place in a Flow JSON. Lines and columns count from 1; 0 if the server gives none.

    `path` is written `screens[0].layout.children[0].type`.
    """

    line_start: int = 0
    line_end: int = 0
    column_start: int = 0
    column_end: int = 0
    path: str = ""


class ValidationError(Result, frozen=True, kw_only=True):
    """A finding in a Flow JSON; a flow that has one cannot be published.

    `error` is a code such as INVALID_PROPERTY_VALUE, `error_type` its kind, such as
    FLOW_JSON_ERROR. Lines and columns as in `Pointer`.
    """

    error: str
    error_type: str = ""
    message: str = ""
    line_start: int = 0
    line_end: int = 0
    column_start: int = 0
    column_end: int = 0
    pointers: list[Pointer] = []


class Saved(Result, frozen=True, kw_only=True, omit_defaults=False):
    """The result of creating or changing a flow. Its Flow JSON may still have findings.

    Encoded as JSON, it always has all three fields.
    """

    id: str
    success: bool = True
    validation_errors: list[ValidationError] = []


class Flow(Result, frozen=True, kw_only=True):
    """A flow in detail.

    `flow_json_url` is a link that needs no key and expires; None if the flow has no Flow JSON. The
    fields after `validation_errors` are None unless they were requested from a waflows server.
    """

    id: str = field(name="flowId")
    flow_json_url: str | None = None
    name: str
    status: str
    categories: list[str] = []
    validation_errors: list[ValidationError] = []
    endpoint_uri: str | None = field(default=None, name="endPointUri")
    application_id: str | None = None
    revision: int | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None


class PreviewLink(Result, frozen=True, kw_only=True):
    """A preview link: anyone who has it can open the flow until it expires."""

    id: str
    url: str = field(name="preview_url")
    expires_at: datetime = field(name="expires_at")


class Revision(Result, frozen=True, kw_only=True):
    """A revision of a flow's JSON; `bytes` is its length, `sha256` its hexadecimal digest."""

    revision: int
    bytes: int
    sha256: str
    created_at: datetime


class Submission(Result, frozen=True, kw_only=True):
    """The answers of a user who completed a flow.

    `message_umid` is the message that carried the flow, `answer_umid` the one with the answers. A
    masked key sees each value as three asterisks and only the beginning of the phone number.
    """

    id: str
    submitted_at: datetime
    msisdn: str
    channel_id: str
    sub_account_id: str
    flow_id: str
    flow_revision: int
    message_umid: str
    answer_umid: str
    flow_token: str | None = None
    fields: dict[str, Any]


class SubmissionPage(Result, frozen=True, kw_only=True):
    """A page of submissions, newest first.

    If the list was limited to one flow, `columns` names the fields of its answers in a stable
    order. `total` counts the submissions of all pages; there may be more unless `total_is_exact`.
    Pass `next` as `after` to get the next page; it is None on the last one.
    """

    submissions: list[Submission]
    columns: list[str] = []
    total: int
    total_is_exact: bool = True
    next: str | None = None


class Forgotten(Result, frozen=True, kw_only=True):
    """How much was deleted for a phone number: submissions, messages, and events."""

    submissions: int
    messages: int = 0
    events: int = 0


class ChatFlow(Result, frozen=True, kw_only=True):
    """The flow in a message; `answer_umid` is the message that completed it, if any."""

    flow_id: str
    button: str = ""
    answer_umid: str | None = None


class ChatMessage(Result, frozen=True, kw_only=True):
    """A message in the chat of a simulated phone.

    `direction` is outbound for messages from the business and inbound for messages from the user;
    `response_json` holds the answers of a completed flow; `state` is the delivery state of a
    message to the user.
    """

    umid: str
    direction: str
    kind: str
    body: str = ""
    header: str = ""
    footer: str = ""
    flow: ChatFlow | None = None
    response_json: str | None = None
    reply_to_umid: str | None = None
    state: str
    timestamp: datetime


class Chat(Result, frozen=True, kw_only=True):
    """The chat of a simulated phone, oldest message first."""

    messages: list[ChatMessage]


class Said(Result, frozen=True, kw_only=True):
    """The message that a user wrote."""

    umid: str


class Screen(Result, frozen=True, kw_only=True):
    """The screen of a simulated phone: as text, and as data in `view`.

    `phase` is open, completed or closed. `response` holds the answers of the completed flow,
    `answer_umid` is the message that carried them, `opened_urls` are the URLs that the gesture
    opened in the browser.
    """

    message_umid: str
    phase: str
    screen: str = ""
    title: str = ""
    text: str = ""
    view: dict[str, Any] = {}
    opened_urls: list[str] = []
    response: dict[str, Any] | None = None
    answer_umid: str | None = None


class EndpointKey(Result, frozen=True, kw_only=True):
    """A key pair of a channel, without its private half.

    `fingerprint` is the SHA-256 of the public key in DER, `form` how it was uploaded, `public_key`
    PEM. `holds_private_key` is true if the server also stores the private half, sealed.
    """

    fingerprint: str
    bits: int
    form: str
    holds_private_key: bool
    created_at: datetime
    replaced_at: datetime | None = None
    public_key: str


class EndpointKeys(Result, frozen=True, kw_only=True):
    """The channel's current endpoint key pair, or None, and the previous ones."""

    key: EndpointKey | None = None
    earlier: list[EndpointKey] = []
    app_secret_set_at: datetime | None = None


class InstalledKey(Result, frozen=True, kw_only=True):
    """The new current key pair; `app_secret` is set if one was created with it."""

    key: EndpointKey
    app_secret: str | None = None

    def __repr__(self) -> str:
        """Hides the secret."""
        return f"InstalledKey(key={self.key!r}, …)"


class AppSecret(Result, frozen=True, kw_only=True):
    """The app secret of a channel."""

    app_secret: str

    def __repr__(self) -> str:
        """Hides the secret."""
        return "AppSecret(…)"


class EndpointCheck(Result, frozen=True, kw_only=True):
    """One step of an endpoint call: passed, skipped, or warned or failed with a fix.

    `code` shows the fix in several programming languages, where that helps.
    """

    call: str
    step: str
    state: str
    message: str = ""
    cure: str = ""
    code: dict[str, str] = {}


class Examination(Result, frozen=True, kw_only=True):
    """The result of examining an endpoint; `failing_step` is None if it works."""

    url: str
    healthy: bool
    failing_step: str | None = None
    fingerprint: str = ""
    checks: list[EndpointCheck] = []


class MessageStatus(Result, frozen=True, kw_only=True):
    """The state of a message, and since when."""

    state: str
    timestamp: datetime


class SentMessage(Result, frozen=True, kw_only=True):
    """A sent message; answers and receipts refer to it by `umid`."""

    umid: str
    status: MessageStatus
    client_message_id: str | None = None
