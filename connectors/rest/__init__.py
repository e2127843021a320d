"""The demo's REST channel."""

from connectors.rest.channel import RestInput

__all__ = ["RestInput"]
