"""What an entry says: one immutable document, the same for people, importers and the search."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from backoffice.knowledge.keys import KEY

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")

FACT_NAME = r"^[a-z][a-z0-9_]{0,59}$"


def _printable(text: str) -> str:
    # PostgreSQL stores neither NUL nor half a character; the others have no place in what people write.
    if _CONTROL.search(text):
        raise ValueError("不能含有控制字符")
    return text


def _day(value: object) -> object:
    # Left to itself the parser takes numbers for timestamps.
    if isinstance(value, date) or (isinstance(value, str) and re.fullmatch(r"[0-9-]{10}", value)):
        return value
    raise ValueError("日期写成 YYYY-MM-DD")


Day = Annotated[date, BeforeValidator(_day)]
Printable = AfterValidator(_printable)
Key = Annotated[str, StringConstraints(pattern=KEY), Field(examples=["faq-01-001"])]
Sentence = Annotated[str, StringConstraints(min_length=1, max_length=200), Printable]
Label = Annotated[str, StringConstraints(min_length=1, max_length=40), Printable]
Answer = Annotated[str, StringConstraints(min_length=1, max_length=20_000), Printable]
ShortAnswer = Annotated[str, StringConstraints(min_length=1, max_length=1000), Printable]
Channel = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
FactName = Annotated[str, StringConstraints(pattern=FACT_NAME), Field(examples=["freight_free_yuan"])]
FactType = Literal["number", "boolean", "date", "text"]


class Part(BaseModel):
    """Part of an entry: nothing undeclared, never changed, white space at the ends dropped."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class Fact(Part):
    """A figure of the answer that programs read by name; unique among what is published."""

    name: FactName
    type: FactType = "number"
    value: Annotated[str, StringConstraints(min_length=1, max_length=200), Printable] = Field(
        description="数字不带单位；真假写 true 或 false；日期写 YYYY-MM-DD", examples=["99"]
    )
    unit: Annotated[str, StringConstraints(max_length=20), Printable] = Field(
        default="", examples=["元", "天"]
    )
    label: Annotated[str, StringConstraints(max_length=60), Printable] = Field(
        default="", examples=["包邮门槛"]
    )

    @model_validator(mode="after")
    def _fits_its_type(self) -> Self:
        _ = self.read
        return self

    @property
    def read(self) -> Decimal | bool | date | str:
        """The value in its type. Raises ValueError where the text is none."""
        match self.type:
            case "number":
                try:
                    number = Decimal(self.value)
                except InvalidOperation:
                    number = Decimal("NaN")
                if not number.is_finite():
                    raise ValueError(f"{self.name} 应为数字")
                return number
            case "boolean":
                if self.value not in ("true", "false"):
                    raise ValueError(f"{self.name} 应为 true 或 false")
                return self.value == "true"
            case "date":
                try:
                    return date.fromisoformat(self.value)
                except ValueError:
                    raise ValueError(f"{self.name} 应为 YYYY-MM-DD") from None
            case _:
                return self.value


class Content(Part):
    """Everything that a version of an entry says.

    Attributes:
        variants: how customers ask the same, in their own words.
        answer: Markdown.
        short: a shorter answer for a channel: {"sms": "…"}.
        scene: where in a customer's life it comes up (售前, 售后, …); may be empty.
        valid_from, valid_until: Shanghai days, both included; None: no limit.
    """

    question: Sentence
    variants: tuple[Sentence, ...] = Field(default=(), max_length=500)
    answer: Answer
    short: dict[Channel, ShortAnswer] = Field(default={}, max_length=20)
    category: Label
    scene: Annotated[str, StringConstraints(max_length=40), Printable] = ""
    tags: tuple[Label, ...] = Field(default=(), max_length=50)
    valid_from: Day | None = None
    valid_until: Day | None = None
    facts: tuple[Fact, ...] = Field(default=(), max_length=50)

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Self:
        if self.valid_from and self.valid_until and self.valid_from > self.valid_until:
            raise ValueError("valid_until 不能早于 valid_from")
        names = [fact.name for fact in self.facts]
        if len(set(names)) < len(names):
            raise ValueError("facts 里有重复的 name")
        return self

    def stored(self) -> dict[str, Any]:
        """As JSON, what is not said left out."""
        return self.model_dump(mode="json", exclude_defaults=True)
