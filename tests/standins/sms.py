"""Aliyun's, Tencent's and Twilio's SMS service, with telephones behind it.

What they verify, this does: signature, clock, nonce, sender, template and its parameters, limits. What customers write goes
to the callback in the provider's own shape, and again until it is acknowledged. The page shows one telephone.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import re
import threading
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import yaml
from aiohttp import web

from connectors.sms import templates

KEY_ID, KEY_SECRET = "standin-key-id", "standin-key-secret-of-a-shop"
SIGNATURE, APP_ID, NUMBER = "灵犀商城", "1400000001", "+15005550006"
PATH_SECRET = "path-secret-of-a-shop-0123456789"


class Refusal(Exception):
    """What the provider answers instead of sending."""

    def __init__(self, code: str, status: int = 200) -> None:
        super().__init__(code)
        self.code = code
        self.status = status


@dataclass
class Line:
    """One SMS on a telephone; `who` is the customer or the shop. `parts` as it is billed."""

    who: str
    text: str
    at: float
    receipt: str = ""
    parts: int = 1


@dataclass
class Network:
    """The telephones and what the provider knows of the shop."""

    provider: str
    callback: str
    templates: dict[str, tuple[str, str]]
    fail: list[str] = field(default_factory=list)
    lines: dict[str, list[Line]] = field(default_factory=dict)
    nonces: set[str] = field(default_factory=set)
    lock: threading.Lock = field(default_factory=threading.Lock)
    unsubscribed: set[str] = field(default_factory=set)

    def routes(self) -> list[web.RouteDef]:
        """The provider's API, as it lies at its root, and the telephones below /sms."""
        twilio = "/2010-04-01/Accounts/{sid}/Messages.json"
        return [
            web.post("/", self._send),
            web.post(twilio, self._send),
            web.get("/sms/phones/{number}", self._shown),
            web.post("/sms/phones/{number}", self._typed),
        ]

    async def _send(self, request: web.Request) -> web.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        body = await request.read()
        try:
            if self.provider == "aliyun":
                return web.json_response(self.aliyun(request.raw_path, headers))
            if self.provider == "tencent":
                return web.json_response(self.tencent(body, headers))
            return web.json_response(self.twilio(body, headers), status=201)
        except Refusal as refusal:
            code = refusal.code
            told: dict[str, dict[str, Any]] = {
                "aliyun": {"Code": code, "Message": code, "RequestId": "r"},
                "tencent": {"Response": {"Error": {"Code": code, "Message": code}, "RequestId": "r"}},
                "twilio": {"code": int(code) if code.isdigit() else 20500, "message": code, "status": refusal.status},
            }
            return web.json_response(told[self.provider], status=200 if self.provider == "tencent" else refusal.status)

    async def _shown(self, request: web.Request) -> web.Response:
        return web.json_response([vars(line) for line in self.lines.get(request.match_info["number"], [])])

    async def _typed(self, request: web.Request) -> web.Response:
        told = await request.json()
        status = await asyncio.to_thread(self.write, request.match_info["number"], str(told["text"]))
        return web.json_response({"status": status})

    # Sending, as each provider does it

    def aliyun(self, path: str, headers: dict[str, str]) -> dict[str, Any]:
        query = {name: values[0] for name, values in parse_qs(urlsplit(path).query, keep_blank_values=True).items()}
        found = re.fullmatch(r"ACS3-HMAC-SHA256 Credential=([^,]+),SignedHeaders=([^,]+),Signature=([0-9a-f]{64})", headers.get("authorization", ""))
        if found is None or found[1] != KEY_ID:
            raise Refusal("InvalidAccessKeyId.NotFound", 404)
        names = found[2].split(";")
        needed = {"host", *(name for name in headers if name.startswith("x-acs-"))}
        lines = "".join(f"{name}:{headers[name]}\n" for name in names)
        asked = "&".join(f"{quote(k, safe='~')}={quote(v, safe='~')}" for k, v in sorted(query.items()))
        request = "\n".join(["POST", "/", asked, lines, found[2], headers["x-acs-content-sha256"]])
        text = "ACS3-HMAC-SHA256\n" + hashlib.sha256(request.encode()).hexdigest()
        signed = hmac.new(KEY_SECRET.encode(), text.encode(), hashlib.sha256).hexdigest()
        if signed != found[3] or not needed <= set(names):
            raise Refusal("SignatureDoesNotMatch", 400)
        at = datetime.strptime(headers["x-acs-date"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)
        if abs(time.time() - at.timestamp()) > 900:
            raise Refusal("InvalidTimeStamp.Expired", 400)
        self._once(headers["x-acs-signature-nonce"])
        if headers["x-acs-action"] != "SendSms" or headers["x-acs-version"] != "2017-05-25":
            raise Refusal("InvalidAction.NotFound", 404)
        if query["SignName"] != SIGNATURE:
            raise Refusal("isv.SMS_SIGNATURE_ILLEGAL")
        if query["TemplateCode"] not in self.templates:
            raise Refusal("isv.SMS_TEMPLATE_ILLEGAL")
        _, body = self.templates[query["TemplateCode"]]
        params = json.loads(query["TemplateParam"])
        if set(params) != set(re.findall(r"\{(\w+)\}", body)):
            raise Refusal("isv.TEMPLATE_MISSING_PARAMETERS")
        number = _mainland(query["PhoneNumbers"])
        notices = [line for line in self.lines.get(number, []) if line.who == "shop" and line.at > time.time() - 86400]
        if len(notices) >= 50:
            raise Refusal("isv.BUSINESS_LIMIT_CONTROL")
        receipt = self._deliver(number, body.format(**params))
        return {"Code": "OK", "Message": "OK", "BizId": receipt, "RequestId": str(uuid.uuid4())}

    def tencent(self, body: bytes, headers: dict[str, str]) -> dict[str, Any]:
        found = re.fullmatch(
            r"TC3-HMAC-SHA256 Credential=([^/]+)/([\d-]+)/sms/tc3_request, SignedHeaders=content-type;host, Signature=([0-9a-f]{64})",
            headers.get("authorization", ""),
        )
        if found is None or found[1] != KEY_ID:
            raise Refusal("AuthFailure.SecretIdNotFound")
        at = int(headers["x-tc-timestamp"])
        if abs(time.time() - at) > 300:
            raise Refusal("AuthFailure.SignatureExpire")
        canonical = (
            f"POST\n/\n\ncontent-type:{headers['content-type']}\nhost:{headers['host']}\n\ncontent-type;host\n"
            f"{hashlib.sha256(body).hexdigest()}"
        )
        scope = f"{found[2]}/sms/tc3_request"
        text = f"TC3-HMAC-SHA256\n{at}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
        key = f"TC3{KEY_SECRET}".encode()
        for step in (found[2], "sms", "tc3_request"):
            key = hmac.new(key, step.encode(), hashlib.sha256).digest()
        if hmac.new(key, text.encode(), hashlib.sha256).hexdigest() != found[3]:
            raise Refusal("AuthFailure.SignatureFailure")
        told = json.loads(body)
        if headers.get("x-tc-action") != "SendSms" or headers.get("x-tc-version") != "2021-01-11":
            raise Refusal("InvalidAction")
        if told["SmsSdkAppId"] != APP_ID:
            raise Refusal("UnauthorizedOperation.SmsSdkAppIdVerifyFail")
        (number,) = told["PhoneNumberSet"]
        status: dict[str, Any]
        try:
            receipt = self._tencent_one(number, told)
            status = {"SerialNo": receipt, "PhoneNumber": number, "Fee": 1, "Code": "Ok", "Message": "send success"}
        except Refusal as refusal:
            status = {"SerialNo": "", "PhoneNumber": number, "Fee": 0, "Code": refusal.code, "Message": "refused"}
        return {"Response": {"SendStatusSet": [status], "RequestId": str(uuid.uuid4())}}

    def _tencent_one(self, number: str, told: dict[str, Any]) -> str:
        if self.fail:
            raise Refusal(self.fail.pop(0))
        if told["SignName"] != SIGNATURE:
            raise Refusal("FailedOperation.SignatureIncorrectOrUnapproved")
        if told["TemplateId"] not in self.templates:
            raise Refusal("FailedOperation.TemplateIncorrectOrUnapproved")
        body = self.templates[told["TemplateId"]][1]
        values = iter(told["TemplateParamSet"])
        if len(told["TemplateParamSet"]) != len(re.findall(r"\{\w+\}", body)):
            raise Refusal("FailedOperation.TemplateParamSetNotMatchApprovedTemplate")
        text = re.sub(r"\{\w+\}", lambda _found: next(values), body)
        return self._deliver(number, text, same_apart=30)

    def twilio(self, body: bytes, headers: dict[str, str]) -> dict[str, Any]:
        known = base64.b64encode(f"{KEY_ID}:{KEY_SECRET}".encode()).decode()
        if headers.get("authorization") != f"Basic {known}":
            raise Refusal("20003", 401)
        form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        if form["From"] != NUMBER:
            raise Refusal("21606", 400)
        if form["To"] in self.unsubscribed:
            raise Refusal("21610", 400)
        if len(form["Body"]) > 1600:
            raise Refusal("21617", 400)
        sid = self._deliver(form["To"], form["Body"], prefix="SM")
        return {"sid": sid, "status": "queued", "to": form["To"], "from": NUMBER, "body": form["Body"], "num_segments": "1"}

    def _once(self, nonce: str) -> None:
        with self.lock:
            if nonce in self.nonces:
                raise Refusal("SignatureNonceUsed", 400)
            self.nonces.add(nonce)

    def _deliver(self, number: str, text: str, same_apart: float = 0, prefix: str = "") -> str:
        if self.fail:
            raise Refusal(self.fail.pop(0), 200 if self.provider == "aliyun" else 503)
        signed = f"【{SIGNATURE}】{text}" if self.provider != "twilio" else text
        if len(signed) > 500 and self.provider != "twilio":
            raise Refusal("isv.TEXT_TOO_LONG" if self.provider == "aliyun" else "LimitExceeded.MessageTooLong")
        receipt = prefix + uuid.uuid4().hex
        length = len(signed.encode("utf-16-le")) // 2
        with self.lock:
            lines = self.lines.setdefault(number, [])
            now = time.time()
            if any(line.text == signed and now - line.at < same_apart for line in lines if line.who == "shop"):
                raise Refusal("LimitExceeded.PhoneNumberThirtySecondLimit")
            lines.append(Line("shop", signed, now, receipt, 1 if length <= 70 else -(-length // 67)))
        return receipt

    # Callbacks, as each provider makes them

    def write(self, number: str, text: str, message_id: str = "", at: str = "") -> int:
        """A customer writes: the callback's status after up to three tries."""
        with self.lock:
            self.lines.setdefault(number, []).append(Line("customer", text, time.time()))
        return self._call("uplink", *self.uplink(number, text, message_id or uuid.uuid4().hex, at or _now()))

    def uplink(self, number: str, text: str, message_id: str, at: str) -> tuple[bytes, str]:
        """Body and content type of a customer's SMS."""
        if self.provider == "aliyun":
            told: Any = {"phone_number": number.removeprefix("+86"), "send_time": at, "content": text, "sign_name": SIGNATURE, "dest_code": "1065712345", "sequence_id": int(message_id) if message_id.isdigit() else int(message_id[:12], 16)}
            return json.dumps([told]).encode(), "application/json"
        if self.provider == "tencent":
            told = {"extend": "01", "mobile": number.removeprefix("+86"), "nationcode": "86", "sign": SIGNATURE, "text": text, "time": at}
            return json.dumps(told).encode(), "application/json"
        form = {"From": number, "To": NUMBER, "Body": text, "MessageSid": f"SM{message_id}", "NumMedia": "0"}
        return urlencode(form).encode(), "application/x-www-form-urlencoded"

    def report(self, number: str, receipt: str, delivered: bool) -> int:
        """What became of an SMS of the shop's."""
        if self.provider == "aliyun":
            told: Any = {"phone_number": number.removeprefix("+86"), "send_time": _now(), "report_time": _now(), "success": delivered, "err_code": "DELIVERED" if delivered else "MK:0012", "err_msg": "", "sms_size": "1", "biz_id": receipt, "out_id": ""}
            return self._call("report", json.dumps([told]).encode(), "application/json")
        if self.provider == "tencent":
            told = {"user_receive_time": _now(), "nationcode": "86", "mobile": number.removeprefix("+86"), "report_status": "SUCCESS" if delivered else "FAIL", "errmsg": "DELIVRD" if delivered else "MK:0012", "description": "", "sid": receipt}
            return self._call("report", json.dumps([told]).encode(), "application/json")
        form = {"MessageSid": receipt, "MessageStatus": "delivered" if delivered else "undelivered", "To": number, "From": NUMBER}
        return self._call("report", urlencode(form).encode(), "application/x-www-form-urlencoded")

    def _call(self, what: str, body: bytes, content_type: str) -> int:
        status = 0
        for _ in range(3):
            status, answer = self.call(what, body, content_type)
            if status == 200 and self._acknowledged(answer):
                return status
            time.sleep(0.3)
        return status

    def call(self, what: str, body: bytes, content_type: str, url: str = "") -> tuple[int, bytes]:
        """One call of the shop's callback, signed where the provider signs."""
        url = url or f"{self.callback}/{what}"
        headers = {"Content-Type": content_type}
        if self.provider == "twilio":
            form = {name: values[0] for name, values in parse_qs(body.decode(), keep_blank_values=True).items()}
            text = url + "".join(name + form[name] for name in sorted(form))
            headers["X-Twilio-Signature"] = base64.b64encode(hmac.new(KEY_SECRET.encode(), text.encode(), hashlib.sha1).digest()).decode()
        try:
            with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=10) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()
        except OSError:
            return 0, b""

    def _acknowledged(self, answer: bytes) -> bool:
        if self.provider == "twilio":
            return answer.startswith(b"<Response")
        told = json.loads(answer)
        return bool(told == ({"code": 0, "msg": "接收成功"} if self.provider == "aliyun" else {"result": 0, "errmsg": "OK"}))


def _mainland(number: str) -> str:
    return f"+86{number}" if re.fullmatch(r"1\d{10}", number) else f"+{number}"


def _now() -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S")


def read_templates(path: Path, provider: str) -> dict[str, tuple[str, str]]:
    """The provider's registered templates: id → our name and the body."""
    told = yaml.safe_load(path.read_text("utf-8"))
    return {str(each[provider]): (name, each["text"]) for name, each in told.items() if each.get(provider)}


def account(folder: Path, provider: str, port: int) -> dict[str, str]:
    """The environment of a shop with an account here; its registered templates are written into the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    told = yaml.safe_load((Path(templates.__file__).with_suffix(".yml")).read_text("utf-8"))
    for number, each in enumerate(told.values(), start=1):
        each |= {"aliyun": f"SMS_{number:06}", "tencent": str(1_000_000 + number)}
    own = folder / "sms_templates.yml"
    own.write_text(yaml.safe_dump(told, allow_unicode=True), "utf-8")
    return {
        "LINGXI_SMS_PROVIDER": provider,
        "LINGXI_SMS_KEY_ID": KEY_ID,
        "LINGXI_SMS_KEY_SECRET": KEY_SECRET,
        "LINGXI_SMS_SIGNATURE": SIGNATURE,
        "LINGXI_SMS_SENDER": APP_ID if provider == "tencent" else NUMBER,
        "LINGXI_SMS_PATH_SECRET": PATH_SECRET,
        "LINGXI_SMS_API_URL": f"http://127.0.0.1:{port}",
        "LINGXI_SMS_TEMPLATES": str(own),
    }


def network_of(environ: Mapping[str, str], origin: str) -> Network:
    """The network that serves such a shop, whose server is at `origin`."""
    provider = environ["LINGXI_SMS_PROVIDER"]
    known = read_templates(Path(environ["LINGXI_SMS_TEMPLATES"]), provider)
    return Network(provider, f"{origin}/webhooks/sms/{environ['LINGXI_SMS_PATH_SECRET']}", known)
