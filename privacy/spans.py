"""What a detector reports: where in the text a piece of personal data stands, and of which kind."""

from __future__ import annotations

from dataclasses import dataclass

TYPES = (
    "phone",
    "id_card",
    "bank_card",
    "email",
    "address",
    "person",
    "plate",
    "wechat_id",
    "passport",
    "passcode",
)


@dataclass(frozen=True, order=True)
class Span:
    """`text[start:end]` is a value of kind `type`; offsets count Unicode code points."""

    start: int
    end: int
    type: str
