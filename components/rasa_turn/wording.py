"""A response with one variant is taken without asking numpy for a random one of it; its apology only where none was heard."""

from __future__ import annotations

import random
from typing import Any

from rasa.core.nlg.generator import ResponseVariationFilter
from rasa.core.nlg.response import TemplatedNaturalLanguageGenerator

from components.apologies import SOOTHED, without_apology
from components.rasa_turn.replacing import Replacement

_WHERE = "rasa.core.nlg.response:TemplatedNaturalLanguageGenerator._random_response_for"


def random_response_for(
    nlg: TemplatedNaturalLanguageGenerator,
    utter_action: str,
    output_channel: str,
    filled_slots: dict[str, Any],
) -> dict[str, Any] | None:
    """One of the variants that suit channel and slots; None where none does."""
    if utter_action not in nlg.responses:
        return None
    suitable: list[dict[str, Any]] = ResponseVariationFilter(nlg.responses).responses_for_utter_action(
        utter_action, output_channel, filled_slots
    )
    if not suitable:
        return None
    chosen = random.choice(suitable)
    return without_apology(chosen) if filled_slots.get(SOOTHED) else chosen


REPLACEMENTS = (Replacement(_WHERE, "2bb895cb8931467a", random_response_for),)
