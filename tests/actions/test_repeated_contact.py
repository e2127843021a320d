"""The same order for the third time: an apology first, then somebody looks at it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from actions import repeated_contact
from actions.orders import ActionOrdersStatus
from actions.repeated_contact import ActionOrdersEscalate
from tests.actions.fakes import Shop, order
from tests.actions.talk import Outcome, run

EARPHONES = order("202611190001", "paid", "cancel")
NINE = datetime(2026, 11, 21, 9, 0, tzinfo=ZoneInfo("Asia/Shanghai"))


class Clock:
    """A clock set by hand."""

    now = NINE


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch, shop: Shop) -> Clock:
    made = Clock()
    monkeypatch.setattr(repeated_contact, "now", lambda: made.now)
    shop.orders = {"C1": [EARPHONES]}
    return made


def ask(asked: Any = None) -> Outcome:
    """One finished request about the order."""
    return run(ActionOrdersStatus(), "发货了吗", "orders_ask_status", slots={"orders_number": EARPHONES.number, "orders_asked": asked})


def test_the_third_time_begins_with_an_apology_and_is_escalated(clock: Clock) -> None:
    asked: Any = None
    for minutes in (0, 11):
        clock.now = NINE + timedelta(minutes=minutes)
        outcome = ask(asked)
        assert outcome.said == ["utter_orders_status_paid"] and outcome.then is None
        asked = outcome.slots["orders_asked"]
    clock.now = NINE + timedelta(minutes=40)
    third = ask(asked)
    assert third.said == ["utter_orders_asked_again", "utter_orders_status_paid"]
    assert third.then == "action_orders_escalate"


def test_questions_in_one_go_are_one_contact(clock: Clock) -> None:
    asked = ask().slots["orders_asked"]
    for minutes in (2, 9):
        clock.now = NINE + timedelta(minutes=minutes)
        assert "orders_asked" not in ask(asked).slots


def test_another_day_is_another_contact(clock: Clock) -> None:
    clock.now = NINE.replace(hour=23, minute=58)
    asked = ask().slots["orders_asked"]
    clock.now += timedelta(minutes=5)
    assert len(ask(asked).slots["orders_asked"][EARPHONES.number]) == 2


def test_the_escalation_leaves_one_ticket(clock: Clock, shop: Shop) -> None:
    done = run(ActionOrdersEscalate(), "怎么还没发货", "orders_ask_status", slots={"orders_last": EARPHONES.number})
    assert done.said == ["utter_orders_escalated"]
    assert shop.done == [("ticket", "repeated_contact", "怎么还没发货")]
