"""Turns rows into the facts that the rules look at."""

from __future__ import annotations

from datetime import datetime

from backoffice.models import Order, OrderItem, PriceProtection, Return, Shipment
from backoffice.rules.deliveries import ShipmentFacts, delay_excuse
from backoffice.rules.facts import LineFacts, OrderFacts
from backoffice.rules.reasons import FAULTS
from backoffice.states import Category, InvoiceState, ReturnKind, ReturnState, ShipmentState


def order_facts(order: Order) -> OrderFacts:
    return OrderFacts(
        number=order.number,
        state=order.state,
        seller_type=order.seller_type,
        seller_name=order.seller_name,
        is_enterprise=order.is_enterprise,
        created_at=order.created_at,
        paid_at=order.paid_at,
        signed_at=order.signed_at,
        completed_at=order.completed_at,
        cancel_requested_at=order.cancel_requested_at,
        province=order.province,
        city=order.city,
        address=order.address,
        address_changes=order.address_changes,
        delivery_date=order.delivery_date,
        delivery_date_changes=order.delivery_date_changes,
        carrier=order.shipment.carrier if order.shipment else None,
        shipment_state=order.shipment.state if order.shipment else None,
        reroutes=order.shipment.reroutes if order.shipment else 0,
        amount_fen=order.amount_fen,
        gift_card_fen=order.gift_card_fen,
        refunded_fen=sum(refund.amount_fen for refund in order.refunds),
        has_invoice=any(invoice.state is not InvoiceState.VOIDED for invoice in order.invoices),
        lines=tuple(_line_facts(item, order.returns, order.price_protections) for item in order.items),
        shipped_at=order.shipped_at,
        promised_ship_by=order.promised_ship_by,
        promised_date=order.shipment.promised_date if order.shipment else None,
        reached_at=_reached_at(order.shipment) if order.shipment else order.signed_at,
        delay_excuse=_delay_excuse(order),
        compensated_at=order.compensation.created_at if order.compensation else None,
    )


def _reached_at(shipment: Shipment) -> datetime | None:
    """A parcel at a pick-up point has come, whenever it is fetched."""
    stored = [trace.time for trace in shipment.traces if trace.place.endswith("自提点")]
    return min([*stored, *([shipment.signed_at] if shipment.signed_at else [])], default=None)


def _delay_excuse(order: Order) -> str | None:
    parcel = order.shipment
    return delay_excuse(
        order.delivery_date_changes,
        parcel.arrangement if parcel else None,
        parcel is not None and parcel.state is ShipmentState.RETURNING,
        [trace.text for trace in parcel.traces] if parcel else [],
    )


def _line_facts(item: OrderItem, slips: list[Return], protections: list[PriceProtection]) -> LineFacts:
    mine = [slip for slip in slips if slip.line in (None, item.line)]
    protected = [protection for protection in protections if protection.line == item.line]
    goods = item.product
    return LineFacts(
        line=item.line,
        title=goods_title(item),
        category=goods.category,
        quantity=item.quantity,
        unit_price_fen=item.unit_price_fen,
        paid_fen=item.paid_fen,
        price_kind=item.price_kind,
        return_rule=goods.return_rule,
        opened=item.opened,
        activated=item.activated,
        is_large=goods.is_large,
        warranty_months=goods.warranty_months,
        merchant_price_protection=goods.merchant_price_protection,
        current_price_fen=goods.price_fen,
        stock=goods.stock,
        on_sale=goods.on_sale,
        open_slip=next((slip.slip for slip in mine if slip.state.is_open), None),
        asked_back=any(slip.state.is_open and _of_money(slip) for slip in mine),
        refunded=any(_of_money(slip) and slip.state in _PAID_BACK for slip in mine),
        ended_slips=sum(
            slip.state in (ReturnState.WITHDRAWN, ReturnState.CLOSED) and slip.reason_code not in FAULTS
            for slip in mine
        ),
        rejected_slip=mine[0].slip if mine and mine[0].state is ReturnState.REJECTED else None,
        exchanged=sum(slip.kind is ReturnKind.EXCHANGE and slip.state is ReturnState.DONE for slip in mine),
        protected_times=len(protected),
        protected_unit_fen=sum(row.paid_unit_fen - row.current_fen for row in protected),
    )


_PAID_BACK = (ReturnState.REFUNDED, ReturnState.DONE)


def _of_money(slip: Return) -> bool:
    return slip.kind in (ReturnKind.REFUND, ReturnKind.RETURN)


def shipment_facts(shipment: Shipment) -> ShipmentFacts:
    order = shipment.order
    return ShipmentFacts(
        carrier=shipment.carrier,
        state=shipment.state,
        created_at=shipment.created_at,
        signed_at=shipment.signed_at,
        promised_date=shipment.promised_date,
        last_news_at=shipment.traces[0].time if shipment.traces else None,
        province=order.province,
        city=order.city,
        reroutes=shipment.reroutes,
        is_large=any(item.product.is_large for item in order.items),
        is_fresh=any(item.product.category is Category.FRESH for item in order.items),
    )


def goods_title(item: OrderItem) -> str:
    return f"{item.product_name} {item.variant}".strip()
