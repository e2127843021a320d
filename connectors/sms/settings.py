"""What the SMS channel reads from its environment, once, failing early."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import Literal, get_args

from dotenv import load_dotenv

from connectors.errors import SettingsError
from connectors.limits import Network, networks
from connectors.settings import ROOT

Provider = Literal["aliyun", "tencent", "twilio"]
_SECRET = re.compile(r"[A-Za-z0-9_-]{24,128}")


@dataclass(frozen=True)
class SmsSettings:
    """One provider's account.

    Attributes:
        key_id, key_secret: Aliyun's AccessKey, Tencent's SecretId and SecretKey, Twilio's Account SID and auth token.
        signature: 短信签名, without 【】; empty with Twilio.
        sender: Tencent's SdkAppId, Twilio's number; empty with Aliyun.
        path_secret: the part of the callbacks' address that only the provider knows.
        callback_addresses: from where callbacks come; empty: from anywhere.
        public_url: what stands before /webhooks/… where Twilio calls: its signature covers the address.
        api_url: the provider's API; empty: its own.
        a_day: how many SMS one number is sent in 24 hours.
    """

    provider: Provider
    key_id: str
    key_secret: str
    signature: str
    sender: str
    path_secret: str
    callback_addresses: tuple[Network, ...] = ()
    public_url: str = ""
    api_url: str = ""
    a_day: int = 50

    @classmethod
    def from_env(cls) -> SmsSettings | None:
        """None where no provider is named. Raises SettingsError."""
        load_dotenv(ROOT / ".env", override=False)
        provider = _read("LINGXI_SMS_PROVIDER")
        if not provider:
            return None
        if provider not in get_args(Provider):
            raise SettingsError("LINGXI_SMS_PROVIDER: write aliyun, tencent or twilio")
        secret = _needed("LINGXI_SMS_PATH_SECRET")
        if not _SECRET.fullmatch(secret):
            raise SettingsError("LINGXI_SMS_PATH_SECRET: 24 to 128 letters, digits, - and _")
        try:
            addresses = networks(_read("LINGXI_SMS_CALLBACK_ADDRESSES"))
        except ValueError:
            raise SettingsError(
                "LINGXI_SMS_CALLBACK_ADDRESSES: write addresses or networks, several with commas"
            ) from None
        a_day = _read("LINGXI_SMS_A_DAY") or str(cls.a_day)
        if not (a_day.isascii() and a_day.isdigit() and 0 < int(a_day) < 10_000):
            raise SettingsError("LINGXI_SMS_A_DAY must be a whole number, 1 or more")
        return cls(
            provider=provider,  # type: ignore[arg-type]
            key_id=_needed("LINGXI_SMS_KEY_ID"),
            key_secret=_needed("LINGXI_SMS_KEY_SECRET"),
            signature="" if provider == "twilio" else _needed("LINGXI_SMS_SIGNATURE").strip("【】"),
            sender="" if provider == "aliyun" else _needed("LINGXI_SMS_SENDER"),
            path_secret=secret,
            callback_addresses=addresses,
            public_url=_needed("LINGXI_SMS_PUBLIC_URL").rstrip("/") if provider == "twilio" else "",
            api_url=_read("LINGXI_SMS_API_URL").rstrip("/"),
            a_day=int(a_day),
        )


def _read(name: str) -> str:
    return os.environ.get(name, "").strip()


def _needed(name: str) -> str:
    value = _read(name)
    if not value:
        raise SettingsError(
            f"{name} is missing, and LINGXI_SMS_PROVIDER is set: set it in the environment or in .env"
        )
    return value
