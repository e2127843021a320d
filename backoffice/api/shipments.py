"""Parcels: tracking, urging, arranging, reporting."""

from __future__ import annotations

from fastapi import Response
from pydantic import Field

from backoffice.api.context import READS, WRITES, CustomerReading, CustomerWriting
from backoffice.api.inputs import Body, LongText, ShortText, TrackingPath
from backoffice.api.routing import Router
from backoffice.effects import find, shipments
from backoffice.effects.facts import shipment_facts
from backoffice.effects.work import Work
from backoffice.rules.deliveries import (
    TIME_SLOTS,
    Arrangement,
    DeliveryProblem,
    arrange,
    delivery_dates,
    receiver,
    urge_promise,
)
from backoffice.views.base import permission
from backoffice.views.shipments import (
    ArrangedShipmentView,
    ArrangementLookView,
    ReportedShipmentView,
    ShipmentView,
    UrgedShipmentView,
    shipment_view,
)
from backoffice.views.tickets import ticket_view

router = Router(prefix="/shipments", tags=["shipments"])


class ArrangeBody(Body):
    how: Arrangement
    value: ShortText | None = Field(
        default=None,
        description="日期 YYYY-MM-DD、时段、自提点、代收人或新地址；door 和 refuse 不用填",
        examples=["2026-11-23"],
    )


class ReportBody(Body):
    problem: DeliveryProblem
    text: LongText | None = Field(default=None, examples=["家里和驿站都找过，没有"])


@router.get("/{tracking_number}", summary="一个包裹", responses=READS)
def get_shipment(tracking_number: TrackingPath, look: CustomerReading) -> ShipmentView:
    return shipment_view(find.shipment(look.session, look.customer.id, tracking_number), look.now)


@router.post("/{tracking_number}/urge", summary="催派送", responses=WRITES, response_model=UrgedShipmentView)
def urge_shipment(tracking_number: TrackingPath, once: CustomerWriting) -> Response:
    def effect(work: Work) -> tuple[int, UrgedShipmentView]:
        shipment, ticket = shipments.urge(work, tracking_number)
        return 200, UrgedShipmentView(
            shipment=shipment_view(shipment, work.now),
            ticket_number=ticket.number,
            promise=urge_promise(shipment.carrier),
        )

    return once(None, effect)


@router.post(
    "/{tracking_number}/arrange-look",
    summary="派送安排行不行（不安排）",
    description="不填 value 时只看这种安排本身可不可以。",
    responses=READS,
)
def look_at_arrangement(
    tracking_number: TrackingPath, body: ArrangeBody, look: CustomerReading
) -> ArrangementLookView:
    facts = shipment_facts(find.shipment(look.session, look.customer.id, tracking_number))
    today = look.now.date()
    return ArrangementLookView(
        permission=permission(arrange(facts, body.how, body.value, today, has_value=body.value is not None)),
        dates=delivery_dates(facts, today),
        time_slots=list(TIME_SLOTS),
        city=facts.city,
        named=receiver(body.value) if body.how is Arrangement.LEAVE_WITH else None,
    )


@router.post(
    "/{tracking_number}/arrange",
    summary="安排派送：改期、时段、自提、上门、代收、拒收、改派",
    responses=WRITES,
    response_model=ArrangedShipmentView,
)
def arrange_shipment(tracking_number: TrackingPath, body: ArrangeBody, once: CustomerWriting) -> Response:
    def effect(work: Work) -> tuple[int, ArrangedShipmentView]:
        shipment = shipments.arrange(work, tracking_number, body.how, body.value)
        return 200, ArrangedShipmentView(
            shipment=shipment_view(shipment, work.now), arrangement=shipment.arrangement or ""
        )

    return once(body, effect)


@router.post(
    "/{tracking_number}/report",
    summary="报告物流问题，登记物流核查工单",
    responses=WRITES,
    response_model=ReportedShipmentView,
)
def report_shipment(tracking_number: TrackingPath, body: ReportBody, once: CustomerWriting) -> Response:
    def effect(work: Work) -> tuple[int, ReportedShipmentView]:
        is_new, ticket = shipments.report(work, tracking_number, body.problem, body.text)
        return 200, ReportedShipmentView(**dict(ticket_view(ticket)), is_new=is_new)

    return once(body, effect)
