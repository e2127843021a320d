"""SMS by Aliyun, Tencent or Twilio: `credentials.yml` names `connectors.sms.SmsInput`."""

from connectors.sms.channel import SmsInput

__all__ = ["SmsInput"]
