"""What a customer does about a parcel on its way."""

from __future__ import annotations

from datetime import timedelta

from backoffice.effects import find
from backoffice.effects.facts import shipment_facts
from backoffice.effects.tickets import add_comment, open_ticket, same_open_ticket
from backoffice.effects.work import Work
from backoffice.models import Shipment, Ticket
from backoffice.problems import invalid, refused
from backoffice.rules import deliveries as rules
from backoffice.rules.cities import complete_address
from backoffice.states import TicketPriority


def urge(work: Work, tracking_number: str) -> tuple[Shipment, Ticket]:
    shipment = find.shipment(work.session, work.customer.id, tracking_number, lock=True)
    facts = shipment_facts(shipment)
    if not (verdict := rules.urge(facts)).ok:
        raise refused(verdict)
    shipment.urged_count += 1
    late = rules.is_late(facts, work.today)
    ticket = same_open_ticket(work, "delivery_urge", shipment.order_number) or open_ticket(
        work,
        kind="delivery_urge",
        subject=f"催派送 {shipment.tracking_number}",
        order_number=shipment.order_number,
        priority=TicketPriority.URGENT if late else TicketPriority.NORMAL,
    )
    return shipment, ticket


def arrange(work: Work, tracking_number: str, how: rules.Arrangement, value: str | None) -> Shipment:
    if how in rules.NEEDS_VALUE and not value:
        raise invalid(("value", "请说明要怎么安排，例如日期、时段或地点"))
    shipment = find.shipment(work.session, work.customer.id, tracking_number, lock=True)
    facts = shipment_facts(shipment)
    if not (verdict := rules.arrange(facts, how, value, work.today)).ok:
        raise refused(verdict)
    if how is rules.Arrangement.REROUTE and value:
        order = shipment.order
        order.address = complete_address(value, order.province, order.city)
        shipment.reroutes += 1
        if shipment.promised_date:
            shipment.promised_date += timedelta(days=1)
    if how is rules.Arrangement.DATE:
        shipment.promised_date = rules.parse_date((value or "").partition(" ")[0])
    shipment.arrangement = rules.arranged(how, value, facts.is_large)
    return shipment


def report(
    work: Work, tracking_number: str, problem: rules.DeliveryProblem, text: str | None
) -> tuple[bool, Ticket]:
    """(whether it is new, the investigation): one already under way gets what is new added to it."""
    shipment = find.shipment(work.session, work.customer.id, tracking_number, lock=True)
    if not (verdict := rules.report(shipment_facts(shipment), problem, work.now)).ok:
        raise refused(verdict)
    label = rules.PROBLEM_LABELS[problem]
    if known := same_open_ticket(work, "logistics_investigation", shipment.order_number):
        return False, add_comment(work, known, "客户", text or label)
    return True, open_ticket(
        work,
        kind="logistics_investigation",
        subject=f"{label}：{shipment.tracking_number}",
        text=text,
        order_number=shipment.order_number,
        priority=TicketPriority.URGENT,
    )
