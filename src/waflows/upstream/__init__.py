"""The outside world: calls that leave this server, and the guard every one of them goes through.

Read `egress.py` first; `endpoint.py` calls a flow's data endpoint as a phone does; `doctor.py` says
at which step such a call fails and what to do about it.
"""
