"""`waflows play`: play a flow in the terminal by hand, from a script, or along every path."""

from __future__ import annotations

import sys
from typing import Any

import click
import msgspec

from waflows import runtime
from waflows.cli import flow_files, play_answers, play_by_hand
from waflows.cli.endpoint_functions import endpoint_function
from waflows.cli.output import json_option, print_json, visible
from waflows.errors import OperatorError, WaflowsError
from waflows.runtime import Flow, Phase, draw
from waflows.testing import Exploration, FlowExpectationError, Phone, explore


class NotPlayedToTheEnd(WaflowsError):
    """The flow was not completed."""


@click.command()
@click.argument("file")
@click.option("--answers", metavar="FILE", help="Play from a script of answers, YAML or JSON.")
@click.option("--every-way", is_flag=True, help="Try every path through the flow and report.")
@click.option("--screen", default="", metavar="ID", help="Start on this screen.")
@click.option(
    "--data", metavar="JSON", help="Data that the message passes to the first screen, as JSON."
)
@click.option("--flow-token", default="unused", metavar="TEXT", help="The message's flow_token.")
@click.option(
    "--today", default="", metavar="DATE", help="Date on which calendars open, YYYY-MM-DD."
)
@click.option(
    "--endpoint",
    metavar="FILE.py:NAME",
    help="Python function or Endpoint object that answers the flow's endpoint requests.",
)
@json_option
def command(
    file: str,
    answers: str | None,
    every_way: bool,
    screen: str,
    data: str | None,
    flow_token: str,
    today: str,
    endpoint: str | None,
    as_json: bool,
) -> None:
    """Play the flow in FILE and print its response as JSON.

    On a terminal it asks what to do, screen by screen. With --answers it follows a script: a list
    of steps such as `- fill: {Name: Ines}`, `- choose: {Room: Double}` and `- tap: Continue`. A
    FILE of `-` is standard input. Without --data, the first screen uses its `__example__` values.

    Example: waflows play booking.json --answers answers.yaml
    """
    flow = _loaded(file)
    message = _object(data) if data is not None else None
    steps = play_answers.read(answers) if answers is not None else []
    answering = endpoint_function(endpoint) if endpoint else None
    if screen and screen not in flow.screens:
        raise OperatorError(f"--screen: {file} has no screen {screen}.")
    if every_way:
        found = explore(
            flow,
            endpoint=answering,
            screen=screen,
            data=message,
            flow_token=flow_token,
            today=today,
        )
        _report(found, as_json)
        return
    scripted = play_answers.endpoint_of(steps)
    try:
        phone = Phone(
            flow,
            endpoint=scripted or answering,
            screen=screen,
            data=message,
            flow_token=flow_token,
            today=today,
        )
        if answers is not None:
            play_answers.play(phone, steps)
        elif sys.stdin.isatty():
            play_by_hand.play(phone)
        else:
            raise OperatorError("There is no terminal for input; pass a script with --answers.")
    except FlowExpectationError as error:
        raise NotPlayedToTheEnd(_shown(str(error))) from None
    if phone.screen.phase is not Phase.COMPLETED:
        drawn = _shown(draw(phone.screen))
        raise NotPlayedToTheEnd(f"The flow was not completed; it ended on\n\n{drawn}")
    print_json(phone.response)


def _loaded(file: str) -> Flow:
    try:
        return runtime.load(flow_files.read(file))
    except runtime.Unplayable as error:
        raise NotPlayedToTheEnd(f"{file} cannot be played. {error}") from None


def _object(data: str) -> dict[str, Any]:
    try:
        return msgspec.json.decode(data, type=dict[str, Any])
    except msgspec.MsgspecError as error:
        raise OperatorError(f"--data must be a JSON object: {error}") from None


def _report(found: Exploration, as_json: bool) -> None:
    if as_json or not sys.stdout.isatty():
        print_json(found)
    else:
        click.echo(_shown(found.report()))
    if not found.endings:
        raise NotPlayedToTheEnd("No path leads to the end of the flow.")


def _shown(drawn: str) -> str:
    return "\n".join(map(visible, drawn.splitlines()))
