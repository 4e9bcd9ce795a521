"""One grammar for bindings, backtick expressions and conditions.

Tightest first: literals, bindings and parentheses; `!` and unary `-`; `*` `/` `%`; `+` `-`;
`<` `<=` `>` `>=`; `==` `!=`; `&&`; `||`; and, between backticks only, values set side by side.
Meta documents no order beyond "&& first"; its examples put comparisons in parentheses.
A condition knows no arithmetic: there a `-` is part of a number.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import zip_longest

from waflows.flowjson.expressions import lexer
from waflows.flowjson.expressions.lexer import Token
from waflows.flowjson.expressions.tree import (
    Binary,
    Concatenation,
    Expression,
    Kind,
    Literal,
    Node,
    Problem,
    Span,
    Unary,
)

_LEVELS = {
    "||": 1,
    "&&": 2,
    "==": 3,
    "!=": 3,
    "<": 4,
    "<=": 4,
    ">": 4,
    ">=": 4,
    "+": 5,
    "-": 5,
    "*": 6,
    "/": 6,
    "%": 6,
}
_ARITHMETIC = {"+", "-", "*", "/", "%"}
_COMPARISONS = {"==", "!=", "<", "<=", ">", ">="}
_LONGEST_KEPT = 300
_MOST_OPERATORS = 200
_DEEPEST = 25


class _Wrong(Exception):
    def __init__(self, kind: str, span: Span, **words: object) -> None:
        self.problem = Problem(kind, span, words)


def classify(text: str) -> Kind | None:
    """What a property's string is: a binding, an expression, text with a binding, or None."""
    if len(text) > 1 and text[0] == "`" and text[-1] == "`":
        return "nested"
    if "${" not in text:
        return None
    return "binding" if _is_reference(text) else "text"


def _is_reference(text: str) -> bool:
    kept = len(text) <= _LONGEST_KEPT
    return _is_kept_reference(text) if kept else lexer.reference(text) is not None


@lru_cache(maxsize=4096)
def _is_kept_reference(text: str) -> bool:
    return lexer.reference(text) is not None


def parse(text: str, kind: Kind) -> Expression:
    """Parses a string as what `classify` said it is, or as a condition. Raises nothing."""
    return _parse_once(text, kind) if len(text) <= _LONGEST_KEPT else _parse(text, kind)


def _parse(text: str, kind: Kind) -> Expression:
    if kind == "binding":
        whole = lexer.reference(text)
        return Expression(kind=kind, text=text, tree=whole, references=(whole,) if whole else ())
    references = lexer.references(text)
    if kind == "text":
        return Expression(kind=kind, text=text, tree=None, references=references)
    start, end = (1, len(text) - 1) if kind == "nested" else (0, len(text))
    found = lexer.tokens(text, start, end)
    if isinstance(found, Problem):
        return Expression(kind=kind, text=text, tree=None, references=references, problem=found)
    parser = _Parser(text, found, kind == "condition", (start, end))
    try:
        parser.check_signs()
        tree = parser.whole()
    except _Wrong as wrong:
        return Expression(
            kind=kind, text=text, tree=None, references=references, problem=wrong.problem
        )
    return Expression(kind=kind, text=text, tree=tree, references=references, loose=parser.loose)


_parse_once = lru_cache(maxsize=4096)(_parse)


class _Parser:
    def __init__(self, text: str, tokens: list[Token], condition: bool, bounds: Span) -> None:
        self.text = text
        self.tokens = tokens
        self.condition = condition
        self.bounds = bounds
        self.index = 0
        self.depth = 0
        self.loose: Span | None = None
        self.grouped: set[int] = set()

    def whole(self) -> Node:
        if not self.tokens:
            raise _Wrong("empty", self.bounds)
        operators = sum(token.kind == "operator" for token in self.tokens)
        if operators > _MOST_OPERATORS:
            raise _Wrong("too-long", self.bounds, limit=_MOST_OPERATORS)
        tree = self._row()
        if self.index < len(self.tokens):
            token = self.tokens[self.index]
            raise _Wrong("unopened", token.span, col=token.span[0])
        return tree

    def check_signs(self) -> None:
        """In a condition a minus sign belongs to the number right behind it."""
        for token, after in zip_longest(self.tokens, self.tokens[1:]):
            if not self.condition or token.kind != "operator" or token.text != "-":
                continue
            if after is None or after.kind != "number" or after.span[0] != token.span[1]:
                raise _Wrong("negative", token.span)

    def _row(self) -> Node:
        """Values side by side, up to a closing parenthesis or the end."""
        parts = [self._level(1)]
        while (token := self._peek()) is not None and token.kind != ")":
            if self.condition:
                first, second = self._words(parts[-1].span), token.text
                raise _Wrong("no-operator", token.span, firstValue=first, secondValue=second)
            parts.append(self._level(1))
        if len(parts) == 1:
            return parts[0]
        return Concatenation(tuple(parts), (parts[0].span[0], parts[-1].span[1]))

    def _level(self, lowest: int) -> Node:
        left = self._operand()
        while (token := self._peek()) is not None and token.kind == "operator":
            level = self._binary_level(token)
            if level is None or level < lowest:
                break
            self.index += 1
            self._expect_operand(token)
            right = self._level(level + 1)
            self._watch(token, left, right)
            span = (left.span[0], right.span[1])
            left = Binary(token.text, left, right, token.span, span)
        return left

    def _binary_level(self, token: Token) -> int | None:
        level = _LEVELS.get(token.text)
        if level is None and token.text == "!" and not self.condition:
            return None
        if level is None or (self.condition and token.text in _ARITHMETIC):
            if token.text == "!":
                raise self._misplaced(token, self.tokens[self.index - 1].text)
            raise _Wrong("operator", token.span, operator=token.text, col=token.span[0])
        return level

    def _expect_operand(self, operator: Token) -> None:
        """After an operator: something that can begin an operand."""
        following = self._peek()
        if following is None or following.kind == ")":
            raise _Wrong("no-operand", operator.span, operator=operator.text)
        if following.kind == "operator" and following.text not in {"!", "-"}:
            self._known(following)
            raise self._misplaced(following, operator.text)

    def _operand(self) -> Node:
        token = self._peek()
        if token is None:
            raise _Wrong("unclosed", (self.bounds[1] - 1, self.bounds[1]))
        self.index += 1
        if token.kind == "reference":
            found = lexer.reference(token.text, token.span[0])
            if found is None:
                col = token.span[0]
                raise _Wrong("operand", token.span, operand=token.text, col=col)
            return found
        if token.kind == "string":
            return Literal(lexer.unquoted(token.text), token.text, token.span)
        if token.kind == "number":
            number = float(token.text) if "." in token.text else _integer(token.text)
            return Literal(number, token.text, token.span)
        if token.kind == "word":
            if token.text in {"true", "false"}:
                return Literal(token.text == "true", token.text, token.span)
            raise _Wrong("literal", token.span, literal=token.text)
        if token.kind == "(":
            return self._group(token)
        if token.kind == ")":
            raise _Wrong("unopened", token.span, col=token.span[0])
        return self._prefixed(token)

    def _group(self, opening: Token) -> Node:
        following = self._peek()
        if following is not None and following.kind == ")":
            span = (opening.span[0], following.span[1])
            raise _Wrong("empty-parentheses", span, col=span[0])
        self._deeper(opening)
        inner = self._row() if following is not None else None
        closing = self._peek()
        if inner is None or closing is None:
            raise _Wrong("unclosed", opening.span)
        self.index += 1
        self.depth -= 1
        self.grouped.add(id(inner))
        return inner

    def _prefixed(self, token: Token) -> Node:
        following = self._peek()
        if token.text not in {"!", "-"}:
            self._known(token)
            raise self._misplaced(token, following.text if following is not None else "")
        if following is None:
            raise _Wrong("no-operand", token.span, operator=token.text)
        self._deeper(token)
        operand = self._operand()
        self.depth -= 1
        if self.condition and isinstance(operand, Literal) and token.text == "-":
            value = operand.value
            assert isinstance(value, int | float)
            span = (token.span[0], operand.span[1])
            return Literal(-value, self._words(span), span)
        return Unary(token.text, operand, (token.span[0], operand.span[1]))

    def _known(self, token: Token) -> None:
        known = token.text in lexer.OPERATORS
        if not known or (self.condition and token.text in _ARITHMETIC):
            raise _Wrong("operator", token.span, operator=token.text, col=token.span[0])

    def _misplaced(self, token: Token, neighbour: str) -> _Wrong:
        return _Wrong("misplaced", token.span, operator=token.text, firstValue=neighbour)

    def _deeper(self, token: Token) -> None:
        self.depth += 1
        if self.depth > _DEEPEST:
            raise _Wrong("too-deep", token.span, limit=_DEEPEST)

    def _watch(self, operator: Token, left: Node, right: Node) -> None:
        """Notes a comparison without parentheses beside a logical operator."""
        if operator.text not in {"&&", "||"} or self.loose is not None:
            return
        for side in (left, right):
            bare = isinstance(side, Binary) and side.operator in _COMPARISONS
            if bare and id(side) not in self.grouped:
                self.loose = side.span
                return

    def _peek(self) -> Token | None:
        return self.tokens[self.index] if self.index < len(self.tokens) else None

    def _words(self, span: Span) -> str:
        return self.text[span[0] : span[1]]


def _integer(digits: str) -> int | float:
    return int(digits) if len(digits) < 4000 else float(digits)
