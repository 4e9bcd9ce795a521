"""Flow JSON that went wrong in a hundred ways: documents of the repository, changed at random.

What is changed keeps looking like Flow JSON, since what does not is refused at the first look.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from random import Random
from typing import Any

from harness.misplaced import STRANGERS, documents, places

Holder = dict[str, Any] | list[Any]
_TEXTS = (
    *("${data.a}", "${form.a}", "${screen.MAIN.data.a}", "${data.a.b.c}", "${data}", "${", "}"),
    *("`${form.a} == 'x'`", "`'a' ${data.a} 1`", "``", "`", "(${data.a} > 1) && !${form.b}"),
    *("`-${data.n} * 2 / 0`", "`${data.n} % 0`", "`'" + "9" * 60 + "' + 1`", "-", "(((", "'", "\\"),
    *("2030-01-15", "2030-99-99", "0001-01-01", "99999-01-01", "Mon", "[", "(x+)+$", "(?i)a|", "*"),
    *(
        "data:image/png;base64,AAAA",
        "https://example.org/\u0000",
        "\ud83d\ude00",
        "\ud800",
        "\u202e",
    ),
    *(
        "MAIN",
        "SUCCESS",
        "TextInput",
        "Form",
        "If",
        "Switch",
        "navigate",
        "complete",
        "update_data",
    ),
    *(
        "7.3",
        "6.0",
        "2.1",
        "99.0",
        "NaN",
        "1e999",
        "0x1",
        "١٢",
        "a" * 300,
        "# *[a](b)*\n|a|b|",
        " ",
    ),
)
_NUMBERS = (0, -1, 1, 2, 0.5, 1e308, -1e308, 10**30, 2**53 + 1, 99999999999999999999)


class Mutator:
    """Makes documents; the same random numbers make the same one."""

    def __init__(self) -> None:
        self._texts = [json.dumps(value) for value in documents().values()]
        found = [json.loads(text) for text in self._texts]
        self._keys = sorted({key for value in found for key in _keys(value)})
        self._parts = [json.dumps(part) for value in found for part in _parts(value)]

    def document(self, random: Random) -> str:
        """The text of a document with one to eight changes."""
        value = json.loads(random.choice(self._texts))
        for _ in range(random.randint(1, 8)):
            self._change(value, random)
        text = json.dumps(value, ensure_ascii=random.random() < 0.5)
        if random.random() < 0.1:
            at = random.randrange(len(text))
            text = text[:at] + random.choice(("", ",", "}", '"', "\ud800", "NaN")) + text[at + 1 :]
        return text

    def _change(self, value: Any, random: Random) -> None:
        paths = [path for path in places(value) if path]
        if not paths:
            return
        *above, step = random.choice(paths)
        holder: Any = value
        for each in above:
            holder = holder[each]
        random.choice(_CHANGES)(self, holder, step, random)

    def strange(self, holder: Any, step: Any, random: Random) -> None:
        """Another value altogether."""
        holder[step] = json.loads(random.choice(STRANGERS))

    def worded(self, holder: Any, step: Any, random: Random) -> None:
        """A text that means something somewhere."""
        holder[step] = random.choice(_TEXTS)

    def numbered(self, holder: Any, step: Any, random: Random) -> None:
        """A number at some edge."""
        holder[step] = random.choice(_NUMBERS)

    def grafted(self, holder: Any, step: Any, random: Random) -> None:
        """A part of another document."""
        holder[step] = json.loads(random.choice(self._parts))

    def repeated(self, holder: Any, step: Any, random: Random) -> None:
        """The same many times over."""
        times = random.choice((2, 3, 20, 300))
        size = len(json.dumps(holder[step]))
        holder[step] = [holder[step]] * min(times, max(2, 200_000 // max(size, 1)))

    def wrapped(self, holder: Any, step: Any, random: Random) -> None:
        """The same a few levels deeper."""
        for _ in range(random.choice((1, 2, 30))):
            inner = holder[step]
            holder[step] = [inner] if random.random() < 0.5 else {random.choice(self._keys): inner}

    def renamed(self, holder: Any, step: Any, random: Random) -> None:
        """Another key for it, or it stands twice."""
        if isinstance(holder, dict):
            holder[random.choice(self._keys)] = (
                holder.pop(step) if random.random() < 0.5 else holder[step]
            )
        else:
            holder.append(holder[step])

    def removed(self, holder: Any, step: Any, random: Random) -> None:
        """Nothing there."""
        del holder[step]

    def mixed(self, holder: Any, step: Any, random: Random) -> None:
        """A text with more in it."""
        if isinstance(holder[step], str):
            holder[step] = f"{holder[step]}{random.choice(_TEXTS)}" * random.choice((1, 1, 2, 200))


Change = Callable[[Mutator, Any, Any, Random], None]
_CHANGES: tuple[Change, ...] = (
    Mutator.strange,
    Mutator.worded,
    Mutator.numbered,
    Mutator.grafted,
    Mutator.repeated,
    Mutator.wrapped,
    Mutator.renamed,
    Mutator.removed,
    Mutator.mixed,
)


def _keys(value: Any) -> set[str]:
    return {step for path in places(value) for step in path if isinstance(step, str)}


def _parts(value: Any) -> list[Any]:
    found = []
    for path in places(value):
        part = value
        for step in path:
            part = part[step]
        if isinstance(part, dict) and path:
            found.append(part)
    return found
