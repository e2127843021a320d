"""The tables, one class each, in the order of a purchase: customer, goods, order, parcel, after-sales, …

Money is integer fen (100 fen = 1 yuan). Moments are aware and come back in Shanghai's zone.
Codes are the enums of `states`. Nothing here decides anything: rules live in `backoffice.rules`.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any, ClassVar

from sqlalchemy import (
    JSON,
    DateTime,
    Dialect,
    Enum,
    ForeignKey,
    Index,
    MetaData,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship
from sqlalchemy.types import TypeDecorator

from backoffice.clock import SHANGHAI, in_shanghai
from backoffice.states import (
    CancelReason,
    Carrier,
    Category,
    CompensationKind,
    CouponKind,
    CouponState,
    FeedbackKind,
    HandoffState,
    InvoiceContent,
    InvoiceState,
    InvoiceTitleKind,
    InvoiceType,
    KnowledgeState,
    Labelled,
    Level,
    OrderState,
    OutboxKind,
    PaymentMethod,
    PriceKind,
    QuestionOutcome,
    RefundState,
    RegressionOrigin,
    ReturnKind,
    ReturnReason,
    ReturnRule,
    ReturnState,
    SearchDecision,
    SellerType,
    ShipmentState,
    Speaker,
    TicketPriority,
    TicketState,
)


class Moment(TypeDecorator[datetime]):
    """An aware moment: timestamptz on PostgreSQL, UTC without zone on SQLite (which keeps none)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        utc = in_shanghai(value).astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return (value.replace(tzinfo=UTC) if value.tzinfo is None else value).astimezone(SHANGHAI)


def _code(enum: type[Labelled]) -> Enum:
    """Stores the code as plain text, so that a new state needs no change of a database type."""
    return Enum(
        enum,
        native_enum=False,
        create_constraint=False,
        length=32,
        values_callable=lambda members: [member.value for member in members],
    )


_ENUMS: tuple[type[Labelled], ...] = (
    CancelReason,
    Carrier,
    Category,
    CompensationKind,
    CouponKind,
    CouponState,
    FeedbackKind,
    HandoffState,
    InvoiceContent,
    InvoiceState,
    InvoiceTitleKind,
    InvoiceType,
    KnowledgeState,
    Level,
    OrderState,
    OutboxKind,
    PaymentMethod,
    PriceKind,
    QuestionOutcome,
    RefundState,
    RegressionOrigin,
    ReturnKind,
    ReturnReason,
    ReturnRule,
    ReturnState,
    SearchDecision,
    SellerType,
    ShipmentState,
    Speaker,
    TicketPriority,
    TicketState,
)


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: Moment(),
        dict[str, Any]: JSON(),
        list[str]: JSON(),
        list[dict[str, Any]]: JSON(),
        **{enum: _code(enum) for enum in _ENUMS},
    }


class Customer(Base):
    """A customer's card. `points` and `balance_fen` are kept in step with their ledgers' causes."""

    __tablename__ = "customers"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    name: Mapped[str] = mapped_column(String(60))
    nickname: Mapped[str | None] = mapped_column(String(40))
    phone: Mapped[str] = mapped_column(String(20))
    level: Mapped[Level] = mapped_column(default=Level.BASIC)
    tags: Mapped[list[str]] = mapped_column(default=list)
    points: Mapped[int] = mapped_column(default=0)
    balance_fen: Mapped[int] = mapped_column(default=0)
    special_invoice_qualified: Mapped[bool] = mapped_column(default=False)
    """The unit's papers for special VAT invoices were accepted (document 05, 专票资质)."""
    registered_at: Mapped[datetime]


class Product(Base):
    """One sellable variant. Rows of one product share `product_id` and differ in `variant`."""

    __tablename__ = "products"
    __table_args__ = (Index(None, "product_id"), Index(None, "category"))

    sku: Mapped[str] = mapped_column(String(32), primary_key=True)
    product_id: Mapped[str] = mapped_column(String(32))
    name: Mapped[str] = mapped_column(String(120))
    """Without the variant: 蓝牙耳机 LX-B3."""
    variant: Mapped[str] = mapped_column(String(60))
    """云白, 42 码, …"""
    category: Mapped[Category]
    seller_type: Mapped[SellerType] = mapped_column(default=SellerType.SELF)
    seller_name: Mapped[str] = mapped_column(String(60), default="灵犀自营")
    price_fen: Mapped[int]
    stock: Mapped[int] = mapped_column(default=0)
    restock_on: Mapped[date | None]
    on_sale: Mapped[bool] = mapped_column(default=True)
    """False where the goods were discontinued."""
    is_large: Mapped[bool] = mapped_column(default=False)
    """大件家电: other delivery dates and fees."""
    return_rule: Mapped[ReturnRule] = mapped_column(default=ReturnRule.STANDARD)
    warranty_months: Mapped[int] = mapped_column(default=0)
    """0 where goods have no warranty (food, clothes)."""
    merchant_price_protection: Mapped[bool] = mapped_column(default=False)
    """A merchant's page says 价保 7 天."""
    attributes: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """What the page tells, in its order: {"防水": "IP54", …}."""
    description: Mapped[str] = mapped_column(String(500), default="")

    prices: Mapped[list[PriceChange]] = relationship(
        order_by="PriceChange.since.desc()", back_populates="product", cascade="all, delete-orphan"
    )


class PriceChange(Base):
    """A price and the moment from which it held; the newest equals `Product.price_fen`."""

    __tablename__ = "price_changes"
    __table_args__ = (Index(None, "sku", "since"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    sku: Mapped[str] = mapped_column(ForeignKey("products.sku"))
    price_fen: Mapped[int]
    since: Mapped[datetime]

    product: Mapped[Product] = relationship(back_populates="prices")


class Order(Base):
    """One order of one seller.

    amount_fen = goods_fen + freight_fen - discount_fen - points_used / 100 yuan: what was (or is to be) paid,
    of which `gift_card_fen` by gift card, `balance_fen` from the balance and the rest by `payment_method`.
    """

    __tablename__ = "orders"
    __table_args__ = (Index(None, "customer_id", "created_at"), Index(None, "state"))

    number: Mapped[str] = mapped_column(String(16), primary_key=True)
    """yyyymmdd + 4 digits."""
    legacy_number: Mapped[str | None] = mapped_column(String(16), unique=True)
    """"LX" + 14 digits, on some older orders."""
    customer_id: Mapped[str] = mapped_column(ForeignKey("customers.id"))
    state: Mapped[OrderState]
    created_at: Mapped[datetime]
    pay_by: Mapped[datetime | None]
    """Unpaid orders are cancelled after it (document 02: 30 minutes, flash sales 10, transfers 72 h)."""
    paid_at: Mapped[datetime | None]
    """Empty for cash on delivery until the goods are signed."""
    promised_ship_by: Mapped[datetime | None]
    shipped_at: Mapped[datetime | None]
    signed_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]
    cancelled_at: Mapped[datetime | None]
    cancel_reason: Mapped[str | None] = mapped_column(String(200))
    cancel_reason_code: Mapped[CancelReason | None]
    cancel_requested_at: Mapped[datetime | None]
    """A merchant has 24 h from here to answer; silence agrees."""

    seller_type: Mapped[SellerType] = mapped_column(default=SellerType.SELF)
    seller_name: Mapped[str] = mapped_column(String(60), default="灵犀自营")
    is_enterprise: Mapped[bool] = mapped_column(default=False)
    """Bought for business: no consumer's seven days (document 09)."""

    goods_fen: Mapped[int]
    freight_fen: Mapped[int] = mapped_column(default=0)
    discount_fen: Mapped[int] = mapped_column(default=0)
    points_used: Mapped[int] = mapped_column(default=0)
    amount_fen: Mapped[int]
    payment_method: Mapped[PaymentMethod]
    gift_card_fen: Mapped[int] = mapped_column(default=0)
    balance_fen: Mapped[int] = mapped_column(default=0)

    recipient: Mapped[str] = mapped_column(String(60))
    phone: Mapped[str] = mapped_column(String(20))
    province: Mapped[str] = mapped_column(String(20))
    city: Mapped[str] = mapped_column(String(20))
    """With its suffix: 杭州市."""
    address: Mapped[str] = mapped_column(String(200))
    """The whole address, province and city included."""
    remark: Mapped[str] = mapped_column(String(100), default="")
    delivery_date: Mapped[date | None]
    address_changes: Mapped[int] = mapped_column(default=0)
    delivery_date_changes: Mapped[int] = mapped_column(default=0)
    urged_count: Mapped[int] = mapped_column(default=0)

    items: Mapped[list[OrderItem]] = relationship(
        order_by="OrderItem.line", back_populates="order", cascade="all, delete-orphan"
    )
    shipment: Mapped[Shipment | None] = relationship(back_populates="order", cascade="all, delete-orphan")
    returns: Mapped[list[Return]] = relationship(order_by="Return.slip.desc()", back_populates="order")
    refunds: Mapped[list[Refund]] = relationship(order_by="Refund.id")
    invoices: Mapped[list[Invoice]] = relationship(order_by="Invoice.number.desc()")
    price_protections: Mapped[list[PriceProtection]] = relationship(order_by="PriceProtection.number.desc()")
    coupons: Mapped[list[Coupon]] = relationship(order_by="Coupon.id")
    compensation: Mapped[Compensation | None] = relationship(back_populates="order")


class OrderItem(Base):
    """A line of an order: goods as they were called and priced when bought."""

    __tablename__ = "order_items"

    order_number: Mapped[str] = mapped_column(ForeignKey("orders.number"), primary_key=True)
    line: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """From 1."""
    sku: Mapped[str] = mapped_column(ForeignKey("products.sku"))
    product_name: Mapped[str] = mapped_column(String(120))
    variant: Mapped[str] = mapped_column(String(60))
    quantity: Mapped[int] = mapped_column(default=1)
    unit_price_fen: Mapped[int]
    paid_fen: Mapped[int]
    """The line's share of what was paid: quantity x unit price less its share of discounts and points."""
    price_kind: Mapped[PriceKind] = mapped_column(default=PriceKind.NORMAL)
    opened: Mapped[bool] = mapped_column(default=False)
    """Known to be unsealed (redeemed, for digital content)."""
    activated: Mapped[bool] = mapped_column(default=False)
    """The maker's server knows the device."""

    order: Mapped[Order] = relationship(back_populates="items")
    product: Mapped[Product] = relationship()


class Shipment(Base):
    """The parcel of an order."""

    __tablename__ = "shipments"

    tracking_number: Mapped[str] = mapped_column(String(32), primary_key=True)
    """LXWL… 灵犀物流, SF… 顺丰, ZT… 中通."""
    order_number: Mapped[str] = mapped_column(ForeignKey("orders.number"), unique=True)
    carrier: Mapped[Carrier]
    state: Mapped[ShipmentState]
    promised_date: Mapped[date | None]
    created_at: Mapped[datetime]
    signed_at: Mapped[datetime | None]
    courier_name: Mapped[str | None] = mapped_column(String(40))
    courier_phone: Mapped[str | None] = mapped_column(String(20))
    """A virtual number."""
    pickup_code: Mapped[str | None] = mapped_column(String(6))
    arrangement: Mapped[str | None] = mapped_column(String(200))
    """What was last agreed about the delivery, in the customer's words."""
    reroutes: Mapped[int] = mapped_column(default=0)
    urged_count: Mapped[int] = mapped_column(default=0)

    order: Mapped[Order] = relationship(back_populates="shipment")
    traces: Mapped[list[ShipmentTrace]] = relationship(
        order_by="ShipmentTrace.time.desc()", cascade="all, delete-orphan"
    )


class ShipmentTrace(Base):
    __tablename__ = "shipment_traces"
    __table_args__ = (Index(None, "tracking_number", "time"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    tracking_number: Mapped[str] = mapped_column(ForeignKey("shipments.tracking_number"))
    time: Mapped[datetime]
    place: Mapped[str] = mapped_column(String(60))
    text: Mapped[str] = mapped_column(String(200))


class Return(Base):
    """An after-sales slip: refund without goods, return, exchange or repair.

    `open_key` is the order line while the slip is open and empty afterwards; being unique, it lets
    the database itself refuse a second open slip for the same goods.
    """

    __tablename__ = "returns"
    __table_args__ = (Index(None, "customer_id", "created_at"), Index(None, "order_number"))

    slip: Mapped[str] = mapped_column(String(20), primary_key=True)
    """TH + yyyymmdd + 4 digits."""
    customer_id: Mapped[str] = mapped_column(ForeignKey("customers.id"))
    order_number: Mapped[str] = mapped_column(ForeignKey("orders.number"))
    line: Mapped[int | None]
    """Empty: the whole order."""
    open_key: Mapped[str | None] = mapped_column(String(32), unique=True)
    """order_number + ":" + line, or ":*" for the whole order."""
    kind: Mapped[ReturnKind]
    state: Mapped[ReturnState]
    reason: Mapped[str] = mapped_column(String(200))
    reason_code: Mapped[ReturnReason]
    to_variant: Mapped[str | None] = mapped_column(String(60))
    intercepts: Mapped[bool] = mapped_column(default=False)
    """The parcel is on its way and is to be stopped."""
    refund_fen: Mapped[int] = mapped_column(default=0)
    """0 for exchanges and repairs."""
    return_address: Mapped[str | None] = mapped_column(String(200))
    """Known from approval on; another one for each slip."""
    created_at: Mapped[datetime]
    review_by: Mapped[datetime | None]
    """Silence until then approves (document 03: 24 h, merchants 48 h)."""
    send_by: Mapped[datetime | None]
    """Goods not sent back until then close the slip (document 03: 7 days from approval)."""
    pickup: Mapped[str | None] = mapped_column(String(20))
    """When the goods are fetched: 2026-11-22 上午."""
    is_paid_repair: Mapped[bool] = mapped_column(default=False)
    """Out of warranty: quoted first, done after the customer agrees."""
    review_code: Mapped[str | None] = mapped_column(String(40))
    """Which rule of `rules.review` wants a person to decide."""
    review_ticket: Mapped[str | None] = mapped_column(String(20))

    order: Mapped[Order] = relationship(back_populates="returns")
    events: Mapped[list[ReturnEvent]] = relationship(order_by="ReturnEvent.id", cascade="all, delete-orphan")


class ReturnEvent(Base):
    """A slip's history: when it entered which state."""

    __tablename__ = "return_events"
    __table_args__ = (Index(None, "slip"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    slip: Mapped[str] = mapped_column(ForeignKey("returns.slip"))
    time: Mapped[datetime]
    state: Mapped[ReturnState]


class Refund(Base):
    """Money sent back by one route. `source` is what it is for, so that nothing is paid back twice."""

    __tablename__ = "refunds"
    __table_args__ = (UniqueConstraint("source", "method"), Index(None, "order_number"))

    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[str] = mapped_column(ForeignKey("customers.id"))
    order_number: Mapped[str] = mapped_column(ForeignKey("orders.number"))
    source: Mapped[str] = mapped_column(String(60))
    """"cancel:" + order, "return:" + slip, "price:" + price protection."""
    method: Mapped[PaymentMethod]
    """Where the money goes: the way it was paid, the balance for cash on delivery."""
    amount_fen: Mapped[int]
    state: Mapped[RefundState] = mapped_column(default=RefundState.SENT)
    created_at: Mapped[datetime]
    arrives_by: Mapped[date]


class Invoice(Base):
    __tablename__ = "invoices"
    __table_args__ = (Index(None, "customer_id"), Index(None, "order_number"))

    number: Mapped[str] = mapped_column(String(20), primary_key=True)
    """FP + yyyymmdd + 4 digits."""
    customer_id: Mapped[str] = mapped_column(ForeignKey("customers.id"))
    order_number: Mapped[str] = mapped_column(ForeignKey("orders.number"))
    open_key: Mapped[str | None] = mapped_column(String(16), unique=True)
    """The order's number until the invoice is voided: one valid invoice an order."""
    type: Mapped[InvoiceType] = mapped_column(default=InvoiceType.NORMAL)
    title_kind: Mapped[InvoiceTitleKind] = mapped_column(default=InvoiceTitleKind.PERSON)
    title: Mapped[str] = mapped_column(String(100))
    tax_id: Mapped[str | None] = mapped_column(String(18))
    content: Mapped[InvoiceContent] = mapped_column(default=InvoiceContent.DETAIL)
    email: Mapped[str | None] = mapped_column(String(120))
    amount_fen: Mapped[int]
    state: Mapped[InvoiceState]
    created_at: Mapped[datetime]
    due_at: Mapped[datetime | None]
    """Issued by then; empty while the order is not completed."""
    issued_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    changes: Mapped[int] = mapped_column(default=0)


class Coupon(Base):
    __tablename__ = "coupons"
    __table_args__ = (Index(None, "customer_id"), Index(None, "order_number"))

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    customer_id: Mapped[str] = mapped_column(ForeignKey("customers.id"))
    name: Mapped[str] = mapped_column(String(60))
    kind: Mapped[CouponKind]
    threshold_fen: Mapped[int] = mapped_column(default=0)
    value_fen: Mapped[int]
    scope: Mapped[str] = mapped_column(String(100), default="自营商品通用")
    state: Mapped[CouponState] = mapped_column(default=CouponState.UNUSED)
    valid_from: Mapped[datetime]
    valid_to: Mapped[datetime]
    order_number: Mapped[str | None] = mapped_column(ForeignKey("orders.number"))
    """The order it was used on; empty again when the order is cancelled."""


class PointsEntry(Base):
    """A change of a customer's 灵犀币; `Customer.points` is their sum less what expired."""

    __tablename__ = "points_entries"
    __table_args__ = (Index(None, "customer_id", "created_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[str] = mapped_column(ForeignKey("customers.id"))
    change: Mapped[int]
    reason: Mapped[str] = mapped_column(String(60))
    """购物, 签到, 评价, 订单抵扣, 取消订单退回, 退货收回, 过期清零."""
    order_number: Mapped[str | None] = mapped_column(ForeignKey("orders.number"))
    created_at: Mapped[datetime]
    expires_on: Mapped[date | None]
    """For points received: 31 December of the next year."""


class GiftCard(Base):
    """A 礼品卡 bound to an account: only its owner sees and spends it (document 07, 礼品卡)."""

    __tablename__ = "gift_cards"
    __table_args__ = (Index(None, "customer_id"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    customer_id: Mapped[str] = mapped_column(ForeignKey("customers.id"))
    tail: Mapped[str] = mapped_column(String(4))
    """The last four digits of its number."""
    face_fen: Mapped[int]
    balance_fen: Mapped[int]
    bound_at: Mapped[datetime]
    valid_to: Mapped[datetime]
    """Three years from the day it was bought; then its owner may prolong it by a year."""


class PriceProtection(Base):
    """A price difference paid back; refusals leave no row."""

    __tablename__ = "price_protections"
    __table_args__ = (Index(None, "customer_id"), Index(None, "order_number"))

    number: Mapped[str] = mapped_column(String(20), primary_key=True)
    """JB + yyyymmdd + 4 digits."""
    customer_id: Mapped[str] = mapped_column(ForeignKey("customers.id"))
    order_number: Mapped[str] = mapped_column(ForeignKey("orders.number"))
    line: Mapped[int]
    paid_unit_fen: Mapped[int]
    current_fen: Mapped[int]
    quantity: Mapped[int]
    amount_fen: Mapped[int]
    created_at: Mapped[datetime]

    @property
    def refund_source(self) -> str:
        """What its refund's rows are for."""
        return f"price:{self.number}"


class Compensation(Base):
    """A coupon given because an order came, or left, late: once an order; refusals leave no row."""

    __tablename__ = "compensations"
    __table_args__ = (Index(None, "customer_id"),)

    number: Mapped[str] = mapped_column(String(20), primary_key=True)
    """PF + yyyymmdd + 4 digits."""
    customer_id: Mapped[str] = mapped_column(ForeignKey("customers.id"))
    order_number: Mapped[str] = mapped_column(ForeignKey("orders.number"), unique=True)
    kind: Mapped[CompensationKind]
    coupon_id: Mapped[str] = mapped_column(ForeignKey("coupons.id"))
    created_at: Mapped[datetime]

    order: Mapped[Order] = relationship(back_populates="compensation")
    coupon: Mapped[Coupon] = relationship()


class Ticket(Base):
    __tablename__ = "tickets"
    __table_args__ = (Index(None, "customer_id", "created_at"), Index(None, "order_number"))

    number: Mapped[str] = mapped_column(String(20), primary_key=True)
    """GD + yyyymmdd + 4 digits."""
    customer_id: Mapped[str | None] = mapped_column(ForeignKey("customers.id"))
    """Empty for someone who left a message without proving who they are."""
    kind: Mapped[str] = mapped_column(String(40))
    """complaint, logistics_investigation, shipping_urge, delivery_urge, payment_problem, handoff, …"""
    subject: Mapped[str] = mapped_column(String(120))
    state: Mapped[TicketState] = mapped_column(default=TicketState.OPEN)
    priority: Mapped[TicketPriority] = mapped_column(default=TicketPriority.NORMAL)
    order_number: Mapped[str | None] = mapped_column(ForeignKey("orders.number"))
    conversation_id: Mapped[str | None] = mapped_column(String(128))
    created_at: Mapped[datetime]
    due_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    urged_on: Mapped[date | None]
    urged_that_day: Mapped[int] = mapped_column(default=0)
    sentiment: Mapped[str | None] = mapped_column(String(20))
    tags: Mapped[list[str]] = mapped_column(default=list)
    """Why a complaint has its grade, and what it is about."""
    transcript: Mapped[list[dict[str, Any]]] = mapped_column(default=list)
    respond_by: Mapped[datetime | None]
    """The house's own target of the first answer; `due_at` is what the customer was promised."""
    close_by: Mapped[datetime | None]

    comments: Mapped[list[TicketComment]] = relationship(
        order_by="TicketComment.id", cascade="all, delete-orphan"
    )


class TicketComment(Base):
    __tablename__ = "ticket_comments"
    __table_args__ = (Index(None, "ticket_number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_number: Mapped[str] = mapped_column(ForeignKey("tickets.number"))
    time: Mapped[datetime]
    author: Mapped[str] = mapped_column(String(40))
    """客户, 客服, 系统."""
    text: Mapped[str] = mapped_column(Text)


class Picture(Base):
    """A customer's picture of what is wrong, and the slip or ticket it belongs to; kept by the assistant."""

    __tablename__ = "pictures"

    number: Mapped[str] = mapped_column(String(20), primary_key=True)
    """Of the slip or the ticket."""
    id: Mapped[str] = mapped_column(String(128), primary_key=True)
    conversation_id: Mapped[str] = mapped_column(String(128))
    media_type: Mapped[str] = mapped_column(String(40))
    added_at: Mapped[datetime]


class Handoff(Base):
    """A conversation given to a person. `open_key` (the conversation, while open) allows one at a time."""

    __tablename__ = "handoffs"
    __table_args__ = (Index(None, "conversation_id"), Index(None, "state", "created_at"))

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    conversation_id: Mapped[str] = mapped_column(String(128))
    open_key: Mapped[str | None] = mapped_column(String(128), unique=True)
    customer_id: Mapped[str | None] = mapped_column(ForeignKey("customers.id"))
    state: Mapped[HandoffState]
    priority: Mapped[int] = mapped_column(default=0)
    """Gold and diamond members go first (document 10)."""
    reason: Mapped[str] = mapped_column(String(200))
    intent: Mapped[str | None] = mapped_column(String(80))
    transcript: Mapped[list[dict[str, Any]]] = mapped_column(default=list)
    slots: Mapped[dict[str, Any]] = mapped_column(default=dict)
    ticket_number: Mapped[str | None] = mapped_column(ForeignKey("tickets.number"))
    created_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    sentiment: Mapped[str | None] = mapped_column(String(20))
    tags: Mapped[list[str]] = mapped_column(default=list)
    """The intents the customer came with."""
    agent_id: Mapped[str | None] = mapped_column(String(40))
    agent_name: Mapped[str | None] = mapped_column(String(40))
    connected_at: Mapped[datetime | None]
    last_seq: Mapped[int] = mapped_column(default=0)


class HandoffMessage(Base):
    """What was said since a conversation was given to a person, numbered from 1 without gaps in each handoff.

    `key` tells a repeat: the channel's message id, the agent's reply id.
    """

    __tablename__ = "handoff_messages"
    __table_args__ = (UniqueConstraint("handoff_id", "key"),)

    handoff_id: Mapped[str] = mapped_column(ForeignKey("handoffs.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    key: Mapped[str] = mapped_column(String(200))
    who: Mapped[Speaker]
    author: Mapped[str | None] = mapped_column(String(40))
    text: Mapped[str] = mapped_column(Text)
    media: Mapped[list[dict[str, Any]]] = mapped_column(default=list)
    at: Mapped[datetime]


class OutboxItem(Base):
    """What the assistant is yet to be told: an agent's reply, or that a handoff is over."""

    __tablename__ = "handoff_outbox"
    __table_args__ = (Index(None, "sent_at", "handoff_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    handoff_id: Mapped[str] = mapped_column(ForeignKey("handoffs.id"))
    conversation_id: Mapped[str] = mapped_column(String(128))
    kind: Mapped[OutboxKind]
    key: Mapped[str] = mapped_column(String(200), unique=True)
    body: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created_at: Mapped[datetime]
    """Real time, as the two below: retries go on where a test has frozen the shop's clock."""
    attempts: Mapped[int] = mapped_column(default=0)
    next_try_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    given_up_at: Mapped[datetime | None]


class Feedback(Base):
    __tablename__ = "feedback"

    id: Mapped[int] = mapped_column(primary_key=True)
    conversation_id: Mapped[str] = mapped_column(String(128))
    customer_id: Mapped[str | None] = mapped_column(ForeignKey("customers.id"))
    kind: Mapped[FeedbackKind]
    score: Mapped[int | None]
    text: Mapped[str | None] = mapped_column(String(1000))
    created_at: Mapped[datetime]


class KnowledgeEntry(Base):
    """One question of the knowledge base and where it stands: its newest version, and the one customers get.

    Of the newest version: `state`, `question`, `category`, `scene`.
    Of the live one: `live_from`, `live_until`.
    """

    __tablename__ = "knowledge_entries"
    __table_args__ = (
        Index(None, "state", "key"),
        Index(None, "live_version"),
        Index(None, "live_from"),
        Index(None, "live_until"),
    )

    key: Mapped[str] = mapped_column(String(80), primary_key=True)
    """faq-01-001, …: never changes, whatever the question becomes."""
    state: Mapped[KnowledgeState]
    version: Mapped[int]
    """The newest, from 1; what an editor must name to change it."""
    live_version: Mapped[int | None]
    """What is searched; empty where nothing is published."""
    question: Mapped[str] = mapped_column(String(200))
    category: Mapped[str] = mapped_column(String(40))
    scene: Mapped[str] = mapped_column(String(40), default="")
    live_from: Mapped[date | None]
    live_until: Mapped[date | None]
    """The last Shanghai day."""
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    updated_by: Mapped[str] = mapped_column(String(40))


class KnowledgeVersion(Base):
    """What an entry said from one change to the next; the content of a row is never changed."""

    __tablename__ = "knowledge_versions"

    key: Mapped[str] = mapped_column(ForeignKey("knowledge_entries.key"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    content: Mapped[dict[str, Any]]
    """`knowledge.content.Content`."""
    source: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    """Where it was imported from: file, place, page."""
    imported: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """A digest of each field as it was last imported: importing it again changes nothing."""
    is_import: Mapped[bool] = mapped_column(default=False)
    """Made by an import, not by a person."""
    note: Mapped[str] = mapped_column(String(200), default="")
    author: Mapped[str] = mapped_column(String(40))
    created_at: Mapped[datetime]
    published_at: Mapped[datetime | None]
    published_by: Mapped[str | None] = mapped_column(String(40))


class KnowledgeRegression(Base):
    """A question that must go on finding its entry."""

    __tablename__ = "knowledge_regressions"
    __table_args__ = (UniqueConstraint("key", "question"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(ForeignKey("knowledge_entries.key"))
    question: Mapped[str] = mapped_column(String(200))
    origin: Mapped[RegressionOrigin]
    author: Mapped[str] = mapped_column(String(40))
    created_at: Mapped[datetime]


class KnowledgeEvent(Base):
    """The audit: who did what to which entry. The database refuses to change or delete a row."""

    __tablename__ = "knowledge_events"
    __table_args__ = (Index(None, "key", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    author: Mapped[str] = mapped_column(String(40))
    action: Mapped[str] = mapped_column(String(40))
    key: Mapped[str] = mapped_column(String(80))
    version: Mapped[int]
    detail: Mapped[dict[str, Any]] = mapped_column(default=dict)


class KnowledgeRevision(Base):
    """One row: how often the published set changed. Whoever changes the set locks it first."""

    __tablename__ = "knowledge_revision"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    revision: Mapped[int]


class AskedQuestion(Base):
    """A customer's question (masked), what search made of it, and whether it helped."""

    __tablename__ = "knowledge_questions"
    __table_args__ = (Index(None, "asked_at"), Index(None, "conversation_id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    asked_at: Mapped[datetime]
    question: Mapped[str] = mapped_column(String(500))
    decision: Mapped[SearchDecision]
    keys: Mapped[list[str]] = mapped_column(default=list)
    """What search offered, best first."""
    score: Mapped[float | None]
    """Of the best, 0 to 1."""
    channel: Mapped[str] = mapped_column(String(40))
    conversation_id: Mapped[str | None] = mapped_column(String(128))
    key: Mapped[str | None] = mapped_column(String(80))
    """What was answered, or chosen by the customer."""
    outcome: Mapped[QuestionOutcome | None]
    outcome_at: Mapped[datetime | None]


class NumberSeries(Base):
    """The last number given out for a prefix and day (TH20261121 → 17)."""

    __tablename__ = "number_series"

    series: Mapped[str] = mapped_column(String(20), primary_key=True)
    last: Mapped[int]


class IdempotentAnswer(Base):
    """What a write answered, so that its repeat answers the same and does nothing."""

    __tablename__ = "idempotent_answers"
    __table_args__ = (Index(None, "created_at"),)

    customer_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    """Empty where nobody is acting for a customer."""
    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(64))
    """SHA-256 of method, path and body."""
    status: Mapped[int]
    body: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]
