"""How fast waflows is, always beside something else that is measured in the same run.

`python -m bench` prints a table for each figure; `docs/performance.md` keeps the last ones.
"""
