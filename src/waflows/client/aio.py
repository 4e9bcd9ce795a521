"""The client for asyncio programs: the operations of `sync.py` with `await`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from types import TracebackType
from typing import Any, Literal, TypeVar, Unpack

import httpx2

from waflows.client import http
from waflows.client.exchange import Answer, Exchange, NoAnswer, Pause, Request
from waflows.client.messages import FlowMessage
from waflows.client.operations import Filters, Format, Operations
from waflows.client.phones import AsyncPhone, PhoneOperations
from waflows.client.results import (
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
from waflows.client.webhooks import AsyncWebhooks, WebhookOperations

T = TypeVar("T")


class AsyncClient:
    """`Client` for asyncio: `async with`, `await` on every call, `async for` over `flows`.

    Use it only in the event loop of its first call.
    """

    def __init__(
        self,
        url: str,
        account: str,
        key: str,
        channel: str | None = None,
        *,
        timeout: float = 30.0,
        retries: int = 3,
    ) -> None:
        self._operations = Operations(url, account, key, channel, retries)
        self._http = httpx2.AsyncClient(**http.settings(timeout))

    def __repr__(self) -> str:
        """Shows the URL, account and channel; never the key."""
        return f"{type(self).__name__}({self._operations!r})"

    async def __aenter__(self) -> AsyncClient:
        """Returns the client."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Closes the connections."""
        await self.aclose()

    async def aclose(self) -> None:
        """Closes the connections."""
        await self._http.aclose()

    async def flows(
        self,
        *,
        status: str | None = None,
        name: str | None = None,
        page_size: int = 1000,
        channel: str | None = None,
    ) -> AsyncIterator[FlowSummary]:
        """Every flow of the channel, newest first, fetched page by page as it is needed.

        waflows returns each flow once, even if others are created or deleted meanwhile. 8x8 has no
        paging and returns the newest `page_size` flows, at most 1000; `pages` shows whether
        that may have cut off the list. `status` and `name` (part of the name, ignoring case) filter
        the list; 8x8 has no such filters, so the client applies them.
        """
        async for page in self.pages(
            status=status, name=name, page_size=page_size, channel=channel
        ):
            for flow in page.flows:
                yield flow

    async def pages(
        self,
        *,
        status: str | None = None,
        name: str | None = None,
        page_size: int = 1000,
        channel: str | None = None,
    ) -> AsyncIterator[Page]:
        """The pages of the list that `flows` walks through."""
        after = None
        while True:
            page = await self.page(
                page_size, after=after, status=status, name=name, channel=channel
            )
            yield page
            after = page.next
            if after is None:
                return

    async def page(
        self,
        limit: int | None = None,
        *,
        after: str | None = None,
        status: str | None = None,
        name: str | None = None,
        channel: str | None = None,
    ) -> Page:
        """Up to `limit` flows (1 to 1000; the server's default is 100), newest first.

        `after` is the `next` of the previous page. `status` and `name` work as in `flows`.
        """
        return await self._run(self._operations.page(limit, after, status, name, channel))

    async def create(
        self,
        name: str,
        categories: Sequence[str],
        *,
        flow_json: str | bytes | None = None,
        clone_flow_id: str | None = None,
        endpoint_uri: str | None = None,
        publish: bool = False,
        channel: str | None = None,
    ) -> Saved:
        """Creates a draft, or with `publish` a published flow, which is final.

        Pass the Flow JSON as text or as UTF-8 bytes, or the id of a flow to clone. The result lists
        the findings of the server's validation.
        """
        return await self._run(
            self._operations.create(
                name, categories, flow_json, clone_flow_id, endpoint_uri, publish, channel
            )
        )

    async def get(
        self, flow_id: str, *, fields: Sequence[str] = (), channel: str | None = None
    ) -> Flow:
        """One flow in detail.

        `fields` requests fields that 8x8 does not have: endPointUri, applicationId, revision,
        createdAt, updatedAt.
        """
        return await self._run(self._operations.get(flow_id, fields, channel))

    async def update(
        self,
        flow_id: str,
        *,
        name: str | None = None,
        categories: Sequence[str] | None = None,
        flow_json: str | bytes | None = None,
        clone_flow_id: str | None = None,
        endpoint_uri: str | None = None,
        application_id: str | None = None,
        publish: bool = False,
        channel: str | None = None,
    ) -> Saved:
        """Changes a draft; arguments that are omitted leave it unchanged."""
        return await self._run(
            self._operations.update(
                flow_id,
                name,
                categories,
                flow_json,
                clone_flow_id,
                endpoint_uri,
                application_id,
                publish,
                channel,
            )
        )

    async def delete(self, flow_id: str, *, channel: str | None = None) -> None:
        """Deletes a flow that was never published."""
        await self._run(self._operations.delete(flow_id, channel))

    async def preview(
        self, flow_id: str, *, refresh: bool = False, channel: str | None = None
    ) -> PreviewLink:
        """A preview link to the flow; `refresh` creates a new one and revokes the previous one."""
        return await self._run(self._operations.preview(flow_id, refresh, channel))

    async def publish(self, flow_id: str, *, channel: str | None = None) -> None:
        """Publishes a draft. A published flow cannot be changed, deleted or made a draft again."""
        await self._run(self._operations.publish(flow_id, channel))

    async def deprecate(self, flow_id: str, *, channel: str | None = None) -> None:
        """Deprecates a published flow. It cannot be published again."""
        await self._run(self._operations.deprecate(flow_id, channel))

    async def download(self, flow_id: str, *, channel: str | None = None) -> bytes:
        """The flow's JSON, byte for byte; raises NoFlowJson if it has none.

        It is fetched from the flow's `flow_json_url`, without the key.
        """
        return await self._run(self._operations.download(flow_id, channel))

    async def revisions(self, flow_id: str, *, channel: str | None = None) -> list[Revision]:
        """The revisions of the flow's JSON, newest first. waflows only."""
        return await self._run(self._operations.revisions(flow_id, channel))

    async def revision(self, flow_id: str, number: int, *, channel: str | None = None) -> bytes:
        """A revision of the flow's JSON, byte for byte. waflows only."""
        return await self._run(self._operations.revision(flow_id, number, channel))

    async def endpoint_keys(self, *, channel: str | None = None) -> EndpointKeys:
        """The key pairs that a channel uses to call data endpoints. waflows only."""
        return await self._run(self._operations.endpoint_keys(channel))

    async def install_endpoint_key(
        self,
        *,
        public_key: str | None = None,
        private_key: str | None = None,
        passphrase: str | None = None,
        app_secret: str | None = None,
        replace: bool = False,
        channel: str | None = None,
    ) -> InstalledKey:
        """Sets a channel's key pair from the PEM text of either half. waflows only.

        The public half is enough; without either half, the server creates a pair and stores the
        private half sealed. `replace` allows to replace an existing key.
        """
        body = {
            "publicKey": public_key,
            "privateKey": private_key,
            "passphrase": passphrase,
            "appSecret": app_secret,
            "replace": replace,
        }
        return await self._run(self._operations.install_endpoint_key(channel, body))

    async def remove_endpoint_key(self, *, channel: str | None = None) -> None:
        """Deletes a channel's key pair; it can then call no endpoint. waflows only."""
        await self._run(self._operations.remove_endpoint_key(channel))

    async def set_app_secret(
        self, app_secret: str | None = None, *, channel: str | None = None
    ) -> str:
        """Sets the secret that signs requests to endpoints, or creates one. waflows only."""
        return await self._run(self._operations.set_app_secret(app_secret, channel))

    async def examine_endpoint(
        self,
        flow_id: str,
        *,
        flow_token: str | None = None,
        opened_by: Literal["navigate", "data_exchange"] | None = None,
        screen: str | None = None,
        data: Mapping[str, Any] | None = None,
        channel: str | None = None,
    ) -> Examination:
        """Calls a flow's endpoint as a phone would and reports what fails. waflows only.

        `opened_by` is the flow_action of the flow's messages; `data_exchange` requires INIT. With
        `screen`, also sends a data_exchange from that screen with `data`; the endpoint acts on it.
        """
        trial = {"flowToken": flow_token, "openedBy": opened_by, "screen": screen, "data": data}
        return await self._run(self._operations.examine_endpoint(flow_id, trial, channel))

    async def submissions(
        self, *, page_size: int = 1000, **filters: Unpack[Filters]
    ) -> AsyncIterator[Submission]:
        """Every submission of the account, newest first, fetched page by page. waflows only.

        Returns each once, even if more are received meanwhile. `flow`, `channel`, `msisdn`, `since`
        and `until` are filters; the client's default channel is not applied.
        """
        after = None
        while True:
            page = await self.submission_page(page_size, after=after, **filters)
            for submission in page.submissions:
                yield submission
            after = page.next
            if after is None:
                return

    async def submission_page(
        self,
        limit: int | None = None,
        *,
        after: str | None = None,
        **filters: Unpack[Filters],
    ) -> SubmissionPage:
        """Up to `limit` submissions (1 to 1000; the server's default is 100), newest first.

        `after` is the `next` of the previous page. Filters work as in `submissions`.
        """
        return await self._run(self._operations.submissions(limit, after, filters))

    async def submission(self, submission_id: str) -> Submission:
        """One submission. waflows only."""
        return await self._run(self._operations.submission(submission_id))

    async def export_submissions(
        self, kind: Format = "csv", **filters: Unpack[Filters]
    ) -> AsyncIterator[bytes]:
        """Exports all matching submissions as a stream of chunks. waflows only.

        The export may have any length and is not held in memory. If it is cut off, the stream ends
        with ConnectionFailed and is not retried. Filters work as in `submissions`.
        """
        request = self._operations.export_submissions(kind, filters)
        arguments = http.arguments(request, self._operations.authorization())
        follow = arguments.pop("follow_redirects")
        try:
            async with self._http.stream(follow_redirects=follow, **arguments) as response:
                if response.status_code != 200:
                    await response.aread()
                    raise self._operations.problem(request, http.answer(response))
                async for piece in response.aiter_bytes():
                    yield piece
        except httpx2.RequestError as error:
            raise self._operations.problem(request, http.no_answer(error)) from error

    async def delete_submission(self, submission_id: str) -> None:
        """Deletes a submission permanently. waflows only."""
        await self._run(self._operations.delete_submission(submission_id))

    async def delete_submissions_of(self, msisdn: str) -> Forgotten:
        """Deletes everything that a phone number sent, permanently. waflows only."""
        return await self._run(self._operations.delete_submissions_of(msisdn))

    async def send(
        self,
        sub_account: str,
        to: str,
        kind: str,
        content: dict[str, Any],
        *,
        client_message_id: str | None = None,
    ) -> SentMessage:
        """Sends a message to a phone number; `kind` and `content` are those of the API.

        With a `client_message_id`, repeating the call does not send the message again.
        """
        return await self._run(
            self._operations.send(sub_account, to, kind, content, client_message_id)
        )

    async def send_flow(
        self,
        sub_account: str,
        to: str,
        flow_id: str,
        *,
        client_message_id: str | None = None,
        **message: Unpack[FlowMessage],
    ) -> SentMessage:
        """Sends a message whose button opens a flow to a phone number.

        `body` and `button` are its texts; for the other arguments see FlowMessage.
        """
        return await self._run(
            self._operations.send_flow(sub_account, to, flow_id, message, client_message_id)
        )

    def phone(self, msisdn: str, *, channel: str | None = None) -> AsyncPhone:
        """The simulated phone of a user of the channel. waflows only."""
        return AsyncPhone(self._run, PhoneOperations(self._operations, msisdn, channel))

    def webhooks(self) -> AsyncWebhooks:
        """The account's webhooks and the deliveries to them."""
        return AsyncWebhooks(self._run, WebhookOperations(self._operations))

    async def _run(self, exchange: Exchange[T]) -> T:
        """Runs an exchange."""
        outcome: Answer | NoAnswer | None = None
        while True:
            try:
                step = exchange.send(outcome)
            except StopIteration as end:
                result: T = end.value
                return result
            if isinstance(step, Pause):
                await asyncio.sleep(step.seconds)
                outcome = None
            else:
                outcome = await self._send(step)

    async def _send(self, request: Request) -> Answer | NoAnswer:
        arguments = http.arguments(request, self._operations.authorization())
        try:
            return http.answer(await self._http.request(**arguments))
        except httpx2.RequestError as error:
            return http.no_answer(error)
