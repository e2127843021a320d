"""What the marts make of conversations, by hand and against what a simulated store is known to hold."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from analytics.collect import collect
from analytics.lake import Lake
from analytics.marts import open_figures, open_marts, quality
from analytics.metrics import measure
from analytics.schema import FACTS, MARTS
from analytics.simulate import Plan, Truth, simulate
from analytics.sources.sql import open_store
from tests.analytics.conftest import NOW, action, bot, event, slot, stored, user, write

TYPES = {"string": "string", "int64": "int64", "float64": "float64", "boolean": "boolean", "date": "date"}


def made(lake: Lake, tmp_path: Path, *rows: Any) -> Any:
    collect(lake, open_store(write(tmp_path / "t.db", rows)))
    return open_marts(lake)


def one(marts: Any, table: str, **where: Any) -> Any:
    frame: pd.DataFrame = marts.table(table).to_pandas()
    for column, value in where.items():
        frame = frame[frame[column] == value]
    assert len(frame) == 1, frame
    return frame.iloc[0]


def form(sender: str, at: float, *, ends: str | None = "form") -> Iterator[Any]:
    """A form that asks for one slot; `ends`: by itself ("form"), by another action, or not at all."""
    yield user(sender, "我要退货", at, "after_sales_return")
    yield action(sender, "after_sales_form", at + 1)
    yield event(sender, "active_loop", at + 1, name="after_sales_form")
    yield slot(sender, "requested_slot", "after_sales_reason", at + 1)
    yield bot(sender, "原因？", at + 1, "utter_ask_after_sales_reason")
    if ends:
        yield user(sender, "不喜欢", at + 5, "chat_inform")
        yield action(sender, "after_sales_form" if ends == "form" else ends, at + 6)
        yield event(sender, "active_loop", at + 6, name=None)
        yield slot(sender, "requested_slot", None, at + 6)
        yield bot(sender, "好了", at + 6, "utter_done")


def test_every_table_has_its_declared_columns(lake: Lake) -> None:
    marts = open_marts(lake)
    for table in (*MARTS, *FACTS):
        schema = marts.table(table.name).schema()
        assert {name: str(kind) for name, kind in schema.items()} == {each.name: TYPES[each.type] for each in table.columns}


def test_a_session_begins_with_rasas_event_or_after_half_an_hour(lake: Lake, tmp_path: Path) -> None:
    marts = made(
        lake, tmp_path,
        event("a", "session_started", NOW), user("a", "一", NOW), bot("a", "答", NOW + 1),
        user("a", "二", NOW + 1801), bot("a", "答", NOW + 1802),
        user("a", "三", NOW + 3602 + 1), bot("a", "答", NOW + 3604),
        event("a", "session_started", NOW + 3700), user("a", "四", NOW + 3700),
    )  # fmt: skip
    sessions = marts.table("sessions").to_pandas().sort_values("start_ms")
    assert list(sessions.turns) == [2, 1, 1]
    assert list(sessions.session_id) == ["a#1", "a#2", "a#3"]
    assert one(marts, "conversations").sessions == 3


def test_a_turn_is_a_sentence_and_its_answer(lake: Lake, tmp_path: Path) -> None:
    marts = made(
        lake, tmp_path,
        user("a", "几天发货", NOW, "faq", parse={"sentiment": {"name": "neutral"}}),
        action("a", "action_faq_answer", NOW + 0.5),
        bot("a", "三天", NOW + 1.25), bot("a", "还要问什么", NOW + 1.5),
        event("a", "user", NOW + 2, text="EXTERNAL: x", metadata={"is_external": True}, parse_data={"intent": {"name": "x"}}),
        user("a", "/orders_ask_status", NOW + 3, "orders_ask_status"),
    )  # fmt: skip
    first, second = (one(marts, "turns", turn=n) for n in (1, 2))
    assert (first.answer_ms, first.replies, first.actions, first.response) == (1250, 2, 1, "utter_faq_answer")
    assert (first.topic, first.answered_by, first.reply, first.hour) == ("faq", "bot", "三天", 19)
    assert (second.button, second.replies, second.topic) == (True, 0, "orders")
    assert pd.isna(second.answer_ms)
    assert one(marts, "sessions").messages == 4


def test_what_an_action_says_in_the_customers_place_is_no_turn(lake: Lake, tmp_path: Path) -> None:
    marts = made(
        lake, tmp_path,
        user("a", "那催一下", NOW, "chat_affirm", message_id="m1"), action("a", "action_chat_yes", NOW),
        user("a", "催快递", NOW, "logistics_urge", message_id="m1"), bot("a", "已催", NOW + 1), user("a", "好", NOW + 9, message_id="m2"),
        user("b", "好", NOW, message_id="m2"),
    )  # fmt: skip
    turn = one(marts, "turns", conversation_id="a", turn=1)
    assert (turn.text, turn.reply, turn.replies) == ("那催一下", "已催", 1)
    assert len(marts.table("turns").to_pandas()) == 3


def test_how_a_form_ends(lake: Lake, tmp_path: Path) -> None:
    marts = made(
        lake, tmp_path,
        *form("done", NOW), *form("stopped", NOW, ends="action_chat_stop"), *form("left", NOW, ends=None),
        *form("handed", NOW, ends="action_handoff"), *form("again", NOW, ends=None),
        event("again", "session_started", NOW + 9000), user("again", "你好", NOW + 9000, "chat_greet"),
    )  # fmt: skip
    ends = {row.conversation_id: row.outcome for row in marts.table("forms").to_pandas().itertuples()}
    assert ends == {"done": "completed", "stopped": "cancelled", "left": "left", "handed": "handed_over", "again": "left"}
    assert one(marts, "forms", conversation_id="left").last_asked == "after_sales_reason"
    session = one(marts, "sessions", conversation_id="left")
    assert (session.outcome, session.left_form, session.left_asked) == ("abandoned", "after_sales_form", "after_sales_reason")
    assert one(marts, "sessions", conversation_id="done").outcome == "confirmed"


def test_digressions_and_corrections(lake: Lake, tmp_path: Path) -> None:
    asked, ask = "after_sales_reason", bot
    begin = list(form("a", NOW, ends=None))
    marts = made(
        lake, tmp_path,
        user("a", "尺码 41", NOW - 9, "chat_inform"), slot("a", "after_sales_size", "41", NOW - 9),
        slot("a", "requested_slot", "after_sales_size", NOW - 9), *begin,
        user("a", "运费谁出", NOW + 10, "faq"), bot("a", "您出", NOW + 11),
        ask("a", "原因？", NOW + 11, f"utter_ask_{asked}"),
        user("a", "尺码说错了，42", NOW + 20, "chat_inform"), slot("a", "after_sales_size", "42", NOW + 21),
        ask("a", "原因？", NOW + 21, f"utter_ask_{asked}"),
    )  # fmt: skip
    turns = marts.table("turns").to_pandas().sort_values("turn")
    assert list(turns.digression) == [False, False, True, False]
    assert list(turns.correction) == [False, False, False, True]


def test_how_a_session_ends(lake: Lake, tmp_path: Path) -> None:
    angry = {"sentiment": {"name": "angry"}}
    talks: dict[tuple[str, str | None], list[list[Any]]] = {
        ("assumed", None): [[user("?", "几天发货", NOW), bot("?", "三天", NOW + 1)]],
        ("confirmed", None): [
            [*form("?", NOW), action("?", "feedback_form", NOW + 9), event("?", "active_loop", NOW + 9, name="feedback_form")],
            [user("?", "几天发货", NOW), bot("?", "三天", NOW + 1), user("?", "谢谢", NOW + 5, "chat_thank")],
            [user("?", "几天发货", NOW), bot("?", "三天", NOW + 1), slot("?", "feedback_score", 5, NOW + 2)],
        ],
        ("abandoned", None): [
            [*form("?", NOW, ends=None)],
            [user("?", "几天发货", NOW), bot("?", "三天", NOW + 1), slot("?", "feedback_score", "2", NOW + 2)],
            [user("?", "呃", NOW, "nlu_fallback"), bot("?", "没懂", NOW + 1)],
            [user("?", "能刻字吗", NOW), bot("?", "不知道", NOW + 1, "utter_faq_no_answer")],
            [user("?", "在吗", NOW)],
        ],
        ("handed_over", "customer_asked"): [[user("?", "人工", NOW, "handoff_request"), slot("?", "handoff_id", "HO1", NOW)]],
        ("handed_over", "not_understood"): [
            [user("?", "呃", NOW, "nlu_fallback"), action("?", "action_human_handoff", NOW)],
        ],
        ("handed_over", "angry"): [[user("?", "气死了", NOW, parse=angry), slot("?", "handoff_id", "HO1", NOW)]],
        ("handed_over", "vip"): [
            [user("?", "人工", NOW), slot("?", "handoff_reason", "vip", NOW), slot("?", "handoff_id", "HO1", NOW)],
        ],
    }
    expected, rows = {}, []
    for ends, several in talks.items():
        for talk in several:
            sender = f"c{len(expected)}"
            expected[sender] = ends
            rows += [(sender, *row[1:]) for row in talk]
    sessions = made(lake, tmp_path, *rows).table("sessions").to_pandas()
    found = {row.conversation_id: (row.outcome, row.handoff_reason) for row in sessions.itertuples()}
    assert {sender: (outcome, None if pd.isna(reason) else reason) for sender, (outcome, reason) in found.items()} == expected


def test_who_comes_back_for_the_same_within_a_day(lake: Lake, tmp_path: Path) -> None:
    day = 86_400
    marts = made(
        lake, tmp_path,
        user("a", "查订单", NOW, "orders_ask_status"), user("a", "查订单", NOW + day / 2, "orders_ask_status"),
        user("a", "开发票", NOW + day * 0.7, "invoices_request"), user("a", "查订单", NOW + day * 2, "orders_ask_status"),
        user("b", "查订单", NOW + 100, "orders_ask_status"),
    )  # fmt: skip
    sessions = marts.table("sessions").to_pandas().sort_values(["conversation_id", "start_ms"])
    assert list(sessions.repeat) == [False, True, False, False, False]
    assert list(sessions.repeated_later) == [True, False, False, False, False]


def test_agents_by_the_day(lake: Lake, tmp_path: Path) -> None:
    marts = made(
        lake, tmp_path,
        user("a", "人工", NOW, "handoff_request"), slot("a", "handoff_id", "HO1", NOW), bot("a", "请稍等", NOW + 1),
        bot("a", "您好", NOW + 30, agent_id="A1"), user("a", "怎么退", NOW + 60), bot("a", "这样退", NOW + 80, agent_id="A1"),
        slot("a", "feedback_score", 4, NOW + 90),
    )  # fmt: skip
    day = one(marts, "agent_days")
    assert (day.agent_id, day.sessions, day.messages, day.answer_ms, day.handling_ms, day.score) == ("A1", 1, 2, 20_000, 50_000, 4)
    assert one(marts, "turns", turn=2).answered_by == "agent"


def test_duplicates_floods_and_clocks_are_told_and_kept_out(lake: Lake, tmp_path: Path) -> None:
    said = user("a", "几天发货", NOW)
    marts = made(
        lake, tmp_path,
        said, bot("a", "三天", NOW + 2), said,  # delivered twice
        *(user("flood", "在吗", NOW + n) for n in range(80)),
        user("b", "几天发货", NOW), bot("b", "三天", NOW + 4),
        user("c", "几天发货", NOW + 500), bot("c", "三天", NOW - 4),  # the clock went back
        ("d", "user", NOW, None, None, "{half"),
    )  # fmt: skip
    assert sorted(marts.table("sessions").to_pandas().conversation_id) == ["a", "b", "c"]
    assert one(marts, "sessions", conversation_id="a").turns == 1
    turn = one(marts, "turns", conversation_id="c")
    assert (turn.answer_ms, turn.answer_imputed) == (3000, True), "the mean of the same topic"
    told = {finding.rule: finding.count for finding in quality(lake)}
    assert (told["duplicates"], told["floods"], told["imputed"], told["unreadable"]) == (1, 80, 1, 1)
    assert stored(lake, "SELECT count(*) FROM events") == [(88,)], "nothing is dropped from the lake"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Truth, Lake]:
    """A fortnight of a small shop, and what is true of it."""
    folder = tmp_path_factory.mktemp("shop")
    store = f"sqlite:///{folder}/t.db"
    truth = simulate(Plan(days=12, conversations=40, defect=6, outage=9, dirt=True), store)
    lake = Lake(folder / "lake")
    collect(lake, open_store(store))
    return open_marts(lake), truth, lake


def test_the_marts_count_what_was_simulated(shop: tuple[Any, Truth, Lake]) -> None:
    marts, truth, _ = shop
    total: Counter[str] = Counter()
    for day in truth.days.values():
        total.update(day)
    turns, sessions = marts.table("turns").to_pandas(), marts.table("sessions").to_pandas()
    messages, forms = marts.table("messages").to_pandas(), marts.table("forms").to_pandas()
    assert len(turns) == total["customer_messages"]
    assert dict(Counter(messages.speaker)) == {
        "customer": total["customer_messages"], "bot": total["bot_messages"], "agent": total["agent_messages"],
    }  # fmt: skip
    assert len(sessions) == total["sessions"]
    assert sessions.handed_over.sum() == total["handed_over"]
    assert turns.fallback.sum() == total["fallbacks"]
    assert turns.missed.sum() == total["missed"]
    assert turns.digression.sum() == total["digressions"]
    assert (sessions.score.count(), sessions.score.sum()) == (total["rated"], total["scores"])
    assert {str(day)[:10]: n for day, n in Counter(turns.day).items()} == {
        day: counts["customer_messages"] for day, counts in truth.days.items() if counts["customer_messages"]
    }
    for name, counts in truth.forms.items():
        ends = Counter(forms[forms.form == name].outcome)
        assert (ends["completed"], ends["left"]) == (counts["completed"], counts["left"])
    for bucket, counts in truth.buckets.items():
        assert (sessions.ab_bucket == bucket).sum() == counts["sessions"]
    for agent, counts in truth.agents.items():
        assert ((messages.agent_id == agent) & (messages.speaker == "agent")).sum() == counts["messages"]


def test_planted_dirt_is_found(shop: tuple[Any, Truth, Lake]) -> None:
    _, truth, lake = shop
    told = {finding.rule: finding.count for finding in quality(lake)}
    assert told["duplicates"] == truth.dirt["redelivered"]
    assert told["floods"] >= truth.dirt["flood_messages"]


def test_planted_personal_data_is_nowhere(shop: tuple[Any, Truth, Lake]) -> None:
    marts, truth, _ = shop
    assert truth.personal
    for table in ("events", *(each.name for each in MARTS)):
        frame = marts.table(table).to_pandas()
        for column in frame.select_dtypes(include=["object", "string"]):
            told = "\n".join(str(value) for value in frame[column].dropna().unique())
            assert not [secret for secret in truth.personal if secret in told], f"{table}.{column}"


def test_a_day_more_changes_only_what_it_should(tmp_path: Path) -> None:
    """Marts brought up to date are the same as marts made anew, and so are figures asked without any."""
    store, grown, fresh = tmp_path / "t.db", Lake(tmp_path / "grown"), Lake(tmp_path / "fresh")
    simulate(Plan(days=3, conversations=25), f"sqlite:///{tmp_path}/all.db")
    with sqlite3.connect(tmp_path / "all.db") as whole:
        rows = whole.execute("SELECT sender_id, type_name, timestamp, NULL, NULL, data FROM events ORDER BY id").fetchall()
    for part in (rows[: len(rows) // 2], rows[len(rows) // 2 :]):
        write(store, part)
        collect(grown, open_store(f"sqlite:///{store}"))
        marts = open_marts(grown)
    collect(fresh, open_store(f"sqlite:///{store}"))
    asked_at_once = measure(open_figures(fresh))
    anew = open_marts(fresh)
    pd.testing.assert_frame_equal(asked_at_once, measure(anew))
    for table in MARTS:
        order = list(table.names[:4])
        left, right = (each.table(table.name).to_pandas().sort_values(order, ignore_index=True) for each in (marts, anew))
        pd.testing.assert_frame_equal(left, right, check_dtype=False)
