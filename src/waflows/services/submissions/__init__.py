"""Submissions: what people sent by completing a flow, and forgetting it."""
