"""Secrets and proofs: API keys and signed links. Pure; knows no database and no HTTP."""
