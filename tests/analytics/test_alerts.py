"""Alerts: told once, by each channel, as long as it goes on; what was not taken is told later."""

from __future__ import annotations

import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from analytics import alerts
from analytics.alerts import Alert, channels, deliver
from analytics.problems import SettingError
from analytics.reports.findings import Evidence, Finding
from tests.analytics.shop import EVENTFUL, shop

SHANGHAI = ZoneInfo("Asia/Shanghai")
BROKEN = Alert(
    ("20261019-broken", "20261019-silent"),
    Finding("anomaly", "值班工程师", "10:00 至 12:00，系统不可用", "往常不是这样", "查发布记录", (Evidence("要一张专票", "c1"),)),
)


@contextmanager
def serving(server: socketserver.BaseServer) -> Iterator[int]:
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def robot(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, list[dict], list[int]]]:
    """A group robot: its address, what it was told, and the answers that it still has to give before 200."""
    told: list[dict] = []
    answers: list[int] = []

    class Robot(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            status = answers.pop(0) if answers else 200
            if status == 200:
                told.append({**body, "key": self.headers["Idempotency-Key"]})
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    monkeypatch.setattr(alerts, "PATIENCE", 0.01)
    with serving(HTTPServer(("127.0.0.1", 0), Robot)) as port:
        yield f"http://127.0.0.1:{port}/robot", told, answers


def test_the_outage_is_told_while_it_happens_with_what_customers_said_and_not_before():
    marts = shop(EVENTFUL).marts
    assert alerts.alerts(marts, datetime(2026, 10, 19, 10, 5, tzinfo=SHANGHAI)) == []
    (found,) = alerts.alerts(marts, datetime(2026, 10, 19, 11, 5, tzinfo=SHANGHAI))
    assert "系统不可用" in found.finding.what and found.finding.evidence
    (later,) = alerts.alerts(marts, datetime(2026, 10, 19, 12, 5, tzinfo=SHANGHAI))
    assert set(found.keys) <= set(later.keys)


def test_an_alert_is_told_once(robot, tmp_path):
    url, told, _ = robot
    to = channels({"LINGXI_ALERT_WEBHOOK": url})
    for _ in range(3):
        assert deliver([BROKEN], to, tmp_path / "alerts.json") == []
    (body,) = told
    assert body["text"]["content"].startswith("【灵犀告警】10:00 至 12:00，系统不可用")
    assert body["alert"]["conversations"] == ["c1"] and body["key"] == "20261019-broken+20261019-silent"


def test_a_robot_that_stumbles_is_asked_again_and_one_that_is_down_at_the_next_look(robot, tmp_path):
    url, told, answers = robot
    to = channels({"LINGXI_ALERT_WEBHOOK": url})
    answers += [500, 500, 500]
    (failed,) = deliver([BROKEN], to, tmp_path / "alerts.json")
    assert "500" in failed and url not in failed and told == []
    answers += [503]
    assert deliver([BROKEN], to, tmp_path / "alerts.json") == [] and len(told) == 1


def test_an_alert_goes_out_by_mail(tmp_path):
    received: list[str] = []

    class Mailbox(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.wfile.write(b"220 test\r\n")
            for line in self.rfile:
                if line.upper().startswith(b"DATA"):
                    self.wfile.write(b"354 go\r\n")
                    body = b"".join(iter(self.rfile.readline, b".\r\n"))
                    received.append(body.decode())
                self.wfile.write(b"221 bye\r\n" if line.upper().startswith(b"QUIT") else b"250 ok\r\n")

    with serving(socketserver.ThreadingTCPServer(("127.0.0.1", 0), Mailbox)) as port:
        environ = {"LINGXI_ALERT_SMTP": f"smtp://127.0.0.1:{port}", "LINGXI_ALERT_FROM": "a@shop.example", "LINGXI_ALERT_TO": "b@shop.example, c@shop.example"}
        assert deliver([BROKEN], channels(environ), tmp_path / "alerts.json") == []
    (message,) = received
    assert "To: b@shop.example, c@shop.example" in message and "20261019-broken" in message


@pytest.mark.parametrize(
    "environ",
    [{"LINGXI_ALERT_WEBHOOK": "robot.example/x"}, {"LINGXI_ALERT_SMTP": "smtp://mail.example"}, {"LINGXI_ALERT_SMTP": "mail.example", "LINGXI_ALERT_FROM": "a", "LINGXI_ALERT_TO": "b"}],
)
def test_an_address_that_is_none_is_told(environ):
    with pytest.raises(SettingError, match="LINGXI_ALERT"):
        channels(environ)


def test_without_channels_nothing_is_kept(tmp_path: Path):
    assert channels({}) == {} and deliver([BROKEN], {}, tmp_path / "alerts.json") == []
    assert not (tmp_path / "alerts.json").exists()
