"""What is read out of customers' words beside intent and entities."""

from __future__ import annotations

import pytest

from actions.readings import reading
from tests.understanding.learned import values


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("invoices_type", "帮我开张增值税专用发票", "special"),
        ("invoices_type", "不要专票,普票就行", "normal"),
        ("invoices_type", "開專票", "special"),
        ("invoices_type", "帮我开发票", None),
        ("invoices_title_kind", "抬头开个人就行", "person"),
        ("invoices_title_kind", "公司要报销", "company"),
        ("invoices_title_kind", "没有税号,给我开吧", "person"),
        ("invoices_title_kind", "帮我开发票", None),
        ("invoices_change_field", "抬头写错了要重开", "title"),
        ("invoices_change_field", "税号错了一位", "tax_number"),
        ("invoices_change_field", "普通发票能换成专用发票吗", "special"),
        ("invoices_change_field", "选错了,选成了个人,想改单位", "company"),
        ("invoices_change_field", "不要公司抬头了,改成我个人名字", "person"),
        ("invoices_change_field", "发票金额不对", "amount"),
        ("invoices_change_field", "能把品名改成办公用品吗", "content"),
        ("invoices_change_field", "发票要重开", None),
        ("invoices_resend", "发票重新发一下", "yes"),
        ("invoices_resend", "发到我的邮箱", "yes"),
        ("invoices_resend", "发票开好了吗", None),
        ("promotions_wish", "差价什么时候到账", "status"),
        ("promotions_wish", "价保好了没", "status"),
        ("promotions_wish", "刚买就降价了能退差价吗", None),
        ("promotions_coupons", "订单取消了券怎么没退", "returned"),
        ("promotions_coupons", "券过期了能延期吗", "expired"),
        ("promotions_coupons", "为什么优惠券用不了", "unusable"),
        ("promotions_coupons", "忘记用券了能补吗", "forgot"),
        ("promotions_coupons", "优惠券在哪里领", "get"),
        ("promotions_coupons", "我的券怎么不见了", "missing"),
        ("promotions_coupons", "我有哪些优惠券", None),
        ("payments_problem", "付了钱订单还显示未付款", "paid_unpaid"),
        ("payments_problem", "錢扣咗訂單冇變", "paid_unpaid"),
        ("payments_problem", "被扣了两次钱", "charged_twice"),
        ("payments_problem", "重复扣款", "charged_twice"),
        ("payments_problem", "微信付了一次又用支付宝付了一次", "charged_twice"),
        ("payments_problem", "支付宝付不了", "failed"),
        ("payments_problem", "付款超时了", "failed"),
        ("payments_problem", "付款闪退三次了", "failed"),
        ("payments_problem", "话费充了没到账", "top_up"),
        ("payments_problem", "付款有问题", None),
    ],
)
def test_a_value_is_read(name: str, text: str, value: str | None) -> None:
    assert reading(name, text) == value


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("开发票,抬头杭州远航科技有限公司,税号91330106MA2B1X7Y8L", "杭州远航科技有限公司"),
        ("抬头:上海沐光文化传播有限公司 帮我开票", "上海沐光文化传播有限公司"),
        ("发票抬头改成成都开元信息技术有限公司", "成都开元信息技术有限公司"),
        ("杭州青禾餐饮管理有限公司,91330106MA2B1X7Y8L", "杭州青禾餐饮管理有限公司"),
        ("我们公司是北京明远律师事务所", "北京明远律师事务所"),
        ("抬头写李秀兰", "李秀兰"),
        ("个人抬头,李秀兰", "李秀兰"),
        ("抬头个人", None),
        ("抬头写错了要重开", None),
        ("抬头写我们公司", None),
        ("抬头改一下", None),
        ("帮我开发票", None),
    ],
)
def test_a_title_is_taken_out_of_the_sentence(text: str, title: str | None) -> None:
    titles = [each["value"] for each in values(text, "invoices_request", {}, []) if each["kind"] == "title"]
    assert titles == ([title] if title else [])
