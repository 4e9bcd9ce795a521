"""Documents that the corpus index takes for valid and waflows does not, each looked at by hand.

The index is a rough estimate: it looks at screens, routes, references and component types, not at
properties. Every line names the file, the rules that object, and why they are right to.
"""

from __future__ import annotations

EXAMINED: dict[str, tuple[frozenset[str], str]] = {
    "danieljohnbritto21__django-whatsapp-flow-interactive/Task-2__donation_flow.json": (
        frozenset({"schema-pattern"}),
        (
            "Every Image has an empty src. From 6.0, the version of the document, no string of a "
            "component may be blank."
        ),
    ),
    "gokapso__agent-skills/whatsapp-flows__assets__sample-flow@1b632a53.json": (
        frozenset({"form-required-parent"}),
        (
            "A TextInput outside a Form in 3.1; the Form became optional with 4.0. A later "
            "revision of the file says 7.3."
        ),
    ),
    "iot-alubee__alubee-whatsapp-flow/maintenance_flow.json": (
        frozenset({"schema-unknown-property"}),
        (
            "A PhotoPicker with required. The component has no such property (min-uploaded-photos "
            "says it), and objects take no further properties."
        ),
    ),
    "iot-alubee__alubee-whatsapp-flow/maintenance_flow@b2137526.json": (
        frozenset({"dup-form-names"}),
        (
            "Two Dropdowns of one screen are called machine_type. Names are unique on a screen; a "
            "later revision has neither."
        ),
    ),
    "laradharshini__Mindly/whatsapp_flows@2287cb86.json": (
        frozenset({"native-navigate", "dm-no-items"}),
        (
            "Photos are handed over by navigate, and the next screen declares them as an array "
            "without items. Both are documented errors; a later revision has neither."
        ),
    ),
}
