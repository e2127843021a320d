"""Proof of who the customer is, is used and forgotten: no column of any database holds a token."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from tests.e2e.stack import Stack

JWT = "eyJhbGciOi"  # how every signed token begins


def everything(path: Path) -> str:
    """Every column of every table, as text."""
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
    try:
        tables = [name for (name,) in connection.execute("select name from sqlite_master where type = 'table'")]
        return "\n".join(str(row) for table in tables for row in connection.execute(f'select * from "{table}"'))
    finally:
        connection.close()


def test_no_database_holds_a_token_after_a_conversation_and_a_handoff(stack: Stack) -> None:
    customer = stack.customer("C000001")
    assert customer.token and customer.token.startswith(JWT)
    assert customer.say("你好")
    assert customer.say("我的订单到哪了")
    assert customer.say("帮我取消订单")
    assert "GD" in customer.say("转人工")
    newcomer = stack.customer("C000002")
    assert newcomer.say("你好"), "one message only: nothing has been read back yet"
    customer.say("在吗")
    for name in ("tracker", "connectors", "backoffice"):
        held = everything(stack.folder / f"{name}.db")
        assert customer.sender in held and (newcomer.sender in held or name == "backoffice")
        assert JWT not in held and "customer_token" not in held, name
