"""阿里云短信: SendSms, 上行短信 (SmsUp) and 短信发送回执 (SmsReport).

Signed by hand, as “V3版本请求体&签名机制” says: the SDK of today does not install beside Rasa (docs/adr/0025).
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any
from urllib.parse import quote, urlsplit

import requests

from connectors.errors import PushLater, PushRefused
from connectors.sms.client import SEND_SECONDS, Acknowledged, Callback
from connectors.sms.codec import Outbound, Report, Unreadable, Uplink, e164, fields, made_id, text_of
from connectors.sms.settings import SmsSettings

_VERSION = "2017-05-25"
_URL = "https://dysmsapi.aliyuncs.com"
_EMPTY = hashlib.sha256(b"").hexdigest()
# “短信服务错误码”: to be tried again after so many seconds. A minute's limit first, then an hour's, a day's.
_LATER = {
    "isv.BUSINESS_LIMIT_CONTROL": 3600.0,
    "isv.DAY_LIMIT_CONTROL": 3600.0,
    "isv.OUT_OF_SERVICE": 600.0,
    "isv.AMOUNT_NOT_ENOUGH": 600.0,
    "isp.SYSTEM_ERROR": None,
    "isp.RAM_PERMISSION_DENY": 600.0,
    "Throttling": None,
    "Throttling.User": None,
    "ServiceUnavailable": None,
    "InternalError": None,
}


class Client:
    """One account at Aliyun."""

    needs_template = True
    acknowledged = Acknowledged(
        json.dumps({"code": 0, "msg": "接收成功"}, ensure_ascii=False), "application/json"
    )

    def __init__(self, settings: SmsSettings) -> None:
        """Nothing is opened before the first SMS."""
        self._settings = settings
        self._url = settings.api_url or _URL
        self._session = requests.Session()

    def send(self, sms: Outbound) -> str:
        """Hand over one SMS; its BizId."""
        if sms.templated is None:
            raise PushRefused("no_template")
        query = {
            "PhoneNumbers": sms.number.removeprefix("+86")
            if sms.number.startswith("+86")
            else sms.number[1:],
            "SignName": self._settings.signature,
            "TemplateCode": sms.templated.template,
            "TemplateParam": json.dumps(sms.templated.params, ensure_ascii=False),
        }
        headers = {
            "host": urlsplit(self._url).netloc,
            "x-acs-action": "SendSms",
            "x-acs-version": _VERSION,
            "x-acs-date": datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "x-acs-signature-nonce": secrets.token_hex(16),
            "x-acs-content-sha256": _EMPTY,
        }
        headers["Authorization"] = authorization(
            self._settings.key_id, self._settings.key_secret, query, headers
        )
        try:
            answer = self._session.post(
                f"{self._url}/?{canonical(query)}", headers=headers, timeout=SEND_SECONDS
            )
            said = answer.json()
        except requests.Timeout:
            raise PushLater("timeout") from None
        except (requests.RequestException, ValueError):
            raise PushLater("unreachable") from None
        code = str(said.get("Code")) if isinstance(said, dict) else "unreadable"
        if code == "OK":
            return str(said.get("BizId"))
        if code in _LATER or answer.status_code >= 500:
            raise PushLater(code, _LATER.get(code))
        raise PushRefused(code)

    def genuine(self, callback: Callback) -> bool:
        """Aliyun signs no callback."""
        return True

    def uplinks(self, callback: Callback) -> list[Uplink]:
        """A JSON array of 上行短信."""
        found = []
        for each in _array(callback):
            number, content, at = fields(each, "phone_number", "content", "send_time")
            text = text_of(content)
            number = e164(number)
            known = each.get("sequence_id")
            found.append(Uplink(number, text, str(known)[:64] if known else made_id(number, at, text)))
        return found

    def reports(self, callback: Callback) -> list[Report]:
        """A JSON array of 短信发送回执."""
        found = []
        for each in _array(callback):
            number, receipt, success = fields(each, "phone_number", "biz_id", "success")
            found.append(Report(str(receipt), e164(number), success is True, str(each.get("err_code") or "")))
        return found


def canonical(query: Mapping[str, str]) -> str:
    """Parameters in the one way they are signed: sorted, each part percent-encoded (RFC 3986)."""
    return "&".join(f"{quote(key, safe='~')}={quote(query[key], safe='~')}" for key in sorted(query))


def authorization(key_id: str, key_secret: str, query: Mapping[str, str], headers: Mapping[str, str]) -> str:
    """The Authorization header of a POST to `/` without a body; `headers` have lower-case names."""
    names = sorted(headers)
    lines = "".join(f"{name}:{headers[name].strip()}\n" for name in names)
    signed = ";".join(names)
    request = "\n".join(("POST", "/", canonical(query), lines, signed, headers["x-acs-content-sha256"]))
    text = f"ACS3-HMAC-SHA256\n{hashlib.sha256(request.encode()).hexdigest()}"
    signature = hmac.new(key_secret.encode(), text.encode(), hashlib.sha256).hexdigest()
    return f"ACS3-HMAC-SHA256 Credential={key_id},SignedHeaders={signed},Signature={signature}"


def _array(callback: Callback) -> list[Any]:
    try:
        data = json.loads(callback.body.decode("utf-8"))
    except (ValueError, RecursionError):
        raise Unreadable("not JSON in UTF-8") from None
    if not isinstance(data, list):
        raise Unreadable("a JSON array is wanted")
    return data
