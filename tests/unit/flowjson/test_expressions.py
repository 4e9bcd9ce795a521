"""The language of bindings, backtick expressions and conditions."""

import pytest

from waflows.flowjson import expressions, lint
from waflows.flowjson.examples import INPUT, page
from waflows.flowjson.expressions import Binary, Concatenation, Literal, Node, Reference, Unary
from waflows.flowjson.expressions.typing import type_of


def tree(text: str, kind: expressions.Kind = "nested") -> Node:
    parsed = expressions.parse(f"`{text}`" if kind == "nested" else text, kind)
    assert parsed.problem is None
    assert parsed.tree is not None
    return parsed.tree


def shape(node: Node) -> str:
    """The tree in prefix form."""
    if isinstance(node, Reference | Literal):
        return node.text
    if isinstance(node, Unary):
        return f"({node.operator} {shape(node.operand)})"
    if isinstance(node, Binary):
        return f"({node.operator} {shape(node.left)} {shape(node.right)})"
    return f"[{' '.join(shape(part) for part in node.parts)}]"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("${data.name}", "binding"),
        ("${form.First Name & Title}", "binding"),
        ("${screen.ONE.form.name}", "binding"),
        ("`'a'`", "nested"),
        ("Hi ${data.name}", "text"),
        ("${name}", "text"),
        ("${data}", "text"),
        ("${screen.ONE.form}", "text"),
        ("${data.a${b}}", "text"),
        ("plain", None),
        ("`", None),
        ("$data.name", None),
    ],
)
def test_a_string_is_classified_by_its_form(text: str, kind: str | None) -> None:
    assert expressions.classify(text) == kind


def test_a_reference_is_read_into_its_parts() -> None:
    assert tree("${screen.ONE.data.a.b}", "binding") == Reference(
        "data", ("a", "b"), "${screen.ONE.data.a.b}", (0, 22), "ONE"
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 + 2 * 3", "(+ 1 (* 2 3))"),
        ("1 - 2 - 3", "(- (- 1 2) 3)"),
        ("(1 - 2) % 3", "(% (- 1 2) 3)"),
        ("1 < 2 == true", "(== (< 1 2) true)"),
        ("true && false || true", "(|| (&& true false) true)"),
        ("true || false && true", "(|| true (&& false true))"),
        ("'a' ${data.b} 'c'", "['a' ${data.b} 'c']"),
        ("'sum: ' ${data.a} / ${form.b}", "['sum: ' (/ ${data.a} ${form.b})]"),
        ("'x' -5", "(- 'x' 5)"),
        ("-5 + 1", "(+ (- 5) 1)"),
        ("!${data.a} && true", "(&& (! ${data.a}) true)"),
        ("'a' ('b' 'c')", "['a' ['b' 'c']]"),
    ],
)
def test_operators_bind_in_the_documented_order(text: str, expected: str) -> None:
    assert shape(tree(text)) == expected


def test_a_condition_takes_a_minus_sign_into_the_number() -> None:
    assert shape(tree("${data.a} > -1.5", "condition")) == "(> ${data.a} -1.5)"


def test_spans_count_characters_of_the_string() -> None:
    node = tree("'ab' ${data.c}")
    assert isinstance(node, Concatenation)
    assert [part.span for part in node.parts] == [(1, 5), (6, 15)]


@pytest.mark.parametrize(
    ("text", "value"),
    [(r"'it\'s'", "it's"), (r"'a\`b'", "a`b"), (r"'a\\`b'", "a`b"), (r"'a\\b'", "a\\b")],
)
def test_a_literal_says_what_its_escapes_mean(text: str, value: str) -> None:
    node = tree(text)
    assert isinstance(node, Literal)
    assert node.value == value


@pytest.mark.parametrize(
    ("text", "kind", "span"),
    [
        ("", "empty", (1, 1)),
        ("Total: 1", "character", (6, 7)),
        ("'a", "open-quote", (1, 3)),
        ("total", "literal", (1, 6)),
        ("1 +", "no-operand", (3, 4)),
        ("+ 1", "misplaced", (1, 2)),
        ("1 + * 2", "misplaced", (5, 6)),
        ("()", "empty-parentheses", (1, 3)),
        ("(1", "unclosed", (1, 2)),
        ("1)", "unopened", (2, 3)),
        ("1a", "literal", (1, 3)),
        ("${x", "operand", (1, 4)),
        ("1 === 1", "operator", (5, 6)),
    ],
)
def test_a_broken_expression_has_its_problem_at_a_character(
    text: str, kind: str, span: tuple[int, int]
) -> None:
    parsed = expressions.parse(f"`{text}`", "nested")
    assert parsed.tree is None
    assert parsed.problem is not None
    assert (parsed.problem.kind, parsed.problem.span) == (kind, span)


def test_references_are_known_also_of_a_broken_expression() -> None:
    parsed = expressions.parse("(${data.a} ${form.b}", "condition")
    assert [reference.text for reference in parsed.references] == ["${data.a}", "${form.b}"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [("1 + 1", "number"), ("1 < 2", "boolean"), ("'a' 1", "string"), ("${data.a}", None)],
)
def test_an_expression_has_the_type_of_what_it_gives(text: str, expected: str | None) -> None:
    assert type_of(tree(text), lambda _: None) == expected


@pytest.mark.parametrize(
    "text", ["(" * 10_000, "!" * 10_000, "1 + " * 10_000 + "1", "'a' " * 10_000]
)
def test_an_expression_of_any_size_is_survived(text: str) -> None:
    for kind in ("nested", "condition"):
        expressions.parse(f"`{text}`", kind)


def test_a_problem_is_placed_past_the_escapes_of_the_string() -> None:
    text = page(INPUT, r'{ "type": "TextBody", "text": "`\"x ${form.city}`" }')
    [found] = [each for each in lint(text).diagnostics if each.rule == "expression-syntax"]
    line = text.split("\n")[found.line_start - 1]
    assert found.message == 'Unexpected """ at character 0'
    assert line[found.column_start - 1 : found.column_end] == r"\""


def test_the_message_reported_from_live_validation_is_given() -> None:
    text = page(INPUT, '{ "type": "TextBody", "text": "`Fecha requerida: ${form.city}`" }')
    [found] = lint(text).diagnostics
    assert found.message == 'Unexpected ":" at character 15'
