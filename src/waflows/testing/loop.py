"""The whole loop in a test: send a flow, play the user, get the webhook.

def test_a_visitor_is_heard(waflows_server):
    waflows_server.send("feedback.json", to="+12025550123")
    waflows_server.phone.open().fill("Your name", "Ines").tap("Send")
    assert waflows_server.webhook().response["name"] == "Ines"
"""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any

import httpx2
import msgspec

from waflows.client import ApiError, Client, Screen
from waflows.client.phones import Phone
from waflows.services.accounts import accounts, sub_accounts
from waflows.storage.opening import open_database
from waflows.testing.receiver import Receiver, Webhook
from waflows.testing.server import Server

SOMEBODY = "+12025550123"
"""The user a flow is sent to by default: a number of those set aside for stories."""

_SECONDS = 10.0


class LoopError(AssertionError):
    """The loop did not do what a test expected; the message says what did happen."""


class Loop:
    """An account of the test's own on a running server, with a channel and a webhook receiver.

    `client` is a Python client for the channel, `http` an HTTP client that sends the API key,
    `receiver` has every webhook that came. `url`, `account_id`, `channel_id`, `sub_account_id` and
    `api_key` are for whatever else a test wants to call.
    """

    def __init__(self, server: Server, folder: Path) -> None:
        self.server = server
        self.url = server.url
        self.folder = folder
        self._open_account()
        self.client = Client(self.url, self.account_id, self.api_key, self.channel_id)
        self.http = httpx2.Client(
            base_url=self.url,
            headers={"Authorization": f"Bearer {self.api_key}"},
            timeout=30,
            trust_env=False,
        )
        self.receiver = Receiver()
        self._looked_at = 0
        self._phones: dict[str, LoopPhone] = {}
        self._latest = SOMEBODY
        self._tell_receiver()

    def close(self) -> None:
        """Ends the clients and the receiver; the account stays until the server ends."""
        self.receiver.close()
        self.client.close()
        self.http.close()

    # --- the business

    def publish(self, flow: str | Path | dict[str, Any], *, endpoint_uri: str | None = None) -> str:
        """A published flow of a Flow JSON: a file, beside the test, or the document; its id.

        Raises LoopError with the errors of a Flow JSON that cannot be published.
        """
        text = self._text(flow)
        made = self.client.create(
            f"Flow {secrets.token_hex(6)}", ["OTHER"], flow_json=text, endpoint_uri=endpoint_uri
        )
        if made.validation_errors:
            faults = "\n".join(
                f"  line {each.line_start}: {each.message}" for each in made.validation_errors
            )
            raise LoopError(f"The Flow JSON has errors:\n{faults}")
        self.client.publish(made.id)
        return made.id

    def send(
        self,
        flow: str | Path | dict[str, Any],
        *,
        to: str = SOMEBODY,
        body: str = "Please fill this in.",
        button: str = "Open",
        screen: str | None = None,
        data: dict[str, Any] | None = None,
        action: str | None = None,
        flow_token: str | None = None,
        endpoint_uri: str | None = None,
    ) -> str:
        """Sends a flow to a user, who says hello first if they have not yet; the message's umid.

        `flow` is the id of a flow, or a Flow JSON as for `publish`. With `screen` or `data` it
        opens as said there; with the `action` data_exchange its endpoint is asked first.
        """
        is_id = isinstance(flow, str) and flow.isdecimal()
        flow_id = str(flow) if is_id else self.publish(flow, endpoint_uri=endpoint_uri)
        phone = self.phone_of(to)
        if not any(message.direction == "inbound" for message in phone.messages()):
            phone.say("Hello")
        payload = {"screen": screen, "data": data}
        parameters: dict[str, Any] = {
            "flowId": flow_id,
            "flowCta": button,
            "flowToken": flow_token,
            "flowAction": action,
            "flowActionPayload": _given(payload) or None,
        }
        interactive = {
            "type": "flow",
            "body": {"text": body},
            "action": {"parameters": _given(parameters)},
        }
        sent = self._ask(
            "POST",
            f"/api/v1/subaccounts/{self.sub_account_id}/messages",
            {
                "user": {"msisdn": to},
                "type": "interactive",
                "content": {"interactive": interactive},
            },
        )
        self._latest = to
        return str(sent["umid"])

    def webhook(self, event_type: str | None = None, *, timeout: float = _SECONDS) -> Webhook:
        """The next webhook that a finished flow sent, its signature verified.

        With an `event_type` the next one of that type, whatever it tells. Each webhook is given
        once, in the order in which they came; those in between are passed over. Raises LoopError
        when none comes within `timeout` seconds.
        """

        def wanted(webhook: Webhook) -> bool:
            return webhook.is_answer if event_type is None else webhook.event_type == event_type

        found = self.receiver.wait_for(wanted, self._looked_at, timeout)
        if found is None:
            came = [each.event_type for each in self.receiver.received]
            refused = "".join(f"\nrefused: {why}" for why in self.receiver.refused)
            what = event_type or "of a finished flow"
            raise LoopError(
                f"No webhook {what} came within {timeout:g} s. There came: {came}{refused}"
            )
        self._looked_at = found[0] + 1
        return found[1]

    # --- the user

    @property
    def phone(self) -> LoopPhone:
        """The phone of the user that was sent to last."""
        return self.phone_of(self._latest)

    def phone_of(self, msisdn: str) -> LoopPhone:
        """The phone of a user."""
        if msisdn not in self._phones:
            self._phones[msisdn] = LoopPhone(self.client.phone(msisdn))
        return self._phones[msisdn]

    # --- how it is made

    def _open_account(self) -> None:
        """An account with all that goes with it, made past the API, which makes none."""
        db = open_database(self.server.database_url)
        try:
            account = db.run_now(accounts.create_account, "Test")
            channel = db.run_now(accounts.create_channel, account.id, "Test channel")
            sub_account = db.run_now(
                sub_accounts.create_sub_account, account.id, "test", channel.id
            )
            self.account_id, self.channel_id = account.id, channel.id
            self.sub_account_id = sub_account.id
            self.api_key = db.run_now(accounts.create_key, account.id, "test").text
        finally:
            db.close()

    def _tell_receiver(self) -> None:
        hooks = f"/api/v1/accounts/{self.account_id}/webhooks"
        for kind in ("CADR", "MSG", "CABM"):
            webhook = {"subAccountId": "*", "type": kind, "url": self.receiver.url}
            self._ask("POST", hooks, [webhook])
            made = self._ask("POST", f"{hooks}/*/{kind}/secrets", {})
            self.receiver.secrets.append(made["secret"])

    def _ask(self, method: str, path: str, body: Any = None) -> Any:
        response = self.http.request(method, path, json=body)
        if response.status_code >= 400:
            raise LoopError(f"{method} {path} was refused: {response.text}")
        return response.json() if response.content else None

    def _text(self, flow: str | Path | dict[str, Any]) -> str:
        if isinstance(flow, dict):
            return msgspec.json.encode(flow).decode()
        if isinstance(flow, str) and flow.lstrip().startswith("{"):
            return flow
        return (self.folder / flow).read_text("utf-8")


class LoopPhone:
    """A user's phone, worked by what stands on the screen. Every gesture gives the phone itself.

    A gesture while no flow is open opens the newest message whose flow is not finished first.
    `screen` is what the last gesture led to.
    """

    def __init__(self, phone: Phone) -> None:
        self._phone = phone
        self._screen: Screen | None = None

    @property
    def msisdn(self) -> str:
        """The user's phone number."""
        return self._phone.msisdn

    @property
    def screen(self) -> Screen:
        """What the phone shows."""
        if self._screen is None:
            self._screen = self._phone.screen()
        return self._screen

    @property
    def text(self) -> str:
        """What the phone shows, as text."""
        return self.screen.text

    @property
    def response(self) -> dict[str, Any]:
        """What the finished flow sent; raises LoopError for one that is not finished."""
        if self.screen.response is None:
            raise LoopError(f"The flow is not finished.\n\n{self.text}")
        return self.screen.response

    def messages(self) -> list[Any]:
        """The chat, oldest message first, without looking at it."""
        return self._phone.messages()

    def look(self) -> list[Any]:
        """Looks at the chat, so that what came is read; the chat."""
        return self._phone.look()

    def say(self, text: str, name: str = "") -> LoopPhone:
        """Writes a text to the business."""
        self._phone.say(text, name)
        return self

    def open(self, umid: str | None = None) -> LoopPhone:
        """Taps the button of a flow message, by default of the newest one not finished yet."""
        return self._do("open", umid)

    def fill(self, label: str, value: str) -> LoopPhone:
        """Types a text into an input in place of what is there."""
        return self._do("fill", label, value)

    def choose(self, label: str, *items: str) -> LoopPhone:
        """Selects items, by title or id."""
        return self._do("choose", label, *items)

    def unchoose(self, label: str, *items: str) -> LoopPhone:
        """Clears items."""
        return self._do("unchoose", label, *items)

    def check(self, label: str) -> LoopPhone:
        """Ticks an OptIn."""
        return self._do("check", label)

    def uncheck(self, label: str) -> LoopPhone:
        """Unticks an OptIn."""
        return self._do("uncheck", label)

    def pick(self, label: str, date: str, end: str | None = None) -> LoopPhone:
        """Picks a date, `YYYY-MM-DD`, or with an end a range."""
        return self._do("pick", label, date, end)

    def upload(self, label: str, *files: str) -> LoopPhone:
        """Picks made-up files of these names."""
        return self._do("upload", label, *files)

    def tap(self, label: str) -> LoopPhone:
        """Taps a button, a link, an entry of a list, or "Read more" of an OptIn."""
        return self._do("tap", label)

    def submit(self) -> LoopPhone:
        """Taps the button at the bottom, whatever it is called."""
        return self._do("submit")

    def back(self) -> LoopPhone:
        """Goes back; on the first screen this closes the flow."""
        return self._do("back")

    def close(self) -> LoopPhone:
        """Closes the flow without an answer."""
        return self._do("close")

    def _do(self, gesture: str, *what: Any) -> LoopPhone:
        __tracebackhide__ = True
        if gesture != "open" and (self._screen is None or self._screen.phase != "open"):
            self._do("open", None)
        try:
            self._screen = getattr(self._phone, gesture)(*what)
        except ApiError as error:
            shown = f"\n\nThe screen:\n{self._screen.text}" if self._screen else ""
            raise LoopError(f"{gesture} {what}: {error.message}{shown}") from None
        return self


def _given(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
