"""Where there are no buttons: an answer chooses what it plainly names, and nothing else."""

from __future__ import annotations

import pytest

from connectors.choices import choose, numbered

YES = ("确认取消", "再想想", "转人工")
PIECES = ("1件", "2件", "3件", "全部")
FROM_TWO = ("2件", "3件")


@pytest.mark.parametrize(
    ("said", "titles", "chosen"),
    [
        ("1", YES, 0), (" ２。", YES, 1), ("（3）", YES, 2), ("二", YES, 1), ("第二个", YES, 1), ("第2个吧", YES, 1),
        ("选3", YES, 2), ("我选第三项", YES, 2), ("要第一个", YES, 0), ("再想想", YES, 1), ("再想想。", YES, 1),
        ("最后一个", YES, 2), ("4", YES, None), ("0", YES, None), ("12", YES, None), ("三个", YES, None),
        ("确认", YES, None), ("我想买2个", YES, None), ("", YES, None), ("第", YES, None),
        ("2", PIECES, 1), ("4", PIECES, 3), ("2", FROM_TWO, None), ("第2个", FROM_TWO, 1), ("2件", FROM_TWO, 0),
        ("1", FROM_TWO, None), ("好", ("好", "好"), None),
    ],
)  # fmt: skip
def test_what_an_answer_chooses(said: str, titles: tuple[str, ...], chosen: int | None) -> None:
    assert choose(said, titles) == chosen


def test_options_are_numbered_and_say_how_to_answer() -> None:
    assert numbered("要取消吗？", YES[:2]).splitlines()[:3] == ["要取消吗？", "1. 确认取消", "2. 再想想"]
    assert "数字" in numbered("要取消吗？", YES)
    assert "数字" not in numbered("退几件？", FROM_TWO)
