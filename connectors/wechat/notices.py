"""What the shop tells by itself: the notices of notices.yml, as WeChat's template messages take them."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from connectors.errors import Refused, SettingsError
from connectors.settings import ROOT

LONGEST_VALUE = 20
"""Characters of a field of a template message."""
_KEY = re.compile(r"[\x21-\x7e]{1,200}")  # an Idempotency-Key of the back office's
_CUSTOMER = re.compile(r"[A-Za-z0-9_-]{1,32}")
_PLACEHOLDER = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Template:
    """One kind of notice. `id` is empty where the account has no such template; `sms`: the template of an SMS instead."""

    id: str
    data: Mapping[str, str]
    text: str
    sms: str

    def filled(self, values: Mapping[str, str]) -> dict[str, dict[str, str]]:
        """The fields as WeChat takes them."""
        return {name: {"value": _fill(text, values)[:LONGEST_VALUE]} for name, text in self.data.items()}

    def said(self, values: Mapping[str, str]) -> str:
        """In words."""
        return _fill(self.text, values)


@dataclass(frozen=True)
class Notice:
    """What a customer is to be told; `key` is what a repeat of it is recognised by."""

    customer: str
    key: str
    template: Template
    values: Mapping[str, str]


@cache
def templates() -> dict[str, Template]:
    """Those of notices.yml, or of the shop's own file that LINGXI_WECHAT_NOTICES names. Raises SettingsError."""
    own = os.environ.get("LINGXI_WECHAT_NOTICES", "").strip()
    path = ROOT / own if own else Path(__file__).with_suffix(".yml")
    try:
        told = yaml.safe_load(path.read_text("utf-8"))
        return {
            name: Template(str(each.get("id") or ""), each["data"], each["text"], each.get("sms") or "")
            for name, each in told.items()
        }
    except (OSError, yaml.YAMLError, AttributeError, KeyError, TypeError):
        raise SettingsError(
            f"{path.name} is no file of notices: write `name: {{id: …, data: {{…}}, text: …}}`, "
            "as connectors/wechat/notices.yml does"
        ) from None


def parse(body: bytes) -> Notice:
    """A notice that the back office wants told: `{"customer", "key", "template", "values"}`. Raises Refused."""
    try:
        told: Any = json.loads(body.decode("utf-8"))
        customer, key, name, values = (told[each] for each in ("customer", "key", "template", "values"))
        good = _CUSTOMER.fullmatch(customer) and _KEY.fullmatch(key)
        words = {str(name): str(value) for name, value in values.items()}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        good = None
    if not good:
        raise Refused("notice_invalid", "通知要写明 customer、key、template 和 values。")
    if name not in templates():
        raise Refused("template_unknown", "没有这个通知模板，请看 connectors/wechat/notices.yml。")
    return Notice(customer, key, templates()[name], words)


def _fill(text: str, values: Mapping[str, str]) -> str:
    return _PLACEHOLDER.sub(lambda found: values.get(found[1], ""), text)
