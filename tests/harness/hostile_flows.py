"""Flow JSON written to be expensive to check, in any size, and clean ones to compare with.

Each shape is a document with one place that is filled with as many parts as fit. What each aims at
is in its name: a rule that compares everything with everything, a walk that looks up from every
place of a deep tree, a report with a fault for every few characters.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

HERE = "@"
_TEXT = '{"type":"TextBody","text":"a"}'
_FOOTER = '{"type":"Footer","label":"Go","on-click-action":{"name":"complete","payload":{}}}'
_NUMBER = '{"x":{"type":"number","__example__":1}}'
_ASK = '{"type":"Footer","label":"Go","on-click-action":{"name":"complete","payload":{@}}}'
_LINK = (
    '{"type":"EmbeddedLink","text":"a","on-click-action":{"name":"navigate","payload":{},'
    '"next":{"type":"screen","name":"END"}}}'
)
_DEEP = 60

Part = Callable[[int], str]


def _flow(screens: str, top: str = "") -> str:
    return f'{{"version":"7.1",{top}"screens":[{screens}]}}'


def _screen(children: str, data: str = "{}", name: str = "MAIN", more: str = "") -> str:
    return (
        f'{{"id":"{name}","title":"T","terminal":true,{more}"data":{data},'
        f'"layout":{{"type":"SingleColumnLayout","children":[{children}]}}}}'
    )


def _within(opening: str, closing: str) -> str:
    return _screen(opening * _DEEP + HERE + closing * _DEEP, _NUMBER)


def _fields(number: int) -> str:
    return ",".join(f'"f{n}":{{}}' for n in range(number))


def _clean_screen(index: int) -> str:
    letters = "".join(chr(65 + int(digit)) for digit in str(index))
    children = (
        '{"type":"TextInput","name":"n","label":"Name"},{"type":"TextBody","text":"${data.x}"},'
    )
    return _screen(children + _FOOTER, '{"x":{"type":"string","__example__":"a"}}', f"S_{letters}")


SHAPES: dict[str, tuple[str, Part]] = {
    "screens without anything": ('{"screens":[@]}', lambda _: "{}"),
    "screens of one id": (_flow(HERE), lambda _: '{"id":"A"}'),
    "pairs of screens with one id": (_flow(HERE), lambda n: f'{{"id":"A{n // 2}"}}'),
    "components without anything": (_flow(_screen(HERE)), lambda _: "{}"),
    "components of unknown types": (_flow(_screen(HERE)), lambda n: f'{{"type":"TextBodi{n}"}}'),
    "lists in lists": ("[@]", lambda _: "[[]]"),
    "misspelt properties": (
        _flow(_screen(HERE)),
        lambda n: f'{{"type":"TextBody","text":"a","labe{n}":1}}',
    ),
    "numbers for texts": (_flow(_screen(HERE)), lambda _: '{"type":"TextBody","text":1}'),
    "keys given twice": (_flow('{"id":"A",@}'), lambda _: '"a":1'),
    "numbers behind one key given twice": (
        '{"version":"7.1","version":"7.1","screens":[{"data":{"a":[@]}}]}',
        lambda _: "1",
    ),
    "half surrogates": (_flow('{"data":{"a":[@]}}'), lambda _: r'"\ud800"'),
    "fields without a type": (_flow(_screen(_FOOTER, "{@}")), lambda n: f'"k{n}":{{}}'),
    "fields below long keys": (
        _flow(
            _screen(
                _FOOTER,
                "{"
                + f'"{"k" * 300}":{{"type":"object","properties":{{' * _DEEP
                + HERE
                + "}}" * _DEEP
                + "}",
            )
        ),
        lambda n: f'"p{n}":{{}}',
    ),
    "bindings to nothing": (
        _flow(_screen(HERE)),
        lambda n: f'{{"type":"TextBody","text":"${{data.x{n}}}"}}',
    ),
    "bindings to screens that are not there": (
        _flow(_screen(HERE)),
        lambda n: f'{{"type":"TextBody","text":"${{screen.S{n}.data.x}}"}}',
    ),
    "payload values bound to nothing": (_flow(_screen(_ASK)), lambda n: f'"k{n}":"${{data.x}}"'),
    "payload texts of 200 bindings": (
        _flow(_screen(_ASK)),
        lambda n: f'"k{n}":"a{"${data.x} " * 200}"',
    ),
    "a long text with bindings at its end": (
        _flow(_screen(_ASK.replace(HERE, f'"a":"@{"${data.x} " * 190}"'))),
        lambda _: r"\n" * 100,
    ),
    "rows of values between backticks": (
        _flow(_screen(HERE)),
        lambda _: f'{{"type":"TextBody","text":"`{"1 " * 1900}`"}}',
    ),
    "sums between backticks": (
        _flow(_screen(HERE, _NUMBER)),
        lambda _: f'{{"type":"TextBody","text":"`1{" + ${data.x}" * 190}`"}}',
    ),
    "conditions of sixty comparisons": (
        _flow(_screen(HERE, _NUMBER)),
        lambda _: (
            f'{{"type":"If","condition":"(1 == ${{data.x}}){" && (1 == ${data.x})" * 60}",'
            f'"then":[{_TEXT}]}}'
        ),
    ),
    "texts below sixty Ifs": (
        _flow(_within('{"type":"If","condition":"${data.x}","then":[', "]}")),
        lambda _: _TEXT,
    ),
    "footers below sixty Ifs": (
        _flow(_within('{"type":"If","condition":"${data.x}","then":[', "]}")),
        lambda _: '{"type":"Footer","label":"a"}',
    ),
    "inputs of one name below sixty Forms": (
        _flow(_within('{"type":"Form","name":"f","children":[', "]}")),
        lambda _: '{"type":"TextInput","name":"a","label":"a"}',
    ),
    "cases without components": (
        _flow(_screen('{"type":"Switch","value":"${data.x}","cases":{@}}')),
        lambda n: f'"c{n}":[]',
    ),
    "cases with a footer, all but one": (
        _flow(_screen(f'{{"type":"Switch","value":"${{data.x}}","cases":{{@,"z":[{_TEXT}]}}}}')),
        lambda n: f'"c{n}":[{{"type":"Footer","label":"a"}}]',
    ),
    "routes from one screen to the next": (
        _flow("", '"data_api_version":"3.0","routing_model":{@},'),
        lambda n: f'"S{n}":["S{n + 1}"]',
    ),
    "routes back to where they come from": (
        _flow(
            ",".join(f'{{"id":"S{n}"}}' for n in range(3000)),
            '"data_api_version":"3.0","routing_model":{@},',
        ),
        lambda n: f'"S{n}":["S{n}","S{n * 7 % 3000}"]',
    ),
    "links to a screen with many fields": (
        _flow(f"{_screen(HERE)},{_screen(_FOOTER, '{' + _fields(5000) + '}', 'END')}"),
        lambda _: _LINK,
    ),
    "list items without anything": (
        _flow(_screen('{"type":"Dropdown","name":"d","label":"D","data-source":[@]}')),
        lambda _: "{}",
    ),
    "names of nothing called sensitive": (
        _flow(_screen(_FOOTER, more='"sensitive":[@],')),
        lambda n: f'"k{n}"',
    ),
    "pickers sent in one payload": (
        _flow(_screen(f'{{"type":"PhotoPicker","name":"p","label":"a"}},{_ASK}')),
        lambda n: f'"k{n}":"${{form.p}}"',
    ),
}
"""A document with `HERE` in it, and what stands there over and over, by what it is made of."""

CLEAN: tuple[str, Part] = (_flow(HERE), _clean_screen)
"""Screens as people write them, with a text, an input and a footer."""


def written(shape: tuple[str, Part], size: int) -> str:
    """A document of nearly so many characters."""
    text, part = shape
    head, _, tail = text.partition(HERE)
    separator = "" if head.endswith('"a":"') else ","
    parts: list[str] = []
    room = size - len(head) - len(tail)
    for number in count():
        each = part(number)
        room -= len(each) + len(separator)
        if room < 0:
            break
        parts.append(each)
    return head + separator.join(parts) + tail
