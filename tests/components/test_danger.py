"""Dangers told in few words or in passing, and what only sounds like one; read by the component alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rasa.shared.utils.io import read_yaml_file

from components.danger import KINDS, Reader, compiled, learned, read_examples

FOLDER = Path(__file__).resolve().parents[2] / "data" / "danger"
ASKED = [("我的订单到哪了", "orders_ask_status"), ("怎么退货", "after_sales_return"), ("发票抬头开错了", "invoices_change")] * 2


@pytest.fixture(scope="module")
def reader() -> Reader:
    return learned(*read_examples(FOLDER), compiled(read_yaml_file(FOLDER / "words.yml")), ASKED, 30.0)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("取暖器把我小腿烫出好几个水泡", "burn"),
        ("饮水机漏电，我手臂被电麻了", "shock"),
        ("充电器冒烟了，要不要拔", "fire"),
        ("宝宝把电池吞下去了", "swallow"),
        ("吃了你们的卤肉全家上吐下泻", "poison"),
        ("凳子塌了，我奶奶摔骨折了", "injury"),
        ("厨房煤气味好大", "gas"),
        ("我不想活了", "suicide"),
        ("先帮我查下物流，对了，昨天那个插座冒烟着火了，发票也开一下", "fire"),
    ],
)
def test_a_danger_is_seen_and_named(reader: Reader, text: str, kind: str) -> None:
    found, probability = reader.read(text)
    assert (found, probability >= 0.5) == (kind, True)


@pytest.mark.parametrize("text", ["手机都快把我气炸了", "这个锅会漏电吗", "灭火器多少钱", "杯子碎了，人没事，补发一个", "查一下我的快递"])
def test_what_only_sounds_like_one_is_none(reader: Reader, text: str) -> None:
    assert reader.read(text)[1] < 0.5


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=200))
def test_any_text_is_read(reader: Reader, text: str) -> None:
    kind, probability = reader.read(text)
    assert kind in KINDS and 0 <= probability <= 1


def test_a_folder_that_lacks_a_kind_is_refused(tmp_path: Path) -> None:
    (tmp_path / "dangers.yml").write_text("danger: {burn: [烫了]}", "utf-8")
    with pytest.raises(ValueError, match="the kinds are"):
        read_examples(tmp_path)
