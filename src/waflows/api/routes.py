"""THE table of what the server answers: method, path, handler, who may call, what it does.

Everything about an operation is read from its row: the routing, the check of the key, the decoding
of query and body, the OpenAPI document and the tests that go through every route.
"""

from __future__ import annotations

from msgspec import Struct

from waflows.api import openapi
from waflows.api.eightbyeight import guide, listing, messages, reference, templates, webhooks
from waflows.api.eightbyeight.flow_bodies import CreateBody, UpdateBody
from waflows.api.eightbyeight.message_bodies import MessageBody
from waflows.api.eightbyeight.preview_links import PreviewQuery
from waflows.api.waflows import (
    deliveries,
    endpoint_keys,
    health,
    links,
    media,
    phones,
    submissions,
    usage,
)
from waflows.http import limits
from waflows.http.route import Handler, Route, Scope
from waflows.services.accounts.quotas import Space
from waflows.services.endpoint import made_up_files
from waflows.services.endpoint.examinations import DoctorAnswer
from waflows.services.phone.chats import Chat
from waflows.services.submissions.forgetting import Forgotten
from waflows.services.submissions.views import SubmissionView
from waflows.storage.errors import ErrorRecord

_A = "/api/v1/accounts/{accountId}"
_FLOWS = f"{_A}/channels/{{channelId}}/flows"
_FLOW = f"{_FLOWS}/{{flowId}}"
_WEBHOOKS = f"{_A}/webhooks"
_GUIDE_FLOWS = "/config/v1/channels/whatsapp/{channelId}/flows"
_GUIDE_FLOW = f"{_GUIDE_FLOWS}/{{flowId}}"
_MESSAGES = "/api/v1/subaccounts/{subAccountId}/messages"
_TEMPLATES = f"{_A}/channels/{{channelId}}/templates"
_READ, _WRITE, _PUBLIC = Scope.READ, Scope.WRITE, Scope.PUBLIC

_LIST_DETAIL = (
    "Newest first. When there are more flows than `limit`, the `Link` header leads to the next"
    " page; a walk along it meets each flow once, whatever is created or deleted meanwhile."
    " `X-Total-Count` counts all that match. Send the `ETag` back as `If-None-Match` to get an"
    " empty 304 while nothing has changed."
)
_UPDATE_DETAIL = (
    "Only drafts can be changed. What the body leaves out stays as it is. A new Flow JSON becomes"
    " the next revision; earlier ones are kept."
)
_PUBLISH_DETAIL = "Publishing cannot be undone: a published flow cannot be changed or deleted."


def _reference() -> list[Route]:
    tag = "Flows"
    return [
        Route(method="GET", path=_FLOWS, handler=listing.list_flows, scope=_READ, tag=tag,
              name="listFlows", summary="List a channel's flows", detail=_LIST_DETAIL,
              query=listing.ListQuery, answers=listing.FlowList),
        Route(method="POST", path=_FLOWS, handler=reference.create, scope=_WRITE, tag=tag,
              name="createFlow", summary="Create a flow",
              whole_channel=True, body=CreateBody, max_body=limits.FLOW_JSON,
              answers=reference.Saved,
              detail="Makes a draft, from a Flow JSON or from another flow of the account; or a"
                     " published flow with `publish`. It is made wholly or not at all."),
        Route(method="GET", path=_FLOW, handler=reference.details, scope=_READ, tag=tag,
              name="getFlow", summary="Show a flow", query=reference.DetailsQuery,
              answers=reference.Details,
              detail="`flowJsonUrl` serves the Flow JSON byte for byte, needs no key and expires;"
                     " a flow without Flow JSON has none."),
        Route(method="PUT", path=_FLOW, handler=reference.update, scope=_WRITE, tag=tag,
              name="updateFlow", summary="Change a draft",
              whole_channel=True, detail=_UPDATE_DETAIL,
              body=UpdateBody, max_body=limits.FLOW_JSON, answers=reference.Saved),
        Route(method="DELETE", path=_FLOW, handler=reference.delete, scope=_WRITE, tag=tag,
              name="deleteFlow", summary="Delete a draft",
              whole_channel=True,
              detail="A flow that was ever published stays."),
        Route(method="GET", path=f"{_FLOW}/preview", handler=reference.preview, scope=_READ,
              tag=tag, name="previewFlow", summary="Get a preview link",
              query=PreviewQuery, answers=reference.PreviewAnswer,
              detail="The link opens without a key until it expires or is replaced."),
        Route(method="POST", path=f"{_FLOW}/publish", handler=reference.publish, scope=_WRITE,
              tag=tag, name="publishFlow", summary="Publish a draft",
              whole_channel=True, detail=_PUBLISH_DETAIL),
        Route(method="POST", path=f"{_FLOW}/deprecate", handler=reference.deprecate,
              scope=_WRITE, tag=tag, name="deprecateFlow", summary="Deprecate a published flow",
              whole_channel=True,
              detail="It stays listed and cannot be published again."),
        Route(method="POST", path=f"{_FLOWS}:validate", handler=reference.validate,
              scope=_READ, tag="Extensions", name="validateFlow", summary="Check a Flow JSON",
              body=reference.ValidateBody, max_body=limits.FLOW_JSON,
              answers=reference.Validated,
              detail="Finds every fault that keeps a flow from being published, and keeps"
                     " nothing."),
        Route(method="GET", path=f"{_FLOW}/revisions", handler=reference.list_revisions,
              scope=_READ, tag="Extensions", name="listRevisions",
              summary="List the versions of a flow's JSON", answers=reference.Revisions),
        Route(method="GET", path=f"{_FLOW}/revisions/{{revision}}",
              handler=reference.get_revision, scope=_READ, tag="Extensions",
              name="getRevision", summary="Fetch one version of a flow's JSON", answers=dict,
              detail="The text as it was sent, byte for byte."),
        Route(method="GET", path=f"{_A}/usage", handler=usage.get_usage, scope=_READ,
              tag="Extensions", name="getUsage", summary="Show what the account has",
              answers=Space,
              detail="How many flows, bytes, templates, phone numbers and webhooks the account has,"
                     " and the most it may have; a limit of 0 means any number. Not for keys that"
                     " are limited to channels or sub-accounts."),
        Route(method="GET", path=f"{_A}/errors/{{errorId}}", handler=reference.get_error,
              scope=_READ, tag="Extensions", name="getError", summary="Look an error up",
              detail="What led to an error response of this account, by its `errorId`.",
              answers=ErrorRecord),
    ]  # fmt: skip


def _webhooks() -> list[Route]:
    tag, extra = "Webhooks", "Webhooks (extensions)"
    secrets = f"{_WEBHOOKS}/{{subAccountId}}/{{type}}/secrets"
    return [
        Route(method="GET", path=_WEBHOOKS, handler=webhooks.list_webhooks, scope=_READ, tag=tag,
              name="listWebhooks", summary="List the account's webhooks",
              answers=list[webhooks.WebhookAnswer]),
        Route(method="POST", path=_WEBHOOKS, handler=webhooks.configure, scope=_WRITE, tag=tag,
              name="configureWebhooks", summary="Add or replace webhooks",
              uncovered=True,
              body=list[webhooks.WebhookItem],
              detail="One of the same sub-account and type is replaced. All are saved or none."),
        Route(method="DELETE", path=_WEBHOOKS, handler=webhooks.remove, scope=_WRITE, tag=tag,
              name="deleteWebhooks", summary="Remove webhooks",
              uncovered=True, body=list[webhooks.WebhookScope],
              detail="What still waits for a removed webhook is not sent; it stays in the list of"
                     " dead deliveries."),
        Route(method="GET", path=secrets, handler=webhooks.list_secrets, scope=_READ, tag=extra,
              name="listWebhookSecrets", summary="List what signs a webhook's deliveries",
              answers=webhooks.SecretsAnswer),
        Route(method="POST", path=secrets, handler=webhooks.rotate_secret, scope=_WRITE,
              tag=extra, name="rotateWebhookSecret", summary="Make a new signing secret",
              uncovered=True,
              body=webhooks.RotateBody, answers=webhooks.RotatedSecret,
              detail="The secret is shown this once. Those before go on signing beside it for a"
                     " while, so that a repeated request takes none from a receiver."),
        Route(method="DELETE", path=secrets, handler=webhooks.drop_secrets, scope=_WRITE,
              tag=extra, name="dropWebhookSecrets", summary="Stop signing a webhook's deliveries",
              uncovered=True),
        Route(method="POST", path=f"{_WEBHOOKS}/{{subAccountId}}/{{type}}/test",
              handler=deliveries.send_test, scope=_WRITE, tag=extra, name="testWebhook",
              summary="Send a webhook a test event",
              uncovered=True, answers=deliveries.DeliveryAnswer,
              detail="It takes the way of every event; look its delivery up to see what came of"
                     " it."),
        Route(method="GET", path=f"{_A}/deliveries", handler=deliveries.list_deliveries,
              scope=_READ, tag=extra, name="listDeliveries", summary="List deliveries to webhooks",
              query=deliveries.DeliveryQuery, answers=deliveries.DeliveryList,
              detail="Newest first. The `Link` header leads to the next page, if there is one."),
        Route(method="POST", path=f"{_A}/deliveries:replay", handler=deliveries.replay_dead,
              scope=_WRITE, tag=extra, name="replayDeadDeliveries",
              summary="Send a webhook's dead deliveries again",
              uncovered=True, body=deliveries.ReplayBody,
              answers=deliveries.Replayed),
        Route(method="GET", path=f"{_A}/deliveries/{{deliveryId}}", handler=deliveries.show,
              scope=_READ, tag=extra, name="getDelivery",
              summary="Show a delivery with its tries", answers=deliveries.DeliveryDetails),
        Route(method="POST", path=f"{_A}/deliveries/{{deliveryId}}/replay",
              handler=deliveries.replay, scope=_WRITE, tag=extra, name="replayDelivery",
              summary="Send a delivery again",
              uncovered=True, answers=deliveries.DeliveryAnswer,
              detail="Under the same `eventId`, after what waits for the same user."),
    ]  # fmt: skip


def _messaging() -> list[Route]:
    tag = "Messages"
    return [
        Route(method="POST", path=_MESSAGES, handler=messages.send, scope=_WRITE, tag=tag,
              name="sendMessage", summary="Send a message", body=MessageBody,
              max_body=limits.MESSAGE, access=messages.reach,
              answers=messages.SentAnswer, limited=False, more_statuses=(501,),
              detail="A text or a flow within 24 hours of the person's last message, a template at"
                     " any time."),
        Route(method="GET", path=f"{_MESSAGES}/{{umid}}", handler=messages.details, scope=_READ,
              tag=tag, name="getMessage", summary="Show how far a message came",
              answers=messages.FoundMessages,
              detail="What it says, and the end of the person's number, are covered up."),
        Route(method="POST", path=f"{_A}/flowTokens:read", handler=messages.read_token,
              scope=_READ, tag="Messages (extension)", name="readFlowToken",
              summary="Read a flow token that waflows issued", body=messages.TokenBody,
              answers=messages.TokenAnswer, limited=False,
              detail="Says for which flow, message and person it was issued; and tells a token"
                     " that was altered or made up from a client's own."),
        Route(method="GET", path=_TEMPLATES, handler=templates.list_templates, scope=_READ,
              tag="Templates", name="listTemplates", summary="List a channel's templates",
              answers=templates.TemplateList),
        Route(method="POST", path=_TEMPLATES, handler=templates.create, scope=_WRITE,
              tag="Templates", name="createTemplate", summary="Register a template",
              whole_channel=True,
              body=templates.NewTemplateBody, answers=templates.Done, more_statuses=(409, 501),
              detail="It is approved at once: nobody reviews it here."),
        Route(method="DELETE", path=f"{_TEMPLATES}/{{templateName}}", handler=templates.delete,
              scope=_WRITE, tag="Templates", name="deleteTemplate", summary="Remove a template",
              whole_channel=True,
              answers=templates.Done, detail="In every language."),
    ]  # fmt: skip


def _endpoints() -> list[Route]:
    tag = "Endpoints"
    key = f"{_A}/channels/{{channelId}}/endpointKey"
    return [
        Route(method="GET", path=key, handler=endpoint_keys.show, scope=_READ, tag=tag,
              name="showEndpointKey", summary="Show a channel's endpoint key",
              answers=endpoint_keys.Keys,
              detail="The public half of the pair in use and of those before it, and when the app"
                     " secret was set. No private key and no app secret is ever shown again."),
        Route(method="POST", path=key, handler=endpoint_keys.install, scope=_WRITE, tag=tag,
              name="installEndpointKey", summary="Give a channel its endpoint key",
              whole_channel=True, uncovered=True,
              body=endpoint_keys.KeyBody, answers=endpoint_keys.InstalledKey,
              detail="Takes the public half of a pair, or a private key however it was pasted, or"
                     " makes a pair. Endpoints that hold the private half of the key before answer"
                     " 421 from then on, so that it is replaced with `replace` only. A channel"
                     " without an app secret gets one, shown this once."),
        Route(method="DELETE", path=key, handler=endpoint_keys.remove, scope=_WRITE, tag=tag,
              name="removeEndpointKey", summary="Take a channel's endpoint key away",
              whole_channel=True, uncovered=True,
              detail="Its flows reach no endpoint any more."),
        Route(method="POST", path=f"{key}/appSecret", handler=endpoint_keys.set_app_secret,
              scope=_WRITE, tag=tag, name="setAppSecret", summary="Set a channel's app secret",
              whole_channel=True, uncovered=True,
              body=endpoint_keys.AppSecretBody, answers=endpoint_keys.AppSecret,
              detail="It signs requests to endpoints from now on, in place of the one before."
                     " Without one in the body a fresh one is made. It is shown this once."),
        Route(method="POST", path=f"{_FLOW}/examination", handler=endpoint_keys.examine,
              scope=_WRITE, tag=tag, name="examineEndpoint", summary="Examine a flow's endpoint",
              body=endpoint_keys.DoctorBody, answers=DoctorAnswer,
              detail="Asks it for a sign of life and for the first screen, as a phone would, and"
                     " names the step that fails and its cure."),
    ]  # fmt: skip


def _guide() -> list[Route]:
    tag = "Flows (guide dialect)"
    return [
        Route(method="GET", path=_GUIDE_FLOWS, handler=listing.list_flows, scope=_READ, tag=tag,
              name="guideListFlows", summary="List a channel's flows", detail=_LIST_DETAIL,
              query=listing.ListQuery, answers=listing.FlowList, dialect="guide"),
        Route(method="POST", path=_GUIDE_FLOWS, handler=guide.create, scope=_WRITE, tag=tag,
              name="guideCreateFlow", summary="Create a flow",
              whole_channel=True, body=guide.GuideCreateBody, max_body=limits.FLOW_JSON,
              status=201, answers=guide.GuideFlow, dialect="guide"),
        Route(method="GET", path=_GUIDE_FLOW, handler=guide.details, scope=_READ, tag=tag,
              name="guideGetFlow", summary="Show a flow with its Flow JSON",
              answers=guide.GuideDetails, dialect="guide"),
        Route(method="PUT", path=_GUIDE_FLOW, handler=guide.update, scope=_WRITE, tag=tag,
              name="guideUpdateFlow", summary="Change a draft",
              whole_channel=True, detail=_UPDATE_DETAIL,
              body=UpdateBody, max_body=limits.FLOW_JSON, answers=guide.GuideFlow,
              dialect="guide"),
        Route(method="DELETE", path=_GUIDE_FLOW, handler=guide.delete, scope=_WRITE, tag=tag,
              name="guideDeleteFlow", summary="Delete a draft",
              whole_channel=True, status=204, dialect="guide"),
        Route(method="GET", path=f"{_GUIDE_FLOW}/preview", handler=guide.preview, scope=_READ,
              tag=tag, name="guidePreviewFlow", summary="Get a preview link",
              query=PreviewQuery, answers=guide.GuidePreview, dialect="guide"),
        Route(method="POST", path=f"{_GUIDE_FLOW}/publish", handler=guide.publish, scope=_WRITE,
              tag=tag, name="guidePublishFlow", summary="Publish a draft",
              whole_channel=True,
              detail=_PUBLISH_DETAIL, answers=guide.GuideStatus, dialect="guide"),
        Route(method="POST", path=f"{_GUIDE_FLOW}/deprecate", handler=guide.deprecate,
              scope=_WRITE, tag=tag, name="guideDeprecateFlow",
              summary="Deprecate a published flow",
              whole_channel=True, answers=guide.GuideStatus, dialect="guide"),
    ]  # fmt: skip


_SUBMISSIONS_DETAIL = (
    "Newest first; a key limited to channels or sub-accounts sees theirs. The `Link` header leads"
    " to the next page; a walk along it meets each submission once, whatever comes in meanwhile."
    " A key that masks sees values and phone numbers covered."
)
_EXPORT_DETAIL = (
    "Sent as it is read, newest first, whatever the number. An answer that is cut off lacks its"
    " end, which HTTP clients report."
)


def _submissions() -> list[Route]:
    tag = "Submissions (extension)"
    all_ = f"{_A}/submissions"
    one = f"{all_}/{{submissionId}}"
    return [
        Route(method="GET", path=all_, handler=submissions.list_submissions, scope=_READ, tag=tag,
              name="listSubmissions", summary="List what users sent", detail=_SUBMISSIONS_DETAIL,
              query=submissions.SubmissionListQuery, answers=submissions.SubmissionList),
        Route(method="GET", path=f"{all_}.csv", handler=submissions.export_csv, scope=_READ,
              tag=tag, name="exportSubmissionsCsv", summary="Export what users sent as CSV",
              detail=_EXPORT_DETAIL + " Text that a spreadsheet would take for a formula has an"
                     " apostrophe before it.",
              query=submissions.SelectionQuery, answers=str, produces="text/csv"),
        Route(method="GET", path=f"{all_}.jsonl", handler=submissions.export_jsonl, scope=_READ,
              tag=tag, name="exportSubmissionsJsonl", summary="Export what users sent as lines",
              detail=_EXPORT_DETAIL + " Each line is the JSON of one submission.",
              query=submissions.SelectionQuery, answers=str, produces="application/jsonl"),
        Route(method="GET", path=one, handler=submissions.show, scope=_READ, tag=tag,
              name="getSubmission", summary="Show one submission",
              answers=SubmissionView),
        Route(method="DELETE", path=one, handler=submissions.delete, scope=_WRITE, tag=tag,
              name="deleteSubmission", summary="Delete one submission", status=204,
              detail="It cannot be brought back."),
        Route(method="DELETE", path=all_, handler=submissions.delete_person, scope=_WRITE,
              tag=tag, name="deletePersonsSubmissions", summary="Delete what a person sent",
              query=submissions.PersonQuery, answers=Forgotten,
              detail="All that one phone number sent, as far as the key reaches: its answers, what"
                     " was said with it, and what events about that say. It cannot be brought"
                     " back."),
    ]  # fmt: skip


def _phones() -> list[Route]:
    phone = f"{_A}/channels/{{channelId}}/phones/{{msisdn}}"
    tag = "Simulated phone"

    def gesture(
        verb: str,
        handler: Handler,
        summary: str,
        body: type[Struct] | None = None,
        detail: str = "",
    ) -> Route:
        return Route(method="POST", path=f"{phone}/{verb}", handler=handler, scope=_WRITE,
                     tag=tag, name=f"phone{verb.capitalize()}", summary=summary,
                     whole_channel=True, uncovered=True, body=body,
                     answers=phones.ScreenAnswer, detail=detail,
                     more_statuses=(409,))  # fmt: skip

    return [
        Route(method="GET", path=f"{phone}/messages", handler=phones.show_chat, scope=_READ,
              tag=tag, name="phoneMessages", summary="List the chat of a user",
              whole_channel=True, uncovered=True,
              answers=Chat, detail="Looks over the user's shoulder: nothing is read by it."),
        Route(method="POST", path=f"{phone}/look", handler=phones.look, scope=_WRITE,
              tag=tag, name="phoneLook", summary="Look at the chat",
              whole_channel=True, uncovered=True,
              answers=Chat, detail="What was delivered is read now."),
        Route(method="POST", path=f"{phone}/say", handler=phones.say, scope=_WRITE,
              tag=tag, name="phoneSay", summary="Write a text to the business",
              whole_channel=True, uncovered=True,
              body=phones.SayBody, answers=phones.Said,
              detail="It opens the 24 hours in which the business may send more than templates."),
        Route(method="GET", path=f"{phone}/screen", handler=phones.show_screen, scope=_READ,
              tag=tag, name="phoneScreen", summary="Show what the phone shows",
              whole_channel=True, uncovered=True,
              answers=phones.ScreenAnswer),
        gesture("open", phones.open_flow, "Tap the button of a flow message", phones.OpenBody),
        gesture("fill", phones.fill, "Type into an input", phones.FillBody),
        gesture("choose", phones.choose, "Select items", phones.ItemsBody),
        gesture("unchoose", phones.unchoose, "Clear items", phones.ItemsBody),
        gesture("check", phones.check, "Tick an opt-in", phones.LabelBody),
        gesture("uncheck", phones.uncheck, "Untick an opt-in", phones.LabelBody),
        gesture("pick", phones.pick, "Pick a date or a range", phones.PickBody),
        gesture("upload", phones.upload, "Pick files", phones.UploadBody),
        gesture("tap", phones.tap, "Tap a button, a link or an entry", phones.LabelBody),
        gesture("submit", phones.submit, "Tap the button at the bottom",
                detail="A flow that this finishes is answered: the answer is kept, and on its way"
                       " to the account's webhooks, before this request is."),
        gesture("back", phones.back, "Go one screen back",
                detail="On the first screen this closes the flow."),
        gesture("close", phones.close, "Close the flow without an answer"),
    ]  # fmt: skip


def _served() -> list[Route]:
    return [
        Route(method="GET", path=links.DOWNLOAD_PATH, handler=links.download, scope=_PUBLIC,
              tag="Links", name="downloadFlowJson", summary="Fetch a Flow JSON by its link",
              query=links.LinkQuery, access=links.downloadable, answers=dict),
        Route(method="GET", path=made_up_files.PATH, handler=media.download, scope=_PUBLIC,
              tag="Links", name="downloadMedia", summary="Fetch a file of a simulated phone",
              answers=str, produces="application/octet-stream",
              detail="Encrypted, as WhatsApp lays an uploaded file out for an endpoint. It stands"
                     " in for the one that was picked, which never leaves the browser."),
        Route(method="GET", path="/healthz", handler=health.alive, scope=_PUBLIC,
              tag="Operations", name="healthz", summary="Whether the process runs",
              answers=health.Health),
        Route(method="GET", path="/readyz", handler=health.ready, scope=_PUBLIC,
              tag="Operations", name="readyz", summary="Whether requests can be served",
              answers=health.Health),
        Route(method="GET", path="/metrics", handler=health.show_metrics, scope=_PUBLIC,
              tag="Operations", name="metrics", summary="Metrics for Prometheus",
              answers=str, produces="text/plain"),
        Route(method="GET", path="/openapi.json", handler=openapi.show, scope=_PUBLIC,
              tag="Operations", name="openapi", summary="This document", answers=dict),
    ]  # fmt: skip


PHONES: list[Route] = _phones()
"""What a server without simulated phones does not have."""

ROUTES: list[Route] = [
    *_reference(),
    *_submissions(),
    *_messaging(),
    *_webhooks(),
    *_endpoints(),
    *_guide(),
    *PHONES,
    *_served(),
]
