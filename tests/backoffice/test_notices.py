"""What the shop tells a customer by itself goes to the assistant with the request's key, and may be tried again."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.backoffice.conftest import TOKEN, Office
from tests.backoffice.shop import ANNA

NOTICE = {"customer_id": ANNA, "template": "refund_arrived", "values": {"amount": "39.90", "route": "微信支付"}}


@dataclass
class Channel:
    """The assistant's end: tells each key once; `down`: answers 503; knows nobody but Anna."""

    url: str = ""
    down: bool = False
    told: dict[str, dict[str, Any]] = field(default_factory=dict)

    def answer(self, headers: Any, notice: dict[str, Any]) -> tuple[int, dict[str, str]]:
        if headers["Authorization"] != f"Bearer {TOKEN}":
            return 401, {"code": "unauthorized"}
        if self.down:
            return 503, {"code": "unavailable"}
        if notice["customer"] != ANNA:
            return 404, {"code": "nowhere"}
        key = notice.pop("key")
        if key in self.told:
            return 200, {"told": "before"}
        self.told[key] = notice
        return 200, {"told": "sms"}


@pytest.fixture
def channel(office: Office) -> Iterator[Channel]:
    running = Channel()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.path.partition("?")[0] == "/webhooks/wechat/notices"
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            status, told = running.answer(self.headers, body)
            content = json.dumps(told).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    running.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    usual = office.app.state.settings
    office.app.state.settings = replace(usual, rasa_api_url=running.url)
    yield running
    office.app.state.settings = usual
    server.shutdown()
    server.server_close()


def test_a_notice_is_told_once_for_its_key(office: Office, channel: Channel) -> None:
    answers = [office.send("/notices", NOTICE, customer=None, key="refund:TH202611210001") for _ in range(2)]
    assert [(each.status_code, each.json()) for each in answers] == [(200, {"told": "sms"}), (200, {"told": "before"})]
    wanted = {"customer": ANNA, "template": NOTICE["template"], "values": NOTICE["values"]}
    assert channel.told == {"refund:TH202611210001": wanted}


def test_what_has_not_gone_goes_with_the_same_key(office: Office, channel: Channel) -> None:
    channel.down = True
    refused = office.send("/notices", NOTICE, customer=None, key="k")
    assert (refused.status_code, refused.json()["code"]) == (503, "assistant_unreachable")
    channel.down = False
    assert office.send("/notices", NOTICE, customer=None, key="k").json() == {"told": "sms"}
    nobody = office.send("/notices", {**NOTICE, "customer_id": "C9"}, customer=None)
    assert (nobody.status_code, nobody.json()["code"]) == (404, "not_found")


def test_the_key_stands_in_the_header_as_everywhere(office: Office, channel: Channel) -> None:
    without = office.client.post("/api/v1/notices", json=NOTICE)
    assert (without.status_code, without.json()["code"]) == (400, "idempotency_key_required")
    in_the_body = office.send("/notices", {**NOTICE, "key": "refund-TH1"}, customer=None)
    assert (in_the_body.status_code, in_the_body.json()["code"]) == (422, "invalid_request")
    assert channel.told == {}
