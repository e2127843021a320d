"""Wishes told as a list."""

from __future__ import annotations

import pytest

from components import enumerated


@pytest.mark.parametrize(
    ("text", "items"),
    [
        ("第一，水壶退货；第二，催下台灯", ["第一", "第二"]),
        ("两个事：第一件事，改地址，第二件事，开票", ["第一件事", "第二件事"]),
        ("1.退水壶 2.催台灯", ["1.", "2."]),
        ("1、退水壶；2、催台灯；3、开票", ["1、", "2、", "3、"]),
        ("第一件、第二件都退", []),
        ("第二个，就那个", []),
        ("1.5 升的和 2.0 升的", []),
    ],
)
def test_what_counts_wishes(text: str, items: list[str]) -> None:
    assert [text[start:end] for start, end in enumerated.items(text)] == items


def test_a_later_item_begins_a_wish() -> None:
    assert enumerated.begins("第二，催下台灯") and not enumerated.begins("第二个到哪了")
