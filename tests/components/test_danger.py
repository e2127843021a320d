"""Dangers told in few words or in passing, and what only sounds like one; read by the component alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components import sentence_vectors
from components.danger import GOODS, KINDS, UNSURE, Reader, harmless_talk, learned, read_examples
from components.lexicon import read_lexicon
from components.sentiment import read_sentences

DATA = Path(__file__).resolve().parents[2] / "data"
ASKED = ["我的订单到哪了", "怎么退货", "发票抬头开错了"] * 2


@pytest.fixture(scope="module")
def reader() -> Reader:
    felt = [*read_sentences(DATA / "sentiment")[0], *harmless_talk(DATA / "acts")]
    goods = [word.text for word in read_lexicon(DATA / "lexicon") if word.label == GOODS]
    return learned(*read_examples(DATA / "danger"), felt, ASKED, goods, 100.0)


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
        ("有人打电话说是你们售后，叫我把短信验证码报给他", "fraud"),
        ("对方自称客服，要我开共享屏幕退会员费", "fraud"),
        ("我把卡号和密码填到他发的链接里了", "fraud"),
        ("笔记本电池胀起来把键盘顶歪了，还烫", "fire"),
        ("摸着机器外壳手指一阵一阵发酥", "shock"),
        ("粥里吃出碎玻璃，嘴里有血", "swallow"),
        ("先帮我查下物流，对了，昨天那个插座冒烟着火了，发票也开一下", "fire"),
    ],
)
def test_a_danger_is_seen_and_named(reader: Reader, text: str, kind: str) -> None:
    found = reader.read(text)
    assert (found.kinds[0], found.confidence >= 0.5) == (kind, True)


@pytest.mark.parametrize(
    "text",
    ["炸锅下面那层油垢拿什么洗", "烧水壶和炸锅一个插座带得动吗", "炸锅篮子能单买一个吗", "hai neng huan yan se ma"],
)
def test_what_goods_are_called_is_no_danger(reader: Reader, text: str) -> None:
    assert reader.read(text).confidence < 0.5


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("插座漏电电了我，手上还烫了个泡", {"shock", "burn"}),
        ("烤箱冒烟了，我去关的时候手被烫脱皮了", {"fire", "burn"}),
        ("我被热水器电了，摔在浴室里头破了，流了好多血", {"shock", "injury"}),
        ("娃被开水烫了", {"burn"}),
    ],
)
def test_two_dangers_at_once_are_both_told(reader: Reader, text: str, kinds: set[str]) -> None:
    assert set(reader.read(text).kinds) == kinds


@pytest.mark.parametrize("talk", [["刚接到个电话说退款", "要我操作", "我给了四位"], ["那边说快递丢了赔我三倍", "加他qq", "要卡号"]])
def test_a_fraud_told_in_pieces_is_heard(reader: Reader, talk: list[str]) -> None:
    *before, last = talk
    told = reader.pieced(before, last, reader.read(last))
    assert told.kinds == ["fraud"] and told.confidence >= 0.5


@pytest.mark.parametrize(
    "talk", [["快递员打电话来", "要取件码", "我给他了"], ["帮我查下退款", "客服让我等", "等了两天"], ["会员怎么关", "谢谢"]]
)
def test_pieces_of_something_harmless_are_none(reader: Reader, talk: list[str]) -> None:
    *before, last = talk
    assert reader.pieced(before, last, reader.read(last)).confidence < 0.5


@pytest.mark.parametrize("text", ["手机都快把我气炸了", "收不到验证码", "取件码报给快递员行吗", "卡插上打了个电话", "通电了不加热", "充着电呢，旁边立了把椅子", "电源插好了 前面有个花架", "这个锅会漏电吗", "灭火器多少钱", "杯子碎了，人没事，补发一个", "查一下我的快递"])
def test_what_only_sounds_like_one_is_none(reader: Reader, text: str) -> None:
    assert reader.read(text).confidence < 0.5


@pytest.mark.parametrize("text", ["洗碗机横着搬来的，要站多久才敢插电", "我家那位死活不肯喝这个茶", "净水桶拿消毒片泡过，接水前冲几遍"])
def test_what_n_grams_are_not_sure_of_is_read_by_its_meaning(reader: Reader, text: str) -> None:
    assert reader.read(text).confidence < 0.5


def test_what_is_told_in_passing_does_not_drown_in_what_the_whole_means(reader: Reader) -> None:
    said = "你好，帮我看下上周那单到哪了，灶台边上臭气一阵一阵的我头发晕，我想换个地址，发票抬头也开成公司的"
    assert reader.read(said).confidence >= 0.5


def test_what_n_grams_are_sure_of_needs_no_vector(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sentence_vectors, "vector", lambda text: pytest.fail(text))
    assert reader.read("宝宝把电池吞下去了").confidence > UNSURE[1]
    assert reader.read("查一下我的快递").confidence < UNSURE[0]


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=200))
def test_any_text_is_read(reader: Reader, text: str) -> None:
    found = reader.read(text)
    assert set(found.kinds) <= set(KINDS) and 0 <= found.confidence <= 1


def test_a_folder_that_lacks_a_kind_is_refused(tmp_path: Path) -> None:
    (tmp_path / "dangers.yml").write_text("danger: {burn: [烫了]}", "utf-8")
    with pytest.raises(ValueError, match="the kinds are"):
        read_examples(tmp_path)
