"""What the shop tells by itself: a template message, else an SMS, else with the next message; once."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from typing import Any

import pytest

from connectors.errors import Refused
from connectors.wechat.notices import parse, templates
from tests.connectors.clients import WebChatClient, token
from tests.connectors.test_binding import code_in
from tests.connectors.wechat.line import Line, connected, until

WEB = WebChatClient()
SERVICE = "service-token-of-the-tests-0123456789"
VALUES = {"slip": "TH202611210001", "amount": "39.90", "route": "微信支付"}
NOTICES = """
refund_arrived: {id: T1, data: {amount2: "{amount}元", thing3: "{route}"}, text: "退款 {amount} 元已经到账。"}
coupon: {id: "", data: {}, text: "送您一张券。"}
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Line]:
    folder = tmp_path_factory.mktemp("notices")
    own = folder / "notices.yml"
    own.write_text(NOTICES, "utf-8")
    with connected(folder / "server", LINGXI_SERVICE_TOKEN=SERVICE, LINGXI_WECHAT_NOTICES=str(own)) as line:
        line.wechat.templates["T1"] = {"amount2", "thing3"}
        yield line


def tell(shop: Line, customer: str, template: str = "refund_arrived", key: str = "", **more: Any) -> tuple[int, Any]:
    told = {"customer": customer, "key": key or secrets.token_hex(8), "template": template, "values": VALUES, **more}
    return shop.server.post("/webhooks/wechat/notices", told, Authorization=f"Bearer {SERVICE}")


def test_a_notice_goes_where_no_window_shuts_it_out_and_once(shop: Line) -> None:
    customer, openid, sms = f"C{secrets.token_hex(4)}", f"o{secrets.token_hex(13)}", shop.server.lines.sms
    number, proof = f"+86139{secrets.randbelow(10**8):08}", token(customer)
    assert tell(shop, customer)[0] == 404, "nobody has ever talked to them"
    conversation = WEB.begin(shop.server, proof)
    assert tell(shop, customer, "coupon")[1] == {"told": "later"}
    sms.write(number, f"绑定 {code_in(WEB.say(shop.server, conversation, '绑定', customer_token=proof))}")
    shop.say(openid, f"绑定 {code_in(WEB.say(shop.server, conversation, '绑定', customer_token=proof))}")
    shop.words(openid, "绑定成功")
    shop.wechat.ahead = 50 * 3600
    try:
        assert tell(shop, customer, key="refund-TH1-once")[1] == {"told": "wechat"}
        assert tell(shop, customer, key="refund-TH1-once")[1] == {"told": "before"}
    finally:
        shop.wechat.ahead = 0
    shown = [each for each in shop.wechat.shown[openid] if each.get("template")]
    assert [each["text"] for each in shown] == ["39.90元 微信支付"]
    assert "退款 39.90 元已经到账。" in [each.get("text") for each in WEB.read(shop.server, conversation, proof)]
    shop.say(openid, "在")
    assert not [each for each in shop.words(openid, "您说：在") if "已经到账" in each], "told once"
    shop.event(openid, "unsubscribe")
    assert tell(shop, customer, values={**VALUES, "amount": "8.00"})[1] == {"told": "sms"}
    until(lambda: [each.text for each in sms.lines[number]], lambda said: any("退款 8.00 元" in each for each in said), 10)


def test_only_the_shop_may_tell_and_only_what_is_a_notice(shop: Line) -> None:
    assert shop.server.post("/webhooks/wechat/notices", {})[0] == 401
    assert shop.server.post("/webhooks/wechat/notices", {}, Authorization="Bearer x")[0] == 401
    assert tell(shop, "C1", "unknown")[0] == 400
    for body in (b"", b"[]", b"{}", b'{"customer": "C1", "key": 1, "template": "coupon", "values": {}}'):
        with pytest.raises(Refused):
            parse(body)


def test_the_notices_that_are_shipped_fit_into_their_fields() -> None:
    for template in templates().values():
        assert template.said({"amount": "1.00"}) and all(len(each) <= 60 for each in template.data.values())
