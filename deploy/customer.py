"""A demo customer in the terminal: `make chat CUSTOMER=C000001`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

SECRET = "LINGXI_CUSTOMER_JWT_SECRET"
TOKEN_SECONDS = 300


def speak_for(customer: str, environ: Mapping[str, str]) -> None:
    """Let whatever is typed into Rasa's shell in this process be this customer's. Only in a demo; raises SystemExit."""
    if environ.get("LINGXI_DEMO") != "1":
        raise SystemExit("只有演示环境（LINGXI_DEMO=1）才能选顾客 / a customer can be chosen only with LINGXI_DEMO=1")
    secret = environ.get(SECRET, "")
    if not secret:
        raise SystemExit(f"{SECRET} is not set: nobody can be proven. Set it in .env.")
    from rasa.core.channels.console import CmdlineInput

    from actions.gateways.identity import sign_customer_token

    def metadata(_channel: Any, _request: Any) -> dict[str, str]:
        return {"customer_token": sign_customer_token(customer, secret, TOKEN_SECONDS)}

    CmdlineInput.get_metadata = metadata
