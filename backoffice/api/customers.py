"""The customer's card, coupons and points."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import Query, Response
from pydantic import Field, StringConstraints
from sqlalchemy import and_, func, or_, select

from backoffice.api.context import (
    READS,
    WRITES,
    CustomerLook,
    CustomerReading,
    CustomerWriting,
    Reading,
    problems,
)
from backoffice.api.inputs import Body, Limit, Offset, Printable
from backoffice.api.routing import Router
from backoffice.effects import find, shelf
from backoffice.effects.work import Work
from backoffice.models import Coupon, Customer, GiftCard, Order, PointsEntry, Refund
from backoffice.rules.levels import DAYS, next_level
from backoffice.states import CouponState, OrderState
from backoffice.views.customers import (
    AssetsView,
    CouponPage,
    CouponView,
    CustomerPage,
    CustomerView,
    FittingsView,
    PointsView,
    assets_view,
    coupon_view,
    customer_view,
    fitting_view,
    points_view,
)

router = Router(tags=["customers"])

_LATEST_ENTRIES = 50


class CustomerBody(Body):
    nickname: Annotated[str, StringConstraints(min_length=1, max_length=40), Printable] = Field(
        examples=["小明"]
    )


@router.get("/customers", summary="所有客户（内部用）", responses=problems(400))
def list_customers(
    look: Reading,
    phone: Annotated[
        str | None, Query(description="只找登记了这个手机号的", pattern=r"^[0-9]{5,20}$")
    ] = None,
    limit: Limit = 20,
    offset: Offset = 0,
) -> CustomerPage:
    wanted = [] if phone is None else [Customer.phone == phone]
    total = look.session.scalar(select(func.count()).select_from(Customer).where(*wanted)) or 0
    page = select(Customer).where(*wanted).order_by(Customer.id).limit(limit).offset(offset)
    return CustomerPage(items=[customer_view(each) for each in look.session.scalars(page)], total=total)


@router.get("/customer", summary="当前客户", responses=READS)
def get_customer(look: CustomerReading) -> CustomerView:
    return customer_view(look.customer)


@router.patch("/customer", summary="修改当前客户的昵称", responses=WRITES, response_model=CustomerView)
def change_customer(body: CustomerBody, once: CustomerWriting) -> Response:
    def effect(work: Work) -> tuple[int, CustomerView]:
        work.customer.nickname = body.nickname
        return 200, customer_view(work.customer)

    return once(body, effect)


@router.get("/coupons", summary="客户的优惠券，快到期的在前", responses=READS, tags=["promotions"])
def list_coupons(
    look: CustomerReading,
    state_code: Annotated[CouponState | None, Query(description="只看这个状态")] = None,
    limit: Limit = 20,
    offset: Offset = 0,
) -> CouponPage:
    mine = [Coupon.customer_id == look.customer.id]
    lapsed = and_(Coupon.state == CouponState.UNUSED, Coupon.valid_to < look.now)
    if state_code is CouponState.EXPIRED:
        mine.append(or_(lapsed, Coupon.state == CouponState.EXPIRED))
    elif state_code:
        mine += [Coupon.state == state_code, ~lapsed]
    total = look.session.scalar(select(func.count()).select_from(Coupon).where(*mine)) or 0
    page = select(Coupon).where(*mine).order_by(Coupon.valid_to, Coupon.id).limit(limit).offset(offset)
    gave_back = select(Order).where(
        Order.customer_id == look.customer.id, Order.state == OrderState.CANCELLED, Order.discount_fen > 0
    )
    cancelled = list(look.session.scalars(gave_back.order_by(Order.created_at.desc())))
    items: list[CouponView] = [
        coupon_view(coupon, look.now, cancelled) for coupon in look.session.scalars(page)
    ]
    return CouponPage(items=items, total=total)


@router.get(
    "/coupons/fitting", summary="一个订单能用哪些券（不改动任何东西）", responses=READS, tags=["promotions"]
)
def fitting_coupons(
    look: CustomerReading,
    order_number: Annotated[str, Query(pattern=r"^[0-9A-Za-z]{1,16}$")],
) -> FittingsView:
    order = find.order(look.session, look.customer.id, order_number)
    held = shelf.coupons_on(look.session, order, look.now)
    return FittingsView(items=[fitting_view(each.coupon, each.lacks, each.pays_fen) for each in held])


@router.get("/points", summary="客户的灵犀币", responses=READS, tags=["promotions"])
def get_points(look: CustomerReading) -> PointsView:
    return _points(look)


@router.get("/assets", summary="客户账户里有什么", responses=READS)
def get_assets(look: CustomerReading) -> AssetsView:
    mine = look.customer.id
    cards = select(GiftCard).where(GiftCard.customer_id == mine, GiftCard.balance_fen > 0)
    coupons = select(Coupon).where(
        Coupon.customer_id == mine,
        Coupon.state == CouponState.UNUSED,
        Coupon.valid_from <= look.now,
        Coupon.valid_to >= look.now,
    )
    spent_fen = _spent_fen(look)
    return assets_view(
        look.customer,
        _points(look),
        spent_fen,
        next_level(look.customer.level, spent_fen, look.now.date()),
        list(look.session.scalars(cards.order_by(GiftCard.valid_to, GiftCard.id))),
        list(look.session.scalars(coupons)),
    )


def _spent_fen(look: CustomerLook) -> int:
    """Paid for orders completed within the last 365 days, less what was refunded."""
    completed = (Order.customer_id == look.customer.id, Order.completed_at >= look.now - timedelta(days=DAYS))
    paid = look.session.scalar(select(func.coalesce(func.sum(Order.amount_fen), 0)).where(*completed))
    back = look.session.scalar(
        select(func.coalesce(func.sum(Refund.amount_fen), 0))
        .join(Order, Order.number == Refund.order_number)
        .where(*completed)
    )
    return int(paid or 0) - int(back or 0)


def _points(look: CustomerLook) -> PointsView:
    today = look.now.date()
    mine = PointsEntry.customer_id == look.customer.id
    later = look.session.scalar(
        select(func.coalesce(func.sum(PointsEntry.change), 0)).where(
            mine, PointsEntry.change > 0, PointsEntry.expires_on > today.replace(month=12, day=31)
        )
    )
    newest = select(PointsEntry).where(mine).order_by(PointsEntry.created_at.desc(), PointsEntry.id.desc())
    entries = list(look.session.scalars(newest.limit(_LATEST_ENTRIES)))
    return points_view(look.customer, entries, int(later or 0), today)
