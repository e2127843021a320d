"""A small shop in memory, behind the gateways' ports."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from actions.gateways.after_sales import Return
from actions.gateways.customers import Customer
from actions.gateways.desk import Handoff
from actions.gateways.errors import NotFound, Rejected, Unavailable
from actions.gateways.http import Caller
from actions.gateways.logistics import Shipment
from actions.gateways.orders import Order, OrderItem, OrderRefund, Rule, Urged
from actions.gateways.tickets import Ticket
from actions.wiring import Gateways

OPERATIONS = ("cancel", "change", "urge", "return", "exchange", "repair", "refund")


def order(number: str, state_code: str, *allowed: str, title: str = "蓝牙耳机 LX-B3", pieces: int = 1) -> Order:
    """An order in which only `allowed` operations are possible."""
    times = {"created_at": "2026-11-19T10:02:00+08:00"}
    if state_code != "unpaid":
        times["paid_at"] = "2026-11-19T10:05:00+08:00"
    rules = {name: Rule(name in allowed, "" if name in allowed else f"order_{state_code}", "商城的说明") for name in OPERATIONS}
    return Order(
        number=number, title=title, state=state_code, state_code=state_code, amount="199.00", seller="灵犀自营",
        payment_method="微信支付", address="杭州市", times=times,
        promised_ship_by=None, pay_by=None, delivery_date=None, cancel_reason=None,
        tracking_number="LXWL0000000001" if state_code in ("shipped", "signed") else None, carrier="灵犀物流",
        open_return=None, items=tuple(OrderItem(i + 1, f"{title} {i + 1}", 1) for i in range(pieces)), allowed=rules,
    )  # fmt: skip


@dataclass
class Shop:
    """Orders by customer; `done` records every write with its key; `down` makes every call fail."""

    orders: dict[str, list[Order]] = field(default_factory=dict)
    slips: dict[str, list[Return]] = field(default_factory=dict)
    done: list[tuple[str, ...]] = field(default_factory=list)
    down: bool = False

    def gateways(self) -> Gateways:
        """All ports, over this shop."""
        return Gateways(_Customers(self), _Orders(self), _Logistics(self), _AfterSales(self), _Tickets(self), _Desk(self))

    def of(self, caller: Caller) -> list[Order]:
        """The caller's orders."""
        self.up()
        return self.orders.get(caller.customer or "", [])

    def up(self) -> None:
        """Raise Unavailable when the shop is down."""
        if self.down:
            raise Unavailable("down")

    def write(self, caller: Caller, *what: str) -> None:
        """Record a write; every write has a key."""
        self.up()
        assert caller.key
        self.done.append(what)


@dataclass
class _Orders:
    shop: Shop

    def recent(self, caller: Caller, state_codes: tuple[str, ...] = (), limit: int = 5) -> list[Order]:
        return [o for o in self.shop.of(caller) if not state_codes or o.state_code in state_codes][:limit]

    def get(self, caller: Caller, number: str) -> Order:
        found = [o for o in self.shop.of(caller) if o.number == number]
        if not found:
            raise NotFound("order")
        return found[0]

    def cancel(self, caller: Caller, number: str, reason: str | None) -> Order:
        found = self.get(caller, number)
        self.shop.write(caller, "cancel", number)
        if found.seller != "灵犀自营":
            return replace(found, cancel_decide_by="2026-11-22T10:00:00+08:00")
        refund = OrderRefund(found.amount, "原路退回微信支付", "1 至 3 个工作日")
        return replace(found, state_code="cancelled", refunds=(refund,) if "paid_at" in found.times else ())

    def change(self, caller: Caller, number: str, field: str, value: str) -> Order:
        self.shop.write(caller, "change", number, field, value)
        return self.get(caller, number)

    def urge(self, caller: Caller, number: str) -> Urged:
        self.shop.write(caller, "urge", number)
        return Urged("2026-11-22T10:00:00+08:00", "GD202611210001")


@dataclass
class _Logistics:
    shop: Shop

    def of_order(self, caller: Caller, order_number: str) -> Shipment:
        for found in self.shop.of(caller):
            if found.number == order_number and found.tracking_number:
                return Shipment(
                    found.tracking_number, found.number, "灵犀物流", "运输中", "in_transit", "2026-11-23", False, False,
                    "2026-11-21T09:30:00+08:00", "杭州", "已到达杭州分拨中心", None, None,
                )  # fmt: skip
        raise Rejected("not_shipped", "还没有发货")

    def get(self, caller: Caller, tracking_number: str) -> Shipment:
        for found in self.shop.of(caller):
            if found.tracking_number == tracking_number:
                return self.of_order(caller, found.number)
        raise NotFound("shipment")

    def urge(self, caller: Caller, tracking_number: str) -> str | None:
        self.shop.write(caller, "urge_parcel", tracking_number)
        return "GD202611210002"

    def arrange(self, caller: Caller, tracking_number: str, how: str, value: str | None) -> Shipment:
        self.shop.write(caller, "arrange", tracking_number, how, value or "")
        return self.get(caller, tracking_number)

    def report(self, caller: Caller, tracking_number: str, problem: str, text: str | None) -> str:
        self.shop.write(caller, "report", tracking_number, problem)
        return "GD202611210003"


@dataclass
class _AfterSales:
    shop: Shop

    def open(self, caller: Caller, order_number: str, line: int | None, kind: str, reason: str | None) -> Return:
        self.shop.write(caller, "open", order_number, str(line), kind, reason or "")
        return Return("TH202611210001", order_number, "蓝牙耳机", kind, "待寄回", "awaiting_goods", "199.00", "原路退回", None, "请寄回")

    def recent(self, caller: Caller, only_open: bool = False) -> list[Return]:
        self.shop.up()
        return self.shop.slips.get(caller.customer or "", [])

    def get(self, caller: Caller, slip: str) -> Return:
        for found in self.recent(caller):
            if found.slip == slip:
                return found
        raise NotFound("return")

    def withdraw(self, caller: Caller, slip: str) -> Return:
        self.shop.write(caller, "withdraw", slip)
        return self.get(caller, slip)


@dataclass
class _Tickets:
    shop: Shop

    def recent(self, caller: Caller, only_open: bool = False) -> list[Ticket]:
        self.shop.up()
        return []

    def get(self, caller: Caller, number: str) -> Ticket:
        raise NotFound("ticket")

    def open(
        self, caller: Caller, kind: str, subject: str, text: str, order_number: str | None, conversation_id: str
    ) -> Ticket:
        self.shop.write(caller, "ticket", kind, text)
        return Ticket("GD202611210004", subject, "待处理", "open", "一般", None, "")


@dataclass
class _Desk:
    shop: Shop

    def hand_over(
        self, caller: Caller, conversation_id: str, reason: str, intent: str | None, transcript: list[dict[str, str]]
    ) -> Handoff:
        self.shop.write(caller, "handoff", conversation_id, *(said["text"] for said in transcript))
        return Handoff("1", "GD202611210005", 1, True)


@dataclass
class _Customers:
    shop: Shop

    def get(self, caller: Caller) -> Customer:
        self.shop.up()
        return Customer(caller.customer or "", "王小明", "金卡")
