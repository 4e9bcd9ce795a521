"""waflows: a self-hosted WhatsApp Flows service that speaks 8x8's API.

from waflows import lint

for fault in lint(text).diagnostics:
    print(fault.line_start, fault.message)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

__all__ = ["__version__", "lint"]

if TYPE_CHECKING:
    from waflows.flowjson import lint

    __version__: str
else:

    def __getattr__(name: str) -> object:
        """What is offered here is imported when it is first wanted: every command starts here."""
        if name == "lint":
            from waflows.flowjson import lint

            return lint
        if name == "__version__":
            from importlib.metadata import version

            # Looked up once: it reads a file, and every page asks for it.
            found = globals()["__version__"] = version("waflows")
            return found
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
