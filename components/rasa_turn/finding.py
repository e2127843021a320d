"""An action is found by its name without making all of Rasa's own first, and a domain is compared with none once.

Rasa makes a dozen objects to see whether one of them has the name, several times a turn, and writes two whole domains
into dictionaries to see whether one says nothing.
"""

from __future__ import annotations

from rasa.core.actions.action import Action, ActionBotResponse, ActionExtractSlots, ActionListen, RemoteAction
from rasa.core.actions.forms import FormAction
from rasa.shared.core.domain import Domain
from rasa.utils.endpoints import EndpointConfig

from components.rasa_turn.replacing import Replacement, original

_FIND = "rasa.core.actions.action:action_for_name_or_text"
_EMPTY = "rasa.shared.core.domain:Domain.is_empty"


def action_for_name_or_text(
    action_name_or_text: str, domain: Domain, action_endpoint: EndpointConfig | None
) -> Action:
    """A new action of the kind that Rasa found for this name before."""
    kinds: dict[str, type[Action]] = domain.__dict__.setdefault("_kinds_of_actions", {})
    kind = kinds.get(action_name_or_text)
    if kind is RemoteAction or kind is FormAction:
        return kind(action_name_or_text, action_endpoint)
    if kind is ActionBotResponse:
        return kind(action_name_or_text)
    if kind is ActionExtractSlots:
        return kind(action_endpoint)
    if kind is ActionListen:
        return kind()
    found: Action = original(_FIND)(action_name_or_text, domain, action_endpoint)
    kinds[action_name_or_text] = type(found)
    return found


def is_empty(domain: Domain) -> bool:
    """Whether the domain says nothing."""
    known: bool | None = domain.__dict__.get("_is_empty")
    if known is None:
        known = domain.__dict__["_is_empty"] = bool(original(_EMPTY)(domain))
    return known


REPLACEMENTS = (
    Replacement(_FIND, "a63fb2d066efa0bc", action_for_name_or_text),
    Replacement(_EMPTY, "884be90ef485f1d2", is_empty),
)
