"""Which numbers may be written to, and what they were sent: kept whatever becomes of the conversations.

A refusal is never forgotten; what was sent is kept for 30 days, for the daily limit and the providers' reports.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from connectors.sms.codec import Report
from connectors.store import ConnectorStore, now_ms

_DAY_MS = 24 * 3600 * 1000
_KEPT_MS = 30 * _DAY_MS
NO_CONSENT, STOPPED = "no_consent", "stopped_by_customer"
_TABLES = sa.MetaData()
_TABLES_LOCK = 0x4C585F53  # "LX_S"
_NUMBERS = sa.Table(
    "sms_numbers",
    _TABLES,
    sa.Column("number", sa.String(20), primary_key=True),
    # When the customer first wrote to us, or said that we may write.
    sa.Column("consented_ms", sa.BigInteger, nullable=False),
    # When the customer refused; null: may be written to.
    sa.Column("stopped_ms", sa.BigInteger),
)
_SENT = sa.Table(
    "sms_sent",
    _TABLES,
    sa.Column("receipt", sa.String(80), primary_key=True),
    sa.Column("number", sa.String(20), primary_key=True),
    sa.Column("parts", sa.Integer, nullable=False),
    sa.Column("at_ms", sa.BigInteger, nullable=False),
    # What the provider has reported: delivered, or its code; null: nothing yet.
    sa.Column("outcome", sa.String(80)),
)
sa.Index("sms_sent_by_number", _SENT.c.number, _SENT.c.at_ms)


class Ledger:
    """Methods block for about a millisecond; on the event loop call them by the store's `on_thread`."""

    def __init__(self, store: ConnectorStore) -> None:
        """Makes its tables in the store's database where they are missing."""
        self._engine = store.engine
        self._insert: Any = (sqlite if self._engine.dialect.name == "sqlite" else postgresql).insert
        with self._engine.begin() as db:
            if self._engine.dialect.name != "sqlite":
                db.execute(sa.text(f"SELECT pg_advisory_xact_lock({_TABLES_LOCK})"))
            _TABLES.create_all(db)

    def hear(self, number: str) -> bool:
        """The customer writes to us: answers may go there, unless they have been refused. Whether they may."""
        refused = self.refuses(number)
        if refused == NO_CONSENT:
            with self._engine.begin() as db:
                db.execute(self._number(number, None).on_conflict_do_nothing())
            refused = self.refuses(number)
        return refused is None

    def stop(self, number: str) -> None:
        """The customer refuses; what is on its way stops here."""
        self._mark(number, now_ms())

    def start(self, number: str) -> None:
        """The customer allows it again."""
        self._mark(number, None)

    def _mark(self, number: str, stopped_ms: int | None) -> None:
        told = self._number(number, stopped_ms)
        with self._engine.begin() as db:
            db.execute(told.on_conflict_do_update(index_elements=["number"], set_={"stopped_ms": stopped_ms}))

    def _number(self, number: str, stopped_ms: int | None) -> Any:
        return self._insert(_NUMBERS).values(number=number, consented_ms=now_ms(), stopped_ms=stopped_ms)

    def refuses(self, number: str) -> str | None:
        """Why nothing may go to this number; None where it may."""
        n = _NUMBERS.c
        with self._engine.connect() as db:
            row = db.execute(sa.select(n.stopped_ms).where(n.number == number)).first()
        if row is None:
            return NO_CONSENT
        return None if row.stopped_ms is None else STOPPED

    def wait(self, number: str, a_day: int) -> float:
        """Seconds until one more SMS is within `a_day` in 24 hours; 0 now."""
        s = _SENT.c
        since = now_ms() - _DAY_MS
        with self._engine.connect() as db:
            times = (
                db.execute(
                    sa.select(s.at_ms)
                    .where(s.number == number, s.at_ms > since)
                    .order_by(s.at_ms.desc())
                    .limit(a_day)
                )
                .scalars()
                .all()
            )
        return (times[-1] - since) / 1000 if len(times) >= a_day else 0.0

    def sent(self, number: str, receipt: str, parts: int) -> None:
        """The provider has taken an SMS."""
        row = {"receipt": receipt[:80], "number": number, "parts": parts, "at_ms": now_ms()}
        with self._engine.begin() as db:
            db.execute(self._insert(_SENT).values(row).on_conflict_do_nothing())
            db.execute(_SENT.delete().where(_SENT.c.at_ms < now_ms() - _KEPT_MS))

    def reported(self, report: Report) -> bool:
        """Write down what became of an SMS; False where we never sent it, or it was told before."""
        s = _SENT.c
        this = sa.and_(s.receipt == report.receipt[:80], s.number == report.number, s.outcome.is_(None))
        outcome = "delivered" if report.delivered else report.problem[:80] or "undelivered"
        with self._engine.begin() as db:
            return bool(db.execute(_SENT.update().where(this).values(outcome=outcome)).rowcount)
