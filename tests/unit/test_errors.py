"""The family of errors: a message each, and an answer each."""

from __future__ import annotations

from collections.abc import Iterator

from waflows import errors
from waflows.http.refusals import Dialect, answer_to

Kind = type[errors.WaflowsError]


def family(kind: Kind = errors.WaflowsError) -> Iterator[Kind]:
    """The errors that the product shares; packages may have more of their own."""
    for child in kind.__subclasses__():
        if child.__module__ == errors.__name__:
            yield child
            yield from family(child)


def test_the_tree_at_the_top_of_the_module_names_every_error() -> None:
    assert errors.__doc__ is not None
    for kind in family():
        assert kind.__name__ in errors.__doc__


def test_the_docstring_of_an_error_is_its_default_message() -> None:
    assert errors.NotFound().message == "Not found."
    assert errors.NotFound("Flow 1 is gone.").message == "Flow 1 is gone."


def test_every_error_a_client_can_meet_has_an_answer_of_its_own_in_each_dialect() -> None:
    dialects: list[Dialect] = ["reference", "guide"]
    for dialect in dialects:
        # Two say themselves how they are answered.
        for kind in set(family()) - {errors.InvalidMessage, errors.DeliberateFault}:
            answer = answer_to(kind.__new__(kind), dialect)
            if kind is not errors.OperatorError and kind is not errors.HttpRefusal:
                told: dict[Kind, int] = {
                    errors.Unavailable: 503,
                    errors.Overloaded: 503,
                    errors.ShuttingDown: 503,
                    errors.Unsupported: 501,
                }
                assert answer.status < 500 or answer.status == told[kind], kind


def test_every_fault_of_a_message_has_a_code_of_its_own() -> None:
    faults = [errors.InvalidMessage(fault, "No.") for fault in errors.MessageProblem]

    answers = [answer_to(fault, "reference") for fault in faults]

    assert {answer.status for answer in answers} == {400}
    assert len({answer.code for answer in answers}) == len(faults)


def test_a_step_that_came_too_late_is_told_from_one_that_is_wrong() -> None:
    dialects: list[Dialect] = ["reference", "guide"]
    for dialect in dialects:
        assert answer_to(errors.OvertakenStep(), dialect).status == 409
    assert answer_to(errors.NotPossible(), "reference").status == 400
