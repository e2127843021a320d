"""The marts as Ibis expressions over the lake's events: the same on DuckDB and on Spark."""

from __future__ import annotations

from collections.abc import Callable

import ibis
from ibis import _
from ibis.expr.types import Table

from analytics import schema
from analytics.marts import stream
from analytics.marts.stream import hour_of, is_
from analytics.project import Project

Keep = Callable[[str, Table], Table]
"""Works an expression out once and keeps what came of it under a name."""

ORDERED_WITHIN_MS = 7 * stream.DAY_MS

BY_CONVERSATION = ("messages", "turns", "sessions", "forms")
"""The marts that can be made of some conversations alone; the others are made of these."""


def by_conversation(events: Table, followed: Table, facts: dict[str, Table], project: Project, keep: Keep) -> dict[str, Table]:
    """The marts of BY_CONVERSATION out of all events of some conversations."""
    said = keep("said", stream.spoken(events, project))
    done = keep("done", stream.done(events, followed))
    messages = keep("messages", _shaped(_messages(said), schema.MESSAGES))
    turns = keep("turns", _shaped(_turns(said, done, project), schema.TURNS))
    forms = keep("forms", _shaped(_forms(done, turns, project), schema.FORMS))
    sessions = keep("own_sessions", _shaped(_sessions(messages, turns, done, facts, project), schema.SESSIONS))
    return {"messages": messages, "turns": turns, "sessions": sessions, "forms": forms}


def over_all(made: dict[str, Table], facts: dict[str, Table], project: Project, keep: Keep) -> dict[str, Table]:
    """The marts that look at all sessions at once, `sessions` with what came before and after each among them."""
    sessions = keep("all_sessions", _shaped(_ordered(_repeats(made["sessions"], project), facts), schema.SESSIONS))
    # A kept table has the declared types; what DuckDB sums would be written as something wider.
    return {
        "sessions": sessions,
        "conversations": keep("all_conversations", _shaped(_conversations(sessions), schema.CONVERSATIONS)),
        "customer_days": keep("all_customer_days", _shaped(_customer_days(sessions), schema.CUSTOMER_DAYS)),
        "agent_days": keep("all_agent_days", _shaped(_agent_days(made["messages"], made["turns"], sessions), schema.AGENT_DAYS)),
        "intent_hours": keep("all_intent_hours", _shaped(_intent_hours(made["turns"]), schema.INTENT_HOURS)),
    }


def _shaped(table: Table, declared: schema.Table) -> Table:
    """The declared columns in their order and types."""
    return table.select(**{column.name: table[column.name].cast(column.type) for column in declared.columns})


def _messages(said: Table) -> Table:
    in_session = ibis.window(group_by="session_id")
    return said.mutate(
        hour=hour_of(_.at_ms),
        channel=_.channel.max().over(in_session).fill_null("unknown"),
        speaker=ibis.cases((_.type == "user", "customer"), (_.agent_id.notnull(), "agent"), else_="bot"),
        button=(_.type == "user") & _.text.startswith("/").fill_null(False),
        response=_.response.nullif(""),
    )


def _turns(said: Table, done: Table, project: Project) -> Table:
    answers = (
        said.filter((_.type == "bot") & (_.turn > 0))
        .group_by("conversation_id", "turn")
        .agg(
            response=_.response.fill_null("").argmin(_.event_id),
            last_response=_.response.fill_null("").argmax(_.event_id),
            reply=_.text.fill_null("").argmin(_.event_id),
            replies=_.count(),
            reply_ms=_.at_ms.argmin(_.event_id),
            agent_id=_.agent_id.fill_null("").argmin(_.event_id),
            unclear=is_(_.response, project.names("fallback", "responses")).any(),
            missed=is_(_.response, project.names("missed", "responses")).any(),
            recommended=is_(_.response, project.names("recommended", "responses")).any(),
        )
    )
    handed = is_(_.name, project.names("handoff", "slots")) & (_.type == "slot") & _.value.notnull()
    handed = handed | (is_(_.name, project.names("handoff", "actions")) & (_.type == "action"))
    deeds = (
        done.filter(_.turn > 0)
        .group_by("conversation_id", "turn")
        .agg(
            actions=(_.type == "action").sum(),
            confused=(is_(_.name, project.names("fallback", "actions")) & (_.type == "action")).any(),
            form=_.form.max(where=_.type == "user"),
            asked=_.asked.max(where=_.type == "user"),
            form_after=_.form.argmax(_.event_id),
            asked_after=_.asked.argmax(_.event_id),
            handed_over=handed.any(),
        )
    )
    asked = said.filter(_.type == "user").drop("response", "agent_id")
    turns = (
        asked.left_join(answers, ["conversation_id", "turn"])
        .drop("conversation_id_right", "turn_right")
        .left_join(deeds, ["conversation_id", "turn"])
        .drop("conversation_id_right", "turn_right")
        .left_join(_corrections(done), ["conversation_id", "turn"])
        .drop("conversation_id_right", "turn_right")
        .left_join(_buckets(done, project), "conversation_id")
        .drop("conversation_id_right")
    )
    still = (_.form != "") & (_.form == _.form_after) & (_.asked == _.asked_after)
    turns = turns.mutate(
        hour=hour_of(_.at_ms),
        channel=_.channel.fill_null("unknown"),
        button=_.text.startswith("/").fill_null(False),
        topic=_.intent.re_extract(r"^([^_/]+)", 1).nullif(""),
        answered_by=ibis.cases((_.replies.isnull(), ibis.null("string")), (_.agent_id != "", "agent"), else_="bot"),
        replies=_.replies.fill_null(0),
        actions=_.actions.fill_null(0),
        waited=_.reply_ms - _.at_ms,
        digression=(still & (_.replies > 1) & ~_.response.startswith("utter_ask_")
                    & (_.last_response == "utter_ask_" + _.asked)).fill_null(False),
        correction=((_.form != "") & _.changed.notnull() & (_.changed != _.asked)).fill_null(False),
        fallback=(is_(_.intent, project.names("fallback", "intents")) | _.unclear.fill_null(False)
                  | _.confused.fill_null(False)),
        missed=_.missed.fill_null(False),
        recommended=_.recommended.fill_null(False),
        handed_over=_.handed_over.fill_null(False),
        with_agent=(_.agent_id != "").fill_null(False),
        form=_.form.nullif(""),
        asked=_.asked.nullif(""),
        response=_.response.nullif(""),
        agent_id=_.agent_id.nullif(""),
    )  # fmt: skip
    return _imputed(turns, project)


def _imputed(turns: Table, project: Project) -> Table:
    """Answers that came before their question, or hours later, are of clocks that jumped: the topic's mean takes their place."""
    longest = project.rules["longest_answer_minutes"] * stream.MINUTE
    usable = (_.waited >= 0) & (_.waited <= longest)
    turns = turns.mutate(usable=usable.fill_null(False))
    told = ibis.ifelse(_.usable, _.waited, ibis.null("int64"))
    by_topic = ibis.window(group_by=["topic", "answered_by"])
    mean = told.mean().over(by_topic).round().cast("int64")
    return turns.mutate(
        answer_ms=ibis.cases((_.waited.isnull(), ibis.null("int64")), (_.usable, _.waited), else_=mean),
        answer_imputed=(_.waited.notnull() & ~_.usable).fill_null(False),
    )


def _corrections(done: Table) -> Table:
    """Turns in which a slot that forms ask for went from one value to another."""
    each = ibis.window(group_by=["conversation_id", "name"], order_by="event_id")
    slots = done.filter((_.type == "slot") & (_.name != "requested_slot")).mutate(was=_.value.lag().over(each))
    changed = slots.filter(_.was.notnull() & _.value.notnull() & (_.was != _.value) & (_.turn > 0))
    return changed.group_by("conversation_id", "turn").agg(changed=_.name.max())


def _buckets(done: Table, project: Project) -> Table:
    of_bucket = (done.type == "slot") & is_(done.name, project.names("ab", "slots")) & done.value.notnull()
    return done.filter(of_bucket).group_by("conversation_id").agg(ab_bucket=_.value.replace('"', "").max())


def _forms(done: Table, turns: Table, project: Project) -> Table:
    optional = project.names("optional", "forms")
    loops = done.mutate(
        starts=(_.type == "active_loop") & (_.form != "") & (_.form != _.form_before),
        closes=(_.type == "active_loop") & (_.form == "") & (_.form_before != ""),
    ).filter((_.form != "") | _.closes)
    loops = loops.mutate(run=_.starts.cast("int64").sum().over(stream.so_far()))
    handed = is_(_.name, project.names("handoff", "slots")) & (_.type == "slot") & _.value.notnull()
    runs = (
        loops.filter(_.run > 0)
        .group_by("conversation_id", "run")
        .agg(
            form=_.form.max(where=_.starts),
            turn=_.turn.max(where=_.starts),
            start_ms=_.at_ms.max(where=_.starts),
            end_ms=_.at_ms.max(),
            day=_.day.max(where=_.starts),
            turns=(_.type == "user").sum(),
            closed_by=_.doing.max(where=_.closes),
            handed=(handed | is_(_.doing, project.names("handoff", "actions"))).any(),
            last_asked=_.asked.argmax(_.event_id, where=(_.form != "") & (_.asked != "")),
        )
        .filter(~is_(_.form, optional))
    )
    known = turns.select("conversation_id", "turn", "session_id", "channel", "ab_bucket")
    runs = runs.left_join(known, ["conversation_id", "turn"]).drop("conversation_id_right", "turn_right")
    later = ibis.window(group_by=["conversation_id", "session_id"], order_by="run")
    handoff = is_(_.closed_by, project.names("handoff", "closes")) | _.handed
    return runs.mutate(next_run=_.run.lead().over(later)).mutate(
        hour=hour_of(_.start_ms),
        duration_ms=_.end_ms - _.start_ms,
        outcome=ibis.cases(
            (handoff.fill_null(False), "handed_over"),
            ((_.closed_by == _.form).fill_null(False), "completed"),
            (_.closed_by.notnull() | _.next_run.notnull(), "cancelled"),
            else_="left",
        ),
    )


def _sessions(messages: Table, turns: Table, done: Table, facts: dict[str, Table], project: Project) -> Table:
    spans = messages.group_by("session_id").agg(
        conversation_id=_.conversation_id.max(),
        start_ms=_.at_ms.argmin(_.n),
        end_ms=_.at_ms.argmax(_.n),
        day=_.day.argmin(_.n),
        channel=_.channel.max(),
        messages=_.count(),
        agent_id=_.agent_id.argmin(_.n, where=_.speaker == "agent"),
    )
    turns = turns.left_join(_told(done, project), ["conversation_id", "turn"]).drop("conversation_id_right", "turn_right")
    greeting = is_(_.intent, project.names("greetings", "intents")) | _.fallback
    matter = ~greeting & _.intent.notnull()
    thanked = is_(_.intent, project.names("confirmed", "intents"))
    optional = project.names("optional", "forms")
    reason = _.reason.fill_null(
        ibis.cases(
            ((_.sentiment == "angry").fill_null(False), "angry"),
            (is_(_.intent, project.names("handoff", "intents")), "customer_asked"),
            (_.fallback | _.missed, "not_understood"),
            else_="other",
        )
    )
    talks = turns.group_by("session_id").agg(
        turns=_.count(),
        first_answer_ms=_.answer_ms.argmin(_.turn, where=_.answer_ms.notnull()),
        answer_ms=_.answer_ms.mean(),
        matter=_.intent.argmin(_.turn, where=matter),
        anything=_.intent.argmin(_.turn, where=_.intent.notnull()),
        matter_text=_.text.argmin(_.turn, where=matter),
        anything_text=_.text.argmin(_.turn, where=_.intent.notnull()),
        fallbacks=_.fallback.sum(),
        misses=_.missed.sum(),
        handed_over=_.handed_over.any(),
        handoff_reason=reason.argmin(_.turn, where=_.handed_over),
        score=_.score.argmax(_.turn, where=_.score.notnull()),
        sentiment_start=_.sentiment.argmin(_.turn, where=_.sentiment.notnull()),
        sentiment_end=_.sentiment.argmax(_.turn, where=_.sentiment.notnull()),
        digressions=_.digression.sum(),
        corrections=_.correction.sum(),
        thanked=thanked.any(),
        open_form=ibis.ifelse(is_(_.form_after, optional), "", _.form_after).argmax(_.turn),
        open_asked=_.asked_after.argmax(_.turn),
        stuck=((_.fallback | _.missed | (_.replies == 0)) & ~thanked).argmax(_.turn),
        concluded=(_.concluded > 0).any(),
        recommended=_.recommended.any(),
        ab_bucket=_.ab_bucket.max(),
    )
    sessions = (
        talks.inner_join(spans, "session_id")
        .left_join(_customers(facts), "conversation_id")
        .drop("conversation_id_right")
        .left_join(_reasons(spans, facts), "session_id")
        .drop("session_id_right")
        .left_join(_rated(spans, facts), "session_id")
        .drop("session_id_right")
        .mutate(score=_.score.fill_null(_.told_score.cast("float64")))
    )
    unsolved = (_.open_form.fill_null("") != "") | _.stuck.fill_null(False) | (_.score <= 2).fill_null(False)
    confirmed = (_.score >= 4).fill_null(False) | _.thanked | _.concluded.fill_null(False)
    return sessions.mutate(
        customer_id=_.known.fill_null(_.conversation_id),
        handoff_reason=ibis.ifelse(_.handed_over, _.told_reason.fill_null(_.handoff_reason), ibis.null("string")),
        hour=hour_of(_.start_ms),
        duration_ms=_.end_ms - _.start_ms,
        first_intent=_.matter.fill_null(_.anything),
        first_text=_.matter_text.fill_null(_.anything_text),
        left_form=_.open_form.nullif(""),
        left_asked=ibis.ifelse(_.open_form.fill_null("") != "", _.open_asked.nullif(""), ibis.null("string")),
        outcome=ibis.cases(
            (_.handed_over, "handed_over"), (unsolved, "abandoned"), (confirmed, "confirmed"), else_="assumed"
        ),
        repeat=ibis.literal(False),
        repeated_later=ibis.literal(False),
        ordered_after=ibis.null("boolean"),
    ).mutate(topic=_.first_intent.re_extract(r"^([^_/]+)", 1).nullif(""))


def _told(done: Table, project: Project) -> Table:
    """Of each turn: the rating given, the reason for a hand-over, the form open after it, and forms that came to their end."""
    slot = (_.type == "slot") & _.value.notnull()
    number = _.value.replace('"', "").try_cast("float64")
    scored = slot & is_(_.name, project.names("score", "slots"))
    reasoned = slot & is_(_.name, project.names("handoff", "reason_slots"))
    ended = (_.type == "active_loop") & (_.form == "") & (_.form_before != "") & (_.doing == _.form_before)
    ended = ended & ~is_(_.form_before, project.names("optional", "forms"))
    return (
        done.filter(_.turn > 0)
        .mutate(number=ibis.ifelse(scored, number, ibis.null("float64")))
        .mutate(number=ibis.ifelse((_.number >= 1) & (_.number <= 5), _.number, ibis.null("float64")))
        .group_by("conversation_id", "turn")
        .agg(
            score=_.number.argmax(_.event_id, where=_.number.notnull()),
            reason=_.value.replace('"', "").argmax(_.event_id, where=reasoned),
            form_after=_.form.argmax(_.event_id),
            asked_after=_.asked.argmax(_.event_id),
            concluded=ended.sum(),
        )
    )


def _reasons(spans: Table, facts: dict[str, Table]) -> Table:
    """Why each session was handed over, where the back office tells it."""
    told = facts["handoffs"].select("conversation_id", "created_ms", told_reason="reason")
    return _during(spans, told).group_by("session_id").agg(told_reason=_.told_reason.argmin(_.created_ms))


def _rated(spans: Table, facts: dict[str, Table]) -> Table:
    """What the back office knows of each session's rating: a slot may hold it no longer than its turn."""
    ratings = facts["ratings"].filter(_.score.notnull())
    told = ratings.select("conversation_id", "created_ms", told_score="score")
    return _during(spans, told).group_by("session_id").agg(told_score=_.told_score.argmax(_.created_ms))


def _during(spans: Table, told: Table) -> Table:
    """What happened in the back office while a session went on, give or take a minute."""
    return spans.inner_join(told, "conversation_id").filter(
        (_.created_ms >= _.start_ms - stream.MINUTE) & (_.created_ms <= _.end_ms + stream.MINUTE)
    )


def _customers(facts: dict[str, Table]) -> Table:
    """Who was proven to speak in a conversation, as far as the back office tells."""
    known = [
        facts[name].filter(_.customer_id.notnull() & _.conversation_id.notnull()).select("conversation_id", "customer_id")
        for name in ("handoffs", "tickets")
    ]
    return known[0].union(known[1]).group_by("conversation_id").agg(known=_.customer_id.max())


def _repeats(sessions: Table, project: Project) -> Table:
    within = project.rules["repeat_within_hours"] * stream.HOUR_MS
    visits = ibis.window(group_by=["customer_id", "topic"], order_by=["start_ms", "session_id"])
    near = sessions.mutate(was=_.end_ms.lag().over(visits), comes=_.start_ms.lead().over(visits))
    return near.mutate(
        repeat=(_.topic.notnull() & (_.start_ms - _.was <= within)).fill_null(False),
        repeated_later=(_.topic.notnull() & (_.comes - _.end_ms <= within)).fill_null(False),
    )


def _ordered(sessions: Table, facts: dict[str, Table]) -> Table:
    """Whether an order followed a recommendation."""
    orders = facts["orders"].filter(_.customer_id.notnull()).select("customer_id", ordered_ms="created_ms")
    advised = sessions.filter(_.recommended).select("session_id", "customer_id", "start_ms", "end_ms")
    in_time = (_.ordered_ms >= _.start_ms) & (_.ordered_ms <= _.end_ms + ORDERED_WITHIN_MS)
    followed = advised.inner_join(orders, "customer_id").filter(in_time).group_by("session_id").agg(orders=_.count())
    told = sessions.left_join(followed, "session_id").drop("session_id_right")
    known = _.recommended & (_.customer_id != _.conversation_id)
    return told.mutate(ordered_after=ibis.ifelse(known, _.orders.notnull(), ibis.null("boolean")))


def _conversations(sessions: Table) -> Table:
    return sessions.group_by("conversation_id").agg(
        customer_id=_.customer_id.max(),
        start_ms=_.start_ms.min(),
        end_ms=_.end_ms.max(),
        day=_.day.argmin(_.start_ms),
        hour=_.hour.argmin(_.start_ms),
        channel=_.channel.argmin(_.start_ms),
        sessions=_.count(),
        messages=_.messages.sum(),
        turns=_.turns.sum(),
        outcome=_.outcome.argmax(_.start_ms),
        fallbacks=_.fallbacks.sum(),
        misses=_.misses.sum(),
        handed_over=_.handed_over.any(),
        handoff_reason=_.handoff_reason.argmin(_.start_ms, where=_.handed_over),
        score=_.score.argmax(_.start_ms, where=_.score.notnull()),
        ab_bucket=_.ab_bucket.max(),
    )


def _customer_days(sessions: Table) -> Table:
    return sessions.group_by("customer_id", "day").agg(
        sessions=_.count(),
        messages=_.messages.sum(),
        turns=_.turns.sum(),
        topics=_.topic.nunique(),
        handoffs=_.handed_over.sum(),
        repeats=_.repeat.sum(),
        score=_.score.mean(),
    )


def _agent_days(messages: Table, turns: Table, sessions: Table) -> Table:
    served = (
        messages.filter(_.speaker == "agent")
        .group_by("agent_id", "session_id")
        .agg(day=_.day.min(), messages=_.count(), handling_ms=_.at_ms.max() - _.at_ms.min())
    )
    known = sessions.select("session_id", "score", "repeated_later", "sentiment_end")
    days = (
        served.left_join(known, "session_id")
        .drop("session_id_right")
        .group_by("agent_id", "day")
        .agg(
            sessions=_.count(),
            messages=_.messages.sum(),
            handling_ms=_.handling_ms.mean(),
            resolved=(~_.repeated_later).sum(),
            score=_.score.mean(),
            scores=_.score.count(),
            angry_end=(_.sentiment_end == "angry").fill_null(False).sum(),
        )
    )
    answers = (
        turns.filter(_.answered_by == "agent").group_by("agent_id", "day").agg(answer_ms=_.answer_ms.mean())
    )
    return days.left_join(answers, ["agent_id", "day"]).drop("agent_id_right", "day_right")


def _intent_hours(turns: Table) -> Table:
    return (
        turns.filter(_.intent.notnull())
        .group_by("day", "hour", "intent")
        .agg(
            turns=_.count(),
            sessions=_.session_id.nunique(),
            fallbacks=_.fallback.sum(),
            misses=_.missed.sum(),
            handoffs=_.handed_over.sum(),
            confidence=_.confidence.mean(),
            answer_ms=_.answer_ms.mean(),
        )
    )
