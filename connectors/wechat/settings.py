"""What the environment says of the official account."""

from __future__ import annotations

import os

from connectors.errors import SettingsError
from connectors.settings import together
from connectors.wechat.client import API, Account
from connectors.wechat.codec import Keys, aes_key

_NEEDED = ("LINGXI_WECHAT_APPID", "LINGXI_WECHAT_SECRET", "LINGXI_WECHAT_TOKEN")
_AES_KEYS = ("LINGXI_WECHAT_AES_KEY", "LINGXI_WECHAT_AES_KEY_BEFORE")


def account_from_env() -> Account | None:
    """The account, or None where none is set up. Raises SettingsError."""
    told = together(*_NEEDED)
    if told is None:
        return None
    api = os.environ.get("LINGXI_WECHAT_API_URL", "").strip().rstrip("/") or API
    return Account(told[0], told[1], api)


def keys_from_env() -> Keys | None:
    """What pushes are verified and opened with, or None where no account is set up. Raises SettingsError."""
    told = together(*_NEEDED)
    if told is None:
        return None
    texts = {name: os.environ.get(name, "").strip() for name in _AES_KEYS}
    if texts[_AES_KEYS[1]] and not texts[_AES_KEYS[0]]:
        raise SettingsError(f"{_AES_KEYS[1]} is the key before: set {_AES_KEYS[0]} as well")
    return Keys(told[2], told[0], tuple(_aes_key(name, text) for name, text in texts.items() if text))


def _aes_key(variable: str, text: str) -> bytes:
    try:
        return aes_key(text)
    except ValueError:
        raise SettingsError(f"{variable}: copy the 43 letters and digits of EncodingAESKey") from None
