"""腾讯云短信: SendSms 2021-01-11, 短信回复通知 and 下发状态通知."""

from __future__ import annotations

import json
import logging
import re
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tencentcloud.common.credential import Credential
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile
from tencentcloud.sms.v20210111.models import SendSmsRequest
from tencentcloud.sms.v20210111.sms_client import SmsClient as TencentSms

from connectors.errors import PushLater, PushRefused
from connectors.sms.client import SEND_SECONDS, Acknowledged, Callback
from connectors.sms.codec import Outbound, Report, Unreadable, Uplink, e164, fields, made_id, text_of
from connectors.sms.settings import SmsSettings

_REGION = "ap-guangzhou"
# “错误码”: beginnings of those that pass by themselves, and after how many seconds.
_LATER = (
    ("LimitExceeded.PhoneNumberThirtySecondLimit", 31.0),
    ("LimitExceeded.PhoneNumberOneHourLimit", 3600.0),
    ("LimitExceeded", 600.0),
    ("FailedOperation.InsufficientBalanceInSmsPackage", 600.0),
    ("FailedOperation.FailResolvePacket", None),
    ("RequestLimitExceeded", None),
    ("InternalError", None),
    ("AuthFailure.SignatureExpire", 60.0),
    ("ClientNetworkError", None),
    ("ServerNetworkError", None),
)
# The SDK writes whole requests and answers, numbers included, to its debug log.
logging.getLogger("tencentcloud_sdk_common").setLevel(logging.WARNING)
for _name in ("tencentcloud", "tencentcloud.common", "tencentcloud.common.http.request"):
    logging.getLogger(_name).setLevel(logging.WARNING)


class Client:
    """One account at Tencent."""

    needs_template = True
    acknowledged = Acknowledged('{"result":0,"errmsg":"OK"}', "application/json")

    def __init__(self, settings: SmsSettings) -> None:
        """Nothing is opened before the first SMS."""
        self._settings = settings
        http = HttpProfile(reqTimeout=SEND_SECONDS)
        if settings.api_url:
            address = urlsplit(settings.api_url)
            http = HttpProfile(protocol=address.scheme, endpoint=address.netloc, reqTimeout=SEND_SECONDS)
        credential = Credential(settings.key_id, settings.key_secret)
        self._sms = TencentSms(credential, _REGION, ClientProfile(httpProfile=http))

    def send(self, sms: Outbound) -> str:
        """Hand over one SMS; its SerialNo."""
        if sms.templated is None:
            raise PushRefused("no_template")
        request = SendSmsRequest()
        request.PhoneNumberSet = [sms.number]
        request.SmsSdkAppId = self._settings.sender
        request.SignName = self._settings.signature
        request.TemplateId = sms.templated.template
        request.TemplateParamSet = list(sms.templated.params.values())
        try:
            (status,) = self._sms.SendSms(request).SendStatusSet
        except TencentCloudSDKException as error:
            raise _problem(str(error.code)) from None
        except (ValueError, TypeError):
            raise PushLater("unreadable") from None
        if status.Code == "Ok":
            return str(status.SerialNo)
        raise _problem(str(status.Code))

    def genuine(self, callback: Callback) -> bool:
        """Tencent signs no callback."""
        return True

    def uplinks(self, callback: Callback) -> list[Uplink]:
        """One 短信回复, as a JSON object or a form; it bears no id."""
        data = _read(callback)
        found = []
        for each in data if isinstance(data, list) else [data]:
            nation, mobile, content, at = fields(each, "nationcode", "mobile", "text", "time")
            number, text = e164(mobile, _country(nation)), text_of(content)
            found.append(Uplink(number, text, made_id(number, at, each.get("extend"), text)))
        return found

    def reports(self, callback: Callback) -> list[Report]:
        """A JSON array of 状态通知."""
        data = _read(callback)
        if not isinstance(data, list):
            raise Unreadable("a JSON array is wanted")
        found = []
        for each in data:
            nation, mobile, status, sid = fields(each, "nationcode", "mobile", "report_status", "sid")
            number = e164(mobile, _country(nation))
            found.append(Report(str(sid), number, status == "SUCCESS", str(each.get("errmsg") or "")))
        return found


def _problem(code: str) -> PushLater | PushRefused:
    for beginning, seconds in _LATER:
        if code.startswith(beginning):
            return PushLater(code, seconds)
    return PushRefused(code)


def _country(value: object) -> str:
    code = str(value).lstrip("+")
    if not re.fullmatch(r"[1-9]\d{0,3}", code, re.ASCII):
        raise Unreadable("nationcode is not a country's")
    return code


def _read(callback: Callback) -> Any:
    try:
        text = callback.body.decode("utf-8")
        if callback.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
            return dict(parse_qsl(text, keep_blank_values=True, max_num_fields=20))
        return json.loads(text)
    except (ValueError, RecursionError):
        raise Unreadable("neither JSON nor a form in UTF-8") from None
