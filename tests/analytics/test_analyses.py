"""The analyses on frames whose truth is known."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
import yaml

from analytics.analyses import (
    agents,
    anomalies,
    changes,
    demand,
    experiment,
    quality,
    questions,
    staffing,
    topics,
    words,
)

SINCE = date(2026, 10, 1)
DAYS = [SINCE + timedelta(days=each) for each in range(35)]


def topic_days(draw: np.random.Generator, rise: float = 1.0, volume: float = 1.0) -> pd.DataFrame:
    """Thirty topics for five weeks, weekends busier; in the last week `t3` rises, and everything grows by `volume`."""
    rows = []
    for day in DAYS:
        last = day >= DAYS[28]
        counts = {
            f"t{n}": draw.poisson((5 + 3 * n) * (1.3 if day.weekday() > 4 else 1) * (volume if last else 1) * draw.gamma(20, 1 / 20))
            for n in range(30)
        }
        if last:
            counts["t3"] = int(counts["t3"] * rise)
        rows += [(day, topic, count, sum(counts.values())) for topic, count in counts.items() if count]
    return pd.DataFrame(rows, columns=["day", "topic", "count", "messages"])


def test_a_rising_topic_is_found_and_little_else():
    draw = np.random.default_rng(0)
    found, others = 0, 0
    for _ in range(20):
        hot = topics.hot_topics(topic_days(draw, rise=2.0), DAYS[28], DAYS[28] + timedelta(days=7))
        found += "t3" in set(hot["topic"])
        others += len(set(hot["topic"]) - {"t3"})
    assert found >= 19 and others <= 2


def test_growth_of_everything_makes_no_topic_hot():
    draw = np.random.default_rng(1)
    hot = [topics.hot_topics(topic_days(draw, volume=3.0), DAYS[28], DAYS[28] + timedelta(days=7)) for _ in range(10)]
    assert sum(map(len, hot)) <= 1


def test_a_topic_never_seen_before_is_told_as_new():
    days = topic_days(np.random.default_rng(2))
    days = pd.concat([days, pd.DataFrame([(DAYS[30], "鼓包", 9, 2000)], columns=days.columns)], ignore_index=True)
    hot = topics.hot_topics(days, DAYS[28], DAYS[28] + timedelta(days=7)).set_index("topic")
    assert hot.loc["鼓包", "new"] and hot.loc["鼓包", "count"] == 9


def test_without_days_before_nothing_is_hot():
    days = topic_days(np.random.default_rng(3))
    assert topics.hot_topics(days, SINCE, SINCE + timedelta(days=7)).empty


def test_words_carry_content_and_nothing_masked():
    assert {"充电", "发烫"} <= words.words_of("耳机充电的时候发烫，请问怎么办")
    assert words.words_of("收货地址是上海市浦东新区******") == set()
    cloud = words.word_cloud(pd.DataFrame({"text": ["充电发烫", "充电慢", "退货"], "count": [2, 1, 1]}))
    assert cloud.iloc[0][["word", "messages", "example"]].tolist() == ["充电", 3, "充电发烫"]


ASKED = {
    "花呗": "能用花呗分期吗 花呗可以分期么 支持花呗分期付款不 花呗能分几期 可不可以花呗三期",
    "海外": "海外能寄吗 可以寄到国外吗 能不能寄到新加坡 你们支持国际快递吗 寄美国要多少钱",
}


def asked_frame(missed: bool) -> pd.DataFrame:
    rows = [(text, f"c{n}", n, missed) for n, text in enumerate(" ".join(ASKED.values()).split())]
    return pd.DataFrame(rows, columns=["text", "conversation", "at_ms", "missed"])


def test_unanswered_questions_are_grouped_by_meaning_and_become_entries():
    groups = questions.unanswered(asked_frame(missed=True), pd.DataFrame({"text": [], "intent": []}))
    assert len(groups) == 2
    assert {frozenset(group.variants) & frozenset(ASKED["花呗"].split()) != frozenset() for group in groups} == {True, False}
    entries = yaml.safe_load(questions.knowledge_entries(groups))["entries"]
    assert [entry["asked"] for entry in entries] == [group.count for group in groups]
    assert all(entry["question"] not in entry["variants"] and entry["answer"] == "" for entry in entries)


def test_what_was_not_understood_becomes_examples_of_the_nearest_intent_or_a_new_one():
    known = pd.DataFrame({"text": ["能用花呗分期付款吗", "花呗分期怎么用", "花呗可以分期吗", "支持花呗分期吗", "花呗分几期"], "intent": "payments_ask_instalments"})
    groups = questions.unanswered(asked_frame(missed=False), known)
    assert {group.proposal for group in groups} == {"examples", "intent"}
    told = yaml.safe_load(questions.training_data(groups))
    assert told["version"] == "3.1"
    assert {line["intent"] for line in told["nlu"]} == {"payments_ask_instalments", "new_1"}
    assert all(line["examples"].startswith("- ") for line in told["nlu"])


def test_a_mumble_is_no_proposal_and_a_question_asked_again_and_again_is():
    rows = [("asdf", f"c{n}", n, False) for n in range(9)] + [("你们收旧电池吗", f"d{n}", n, True) for n in range(4)]
    asked = pd.DataFrame(rows, columns=["text", "conversation", "at_ms", "missed"])
    (group,) = questions.unanswered(asked, pd.DataFrame({"text": [], "intent": []}))
    assert (group.question, group.count, group.proposal) == ("你们收旧电池吗", 4, "entry")


def agent_days(draw: np.random.Generator, bad: str | None) -> pd.DataFrame:
    rows = []
    for agent in (f"A{n:02}" for n in range(12)):
        slow = 3.0 if agent == bad else 1.0
        for day in DAYS:
            sessions = draw.poisson(25) + 1
            rows.append(
                {
                    "agent_id": agent, "day": day, "sessions": sessions, "messages": 3 * sessions,
                    "answer_ms": draw.lognormal(10, 0.2) * slow, "handling_ms": draw.lognormal(12.5, 0.3) * slow,
                    "resolved": draw.binomial(sessions, 0.5 if agent == bad else 0.85),
                    "score": draw.normal(2.8 if agent == bad else 4.3, 0.3), "scores": 8,
                    "angry_end": draw.binomial(sessions, 0.2 if agent == bad else 0.03),
                }
            )  # fmt: skip
    return pd.DataFrame(rows)


def test_a_bad_agent_is_alone_in_the_low_level_and_stays_there():
    levels = agents.levels(agent_days(np.random.default_rng(0), "A05"))
    assert levels is not None
    assert list(levels.index[levels["level"] == "low"]) == ["A05"]
    assert levels.loc["A05", "stability"] >= 0.95


def test_among_equals_the_levels_are_told_as_unstable():
    levels = agents.levels(agent_days(np.random.default_rng(0), None))
    assert levels is not None and levels.attrs["agreement"] < 0.5


def test_few_agents_have_no_levels():
    days = agent_days(np.random.default_rng(0), None)
    assert agents.levels(days[days["agent_id"] < "A05"]) is None


@pytest.mark.parametrize(
    ("speaker", "text", "rule"),
    [
        ("agent", "你把验证码发给我", "asks_for_secrets"),
        ("agent", "请不要把验证码告诉我", None),
        ("agent", "这个不归我管。", "forbidden_words"),
        ("agent", "等着", "harsh_tone"),
        ("agent", "加我微信聊", "off_platform"),
        ("agent", "保证明天到", "rash_promise"),
        ("customer", "我要打12315", "customer_risk"),
        ("customer", "这个不归我管。", None),
        ("agent", "已经为您登记，预计明天 18:00 前有结果", None),
    ],
)
def test_quality_rules(speaker, text, rule):
    found = quality.violations(pd.DataFrame({"speaker": [speaker], "text": [text], "conversation_id": ["c1"]}))
    assert found["rule"].tolist() == ([rule] if rule else [])
    assert not rule or (found["matched"][0] in text and found["conversation_id"][0] == "c1")


def customers(draw: np.random.Generator, effect: float, size: int = 4000) -> pd.DataFrame:
    bucket = np.where(draw.random(size) < 0.5, "a", "b")
    return pd.DataFrame({"bucket": bucket, "outcome": (draw.random(size) < 0.6 + effect * (bucket == "b")).astype(float)})


def test_an_effect_is_found_and_its_interval_holds_it():
    found = [experiment.compare(customers(np.random.default_rng(seed), 0.08), 0.03) for seed in range(20)]
    assert sum(each.decision is experiment.Decision.B_HIGHER for each in found) >= 19
    assert sum(each.always_low <= 0.08 <= each.always_high for each in found) >= 19


def test_no_effect_is_not_found_although_one_looks_every_day():
    wrong = 0
    for seed in range(40):
        whole = customers(np.random.default_rng(seed), 0.0)
        looks = [experiment.compare(whole.head(size), 0.03) for size in range(200, 4001, 800)]
        wrong += any(look.decision in (experiment.Decision.A_HIGHER, experiment.Decision.B_HIGHER) for look in looks)
    assert wrong <= 3


def test_no_effect_ends_in_no_difference_worth_anything():
    compared = experiment.compare(customers(np.random.default_rng(1), 0.0, 40_000), 0.03)
    assert compared.decision is experiment.Decision.NO_DIFFERENCE


def test_a_lopsided_draw_is_not_believed():
    whole = customers(np.random.default_rng(1), 0.08)
    sifted = whole[(whole["bucket"] == "a") | (whole.index % 4 > 0)]
    assert experiment.compare(sifted, 0.03).decision is experiment.Decision.LOPSIDED


@pytest.mark.parametrize(("agents_", "load", "waits"), [(5, 4.0, 0.5541), (12, 10.0, 0.4494), (1, 0.5, 0.5)])
def test_erlang_c_as_in_its_tables(agents_, load, waits):
    assert staffing.waiting_probability(agents_, load) == pytest.approx(waits, abs=5e-4)


@pytest.mark.parametrize(("arrivals", "work"), [(1 / 30, 240), (1 / 120, 150), (1 / 60, 600)])
def test_the_staff_needed_reaches_the_goal_in_a_played_queue_and_one_less_does_not(arrivals, work):
    goal = staffing.Goal(occupancy=1.0)
    needed = staffing.agents_needed(arrivals, work, goal)
    assert staffing.simulated_service_level(needed, arrivals, work, goal.seconds) >= goal.share - 0.01
    assert staffing.simulated_service_level(needed - 1, arrivals, work, goal.seconds) < goal.share


def test_a_wrong_unit_is_told():
    with pytest.raises(ValueError, match="work in seconds"):
        staffing.agents_needed(1.0, 240_000)


def demand_history(draw: np.random.Generator) -> pd.DataFrame:
    rows = []
    for day in DAYS:
        for slot in range(48):
            rate = 10 * np.exp(-(((slot - 20) / 8) ** 2)) + 8 * np.exp(-(((slot - 40) / 5) ** 2))
            rows.append((day, slot, draw.poisson(rate * (1.4 if day.weekday() > 4 else 1))))
    return pd.DataFrame(rows, columns=["day", "slot", "count"])


def test_demand_follows_its_rhythm_and_beats_last_week():
    told = demand.forecast(demand_history(np.random.default_rng(0)))
    assert told is not None and told.error < told.naive_error
    slots = told.slots.set_index(["day", "slot"])["expected"]
    saturday, monday = date(2026, 11, 7), date(2026, 11, 9)
    assert slots[saturday, 20] == pytest.approx(14, rel=0.15) and slots[monday, 20] == pytest.approx(10, rel=0.15)


def test_demand_of_a_few_days_is_not_forecast():
    assert demand.forecast(demand_history(np.random.default_rng(0)).head(48 * 10)) is None


def test_half_hours_hold_the_empty_ones_too():
    at = pd.DataFrame({"at": pd.to_datetime(["2026-10-01 09:31", "2026-10-01 09:59", "2026-10-02 00:00"])})
    told = demand.half_hours(at, SINCE, SINCE + timedelta(days=2))
    assert len(told) == 96 and told.set_index(["day", "slot"])["count"][SINCE, 19] == 2


def watched(draw: np.random.Generator) -> pd.DataFrame:
    hours = pd.date_range(SINCE, periods=35 * 24, freq="h")
    clock = np.asarray(hours.hour)
    rate = 40 * np.exp(-(((clock - 10) / 4) ** 2)) + 32 * np.exp(-(((clock - 20) / 2.5) ** 2)) + 2
    count = draw.poisson(rate * draw.gamma(30, 1 / 30, len(hours)))
    return pd.DataFrame({"n": count.astype(float), "value": draw.binomial(count, 0.08).astype(float)}, index=hours)


def test_an_outage_is_one_alarm_with_its_hours_and_ordinary_days_have_none():
    hours = watched(np.random.default_rng(0))
    since, until = pd.Timestamp(DAYS[28]), pd.Timestamp(DAYS[34])
    assert anomalies.anomalies("fallbacks", hours, since, until) == []
    out = slice("2026-11-01 14:00", "2026-11-01 16:00")
    hours.loc[out, "value"] = (hours.loc[out, "n"] * 0.7).round()
    (found,) = anomalies.anomalies("fallbacks", hours, since, until)
    assert (found.start, found.end) == (pd.Timestamp("2026-11-01 14:00"), pd.Timestamp("2026-11-01 17:00"))
    assert found.value == pytest.approx(0.7, abs=0.05) and found.expected == pytest.approx(0.08, abs=0.03)


def test_silence_is_an_anomaly_of_a_count():
    hours = watched(np.random.default_rng(1))[["n"]].rename(columns={"n": "value"})
    hours.loc["2026-11-01 09:00":"2026-11-01 11:00", "value"] = 0
    found = anomalies.anomalies("turns", hours, pd.Timestamp(DAYS[28]), pd.Timestamp(DAYS[34]))
    assert [each.start.hour for each in found] == [9] and found[0].z < -anomalies.ALARM


def test_contributions_add_up_and_name_the_part():
    before = pd.DataFrame({"part": ["orders", "returns"], "value": [4.5, 4.4], "n": [100, 100]})
    now = pd.DataFrame({"part": ["orders", "returns", "defect"], "value": [4.5, 4.4, 2.0], "n": [100, 100, 50]})
    told = changes.contributions(now, before)
    assert told["contribution"].sum() == pytest.approx((4.5 * 100 + 4.4 * 100 + 2 * 50) / 250 - 4.45)
    assert told.iloc[0]["part"] == "defect"
