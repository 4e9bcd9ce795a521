"""Small documents for the examples of rules, put together from pieces of JSON text.

The pieces are text, not values, because an example marks with « and » the characters that its
diagnostic points at.
"""

from __future__ import annotations

from waflows.flowjson.rule import Example

FOOTER = """{
  "type": "Footer",
  "label": "Done",
  "on-click-action": { "name": "complete", "payload": {} }
}"""
HEADING = '{ "type": "TextHeading", "text": "Welcome" }'
INPUT = '{ "type": "TextInput", "name": "city", "label": "City" }'


def footer(action: str) -> str:
    """A footer with an action."""
    return f"""{{
  "type": "Footer",
  "label": "Next",
  "on-click-action": {action}
}}"""


def go(screen: str, payload: str = "{}") -> str:
    """A footer that navigates to a screen."""
    return footer(
        "{\n"
        '    "name": "navigate",\n'
        f'    "next": {{ "type": "screen", "name": "{screen}" }},\n'
        f'    "payload": {payload}\n'
        "  }"
    )


def ask(payload: str = "{}") -> str:
    """A footer that sends its payload to the endpoint."""
    return footer(f'{{ "name": "data_exchange", "payload": {payload} }}')


def finish(payload: str = "{}") -> str:
    """A footer that ends the flow."""
    return footer(f'{{ "name": "complete", "payload": {payload} }}')


def sending(*names: str) -> str:
    """A footer that ends the flow with the values of these inputs."""
    payload = ", ".join(f'"{name}": "${{form.{name}}}"' for name in names)
    return finish(f"{{ {payload} }}")


def a_screen(name: str, *children: str, head: str = "", mark: tuple[str, str] = ("", "")) -> str:
    """A screen; `head` holds further properties, and `mark` is written around the whole."""
    listed = ",\n".join(children)
    return f"""{mark[0]}{{
  "id": "{name}",{_titled(head)}
  "layout": {{
    "type": "SingleColumnLayout",
    "children": [
{_indented(listed, 6)}
    ]
  }}
}}{mark[1]}"""


def a_flow(*screens: str, head: str = "", version: str = "7.3") -> str:
    """A document; `head` holds further properties of the top level."""
    listed = ",\n".join(screens)
    return f"""{{
  "version": "{version}",{_line(head)}
  "screens": [
{_indented(listed, 4)}
  ]
}}"""


def endpoint_flow(routes: str, *screens: str, version: str = "7.3") -> str:
    """An endpoint flow with a routing model."""
    head = f'"data_api_version": "3.0",\n"routing_model": {routes}'
    return a_flow(*screens, head=head, version=version)


def page(
    *children: str,
    data: str = "",
    head: str = "",
    version: str = "7.3",
    last: str = FOOTER,
    top: str = "",
) -> str:
    """A document of one terminal screen MAIN with these components and a footer."""
    lines = ['"terminal": true', *([head] if head else [])]
    if data:
        lines.append(f'"data": {data}')
    pieces = [*children, *([last] if last else [])]
    return a_flow(a_screen("MAIN", *pieces, head=",\n".join(lines)), version=version, head=top)


def fails(marked: str, message: str, *paths: str) -> tuple[Example, ...]:
    """One example that breaks the rule."""
    return (Example(marked, message, paths),)


def passes(*texts: str) -> tuple[Example, ...]:
    """Examples near it that do not."""
    return tuple(Example(text) for text in texts)


def _titled(head: str) -> str:
    """The further properties of a screen, and a title where they have none."""
    if any(line.lstrip("«").startswith('"title"') for line in head.split("\n")):
        return _line(head)
    return _line(",\n".join(filter(None, ('"title": "Flow"', head))))


def _line(head: str) -> str:
    return "\n" + _indented(head + ",", 2) if head else ""


def _indented(text: str, by: int) -> str:
    return "\n".join(" " * by + line for line in text.split("\n"))
