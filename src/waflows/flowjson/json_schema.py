"""A JSON Schema (draft 2020-12) of Flow JSON, made from the tables of `waflows.flowjson.spec`.

It is for editors and other tools that know JSON Schema but not waflows. A document without errors
of `waflows.flowjson.lint` validates against the schema of its version. The reverse does not hold: a
schema cannot follow a binding, a route or a screen's name, so what depends on those is left out,
and so is what the linter only warns about. The number of characters a text shows is described.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from waflows.flowjson.document import PICKERS
from waflows.flowjson.spec import Shape, Slot, Spec, for_version, objects, versions

DIALECT = "https://json-schema.org/draft/2020-12/schema"
Schema = dict[str, Any]

_BINDING = r"^\$\{[\s\S]+\}$"
_CALCULATED = r"^`[\s\S]*`$"
_WITH_BINDING = r"\$\{"
_ADDRESS = r"^[A-Za-z]+:\S+$"
_NOT_BLANK = r"\S"
_BLANK_NEVER = ("TextHeading", "TextSubheading", "TextBody", "TextCaption", "EmbeddedLink")
_PAYLOAD_OPTIONAL = ("navigate", "complete")
"""Actions that the linter only warns about when they have no payload."""
_DATE_FORMS = (
    r"^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$",
    _WITH_BINDING,
    _CALCULATED,
    r"^\s*$",
)
_DATES = ("min-date", "max-date", "init-value")
_ENDS = ("start-date", "end-date")
_FREE_OF_FORMS = ("CalendarPicker", *PICKERS)
"""Inputs that may stand beside a Form."""
_RANGE_ONLY = ("title", "description", "min-days", "max-days")
_EITHER = ("label", "helper-text", "required", "init-value", "error-message")
"""Properties of CalendarPicker that take one value, or one for each end of a range."""


def for_all_versions() -> Schema:
    """One schema for documents of every version: the `version` of a document selects its rules."""
    names = list(versions.VERSIONS)
    selected = [
        {
            "if": {"properties": {"version": {"const": name}}, "required": ["version"]},
            "then": {"$ref": f"#/$defs/{name}"},
        }
        for name in names
    ]
    return {
        "$schema": DIALECT,
        "title": "WhatsApp Flow JSON",
        "type": "object",
        "properties": {"version": {"enum": names}},
        "required": ["version"],
        "allOf": selected,
        "$defs": {name: _document(for_version(name), f"#/$defs/{name}") for name in names},
    }


def for_one_version(version: str) -> Schema:
    """The schema for documents of a known version. Raises KeyError for an unknown one."""
    found = _document(for_version(version), "#")
    return {"$schema": DIALECT, "title": f"WhatsApp Flow JSON {version}", **found}


def _document(spec: Spec, root: str) -> Schema:
    """The schema of a document whose definitions are found at `root`."""
    return _Maker(spec, root).document()


class _Maker:
    """Makes the schema of one version; `root` is where its definitions are in the whole."""

    def __init__(self, spec: Spec, root: str) -> None:
        self.spec = spec
        self.root = root

    def document(self) -> Schema:
        flow = self._object(self.spec.flow)
        flow["properties"] |= {
            "version": {"const": self.spec.version},
            "screens": {
                "type": "array",
                "items": self._ref("screen"),
                "minItems": 1,
                "maxItems": objects.MAX_SCREENS,
                "contains": _has("terminal", True),
            },
            "routing_model": {
                "type": "object",
                "additionalProperties": {"type": "array", "items": {"type": "string"}},
            },
            "data_api_version": {"enum": list(versions.DATA_API_VERSIONS)},
        }
        flow["dependentRequired"] = {"data_api_version": ["routing_model"]}
        flow["if"] = {"not": {"required": ["data_api_version"]}}
        no_refresh = {"properties": {"refresh_on_back": {"const": False}}}
        flow["then"] = {"properties": {"screens": {"items": no_refresh}}}
        flow["$defs"] = self._definitions()
        return flow

    def _definitions(self) -> Schema:
        spec = self.spec
        kinds = list(spec.components)
        found = {
            "screen": self._screen(),
            "layout": self._object(spec.layout),
            "nextScreen": self._object(spec.next_screen),
            "dataField": self._data_field(),
            "nestedField": self._nested_field(),
            "binding": {"type": "string", **_any_pattern(_BINDING, _CALCULATED)},
            "layoutComponents": self._components("layoutComponent", in_layout=True),
            "formComponents": self._components("formComponent"),
            "branchComponents": {"type": "array", "items": self._ref("branchComponent")},
            "caseComponents": {"type": "array", "items": self._ref("caseComponent")},
            "layoutComponent": self._one_of_kinds(self._kinds_in_layout()),
            "formComponent": self._one_of_kinds([kind for kind in kinds if kind != "Form"]),
            "branchComponent": self._one_of_kinds(self._kinds_in_branch()),
            "caseComponent": self._one_of_kinds(
                [kind for kind in self._kinds_in_branch() if kind not in {"If", "Switch"}]
            ),
        }
        found |= {f"{name}Action": self._action(shape) for name, shape in spec.actions.items()}
        found |= {name: self._item(shape) for name, shape in spec.items.items()}
        found |= {name: self._component(shape) for name, shape in spec.components.items()}
        return found

    def _ref(self, name: str) -> Schema:
        return {"$ref": f"{self.root}/$defs/{name}"}

    # Screens and their data

    def _screen(self) -> Schema:
        screen = self._object(self.spec.screen)
        screen["properties"] |= {
            "id": {
                "type": "string",
                "pattern": "^[A-Za-z_]+$",
                "not": {"pattern": "^[Ss][Uu][Cc][Cc][Ee][Ss][Ss]$"},
            },
            "data": {"type": "object", "additionalProperties": self._ref("dataField")},
        }
        screen["if"] = _has("terminal", True)
        screen["then"] = {"properties": {"layout": {"properties": {"children": _AT_THE_END}}}}
        if self.spec.since("3.1"):
            screen["dependentSchemas"] = {"success": _has("terminal", True)}
        return screen

    def _data_field(self) -> Schema:
        examples = [
            {"if": _has("type", kind), "then": {"properties": {"__example__": {"type": kind}}}}
            for kind in objects.DATA_TYPES
        ]
        field = self._field()
        return field | {
            "allOf": [*field["allOf"], *examples],
            "anyOf": [{"required": ["type"]}, {"required": ["const"]}],
        }

    def _nested_field(self) -> Schema:
        field = self._field()
        field["properties"]["__example__"] = False
        return field

    def _field(self) -> Schema:
        """A declaration of the data model at any depth."""
        nested = self._ref("nestedField")
        array = {"if": _has("type", "array"), "then": {"required": ["items"]}}
        array["then"]["properties"] = {"items": {"type": ["object", "boolean"]}}
        typed = {"if": {"properties": {"items": {"type": "object"}}}}
        typed["then"] = {"properties": {"items": nested}}
        return {
            "type": "object",
            "properties": {
                # An unknown type is only warned about; the list is for completion.
                "type": {"anyOf": [{"enum": list(objects.DATA_TYPES)}, {"type": "string"}]},
                "properties": {
                    "if": {"type": "object"},
                    "then": {
                        "properties": {"__example__": False},
                        "additionalProperties": {"if": {"type": "object"}, "then": nested},
                    },
                },
            },
            "allOf": [array, typed],
        }

    # Components

    def _kinds_in_layout(self) -> list[str]:
        """Before 4.0 every input had to be in a Form."""
        free = self.spec.since("4.0")
        return [
            name
            for name, shape in self.spec.components.items()
            if free or (shape.component is not None and not shape.component.value)
        ]

    def _kinds_in_branch(self) -> list[str]:
        found = []
        for name, shape in self.spec.components.items():
            since = shape.component.branch_since if shape.component is not None else None
            if since is not None and self.spec.since(since):
                found.append(name)
        return found

    def _one_of_kinds(self, kinds: list[str]) -> Schema:
        return _chosen_by("type", {kind: self._ref(kind) for kind in kinds})

    def _components(self, item: str, *, in_layout: bool = False) -> Schema:
        """Components side by side, with the limits of a screen as far as they are seen here."""
        found: Schema = {"type": "array", "items": self._ref(item)}
        limits = [
            _at_most(shape.component.most_per_screen, _has("type", name))
            for name, shape in self.spec.components.items()
            if shape.component is not None and shape.component.most_per_screen is not None
        ]
        if self.spec.since("4.0"):
            limits.append(_at_most(1, _has_one_of("type", PICKERS)))
        if self.spec.since("6.2"):
            most = objects.MAX_NAVIGATION_LISTS_PER_SCREEN
            limits.append(_at_most(most, _has("type", "NavigationList")))
        if self.spec.since("7.1"):
            most = objects.MAX_CAROUSELS_PER_SCREEN
            limits.append(_at_most(most, _has("type", "ImageCarousel")))
        # The Form of a layout does not count as one of the components of its screen.
        counted: Schema = {"not": _has("type", "Form")} if in_layout else {}
        limits.append(_at_most(objects.MAX_COMPONENTS_PER_SCREEN, counted))
        return found | {"allOf": [*limits, *self._company(in_layout=in_layout)]}

    def _company(self, *, in_layout: bool) -> list[Schema]:
        """What may stand beside a RichText, a NavigationList and a Form."""
        found = []
        if self.spec.since("5.1"):
            beside = ("RichText", "Footer") if self.spec.since("6.3") else ("RichText",)
            found.append(_beside("RichText", _has_one_of("type", beside)))
            found.append(_at_most(1, _has("type", "RichText")))
        if self.spec.since("6.2"):
            found.append(_beside("NavigationList", _has("type", "NavigationList")))
        if in_layout and self.spec.since("4.0"):
            in_form = [
                name
                for name, shape in self.spec.components.items()
                if shape.component is not None
                and shape.component.value
                and name not in _FREE_OF_FORMS
            ]
            found.append(_beside("Form", {"not": _has_one_of("type", in_form)}))
        return found

    def _component(self, shape: Shape) -> Schema:
        found = self._object(shape)
        found["properties"]["type"] = {"const": shape.name}
        own = _OWN_RULES.get(shape.name)
        if own is not None:
            own(self, found)
        return found

    def _form(self, found: Schema) -> None:
        found["properties"]["children"] = self._ref("formComponents")
        if self.spec.since("7.0"):
            # Those of a calendar or a picker of files are objects with a text for each mistake.
            found["properties"]["error-messages"] = {
                "anyOf": [
                    {"type": "object", "additionalProperties": {"type": ["string", "object"]}},
                    self._ref("binding"),
                ]
            }

    def _if(self, found: Schema) -> None:
        branch = self._ref("branchComponents")
        found["properties"] |= {"then": {**branch, "minItems": 1}, "else": branch}

    def _switch(self, found: Schema) -> None:
        found["properties"]["cases"] = {
            "type": "object",
            "minProperties": 1,
            "additionalProperties": self._ref("caseComponents"),
        }

    def _footer(self, found: Schema) -> None:
        found["dependentRequired"] = {
            "left-caption": ["right-caption"],
            "right-caption": ["left-caption"],
        }
        absent = {"properties": {"left-caption": False, "right-caption": False}}
        found["dependentSchemas"] = {"center-caption": absent}

    def _text_input(self, found: Schema) -> None:
        if self.spec.since("6.2"):
            found["dependentRequired"] = {"pattern": ["helper-text"]}
            kind = {"not": {"enum": ["email", "phone"]}}
            found["dependentSchemas"] = {"pattern": {"properties": {"input-type": kind}}}

    def _date_picker(self, found: Schema) -> None:
        if self.spec.since("5.0"):
            found["allOf"] = [self._dates()]

    def _dates(self) -> Schema:
        """What is written as text is a day, or is calculated."""
        day = {
            "if": {"type": "string"},
            "then": _any_pattern(*_DATE_FORMS),
        }
        ends = {"if": {"type": "object"}, "then": {"properties": dict.fromkeys(_ENDS, day)}}
        days = {"if": {"type": "array"}, "then": {"items": day}}
        limits = {name: {"allOf": [day, ends]} for name in _DATES}
        return {"properties": {**limits, "unavailable-dates": days}}

    def _calendar(self, found: Schema) -> None:
        one_value = {
            "properties": {
                **dict.fromkeys(_RANGE_ONLY, False),
                **{name: {"not": {"type": "object"}} for name in _EITHER},
            }
        }
        ends = {name: self._ends(name) for name in _EITHER}
        # A string where a range starts can only be a binding.
        ends["init-value"] = {"if": {"type": "string"}, "then": self._ref("binding")}
        ends["init-value"]["else"] = self._ends("init-value")
        found["allOf"] = [
            {"if": {"properties": {"mode": {"const": "single"}}}, "then": one_value},
            {"if": _has("mode", "range"), "then": {"properties": ends}},
            self._dates(),
        ]

    def _ends(self, name: str) -> Schema:
        kind = ["boolean", "string"] if name == "required" else "string"
        ends: Schema = {
            "if": {"type": "object"},
            "then": {
                "properties": {end: {"type": kind} for end in _ENDS},
                "additionalProperties": False,
            },
        }
        if name == "label":
            ends["then"]["required"] = list(_ENDS)
        return ends

    def _picker(self, found: Schema) -> None:
        # Only a binding can bring the messages of several mistakes.
        found["properties"]["error-message"] = {"type": "string"}

    def _navigation_list(self, found: Schema) -> None:
        large = _has("media-size", "large")
        no_end = {"properties": {"list-items": {"items": {"properties": {"end": False}}}}}
        found["allOf"] = [
            {"properties": {"list-items": _at_most(1, {"required": ["badge"]})}},
            {"if": large, "then": no_end},
        ]

    # Objects and their properties

    def _object(self, shape: Shape) -> Schema:
        found: Schema = {
            "type": "object",
            "properties": {name: self._property(shape, slot) for name, slot in shape.slots.items()},
            "additionalProperties": False,
        }
        if shape.required:
            found["required"] = list(shape.required)
        return found

    def _item(self, shape: Shape) -> Schema:
        found = self._object(shape)
        if "color" in shape.slots:
            forms = ("^#?[0-9A-Fa-f]{6}$", _WITH_BINDING)
            found["properties"]["color"] = {"type": "string", **_any_pattern(*forms)}
            found["dependentSchemas"] = {"image": {"properties": {"color": False}}}
        return found

    def _action(self, shape: Shape) -> Schema:
        found = self._object(shape)
        found["properties"]["name"] = {"const": shape.name}
        if shape.name == "open_url":
            forms = (_ADDRESS, _WITH_BINDING, _CALCULATED)
            found["properties"]["url"] = {"type": "string", **_any_pattern(*forms)}
        if shape.name in _PAYLOAD_OPTIONAL:
            found["required"] = [name for name in found["required"] if name != "payload"]
        return found

    def _property(self, shape: Shape, slot: Slot) -> Schema:
        forms = [self._form_of(shape, slot, kind) for kind in slot.entry.type.split(" | ")]
        takes_strings = any(form.get("type") == "string" for form in forms)
        if slot.dynamic and not takes_strings:
            forms.append(self._ref("binding"))
        found = forms[0] if len(forms) == 1 else {"anyOf": forms}
        if slot.entry.longest is not None:
            found = {**found, "description": f"Shows {slot.entry.longest} characters."}
        return found

    def _form_of(self, shape: Shape, slot: Slot, kind: str) -> Schema:
        """The schema of one alternative of a property's type."""
        entry = slot.entry
        if kind.startswith("array<"):
            return self._array(slot, kind.removeprefix("array<").removesuffix(">"))
        if kind == "string":
            return self._string(shape, slot)
        if kind in {"integer", "number"}:
            limits = {"minimum": entry.minimum, "maximum": entry.maximum}
            known = {name: limit for name, limit in limits.items() if limit is not None}
            return {"type": kind, **known}
        if kind == "dates":
            return {"type": "object"}
        if kind == "action":
            return self._some_action(entry.actions)
        if kind == "expression":
            return {"type": "string", "pattern": _NOT_BLANK}
        if kind == "binding":
            return {"type": "string", "pattern": _BINDING}
        if kind == "components":
            return self._ref("layoutComponents")
        if kind in {"boolean", "object"}:
            return {"type": kind}
        return self._ref("nextScreen" if kind == "NextScreen" else kind)

    def _string(self, shape: Shape, slot: Slot) -> Schema:
        entry = slot.entry
        if entry.allowed:
            listed: Schema = {"enum": list(entry.allowed)}
            return {"anyOf": [listed, _TEXT_WITH_BINDING]} if slot.dynamic else listed
        found: Schema = {"type": "string"}
        if entry.format == "uri":
            found["pattern"] = r"^[A-Za-z][A-Za-z0-9+.-]*://\S+$"
        elif self._is_never_blank(shape, slot.name):
            found["pattern"] = _NOT_BLANK
        return found

    def _is_never_blank(self, shape: Shape, name: str) -> bool:
        if shape.component is None:
            return False
        if self.spec.since("6.0") or (name == "text" and shape.name in _BLANK_NEVER):
            return True
        return name == "name" and self.spec.since("4.0")

    def _array(self, slot: Slot, item: str) -> Schema:
        entry = slot.entry
        found: Schema = {"type": "array"}
        if item in self.spec.items:
            found["items"] = self._ref(item)
        elif item == "string" and entry.allowed:
            listed = {"enum": list(entry.allowed)}
            bound = [_TEXT_WITH_BINDING] if slot.dynamic else []
            found["items"] = {"anyOf": [listed, *bound]} if bound else listed
        elif item == "string":
            found["items"] = {"type": "string"}
        limits = {"minItems": entry.least_items, "maxItems": entry.most_items}
        return found | {name: limit for name, limit in limits.items() if limit is not None}

    def _some_action(self, names: tuple[str, ...]) -> Schema:
        known = [name for name in names if name in self.spec.actions]
        return _chosen_by("name", {name: self._ref(f"{name}Action") for name in known})


_OWN_RULES = {
    "Form": _Maker._form,
    "If": _Maker._if,
    "Switch": _Maker._switch,
    "Footer": _Maker._footer,
    "TextInput": _Maker._text_input,
    "DatePicker": _Maker._date_picker,
    "CalendarPicker": _Maker._calendar,
    "PhotoPicker": _Maker._picker,
    "DocumentPicker": _Maker._picker,
    "NavigationList": _Maker._navigation_list,
}
"""What a component asks for that is not said of one property alone."""


def _chosen_by(name: str, schemas: dict[str, Schema]) -> Schema:
    """An object that one of its properties assigns to a schema, so that only that one complains."""
    if not schemas:
        return {"not": {}}
    return {
        "type": "object",
        "properties": {name: {"enum": list(schemas)}},
        "required": [name],
        "allOf": [{"if": _has(name, value), "then": then} for value, then in schemas.items()],
    }


def _any_pattern(*forms: str) -> Schema:
    return {"anyOf": [{"pattern": form} for form in forms]}


def _has(name: str, value: object) -> Schema:
    return {"properties": {name: {"const": value}}, "required": [name]}


def _has_one_of(name: str, values: Iterable[str]) -> Schema:
    return {"properties": {name: {"enum": list(values)}}, "required": [name]}


def _beside(kind: str, other: Schema) -> Schema:
    """What every component is like in a list that has one of the kind."""
    return {"if": {"contains": _has("type", kind)}, "then": {"items": other}}


def _at_most(count: int | None, item: Schema) -> Schema:
    return {"contains": item, "minContains": 0, "maxContains": count}


_TEXT_WITH_BINDING: Schema = {"type": "string", **_any_pattern(_WITH_BINDING, _CALCULATED)}
"""Before 6.0 the linter warns about calculations, so they are accepted in every version."""
_AT_THE_END: Schema = {
    # A Form or a branch can hold the Footer.
    "contains": _has_one_of("type", ("Footer", "Form", "If", "Switch")),
    "items": {
        "allOf": [
            {"not": _has("type", "NavigationList")},
            {
                "if": _has("type", "Footer"),
                "then": {"properties": {"on-click-action": {"not": _has("name", "navigate")}}},
            },
        ]
    },
}
"""The components of a terminal screen."""
