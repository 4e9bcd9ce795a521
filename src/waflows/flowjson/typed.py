"""Typed models of what a flow exchanges, as source text in Python or TypeScript.

For each screen: the data it is opened with, which an endpoint answers, and what its actions send;
for the flow: the completed response. Where the document does not say a type, it is any. The order
is that of the document, so the same document always gives the same text.
"""

from __future__ import annotations

import json
import keyword
import re
from typing import Any

import msgspec

from waflows.flowjson import expressions
from waflows.flowjson.document import Action, Component, FlowStructure, Screen
from waflows.flowjson.expressions import Reference, typing
from waflows.flowjson.resolve import resolve, value_types
from waflows.flowjson.shape import Checks, Walker

LANGUAGES = ("python", "typescript")
_PYTHON_HEAD = '''"""Models of a flow, written by `waflows types`."""

from typing import Any, Literal, NotRequired, TypedDict'''
_TYPESCRIPT_HEAD = "// Models of a flow, written by `waflows types`."
_WORD = re.compile(r"[A-Za-z0-9]+")


class _Words(msgspec.Struct, frozen=True):
    """How a language writes the types."""

    names: dict[str, str]
    array: str
    literal: str


_WORDS = {
    "python": _Words(
        {
            "string": "str",
            "number": "float",
            "boolean": "bool",
            "any": "Any",
            "object": "dict[str, Any]",
        },
        "list[{}]",
        "Literal[{}]",
    ),
    "typescript": _Words(
        {
            "string": "string",
            "number": "number",
            "boolean": "boolean",
            "any": "unknown",
            "object": "Record<string, unknown>",
        },
        "Array<{}>",
        "{}",
    ),
}


def source(flow: FlowStructure, language: str) -> str:
    """The models of a flow as the text of a module."""
    walker = Walker(flow, Checks((), (), ()))
    for screen in flow.screens:
        # The walk adds to the screen's actions and uses, and this may not be the first.
        screen.actions.clear()
        screen.uses.clear()
        walker.screen_findings(screen)
    return _Writer(flow, language).module()


class _Writer:
    def __init__(self, flow: FlowStructure, language: str) -> None:
        self.flow = flow
        self.python = language == "python"
        self.words = _WORDS[language]
        self.parts: list[str] = []
        self.taken = {"CompletedResponse", "EndpointRequest", "EndpointAnswer", "SuccessAnswer"}

    def module(self) -> str:
        responses, requests, answers = [], [], []
        for screen in self.flow.screens:
            name = self._name(_pascal(screen.name))
            data = self._object(f"{name}Data", self._model(name, screen.data or {}))
            if self.flow.endpoint:
                fields = {"screen": (self._literal(screen.name), True), "data": (data, True)}
                answers.append(self._object(f"{name}Answer", fields))
            for action in screen.actions:
                if action.name == "complete":
                    responses.append(self._response(name, action))
                elif action.name == "data_exchange" and self.flow.endpoint:
                    requests.append(self._request(name, action))
        if self.flow.endpoint:
            requests += self._opening()
            extension = {"extension_message_response": (self._success(), True)}
            inner = self._object("SuccessData", extension)
            fields = {"screen": (self._literal("SUCCESS"), True), "data": (inner, True)}
            answers.append(self._object("SuccessAnswer", fields, claimed=True))
            self._alias("EndpointRequest", requests)
            self._alias("EndpointAnswer", answers)
            responses.append(self.words.names["object"])
        self._alias("CompletedResponse", responses or [self.words.names["object"]])
        head = _PYTHON_HEAD if self.python else _TYPESCRIPT_HEAD
        return "\n\n".join([head, *self.parts]) + "\n"

    def _success(self) -> str:
        return self._object("SuccessParams", {"params": (self.words.names["object"], True)})

    def _opening(self) -> list[str]:
        text, anything = self.words.names["string"], self.words.names["object"]
        common = {
            "version": (text, True),
            "screen": (text, False),
            "data": (anything, False),
            "flow_token": (text, False),
        }
        return [
            self._object(
                f"{_pascal(action)}Request", {"action": (self._literal(action), True), **common}
            )
            for action in ("INIT", "BACK")
        ]

    def _response(self, name: str, action: Action) -> str:
        fields = self._payload(f"{name}Response", action)
        token = {"flow_token": (self.words.names["string"], False)}
        return self._object(f"{name}Response", {**token, **fields})

    def _request(self, name: str, action: Action) -> str:
        text = self.words.names["string"]
        payload = self._object(f"{name}Payload", self._payload(f"{name}Payload", action))
        fields = {
            "action": (self._literal("data_exchange"), True),
            "version": (text, True),
            "screen": (self._literal(action.screen.name), True),
            "data": (payload, True),
            "flow_token": (text, False),
        }
        return self._object(f"{name}Request", fields)

    def _payload(self, name: str, action: Action) -> dict[str, tuple[str, bool]]:
        return {
            key: (self._sent(f"{name}{_pascal(key)}", value, action.screen), True)
            for key, value in (action.payload or {}).items()
        }

    def _sent(self, name: str, value: Any, screen: Screen) -> str:
        """The type of a value in a payload."""
        words = self.words.names
        if isinstance(value, dict):
            fields = {
                key: (self._sent(f"{name}{_pascal(key)}", each, screen), True)
                for key, each in value.items()
            }
            return self._object(name, fields)
        if isinstance(value, list):
            return self.words.array.format(words["any"])
        if not isinstance(value, str):
            kinds = {bool: "boolean", int: "number", float: "number"}
            return words[kinds.get(type(value), "any")]
        kind = expressions.classify(value)
        if kind is None or kind == "text":
            return words["string"]
        tree = expressions.parse(value, kind).tree
        if isinstance(tree, Reference):
            return self._referred(name, tree, screen)
        found = typing.type_of(tree, lambda each: resolve(each, screen).type) if tree else None
        return self._plain(found)

    def _referred(self, name: str, reference: Reference, screen: Screen) -> str:
        found = resolve(reference, screen)
        if found.outcome != "found":
            return self.words.names["any"]
        if found.field is not None:
            return self._input(found.field)
        return self._declared(name, found.node)

    def _input(self, component: Component) -> str:
        """The type of what a user enters. Numbers are sent as text."""
        words = self.words
        if component.type in {"CheckboxGroup", "ChipsSelector"}:
            return words.array.format(words.names["string"])
        if component.type in {"PhotoPicker", "DocumentPicker"}:
            return words.array.format(words.names["object"])
        types = ("string",) if component.type == "TextInput" else value_types(component)
        if types == ("object",):
            # A range that nobody entered is an empty text.
            return f"{words.names['object']} | {words.names['string']}"
        return self._plain(types[0] if len(types) == 1 else None)

    def _model(self, name: str, data: dict[str, Any]) -> dict[str, tuple[str, bool]]:
        return {
            key: (self._declared(f"{name}{_pascal(key)}", entry), True)
            for key, entry in data.items()
        }

    def _declared(self, name: str, entry: Any) -> str:
        """The type of an entry of a data model."""
        if not isinstance(entry, dict):
            return self.words.names["any"]
        properties = entry.get("properties")
        if entry.get("type") == "array":
            return self.words.array.format(self._declared(f"{name}Item", entry.get("items")))
        if entry.get("type") == "object" and isinstance(properties, dict):
            needed = entry.get("required")
            fields = {
                key: (
                    self._declared(f"{name}{_pascal(key)}", inner),
                    not isinstance(needed, list) or key in needed,
                )
                for key, inner in properties.items()
            }
            return self._object(name, fields)
        return self._plain(entry.get("type"))

    def _plain(self, kind: Any) -> str:
        if kind == "array":
            return self.words.array.format(self.words.names["any"])
        return self.words.names.get(
            kind if isinstance(kind, str) else "any", self.words.names["any"]
        )

    def _literal(self, text: str) -> str:
        return self.words.literal.format(json.dumps(text))

    def _name(self, wanted: str) -> str:
        name, count = wanted, 1
        while name in self.taken:
            count += 1
            name = f"{wanted}{count}"
        self.taken.add(name)
        return name

    def _object(
        self, wanted: str, fields: dict[str, tuple[str, bool]], *, claimed: bool = False
    ) -> str:
        name = wanted if claimed else self._name(wanted)
        write = self._typed_dict if self.python else _interface
        self.parts.append(write(name, fields))
        return name

    def _typed_dict(self, name: str, fields: dict[str, tuple[str, bool]]) -> str:
        # The call takes keys that are no identifiers, too.
        shown = {
            key: kind if sure else f"NotRequired[{kind}]" for key, (kind, sure) in fields.items()
        }
        plain = all(
            key.isidentifier() and not keyword.iskeyword(key) and key[:2] != "__" for key in fields
        )
        if plain:
            lines = [f"    {key}: {kind}" for key, kind in shown.items()] or ["    pass"]
            return "\n".join([f"class {name}(TypedDict):", *lines])
        lines = [f"        {json.dumps(key)}: {kind}," for key, kind in shown.items()]
        return "\n".join([f'{name} = TypedDict(\n    "{name}",\n    {{', *lines, "    },\n)"])

    def _alias(self, name: str, kinds: list[str]) -> None:
        text = " | ".join(dict.fromkeys(kinds))
        self.parts.append(f"{name} = {text}" if self.python else f"export type {name} = {text};")


def _interface(name: str, fields: dict[str, tuple[str, bool]]) -> str:
    lines = [
        f"  {json.dumps(key)}{'' if sure else '?'}: {kind};" for key, (kind, sure) in fields.items()
    ]
    return "\n".join([f"export interface {name} {{", *lines, "}"])


def _pascal(text: str) -> str:
    """PICK_DAY as PickDay."""
    found = "".join(
        word[0].upper() + (word[1:].lower() if word.isupper() else word[1:])
        for word in _WORD.findall(text)
    )
    return found if found[:1].isalpha() else f"Screen{found}"
