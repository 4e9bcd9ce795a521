"""`python -m bench [figure…] [--write FILE]`: measures, prints, and keeps what it printed.

Without a figure all are measured, which takes about ten minutes.
"""

from __future__ import annotations

import argparse
import importlib
import time
from pathlib import Path

from bench.tables import markdown, write

# name: what it measures; the module of the same purpose has a function `measure`.
FIGURES = {
    "list": ("listing", "the list of 100 flows beside a bare server, FastAPI and Prism"),
    "fresh": ("freshness", "the same list while the channel is being changed"),
    "scale": ("scale", "the first page of small and large channels and databases"),
    "answers": ("answers", "pages and an export of a thousand and of a million stored answers"),
    "start": ("start", "the command line's start, a server's start, and its memory"),
    "deliveries": ("deliveries", "events delivered to webhooks beside a bare HTTP client"),
    "preview": ("preview", "a keystroke in the preview, and the opening of a flow in a browser"),
    "flowjson": ("flowjson", "checking a Flow JSON beside json.loads and two schema validators"),
}


def main() -> None:
    """Measures what was asked for."""
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="\n".join(f"  {name:10}{summary}" for name, (_, summary) in FIGURES.items()),
    )
    parser.add_argument("figures", nargs="*", metavar="figure", help="what to measure (all)")
    parser.add_argument("--write", type=Path, metavar="FILE", help="put the tables into a document")
    arguments = parser.parse_args()
    for name in arguments.figures:
        if name not in FIGURES:
            parser.error(f"there is no figure {name!r}; there are {', '.join(FIGURES)}")
    for name in arguments.figures or FIGURES:
        begun = time.monotonic()
        tables = importlib.import_module(f"bench.{FIGURES[name][0]}").measure()
        for table in tables:
            print(f"\n{markdown(table)}", flush=True)
        print(f"\n({name}: {time.monotonic() - begun:.0f} s)", flush=True)
        if arguments.write:
            write(arguments.write, name, tables)


if __name__ == "__main__":
    main()
