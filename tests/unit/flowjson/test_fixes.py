"""Fixes are edits: what they make is right, and nothing else changes."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from harness.corpus import own_documents
from harness.mutations import Mutator
from hypothesis import given, settings
from hypothesis import strategies as st

from waflows.flowjson import examples, fixes, lint
from waflows.flowjson.near_misses import slip_of

_INPUT = '{ "type": "TextInput", "name": "n", "label": "Name", "required": true }'
_PAGE = examples.page(_INPUT)
_DOCUMENTS = [
    text
    for text in (document.decode("utf-8-sig") for document in own_documents())
    if len(text) < 20_000
]
_VALID = [text for text in _DOCUMENTS if not lint(text).diagnostics]
_MUTATOR = Mutator()


def errors(text: str) -> int:
    return sum(found.severity == "error" for found in lint(text).diagnostics)


def is_json(text: str) -> bool:
    try:
        json.loads(text.removeprefix("\ufeff"))
    except ValueError:
        return False
    return True


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ('"on-click-action"', '"on_click_action"'),
        ('"on-click-action"', '"onClickAction"'),
        ('"label"', '"lable"'),
        ('"TextInput"', '"textinput"'),
        ('"TextInput"', '"TextInptu"'),
        ('"SingleColumnLayout"', '"singleColumnLayout"'),
        ('"complete"', '"Complete"'),
        ("true", '"true"'),
        ('"version": "7.3"', '"version": 7.3'),
        ('"required": true }', '"required": true, }'),
        ('"name": "n",', '"name": "n",,'),
        ('"name": "n",', '"name": "n"'),
        ('"label": "Name"', "“label”: “Name”"),
        ("true", "True"),
    ],
)
def test_a_slip_is_put_right_and_every_other_byte_stays(right: str, wrong: str) -> None:
    assert _PAGE.count(right) >= 1
    text = _PAGE.replace(right, wrong)

    fixed = fixes.fix(text)

    assert lint(text).diagnostics
    assert fixed.text == _PAGE
    assert fixed.applied >= 1


def test_a_number_in_quotes_loses_them() -> None:
    text = examples.page(_INPUT.replace(" }", ', "max-chars": "5" }'))

    assert fixes.fix(text).text == text.replace('"5"', "5")


def test_a_navigate_to_a_screen_that_declares_nothing_gets_an_empty_payload() -> None:
    bare = '{ "name": "navigate", "next": { "type": "screen", "name": "END" } }'
    screen = '{ "type": "EmbeddedLink", "text": "On", "on-click-action": ' + bare + " }"
    end = examples.a_screen("END", examples.FOOTER, head='"terminal": true')
    text = examples.a_flow(examples.a_screen("ONE", screen, examples.go("END")), end)

    wanted = text.replace(bare, bare.replace('gate"', 'gate", "payload": {}'))
    assert fixes.fix(text).text == wanted
    assert not lint(wanted).diagnostics
    misspelt = text.replace(bare, bare.replace('gate"', 'gate", "Payload": {}'))
    assert fixes.fix(misspelt).text == misspelt.replace('"Payload"', '"payload"')


@pytest.mark.parametrize("comment", ["// a note", "# a note", "/* a\n note */"])
def test_a_comment_is_removed(comment: str) -> None:
    text = _PAGE.replace('"name": "n",', f'"name": "n", {comment}\n')

    assert fixes.fix(text).text == text.replace(comment, "")


@pytest.mark.parametrize("text", ["[1/**/2]", "{1/**/:2}", '["He said “hi”, x" y]', "“He said "])
def test_what_is_not_json_after_the_fixes_is_left_alone(text: str) -> None:
    assert fixes.fix(text) == fixes.Fixed(text, 0)


def test_typographic_quotes_inside_a_string_stay() -> None:
    text = _PAGE.replace('"Name"', '"the “name”, please"').replace('"n"', "“n”")

    assert fixes.fix(text).text == text.replace("“n”", '"n"')


def test_guesses_are_made_only_when_wanted() -> None:
    text = examples.page(
        _INPUT.replace('"TextInput"', '"TextField"').replace("}", ', "hint": "x" }')
    )

    assert fixes.fix(text).text == text
    fixed = fixes.fix(text, unsafe=True).text
    assert fixed == text.replace("TextField", "TextInput").replace("hint", "helper-text")


def test_a_property_of_another_toolkit_is_renamed_only_if_its_value_fits() -> None:
    picker = '{ "type": "PhotoPicker", "name": "p", "label": "P", "required": true }'
    text = examples.page(picker)

    assert errors(text)
    assert fixes.fix(text, unsafe=True) == fixes.Fixed(text, 0)


@pytest.mark.parametrize(
    "doubtful",
    [
        '{ "type": "TextBody", "txt": "Hi" }',
        '{ "type": "TextBody", "text": "Hi", "Text": "Ho" }',
        '{ "type": "TextBody", "TEXT": "Hi", "Text": "Ho" }',
        '{ "type": "TextBody", "Text": "Hi", "Text": "Ho" }',
        '{ "type": "Texts", "text": "Hi" }',
    ],
)
def test_what_is_in_doubt_is_left_alone(doubtful: str) -> None:
    text = examples.page(doubtful)

    assert errors(text)
    assert fixes.fix(text) == fixes.Fixed(text, 0)


def test_in_an_object_of_very_many_properties_no_name_is_put_right() -> None:
    crowd = "".join(f', "{number}": 0' for number in range(200))
    text = examples.page(f'{{ "type": "TextBody", "txet": "Hi"{crowd} }}')

    assert fixes.fix(text) == fixes.Fixed(text, 0)
    assert fixes.fix(text.replace(crowd, "")).text == text.replace(crowd, "").replace(
        "txet", "text"
    )


def test_a_fix_that_would_bring_more_errors_to_light_is_not_kept() -> None:
    hidden = _INPUT.replace("TextInput", "textinput").replace("label", "tag").replace("name", "id")
    text = examples.page(hidden, '{ "type": "textbody", "text": "Hi" }')

    fixed = fixes.fix(text)

    assert fixed.text == text.replace("textbody", "TextBody")
    assert errors(fixed.text) < errors(text)


def test_a_byte_order_mark_and_the_line_ends_stay() -> None:
    text = "\ufeff" + _PAGE.replace("\n", "\r\n").replace('"label"', '"lable"')

    assert fixes.fix(text).text == text.replace('"lable"', '"label"')


def test_a_text_of_many_typographic_quotes_is_fixed_in_one_pass() -> None:
    words = ", ".join(f"“word {number}”" for number in range(20_000))

    assert fixes.fix(f"[{words}]") == fixes.Fixed(
        f"[{words}]".translate({0x201C: '"', 0x201D: '"'}), 1
    )


@pytest.mark.parametrize("unsafe", [False, True])
def test_a_text_without_findings_stays_as_it_is(unsafe: bool) -> None:
    assert len(_VALID) > 50
    for text in _VALID:
        assert fixes.fix(text, unsafe=unsafe) == fixes.Fixed(text, 0)


def _slip(text: str, random: Random) -> str:
    """The text with one mistake of a kind that people make."""
    wrong: dict[str, Callable[[str], str]] = {
        r'"[a-z]+-[a-z-]+"(?=\s*:)': lambda found: found.replace("-", "_"),
        r'"[a-zA-Z-]{5,}"(?=\s*:)': lambda found: found[:2] + found[3:],
        r'"[A-Z][A-Za-z]+"': str.lower,
        r"\btrue\b|\bfalse\b": lambda found: random.choice((f'"{found}"', found.title())),
        r"\b\d+\b": lambda found: f'"{found}"',
        r'"(version|\d\.\d)"': lambda found: found.strip('"') if found[1].isdigit() else found,
        r"[\]}]": lambda found: f",{found}",
        r",": lambda found: random.choice((",,", ", // note\n", "/* note */,", "")),
        r'"[^"\\“”]*"': lambda found: f"“{found[1:-1]}”",
    }
    places = [
        (match, change)
        for pattern, change in wrong.items()
        if (found := list(re.finditer(pattern, text)))
        for match in random.sample(found, min(3, len(found)))
    ]
    if not places:
        return text
    match, change = random.choice(places)
    return text[: match.start()] + change(match[0]) + text[match.end() :]


def _check(text: str, unsafe: bool) -> None:
    """What holds for fixing any text at all."""
    fixed = fixes.fix(text, unsafe=unsafe)

    assert fixes.fix(fixed.text, unsafe=unsafe) == fixes.Fixed(fixed.text, 0)
    if is_json(text):
        assert is_json(fixed.text)
        assert errors(fixed.text) <= errors(text)
    else:
        assert fixed.text == text or is_json(fixed.text)
    if not lint(text).diagnostics:
        assert fixed.text == text


@given(st.randoms(use_true_random=False), st.booleans())
@settings(max_examples=150, deadline=None)
def test_fixing_documents_with_slips_keeps_the_promises(random: Any, unsafe: bool) -> None:
    text = random.choice(_DOCUMENTS)
    for _ in range(random.randint(1, 4)):
        text = _slip(text, random)
    _check(text, unsafe)


@given(st.randoms(use_true_random=False), st.booleans())
@settings(max_examples=100, deadline=None)
def test_fixing_documents_gone_wrong_keeps_the_promises(random: Any, unsafe: bool) -> None:
    text = _MUTATOR.document(random)
    if len(text) < 50_000:
        _check(text, unsafe)


@given(st.text(st.sampled_from('{}[],:"“”/*#\\1aT\n ')), st.booleans())
@settings(max_examples=300, deadline=None)
def test_fixing_any_text_keeps_the_promises(text: str, unsafe: bool) -> None:
    _check(text, unsafe)


@given(st.randoms(use_true_random=False))
@settings(max_examples=100, deadline=None)
def test_only_what_the_fix_of_a_finding_names_changes(random: Any) -> None:
    text = _slip(random.choice(_VALID), random)
    for found in lint(text).diagnostics:
        if found.fix is None:
            continue
        changed = fixes.apply(text, [found.fix])
        start, end = found.fix.edits[0].start, found.fix.edits[-1].end
        assert changed.startswith(text[:start])
        assert changed.endswith(text[end:])


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("on_click_action", "on-click-action"),
        ("ONCLICKACTION", "on-click-action"),
        ("titel", "title"),
        ("titl", "title"),
        ("titlee", "title"),
        ("tixle", "title"),
        ("tit", None),
        ("totally", None),
        ("mix-days", "max-days"),
        ("m-days", None),
        ("idx", None),
    ],
)
def test_a_slip_is_one_letter_or_the_way_of_writing(name: str, meant: str | None) -> None:
    known = ("on-click-action", "title", "max-days", "min-dayz", "id")
    assert slip_of(name, known) == meant


def test_a_slip_of_two_names_is_of_neither() -> None:
    assert slip_of("mix-days", ("max-days", "min-days")) is None
