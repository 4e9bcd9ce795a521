"""The HTTP API. Read `routes.py` first: it is the table of everything the server answers."""
