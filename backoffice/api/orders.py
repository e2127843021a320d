"""Orders: looking, cancelling, changing, urging."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Response
from pydantic import Field, StringConstraints, model_validator
from sqlalchemy import func, select

from backoffice.api.context import READS, WRITES, CustomerReading, CustomerWriting
from backoffice.api.inputs import Body, IsoDay, Limit, Offset, OrderPath, Printable, ShortText
from backoffice.api.routing import Router
from backoffice.effects import find, orders
from backoffice.effects.work import Work
from backoffice.models import Order
from backoffice.problems import refused
from backoffice.rules.facts import refuse
from backoffice.rules.orders import OrderChange
from backoffice.states import OrderState
from backoffice.views.orders import OrderPage, OrderView, UrgedOrderView, order_view
from backoffice.views.shipments import ShipmentView, shipment_view

router = Router(prefix="/orders", tags=["orders"])


class CancelBody(Body):
    reason: ShortText | None = Field(default=None, description="取消原因", examples=["买错了"])


class ChangeBody(Body):
    """At least one field; what is left out stays as it is."""

    recipient: Annotated[str, StringConstraints(min_length=1, max_length=60), Printable] | None = Field(
        default=None, examples=["王小明"]
    )
    phone: Annotated[str, StringConstraints(pattern=r"^1[0-9]{10}$")] | None = Field(
        default=None, description="11 位手机号", examples=["13800138000"]
    )
    address: Annotated[str, StringConstraints(min_length=2, max_length=160), Printable] | None = Field(
        default=None, description="同一城市内的新地址", examples=["浙江省杭州市西湖区文三路 90 号"]
    )
    remark: Annotated[str, StringConstraints(max_length=1000), Printable] | None = Field(
        default=None, description="最多 100 字", examples=["放门口，不用打电话"]
    )
    delivery_date: IsoDay | None = Field(default=None, examples=["2026-11-25"])

    @model_validator(mode="after")
    def _something_to_change(self) -> ChangeBody:
        if all(value is None for value in self.model_dump().values()):
            raise ValueError("至少要改一项")
        return self


@router.get("", summary="客户的订单，新的在前", responses=READS)
def list_orders(
    look: CustomerReading,
    state_code: Annotated[list[OrderState] | None, Query(description="只看这些状态", max_length=6)] = None,
    limit: Limit = 20,
    offset: Offset = 0,
) -> OrderPage:
    mine = [Order.customer_id == look.customer.id]
    if state_code:
        mine.append(Order.state.in_(state_code))
    total = look.session.scalar(select(func.count()).select_from(Order).where(*mine)) or 0
    page = find.orders_of(look.customer.id).where(*mine)
    page = page.order_by(Order.created_at.desc(), Order.number.desc()).limit(limit).offset(offset)
    return OrderPage(items=[order_view(order, look.now) for order in look.session.scalars(page)], total=total)


@router.get("/{number}", summary="一个订单", responses=READS)
def get_order(number: OrderPath, look: CustomerReading) -> OrderView:
    return order_view(find.order(look.session, look.customer.id, number), look.now)


@router.post(
    "/{number}/cancel",
    summary="取消订单",
    description="自营未出库的立即取消并退款；商家已付款的订单进入取消审核（cancel_request），24 小时内答复。",
    responses=WRITES,
    response_model=OrderView,
)
def cancel_order(number: OrderPath, once: CustomerWriting, body: CancelBody | None = None) -> Response:
    def effect(work: Work) -> tuple[int, OrderView]:
        return 200, order_view(orders.cancel(work, number, body.reason if body else None), work.now)

    return once(body, effect)


@router.post(
    "/{number}/cancel/withdraw", summary="撤销审核中的取消申请", responses=WRITES, response_model=OrderView
)
def withdraw_cancel(number: OrderPath, once: CustomerWriting) -> Response:
    def effect(work: Work) -> tuple[int, OrderView]:
        return 200, order_view(orders.withdraw_cancel(work, number), work.now)

    return once(None, effect)


@router.patch(
    "/{number}",
    summary="修改未出库的订单",
    description="收货人、电话、同城地址（1 次）、备注、送货日期（2 次）。规格和数量不能改。",
    responses=WRITES,
    response_model=OrderView,
)
def change_order(number: OrderPath, body: ChangeBody, once: CustomerWriting) -> Response:
    wanted = OrderChange(**body.model_dump())

    def effect(work: Work) -> tuple[int, OrderView]:
        return 200, order_view(orders.change(work, number, wanted), work.now)

    return once(body, effect)


@router.post("/{number}/urge", summary="催发货", responses=WRITES, response_model=UrgedOrderView)
def urge_order(number: OrderPath, once: CustomerWriting) -> Response:
    def effect(work: Work) -> tuple[int, UrgedOrderView]:
        order, ticket = orders.urge(work, number)
        return 200, UrgedOrderView(
            order=order_view(order, work.now),
            promised_ship_by=order.promised_ship_by,
            urged_count=order.urged_count,
            ticket_number=ticket.number,
        )

    return once(None, effect)


@router.get("/{number}/shipment", summary="订单的包裹", responses=READS | {409: WRITES[409]})
def get_order_shipment(number: OrderPath, look: CustomerReading) -> ShipmentView:
    order = find.order(look.session, look.customer.id, number)
    if order.shipment is None:
        raise refused(refuse("not_shipped", "订单还没有出库，出库后就能看到物流。着急的话可以催发货。"))
    return shipment_view(order.shipment, look.now)
