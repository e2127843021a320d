"""A tiny shop for tests: a few goods, customers and orders in whatever state a test needs."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any, TypeVar

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backoffice.clock import SHANGHAI
from backoffice.database import Database
from backoffice.models import (
    Base,
    Customer,
    Order,
    OrderItem,
    Product,
    Shipment,
    ShipmentTrace,
)
from backoffice.states import (
    Carrier,
    Category,
    OrderState,
    PaymentMethod,
    SellerType,
    ShipmentState,
)

NOW = datetime(2026, 11, 21, 15, 0, tzinfo=SHANGHAI)
ANNA, BERT = "C000001", "C000002"
Row = TypeVar("Row", bound=Base)


@dataclass
class Goods:
    """What a test says about the goods of an order; the rest is ordinary."""

    sku: str = "EAR-WHITE"
    name: str = "蓝牙耳机 LX-B3"
    variant: str = "云白"
    category: Category = Category.DIGITAL
    price_fen: int = 19_900
    quantity: int = 1
    paid_fen: int | None = None
    product: dict[str, Any] = field(default_factory=dict)
    item: dict[str, Any] = field(default_factory=dict)


class Shop:
    """Puts rows into a database, and looks at what became of them."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._counts = count(1)

    def add(self, *rows: Base) -> None:
        with self.database.write() as session:
            session.add_all(rows)

    def customer(self, customer_id: str = ANNA, **values: Any) -> str:
        self.add(
            Customer(
                **{
                    "id": customer_id,
                    "name": "测试客户",
                    "phone": "13800000001",
                    "registered_at": NOW - timedelta(days=400),
                    **values,
                }
            )
        )
        return customer_id

    def goods(self, goods: Goods, seller: SellerType = SellerType.SELF) -> None:
        with self.database.write() as session:
            if session.get(Product, goods.sku) is None:
                session.add(
                    Product(
                        **{
                            "sku": goods.sku,
                            "product_id": goods.sku.split("-")[0],
                            "name": goods.name,
                            "variant": goods.variant,
                            "category": goods.category,
                            "seller_type": seller,
                            "price_fen": goods.price_fen,
                            "stock": 10,
                            "warranty_months": 12,
                            **goods.product,
                        }
                    )
                )

    def order(
        self,
        state: OrderState = OrderState.PAID,
        *,
        goods: list[Goods] | None = None,
        customer_id: str = ANNA,
        signed_at: datetime | None = None,
        seller: SellerType = SellerType.SELF,
        carrier: Carrier = Carrier.LINGXI,
        parcel: ShipmentState | None = None,
        last_news: datetime | None = None,
        shipment: dict[str, Any] | None = None,
        **values: Any,
    ) -> str:
        """An order that came into `state` the usual way; `values` override its columns."""
        number = f"20261120{next(self._counts):04d}"
        goods = goods or [Goods()]
        for each in goods:
            self.goods(each, seller)
        was_shipped = state in (OrderState.SHIPPED, OrderState.SIGNED, OrderState.COMPLETED)
        if state in (OrderState.SIGNED, OrderState.COMPLETED):
            signed_at = signed_at or NOW - timedelta(days=2)
        created = (signed_at or NOW) - timedelta(days=3 if was_shipped else 0, hours=2)
        paid = None if state is OrderState.UNPAID else created + timedelta(minutes=5)
        total = sum(each.price_fen * each.quantity for each in goods)
        order = Order(
            **{
                "number": number,
                "customer_id": customer_id,
                "state": state,
                "created_at": created,
                "pay_by": NOW + timedelta(minutes=20) if state is OrderState.UNPAID else None,
                "paid_at": paid,
                "shipped_at": created + timedelta(days=1) if was_shipped else None,
                "signed_at": signed_at,
                "completed_at": signed_at + timedelta(days=1)
                if signed_at and state is OrderState.COMPLETED
                else None,
                "seller_type": seller,
                "seller_name": "灵犀自营" if seller is SellerType.SELF else "样例旗舰店",
                "goods_fen": total,
                "amount_fen": total,
                "payment_method": PaymentMethod.WECHAT,
                "recipient": "测试收货人",
                "phone": "13800000001",
                "province": "浙江省",
                "city": "杭州市",
                "address": "浙江省杭州市西湖区样例路 1 号",
                **values,
            },
            items=[
                OrderItem(
                    **{
                        "line": line,
                        "sku": each.sku,
                        "product_name": each.name,
                        "variant": each.variant,
                        "quantity": each.quantity,
                        "unit_price_fen": each.price_fen,
                        "paid_fen": each.paid_fen or each.price_fen * each.quantity,
                        **each.item,
                    }
                )
                for line, each in enumerate(goods, 1)
            ],
        )
        if was_shipped:
            arrived = state is not OrderState.SHIPPED
            order.shipment = Shipment(
                **{
                    "tracking_number": f"LXWL{number}",
                    "carrier": carrier,
                    "state": parcel or (ShipmentState.SIGNED if arrived else ShipmentState.IN_TRANSIT),
                    "created_at": created + timedelta(days=1),
                    "signed_at": signed_at if arrived else None,
                    "promised_date": (NOW + timedelta(days=1)).date(),
                    **(shipment or {}),
                },
                traces=[
                    ShipmentTrace(time=last_news or NOW - timedelta(hours=1), place="杭州", text="包裹已到达")
                ],
            )
        self.add(order)
        return number

    def get(self, model: type[Row], key: Any) -> Row:
        with self.database.read() as session:
            return session.get_one(model, key)

    def all(self, model: type[Row]) -> list[Row]:
        with self.database.read() as session:
            return list(session.scalars(select(model)))

    def count(self, model: type[Base]) -> int:
        with self.database.read() as session:
            return session.scalar(select(func.count()).select_from(model)) or 0

    def everything(self) -> dict[str, list[tuple[Any, ...]]]:
        """All rows but the stored answers: equal before and after means that nothing was changed."""
        with self.database.read() as session:
            return {
                table.name: sorted(map(tuple, session.execute(select(table))), key=repr)
                for table in Base.metadata.sorted_tables
                if table.name != "idempotent_answers"
            }

    def clear(self) -> None:
        with self.database.write() as session:
            _clear(session)


_KEPT = {"knowledge_events", "knowledge_revision"}
"""The audit refuses to lose a row; a revision that began anew would look like an index's own."""


def _clear(session: Session) -> None:
    for table in reversed(Base.metadata.sorted_tables):
        if table.name not in _KEPT:
            session.execute(table.delete())
