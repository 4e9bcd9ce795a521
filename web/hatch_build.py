"""Makes the pages' static files part of what is built, so that an installed waflows needs no Node.

An editable install serves the files from the source tree, where `make` builds them.
"""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CustomBuildHook(BuildHookInterface[Any]):
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable":
            return
        sources = Path(self.root) / "web"
        if (sources / "src").is_dir():
            runpy.run_path(str(sources / "build.py"), run_name="__main__")
