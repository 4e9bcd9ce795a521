"""A data endpoint for the flow in workshop.json: seats in a pottery studio's workshops.

    export PRIVATE_KEY="$(cat private.pem)" APP_SECRET=…
    uvicorn --app-dir examples/endpoint workshop:endpoint

The seats are kept in memory, so start it with one worker; a real one asks its database.
"""

from __future__ import annotations

import os
import threading
from typing import Any

import msgspec

from waflows.endpoint import Completion, Endpoint, FlowTokenDead, NextScreen, Request


class Choice(msgspec.Struct):
    """What PICK_WORKSHOP sends."""

    workshop: str
    seats: int


class Studio:
    """Workshops with their free seats, and who holds some: one booking for each flow token."""

    def __init__(self) -> None:
        self._titles = {"wheel": "Throwing on the wheel", "glaze": "Glazing", "raku": "Raku firing"}
        self._free = {"wheel": 6, "glaze": 2, "raku": 0}
        self._chosen: dict[str, Choice] = {}
        self._booked: dict[str, str] = {}
        # Handlers that are plain functions run on several threads.
        self._lock = threading.Lock()

    def workshops(self) -> list[dict[str, Any]]:
        """The choices, as a data source of the flow; those without a seat cannot be picked."""
        return [
            {
                "id": key,
                "title": title,
                "description": f"{self._free[key]} seats free",
                "enabled": self._free[key] > 0,
            }
            for key, title in self._titles.items()
        ]

    def choose(self, token: str, choice: Choice) -> str | None:
        """Notes what a customer wants; the sentence that describes it, None without such seats."""
        if not 0 < choice.seats <= self._free.get(choice.workshop, 0):
            return None
        self._chosen[token] = choice
        return f"{self._titles[choice.workshop]}, seats: {choice.seats}"

    def book(self, token: str) -> str | None:
        """Takes the seats; the number of the booking, None when they went in the meantime."""
        with self._lock:
            choice = self._chosen.get(token)
            if choice is None or self._free[choice.workshop] < choice.seats:
                return None
            self._free[choice.workshop] -= choice.seats
            self._booked[token] = f"P-{len(self._booked) + 1:04}"
            return self._booked[token]

    def booking(self, token: str) -> str | None:
        """The booking that was made with this token."""
        return self._booked.get(token)


studio = Studio()
endpoint = Endpoint(
    os.environ["PRIVATE_KEY"],
    passphrase=os.environ.get("PASSPHRASE"),
    app_secret=os.environ["APP_SECRET"],
)


@endpoint.flow_token
def check(request: Request) -> None:
    """One booking for each message that was sent, however often its button is tapped."""
    number = studio.booking(request.flow_token or "")
    if number:
        raise FlowTokenDead(f"Your seats are booked already, under {number}.")


@endpoint.init
def start(request: Request) -> NextScreen:
    """The flow was opened."""
    return _pick()


@endpoint.data_exchange("PICK_WORKSHOP")
def picked(request: Request) -> NextScreen:
    """A workshop and a number of seats were chosen."""
    choice = request.data_as(Choice)
    summary = studio.choose(request.flow_token or "", choice)
    if summary is None:
        return _pick("There are not so many seats left. Please choose again.")
    return NextScreen("CONFIRM", {"summary": summary})


@endpoint.back("CONFIRM")
def reconsidered(request: Request) -> NextScreen:
    """The customer went back; others may have taken seats meanwhile."""
    return _pick()


@endpoint.data_exchange("CONFIRM")
def confirmed(request: Request) -> NextScreen | Completion:
    """The customer agreed."""
    number = studio.book(request.flow_token or "")
    if number is None:
        return _pick("These seats went a moment ago. Please choose again.")
    return Completion({"booking": number})


def _pick(error_message: str | None = None) -> NextScreen:
    return NextScreen("PICK_WORKSHOP", {"workshops": studio.workshops()}, error_message)
