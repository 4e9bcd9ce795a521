"""What the server answers, as values.

Read generously: fields that are not known here are passed over, a null counts as left out, and a
status or category is a plain string, so a word that 8x8 adds tomorrow does not break a program of
today. `Status` and `Category` name the words known now; being strings, they compare as such:
`flow.status == Status.DRAFT`.
"""

from __future__ import annotations

import enum
from datetime import datetime
from typing import Any

import msgspec
from msgspec import field

EXTRA_FIELDS = ("endPointUri", "applicationId", "revision", "createdAt", "updatedAt")
"""What waflows can tell of a flow beyond 8x8's fields, in the spelling of the API."""


class Status(enum.StrEnum):
    """Where a flow stands in its life."""

    DRAFT = "DRAFT"
    PUBLISHED = "PUBLISHED"
    DEPRECATED = "DEPRECATED"


class Category(enum.StrEnum):
    """What a flow is for."""

    SIGN_UP = "SIGN_UP"
    SIGN_IN = "SIGN_IN"
    APPOINTMENT_BOOKING = "APPOINTMENT_BOOKING"
    LEAD_GENERATION = "LEAD_GENERATION"
    CONTACT_US = "CONTACT_US"
    CUSTOMER_SUPPORT = "CUSTOMER_SUPPORT"
    SURVEY = "SURVEY"
    OTHER = "OTHER"


class Result(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Written as JSON, a result looks as the server sent it: what was left out stays out."""


class FlowSummary(Result, frozen=True, kw_only=True):
    """A flow as the list shows it. `status` is one of `Status`, or a word of later date."""

    id: str
    name: str
    status: str


class Page(Result, frozen=True, kw_only=True):
    """A part of a channel's list, newest flow first.

    `total` counts the flows of all pages and `next` is where the next page starts, to be given as
    `after`. Both are None at 8x8, which knows no paging; `next` is None on the last page too.
    `cut_off` is True when as many flows came as were asked for and the server does not tell
    whether there are more.
    """

    flows: list[FlowSummary]
    total: int | None = None
    next: str | None = None
    cut_off: bool = False


class Pointer(Result, frozen=True, kw_only=True):
    """A place in a Flow JSON. Lines and columns count from 1; 0 where the server tells none.

    `path` is written `screens[0].layout.children[0].type`.
    """

    line_start: int = 0
    line_end: int = 0
    column_start: int = 0
    column_end: int = 0
    path: str = ""


class ValidationError(Result, frozen=True, kw_only=True):
    """A fault in a Flow JSON; a flow that has one cannot be published.

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
    """A flow was created or changed. Its Flow JSON may have faults nevertheless.

    Written as JSON it always has all three fields.
    """

    id: str
    success: bool = True
    validation_errors: list[ValidationError] = []


class Flow(Result, frozen=True, kw_only=True):
    """A flow in detail.

    `flow_json_url` is a link that needs no key and expires; None where the flow has no Flow JSON.
    The fields after `validation_errors` are None unless they were asked for and the server is
    waflows.
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
    """A link that shows a flow to whoever has it, until it expires."""

    id: str
    url: str = field(name="preview_url")
    expires_at: datetime = field(name="expires_at")


class Revision(Result, frozen=True, kw_only=True):
    """One version of a flow's JSON; `bytes` is its length, `sha256` its digest in hexadecimal."""

    revision: int
    bytes: int
    sha256: str
    created_at: datetime


class Submission(Result, frozen=True, kw_only=True):
    """What a user sent by finishing a flow.

    `message_umid` is the message that carried the flow, `answer_umid` the one that brought the
    answer. To a key that masks, values are three asterisks and the number's end is covered.
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
    """A part of the list of submissions, newest first.

    `columns` names the fields of the flow's answers in stable order, when one flow was asked for.
    `total` counts the submissions of all pages; there may be more unless `total_is_exact`. `next`
    is where the next page starts, to be given as `after`, None on the last one.
    """

    submissions: list[Submission]
    columns: list[str] = []
    total: int
    total_is_exact: bool = True
    next: str | None = None


class Forgotten(Result, frozen=True, kw_only=True):
    """How much of a person was deleted: answers, messages, and events about it."""

    submissions: int
    messages: int = 0
    events: int = 0


class ChatFlow(Result, frozen=True, kw_only=True):
    """The flow a message carries; `answer_umid` is the message that finished it, if any did."""

    flow_id: str
    button: str = ""
    answer_umid: str | None = None


class ChatMessage(Result, frozen=True, kw_only=True):
    """A message of a simulated phone's chat.

    `direction` is outbound for what the business sent and inbound for what the user wrote;
    `response_json` is what a finished flow sent; `state` is how far a message to the user came.
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
    """What a simulated phone shows: as text, and as data in `view`.

    `phase` is open, completed or closed. `response` is what the finished flow sent, `answer_umid`
    the message it came back in, `opened_urls` what the gesture opened in the browser.
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

    `fingerprint` is the SHA-256 of the public key in DER, `form` how the pair came, `public_key`
    PEM. `holds_private_key` says that the server keeps the private half too, sealed.
    """

    fingerprint: str
    bits: int
    form: str
    holds_private_key: bool
    created_at: datetime
    replaced_at: datetime | None = None
    public_key: str


class EndpointKeys(Result, frozen=True, kw_only=True):
    """The key pair a channel calls endpoints with, None for none, and those before it."""

    key: EndpointKey | None = None
    earlier: list[EndpointKey] = []
    app_secret_set_at: datetime | None = None


class InstalledKey(Result, frozen=True, kw_only=True):
    """The key pair that is now in use; `app_secret` is there when one was made with it."""

    key: EndpointKey
    app_secret: str | None = None

    def __repr__(self) -> str:
        """Nothing of the secret."""
        return f"InstalledKey(key={self.key!r}, …)"


class AppSecret(Result, frozen=True, kw_only=True):
    """The app secret of a channel."""

    app_secret: str

    def __repr__(self) -> str:
        """Nothing of the secret."""
        return "AppSecret(…)"


class EndpointCheck(Result, frozen=True, kw_only=True):
    """One step of one call to an endpoint: passed, warned or failed with a cure, or skipped.

    `code` shows the cure by programming language, where that helps.
    """

    call: str
    step: str
    state: str
    message: str = ""
    cure: str = ""
    code: dict[str, str] = {}


class Examination(Result, frozen=True, kw_only=True):
    """What the examination of an endpoint found; `failing_step` None for one that is well."""

    url: str
    healthy: bool
    failing_step: str | None = None
    fingerprint: str = ""
    checks: list[EndpointCheck] = []


class MessageStatus(Result, frozen=True, kw_only=True):
    """How far a message came, and when."""

    state: str
    timestamp: datetime


class SentMessage(Result, frozen=True, kw_only=True):
    """A message on its way; `umid` is what answers and receipts name it by."""

    umid: str
    status: MessageStatus
    client_message_id: str | None = None
