"""One model for all tests of the dialogue, and a shop with something of everything."""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy

import pytest
from rasa.core.actions.action import RemoteAction

from actions import wiring
from actions.gateways.after_sales import Return
from actions.gateways.promotions import Quote
from actions.settings import Settings
from tests.actions.fakes import OPERATIONS, Shop, invoice, order
from tests.actions.talk import SECRET
from tests.dialogue.talk import Assistant
from tests.understanding.learned import newest_model

GOODS = {
    "unpaid": ["保温杯", "数据线"],
    "paid": ["蓝牙耳机", "护眼台灯"],
    "shipped": ["电热水壶", "羽绒被"],
    "signed": ["跑步鞋", "机械键盘"],
    "completed": ["登机箱", "空气炸锅"],
}


@pytest.fixture(scope="session")
def shop() -> Iterator[Shop]:
    """Two orders in each state, everything allowed, two slips."""
    made = Shop()
    made.orders["C1"] = [
        order(f"2026111{day}000{place}", state, *OPERATIONS, title=title)
        for day, (state, titles) in enumerate(GOODS.items())
        for place, title in enumerate(titles, 1)
    ]
    made.slips["C1"] = [
        Return(f"TH20261121000{n}", f"2026111{n}0001", "跑步鞋", "退货", "待寄回", "awaiting_goods", "199.00", "原路退回", None, "请寄回")
        for n in (1, 2)
    ]
    made.invoices["C1"] = [invoice(f"FP20261121000{n}", order_number=f"2026111{n + 2}0001") for n in (1, 2)]
    drop = Quote("商品", "199.00", "149.00", "50.00", "原路退回微信支付", "1 至 3 个工作日", 1)
    made.drops = {(each.number, None): drop for each in made.orders["C1"]}
    patch = pytest.MonkeyPatch()
    gateways = made.gateways()
    patch.setattr(wiring, "gateways", lambda: gateways)
    # Rasa checks the schema of its own schema at every answer of an action; half of a turn's work, and no part of these tests
    patch.setattr(RemoteAction, "_validate_action_result", lambda *_: True)
    patch.setattr(wiring, "settings", lambda: Settings("http://127.0.0.1:1", SECRET, SECRET))
    yield made
    patch.undo()


@pytest.fixture(scope="session")
def assistant(shop: Shop) -> Assistant:
    """The newest model."""
    return Assistant.load(newest_model())


@pytest.fixture(autouse=True)
def the_shop_as_it_was(shop: Shop) -> Iterator[None]:
    """What a test does to the shop is its own: the next one finds it as it was."""
    before = {name: copy(value) if isinstance(value, (list, dict)) else value for name, value in vars(shop).items()}
    yield
    vars(shop).update(before)
