"""The account: what is in it, and the steps for changing it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from actions.account import ActionAccountAssets, ActionAccountManage
from tests.actions.fakes import ASSETS, Shop
from tests.actions.talk import DOMAIN, run


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize(
    ("words", "said"),
    [("我还有多少积分", "points_expiring"), ("账户余额多少", "balance"), ("我离金卡还差多少", "level"), ("礼品卡还有多少钱", "gift_cards"),
     ("退货后积分退了吗", "points_returned"), ("买了东西没给我积分", "points_missing"), ("余额怎么提现", "withdraw"),
     ("礼品卡绑不上", "gift_cards_trouble"), ("我账户里都有什么", "")],
)  # fmt: skip
def test_what_is_asked_for_is_told(words: str, said: str) -> None:
    told = run(ActionAccountAssets(), words, "account_ask_assets")
    assert told.said == ["_".join(filter(None, ("utter_account_assets", said)))]


@pytest.mark.usefixtures("shop")
def test_what_lapses_soon_is_told_with_the_figures() -> None:
    told = run(ActionAccountAssets(), "灵犀币还有多少", "account_ask_assets")
    assert (told.messages[0]["points"], told.messages[0]["expiring"], told.messages[0]["expires"]) == (1200, 300, "2026-12-31")


def test_nothing_lapses_and_nothing_is_there(shop: Shop) -> None:
    shop.assets = replace(ASSETS, points_expiring=0, gift_cards=(), next_level=None, next_level_missing=None)
    for words, said in (("多少积分", "points"), ("我的礼品卡", "gift_cards_none"), ("会员等级", "level_top")):
        assert run(ActionAccountAssets(), words, "account_ask_assets").said == [f"utter_account_assets_{said}"]


@pytest.mark.usefixtures("shop")
def test_a_visitor_is_told_of_no_assets() -> None:
    assert run(ActionAccountAssets(), "我的积分", "account_ask_assets", customer=None).said == ["utter_chat_sign_in"]


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize(
    ("words", "kind"),
    [("换手机号了怎么改绑", "phone"), ("旧手机号停机了收不到短信", "phone_lost"), ("登录密码忘了", "password"), ("支付密码被锁了", "pay_password"),
     ("一直收不到验证码", "code"), ("登录不上了", "login"), ("怎么实名认证", "real_name"), ("想解除实名", "real_name_release"),
     ("帮我注销账号", "close"), ("怎么看登录设备", "devices"), ("微信解绑", "third_party"), ("怎么改昵称", "personal_data"),
     ("账号被冻结了", "frozen"), ("误删的订单怎么恢复", "bin"), ("营销短信怎么退订", "messages")],
)  # fmt: skip
def test_the_steps_are_told_and_nothing_is_changed(words: str, kind: str, shop: Shop) -> None:
    told = run(ActionAccountManage(), words, "account_manage", customer=None)
    assert told.said == [f"utter_account_manage_{kind}"] and told.then is None
    assert shop.done == []


@pytest.mark.usefixtures("shop")
def test_an_unclear_matter_is_offered_as_buttons_whose_kinds_exist() -> None:
    assert run(ActionAccountManage(), "账户有点问题", "account_manage").said == ["utter_account_manage"]
    for button in DOMAIN["responses"]["utter_account_manage"][0]["buttons"]:
        kind = button["payload"].split('"')[3]
        assert f"utter_account_manage_{kind}" in DOMAIN["responses"]
        assert run(ActionAccountManage(), button["payload"], "account_manage", entities={"account_kind": kind}).said == [f"utter_account_manage_{kind}"]


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize("words", ["我的账号被盗了", "有人登录我的账号，帮我冻结账号", "提示异地登录，不是我登录的", "账户咋冻上，把步骤说给我", "密码让人骗走了，账号还安全吗"])
def test_a_stolen_account_goes_to_a_person_at_once(words: str) -> None:
    told = run(ActionAccountManage(), words, "account_manage", customer=None)
    assert told.said == ["utter_account_manage_stolen"] and told.then == "action_handoff"


@pytest.mark.usefixtures("shop")
def test_the_list_of_matters_is_not_shown_twice_in_a_row() -> None:
    listed = {"event": "bot", "text": "…", "metadata": {"utter_action": "utter_account_manage"}}
    assert run(ActionAccountManage(), "账户有点问题", "account_manage", events=[listed]).said == ["utter_account_manage_again"]


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize("words", ["我的密码是abc12345登不上", "验证码 384921 怎么不对", "支付密码：778899 帮我改"])
def test_a_password_or_code_is_not_wanted(words: str) -> None:
    assert run(ActionAccountManage(), words, "account_manage").said[0] == "utter_account_secret"


@pytest.mark.usefixtures("shop")
def test_no_reply_asks_for_a_password_or_code() -> None:
    for name, variants in DOMAIN["responses"].items():
        if name.startswith("utter_account_"):
            assert not any(f"请{verb}{what}" in variants[0]["text"] for verb in ("提供", "发送", "告诉我") for what in ("密码", "验证码"))


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize("words", ["我还没登录呢，能不能看下订单", "凭手机号给查不", "不想登，你帮我看下单子"])
def test_who_is_not_signed_in_is_told_that_only_owners_see_orders(words: str) -> None:
    assert run(ActionAccountManage(), words, "account_manage", customer=None).said == ["utter_account_manage_unproven"]
