"""What may be done with an entry of the knowledge base in which state."""

from __future__ import annotations

from backoffice.rules.facts import Decision, allow, refuse
from backoffice.states import KnowledgeState

REGRESSIONS_AT_MOST = 200


def is_newest(version: int, expected: int | None) -> Decision:
    """Nobody overwrites what they have not seen; None: whatever the version is."""
    if expected is not None and expected != version:
        return refuse("version_changed", f"条目已是第 {version} 版，不是第 {expected} 版。请刷新后再改。")
    return allow()


def key_taken(key: str) -> Decision:
    """`key`: empty where one of many is."""
    which = f"条目 {key} 已存在" if key else "有条目刚刚由别人新建"
    return refuse("key_taken", f"{which}，请换一个编号，或修改原条目。")


def submit(state: KnowledgeState) -> Decision:
    if state is not KnowledgeState.DRAFT:
        return refuse("not_a_draft", f"条目{state.label}，只有草稿可以提交审核。")
    return allow()


def decide(state: KnowledgeState) -> Decision:
    """A reviewer publishes or sends back."""
    if state is not KnowledgeState.IN_REVIEW:
        return refuse("not_in_review", f"条目{state.label}，请先提交审核。")
    return allow()


def retire(state: KnowledgeState) -> Decision:
    if state is KnowledgeState.RETIRED:
        return refuse("already_retired", "条目已下线。")
    return allow()


def fact_taken(name: str, key: str) -> Decision:
    return refuse("fact_taken", f"事实 {name} 已由条目 {key} 提供，请换一个名字，或先改那个条目。")


def one_more_regression(count: int) -> Decision:
    if count >= REGRESSIONS_AT_MOST:
        return refuse("too_many_regressions", f"每个条目最多 {REGRESSIONS_AT_MOST} 个回归问题。")
    return allow()
