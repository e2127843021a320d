"""Alerts: what is off right now, told once to whom it concerns, by webhook and e-mail."""

from __future__ import annotations

import json
import os
import smtplib
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo

import httpx
import pandas as pd

from analytics.problems import SettingError
from analytics.reports import reading
from analytics.reports.findings import Finding, anomaly_findings
from analytics.reports.period import HISTORY_DAYS
from analytics.reports.study import watch

WATCHED_HOURS = 6
KEPT = 1000
TRIES, PATIENCE = 3, 1.0
TIMEOUT = 10.0
SHANGHAI = ZoneInfo(reading.SHANGHAI)

Channel = Callable[["Alert"], None]


class NotDelivered(Exception):
    """A channel did not take an alert; it is tried again at the next look."""


@dataclass(frozen=True)
class Alert:
    """One thing that is off.

    Attributes:
        keys: a signal and its day each; the same at every look, while it goes on.
    """

    keys: tuple[str, ...]
    finding: Finding

    @property
    def text(self) -> str:
        """What people read."""
        return f"【灵犀告警】{self.finding.what}\n{self.finding.why}\n下一步：{self.finding.next}"


def alerts(marts: Any, now: datetime) -> list[Alert]:
    """What began to be off in the last hours. The hour that still runs is not judged: it has only begun."""
    hour = pd.Timestamp(now.astimezone(SHANGHAI).replace(tzinfo=None)).floor("h")
    since = (hour - timedelta(days=HISTORY_DAYS)).date()
    hours = reading.hours(marts, since, (hour + timedelta(days=1)).date())
    hours = hours[hours.index < hour]
    if not hours["turns"].sum():
        return []
    found = watch(hours, hour - timedelta(hours=WATCHED_HOURS), hour)
    return [
        Alert(tuple(f"{each.start:%Y%m%d}-{each.signal}" for each in together), finding)
        for together, finding in anomaly_findings(marts, found)
    ]


def deliver(found: Iterable[Alert], channels: Mapping[str, Channel], state: Path) -> list[str]:
    """Tell each channel each alert once; what a channel did not take is among the answers, and tried at the next call.

    Args:
        state: a file that remembers what was told, written after each delivery. A crash between the two repeats one
            delivery, under the same keys.
    """
    told: list[str] = json.loads(state.read_text("utf-8")) if state.exists() else []
    failed = []
    for alert in found:
        for name, channel in channels.items():
            marks = {f"{name} {key}" for key in alert.keys}
            if marks <= set(told):
                continue
            try:
                channel(alert)
            except NotDelivered as error:
                failed.append(f"{name}：{error}")
                continue
            told = [*told[-KEPT:], *sorted(marks - set(told))]
            part = state.with_suffix(".part")
            part.write_text(json.dumps(told), "utf-8")
            part.replace(state)
    return failed


def channels(environ: Mapping[str, str] = os.environ) -> dict[str, Channel]:
    """Those that the environment names; raises SettingError for an address that is none.

    LINGXI_ALERT_WEBHOOK: where to POST; LINGXI_ALERT_SMTP: `smtp://user:password@host:587` (STARTTLS) or `smtps://…`,
    with LINGXI_ALERT_FROM and LINGXI_ALERT_TO (addresses, separated by commas).
    """
    found: dict[str, Channel] = {}
    if url := environ.get("LINGXI_ALERT_WEBHOOK"):
        if urlsplit(url).scheme not in ("http", "https"):
            raise SettingError("LINGXI_ALERT_WEBHOOK 要是 http:// 或 https:// 开头的地址")
        found["webhook"] = webhook(url)
    if server := environ.get("LINGXI_ALERT_SMTP"):
        sender, to = environ.get("LINGXI_ALERT_FROM", ""), environ.get("LINGXI_ALERT_TO", "")
        if urlsplit(server).scheme not in ("smtp", "smtps") or not sender or not to:
            raise SettingError(
                "邮件告警要 LINGXI_ALERT_SMTP（smtp:// 或 smtps://）、LINGXI_ALERT_FROM 和 LINGXI_ALERT_TO"
            )
        found["mail"] = mail(server, sender, [each.strip() for each in to.split(",")])
    return found


def webhook(url: str) -> Channel:
    """POSTs JSON. `msgtype` and `text` are what WeCom's and DingTalk's group robots read; `alert` is for programs."""

    def send(alert: Alert) -> None:
        body = {
            "msgtype": "text",
            "text": {"content": alert.text},
            "alert": {
                "keys": alert.keys,
                "what": alert.finding.what,
                "people": alert.finding.people,
                "conversations": [each.conversation for each in alert.finding.evidence],
            },
        }
        for attempt in range(TRIES):
            if attempt:
                time.sleep(PATIENCE * attempt)
            try:
                answer = httpx.post(url, json=body, headers={"Idempotency-Key": "+".join(alert.keys)}, timeout=TIMEOUT)
            except httpx.HTTPError as error:
                why = type(error).__name__  # its text may hold the address, whose query is a secret
                continue
            if answer.is_success:
                return
            why = f"HTTP {answer.status_code}"
        raise NotDelivered(why)

    return send


def mail(server: str, sender: str, to: list[str]) -> Channel:
    """Sends an e-mail."""
    parts = urlsplit(server)

    def send(alert: Alert) -> None:
        message = EmailMessage()
        message["Subject"] = f"[灵犀告警] {alert.finding.what}"
        message["From"], message["To"] = sender, ", ".join(to)
        message["Message-ID"] = f"<{'+'.join(alert.keys)}@lingxi>"
        message.set_content(alert.text + "\n\n" + "\n".join(each.text for each in alert.finding.evidence))
        kind = smtplib.SMTP_SSL if parts.scheme == "smtps" else smtplib.SMTP
        try:
            with kind(parts.hostname or "", parts.port or 0, timeout=TIMEOUT) as smtp:
                if parts.username and parts.scheme == "smtp":
                    smtp.starttls()
                if parts.username:
                    smtp.login(unquote(parts.username), unquote(parts.password or ""))
                smtp.send_message(message)
        except (OSError, smtplib.SMTPException) as error:
            raise NotDelivered(type(error).__name__) from error

    return send
