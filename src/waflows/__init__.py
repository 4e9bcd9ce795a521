"""waflows: a self-hosted WhatsApp Flows service that speaks 8x8's API.

from waflows import lint

for finding in lint(text).diagnostics:
    print(finding.line_start, finding.message)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

__all__ = ["__version__", "lint"]

if TYPE_CHECKING:
    from waflows.flowjson import lint

    __version__: str
else:

    def __getattr__(name: str) -> object:
        """Imports names on first use, because every command imports this package."""
        if name == "lint":
            from waflows.flowjson import lint

            return lint
        if name == "__version__":
            from importlib.metadata import version

            # Cached, because it reads a file and every page shows it.
            found = globals()["__version__"] = version("waflows")
            return found
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
