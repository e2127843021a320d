"""What the back office refuses, over real HTTP: customers hear what is written for them, and no field's name ever."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import jwt
import pytest

from actions.gateways.errors import GatewayError, Rejected
from actions.gateways.http import BackOffice, Caller
from actions.gateways.identity import CUSTOMER_ID, TokenForged, verify_customer_token

ROOT = Path(__file__).resolve().parents[2]
SECRET = "a-secret-of-more-than-thirty-two-characters"
FIELDS = "填写有误：X-Customer-Id：格式不对；body.phone：太长。"


class _Answers(BaseHTTPRequestHandler):
    """Answers a POST with the status and problem that its body asks for."""

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        body = json.dumps(asked["problem"]).encode()
        self.send_response(asked["status"])
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Silent."""


@pytest.fixture(scope="module")
def office() -> Iterator[BackOffice]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Answers)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield BackOffice(f"http://127.0.0.1:{server.server_address[1]}", "token")
    server.shutdown()
    server.server_close()


def asked(office: BackOffice, status: int, problem: Any) -> GatewayError:
    with pytest.raises(GatewayError) as raised:
        office.post("/orders", Caller("C000001", "k"), {"status": status, "problem": problem})
    return raised.value


@pytest.mark.parametrize("status", [409, 422])
def test_a_rules_words_reach_the_customer(office: BackOffice, status: int) -> None:
    error = asked(office, status, {"code": "order_shipped", "detail": "已经出库。", "for_customer": True})
    assert isinstance(error, Rejected) and (error.code, error.detail) == ("order_shipped", "已经出库。")


@pytest.mark.parametrize("status", [400, 409, 413, 422])
@pytest.mark.parametrize("marked", [{}, {"for_customer": False}, {"for_customer": "true"}])
def test_words_for_programmers_do_not(office: BackOffice, status: int, marked: dict[str, Any]) -> None:
    error = asked(office, status, {"code": "invalid_request", "detail": FIELDS, **marked})
    assert not isinstance(error, Rejected) and error.response == "utter_chat_backend_failed"
    assert "phone" not in str(error) and "Customer" not in str(error)


def test_an_answer_that_is_no_problem_document(office: BackOffice) -> None:
    assert not isinstance(asked(office, 422, ["x"]), Rejected)


@pytest.mark.parametrize("customer", ["a b", "a/b", "C000001'", "x" * 33, "", "客户", "a.b", "C1\n", "<b>", "C:1"])
def test_a_token_for_a_customer_who_cannot_be_proves_nobody(customer: str) -> None:
    token = jwt.encode({"sub": customer, "exp": int(time.time()) + 60}, SECRET, "HS256")
    with pytest.raises(TokenForged):
        verify_customer_token(token, SECRET)


def test_customer_ids_have_one_shape_everywhere() -> None:
    written = re.search(r'^CUSTOMER_ID = "(.+)"$', (ROOT / "backoffice/api/context.py").read_text("utf-8"), re.MULTILINE)
    assert written and written[1] == CUSTOMER_ID
