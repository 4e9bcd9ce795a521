"""Lets `python -m waflows` do what the `waflows` command does."""

from waflows.cli import main

if __name__ == "__main__":
    main()
