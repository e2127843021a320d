"""`python -m backoffice knowledge`: from a file to a customer's answer, and plain words for what goes wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from backoffice.clock import frozen_clock
from backoffice.database import Database
from backoffice.knowledge.cli import main
from tests.backoffice.shop import NOW

RULES = """# 样例店规则

## 多少钱包邮？
<!-- id: my-1 · category: 运费 -->

满 99 元包邮。

## 怎么退货？
<!-- id: my-2 · category: 退货 -->

在订单里点退货。
"""


class Terminal:
    """Types commands at one database."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.url = f"sqlite:///{folder / 'shop.db'}"
        self._capsys = capsys

    def __call__(self, *arguments: str) -> tuple[int, str, str]:
        """Status, what was printed, what was complained of."""
        status = main(list(arguments), self._opened, frozen_clock(NOW))
        told = self._capsys.readouterr()
        return status, told.out, told.err

    def _opened(self) -> Database:
        database = Database(self.url)
        database.migrate()
        return database


@pytest.fixture
def typed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Terminal:
    return Terminal(tmp_path, capsys)


@pytest.fixture
def rules(tmp_path: Path) -> str:
    (tmp_path / "规则.md").write_text(RULES, "utf-8")
    return str(tmp_path / "规则.md")


def test_from_a_file_to_an_answer(typed: Terminal, rules: str) -> None:
    assert "试读" in typed("import", rules, "--dry-run")[1]
    assert "共 0 条" in typed("list")[1]
    typed("import", rules, "--by", "小王")
    assert typed("try", "多少钱包邮")[1].startswith("pass")
    assert "请先提交审核" in typed("publish", "my-1", "--by", "李主管")[2]
    for key in ("my-1", "my-2"):
        typed("submit", key, "--by", "小王")
        assert typed("publish", key, "--by", "李主管")[0] == 0
    assert "满 99 元包邮。" in typed("try", "多少钱包邮")[1]
    assert typed("edit", "my-1", "--answer", "满 88 元包邮。", "--by", "小王")[0] == 0
    assert "+ 满 88 元包邮。" in typed("diff", "my-1")[1]
    assert "满 99 元包邮。" in typed("try", "多少钱包邮")[1]
    typed("submit", "my-1")
    typed("publish", "my-1", "--by", "李主管")
    assert "满 88 元包邮。" in typed("try", "多少钱包邮")[1]
    assert typed("gate")[0] == 0
    typed("restore", "my-1", "1", "--by", "小王")
    assert "v3 草稿（线上 v2）" in typed("list")[1]
    typed("retire", "my-2", "--by", "李主管", "--reason", "停用")
    assert "已下线（未上线）" in typed("list", "--state", "retired")[1]


def test_publishing_what_breaks_a_question_names_it(typed: Terminal, rules: str, tmp_path: Path) -> None:
    typed("import", rules, "--publish", "--by", "小王")
    typed("regress", "my-1", "多少钱才能包邮呀", "--by", "小王")
    typed("edit", "my-2", "--add-variant", "多少钱才能包邮呀", "--by", "小王")
    typed("submit", "my-2")
    status, _, complaint = typed("publish", "my-2", "--by", "李主管")
    assert (status, "多少钱才能包邮呀" in complaint, "--despite" in complaint) == (1, True, True)
    assert typed("publish", "my-2", "--by", "李主管", "--despite", "多少钱才能包邮呀")[0] == 0


def test_an_import_published_at_once_may_not_break_a_question_either(
    typed: Terminal, rules: str, tmp_path: Path
) -> None:
    typed("import", rules, "--publish", "--by", "小王")
    typed("regress", "my-1", "多少钱才能包邮呀", "--by", "小王")
    other = tmp_path / "另一个.csv"
    other.write_text("编号,问题,答案,相似问\nmy-3,会员日是哪天,18 日,多少钱才能包邮呀\n", "utf-8")
    status, _, complaint = typed("import", str(other), "--publish")
    assert (status, "多少钱才能包邮呀" in complaint) == (1, True)
    assert "my-3" not in typed("list")[1]
    assert typed("import", str(other), "--publish", "--despite", "多少钱才能包邮呀")[0] == 0


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["show", "nope"], "没有条目 nope"),
        (["submit", "nope"], "没有条目 nope"),
        (["publish", "nope", "--by", "李"], "没有条目 nope"),
        (["import", "没有.md"], "打不开"),
        (["edit", "my-1"], "没有说要改什么"),
        (["edit", "my-1", "--file", "没有.md"], "读不了"),
        (["edit", "my-1", "--answer", "x", "--version", "9"], "不是第 9 版"),
        (["edit", "my-1", "--question", "问" * 300], "太长"),
        (["edit", "my-1", "--valid-from", "明天"], "YYYY-MM-DD"),
        (["restore", "my-1", "9"], "没有条目 my-1，或没有这一版"),
    ],
)
def test_what_goes_wrong_is_said_in_one_line(
    typed: Terminal, rules: str, command: list[str], said: str
) -> None:
    typed("import", rules)
    status, _, complaint = typed(*command)
    assert status == 1
    assert said in complaint
    assert "Traceback" not in complaint
