"""Which of the validator's warnings are harmless: only those about what it cannot see."""

from __future__ import annotations

import pytest

from tests.validate import harmless, spoken, warnings

SAID = spoken(['turn.utter("utter_orders_status", order.state_code)', 'turn.utter("utter_chat_stopped", "idle")'])
UNUSED = "The utterance '{}' is not used in any story or rule."


@pytest.mark.parametrize(
    ("warning", "fine"),
    [
        (UNUSED.format("utter_orders_status_shipped"), True),
        (UNUSED.format("utter_chat_stopped"), True),
        (UNUSED.format("utter_ask_orders_number"), True),
        (UNUSED.format("utter_default"), True),
        (UNUSED.format("utter_orders_forgotten"), False),
        (UNUSED.format("utter_orders_statuses"), False),
        ("The intent 'EXTERNAL_handoff_closed' is not used in any story or rule.", True),
        ("The intent 'orders_taken' is not used in any story or rule.", True),
        ("The intent 'orders_lost' is not used in any story or rule.", False),
        ("The intent 'orders_lost' is listed in the domain file, but is not found in the NLU training data.", False),
        ("The example '客服' was found labeled with multiple different intents in the training data.", False),
    ],
)
def test_only_what_the_validator_cannot_see_is_harmless(warning: str, fine: bool) -> None:
    assert harmless(warning, SAID, {"orders_taken"}) is fine


def test_warnings_are_found_in_its_log() -> None:
    log = (
        "2026-11-21 15:06:07 INFO     rasa.validator  - Validating intents...\n"
        "\x1b[93m/x/rasa/shared/utils/io.py:100: UserWarning: The utterance 'utter_x' is not used in any story or rule.\n"
        "\x1b[0m2026-11-21 15:06:07 WARNING  rasa.validator  - Story structure conflict after action 'action_y'.\n"
    )
    assert list(warnings(log)) == [UNUSED.format("utter_x"), "Story structure conflict after action 'action_y'."]
