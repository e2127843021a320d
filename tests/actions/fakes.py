"""A small shop in memory, behind the gateways' ports."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from actions.gateways.account import Assets, GiftCard
from actions.gateways.after_sales import Options, Return, Wish
from actions.gateways.after_sales import Variant as Replacement
from actions.gateways.belongings import INVOICE, ORDER, SLIP, TICKET, Belongings, Piece, Thing
from actions.gateways.compensations import Compensation, Due
from actions.gateways.customers import Customer
from actions.gateways.desk import Handoff, HandoffRequest, Said
from actions.gateways.errors import NotFound, OutcomeUnknown, Rejected, Unavailable
from actions.gateways.http import Caller
from actions.gateways.invoices import Checked, Heading, Invoice
from actions.gateways.knowledge import NO_TALK, Hit, Talk
from actions.gateways.knowledge import Found as Answered
from actions.gateways.logistics import Arrangeable, Investigation, Shipment, UrgedParcel
from actions.gateways.orders import Order, OrderItem, OrderRefund, Rule, Urged
from actions.gateways.payments import PaymentCheck
from actions.gateways.products import (
    Answer,
    Fact,
    Found,
    Offer,
    Pick,
    Product,
    Recommendation,
    Variant,
)
from actions.gateways.products import Coupon as Offered
from actions.gateways.promotions import Coupon, Fitting, Protection, Quote
from actions.gateways.tickets import Complaint, ComplaintLook, Ticket
from actions.wiring import Gateways

OPERATIONS = ("cancel", "change", "urge", "return", "exchange", "repair", "refund", "price_protection", "compensation", "invoice")


def order(number: str, state_code: str, *allowed: str, title: str = "蓝牙耳机 LX-B3", pieces: int = 1) -> Order:
    """An order in which only `allowed` operations are possible."""
    day = f"{number[:4]}-{number[4:6]}-{number[6:8]}" if len(number) == 12 else "2026-11-19"
    times = {"created_at": f"{day}T10:02:00+08:00"}
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
    invoices: dict[str, list[Invoice]] = field(default_factory=dict)
    qualified: bool = False
    coupons: list[Coupon] = field(default_factory=list)
    fitting: list[Fitting] = field(default_factory=list)
    drops: dict[tuple[str, int | None], Quote | Rejected] = field(default_factory=dict)
    due: dict[str, Due] = field(default_factory=dict)  # order → the coupon for its delay
    protections: list[Protection] = field(default_factory=list)
    payment: PaymentCheck | None = None
    done: list[tuple[str, ...]] = field(default_factory=list)
    written: list[str] = field(default_factory=list)  # the key of each write
    down: bool = False
    losing: int = 0  # how many of the next answers to writes are lost after the work was done
    keys: set[str] = field(default_factory=set)  # of the writes whose answers were lost
    desk: Handoff = field(default_factory=lambda: Handoff("HO1", "GD202611210005", 1, True))
    handoffs: list[HandoffRequest] = field(default_factory=list)
    relayed: list[Said] = field(default_factory=list)
    goods: list[Goods] = field(default_factory=list)
    was: str | None = None  # the price before
    assets: Assets = field(default_factory=lambda: ASSETS)
    # after-sales: what the rules make of a reason, beside what `Order.allowed` says
    reason_code: str = "no_reason"
    refused: dict[str, str] = field(default_factory=dict)
    proposed: tuple[tuple[str, str], ...] = ()
    pickups: tuple[tuple[str, str], ...] = ()
    variants: tuple[Replacement, ...] = ()
    warranty_ends: str | None = None
    amounts: dict[str, str] = field(default_factory=dict)
    wishes: list[Wish] = field(default_factory=list)
    person: str | None = None
    review: str | None = None
    # parcels
    late: bool = False
    parcel_state: str = "in_transit"
    not_arrangeable: dict[str | None, str] = field(default_factory=dict)
    known_investigation: bool = False
    # tickets and complaints
    unstaffed: bool = False
    tickets: list[Ticket] = field(default_factory=list)
    knowledge: dict[str, Answered] = field(default_factory=dict)  # question → what is found
    noted: list[tuple[str, str]] = field(default_factory=list)  # question, decision
    talks: list[Talk] = field(default_factory=list)  # in which the knowledge was asked
    look: ComplaintLook = field(default_factory=lambda: ComplaintLook(False, False, "normal", ""))

    def gateways(self) -> Gateways:
        """All ports, over this shop."""
        return Gateways(
            customers=_Customers(self), orders=_Orders(self), logistics=_Logistics(self), after_sales=_AfterSales(self),
            invoices=_Invoices(self), promotions=_Promotions(self), compensations=_Compensations(self), payments=_Payments(self),
            tickets=_Tickets(self), desk=_Desk(self),
            products=_Products(self), account=_Account(self), feedback=_Feedback(self),
            outcomes=_Outcomes(self), knowledge=_Knowledge(self), belongings=_Belongings(self),
            pictures=_Pictures(self),
        )  # fmt: skip

    def of(self, caller: Caller) -> list[Order]:
        """The caller's orders."""
        self.up()
        return self.orders.get(caller.customer or "", [])

    def up(self) -> None:
        """Raise Unavailable when the shop is down."""
        if self.down:
            raise Unavailable("down")

    def write(self, caller: Caller, *what: str) -> None:
        """Record a write; every write has a key, and is done once for it. Raises OutcomeUnknown while answers are lost."""
        self.up()
        assert caller.key
        self.written.append(caller.key)
        if caller.key not in self.keys:
            self.done.append(what)
        if self.losing:
            self.losing -= 1
            self.keys.add(caller.key)
            raise OutcomeUnknown("lost")


@dataclass
class _Pictures:
    shop: Shop

    def attach(self, caller: Caller, number: str, conversation_id: str, pictures: Sequence[dict[str, str]]) -> None:
        self.shop.write(caller, "pictures", number, *(each["id"] for each in pictures))


@dataclass
class _Orders:
    shop: Shop

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

    def change(self, caller: Caller, number: str, changes: dict[str, str]) -> Order:
        self.shop.write(caller, "change", number, *(word for change in changes.items() for word in change))
        return self.get(caller, number)

    def urge(self, caller: Caller, number: str) -> Urged:
        self.shop.write(caller, "urge", number)
        return Urged("2026-11-22T10:00:00+08:00", "GD202611210001")


@dataclass
class _Belongings:
    shop: Shop

    def of(self, caller: Caller) -> Belongings:
        mine = self.shop.of(caller)
        orders = [self._order(each) for each in mine]
        by_number = {each.id: each for each in orders}
        slips = [
            Thing(SLIP, s.slip, s.order_number, s.title, s.state, s.state_code, 199.0, {}, (s.slip, s.order_number),
                  (Piece(1, s.title, "", "", 199.0, 199.0),), frozenset({s.state_code, s.kind, f"{s.kind}:open"}), label=s.kind_label)
            for s in self.shop.slips.get(caller.customer or "", [])
        ]  # fmt: skip
        invoices = [
            Thing(INVOICE, i.number, i.order_number, i.goods, i.state, i.state_code, float(i.amount), {}, (i.number, i.order_number),
                  (Piece(1, i.goods, "", "", 0.0, 0.0),), frozenset({i.state_code}), label=i.title, open=i.state_code != "voided")
            for i in self.shop.invoices.get(caller.customer or "", [])
        ]  # fmt: skip
        tickets = [
            Thing(TICKET, t.number, t.order_number, t.subject, t.state, t.state_code, 0.0, {}, (t.number,),
                  by_number[t.order_number].pieces if t.order_number in by_number else (), frozenset({t.state_code, t.kind}),
                  open=t.state_code in ("open", "working"))
            for t in self.shop.tickets
        ]  # fmt: skip
        return Belongings((*orders, *slips, *invoices, *tickets))

    def _order(self, order: Order) -> Thing:
        times = {name.removesuffix("_at"): time for name, time in order.times.items()}
        amount = float(order.amount)
        pieces = tuple(Piece(i.line, i.title, "", i.category, amount, amount, i.quantity) for i in order.items)
        numbers = (order.number, *([order.tracking_number] if order.tracking_number else []))
        return Thing(ORDER, order.number, order.number, order.title, order.state, order.state_code, amount, times, numbers, pieces,
                     frozenset({order.state_code}), order.seller)  # fmt: skip


@dataclass
class _Logistics:
    shop: Shop

    def of_order(self, caller: Caller, order_number: str) -> Shipment:
        for found in self.shop.of(caller):
            if found.number == order_number and found.tracking_number:
                return Shipment(
                    found.tracking_number, found.number, "灵犀物流", "运输中", self.shop.parcel_state, "2026-11-23", self.shop.late, False,
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

    def options(self, caller: Caller, order_number: str, line: int | None, text: str | None, code: str | None = None) -> Options:
        allowed = _Orders(self.shop).get(caller, order_number).allowed
        kinds = ("refund", "return", "exchange", "repair")
        refused = {kind: Rule(False, code, "商城的说明") for kind, code in self.shop.refused.items()}
        rules = {kind: refused.get(kind, allowed[kind]) for kind in kinds}
        return Options(
            self.shop.reason_code, rules, frozenset(kind for kind in kinds if rules[kind].ok), self.shop.proposed,
            dict.fromkeys(kinds, self.shop.pickups), self.shop.variants, self.shop.warranty_ends, self.shop.person,
            self.shop.amounts,
        )  # fmt: skip

    def open(self, caller: Caller, wish: Wish) -> Return:
        self.shop.wishes.append(wish)
        more = [str(x) for x in (wish.to_variant, wish.pickup, wish.paid or None) if x]
        self.shop.write(caller, "open", wish.order_number, str(wish.line), wish.kind, wish.reason or "", *more)
        return Return(
            "TH202611210001", wish.order_number, "蓝牙耳机", wish.kind, "待寄回", "awaiting_goods", "199.00", "原路退回", None,
            "请寄回", wish.pickup, self.shop.review, "GD202611210009" if self.shop.review else None, kind=wish.kind,
        )  # fmt: skip

    def fetch(self, caller: Caller, slip: str, pickup: str) -> Return:
        self.shop.write(caller, "fetch", slip, pickup)
        return replace(self.get(caller, slip), pickup=pickup)

    def get(self, caller: Caller, slip: str) -> Return:
        self.shop.up()
        for found in self.shop.slips.get(caller.customer or "", []):
            if found.slip == slip:
                return found
        raise NotFound("return")

    def withdraw(self, caller: Caller, slip: str) -> Return:
        self.shop.write(caller, "withdraw", slip)
        return self.get(caller, slip)


def invoice(number: str, state_code: str = "issued", change: str = "", **values: Any) -> Invoice:
    """An invoice; `change` is the code that forbids changing it."""
    kept: dict[str, Any] = {
        "number": number, "order_number": "202611100003", "goods": "跑步鞋", "type": "数电普通发票", "type_code": "normal",
        "kind": "个人", "kind_code": "person", "title": "王小明", "tax_number": None, "content": "商品明细",
        "email": "ming@example.com", "amount": "199.00", "state": state_code, "state_code": state_code,
        "due_at": "2026-11-24T18:00:00+08:00", "issued_at": "2026-11-12T10:00:00+08:00", "sent_at": None, "next_step": "",
        "change": Rule(not change, change, "商城的说明"),
        "resend": Rule(state_code == "issued", "" if state_code == "issued" else "invoice_not_issued", "还没有开"),
    }  # fmt: skip
    return Invoice(**{**kept, **values})


@dataclass
class _Invoices:
    shop: Shop

    def check(self, caller: Caller, type_code: str, kind: str, tax_number: str | None) -> Checked:
        self.shop.up()
        code = ""
        if type_code == "special" and kind == "person":
            code = "invoice_special_company_only"
        elif type_code == "special" and not self.shop.qualified:
            code = "invoice_special_not_qualified"
        elif kind == "company" and len(tax_number or "") != 18:
            code = "invoice_tax_id_invalid"
        return Checked(Rule(not code, code, "商城的说明"), doubtful=bool(tax_number and tax_number.endswith("X")))

    def request(self, caller: Caller, order_number: str, heading: Heading) -> Invoice:
        told = (heading.type, heading.kind, heading.title, heading.tax_number, heading.email)
        self.shop.write(caller, "invoice", order_number, *(str(value) for value in told))
        return invoice("FP202611210001", "issuing", title=heading.title)

    def get(self, caller: Caller, number: str) -> Invoice:
        self.shop.up()
        for found in self.shop.invoices.get(caller.customer or "", []):
            if found.number == number:
                return found
        raise NotFound("invoice")

    def change(self, caller: Caller, number: str, heading: Heading) -> Invoice:
        told = (heading.type, heading.kind, heading.title, heading.tax_number, heading.content, heading.email)
        self.shop.write(caller, "change_invoice", number, *(str(value) for value in told))
        return replace(self.get(caller, number), state_code="changing", title=heading.title or "")

    def resend(self, caller: Caller, number: str, email: str | None) -> Invoice:
        self.shop.write(caller, "resend", number, str(email))
        return replace(self.get(caller, number), email=email)


@dataclass
class _Promotions:
    shop: Shop

    def fitting(self, caller: Caller, order_number: str) -> list[Fitting]:
        return self.shop.fitting

    def coupons(self, caller: Caller) -> list[Coupon]:
        self.shop.up()
        return self.shop.coupons

    def quote(self, caller: Caller, order_number: str, line: int | None) -> Quote:
        self.shop.up()
        drop = self.shop.drops[order_number, line]
        if isinstance(drop, Rejected):
            raise drop
        return drop

    def protect(self, caller: Caller, order_number: str, line: int | None) -> Protection:
        quote = self.quote(caller, order_number, line)
        self.shop.write(caller, "protect", order_number, str(line))
        return Protection(**vars(quote), number="JB202611210001", order_number=order_number, refund_code="sent",
                          arrives_by="2026-11-25", created_at="2026-11-21T15:00:00+08:00")  # fmt: skip

    def protections(self, caller: Caller) -> list[Protection]:
        self.shop.up()
        return self.shop.protections


@dataclass
class _Compensations:
    shop: Shop

    def quote(self, caller: Caller, order_number: str) -> Due:
        self.shop.up()
        if order_number not in self.shop.due:
            raise Rejected("compensation_not_late", "没有延误。")
        return self.shop.due[order_number]

    def due(self, caller: Caller) -> list[Due]:
        mine = {order.number for order in self.shop.of(caller)}
        return [due for number, due in self.shop.due.items() if number in mine]

    def apply(self, caller: Caller, order_number: str) -> Compensation:
        due = self.quote(caller, order_number)
        self.shop.write(caller, "compensate", order_number)
        return Compensation("PF202611210001", order_number, due.title, due.coupon, "全场通用", "2026-12-21T23:59:59+08:00")


@dataclass
class _Payments:
    shop: Shop

    def check(self, caller: Caller, problem: str, order_number: str | None) -> PaymentCheck:
        self.shop.up()
        if order_number and order_number not in {order.number for order in self.shop.of(caller)}:
            raise NotFound("order")
        assert self.shop.payment
        return replace(self.shop.payment, problem=problem, order_number=order_number or self.shop.payment.order_number)


@dataclass
class _Tickets:
    shop: Shop

    def get(self, caller: Caller, number: str) -> Ticket:
        self.shop.up()
        for found in self.shop.tickets:
            if found.number == number:
                return found
        raise NotFound("ticket")

    def look(self, caller: Caller, text: str, sentiment: str, order_number: str | None) -> ComplaintLook:
        self.shop.up()
        return self.shop.look

    def complain(self, caller: Caller, complaint: Complaint) -> Ticket:
        self.shop.write(caller, "complain", complaint.text, complaint.order_number or "", complaint.sentiment)
        due = "2026-11-26T18:00:00+08:00"
        same = [t for t in self.shop.tickets if t.kind == "complaint" and t.order_number == complaint.order_number]
        known = next((t for t in same if t.state_code in ("open", "working")), None)
        if known:
            return replace(known, priority_code=self.shop.look.grade, added=True)
        return Ticket("GD202611210004", complaint.subject, "待处理", "open", "一般", due, "", priority_code=self.shop.look.grade)

    def add(self, caller: Caller, number: str, text: str) -> Ticket:
        self.shop.write(caller, "add", number, text)
        return self.get(caller, number)

    def withdraw(self, caller: Caller, number: str) -> Ticket:
        self.shop.write(caller, "withdraw", number)
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

    def hand_over(self, caller: Caller, wanted: HandoffRequest) -> Handoff:
        if self.shop.unstaffed and wanted.reason in ("angry", "not_understood"):
            raise Rejected("handoff_nobody_there", "没有同事在")
        self.shop.write(caller, "handoff", wanted.conversation_id, *(said["text"] for said in wanted.transcript))
        self.shop.handoffs.append(wanted)
        return self.shop.desk

    def relay(self, caller: Caller, handoff_id: str, said: list[Said]) -> Handoff:
        if handoff_id != self.shop.desk.id or self.shop.desk.ticketed:
            self.shop.up()
            raise Rejected("handoff_closed", "结束了")
        self.shop.write(caller, "relay", handoff_id, *(each.text for each in said))
        self.shop.relayed += said
        return self.shop.desk

    def leave(self, caller: Caller, handoff_id: str) -> None:
        self.shop.write(caller, "leave", handoff_id)

    def find(self, caller: Caller, handoff_id: str) -> Handoff:
        self.shop.up()
        return self.shop.desk


@dataclass
class _Customers:
    shop: Shop

    def get(self, caller: Caller) -> Customer:
        self.shop.up()
        return Customer(caller.customer or "", "王小明", "金卡")


# ── products ──────────────────────────────────────────────────────────────────


def product(sku: str, name: str, price: str = "199.00", stock: int = 9, variants: tuple[str, ...] = ("黑色",), **page: str) -> Goods:
    """Goods whose variants all have that stock; `page` is what their page says."""
    state, code = ("有货", "in_stock") if stock else ("无货", "out_of_stock")
    made = tuple(Variant(f"{sku}-{i + 1:02}", v, price, stock, state, code, "" if stock else "一般 7 至 15 天补货") for i, v in enumerate(variants))
    return Goods(Product(f"{sku}-01", sku, name, "灵犀自营", made), page)


@dataclass
class Goods:
    """A product and its page."""

    product: Product
    page: dict[str, str]

    @property
    def found(self) -> Found:
        """As a search answers it."""
        return Found(self.product.sku, self.product.product_id, self.product.name, "", True, True)


@dataclass
class _Products:
    shop: Shop

    def named(self, name: str) -> list[Found]:
        self.shop.up()
        return [g.found for g in self.shop.goods if all(part.lower() in g.product.name.lower() for part in name.split())]

    def meant(self, text: str) -> list[Found]:
        self.shop.up()
        return [g.found for g in self.shop.goods if any(part in text for part in g.product.name.split())]

    def get(self, sku: str) -> Product:
        return self._goods(sku).product

    def answer(self, sku: str, question: str) -> Answer:
        goods = self._goods(sku)
        facts = tuple(Fact(name, value) for name, value in goods.page.items())
        return Answer(sku, goods.product.name, False, tuple(f for f in facts if f.name in question), facts)

    def offer(self, caller: Caller, sku: str) -> Offer:
        coupons = (Offered("满 129 减 20", "179.00", "2026-12-01T23:59:59+08:00"),) if caller.customer else ()
        return Offer(self._goods(sku).product.variants[0].price, "2026-11-18T10:00:00+08:00", self.shop.was, "199.00", coupons)

    def recommend(self, caller: Caller, kind: str | None, text: str, colour: str | None, amounts: list[int]) -> Recommendation:
        self.shop.up()
        nothing = not (kind or amounts)
        goods = self.shop.goods if nothing else [g for g in self.shop.goods if (kind or "") in g.product.name]
        picks = tuple(Pick(g.product.sku, g.product.name, "199.00", ("近 90 天卖出 3 件",)) for g in goods[:3])
        return Recommendation(picks, nothing)

    def of_order(self, caller: Caller, number: str) -> list[Found]:
        titles = [o.title for o in self.shop.of(caller) if o.number == number]
        return [g.found for g in self.shop.goods if any(title in g.product.name for title in titles)]

    def _goods(self, sku: str) -> Goods:
        self.shop.up()
        for goods in self.shop.goods:
            if sku in (goods.product.product_id, *(v.sku for v in goods.product.variants)):
                return goods
        raise NotFound("product")


# ── account, feedback ─────────────────────────────────────────────────────────

ASSETS = Assets("银卡", "3200.00", "金卡", "1800.00", "2026-12-01", 1200, "12.00", 300, "2026-12-31", "35.00",
                (GiftCard("8821", "80.00", "2028-01-01"),), "80.00", 2, "2026-11-25")  # fmt: skip


@dataclass
class _Account:
    shop: Shop

    def assets(self, caller: Caller) -> Assets:
        self.shop.up()
        assert caller.customer
        return self.shop.assets


@dataclass
class _Feedback:
    shop: Shop

    def rate(self, caller: Caller, conversation_id: str, score: int) -> int:
        self.shop.write(caller, "rate", str(score))
        return 7

    def amend(self, caller: Caller, number: int, conversation_id: str, score: int | None, text: str | None) -> None:
        self.shop.write(caller, "amend", str(number), str(score or ""), text or "")

    def suggest(self, caller: Caller, conversation_id: str, text: str) -> None:
        self.shop.write(caller, "suggest", text)


@dataclass
class _Outcomes:
    shop: Shop

    def known(self, caller: Caller, key: str) -> bool:
        self.shop.up()
        return key in self.shop.keys


@dataclass
class _Knowledge:
    shop: Shop

    def search(self, question: str, talk: Talk = NO_TALK) -> Answered:
        self.shop.up()
        self.shop.talks.append(talk)
        return self.shop.knowledge.get(question, Answered("pass", ()))

    def entry(self, key: str, question: str) -> Hit:
        self.shop.up()
        for found in self.shop.knowledge.values():
            for hit in found.hits:
                if hit.key == key:
                    return hit
        raise NotFound("knowledge")

    def asked(self, caller: Caller, question: str, found: Answered, channel: str) -> str:
        self.shop.up()
        self.shop.noted.append((question, found.decision))
        return f"note-{len(self.shop.noted)}"

    def outcome(self, caller: Caller, note: str, outcome: str) -> None:
        self.shop.write(caller, "outcome", note, outcome)
