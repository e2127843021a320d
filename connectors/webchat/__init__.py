"""The web chat: a widget for the shop's pages, and the socket it talks over."""

from connectors.webchat.channel import WebChatInput

__all__ = ["WebChatInput"]
