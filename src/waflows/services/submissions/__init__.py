"""Submissions: what users sent by completing a flow, and deleting it."""
