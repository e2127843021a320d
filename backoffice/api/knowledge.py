"""The knowledge base: entries and their versions, review and publishing, imports, questions asked."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from pathlib import Path as FilePath
from typing import Annotated, Any, Literal

from fastapi import File, Form, Path, Query, Request, Response, UploadFile
from pydantic import Field, StringConstraints
from sqlalchemy import func, or_, select

from backoffice.api.context import AnyoneWriting, Reading, StaffWriting, problems
from backoffice.api.inputs import Body, ConversationId, Limit, Offset, Printable
from backoffice.api.routing import Router
from backoffice.effects import knowledge as effects
from backoffice.effects import questions
from backoffice.effects.knowledge import Editing
from backoffice.effects.work import Work
from backoffice.knowledge import gate, publishing
from backoffice.knowledge.content import Content, Key, Sentence
from backoffice.knowledge.differences import differences
from backoffice.knowledge.importing import Import, ImportGate, look_at, run
from backoffice.knowledge.imports.proposals import Unreadable
from backoffice.knowledge.imports.reading import read_file
from backoffice.knowledge.keys import KEY
from backoffice.knowledge.misses import misses
from backoffice.knowledge.published import facts, revision
from backoffice.models import (
    AskedQuestion,
    KnowledgeEntry,
    KnowledgeEvent,
    KnowledgeRegression,
    KnowledgeVersion,
)
from backoffice.problems import Problem, not_found
from backoffice.states import KnowledgeState, QuestionOutcome, SearchDecision
from backoffice.views.knowledge import (
    DiffView,
    EntryPage,
    EntryView,
    EventPage,
    FactPage,
    FieldDiff,
    GateView,
    ImportView,
    MissPage,
    QuestionPage,
    QuestionView,
    RegressionPage,
    RegressionView,
    VersionPage,
    VersionView,
    entry_line,
    entry_view,
    event_view,
    fact_view,
    gate_view,
    import_view,
    miss_view,
    question_view,
    regression_view,
    version_view,
)

router = Router(prefix="/knowledge", tags=["knowledge"])

KeyPath = Annotated[str, Path(pattern=KEY, description="条目编号", examples=["faq-01-001"])]
Number = Annotated[int, Path(ge=1, le=2_000_000_000)]
Author = Annotated[
    str,
    StringConstraints(min_length=1, max_length=40),
    Printable,
    Field(description="谁做的，记入审计", examples=["王主管"]),
]
Reason = Annotated[str, StringConstraints(min_length=1, max_length=200), Printable]
VersionNumber = Annotated[int, Field(strict=True, ge=1, le=2_000_000_000, examples=[3])]
SEEN = Field(description="看到的最新版本号；别人改过就拒绝（409 version_changed）")
ONE = problems(404)
CHANGE = problems(400, 404, 409, 413)


class CreateBody(Body):
    key: Key
    by: Author
    content: Content


class EditBody(Body):
    version: VersionNumber = SEEN
    by: Author
    content: Content = Field(description="改后的全部内容")
    note: Annotated[str, StringConstraints(max_length=200), Printable] = ""


class StepBody(Body):
    version: VersionNumber = SEEN
    by: Author


class ReasonBody(StepBody):
    reason: Reason = Field(examples=["价格已经调整，请更新"])


class RestoreBody(StepBody):
    from_version: VersionNumber = Field(description="恢复哪一版的内容")


class PublishBody(StepBody):
    despite: list[Sentence] = Field(
        default=[], max_length=100, description="审核人点名：明知会改坏也要发布的问题"
    )


class RegressionBody(Body):
    by: Author
    question: Sentence = Field(examples=["买 50 块钱的东西包邮吗"])


class QuestionBody(Body):
    """A question that a customer asked, and what the search made of it."""

    question: Annotated[str, StringConstraints(min_length=1, max_length=500), Printable] = Field(
        examples=["不到一百块也包邮吗"]
    )
    decision: SearchDecision
    keys: list[Key] = Field(default=[], max_length=10, description="找到的条目，最好的在前")
    score: float | None = Field(default=None, ge=0, le=1, allow_inf_nan=False)
    channel: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")] = Field(
        examples=["webchat"]
    )
    conversation_id: ConversationId | None = None
    key: Key | None = Field(default=None, description="回答的条目")


class OutcomeBody(Body):
    outcome: QuestionOutcome
    key: Key | None = Field(default=None, description="客户选的条目")


class ImportAnswer(Body):
    """What makes an upload the same request again."""

    file_sha256: str
    name: str
    by: str
    dry_run: bool
    publish: bool
    category: str | None
    despite: list[str]


@router.get("/entries", summary="条目，按编号排列", responses=problems())
def list_entries(
    look: Reading,
    state: Annotated[KnowledgeState | None, Query(description="最新一版的状态")] = None,
    live: Annotated[bool | None, Query(description="true 只看客户能看到的")] = None,
    category: Annotated[str | None, Query(max_length=40)] = None,
    scene: Annotated[str | None, Query(max_length=40)] = None,
    q: Annotated[str | None, Query(min_length=1, max_length=100, description="问题或编号里的字")] = None,
    sort: Annotated[Literal["key", "updated"], Query(description="updated：新改的在前")] = "key",
    limit: Limit = 20,
    offset: Offset = 0,
) -> EntryPage:
    wanted: list[Any] = []
    if state is not None:
        wanted.append(KnowledgeEntry.state == state)
    if live is not None:
        is_live = KnowledgeEntry.live_version.is_not(None)
        wanted.append(is_live if live else ~is_live)
    if category is not None:
        wanted.append(KnowledgeEntry.category == _storable(category))
    if scene is not None:
        wanted.append(KnowledgeEntry.scene == _storable(scene))
    if q is not None:
        told = _storable(q)
        wanted.append(
            or_(
                KnowledgeEntry.question.contains(told, autoescape=True),
                KnowledgeEntry.key.contains(told, autoescape=True),
            )
        )
    session = look.session
    total = session.scalar(select(func.count()).select_from(KnowledgeEntry).where(*wanted)) or 0
    order = (
        (KnowledgeEntry.key,)
        if sort == "key"
        else (KnowledgeEntry.updated_at.desc(), KnowledgeEntry.key.desc())
    )
    page = select(KnowledgeEntry).where(*wanted).order_by(*order).limit(limit).offset(offset)
    counts = select(KnowledgeEntry.state, func.count()).group_by(KnowledgeEntry.state)
    categories = select(KnowledgeEntry.category, func.count()).group_by(KnowledgeEntry.category)
    return EntryPage(
        items=[entry_line(entry) for entry in session.scalars(page)],
        total=total,
        states={each.value: count for each, count in session.execute(counts)},
        categories=dict(session.execute(categories.order_by(KnowledgeEntry.category)).tuples().all()),
    )


@router.post(
    "/entries",
    status_code=201,
    summary="新建条目（草稿）",
    responses=problems(400, 409, 413),
    response_model=EntryView,
)
def create_entry(body: CreateBody, once: StaffWriting) -> Response:
    def effect(work: Work) -> tuple[int, EntryView]:
        return 201, _view(work, effects.create(_editing(work, body.by), body.key, body.content))

    return once(body, effect)


@router.get("/entries/{entry_key}", summary="一个条目的最新一版", responses=ONE)
def get_entry(entry_key: KeyPath, look: Reading) -> EntryView:
    entry = _entry(look, entry_key)
    return entry_view(entry, look.session.get_one(KnowledgeVersion, (entry_key, entry.version)))


@router.put(
    "/entries/{entry_key}",
    summary="修改条目：存为新一版草稿，客户看到的不变",
    responses=CHANGE,
    response_model=EntryView,
)
def edit_entry(entry_key: KeyPath, body: EditBody, once: StaffWriting) -> Response:
    def effect(work: Work) -> tuple[int, EntryView]:
        return 200, _view(
            work, effects.edit(_editing(work, body.by), entry_key, body.version, body.content, body.note)
        )

    return once(body, effect)


@router.post("/entries/{entry_key}/submit", summary="提交审核", responses=CHANGE, response_model=EntryView)
def submit_entry(entry_key: KeyPath, body: StepBody, once: StaffWriting) -> Response:
    def effect(work: Work) -> tuple[int, EntryView]:
        return 200, _view(work, effects.submit(_editing(work, body.by), entry_key, body.version))

    return once(body, effect)


@router.post(
    "/entries/{entry_key}/send-back",
    summary="审核不通过，退回",
    responses=CHANGE,
    response_model=EntryView,
)
def send_back_entry(entry_key: KeyPath, body: ReasonBody, once: StaffWriting) -> Response:
    def effect(work: Work) -> tuple[int, EntryView]:
        return 200, _view(
            work, effects.send_back(_editing(work, body.by), entry_key, body.version, body.reason)
        )

    return once(body, effect)


@router.get("/entries/{entry_key}/gate", summary="发布最新一版会改变哪些问题的回答", responses=ONE)
def look_through_gate(entry_key: KeyPath, look: Reading, request: Request) -> GateView:
    found = gate.report(look.session, look.now, [entry_key], request.app.state.build_searcher)
    return gate_view(found.asked, found.changes)


@router.post(
    "/entries/{entry_key}/publish",
    summary="审核通过并发布，一秒内生效",
    description="会改坏问题时拒绝（409 breaks_questions，errors 列出），除非审核人在 despite 里逐条点名。",
    responses=CHANGE,
    response_model=EntryView,
)
def publish_entry(entry_key: KeyPath, body: PublishBody, once: StaffWriting, request: Request) -> Response:
    build = request.app.state.build_searcher
    # Asked before the transaction: others may write while a would-be index is made.
    with once.database.read() as session:
        looked = gate.report(session, once.clock(), [entry_key], build)

    def effect(work: Work) -> tuple[int, EntryView]:
        published = publishing.publish(
            _editing(work, body.by), {entry_key: body.version}, looked, build, body.despite
        )
        return 200, _view(work, published[0])

    return once(body, effect)


@router.post("/entries/{entry_key}/retire", summary="下线", responses=CHANGE, response_model=EntryView)
def retire_entry(entry_key: KeyPath, body: ReasonBody, once: StaffWriting) -> Response:
    def effect(work: Work) -> tuple[int, EntryView]:
        return 200, _view(work, effects.retire(_editing(work, body.by), entry_key, body.version, body.reason))

    return once(body, effect)


@router.post(
    "/entries/{entry_key}/restore",
    summary="恢复旧的一版：内容存为新草稿",
    responses=CHANGE,
    response_model=EntryView,
)
def restore_entry(entry_key: KeyPath, body: RestoreBody, once: StaffWriting) -> Response:
    def effect(work: Work) -> tuple[int, EntryView]:
        return 200, _view(
            work, effects.restore(_editing(work, body.by), entry_key, body.version, body.from_version)
        )

    return once(body, effect)


@router.get("/entries/{entry_key}/versions", summary="所有版本，新的在前", responses=ONE)
def list_versions(entry_key: KeyPath, look: Reading, limit: Limit = 20, offset: Offset = 0) -> VersionPage:
    entry = _entry(look, entry_key)
    mine = select(KnowledgeVersion).where(KnowledgeVersion.key == entry_key)
    page = mine.order_by(KnowledgeVersion.version.desc()).limit(limit).offset(offset)
    return VersionPage(
        items=[version_view(version, entry.live_version) for version in look.session.scalars(page)],
        total=look.session.scalar(select(func.count()).where(KnowledgeVersion.key == entry_key)) or 0,
    )


@router.get("/entries/{entry_key}/versions/{version}", summary="一个版本", responses=ONE)
def get_version(entry_key: KeyPath, version: Number, look: Reading) -> VersionView:
    entry = _entry(look, entry_key)
    row = look.session.get(KnowledgeVersion, (entry_key, version))
    if row is None:
        raise not_found()
    return version_view(row, entry.live_version)


@router.get(
    "/entries/{entry_key}/diff",
    summary="比较两个版本",
    description="不带参数时比较客户看到的一版和最新一版；从未发布过则比较最新的两版。",
    responses=ONE,
)
def diff_versions(
    entry_key: KeyPath,
    look: Reading,
    before: Annotated[int | None, Query(ge=1, le=2_000_000_000)] = None,
    after: Annotated[int | None, Query(ge=1, le=2_000_000_000)] = None,
) -> DiffView:
    entry = _entry(look, entry_key)
    newer = after or entry.version
    older = before or entry.live_version or max(newer - 1, 1)
    contents = [effects.content_of(look.session, entry_key, version) for version in (older, newer)]
    return DiffView(
        key=entry_key,
        before=older,
        after=newer,
        fields=[
            FieldDiff(field=each.field, before=each.before, after=each.after, lines=list(each.lines))
            for each in differences(*contents)
        ],
    )


@router.get("/audit", summary="审计记录，新的在前", responses=problems())
def list_audit(
    look: Reading,
    key: Annotated[str | None, Query(pattern=KEY, description="只看一个条目")] = None,
    limit: Limit = 20,
    offset: Offset = 0,
) -> EventPage:
    wanted = [KnowledgeEvent.key == key] if key else []
    page = select(KnowledgeEvent).where(*wanted).order_by(KnowledgeEvent.id.desc())
    return EventPage(
        items=[event_view(event) for event in look.session.scalars(page.limit(limit).offset(offset))],
        total=look.session.scalar(select(func.count()).select_from(KnowledgeEvent).where(*wanted)) or 0,
    )


@router.get("/entries/{entry_key}/regressions", summary="条目必须一直答得上的问题", responses=ONE)
def list_regressions(entry_key: KeyPath, look: Reading) -> RegressionPage:
    _entry(look, entry_key)
    rows = look.session.scalars(
        select(KnowledgeRegression)
        .where(KnowledgeRegression.key == entry_key)
        .order_by(KnowledgeRegression.id)
    )
    items = [regression_view(row) for row in rows]
    return RegressionPage(items=items, total=len(items))


@router.post(
    "/entries/{entry_key}/regressions",
    status_code=201,
    summary="加一个回归问题",
    responses=CHANGE,
    response_model=RegressionView,
)
def add_regression(entry_key: KeyPath, body: RegressionBody, once: StaffWriting) -> Response:
    def effect(work: Work) -> tuple[int, RegressionView]:
        return 201, regression_view(effects.add_regression(_editing(work, body.by), entry_key, body.question))

    return once(body, effect)


@router.delete(
    "/entries/{entry_key}/regressions/{number}",
    summary="去掉一个回归问题",
    responses=problems(400, 404),
    response_model=EntryView,
)
def drop_regression(
    entry_key: KeyPath,
    number: Number,
    once: StaffWriting,
    by: Annotated[Author, Query(description="谁去掉的")],
) -> Response:
    def effect(work: Work) -> tuple[int, EntryView]:
        return 200, _view(work, effects.drop_regression(_editing(work, by), entry_key, number))

    return once(None, effect)


@router.get("/facts", summary="已发布的事实，按名字", responses=problems())
def list_facts(
    look: Reading,
    name: Annotated[str, Query(max_length=60, description="只要一个；不填是全部")] = "",
) -> FactPage:
    told = facts(look.session, look.now)
    items = [fact_view(told[each]) for each in sorted(told) if name in ("", each)]
    return FactPage(items=items, revision=revision(look.session, look.now))


@router.post(
    "/imports",
    summary="导入文件：先试读，再写成草稿",
    description=(
        "支持 Markdown、Word、PDF、HTML、Excel、CSV（含历史工单），最大 20 MB。"
        "dry_run 为 true（默认）时只报告会做什么。导入的内容要审核后才上线，除非 publish 为 true。"
        "同一文件再次导入不会改变任何内容。"
    ),
    responses=problems(400, 409, 413),
    response_model=ImportView,
)
def import_file(
    once: StaffWriting,
    request: Request,
    file: Annotated[UploadFile, File(description="文件")],
    by: Annotated[Author, Form(description="谁导入的")],
    dry_run: Annotated[bool, Form(description="只试读")] = True,
    publish: Annotated[bool, Form(description="不经审核直接发布")] = False,
    category: Annotated[str | None, Form(max_length=40, description="没写类别的都归入这里")] = None,
    despite: Annotated[list[Sentence], Form(max_length=100, description="直接发布时，明知会改坏的问题")] = [],  # noqa: B006
) -> Response:
    name = file.filename or "file"
    try:
        with tempfile.NamedTemporaryFile() as copy:
            shutil.copyfileobj(file.file, copy)
            copy.flush()
            digest = hashlib.sha256(FilePath(copy.name).read_bytes()).hexdigest()
            reading = read_file(FilePath(copy.name), name)
    except Unreadable as error:
        raise Problem(422, "unreadable_file", f"{error}。") from None
    told = ImportAnswer(
        file_sha256=digest,
        name=name,
        by=by,
        dry_run=dry_run,
        publish=publish,
        category=category,
        despite=despite,
    )
    asked = Import(reading, by, category=category, publish=publish and not dry_run)
    build = request.app.state.build_searcher
    looked: ImportGate | None = None
    if publish:
        with once.database.read() as session:
            looked = look_at(session, once.clock(), asked, build)

    def effect(work: Work) -> tuple[int, ImportView]:
        if looked and asked.publish:
            looked.hold(despite)
        done = run(_editing(work, by), asked, dry_run=dry_run)
        return 200, import_view(
            done,
            dry_run=dry_run,
            published=asked.publish,
            gate=gate_view(looked.asked, looked.changes) if looked else None,
        )

    return once(told, effect)


@router.post(
    "/questions",
    status_code=201,
    summary="记下客户问了什么（去掉个人信息）",
    responses=problems(400, 404, 413),
    response_model=QuestionView,
)
def record_question(body: QuestionBody, once: AnyoneWriting) -> Response:
    def effect(work: Work) -> tuple[int, QuestionView]:
        return 201, question_view(questions.record(work, questions.Asked(**body.model_dump())))

    return once(body, effect)


@router.post(
    "/questions/{number}/outcome",
    summary="这个回答有没有帮助",
    responses=problems(400, 404, 413),
    response_model=QuestionView,
)
def settle_question(number: Number, body: OutcomeBody, once: AnyoneWriting) -> Response:
    def effect(work: Work) -> tuple[int, QuestionView]:
        return 200, question_view(questions.settle(work, number, body.outcome, body.key))

    return once(body, effect)


@router.get("/questions", summary="客户问过的，新的在前", responses=problems())
def list_questions(
    look: Reading,
    decision: SearchDecision | None = None,
    outcome: QuestionOutcome | None = None,
    limit: Limit = 20,
    offset: Offset = 0,
) -> QuestionPage:
    wanted: list[Any] = []
    if decision is not None:
        wanted.append(AskedQuestion.decision == decision)
    if outcome is not None:
        wanted.append(AskedQuestion.outcome == outcome)
    page = select(AskedQuestion).where(*wanted).order_by(AskedQuestion.id.desc())
    return QuestionPage(
        items=[question_view(row) for row in look.session.scalars(page.limit(limit).offset(offset))],
        total=look.session.scalar(select(func.count()).select_from(AskedQuestion).where(*wanted)) or 0,
    )


@router.get("/misses", summary="没答上的问题，意思相近的放在一起", responses=problems())
def list_misses(
    look: Reading,
    request: Request,
    days: Annotated[int, Query(ge=1, le=365, description="最近几天")] = 30,
    limit: Limit = 20,
    offset: Offset = 0,
) -> MissPage:
    groups = misses(look.session, look.now, days, request.app.state.sentence_vectors)
    return MissPage(
        items=[miss_view(group) for group in groups[offset : offset + limit]],
        total=len(groups),
        questions=sum(group.count for group in groups),
    )


def _entry(look: Reading, key: str) -> KnowledgeEntry:
    found = look.session.get(KnowledgeEntry, key)
    if found is None:
        raise not_found()
    return found


def _editing(work: Work, by: str) -> Editing:
    return Editing(work.session, work.now, by)


def _view(work: Work, entry: KnowledgeEntry) -> EntryView:
    work.session.flush()
    return entry_view(entry, work.session.get_one(KnowledgeVersion, (entry.key, entry.version)))


def _storable(told: str) -> str:
    """What no column can hold is found in none."""
    return told.encode("utf-8", "replace").decode().replace("\x00", "\N{REPLACEMENT CHARACTER}")
