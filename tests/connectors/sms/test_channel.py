"""An SMS on its whole way: the telephone, the provider, the shop's server, and back."""

from __future__ import annotations

from collections.abc import Callable

from tests.connectors.sms.conftest import Shop

Number = Callable[[], str]


def test_an_sms_is_answered(shop: Shop, number: Number) -> None:
    mine = number()
    assert shop.write(mine, f"你好 {mine[-4:]}") == 200
    assert shop.received(mine) == [f"您说：你好 {mine[-4:]}"]
