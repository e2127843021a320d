"""What no shop's entry answers: other businesses, small talk, a customer's own things, nonsense.

The readings learn it beside the entries, as if it were one more; how near a question is to it tells whether
to pass.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import yaml

from backoffice.knowledge.search.normalising import normalise


@cache
def foreign() -> tuple[str, ...]:
    """The examples of `unanswerable.yml`, normalised."""
    told = yaml.safe_load(files(__package__).joinpath("unanswerable.yml").read_text("utf-8"))
    plain = (normalise(str(text)) for texts in told.values() for text in texts)
    return tuple(dict.fromkeys(text for text in plain if text))
