"""Parcels: carrier, tracking number and the traces of the way, as far as `now` has let it come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random
from typing import Any

from backoffice.models import Shipment
from backoffice.seed.orders import Purchase, on_delivery
from backoffice.seed.people import Words
from backoffice.states import Carrier, OrderState, SellerType, ShipmentState

WAREHOUSES = ("杭州", "广州", "北京", "成都", "武汉")
_TRACKING_NUMBERS = {Carrier.LINGXI: ("LXWL", 10), Carrier.SF: ("SF", 13), Carrier.ZTO: ("ZT", 12)}
_STUCK_AFTER = timedelta(hours=90)
_FIRST_DELIVERY_HOUR = 8
_PICKUP_SHARE = 0.12


@dataclass(frozen=True)
class Step:
    """A trace, and the state it brings the parcel to."""

    time: datetime
    place: str
    text: str
    state: ShipmentState


class Depot:
    """Sends parcels off: gives out tracking numbers, each once, and keeps the traces.

    Traces are by far the most rows, so they are plain rows for one bulk insert.
    """

    def __init__(self, rng: Random, now: datetime) -> None:
        self._rng = rng
        self._now = now
        self._taken: set[str] = set()
        self.traces: list[dict[str, Any]] = []
        """Rows of `ShipmentTrace`."""

    def send(self, purchase: Purchase, carrier: Carrier, steps: Sequence[Step], courier: str) -> None:
        """Gives the order its parcel, with the steps taken by now."""
        taken = [
            replace(step, time=step.time.replace(microsecond=0)) for step in steps if step.time <= self._now
        ]
        last = taken[-1]
        number = self._tracking_number(carrier)
        by_house = carrier is Carrier.LINGXI
        at_pickup_point = last.state is ShipmentState.AT_PICKUP_POINT
        purchase.order.shipment = Shipment(
            tracking_number=number,
            carrier=carrier,
            state=last.state,
            promised_date=purchase.plan.promised_date,
            created_at=taken[0].time,
            signed_at=last.time if last.state is ShipmentState.SIGNED else None,
            courier_name=courier if by_house else None,
            courier_phone=f"1700000{self._rng.randint(0, 9999):04}" if by_house else None,
            pickup_code=f"{self._rng.randrange(10**6):06}" if at_pickup_point else None,
        )
        self.traces += [
            {"tracking_number": number, "time": step.time, "place": step.place, "text": step.text}
            for step in taken
        ]

    def _tracking_number(self, carrier: Carrier) -> str:
        prefix, length = _TRACKING_NUMBERS[carrier]
        while True:
            number = f"{prefix}{self._rng.randrange(10**length):0{length}}"
            if number not in self._taken:
                self._taken.add(number)
                return number


def make_shipments(
    rng: Random, depot: Depot, now: datetime, purchases: Sequence[Purchase], words: Words
) -> None:
    """Gives every order that has left its parcel. Half of those long on the way got stuck or turned back."""
    for purchase in purchases:
        order = purchase.order
        if order.shipped_at is None:
            continue
        carrier = choose_carrier(rng, purchase)
        courier = rng.choice(words.couriers)
        signer = rng.choice(("本人", "本人", "本人", "家人", "门卫"))
        pickup = carrier is Carrier.LINGXI and rng.random() < _PICKUP_SHARE
        steps = route(rng, purchase, carrier, courier, None if pickup else signer)
        long_on_the_way = order.state is OrderState.SHIPPED and now - order.shipped_at > _STUCK_AFTER
        if long_on_the_way and rng.random() < 0.5:
            steps = steps[:3]
            if rng.random() < 0.5:
                steps.append(_turned_back(steps[-1], now))
        depot.send(purchase, carrier, steps, courier)


def choose_carrier(rng: Random, purchase: Purchase) -> Carrier:
    """The system allots them by address (document 01, 可以指定用顺丰或者别的快递吗)."""
    if on_delivery(purchase.order):
        return Carrier.LINGXI
    house = purchase.home.place.house_carrier
    if purchase.order.seller_type is SellerType.MERCHANT:
        return rng.choices((Carrier.ZTO, Carrier.SF, Carrier.LINGXI), (60, 30, 10 if house else 0))[0]
    return rng.choices((Carrier.LINGXI, Carrier.SF, Carrier.ZTO), (80, 12, 8) if house else (0, 45, 55))[0]


def route(
    rng: Random, purchase: Purchase, carrier: Carrier, courier: str, signer: str | None = "本人"
) -> list[Step]:
    """Every step from the warehouse to the signature, the planned ones included; times strictly grow.

    `signer` None: by way of a pick-up point.
    """
    left, arrives = purchase.plan.shipped_at, purchase.plan.signed_at
    if left is None or arrives is None:
        raise ValueError(f"order {purchase.order.number} is not meant to arrive")
    place = purchase.home.place
    origin = rng.choice(WAREHOUSES)
    city, station = place.city.removesuffix("市"), f"{place.district}站"
    first_round = arrives.replace(hour=_FIRST_DELIVERY_HOUR, minute=rng.randint(5, 40), second=0)
    out = max(first_round, left + (arrives - left) * 0.9)
    way = out - left
    steps = [
        Step(left, f"{origin}仓", "包裹已出库，等待揽收", ShipmentState.CREATED),
        Step(left + way * 0.12, f"{origin}仓", f"{carrier.label}已揽收", ShipmentState.IN_TRANSIT),
        Step(left + way * 0.3, f"{origin}分拨中心", _onward(origin, city), ShipmentState.IN_TRANSIT),
        Step(left + way * 0.7, f"{city}分拨中心", f"已到达{city}分拨中心", ShipmentState.IN_TRANSIT),
        Step(left + way * 0.88, station, f"已到达{station}，等待派送", ShipmentState.IN_TRANSIT),
    ]
    steps.append(Step(out, station, f"配送员{courier}正在派送", ShipmentState.OUT_FOR_DELIVERY))
    if signer is None:
        point = f"{place.district}自提点"
        there = out + (arrives - out) * 0.5
        stored = "已放入自提点，请凭取件码领取，免费保管 5 天"
        steps.append(Step(there, point, stored, ShipmentState.AT_PICKUP_POINT))
        steps.append(Step(arrives, point, "已凭取件码取走，感谢使用", ShipmentState.SIGNED))
    else:
        steps.append(Step(arrives, station, f"已签收，签收人：{signer}", ShipmentState.SIGNED))
    return steps


def _turned_back(last: Step, now: datetime) -> Step:
    moment = last.time + (now - last.time) * 0.5
    return Step(moment, last.place, "联系不上收件人，正在退回仓库", ShipmentState.RETURNING)


def _onward(origin: str, city: str) -> str:
    return "已离开，发往本市配送站" if origin == city else f"已离开，下一站{city}分拨中心"
