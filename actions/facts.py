"""What an answer may quote: the facts of one thing as values for a response's `{placeholders}`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from actions.base import when

MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d")


def facts(thing: Any, *same: str, **named: str) -> dict[str, Any]:
    """The named attributes of a thing: `same` under their own names, `named` as placeholder = attribute.

    A dot leads on (`times.paid_at`, `service_point.phone`). Nothing is an empty text, a moment is said as people read it.
    """
    return {name: _said(_found(thing, path)) for name, path in {**dict(zip(same, same, strict=True)), **named}.items()}


def _found(thing: Any, path: str) -> Any:
    for part in path.split("."):
        thing = thing.get(part) if isinstance(thing, Mapping) else getattr(thing, part, None)
    return thing


def _said(value: Any) -> Any:
    if value is None:
        return ""
    return when(value) if isinstance(value, str) and MOMENT.match(value) else value
