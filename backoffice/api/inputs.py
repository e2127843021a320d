"""What bodies, paths and queries may hold: bounded, printable, and nothing undeclared."""

from __future__ import annotations

import json
import re
from datetime import date
from typing import Annotated, Any

from fastapi import Path, Query
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from backoffice.assistant import CONVERSATION_ID

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_FREE_FORM_BYTES = 32 * 1024


class Body(BaseModel):
    """A request body: an unknown field is an error, not a silent loss."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


def _printable(text: str) -> str:
    # PostgreSQL cannot store NUL; the others have no place in what people write.
    if _CONTROL.search(text):
        raise ValueError("不能含有控制字符")
    return text


Printable = AfterValidator(_printable)
Line = Annotated[int, Field(strict=True, ge=1, le=999, description="订单里的第几件，从 1 开始", examples=[1])]


def _iso_day(value: object) -> object:
    # Left to itself the parser takes numbers for timestamps.
    if not isinstance(value, str) or not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        raise ValueError("日期写成 YYYY-MM-DD")
    return value


IsoDay = Annotated[date, BeforeValidator(_iso_day)]
ShortText = Annotated[str, StringConstraints(min_length=1, max_length=200), Printable]
LongText = Annotated[str, StringConstraints(min_length=1, max_length=2000), Printable]
OrderNumber = Annotated[
    str,
    StringConstraints(min_length=1, max_length=16, pattern=r"^[0-9A-Za-z]+$"),
    Field(description="12 位订单号，或 LX 开头的旧订单号", examples=["202611210001"]),
]
ConversationId = Annotated[
    str,
    StringConstraints(pattern=f"^{CONVERSATION_ID}$"),
    Field(description="1 到 128 个英文字母、数字、“-”或“_”", examples=["conv-7f3a"]),
]

_IDENTIFIER = r"^[0-9A-Za-z_-]{1,32}$"
OrderPath = Annotated[str, Path(pattern=_IDENTIFIER, description="订单号", examples=["202611210001"])]
TrackingPath = Annotated[str, Path(pattern=_IDENTIFIER, description="运单号", examples=["LXWL202611200001"])]
SlipPath = Annotated[str, Path(pattern=_IDENTIFIER, description="服务单号", examples=["TH202611210001"])]
TicketPath = Annotated[str, Path(pattern=_IDENTIFIER, description="工单号", examples=["GD202611210001"])]
InvoicePath = Annotated[str, Path(pattern=_IDENTIFIER, description="发票号", examples=["FP202611210001"])]
HandoffPath = Annotated[str, Path(pattern=_IDENTIFIER, description="人工服务编号", examples=["HO0a1b2c3d"])]
SkuPath = Annotated[str, Path(pattern=_IDENTIFIER, description="商品编号", examples=["SKU000123"])]

Limit = Annotated[int, Query(ge=1, le=100, description="最多几条")]
Offset = Annotated[int, Query(ge=0, le=1_000_000, description="跳过几条")]


def storable(value: Any) -> Any:
    """Checks free-form JSON (slots): no NUL, no lone surrogate, at most 32 KiB."""
    try:
        written = json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError):
        raise ValueError("含有无法保存的内容") from None
    if len(written) > _FREE_FORM_BYTES:
        raise ValueError("内容太大，最多 32 KiB")
    if rb"\u0000" in written:
        raise ValueError("不能含有控制字符")
    return value
