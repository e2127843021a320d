"""What all answers share: money as text, times with Shanghai's offset, a code beside its Chinese word."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer

from backoffice.clock import in_shanghai
from backoffice.rules.facts import Decision

Money = Annotated[str, Field(pattern=r"^-?[0-9]+\.[0-9]{2}$", examples=["199.00"])]
Time = Annotated[
    datetime,
    PlainSerializer(
        lambda moment: in_shanghai(moment).isoformat(timespec="seconds"), return_type=str, when_used="json"
    ),
    Field(examples=["2026-11-21T10:30:00+08:00"]),
]
Day = Annotated[date, Field(examples=["2026-11-28"])]


class View(BaseModel):
    """An answer: complete (every field is always there), and never more than declared."""

    model_config = ConfigDict(
        extra="forbid", serialize_by_alias=True, json_schema_serialization_defaults_required=True
    )


class Permission(View):
    """Whether something may be done with an order now, and until when."""

    ok: bool
    code: str = Field(examples=["ok", "return_window_passed"])
    detail: str | None = Field(examples=[None, "“运动鞋 42 码”的 15 天无理由退货期已在 2026-11-20 截止。"])
    deadline: Day | None


class AmountPartView(View):
    """A part of an amount; what was taken off is negative."""

    label: str = Field(examples=["运费"])
    amount: Money


def permission(decision: Decision) -> Permission:
    return Permission(ok=decision.ok, code=decision.code, detail=decision.detail, deadline=decision.deadline)


def masked_phone(phone: str) -> str:
    """138****5678; a number too short to be one is hidden whole."""
    return f"{phone[:3]}****{phone[-4:]}" if len(phone) >= 10 else "****"
