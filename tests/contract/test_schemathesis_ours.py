"""Schemathesis with the server's own document: the server keeps what it says of itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from contract.schemathesis_run import attack
from harness.flow_json import VALID
from harness.servers import Tenant

_OF_MESSAGES = [
    "A FLOW button needs flowId",
    "A URL button needs url",
    "A PHONE_NUMBER button needs phoneNumber",
    "A component's type must be",
    "A flow button ",
    "A placeholder takes a parameter of type text",
    "A template has one ",
    "BUTTONS must have 1 to 10 buttons",
    "Language '",
    "Outside service window",
    "Send flowActionPayload or flowActionData, not both",
    "Template not found",
    "The channel has a template",
    "The language of a template is required",
    "The name of a template must be",
    "The placeholders of the ",
    "The subType of a button must be",
    "The text of ",
    "There is more than one ",
    "category must be one of",
    "channels may name WhatsApp only",
    "components must have a BODY",
    "content.",
    "context.umid must be a message of this conversation",
    "expiry must ",
    "flowId '",
    "index must be a number",
    "scheduled must be a time",
    "user.msisdn ",
]
_BEYOND_THE_SCHEMA = [
    *_OF_MESSAGES,
    "passphrase belongs to privateKey",
    "Send publicKey or privateKey, not both",
    "The key ",
    "The private key ",
    "This is a public key in the form of SSH",
    "This is not a key",
    "This is not text. If it is a key",
    "This is too long to be a key",
    "The channel has an endpoint key already",
    "The flow has no Flow JSON that can be played",
    "The flow has no data endpoint",
    "from must be a date",
    "to must be a date",
    "msisdn is required",
    "overlapHours must be an integer",
    "message_send_ttl_seconds must be an integer",
    "flow_action_payload must be JSON",
    "data is what a screen sends",
    "url cannot be used",
    "Give httpAuthorization or oauth, not both",
    "httpAuthorization is '***'",
    "httpAuthorization must be given again",
    "oauth.clientSecret is '***'",
    "oauth.clientSecret must be given again",
    "The webhook is disabled",
    "The delivery is waiting",
    "url must be an absolute http or https address",
    "Flow must be in DRAFT status",
    "Flow is not published",
    "Flow cannot be published",
    "Flow name must be unique in the channel",
    "Invalid flowJson: it is not JSON text",
    "Send flowJson or cloneFlowId, not both.",
    "The body must have at least one of",
    "after must be the cursor from the Link header",
    "cloneFlowId '",
    "cursor must be the one from the Link header",
    "endPointUri must be an absolute http or https address",
]


def test_answers_are_what_the_server_documents(victim: Tenant, tmp_path: Path) -> None:
    _attack(victim, tmp_path, examples=6)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(1, 4))
def test_answers_are_what_the_server_documents_for_long(
    victim: Tenant, tmp_path: Path, seed: int
) -> None:
    _attack(victim, tmp_path, examples=200, seed=seed)


def _attack(victim: Tenant, folder: Path, examples: int, seed: int | None = None) -> None:
    document = victim.http.get("/openapi.json").json()
    # The guide dialect has a channel to itself, or the two would take each other's names.
    guide_channel = victim.new_channel()
    guide_flows = victim.flows.replace(victim.channel_id, guide_channel)
    guide_ids = [
        victim.http.post(guide_flows, json=_flow(f"Guide {n}", publish=n > 10)).json()["id"]
        for n in range(20)
    ]
    linked = guide_ids[0]
    link = victim.http.get(f"{guide_flows}/{linked}").json()["flowJsonUrl"]
    error_id = victim.http.get(f"{victim.flows}/0").json()["errorId"]
    attack(
        folder, victim, document,
        beyond_the_schema=_BEYOND_THE_SCHEMA, examples=examples, seed=seed,
        more=f"""
"path.errorId" = {{ dictionary = "errors", probability = 0.8 }}
"path.subAccountId" = "{victim.sub_account_id}"
"path.revision" = {{ dictionary = "revisions", probability = 0.5 }}

[dictionaries.errors]
values = {json.dumps([error_id])}

[dictionaries.revisions]
values = [1, 2]

[dictionaries.guide_flows]
values = {json.dumps(guide_ids)}

[dictionaries.tokens]
values = {json.dumps(parse_qs(urlsplit(link).query)["token"])}

[[operations]]
include-path-regex = "^/config/"
parameters = {{ "path.channelId" = "{guide_channel}", \
"path.flowId" = {{ dictionary = "guide_flows", probability = 0.8 }} }}

[[operations]]
include-operation-id = "downloadFlowJson"
parameters = {{ "path.flowId" = "{linked}", "query.token" = {{ dictionary = "tokens" }} }}

# Looking up an error in vain waits for what other processes may be about to write; the few times
# that the other phases do so are enough.
[[operations]]
include-operation-id = "getError"
phases = {{ coverage = {{ enabled = false }} }}
""",
    )  # fmt: skip


def _flow(name: str, *, publish: bool) -> dict[str, Any]:
    return {"name": name, "categories": ["OTHER"], "flowJson": VALID, "publish": publish}
