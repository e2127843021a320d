"""Twilio Programmable Messaging: the Messages resource, incoming messages and status callbacks."""

from __future__ import annotations

import logging
from urllib.parse import parse_qsl

import requests
from twilio.base.exceptions import TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.request_validator import RequestValidator
from twilio.rest import Client as TwilioRest

from connectors.errors import PushHeld, PushLater, PushRefused
from connectors.sms.client import SEND_SECONDS, Acknowledged, Callback
from connectors.sms.codec import Outbound, Report, Unreadable, Uplink, e164, fields, text_of
from connectors.sms.settings import SmsSettings

# “Error and Warning Dictionary”: 20429 too many requests, 14107 and 30022 rates, 20003 and 20005 the account.
_LATER = (20429, 14107, 30022, 20003, 20005)
_UNSUBSCRIBED = 21610
_UNDELIVERED = ("undelivered", "failed")
_SILENT = logging.getLogger("connectors.sms.twilio.http")  # the SDK logs whole requests, numbers included
_SILENT.setLevel(logging.CRITICAL)


class Client:
    """One account at Twilio."""

    needs_template = False
    acknowledged = Acknowledged("<Response/>", "text/xml")

    def __init__(self, settings: SmsSettings) -> None:
        """Nothing is opened before the first SMS."""
        self._settings = settings
        http = TwilioHttpClient(timeout=SEND_SECONDS, logger=_SILENT)
        self._rest = TwilioRest(settings.key_id, settings.key_secret, http_client=http)
        if settings.api_url:
            self._rest.api.base_url = settings.api_url
        self._validator = RequestValidator(settings.key_secret)
        self._reports_to = f"{settings.public_url}/webhooks/sms/{settings.path_secret}/report"

    def send(self, sms: Outbound) -> str:
        """Hand over one SMS; its MessageSid."""
        try:
            message = self._rest.messages.create(
                to=sms.number, from_=self._settings.sender, body=sms.text, status_callback=self._reports_to
            )
        except TwilioRestException as error:
            if error.code == _UNSUBSCRIBED:
                raise PushHeld("unsubscribed_at_provider") from None
            if error.status >= 500 or error.status == 429 or error.code in _LATER:
                raise PushLater(str(error.code or error.status)) from None
            raise PushRefused(str(error.code or error.status)) from None
        except (requests.RequestException, ValueError):
            raise PushLater("unreachable") from None
        return str(message.sid)

    def genuine(self, callback: Callback) -> bool:
        """X-Twilio-Signature over the address and the form's fields (“Webhooks Security”)."""
        signature = callback.headers.get("x-twilio-signature", "")
        return bool(self._validator.validate(callback.url, _form(callback), signature))

    def uplinks(self, callback: Callback) -> list[Uplink]:
        """One incoming message, a form."""
        number, body, sid = fields(_form(callback), "From", "Body", "MessageSid")
        return [Uplink(e164(number), text_of(body), str(sid))]

    def reports(self, callback: Callback) -> list[Report]:
        """One status; those on the way say nothing yet."""
        form = _form(callback)
        sid, status, number = fields(form, "MessageSid", "MessageStatus", "To")
        if status != "delivered" and status not in _UNDELIVERED:
            return []
        return [Report(str(sid), e164(number), status == "delivered", str(form.get("ErrorCode") or ""))]


def _form(callback: Callback) -> dict[str, str]:
    try:
        text = callback.body.decode("utf-8")
        return dict(parse_qsl(text, keep_blank_values=True, max_num_fields=100, strict_parsing=True))
    except ValueError:
        raise Unreadable("not a form in UTF-8") from None
