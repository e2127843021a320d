"""What can be done about an order's goods, before anything is asked for."""

from __future__ import annotations

from datetime import datetime
from functools import partial

from pydantic import Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from backoffice.effects.facts import order_facts
from backoffice.models import Order, Product
from backoffice.money import yuan
from backoffice.problems import invalid
from backoffice.rules import pickups, remedies, returns, review
from backoffice.rules.facts import LineFacts, OrderFacts
from backoffice.rules.reasons import classify
from backoffice.states import Level, ReturnKind, ReturnReason
from backoffice.views.base import Day, Money, Permission, View, permission
from backoffice.views.returns import (
    PickupView,
    ServicePointView,
    goods_eta,
    mended_at_home,
    pickup_view,
    service_point_view,
)


class KindView(View):
    kind: str = Field(examples=["exchange"])
    kind_label: str = Field(examples=["换货"])
    permission: Permission = Field(description="按客户说的原因")
    is_ever_possible: bool = Field(description="换个原因（例如质量问题）是否可以")
    refund_amount: Money | None = Field(description="这些商品会退回的钱；换货、维修，或者办不了，为空")
    pickups: list[PickupView] = Field(description="可约的上门取件时段；空：不支持上门取件")
    cost_sent: str | None = Field(
        description="自己寄回谁出运费；不用寄回的为空", examples=["寄回运费由您承担。"]
    )
    cost_fetched: str | None = Field(
        description="上门取件收多少；不能上门取件的为空", examples=["取件费每次 10 元。"]
    )
    goods_eta: str | None = Field(description="换货、维修：东西多久到手里")


class ProposalView(View):
    kind: str = Field(examples=["exchange"])
    label: str = Field(examples=["换货", "补发"])


class StockView(View):
    variant: str = Field(examples=["云白"])
    stock: int
    is_own: bool = Field(description="客户买的就是这个规格")


class OptionsView(View):
    reason: str = Field(examples=["质量问题"])
    reason_code: str = Field(examples=["quality"])
    kinds: list[KindView]
    proposed: list[ProposalView] = Field(description="按原因、时间和商品建议的办法，最合适的在前")
    review_by_person: str | None = Field(description="说的事要由专人处理", examples=[None, "safety"])
    variants: list[StockView] = Field(description="同款的规格和库存；几件商品又没有指明时为空")
    warranty_ends: Day | None
    service_point: ServicePointView | None


def options_view(
    session: Session,
    order: Order,
    line: int | None,
    text: str | None,
    code: ReturnReason | None,
    level: Level,
    now: datetime,
) -> OptionsView:
    facts = order_facts(order)
    lines = tuple(each for each in facts.lines if line in (None, each.line))
    if not lines:
        raise invalid(("line", "订单里没有这一件商品"))
    reason = code or classify(text)
    person = review.by_person(review.ReviewFacts(text or "", refund_fen=0))
    return OptionsView(
        reason=reason.label,
        reason_code=reason.value,
        kinds=[_kind(facts, lines, kind, reason, level, now) for kind in ReturnKind],
        proposed=[
            ProposalView(kind=kind.value, label=remedies.label(kind, reason))
            for kind in remedies.propose(facts, lines, reason, now)
        ],
        review_by_person=person.code if person else None,
        variants=_variants(session, order, lines[0].line) if len(lines) == 1 else [],
        warranty_ends=returns.warranty_ends(facts, lines[0])
        if len(lines) == 1 and lines[0].warranty_months and facts.was_signed
        else None,
        service_point=service_point_view(order.province, order.city),
    )


def _kind(
    facts: OrderFacts,
    lines: tuple[LineFacts, ...],
    kind: ReturnKind,
    reason: ReturnReason,
    level: Level,
    now: datetime,
) -> KindView:
    missing = kind is ReturnKind.EXCHANGE and reason is ReturnReason.MISSING
    fetched = pickups.offered(facts, kind, lines) and not missing
    verdict = remedies.judge(facts, lines, kind, reason, now)
    pays = verdict.ok and kind in (ReturnKind.REFUND, ReturnKind.RETURN)
    wished = returns.Request(kind=kind, reason=reason, lines=lines)
    goes_back = kind is not ReturnKind.REFUND and not missing and not mended_at_home(kind, facts, lines)
    cost = partial(returns.sending_cost, facts, wished, level)
    return KindView(
        kind=kind.value,
        kind_label=kind.label,
        permission=permission(verdict),
        refund_amount=yuan(returns.coming_back_fen(facts, wished)) if pays else None,
        is_ever_possible=remedies.ever(facts, lines, kind, now),
        pickups=[pickup_view(offer) for offer in pickups.offers(now)] if fetched else [],
        cost_sent=cost(is_fetched=False) if goes_back and verdict.ok else None,
        cost_fetched=cost(is_fetched=True) if fetched and verdict.ok else None,
        goods_eta=goods_eta(kind, reason, facts, lines),
    )


def _variants(session: Session, order: Order, line: int) -> list[StockView]:
    item = next(each for each in order.items if each.line == line)
    same = select(Product).where(Product.product_id == item.product.product_id).order_by(Product.sku)
    return [
        StockView(
            variant=goods.variant,
            stock=goods.stock if goods.on_sale else 0,
            is_own=goods.variant == item.variant,
        )
        for goods in session.scalars(same)
    ]
