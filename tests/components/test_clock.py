"""The assistant means the same day as the back office, whose clock LINGXI_CLOCK can fix."""

from __future__ import annotations

import pytest
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message

from components.entity_extractor import EntityExtractor
from tests.components.conftest import Pipeline
from topics import clock


@pytest.mark.parametrize("fixed", ["2026-03-01T15:00:00", "2026-03-01T07:00:00+00:00", "2026-03-01T15:00:00+08:00"])
def test_a_fixed_clock_tells_the_shop_s_time(monkeypatch: pytest.MonkeyPatch, fixed: str) -> None:
    monkeypatch.setenv("LINGXI_CLOCK", fixed)
    assert clock.now().isoformat() == "2026-03-01T15:00:00+08:00"


def test_tomorrow_is_the_day_after_the_shop_s(monkeypatch: pytest.MonkeyPatch, pipeline: Pipeline) -> None:
    monkeypatch.setenv("LINGXI_CLOCK", "2026-03-01T15:00:00+08:00")
    message = Message({TEXT: "明天上午来取"})
    pipeline.normaliser.process([message])
    pipeline.spacy.process([message])
    EntityExtractor().process([message])
    days = {each["value"] for each in message.get("entities") if each["entity"] == "date"}
    assert days == {"2026-03-02"}
