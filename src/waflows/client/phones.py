"""The simulated phone of a waflows server: act as a user who receives messages and fills in flows.

phone = client.phone("+351912345678")
phone.say("Hello")
phone.open()
phone.fill("Name", "Ines")
print(phone.submit().response)
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from waflows.client.exchange import Exchange
from waflows.client.operations import Operations
from waflows.client.results import Chat, ChatMessage, Said, Screen

T = TypeVar("T")


class PhoneOperations:
    """The operations on the phone of one user of a channel."""

    def __init__(self, operations: Operations, msisdn: str, channel: str | None) -> None:
        self.msisdn = msisdn
        self._operations = operations
        self._channel = channel

    def messages(self) -> Exchange[list[ChatMessage]]:
        """Reads the chat, oldest message first, without marking messages as read."""
        chat = yield from self._operations.on_phone(
            "GET", self._channel, self.msisdn, "messages", None, Chat
        )
        return chat.messages

    def look(self) -> Exchange[list[ChatMessage]]:
        """Reads the chat and marks its messages as read."""
        chat = yield from self._operations.on_phone(
            "POST", self._channel, self.msisdn, "look", None, Chat
        )
        return chat.messages

    def say(self, text: str, name: str) -> Exchange[str]:
        """Sends a text; returns the id of the message."""
        said = yield from self._operations.on_phone(
            "POST", self._channel, self.msisdn, "say", {"text": text, "name": name}, Said
        )
        return said.umid

    def screen(self) -> Exchange[Screen]:
        """Shows the phone's screen."""
        return self._operations.on_phone("GET", self._channel, self.msisdn, "screen", None, Screen)

    def gesture(self, verb: str, **what: Any) -> Exchange[Screen]:
        """Performs an action; returns the resulting screen."""
        bodyless = verb in {"submit", "back", "close"}
        return self._operations.on_phone(
            "POST", self._channel, self.msisdn, verb, None if bodyless else what, Screen
        )


class Phone:
    """The phone of a simulated user; waflows only. Every gesture returns the resulting screen.

    Refer to elements by their text on the screen, or to an input by its name. An element that is
    not on the screen, or an action that a user could not take, raises `InvalidParameter`.
    """

    def __init__(self, run: Callable[[Exchange[Any]], Any], operations: PhoneOperations) -> None:
        self._run = run
        self._operations = operations

    @property
    def msisdn(self) -> str:
        """The user's phone number."""
        return self._operations.msisdn

    def messages(self) -> list[ChatMessage]:
        """The chat with the channel, oldest message first, without marking messages as read."""
        return self._done(self._operations.messages())

    def look(self) -> list[ChatMessage]:
        """Marks the messages in the chat as read; returns the chat."""
        return self._done(self._operations.look())

    def say(self, text: str, name: str = "") -> str:
        """Sends a text to the business; returns the id of the message. `name` is the user's name.

        This opens the 24-hour window in which the business may send more than templates.
        """
        return self._done(self._operations.say(text, name))

    def open(self, umid: str | None = None) -> Screen:
        """Taps the button of a flow message, by default of the newest one not yet completed."""
        return self._gesture("open", umid=umid)

    def screen(self) -> Screen:
        """Shows the phone's screen."""
        return self._done(self._operations.screen())

    def fill(self, label: str, value: str) -> Screen:
        """Types a text into an input, replacing its text."""
        return self._gesture("fill", label=label, value=value)

    def choose(self, label: str, *items: str) -> Screen:
        """Selects options by title or id that are not selected yet."""
        return self._gesture("choose", label=label, items=list(items))

    def unchoose(self, label: str, *items: str) -> Screen:
        """Clears selected options."""
        return self._gesture("unchoose", label=label, items=list(items))

    def check(self, label: str) -> Screen:
        """Ticks an OptIn."""
        return self._gesture("check", label=label)

    def uncheck(self, label: str) -> Screen:
        """Unticks an OptIn."""
        return self._gesture("uncheck", label=label)

    def pick(self, label: str, date: str, end: str | None = None) -> Screen:
        """Picks a date, `YYYY-MM-DD`, or with an end a range."""
        return self._gesture("pick", label=label, date=date, end=end)

    def upload(self, label: str, *files: str) -> Screen:
        """Attaches sample files with these names, replacing those attached before."""
        return self._gesture("upload", label=label, files=list(files))

    def tap(self, label: str) -> Screen:
        """Taps a button, a link, a list entry, or "Read more" of an OptIn."""
        return self._gesture("tap", label=label)

    def submit(self) -> Screen:
        """Taps the button at the bottom of the screen."""
        return self._gesture("submit")

    def back(self) -> Screen:
        """Goes back; on the first screen this closes the flow."""
        return self._gesture("back")

    def close(self) -> Screen:
        """Closes the flow without sending an answer."""
        return self._gesture("close")

    def _gesture(self, verb: str, **what: Any) -> Screen:
        return self._done(self._operations.gesture(verb, **what))

    def _done(self, exchange: Exchange[T]) -> T:
        result: T = self._run(exchange)
        return result


class AsyncPhone:
    """`Phone` with `await` on every call."""

    def __init__(
        self, run: Callable[[Exchange[Any]], Awaitable[Any]], operations: PhoneOperations
    ) -> None:
        self._run = run
        self._operations = operations

    @property
    def msisdn(self) -> str:
        """The user's phone number."""
        return self._operations.msisdn

    async def messages(self) -> list[ChatMessage]:
        """The chat with the channel, oldest message first, without marking messages as read."""
        return await self._done(self._operations.messages())

    async def look(self) -> list[ChatMessage]:
        """Marks the messages in the chat as read; returns the chat."""
        return await self._done(self._operations.look())

    async def say(self, text: str, name: str = "") -> str:
        """Sends a text to the business; returns the id of the message. `name` is the user's name.

        This opens the 24-hour window in which the business may send more than templates.
        """
        return await self._done(self._operations.say(text, name))

    async def open(self, umid: str | None = None) -> Screen:
        """Taps the button of a flow message, by default of the newest one not yet completed."""
        return await self._gesture("open", umid=umid)

    async def screen(self) -> Screen:
        """Shows the phone's screen."""
        return await self._done(self._operations.screen())

    async def fill(self, label: str, value: str) -> Screen:
        """Types a text into an input, replacing its text."""
        return await self._gesture("fill", label=label, value=value)

    async def choose(self, label: str, *items: str) -> Screen:
        """Selects options by title or id that are not selected yet."""
        return await self._gesture("choose", label=label, items=list(items))

    async def unchoose(self, label: str, *items: str) -> Screen:
        """Clears selected options."""
        return await self._gesture("unchoose", label=label, items=list(items))

    async def check(self, label: str) -> Screen:
        """Ticks an OptIn."""
        return await self._gesture("check", label=label)

    async def uncheck(self, label: str) -> Screen:
        """Unticks an OptIn."""
        return await self._gesture("uncheck", label=label)

    async def pick(self, label: str, date: str, end: str | None = None) -> Screen:
        """Picks a date, `YYYY-MM-DD`, or with an end a range."""
        return await self._gesture("pick", label=label, date=date, end=end)

    async def upload(self, label: str, *files: str) -> Screen:
        """Attaches sample files with these names, replacing those attached before."""
        return await self._gesture("upload", label=label, files=list(files))

    async def tap(self, label: str) -> Screen:
        """Taps a button, a link, a list entry, or "Read more" of an OptIn."""
        return await self._gesture("tap", label=label)

    async def submit(self) -> Screen:
        """Taps the button at the bottom of the screen."""
        return await self._gesture("submit")

    async def back(self) -> Screen:
        """Goes back; on the first screen this closes the flow."""
        return await self._gesture("back")

    async def close(self) -> Screen:
        """Closes the flow without sending an answer."""
        return await self._gesture("close")

    async def _gesture(self, verb: str, **what: Any) -> Screen:
        return await self._done(self._operations.gesture(verb, **what))

    async def _done(self, exchange: Exchange[T]) -> T:
        result: T = await self._run(exchange)
        return result
