"""The one place that changes Rasa's own behaviour: the same turns, for a fraction of the work (docs/adr/0006).

`install()` puts cheaper functions in the place of Rasa's, whoever calls them. Each gives what Rasa's own gives, and
turns to Rasa's own (`original`) for whatever it was not made for. A digest of the source of each replaced function is
kept beside it: tests compare it with the Rasa installed, so that an upgrade says which of them to read again.
"""

from __future__ import annotations

from components.rasa_turn import action_calls, answers, finding, graph, quiet, states, trackers, wording
from components.rasa_turn.replacing import Replacement, put

REPLACEMENTS: tuple[Replacement, ...] = (
    *answers.REPLACEMENTS,
    *action_calls.REPLACEMENTS,
    *finding.REPLACEMENTS,
    *graph.REPLACEMENTS,
    *quiet.REPLACEMENTS,
    *states.REPLACEMENTS,
    *trackers.REPLACEMENTS,
    *wording.REPLACEMENTS,
)


def install() -> None:
    """Make turns cheap in this process; safe to repeat."""
    for replacement in REPLACEMENTS:
        put(replacement)
