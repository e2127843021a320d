"""Importing: every kind of file becomes proposals with their places, and a bad one a sentence, in bounded time."""

from __future__ import annotations

import csv
import io
import os
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from docx import Document
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook
from pypdf import PdfWriter
from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject

from backoffice.database import Database
from backoffice.effects.knowledge import Editing, content_of, edit
from backoffice.knowledge.demo import FOLDER
from backoffice.knowledge.importing import Import, run
from backoffice.knowledge.imports import formats
from backoffice.knowledge.imports.plan import Action, Plan
from backoffice.knowledge.imports.proposals import Reading, Unreadable
from backoffice.knowledge.imports.reading import FILE_BYTES, read_file
from backoffice.knowledge.published import published
from backoffice.models import KnowledgeEntry
from tests.backoffice.conftest import fresh_database
from tests.backoffice.shop import NOW
from tests.scale import times

FAQ = """# 样例店规则

生效日期: 2026-01-01 · 负责人: 王主管

## 多少钱包邮？
<!-- id: my-1 · category: 运费 · tags: 包邮、运费 -->

满 99 元包邮。

## 怎么退货？
<!-- id: my-2 · category: 退货 -->

在订单里点退货。
"""
GUIDE = """# 样例电水壶 使用说明书

## 首次使用

先烧一壶清水倒掉。

## 参数

| 项目 | 数值 |
|---|---|
| 容量 | 1.7 升 |
| 功率 | 1800 瓦 |
"""


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Database]:
    with fresh_database("sqlite", tmp_path) as database:
        database.migrate()
        yield database


def bring(store: Database, reading: Reading, *, dry_run: bool = False, publish: bool = False) -> Plan:
    with store.write() as session:
        return run(Editing(session, NOW, "小王"), Import(reading, "小王", publish=publish), dry_run=dry_run)


def counts(plan: Plan) -> dict[str, int]:
    return {action.value: count for action in Action if (count := plan.count(action))}


def words(told: str, name: str) -> Reading:
    return formats.read(told.encode(), name)


def test_a_document_with_keys_is_drafted_once_and_live_only_when_told(store: Database) -> None:
    reading = words(FAQ, "规则.md")
    assert counts(bring(store, reading, dry_run=True)) == {"make": 2}
    with store.read() as session:
        assert session.get(KnowledgeEntry, "my-1") is None
    assert counts(bring(store, reading)) == {"make": 2}
    assert counts(bring(store, reading)) == {"leave": 2}
    with store.read() as session:
        assert published(session, NOW) == []
        said = content_of(session, "my-1", 1)
    assert (said.question, said.category, said.tags) == ("多少钱包邮？", "运费", ("包邮", "运费"))
    changed = words(FAQ.replace("满 99 元", "满 88 元"), "规则.md")
    told = bring(store, changed, publish=True)
    assert counts(told) == {"change": 1, "leave": 1}
    assert [line.changed for line in told.lines if line.action is Action.CHANGE] == [("answer",)]
    with store.read() as session:
        live = published(session, NOW)
    assert [(entry.key, entry.version, entry.answer) for entry in live] == [("my-1", 2, "满 88 元包邮。")]
    assert live[0].source["owner"] == "王主管"


def test_what_people_changed_stays_unless_the_file_changed_the_same(store: Database) -> None:
    bring(store, words(FAQ, "规则.md"))
    with store.write() as session:
        said = content_of(session, "my-1", 1).model_copy(update={"answer": "满 79 元包邮。"})
        edit(Editing(session, NOW, "小王"), "my-1", 1, said)
    told = bring(store, words(FAQ, "规则.md"))
    assert counts(told) == {"leave": 2}
    assert "改过" in told.lines[0].reason
    bring(store, words(FAQ.replace("category: 运费", "category: 配送"), "规则.md"))
    with store.read() as session:
        said = content_of(session, "my-1", 3)
    assert (said.category, said.answer) == ("配送", "满 79 元包邮。")


def test_headings_and_tables_become_proposals_with_their_place() -> None:
    first, second = words(GUIDE, "11-水壶.md").proposals
    assert (first.question, first.place) == ("首次使用（样例电水壶）", "首次使用")
    assert second.variants == ("容量（样例电水壶）", "功率（样例电水壶）")
    assert "| 容量 | 1.7 升 |" in second.answer
    assert second.source == {"file": "11-水壶.md", "place": "参数"}
    assert words(GUIDE, "11-水壶.md").proposals[0].key == first.key


def test_refusals_say_where_and_why(store: Database) -> None:
    told = words(
        "# 规则\n\n## 甲？\n<!-- id: UPPER · category: 其他 -->\n\n答。\n\n## 乙？\n<!-- id: b -->\n\n"
        "## 丙？\n<!-- id: c · color: red -->\n\n答。\n\n## 丁？\n<!-- id: d · from: soon -->\n\n答。\n\n"
        "## 甲？\n<!-- id: e · category: 其他 -->\n\n答。\n\n## 甲？\n<!-- id: f · category: 其他 -->\n\n答。\n",
        "规则.md",
    )
    lines = bring(store, told, dry_run=True).lines
    refused = {line.place: line.reason for line in lines if line.action is Action.REFUSE}
    assert "id 只能用" in next(line.reason for line in lines if line.key is None and line.place == "甲？")
    assert refused["乙？"] == "标题下没有答案"
    assert "color" in refused["丙？"]
    assert refused["丁？"].startswith("valid_from")
    assert [line.reason for line in lines if line.key == "f"] == ["同样的问题已有条目 e"]


def docx(path: Path) -> None:
    document = Document()
    document.add_heading("样例电水壶 使用说明书", 0)
    document.add_heading("首次使用", 1)
    document.add_paragraph("先烧一壶清水倒掉。")
    document.add_paragraph("不要超过刻度", style="List Bullet")
    document.add_heading("参数", 1)
    table = document.add_table(rows=2, cols=2)
    for row, told in zip(table.rows, (("项目", "数值"), ("容量", "1.7 升")), strict=True):
        for cell, value in zip(row.cells, told, strict=True):
            cell.text = value
    document.save(str(path))


def html(path: Path) -> None:
    path.write_text(
        "<html><head><title>x</title><style>p{}</style></head><body><nav>首页</nav>"
        "<h1>样例电水壶 使用说明书</h1><script>alert('坏')</script>"
        "<h2>首次使用</h2><div>先烧一壶<b>清水</b>倒掉。</div><ul><li>不要超过刻度</li></ul>"
        "<p style='display:none'>看不见的字</p>"
        "<h2>参数</h2><table><tr><th>项目</th><th>数值</th></tr><tr><td>容量</td><td>1.7 升</td></tr></table>"
        "<img src=x onerror=alert(1)><!-- 注释 --></body></html>",
        "gb18030",
    )


@pytest.mark.parametrize(("name", "write"), [("水壶.docx", docx), ("水壶.html", html)])
def test_word_and_html_give_the_same_sections(
    name: str, write: Callable[[Path], None], tmp_path: Path
) -> None:
    write(tmp_path / name)
    first, second = read_file(tmp_path / name).proposals
    assert first.question == "首次使用（样例电水壶）"
    assert "先烧一壶" in first.answer
    assert "- 不要超过刻度" in first.answer
    assert "| 容量 | 1.7 升 |" in second.answer
    assert second.variants == ("容量（样例电水壶）",)
    for dropped in ("alert", "看不见", "注释", "首页"):
        assert dropped not in first.answer + second.answer


def pdf_bytes(pages: list[list[str]], password: str | None = None) -> bytes:
    """A PDF with one line of text after another, in Latin letters (its font has no others)."""
    writer = PdfWriter()
    for lines in pages:
        page = writer.add_blank_page(600, 800)
        font = DictionaryObject(
            {
                NameObject("/Type"): NameObject("/Font"),
                NameObject("/Subtype"): NameObject("/Type1"),
                NameObject("/BaseFont"): NameObject("/Helvetica"),
            }
        )
        page[NameObject("/Resources")] = DictionaryObject(
            {NameObject("/Font"): DictionaryObject({NameObject("/F1"): font})}
        )
        stream = DecodedStreamObject()
        told = "".join(f"({line}) Tj T* " for line in lines)
        stream.set_data(f"BT /F1 12 Tf 14 TL 50 750 Td {told} ET".encode())
        page[NameObject("/Contents")] = writer._add_object(stream)
    if password:
        writer.encrypt(password)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def test_a_pdf_gives_sections_with_their_page(tmp_path: Path) -> None:
    pages = [
        ["1. First use", "Boil clean water once.", "2. Care", "Wipe it dry."],
        ["3. Faults", "E1 is heat."],
    ]
    (tmp_path / "kettle.pdf").write_bytes(pdf_bytes(pages))
    told = read_file(tmp_path / "kettle.pdf").proposals
    assert [(each.answer, each.source["page"]) for each in told] == [
        ("Boil clean water once.", 1),
        ("Wipe it dry.", 1),
        ("E1 is heat.", 2),
    ]
    assert "First use" in told[0].question


def test_csv_in_gb18030_and_excel_are_read_alike(tmp_path: Path) -> None:
    rows = [
        ["编号", "问题", "答案", "相似问", "类别", "短信"],
        ["Q-1", "多少钱包邮？", "满 99 元，\n偏远除外。", "包邮吗|要邮费吗", "运费", "满99包邮"],
        ["", "怎么退货？", "", "", "", ""],
        ["", "几点下班？", "22 点。", "", "", ""],
    ]
    out = io.StringIO()
    csv.writer(out, delimiter=";").writerows(rows)
    (tmp_path / "表.csv").write_bytes(out.getvalue().encode("gb18030"))
    book = Workbook()
    for row in rows:
        book.active.append(row)
    book.save(tmp_path / "表.xlsx")
    for name in ("表.csv", "表.xlsx"):
        told = read_file(tmp_path / name)
        first, second = told.proposals
        assert (first.key, first.variants, first.category) == ("q-1", ("包邮吗", "要邮费吗"), "运费")
        assert (first.answer, first.short) == ("满 99 元，\n偏远除外。", {"sms": "满99包邮"})
        assert second.place.endswith("第 4 行")
        [refusal] = told.refusals
        assert (refusal.place.split()[-2:], refusal.reason) == (["3", "行"], "缺少答案")


def test_tickets_lose_who_asked_and_fold_what_is_the_same() -> None:
    head = "工单号,客户问题,最终答复,类别,满意度\n"
    told = words(
        head
        + "GD1,我叫李建国，电话13812345678，订单LX20260102000417，坏果怎么赔,李先生您好，按比例退款。,生鲜,4\n"
        + "GD2,坏果怎么赔呢,坏几个退几个的钱。,生鲜,5\nGD3,,无,其他,1\n",
        "工单.csv",
    )
    [proposal] = told.proposals
    assert (proposal.question, proposal.answer) == ("坏果怎么赔呢", "坏几个退几个的钱。")
    assert proposal.variants == ("坏果怎么赔",)
    assert [refusal.place for refusal in told.refusals] == ["第 4 行"]
    demo = read_file(FOLDER / "14-历史工单样例.csv").as_json()
    for personal in ("13800020417", "13900001286", "6222000000000000417", "王小明", "林小测", "李雷"):
        assert personal not in demo


def zip_bomb(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", b"0" * (90 * 1024 * 1024))
        archive.writestr("xl/workbook.xml", b"0" * (90 * 1024 * 1024))


def lying_zip(path: Path) -> None:
    zip_bomb(path)
    told = path.read_bytes()
    size = (90 * 1024 * 1024).to_bytes(4, "little")
    path.write_bytes(told.replace(size, (1000).to_bytes(4, "little")))


def entities(path: Path) -> None:
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    with zipfile.ZipFile(path, "w") as archive:
        xml = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY l0 "ha">{laughs}]><x>&l9;</x>'
        archive.writestr("word/document.xml", xml)
        archive.writestr("xl/workbook.xml", xml)


def far_cell(path: Path) -> None:
    book = Workbook()
    book.active["A1"] = "问题"
    book.active["XFD1048576"] = "远"
    book.save(path)


def big(path: Path) -> None:
    with path.open("wb") as file:
        file.write(b"%PDF-1.7\n")
        file.truncate(100 * 1024 * 1024)


def writing(content: bytes) -> Callable[[Path], None]:
    return lambda path: path.write_bytes(content) and None  # type: ignore[func-returns-value]


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 2000
BAD: dict[str, tuple[Callable[[Path], Any], str]] = {
    "大.pdf": (big, "文件太大"),
    "密.pdf": (writing(pdf_bytes([["secret"]], "pass")), "加了密码"),
    "扫描.pdf": (writing(pdf_bytes([[]])), "没有文字"),
    "坏.pdf": (writing(b"%PDF-1.7\n" + os.urandom(5000)), "损坏"),
    "弹.docx": (zip_bomb, "展开后太大"),
    "弹.xlsx": (zip_bomb, "展开后太大"),
    "谎.docx": (lying_zip, "展开后太大|损坏"),
    "实体.docx": (entities, "不允许"),
    "实体.xlsx": (entities, "不允许"),
    "远.xlsx": (far_cell, "两列"),
    "旧.docx": (writing(OLE), "另存为"),
    "旧.doc": (writing(OLE), "另存为 .docx"),
    "空.md": (writing(b""), "空的"),
    "白.csv": (writing(b" \n\r\n"), "空的"),
    "图.md": (writing(b"\x89PNG\r\n\x1a\n\x00\x00" + os.urandom(3000)), "不是文本"),
    "程序.csv": (writing(b"\x7fELF" + bytes(range(256)) * 10), "不是文本"),
    "程序.exe": (writing(b"MZ\x90"), "不支持"),
    "假.docx": (writing("其实是文字".encode()), "不一致"),
    "深.html": (writing(b"<div>" * 50_000 + b"x"), "嵌套太深"),
    "列.csv": (writing("姓名,年龄\n甲,3\n".encode()), "两列"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_gets_a_sentence_in_bounded_time(name: str, tmp_path: Path) -> None:
    write, reason = BAD[name]
    write(tmp_path / name)
    started = time.monotonic()
    with pytest.raises(Unreadable, match=reason):
        read_file(tmp_path / name)
    assert time.monotonic() - started < 40


def test_what_is_not_there_gets_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(Unreadable):
        read_file(tmp_path / "没有.md")
    with pytest.raises(Unreadable):
        read_file(tmp_path, "文件夹.md")
    assert FILE_BYTES == 20 * 1024 * 1024


KINDS = sorted({*formats.KINDS, ".doc", ".exe", ""})
MAGIC = [
    b"",
    b"PK\x03\x04",
    b"%PDF-1.4\n",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
    b"\xff\xfe",
    "问题,答案\n".encode(),
]
BOUNDED = settings(
    max_examples=times(60), deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)


@BOUNDED
@given(st.sampled_from(MAGIC), st.binary(max_size=600), st.sampled_from(KINDS))
def test_any_bytes_are_read_or_refused(magic: bytes, content: bytes, ending: str) -> None:
    try:
        told = formats.read(magic + content, f"file{ending}")
    except Unreadable:
        return
    assert Reading.from_json(told.as_json()).file == told.file


MARKUP = st.text(
    st.sampled_from("#|-<>!`~*:：·,;\"'\n\r\t 甲乙？。12idcategory\ud800\x00\u3000"), max_size=300
)


@BOUNDED
@given(MARKUP, st.sampled_from([".md", ".html", ".csv", ".txt", ".tsv"]))
def test_any_text_is_read_or_refused_and_always_the_same(text: str, ending: str) -> None:
    content = text.encode("utf-8", "replace")
    try:
        told = formats.read(content, f"file{ending}")
    except Unreadable:
        return
    assert formats.read(content, f"file{ending}") == told
    keys = [proposal.key for proposal in told.proposals]
    assert all(keys)
    for proposal in told.proposals:
        assert proposal.place


@settings(parent=BOUNDED, max_examples=times(15), suppress_health_check=list(HealthCheck))
@given(st.lists(st.tuples(st.text(max_size=40), st.text(max_size=60)), min_size=1, max_size=8))
def test_any_table_imports_twice_as_once(store: Database, rows: list[tuple[str, str]]) -> None:
    out = io.StringIO()
    csv.writer(out).writerows([("问题", "答案"), *rows])
    try:
        told = formats.read(out.getvalue().encode("utf-8", "replace"), "t.csv")
    except Unreadable:
        return
    bring(store, told)
    again = bring(store, told)
    assert again.count(Action.MAKE) == again.count(Action.CHANGE) == 0


def test_files_come_by_the_api_dry_first(office: Any) -> None:
    def send(dry_run: str, **more: str) -> Any:
        return office.client.post(
            "/api/v1/knowledge/imports",
            headers={"Idempotency-Key": f"import-{dry_run}-{len(more)}-{time.monotonic()}"},
            files={"file": ("规则.md", FAQ.encode(), "text/markdown")},
            data={"by": "小王", "dry_run": dry_run, **more},
        )

    dry = send("true").json()
    assert (dry["counts"]["make"], dry["dry_run"]) == (2, True)
    assert office.get("/knowledge/entries").json()["total"] == 0
    assert send("false").json()["counts"]["make"] == 2
    assert office.get("/knowledge/entries?state=draft").json()["total"] == 2
    assert send("false").json()["counts"] == {"make": 0, "change": 0, "leave": 2, "refuse": 0}
    bad = office.client.post(
        "/api/v1/knowledge/imports",
        headers={"Idempotency-Key": "bad"},
        files={"file": ("密.pdf", pdf_bytes([["x"]], "pass"), "application/pdf")},
        data={"by": "小王"},
    )
    assert (bad.status_code, bad.json()["code"]) == (422, "unreadable_file")
    assert "密码" in bad.json()["detail"]
