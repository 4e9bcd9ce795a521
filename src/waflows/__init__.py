"""waflows: a self-hosted WhatsApp Flows service that speaks 8x8's API."""

from importlib.metadata import version

__all__ = ["__version__"]

__version__ = version("waflows")
