"""Entities over held-out sentences, through the real components, and what relative words mean on a given day."""

from __future__ import annotations

import datetime
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rasa.shared.nlu.constants import ENTITIES, TEXT
from rasa.shared.nlu.training_data.loading import load_data

from tests.components.conftest import ROOT, Pipeline
from tests.scale import times
from topics.clock import SHANGHAI

SENTENCES = ROOT / "tests" / "nlu"
TARGET = 0.95


@dataclass
class Score:
    """Spans with their entity and, where the sentence gives one, value."""

    right: Counter[str] = field(default_factory=Counter)
    missed: Counter[str] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)
    sentences: int = 0

    @property
    def f1(self) -> float:
        right = self.right.total()
        return 2 * right / (2 * right + self.missed.total() + self.wrong.total())

    def table(self) -> str:
        names = sorted(self.right | self.missed | self.wrong)
        rows = [f"{n:28}{self.right[n]:5}{self.missed[n]:5}{self.wrong[n]:5}" for n in names]
        return "\n".join([f"F1 {self.f1:.4f} over {self.sentences} sentences", f"{'':28}right miss wrong", *rows, *self.notes])


def score(pipeline: Pipeline, path: Path) -> Score:
    result = Score()
    for example in load_data(str(path)).training_examples:
        text = example.get(TEXT)
        told = [(e["entity"], e["start"], e["end"], _value(text, e)) for e in example.get(ENTITIES, [])]
        for also in ((example.get("metadata") or {}).get("example") or {}).get("also", []):
            start = text.index(also["text"])
            told.append((also["entity"], start, start + len(also["text"]), also["value"]))
        found = [(e["entity"], e["start"], e["end"], e["value"]) for e in pipeline.entities(text)]
        result.sentences += 1
        for entity, start, end, value in told:
            match = next((f for f in found if f[:3] == (entity, start, end) and value in (None, f[3])), None)
            if match:
                found.remove(match)
                result.right[entity] += 1
            else:
                result.missed[entity] += 1
                result.notes.append(f"missed {entity} {text[start:end]}{'' if value is None else '=' + value} | {text}")
        for entity, start, end, value in found:
            result.wrong[entity] += 1
            result.notes.append(f"wrong {entity} {text[start:end]}={value} | {text}")
    return result


def _value(text: str, entity: dict[str, str]) -> str | None:
    """None where the sentence gives no value of its own."""
    return None if entity["value"] == text[entity["start"] : entity["end"]] else str(entity["value"])


@pytest.mark.parametrize("name", ["entities.yml", "entities_unseen.yml"])
def test_held_out_sentences(pipeline: Pipeline, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    result = score(pipeline, SENTENCES / name)
    with capsys.disabled():
        print("\n" + result.table())
    assert result.sentences >= 100
    assert result.f1 >= TARGET, result.table()


# What a word means depends on the day it is said: a Saturday here.
@pytest.mark.parametrize(
    ("told", "entity", "value"),
    [
        ("昨天", "date", "2026-11-20"),
        ("大前天", "date", "2026-11-18"),
        ("后天送", "date", "2026-11-23"),
        ("今晚", "date", "2026-11-21"),
        ("上周五下的单", "date", "2026-11-13"),
        ("这周三", "date", "2026-11-18"),
        ("周三送", "date", "2026-11-25"),
        ("周三买的", "date", "2026-11-18"),
        ("星期六", "date", "2026-11-21"),
        ("下周一", "date", "2026-11-23"),
        ("下个礼拜天", "date", "2026-11-29"),
        ("周末在家", "period", "2026-11-21/2026-11-22"),
        ("上周", "period", "2026-11-09/2026-11-15"),
        ("这个月15号", "date", "2026-11-15"),
        ("下个月3号", "date", "2026-12-03"),
        ("上个月", "period", "2026-10-01/2026-10-31"),
        ("月底", "date", "2026-11-30"),
        ("11月3号", "date", "2026-11-03"),
        ("1月5号送", "date", "2027-01-05"),
        ("12月25号买的", "date", "2025-12-25"),
        ("十一月三号", "date", "2026-11-03"),
        ("2025年6月1日", "date", "2025-06-01"),
        ("15号买的", "date", "2026-11-15"),
        ("15号送", "date", "2026-12-15"),
        ("2026-11-03", "date", "2026-11-03"),
        ("双十一", "date", "2026-11-11"),
        ("雙11", "date", "2026-11-11"),
        ("去年双11", "date", "2025-11-11"),
        ("618", "date", "2026-06-18"),
        ("国庆", "date", "2026-10-01"),
        ("春节", "date", "2027-02-06"),
        ("去年中秋", "date", "2025-10-06"),
        ("元旦", "date", "2027-01-01"),
        ("三天前", "date", "2026-11-18"),
        ("两周后", "date", "2026-12-05"),
        ("一个月前", "date", "2026-10-21"),
        ("最近三个月", "period", "2026-08-21/2026-11-21"),
        ("去年", "period", "2025-01-01/2025-12-31"),
        ("下午", "time", "12:00/18:00"),
        ("下午三点半", "time", "15:30"),
        ("晚上8点", "time", "20:00"),
        ("半夜十一点", "time", "23:00"),
        ("9点到11点", "time", "09:00/11:00"),
        ("下午2点到5点", "time", "14:00/17:00"),
        ("三百多", "amount", "300"),
        ("一千五", "amount", "1500"),
        ("￥59.9", "amount", "59.9"),
        ("1,299元", "amount", "1299"),
        ("两块五", "amount", "2.5"),
        ("两件", "quantity", "2"),
        ("十二箱", "quantity", "12"),
        ("第十个", "ordinal", "10"),
        ("倒数第二个", "ordinal", "-2"),
        ("大一码", "size", "+1"),
        ("xl码", "size", "XL"),
    ],
)
def test_what_a_word_means(pipeline: Pipeline, told: str, entity: str, value: str) -> None:
    assert (entity, value) in {(e["entity"], e["value"]) for e in pipeline.entities(told)}


def test_another_day_another_date(pipeline: Pipeline) -> None:
    """今天 is the shop's day: 1 January begins in Shanghai while it is still 31 December in UTC."""
    new_year = datetime.datetime(2026, 12, 31, 16, 30, tzinfo=datetime.timezone.utc).astimezone(SHANGHAI)
    assert Pipeline(pipeline.spacy, new_year).said("昨天") == {("date", "昨天", "2026-12-31")}


@pytest.mark.parametrize(
    "told",
    [
        "等一下", "有一点慢", "第一次买", "第三方卖家", "第二天就坏了", "百分之百正品", "万一坏了呢", "24小时内", "七天无理由", "一共多少钱",
        "早上好", "说两点", "差点忘了", "二百五", "一块儿退", "双倍积分", "全部退掉", "三个月", "两个小时", "普通发票", "打电话给我", "手机上看不到",
        "不知道怎么弄", "退到哪里", "原路返回", "从农村寄", "在小区里", "北京发货吗", "三室一厅", "动起来吧", "漫步云端", "红包",
    ],
)  # fmt: skip
def test_look_alikes_are_nothing(pipeline: Pipeline, told: str) -> None:
    assert pipeline.entities(told) == []


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("訂單 2026 1121 0001！！", {("orders_number", "2026 1121 0001", "202611210001")}),
        ("TH202611120007", {("after_sales_slip", "TH202611120007", "TH202611120007")}),
        ("SF13800138000123", {("logistics_tracking_number", "SF13800138000123", "SF13800138000123")}),
        ("星岚X20 Pro手机", {("product", "星岚X20 Pro手机", "星岚 X20 Pro 手机")}),
        ("灵犀耳机", {("product", "灵犀耳机", "灵犀 耳机")}),
        ("改地址", {("logistics_how", "改地址", "reroute"), ("orders_change_field", "地址", "address")}),
        ("明天送", {("date", "明天", "2026-11-22"), ("logistics_how", "明天送", "date")}),
        ("3幢502室", {("address", "3幢502室", "3幢502室")}),
        (
            "昨\u200b天買的鞋子😡",
            {("date", "昨\u200b天", "2026-11-20"), ("product_category", "鞋子", "鞋")},
        ),
    ],
)
def test_places_are_in_the_customers_own_text(
    pipeline: Pipeline, told: str, expected: set[tuple[str, str, str]]
) -> None:
    assert pipeline.said(told) == expected


def test_a_tracking_number_knows_its_carrier(pipeline: Pipeline) -> None:
    carriers = [
        pipeline.entities(told)[0]["additional_info"]["carrier"]
        for told in ("SF1234567890123", "申通 773012345678901", "LXWL2611200034", "邮政EMS EA123456789CN")
    ]
    assert carriers == ["顺丰", "申通", "灵犀物流", "邮政"]


SIGNS = st.sampled_from("一二三百千万零两半第个件块元点月号日年周天前后上下大小码色的0123456789.-/:：,，@abxlsfgdth税号路区市3栋室双十国庆北京\u200b😡 ")


@settings(max_examples=times(300), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.one_of(st.text(min_size=1, max_size=40), st.lists(SIGNS, min_size=1, max_size=40).map("".join)))
def test_any_text_has_entities_in_valid_places(pipeline: Pipeline, text: str) -> None:
    for entity in pipeline.entities(text):
        assert 0 <= entity["start"] < entity["end"] <= len(text)
        assert entity["value"]
