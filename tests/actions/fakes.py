"""A small shop in memory, behind the gateways' ports."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from actions.gateways.after_sales import Options, Return, Variant, Wish
from actions.gateways.customers import Customer
from actions.gateways.desk import Handoff
from actions.gateways.errors import NotFound, Rejected, Unavailable
from actions.gateways.http import Caller
from actions.gateways.logistics import Arrangeable, Investigation, Shipment, UrgedParcel
from actions.gateways.orders import Order, OrderItem, Rule, Urged
from actions.gateways.tickets import Complaint, ComplaintLook, Ticket
from actions.wiring import Gateways

OPERATIONS = ("cancel", "change", "urge", "return", "exchange", "repair", "refund")


def order(number: str, state_code: str, *allowed: str, title: str = "蓝牙耳机 LX-B3", pieces: int = 1) -> Order:
    """An order in which only `allowed` operations are possible."""
    rules = {name: Rule(name in allowed, "" if name in allowed else f"order_{state_code}", "商城的说明") for name in OPERATIONS}
    return Order(
        number=number, title=title, state=state_code, state_code=state_code, amount="199.00", seller="灵犀自营",
        payment_method="微信支付", address="杭州市", times={"created_at": "2026-11-19T10:02:00+08:00"},
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
    # after-sales: what the rules make of a reason, beside what `Order.allowed` says
    reason_code: str = "no_reason"
    refused: dict[str, str] = field(default_factory=dict)
    proposed: tuple[tuple[str, str], ...] = ()
    pickups: tuple[tuple[str, str], ...] = ()
    variants: tuple[Variant, ...] = ()
    warranty_ends: str | None = None
    person: str | None = None
    review: str | None = None
    # parcels
    late: bool = False
    not_arrangeable: dict[str | None, str] = field(default_factory=dict)
    known_investigation: bool = False
    # tickets and complaints
    tickets: list[Ticket] = field(default_factory=list)
    look: ComplaintLook = ComplaintLook(False, False, "normal", "")

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
        return replace(found, state_code="cancelled")

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

    def urge(self, caller: Caller, tracking_number: str) -> UrgedParcel:
        self.shop.write(caller, "urge_parcel", tracking_number)
        return UrgedParcel("GD202611210002", self.shop.late, "已催促")

    def arrangeable(self, caller: Caller, tracking_number: str, how: str, value: str | None) -> Arrangeable:
        code = self.shop.not_arrangeable.get(value) or self.shop.not_arrangeable.get(how)
        named = "门卫" if value and "门卫" in value else None
        return Arrangeable(Rule(code is None, code or "", "商城的说明"), ("2026-11-22", "2026-11-23"), ("上午",), "杭州市", named)

    def arrange(self, caller: Caller, tracking_number: str, how: str, value: str | None) -> Shipment:
        self.shop.write(caller, "arrange", tracking_number, how, value or "")
        return self.get(caller, tracking_number)

    def report(self, caller: Caller, tracking_number: str, problem: str, text: str | None) -> Investigation:
        self.shop.write(caller, "report", tracking_number, problem)
        return Investigation("GD202611210003", not self.shop.known_investigation)


@dataclass
class _AfterSales:
    shop: Shop

    def options(self, caller: Caller, order_number: str, line: int | None, text: str | None) -> Options:
        allowed = _Orders(self.shop).get(caller, order_number).allowed
        kinds = ("refund", "return", "exchange", "repair")
        refused = {kind: Rule(False, code, "商城的说明") for kind, code in self.shop.refused.items()}
        rules = {kind: refused.get(kind, allowed[kind]) for kind in kinds}
        return Options(
            self.shop.reason_code, rules, frozenset(kind for kind in kinds if rules[kind].ok), self.shop.proposed,
            dict.fromkeys(kinds, self.shop.pickups), self.shop.variants, self.shop.warranty_ends, self.shop.person,
        )  # fmt: skip

    def open(self, caller: Caller, wish: Wish) -> Return:
        more = [str(x) for x in (wish.to_variant, wish.pickup, wish.paid or None) if x]
        self.shop.write(caller, "open", wish.order_number, str(wish.line), wish.kind, wish.reason or "", *more)
        return Return(
            "TH202611210001", wish.order_number, "蓝牙耳机", wish.kind, "待寄回", "awaiting_goods", "199.00", "原路退回", None,
            "请寄回", wish.pickup, self.shop.review, "GD202611210009" if self.shop.review else None, kind=wish.kind,
        )  # fmt: skip

    def fetch(self, caller: Caller, slip: str, pickup: str) -> Return:
        self.shop.write(caller, "fetch", slip, pickup)
        return replace(self.get(caller, slip), pickup=pickup)

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
        return [t for t in self.shop.tickets if not only_open or t.state_code in ("open", "working")]

    def get(self, caller: Caller, number: str) -> Ticket:
        for found in self.recent(caller):
            if found.number == number:
                return found
        raise NotFound("ticket")

    def look(self, caller: Caller, text: str, sentiment: str, order_number: str | None) -> ComplaintLook:
        self.shop.up()
        return self.shop.look

    def complain(self, caller: Caller, complaint: Complaint) -> Ticket:
        self.shop.write(caller, "complain", complaint.text, complaint.order_number or "", complaint.sentiment)
        return Ticket("GD202611210004", complaint.subject, "待处理", "open", "一般", None, "", priority_code=self.shop.look.grade)

    def add(self, caller: Caller, number: str, text: str) -> Ticket:
        self.shop.write(caller, "add", number, text)
        return self.get(caller, number)

    def urge(self, caller: Caller, number: str) -> Ticket:
        self.shop.write(caller, "urge_ticket", number)
        return self.get(caller, number)

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
