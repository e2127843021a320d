"""Which of the validator's warnings are left out: only those about what it cannot see."""

from __future__ import annotations

import re
import warnings as python_warnings

import pytest

from components.validation import harmless, hide_what_is_right
from tests.validate import warnings

SOURCES = ['turn.utter("utter_orders_status", order.state_code)', 'turn.utter("utter_chat_stopped", "idle", "orders_taken")']
UNUSED = "The utterance '{}' is not used in any story or rule."
RESPONSES = (
    "utter_orders_status_shipped", "utter_chat_stopped", "utter_ask_orders_number", "utter_default",
    "utter_orders_cancel_rejected", "utter_orders_forgotten", "utter_orders_statuses",
)  # fmt: skip
INTENTS = ("EXTERNAL_handoff_closed", "orders_taken", "orders_lost")


@pytest.mark.parametrize(
    ("warning", "fine"),
    [
        (UNUSED.format("utter_orders_status_shipped"), True),
        (UNUSED.format("utter_chat_stopped"), True),
        (UNUSED.format("utter_ask_orders_number"), True),
        (UNUSED.format("utter_default"), True),
        (UNUSED.format("utter_orders_cancel_rejected"), True),
        (UNUSED.format("utter_orders_forgotten"), False),
        (UNUSED.format("utter_orders_statuses"), False),
        ("The intent 'EXTERNAL_handoff_closed' is not used in any story or rule.", True),
        ("The intent 'EXTERNAL_handoff_closed' is listed in the domain file, but is not found in the NLU training data.", True),
        ("The intent 'orders_taken' is not used in any story or rule.", True),
        ("The intent 'orders_lost' is not used in any story or rule.", False),
        ("The intent 'orders_lost' is listed in the domain file, but is not found in the NLU training data.", False),
        ("The example '客服' was found labeled with multiple different intents in the training data.", False),
    ],
)
def test_only_what_the_validator_cannot_see_is_harmless(warning: str, fine: bool) -> None:
    left_out = harmless(RESPONSES, INTENTS, ["action_orders_cancel"], SOURCES)
    assert any(re.match(re.escape(message), warning) for message in left_out) is fine


def test_the_warnings_that_count_are_shown() -> None:
    with python_warnings.catch_warnings(record=True) as shown:
        python_warnings.simplefilter("always")
        hide_what_is_right(["utter_ask_orders_number", "utter_orders_forgotten"], [], [])
        for name in ("utter_ask_orders_number", "utter_orders_forgotten"):
            python_warnings.warn(UNUSED.format(name), stacklevel=1)
    assert [str(each.message) for each in shown] == [UNUSED.format("utter_orders_forgotten")]


def test_warnings_are_found_in_its_log() -> None:
    log = (
        "2026-11-21 15:06:07 INFO     rasa.validator  - Validating intents...\n"
        "\x1b[93m/x/rasa/shared/utils/io.py:100: UserWarning: The utterance 'utter_x' is not used in any story or rule.\n"
        "\x1b[0m2026-11-21 15:06:07 WARNING  rasa.validator  - Story structure conflict after action 'action_y'.\n"
    )
    assert list(warnings(log)) == [UNUSED.format("utter_x"), "Story structure conflict after action 'action_y'."]
