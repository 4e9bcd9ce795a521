"""Flow JSON for tests: valid, as short as one can be, and told apart by a word."""

from __future__ import annotations

import json


def valid_flow(word: str = "Hello", *, version: str = "7.3") -> str:
    """A valid flow of one screen that shows a word."""
    footer = {
        "type": "Footer",
        "label": "Done",
        "on-click-action": {"name": "complete", "payload": {}},
    }
    screen = {
        "id": "ONLY",
        "title": "Only",
        "terminal": True,
        "layout": {
            "type": "SingleColumnLayout",
            "children": [{"type": "TextBody", "text": word}, footer],
        },
    }
    return json.dumps({"version": version, "screens": [screen]}, ensure_ascii=False)


VALID = valid_flow()

AWKWARD = ("\ufeff\r\n\t" + valid_flow("naïve 🙂").replace("Only", "\\u004fnly") + " \n").encode()
"""A valid flow that shows whether a text is kept byte for byte."""
