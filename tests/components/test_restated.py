"""What a customer says in place of what was offered is read by itself."""

from __future__ import annotations

import pytest
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActiveLoop, BotUttered, Event, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message

from components.text_normaliser import INSTEAD, NORMALISED_TEXT, TextNormaliser

MENU = BotUttered("您想问的是哪一个？", {"buttons": [{"title": "运费", "payload": "/a"}, {"title": "都不是", "payload": "/b"}]})
TOLD = BotUttered("可以改。")


def read(text: str, *events: Event) -> tuple[str, str | None]:
    """The text that is read, and the customer's own words of it."""
    tracker = DialogueStateTracker.from_events("talk", [UserUttered("问一下"), *events], domain=Domain.empty().slots)
    message = TextNormaliser().process([Message({TEXT: text})], tracker)[0]
    return message.get(NORMALISED_TEXT), message.get(INSTEAD)


@pytest.mark.parametrize("refused", ["都不是，", "都不对！", "不是这个，", "没有我要的。", "都没有 "])
def test_what_follows_a_refused_menu_is_a_message_of_its_own(refused: str) -> None:
    assert read(f"{refused}台灯要报修", MENU) == ("台灯要报修", "台灯要报修")


def test_a_question_asked_once_more_is_read_without_its_no() -> None:
    assert read("不是，我问的是能不能开到个人名下", TOLD) == ("能不能开到个人名下", "能不能开到个人名下")


@pytest.mark.parametrize("text", ["都不是", "都不是。", "不是白色的", "不是我签收的"])
def test_a_mere_no_and_what_only_sounds_like_one_stay_whole(text: str) -> None:
    assert read(text, MENU)[1] is None


def test_where_nothing_was_offered_or_a_form_asks_nothing_is_cut_off() -> None:
    assert read("不对，是三十八码", TOLD)[1] is None
    assert read("都不是，是三十八码", MENU, ActiveLoop("after_sales_form"))[1] is None
