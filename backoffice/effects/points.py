"""Moving 灵犀币: every change of a balance has its entry."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy.orm import Session

from backoffice.models import Customer, PointsEntry


def move_points(
    session: Session,
    customer_id: str,
    change: int,
    reason: str,
    now: datetime,
    *,
    order_number: str | None = None,
    expires_on: date | None = None,
) -> None:
    """Adds (or takes) points; the balance's row is locked, so that no change is lost."""
    if not change:
        return
    customer = session.get_one(Customer, customer_id, with_for_update=True)
    customer.points += change
    session.add(
        PointsEntry(
            customer_id=customer_id,
            change=change,
            reason=reason,
            order_number=order_number,
            created_at=now,
            expires_on=expires_on,
        )
    )
