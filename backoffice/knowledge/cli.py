"""python -m backoffice knowledge …: the knowledge base from a terminal. Works on the database itself: what it
publishes, running processes answer within a second.
"""

from __future__ import annotations

import argparse
import getpass
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from backoffice.clock import Clock
from backoffice.database import Database
from backoffice.effects import knowledge as effects
from backoffice.effects.knowledge import Editing
from backoffice.knowledge import gate, publishing
from backoffice.knowledge.content import Content
from backoffice.knowledge.differences import differences
from backoffice.knowledge.engine import build, sentence_vectors
from backoffice.knowledge.gate import Change
from backoffice.knowledge.importing import Import, look_at, run
from backoffice.knowledge.imports.plan import Action, Plan, reason_of
from backoffice.knowledge.imports.proposals import Unreadable
from backoffice.knowledge.imports.reading import read_file
from backoffice.knowledge.misses import misses
from backoffice.knowledge.published import published
from backoffice.models import KnowledgeEntry, KnowledgeVersion
from backoffice.problems import Problem
from backoffice.states import KnowledgeState

_SHOWN = 30
_ACTIONS = {Action.MAKE: "新建", Action.CHANGE: "修改", Action.LEAVE: "不动", Action.REFUSE: "拒绝"}


class _Wrong(Exception):
    """Said to whoever typed the command; status 1."""


@dataclass(frozen=True)
class _Desk:
    """Where a command works, and in whose name."""

    database: Database
    clock: Clock
    told: argparse.Namespace

    def editing(self, session: Session) -> Editing:
        return Editing(session, self.clock(), _author(self.told.by))


def main(arguments: list[str], open_database: Callable[[], Database], clock: Clock) -> int:
    """Runs one command; gives the exit status: 0, 1 refused or not found, 2 not understood."""
    told = _parser().parse_args(arguments)
    try:
        database = open_database()
    except SQLAlchemyError as error:
        told_why = f"打不开数据库（{type(error).__name__}），请检查 LINGXI_BACKOFFICE_DATABASE_URL。"
        print(told_why, file=sys.stderr)
        return 1
    try:
        status: int | None = told.run(_Desk(database, clock, told))
    except _Wrong as error:
        print(error, file=sys.stderr)
        return 1
    except Problem as problem:
        print(_explained(problem, getattr(told, "key", None)), file=sys.stderr)
        return 1
    except BrokenPipeError:
        return 1
    finally:
        database.close()
    return status or 0


def _explained(problem: Problem, key: str | None) -> str:
    if problem.status == 404 and key:
        return f"没有条目 {key}，或没有这一版。"
    listed = "".join(f"\n  {error.field}：{error.message}" for error in problem.errors)
    hint = "\n要坚持发布，请用 --despite 逐条点名。" if problem.code == "breaks_questions" else ""
    return f"{problem.detail}{listed}{hint}"


def _import(desk: _Desk) -> int:
    told = desk.told
    status = 0
    for path in told.files:
        try:
            reading = read_file(path)
        except Unreadable as error:
            print(f"{path}：{error}", file=sys.stderr)
            status = 1
            continue
        asked = Import(reading, _author(told.by), told.category, publish=told.publish and not told.dry_run)
        if told.publish:
            with desk.database.read() as session:
                looked = look_at(session, desk.clock(), asked, build)
            _print_changes(looked.asked, looked.changes)
            if asked.publish:
                looked.hold(told.despite)
        with desk.database.write() as session:
            planned = run(desk.editing(session), asked, dry_run=told.dry_run)
        _print_plan(planned, told.dry_run, asked.publish, told.verbose)
    return status


def _print_plan(planned: Plan, dry_run: bool, is_published: bool, verbose: bool) -> None:
    counts = "，".join(f"{_ACTIONS[action]} {planned.count(action)}" for action in Action)
    print(f"{planned.file}：{counts}{'（试读，没有写入）' if dry_run else ''}")
    for line in planned.lines:
        if line.action is Action.LEAVE and not verbose:
            continue
        category = f" [{line.category}{'？' if line.is_category_proposed else ''}]" if line.category else ""
        print(f"  {_ACTIONS[line.action]} {line.key or '-'}{category} {line.question}")
        changed = f"（{'、'.join(line.changed)}）" if line.changed else ""
        print(f"      {line.place}：{line.reason}{changed}")
    if not dry_run and planned.count(Action.MAKE) + planned.count(Action.CHANGE):
        print("  已发布，没有经过审核。" if is_published else "  都是草稿，提交审核并发布后客户才能看到。")


def _list(desk: _Desk) -> None:
    told = desk.told
    wanted = []
    if told.state:
        wanted.append(KnowledgeEntry.state == KnowledgeState(told.state))
    if told.category:
        wanted.append(KnowledgeEntry.category == told.category)
    if told.text:
        wanted.append(KnowledgeEntry.question.contains(told.text, autoescape=True))
    with desk.database.read() as session:
        rows = list(session.scalars(select(KnowledgeEntry).where(*wanted).order_by(KnowledgeEntry.key)))
    for entry in rows:
        live = f"线上 v{entry.live_version}" if entry.live_version else "未上线"
        state = f"{entry.state.label}（{live}）"
        print(f"{entry.key}  v{entry.version} {state} [{entry.category}] {entry.question}")

    print(f"共 {len(rows)} 条")


def _show(desk: _Desk) -> None:
    with desk.database.read() as session:
        entry = _entry(session, desk.told.key)
        number = desk.told.version or entry.version
        content = effects.content_of(session, entry.key, number)
        version = session.get_one(KnowledgeVersion, (entry.key, number))
    live = f"线上 v{entry.live_version}" if entry.live_version else "未上线"
    print(f"{entry.key} v{number}（最新 v{entry.version} {entry.state.label}，{live}）")
    print(f"问题：{content.question}\n类别：{content.category}  场景：{content.scene or '-'}")
    if content.tags:
        print(f"标签：{'、'.join(content.tags)}")
    for variant in content.variants:
        print(f"也会问：{variant}")
    if content.valid_from or content.valid_until:
        print(f"有效：{content.valid_from or '…'} 至 {content.valid_until or '…'}")
    for fact in content.facts:
        print(f"事实：{fact.name} = {fact.value}{fact.unit} {fact.label}")
    for channel, text in content.short.items():
        print(f"{channel}：{text}")
    if version.source:
        print(f"来源：{' · '.join(str(each) for each in version.source.values())}")
    print(f"作者：{version.author} {version.created_at:%Y-%m-%d %H:%M}  {version.note}\n\n{content.answer}")


def _edit(desk: _Desk) -> None:
    told = desk.told
    changes: dict[str, Any] = {}
    if told.file:
        changes["answer"] = _text_of(told.file)
    for name in ("question", "answer", "category", "scene", "valid_from", "valid_until"):
        if getattr(told, name) is not None:
            changes[name] = getattr(told, name) or None
    if not changes and not told.add_variant and not told.drop_variant:
        raise _Wrong("没有说要改什么：用 --answer、--file、--question、--category、--add-variant ……")
    with desk.database.write() as session:
        work = desk.editing(session)
        entry = _entry(session, told.key)
        before = effects.content_of(session, told.key, entry.version)
        variants = [each for each in before.variants if each not in told.drop_variant]
        said = {**before.model_dump(), **changes}
        said["variants"] = tuple(dict.fromkeys((*variants, *told.add_variant)))
        try:
            content = Content.model_validate(said)
        except ValidationError as error:
            raise _Wrong(f"没有保存：{reason_of(error)}") from None
        entry = effects.edit(work, told.key, told.version, content, told.note)
    print(f"{entry.key} v{entry.version} {entry.state.label}")


def _text_of(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        raise _Wrong(f"读不了 {path}：要一个 UTF-8 文本文件") from None


def _submit(desk: _Desk) -> None:
    with desk.database.write() as session:
        _print_state(effects.submit(desk.editing(session), desk.told.key, desk.told.version))


def _send_back(desk: _Desk) -> None:
    with desk.database.write() as session:
        work = desk.editing(session)
        _print_state(effects.send_back(work, desk.told.key, desk.told.version, desk.told.reason))


def _publish(desk: _Desk) -> None:
    told = desk.told
    with desk.database.read() as session:
        looked = gate.report(session, desk.clock(), [told.key], build)
    _print_changes(looked.asked, looked.changes)
    with desk.database.write() as session:
        versions = {told.key: told.version}
        [entry] = publishing.publish(desk.editing(session), versions, looked, build, told.despite)
    _print_state(entry)


def _retire(desk: _Desk) -> None:
    with desk.database.write() as session:
        work = desk.editing(session)
        _print_state(effects.retire(work, desk.told.key, desk.told.version, desk.told.reason))


def _restore(desk: _Desk) -> None:
    with desk.database.write() as session:
        _print_state(effects.restore(desk.editing(session), desk.told.key, None, desk.told.version))


def _diff(desk: _Desk) -> None:
    told = desk.told
    with desk.database.read() as session:
        entry = _entry(session, told.key)
        newer = told.after or entry.version
        older = told.before or entry.live_version or max(newer - 1, 1)
        contents = [effects.content_of(session, told.key, version) for version in (older, newer)]
    print(f"{told.key}：v{older} → v{newer}")
    for each in differences(*contents):
        print(each.field)
        for line in each.lines:
            print(f"  {line}")


def _history(desk: _Desk) -> None:
    with desk.database.read() as session:
        entry = _entry(session, desk.told.key)
        mine = select(KnowledgeVersion).where(KnowledgeVersion.key == entry.key)
        for row in session.scalars(mine.order_by(KnowledgeVersion.version)):
            live = " ← 线上" if row.version == entry.live_version else ""
            print(f"v{row.version}  {row.created_at:%Y-%m-%d %H:%M}  {row.author}  {row.note}{live}")


def _regress(desk: _Desk) -> None:
    with desk.database.write() as session:
        work = desk.editing(session)
        for question in desk.told.questions:
            effects.add_regression(work, desk.told.key, question)
    print(f"{desk.told.key}：记下 {len(desk.told.questions)} 个回归问题")


def _try(desk: _Desk) -> int:
    with desk.database.read() as session:
        entries = published(session, desk.clock())
    by_key = {entry.key: entry for entry in entries}
    found = build(entries).search(desk.told.question)
    print(f"{found.decision.value}（{found.decision.label}）")
    for hit in found.hits[:5]:
        print(f"  {hit.score:.3f}  {hit.key}  {by_key[hit.key].question}")
    if found.hits and found.decision == "answer":
        print(f"\n{by_key[found.hits[0].key].answer}")
    return 0


def _gate(desk: _Desk) -> int:
    """Every question of every published entry; the categories' accuracy beside it."""
    with desk.database.read() as session:
        asked, missed = gate.whole(session, desk.clock(), build)
    print(f"{asked} 个问题，{len(missed)} 个找不到自己的条目")
    for change in missed[: None if desk.told.verbose else _SHOWN]:
        print(f"  {change.key} [{change.origin}] {change.question} → {change.after.key or '没有答案'}")
    return 1 if missed else 0


def _categories(desk: _Desk) -> None:
    from backoffice.knowledge.categories import accuracy, labelled

    with desk.database.read() as session:
        known = labelled(session)
    for name, labels in (("类别", known.categories), ("场景", known.scenes)):
        told = accuracy(known.texts, labels)
        if told is None:
            print(f"{name}：条目太少，学不了")
            continue
        print(
            f"{name}：{told.entries} 个条目，{told.labels} 种，五折交叉验证（{told.alone} 个没法学）\n"
            f"  建议的对：{told.first:.1%}；在前三个里：{told.in_three:.1%}；"
            f"全猜最大的一种：{told.most_common:.1%}"
        )


def _misses(desk: _Desk) -> None:
    with desk.database.read() as session:
        groups = misses(session, desk.clock(), desk.told.days, sentence_vectors)
    for group in groups[:_SHOWN]:
        print(f"{group.count:4d}  {group.representative}  （{'、'.join(group.channels)}）")
        for example in group.examples[1:]:
            print(f"      {example}")
    print(f"共 {len(groups)} 组，{sum(group.count for group in groups)} 次")


def _print_changes(asked: int, changes: Iterable[Change]) -> None:
    told = list(changes)
    print(f"检查了 {asked} 个问题，{len(told)} 个的回答会变")
    for change in told[:_SHOWN]:
        what = "改坏" if change.is_broken else "变化"
        before, after = change.before.key or "没有答案", change.after.key or "没有答案"
        print(f"  {what}：{change.question}（{change.key}）{before} → {after}")


def _print_state(entry: KnowledgeEntry) -> None:
    live = f"线上 v{entry.live_version}" if entry.live_version else "未上线"
    print(f"{entry.key} v{entry.version} {entry.state.label}（{live}）")


def _entry(session: Session, key: str) -> KnowledgeEntry:
    found = session.get(KnowledgeEntry, key)
    if found is None:
        raise _Wrong(f"没有条目 {key}。")
    return found


def _author(told: str | None) -> str:
    """Who changes something: named, else the login of whoever types."""
    try:
        return (told or getpass.getuser())[:40]
    except (OSError, KeyError):
        raise _Wrong("请用 --by 说明是谁做的") from None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m backoffice knowledge", description="The knowledge base: what customers are answered."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, work: Callable[[_Desk], int | None], told: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=told, description=told)
        added.set_defaults(run=work, by=None)
        return added

    def writing(added: argparse.ArgumentParser, *, key: bool = True, is_named: bool = False) -> None:
        if key:
            added.add_argument("key")
        added.add_argument("--by", required=is_named, metavar="NAME", help="in whose name (default: yours)")

    one = command("import", _import, "read files into drafts; say first what would happen with --dry-run")
    one.add_argument("files", nargs="+", type=Path, metavar="FILE")
    one.add_argument("--dry-run", action="store_true", help="only report")
    one.add_argument("--publish", action="store_true", help="live at once, without a review")
    one.add_argument(
        "--despite", action="append", default=[], metavar="QUESTION", help="a question that may break"
    )
    one.add_argument("--category", help="for what names none (default: proposed from the entries there are)")
    one.add_argument("--verbose", action="store_true", help="list what is left as it is, too")
    writing(one, key=False)

    one = command("list", _list, "entries, with state and live version")
    one.add_argument("text", nargs="?", help="part of the question")
    one.add_argument("--state", choices=[state.value for state in KnowledgeState])
    one.add_argument("--category")

    one = command("show", _show, "an entry as it is")
    one.add_argument("key")
    one.add_argument("version", nargs="?", type=_number)

    one = command("edit", _edit, "save a new draft version")
    writing(one)
    one.add_argument("--answer")
    one.add_argument("--file", type=Path, help="the answer from a file")
    one.add_argument("--question")
    one.add_argument("--category")
    one.add_argument("--scene")
    one.add_argument("--valid-from", metavar="DAY", help='YYYY-MM-DD; "" for no limit')
    one.add_argument("--valid-until", metavar="DAY")
    one.add_argument("--add-variant", action="append", default=[], metavar="SENTENCE")
    one.add_argument("--drop-variant", action="append", default=[], metavar="SENTENCE")
    one.add_argument("--note", default="")
    one.add_argument("--version", type=_number, help="refuse if the newest is another")

    for name, work, told in (
        ("submit", _submit, "ask for a review"),
        ("send-back", _send_back, "a reviewer's no"),
        ("publish", _publish, "a reviewer's yes: live within a second"),
        ("retire", _retire, "customers no longer get it"),
    ):
        one = command(name, work, told)
        writing(one, is_named=name == "publish")
        one.add_argument("--version", type=_number, help="refuse if the newest is another")
        if name == "publish":
            one.add_argument(
                "--despite", action="append", default=[], metavar="QUESTION", help="a question that may break"
            )
        if name in ("send-back", "retire"):
            one.add_argument("--reason", default="")

    one = command("restore", _restore, "an older version's content as the new draft")
    writing(one)
    one.add_argument("version", type=_number)

    one = command("diff", _diff, "what two versions say differently (default: the live and the newest)")
    one.add_argument("key")
    one.add_argument("before", nargs="?", type=_number)
    one.add_argument("after", nargs="?", type=_number)

    one = command("history", _history, "all versions of an entry")
    one.add_argument("key")

    one = command("regress", _regress, "add questions that an entry must go on answering")
    writing(one)
    one.add_argument("questions", nargs="+", metavar="QUESTION")

    one = command("try", _try, "what a customer would be answered")
    one.add_argument("question")

    one = command("gate", _gate, "ask every entry's questions")
    one.add_argument("--verbose", action="store_true")

    command("categories", _categories, "how well an import proposes categories, by cross-validation")

    one = command("misses", _misses, "what customers asked and got no answer to, in groups")
    one.add_argument("--days", type=_number, default=30)
    return parser


def _number(told: str) -> int:
    if not told.isdecimal() or not 0 < int(told[:10]) < 2_000_000_000:
        raise argparse.ArgumentTypeError(f"{told!r} is no number from 1")
    return int(told)
