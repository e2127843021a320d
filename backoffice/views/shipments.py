"""Parcels as the API tells them."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from pydantic import Field

from backoffice.clock import in_shanghai
from backoffice.effects.facts import shipment_facts
from backoffice.models import Shipment
from backoffice.rules import policy
from backoffice.rules.deliveries import is_late, is_stalled
from backoffice.states import ShipmentState
from backoffice.views.base import Day, Permission, Time, View
from backoffice.views.tickets import TicketView


class CarrierView(View):
    code: str = Field(examples=["lingxi"])
    name: str = Field(examples=["灵犀物流"])


class TraceView(View):
    time: Time
    place: str = Field(examples=["杭州转运中心"])
    text: str = Field(examples=["包裹已到达杭州转运中心"])


class CourierView(View):
    name: str
    phone: str = Field(description="虚拟号码，签收 7 天后失效", examples=["95013-4567-8901"])


class ShipmentView(View):
    tracking_number: str = Field(examples=["LXWL202611200001"])
    order_number: str = Field(examples=["202611200001"])
    carrier: CarrierView
    state: str = Field(examples=["运输中"])
    state_code: str = Field(examples=["in_transit"])
    promised_date: Day | None
    late: bool
    stalled: bool = Field(description="超过 72 小时没有新信息")
    last_trace: TraceView | None
    traces: list[TraceView] = Field(description="新的在前")
    courier: CourierView | None = Field(description="只在派送当天显示")
    pickup_code: str | None = Field(description="待自提时的 6 位取件码")
    keep_until: Day | None = Field(description="待自提的包裹免费保管到哪天")
    arrangement: str | None
    signed_at: Time | None


class UrgedShipmentView(View):
    shipment: ShipmentView
    ticket_number: str = Field(examples=["GD202611210001"])
    promise: str = Field(examples=["已催促配送站，2 小时内回电给您。"])


class ReportedShipmentView(TicketView):
    is_new: bool = Field(description="false：这个包裹已经在核查，补充了内容")


class ArrangementLookView(View):
    permission: Permission
    dates: list[Day] = Field(description="可约的日期")
    time_slots: list[str] = Field(examples=[["上午", "下午"]])
    city: str = Field(description="只能改派到这个城市", examples=["杭州市"])
    named: str | None = Field(description="话里提到的代收人", examples=["门卫"])


class ArrangedShipmentView(View):
    shipment: ShipmentView
    arrangement: str = Field(examples=["改约 2026-11-23 派送"])


def shipment_view(shipment: Shipment, now: datetime) -> ShipmentView:
    facts = shipment_facts(shipment)
    traces = [TraceView(time=trace.time, place=trace.place, text=trace.text) for trace in shipment.traces]
    out = shipment.state is ShipmentState.OUT_FOR_DELIVERY
    waiting = shipment.state is ShipmentState.AT_PICKUP_POINT
    courier = None
    if out and shipment.courier_name and shipment.courier_phone:
        courier = CourierView(name=shipment.courier_name, phone=shipment.courier_phone)
    return ShipmentView(
        tracking_number=shipment.tracking_number,
        order_number=shipment.order_number,
        carrier=CarrierView(code=shipment.carrier.value, name=shipment.carrier.label),
        state=shipment.state.label,
        state_code=shipment.state.value,
        promised_date=shipment.promised_date,
        late=is_late(facts, now.date()),
        stalled=is_stalled(facts, now),
        last_trace=traces[0] if traces else None,
        traces=traces,
        courier=courier,
        pickup_code=shipment.pickup_code if waiting else None,
        keep_until=_keep_until(shipment) if waiting else None,
        arrangement=shipment.arrangement,
        signed_at=shipment.signed_at,
    )


def _keep_until(shipment: Shipment) -> date | None:
    """Document 01, 自提: counted from the day on which it came there, which is its last news."""
    if not shipment.traces:
        return None
    return in_shanghai(shipment.traces[0].time).date() + timedelta(days=policy.PICKUP_POINT_DAYS)
