"""Nothing is copied or written out for log lines that nobody sees.

Rasa hands copies and texts of whole states to `debug` calls; they are made whether or not the line is kept.
"""

from __future__ import annotations

import copy
import logging
from typing import Any

from components.rasa_turn.replacing import Replacement, original

# In these modules every use of `copy` is an argument of a debug line (a test reads them).
MODULES = (
    "rasa.core.processor",
    "rasa.core.actions.forms",
    "rasa.core.policies.memoization",
    "rasa.core.policies.rule_policy",
)
_FORMAT = "rasa.core.policies.policy:Policy.format_tracker_states"


def debugging() -> bool:
    """Whether debug lines are kept."""
    return logging.getLogger("rasa").isEnabledFor(logging.DEBUG)


class CopiesForLogs:
    """The `copy` module of those modules."""

    @staticmethod
    def deepcopy(value: Any) -> Any:
        """A copy where it is going to be logged, else the value itself."""
        return copy.deepcopy(value) if debugging() else value


def format_tracker_states(states: list[dict[str, Any]]) -> str:
    """The states as text where it is going to be logged."""
    return str(original(_FORMAT)(states)) if debugging() else ""


REPLACEMENTS = (
    *(Replacement(f"{module}:copy", "", CopiesForLogs) for module in MODULES),
    Replacement(_FORMAT, "32b101cb34fd1c32", staticmethod(format_tracker_states)),
)
