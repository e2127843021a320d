"""What the action server reads from its environment, once, failing early."""

from __future__ import annotations

import os
from dataclasses import dataclass

from dotenv import find_dotenv, load_dotenv

SHORTEST_SECRET = 32


class SettingsError(ValueError):
    """A variable is missing or a placeholder; the message names it and says what to do."""


@dataclass(frozen=True)
class Settings:
    """The action server's settings.

    Attributes:
        backoffice_url: where the back office answers, without a path.
        service_token: bearer token of the back office.
        customer_jwt_secret: what customer tokens are signed with.
    """

    backoffice_url: str
    service_token: str
    customer_jwt_secret: str

    @classmethod
    def from_env(cls) -> Settings:
        """Read the environment, and `.env` of the working folder for what it leaves out. Raises SettingsError."""
        load_dotenv(find_dotenv(usecwd=True), override=False)
        port = os.environ.get("LINGXI_BACKOFFICE_PORT", "8000")
        return cls(
            backoffice_url=os.environ.get("LINGXI_BACKOFFICE_URL") or f"http://127.0.0.1:{port}",
            service_token=_secret("LINGXI_SERVICE_TOKEN"),
            customer_jwt_secret=_secret("LINGXI_CUSTOMER_JWT_SECRET"),
        )


def _secret(name: str) -> str:
    value = os.environ.get(name, "").strip()
    if len(value) < SHORTEST_SECRET:
        raise SettingsError(
            f"{name} is missing, a placeholder, or shorter than {SHORTEST_SECRET} characters: "
            "set it in the environment or in .env (`make .env` writes one with random secrets)"
        )
    return value
