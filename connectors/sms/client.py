"""How an SMS leaves and how its provider speaks: one interface, three providers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Protocol

from connectors.sms.codec import Outbound, Report, Uplink
from connectors.sms.settings import SmsSettings

SEND_SECONDS = 8
"""What a provider may take to answer."""


@dataclass(frozen=True)
class Callback:
    """A provider's call of ours: the address it called (as it knows it), and what it sent."""

    url: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Acknowledged:
    """What the provider wants to hear, so that it does not call again."""

    body: str
    content_type: str


class SmsClient(Protocol):
    """One provider.

    Attributes:
        needs_template: whether it sends registered templates only (mainland China).
        acknowledged: its way to be told that a callback has arrived.
    """

    needs_template: bool
    acknowledged: Acknowledged

    def send(self, sms: Outbound) -> str:
        """Hand over one SMS, blocking; the receipt's id. Raises PushLater or PushRefused."""

    def genuine(self, callback: Callback) -> bool:
        """Whether the call bears the provider's signature; True where it signs nothing."""

    def uplinks(self, callback: Callback) -> list[Uplink]:
        """The customers' SMS in it. Raises Unreadable."""

    def reports(self, callback: Callback) -> list[Report]:
        """What became of our SMS. Raises Unreadable."""


def make_client(settings: SmsSettings) -> SmsClient:
    """The client of the provider that is set; only its library is loaded."""
    module = import_module(f"connectors.sms.{settings.provider}")
    client: SmsClient = module.Client(settings)
    return client
