"""Numbers of slips, tickets, invoices: prefix, day, and a count that no two share."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Integer, cast, func, literal, select, text
from sqlalchemy.orm import InstrumentedAttribute, Session

_NEXT = text(
    "INSERT INTO number_series (series, last) VALUES (:series, :first) "
    "ON CONFLICT (series) DO UPDATE SET last = number_series.last + 1 RETURNING last"
)


def next_number(session: Session, column: InstrumentedAttribute[str], prefix: str, day: date) -> str:
    """TH202611210001, … A day's first one follows the rows (seeded ones) that already have its numbers.

    On PostgreSQL the series' row stays locked until the transaction ends, so that no number is given twice.
    """
    series = f"{prefix}{day:%Y%m%d}"
    taken = session.scalar(
        select(
            func.coalesce(func.max(cast(func.substr(column, len(series) + 1), Integer)), literal(0))
        ).where(column.startswith(series))
    )
    count = session.execute(_NEXT, {"series": series, "first": (taken or 0) + 1}).scalar_one()
    return f"{series}{count:04d}"
