"""The shop's own app."""

from connectors.app.channel import AppInput

__all__ = ["AppInput"]
