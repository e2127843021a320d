"""The whole path: WeChat's stand-in pushes, our server answers by the customer-service API."""

from __future__ import annotations

import secrets

import pytest

from tests.connectors.wechat.conftest import Line


@pytest.fixture
def openid() -> str:
    return f"o{secrets.token_hex(13)}"


def test_a_text_is_acknowledged_and_answered(line: Line, openid: str) -> None:
    assert [(each.status, each.answer) for each in line.say(openid, "你好")] == [(200, "success")]
    assert [each["text"] for each in line.answers(openid)] == ["您说：你好"]
