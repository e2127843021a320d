"""A parcel on its way: urging, arranging, reporting (document 01; document 10, 怎么联系配送员)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from backoffice.rules import policy
from backoffice.rules.cities import is_same_city
from backoffice.rules.facts import Decision, allow, last_day, refuse
from backoffice.states import Carrier, ShipmentState

REROUTES = 1
_SLOT_HOURS = (8, 20)
_SLOTS = {"上午": (8, 12), "中午": (11, 14), "下午": (12, 18), "傍晚": (17, 20), "晚上": (18, 20)}
_RECEIVERS = (
    "门卫 保安 传达室 物业 前台 邻居 管家 收发室 家人 家里人 爸爸 妈妈 父母 老公 老婆 "
    "室友 同事 朋友 超市 小卖部 便利店"
).split()
_PLACE = re.compile(r"(?:门口|门前|门外|门边|楼道|楼梯间|鞋柜|地垫下|电表箱|消防栓)(?:里|上|旁|边|那)?$")
"""Where a parcel may be left with nobody there."""
_POSTPONED = "改约"
_EXCUSES = re.compile(r"天气|台风|暴雨|暴雪|大雾|道路结冰|交通管制|改期|联系不上|无人接听")
"""Causes of a delay that a trace tells and the shop does not pay for (document 10, 配送延误有赔偿吗)."""
TIME_SLOTS = ("上午", "下午", "傍晚")
"""What is offered to choose from; any hours between 8 and 20 will do."""
_SLOT = re.compile(r"^(\d{1,2})(?:[:：点]00|点)?\s*[-–—~至到]\s*(\d{1,2})(?:[:：点]00|点)?$")


class Arrangement(StrEnum):
    """How a delivery can be arranged."""

    DATE = "date"
    TIME_SLOT = "time_slot"
    PICKUP_POINT = "pickup_point"
    DOOR = "door"
    LEAVE_WITH = "leave_with"
    REFUSE = "refuse"
    REROUTE = "reroute"


class DeliveryProblem(StrEnum):
    """What a customer can report about a parcel."""

    SIGNED_NOT_RECEIVED = "signed_not_received"
    LOST = "lost"
    WRONG_PLACE = "wrong_place"
    WRONG_TRACE = "wrong_trace"
    STALLED = "stalled"


PROBLEM_LABELS = {
    DeliveryProblem.SIGNED_NOT_RECEIVED: "显示签收但没有收到",
    DeliveryProblem.LOST: "包裹丢失",
    DeliveryProblem.WRONG_PLACE: "送错地方",
    DeliveryProblem.WRONG_TRACE: "物流信息有误",
    DeliveryProblem.STALLED: "物流超过 72 小时没有更新",
}


@dataclass(frozen=True)
class ShipmentFacts:
    carrier: Carrier
    state: ShipmentState
    created_at: datetime
    signed_at: datetime | None
    promised_date: date | None
    last_news_at: datetime | None
    province: str
    city: str
    reroutes: int
    is_large: bool
    is_fresh: bool


def is_stalled(shipment: ShipmentFacts, now: datetime) -> bool:
    if shipment.state is ShipmentState.SIGNED:
        return False
    return now - (shipment.last_news_at or shipment.created_at) >= policy.STALLED_AFTER


def is_late(shipment: ShipmentFacts, today: date) -> bool:
    """Not delivered within the promised day."""
    if shipment.promised_date is None:
        return False
    arrived = shipment.signed_at.date() if shipment.signed_at else today
    return arrived > shipment.promised_date


def urge(shipment: ShipmentFacts) -> Decision:
    if shipment.state is ShipmentState.SIGNED:
        return refuse("shipment_signed", "包裹已经签收了。没有收到的话，可以登记“我没收到货”核实。")
    if shipment.state is ShipmentState.RETURNING:
        return refuse("shipment_returning", "包裹正在退回仓库，不再派送。退回后按原路退款。")
    if shipment.state is ShipmentState.AT_PICKUP_POINT:
        return refuse("at_pickup_point", "包裹已到自提点，请凭取件码领取。")
    return allow()


def urge_promise(carrier: Carrier) -> str:
    if carrier is Carrier.LINGXI:
        return "已催促配送站，2 小时内回电给您。"
    return f"已登记催促，也可以用运单号直接联系{carrier.label}。"


def arrange(
    shipment: ShipmentFacts, how: Arrangement, value: str | None, today: date, *, has_value: bool = True
) -> Decision:
    """Whether the delivery can be arranged so; without a value (`has_value`), whether to ask for one."""
    if shipment.state is ShipmentState.SIGNED:
        return refuse("shipment_signed", "包裹已经签收，不能再安排派送。")
    if shipment.carrier is not Carrier.LINGXI:
        return refuse(
            "carrier_not_house",
            f"包裹由{shipment.carrier.label}承运，请用运单号联系{shipment.carrier.label}办理，费用按承运方标准。",
        )
    if shipment.state is ShipmentState.RETURNING:
        return refuse("shipment_returning", "包裹正在退回仓库，不能再安排派送。退回后按原路退款。")
    if how is Arrangement.REFUSE:
        if shipment.is_fresh:
            return refuse(
                "refuse_not_supported", "生鲜没有坏损的不支持拒收退款。有坏损请在签收后 24 小时内申请售后。"
            )
        return allow()
    if shipment.state is ShipmentState.AT_PICKUP_POINT:
        return refuse("at_pickup_point", "包裹已到自提点，请凭取件码领取，不能再改派送方式。")
    if shipment.state is ShipmentState.OUT_FOR_DELIVERY and how not in (
        Arrangement.DOOR,
        Arrangement.LEAVE_WITH,
    ):
        return refuse(
            "out_for_delivery", "包裹正在派送，改不了时间和地点。可以直接联系配送员，或者请人代收。"
        )
    match how:
        case Arrangement.REROUTE if shipment.reroutes >= REROUTES:
            return refuse("reroute_limit", "同城改派只有 1 次，这个包裹已经改派过了。")
        case Arrangement.PICKUP_POINT if shipment.is_large:
            return refuse("large_goods_no_pickup", "大件默认送货入户，不能放自提点。可以改约送货日期。")
        case _ if not has_value:
            return allow()
        case Arrangement.REROUTE:
            return _reroute(shipment, value)
        case Arrangement.DATE:
            return _date(shipment, value, today)
        case Arrangement.TIME_SLOT:
            return _time_slot(value)
    return allow()


def _reroute(shipment: ShipmentFacts, value: str | None) -> Decision:
    if not is_same_city(value or "", shipment.province, shipment.city):
        return refuse("address_other_city", f"只能改派到{shipment.city}内的地址，跨城请拦截退回后重新下单。")
    return allow()


def receiver(text: str | None) -> str | None:
    """Whom the words name to take the parcel: 放门卫就行 → 门卫."""
    return next((who for who in _RECEIVERS if who in (text or "")), None)


def delivery_dates(shipment: ShipmentFacts, today: date) -> list[date]:
    """The days that can be chosen, from tomorrow on."""
    days = policy.LARGE_GOODS_DAYS if shipment.is_large else policy.SMALL_GOODS_DAYS
    return [today + timedelta(days=ahead) for ahead in range(1, days + 1)]


def _date(shipment: ShipmentFacts, value: str | None, today: date) -> Decision:
    """A day, or a day and a part of it: `2026-11-23`, `2026-11-23 下午`."""
    days = policy.LARGE_GOODS_DAYS if shipment.is_large else policy.SMALL_GOODS_DAYS
    last = today + timedelta(days=days)
    day, _, part = (value or "").partition(" ")
    if part and not (verdict := _time_slot(part)).ok:
        return verdict
    wanted = parse_date(day)
    if wanted is None or not today <= wanted <= last:
        return refuse(
            "delivery_date_out_of_range",
            f"可约 {days} 天内，请选 {today:%Y-%m-%d} 至 {last:%Y-%m-%d} 之间的一天。",
            last,
        )
    return allow()


def _time_slot(value: str | None) -> Decision:
    hours = _hours(value or "")
    if hours is None or not _SLOT_HOURS[0] <= hours[0] < hours[1] <= _SLOT_HOURS[1]:
        return refuse(
            "time_slot_out_of_range",
            "灵犀物流每天 8:00 至 20:00 配送，请选这之间的时段，例如“上午”或“14:00-16:00”。",
        )
    return allow()


def _hours(text: str) -> tuple[int, int] | None:
    if text in _SLOTS:
        return _SLOTS[text]
    found = _SLOT.match(text)
    return (int(found[1]), int(found[2])) if found else None


def parse_date(text: str | None) -> date | None:
    """YYYY-MM-DD, or None."""
    if not text or not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def arranged(how: Arrangement, value: str | None, is_large: bool) -> str:
    """What was agreed, as the parcel's page tells it."""
    match how:
        case Arrangement.DATE:
            return f"{_POSTPONED} {value} 派送"
        case Arrangement.TIME_SLOT:
            return f"{value}派送"
        case Arrangement.PICKUP_POINT:
            return f"改送自提点：{value}，免费保管 {policy.PICKUP_POINT_DAYS} 天"
        case Arrangement.DOOR:
            return "送货上门"
        case Arrangement.LEAVE_WITH:
            return f"放在{value}" if _PLACE.search(value or "") else f"由{value}代收"
        case Arrangement.REROUTE:
            return f"同城改派到：{value}，时效顺延 1 天"
        case Arrangement.REFUSE:
            fee = f"大件每件收 {policy.REFUSED_LARGE_FEE} 元退回物流费，从退款里扣" if is_large else "不收费"
            return f"拒收，{fee}；退回仓库一般 3 至 7 天，之后原路退款"


def delay_excuse(date_changes: int, arrangement: str | None, returning: bool, news: list[str]) -> str | None:
    """Why nothing is paid for a delay: the recipient moved it, cannot be reached, or the road is closed."""
    if date_changes or (arrangement or "").startswith(_POSTPONED):
        return "送货日期按您的要求改过"
    told = next((text for text in news if _EXCUSES.search(text)), None)
    if told:
        return f"物流记录是“{told}”"
    return "包裹正在退回仓库" if returning else None


NEEDS_VALUE = frozenset(
    {
        Arrangement.DATE,
        Arrangement.TIME_SLOT,
        Arrangement.PICKUP_POINT,
        Arrangement.LEAVE_WITH,
        Arrangement.REROUTE,
    }
)


def report(shipment: ShipmentFacts, problem: DeliveryProblem, now: datetime) -> Decision:
    signed = shipment.state is ShipmentState.SIGNED
    match problem:
        case DeliveryProblem.SIGNED_NOT_RECEIVED:
            if not signed or shipment.signed_at is None:
                return refuse("shipment_not_signed", "包裹还没有签收，仍在配送。可以查物流或者催派送。")
            last = last_day(shipment.signed_at, policy.REPORT_DAYS)
            if now.date() > last:
                return refuse(
                    "report_window_passed",
                    "签收已超过 7 天，监控和派送记录可能过期。请转人工客服帮您核实。",
                    last,
                )
            return allow(last)
        case DeliveryProblem.STALLED if not signed and not is_stalled(shipment, now):
            return refuse("shipment_not_stalled", "物流 72 小时内有更新，还在正常运输。着急的话可以催派送。")
        case DeliveryProblem.STALLED | DeliveryProblem.LOST if signed:
            return refuse("shipment_signed", "包裹显示已签收。没有收到的话，请登记“我没收到货”核实。")
    return allow()
