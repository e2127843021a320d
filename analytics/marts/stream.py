"""The lake's events in the order of each conversation, with what is known at each of them: session, turn, open form.

States are carried forward as running maxima of "event id, then value": that is one window pass, and the same on every
engine, where "last value that is not null" is not.
"""

from __future__ import annotations

from typing import Any

import ibis
from ibis import _
from ibis.expr.types import BooleanValue, IntegerValue, StringValue, Table

from analytics.project import Project

SPOKEN = ("user", "bot")
MINUTE = 60_000
HOUR_MS = 3_600_000
DAY_MS = 86_400_000
SHANGHAI_MS = 8 * HOUR_MS
_FIRST_ID = 10**18  # added to an id, makes it one of nineteen digits: as texts they then sort like numbers
_ID = 19


def hour_of(at_ms: Any) -> Any:
    """The hour in the shop's time zone."""
    return (at_ms + SHANGHAI_MS) // HOUR_MS % 24


def so_far() -> Any:
    """From the conversation's first event up to this one."""
    return ibis.window(group_by="conversation_id", order_by="event_id", preceding=None, following=0)


def before() -> Any:
    """From the conversation's first event up to the one before this."""
    return ibis.window(group_by="conversation_id", order_by="event_id", preceding=(None, 1))


def is_(what: Any, names: list[str]) -> Any:
    """Whether a column is one of some names, which may be none."""
    return what.isin(names).fill_null(False) if names else ibis.literal(False)


def last_of(condition: BooleanValue, event_id: IntegerValue, value: StringValue, until: Any = None) -> StringValue:
    """The value at the last event so far for which the condition holds, behind the event's id; see `told_by`."""
    told = (event_id + _FIRST_ID).cast("string") + value.fill_null("")
    return ibis.ifelse(condition, told, ibis.null("string")).max().over(until or so_far())


def told_by(last: StringValue) -> StringValue:
    """The value that `last_of` found; '' before the first."""
    return last.substr(_ID).fill_null("")


def spoken(events: Table, project: Project) -> Table:
    """What was said, with `session_id`, `turn` and `n`."""
    gap = project.rules["session_gap_minutes"] * MINUTE
    each = ibis.window(group_by="conversation_id", order_by="event_id")
    marked = events.filter(_.type.isin([*SPOKEN, "session_started"])).mutate(
        prev_type=_.type.lag().over(each), prev_ms=_.at_ms.lag().over(each)
    )
    # Rasa's own event begins a session; silence does where Rasa said nothing.
    begins = ibis.cases(
        (_.prev_type.isnull(), 1),
        ((_.type == "session_started") & (_.prev_type != "session_started"), 1),
        ((_.type != "session_started") & (_.prev_type != "session_started") & (_.at_ms - _.prev_ms > gap), 1),
        else_=0,
    )
    counted = marked.mutate(begins=begins).mutate(
        part=_.begins.sum().over(so_far()),
        turn=(_.type == "user").cast("int64").sum().over(so_far()),
        n=_.type.isin(SPOKEN).cast("int64").sum().over(so_far()),
    )
    said = counted.filter(_.type.isin(SPOKEN))
    return said.mutate(session_id=_.conversation_id + "#" + _.part.cast("string"))


def questions(events: Table, project: Project) -> Table:
    """The slots worth following: `requested_slot`, those that forms ask for, and those that the project names."""
    slots = [
        name
        for what, kind in (("handoff", "slots"), ("handoff", "reason_slots"), ("score", "slots"), ("ab", "slots"))
        for name in project.names(what, kind)
    ]
    kept = events.filter(_.type == "slot")
    asked = kept.filter((_.name == "requested_slot") & _.value.notnull()).select(name=_.value.replace('"', ""))
    return asked.union(kept.filter(is_(_.name, [*slots, "requested_slot"])).select("name"), distinct=True)


def done(events: Table, followed: Table) -> Table:
    """All that tells of forms, hand-overs and answers, with `turn`, and the form and question open after each event.

    `form_before` is the form that was open when the event came.
    """
    kept = events.filter(_.type.isin([*SPOKEN, "action", "active_loop", "session_started"])).filter(
        (_.type != "action") | (_.name != "action_listen")
    )
    slot_events = events.filter(_.type == "slot").semi_join(followed, "name")
    columns = ("conversation_id", "event_id", "at_ms", "day", "type", "name", "value", "intent", "response", "agent_id")
    both = kept.select(*columns).union(slot_events.select(*columns))
    requested = (_.type == "slot") & (_.name == "requested_slot")
    opens = _.type.isin(["active_loop", "session_started"])
    # All windows have one order, so that one sort serves them.
    states = both.mutate(
        turn=(_.type == "user").cast("int64").sum().over(so_far()),
        form=last_of(opens, _.event_id, _.name),
        form_before=last_of(opens, _.event_id, _.name, before()),
        asked=last_of(requested, _.event_id, _.value.replace('"', "")),
        doing=last_of(_.type == "action", _.event_id, _.name),
    )
    return states.mutate(**{name: told_by(states[name]) for name in ("form", "form_before", "asked", "doing")})
