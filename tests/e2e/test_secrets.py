"""What is typed and should not be: no column of any database holds it, whatever happens to the conversation after."""

from __future__ import annotations

from tests.e2e.stack import Stack
from tests.e2e.test_tokens import everything

IDENTITY, CARD, CODE, PASSWORD = "110101199003077571", "6222021234567890123", "482913", "qwe987654"
PHONE = "13912345678"


def test_no_database_holds_a_secret_after_a_conversation_a_handoff_and_a_relay(stack: Stack) -> None:
    customer = stack.customer("C000001")
    first = customer.say(f"我的身份证是{IDENTITY}，帮我查一下订单")
    assert "遮住" in first
    assert "遮住" not in customer.say(f"退款退到卡号{CARD}可以吗")
    customer.say(f"验证码是 {CODE}")
    assert "GD" in customer.say("转人工")
    customer.say(f"登录密码是{PASSWORD}，我电话{PHONE}")
    held = {name: everything(stack.folder / f"{name}.db") for name in ("tracker", "connectors", "backoffice")}
    for name, stored in held.items():
        assert customer.sender in stored
        for secret in (IDENTITY, CARD, CODE, PASSWORD):
            assert secret not in stored, name
    assert PHONE in held["tracker"], "what the shop needs is kept"
