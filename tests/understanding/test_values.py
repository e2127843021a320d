"""What a message gives: the right words, and no others."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from components.understanding.said import FAULTS
from components.understanding.value_examples import (
    KINDS,
    Example,
    ExamplesError,
    marked,
    of_folder,
    read_examples,
)
from components.understanding.values import PERSON, context, whose
from tests.understanding.learned import CONTEXTS, ROOT, reader, values

HERE, MEASURED = Path(__file__).parent / "values", Path(__file__).parent / "measured"
SAME = {"room": "address"}
TRIED = "after_sales_return"


def found(example: Example) -> set[tuple[str, str]]:
    """Kind and words of what is learned."""
    read = reader().read(example.text, (), example.asked)
    return {(kind, v.value) for v in read if (kind := SAME.get(v.kind, v.kind)) in KINDS}


def wanted(example: Example) -> set[tuple[str, str]]:
    return {(span.kind, example.text[span.start : span.end]) for span in example.spans if span.kind in KINDS}


@pytest.mark.parametrize("example", read_examples(HERE / "seen.yml"), ids=lambda each: f"{each.asked}: {each.text}")
def test_the_words_meant_for_it_and_no_others(example: Example) -> None:
    assert found(example) == wanted(example)


def test_sentences_never_looked_at(capsys: pytest.CaptureFixture[str]) -> None:
    """As said in a form, or about what the first sentence is about; the figure is printed."""
    right, missed, wrong = Counter[str](), Counter[str](), Counter[str]()
    whole, examples = 0, read_examples(HERE / "unseen.yml")
    for example in examples:
        got, told = found(example), wanted(example)
        got = {each for each in got if each[0] != "denied"}
        whole += got == told
        for kind, _ in got & told:
            right[kind] += 1
        for kind, _ in told - got:
            missed[kind] += 1
        for kind, _ in got - told:
            wrong[kind] += 1
    f1 = 2 * right.total() / (2 * right.total() + missed.total() + wrong.total())
    with capsys.disabled():
        print(f"\nvalues, unseen: {whole} of {len(examples)} messages whole, F1 of {right.total() + missed.total()} values {f1:.3f}")
        for kind in sorted(right | missed | wrong):
            print(f"  {kind:8} right {right[kind]:3}  missed {missed[kind]:3}  wrong {wrong[kind]:3}")
    assert f1 >= 0.75


@pytest.mark.parametrize(
    ("reason", "code"),
    [("穿着挤脚", "size"), ("快递给摔裂了", "damaged"), ("送来的不是我选的颜色", "wrong_item"), ("少了一根数据线", "missing"),
     ("用两天就不转了", "quality"), ("不想要了", "no_reason"), ("没坏，就是不喜欢", "no_reason"), ("不是质量问题，买大了", "size")],
)  # fmt: skip
def test_a_reason_has_its_code(reason: str, code: str) -> None:
    assert reader().code(reason) == code


def test_a_fault_is_claimed_only_where_one_is_told() -> None:
    """238 sayings by three other hands: a fault that nobody told promises that the shop pays."""
    rows = [line.split("\t") for line in (MEASURED / "reasons.tsv").read_text("utf-8").splitlines()[1:]]
    read = [(code, reader().code(said)) for code, said in rows]
    right = sum(code == told for code, told in read) / len(read)
    harmless = [told for code, told in read if code not in FAULTS]
    false = sum(told in FAULTS for told in harmless) / len(harmless)
    print(f"\nreasons: {right:.1%} of {len(read)} right, {false:.1%} of {len(harmless)} read as a fault that are none")
    assert right >= 0.72 and false <= 0.1


def test_the_same_words_are_what_was_asked_for() -> None:
    as_title = values("李四", "chat_inform", {"requested_slot": "invoices_title"}, [])
    as_name = values("李四", "chat_inform", {"requested_slot": "orders_change_value", "orders_change_field": "recipient"}, [])
    assert [(v["kind"], v.get("code")) for v in as_title] == [("title", PERSON)]
    assert [v["kind"] for v in as_name] == ["name"]


def test_what_has_a_form_of_its_own_comes_from_the_entities() -> None:
    entities = [{"entity": "phone", "value": "13800138000", "start": 2, "end": 13}, {"entity": "date", "value": "2026-11-22"}]
    read = reader().read("电话13800138000", entities, "orders")
    assert {(v.kind, v.value) for v in read} == {("phone", "13800138000"), ("day", "2026-11-22")}


@pytest.mark.parametrize(("title", "who"), [("李四", "person"), ("欧阳雪梅", "person"), ("嘉禾一品", "company"), ("晨光文具店", "company")])
def test_whose_a_title_is(title: str, who: str) -> None:
    assert whose(title) == who


def test_a_message_out_of_any_form_is_read_by_its_topic() -> None:
    assert context(CONTEXTS, TRIED, None, lambda name: None) == "after_sales"
    assert context(CONTEXTS, "faq", None, lambda name: None) == "none"
    assert context(CONTEXTS, TRIED, "logistics_detail", {"logistics_how": "reroute"}.get) == "address"


def test_what_is_said_to_be_wrong_or_told_twice_is_given_once() -> None:
    text = "是5号楼 5号楼802 4号楼是我同事家"
    address = {"entity": "address", "value": "5号楼 5号楼802 4号楼", "start": 1, "end": text.index("是我")}
    read = reader().read(text, [address], "confirmed")
    assert [(v.kind, v.value) for v in read] == [("room", "5号楼"), ("room", "5号楼802")]


@pytest.mark.parametrize(
    ("text", "name"),
    [("写我姐 许文静 13700000001", "许文静"), ("就写罗明 13700000001", "罗明"), ("打我常用的 13700000001", None),
     ("方便 13700000001", None), ("单位 13700000001", None)],
)  # fmt: skip
def test_who_is_named_before_a_phone(text: str, name: str | None) -> None:
    phone = {"entity": "phone", "value": "13700000001", "start": text.index("137"), "end": len(text)}
    assert next((v.value for v in reader().read(text, [phone], "confirmed") if v.kind == "name"), None) == name


def test_an_example_is_written_plainly() -> None:
    example = marked("none", "[那个台灯|不亮](reason)，退")
    assert example.text == "那个台灯不亮，退" and example.text[: example.spans[0].end] == "那个台灯不亮"


def test_an_unknown_kind_is_named(tmp_path: Path) -> None:
    data = ROOT / "data" / "values"
    for name in ("words.yml", "contexts.yml"):
        (tmp_path / name).write_text((data / name).read_text("utf-8"), "utf-8")
    (tmp_path / "examples.yml").write_text("examples:\n  none:\n  - '[李四](surname)'\n", "utf-8")
    with pytest.raises(ExamplesError, match="surname"):
        of_folder(tmp_path, ROOT / "data" / "after_sales" / "reasons.yml")
