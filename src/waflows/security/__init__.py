"""Secrets and proofs, without a database or HTTP.

API keys, sessions, signed links and flow tokens; secrets sealed at rest; the key pairs and the
encryption of data endpoints; the signatures of webhooks.
"""
