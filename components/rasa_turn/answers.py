"""An action's answer is checked against Rasa's schema without checking the schema itself each time.

Rasa's `jsonschema.validate` first proves that its own schema is one, then tries an event against each of 23 kinds. Here
an event is tried against the kind it names. What is not plainly valid goes to Rasa's own check, for the same words.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from jsonschema.validators import validator_for
from rasa.core.actions.action import RemoteAction
from rasa.shared.utils.schemas.events import EVENTS_SCHEMA

from components.rasa_turn.replacing import Replacement, original

_WHERE = "rasa.core.actions.action:RemoteAction._validate_action_result"


def validate_action_result(action: RemoteAction, result: Any) -> bool:
    """True for a valid answer; raises Rasa's ValidationError."""
    return _plainly_valid(result) or bool(original(_WHERE)(action, result))


def _plainly_valid(result: Any) -> bool:
    if type(result) is not dict:
        return False
    events, responses = result.get("events", []), result.get("responses", [])
    return (
        type(events) is list
        and type(responses) is list
        and all(type(response) is dict for response in responses)
        and all(_valid_event(event) for event in events)
    )


def _valid_event(event: Any) -> bool:
    if type(event) is not dict or type(event.get("event")) is not str:
        return False
    if event["event"] not in _kinds():
        return False
    if type(event.get("timestamp")) not in _TIMES or type(event.get("metadata")) not in _METADATA:
        return False
    validator = _kinds()[event["event"]]
    return validator is None or bool(validator.is_valid(event))


_TIMES, _METADATA = (float, int, type(None)), (dict, type(None))


@cache
def _kinds() -> dict[str, Any]:
    """Kind of event → what checks it; None where its name is all that the schema asks for."""
    kinds: dict[str, Any] = {}
    for kind in EVENTS_SCHEMA["items"]["oneOf"]:
        name = kind["properties"]["event"]["const"]
        plain = set(kind) == {"properties"} and set(kind["properties"]) == {"event"}
        kinds[name] = None if plain else validator_for(kind)(kind)
    return kinds


REPLACEMENTS = (Replacement(_WHERE, "f8cdb4be68123961", validate_action_result),)
