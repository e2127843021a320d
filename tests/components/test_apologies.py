"""Wordings without their apology still say what they are there to say."""

from __future__ import annotations

import pytest

from components.apologies import without_apology


@pytest.mark.parametrize(
    ("told", "left"),
    [
        ("很抱歉，包裹本该 11-27 送到，已经晚了。", "包裹本该 11-27 送到，已经晚了。"),
        ("原定 11-27 前发出，已经晚了，很抱歉。我可以替您催。", "原定 11-27 前发出，已经晚了。我可以替您催。"),
        ("让您生气了，真的很抱歉。这件事请同事来办。", "这件事请同事来办。"),
        ("抱歉，我没有看懂。", "我没有看懂。"),
        ("好的，已经取消。", "好的，已经取消。"),
        ("很抱歉。", "很抱歉。"),
    ],
)
def test_only_the_apology_is_left_out(told: str, left: str) -> None:
    response = {"text": told, "buttons": [{"title": "转人工", "payload": "/handoff_request"}]}
    assert without_apology(response) == {**response, "text": left}
    assert response["text"] == told, "the wording itself stays"
