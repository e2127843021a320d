"""What policies look at, without telling the whole conversation again for each of them.

Rasa replays all events for every policy, twice for the rules, at each prediction, and writes down the state before each
action, though policies look at the last few only. Here a conversation's `History` is told each event once, keeps what
the last states are made of, and goes on where it was when events have been added. The rules that cannot match the
latest state are left out before the others are compared.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from rasa.core.policies.memoization import MemoizationPolicy
from rasa.core.policies.policy import Policy
from rasa.core.policies.rule_policy import RULES, RULES_FOR_LOOP_UNHAPPY_PATH, RulePolicy
from rasa.shared.core.constants import (
    ACTION_LISTEN_NAME,
    ACTION_UNLIKELY_INTENT_NAME,
    ACTIVE_LOOP,
    LOOP_NAME,
    PREVIOUS_ACTION,
    SHOULD_NOT_BE_SET,
    SLOTS,
    USER,
)
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import (
    ActionExecuted,
    ActionExecutionRejected,
    ActiveLoop,
    BotUttered,
    DefinePrevUserUtteredFeaturization,
    Event,
    FollowupAction,
    LoopInterrupted,
    SlotSet,
    UserUttered,
)
from rasa.shared.core.slots import Slot
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.nlu.constants import ACTION_NAME, ACTION_TEXT, INTENT

from components.rasa_turn.replacing import Replacement, original
from components.rasa_turn.trackers import copied

State = dict[str, Any]

_STATES = "rasa.core.policies.policy:Policy._prediction_states"
_KEYS = "rasa.core.policies.rule_policy:RulePolicy._get_possible_keys"
DEPTH = 40  # of how many last actions the states can be told
_TOUCH_NO_SLOT = (
    ActionExecuted,
    ActionExecutionRejected,
    ActiveLoop,
    BotUttered,
    DefinePrevUserUtteredFeaturization,
    FollowupAction,
    LoopInterrupted,
    UserUttered,
)


@dataclass(frozen=True)
class _Moment:
    """What the state before an action is made of. `slots` is None where it is too long ago to be asked for."""

    latest_message: UserUttered | None
    slots: dict[str, Any] | None
    action: dict[str, Any] | None
    loop: str | None
    loop_name: str | None
    followup: str | None
    hidden: bool = False

    @property
    def action_name(self) -> str | None:
        """The name of the action before, as a tracker tells it."""
        return None if self.action is None else self.action.get(ACTION_NAME) or self.action.get(ACTION_TEXT)


class History:
    """The moments before each action of a conversation, oldest first."""

    predicting: Domain | None = (
        None  # whose states were asked for last: a model's policies have a domain of their own
    )

    def __init__(self, tracker: DialogueStateTracker, domain: Domain) -> None:
        self.domain = domain
        self._owner = tracker
        self._told: list[Event] = []
        self._replay: DialogueStateTracker = tracker.init_copy()
        self._slots: dict[str, Any] | None = None
        self._moments: list[_Moment] = []

    @classmethod
    def of(cls, tracker: DialogueStateTracker, domain: Domain) -> History:
        """The tracker's history up to its latest event."""
        history: History | None = tracker.__dict__.get("_history")
        applied = tracker.applied_events()
        if history is None or history.domain is not domain or not history._begins(applied):
            history = tracker.__dict__["_history"] = cls(tracker, domain)
        elif history._owner is not tracker:  # it came with a copy of the tracker
            history = tracker.__dict__["_history"] = history._copy(tracker)
        history._tell(applied)
        return history

    def _copy(self, owner: DialogueStateTracker) -> History:
        """One that can be told other events than this."""
        new: History = object.__new__(History)
        new.__dict__.update(self.__dict__)
        new._owner = owner
        new._told, new._moments = self._told.copy(), self._moments.copy()
        new._replay = copied(self._replay)
        new._replay.followup_action = self._replay.followup_action
        return new

    def moments(self) -> list[_Moment]:
        """All moments, the present one last."""
        return [*self._moments, self._moment(with_slots=True)]

    def _begins(self, applied: list[Event]) -> bool:
        told = self._told
        return len(told) <= len(applied) and all(a is b for a, b in zip(told, applied, strict=False))

    def _tell(self, applied: list[Event]) -> None:
        new = applied[len(self._told) :]
        actions = sum(isinstance(event, ActionExecuted) for event in new)
        for event in new:
            if isinstance(event, ActionExecuted):
                self._moments.append(self._moment(actions <= DEPTH, event.hide_rule_turn))
                actions -= 1
            self._replay.update(event)
            if isinstance(event, SlotSet):
                self._set(event.key)
            elif not isinstance(event, _TOUCH_NO_SLOT):
                self._slots = None
        self._told = applied

    def _set(self, name: str) -> None:
        slot = self._replay.slots.get(name)
        if self._slots is not None and slot is not None:
            feature = _feature(slot)
            if self._slots.get(name) != feature:
                self._slots = {**self._slots, name: feature}
                if feature is None:
                    del self._slots[name]

    def _moment(self, with_slots: bool, hidden: bool = False) -> _Moment:
        replay = self._replay
        if with_slots and self._slots is None:
            self._slots = self.domain._get_slots_sub_state(replay)
        loop = replay.active_loop.name if replay.active_loop else None
        return _Moment(
            replay.latest_message,
            self._slots if with_slots else None,
            replay.latest_action,
            loop,
            replay.active_loop_name,
            replay.followup_action,
            hidden,
        )

    def state(self, moment: _Moment) -> State:
        """`Domain.get_active_state` of that moment; the caller's own."""
        state = {
            USER: self.domain._get_user_sub_state(moment),
            SLOTS: dict(moment.slots or {}),
            PREVIOUS_ACTION: moment.action,
            ACTIVE_LOOP: {LOOP_NAME: moment.loop} if moment.loop is not None else {},
        }
        return {kind: part for kind, part in state.items() if part}


def prediction_states(
    policy: Policy,
    tracker: DialogueStateTracker,
    domain: Domain,
    use_text_for_last_user_input: bool = False,
    rule_only_data: dict[str, Any] | None = None,
) -> list[State]:
    """The last states, as many as the policy can look at."""
    states: list[State] | None = None
    if type(tracker) is DialogueStateTracker and type(policy) in (MemoizationPolicy, RulePolicy):
        History.predicting = domain
        history = History.of(tracker, domain)
        moments = history.moments()
        if all(moment.action_name != ACTION_UNLIKELY_INTENT_NAME for moment in moments):
            if type(policy) is RulePolicy:
                states = _all(history, moments, _longest_rule(policy) + 1)
            elif policy.featurizer.max_history:
                states = _without_hidden(history, moments, policy.featurizer.max_history, rule_only_data)
    if states is None:
        return list(
            original(_STATES)(
                policy, tracker, domain, use_text_for_last_user_input, rule_only_data=rule_only_data
            )
        )
    policy.featurizer._choose_last_user_input([states], use_text_for_last_user_input)
    return states


def _all(history: History, moments: list[_Moment], last: int) -> list[State] | None:
    moments = moments[-last:]
    if any(moment.slots is None for moment in moments):
        return None
    return [history.state(moment) for moment in moments]


def _without_hidden(
    history: History, moments: list[_Moment], last: int, rule_only_data: dict[str, Any] | None
) -> list[State] | None:
    """`Domain.states_for_tracker_history` without turns that only rules know, from its last states back."""
    visible: list[tuple[_Moment, dict[str, Any] | None]] = []
    action, hidden = None, False
    for moment in moments:
        if not hidden:
            action = moment.action
        if not moment.followup and moment.action_name != moment.loop_name:
            hidden = moment.hidden
        if not hidden:
            visible.append((moment, action))
    # What the customer said is handed on from the last time that the assistant listened.
    start = max(len(visible) - last, 0)
    while start and (visible[start][0].action or {}).get(ACTION_NAME) != ACTION_LISTEN_NAME:
        start -= 1
    states: list[State] = []
    for moment, action in visible[start:]:
        if moment.slots is None:
            return None
        state = history.state(moment)
        history.domain._remove_rule_only_features(state, rule_only_data)
        if states:
            history.domain._substitute_rule_only_user_input(state, states[-1])
        if action:
            state[PREVIOUS_ACTION] = action
        states.append({kind: part for kind, part in state.items() if part})
    return states[-last:]


def _feature(slot: Slot) -> Any:
    """A slot as `Domain._get_slots_sub_state` writes it; None where it leaves it out."""
    feature = slot.as_feature()
    if not feature:
        return None
    if slot.value == SHOULD_NOT_BE_SET:
        return SHOULD_NOT_BE_SET
    return tuple(feature) if any(feature) else None


def _longest_rule(policy: RulePolicy) -> int:
    """Of how many states the policy's longest rule is made."""
    known: tuple[Any, int] | None = policy.__dict__.get("_longest_rule")
    if known is None or known[0] is not policy.lookup:
        rules = [*policy.lookup.get(RULES, ()), *policy.lookup.get(RULES_FOR_LOOP_UNHAPPY_PATH, ())]
        known = (policy.lookup, max((len(json.loads(rule)) for rule in rules), default=0))
        policy.__dict__["_longest_rule"] = known
    return known[1]


def get_possible_keys(policy: RulePolicy, lookup: dict[str, str], states: list[State]) -> set[str]:
    """The rules that fit the states, latest first; only those are tried whose last step is of this action and intent."""
    keys = set(_RuleIndex.of(policy, lookup).candidates(states[-1]) if states else lookup)
    for turn, state in enumerate(reversed(states)):
        if not keys:
            break
        keys = {key for key in keys if policy._is_rule_applicable(key, turn, state)}
    return keys


class _RuleIndex:
    """Rules by the action and the intent of their last step; None stands for "any"."""

    def __init__(self, lookup: dict[str, str]) -> None:
        self.lookup, self.size = lookup, len(lookup)
        self._rules: dict[tuple[Any, Any], list[str]] = {}
        for key in lookup:
            step = json.loads(key)[-1]
            action, intent = step.get(PREVIOUS_ACTION, {}).get(ACTION_NAME), step.get(USER, {}).get(INTENT)
            self._rules.setdefault((_plain(action), _plain(intent)), []).append(key)

    @classmethod
    def of(cls, policy: RulePolicy, lookup: dict[str, str]) -> _RuleIndex:
        """The index of this lookup as it is now."""
        indexes: dict[int, _RuleIndex] = policy.__dict__.setdefault("_rule_indexes", {})
        index = indexes.get(id(lookup))
        if index is None or index.lookup is not lookup or index.size != len(lookup):
            index = indexes[id(lookup)] = cls(lookup)
        return index

    def candidates(self, state: State) -> list[str]:
        """The rules whose last step may be this state."""
        action, intent = state.get(PREVIOUS_ACTION, {}).get(ACTION_NAME), state.get(USER, {}).get(INTENT)
        pairs = {(a, i) for a in (action, None) for i in (intent, None)}
        return [key for pair in pairs for key in self._rules.get(pair, ())]


def _plain(value: Any) -> Any:
    """A value that must be the same in the conversation; None for anything less strict."""
    return value if isinstance(value, str) and value and value != SHOULD_NOT_BE_SET else None


REPLACEMENTS: tuple[Replacement, ...] = (
    Replacement(_STATES, "ed9b82bed2f26ad7", prediction_states),
    Replacement(_KEYS, "2915fd81711e194c", get_possible_keys),
)
