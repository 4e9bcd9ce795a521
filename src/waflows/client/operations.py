"""Every operation: the request it makes and how its response is read. Does no I/O.

Paths, fields and parameters are those of 8x8's reference. `after`, `status`, `name`, `fields` and
revisions are extensions of waflows and are sent only when they are used.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Literal, TypedDict, TypeVar
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import msgspec

from waflows.client.errors import ClientError, InvalidCall, NoFlowJson, UnexpectedAnswer, excerpt
from waflows.client.exchange import Answer, Exchange, NoAnswer, Request, answered, problem_of
from waflows.client.messages import FlowMessage, flow_message
from waflows.client.results import (
    AppSecret,
    EndpointKeys,
    Examination,
    Flow,
    FlowSummary,
    Forgotten,
    InstalledKey,
    Page,
    PreviewLink,
    Revision,
    Saved,
    SentMessage,
    Submission,
    SubmissionPage,
)

T = TypeVar("T")

_DEFAULT_LIMIT = 100
_NEXT_LINK = re.compile(r'<([^>]*)>[^,<]*;\s*rel="?next"?', re.IGNORECASE)
_KEY = re.compile(r"[\x21-\x7e]+")


class _Revisions(msgspec.Struct):
    revisions: list[Revision]


class Filters(TypedDict, total=False):
    """Filters for submissions; a filter that is omitted or None does not restrict.

    `since` and `until` are dates or times, or ISO 8601 text, in UTC unless they state otherwise. A
    date as `until` includes the whole day.
    """

    flow: str | None
    channel: str | None
    msisdn: str | None
    since: date | str | None
    until: date | str | None


Format = Literal["csv", "jsonl"]


class Operations:
    """The operations on one account of one server.

    `channel` is the default channel of operations. Raises InvalidCall for an invalid URL or key.
    """

    def __init__(self, url: str, account: str, key: str, channel: str | None, retries: int) -> None:
        self.url = _checked_url(url)
        self.account = account
        self.channel = channel
        self._key = _checked_key(key)
        self._retries = retries

    def __repr__(self) -> str:
        """Shows the URL, account and channel; never the key."""
        return f"{self.url!r}, account={self.account!r}, channel={self.channel!r}"

    def authorization(self) -> str:
        """The Authorization header of requests that carry the key."""
        return f"Bearer {self._key}"

    def page(
        self,
        limit: int | None,
        after: str | None,
        status: str | None,
        name: str | None,
        channel: str | None,
    ) -> Exchange[Page]:
        """One page of the channel's flows."""
        query = {"limit": limit, "after": after, "status": status, "name": name}
        answer = yield from self._call("GET", self._flows(channel), query)
        flows, total = self._read(answer, Page).flows, _total(answer)
        if total is not None:
            return Page(flows=flows, total=total, next=_next(answer, after))
        # A server that returns no total does not support the filters either and has ignored them.
        return Page(
            flows=[flow for flow in flows if _matches(flow, status, name)],
            cut_off=len(flows) >= (limit or _DEFAULT_LIMIT),
        )

    def create(
        self,
        name: str,
        categories: Sequence[str],
        flow_json: str | bytes | None,
        clone_flow_id: str | None,
        endpoint_uri: str | None,
        publish: bool,
        channel: str | None,
    ) -> Exchange[Saved]:
        """Creates a flow."""
        body = {
            "name": name,
            "categories": _words(categories),
            "flowJson": _text(flow_json),
            "cloneFlowId": clone_flow_id,
            "endPointUri": endpoint_uri,
            "publish": publish or None,
        }
        answer = yield from self._call("POST", self._flows(channel), body=body)
        return self._read(answer, Saved)

    def get(self, flow_id: str, fields: Sequence[str], channel: str | None) -> Exchange[Flow]:
        """Reads a flow."""
        query = {"fields": ",".join(_words(fields) or []) or None}
        answer = yield from self._call("GET", self._flow(flow_id, channel), query)
        return self._read(answer, Flow)

    def update(
        self,
        flow_id: str,
        name: str | None,
        categories: Sequence[str] | None,
        flow_json: str | bytes | None,
        clone_flow_id: str | None,
        endpoint_uri: str | None,
        application_id: str | None,
        publish: bool,
        channel: str | None,
    ) -> Exchange[Saved]:
        """Changes a draft."""
        body = {
            "name": name,
            "categories": _words(categories),
            "flowJson": _text(flow_json),
            "cloneFlowId": clone_flow_id,
            "endPointUri": endpoint_uri,
            "applicationId": application_id,
            "publish": publish or None,
        }
        answer = yield from self._call("PUT", self._flow(flow_id, channel), body=body)
        return self._read(answer, Saved)

    def delete(self, flow_id: str, channel: str | None) -> Exchange[None]:
        """Deletes a draft."""
        yield from self._call("DELETE", self._flow(flow_id, channel))

    def preview(self, flow_id: str, refresh: bool, channel: str | None) -> Exchange[PreviewLink]:
        """Gets a preview link to the flow."""
        query = {"refresh": "true" if refresh else None}
        address = f"{self._flow(flow_id, channel)}/preview"
        answer = yield from self._call("GET", address, query)
        return self._read(answer, PreviewLink)

    def publish(self, flow_id: str, channel: str | None) -> Exchange[None]:
        """Publishes a draft."""
        yield from self._call("POST", f"{self._flow(flow_id, channel)}/publish")

    def deprecate(self, flow_id: str, channel: str | None) -> Exchange[None]:
        """Deprecates a published flow."""
        yield from self._call("POST", f"{self._flow(flow_id, channel)}/deprecate")

    def download(self, flow_id: str, channel: str | None) -> Exchange[bytes]:
        """Downloads the flow's JSON. The key is not sent to the server of the link."""
        flow = yield from self.get(flow_id, (), channel)
        if not flow.flow_json_url:
            raise NoFlowJson(f"Flow {flow_id} has no Flow JSON.")
        if urlsplit(flow.flow_json_url).scheme not in {"http", "https"}:
            raise UnexpectedAnswer("The server's flowJsonUrl is not an http or https URL.", 200)
        request = Request("GET", flow.flow_json_url, with_key=False)
        answer = yield from answered(request, self._retries, self._key)
        return answer.body

    def revisions(self, flow_id: str, channel: str | None) -> Exchange[list[Revision]]:
        """Lists the revisions of the flow's JSON."""
        answer = yield from self._call("GET", f"{self._flow(flow_id, channel)}/revisions")
        return self._read(answer, _Revisions).revisions

    def revision(self, flow_id: str, number: int, channel: str | None) -> Exchange[bytes]:
        """Downloads one revision."""
        address = f"{self._flow(flow_id, channel)}/revisions/{number:d}"
        answer = yield from self._call("GET", address)
        return answer.body

    def endpoint_keys(self, channel: str | None) -> Exchange[EndpointKeys]:
        """Reads the channel's endpoint keys."""
        answer = yield from self._call("GET", self._endpoint_key(channel))
        return self._read(answer, EndpointKeys)

    def install_endpoint_key(
        self, channel: str | None, body: dict[str, Any]
    ) -> Exchange[InstalledKey]:
        """Sets the channel's key pair; `body` is the request body."""
        answer = yield from self._call("POST", self._endpoint_key(channel), body=body)
        return self._read(answer, InstalledKey)

    def remove_endpoint_key(self, channel: str | None) -> Exchange[None]:
        """Deletes the channel's key pair."""
        yield from self._call("DELETE", self._endpoint_key(channel))

    def set_app_secret(self, app_secret: str | None, channel: str | None) -> Exchange[str]:
        """Sets the app secret, and returns it."""
        address, body = f"{self._endpoint_key(channel)}/appSecret", {"appSecret": app_secret}
        answer = yield from self._call("POST", address, body=body)
        return self._read(answer, AppSecret).app_secret

    def examine_endpoint(
        self, flow_id: str, trial: Mapping[str, Any], channel: str | None
    ) -> Exchange[Examination]:
        """Examines the endpoint of a flow."""
        address = f"{self._flow(flow_id, channel)}/examination"
        body = {name: value for name, value in trial.items() if value is not None}
        answer = yield from self._call("POST", address, body=body)
        return self._read(answer, Examination)

    def submissions(
        self, limit: int | None, after: str | None, filters: Filters
    ) -> Exchange[SubmissionPage]:
        """Reads a page of the account's submissions."""
        query = {"limit": limit, "cursor": after, **_filtered(filters)}
        answer = yield from self._call("GET", self._submissions(), query)
        page = self._read(answer, SubmissionPage, keep_nulls=True)
        return msgspec.structs.replace(page, next=_next(answer, after, "cursor"))

    def submission(self, submission_id: str) -> Exchange[Submission]:
        """Reads a submission."""
        answer = yield from self._call("GET", self._submission(submission_id))
        return self._read(answer, Submission, keep_nulls=True)

    def delete_submission(self, submission_id: str) -> Exchange[None]:
        """Deletes a submission."""
        yield from self._call("DELETE", self._submission(submission_id))

    def delete_submissions_of(self, msisdn: str) -> Exchange[Forgotten]:
        """Deletes everything that a phone number sent."""
        if not msisdn:
            raise InvalidCall("The phone number whose submissions to delete is missing.")
        answer = yield from self._call("DELETE", self._submissions(), {"msisdn": msisdn})
        return self._read(answer, Forgotten)

    def export_submissions(self, format_: Format, filters: Filters) -> Request:
        """The request for an export, whose response is streamed."""
        if format_ not in {"csv", "jsonl"}:
            raise InvalidCall(f"Submissions are exported as csv or jsonl, not {format_!r}.")
        return self._request("GET", f"{self._submissions()}.{format_}", _filtered(filters))

    def send(
        self,
        sub_account: str,
        to: str,
        kind: str,
        content: dict[str, Any],
        client_message_id: str | None,
    ) -> Exchange[SentMessage]:
        """Sends a message of one of 8x8's types."""
        address = f"{self.url}/api/v1/subaccounts/{_segment('sub-account', sub_account)}/messages"
        body = {
            "user": {"msisdn": to},
            "type": kind,
            "content": content,
            "clientMessageId": client_message_id,
        }
        answer = yield from self._call("POST", address, body=body)
        return self._read(answer, SentMessage)

    def send_flow(
        self,
        sub_account: str,
        to: str,
        flow_id: str,
        message: FlowMessage,
        client_message_id: str | None,
    ) -> Exchange[SentMessage]:
        """A message whose button opens a flow."""
        interactive = flow_message(flow_id, message)
        content = {"interactive": interactive}
        return self.send(sub_account, to, "interactive", content, client_message_id)

    def problem(self, request: Request, outcome: Answer | NoAnswer) -> ClientError:
        """What went wrong with a request whose answer was read as it came."""
        return problem_of(request, outcome, self._key)

    def on_phone(
        self,
        method: str,
        channel: str | None,
        msisdn: str,
        what: str,
        body: dict[str, Any] | None,
        answers: type[T],
    ) -> Exchange[T]:
        """Something done on a simulated phone."""
        phone = f"{self._channel(channel)}/phones/{_segment('phone number', msisdn)}"
        answer = yield from self._call(method, f"{phone}/{what}", body=body)
        return self._read(answer, answers)

    def on_account(
        self,
        method: str,
        path: tuple[str, ...],
        answers: type[T],
        query: dict[str, Any] | None = None,
        body: dict[str, Any] | None = None,
    ) -> Exchange[T]:
        """Something done about the account; `path` below its address, in pieces."""
        answer = yield from self._call(method, self._of_account(path), query, body)
        return self._read(answer, answers)

    def done_on_account(
        self, method: str, path: tuple[str, ...], body: list[Any] | None
    ) -> Exchange[None]:
        """The same for what is answered by success alone."""
        yield from self._call(method, self._of_account(path), body=body)

    def _of_account(self, path: tuple[str, ...]) -> str:
        pieces = ["accounts", _segment("account", self.account)]
        pieces += [_segment("name in an address", piece) for piece in path]
        return f"{self.url}/api/v1/{'/'.join(pieces)}"

    def _call(
        self,
        method: str,
        address: str,
        query: dict[str, Any] | None = None,
        body: dict[str, Any] | list[Any] | None = None,
    ) -> Exchange[Answer]:
        return answered(self._request(method, address, query, body), self._retries, self._key)

    def _request(
        self,
        method: str,
        address: str,
        query: dict[str, Any] | None = None,
        body: dict[str, Any] | list[Any] | None = None,
    ) -> Request:
        query = _given(query or {})
        given = _given(body) if isinstance(body, dict) else body
        try:
            content = None if given is None else msgspec.json.encode(given)
            if query:
                address += "?" + urlencode(query)
        except UnicodeEncodeError as error:
            raise InvalidCall(f"{error.object!r} is not text that can be sent.") from None
        return Request(method, address, content)

    def _read(self, answer: Answer, type_: type[T], *, keep_nulls: bool = False) -> T:
        try:
            read = msgspec.json.decode(answer.body)
            return msgspec.convert(read if keep_nulls else _without_nulls(read), type_)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            begins = excerpt(answer.body).replace(self._key, "***") or "nothing"
            raise UnexpectedAnswer(
                f"The server's answer cannot be read: {error}. It begins: {begins}", answer.status
            ) from error

    def _channel(self, channel: str | None) -> str:
        channel = channel or self.channel
        if not channel:
            raise InvalidCall("No channel is named: give one to the client or to the call.")
        account = _segment("account", self.account)
        return f"{self.url}/api/v1/accounts/{account}/channels/{_segment('channel', channel)}"

    def _flows(self, channel: str | None) -> str:
        return f"{self._channel(channel)}/flows"

    def _endpoint_key(self, channel: str | None) -> str:
        return f"{self._channel(channel)}/endpointKey"

    def _submissions(self) -> str:
        return f"{self.url}/api/v1/accounts/{_segment('account', self.account)}/submissions"

    def _submission(self, submission_id: str) -> str:
        return f"{self._submissions()}/{_segment('submission id', submission_id)}"

    def _flow(self, flow_id: str, channel: str | None) -> str:
        return f"{self._flows(channel)}/{_segment('flow id', flow_id)}"


def _checked_url(url: str) -> str:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and url.isprintable()
        _ = parts.port
    except ValueError:
        usable = False
    if not usable or " " in url:
        raise InvalidCall(f"The URL must be like https://chatapps.8x8.com, not {url!r}.")
    if parts.username is not None or parts.query or parts.fragment:
        raise InvalidCall("The URL must name the server alone, without user, query or fragment.")
    return url.rstrip("/")


def _checked_key(key: str) -> str:
    """The key; an unusable one is not repeated in the error."""
    if not _KEY.fullmatch(key):
        raise InvalidCall("The API key must be visible ASCII characters without blanks.")
    return key


def _given(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def _segment(what: str, text: str) -> str:
    """A piece of a path; one that would lead to another address is refused."""
    if not isinstance(text, str) or text in {"", ".", ".."}:
        raise InvalidCall(f"{text!r} is no {what}.")
    try:
        return quote(text, safe="")
    except UnicodeEncodeError:
        raise InvalidCall(f"{text!r} is no {what}.") from None


def _words(words: Sequence[str] | None) -> list[str] | None:
    if isinstance(words, str):
        raise InvalidCall(f"A list of words is wanted, such as [{words!r}], not {words!r} alone.")
    return None if words is None else [str(word) for word in words]


def _text(flow_json: str | bytes | None) -> str | None:
    if not isinstance(flow_json, bytes):
        return flow_json
    try:
        return flow_json.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidCall(
            f"The Flow JSON is not UTF-8 text: byte 0x{flow_json[error.start]:02x} at"
            f" offset {error.start}."
        ) from None


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_nulls(item) for name, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_without_nulls(item) for item in value]
    return value


def _total(answer: Answer) -> int | None:
    text = answer.headers.get("x-total-count", "")
    return int(text) if text.isascii() and text.isdecimal() else None


def _filtered(filters: Filters) -> dict[str, str | None]:
    """Filters as the API names them."""
    since, until = (
        moment.isoformat() if isinstance(moment, date) else moment
        for moment in (filters.get("since"), filters.get("until"))
    )
    return {
        "flowId": filters.get("flow"),
        "channelId": filters.get("channel"),
        "msisdn": filters.get("msisdn"),
        "from": since,
        "to": until,
    }


def _next(answer: Answer, after: str | None, parameter: str = "after") -> str | None:
    """The cursor of the next page.

    Only the cursor is taken from the link: the next request goes where this one went, not where
    the answer points, so a proxy's or a stranger's address never gets to see the key.
    """
    link = _NEXT_LINK.search(answer.headers.get("link", ""))
    cursor = parse_qs(urlsplit(link[1]).query).get(parameter, [None])[0] if link else None
    if cursor is not None and cursor == after:
        raise UnexpectedAnswer("The next page of the list is the same page again.", answer.status)
    return cursor


def _matches(flow: FlowSummary, status: str | None, name: str | None) -> bool:
    """What waflows' own filters let through."""
    return (status is None or flow.status == status) and (
        name is None or name.casefold() in flow.name.casefold()
    )
