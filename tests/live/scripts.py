"""What a script of a live conversation may hold, and its clear refusal where it holds anything else.

    - name: an unshipped order is cancelled after a yes      # unique, says what the customer gets
      given: select number, customer_id from orders where state = 'paid' and seller_type = 'self'
                                     # the first row that fits; its columns become {placeholders}. Every script begins with
                                     # the demo shop as it was seeded; rows no script took before are taken first.
      staged:                        # makes the row what the script is about
      - update orders set urged_count = 3 where number = :number
      allowed: cancel                # only a row whose order the shop's rules allow this for; a list for several
      refused: {return: too_late}    # only one they refuse it for; a plain `refused: return` for any reason
      customer: C000003              # instead of given's customer_id; `visitor` for nobody signed in
      conversation:
      - say: 帮我取消订单{number}     # type something
        replies: [utter_ask_orders_cancel_confirmed]   # all replies' response names in order; `text` for words without one
      - press: 确认取消              # press the button whose title holds this, among those shown last
        replies_any: [utter_orders_cancelled_paid, utter_orders_cancelled]   # or: exactly one reply, named one of these
        contains: ["{number}"]       # words the replies (or their buttons' titles) hold
        absent: [抱歉]               # words they do not hold
        buttons: [查订单]            # titles among the buttons shown (parts of them will do)
        slots: {orders_last: "{number}"}               # what the tracker remembers now
      - say: 确认取消
        message_id: the-same-click   # the provider's number of the message; the same one twice is a repeat
      - upload: picture              # send a small picture: the whole script is then played over the web chat
      - kill: backoffice             # end a process as a crash would; `start: backoffice` brings it back
      - token: expired               # from here on: expired, forged, missing, valid, or another customer's number
      database:                      # afterwards, with given's columns as :parameters; `rows` compares all rows in order
      - sql: select state from orders where number = :number
        rows: [{state: cancelled}]
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).resolve().parent
CHECKS = {"replies", "replies_any", "contains", "absent", "buttons", "slots"}
STEPS = {
    "say": CHECKS | {"message_id"},
    "press": CHECKS | {"message_id"},
    "upload": CHECKS,
    "kill": set(),
    "start": set(),
    "token": set(),
}  # fmt: skip
SCRIPT = {"name", "given", "staged", "allowed", "refused", "customer", "conversation", "database"}
PLACEHOLDER = re.compile(r"\{(\w+)\}")
PROCESSES = ("backoffice", "actions", "rasa")


class ScriptError(Exception):
    """A script is written wrongly; the message says where and how."""


def all_scripts() -> Iterator[tuple[str, Any]]:
    """Every script of the folder as (its test's name, what is written); unread files come as a ScriptError."""
    for path in sorted(FOLDER.glob("*.yml")):
        try:
            scripts = yaml.safe_load(path.read_text("utf-8")) or []
            if not isinstance(scripts, list):
                raise ScriptError(f"{path.name}: is no list of scripts")
        except (yaml.YAMLError, ScriptError) as error:
            yield path.stem, ScriptError(f"{path.name}: {error}")
            continue
        for place, script in enumerate(scripts, 1):
            name = script.get("name") if isinstance(script, dict) else None
            yield f"{path.stem}: {name or f'script {place} without a name'}", script


def check(script: Any) -> dict[str, Any]:
    """The script, if it is written rightly. Raises ScriptError."""
    if isinstance(script, ScriptError):
        raise script
    _keys("script", script, SCRIPT, {"name", "conversation"})
    if not isinstance(script["conversation"], list) or not script["conversation"]:
        raise ScriptError("conversation: is no list of steps")
    if any(key in script for key in ("allowed", "refused", "staged")) and "given" not in script:
        raise ScriptError("allowed, refused and staged are about given's row: write `given`")
    if "customer" not in script and "customer_id" not in str(script.get("given", "")):
        raise ScriptError("say who writes: either a customer_id among given's columns, or `customer`")
    if not all(isinstance(sql, str) for sql in script.get("staged") or []):
        raise ScriptError("staged: is no list of SQL statements")
    for place, step in enumerate(script["conversation"], 1):
        kinds = [kind for kind in STEPS if isinstance(step, dict) and kind in step]
        if len(kinds) != 1:
            raise ScriptError(f"step {place}: has to be one of {', '.join(STEPS)}; it is {step!r}")
        _keys(f"step {place}", step, STEPS[kinds[0]] | {kinds[0]}, set())
        for key in ("replies", "replies_any", "contains", "absent", "buttons"):
            if not isinstance(step.get(key, []), list):
                raise ScriptError(f"step {place}: {key} is no list: {step[key]!r}")
        if kinds[0] in ("kill", "start") and step[kinds[0]] not in PROCESSES:
            raise ScriptError(f"step {place}: no such process: {step[kinds[0]]!r}; there are {', '.join(PROCESSES)}")
    if any("upload" in step for step in script["conversation"]) and any("token" in step for step in script["conversation"]):
        raise ScriptError("a script that sends pictures cannot change its token")
    for place, question in enumerate(script.get("database") or [], 1):
        _keys(f"database {place}", question, {"sql", "rows"}, {"sql", "rows"})
    return dict(script)


def responses(script: dict[str, Any]) -> set[str]:
    """The response names a script expects."""
    named = {name for step in script["conversation"] for key in ("replies", "replies_any") for name in step.get(key, [])}
    return named - {"text"}


def filled(written: Any, values: dict[str, Any]) -> Any:
    """What is written, with {placeholders} replaced, however deep. Raises ScriptError for one that is unknown."""
    if isinstance(written, str):
        unknown = set(PLACEHOLDER.findall(written)) - set(values)
        if unknown:
            raise ScriptError(f"{written!r}: no such placeholder {sorted(unknown)}; there are {sorted(values)}")
        return PLACEHOLDER.sub(lambda found: str(values[found[1]]), written)
    if isinstance(written, list):
        return [filled(each, values) for each in written]
    if isinstance(written, dict):
        return {key: filled(each, values) for key, each in written.items()}
    return written


def _keys(what: str, written: Any, known: set[str], needed: set[str]) -> None:
    if not isinstance(written, dict):
        raise ScriptError(f"{what}: is no mapping: {written!r}")
    unknown, missing = set(written) - known, needed - set(written)
    if unknown:
        raise ScriptError(f"{what}: unknown {sorted(map(str, unknown))}; there are {sorted(known)}")
    if missing:
        raise ScriptError(f"{what}: lacks {sorted(missing)}")
