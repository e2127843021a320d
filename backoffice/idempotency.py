"""Writes happen once: the answer is stored in the transaction of its effect, and a repeat gets it back.

The first of several equal requests claims (customer, key) by inserting its row; on PostgreSQL the others
wait on that row until it commits, on SQLite for the one writer's turn. Refusals are stored too: asking
again with the same key must not do later what the customer was told could not be done.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from fastapi import Request, Response
from pydantic import BaseModel
from sqlalchemy import bindparam, text
from sqlalchemy.orm import Session

from backoffice.clock import Clock
from backoffice.database import Database
from backoffice.effects.settle import settle
from backoffice.effects.work import Work
from backoffice.models import Customer, IdempotentAnswer, Moment
from backoffice.problems import MEDIA_TYPE, Problem, not_found, route_path

Effect = Callable[[Work], tuple[int, BaseModel]]
"""Does the work and gives the status and the body of the answer."""

_CLAIM = text(
    "INSERT INTO idempotent_answers (customer_id, key, fingerprint, status, body, created_at) "
    "VALUES (:customer_id, :key, :fingerprint, 0, '', :now) ON CONFLICT DO NOTHING RETURNING key"
).bindparams(bindparam("now", type_=Moment()))


@dataclass(frozen=True)
class Once:
    """Runs a write once for its key and renders what it answers."""

    request: Request
    database: Database
    clock: Clock
    customer_id: str | None
    key: str

    def __call__(self, body: BaseModel | None, effect: Effect) -> Response:
        """Runs `effect` in one transaction. A Problem it raises undoes it and is the stored answer."""
        now = self.clock()
        with self.database.write() as session:
            customer = acting_customer(session, self.customer_id) if self.customer_id else None
            if stored := self._given_before(session, self._fingerprint(body), now):
                return _render(stored.status, stored.body, replayed=True)
            if customer:
                settle(session, customer.id, now)
            try:
                with session.begin_nested():
                    status, answer = effect(Work(session, now, customer))
                    session.flush()
                    told = answer.model_dump_json()
            except Problem as problem:
                status, told = problem.status, problem.body(route_path(self.request))
            mine = session.get_one(IdempotentAnswer, (self.customer_id or "", self.key))
            mine.status, mine.body = status, told
        return _render(status, told, replayed=False)

    def _given_before(self, session: Session, fingerprint: str, now: datetime) -> IdempotentAnswer | None:
        """The stored answer of the same request; None when the key is now ours to answer."""
        scope = self.customer_id or ""
        row = {"customer_id": scope, "key": self.key, "fingerprint": fingerprint, "now": now}
        if session.execute(_CLAIM, row).scalar_one_or_none() is not None:
            return None
        stored = session.get_one(IdempotentAnswer, (scope, self.key))
        if stored.fingerprint != fingerprint:
            raise Problem(
                422, "idempotency_key_reused", "这个 Idempotency-Key 已用于另一个请求，请换一个新的键。"
            )
        return stored

    def _fingerprint(self, body: BaseModel | None) -> str:
        content = body.model_dump_json(exclude_unset=True) if body else ""
        told = f"{self.request.method}\n{self.request.url.path}\n{content}"
        return hashlib.sha256(told.encode()).hexdigest()


def acting_customer(session: Session, customer_id: str) -> Customer:
    customer = session.get(Customer, customer_id)
    if customer is None:
        raise not_found()
    return customer


def _render(status: int, body: str, *, replayed: bool) -> Response:
    return Response(
        body,
        status_code=status,
        media_type="application/json" if status < 400 else MEDIA_TYPE,
        headers={"Idempotency-Replayed": "true"} if replayed else None,
    )
