"""Two tenants on one server: neither sees, changes or learns anything of the other.

`TABLE` has a row for each route of the server. A new route that is not listed here fails the
first test, so nobody can forget to say what keeps its tenants apart.
"""

from __future__ import annotations

import itertools
import json
import re
import secrets
import time
import uuid
from collections.abc import Callable
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

import httpx2
import msgspec
import pytest
from harness.answers import submission
from harness.contents import rows_of
from harness.flow_json import VALID
from harness.phones import ONE_SCREEN, SOMEBODY, done, phone_path, sent
from harness.servers import Tenant, client, opened

from waflows.app import ALL_ROUTES
from waflows.http.route import Route, Scope
from waflows.security import links
from waflows.services import clock
from waflows.services.accounts import accounts
from waflows.services.flows import lifecycle
from waflows.services.submissions import submissions
from waflows.services.webhooks import subscriptions
from waflows.storage import flows as store
from waflows.storage import outbox
from waflows.storage.database import Transaction

# What tells two errors of the same kind apart, and nothing else does.
_OWN_TO_EACH_ANSWER = {"date", "x-request-id", "content-length"}
ON_PHONE = "ON_PHONE"
ENABLED = "ENABLED"
_MISSING_LINK = "This link is not valid: it has expired, was replaced, or its flow is gone."


class Case(NamedTuple):
    """How to call a route so that it does something to a flow of the caller's own.

    `state` is the status the flow must have for that, or what else must be so, and `success` the
    answer it then gets.
    """

    success: int = 200
    state: str = "DRAFT"
    body: Callable[[], Any] | None = None
    query: dict[str, str] | None = None


class Public(NamedTuple):
    """A route that asks for no key, and why it gives nothing of a tenant away."""

    because: str


class OfConsole(NamedTuple):
    """A page behind the sign-in, with the form it takes.

    A session opens it, no key does; tests/integration/console/test_tenants.py goes through these.
    """

    form: dict[str, str] | None = None
    state: str = "DRAFT"


def _new_flow() -> dict[str, Any]:
    return {"name": secrets.token_hex(8), "categories": ["OTHER"], "flowJson": VALID}


def _flow_json() -> dict[str, Any]:
    return {"flowJson": VALID}


def _new_name() -> dict[str, Any]:
    return {"name": secrets.token_hex(8)}


def _webhook(*, enabled: bool = False) -> list[dict[str, Any]]:
    # Enabled only for what needs it: a delivery would change rows while a test holds them against
    # each other.
    where = {"subAccountId": "*", "type": "MSG", "url": "http://127.0.0.1:9/"}
    return [{**where, "enabled": enabled}]


def _webhook_scope() -> list[dict[str, Any]]:
    return [{"subAccountId": "*", "type": "MSG"}]


def _replay() -> dict[str, Any]:
    return {"subAccountId": "*", "type": "MSG"}


def _dead_delivery(tx: Transaction, account_id: str) -> str:
    """A delivery that changes by itself no more."""
    webhook = subscriptions.get_webhook(tx, account_id, "*", "MSG")
    event_id = str(uuid.uuid4())
    delivery = subscriptions.new_delivery(webhook, event_id, "user", {}, clock.now_ms())
    dead = msgspec.structs.replace(
        delivery, state=outbox.DeliveryState.DEAD, settled_at=delivery.created_at
    )
    outbox.put(tx, dead)
    return delivery.id


def _nothing_more() -> dict[str, Any]:
    return {}


def _new_template(name: str | None = None) -> dict[str, Any]:
    components = [{"type": "BODY", "text": "We are open."}]
    called = name or f"template_{secrets.token_hex(8)}"
    return {"name": called, "language": "en", "category": "UTILITY", "components": components}


def _flow_token() -> dict[str, Any]:
    return {"flowToken": "a client's own"}


def _message() -> dict[str, Any]:
    return {
        "user": {"msisdn": "+6581234567"},
        "type": "template",
        "content": {"template": {"name": "notice", "language": "en"}},
    }


def _on_phone(**body: Any) -> Case:
    """A gesture on a phone of the channel, on which a flow is open."""
    return Case(state=ON_PHONE, body=(lambda: body) if body else None)


TABLE: dict[str, Case | Public | OfConsole] = {
    "listFlows": Case(),
    "createFlow": Case(body=_new_flow),
    "getFlow": Case(),
    "updateFlow": Case(body=_new_name),
    "deleteFlow": Case(),
    "previewFlow": Case(),
    "publishFlow": Case(),
    "deprecateFlow": Case(state="PUBLISHED"),
    "validateFlow": Case(body=_flow_json),
    "listRevisions": Case(),
    "getRevision": Case(),
    "getUsage": Case(),
    "getError": Case(),
    "listWebhooks": Case(),
    "configureWebhooks": Case(body=_webhook),
    "deleteWebhooks": Case(body=_webhook_scope),
    "listWebhookSecrets": Case(),
    "rotateWebhookSecret": Case(body=_nothing_more),
    "dropWebhookSecrets": Case(),
    "testWebhook": Case(state=ENABLED),
    "listDeliveries": Case(),
    "getDelivery": Case(),
    "replayDelivery": Case(state=ENABLED),
    "replayDeadDeliveries": Case(state=ENABLED, body=_replay),
    "listSubmissions": Case(),
    "exportSubmissionsCsv": Case(),
    "exportSubmissionsJsonl": Case(),
    "getSubmission": Case(),
    "deleteSubmission": Case(success=204),
    "deletePersonsSubmissions": Case(query={"msisdn": "+351910000001"}),
    "sendMessage": Case(body=_message),
    "getMessage": Case(),
    "readFlowToken": Case(body=_flow_token),
    "listTemplates": Case(),
    "createTemplate": Case(body=_new_template),
    "deleteTemplate": Case(),
    "showEndpointKey": Case(),
    "installEndpointKey": Case(body=dict),
    "removeEndpointKey": Case(),
    "setAppSecret": Case(body=dict),
    # The flow has no endpoint, which only its owner is told.
    "examineEndpoint": Case(success=400, body=dict),
    "guideListFlows": Case(),
    "guideCreateFlow": Case(success=201, body=_new_flow),
    "guideGetFlow": Case(),
    "guideUpdateFlow": Case(body=_new_name),
    "guideDeleteFlow": Case(success=204),
    "guidePreviewFlow": Case(),
    "guidePublishFlow": Case(),
    "guideDeprecateFlow": Case(state="PUBLISHED"),
    "phoneMessages": Case(),
    "phoneLook": Case(),
    "phoneSay": _on_phone(text="Hello"),
    "phoneScreen": _on_phone(),
    "phoneOpen": Case(state=ON_PHONE, body=_nothing_more),
    "phoneFill": _on_phone(label="Name", value="Ines"),
    "phoneChoose": _on_phone(label="Extras", items=["Bed"]),
    "phoneUnchoose": _on_phone(label="Extras", items=["Bed"]),
    "phoneCheck": _on_phone(label="Send me news"),
    "phoneUncheck": _on_phone(label="Call me"),
    "phonePick": _on_phone(label="Arrival", date="2030-05-04"),
    "phoneUpload": _on_phone(label="Papers", files=["passport.pdf"]),
    "phoneTap": _on_phone(label="Send"),
    "phoneSubmit": _on_phone(),
    "phoneBack": _on_phone(),
    "phoneClose": _on_phone(),
    "downloadFlowJson": Public("a token proves the right to one revision of one flow"),
    "downloadMedia": Public("serves made-up files that are nobody's, to whoever has a link"),
    "previewPage": Public("a token proves the right to one flow until it expires"),
    "previewAbout": Public("a token proves the right to one flow until it expires"),
    "previewEvents": Public("a token proves the right to one flow until it expires"),
    "healthz": Public("says only that the process runs"),
    "readyz": Public("says only that the database answers"),
    "metrics": Public("counts by route, never by tenant"),
    "openapi": Public("the same for everyone"),
    "home": Public("leads to the console"),
    "docs": Public("the same for everyone"),
    "staticFile": Public("the same for everyone"),
    "console": Public("leads to the console"),
    "consoleSignInPage": Public("the same for everyone"),
    "consoleSignIn": Public("a key is shown here, and nothing is told without a good one"),
    "consoleSignOut": Public("takes a cookie away, whosever it is"),
    "consoleSignOutEverywhere": Public("takes a cookie away, whosever it is"),
    "consoleFlows": OfConsole(),
    "consoleNewFlow": OfConsole(),
    "consoleCreateFlow": OfConsole({"name": "New", "categories": "OTHER"}),
    "consoleFlow": OfConsole(),
    "consoleSaveText": OfConsole({"flowJson": VALID, "revision": "1"}),
    "consoleCheck": OfConsole({"flowJson": VALID}),
    "consoleLayout": OfConsole({"flowJson": VALID}),
    "consoleLanguage": OfConsole(),
    "consoleSettings": OfConsole(),
    "consoleChangeSettings": OfConsole({"name": "Other", "categories": "OTHER"}),
    "consoleSketch": OfConsole({"flowJson": VALID}),
    "consolePlay": OfConsole({"sketch": "", "flowJson": VALID}),
    "consoleHistory": OfConsole(),
    "consoleRestore": OfConsole({"wanted": "1", "revision": "1"}),
    "consolePublishPage": OfConsole(),
    "consolePublish": OfConsole({"revision": "1"}),
    "consoleDeprecatePage": OfConsole(),
    "consoleDeprecate": OfConsole({}, state="PUBLISHED"),
    "consoleDeletePage": OfConsole(),
    "consoleDelete": OfConsole({}),
    "consoleExport": OfConsole(),
    "consolePreview": OfConsole(),
    "consolePhone": OfConsole(),
    "consolePhoneMessages": OfConsole(),
    "consolePhoneLook": OfConsole({}, state=ON_PHONE),
    "consolePhoneSay": OfConsole({"text": "Hello"}),
    "consolePhoneSend": OfConsole({"body": "Please.", "button": "Open"}, state=ON_PHONE),
    "consolePhoneOpen": OfConsole({}, state=ON_PHONE),
    "consolePhoneEvent": OfConsole({}, state=ON_PHONE),
    "consoleResponses": OfConsole(),
    "consoleExportResponses": OfConsole(),
    "consoleResponse": OfConsole(),
    "consoleDeleteResponsePage": OfConsole(),
    "consoleDeleteResponse": OfConsole({}),
    "consoleErrors": OfConsole(),
}
_ROUTES = {route.name: route for route in ALL_ROUTES}
_TENANTS_ROUTES = [name for name, row in TABLE.items() if isinstance(row, Case)]
_CHANNEL_ROUTES = [n for n in _TENANTS_ROUTES if "{channelId}" in _ROUTES[n].path]
_WRITING_ROUTES = [n for n in _TENANTS_ROUTES if _ROUTES[n].scope is Scope.WRITE]


class Aim(NamedTuple):
    """The ids a request names."""

    account: str
    channel: str
    flow: str
    error: str
    submission: str = "none"
    delivery: str = "no delivery"
    sub_account: str = "no sub-account"
    message: str = "no message"
    template: str = "no template"

    def path(self, route: Route) -> str:
        """The route's address with these ids in it."""
        return route.path.format(
            accountId=self.account,
            channelId=self.channel,
            flowId=self.flow,
            errorId=self.error,
            submissionId=self.submission,
            deliveryId=self.delivery,
            # Whatever else it names, a webhook's address names those for every sub-account.
            subAccountId="*" if "/webhooks/" in route.path else self.sub_account,
            umid=self.message,
            templateName=self.template,
            msisdn=SOMEBODY,
            revision="1",
            type="MSG",
        )

    def owners(self, route: Route) -> list[str]:
        """The fields of this that stand in the route's address and have an owner."""
        named = {"accountId": "account", "channelId": "channel", "flowId": "flow"}
        named |= {"errorId": "error", "submissionId": "submission", "deliveryId": "delivery"}
        named |= {"umid": "message", "templateName": "template"}
        if "/webhooks/" not in route.path:
            named |= {"subAccountId": "sub_account"}
        return [named[name] for name in re.findall(r"{(\w+)}", route.path) if name in named]


def ids_of(tenant: Tenant, state: str) -> Aim:
    """Ids of a tenant's own: a flow in some status, an error that happened to it, an answer."""
    publish = {"publish": True} if state == "PUBLISHED" else {}
    flow = tenant.create(secrets.token_hex(8), flowJson=VALID, **publish)
    error = tenant.http.get(f"{tenant.flows}/missing").json()["errorId"]
    webhook = _webhook(enabled=state == ENABLED)
    configured = tenant.http.post(f"/api/v1/accounts/{tenant.account_id}/webhooks", json=webhook)
    assert configured.status_code == 200
    own = {"flow_id": flow, "sub_account_id": tenant.sub_account_id}
    answer = submission(tenant.account_id, tenant.channel_id, **own)
    with opened(tenant.database_url) as db:
        db.run_now(submissions.record, answer)
        delivery = db.run_now(_dead_delivery, tenant.account_id)
    template = _new_template()
    for each in (template, _new_template("notice")):
        tenant.http.post(tenant.templates, json=each)
    message = tenant.http.post(tenant.messages, json=_message()).json()["umid"]
    aim = Aim(
        account=tenant.account_id,
        channel=tenant.channel_id,
        flow=flow,
        error=error,
        submission=answer.id,
        delivery=delivery,
        sub_account=tenant.sub_account_id,
        message=message,
        template=template["name"],
    )
    if state == ON_PHONE:
        sent(tenant, ONE_SCREEN)
        done(tenant.http.post(f"{phone_path(tenant)}/open", json={}))
    # Looking it up waits until it has been written.
    found = tenant.http.get(aim.path(_ROUTES["getError"]))
    assert found.status_code == 200
    return aim


def _nowhere() -> Aim:
    """Ids that look like any other and belong to nobody."""
    flow = str(10**15 + secrets.randbelow(8 * 10**15))
    return Aim(
        account=str(uuid.uuid4()),
        channel=str(uuid.uuid4()),
        flow=flow,
        error=str(uuid.uuid4()),
        submission=str(uuid.uuid4()),
        delivery=str(uuid.uuid4()),
        sub_account=f"sub-{secrets.token_hex(4)}",
        message=str(uuid.uuid4()),
        template=_new_template()["name"],
    )


def ask(http: httpx2.Client, route: Route, aim: Aim, case: Case) -> httpx2.Response:
    return http.request(
        route.method,
        aim.path(route),
        json=case.body() if case.body else None,
        params=case.query,
    )


def _face(response: httpx2.Response, aim: Aim) -> dict[str, Any]:
    """All that a client can see of a refusal, but for the ids it sent itself."""
    envelope = response.json()
    assert uuid.UUID(envelope.pop("errorId"))
    assert envelope.pop("timestamp")
    text = json.dumps(envelope)
    for field, value in aim._asdict().items():
        text = text.replace(value, f"<{field}>")
    headers = {k: v for k, v in response.headers.items() if k not in _OWN_TO_EACH_ANSWER}
    return {"status": response.status_code, "headers": headers, "envelope": json.loads(text)}


def _state_of(tenant: Tenant) -> dict[str, Any]:
    """Every row of a tenant but for the errors it made, which are meant to be kept."""
    rows = _all_of(tenant)
    del rows["errors"]
    return rows


def _all_of(tenant: Tenant) -> dict[str, Any]:
    """Every row of a tenant, errors too: of one that is only looked at by others."""
    with opened(tenant.database_url) as db:
        return rows_of(db, tenant.account_id)


def test_each_route_of_the_server_is_in_the_table() -> None:
    assert [route.name for route in ALL_ROUTES] == list(_ROUTES), "each name is there once"
    assert set(TABLE) == set(_ROUTES)
    for name, row in TABLE.items():
        assert isinstance(row, Public) == (_ROUTES[name].scope is Scope.PUBLIC), name


@pytest.mark.parametrize("name", _TENANTS_ROUTES)
def test_each_route_works_for_the_tenant_whose_ids_it_is_given(server: Tenant, name: str) -> None:
    case = TABLE[name]
    assert isinstance(case, Case)
    response = ask(server.http, _ROUTES[name], ids_of(server, case.state), case)
    assert response.status_code == case.success, response.text


@pytest.mark.parametrize("name", _TENANTS_ROUTES)
def test_ids_of_another_tenant_are_refused_like_ids_of_nobody_and_change_nothing(
    server: Tenant, other: Tenant, name: str
) -> None:
    route, case = _ROUTES[name], TABLE[name]
    assert isinstance(case, Case)
    own, others = ids_of(server, case.state), ids_of(other, case.state)
    # The other tenant has just asked, so that its answers are in every memory there is.
    for _ in range(2):
        other.http.get(other.flows)
        other.http.get(other.guide_flows)
    before = _state_of(server), _all_of(other)

    fields = own.owners(route)
    for foreign in itertools.chain.from_iterable(
        itertools.combinations(fields, count) for count in range(1, len(fields) + 1)
    ):
        nobodys = _nowhere()
        taken = own._replace(**{field: getattr(others, field) for field in foreign})
        missing = own._replace(**{field: getattr(nobodys, field) for field in foreign})
        refused = ask(server.http, route, taken, case)
        unknown = ask(server.http, route, missing, case)

        assert _face(refused, taken) == _face(unknown, missing), foreign
        expected = (401, 1001) if {"account", "sub_account"} & set(foreign) else (404, 1300)
        assert (refused.status_code, refused.json()["code"]) == expected, foreign
        if route.method == "GET":
            assert server.http.head(taken.path(route)).status_code == expected[0], foreign

    assert (_state_of(server), _all_of(other)) == before


@pytest.mark.parametrize("name", _TENANTS_ROUTES)
def test_no_route_does_anything_without_a_key(server: Tenant, name: str) -> None:
    case = TABLE[name]
    assert isinstance(case, Case)
    aim = ids_of(server, case.state)
    before = _state_of(server)
    with client(server.url) as nobody:
        response = ask(nobody, _ROUTES[name], aim, case)
    assert (response.status_code, response.json()["code"]) == (401, 1200)
    assert _state_of(server) == before


@pytest.mark.parametrize(
    "spelling",
    [str.upper, lambda id_: id_.replace("-", ""), lambda id_: id_.replace("-", "").upper()],
    ids=["upper case", "no hyphens", "both"],
)
def test_another_account_is_refused_in_every_spelling(
    server: Tenant, other: Tenant, spelling: Callable[[str], str]
) -> None:
    path = f"/api/v1/accounts/{{}}/channels/{other.channel_id}/flows"
    assert other.http.get(path.format(spelling(other.account_id))).status_code == 200
    refused = server.http.get(path.format(spelling(other.account_id)))
    assert (refused.status_code, refused.json()["code"]) == (401, 1001)


@pytest.mark.parametrize("name", _CHANNEL_ROUTES)
def test_a_key_limited_to_a_channel_is_refused_in_others_whether_they_exist_or_not(
    server: Tenant, other: Tenant, name: str
) -> None:
    route, case = _ROUTES[name], TABLE[name]
    assert isinstance(case, Case)
    elsewhere = server.new_channel()
    key = server.new_key(channel_ids=[elsewhere])
    aim = ids_of(server, case.state)
    before = _state_of(server), _all_of(other)
    with client(server.url, key) as limited:
        refused = ask(limited, route, aim, case)
        for channel in (other.channel_id, str(uuid.uuid4())):
            unknown = aim._replace(channel=channel)
            answer = ask(limited, route, unknown, case)
            assert _face(answer, unknown) == _face(refused, aim)
        assert (refused.status_code, refused.json()["code"]) == (403, 1201)
        assert limited.get(server.flows.replace(server.channel_id, elsewhere)).status_code == 200
    assert (_state_of(server), _all_of(other)) == before


@pytest.mark.parametrize("name", _WRITING_ROUTES)
def test_a_key_that_may_only_read_cannot_write(server: Tenant, name: str) -> None:
    route, case = _ROUTES[name], TABLE[name]
    assert isinstance(case, Case)
    key = server.new_key(read_only=True)
    aim, nowhere = ids_of(server, case.state), _nowhere()._replace(account=server.account_id)
    before = _state_of(server)
    with client(server.url, key) as reader:
        refused = ask(reader, route, aim, case)
        assert (refused.status_code, refused.json()["code"]) == (403, 1201)
        assert _face(refused, aim) == _face(ask(reader, route, nowhere, case), nowhere)
    assert _state_of(server) == before


@pytest.mark.parametrize("name", [n for n in _TENANTS_ROUTES if n not in _WRITING_ROUTES])
def test_a_key_that_may_only_read_reads_everything(server: Tenant, name: str) -> None:
    case = TABLE[name]
    assert isinstance(case, Case)
    aim = ids_of(server, case.state)
    with client(server.url, server.new_key(read_only=True)) as reader:
        response = ask(reader, _ROUTES[name], aim, case)
    assert response.status_code == case.success, response.text


def test_a_key_that_may_only_read_cannot_end_a_preview_link(server: Tenant) -> None:
    flow = server.create("Flow", flowJson=VALID)
    path = f"{server.flows}/{flow}/preview"
    url = server.http.get(path).json()["preview_url"]
    with client(server.url, server.new_key(read_only=True)) as reader:
        # It gets a link of its own, which calls no endpoint, and the other one stays good.
        own = reader.get(path).json()["preview_url"]
        assert reader.get(path, params={"refresh": "true"}).status_code == 403
        assert own != url
        assert [reader.get(link).status_code for link in (own, url)] == [200, 200]


def test_a_flow_of_another_tenant_cannot_be_cloned(server: Tenant, other: Tenant) -> None:
    secret = other.create("Secret", flowJson='{"secret": true}', endPointUri="https://example.org")
    own = server.create("Own", flowJson=VALID)
    before = _state_of(server), _all_of(other)
    for flows_path in (server.flows, server.guide_flows):
        for method, path in (("POST", flows_path), ("PUT", f"{flows_path}/{own}")):
            faces = []
            for source in (secret, _nowhere().flow):
                body = {"name": "Copy", "categories": ["OTHER"], "cloneFlowId": source}
                if method == "POST" and flows_path == server.guide_flows:
                    # This dialect asks for Flow JSON as well, and refuses both at once.
                    body["flowJson"] = VALID
                response = server.http.request(method, path, json=body)
                assert response.status_code == 400, response.text
                aim = Aim(server.account_id, server.channel_id, source, "no error")
                faces.append(_face(response, aim))
            assert faces[0] == faces[1]
    assert (_state_of(server), _all_of(other)) == before


def test_a_key_limited_to_a_channel_clones_from_no_other(server: Tenant) -> None:
    secret = server.create("Secret", flowJson='{"secret": true}')
    elsewhere = server.new_channel()
    own_flows = server.flows.replace(server.channel_id, elsewhere)
    own_guide_flows = server.guide_flows.replace(server.channel_id, elsewhere)
    with client(server.url, server.new_key(channel_ids=[elsewhere])) as limited:
        draft = {"name": "Own", "categories": ["OTHER"], "flowJson": VALID}
        own = limited.post(own_flows, json=draft).json()["id"]
        before = _state_of(server)
        for method, path in (
            ("POST", own_flows),
            ("PUT", f"{own_flows}/{own}"),
            ("PUT", f"{own_guide_flows}/{own}"),
        ):
            faces = []
            for source in (secret, _nowhere().flow):
                body = {"name": "Copy", "categories": ["OTHER"], "cloneFlowId": source}
                response = limited.request(method, path, json=body)
                assert (response.status_code, response.json()["code"]) == (400, 1008)
                faces.append(_face(response, Aim(server.account_id, elsewhere, source, "none")))
            assert faces[0] == faces[1]
        assert _state_of(server) == before
        body = {"name": "Copy", "categories": ["OTHER"], "cloneFlowId": own}
        assert limited.post(own_flows, json=body).status_code == 200


# Links: what they open needs no key, so their tokens must be worth one.


def _link(tenant: Tenant, flow: str) -> str:
    url: str = tenant.http.get(f"{tenant.flows}/{flow}").json()["flowJsonUrl"]
    return url


def _preview(tenant: Tenant, flow: str) -> str:
    url: str = tenant.http.get(f"{tenant.flows}/{flow}/preview").json()["preview_url"]
    return url


def _about(tenant: Tenant, flow: str) -> str:
    """What the page of a preview link asks for first."""
    return _preview(tenant, flow).replace("?", "/about?")


def _token(url: str) -> str:
    return parse_qs(urlsplit(url).query)["token"][0]


def _open(tenant: Tenant, url: str) -> httpx2.Response:
    with client(tenant.url) as nobody:
        return nobody.get(url)


def _check_is_gone(response: httpx2.Response) -> None:
    envelope = response.json()
    assert (response.status_code, envelope["code"]) == (404, 1300)
    assert envelope["message"] == _MISSING_LINK
    assert "SECRET" not in response.text


@pytest.mark.parametrize("link", [_link, _preview, _about])
def test_a_link_opens_its_own_flow_and_no_other(
    server: Tenant, other: Tenant, link: Callable[[Tenant, str], str]
) -> None:
    flow = server.create("mine", flowJson='{"mine": 1}')
    neighbour = server.create("SECRET neighbour", flowJson='{"SECRET": 1}')
    foreign = other.create("SECRET of others", flowJson='{"SECRET": 2}')
    for each, tenant in ((neighbour, server), (foreign, other)):
        link(tenant, each)
    url = link(server, flow)
    opened_ = _open(server, url)
    assert opened_.status_code == 200
    assert "mine" in opened_.text

    for target in (neighbour, foreign, _nowhere().flow):
        _check_is_gone(_open(server, url.replace(flow, target)))


@pytest.mark.parametrize("link", [_link, _preview, _about])
def test_an_altered_token_opens_nothing(server: Tenant, link: Callable[[Tenant, str], str]) -> None:
    flow = server.create("Flow", flowJson='{"SECRET": 1}')
    url = link(server, flow)
    token = _token(url)
    path = urlsplit(url).path
    altered = {token[:at] + _other_than(token[at]) + token[at + 1 :] for at in range(len(token))}
    altered |= {"", token[:-1], token + "A", token.swapcase(), token[::-1], "é"}
    with client(server.url) as nobody:
        for wrong in altered - {token}:
            _check_is_gone(nobody.get(path, params={"token": wrong}))
        _check_is_gone(nobody.get(path))
        assert nobody.get(path, params={"token": token}).status_code == 200


def _other_than(character: str) -> str:
    if character.isdecimal():
        return str((int(character) + 1) % 10)
    return "B" if character == "A" else "A"


def test_a_download_link_stays_with_its_revision(server: Tenant) -> None:
    flow = server.create("Flow", flowJson='{"first": 1}')
    first = _link(server, flow)
    server.http.put(f"{server.flows}/{flow}", json={"flowJson": '{"SECRET": 2}'})

    assert _open(server, first).text == '{"first": 1}'
    expires_at, revision, mac = _token(first).split(".")
    assert revision == "1"
    with client(server.url) as nobody:
        token = f"{expires_at}.2.{mac}"
        _check_is_gone(nobody.get(urlsplit(first).path, params={"token": token}))


def test_a_download_link_ends_when_it_says(server: Tenant) -> None:
    flow = server.create("Flow", flowJson='{"SECRET": 1}')
    with opened(server.database_url) as db:
        secret = db.run_now(accounts.instance_secret)
    now = int(time.time())
    path = urlsplit(_link(server, flow)).path
    with client(server.url) as nobody:
        for expires_at, status in ((now + 60, 200), (now - 1, 404)):
            # What the server itself would have made so many minutes ago.
            token = links.download_token(secret, server.account_id, flow, 1, expires_at)
            response = nobody.get(path, params={"token": token})
            assert response.status_code == status
        _check_is_gone(response)


def test_a_preview_link_ends_when_it_says(server: Tenant) -> None:
    flow_id = server.create("Flow", flowJson='{"SECRET": 1}')
    url = _preview(server, flow_id)
    assert _open(server, url).status_code == 200
    expired_at = int(time.time()) - 1
    with opened(server.database_url) as db:
        secret = db.run_now(accounts.instance_secret)
        flow = db.read_now(lifecycle.get, server.account_id, server.channel_id, flow_id)
        assert flow.preview_nonce is not None
        aged = store.Flow(
            **{
                **{name: getattr(flow, name) for name in flow.__struct_fields__},
                "preview_expires_at": expired_at,
            }
        )
        db.run_now(store.save, aged)
    token = links.preview_token(
        secret,
        server.account_id,
        flow_id,
        flow.preview_nonce,
        expired_at,
        links.PreviewGrant(interactive=True),
    )
    with client(server.url) as nobody:
        _check_is_gone(nobody.get(urlsplit(url).path, params={"token": token}))
    _check_is_gone(_open(server, url))


def test_a_refreshed_preview_link_ends_the_one_before(server: Tenant) -> None:
    flow = server.create("Flow", flowJson='{"mine": 1}')
    first = _preview(server, flow)
    path = f"{server.flows}/{flow}/preview"
    second = server.http.get(path, params={"refresh": "true"}).json()["preview_url"]

    assert _open(server, second).status_code == 200
    _check_is_gone(_open(server, first))


@pytest.mark.parametrize("link", [_link, _preview, _about])
def test_a_link_ends_with_its_flow(server: Tenant, link: Callable[[Tenant, str], str]) -> None:
    flow = server.create("Flow", flowJson='{"SECRET": 1}')
    url = link(server, flow)
    assert server.http.delete(f"{server.flows}/{flow}").status_code == 200
    _check_is_gone(_open(server, url))


def test_a_token_of_one_kind_of_link_opens_none_of_the_other(server: Tenant) -> None:
    flow = server.create("Flow", flowJson='{"SECRET": 1}')
    download, preview = _link(server, flow), _preview(server, flow)
    with client(server.url) as nobody:
        for path, token in (
            (urlsplit(download).path, _token(preview)),
            (urlsplit(preview).path, _token(download)),
        ):
            _check_is_gone(nobody.get(path, params={"token": token}))
