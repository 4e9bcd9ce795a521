"""Rules whose examples would fill a page, or that never come alone; and further messages."""

import itertools
import json
from typing import Any

from waflows.flowjson import Diagnostic, lint
from waflows.flowjson.diagnostics import MOST_FAULTS
from waflows.flowjson.examples import (
    FOOTER,
    HEADING,
    INPUT,
    a_flow,
    a_screen,
    ask,
    endpoint_flow,
    finish,
    go,
    page,
)
from waflows.flowjson.spec.objects import MAX_BYTES

LAST = '"terminal": true'
END = a_screen("END", FOOTER, head=LAST)


def only(text: str, rule: str) -> Diagnostic:
    [found] = [each for each in lint(text).diagnostics if each.rule == rule]
    return found


def excerpt(text: str, found: Diagnostic, pointer: int = 0) -> str:
    """The text at a pointer that lies on one line."""
    at = found.pointers[pointer]
    assert at.line_start == at.line_end
    return text.split("\n")[at.line_start - 1][at.column_start - 1 : at.column_end]


def test_a_text_above_10_mb_is_refused_and_not_read() -> None:
    text = '"' + "a" * MAX_BYTES + '"'
    [found] = lint(text).diagnostics
    assert (found.rule, found.code, found.severity) == ("too-large", "WAFLOWS_TOO_LARGE", "error")
    assert found.message == "Flow JSON is 10485762 bytes long; at most 10485760 are allowed."
    assert (found.line_start, found.column_start, found.column_end) == (1, 1, 1)


def test_the_size_is_that_of_the_text_in_utf_8() -> None:
    text = '"' + "é" * (MAX_BYTES // 2) + '"'
    assert [found.rule for found in lint(text).diagnostics] == ["too-large"]
    assert [found.rule for found in lint(text.encode()).diagnostics] == ["too-large"]


def test_a_flow_has_at_most_100_screens() -> None:
    names = [f"S_{chr(65 + i // 10)}{chr(65 + i % 10)}" for i in range(101)]
    screens = [a_screen(a, go(b)) for a, b in itertools.pairwise(names)]
    text = a_flow(*screens, a_screen(names[-1], FOOTER, head=LAST))
    found = only(text, "max-screens")
    assert found.code == "MAX_SCREENS_NUMBER"
    assert found.message == "Maximum number of screens allowed per Flow is 100 but found 101."
    assert (found.path, found.line_start) == ("screens", 3)
    assert excerpt(text, found) == '"screens"'
    assert not lint(a_flow(*screens[1:], a_screen(names[-1], FOOTER, head=LAST))).diagnostics


def test_a_routing_model_in_which_every_screen_is_led_to_has_no_entry() -> None:
    text = endpoint_flow(
        '{ "ONE": ["TWO"], "TWO": ["END"], "END": ["ONE"] }',
        a_screen("ONE", ask()),
        a_screen("TWO", ask()),
        a_screen("END", ask(), head=LAST),
    )
    entry, loop = lint(text).diagnostics
    assert (entry.rule, entry.code) == ("rm-no-entry", "INVALID_ROUTING_MODEL")
    assert entry.message == (
        "No entry screen found in the routing model. Expected a screen with no inbound edges as "
        "the entry screen."
    )
    assert (entry.path, entry.line_start, entry.line_end) == ("routing_model", 4, 4)
    assert excerpt(text, entry) == '{ "ONE": ["TWO"], "TWO": ["END"], "END": ["ONE"] }'
    assert loop.rule == "rm-loop"


def test_success_belongs_to_a_terminal_screen() -> None:
    start = a_screen("START", go("END"), head='"success": true')
    text = a_flow(start, END)
    [found] = lint(text).diagnostics
    assert found.code == "NOT_KEYWORD_SCHEMA_VALIDATION_FAILED"
    assert found.message == "Property 'success' can only be specified on a terminal screen."
    assert (found.path, found.line_start, found.column_start) == ("screens[0]", 4, 5)
    assert text.split("\n")[found.line_end - 1][: found.column_end] == "    }"


def test_several_inputs_outside_the_form_are_named_together() -> None:
    form = '{ "type": "Form", "name": "form", "children": [{ "type": "TextInput",'
    form += ' "name": "street", "label": "Street" }] }'
    area = INPUT.replace("TextInput", "TextArea").replace("city", "town")
    [found] = lint(page(INPUT, area, form)).diagnostics
    assert found.message == (
        "Components 'TextInput', 'TextArea' are not allowed outside Form when Form component is "
        "present."
    )
    assert [pointer.path for pointer in found.pointers] == [
        "screens[0].layout.children[0]",
        "screens[0].layout.children[1]",
    ]


def test_missing_data_in_a_navigate_payload_has_its_own_wording() -> None:
    end = a_screen(
        "END", FOOTER, head=LAST + ',\n"data": { "city": { "type": "string", "__example__": "" } }'
    )
    text = a_flow(a_screen("ONE", go("END", '{ "city": "${data.town}" }')), end)
    [found] = lint(text).diagnostics
    assert found.rule == "oc-missing-data"
    assert found.message == "Missing dynamic data '${data.town}' in the screen data model."
    assert excerpt(text, found) == '"${data.town}"'


def test_a_document_picker_is_limited_like_a_photo_picker() -> None:
    picker = '{ "type": "DocumentPicker", "name": "doc", "label": "Document" }'
    text = page(picker, last=finish('{ "doc": "${form.doc}" }'))
    [found] = lint(text).diagnostics
    assert found.rule == "native-default-30"
    assert found.message == (
        "DocumentPicker can only be used in complete action payload if value of property "
        "'max-uploaded-documents' doesn't exceed 1. Default value is 30."
    )
    assert excerpt(text, found) == '"${form.doc}"'


def test_a_photo_and_a_document_picker_exclude_each_other() -> None:
    photo = '{ "type": "PhotoPicker", "name": "photo", "label": "Photo" }'
    document = photo.replace("Photo", "Document").replace('"photo"', '"document"')
    [found] = lint(page(photo, document)).diagnostics
    assert found.rule == "pickers-per-screen"
    assert found.message == (
        "You can only have a maximum of 1 component of type PhotoPicker or DocumentPicker per "
        "screen."
    )


def test_a_footer_in_an_if_within_an_if_is_warned_of() -> None:
    data = """{ "member": { "type": "boolean", "__example__": true },
      "trial": { "type": "boolean", "__example__": true } }"""
    branches = f'"then": [{FOOTER}], "else": [{FOOTER}]'
    inner = f'{{ "type": "If", "condition": "${{data.trial}}", {branches} }}'
    outer = (
        f'{{ "type": "If", "condition": "${{data.member}}", "then": [{inner}],'
        f' "else": [{FOOTER}] }}'
    )
    found = lint(page(outer, data=data, last="")).diagnostics
    assert [each.rule for each in found] == ["footer-nesting", "footer-nesting"]
    assert [each.path for each in found] == [
        "screens[0].layout.children[0].then[0].then[0]",
        "screens[0].layout.children[0].then[0].else[0]",
    ]


def navigation_list(items: list[dict[str, Any]], **more: Any) -> str:
    given = {"type": "NavigationList", "name": "list", "list-items": items, **more}
    return json.dumps(given)


def test_the_action_of_a_navigation_list_is_given_once() -> None:
    move = {"name": "navigate", "next": {"type": "screen", "name": "END"}, "payload": {}}
    item = {"id": "a", "main-content": {"title": "Rooms"}}
    acting = item | {"on-click-action": move}
    both = navigation_list([acting], **{"on-click-action": move})
    neither = navigation_list([acting, item])
    for given, words in ((both, "is given on the list and on items"), (neither, "needs an")):
        [found] = lint(a_flow(a_screen("ONE", given), END)).diagnostics
        assert found.rule == "navigation-list-action"
        assert words in found.message


def test_a_navigation_list_does_not_stand_on_a_terminal_screen() -> None:
    move = {"name": "navigate", "next": {"type": "screen", "name": "END"}, "payload": {}}
    item = {"id": "a", "main-content": {"title": "Rooms"}, "on-click-action": move}
    text = a_flow(a_screen("ONE", navigation_list([item]), FOOTER, head=LAST), END)
    assert {each.rule for each in lint(text).diagnostics} == {
        "navigation-list-screen",
        "navigation-list-terminal",
    }


def test_a_reference_to_another_screen_before_4_0_is_warned_of() -> None:
    text = a_flow(
        a_screen("ONE", go("END")),
        a_screen(
            "END", '{ "type": "TextBody", "text": "${screen.ONE.data.city}" }', FOOTER, head=LAST
        ),
        version="3.1",
    )
    found = only(text, "global-too-new")
    assert found.severity == "warning"
    assert excerpt(text, found) == '"${screen.ONE.data.city}"'


def test_nothing_is_said_about_what_stands_in_an_unknown_component() -> None:
    banner = '{ "type": "Banner", "colour": 1, "children": [{ "type": "Footer" }] }'
    assert [each.rule for each in lint(page(banner)).diagnostics] == ["schema-invalid-value"]


def test_a_reference_into_an_unknown_component_is_not_at_fault() -> None:
    banner = '{ "type": "Banner", "children": [{ "type": "TextInput", "name": "city" }] }'
    text = page(banner, last=finish('{ "city": "${form.city}" }'))
    assert [each.rule for each in lint(text).diagnostics] == ["schema-invalid-value"]


def test_an_action_that_is_missing_does_not_leave_screens_unconnected() -> None:
    bare = '{ "type": "Footer", "label": "Next" }'
    text = a_flow(a_screen("ONE", HEADING, bare), END)
    assert [each.rule for each in lint(text).diagnostics] == ["schema-required"]


def test_a_document_without_layouts_is_not_told_that_footers_are_missing() -> None:
    text = '{ "version": "7.3", "screens": [{ "id": "END", "title": "End", "terminal": true }] }'
    assert [each.rule for each in lint(text).diagnostics] == ["schema-required"]


def test_faults_come_in_the_order_of_the_text() -> None:
    text = page(
        '{ "type": "TextHeading", "text": "" }', INPUT.replace('"City"', "7"), head='"x": 1'
    )
    found = lint(text).diagnostics
    places = [(each.line_start, each.column_start) for each in found]
    assert len(found) == 3
    assert places == sorted(places)


def test_another_version_can_be_asked_for() -> None:
    text = page('{ "type": "RichText", "text": "# Terms" }')
    assert lint(text).version == "7.3"
    assert not lint(text).diagnostics
    older = lint(text, version="5.0")
    assert older.version == "5.0"
    assert [each.rule for each in older.diagnostics] == ["version-frozen", "schema-invalid-value"]
    assert "came with Flow JSON 5.1" in older.diagnostics[1].help


def test_an_unknown_version_that_is_asked_for_is_reported() -> None:
    assert [each.rule for each in lint(page(), version="99.1").diagnostics] == ["schema-missing"]
    assert [each.rule for each in lint(page(), version="x").diagnostics] == ["version-invalid"]


def test_of_more_faults_than_anybody_mends_the_first_are_reported() -> None:
    extra = ", ".join(f'"k{n}": 1' for n in range(MOST_FAULTS + 5))
    report = lint(f'{{ "version": "7.3", "screens": [], {extra} }}')
    assert len(report.diagnostics) == MOST_FAULTS
    assert not report.complete
    assert lint(page()).complete


def test_a_name_without_end_is_not_repeated_in_every_message() -> None:
    text = page('{ "type": "TextBody", "text": "${form.x}" }').replace("MAIN", "A" * 100_000)
    found = only(text, "dyn-missing-form-component")
    assert len(found.message) < 1000


def test_each_loop_of_a_routing_model_is_reported_once() -> None:
    text = endpoint_flow(
        '{ "ONE": ["TWO"], "TWO": ["END", "SIX"], "END": ["FIN"], "FIN": ["TWO"], "SIX": ["SIX"] }',
        *(a_screen(name, ask()) for name in ("ONE", "TWO", "END", "SIX")),
        a_screen("FIN", ask(), head=LAST),
    )
    loops = [each.message for each in lint(text).diagnostics if each.rule == "rm-loop"]
    assert loops == [
        "Loop detected in the routing model for screens: TWO, END, FIN.",
        "Loop detected in the routing model for screens: SIX.",
    ]


def test_routes_that_form_no_loop_are_not_taken_for_one() -> None:
    text = endpoint_flow(
        '{ "ONE": ["TWO", "SIX"], "TWO": ["FIN"], "SIX": ["FIN", "TWO"] }',
        *(a_screen(name, ask()) for name in ("ONE", "TWO", "SIX")),
        a_screen("FIN", ask(), head=LAST),
    )
    assert not lint(text).diagnostics


def test_a_flow_inside_another_object_is_one_finding_at_its_key() -> None:
    for inner, words in (
        (page(), "give the object in it"),
        (json.dumps(page()), "a quoted string"),
    ):
        [found] = lint(f'{{ "name": "orders", "flow_json": {inner} }}').diagnostics
        assert (found.code, found.path) == ("INVALID_PROPERTY_KEY", "flow_json")
        assert "The flow is inside 'flow_json'" in found.help
        assert words in found.help


def test_a_quoted_flow_is_one_finding() -> None:
    [found] = lint(json.dumps(page())).diagnostics
    assert found.rule == "schema-wrong-type"
    assert "The flow is a quoted string" in found.help


def test_a_document_of_an_unknown_version_is_read_by_the_newest() -> None:
    text = page('{ "type": "RichText", "text": "# Terms" }')
    for unknown in ("1.0", "2.2", "5.7", "6.9", "v7.3", "99.0"):
        report = lint(text.replace('"7.3"', f'"{unknown}"'))
        assert report.version == "7.3"
        [found] = report.diagnostics
        assert found.path == "version"


def unused(*children: str, last: str = FOOTER, data: str = "") -> list[str]:
    found = lint(page(*children, last=last, data=data)).diagnostics
    return [each.message.split("'")[1] for each in found if each.rule == "unused-input"]


def test_an_input_whose_value_goes_nowhere_is_warned_of_at_its_name() -> None:
    town = INPUT.replace("city", "town")
    form = f'{{ "type": "Form", "name": "form", "children": [{INPUT}, {town}] }}'
    text = page(form, last=finish('{ "city": "${form.city}" }'))
    [found] = lint(text).diagnostics
    assert (found.rule, found.severity) == ("unused-input", "warning")
    assert found.path == "screens[0].layout.children[0].children[1].name"
    assert excerpt(text, found) == '"town"'


def test_a_payload_a_condition_and_a_text_each_use_an_input() -> None:
    compared = "${form.city} == 'x'"
    condition = f'{{ "type": "If", "condition": "{compared}", "then": [{HEADING}] }}'
    shown = '{ "type": "TextBody", "text": "`\'In \' ${form.city}`" }'
    nested = finish('{ "all": { "places": ["${form.city}"] } }')
    assert unused(INPUT) == ["city"]
    assert unused(INPUT, condition) == []
    assert unused(INPUT, shown) == []
    assert unused(INPUT, last=nested) == []


def test_an_input_is_used_from_another_screen() -> None:
    for value, expected in (("${screen.ONE.form.city}", []), ("Porto", ["unused-input"])):
        last = a_screen("END", finish(f'{{ "city": "{value}" }}'), head=LAST)
        text = a_flow(a_screen("ONE", INPUT, go("END")), last)
        assert [each.rule for each in lint(text).diagnostics] == expected


def test_what_may_be_a_misspelt_reference_to_an_input_is_left_to_its_own_rule() -> None:
    for value in ("${city}", "{{form.city}}", "$form.city", "${form}", "${form.*}", "${f.city}"):
        assert unused(INPUT, last=finish(f'{{ "city": "{value}" }}')) == []
    assert unused(INPUT, last=finish('{ "city": "${form.town}" }')) == []


def test_an_input_that_acts_by_itself_or_cannot_be_filled_in_needs_no_payload() -> None:
    accept = '{ "type": "OptIn", "name": "terms", "label": "I accept", "required": true }'
    assert unused(accept) == []
    assert unused(accept.replace("true", "false")) == ["terms"]
    assert unused(INPUT.replace(" }", ', "enabled": false }')) == []
    assert unused(INPUT.replace(" }", ', "visible": false }')) == []
    data = '{ "n": { "type": "string", "__example__": "" } }'
    choice = """{ "type": "Dropdown", "name": "room", "label": "Room",
      "on-select-action": { "name": "update_data", "payload": { "n": "x" } },
      "data-source": [{ "id": "a", "title": "A" }] }"""
    assert unused(choice, data=data) == []


def test_the_use_of_inputs_is_looked_at_only_in_a_document_without_errors() -> None:
    assert unused(INPUT.replace(" }", ', "hue": 1 }')) == []


def test_a_screen_that_was_renamed_is_one_finding_at_every_place_of_its_old_name() -> None:
    text = endpoint_flow(
        '{ "ONE": ["SUMMARY"], "SUMMARY": [] }',
        a_screen("ONE", go("SUMMARY")),
        a_screen("OVERVIEW", ask(), head=LAST),
    )
    [found] = lint(text).diagnostics
    assert found.rule == "rm-invalid-source"
    assert "The screen is called OVERVIEW" in found.help
    assert [excerpt(text, found, place) for place in range(3)] == ['"SUMMARY"'] * 3
    [found] = lint(
        text.replace(', "SUMMARY": []', "").replace('"name": "SUMMARY"', '"name": "OVERVIEW"')
    ).diagnostics
    assert found.rule == "rm-invalid-destination"


def test_of_several_screens_that_were_renamed_those_that_look_alike_belong_together() -> None:
    text = endpoint_flow(
        '{ "WELCOME": ["DETAILS"], "DETAILS": ["CONFIRMATION"], "CONFIRMATION": [] }',
        a_screen("WELCOME", go("DETAIL")),
        a_screen("DETAIL", go("CONFIRM")),
        a_screen("CONFIRM", ask(), head=LAST),
    )
    found = lint(text).diagnostics
    assert [each.help.split(":")[0] for each in found] == [
        "The screen is called DETAIL",
        "The screen is called CONFIRM",
    ]


def test_an_unknown_screen_is_reported_once_for_its_routes_in_both_directions() -> None:
    text = endpoint_flow(
        '{ "ONE": ["GONE", "END"], "GONE": ["END"] }',
        a_screen("ONE", ask()),
        a_screen("END", ask(), head=LAST),
    )
    [found] = lint(text).diagnostics
    assert found.message == "Invalid screens found in the routing model: GONE."


def test_a_misspelt_screen_gets_the_screen_that_was_meant() -> None:
    text = a_flow(a_screen("ONE", go("CONFRIM")), a_screen("CONFIRM", FOOTER, head=LAST))
    assert only(text, "nav-unknown-screen").help == "Did you mean 'CONFIRM'?"


DECIDED = {"condition-never", "condition-repeated", "switch-case-never"}


def decided(*conditions: str, branch: str = "then") -> list[str]:
    """The rules that object to conditions of Ifs, each inside the branch of the one before."""
    data = """{ "plan": { "type": "string", "__example__": "a" },
      "n": { "type": "number", "__example__": 1 },
      "on": { "type": "boolean", "__example__": true },
      "open": { "type": "boolean", "__example__": true } }"""
    child = HEADING
    for condition in reversed(conditions):
        then = f'"then": [{child if branch == "then" else HEADING}]'
        other = f', "else": [{child}]' if branch == "else" else ""
        child = f'{{ "type": "If", "condition": "{condition}", {then}{other} }}'
    report = lint(page(child, data=data))
    assert not report.has_errors
    return [each.rule for each in report.diagnostics if each.rule in DECIDED]


def test_a_condition_that_contradicts_itself_is_never_true() -> None:
    for condition in (
        "(${data.plan} == 'a') && (${data.plan} == 'b')",
        "(${data.plan} == 'a') && (${data.plan} != 'a')",
        "${data.on} && !${data.on}",
        "(${data.n} == 1) && ${data.on} && (${data.n} == 2)",
    ):
        assert decided(condition) == ["condition-never"]


def test_a_condition_that_says_the_same_twice_is_repeated() -> None:
    assert decided("${data.on} && ${data.on}") == ["condition-repeated"]
    assert decided("(${data.n} > 1) && (${data.n}  >  1)") == ["condition-repeated"]


def test_an_if_inside_another_is_decided_by_it() -> None:
    assert decided("${data.on}", "${data.on}") == ["condition-repeated"]
    assert decided("${data.on}", "!${data.on}") == ["condition-never"]
    assert decided("${data.on}", "${data.on}", branch="else") == ["condition-never"]
    assert decided("${data.on}", "!${data.on}", branch="else") == ["condition-repeated"]
    assert decided("${data.plan} != 'a'", "${data.plan} == 'b'", branch="else") == [
        "condition-never"
    ]


def test_conditions_that_may_each_be_true_or_false_are_left_alone() -> None:
    assert decided("(${data.plan} == 'a') || (${data.plan} == 'b')") == []
    assert decided("(${data.plan} != 'a') && (${data.plan} != 'b')") == []
    assert decided("(${data.n} > 1) && (${data.n} < 5)") == []
    assert decided("${data.on}", "${data.open}") == []
    assert decided("${data.plan} == 'a'", "${data.plan} == 'b'", branch="else") == []
    assert decided("${data.on} && ${data.open}", "${data.on}", branch="else") == []


def test_a_case_that_is_none_of_the_options_is_never_taken() -> None:
    choice = """{ "type": "Dropdown", "name": "room", "label": "Room",
      "data-source": [{ "id": "a", "title": "A" }, { "id": "b", "title": "B" }] }"""
    cases = f'"a": [{HEADING}], "c": [{HEADING}], "default": [{HEADING}]'
    switch = f'{{ "type": "Switch", "value": "${{form.room}}", "cases": {{ {cases} }} }}'
    text = page(choice, switch)
    [found] = lint(text).diagnostics
    assert (found.rule, found.message) == ("switch-case-never", "'${form.room}' is never 'c'.")
    assert excerpt(text, found) == '"c"'
    assert found.help == "Use one of a, b."
