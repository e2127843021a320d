"""Days that are said roughly."""

from __future__ import annotations

import datetime

import pytest

from components.calendar_words import moments

TODAY = datetime.date(2026, 11, 21)


@pytest.mark.parametrize(
    ("text", "value"),
    [("12月初再送", "2026-12-01/2026-12-10"), ("下个月中旬送吧", "2026-12-11/2026-12-20"), ("1月初给我", "2027-01-01/2027-01-10"),
     ("过两天再送", "2026-11-23"), ("明后天都行", "2026-11-22/2026-11-23"), ("下班后来拿", "18:00/20:00"),
     ("下了班七点来", "19:00"), ("再过三天送来", "2026-11-24"), ("下周三上午送", "2026-11-25")],
)  # fmt: skip
def test_a_day_said_roughly_is_read(text: str, value: str) -> None:
    assert value in [moment.value for moment in moments(text, TODAY)]


@pytest.mark.parametrize(
    ("text", "days"),
    [("挪到12月4号，周五那天", ["2026-12-04"]), ("周五或者12月2号都行", ["2026-11-27", "2026-12-02"]), ("周五送", ["2026-11-27"])],
)
def test_the_weekday_of_a_day_that_is_told_is_no_other_day(text: str, days: list[str]) -> None:
    assert sorted(moment.value for moment in moments(text, TODAY)) == days


@pytest.mark.parametrize("text", ["超过三天没动", "过两天了还没到", "中秋节礼盒"])
def test_how_long_something_took_is_no_day(text: str) -> None:
    assert not [moment for moment in moments(text, TODAY) if moment.entity in ("date", "period")]
