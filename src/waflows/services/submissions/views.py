"""How a submission is shown: as it is, or with its answers and phone number masked.

Masked data keeps its shape, so that integrations can be built without seeing an answer: lists and
objects stay, and each value in them becomes three asterisks.
"""

from __future__ import annotations

from typing import Any

import msgspec

from waflows import times
from waflows.services import msisdn
from waflows.storage.submissions import Submission

COVERED = "***"


class SubmissionView(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """What a user sent by finishing a flow.

    `messageUmid` is the message that carried the flow, `answerUmid` the one that brought the
    answer. `fields` are what the flow's last action, or its endpoint, gave as the response.
    """

    id: str
    submitted_at: str
    msisdn: str
    channel_id: str
    sub_account_id: str
    flow_id: str
    flow_revision: int
    message_umid: str
    answer_umid: str
    flow_token: str | None
    fields: dict[str, Any]


def view(submission: Submission, *, masked: bool) -> SubmissionView:
    """What a caller is shown of a submission."""
    token = submission.flow_token
    return SubmissionView(
        id=submission.id,
        submitted_at=times.iso(submission.submitted_at),
        msisdn=msisdn.covered(submission.msisdn) if masked else submission.msisdn,
        channel_id=submission.channel_id,
        sub_account_id=submission.sub_account_id,
        flow_id=submission.flow_id,
        flow_revision=submission.flow_revision,
        message_umid=submission.message_umid,
        answer_umid=submission.answer_umid,
        flow_token=COVERED if masked and token is not None else token,
        fields=covered(submission.fields) if masked else submission.fields,
    )


def covered(value: Any) -> Any:
    """The same shape with every value masked."""
    if isinstance(value, dict):
        return {name: covered(item) for name, item in value.items()}
    if isinstance(value, list):
        return [covered(item) for item in value]
    return COVERED
